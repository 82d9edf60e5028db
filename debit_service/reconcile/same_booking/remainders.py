"""Remainders: which other reports tell of what is left of an entry beside its details, of one remainder or of many.

Two ways lead to it. A sum of another container stands for the whole entry: it names the block of its details, or both state the
bank's own reference, or neither names anything and they are messages of two kinds. Or another container has the same details, and
nothing is left beside them. The same money alone says nothing: a stranger may have transferred as much.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from debit_service.collections import queries as collections
from debit_service.collections.models import Collection
from debit_service.collections.queries import Asked
from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.reconcile.models import Allocation, BankEntry, Disposition, Resolution
from debit_service.reconcile.rules import BY_A_PERSON, TOTALS, Effect

_FAMILY_LENGTH = len("camt.05x")

_Entry: TypeAlias = type[BankEntry]
#: Account, day, currency, amount in minor units.
_Booked: TypeAlias = tuple[str | None, date | None, str | None, int | None]


class _Detail(NamedTuple):
    """A detail, or what is left beside some: the entry of the bank's that it is of, and its name."""

    id: str
    end_to_end_id: str | None
    document_id: str
    entry_index: int | None
    account_index: str | None
    booking_date: date | None
    currency: str | None
    entry_amount_minor: int | None

    @property
    def entry(self) -> tuple[str, int | None]:
        """The entry of the bank's, in its container."""
        return (self.document_id, self.entry_index)

    @property
    def booked(self) -> _Booked:
        """The entry of the bank's as any container tells it."""
        return (self.account_index, self.booking_date, self.currency, self.entry_amount_minor)


_DETAIL = tuple(getattr(BankEntry, name) for name in _Detail._fields)


def sums_telling(work: Work, remainder_ids: Iterable[str]) -> dict[str, set[str]]:
    """Remainder -> the sums of other containers that may stand for its entry; none of which a person said it of another one.

    Of an entry of which some details have amounts only a sum that was shared out among debits is meant.
    """
    left, one = aliased(BankEntry), aliased(BankEntry)
    is_whole = left.amount_minor == left.entry_amount_minor
    stands = Disposition.kind.in_(("matched", "resolved", "suspense")) & (one.direction == left.direction)
    is_shared_out = (Disposition.kind == "matched") & Disposition.reason.in_(TOTALS)
    names = (left.account_servicer_reference, one.account_servicer_reference)
    query = (
        select(left.id, one.id)
        .join(one, and_(*_same_day(left, one), one.amount_minor == left.entry_amount_minor))
        .join(Disposition, Disposition.entry_id == one.id)
        .where(among(work.session, left.id, remainder_ids), left.kind == "remainder")
        .where(Disposition.most_recent, or_(is_whole & stands, is_shared_out))
        .where(one.level == "entry", one.kind.not_in(("cost", "remainder")), ~_told_by_a_person(left, one))
        .where(func.coalesce(names[0], names[1], "") == func.coalesce(names[1], names[0], ""))
        .where(or_(names[0] == names[1], _is_of_block(left, one), _nothing_named(left, one)))
    )
    return _pairs(work.session.execute(query).all())


def details_telling(work: Work, remainder_ids: Iterable[str]) -> dict[str, set[str]]:
    """Remainder -> of each other container whose details are those of its entry, and beside which nothing is left, the first."""
    names = names_of_details(work, remainder_ids)
    told = _details_called(work, names, {name for some in names.values() for name in some})
    lefts = select(*_DETAIL).where(among(work.session, BankEntry.id, names), BankEntry.kind == "remainder")
    found: dict[str, set[str]] = {}
    for left in map(_Detail._make, work.session.execute(lefts)):
        first: dict[tuple[str, int | None], str] = {}
        for one in chain.from_iterable(told.get((name, left.booked), ()) for name in names[left.id]):
            if one.document_id != left.document_id and None not in left.booked:
                first[one.entry] = min(one.id, first.get(one.entry, one.id))
        found[left.id] = set(first.values())
    lacking = _beside_a_remainder(work, {one for tellers in found.values() for one in tellers})
    return {left: tellers - lacking for left, tellers in found.items() if tellers - lacking}


