"""What matching looks up to decide about one entry: other reports of the same booking, details of totals, levels of a report."""

from collections.abc import Collection as AnyOf
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, exists, func, literal_column, or_, select
from sqlalchemy.orm import aliased

from debit_service.banks.models import BankFile
from debit_service.collections.models import Collection, PaymentInformation
from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.reconcile.by_persons import doubts
from debit_service.reconcile.models import Allocation, BankDocument, BankEntry, Disposition
from debit_service.reconcile.queries import IN_SUSPENSE
from debit_service.reconcile.rules import (
    BY_A_PERSON,
    DETAILS_DIFFER,
    DOUBTED,
    IN_DECIDED_SUM,
    PART_OF_SUM,
    TOLD_IN_PARTS,
    TOTALS,
    UNLINKED,
    Booking,
    Effect,
)
from debit_service.reconcile.same_booking import folds
from debit_service.reconcile.service.verdict import AnyEntry

#: Reasons of what names no debit and no block of ours.
NOTHING_OF_OURS = ("unknown_reference", "no_reference", "charge_alone", DETAILS_DIFFER)
#: What an entry stands for by itself: it was not folded into another one, and is money.
_STANDING = Disposition.kind.in_(("matched", "resolved", "suspense"))
STANDS = Disposition.most_recent & _STANDING
#: A person said that another report, which dates it otherwise, has told of it.
_TOLD_BEFORE = (Disposition.kind == "folded") & (Disposition.reason == BY_A_PERSON)


class Told(NamedTuple):
    """An entry that tells of a share, and what it took of it: charges and interest, minor units."""

    entry_id: str
    taken_minor: int


class Report(NamedTuple):
    """Another entry that carries a reference of the chunk, and what was made of it; `made` is None while nothing was."""

    id: str
    message: str
    document_id: str
    account_index: str | None
    currency: str | None
    direction: str | None
    amount_minor: int | None
    booking_date: date | None
    end_to_end_id: str | None
    account_servicer_reference: str | None
    transaction_id: str | None
    payment_information_id: str | None
    kind: str
    reason_code: str | None
    reason_code_set: str | None
    reason_proprietary: str | None
    charges_minor: int | None
    interest_minor: int | None
    value_date: date | None
    made: str | None
    folded_into: str | None


def heads(work: Work, entry: BankEntry) -> list[BankEntry]:
    """Entries of other containers with the same account, amount and day that stand for a booking of their own, matched first.

    Then details that are in a sum, and sums that are told in parts; and those of which a person said that the booking was told
    before, dated otherwise: more reports of it belong to them, as far as nothing that is told of that booking says that it is
    another one.
    """
    query = (
        select(BankEntry, Disposition.kind, Disposition.reason)
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .where(
            Disposition.most_recent,
            or_(_STANDING, _TOLD_BEFORE, Disposition.reason.in_((PART_OF_SUM, TOLD_IN_PARTS, IN_DECIDED_SUM))),
            BankEntry.account_index == entry.account_index,
            BankEntry.booking_date == entry.booking_date,
            BankEntry.amount_minor == entry.amount_minor,
            BankEntry.document_id != entry.document_id,
        )
    )
    # Another reference is another booking (`certainly_two`): a day of a million equal amounts is not gone through for each.
    named = (BankEntry.end_to_end_id == entry.end_to_end_id, BankEntry.end_to_end_id.is_(None))
    asked = [query.where(one) for one in named] if entry.end_to_end_id else [query]
    found = [row for one in asked for row in work.session.execute(one)]
    by_a_person = {head.id for head, kind, reason in found if kind == "folded" and reason == BY_A_PERSON}
    others = by_a_person - _told_before(work, entry, by_a_person)
    fit = [(kind == "folded", kind, head.id, head) for head, kind, _ in found if head.id not in others]
    return [row[-1] for row in sorted(fit, key=lambda row: row[:-1])]


