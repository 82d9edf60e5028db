"""Failures are assessed many at a time: with the same answers as one by one, and nothing is written where nothing is new."""

import sys
from collections.abc import Callable
from datetime import date

import pytest
from bank_files import camt054, credit, returned
from house import CLERK, House, Sent
from sqlalchemy import func, select

from debit_service import operations
from debit_service.collections.models import Collection
from debit_service.core.models import AuditEntry, Event
from debit_service.penalties.models import FaultDecision
from debit_service.penalties.service import assess
from debit_service.penalties.service.evidence import case_files
from debit_service.reconcile import queries as reconcile

CODES = ("AM04", "MS03", "MD01", "AC01", "TM01")


Failures = Callable[[House], list[Sent]]


@pytest.fixture
def failures_of() -> Failures:
    """Debits of several employers in one file, each of which came back for another reason."""

    def fail(house: House) -> list[Sent]:
        debits = house.sent_together("CNAS", *(f"{number}000.00" for number in range(1, len(CODES) + 1)))
        account = debits[0].account
        back = [returned(one, code, date(2026, 10, 5)) for one, code in zip(debits, CODES, strict=True)]
        house.bank_says(
            camt054(account, *(credit(one, reference=f"C{number}") for number, one in enumerate(debits))),
            camt054(account, *back, message_id="N2"),
        )
        house.go_to(date(2026, 10, 15))
        return debits

    return fail


@pytest.fixture
def failures(house: House, failures_of: Failures) -> list[Sent]:
    """Those debits, on either database."""
    return failures_of(house)


def test_the_evidence_of_many_is_that_of_each(house: House, failures: list[Sent]) -> None:
    fund = house.fund()
    bank, calendar = house.service.bank_of(fund), house.service.debit_calendar(fund)
    with house.reading() as work:
        rows = [work.session.get_one(Collection, one.collection_id) for one in failures]
        outcomes = reconcile.outcomes_of(work, {one.id: one.amount_minor for one in rows})
        failed = [(one, failure) for one in rows if (failure := outcomes[one.id].failure)]

        together = case_files(work, fund, bank, calendar, failed)

        assert len(together) == len(failures)
        for one in failed:
            assert case_files(work, fund, bank, calendar, [one]) == {one[0].id: together[one[0].id]}


def decided(house: House) -> list[tuple[str, str, str]]:
    """Collection, digest and effect of every decision."""
    with house.reading() as work:
        query = select(FaultDecision.collection_id, FaultDecision.digest, FaultDecision.effect)
        return [(row[0], row[1], row[2]) for row in work.session.execute(query.order_by(FaultDecision.id))]


def written(house: House) -> tuple[int | None, int | None]:
    """How many audit entries and events there are."""
    with house.reading() as work:
        count = work.session.scalar
        return count(select(func.count()).select_from(AuditEntry)), count(select(func.count()).select_from(Event))


def test_what_was_assessed_before_is_not_written_again(house: House, failures: list[Sent]) -> None:
    house.assess()
    before, once = decided(house), written(house)
    assert len(before) == len(failures)

    house.assess()

    assert (decided(house), written(house)) == (before, once)
    assert house.breaches() == {}


def test_an_assessment_that_was_cut_off_goes_on_where_it_was(
    sqlite_house: House, failures_of: Failures, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, failures = sqlite_house, failures_of(sqlite_house)
    monkeypatch.setattr(sys.modules[assess.__module__], "AT_A_TIME", 2)
    with house.desk.work(CLERK) as work:
        done, after = assess(work, operations.bench(house.service, house.fund()))
    first = decided(house)
    assert (done.decided, len(first), after) == (2, 2, failures[1].contribution_id)

    house.assess()

    assert decided(house)[:2] == first
    assert {one for one, _, _ in decided(house)} == {one.collection_id for one in failures}


def test_the_funds_systems_hear_how_a_contribution_stands(house: House, failures: list[Sent]) -> None:
    house.assess()

    with house.desk.work(CLERK) as work:
        query = select(Event.subject, Event.data).where(Event.kind == "contribution.protection_changed")
        told = {row[0]: (row[1]["from"], row[1]["to"]) for row in work.session.execute(query)}
    assert told[failures[0].contribution_id] == ("in_doubt", "exposed")
    assert told[failures[2].contribution_id] == ("in_doubt", "protected")
    assert failures[1].contribution_id not in told
