"""Sums of a block that bookings of single debits of it tell: a bank books a block in several sums, each debit is told elsewhere.

The money of a sum is then told already: it is folded into one of these bookings (`told_in_parts`), and never counts besides.
"""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, exists, literal_column, select
from sqlalchemy.orm import aliased

from debit_service.collections.queries import Asked
from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.reconcile.models import Allocation, BankEntry, Disposition, Resolution, ResolutionPart
from debit_service.reconcile.rules import TOLD_IN_PARTS, certainly_two, same_booking
from debit_service.reconcile.same_booking import in_parts
from debit_service.reconcile.same_booking.in_parts import Sum
from debit_service.reconcile.service import lookups
from debit_service.reconcile.service.verdict import Verdict, effect_of

#: It names a block of ours, and is not the sum of it.
BATCH_DIFFERS = "batch_differs"
#: In the words of the partial index of sums: SQLite does not look at it for a value that is only bound.
_ENTRY: Final[ColumnElement[str]] = literal_column("'entry'")


class _Single(NamedTuple):
    """An entry that tells of one debit by itself, and with how much: principal, minor units."""

    entry_id: str
    minor: int


def told_by_singles(work: Work, entry: BankEntry, block: Sequence[Asked]) -> Verdict | None:
    """A sum whose money bookings of single debits of its block tell, on its day and in other containers; else None."""
    singly = _told_singly(work, [one.id for one in block], entry)
    if not singly:
        return None
    bookings = _bookings(work, entry)
    sums = [Sum(one[0].amount_minor or 0, _count(one), told) for one, told in bookings]
    rejected = lookups.rejected_on(work, [one.id for one in block])
    untold = [one.amount_minor for one in block if one.id not in singly and one.id not in rejected]
    found = in_parts.told_in_parts(sums, [one.minor for one in singly.values()], untold)
    place, told = next((place, told) for place, (one, told) in enumerate(bookings) if entry in one)
    if not told and place not in found:
        return None
    said = "other messages tell the debits that it is the sum of, each by itself"
    into = min(one.entry_id for one in singly.values())
    return Verdict("folded", TOLD_IN_PARTS, said, folded_into=into)


def _count(reports: Sequence[BankEntry]) -> int | None:
    return next((one.batch_count for one in reports if one.batch_count is not None), None)


def _bookings(work: Work, entry: BankEntry) -> list[tuple[list[BankEntry], bool]]:
    """The sums of the block and day of `entry` that it may share single bookings with, its own among them: the reports of each,
    and whether some of these bookings are known to be its own. In an order that follows from what the bank says."""
    head = aliased(BankEntry)
    query = (
        select(BankEntry, Disposition.kind == "folded", Disposition.reason, head.level)
        .outerjoin(Disposition, (Disposition.entry_id == BankEntry.id) & Disposition.most_recent)
        .outerjoin(head, head.id == Disposition.folded_into)
        .where(*_is_sum_beside(entry))
    )
    found: list[tuple[list[BankEntry], bool]] = []
    rows = work.session.execute(query).all()
    for one, is_folded, reason, into in sorted(rows, key=lambda row: _rank(row[0])):
        waits = one is entry or reason in (BATCH_DIFFERS, TOLD_IN_PARTS)
        told = not waits and bool(is_folded) and into == "transaction"
        if not waits and not told:
            continue
        place = next((place for place, (some, _) in enumerate(found) if _is_one_of(work, one, some)), None)
        if place is None:
            found.append(([one], told))
        else:
            reports, known = found[place]
            found[place] = ([*reports, one], known or told)
    return found


def _rank(one: BankEntry) -> tuple[object, ...]:
    """Of equal sums the same one comes first whichever was read first; an id of ours only tells apart what says the same."""
    return (-(one.amount_minor or 0), one.batch_count or 0, one.account_servicer_reference or "", one.id)


def _is_one_of(work: Work, one: BankEntry, reports: Sequence[BankEntry]) -> bool:
    """Whether an entry is another report of the booking that these tell of."""
    mine = lookups.booking(work, one)
    pairs = list(product([mine], (lookups.booking(work, other) for other in reports)))
    return any(same_booking(*pair) for pair in pairs) and not any(certainly_two(*pair) for pair in pairs)


