"""In sets: decide the plain entries of a chunk together, with one query a question; what is not plain is left to `match`.

Plain is: nothing else in the chunk names the same reference, no other attempt or payment is in play, and nothing that was read
before could be the same booking, or it certainly is. The answers are those that `match.decide` would give, by the same rules; in
doubt an entry is not plain. So a million answers cost a few questions a chunk, and the hard ones still get all the thought.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import aliased

from debit_service.collections import queries as collections
from debit_service.collections.queries import Asked
from debit_service.contributions import queries as contributions
from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.reconcile import queries
from debit_service.reconcile.models import BankEntry, Disposition
from debit_service.reconcile.rules import (
    DUPLICATE_FILE_CODES,
    NEGATIVE_STATUSES,
    Effect,
    Fact,
    Outcome,
    certainly_two,
    outcome,
    same_booking,
)
from debit_service.reconcile.service import lookups
from debit_service.reconcile.service.lookups import Report, booking_of, is_part, says
from debit_service.reconcile.service.sums import decided_sums_on, is_in_entry
from debit_service.reconcile.service.verdict import (
    DUPLICATE_FILE,
    UNKNOWN_STATUS,
    Entry,
    Plain,
    Share,
    Verdict,
    booked,
    effect_of,
    folded,
    is_remainder,
    names_a_booking,
    not_booked,
    reported,
    share_of,
    stated_cost,
    unexplained,
)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the entries of a chunk need to know, each asked once."""

    named: Mapping[str, Asked]
    facts: Mapping[str, list[Fact]]
    not_plain: frozenset[str]
    reports: Mapping[str, list[Report]]
    followers: Mapping[str, list[str]]
    duplicate_files: set[tuple[str, str | None]]
    told_on: Mapping[str, date]


def decide_plain(work: Work, entries: Sequence[Entry]) -> Iterator[Plain]:
    """The entries that are plain. They are stored already, and nothing was decided about them."""
    known = _learn(work, entries)
    for entry in entries:
        if verdict := _decide(known, entry):
            yield Plain(entry, verdict, _after(known, entry, verdict))


def _after(known: _Known, entry: Entry, verdict: Verdict) -> tuple[Asked, Outcome] | None:
    """What becomes of the collection that the entry moves; an acceptance moves none."""
    if not verdict.shares or verdict.shares[0].effect is Effect.ACCEPTED:
        return None
    collection, share = known.named[entry.end_to_end_id or ""], verdict.shares[0]
    new = Fact(
        on=entry.booking_date or known.told_on[entry.document_id],
        entry_id=entry.id,
        effect=share.effect,
        amount_minor=share.amount_minor,
        charges_minor=share.charges_minor,
        interest_minor=share.interest_minor,
        reason_code=entry.reason_code,
        reason_code_set=entry.reason_code_set,
        reason_proprietary=entry.reason_proprietary,
        kind=entry.kind,
    )
    return collection, outcome(collection.amount_minor, [*known.facts.get(collection.id, []), new])


def _learn(work: Work, entries: Sequence[Entry]) -> _Known:
    named_by = Counter(entry.end_to_end_id for entry in entries if entry.end_to_end_id)
    named = {one.end_to_end_id: one for one in collections.asked(work, named_by)}
    money = [entry for entry in entries if entry.status == "BOOK" and entry.message.startswith("camt.")]
    reports = _reports(work, named_by, entries) if money else {}
    in_play = _in_play(work, entries, named)
    repeated = {reference for reference, count in named_by.items() if count > 1}
    statuses, file_id = any(entry.message.startswith("pain.") for entry in entries), entries[0].file_id
    return _Known(
        named=named,
        facts=queries.facts_of_each(work, [one.id for one in named.values()]),
        not_plain=frozenset(
            {entry.id for entry in entries if entry.end_to_end_id in repeated or entry.end_to_end_id in in_play}
            | {entry.id for entry in money if entry.account_index is None or entry.booking_date is None}
            | _maybe_told_otherwise(work, money, named)
            | _in_decided_sums(work, money)
        ),
        reports=reports,
        followers=_followers(work, reports),
        duplicate_files=lookups.duplicate_files(work, file_id, DUPLICATE_FILE_CODES) if statuses else set(),
        told_on=queries.told_on(work, file_id) if statuses else {},
    )


