"""Match: decide for each entry what it is, and look again at what waits in suspense: a later file may explain it.

The order of the questions: is it booked at all; is it a booking that another report told us already; which collection does it
name; does the amount fit; can it be right. An entry that none of them settles waits for a person, with the reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product

from debit_service.collections import queries as collections
from debit_service.collections.models import Collection
from debit_service.core.work import Work
from debit_service.funds.queries import Funds
from debit_service.reconcile import queries
from debit_service.reconcile.models import Allocation, BankEntry, Disposition
from debit_service.reconcile.rules import (
    DUPLICATE_FILE_CODES,
    NEGATIVE_STATUSES,
    Booking,
    Effect,
    State,
    certainly_two,
    exceeds,
    same_booking,
    split_amount,
)
from debit_service.reconcile.service.post import post_collection, post_suspense

_RETURN_KINDS = frozenset({"return", "refund", "reversal", "reject"})


@dataclass(frozen=True, slots=True)
class Share:
    """What an entry means for one collection."""

    collection: Collection
    effect: Effect
    amount_minor: int
    charges_minor: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is made of an entry: the kind of disposition, a stable reason, and the explanation that a person reads."""

    kind: str
    reason: str
    explanation: str
    folded_into: str | None = None
    shares: list[Share] = field(default_factory=list)


def match_entries(work: Work, funds: Funds, file_id: str, entry_ids: Iterable[str]) -> None:
    """Dispose of the new entries of a file in order, then look again at what waits in suspense and the file may explain."""
    for entry_id in entry_ids:
        entry = work.session.get_one(BankEntry, entry_id)
        dispose(work, funds, entry, decide(work, entry))
    look_again(work, funds, file_id)


def look_again(work: Work, funds: Funds, file_id: str) -> None:
    """Decide again, until nothing changes, what is in suspense and may be explained by what was learnt from this file."""
    changed = True
    while changed:
        changed = False
        for entry, before in queries.queue(work, touched_by=file_id):
            verdict = decide(work, entry)
            if verdict.kind != "suspense":
                dispose(work, funds, entry, verdict)
                changed = True
            elif verdict.reason != before.reason:
                dispose(work, funds, entry, verdict)


def dispose(work: Work, funds: Funds, entry: BankEntry, verdict: Verdict) -> None:
    """Write the verdict, replace an earlier one, and let the journal follow."""
    before = queries.disposition(work, entry.id)
    if before:
        before.most_recent = False
        work.session.flush()
    row = Disposition(
        id=work.new_id(),
        entry_id=entry.id,
        sort_key=before.sort_key + 1 if before else 1,
        most_recent=True,
        kind=verdict.kind,
        reason=verdict.reason,
        explanation=verdict.explanation,
        folded_into=verdict.folded_into,
        who=work.actor.name,
        at=work.now(),
    )
    work.session.add(row)
    work.session.flush()
    for share in verdict.shares:
        work.session.add(
            Allocation(
                id=work.new_id(),
                disposition_id=row.id,
                entry_id=entry.id,
                collection_id=share.collection.id,
                effect=share.effect.value,
                amount_minor=share.amount_minor,
                charges_minor=share.charges_minor,
            )
        )
    work.session.flush()
    post_suspense(work, entry, waits=verdict.kind == "suspense")
    for share in verdict.shares:
        post_collection(work, funds.get(share.collection.fund_id), share.collection, entry)


def decide(work: Work, entry: BankEntry) -> Verdict:
    """What this entry is, as far as everything read until now tells."""
    if entry.message.startswith("pain.002"):
        return _decide_status(work, entry)
    if entry.status != "BOOK":
        return Verdict(
            "informational", "not_booked", f"the bank has not booked it (status {entry.status or 'missing'})"
        )
    head = _head(work, entry)
    if head and not _waits(work, head):
        return _folded(head.id)
    verdict = _decide_booked(work, entry)
    # A report that says more than the one in suspense explains the booking; the other is then folded into it.
    return _folded(head.id) if head and verdict.kind == "suspense" else verdict


def _waits(work: Work, entry: BankEntry) -> bool:
    disposition = queries.disposition(work, entry.id)
    return disposition is not None and disposition.kind == "suspense"


def _decide_booked(work: Work, entry: BankEntry) -> Verdict:
    """A booking that no other report has told already."""
    collection = collections.by_end_to_end_id(work, entry.end_to_end_id) if entry.end_to_end_id else None
    if collection:
        return _decide_booking(work, entry, collection)
    if entry.level == "entry" and (verdict := _decide_total(work, entry)):
        return verdict
    return _unexplained(entry)


def _head(work: Work, entry: BankEntry) -> BankEntry | None:
    """The entry that stands for the same booking already.

    All reports of a booking are compared with all of the other: one that names two references may join two that share none, and
    twins in one container must not meet in the end by way of a third report.
    """
    told: list[Booking] = []
    for head in queries.heads(work, entry):
        told = told or queries.reports_of(work, entry)
        if certainly_two(told[0], queries.booking(work, head)):
            continue
        pairs = list(product(told, queries.reports_of(work, head)))
        if not any(certainly_two(*pair) for pair in pairs) and any(same_booking(*pair) for pair in pairs):
            return head
    return None


def _folded(head_id: str) -> Verdict:
    return Verdict("folded", "same_booking", "the same booking as reported in another message", folded_into=head_id)


def _unexplained(entry: BankEntry) -> Verdict:
    if entry.kind == "charge":
        return Verdict("suspense", "charge_alone", "a charge of the bank that names no collection")
    if entry.end_to_end_id:
        return Verdict(
            "suspense", "unknown_reference", "its end-to-end reference is none of ours: changed on the way, or not ours"
        )
    return Verdict("suspense", "no_reference", "it carries no reference of ours")


