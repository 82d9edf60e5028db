"""Read bank entries, their dispositions, and the facts of a collection."""

import json
from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, Row, exists, or_, select
from sqlalchemy.orm import aliased

from debit_service.banks.models import BankFile
from debit_service.collections import queries as collections
from debit_service.collections.models import Collection
from debit_service.contributions import queries as contributions
from debit_service.core.work import Work
from debit_service.reconcile.models import Allocation, BankDocument, BankEntry, Disposition, FileReading
from debit_service.reconcile.rules import Booking, Effect, Fact, Outcome, outcome

#: The reason of a disposition: a sum without details was found to be that of a block.
BATCH_TOTAL = "batch_total"


def facts_of(work: Work, collection_id: str) -> list[Fact]:
    """Everything that banks have said about a collection and that stands now, oldest first."""
    query = (
        select(Allocation, BankEntry, BankDocument.created_on, BankFile.stored_at)
        .join(Disposition, Disposition.id == Allocation.disposition_id)
        .join(BankEntry, BankEntry.id == Allocation.entry_id)
        .join(BankDocument, BankDocument.id == BankEntry.document_id)
        .join(BankFile, BankFile.id == BankEntry.file_id)
        .where(Allocation.collection_id == collection_id, Disposition.most_recent)
    )
    found = [
        # A status report has no booking date: the day on which the bank wrote it counts, not the day on which we read it.
        _fact(allocation, entry, entry.booking_date or created_on or stored_at.date())
        for allocation, entry, created_on, stored_at in work.session.execute(query)
    ]
    return sorted(found, key=lambda fact: (fact.on, fact.entry_id))


def _fact(allocation: Allocation, entry: BankEntry, on: date) -> Fact:
    return Fact(
        on=on,
        entry_id=entry.id,
        effect=Effect(allocation.effect),
        amount_minor=allocation.amount_minor,
        charges_minor=allocation.charges_minor,
        reason_code=entry.reason_code,
        reason_code_set=entry.reason_code_set,
        reason_proprietary=entry.reason_proprietary,
        kind=entry.kind,
    )


def outcome_of(work: Work, collection_id: str, amount_minor: int) -> Outcome:
    """What the facts make of a collection now."""
    return outcome(amount_minor, facts_of(work, collection_id))


def kept_minor(work: Work, contribution_id: str) -> int:
    """What all debits of a contribution have brought in and not given back, minor units."""
    attempts = collections.attempts(work, contribution_id)
    return sum(outcome_of(work, one.id, one.amount_minor).kept_minor for one in attempts)


def payments(work: Work, contribution_id: str) -> list[tuple[date, int]]:
    """(day, minor units) of every payment of a contribution that stands, oldest first: debits booked, and other means."""
    outcomes = [outcome_of(work, one.id, one.amount_minor) for one in collections.attempts(work, contribution_id)]
    debited = [(one.settled_on, one.kept_minor) for one in outcomes if one.settled_on]
    others = contributions.other_payments(work, contribution_id)
    return sorted([*debited, *((one.paid_on, one.amount_minor) for one in others if one.undone_at is None)])


def disposition(work: Work, entry_id: str) -> Disposition | None:
    """What was made of an entry, newest."""
    query = select(Disposition).where(Disposition.entry_id == entry_id, Disposition.most_recent)
    return work.session.scalars(query).one_or_none()


def personal(work: Work, entry: BankEntry) -> dict[str, str]:
    """What an entry says about people: debtor's name and account, remittance, the bank's free text."""
    if entry.personal_sealed is None:
        return {}
    opened: dict[str, str] = json.loads(work.keys.open(entry.personal_sealed, f"bank_entries.personal:{entry.id}"))
    return opened


def queue(work: Work, touched_by: str | None = None) -> Sequence[Row[BankEntry, Disposition]]:
    """The work queue: entries in suspense, oldest first, each with the reason that a person can read.

    With `touched_by` only those that this file may explain: an entry of it names the same account, reference, block or file.
    """
    query = (
        select(BankEntry, Disposition)
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .where(Disposition.most_recent, Disposition.kind == "suspense")
        .order_by(BankEntry.booking_date, BankEntry.id)
    )
    if touched_by:
        new = aliased(BankEntry)
        links = ("account_index", "end_to_end_id", "payment_information_id", "original_message_id")
        alike = [
            getattr(BankEntry, link).in_(select(getattr(new, link)).where(new.file_id == touched_by)) for link in links
        ]
        query = query.where(or_(*alike))
    return work.session.execute(query).all()


def heads(work: Work, entry: BankEntry) -> list[BankEntry]:
    """Entries of other containers with the same account, amount and day that stand for a booking of their own, matched first."""
    query = (
        select(BankEntry)
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .where(
            Disposition.most_recent,
            Disposition.kind.in_(("matched", "suspense")),
            BankEntry.account_index == entry.account_index,
            BankEntry.booking_date == entry.booking_date,
            BankEntry.amount_minor == entry.amount_minor,
            BankEntry.document_id != entry.document_id,
        )
        .order_by(Disposition.kind, BankEntry.id)
    )
    return list(work.session.scalars(query))


def reports_of(work: Work, head: BankEntry) -> list[Booking]:
    """The booking that `head` stands for as each report tells it: its own, and of the same money those folded into it."""
    found, newest = [head], [head.id]
    while newest:
        folded = select(BankEntry).join(Disposition, Disposition.entry_id == BankEntry.id)
        folded = folded.where(Disposition.most_recent, Disposition.folded_into.in_(newest))
        more = list(work.session.scalars(folded))
        found, newest = found + more, [one.id for one in more]
    told = [booking(work, one) for one in found]
    return [one for one in told if one.money == told[0].money]