def _in_play(work: Work, entries: Sequence[Entry], named: Mapping[str, Asked]) -> set[str]:
    """The references of debits that something else has to do with: another attempt, a payment, a total."""
    paid = contributions.ids_with_other_payments(work, {one.contribution_id for one in named.values()})
    attempts = Counter(one.contribution_id for one in named.values())
    totals = {entry.payment_information_id for entry in entries if entry.level == "entry"} - {None}
    return {
        one.end_to_end_id
        for one in named.values()
        if one.has_rival
        or one.contribution_id in paid
        or attempts[one.contribution_id] > 1
        or one.payment_information_id in totals
    }


def _decide(known: _Known, entry: Entry) -> Verdict | None:
    """The verdict about a plain entry; None when it is not plain."""
    if entry.id in known.not_plain:
        return None
    if not entry.message.startswith("camt."):
        return _decide_status(known, entry)
    return not_booked(entry) or _decide_booked(known, entry)


def _decide_booked(known: _Known, entry: Entry) -> Verdict | None:
    others = known.reports.get(entry.end_to_end_id or "", [])
    if any(other.made in (None, "suspense") for other in others):
        return None
    if same := [other for other in others if _money(other) == _money(entry)]:
        return _fold(known, entry, same)
    collection = known.named.get(entry.end_to_end_id or "")
    if collection is None:
        # A total may be that of a block; what names nothing of ours may be known by what the bank told elsewhere.
        may_be_sum = entry.level == "entry" and entry.payment_information_id is not None
        needs_thought = may_be_sum or is_remainder(entry) or names_a_booking(entry)
        return None if needs_thought else stated_cost(entry) or unexplained(entry)
    return _decide_next(entry, collection, known.facts.get(collection.id, []))


def _decide_next(entry: Entry, collection: Asked, facts: Sequence[Fact]) -> Verdict | None:
    """When the story so far is the usual one: nothing but acceptances before a credit, and one credit before a return."""
    said = [fact.effect for fact in facts if fact.effect is not Effect.ACCEPTED]
    usual = [] if effect_of(entry) is Effect.SETTLED else [Effect.SETTLED]
    if said != usual or collection.cancelled_why is not None:
        return None
    share = share_of(entry, collection)
    return booked(share) if isinstance(share, Share) else share


def _decide_status(known: _Known, entry: Entry) -> Verdict | None:
    if entry.level != "transaction":
        return None
    negative = entry.status in NEGATIVE_STATUSES
    if negative and (entry.document_id, entry.original_message_id) in known.duplicate_files:
        return DUPLICATE_FILE
    collection = known.named.get(entry.end_to_end_id or "")
    if collection is None:
        return UNKNOWN_STATUS
    if collection.cancelled_why is not None:
        return None
    return reported(collection, Effect.REJECTED if negative else Effect.ACCEPTED)


def _fold(known: _Known, entry: Entry, same: Sequence[Report]) -> Verdict | None:
    """The booking that one other entry stands for already, when every report of it says the same; None when not certain."""
    heads = [other for other in same if other.made == "matched"]
    if len(heads) != 1 or any(says(other) != says(entry) for other in same):
        return None
    head, others = heads[0], {other.id for other in same}
    follows = all(other is head or other.folded_into == head.id for other in same)
    if not follows or not others.issuperset(follower for one in others for follower in known.followers.get(one, [])):
        return None
    # The name of the container is asked only of entries without any reference, and these are not plain.
    pairs = list(product([booking_of(entry)], map(booking_of, same)))
    if any(certainly_two(*pair) for pair in pairs) or not any(same_booking(*pair) for pair in pairs):
        return None
    return folded(head.id)


def _money(one: Entry | Report) -> tuple[object, ...]:
    return (one.account_index, one.currency, one.direction, one.amount_minor, one.booking_date)


