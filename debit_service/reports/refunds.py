"""What payments by other means leave to people: what was paid twice, debits that came too late to be stopped, what is missing."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Select, func, select

from debit_service.collections import queries as collections
from debit_service.collections.models import Collection
from debit_service.collections.queries import Tried
from debit_service.contributions import queries as contributions
from debit_service.contributions.models import Contribution, OtherPayment
from debit_service.core.work import Work
from debit_service.penalties import queries as penalties
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.rules import Outcome, State
from debit_service.reports.figures.sheet import N_, Link, Said
from debit_service.reports.matters import Matter, amount, of_contribution

_AT_ONCE = 1_000


def refunds(work: Work) -> Iterator[Matter]:
    """Contribution by contribution: what a person must give back, have the bank give back, or ask for."""
    yield from _owed_back(work)
    yield from _owed_back_of_penalties(work)
    paid = work.session.scalars(_at_odds().execution_options(yield_per=_AT_ONCE))
    for some in paid.partitions():
        ids = [one.id for one in some]
        otherwise, attempts = contributions.paid_otherwise_of_each(work, ids), collections.attempts_of_each(work, ids)
        results = reconcile.outcomes_of(
            work, {one.id: one.amount_minor for tried in attempts.values() for one in tried}
        )
        for one in some:
            tried = [(each, results[each.id]) for each in attempts.get(one.id, ())]
            yield from _too_late(one, tried, otherwise.get(one.id, 0))
            yield from _missing(one, tried, otherwise.get(one.id, 0))


def _at_odds() -> Select[Contribution]:
    """The contributions with payments by other means and a live debit that may be at odds with them, by fund and reference: it
    asks for more than is open; or it has come in, and both together are less than is owed.
    """
    ever_paid = select(OtherPayment.contribution_id)
    otherwise, kept = contributions.paid_otherwise(), reconcile.kept(ever_paid)
    paid, came = func.coalesce(otherwise.c.paid_minor, 0), func.coalesce(kept.c.kept_minor, 0)
    asks_more = Collection.amount_minor > Contribution.amount_minor - paid
    is_less = (came != 0) & (came + paid < Contribution.amount_minor)
    live = (
        select(Contribution.id)
        .join(Collection, Collection.contribution_id == Contribution.id)
        .outerjoin(otherwise, otherwise.c.contribution_id == Contribution.id)
        .outerjoin(kept, kept.c.contribution_id == Contribution.id)
        .where(Contribution.id.in_(ever_paid), Collection.live, asks_more | is_less)
    )
    return (
        select(Contribution)
        .where(Contribution.id.in_(live))
        .order_by(Contribution.fund_id, Contribution.reference, Contribution.id)
    )


def _missing(
    contribution: Contribution, tried: Sequence[tuple[Tried, Outcome]], otherwise_minor: int
) -> Iterator[Matter]:
    """A debit of the rest was booked, and the payment of the other part was undone afterwards: no debit may follow it."""
    kept = sum(result.kept_minor for _, result in tried)
    missing = contribution.amount_minor - kept - otherwise_minor
    if kept and missing > 0 and any(one.live for one, _ in tried):
        text = N_(
            "%(reference)s: %(amount)s are not paid since a payment by other means was undone, and no debit will ask for them;"
            " ask the employer"
        )
        about = {"reference": contribution.reference, "amount": amount(missing, contribution.currency)}
        yield Matter(Said(text, about), link=of_contribution(contribution.id))


def _owed_back(work: Work) -> Iterator[Matter]:
    for one in decisions.refunds_owed(work):
        if one.left_minor < 0:
            text = N_("%(reference)s: %(amount)s more was paid out than is owed back since; ask for it back")
        elif one.entry_id and one.paid_with:
            text = N_(
                "bank entry %(reference)s: %(amount)s are owed back to the employer of %(with)s, as a person decided; refund them"
            )
        elif one.entry_id:
            text = N_("bank entry %(reference)s: %(amount)s are owed back, as a person decided; refund them")
        else:
            text = N_(
                "%(reference)s: %(amount)s more was paid than is owed, payments by other means counted; refund it"
            )
        if one.left_minor:
            left = amount(abs(one.left_minor), one.currency)
            said = Said(text, {"reference": one.reference, "amount": left, "with": one.paid_with or ""})
            yield Matter(said, link=Link("refunds", {}))


def _owed_back_of_penalties(work: Work) -> Iterator[Matter]:
    for one in penalties.owed_back(work):
        about = {
            "reference": one.contribution.reference,
            "amount": amount(one.money.refund_minor, one.penalty.currency),
            "penalty": one.penalty.id,
        }
        text = N_("%(reference)s: %(amount)s more was paid than is owed of the penalty %(penalty)s; give it back")
        yield Matter(Said(text, about), link=Link("penalty", {"penalty_id": one.penalty.id}))


def _too_late(
    contribution: Contribution, tried: Sequence[tuple[Tried, Outcome]], otherwise_minor: int
) -> Iterator[Matter]:
    open_minor, currency = max(contribution.amount_minor - otherwise_minor, 0), contribution.currency
    for one, result in tried:
        at_bank = one.live and one.sent and result.state in (State.SENT, State.ACCEPTED)
        if at_bank and one.amount_minor > open_minor:
            text = N_(
                "%(reference)s: paid by other means, but the debit %(debit)s of %(amount)s is at the bank; return or refund it"
                " when it settles"
            )
            about = {
                "reference": contribution.reference,
                "debit": one.end_to_end_id,
                "amount": amount(one.amount_minor, currency),
            }
            yield Matter(Said(text, about), link=of_contribution(contribution.id))
