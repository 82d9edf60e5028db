"""One day and one age of a bank entry, wherever it is asked: also of what the bank gave no booking date."""

from datetime import UTC, date, datetime

from bank_files import Booked, camt054
from figure_house import made, rows
from figure_lists import follow
from house import CLERK, House
from reconcile.deciding import queue

from debit_service.reconcile.work_queue import Filter
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
