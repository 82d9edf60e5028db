"""Decide about bank entries where a surcharge may be among what they pay: reconciliation's own use cases, and what follows here.

The money stays reconciliation's: its decision says which part of an entry pays which penalty. What of a penalty is paid is read
from these parts, so a decision that is undone takes its payment back.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select

from debit_service.collections import queries as collections
from debit_service.core.clock import business_date
from debit_service.core.work import Work
from debit_service.disputes import queries as disputes
from debit_service.employers import queries as employers
from debit_service.funds.queries import Funds
from debit_service.penalties import at_the_bank, queries
from debit_service.penalties.queries import Shown
from debit_service.penalties.service import fees, lifecycle
from debit_service.penalties.service.settle import locked_each
from debit_service.reconcile import service as reconcile
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.by_persons.standing import Claim, Purpose
from debit_service.reconcile.models import Resolution, ResolutionPart
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.service import Ask, Decided


def decide(work: Work, funds: Funds, entry_id: str, ask: Ask) -> Decided:
    """`reconcile.service.decide`; a share may name a penalty by its id, and an employer's open ones take part in the order.

    What was recorded may be the payment of a penalty, or what was given back of one.
    """
    if ask.decision is Decision.ALLOCATED:
        ask = replace(ask, claims=tuple(map(_claim, _open(work, entry_id, ask))))
    elif ask.decision is Decision.RECOGNISED and (paid := at_the_bank.penalty_of(work, ask.recorded or "")):
        locked_each(work, [paid])
        ask = replace(ask, claim_payments=tuple(at_the_bank.unshown(work, [ask.recorded or ""])))
    elif ask.decision is Decision.BANK_CHARGE:
        locked_each(work, fees.claiming(work, _charged(work, entry_id, ask)))
    return _followed(work, funds, reconcile.decide(work, funds, entry_id, ask))


def confirm(work: Work, funds: Funds, resolution_id: str) -> Decided:
    """`reconcile.service.confirm`; a surcharge that was paid, relieved or reversed since the proposal is not paid again."""
    _lock(work, resolution_id)
    return _followed(work, funds, reconcile.confirm(work, funds, resolution_id, _still_open, at_the_bank.unshown))


def undo(work: Work, funds: Funds, resolution_id: str, why: str) -> Decided:
    """`reconcile.service.undo`."""
    _lock(work, resolution_id)
    return _followed(work, funds, reconcile.undo(work, funds, resolution_id, why))


def _open(work: Work, entry_id: str, ask: Ask) -> list[Shown]:
    entry = decisions.entry(work, entry_id)
    if ask.shares:
        found = queries.open_among(work, [name for name, _ in ask.shares])
    else:
        employer = employers.find(work, entry.fund_id or "", ask.registration_number or "")
        every = queries.open_of_employer(work, entry.fund_id or "", employer.id) if employer else []
        # While the employer contests one, only who names it pays it.
        contested = disputes.contested(work, {one.contribution.id for one in every})
        found = [one for one in every if one.contribution.id not in contested]
    here = (entry.fund_id, entry.currency)
    ids = [one.penalty.id for one in found if (one.penalty.fund_id, one.penalty.currency) == here]
    # What is open is read again once nobody else changes it.
    return queries.open_among(work, locked_each(work, ids))


def _lock(work: Work, resolution_id: str) -> None:
    """Lock the penalties that a decision concerns, or the one which it takes back did, before anything else is."""
    undone = select(Resolution.undoes).where(Resolution.id == resolution_id)
    mine = (ResolutionPart.resolution_id == resolution_id) | ResolutionPart.resolution_id.in_(undone)
    parts = work.session.scalars(select(ResolutionPart).where(mine)).all()
    paid = [at_the_bank.penalty_of(work, one.claim_payment_id) for one in parts if one.claim_payment_id]
    charged = fees.claiming(work, [one.collection_id for one in parts if one.collection_id])
    locked_each(work, filter(None, [*(one.claim_id for one in parts), *paid, *charged]))


def _charged(work: Work, entry_id: str, ask: Ask) -> list[str]:
    """The debits whose charges the bank gives back by what is asked."""
    own = ask.end_to_end_id or decisions.entry(work, entry_id).end_to_end_id or ""
    return [one.id for one in collections.asked(work, [name for name, _ in ask.shares] or [own])]


def _still_open(work: Work, penalty_ids: Sequence[str]) -> list[Claim]:
    return [_claim(one) for one in queries.open_among(work, penalty_ids)]


def _claim(one: Shown) -> Claim:
    return Claim(one.penalty.id, one.contribution.due_date, one.money.open_minor, surcharge=True)


def _followed(work: Work, funds: Funds, decided: Decided) -> Decided:
    """Once a decision is carried out, the penalties that it pays, or that it no longer pays, are brought to it.

    A fee that the bank gave back is claimed no more; one that it has after all is claimed by the next assessment.
    """
    if decided.state == "carried_out":
        resolution = decisions.get(work, decided.id)
        cause = "penalty.payment_undone" if resolution.undoes else "penalty.payment"
        parts = decisions.parts(work, resolution.undoes or resolution.id)
        paid = [part.claim_id for part in parts if part.purpose == Purpose.SURCHARGE and part.claim_id]
        for penalty in locked_each(work, paid).values():
            today = business_date(work.clock, funds.get(penalty.fund_id).time_zone)
            lifecycle.post(work, penalty, today, cause)
        for penalty in locked_each(
            work, fees.claiming(work, filter(None, (one.collection_id for one in parts)))
        ).values():
            fees.lower(work, [penalty], business_date(work.clock, funds.get(penalty.fund_id).time_zone))
    return decided
