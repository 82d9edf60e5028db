"""Time as it really goes: clocks that are put back, short months, a worker that is down, a feast announced two days before."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from bank_files import camt054, credit
from house import CLERK, House

from debit_service import jobs, operations
from debit_service.collections import queries as collections
from debit_service.collections.models import Collection, Notice
from debit_service.core import runs
from debit_service.core.clock import SetClock, business_date
from debit_service.core.models import JobRun
from debit_service.funds.profile import Fund
from debit_service.funds.queries import Funds
from debit_service.wiring import Service

AGENCY, CNSS, CNAS = "EINZUGSSTELLE", "CNSS", "CNAS"
CASABLANCA = ZoneInfo("Africa/Casablanca")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def worker(sqlite_house: House) -> Callable[[str], House]:
    """A house of one fund, whose bank is an exchange folder if it is the German one."""

    def of(fund_id: str) -> House:
        fund = sqlite_house.fund(fund_id)
        settings = sqlite_house.service.settings.model_copy(
            update={"bank_folders": {fund.bank: sqlite_house.bank_folder}}
        )
        sqlite_house.service = replace(sqlite_house.service, settings=settings)
        vars(sqlite_house.service)["funds"] = Funds({fund.id: fund}, sqlite_house.service.funds.banks)
        return sqlite_house

    return of


def counted(monkeypatch: pytest.MonkeyPatch) -> list[date]:
    """The day's jobs are one that notes its business date."""
    done: list[date] = []

    def job(_: Service, __: Fund, on: date) -> str:
        done.append(on)
        return "noted"

    monkeypatch.setattr(jobs, "DAILY", {"counted": job})
    return done


def live_debit(house: House, contribution_id: str) -> Collection:
    (one,) = [attempt for attempt in house.debits_of(contribution_id) if attempt.live]
    return one


def notices(house: House, collection_id: str) -> list[date]:
    with house.reading() as work:
        found = work.session.query(Notice).filter_by(collection_id=collection_id).order_by(Notice.id)
        return [one.collection_date for one in found]


def test_every_hour_of_two_years_in_casablanca_belongs_to_one_business_date_and_none_is_left_out_or_comes_back() -> (
    None
):
    hours = [datetime(2026, 1, 1, tzinfo=UTC) + n * HOUR for n in range(2 * 365 * 24)]
    dates = [business_date(SetClock(hour), "Africa/Casablanca") for hour in hours]

    assert all(later - earlier in (timedelta(0), DAY) for earlier, later in pairwise(dates))
    assert (dates[0], dates[-1]) == (date(2026, 1, 1), date(2028, 1, 1))
    lengths = {dates.count(day) for day in set(dates[1:-1])}
    assert lengths == {23, 24, 25}


@pytest.mark.parametrize(
    ("changes_at", "repeated"),
    [
        (datetime(2026, 2, 15, 2, tzinfo=UTC), True),
        (datetime(2026, 3, 22, 2, tzinfo=UTC), False),
        (datetime(2027, 2, 7, 2, tzinfo=UTC), True),
    ],
)
def test_when_the_clock_of_casablanca_changes_each_date_is_done_once_by_the_jobs(
    worker: Callable[[str], House], monkeypatch: pytest.MonkeyPatch, changes_at: datetime, *, repeated: bool
) -> None:
    house, done = worker(CNSS), counted(monkeypatch)
    # The house's own clock stands later than the first of these days, and never goes back.
    clock = SetClock(changes_at - 30 * HOUR)
    service = replace(house.service, desk=replace(house.desk, clock=clock))
    vars(service)["funds"] = house.service.funds
    shown = []
    for half_hours in range(120):
        clock.set(changes_at - 30 * HOUR + half_hours * HOUR / 2)
        shown.append(clock.now().astimezone(CASABLANCA).replace(tzinfo=None))
        jobs.run_due(service)

    assert (len(shown) > len(set(shown))) is repeated
    first = (changes_at - 30 * HOUR).astimezone(CASABLANCA).date()
    assert done == [first + n * DAY for n in range(len(done))]
    assert len(done) >= 3


