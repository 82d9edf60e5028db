"""Match: decide what one entry is, whatever it is; and look again at what waits in suspense: a later file may explain it.

The order of the questions: is it booked at all; is it a booking that another report told us already; which collection does it
name; does the amount fit; can it be right. An entry that none of them settles waits for a person, with the reason.
"""

from collections import Counter, deque
from collections.abc import Sequence
from itertools import product

from debit_service.collections import queries as collections
from debit_service.collections.queries import Asked
from debit_service.core.work import Work
from debit_service.funds.queries import Funds
from debit_service.reconcile import queries
from debit_service.reconcile.by_persons import doubts
from debit_service.reconcile.models import BankEntry, Disposition
from debit_service.reconcile.rules import (
    BY_A_PERSON,
    BY_LINK,
    BY_REFERENCE,
    DOUBTED,
    DUPLICATE_FILE_CODES,
    EXCEEDS,
    NEGATIVE_STATUSES,
    PART_OF_SUM,
    UNLINKED,
    Booking,
    Effect,
    certainly_two,
    same_booking,
)
from debit_service.reconcile.service import in_parts, links, lookups
from debit_service.reconcile.service.claims import concerned, may_go_back, totals_doubted_by, trouble
from debit_service.reconcile.service.dispose import dispose, shares_of
from debit_service.reconcile.service.lookups import says_better
from debit_service.reconcile.service.sums import (
    beside_waiting_details,
    concerned_by_sum,
    decide_in_decided_sum,
    decide_part,
    decide_sum,
)
from debit_service.reconcile.service.verdict import (
    DUPLICATE_FILE,
    UNKNOWN_STATUS,
    Share,
    Verdict,
    booked,
    folded,
    is_remainder,
    linked,
    names_a_booking,
    not_booked,
    remainder,
    reported,
    share_of,
    stated_cost,
    unexplained,
)

#: Decisions settle in two or three steps. Should they ever turn in a circle, reading a file must end all the same.
TIMES_MAX, ROUNDS_MAX = 5, 100


def match_entries(work: Work, funds: Funds, entries: Sequence[BankEntry]) -> None:
    """Dispose of new entries of a file one after the other, in their order."""
    for entry in entries:
        bring(work, funds, entry, decide(work, entry))


def bring(work: Work, funds: Funds, entry: BankEntry, verdict: Verdict) -> None:
    """Write the verdict about an entry; and decide again, until nothing changes, about every other one that it concerns."""
    pending = deque(_written(work, funds, entry, verdict))
    times: Counter[str] = Counter()
    while pending:
        other = work.session.get_one(BankEntry, pending.popleft())
        again = _otherwise(work, other) if times[other.id] < TIMES_MAX else None
        if again:
            times[other.id] += 1
            pending += _written(work, funds, other, again)


def _written(work: Work, funds: Funds, entry: BankEntry, verdict: Verdict) -> list[str]:
    """Write a verdict, and fold the report in whose place the entry stands then; returns the entries that this concerns."""
    found = concerned(work, entry, verdict, dispose(work, funds, entry, verdict))
    found += [*links.told_beside(work, entry), *concerned_by_sum(work, entry)]
    if verdict.instead_of is None:
        return found
    other, same = work.session.get_one(BankEntry, verdict.instead_of), folded(entry.id)
    return [*found, *concerned(work, other, same, dispose(work, funds, other, same))]


def look_again(work: Work, funds: Funds, entry: BankEntry) -> None:
    """Decide again, until nothing changes, about what may be explained, or otherwise, now that a person decided of an entry."""
    rounds = ROUNDS_MAX
    while rounds and decide_again(work, funds, to_look_at(work, entry.file_id, entry.id)):
        rounds -= 1


def to_look_at(work: Work, file_id: str, entry_id: str | None = None) -> list[str]:
    """The entries about which a file may say something new: what waits, returns by a reference of the bank's that it repeats (or
    that this one entry of it has), sums that it casts doubt on or may tell in parts, and those taken for details some of which
    wait."""
    return [
        *lookups.waiting(work, file_id),
        *links.retold_by(work, file_id, entry_id),
        *totals_doubted_by(work, file_id),
        *beside_waiting_details(work),
        *in_parts.told_more_of(work, file_id),
    ]


def decide_again(work: Work, funds: Funds, entry_ids: Sequence[str]) -> bool:
    """Decide again about these, as far as no person has decided; returns whether one of them was explained, or no longer is."""
    explained = False
    for entry_id in entry_ids:
        entry = work.session.get_one(BankEntry, entry_id)
        if verdict := _otherwise(work, entry):
            before = queries.disposition(work, entry_id)
            explained = explained or verdict.kind != "suspense" or (before is not None and before.kind != "suspense")
            bring(work, funds, entry, verdict)
    return explained


def _otherwise(work: Work, entry: BankEntry) -> Verdict | None:
    """The verdict about an entry where it is another one than stands; None where it is not, or a person has decided."""
    before = queries.disposition(work, entry.id)
    if before is None or before.kind == "resolved" or before.reason in (BY_A_PERSON, DOUBTED):
        return None
    verdict = decide(work, entry)
    if (verdict.kind, verdict.reason, verdict.folded_into) != (before.kind, before.reason, before.folded_into):
        return verdict
    stands = {(one.collection.id, one.effect) for one in shares_of(work, before)}
    return verdict if {(one.collection.id, one.effect) for one in verdict.shares} != stands else None


