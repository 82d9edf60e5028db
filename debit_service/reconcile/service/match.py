"""Match: decide for each entry what it is, and look again at what waits in suspense: a later file may explain it.

The order of the questions: is it booked at all; is it a booking that another report told us already; which collection does it
name; does the amount fit; can it be right. An entry that none of them settles waits for a person, with the reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from debit_service.collections import queries as collections
from debit_service.collections.models import Collection
from debit_service.core.work import Work
from debit_service.funds.queries import Funds
from debit_service.reconcile import queries
from debit_service.reconcile.models import Allocation, BankEntry, Disposition
from debit_service.reconcile.rules import (
    DUPLICATE_FILE_CODES,
    NEGATIVE_STATUSES,
    Effect,
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
    for head in queries.heads(work, entry):
        if same_booking(queries.booking(entry), queries.booking(head)):
            return _folded(head.id)
    collection = collections.by_end_to_end_id(work, entry.end_to_end_id) if entry.end_to_end_id else None
    if collection:
        return _decide_booking(work, entry, collection)
    if entry.level == "entry" and (verdict := _decide_total(work, entry)):
        return verdict
    return _unexplained(entry)


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
    if entry.currency != collection.currency or entry.fund_id not in (None, collection.fund_id):
        return Verdict(
            "suspense", "other_account", "it names our collection, but on another account or in another currency"
        )
    effect = Effect.RETURNED if entry.direction == "debit" else Effect.SETTLED
    if effect is Effect.SETTLED and entry.kind in _RETURN_KINDS:
        return Verdict("suspense", "direction", f"it is called a {entry.kind}, yet money came in")
    batch_entry = queries.batch_entry_of(work, collection.id, entry) if effect is Effect.SETTLED else None
    if batch_entry:
        return _folded(batch_entry)
    split = split_amount(collection.amount_minor, entry.amount_minor or 0, entry.charges_minor or 0, effect)
    if split.trouble:
        return Verdict("suspense", "amount", split.trouble)
    result = queries.outcome_of(work, collection.id, collection.amount_minor)
    trouble = exceeds(effect, split.amount_minor, collection.amount_minor, result.settled_minor, result.returned_minor)
    if trouble:
        return Verdict("suspense", "exceeds", trouble)
    share = Share(collection, effect, split.amount_minor, split.charges_minor)
    return Verdict("matched", "end_to_end_id", f"by its end-to-end reference: {effect.value}", shares=[share])


def _decide_total(work: Work, entry: BankEntry) -> Verdict | None:
    """A booked entry without details: the sum of a block of ours, or of details that another message tells."""
    if detail := queries.details_of_total(work, entry):
        return _folded(detail.id)
    if entry.payment_information_id is None or entry.direction != "credit":
        return None
    block = collections.of_payment_information(work, entry.payment_information_id)
    if not block:
        return None
    results = {one.id: queries.outcome_of(work, one.id, one.amount_minor) for one in block}
    standing = [one for one in block if not results[one.id].failed]
    # Some banks book gross and debit the rejected ones apart: both sums are legitimate (facts 1.7).
    for members in (standing, block):
        count_fits = entry.batch_count in (None, len(members))
        if count_fits and entry.amount_minor == sum(one.amount_minor for one in members):
            unpaid = [one for one in members if results[one.id].settled_minor == results[one.id].returned_minor]
            shares = [Share(one, Effect.SETTLED, one.amount_minor) for one in unpaid]
            if len(unpaid) == len(members):
                return Verdict(
                    "matched", "batch_total", f"the total of block {entry.payment_information_id}", shares=shares
                )
    return Verdict(
        "suspense",
        "batch_differs",
        f"it names block {entry.payment_information_id}, but count or sum is not that of the block",
    )


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
