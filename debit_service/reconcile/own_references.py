"""The bank's own references: by them a return that names no debit of ours is known from the credit that it takes back."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import aliased

from debit_service.collections.models import Collection
from debit_service.core.work import Work
from debit_service.reconcile.models import Allocation, BankEntry, Disposition, Resolution
from debit_service.reconcile.rules import RETURN_KINDS

#: By what a bank calls a booking of its own. By each, with the account, there is an index.
OWN_NAMES: Final = ("transaction_id", "account_servicer_reference")
#: How long after a credit its return may be booked: thirteen months for a debit that nobody authorised, and some days.
GOES_BACK_WITHIN: Final = timedelta(days=400)


def may_be_taken_back(credit: type[BankEntry], back: type[BankEntry], name: str) -> ColumnElement[bool]:
    """Whether a row's `credit` is one that its return `back` may take back by the bank's reference of this name: of the same
    account and currency, and of its amount, less what it states of charges and interest."""
    charges, interest = func.coalesce(back.charges_minor, 0), func.coalesce(back.interest_minor, 0)
    return and_(
        credit.account_index == back.account_index,
        getattr(credit, name) == getattr(back, name),
        getattr(credit, name).is_not(None),
        credit.currency == back.currency,
        (back.amount_minor - credit.amount_minor).in_((0, charges, interest, charges + interest)),
    )


def credited_since(work: Work, which: ColumnElement[bool]) -> Iterator[tuple[str, str]]:
    """(entry, end-to-end reference) of the returns about which persons decided, by these decisions, before a credit was read that
    they may take back, and that names a debit of ours to which they were not matched."""
    credit, back = aliased(BankEntry), aliased(BankEntry)
    is_his = exists().where(Allocation.disposition_id == Disposition.id, Allocation.collection_id == Collection.id)
    ours = (
        (Collection.end_to_end_id == credit.end_to_end_id)
        & (Collection.fund_id == credit.fund_id)
        & (Collection.currency == credit.currency)
    )
    for name in OWN_NAMES:
        query = (
            select(back.id, Collection.end_to_end_id)
            .join(Disposition, (Disposition.entry_id == back.id) & Disposition.most_recent)
            .join(Resolution, Resolution.entry_id == back.id)
            .join(credit, may_be_taken_back(credit, back, name))
            .join(Collection, ours)
            .where(which, credit.id > Resolution.id, Disposition.kind.in_(("resolved", "matched")), ~is_his)
            .where(back.direction == "debit", back.kind.in_(RETURN_KINDS), back.end_to_end_id.is_(None))
            .where(credit.direction == "credit", credit.status == "BOOK", credit.booking_date <= back.booking_date)
        )
        yield from ((entry_id, end_to_end_id) for entry_id, end_to_end_id in work.session.execute(query))
