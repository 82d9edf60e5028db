"""How contributions stand towards lateness, many at a time."""

from collections.abc import Collection as Some
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import select

from debit_service.collections.models import Collection
from debit_service.contributions.models import Contribution, OtherPayment
from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.penalties.fault.protection import Debit, Protection, protection
from debit_service.penalties.models import FaultDecision
from debit_service.penalties.service.records import batch_is_sent
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.rules import paid_in_full_on


class _Owed(NamedTuple):
    due_date: date
    amount_minor: int


class _Tried(NamedTuple):
    """An attempt that was not cancelled."""

    id: str
    contribution_id: str
    amount_minor: int
    collection_date: date
    days_late_by_service: int
    failed_on: date | None
    sent: bool


def of_each(work: Work, contribution_ids: Some[str], today: date) -> dict[str, Protection]:
    """How each of these contributions stands; one of which there is nothing to say yet is left out."""
    work.session.flush()
    owed = _owed(work, contribution_ids)
    tried = _tried(work, owed)
    decisions = _decisions(work, owed)
    payments = _payments(work, owed, tried)
    found = {}
    for contribution_id, one in owed.items():
        debits = [_debit(one.due_date, each, decisions.get(each.id)) for each in tried.get(contribution_id, [])]
        paid_on = paid_in_full_on(one.amount_minor, payments.get(contribution_id, []))
        if stands := protection(one.due_date, today, debits, paid_on):
            found[contribution_id] = stands
    return found


def of(work: Work, contribution_id: str, today: date) -> Protection | None:
    """How one contribution stands; None where there is nothing to say yet."""
    return of_each(work, [contribution_id], today).get(contribution_id)


def _owed(work: Work, contribution_ids: Some[str]) -> dict[str, _Owed]:
    query = select(Contribution.id, Contribution.due_date, Contribution.amount_minor)
    rows = work.session.execute(query.where(among(work.session, Contribution.id, contribution_ids)))
    return {contribution_id: _Owed(due_date, minor) for contribution_id, due_date, minor in rows}


def _tried(work: Work, contribution_ids: Some[str]) -> dict[str, list[_Tried]]:
    columns = [getattr(Collection, name) for name in _Tried._fields[:-1]]
    query = (
        select(*columns, batch_is_sent(Collection))
        .where(among(work.session, Collection.contribution_id, contribution_ids), Collection.cancelled_why.is_(None))
        .order_by(Collection.attempt)
    )
    found: dict[str, list[_Tried]] = {}
    for row in work.session.execute(query):
        one = _Tried._make(row)
        found.setdefault(one.contribution_id, []).append(one)
    return found


def _decisions(work: Work, contribution_ids: Some[str]) -> dict[str, FaultDecision]:
    query = select(FaultDecision).where(
        among(work.session, FaultDecision.contribution_id, contribution_ids), FaultDecision.most_recent
    )
    return {one.collection_id: one for one in work.session.scalars(query)}


def _payments(
    work: Work, contribution_ids: Some[str], tried: Mapping[str, Sequence[_Tried]]
) -> dict[str, list[tuple[date, int]]]:
    """By contribution: the day and the minor units of every payment that stands, in whatever order."""
    attempts = {one.id: one for some in tried.values() for one in some}
    outcomes = reconcile.outcomes_of(work, {one.id: one.amount_minor for one in attempts.values()})
    paid: dict[str, list[tuple[date, int]]] = {}
    for collection_id, outcome in outcomes.items():
        if outcome.settled_on:
            here = paid.setdefault(attempts[collection_id].contribution_id, [])
            here.append((outcome.settled_on, outcome.kept_minor))
    query = select(OtherPayment.contribution_id, OtherPayment.paid_on, OtherPayment.amount_minor).where(
        among(work.session, OtherPayment.contribution_id, contribution_ids), OtherPayment.undone_at.is_(None)
    )
    for contribution_id, day, minor in work.session.execute(query):
        paid.setdefault(contribution_id, []).append((day, minor))
    return paid


def _debit(due_date: date, tried: _Tried, decision: FaultDecision | None) -> Debit:
    return Debit(
        collection_date=tried.collection_date,
        on_time=tried.collection_date <= due_date or tried.days_late_by_service > 0,
        sent=tried.sent or tried.failed_on is not None,
        failed_on=tried.failed_on,
        effect=decision.effect if decision else None,
        because=decision.because if decision else "",
        clock_start=decision.clock_start if decision else None,
    )
