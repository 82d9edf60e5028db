"""Resolve: a person decides about an entry that waits, with a reason; another one confirms where much is at stake.

Nothing here writes off by itself, and nothing is erased: what was decided is taken back by a decision of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from debit_service.collections.service.plan import turn
from debit_service.contributions.payments import EVIDENCE_LENGTH_MAX, REFERENCE_LENGTH_MAX
from debit_service.core import audit, events
from debit_service.core.clock import business_date
from debit_service.core.database import RECONCILE, in_turn
from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.state import current, move
from debit_service.core.work import Role, Work
from debit_service.funds.profile import Fund
from debit_service.funds.queries import Funds
from debit_service.reconcile import queries
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.by_persons.alone import decided_alone_minor, paid_out_alone_minor
from debit_service.reconcile.by_persons.standing import Claim, ClaimPayment, Purpose
from debit_service.reconcile.models import BankEntry, Resolution, ResolutionPart, ResolutionTransition
from debit_service.reconcile.queue.exceptions import MACHINE, Decision, needs_another
from debit_service.reconcile.same_booking.said_since import speaks_against
from debit_service.reconcile.service.ask import Ask
from debit_service.reconcile.service.fit import Named, fitting, named_in
from debit_service.reconcile.service.plan import Part, Waiting, check_again, doubtful, planned, waiting
from debit_service.reconcile.service.settle import of, settle
from debit_service.reconcile.service.undoable import check_undoable

#: Of the surcharges with these ids those that are open, locked where the database can.
StillOpen = Callable[[Work, Sequence[str]], Sequence[Claim]]


#: Of the payments of surcharges with these ids those that count and that no entry shows, locked as well.
Unshown = Callable[[Work, Sequence[str]], Sequence[ClaimPayment]]


def _none(_work: Work, _ids: Sequence[str]) -> tuple[()]:
    return ()


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a decision: `state` is proposed (another person confirms it), carried_out, refused or overtaken."""

    id: str
    state: str
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidOut:
    """That a refund was paid: how much, when, what the fund's books call it, and the document that proves it."""

    amount_minor: int
    paid_on: date
    reference: str
    evidence: str


def resolve(work: Work, funds: Funds, entry_id: str, end_to_end_id: str, why: str) -> Decided:
    """`decide` to match an entry to the collection with this reference; amount and totals must still fit."""
    return decide(work, funds, entry_id, Ask(decision=Decision.MATCHED, why=why, end_to_end_id=end_to_end_id))


def decide(work: Work, funds: Funds, entry_id: str, ask: Ask) -> Decided:
    """Decide about an entry that waits; or doubt what was made of one by rule, so that it does.

    From the fund's amount on, and of a doubt always, it is only proposed, and nothing happens until it is confirmed.

    What was learnt may explain other entries, so these are looked at again. Raises InvalidInput, NotFound or Refused; the entry
    then stays where it is.
    """
    work.actor.require(Role.FINANCE_CLERK)
    _take_turns(work, funds, entry_id)
    _check_why(ask.why)
    waits = _asked_about(work, funds, entry_id, ask.decision)
    _check_free(work, waits.disposition.id, ask.decision)
    parts = planned(work, waits, ask)
    entry = waits.entry
    named = named_in(ask) if ask.decision is Decision.MATCHED else None
    if named:
        fitting(work, entry, named)
    settled = sum(part.amount_minor for part in parts)
    resolution = _new(
        work,
        ask.decision,
        ask.why,
        entry_id=entry.id,
        disposition_id=waits.disposition.id,
        fund=waits.fund,
        amount_minor=settled or waits.left_minor or entry.amount_minor,
        alone_minor=decided_alone_minor(work, entry.id),
        currency=entry.currency,
        follow_up=ask.follow_up if ask.decision is Decision.HELD else None,
        evidence=named.as_evidence() if named else _said(work, ask),
        named_minor=_named_minor(entry, named) if named else 0,
    )
    return _begin(work, funds, resolution, parts)