def _told_before(work: Work, entry: BankEntry, folded: AnyOf[str]) -> set[str]:
    """Of entries that were folded into bookings those whose booking `entry` may be one more report of."""
    if not folded:
        return set()
    ends = folds.standing_for(work, folded)
    told = folds.reports_of_each(work, {entry.id, *ends.values()})
    mine = told[entry.id]
    own = {one.id for one in mine}
    others = {end: [one for one in told[end] if one.id not in own] for end in ends.values()}
    return {one for one, end in ends.items() if one not in own and folds.may_be_one(mine, others[end])}


def reports_of(work: Work, head: BankEntry, without: str | None = None) -> dict[str, Booking]:
    """The booking that `head` stands for as each report (id) tells it: its own, and of the same money those folded into it.

    Not `without` and what was folded into that one: about it is to be decided.
    """
    found, newest = [head], [head.id]
    while newest:
        folded = select(BankEntry).join(Disposition, Disposition.entry_id == BankEntry.id)
        folded = folded.where(Disposition.most_recent, Disposition.folded_into.in_(newest))
        known = {one.id for one in found}
        more = [one for one in work.session.scalars(folded) if one.id != without and one.id not in known]
        found, newest = found + more, [one.id for one in more]
    told = {one.id: booking(work, one) for one in found}
    return {name: one for name, one in told.items() if one.money == told[head.id].money}


def booking(work: Work, entry: BankEntry) -> Booking:
    """An entry as what identifies its booking."""
    document = work.session.get_one(BankDocument, entry.document_id)
    return booking_of(entry, (document.message_id, document.container_id))


def booking_of(one: AnyEntry | Report, container: tuple[str | None, str | None] = (None, None)) -> Booking:
    """`booking`, in a container that is named or, where nobody asks for it, is not."""
    return Booking(
        family=one.message[:8],
        document=one.document_id,
        container=container,
        account=one.account_index,
        currency=one.currency,
        direction=one.direction,
        amount_minor=one.amount_minor,
        booking_date=one.booking_date,
        references=(
            one.end_to_end_id,
            one.account_servicer_reference,
            one.transaction_id,
            one.payment_information_id,
        ),
    )


def says(one: AnyEntry | Report) -> tuple[str, ...]:
    """What a report says of its booking besides the money and the references, in the order in which it matters.

    Nothing here is an id of ours or a time of reading. Of a credit only what was taken of it and when it counts.
    """
    reason = one.reason_code or one.reason_proprietary or ""
    about = (reason, one.reason_code_set or "", one.kind, one.reason_proprietary or "")
    taken = (f"{one.charges_minor or 0:020d}", f"{one.interest_minor or 0:+020d}", str(one.value_date or date.max))
    return (*about, *taken) if one.direction == "debit" else taken


def says_better(one: AnyEntry, other: AnyEntry) -> bool:
    """Whether of two reports of one booking `one` stands for it: of a return one with a reason, as `counting` prefers them."""
    return says(one) > says(other) if one.direction == "debit" else says(one) < says(other)


def taken_by_container_of(entry: BankEntry) -> ColumnElement[bool]:
    """Whether another line of the container of `entry` was taken for the booking that the row's bank entry is a detail of."""
    follower, sibling = aliased(BankEntry), aliased(BankEntry)
    return (
        exists()
        .where(Disposition.folded_into == sibling.id, Disposition.most_recent, Disposition.entry_id == follower.id)
        .where(sibling.document_id == BankEntry.document_id, sibling.entry_index == BankEntry.entry_index)
        .where(follower.document_id == entry.document_id, follower.id != entry.id)
        .correlate(BankEntry)
    )


def _is_of_another_block(entry: BankEntry) -> ColumnElement[bool]:
    """Whether the row's bank entry names a debit of ours that is in another block than the one of ours which `entry` names."""
    names_ours = exists().where(PaymentInformation.id == entry.payment_information_id)
    return names_ours & exists().where(
        Collection.end_to_end_id == BankEntry.end_to_end_id,
        Collection.payment_information_id != entry.payment_information_id,
    )


def is_part(entry: AnyEntry) -> bool:
    """Whether it is a detail that is not all of its entry."""
    return entry.level == "transaction" and entry.amount_minor not in (None, entry.entry_amount_minor)