def _told_singly(work: Work, collection_ids: Iterable[str], total: BankEntry) -> dict[str, _Single]:
    """Collection -> the booking, in another container, that does the same to it by itself, on the account and day of a sum.

    Not one that the container of the sum tells apart; but one sum may have been folded into what tells others of its block too.
    """
    follower, sibling = aliased(BankEntry), aliased(BankEntry)
    told_apart = (
        exists()
        .where(Disposition.folded_into == sibling.id, Disposition.most_recent, Disposition.entry_id == follower.id)
        .where(sibling.document_id == BankEntry.document_id, sibling.entry_index == BankEntry.entry_index)
        .where(follower.document_id == total.document_id, follower.id != total.id)
        .where(
            (follower.level != "entry") | follower.payment_information_id.is_distinct_from(total.payment_information_id)
        )
        .correlate(BankEntry)
    )
    query = (
        select(Allocation.collection_id, BankEntry.id, Allocation.amount_minor)
        .join(Disposition, Disposition.id == Allocation.disposition_id)
        .join(BankEntry, BankEntry.id == Allocation.entry_id)
        .where(
            among(work.session, Allocation.collection_id, collection_ids),
            Disposition.most_recent,
            Allocation.effect == effect_of(total).value,
            BankEntry.level == "transaction",
            BankEntry.account_index == total.account_index,
            BankEntry.booking_date == total.booking_date,
            BankEntry.document_id != total.document_id,
            ~told_apart,
        )
        .order_by(BankEntry.id.desc())
    )
    return {row[0]: _Single(row[1], row[2]) for row in work.session.execute(query)}


def _is_sum_beside(total: BankEntry) -> tuple[ColumnElement[bool], ...]:
    """Whether the row is a booked sum of the block, account, day and direction of this one, which is among them itself."""
    return (
        BankEntry.payment_information_id == total.payment_information_id,
        BankEntry.payment_information_id.is_not(None),
        BankEntry.level == _ENTRY,
        BankEntry.status == "BOOK",
        BankEntry.account_index == total.account_index,
        BankEntry.booking_date == total.booking_date,
        BankEntry.direction == total.direction,
        BankEntry.currency == total.currency,
    )


def allocated_sum_of(work: Work, debit: Asked, entry: BankEntry) -> str | None:
    """The sum of the debit's block, in another container, of which a person has allocated the debit's amount to its contribution:
    the bank booked that money once, on this account and day, and the decision stands until a person takes it back."""
    query = (
        select(BankEntry.id)
        .join(Resolution, Resolution.entry_id == BankEntry.id)
        .join(ResolutionPart, ResolutionPart.resolution_id == Resolution.id)
        .join(Disposition, (Disposition.entry_id == BankEntry.id) & Disposition.most_recent)
        .where(
            ResolutionPart.contribution_id == debit.contribution_id,
            ResolutionPart.stands,
            ResolutionPart.amount_minor == debit.amount_minor,
            Disposition.kind == "resolved",
            BankEntry.payment_information_id == debit.payment_information_id,
            BankEntry.level == _ENTRY,
            BankEntry.account_index == entry.account_index,
            BankEntry.booking_date == entry.booking_date,
            BankEntry.direction == entry.direction,
            BankEntry.currency == entry.currency,
            BankEntry.document_id != entry.document_id,
        )
        .order_by(BankEntry.id)
    )
    return work.session.scalars(query.limit(1)).first()


def beside(work: Work, entry: BankEntry) -> list[str]:
    """The sums about which to decide again because of what was made of `entry`: they may share single bookings with it."""
    shares = Disposition.reason.in_((BATCH_DIFFERS, TOLD_IN_PARTS)) & Disposition.most_recent
    query = select(BankEntry.id).join(Disposition, Disposition.entry_id == BankEntry.id)
    query = query.where(shares, *_is_sum_beside(entry), BankEntry.id != entry.id)
    return list(work.session.scalars(query.order_by(BankEntry.id)))


def told_more_of(work: Work, file_id: str) -> list[str]:
    """The sums that were told in parts, of accounts and days of which a file tells: it may tell of another sum's debits."""
    sums = (
        select(BankEntry.id, BankEntry.account_index, BankEntry.booking_date)
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .where(BankEntry.level == _ENTRY, BankEntry.payment_information_id.is_not(None))
        .where(Disposition.most_recent, Disposition.reason == TOLD_IN_PARTS)
        .order_by(BankEntry.booking_date, BankEntry.id)
    )
    told = work.session.execute(sums).all()
    if not told:
        return []
    # Once through the file, and not for each sum through all of its day.
    days = select(BankEntry.account_index, BankEntry.booking_date).where(BankEntry.file_id == file_id).distinct()
    new = {(account, day) for account, day in work.session.execute(days)}
    return [sum_id for sum_id, account, day in told if (account, day) in new]
