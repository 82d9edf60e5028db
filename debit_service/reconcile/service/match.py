"""Match: decide what one entry is, whatever it is; and look again at what waits in suspense: a later file may explain it.

The order of the questions: is it booked at all; is it a booking that another report told us already; which collection does it
name; does the amount fit; can it be right. An entry that none of them settles waits for a person, with the reason.
"""

from collections.abc import Sequence
from itertools import product

from debit_service.collections import queries as collections
from debit_service.collections.queries import Asked
from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.funds.queries import Funds
from debit_service.reconcile import queries
from debit_service.reconcile.models import BankEntry
from debit_service.reconcile.rules import (
    DUPLICATE_FILE_CODES,
    NEGATIVE_STATUSES,
    Booking,
    Effect,
    State,
    certainly_two,
    exceeds,
    same_booking,
)
from debit_service.reconcile.service import lookups
from debit_service.reconcile.service.dispose import dispose
from debit_service.reconcile.service.verdict import (
    DUPLICATE_FILE,
    UNKNOWN_STATUS,
    AnyCollection,
    Share,
    Verdict,
    booked,
    effect_of,
    folded,
    not_booked,
    reported,
    unexplained,
)


def match_entries(work: Work, funds: Funds, entries: Sequence[BankEntry]) -> None:
    """Dispose of new entries of a file one after the other, in their order."""
    for entry in entries:
        dispose(work, funds, entry, decide(work, entry))


def look_again(work: Work, funds: Funds, file_id: str) -> None:
    """Decide again, until nothing changes, what is in suspense and may be explained by what was learnt from this file."""
    while decide_again(work, funds, lookups.waiting(work, file_id)):
        pass


def decide_again(work: Work, funds: Funds, entry_ids: Sequence[str]) -> bool:
    """Decide again about these, as far as they still wait; returns whether one of them was explained."""
    explained = False
    for entry, before in queries.queue(work, among(work.session, BankEntry.id, entry_ids)):
        verdict = decide(work, entry)
        if (verdict.kind, verdict.reason) != (before.kind, before.reason):
            dispose(work, funds, entry, verdict)
            explained = explained or verdict.kind != "suspense"
    return explained


def decide(work: Work, entry: BankEntry) -> Verdict:
    """What this entry is, as far as everything read until now tells."""
    if entry.message.startswith("pain.002"):
        return _decide_status(work, entry)
    if verdict := not_booked(entry):
        return verdict
    head = _head(work, entry)
    if head and not _waits(work, head):
        return folded(head.id)
    verdict = _decide_booked(work, entry)
    # A report that says more than the one in suspense explains the booking; the other is then folded into it.
    return folded(head.id) if head and verdict.kind == "suspense" else verdict


def _waits(work: Work, entry: BankEntry) -> bool:
    disposition = queries.disposition(work, entry.id)
    return disposition is not None and disposition.kind == "suspense"


def _decide_booked(work: Work, entry: BankEntry) -> Verdict:
    """A booking that no other report has told already."""
    if collection := _named(work, entry):
        return _decide_booking(work, entry, collection)
    if entry.level == "entry" and (verdict := _decide_total(work, entry)):
        return verdict
    return unexplained(entry)


def _named(work: Work, entry: BankEntry) -> Asked | None:
    found = collections.asked(work, [entry.end_to_end_id]) if entry.end_to_end_id else []
    return found[0] if found else None


def _head(work: Work, entry: BankEntry) -> BankEntry | None:
    """The entry that stands for the same booking already.

    All reports of a booking are compared with all of the other: one that names two references may join two that share none, and
    twins in one container must not meet in the end by way of a third report.
    """
    told: list[Booking] = []
    for head in lookups.heads(work, entry):
        told = told or lookups.reports_of(work, entry)
        if certainly_two(told[0], lookups.booking(work, head)):
            continue
        pairs = list(product(told, lookups.reports_of(work, head)))
        if not any(certainly_two(*pair) for pair in pairs) and any(same_booking(*pair) for pair in pairs):
            return head
    return None


def _decide_booking(work: Work, entry: BankEntry, collection: Asked) -> Verdict:
    """A booked entry that names one collection."""
    before = queries.outcome_of(work, collection.id, collection.amount_minor)
    settles = effect_of(entry) is Effect.SETTLED
    batch_entry = lookups.batch_entry_of(work, collection.id, entry) if settles else None
    return booked(entry, collection, before, _kept_elsewhere(work, [collection])[collection.id], batch_entry)