def detail_of_total(work: Work, entry: BankEntry) -> BankEntry | None:
    """The first detail, in another container, of an entry with this account, day, direction and total."""
    block = BankEntry.payment_information_id
    query = (
        select(BankEntry)
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .where(
            # Also one that was folded: a line of another report told it singly before.
            Disposition.most_recent,
            func.coalesce(Disposition.folded_into, "") != entry.id,
            BankEntry.level == "transaction",
            BankEntry.account_index == entry.account_index,
            BankEntry.booking_date == entry.booking_date,
            BankEntry.direction == entry.direction,
            BankEntry.entry_amount_minor == entry.amount_minor,
            # The words of the partial index: a detail that is not all of its entry.
            BankEntry.amount_minor != BankEntry.entry_amount_minor,
            BankEntry.document_id != entry.document_id,
            ~taken_by_container_of(entry),
            ~doubts.is_apart_from(entry.id),
        )
        .order_by(BankEntry.position, BankEntry.id)
    )
    if entry.payment_information_id:
        query = query.where(or_(block.is_(None), block == entry.payment_information_id), ~_is_of_another_block(entry))
    return work.session.scalars(query.limit(1)).one_or_none()


def has_waiting_detail(work: Work, detail: BankEntry, total: BankEntry) -> bool:
    """Whether a detail of the same entry of the bank's, this one or another, waits, or another report of it, or was not looked at
    yet; or would wait, if `total` did not tell of it.

    So with what is left of the entry beside its details. What waits because a person doubts it, no sum explains.
    """
    head = aliased(Disposition)
    query = (
        select(BankEntry.id)
        .outerjoin(Disposition, (Disposition.entry_id == BankEntry.id) & Disposition.most_recent)
        .outerjoin(head, (head.entry_id == Disposition.folded_into) & head.most_recent)
        .where(BankEntry.document_id == detail.document_id, BankEntry.entry_index == detail.entry_index)
        .where(
            or_(
                Disposition.id.is_(None),
                (Disposition.kind == "suspense") & (Disposition.reason != DOUBTED),
                (head.kind == "suspense") & (head.reason != DOUBTED),
                Disposition.folded_into == total.id,
                # One more report of such a detail: else the sum would be taken for what is in it.
                head.folded_into == total.id,
            )
        )
        # By the account and the day there is an index.
        .where(BankEntry.account_index == detail.account_index, BankEntry.booking_date == detail.booking_date)
    )
    return work.session.scalars(query.limit(1)).one_or_none() is not None


def rejected_on(work: Work, collection_ids: Iterable[str]) -> dict[str, date]:
    """Collection -> the first day on which the bank said that it rejects it; one that it never rejected is left out."""
    query = (
        select(Allocation.collection_id, BankDocument.created_on, BankFile.stored_at)
        .join(Disposition, Disposition.id == Allocation.disposition_id)
        .join(BankEntry, BankEntry.id == Allocation.entry_id)
        .join(BankDocument, BankDocument.id == BankEntry.document_id)
        .join(BankFile, BankFile.id == BankEntry.file_id)
        .where(
            among(work.session, Allocation.collection_id, collection_ids),
            Disposition.most_recent,
            Allocation.effect == Effect.REJECTED.value,
        )
    )
    found: dict[str, date] = {}
    for name, created_on, stored_at in work.session.execute(query):
        day = created_on or stored_at.date()
        found[name] = min(found.get(name, day), day)
    return found


def details_of_shares(
    work: Work, collection_ids: Iterable[str], entry: BankEntry, effect: Effect = Effect.SETTLED
) -> dict[str, Told]:
    """Collection -> the detail, in another container, that has told already that it is in the total `entry`."""
    detail, same_account = BankEntry.level == "transaction", BankEntry.account_index == entry.account_index
    return _told_elsewhere(work, collection_ids, entry, effect, detail, same_account, ~taken_by_container_of(entry))


