"""Staff correct a calendar: what counts at once, what is refused, and what happens to the debits that were planned with it."""

from datetime import date, timedelta

import pytest
from house import APPROVER, CLERK, House

from debit_service import operations
from debit_service.collections import queries as collections
from debit_service.collections.models import Collection
from debit_service.collections.service.redate import redate
from debit_service.contributions import queries as contributions
from debit_service.contributions import service as contribution_service
from debit_service.core.errors import DebitError, InvalidInput, NotFound, Refused
from debit_service.core.models import AuditEntry
from debit_service.reports.attention import attention

FUND = "EINZUGSSTELLE"
DUE = date(2026, 9, 28)
WHY, SOURCE = "extraordinary closing", "circular of 1 September"


def correct(house: House, name: str, day: date, becomes: str = "closed") -> operations.Corrected:
    return operations.correct_calendar_day(house.service, CLERK, name, day, becomes, WHY, SOURCE)  # type: ignore[arg-type]


def live_debit(house: House, contribution_id: str) -> Collection:
    (one,) = [attempt for attempt in house.debits_of(contribution_id) if attempt.live]
    return one


def audited(house: House, action: str) -> list[dict[str, object]]:
    with house.reading() as work:
        return [one.details for one in work.session.query(AuditEntry).filter_by(action=action)]


def told(house: House) -> list[str]:
    with house.reading() as work:
        return list(map(str, attention(work, house.service.funds, house.service.debit_calendars)))


def test_a_correction_counts_at_once_and_no_more_when_it_is_withdrawn(house: House) -> None:
    service, day = house.service, date(2026, 9, 24)
    assert service.calendars["TARGET"].is_open(day)

    done = correct(house, "TARGET", day)
    assert service.calendars["TARGET"].why_closed(day) == WHY
    assert service.debit_calendar(house.fund(FUND)).why_closed(day) == WHY

    operations.withdraw_calendar_day(service, CLERK, done.override_id, "a mistake")
    assert service.calendars["TARGET"].is_open(day)
    assert [one["why"] for one in audited(house, "calendar.override_withdrawn")] == ["a mistake"]


@pytest.mark.parametrize(
    ("name", "day", "becomes", "error", "code"),
    [
        ("TARGET", date(2026, 8, 31), "closed", Refused, "calendar.past"),
        ("TARGET", date(2032, 1, 5), "closed", Refused, "calendar.horizon"),
        ("TARGET", date(2026, 9, 26), "closed", Refused, "calendar.no_change"),
        ("TARGET", date(2026, 9, 25), "open", Refused, "calendar.no_change"),
        ("NOWHERE", date(2026, 9, 25), "closed", NotFound, "calendar.unknown"),
    ],
)
def test_a_correction_that_means_nothing_is_refused(
    sqlite_house: House, name: str, day: date, becomes: str, error: type[DebitError], code: str
) -> None:
    with pytest.raises(error) as refusal:
        correct(sqlite_house, name, day, becomes)
    assert refusal.value.code == code


def test_a_correction_needs_a_clerk_a_reason_and_a_day_that_nobody_corrected(sqlite_house: House) -> None:
    house, day = sqlite_house, date(2026, 9, 24)
    with pytest.raises(Refused, match="role finance_clerk"):
        operations.correct_calendar_day(house.service, APPROVER, "TARGET", day, "closed", WHY, SOURCE)
    with pytest.raises(InvalidInput, match="Say why"):
        operations.correct_calendar_day(house.service, CLERK, "TARGET", day, "closed", WHY, " ")
    done = correct(house, "TARGET", day)
    with pytest.raises(Refused, match="corrected already"):
        correct(house, "TARGET", day, "open")
    operations.withdraw_calendar_day(house.service, CLERK, done.override_id, "a mistake")
    with pytest.raises(Refused, match="withdrawn already"):
        operations.withdraw_calendar_day(house.service, CLERK, done.override_id, "a mistake")


def test_an_estimated_holiday_is_told_until_it_is_confirmed(sqlite_house: House) -> None:
    house, eid = sqlite_house, date(2027, 3, 10)
    house.go_to(date(2027, 1, 20))
    estimated = [line for line in told(house) if line.startswith("calendar DZ: 2027-03-10")]
    assert "debit calendars override DZ 2027-03-10 closed" in estimated[0]

    correct(house, "DZ", eid)
    assert not [line for line in told(house) if line.startswith("calendar DZ: 2027-03-10")]
    assert house.service.calendars["DZ"].why_closed(eid) == WHY


def test_a_calendar_that_ends_within_half_a_year_is_told(sqlite_house: House) -> None:
    sqlite_house.go_to(date(2031, 7, 4))
    assert not [line for line in told(sqlite_house) if line.startswith("the calendar TARGET ends")]
    sqlite_house.go_to(date(2031, 7, 5))
    assert [line for line in told(sqlite_house) if line.startswith("the calendar TARGET ends on 2031-12-31")]


