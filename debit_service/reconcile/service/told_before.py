"""Told before: bookings that another report may have told already, under another booking date."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import false, or_, select

from debit_service.core.work import Work
from debit_service.reconcile import folds
from debit_service.reconcile.models import BankEntry, Disposition
from debit_service.reconcile.rules import may_be_told_before
from debit_service.reconcile.service.lookups import STANDS, booking_of

#: How far two reports of one booking may date it apart, for it to be looked for: a notification and a statement differ by a day.
APART_MAX: Final = timedelta(days=10)


def told_before(work: Work, entry: BankEntry) -> Sequence[BankEntry]:
    """The bookings that an entry may be another report of, those with the same reference of the bank's first.

    None of which another report says that it is another booking: `folds.may_be_one`.
    """
    if entry.booking_date is None:
        return []
    references = ("end_to_end_id", "account_servicer_reference", "transaction_id", "payment_information_id")
    stated = [(getattr(BankEntry, name), getattr(entry, name)) for name in references]
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
    return sorted(fit, key=lambda one: one.account_servicer_reference != entry.account_servicer_reference)