def _details_called(
    work: Work, remainder_ids: Iterable[str], names: Iterable[str]
) -> Mapping[tuple[str | None, _Booked], Sequence[_Detail]]:
    """(end-to-end reference, entry as it was booked) -> the details that carry it, of all containers and the remainders' days."""
    left = aliased(BankEntry)
    days = select(left.booking_date).where(among(work.session, left.id, remainder_ids))
    query = (
        select(*_DETAIL)
        .where(among(work.session, BankEntry.end_to_end_id, names), BankEntry.booking_date.in_(days))
        .where(BankEntry.level == "transaction", BankEntry.status == "BOOK")
    )
    found: dict[tuple[str | None, _Booked], list[_Detail]] = defaultdict(list)
    for one in map(_Detail._make, work.session.execute(query)):
        found[one.end_to_end_id, one.booked].append(one)
    return found


def _beside_a_remainder(work: Work, entry_ids: Iterable[str]) -> set[str]:
    """Those of these entries beside which, in their entry of the bank's, something is left."""
    one, rest = aliased(BankEntry), aliased(BankEntry)
    is_beside = exists().where(
        rest.document_id == one.document_id, rest.entry_index == one.entry_index, rest.kind == "remainder"
    )
    return set(work.session.scalars(select(one.id).where(among(work.session, one.id, entry_ids), is_beside)))


def sums_of_details(work: Work, remainder_ids: Iterable[str]) -> dict[str, set[str]]:
    """Remainder -> the sums of a block that were taken for the details of its entry, as if these were all of it."""
    left, one, mine = (aliased(BankEntry) for _ in range(3))
    query = (
        select(left.id, one.id)
        .join(mine, _is_detail(mine, left))
        .join(Disposition, (Disposition.folded_into == mine.id) & Disposition.most_recent)
        .join(one, one.id == Disposition.entry_id)
        .where(among(work.session, left.id, remainder_ids), left.kind == "remainder")
        .where(one.level == "entry", one.payment_information_id.is_not(None))
        .where(one.amount_minor == left.entry_amount_minor)
    )
    return _pairs(work.session.execute(query).all())


def names_of_details(work: Work, entry_ids: Iterable[str], *, with_amount: bool = False) -> dict[str, set[str]]:
    """Entry -> the end-to-end references of the details of the entry of the bank's that it is of; only of those `with_amount`."""
    of, mine = aliased(BankEntry), aliased(BankEntry)
    query = (
        select(of.id, mine.end_to_end_id).join(mine, _is_detail(mine, of)).where(among(work.session, of.id, entry_ids))
    )
    if with_amount:
        query = query.where(mine.amount_minor.is_not(None))
    return _pairs((entry_id, name) for entry_id, name in work.session.execute(query) if name)


def told_in_full_since(work: Work, *which: ColumnElement[bool]) -> Iterator[tuple[str, str]]:
    """(remainder, end-to-end reference) of those about which persons decided, by these decisions, and of whose entry a report
    that was read since tells in full: the debits that its details lacked. The report's own id where it names none.
    """
    decided = select(Resolution.entry_id, func.max(Resolution.id).label("id")).where(*which)
    by = decided.group_by(Resolution.entry_id).subquery()
    query = (
        select(BankEntry, by.c.id)
        .join(by, by.c.entry_id == BankEntry.id)
        .join(Disposition, (Disposition.entry_id == BankEntry.id) & Disposition.most_recent)
        .where(BankEntry.kind == "remainder", Disposition.kind.in_(("resolved", "matched")))
    )
    left = {one.id: (one, decision_id) for one, decision_id in work.session.execute(query)}
    if not left:
        return
    in_full = [*_each(details_telling(work, left)), *_each(sums_telling(work, left))]
    as_if = list(_each(sums_of_details(work, left)))
    for remainder_id, teller_id in [*in_full, *as_if]:
        remainder, decision_id = left[remainder_id]
        if teller_id < decision_id:
            continue
        lacking = _lacking(work, remainder, teller_id)
        # A sum that was taken for the details which are there tells of more only where its block lacks just what is left.
        if (remainder_id, teller_id) in as_if and sum(one.amount_minor for one in lacking) != remainder.amount_minor:
            continue
        known = _matched_to(work, remainder_id)
        names = [one.end_to_end_id for one in lacking] or [teller_id]
        yield from ((remainder_id, name) for name in names if name not in known)