def test_a_planned_debit_moves_to_the_open_day_before_and_back_and_is_announced_anew(house: House) -> None:
    owed = house.contribution(house.employer(FUND), due=DUE)
    house.collect(FUND)

    done = correct(house, "TARGET", DUE)
    moved = live_debit(house, owed)
    assert (moved.collection_date, moved.days_late_by_service) == (date(2026, 9, 25), 0)
    assert moved.date_reason == f"the calendar changed: 2026-09-28 is closed ({WHY})"
    assert done.redated[FUND].collections == 1
    assert house.collect(FUND).notices == 1

    operations.withdraw_calendar_day(house.service, CLERK, done.override_id, "a mistake")
    assert live_debit(house, owed).collection_date == DUE
    assert [(one["from"], one["to"]) for one in audited(house, "collection.redated")] == [
        ("2026-09-28", "2026-09-25"),
        ("2026-09-25", "2026-09-28"),
    ]
    assert house.breaches() == {}


def test_a_crash_between_correction_and_re_dating_is_healed_by_the_next_planning(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = sqlite_house
    owed = house.contribution(house.employer(FUND), due=DUE)
    house.collect(FUND)
    with monkeypatch.context() as patched:
        patched.setattr(operations, "_redate", lambda *_: None)
        correct(house, "TARGET", DUE)
    assert live_debit(house, owed).collection_date == DUE

    house.collect(FUND)
    assert live_debit(house, owed).collection_date == date(2026, 9, 25)


def test_days_lost_to_a_holiday_are_the_services_only_where_the_announcement_left_time(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = sqlite_house
    owed = house.contribution(house.employer(FUND), due=DUE)
    house.collect(FUND)
    with monkeypatch.context() as patched:
        patched.setattr(operations, "_redate", lambda *_: None)
        correct(house, "TARGET", DUE)
    house.go_to(date(2026, 9, 27))
    fund = house.fund(FUND)
    with house.desk.work(CLERK) as work:
        redate(work, fund, house.service.debit_calendar(fund), date(2026, 9, 27))

    late = live_debit(house, owed)
    assert late.days_late_by_service == (late.collection_date - DUE).days > 0


def test_a_batch_that_was_not_sent_is_cancelled_and_its_debits_get_another_day(house: House) -> None:
    owed = house.contribution(house.employer(FUND), due=DUE)
    house.collect(FUND)
    house.go_to(house.send_day(FUND, DUE))
    (batch_id,) = house.collect(FUND).batches
    house.approve(batch_id)

    done = correct(house, "TARGET", DUE)

    assert (done.redated[FUND].batches, done.redated[FUND].collections) == (1, 1)
    with house.reading() as work:
        assert collections.batch_state(work, batch_id) == "cancelled"
    (moved,) = house.debits_of(owed)
    assert "the calendar changed" in moved.date_reason
    assert (moved.live, moved.attempt, moved.days_late_by_service) == (True, 1, 0)
    assert moved.collection_date > DUE
    assert house.breaches() == {}


def test_a_file_that_the_bank_has_is_left_to_people(sqlite_house: House) -> None:
    sent = sqlite_house.sent(FUND, due=DUE)

    correct(sqlite_house, "TARGET", DUE)

    assert sqlite_house.collection(sent).collection_date == DUE
    (line,) = [line for line in told(sqlite_house) if line.startswith(f"batch {sent.batch_id} of {FUND} asks")]
    assert "2026-09-28, which was closed since" in line


def test_computed_due_dates_move_with_the_calendar_where_nothing_stands_in_a_file(sqlite_house: House) -> None:
    house = sqlite_house
    computed, stated = house.employer(FUND), house.employer(FUND)
    head = "fund,registration_number,reference,period,amount,currency,due_date\n"
    rows = f"{FUND},{computed.registration},C-1,2026-09,100.00,EUR,\n"
    rows += f"{FUND},{stated.registration},S-1,2026-09,100.00,EUR,2026-09-28\n"
    with house.desk.work(CLERK) as work:
        report = contribution_service.import_rows(
            work, house.service.funds, house.service.calendars, (head + rows).encode(), "due.csv"
        )
    assert report.bad == []
    with house.reading() as work:
        before = {one.reference: one.due_date for one in contributions.listed(work)}
    house.collect(FUND)

    # A day between the due date and the month's end: the third-last open day is the one before now.
    done = correct(house, "TARGET", before["C-1"] + timedelta(days=1))

    with house.reading() as work:
        after = {one.reference: one for one in contributions.listed(work)}
    assert after["S-1"].due_date == before["S-1"]
    assert after["C-1"].due_date < before["C-1"]
    assert done.due_dates[FUND] == 1
    assert live_debit(house, after["C-1"].id).collection_date == after["C-1"].due_date
    assert [(one["from"], one["to"]) for one in audited(house, "contribution.due_date_moved")] == [
        (before["C-1"].isoformat(), after["C-1"].due_date.isoformat())
    ]
    assert house.breaches() == {}
