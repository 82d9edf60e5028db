"""Settle: a decision that stands takes effect, in the dispositions, in the journal and in the contributions; and is taken back.

What is done here follows from the decision's own rows, so that a replay does the same again.
"""

from datetime import date

from debit_service.collections import queries as collections
from debit_service.contributions.models import Contribution
from debit_service.contributions.payments import Means, Paid
from debit_service.core.clock import business_date
from debit_service.core.errors import Refused
from debit_service.core.state import move
from debit_service.core.work import Work
from debit_service.funds.profile import Fund
from debit_service.funds.queries import Funds
from debit_service.ledger import service as ledger
from debit_service.ledger.rules import account
from debit_service.reconcile import decisions, queries
from debit_service.reconcile.exceptions import MACHINE, Decision
from debit_service.reconcile.models import (
    BankEntry,
    Resolution,
    ResolutionPart,
    ResolutionTransition,
)
from debit_service.reconcile.rules import Effect, Principal
from debit_service.reconcile.service import other_means
from debit_service.reconcile.service.claims import no_room
from debit_service.reconcile.service.match import bring, decide_again, look_again
from debit_service.reconcile.service.standing import stand
from debit_service.reconcile.service.verdict import BY_A_PERSON, Share, Verdict, effect_of, split_of
from debit_service.reconcile.standing import Purpose, paid_out


def settle(work: Work, funds: Funds, resolution: Resolution) -> None:
    """Let a decision take effect. Raises Refused when it no longer fits; the entry then stays where it is."""
    decision = Decision(resolution.decision)
    if decision is Decision.HELD:
        return
    if decision is Decision.PAID_OUT:
        _book_payout(work, funds, resolution, gone=True)
    elif decision is Decision.UNDONE:
        _take_back(work, funds, resolution)
    elif decision is Decision.MATCHED:
        entry = _entry(work, resolution)
        said = resolution.evidence
        share = fitting(work, entry, str(said["end_to_end_id"]), said.get("charge_minor"))
        bring(work, funds, entry, Verdict("matched", BY_A_PERSON, resolution.why, shares=[share]))
        look_again(work, funds, entry)
    elif decision is Decision.TOLD_BEFORE:
        head = decisions.entry_at(work, resolution.evidence["told_in_file"], resolution.evidence["told_at"])
        entry = _entry(work, resolution)
        bring(work, funds, entry, _told_before(work, head, resolution))
        for one in (entry, head):
            look_again(work, funds, one)
    else:
        entry = _entry(work, resolution)
        for part in decisions.parts(work, resolution.id):
            _pay(work, funds, resolution, entry, part)
            part.stands = True
        work.session.flush()
        stand(work, entry, resolution.decision, resolution.why)


def fitting(work: Work, entry: BankEntry, end_to_end_id: str, charge_minor: int | None = None) -> Share:
    """What an entry means for the collection with this reference. Raises Refused `entry.no_fit` with what does not fit.

    `charge_minor` is what a person names as the bank's charge in money that left, where the bank stated none: with it the entry
    must be the whole debit, for a debit is returned whole.
    """
    found = collections.asked(work, [end_to_end_id])
    collection = found[0] if found else None
    if collection is None or entry.amount_minor is None or collection.currency != entry.currency:
        raise Refused("entry.no_fit", "There is no such collection in this currency.", place=end_to_end_id)
    if entry.fund_id != collection.fund_id:
        raise Refused("entry.no_fit", "The entry stands on another account than this fund's.", place=end_to_end_id)
    effect = effect_of(entry)
    split = split_of(entry, collection.amount_minor, effect)
    if charge_minor is not None:
        split = _split_by_a_person(entry, collection.amount_minor, effect, charge_minor)
    share = Share(collection, effect, split.amount_minor, split.charges_minor, split.interest_minor)
    if trouble := split.trouble or no_room(work, entry, share):
        raise Refused("entry.no_fit", f"It does not fit: {trouble}.", place=end_to_end_id)
    return share


def _told_before(work: Work, head: BankEntry, resolution: Resolution) -> Verdict:
    stands = queries.disposition(work, head.id)
    if stands is None or stands.kind in ("folded", "informational"):
        raise Refused(
            "entry.not_the_same",
            "The booking that was named does not stand for itself any more.",
            place=head.id,
            remedy="Decide anew: see the entry for the bookings that it may be another report of.",
        )
    return Verdict("folded", BY_A_PERSON, resolution.why, folded_into=head.id)