def decide(work: Work, entry: BankEntry) -> Verdict:
    """What this entry is, as far as everything read until now tells."""
    if entry.message.startswith("pain.002"):
        return _decide_status(work, entry)
    if verdict := not_booked(entry):
        return verdict
    head = _head(work, entry)
    before = queries.disposition(work, head.id) if head else None
    if head is None or before is None:
        return _decide_booked(work, entry, None)
    return _decide_told(work, entry, head, before)


def _decide_told(work: Work, entry: BankEntry, head: BankEntry, before: Disposition) -> Verdict:
    """A booking for which `head` stands already, unless this report of it says more, or better: never as it was read first.

    What a person doubts that it is, another report of it does not tell.
    """
    if before.reason == DOUBTED:
        return folded(head.id)
    better = before.reason in (BY_REFERENCE, BY_LINK, EXCEEDS) and says_better(entry, head)
    # Which debit it is, the one that names it knows best.
    better = better or (before.reason == BY_LINK and entry.end_to_end_id is not None)
    in_a_sum = before.reason == PART_OF_SUM
    if before.kind != "suspense" and not in_a_sum and not better:
        return folded(head.id)
    verdict = _decide_booked(work, entry, head)
    if better and verdict.kind == before.kind and before.reason in (verdict.reason, BY_LINK):
        return verdict._replace(instead_of=head.id)
    # A report that says more than the one in suspense stands for the booking; the other is then folded into it.
    waits = before.kind == "suspense" or in_a_sum
    if not waits or _says(verdict) <= _says(before):
        return folded(head.id)
    # What is in a sum does not wait: nothing else would look at it again.
    return verdict._replace(instead_of=head.id) if PART_OF_SUM in (verdict.reason, before.reason) else verdict


def _says(made: Verdict | Disposition) -> int:
    """How much is known of a booking: all; of one that waits, or is in a sum, which debit it is; which sum; that it names one; a
    booking of the bank's; or nothing."""
    if made.kind != "suspense" and made.reason != PART_OF_SUM:
        return 5
    ranks = {EXCEEDS: 4, PART_OF_SUM: 3, UNLINKED: 1, **dict.fromkeys(lookups.NOTHING_OF_OURS, 0)}
    return ranks.get(made.reason, 2)


def _decide_booked(work: Work, entry: BankEntry, head: BankEntry | None) -> Verdict:
    """A booking that no other report has told already, but for `head`, which waits."""
    if verdict := decide_in_decided_sum(work, entry) or stated_cost(entry):
        return verdict
    if collection := _named(work, entry):
        return _decide_booking(work, entry, collection, head)
    if is_remainder(entry):
        return remainder(links.explained_elsewhere(work, entry))
    if entry.level == "entry" and (verdict := decide_sum(work, entry)):
        return verdict
    found = _decide_linked(work, entry, head) if names_a_booking(entry) else unexplained(entry)
    return found if found.kind != "suspense" else decide_part(work, entry) or found


def _named(work: Work, entry: BankEntry) -> Asked | None:
    found = collections.asked(work, [entry.end_to_end_id]) if entry.end_to_end_id else []
    return found[0] if found else None


def _head(work: Work, entry: BankEntry) -> BankEntry | None:
    """The entry that stands for the same booking already.

    All reports of a booking are compared with all of the other: one that names two references may join two that share none, and
    twins in one container must not meet in the end by way of a third report. Nor must two bookings that a person told apart.
    """
    told: dict[str, Booking] = {}
    for head in lookups.heads(work, entry):
        told = told or lookups.reports_of(work, entry)
        # What is left of an entry beside its details is no booking of its own.
        if is_remainder(head) != is_remainder(entry) or certainly_two(told[entry.id], lookups.booking(work, head)):
            continue
        others = lookups.reports_of(work, head, without=entry.id)
        pairs = list(product(told.values(), others.values()))
        if any(certainly_two(*pair) for pair in pairs) or not any(same_booking(*pair) for pair in pairs):
            continue
        if not doubts.are_two(work, told, others):
            return head
    return None


def _decide_booking(work: Work, entry: BankEntry, collection: Asked, head: BankEntry | None) -> Verdict:
    """A booked entry that names one collection."""
    share = share_of(entry, collection)
    if isinstance(share, Verdict):
        return (decide_part(work, entry) if share.reason == "amount" else None) or share
    if share.effect is Effect.SETTLED:
        total = lookups.batch_entry_of(work, collection.id, entry)
        if total := total or in_parts.allocated_sum_of(work, collection, entry):
            return folded(total)
    told = trouble(work, entry, share, head)
    return Verdict("suspense", EXCEEDS, told) if told else booked(share)


def _decide_linked(work: Work, entry: BankEntry, head: BankEntry | None) -> Verdict:
    """A return that names by the bank's own reference which credit it takes back: one only, of the right amount."""
    credited = links.credited_under(work, entry)
    found = collections.asked(work, [credited] if credited else [])
    share = share_of(entry, found[0]) if found else None
    if not isinstance(share, Share):
        return unexplained(entry)
    if not may_go_back(work, entry, found, head):
        return Verdict(
            "suspense", EXCEEDS, "the credit that it takes back by the bank's own reference has gone back already"
        )
    return linked(share)


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
