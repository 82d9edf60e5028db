"""What matching looks up to decide about one entry: other reports of the same booking, details of totals, levels of a report."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import aliased

from debit_service.collections.models import Collection
from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.reconcile.models import Allocation, BankDocument, BankEntry, Disposition
from debit_service.reconcile.rules import Booking, Effect

#: The reason of a disposition: a sum without details was found to be that of a block.
BATCH_TOTAL = "batch_total"
_STANDS = Disposition.most_recent & Disposition.kind.in_(("matched", "resolved", "suspense"))


def heads(work: Work, entry: BankEntry) -> list[BankEntry]:
    """Entries of other containers with the same account, amount and day that stand for a booking of their own, matched first."""
    query = (
        select(BankEntry)
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .where(
            _STANDS,
            BankEntry.account_index == entry.account_index,
            BankEntry.booking_date == entry.booking_date,
            BankEntry.amount_minor == entry.amount_minor,
            BankEntry.document_id != entry.document_id,
        )
        .order_by(Disposition.kind, BankEntry.id)
    )
    if entry.end_to_end_id is None:
        return list(work.session.scalars(query))
    # Another reference is another booking (`certainly_two`): a day of a million equal amounts is not gone through for each.
    named = query.where(BankEntry.end_to_end_id == entry.end_to_end_id)
    unnamed = query.where(BankEntry.end_to_end_id.is_(None))
    found = [
        *work.session.execute(named.add_columns(Disposition.kind)),
        *work.session.execute(unnamed.add_columns(Disposition.kind)),
    ]
    return [head for head, _ in sorted(found, key=lambda row: (row[1], row[0].id))]


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
            _STANDS,
            BankEntry.level == "transaction",
            BankEntry.account_index == entry.account_index,
            BankEntry.booking_date == entry.booking_date,
            BankEntry.direction == entry.direction,
            BankEntry.entry_amount_minor == entry.amount_minor,
            # The words of the partial index: a detail that is not all of its entry.
            BankEntry.amount_minor != BankEntry.entry_amount_minor,
            BankEntry.document_id != entry.document_id,
            ~_taken_by_container_of(entry),
        )
        .order_by(BankEntry.position, BankEntry.id)
    )
    if entry.payment_information_id:
        query = query.where(or_(block.is_(None), block == entry.payment_information_id))
    return work.session.scalars(query.limit(1)).one_or_none()


def details_of_shares(work: Work, collection_ids: Iterable[str], entry: BankEntry) -> dict[str, str]:
    """Collection -> the detail, in another container, that has told already that it is in the total `entry`."""
    detail, same_account = BankEntry.level == "transaction", BankEntry.account_index == entry.account_index
    return _settled_elsewhere(work, collection_ids, entry, detail, same_account, ~_taken_by_container_of(entry))


def batch_entry_of(work: Work, collection_id: str, entry: BankEntry) -> str | None:
    """The batch entry of another container that has settled this collection on this day already."""
    # Not one that a person matched: what that was is told by its references alone.
    return _settled_elsewhere(work, [collection_id], entry, Disposition.reason == BATCH_TOTAL).get(collection_id)


def _settled_elsewhere(
    work: Work, collection_ids: Iterable[str], entry: BankEntry, *conditions: ColumnElement[bool]
) -> dict[str, str]:
    """Collection -> an entry of another container that settled it on the day of `entry`, and fulfils `conditions`."""
    query = (
        select(Allocation.collection_id, BankEntry.id)
        .join(Disposition, Disposition.id == Allocation.disposition_id)
        .join(BankEntry, BankEntry.id == Allocation.entry_id)
        .where(
            among(work.session, Allocation.collection_id, collection_ids),
            Disposition.most_recent,
            Allocation.effect == Effect.SETTLED.value,
            BankEntry.booking_date == entry.booking_date,
            BankEntry.document_id != entry.document_id,
            *conditions,
        )
        # The last one of a collection stays: the first that was told.
        .order_by(BankEntry.id.desc())
    )
    return {row[0]: row[1] for row in work.session.execute(query)}


def has_lower_levels(work: Work, entry: BankEntry) -> bool:
    """Whether the same status report says more, at a lower level, about the same file or block."""
    lower = ("transaction",) if entry.level == "payment_information" else ("payment_information", "transaction")
    query = select(BankEntry.id).where(
        BankEntry.file_id == entry.file_id,
        BankEntry.document_id == entry.document_id,
        BankEntry.original_message_id == entry.original_message_id,
        BankEntry.level.in_(lower),
    )
    if entry.level == "payment_information":
        query = query.where(BankEntry.payment_information_id == entry.payment_information_id)
    return work.session.scalars(query.limit(1)).one_or_none() is not None


def duplicate_files(work: Work, file_id: str, codes: frozenset[str]) -> set[tuple[str, str | None]]:
    """(document, original message) of each report in this file that refuses a whole file as one that the bank has already."""
    query = select(BankEntry.document_id, BankEntry.original_message_id).where(
        BankEntry.file_id == file_id,
        BankEntry.level == "group",
        BankEntry.status == "RJCT",
        BankEntry.reason_code.in_(codes),
    )
    return {(document_id, original) for document_id, original in work.session.execute(query)}


def touched_by(file_id: str) -> ColumnElement[bool]:
    """The condition that a file may explain an entry that waits: it tells of the same reference, contribution, block or money."""
    new = aliased(BankEntry)
    is_new = (new.file_id == file_id) & (new.id != BankEntry.id)
    booked = (
        (new.account_index == BankEntry.account_index)
        & (new.booking_date == BankEntry.booking_date)
        & (new.document_id != BankEntry.document_id)
    )
    ways: Sequence[ColumnElement[bool]] = (
        exists().where(is_new, new.end_to_end_id == BankEntry.end_to_end_id),
        exists().where(is_new, booked, new.amount_minor == BankEntry.amount_minor),
        exists().where(is_new, booked, new.amount_minor == BankEntry.entry_amount_minor),
        exists().where(is_new, booked, new.entry_amount_minor == BankEntry.amount_minor),
        _of_the_same_contribution(new, is_new),
        (BankEntry.level != "transaction") & _of_the_same_block(new, is_new),
    )
    return or_(*ways)


def _of_the_same_contribution(new: type[BankEntry], is_new: ColumnElement[bool]) -> ColumnElement[bool]:
    """The new entry names another attempt at the contribution that the waiting one names."""
    one, other = aliased(Collection), aliased(Collection)
    return exists().where(
        one.end_to_end_id == BankEntry.end_to_end_id,
        other.contribution_id == one.contribution_id,
        is_new,
        new.end_to_end_id == other.end_to_end_id,
    )


def _of_the_same_block(new: type[BankEntry], is_new: ColumnElement[bool]) -> ColumnElement[bool]:
    """The new entry names the waiting one's file or block, or a collection in that block or file."""
    member = aliased(Collection)
    in_block = exists().where(
        member.payment_information_id == BankEntry.payment_information_id,
        is_new,
        new.end_to_end_id == member.end_to_end_id,
    )
    same_file = exists().where(is_new, new.original_message_id == BankEntry.original_message_id)
    return or_(
        exists().where(is_new, new.payment_information_id == BankEntry.payment_information_id), same_file, in_block
    )
