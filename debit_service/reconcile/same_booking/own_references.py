"""The bank's own references: by them a return that names no debit of ours is known from the credit that it takes back."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, func, select

from debit_service.collections.models import Collection
from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.reconcile.models import Allocation, BankEntry, Disposition, Resolution
from debit_service.reconcile.rules import RETURN_KINDS
from debit_service.reconcile.same_booking import folds

#: By what a bank calls a booking of its own. By each, with the account, there is an index.
OWN_NAMES: Final = ("transaction_id", "account_servicer_reference")
#: How long after a credit its return may be booked: thirteen months for a debit that nobody authorised, and some days.
GOES_BACK_WITHIN: Final = timedelta(days=400)

#: What a credit and its return have in common: account, currency, the bank's reference and, minor units, the credit's amount.
Called: TypeAlias = tuple[str | None, str | None, str | None, int | None]


class Back(NamedTuple):
    """A return, as far as the credit that it takes back is known from it. Minor units."""

    id: str
    account_index: str | None
    currency: str | None
    transaction_id: str | None
    account_servicer_reference: str | None
    amount_minor: int | None
    charges_minor: int | None
    interest_minor: int | None
    booking_date: date | None


BACK: Final = tuple(getattr(BankEntry, name) for name in Back._fields)


def credited_minor(back: Back | BankEntry) -> set[int]:
    """The amounts of which the credit may be that a return takes back: its own, less what it states of charges and interest."""
    amount, charges, interest = back.amount_minor or 0, back.charges_minor or 0, back.interest_minor or 0
    return {amount, amount - charges, amount - interest, amount - charges - interest}


def by_credit(backs: Iterable[Back], name: str) -> dict[Called, list[Back]]:
    """The returns by the credits that they may take back, by the bank's reference of this name."""
    found: dict[Called, list[Back]] = defaultdict(list)
    for back in backs:
        for minor in credited_minor(back):
            found[back.account_index, back.currency, getattr(back, name), minor].append(back)
    return found


def credited_since(work: Work, which: ColumnElement[bool]) -> Iterator[tuple[str, str]]:
    """(entry, end-to-end reference) of the returns about which persons decided, by these decisions, before a credit was read that
    they may take back, and that names a debit of ours to which they were not matched.

    Not one more report of a credit that was read before, and named the same.
    """
    decided = _decided(work, which)
    found = {pair for name in OWN_NAMES for pair in _credited(work, decided, name)} if decided else set()
    if found:
        matched = matched_to(work, {entry_id for entry_id, _ in found}, {name for _, name in found})
        yield from ((entry_id, name) for entry_id, name in found if name not in matched[entry_id])


def matched_to(work: Work, entry_ids: Iterable[str], end_to_end_ids: Iterable[str]) -> dict[str, set[str]]:
    """Entry -> those of these debits (end-to-end references) to which it is matched."""
    query = (
        select(Disposition.entry_id, Collection.end_to_end_id)
        .join(Allocation, Allocation.disposition_id == Disposition.id)
        .join(Collection, Collection.id == Allocation.collection_id)
        .where(Disposition.most_recent, among(work.session, Disposition.entry_id, entry_ids))
        .where(among(work.session, Collection.end_to_end_id, end_to_end_ids))
    )
    found: dict[str, set[str]] = defaultdict(set)
    for entry_id, name in work.session.execute(query):
        found[entry_id].add(name)
    return found


def _decided(work: Work, which: ColumnElement[bool]) -> dict[Back, str]:
    """The returns about which persons decided, each with the first of these decisions (id)."""
    by = select(Resolution.entry_id, func.min(Resolution.id).label("id")).where(which).group_by(Resolution.entry_id)
    first = by.subquery()
    query = (
        select(first.c.id, *BACK)
        .join(BankEntry, BankEntry.id == first.c.entry_id)
        .join(Disposition, (Disposition.entry_id == BankEntry.id) & Disposition.most_recent)
        .where(Disposition.kind.in_(("resolved", "matched")), BankEntry.kind.in_(RETURN_KINDS))
        # An expression: no database goes through all that names no debit instead of the decisions.
        .where(BankEntry.direction == "debit", func.coalesce(BankEntry.end_to_end_id, "") == "")
    )
    return {Back._make(columns): decision_id for decision_id, *columns in work.session.execute(query)}


def _credited(work: Work, decided: Mapping[Back, str], name: str) -> Iterator[tuple[str, str]]:
    """(return, debit) of each credit that was read after the decision and says first what the bank calls the debit's credit."""
    backs, called = by_credit(decided, name), getattr(BankEntry, name)
    query = (
        select(BankEntry.id, BankEntry.booking_date, Collection.end_to_end_id)
        .add_columns(BankEntry.account_index, BankEntry.currency, called, BankEntry.amount_minor)
        .join(Collection, Collection.end_to_end_id == BankEntry.end_to_end_id)
        .where(
            among(work.session, BankEntry.account_index, {one.account_index for one in decided if one.account_index})
        )
        .where(among(work.session, called, {key[2] for key in backs if key[2]}), called.is_not(None))
        .where(Collection.fund_id == BankEntry.fund_id, Collection.currency == BankEntry.currency)
        .where(BankEntry.direction == "credit", BankEntry.status == "BOOK")
        # A reference may be one that the bank gives to everything.
        .where(BankEntry.id > min(decided.values(), default=""), BankEntry.amount_minor.in_({key[3] for key in backs}))
    )
    found = [
        (back, credit_id, end_to_end_id, reference)
        for credit_id, booked_on, end_to_end_id, account, currency, reference, minor in work.session.execute(query)
        for back in backs.get((account, currency, reference, minor), ())
        if credit_id > decided[back] and booked_on and back.booking_date and booked_on <= back.booking_date
    ]
    ends = folds.standing_for(work, (credit_id for _, credit_id, _, _ in found))
    first = _read_first(work, ends.values(), name)
    for back, credit_id, end_to_end_id, reference in found:
        if first[ends[credit_id], end_to_end_id, reference] > decided[back]:
            yield back.id, end_to_end_id


def _read_first(work: Work, ends: Iterable[str], name: str) -> dict[tuple[str, str | None, str | None], str]:
    """(entry that stands for a booking, debit, what the bank calls it) -> the first report of the booking that says so."""
    told = folds.reports_of_each(work, set(ends))
    found: dict[tuple[str, str | None, str | None], str] = {}
    for end, reports in told.items():
        for one in reports:
            key = (end, one.end_to_end_id, getattr(one, name))
            found[key] = min(found.get(key, one.id), one.id)
    return found
