"""Told before: bookings that another report may have told already, under another booking date."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from sqlalchemy import false, func, or_, select

from debit_service.collections.models import Collection
from debit_service.core.work import Work
from debit_service.reconcile.models import Allocation, BankEntry, Disposition
from debit_service.reconcile.rules import may_be_told_before
from debit_service.reconcile.same_booking import folds
from debit_service.reconcile.service.lookups import STANDS, booking_of
from debit_service.reconcile.service.verdict import effect_of

#: How far two reports of one booking may date it apart, for it to be looked for: a notification and a statement differ by a day.
APART_MAX: Final = timedelta(days=10)


def told_before(work: Work, entry: BankEntry) -> Sequence[BankEntry]:
    """The bookings that an entry may be another report of, those with the same reference of the bank's first.

    None of which another report says that it is another booking: `folds.may_be_one`. Of a sum that names a block also the first
    of each day's bookings of single debits of it, where these are as much: it is told by its parts then.
    """
    if entry.booking_date is None:
        return []
    stated = [(getattr(BankEntry, name), getattr(entry, name)) for name in folds.REFERENCES]
    query = (
        select(BankEntry)
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .where(
            STANDS,
            BankEntry.account_index == entry.account_index,
            BankEntry.booking_date.between(entry.booking_date - APART_MAX, entry.booking_date + APART_MAX),
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
    return [*fit, *_parts_of(work, entry, entry.booking_date)]


def _parts_of(work: Work, total: BankEntry, day: date) -> Sequence[BankEntry]:
    if total.level != "entry" or total.payment_information_id is None:
        return []
    singly = (
        select(func.min(BankEntry.id))
        .join(Allocation, Allocation.entry_id == BankEntry.id)
        .join(Disposition, (Disposition.id == Allocation.disposition_id) & Disposition.most_recent)
        .join(Collection, Collection.id == Allocation.collection_id)
        .where(
            Collection.payment_information_id == total.payment_information_id,
            Allocation.effect == effect_of(total).value,
            BankEntry.level == "transaction",
            BankEntry.account_index == total.account_index,
            BankEntry.booking_date.between(day - APART_MAX, day + APART_MAX),
            BankEntry.document_id != total.document_id,
        )
        .group_by(BankEntry.booking_date)
        .having(func.sum(Allocation.amount_minor) >= total.amount_minor)
    )
    query = select(BankEntry).where(BankEntry.id.in_(singly)).order_by(BankEntry.booking_date, BankEntry.id)
    return work.session.scalars(query).all()
