"""One day and one age of a bank entry, wherever it is asked: also of what the bank gave no booking date."""

import re
from datetime import UTC, date, datetime

from bank_files import Booked, camt053, camt054, credit, pain002
from figure_house import made, rows
from figure_lists import follow
from house import APPROVER, CLERK, House
from reconcile.deciding import decided, money_in, queue

from debit_service.core.work import Work
from debit_service.ledger.queries import Booked as Posted
from debit_service.ledger.queries import entries_of_subjects
from debit_service.reconcile.queue import waiting
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.queue.work_queue import Filter
from debit_service.reconcile.tie_out import close
from debit_service.reconcile.tie_out import queries as tie_out
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


def undated(content: bytes) -> bytes:
    """The same, where the bank says neither when it booked nor from when it counts."""
    return re.sub(rb"<BookgDt>.*?</BookgDt><ValDt>.*?</ValDt>", b"", content)


def posted(house: House, subject: str) -> list[Posted]:
    with house.reading() as work:
        return list(entries_of_subjects(work.session, [subject]))


def findings(work: Work) -> list[str]:
    return list(tie_out.findings(work))


def test_a_booking_without_a_booking_date_is_posted_on_its_day_and_ties_out_however_late_it_is_read(
    house: House,
) -> None:
    """A bug: it was posted on the day of reading, so the statement's day never tied out."""
    sent, waits = house.sent(), Booked(70_00, "DZD", DAY, servicer_reference="A")
    house.go_to(date(2026, 10, 20))
    house.in_turn(undated(camt053(sent.account, DAY, 0, credit(sent), waits)))
    (entry,) = house.waiting()

    assert {one.business_date for one in posted(house, entry.id)} == {DAY}
    assert [one.business_date for one in posted(house, sent.collection_id) if "settled" in one.cause] == [DAY]
    with house.reading() as work:
        assert findings(work) == []

    # What a person decides about it stands on that day too.
    house.go_to(date(2026, 10, 25))
    decided(house, entry.id, Decision.REFUND_OWED)
    assert {one.business_date for one in posted(house, entry.id)} == {DAY}
    with house.reading() as work:
        assert findings(work) == []


def test_what_both_reports_date_by_its_value_ties_out_on_that_day(sqlite_house: House) -> None:
    house, valued = sqlite_house, date(2026, 9, 29)
    sent = house.sent()
    booking = Booked(70_00, "DZD", DAY, servicer_reference="A", valued=valued)
    house.go_to(date(2026, 10, 20))
    house.in_turn(
        camt054(sent.account, booking).replace(UNDATED, b""),
        camt053(sent.account, valued, 0, message_id="S1"),
        camt053(sent.account, DAY, 0, booking, message_id="S2").replace(UNDATED, b""),
    )

    (entry,) = house.waiting()
    assert {one.business_date for one in posted(house, entry.id)} == {valued}
    with house.reading() as work:
        assert findings(work) == []


def test_the_day_of_a_booking_without_a_booking_date_takes_nothing_once_it_is_closed(sqlite_house: House) -> None:
    house = sqlite_house
    sent = house.sent()
    house.in_turn(camt053(sent.account, DAY, 0, message_id="S0"))
    house.go_to(date(2026, 10, 20))
    with house.desk.work(CLERK) as work:
        period = close.prepare(work, house.fund(), DAY, "September is made")
        period_id, sha256 = period.id, period.sha256
    with house.desk.work(APPROVER) as work:
        close.approve(work, period_id, sha256)
    house.in_turn(undated(camt053(sent.account, DAY, 0, Booked(70_00, "DZD", DAY, servicer_reference="A"))))

    (entry,) = house.waiting()
    (booking,) = posted(house, entry.id)
    assert (booking.business_date, booking.belongs_to) == (WRITTEN, DAY.isoformat())


def test_a_rejection_is_posted_on_the_day_on_which_the_bank_wrote_it(sqlite_house: House) -> None:
    house = sqlite_house
    sent = house.sent()
    house.go_to(date(2026, 10, 20))
    house.in_turn(pain002(sent, day=date(2026, 9, 29)))

    assert [one.business_date for one in posted(house, sent.collection_id) if "rejected" in one.cause] == [
        date(2026, 9, 29)
    ]