def _split_by_a_person(entry: BankEntry, expected_minor: int, effect: Effect, charge_minor: int) -> Principal:
    if effect is not Effect.RETURNED:
        return Principal(0, 0, trouble="only of money that left a charge is named")
    if charge_minor <= 0 or (entry.amount_minor or 0) - charge_minor != expected_minor:
        return Principal(
            0, 0, trouble="the debit's amount and the charge that is named do not make the amount of the entry"
        )
    return Principal(expected_minor, charge_minor)


def _entry(work: Work, resolution: Resolution) -> BankEntry:
    return work.session.get_one(BankEntry, resolution.entry_id)


def _pay(work: Work, funds: Funds, resolution: Resolution, entry: BankEntry, part: ResolutionPart) -> None:
    """Record the payment of a contribution that a part of the entry is, unless it is recorded (a replay copies payments)."""
    if part.purpose != Purpose.CONTRIBUTION or part.payment_id:
        return
    contribution = work.session.get_one(Contribution, part.contribution_id)
    fund = funds.get(contribution.fund_id)
    today = business_date(work.clock, fund.time_zone)
    paid = Paid(
        amount_minor=part.amount_minor,
        currency=contribution.currency,
        paid_on=_paid_on(entry, today),
        means=Means.TRANSFER,
        reference=f"{resolution.id}/{part.number}",
        evidence=f"bank entry {entry.id}",
    )
    part.payment_id = other_means.record_from_entry(work, fund, contribution, paid, by=resolution.who).payment.id


def _paid_on(entry: BankEntry, today: date) -> date:
    """The day of a credit: the bank's value date, unless that lies behind its booking."""
    booked = min(entry.booking_date or today, today)
    return min(entry.value_date or booked, booked)


def _book_payout(work: Work, funds: Funds, resolution: Resolution, *, gone: bool) -> None:
    fund = funds.get(resolution.fund_id or "")
    target = paid_out(resolution.amount_minor or 0) if gone else {}
    ledger.bring_to(
        work,
        {account(kind, fund.id): minor for kind, minor in target.items()},
        currency=resolution.currency or fund.currency,
        business_date=business_date(work.clock, fund.time_zone),
        cause="refund.paid_out" if gone else "refund.payout_undone",
        subject=resolution.id,
        evidence={"resolution": resolution.id},
    )


def _take_back(work: Work, funds: Funds, undo: Resolution) -> None:
    """Undo an earlier decision: its effects are booked back, its rows stay."""
    original = decisions.get(work, undo.undoes or "")
    decision = Decision(original.decision)
    original.stands = False
    move(work, ResolutionTransition, MACHINE, original.id, "undone", undo.why, {"by": undo.id})
    if decision is Decision.HELD:
        return
    if decision is Decision.PAID_OUT:
        _book_payout(work, funds, original, gone=False)
        return
    entry = _entry(work, original)
    if decision in (Decision.MATCHED, Decision.TOLD_BEFORE):
        _wait_again(work, funds, entry)
        look_again(work, funds, entry)
        return
    for part in decisions.parts(work, original.id):
        part.stands = False
        if part.purpose == Purpose.CONTRIBUTION and part.payment_id:
            other_means.undo_from_entry(work, funds, part.payment_id, undo.why)
    work.session.flush()
    if decisions.parts_of_each(work, [entry.id]):
        stand(work, entry, original.decision, undo.why)
    else:
        _wait_again(work, funds, entry)
    look_again(work, funds, entry)


def _wait_again(work: Work, funds: Funds, entry: BankEntry) -> None:
    """Back to where it was before anybody decided, for the reason that matching gave; other reports of it are heard again."""
    before = decisions.waited(work, entry.id)
    bring(work, funds, entry, Verdict("suspense", before.reason, before.explanation))
    # A report that came meanwhile was folded into the entry without a question: now it may say what this booking is.
    decide_again(work, funds, [*decisions.folded_into(work, entry.id), entry.id])


def of(funds: Funds, resolution: Resolution) -> Fund | None:
    """The fund that a decision concerns; None when its entry stands on an account that no fund is known to have."""
    return funds.get(resolution.fund_id) if resolution.fund_id else None