def _reports(work: Work, references: Mapping[str, int], chunk: Sequence[Entry]) -> dict[str, list[Report]]:
    """Reference -> the booked entries outside the chunk that carry it."""
    columns = [getattr(BankEntry, name) for name in Report._fields[:-2]]
    query = (
        select(*columns, Disposition.kind, Disposition.folded_into)
        .outerjoin(Disposition, (Disposition.entry_id == BankEntry.id) & Disposition.most_recent)
        .where(
            among(work.session, BankEntry.end_to_end_id, references),
            BankEntry.status == "BOOK",
            BankEntry.message.like("camt.%"),
            (BankEntry.file_id != chunk[0].file_id) | (BankEntry.position < chunk[0].position),
        )
    )
    found: dict[str, list[Report]] = defaultdict(list)
    for report in map(Report._make, work.session.execute(query)):
        found[report.end_to_end_id or ""].append(report)
    return found


def _followers(work: Work, reports: Mapping[str, list[Report]]) -> dict[str, list[str]]:
    """Entry -> those that were folded into it."""
    heads = [report.id for told in reports.values() for report in told]
    if not heads:
        return {}
    query = select(Disposition.folded_into, Disposition.entry_id).where(
        among(work.session, Disposition.folded_into, heads), Disposition.most_recent
    )
    found: dict[str, list[str]] = defaultdict(list)
    for head, follower in work.session.execute(query):
        found[str(head)].append(follower)
    return found


def _maybe_told_otherwise(work: Work, money: Sequence[Entry], ours: Mapping[str, Asked]) -> set[str]:
    """The entries of which another container tells the same money under another reference or none, or whose details it tells; and
    costs, and details that name none of our debits or one with another amount, of which it tells the sum."""
    one, other = aliased(BankEntry), aliased(BankEntry)
    shared = or_(
        one.account_servicer_reference == other.account_servicer_reference,
        one.transaction_id == other.transaction_id,
        one.payment_information_id == other.payment_information_id,
        and_(*(_bare(which) for which in (one, other))),
    )
    of_the_same_money = other.amount_minor == one.amount_minor
    is_detail = (
        (other.level == "transaction")
        & (other.amount_minor != other.entry_amount_minor)
        & (other.entry_amount_minor == one.amount_minor)
    )
    is_its_sum = (other.level == "entry") & (other.amount_minor == one.entry_amount_minor)
    named, unnamed, totals, in_sums = (
        [entry.id for entry in money if entry.end_to_end_id],
        [entry.id for entry in money if not entry.end_to_end_id],
        [entry.id for entry in money if entry.level == "entry"],
        [entry.id for entry in money if entry.kind == "cost" or (is_part(entry) and not _fits(entry, ours))],
    )
    # Each is a question of its own, so that each finds its rows by an index.
    questions: Sequence[tuple[list[str], ColumnElement[bool]]] = (
        (named, of_the_same_money & other.end_to_end_id.is_(None) & shared),
        (unnamed, of_the_same_money & shared),
        (totals, is_detail),
        (in_sums, is_its_sum),
    )
    found: set[str] = set()
    for ids, condition in questions:
        if ids:
            query = (
                select(one.id)
                .distinct()
                .where(
                    among(work.session, one.id, ids),
                    other.account_index == one.account_index,
                    other.booking_date == one.booking_date,
                    other.document_id != one.document_id,
                    condition,
                )
            )
            found.update(work.session.scalars(query))
    return found


def _fits(entry: Entry, ours: Mapping[str, Asked]) -> bool:
    """Whether a detail names a debit of ours and has its amount, less or with what it states of costs."""
    collection = ours.get(entry.end_to_end_id or "")
    return collection is not None and isinstance(share_of(entry, collection), Share)


def _in_decided_sums(work: Work, money: Sequence[Entry]) -> set[str]:
    """The entries that may be in sums of blocks about which persons have decided."""
    inside = [one for one in money if is_in_entry(one)]
    sums = decided_sums_on(work, (one.booking_date for one in inside if one.booking_date))
    return {one.id for one in inside if (one.account_index, one.booking_date, one.entry_amount_minor) in sums}


def _bare(entry: type[BankEntry]) -> ColumnElement[bool]:
    return and_(
        entry.end_to_end_id.is_(None),
        entry.account_servicer_reference.is_(None),
        entry.transaction_id.is_(None),
        entry.payment_information_id.is_(None),
    )