def _each(found: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, str]]:
    return ((remainder_id, teller_id) for remainder_id, tellers in found.items() for teller_id in tellers)


def _matched_to(work: Work, entry_id: str) -> set[str]:
    """The debits to which an entry is matched: their end-to-end references."""
    query = (
        select(Collection.end_to_end_id)
        .join(Allocation, Allocation.collection_id == Collection.id)
        .join(Disposition, (Disposition.id == Allocation.disposition_id) & Disposition.most_recent)
        .where(Disposition.entry_id == entry_id)
    )
    return set(work.session.scalars(query))


def _lacking(work: Work, left: BankEntry, teller_id: str) -> list[Asked]:
    """The debits of ours of which a report tells, and no detail with an amount beside `left`: it may be left of these."""
    teller = work.session.get_one(BankEntry, teller_id)
    own = names_of_details(work, [left.id], with_amount=True).get(left.id, set())
    if teller.level == "transaction":
        told = collections.asked(work, names_of_details(work, [teller.id]).get(teller.id, ()))
    else:
        told = _paid_by(work, teller)
    return [one for one in told if one.end_to_end_id not in own]


def _paid_by(work: Work, total: BankEntry) -> list[Asked]:
    """The debits that a sum was found to pay; of one that was found to pay none, those of its block that were not rejected."""
    stands = (Disposition.id == Allocation.disposition_id) & Disposition.most_recent
    paid = select(Allocation.collection_id).join(Disposition, stands).where(Allocation.entry_id == total.id)
    if found := work.session.scalars(paid).all():
        return collections.asked_by_id(work, found)
    block = collections.asked_in_block(work, total.payment_information_id or "")
    refused = (
        select(Allocation.collection_id)
        .join(Disposition, stands)
        .where(among(work.session, Allocation.collection_id, (one.id for one in block)))
        .where(Allocation.effect == Effect.REJECTED.value)
    )
    rejected = set(work.session.scalars(refused))
    return [one for one in block if one.id not in rejected]


def _pairs(rows: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for remainder_id, teller_id in rows:
        found[remainder_id].add(teller_id)
    return found


def _same_day(left: _Entry, one: _Entry) -> tuple[ColumnElement[bool], ...]:
    return (
        one.account_index == left.account_index,
        one.booking_date == left.booking_date,
        one.currency == left.currency,
        one.document_id != left.document_id,
    )


def _is_detail(mine: _Entry, left: _Entry) -> ColumnElement[bool]:
    """Whether `mine` is a detail of the entry of which `left` is left."""
    return and_(
        mine.document_id == left.document_id,
        mine.entry_index == left.entry_index,
        mine.level == "transaction",
    )


def _is_of_block(left: _Entry, one: _Entry) -> ColumnElement[bool]:
    """Whether a detail beside `left` is of the block that `one` names."""
    mine = aliased(BankEntry)
    # It stands two deep: without saying so, `one` would be any entry.
    is_asked_in = (
        exists()
        .where(Collection.end_to_end_id == mine.end_to_end_id)
        .where(Collection.payment_information_id == one.payment_information_id)
        .correlate(mine, one)
    )
    return exists().where(
        _is_detail(mine, left),
        mine.direction == one.direction,
        or_(mine.payment_information_id == one.payment_information_id, is_asked_in),
    )


def _nothing_named(left: _Entry, one: _Entry) -> ColumnElement[bool]:
    """Whether neither states a reference of its booking, in messages of two kinds (`rules.same_booking`)."""
    unnamed = (
        left.account_servicer_reference,
        one.account_servicer_reference,
        one.end_to_end_id,
        one.transaction_id,
        one.payment_information_id,
    )
    families = (func.substr(each.message, 1, _FAMILY_LENGTH) for each in (left, one))
    mine, other = families
    return and_(mine != other, *(each.is_(None) for each in unnamed))


def _told_by_a_person(left: _Entry, one: _Entry) -> ColumnElement[bool]:
    """Whether a person said that `one` tells of another remainder than `left`."""
    said, other = aliased(Disposition), aliased(BankEntry)
    return exists().where(
        said.folded_into == one.id,
        said.most_recent,
        said.reason == BY_A_PERSON,
        other.id == said.entry_id,
        other.kind == "remainder",
        other.id != left.id,
    )
