"""What payments by other means leave to people: what was paid twice, debits that came too late to be stopped, what is missing."""

from collections.abc import Iterator

from debit_service.collections import queries as collections
from debit_service.contributions import queries as contributions
from debit_service.contributions.models import Contribution
from debit_service.core.money import format_minor
from debit_service.core.work import Work
from debit_service.reconcile import decisions
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.rules import State


def refunds(work: Work) -> Iterator[str]:
    """In words, contribution by contribution: what a person must give back, have the bank give back, or ask for."""
    yield from _owed_back(work)
    for contribution, paid_minor in contributions.paid_contributions(work):
        yield from _of(work, contribution, paid_minor)
    for contribution in contributions.with_other_payments(work):
        yield from _missing(work, contribution)


def _missing(work: Work, contribution: Contribution) -> Iterator[str]:
    """A debit of the rest was booked, and the payment of the other part was undone afterwards: no debit may follow it."""
    kept = reconcile.kept_minor(work, contribution.id)
    missing = contribution.amount_minor - kept - contributions.paid_otherwise_minor(work, contribution.id)
    if kept and missing > 0 and any(one.live for one in collections.attempts(work, contribution.id)):
        yield (
            f"{contribution.reference}: {format_minor(missing, contribution.currency)} {contribution.currency} are not paid"
            " since a payment by other means was undone, and no debit will ask for them; ask the employer"
        )


def _owed_back(work: Work) -> Iterator[str]:
    for one in decisions.refunds_owed(work):
        left = f"{format_minor(abs(one.left_minor), one.currency)} {one.currency}"
        if one.left_minor < 0:
            yield f"{one.reference}: {left} more was paid out than is owed back since; ask for it back"
        elif one.entry_id and one.left_minor:
            yield f"bank entry {one.entry_id}: {left} are owed back, as a person decided; refund them"
        elif one.left_minor:
            yield f"{one.reference}: {left} more was paid than is owed, payments by other means counted; refund it"


def _of(work: Work, contribution: Contribution, otherwise_minor: int) -> Iterator[str]:
    owed, currency = contribution.amount_minor, contribution.currency
    for one in collections.attempts(work, contribution.id):
        too_late = one.live and one.amount_minor > max(owed - otherwise_minor, 0) and collections.was_sent(work, one)
        if too_late and reconcile.outcome_of(work, one.id, one.amount_minor).state in (State.SENT, State.ACCEPTED):
            yield (
                f"{contribution.reference}: paid by other means, but the debit {one.end_to_end_id} of"
                f" {format_minor(one.amount_minor, currency)} {currency} is at the bank; return or refund it when it settles"
            )