def _named_minor(entry: BankEntry, named: Named) -> int:
    """What of a match the person alone says, minor units: charges that no bank has stated; which debits several are, for many may
    come to the same sum; and of which debit the entry is a part."""
    if len(named.debits) > 1 or named.parts:
        return entry.amount_minor or 0
    return named.alone_minor


def undo(work: Work, funds: Funds, resolution_id: str, why: str) -> Decided:
    """Take back a decision that was carried out, by a decision of its own; both stay. Large ones are confirmed as well."""
    work.actor.require(Role.FINANCE_CLERK)
    original = decisions.get(work, resolution_id)
    _take_turns(work, funds, original.entry_id, original)
    _check_why(why)
    if original.decision == Decision.UNDONE or decisions.state(work, original.id) != "carried_out":
        raise Refused(
            "resolution.not_standing",
            "Only a decision that stands can be undone.",
            place=resolution_id,
            remedy="Decide about the entry anew.",
        )
    check_undoable(work, original)
    about_entry = original.decision not in (Decision.HELD, Decision.PAID_OUT)
    disposition = queries.disposition(work, original.entry_id) if about_entry and original.entry_id else None
    if disposition:
        _check_free(work, disposition.id, Decision.UNDONE)
    resolution = _new(
        work,
        Decision.UNDONE,
        why,
        entry_id=original.entry_id,
        contribution_id=original.contribution_id,
        disposition_id=disposition.id if disposition else None,
        undoes=original,
        fund=of(funds, original),
        amount_minor=original.amount_minor,
        currency=original.currency,
        evidence={},
    )
    return _begin(work, funds, resolution, [])


def pay_out(work: Work, funds: Funds, reference: str, paid: PaidOut, why: str) -> Decided:
    """Record that money owed back for a contribution (id or reference), or for an entry (id), was given back.

    Where a later file speaks against a decision from which it is owed, another person looks at it first, whatever the amount.
    """
    work.actor.require(Role.FINANCE_CLERK)
    in_turn(work.session, RECONCILE)
    _check_why(why)
    owed = decisions.refund_owed(work, reference)
    fund = funds.get(owed.fund_id)
    _check_payout(paid, owed.left_minor, business_date(work.clock, fund.time_zone))
    resolution = _new(
        work,
        Decision.PAID_OUT,
        why,
        entry_id=owed.entry_id,
        contribution_id=owed.contribution_id,
        fund=fund,
        amount_minor=paid.amount_minor,
        alone_minor=paid_out_alone_minor(work, owed),
        doubtful=speaks_against(work, owed),
        currency=owed.currency,
        reference=paid.reference,
        evidence={"paid_on": paid.paid_on.isoformat(), "document": paid.evidence},
    )
    return _begin(work, funds, resolution, [])


def confirm(
    work: Work, funds: Funds, resolution_id: str, still_open: StillOpen = _none, unshown: Unshown = _none
) -> Decided:
    """Another person lets a proposal take effect, if its entry still waits as it did; else the proposal is overtaken and ends.

    `still_open` tells what is open of surcharges at that moment: a proposal pays no other, and none beyond that. `unshown` tells
    which of their payments no entry shows yet: it recognises no other.
    """
    work.actor.require(Role.FINANCE_APPROVER)
    resolution = _proposal(work, funds, resolution_id)
    if resolution.who == work.actor.name:
        raise Refused(
            "resolution.four_eyes",
            "Who proposed a decision cannot confirm it.",
            place=resolution_id,
            remedy="Have another approver look at it.",
        )
    if said := _overtaken(work, resolution):
        resolution.stands = False
        move(work, ResolutionTransition, MACHINE, resolution.id, "overtaken", said)
        audit.record(work, "resolution.overtaken", resolution.id, entry=resolution.entry_id, why=said)
        return Decided(resolution.id, "overtaken", said)
    _check_again(work, funds, resolution, still_open, unshown)
    resolution.confirmed_by = work.actor.name
    return carry_out(work, funds, resolution)