def _decide_booking(work: Work, entry: BankEntry, collection: Collection) -> Verdict:
    """A booked entry that names one collection."""
    elsewhere = entry.account_index is not None and entry.fund_id != collection.fund_id
    if elsewhere or entry.currency != collection.currency:
        return Verdict(
            "suspense", "other_account", "it names our collection, but on another account or in another currency"
        )
    effect = Effect.RETURNED if entry.direction == "debit" else Effect.SETTLED
    if effect is Effect.SETTLED and entry.kind in _RETURN_KINDS:
        return Verdict("suspense", "direction", f"it is called a {entry.kind}, yet money came in")
    split = split_amount(collection.amount_minor, entry.amount_minor or 0, entry.charges_minor or 0, effect)
    if split.trouble:
        return Verdict("suspense", "amount", split.trouble)
    batch_entry = queries.batch_entry_of(work, collection.id, entry) if effect is Effect.SETTLED else None
    if batch_entry:
        return _folded(batch_entry)
    if trouble := too_much(work, collection, effect):
        return Verdict("suspense", "exceeds", trouble)
    share = Share(collection, effect, split.amount_minor, split.charges_minor)
    return Verdict("matched", "end_to_end_id", f"by its end-to-end reference: {effect.value}", shares=[share])


def too_much(work: Work, collection: Collection, effect: Effect) -> str | None:
    """Why one more booking of the whole collection cannot be right; None when it can."""
    amount, result = collection.amount_minor, queries.outcome_of(work, collection.id, collection.amount_minor)
    kept_elsewhere = queries.kept_elsewhere(work, collection)
    return exceeds(effect, amount, amount, result.settled_minor, result.returned_minor, kept_elsewhere)


def _decide_total(work: Work, entry: BankEntry) -> Verdict | None:
    """A booked entry without details: the sum of a block of ours, or of details that another message tells."""
    if detail := queries.detail_of_total(work, entry):
        return _folded(detail.id)
    if entry.payment_information_id is None or entry.direction != "credit":
        return None
    block = collections.of_payment_information(work, entry.payment_information_id)
    if not block:
        return None
    results = {one.id: queries.outcome_of(work, one.id, one.amount_minor) for one in block}
    standing = [one for one in block if results[one.id].state is not State.REJECTED]
    # Some banks book gross and debit the rejected ones apart: both sums are legitimate (facts 1.7).
    for members in (standing, block):
        count_fits = entry.batch_count in (None, len(members))
        sum_fits = entry.amount_minor == sum(one.amount_minor for one in members)
        if count_fits and sum_fits and (verdict := _share_out(work, entry, members)):
            return verdict
    return Verdict(
        "suspense",
        "batch_differs",
        f"it names block {entry.payment_information_id}, but count or sum is not that of the block",
    )


def _share_out(work: Work, entry: BankEntry, members: list[Collection]) -> Verdict | None:
    """The total of `members`: it settles those that no detail has told of yet. None when one of them cannot be paid once more."""
    details = {one.id: queries.detail_of_share(work, one.id, entry) for one in members}
    waiting = [one for one in members if details[one.id] is None]
    if not waiting:
        return _folded(next(detail for detail in details.values() if detail))
    if any(too_much(work, one, Effect.SETTLED) for one in waiting):
        return None
    shares = [Share(one, Effect.SETTLED, one.amount_minor) for one in waiting]
    return Verdict("matched", queries.BATCH_TOTAL, f"the total of block {entry.payment_information_id}", shares=shares)


def _decide_status(work: Work, entry: BankEntry) -> Verdict:
    """A status report: before settlement, and never money."""
    negative = entry.status in NEGATIVE_STATUSES
    if negative and queries.reports_duplicate_file(work, entry, DUPLICATE_FILE_CODES):
        return Verdict(
            "informational", "duplicate_file", "the bank has this file already; what it said of the first one stands"
        )
    if entry.level == "transaction":
        return _decide_transaction_status(work, entry, Effect.REJECTED if negative else Effect.ACCEPTED)
    if negative:
        return _decide_rejected_whole(work, entry)
    return Verdict("informational", "status", f"the bank reports {entry.status or 'no status'} for the {entry.level}")


def _decide_transaction_status(work: Work, entry: BankEntry, effect: Effect) -> Verdict:
    collection = collections.by_end_to_end_id(work, entry.end_to_end_id) if entry.end_to_end_id else None
    if collection is None:
        return Verdict("suspense", "unknown_reference", "a status for a reference that is none of ours")
    shares = [Share(collection, effect, collection.amount_minor)]
    return Verdict("matched", "end_to_end_id", f"by its end-to-end reference: {effect.value}", shares=shares)


def _decide_rejected_whole(work: Work, entry: BankEntry) -> Verdict:
    """A rejected file or block, unless lower levels of the same report say which of its transactions are rejected."""
    if queries.has_lower_levels(work, entry):
        return Verdict("informational", "details_tell", "the transactions in the same report tell which were rejected")
    members: list[Collection] = []
    if entry.level == "payment_information" and entry.payment_information_id:
        members = collections.of_payment_information(work, entry.payment_information_id)
    elif entry.original_message_id:
        members = collections.of_batch(work, entry.original_message_id)
    if not members:
        return Verdict("suspense", "unknown_reference", "a rejection of a file or block that is none of ours")
    shares = [Share(one, Effect.REJECTED, one.amount_minor) for one in members]
    return Verdict("matched", entry.level, f"the whole {entry.level.replace('_', ' ')} was rejected", shares=shares)
