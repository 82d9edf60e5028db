"""Told before: bookings that another report may have told already, under another booking date."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.orm import aliased

from debit_service.core.work import Work
from debit_service.reconcile.models import BankEntry, Disposition
from debit_service.reconcile.rules import may_be_told_before
from debit_service.reconcile.service.lookups import booking_of

#: How far two reports of one booking may date it apart, for it to be looked for: a notification and a statement differ by a day.
APART_MAX: Final = timedelta(days=10)


def told_before(work: Work, entry: BankEntry) -> Sequence[BankEntry]:
    """The bookings that an entry may be another report of, those with the same reference of the bank's first.

    None that the entry's own container tells too: what it lists twice, the bank booked twice.
    """
    if entry.booking_date is None:
        return []
    follower, report = aliased(Disposition), aliased(BankEntry)
    told_here = (
        exists()
        .where(follower.folded_into == BankEntry.id, follower.most_recent)
        .where(follower.entry_id == report.id, report.document_id == entry.document_id)
    )
    query = (
        select(BankEntry)
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .where(
            BankEntry.account_index == entry.account_index,
            BankEntry.booking_date.between(entry.booking_date - APART_MAX, entry.booking_date + APART_MAX),
            BankEntry.amount_minor == entry.amount_minor,
            BankEntry.document_id != entry.document_id,
            BankEntry.status == "BOOK",
            Disposition.most_recent,
            Disposition.kind.in_(("matched", "resolved", "suspense")),
            ~told_here,
        )
        .order_by(BankEntry.booking_date, BankEntry.id)
    )
    mine = booking_of(entry)
    found = [one for one in work.session.scalars(query) if may_be_told_before(mine, booking_of(one))]
    return sorted(found, key=lambda one: one.account_servicer_reference != entry.account_servicer_reference)