def refuse(work: Work, funds: Funds, resolution_id: str, why: str) -> Decided:
    """End a proposal without any effect, so that the entry may be decided about anew: who proposed it withdraws it, an approver
    refuses it, or another clerk ends it, for none of them moves anything. Who it was and why is kept."""
    work.actor.require(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
    _check_why(why)
    resolution = _proposal(work, funds, resolution_id)
    resolution.stands = False
    move(work, ResolutionTransition, MACHINE, resolution.id, "refused", why)
    audit.record(work, "resolution.refused", resolution.id, entry=resolution.entry_id, why=why)
    return Decided(resolution.id, "refused", why)


def carry_out(work: Work, funds: Funds, resolution: Resolution) -> Decided:
    """Let a decision take effect, and say so in the audit log and the feed."""
    settle(work, funds, resolution)
    move(work, ResolutionTransition, MACHINE, resolution.id, "carried_out", resolution.why)
    told: dict[str, Any] = {
        "resolution": resolution.id,
        "decision": resolution.decision,
        "amount_minor": resolution.amount_minor,
    }
    subject = resolution.entry_id or resolution.contribution_id or ""
    audit.record(work, "entry.resolved", subject, **told, **resolution.evidence, why=resolution.why)
    events.publish(work, "entry.resolved", subject, **told)
    return Decided(resolution.id, "carried_out")


def _asked_about(work: Work, funds: Funds, entry_id: str, decision: Decision) -> Waiting:
    return (doubtful if decision is Decision.SUSPENDED else waiting)(work, funds, entry_id)


def _begin(work: Work, funds: Funds, resolution: Resolution, parts: Sequence[Part]) -> Decided:
    """Write a decision as a proposal, and carry it out at once where one person is enough."""
    for number, part in enumerate(parts, start=1):
        work.session.add(
            ResolutionPart(
                resolution_id=resolution.id,
                number=number,
                purpose=part.purpose.value,
                amount_minor=part.amount_minor,
                contribution_id=part.contribution_id,
                payment_id=part.payment_id,
                payout_id=part.payout_id,
                claim_id=part.claim_id,
                claim_payment_id=part.claim_payment_id,
                collection_id=part.collection_id,
                stands=False,
            )
        )
    move(work, ResolutionTransition, MACHINE, resolution.id, "proposed", resolution.why)
    if not resolution.four_eyes:
        return carry_out(work, funds, resolution)
    told = {"decision": resolution.decision, "amount_minor": resolution.amount_minor}
    audit.record(work, "resolution.proposed", resolution.id, entry=resolution.entry_id, **told, why=resolution.why)
    events.publish(work, "resolution.proposed", resolution.id, entry=resolution.entry_id, **told)
    return Decided(resolution.id, "proposed")


def _new(
    work: Work,
    decision: Decision,
    why: str,
    *,
    fund: Fund | None,
    amount_minor: int | None,
    alone_minor: int = 0,
    named_minor: int = 0,
    doubtful: bool = False,
    undoes: Resolution | None = None,
    **columns: Any,
) -> Resolution:
    # Money on an account that is no fund's here is nobody's to decide about alone.
    above = fund.reconciliation.four_eyes_above_minor.require() if fund else 0
    undone = Decision(undoes.decision) if undoes else None
    asked = needs_another(decision, amount_minor, above, undone, alone_minor=alone_minor, named_minor=named_minor)
    resolution = Resolution(
        id=work.new_id(),
        decision=decision.value,
        undoes=undoes.id if undoes else None,
        fund_id=fund.id if fund else None,
        amount_minor=amount_minor,
        why=why,
        who=work.actor.name,
        at=work.now(),
        # What two persons decided is not for one to take back.
        four_eyes=asked or doubtful or (undoes is not None and undoes.four_eyes),
        stands=True,
        **columns,
    )
    work.session.add(resolution)
    work.session.flush()
    return resolution


def _said(work: Work, ask: Ask) -> dict[str, Any]:
    """What a decision, other than a match, says besides its parts, so that a replay can carry it out again."""
    if ask.decision is Decision.TOLD_BEFORE:
        head = decisions.entry(work, ask.same_as or "")
        return {"told_in_file": head.file_id, "told_at": head.position}
    return {}


def _check_why(why: str) -> None:
    if not why.strip():
        raise InvalidInput("entry.why", "Say why.", place="why")


def _check_free(work: Work, disposition_id: str, decision: Decision) -> None:
    """One decision at a time: what is proposed is confirmed or refused first. A hold changes nothing, and is always free."""
    if decision is not Decision.HELD and (proposal := decisions.taken_by(work, disposition_id)):
        raise Refused(
            "entry.proposed",
            "A decision about this entry waits for another person.",
            place=proposal,
            remedy="Have it confirmed or refused first.",
        )


def _take_turns(work: Work, funds: Funds, entry_id: str | None, resolution: Resolution | None = None) -> None:
    """Planning, the bank's answers and other decisions wait: they see this one, or it sees what they did."""
    entry = work.session.get(BankEntry, entry_id) if entry_id else None
    fund_id = entry.fund_id if entry else resolution.fund_id if resolution else None
    if fund_id:
        in_turn(work.session, turn(funds.get(fund_id)))
    in_turn(work.session, RECONCILE)


def _proposal(work: Work, funds: Funds, resolution_id: str) -> Resolution:
    resolution = decisions.get(work, resolution_id)
    _take_turns(work, funds, resolution.entry_id, resolution)
    newest = current(work.session, ResolutionTransition, resolution_id)
    if newest is None or newest.to_state != "proposed":
        raise Refused(
            "resolution.not_proposed",
            "This decision does not wait for anybody.",
            place=resolution_id,
            remedy="See the work queue.",
        )
    work.session.refresh(resolution)
    return resolution


def _overtaken(work: Work, resolution: Resolution) -> str | None:
    """What was made of the entry since it was proposed; None while it waits as it did."""
    newest = queries.disposition(work, resolution.entry_id) if resolution.entry_id else None
    if resolution.disposition_id is None or newest is None or newest.id == resolution.disposition_id:
        return None
    return f"since then the entry is {newest.kind}: {newest.explanation}"


def _check_again(work: Work, funds: Funds, resolution: Resolution, still_open: StillOpen, unshown: Unshown) -> None:
    if resolution.decision == Decision.PAID_OUT:
        owed = decisions.refund_owed(work, resolution.contribution_id or resolution.entry_id or "")
        _check_left(resolution.amount_minor or 0, owed.left_minor)
    elif resolution.decision == Decision.UNDONE:
        check_undoable(work, decisions.get(work, resolution.undoes or ""))
    else:
        parts = [
            Part(
                Purpose(one.purpose),
                one.amount_minor,
                one.contribution_id,
                one.payment_id,
                one.payout_id,
                one.claim_id,
                one.claim_payment_id,
                one.collection_id,
            )
            for one in decisions.parts(work, resolution.id)
        ]
        claims = still_open(work, sorted(one.claim_id for one in parts if one.claim_id))
        payments = unshown(work, sorted(one.claim_payment_id for one in parts if one.claim_payment_id))
        waits = _asked_about(work, funds, resolution.entry_id or "", Decision(resolution.decision))
        check_again(work, waits, parts, claims, payments)


def _check_payout(paid: PaidOut, left_minor: int, today: date) -> None:
    _check_left(paid.amount_minor, left_minor)
    if paid.paid_on > today:
        raise InvalidInput("refund.paid_on", f"This day is not over: it is {today.isoformat()}.", place="paid_on")
    if not 0 < len(paid.reference.strip()) <= REFERENCE_LENGTH_MAX:
        raise InvalidInput("refund.reference", "Give the reference of the fund's books.", place="reference")
    if not 0 < len(paid.evidence.strip()) <= EVIDENCE_LENGTH_MAX:
        raise InvalidInput("refund.evidence", "Name the document that proves it.", place="evidence")


def _check_left(amount_minor: int, left_minor: int) -> None:
    if not 0 < amount_minor <= left_minor:
        raise Refused(
            "refund.amount",
            "What is paid out is more than nothing, and not more than is owed back.",
            place="amount",
            remedy="See the list of refunds for what is left.",
        )
