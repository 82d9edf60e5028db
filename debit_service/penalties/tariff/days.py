"""The days on which an amount depends: from when it runs, when something was paid, and which days are not the employer's."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import select

from debit_service.collections.models import Collection
from debit_service.collections.queries import Tried
from debit_service.contributions import queries as contributions
from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.penalties.fault.values import Effect as Follows
from debit_service.penalties.models import FaultDecision
from debit_service.penalties.tariff.amount import clock_start, payment_day
from debit_service.penalties.tariff.counting import Stretch
from debit_service.penalties.tariff.others_days import Later, not_the_employers
from debit_service.penalties.tariff.rule import PenaltyRule
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.models import BankEntry
from debit_service.reconcile.rules import Effect, Outcome, State


class Paid(NamedTuple):
    """A payment that stands, with the days that may count as its own; `asked_for` is the collection date of a debit."""

    booked_on: date
    value_on: date | None
    asked_for: date | None
    minor: int


def starts_on(rule: PenaltyRule, due_date: date, presented: Iterable[date], failed_on: date) -> date:
    """The last day without a penalty; `failed_on` is what the decision says.

    `presented` are the days of the debits that failed by the employer: those until the first of them passed by others' fault.
    """
    if rule.clock_start == "failed_attempt":
        return failed_on
    return clock_start(rule, due_date, min(presented, default=failed_on), failed_on)


def payments(rule: PenaltyRule, paid: Iterable[Paid]) -> list[tuple[date, int]]:
    """(day, minor units) of each payment, oldest first, by the day that counts for the rule."""
    return sorted((payment_day(rule, one.booked_on, one.value_on, one.asked_for), one.minor) for one in paid)


def payments_of_each(
    work: Work,
    contribution_ids: Iterable[str],
    attempts: Mapping[str, Sequence[Tried]],
    outcomes: Mapping[str, Outcome],
    *,
    with_value_dates: bool,
) -> dict[str, list[Paid]]:
    """Contribution -> its payments that stand: what its debits brought and kept, and other means."""
    ids = list(contribution_ids)
    values = _value_dates(work, outcomes) if with_value_dates else {}
    others = contributions.other_payments_of_each(work, ids)
    found = {}
    for contribution_id in ids:
        debited = [
            Paid(result.settled_on, values.get(one.id), one.collection_date, result.kept_minor)
            for one in attempts.get(contribution_id, ())
            if (result := outcomes[one.id]).settled_on
        ]
        otherwise = [Paid(one.paid_on, None, None, one.amount_minor) for one in others.get(contribution_id, ())]
        found[contribution_id] = [*debited, *otherwise]
    return found


def _value_dates(work: Work, outcomes: Mapping[str, Outcome]) -> dict[str, date]:
    """Collection -> the value date of the entry that settled it, where the bank stated one."""
    settled = {name: result.settled_on for name, result in outcomes.items() if result.settled_on}
    by_entry = {
        one.entry_id: name
        for name, facts in reconcile.facts_of_each(work, settled).items()
        for one in facts
        if one.effect is Effect.SETTLED and one.on == settled[name]
    }
    query = select(BankEntry.id, BankEntry.value_date).where(
        among(work.session, BankEntry.id, by_entry), BankEntry.value_date.is_not(None)
    )
    return {by_entry[entry_id]: day for entry_id, day in work.session.execute(query.order_by(BankEntry.id)) if day}


def others_days_of_each(
    work: Work,
    attempts: Mapping[str, Sequence[Tried]],
    decisions: Mapping[str, Sequence[FaultDecision]],
    outcomes: Mapping[str, Outcome],
) -> dict[str, list[Stretch]]:
    """Contribution -> the days from the employer's first failing debit on, on which others, or we, kept the money away, or it was
    paid."""
    by_us = _days_late_by_us(work, attempts)
    found = {}
    for contribution_id, tried in attempts.items():
        employers = {
            one.collection_id: one.clock_start
            for one in decisions.get(contribution_id, ())
            if one.effect == Follows.PENALISE.value and one.clock_start
        }
        mine = [one for one in tried if one.id in employers]
        if not mine:
            continue
        first = min(mine, key=lambda one: employers[one.id])
        # The first one too: under a rule that runs from the due date it was paid until it was taken back.
        debits = [
            Later(one.collection_date - timedelta(days=by_us.get(one.id, 0)), employers.get(one.id))
            for one in tried
            if one.attempt >= first.attempt
            and one.cancelled_why is None
            # Of what went back in part afterwards, nobody has said that the employer took it.
            and outcomes[one.id].state is not State.SETTLED
        ]
        found[contribution_id] = not_the_employers(debits)
    return found


def _days_late_by_us(work: Work, contribution_ids: Iterable[str]) -> dict[str, int]:
    """Collection -> how many days later than planned it was asked for because it was not sent in time."""
    query = select(Collection.id, Collection.days_late_by_service).where(
        among(work.session, Collection.contribution_id, contribution_ids), Collection.days_late_by_service > 0
    )
    return {str(name): int(days) for name, days in work.session.execute(query)}
