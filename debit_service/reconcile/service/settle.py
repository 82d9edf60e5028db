"""Settle: a decision that stands takes effect, in the dispositions, in the journal and in the contributions; and is taken back.

What is done here follows from the decision's own rows, so that a replay does the same again.
"""

from datetime import date

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
from debit_service.reconcile import days, queries
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.by_persons.standing import Purpose, paid_out
from debit_service.reconcile.models import (
    BankEntry,
    Resolution,
    ResolutionPart,
    ResolutionTransition,
)
from debit_service.reconcile.queue.exceptions import MACHINE, Decision
from debit_service.reconcile.rules import BY_A_PERSON, DOUBTED
from debit_service.reconcile.same_booking import folds
from debit_service.reconcile.service import other_means
from debit_service.reconcile.service.fit import fitting, named_before
from debit_service.reconcile.service.match import bring, decide, decide_again, look_again
from debit_service.reconcile.service.standing import stand
from debit_service.reconcile.service.sums import concerned_by_sum
from debit_service.reconcile.service.verdict import Verdict


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
        shares = fitting(work, entry, named_before(resolution.evidence))
        bring(work, funds, entry, Verdict("matched", BY_A_PERSON, resolution.why, shares=shares))
        look_again(work, funds, entry)
    elif decision is Decision.SUSPENDED:
        entry = _entry(work, resolution)
        bring(work, funds, entry, Verdict("suspense", DOUBTED, resolution.why))
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
        # What is told in detail of a sum is no more money, now that a person has decided about it.
        decide_again(work, funds, concerned_by_sum(work, entry))


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
        paid_on=_paid_on(work, entry, today),
        means=Means.TRANSFER,
        reference=f"{resolution.id}/{part.number}",
        evidence=f"bank entry {entry.id}",
    )
    part.payment_id = other_means.record_from_entry(work, fund, contribution, paid, by=resolution.who).payment.id


def _paid_on(work: Work, entry: BankEntry, today: date) -> date:
    """The day of a credit: the bank's value date, unless that lies behind its booking."""
    booked = min(days.of_each(work, [entry])[entry.id], today)
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
    if decision is Decision.SUSPENDED:
        bring(work, funds, entry, decide(work, entry))
        decide_again(work, funds, decisions.folded_into(work, entry.id))
        look_again(work, funds, entry)
        return
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
        # What was folded into it may be money of what it pays no more.
        decide_again(work, funds, decisions.folded_into(work, entry.id))
    else:
        _wait_again(work, funds, entry)
    look_again(work, funds, entry)


def _wait_again(work: Work, funds: Funds, entry: BankEntry) -> None:
    """Back to where it was before anybody decided, for the reason that matching gave; other reports of it are heard again."""
    before = decisions.waited(work, entry.id)
    # What came meanwhile may have been folded into the booking that a person named because this entry was.
    end = folds.standing_for(work, [entry.id])[entry.id]
    beside = sorted(one.id for one in folds.reports_of_each(work, [end])[end] if one.id not in (end, entry.id))
    bring(work, funds, entry, Verdict("suspense", before.reason, before.explanation))
    # A report that came meanwhile was folded into the entry without a question: now it may say what this booking is.
    decide_again(work, funds, [*beside, entry.id])


def of(funds: Funds, resolution: Resolution) -> Fund | None:
    """The fund that a decision concerns; None when its entry stands on an account that no fund is known to have."""
    return funds.get(resolution.fund_id) if resolution.fund_id else None
