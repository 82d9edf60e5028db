"""Decide about bank entries where a surcharge may be among what they pay: reconciliation's own use cases, and what follows here.

The money stays reconciliation's: its decision says which part of an entry pays which penalty. What of a penalty is paid is read
from these parts, so a decision that is undone takes its payment back.
"""

from collections.abc import Sequence
from dataclasses import replace

from debit_service.core.clock import business_date
from debit_service.core.work import Work
from debit_service.disputes import queries as disputes
from debit_service.employers import queries as employers
from debit_service.funds.queries import Funds
from debit_service.penalties import queries
from debit_service.penalties.queries import Shown
from debit_service.penalties.service import lifecycle
from debit_service.penalties.service.confirm import locked
from debit_service.reconcile import decisions
from debit_service.reconcile import service as reconcile
from debit_service.reconcile.exceptions import Decision
from debit_service.reconcile.service import Ask, Decided
from debit_service.reconcile.standing import Claim, Purpose


def decide(work: Work, funds: Funds, entry_id: str, ask: Ask) -> Decided:
    """`reconcile.service.decide`; a share may name a penalty by its id, and an employer's open ones take part in the order."""
    if ask.decision is Decision.ALLOCATED:
        ask = replace(ask, claims=tuple(map(_claim, _open(work, entry_id, ask))))
    return _followed(work, funds, reconcile.decide(work, funds, entry_id, ask))


def confirm(work: Work, funds: Funds, resolution_id: str) -> Decided:
    """`reconcile.service.confirm`; a surcharge that was paid, relieved or reversed since the proposal is not paid again."""
    return _followed(work, funds, reconcile.confirm(work, funds, resolution_id, _still_open))


def undo(work: Work, funds: Funds, resolution_id: str, why: str) -> Decided:
    """`reconcile.service.undo`."""
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
    return [one for one in found if (one.penalty.fund_id, one.penalty.currency) == here]


def _still_open(work: Work, penalty_ids: Sequence[str]) -> list[Claim]:
    for one in penalty_ids:
        locked(work, one)
    return [_claim(one) for one in queries.open_among(work, penalty_ids)]


def _claim(one: Shown) -> Claim:
    return Claim(one.penalty.id, one.contribution.due_date, one.money.open_minor, surcharge=True)


def _followed(work: Work, funds: Funds, decided: Decided) -> Decided:
    """Once a decision is carried out, the penalties that it pays, or that it no longer pays, are brought to it."""
    if decided.state == "carried_out":
        resolution = decisions.get(work, decided.id)
        cause = "penalty.payment_undone" if resolution.undoes else "penalty.payment"
        for part in decisions.parts(work, resolution.undoes or resolution.id):
            if part.purpose == Purpose.SURCHARGE and part.claim_id:
                penalty = locked(work, part.claim_id)
                today = business_date(work.clock, funds.get(penalty.fund_id).time_zone)
                lifecycle.post(work, penalty, today, cause)
    return decided
