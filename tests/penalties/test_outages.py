"""An outage of ours speaks for the employer exactly where it fell on something that we had to do."""

from datetime import UTC, date, datetime, timedelta

import pytest
from bank_files import pain002
from house import House, Sent

from debit_service.core import runs
from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.work import Actor, Role
from debit_service.penalties.fault.outages import Course, MissedRun, Outage, in_the_way
from debit_service.penalties.service import outages

ADMINISTRATOR = Actor("administrator", frozenset({Role.ADMINISTRATOR}))
ANOTHER = Actor("another administrator", frozenset({Role.ADMINISTRATOR}))


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 9, day, hour, tzinfo=UTC)


def course(*, late: bool = False) -> Course:
    """Planned on the 1st, announced on the 2nd; the file left on the 28th, two hours before the cut-off."""
    return Course(at(1), at(2), at(28, 14), at(28, 12), late)


@pytest.mark.parametrize(
    ("began", "ended", "stands_in_the_way"),
    [
        (at(1, 8), at(1, 11), False),
        (at(1, 8), at(1, 13), True),
        (at(2, 11), at(2, 18), True),
        (at(10), at(20), False),
        (at(27, 15), at(27, 16), True),
        (at(28, 13), at(29), True),
        (at(29), at(30), False),
    ],
)
def test_only_an_outage_while_something_had_to_be_done_counts(
    began: datetime, ended: datetime, stands_in_the_way: bool
) -> None:
    found = in_the_way(course(), [Outage(began, ended, "the worker", "outage:1")], [])

    assert found == (("the worker", "outage:1") if stands_in_the_way else None)


def test_a_day_without_a_scheduler_counts_only_where_the_debit_or_its_notice_was_late() -> None:
    missed = [MissedRun(date(2026, 9, 1), "plan", "run:1")]

    assert in_the_way(course(), [], missed) is None
    assert in_the_way(course(late=True), [], missed) == ("the job plan did not run on 2026-09-01", "run:1")
    assert in_the_way(course(late=True), [], [MissedRun(date(2026, 8, 31), "plan", "run:2")]) is None


def failed(house: House) -> Sent:
    """A debit that the account could not pay, decided."""
    sent = house.sent()
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    house.go_to(date(2026, 10, 15))
    house.assess()
    return sent


def answer(house: House, sent: Sent) -> tuple[str, str]:
    """Assess, and say whose fault it is and what follows."""
    house.assess()
    decision = house.decision(sent)
    assert decision is not None
    return decision.party, decision.effect


def test_a_recorded_outage_ends_the_penalty_and_a_withdrawn_one_brings_it_back(house: House) -> None:
    sent = failed(house)
    assert answer(house, sent) == ("EMPLOYER", "PENALISE")
    began, ended = datetime(2026, 9, 1, 5, tzinfo=UTC), datetime(2026, 9, 1, 7, tzinfo=UTC)

    with house.desk.work(ADMINISTRATOR) as work:
        outage_id = outages.record(work, began, ended, "no notice went out", "incident 7").id
    assert answer(house, sent) == ("SERVICE", "NONE")
    decision = house.decision(sent)
    assert decision is not None
    assert f"outage:{outage_id}" in decision.argument["evidence"]
    assert house.breaches() == {}

    with house.desk.work(ADMINISTRATOR) as work, pytest.raises(Refused, match="Another administrator"):
        outages.withdraw(work, outage_id, "the monitor was wrong")
    with house.desk.work(ANOTHER) as work:
        outages.withdraw(work, outage_id, "the monitor was wrong")
    assert answer(house, sent) == ("EMPLOYER", "PENALISE")


@pytest.mark.parametrize(
    ("began", "assessed_meanwhile", "state"),
    [
        (datetime(2026, 9, 1, 5, tzinfo=UTC), True, "proposed"),
        (datetime(2026, 9, 1, 5, tzinfo=UTC), False, "proposed"),
        (datetime(2026, 7, 1, 5, tzinfo=UTC), True, "confirmed"),
    ],
)
def test_where_an_outage_was_withdrawn_a_person_confirms_what_else_is_confirmed_by_itself(
    sqlite_house: House, began: datetime, assessed_meanwhile: bool, state: str
) -> None:
    house, fund = sqlite_house, "EINZUGSSTELLE"
    sent = house.sent(fund, due=date(2026, 9, 28))
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    house.go_to(date(2026, 10, 15))
    with house.desk.work(ADMINISTRATOR) as work:
        outage_id = outages.record(work, began, began + timedelta(hours=2), "no notice went out", "incident 7").id
    if assessed_meanwhile:
        house.assess(fund)
    with house.desk.work(ANOTHER) as work:
        outages.withdraw(work, outage_id, "the monitor was wrong")

    house.assess(fund)

    assert [one for one, _ in house.penalties(sent.contribution_id)] == [state]


def test_a_day_that_no_scheduler_lived_through_is_found_in_the_register_of_runs(sqlite_house: House) -> None:
    house = sqlite_house
    for day in (1, 4):
        house.go_to(date(2026, 9, day))
        with runs.turn(house.desk, ADMINISTRATOR, "plan", "CNAS", date(2026, 9, day)) as run_id:
            assert run_id
            runs.finish(house.desk, ADMINISTRATOR, run_id, "done", "")

    with house.reading() as work:
        missed = runs.missed(work, "CNAS", ("plan", "notify"), date(2026, 9, 2))
        assert [one.business_date.day for one in missed] == [2, 3]
        assert runs.missed(work, "CNAS", ("notify",), date(2026, 9, 1)) == []


def test_only_an_administrator_records_and_only_what_is_over(sqlite_house: House) -> None:
    began, ended = datetime(2026, 9, 1, 5, tzinfo=UTC), datetime(2026, 9, 1, 7, tzinfo=UTC)
    too_early = pytest.raises(InvalidInput, match="over when it is recorded")
    with sqlite_house.desk.work(ADMINISTRATOR) as work, too_early:
        outages.record(work, began, ended, "the worker", "incident 7")
    clerk = Actor("clerk", frozenset({Role.FINANCE_CLERK}))
    with sqlite_house.desk.work(clerk) as work, pytest.raises(Refused, match="administrator"):
        outages.record(work, began, began.replace(hour=6), "the worker", "incident 7")
