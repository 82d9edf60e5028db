"""Two sessions on PostgreSQL change one penalty: they wait for each other in one order, penalties first, and both go through."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from bank_files import camt054, credit, pain002, returned
from house import APPROVER, CLERK, House, Sent
from sqlalchemy import text

from debit_service import operations
from debit_service.core import audit
from debit_service.penalties import queries
from debit_service.penalties.fault.values import Party
from debit_service.penalties.service import amnesty, from_entries, relieve
from debit_service.penalties.service.amnesty import Terms
from debit_service.penalties.service.relieve import Granted
from debit_service.penalties.tariff import used
from debit_service.penalties.tariff.relief import Ground
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.service import Ask

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

MID_OCTOBER = date(2026, 10, 15)
SECONDS_MAX = 60
Act = Callable[[], object]


def asked_for(house: House) -> tuple[Sent, str]:
    """A debit that the account could not pay, and its penalty of 50.00, confirmed."""
    sent = house.sent()
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    house.go_to(MID_OCTOBER)
    house.assess()
    with house.reading() as work:
        (penalty,) = queries.penalties_of(work, sent.contribution_id)
    house.confirm_penalty(penalty.id)
    return sent, penalty.id


def transfer(house: House, sent: Sent, penalty_id: str, *, minor: int = 50_00) -> tuple[str, Ask]:
    """Money in the work queue, and that a person says it pays the penalty."""
    entry = replace(credit(sent, day=MID_OCTOBER, reference="T1"), amount_minor=minor, end_to_end_id=None)
    house.bank_says(camt054(sent.account, replace(entry, sub_family="XBCT"), message_id="T1"))
    (waiting,) = house.waiting()
    ask = Ask(decision=Decision.ALLOCATED, why="their letter", shares=((penalty_id, 50_00),), refund_rest=True)
    return waiting.id, ask


def an_entry_is_decided(house: House) -> tuple[str, Act]:
    sent, penalty_id = asked_for(house)
    entry, ask = transfer(house, sent, penalty_id)

    def act() -> None:
        with house.desk.work(CLERK) as work:
            from_entries.decide(work, house.service.funds, entry, ask)

    return sent.contribution_id, act


def a_decision_is_confirmed(house: House) -> tuple[str, Act]:
    sent, penalty_id = asked_for(house)
    above = house.fund().reconciliation.four_eyes_above_minor.require() + 1
    entry, ask = transfer(house, sent, penalty_id, minor=above)
    with house.desk.work(CLERK) as work:
        proposed = from_entries.decide(work, house.service.funds, entry, ask)

    def act() -> None:
        with house.desk.work(APPROVER) as work:
            from_entries.confirm(work, house.service.funds, proposed.id)

    return sent.contribution_id, act


def a_decision_is_undone(house: House) -> tuple[str, Act]:
    sent, penalty_id = asked_for(house)
    entry, ask = transfer(house, sent, penalty_id)
    with house.desk.work(CLERK) as work:
        decided = from_entries.decide(work, house.service.funds, entry, ask)

    def act() -> None:
        with house.desk.work(CLERK) as work:
            from_entries.undo(work, house.service.funds, decided.id, "another employer's")

    return sent.contribution_id, act


def a_finding_is_withdrawn(house: House) -> tuple[str, Act]:
    sent = house.sent()
    house.in_turn(
        camt054(sent.account, credit(sent)),
        camt054(sent.account, returned(sent, "MS03", date(2026, 10, 5)), message_id="N2"),
    )
    house.go_to(MID_OCTOBER)
    house.assess()
    finding = operations.find_fault(house.service, CLERK, sent.collection_id, Party.EMPLOYER, "by letter", "letter 12")
    operations.approve_finding(house.service, APPROVER, finding.id)

    def act() -> None:
        operations.withdraw_finding(house.service, CLERK, finding.id, "the letter was about another debit")

    return sent.contribution_id, act


def a_relief_is_undone(house: House) -> tuple[str, Act]:
    sent, penalty_id = asked_for(house)
    half = Granted(
        ground=Ground.COMMISSION,
        basis_points=5_000,
        authority="local commission",
        decided_on=date(2026, 10, 10),
        document="minutes 4",
        why="a first lateness",
    )
    with house.desk.work(APPROVER) as work:
        relief = relieve.grant(work, house.fund(), house.service.penalty_rules, penalty_id, half)

    def act() -> None:
        with house.desk.work(APPROVER) as work:
            relieve.undo(work, house.fund(), relief.id, "a slip")

    return sent.contribution_id, act


def an_amnesty_is_carried_out(house: House) -> tuple[str, Act]:
    sent, _ = asked_for(house)
    terms = Terms(
        first_period="2026-01",
        last_period="2026-12",
        states=("confirmed",),
        basis_points=10_000,
        covers_later=False,
        law="ordinance 21-12",
        decided_on=date(2026, 10, 1),
        why="the law says so",
    )
    with house.desk.work(CLERK) as work:
        prepared = amnesty.prepare(work, house.fund(), terms)
    with house.desk.work(APPROVER) as work:
        amnesty.approve(work, prepared.id, prepared.sha256)
    return sent.contribution_id, lambda: amnesty.carry_out(house.desk, CLERK, house.fund(), prepared.id)


@pytest.mark.parametrize(
    "story",
    [
        an_entry_is_decided,
        a_decision_is_confirmed,
        a_decision_is_undone,
        a_finding_is_withdrawn,
        a_relief_is_undone,
        an_amnesty_is_carried_out,
    ],
)
def test_nobody_who_waits_for_a_penalty_keeps_the_log_from_who_has_it(
    house: House, story: Callable[[House], tuple[str, Act]]
) -> None:
    contribution_id, act = story(house)

    with ThreadPoolExecutor(1) as another:
        with house.desk.work(CLERK) as work:
            queries.penalties_of_each(work, [contribution_id])
            going = another.submit(act)
            assert waits_for_a_row(house, going)
            audit.record(work, "penalty.looked_at", contribution_id)
        going.result(SECONDS_MAX)

    assert house.breaches() == {}


def test_who_waits_for_the_log_holds_no_rule_that_all_funds_share(house: House) -> None:
    rules, name = house.service.penalty_rules, ("ma-cnss-astreinte", "2026-11")

    def hold(fund_id: str, why: str | None) -> None:
        with house.desk.work(CLERK) as work:
            used.hold(work, rules, fund_id, {name: why})

    hold("CNSS", "the number of employees is needed")
    with ThreadPoolExecutor(1) as another:
        with house.desk.work(CLERK) as work:
            audit.record(work, "penalty.looked_at", "P")
            going = another.submit(hold, "CNSS", None)
            assert waits(house, going, "wait_event = 'advisory'")
            used.hold(work, rules, "CNSS", {name: "the number is still needed"})
        going.result(SECONDS_MAX)


def waits_for_a_row(house: House, going: Future[object]) -> bool:
    """Whether the other session comes to wait for a row that somebody else has locked."""
    return waits(house, going, "query ilike '%for update%'")


def waits(house: House, going: Future[Any], for_what: str) -> bool:
    """Whether the other session comes to wait for such a lock before it ends."""
    waiting = text(
        "select count(*) from pg_stat_activity where datname = current_database()"  # noqa: S608 - our own words
        f" and wait_event_type = 'Lock' and {for_what}"
    )
    with house.desk.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as seen:
        while not going.done():
            if seen.scalar(waiting):
                return True
    return False
