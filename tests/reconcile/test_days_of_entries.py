"""One day and one age of a bank entry, wherever it is asked: also of what the bank gave no booking date."""

import re
from datetime import UTC, date, datetime

from bank_files import Booked, camt054
from figure_house import made, rows
from figure_lists import follow
from house import CLERK, House
from reconcile.deciding import money_in, queue

from debit_service.reconcile.queue import waiting
from debit_service.reconcile.queue.work_queue import Filter
from debit_service.reports import service as reports

DAY, WRITTEN = date(2026, 9, 30), date(2026, 10, 1)
UNDATED = b"<BookgDt><Dt>2026-09-30</Dt></BookgDt>"


def told(account: str, *, valued: date | None = None) -> bytes:
    """A booking of which the bank does not say when it booked it; it wrote of it a day later than the test's bookings are of."""
    content = camt054(account, Booked(70_00, "DZD", DAY, servicer_reference="A", valued=valued)).replace(UNDATED, b"")
    return content if valued else content.replace(b"<ValDt><Dt>2026-09-30</Dt></ValDt>", b"")


def test_a_booking_without_a_booking_date_is_of_its_value_date_in_queue_age_report_and_day(house: House) -> None:
    house.sent()
    valued = date(2026, 9, 29)
    house.in_turn(told(house.fund().creditor.account.value, valued=valued))
    house.go_to(date(2026, 10, 20))

    (waits,) = queue(house)
    (aged,) = rows(made(house, "ageing"), "queue")
    with house.desk.reading(CLERK) as work:
        (printed,) = list(reports.waiting(work))
    sheet = made(house, "day", day=valued)

    assert (waits.on, waits.age_days, printed.day, aged["days_6"]) == (valued, 21, valued, 70_00)
    assert [len(queue(house, Filter(days_min=days))) for days in (21, 22)] == [1, 0]
    assert rows(sheet, "booked", "credit") == [{"credit": 70_00}]
    assert rows(made(house, "day", day=WRITTEN), "booked") == []
    assert follow(house, made(house, "ageing")) + follow(house, sheet) >= 8


def test_without_a_value_date_too_it_is_of_the_day_on_which_the_bank_wrote_of_it(house: House) -> None:
    house.sent()
    house.in_turn(told(house.fund().creditor.account.value))
    house.go_to(date(2026, 10, 20))

    assert [(one.on, one.age_days) for one in queue(house)] == [(WRITTEN, 19)]
    assert rows(made(house, "day", day=WRITTEN), "booked", "credit") == [{"credit": 70_00}]


def test_age_is_counted_in_the_days_of_the_fund(house: House) -> None:
    """In Algiers it is the next day already."""
    house.sent()
    house.in_turn(camt054(house.fund().creditor.account.value, Booked(70_00, "DZD", DAY, servicer_reference="A")))
    house.clock.set(datetime(2026, 10, 1, 23, 30, tzinfo=UTC))

    assert [one.age_days for one in queue(house)] == [2]
    assert len(queue(house, Filter(days_min=2))) == 1
    for fund_id in ("CNAS", None):
        (aged,) = rows(made(house, "ageing", fund_id), "queue")
        assert (aged["days_0"], aged["days_2"]) == (0, 70_00)
        follow(house, made(house, "ageing", fund_id))


def test_the_queue_in_a_file_is_as_old_as_on_its_page_at_each_fund(sqlite_house: House) -> None:
    """A bug: the file took the day of the first fund for all. In Algiers it is the next day already, in UTC it is not."""
    house = sqlite_house
    house.sent()
    money_in(house, 70_00, day=DAY)
    money_in(house, 71_00, account="DZ580002100001113000000999", name="NO-FUND", day=DAY)
    house.clock.set(datetime(2026, 10, 1, 23, 30, tzinfo=UTC))

    ages = {one.entry.id: one.age_days for one in queue(house)}
    assert sorted(age for age in ages.values() if age) == [1, 2]
    assert {one["entry"]: one["days"] for one in rows(made(house, "queue", None), "queue")} == ages


def test_what_the_bank_gave_no_day_at_all_waits_behind_the_others_on_either_database(house: House) -> None:
    house.sent()
    account = house.fund().creditor.account.value
    house.in_turn(re.sub(rb"<CreDtTm>[^<]*</CreDtTm>", b"", told(account)))
    dated = money_in(house, 71_00)

    with house.desk.reading(CLERK) as work:
        listed = [entry.id for entry, *_ in waiting.entries(work)]
    on_page = [(one.entry.id, one.on) for one in queue(house)]
    (last,) = [entry_id for entry_id, on in on_page if on is None]
    in_file = [one["entry"] for one in rows(made(house, "queue"), "queue")]
    assert [dated, last] == listed == [entry_id for entry_id, _ in on_page] == in_file