def too_much(work: Work, collection: AnyCollection, effect: Effect) -> str | None:
    """Why one more booking of the whole collection cannot be right; None when it can."""
    return _too_much(work, [collection], effect)[collection.id]


def _too_much(work: Work, members: Sequence[AnyCollection], effect: Effect) -> dict[str, str | None]:
    results = queries.outcomes_of(work, {one.id: one.amount_minor for one in members})
    elsewhere = _kept_elsewhere(work, members)
    return {
        one.id: exceeds(
            effect,
            one.amount_minor,
            one.amount_minor,
            results[one.id].settled_minor,
            results[one.id].returned_minor,
            elsewhere[one.id],
        )
        for one in members
    }


def _kept_elsewhere(work: Work, members: Sequence[AnyCollection]) -> dict[str, int]:
    """What the other attempts at the contribution of each have brought in and not given back, minor units."""
    others = collections.other_attempts(work, [one.id for one in members])
    results = queries.outcomes_of(work, {one.id: one.amount_minor for one in others})
    kept: dict[str, int] = {}
    for other in others:
        kept[other.contribution_id] = kept.get(other.contribution_id, 0) + results[other.id].kept_minor
    return {one.id: kept.get(one.contribution_id, 0) for one in members}


def _decide_total(work: Work, entry: BankEntry) -> Verdict | None:
    """A booked entry without details: the sum of a block of ours, or of details that another message tells."""
    if detail := lookups.detail_of_total(work, entry):
        return folded(detail.id)
    if entry.payment_information_id is None or entry.direction != "credit":
        return None
    block = collections.asked_in_block(work, entry.payment_information_id)
    if not block:
        return None
    results = queries.outcomes_of(work, {one.id: one.amount_minor for one in block})
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


def _share_out(work: Work, entry: BankEntry, members: Sequence[Asked]) -> Verdict | None:
    """The total of `members`: it settles those that no detail has told of yet. None when one of them cannot be paid once more."""
    details = lookups.details_of_shares(work, [one.id for one in members], entry)
    waiting = [one for one in members if one.id not in details]
    if not waiting:
        return folded(details[members[0].id])
    if any(_too_much(work, waiting, Effect.SETTLED).values()):
        return None
    shares = [Share(one, Effect.SETTLED, one.amount_minor) for one in waiting]
    return Verdict("matched", lookups.BATCH_TOTAL, f"the total of block {entry.payment_information_id}", shares=shares)


def _decide_status(work: Work, entry: BankEntry) -> Verdict:
    """A status report: before settlement, and never money."""
    negative = entry.status in NEGATIVE_STATUSES
    if negative:
        known = lookups.duplicate_files(work, entry.file_id, DUPLICATE_FILE_CODES)
        if (entry.document_id, entry.original_message_id) in known:
            return DUPLICATE_FILE
    if entry.level == "transaction":
        collection = _named(work, entry)
        effect = Effect.REJECTED if negative else Effect.ACCEPTED
        return reported(collection, effect) if collection else UNKNOWN_STATUS
    if negative:
        return _decide_rejected_whole(work, entry)
    return Verdict("informational", "status", f"the bank reports {entry.status or 'no status'} for the {entry.level}")


def _decide_rejected_whole(work: Work, entry: BankEntry) -> Verdict:
    """A rejected file or block, unless lower levels of the same report say which of its transactions are rejected."""
    if lookups.has_lower_levels(work, entry):
        return Verdict("informational", "details_tell", "the transactions in the same report tell which were rejected")
    members: list[Asked] = []
    if entry.level == "payment_information" and entry.payment_information_id:
        members = collections.asked_in_block(work, entry.payment_information_id)
    elif entry.original_message_id:
        members = collections.asked_in_batch(work, entry.original_message_id)
    if not members:
        return Verdict("suspense", "unknown_reference", "a rejection of a file or block that is none of ours")
    shares = [Share(one, Effect.REJECTED, one.amount_minor) for one in members]
    return Verdict("matched", entry.level, f"the whole {entry.level.replace('_', ' ')} was rejected", shares=shares)
