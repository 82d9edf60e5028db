"""The two days that a rule may read in its own way: from when a penalty runs, and when something was paid."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select

from debit_service.collections import queries as collections
from debit_service.contributions import queries as contributions
from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.penalties.tariff.amount import clock_start, payment_day
from debit_service.penalties.tariff.rule import PenaltyRule
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.models import BankEntry
from debit_service.reconcile.rules import Effect, outcome


def starts_on(rule: PenaltyRule, due_date: date, presented: Iterable[date], failed_on: date) -> date:
    """The last day without a penalty; `failed_on` is what the decision says.

    `presented` are the days of the debits that failed by the employer: those until the first of them passed by others' fault.
    """
    if rule.clock_start == "failed_attempt":
        return failed_on
    return clock_start(rule, due_date, min(presented, default=failed_on), failed_on)


def payments(work: Work, rule: PenaltyRule, contribution_id: str) -> list[tuple[date, int]]:
    """(day, minor units) of every payment of a contribution that stands, oldest first, by the day that counts for the rule."""
    if rule.payment_date == "booking":
        return reconcile.payments(work, contribution_id)
    attempts = {one.id: one for one in collections.attempts(work, contribution_id)}
    facts = reconcile.facts_of_each(work, attempts)
    booked = [one.entry_id for those in facts.values() for one in those]
    entries = select(BankEntry.id, BankEntry.value_date).where(among(work.session, BankEntry.id, booked))
    value_of: dict[str, date | None] = dict(iter(work.session.execute(entries)))
    found = []
    for name, attempt in attempts.items():
        result = outcome(attempt.amount_minor, facts.get(name, []))
        if result.settled_on:
            settled = [one for one in facts[name] if one.effect is Effect.SETTLED and one.on == result.settled_on]
            day = payment_day(rule, result.settled_on, value_of.get(settled[-1].entry_id), attempt.collection_date)
            found.append((day, result.kept_minor))
    others = contributions.other_payments(work, contribution_id)
    return sorted([*found, *((one.paid_on, one.amount_minor) for one in others if one.undone_at is None)])