def _taken_by_container_of(entry: BankEntry) -> ColumnElement[bool]:
    """Whether another line of the container of `entry` was taken for the booking that the row's bank entry is a detail of."""
    follower, sibling = aliased(BankEntry), aliased(BankEntry)
    return (
        exists()
        .where(Disposition.folded_into == sibling.id, Disposition.most_recent, Disposition.entry_id == follower.id)
        .where(sibling.document_id == BankEntry.document_id, sibling.entry_index == BankEntry.entry_index)
        .where(follower.document_id == entry.document_id, follower.id != entry.id)
        .correlate(BankEntry)
    )


def detail_of_total(work: Work, entry: BankEntry) -> BankEntry | None:
    """The first detail, in another container, of an entry with this account, day, direction and total."""
    block = BankEntry.payment_information_id
    query = (
        select(BankEntry)
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .where(
            Disposition.most_recent,
            Disposition.kind.in_(("matched", "suspense")),
            BankEntry.level == "transaction",
            BankEntry.account_index == entry.account_index,
            BankEntry.booking_date == entry.booking_date,
            BankEntry.direction == entry.direction,
            BankEntry.entry_amount_minor == entry.amount_minor,
            BankEntry.amount_minor != entry.amount_minor,
            BankEntry.document_id != entry.document_id,
            ~_taken_by_container_of(entry),
        )
        .order_by(BankEntry.position, BankEntry.id)
    )
    if entry.payment_information_id:
        query = query.where(or_(block.is_(None), block == entry.payment_information_id))
    return work.session.scalars(query.limit(1)).one_or_none()


def _settled_elsewhere(
    work: Work, collection_id: str, entry: BankEntry, *conditions: ColumnElement[bool]
) -> str | None:
    """An entry of another container that has settled this collection on the day of `entry`, and fulfils `conditions`."""
    query = (
        select(BankEntry.id)
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .join(Allocation, Allocation.disposition_id == Disposition.id)
        .where(
            Disposition.most_recent,
            Allocation.collection_id == collection_id,
            Allocation.effect == Effect.SETTLED.value,
            BankEntry.booking_date == entry.booking_date,
            BankEntry.document_id != entry.document_id,
            *conditions,
        )
    )
    return work.session.scalars(query.limit(1)).one_or_none()


def detail_of_share(work: Work, collection_id: str, entry: BankEntry) -> str | None:
    """The detail, in another container, that has told already that this collection is in the total `entry`."""
    detail, same_account = BankEntry.level == "transaction", BankEntry.account_index == entry.account_index
    return _settled_elsewhere(work, collection_id, entry, detail, same_account, ~_taken_by_container_of(entry))


def kept_elsewhere(work: Work, collection: Collection) -> int:
    """What the other attempts at the same contribution have brought in and not given back, minor units."""
    others = [one for one in collections.attempts(work, collection.contribution_id) if one.id != collection.id]
    return sum(outcome_of(work, one.id, one.amount_minor).kept_minor for one in others)


def batch_entry_of(work: Work, collection_id: str, entry: BankEntry) -> str | None:
    """The batch entry of another container that has settled this collection on this day already."""
    # Not one that a person matched: what that was is told by its references alone.
    return _settled_elsewhere(work, collection_id, entry, Disposition.reason == BATCH_TOTAL)


def has_lower_levels(work: Work, entry: BankEntry) -> bool:
    """Whether the same status report says more, at a lower level, about the same file or block."""
    lower = ("transaction",) if entry.level == "payment_information" else ("payment_information", "transaction")
    query = select(BankEntry.id).where(
        BankEntry.document_id == entry.document_id,
        BankEntry.original_message_id == entry.original_message_id,
        BankEntry.level.in_(lower),
    )
    if entry.level == "payment_information":
        query = query.where(BankEntry.payment_information_id == entry.payment_information_id)
    return work.session.scalars(query.limit(1)).one_or_none() is not None


def reports_duplicate_file(work: Work, entry: BankEntry, codes: frozenset[str]) -> bool:
    """Whether the report that `entry` stands in refuses the whole file as one that the bank has already."""
    query = select(BankEntry.id).where(
        BankEntry.document_id == entry.document_id,
        BankEntry.original_message_id == entry.original_message_id,
        BankEntry.level == "group",
        BankEntry.status == "RJCT",
        BankEntry.reason_code.in_(codes),
    )
    return work.session.scalars(query.limit(1)).one_or_none() is not None


def booking(work: Work, entry: BankEntry) -> Booking:
    """An entry as what identifies its booking."""
    document = work.session.get_one(BankDocument, entry.document_id)
    return Booking(
        family=entry.message[:8],
        document=entry.document_id,
        container=(document.message_id, document.container_id),
        account=entry.account_index,
        currency=entry.currency,
        direction=entry.direction,
        amount_minor=entry.amount_minor,
        booking_date=entry.booking_date,
        references=(
            entry.end_to_end_id,
            entry.account_servicer_reference,
            entry.transaction_id,
            entry.payment_information_id,
        ),
    )


def statements(work: Work) -> Sequence[BankDocument]:
    """Every statement (camt.053) read, by account and day."""
    query = select(BankDocument).where(BankDocument.message.like("camt.053%"))
    return work.session.scalars(query.order_by(BankDocument.account_index, BankDocument.opening_date)).all()


def files_without_entries(work: Work, outcome: str) -> Sequence[tuple[BankFile, FileReading]]:
    """Files that were kept but gave no entries: `unreadable`, or `not_read` because their message is none of ours."""
    query = select(BankFile, FileReading).join(FileReading).where(FileReading.outcome == outcome).order_by(BankFile.id)
    return [(file, reading) for file, reading in work.session.execute(query)]