def test_month_ends_and_the_leap_day_are_days_like_any_other(
    worker: Callable[[str], House], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = worker(AGENCY)
    leap_day = date(2028, 2, 29)
    house.go_to(date(2028, 1, 31))
    owed = house.contribution(house.employer(AGENCY), due=leap_day)
    done = counted(monkeypatch)
    for days in range(31):
        house.go_to(date(2028, 1, 31) + days * DAY)
        jobs.run_due(house.service)
    assert done == [date(2028, 1, 31) + n * DAY for n in range(31)]
    assert {date(2028, 1, 31), date(2028, 2, 1), leap_day, date(2028, 3, 1)} <= set(done)

    monkeypatch.undo()
    house.collect(AGENCY, on=date(2028, 2, 1))
    assert live_debit(house, owed).collection_date == leap_day


def test_five_days_of_outage_over_a_due_date_cost_the_employer_nothing(worker: Callable[[str], House]) -> None:
    house, due = worker(AGENCY), date(2026, 9, 28)
    owed = house.contribution(house.employer(AGENCY), due=due)
    jobs.run_due(house.service)
    house.go_to(date(2026, 9, 24))
    jobs.run_due(house.service)

    house.go_to(date(2026, 9, 29))  # nothing ran from the 25th, when the file should have left, to the 28th
    jobs.run_due(house.service)

    late = live_debit(house, owed)
    first_possible = date(2026, 10, 1)  # two days of notice
    assert (late.collection_date, late.days_late_by_service) == (first_possible, (first_possible - due).days)
    assert "not sent in time by the service" in late.date_reason
    with house.reading() as work:
        found = work.session.query(JobRun).filter_by(job="plan").order_by(JobRun.id)
        told = [(one.business_date.day, one.detail) for one in found]
    missed = runs.MISSED.format(today="2026-09-29")
    assert [day for day, _ in told][-6:] == [24, 25, 26, 27, 28, 29]
    assert {detail for day, detail in told if day in range(25, 29)} == {missed}

    house.go_to(house.send_day(AGENCY, first_possible))
    jobs.run_due(house.service)
    with house.reading() as work:
        ((made, _),) = collections.batches(work, "made")
    house.approve(made.id)
    jobs.run_due(house.service)
    sent = house.debit(owed)
    house.bank_says(camt054(sent.account, credit(sent)))
    house.go_to(date(2026, 10, 20))
    jobs.run_due(house.service)
    assert house.penalties(owed) == []
    assert house.breaches() == {}


def test_an_eid_announced_two_days_before_moves_the_debit_and_is_nobodys_fault(house: House) -> None:
    feast = date(2026, 9, 30)
    owed = house.contribution(house.employer(CNAS), due=feast)
    house.collect(CNAS)
    told = live_debit(house, owed)
    assert notices(house, told.id) == [feast]
    house.go_to(date(2026, 9, 28))
    (made,) = house.collect(CNAS).batches
    house.approve(made)

    operations.correct_calendar_day(
        house.service, CLERK, "DZ", feast, "closed", "Eid, as announced", "communique of the ministry, 28 September"
    )

    moved = live_debit(house, owed)
    assert moved.collection_date >= date(2026, 10, 12)  # fourteen days of notice from the announcement
    assert moved.days_late_by_service == 0
    assert moved.date_reason == "the calendar changed: 2026-09-30 is closed (Eid, as announced)"
    assert list((house.bank_folder / "in").iterdir()) == []

    house.collect(CNAS)
    assert notices(house, moved.id) == [feast, moved.collection_date]
    sent = house.send_due(CNAS, moved.collection_date, owed)
    house.bank_says(camt054(sent.account, credit(sent)))
    house.go_to(date(2026, 11, 30))
    house.assess(CNAS)
    assert house.penalties(owed) == []
    assert house.breaches() == {}
