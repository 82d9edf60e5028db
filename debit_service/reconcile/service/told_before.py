"""Told before: bookings that another report may have told already, under another booking date."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

from sqlalchemy import BigInteger, cast, false, func, or_, select

from debit_service.collections.models import Collection, PaymentInformation
from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.reconcile.models import Allocation, BankEntry, Disposition
from debit_service.reconcile.rules import may_be_told_before
from debit_service.reconcile.same_booking import folds
from debit_service.reconcile.service.lookups import STANDS, booking_of
from debit_service.reconcile.service.verdict import effect_of

#: How far two reports of one booking may date it apart, for it to be looked for: a notification and a statement differ by a day.
APART_MAX: Final = timedelta(days=10)


@dataclass(frozen=True, slots=True)
class Before:
    """A booking that an entry may be another report of.

    Of a sum it may be the first of the bookings of single debits that tell it by its parts: `debits` is how many these are then,
    and `minor` what they come to, minor units.
    """

    entry: BankEntry
    debits: int = 0
    minor: int = 0


def told_before(work: Work, entry: BankEntry) -> list[Before]:
    """The bookings that an entry may be another report of, those with the same reference of the bank's first.

    None of which another report says that it is another booking: `folds.may_be_one`. Of a sum also the first of the bookings of
    single debits of a block, or of a file of ours, that tell it by its parts. Where it names the block, these are those of each
    day about its own, if they are as much at least; where it names none, those of its own day, if sum and number are the same.
    """
    if entry.booking_date is None:
        return []
    whole = [Before(one) for one in _reports(work, entry, entry.booking_date)]
    return [*whole, *_parts_of(work, entry, entry.booking_date)]


def _reports(work: Work, entry: BankEntry, day: date) -> Sequence[BankEntry]:
    stated = [(getattr(BankEntry, name), getattr(entry, name)) for name in folds.REFERENCES]
    query = (
        select(BankEntry)
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .where(
            STANDS,
            BankEntry.account_index == entry.account_index,
            BankEntry.booking_date.between(day - APART_MAX, day + APART_MAX),
            BankEntry.amount_minor == entry.amount_minor,
            BankEntry.status == "BOOK",
            # As `may_be_told_before` asks: a day of a million equal amounts is not gone through for each.
            or_(false(), *(column == name for column, name in stated if name)),
        )
        .order_by(BankEntry.booking_date, BankEntry.id)
    )
    mine = booking_of(entry)
    found = [one for one in work.session.scalars(query) if may_be_told_before(mine, booking_of(one))]
    told = folds.reports_of_each(work, [entry.id, *(one.id for one in found)])
    fit = [one for one in found if folds.may_be_one(told[entry.id], told[one.id])]
    fit.sort(key=lambda one: one.account_servicer_reference != entry.account_servicer_reference)
    return fit


def _parts_of(work: Work, total: BankEntry, day: date) -> list[Before]:
    if total.level != "entry" or total.kind in ("charge", "cost", "remainder") or total.end_to_end_id:
        return []
    if total.payment_information_id:
        fit = [one for one in _singles(work, total, day, APART_MAX) if one.minor >= (total.amount_minor or 0)]
    else:
        found = _singles(work, total, day, timedelta(0))
        fit = [one for one in (*_of_files(found), *found) if one.minor == total.amount_minor]
        fit = [one for one in fit if one.debits > 1 and total.batch_count in (None, one.debits)]
    # Of the sums that begin with one booking the smallest, a block and not its file, comes last and stays.
    firsts = {one.first_id: one for one in fit}
    query = select(BankEntry).where(among(work.session, BankEntry.id, firsts))
    entries = work.session.scalars(query.order_by(BankEntry.booking_date, BankEntry.id)).all()
    told = folds.reports_of_each(work, [total.id, *firsts])
    mine = {one.document_id for one in told[total.id]}
    # What one container lists twice, the bank booked twice: another sum of it may be told by these bookings already.
    fits = [one for one in entries if mine.isdisjoint(each.document_id for each in told[one.id])]
    return [Before(one, firsts[one.id].debits, firsts[one.id].minor) for one in fits]


class _Singles(NamedTuple):
    """The bookings of single debits of a block (of a file of ours) on a day: the first, how many, and minor units."""

    batch_id: str
    block: str
    first_id: str
    debits: int
    minor: int


def _singles(work: Work, total: BankEntry, day: date, within: timedelta) -> list[_Singles]:
    """What other containers tell of single debits of ours on the account of a sum, in its direction, by day and block."""
    query = (
        select(
            PaymentInformation.batch_id,
            PaymentInformation.id,
            func.min(BankEntry.id),
            func.count(),
            cast(func.sum(Allocation.amount_minor), BigInteger),
        )
        .select_from(BankEntry)
        .join(Allocation, Allocation.entry_id == BankEntry.id)
        .join(Disposition, (Disposition.id == Allocation.disposition_id) & Disposition.most_recent)
        .join(Collection, Collection.id == Allocation.collection_id)
        .join(PaymentInformation, PaymentInformation.id == Collection.payment_information_id)
        .where(
            Allocation.effect == effect_of(total).value,
            BankEntry.level == "transaction",
            BankEntry.account_index == total.account_index,
            BankEntry.booking_date.between(day - within, day + within),
            BankEntry.document_id != total.document_id,
        )
        .group_by(PaymentInformation.batch_id, PaymentInformation.id, BankEntry.booking_date)
    )
    if total.payment_information_id:
        # From the block: no database goes through all of these days.
        query = query.where(Collection.payment_information_id == total.payment_information_id)
    return [_Singles._make(row) for row in work.session.execute(query)]


def _of_files(blocks: Sequence[_Singles]) -> Iterator[_Singles]:
    """The files of ours of which several blocks were booked: some banks book a file in one sum."""
    by_file: dict[str, list[_Singles]] = defaultdict(list)
    for one in blocks:
        by_file[one.batch_id].append(one)
    for batch_id, some in by_file.items():
        if len(some) > 1:
            debits, minor = sum(one.debits for one in some), sum(one.minor for one in some)
            yield _Singles(batch_id, "", min(one.first_id for one in some), debits, minor)