def batch_entry_of(work: Work, collection_id: str, entry: BankEntry) -> str | None:
    """The batch entry of another container that has settled this collection on this day already."""
    follower, taken = aliased(BankEntry), aliased(Disposition)
    # Two lines of one container are two bookings: the total holds only one of them.
    told_here = exists().where(
        taken.folded_into == BankEntry.id,
        taken.most_recent,
        taken.entry_id == follower.id,
        follower.document_id == entry.document_id,
        follower.end_to_end_id == entry.end_to_end_id,
        follower.id != entry.id,
    )
    # Not one that a person matched: what that was is told by its references alone.
    is_total = Disposition.reason.in_(TOTALS)
    told = _told_elsewhere(work, [collection_id], entry, Effect.SETTLED, is_total, ~told_here).get(collection_id)
    return told.entry_id if told else None


def _told_elsewhere(
    work: Work, collection_ids: Iterable[str], entry: BankEntry, effect: Effect, *conditions: ColumnElement[bool]
) -> dict[str, Told]:
    """Collection -> an entry of another container that did this to it on the day of `entry`, and fulfils `conditions`."""
    query = (
        select(Allocation.collection_id, BankEntry.id, Allocation.charges_minor + Allocation.interest_minor)
        .join(Disposition, Disposition.id == Allocation.disposition_id)
        .join(BankEntry, BankEntry.id == Allocation.entry_id)
        .join(Collection, Collection.id == Allocation.collection_id)
        .where(
            among(work.session, Allocation.collection_id, collection_ids),
            Disposition.most_recent,
            Allocation.effect == effect.value,
            BankEntry.booking_date == entry.booking_date,
            BankEntry.document_id != entry.document_id,
            # What a person said goes back in part is not the share of a sum.
            Allocation.amount_minor == Collection.amount_minor,
            *conditions,
        )
        # The last one of a collection stays: the first that was told.
        .order_by(BankEntry.id.desc())
    )
    return {row[0]: Told(row[1], row[2]) for row in work.session.execute(query)}


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
        # The words of the partial index.
        BankEntry.level == literal_column("'group'"),
        BankEntry.status == literal_column("'RJCT'"),
        BankEntry.reason_code.in_(codes),
    )
    return {(document_id, original) for document_id, original in work.session.execute(query)}


def waiting(work: Work, file_id: str) -> list[str]:
    """The entries in suspense that a file may explain, oldest first.

    What names a debit or a block of ours may be explained by anything that moves one of its attempts, and there is little of it:
    always. What names nothing of ours is explained only by another report of the same money, or by the details of a total; a
    return that names only the bank's own reference also by a credit: `links.retold_by`.
    """
    new = aliased(BankEntry)
    same_money = (
        # An expression, so that no database goes through all of the file for each of these instead of by the money.
        (func.coalesce(new.file_id, "") == file_id)
        & (new.document_id != BankEntry.document_id)
        & (new.account_index == BankEntry.account_index)
        & (new.booking_date == BankEntry.booking_date)
    )
    told_again = exists().where(same_money, new.amount_minor == BankEntry.amount_minor)
    told_without_reference = exists().where(
        same_money, new.amount_minor == BankEntry.amount_minor, new.end_to_end_id.is_(None)
    )
    has_details = exists().where(
        same_money,
        new.level == "transaction",
        new.amount_minor != new.entry_amount_minor,
        new.entry_amount_minor == BankEntry.amount_minor,
    )
    told_in_full = exists().where(
        same_money,
        or_(
            new.entry_amount_minor == BankEntry.entry_amount_minor,
            new.amount_minor == BankEntry.entry_amount_minor,
        ),
    )
    incomplete = BankEntry.account_index.is_(None) | BankEntry.booking_date.is_(None)
    query = (
        select(BankEntry.id)
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .where(
            IN_SUSPENSE,
            or_(
                Disposition.reason.not_in((*NOTHING_OF_OURS, UNLINKED)),
                BankEntry.level.in_(("group", "payment_information")),
                BankEntry.message.like("camt.%") & incomplete,
                BankEntry.end_to_end_id.is_(None) & told_again,
                told_without_reference,
                (BankEntry.level == "entry") & has_details,
                (BankEntry.kind == "remainder") & told_in_full,
            ),
        )
        .order_by(BankEntry.booking_date, BankEntry.id)
    )
    return list(work.session.scalars(query))
