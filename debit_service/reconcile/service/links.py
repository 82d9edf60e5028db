"""Links: what ties an entry that names no debit to what is known: the bank's own reference, a file of ours, other reports."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, exists, func, literal_column, select
from sqlalchemy.orm import aliased

from debit_service.collections.models import PaymentInformation
from debit_service.collections.queries import Asked
from debit_service.core.bulk import CHUNK_ROWS, among
from debit_service.core.work import Work
from debit_service.reconcile.models import BankEntry, Disposition
from debit_service.reconcile.rules import (
    BY_A_PERSON,
    BY_LINK,
    NET_TOTALS,
    PART_OF_SUM,
    STATED_COST,
    UNLINKED,
    same_booking,
)
from debit_service.reconcile.same_booking import folds, remainders
from debit_service.reconcile.same_booking.own_references import (
    BACK,
    GOES_BACK_WITHIN,
    OWN_NAMES,
    Back,
    by_credit,
    credited_minor,
)
from debit_service.reconcile.service import lookups

#: No booking is told so often; a reference under which there is more that names no debit, a bank gives to everything.
REPORTS_MAX: Final = 100


def explained_elsewhere(work: Work, left: BankEntry) -> str | None:
    """The entry of another container that tells what is left of one beside its details: its sum, or all of its details.

    A sum tells of one entry. Where fewer sums tell of several, it is not known of which: a person decides.
    """
    sums = sorted(remainders.sums_telling(work, [left.id]).get(left.id, ()))
    if sums:
        rivals = _left_of_others(work, left, sums)
        if len(rivals) < len(sums):
            return sums[sum(one.id < left.id for one in rivals)]
    return min(remainders.details_telling(work, [left.id]).get(left.id, ()), default=None)


def _left_of_others(work: Work, left: BankEntry, sums: Iterable[str]) -> list[BankEntry]:
    """What is left of other entries of that day and amount, of which one of these sums may tell too; of each one, however many
    reports tell of it."""
    into = aliased(BankEntry)
    # Another report of a remainder is that one's. Of what a person folded, or details tell, it is known what tells of it.
    by_a_sum = exists().where(into.id == Disposition.folded_into, into.kind != left.kind, into.level == "entry")
    stands_alone = Disposition.folded_into.is_(None) | ((Disposition.reason != BY_A_PERSON) & by_a_sum)
    query = (
        select(BankEntry)
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .where(*_are_left(left, left.entry_amount_minor), Disposition.most_recent, stands_alone)
        .order_by(BankEntry.id)
    )
    others = work.session.scalars(query).all()
    told = remainders.sums_telling(work, [one.id for one in others])
    rivals = [one for one in others if not told.get(one.id, set()).isdisjoint(sums)]
    names = remainders.names_of_details(work, [one.id for one in (left, *rivals)])
    found = [left]
    for one in rivals:
        if not any(_tell_the_same(work, one, other, names) for other in found):
            found.append(one)
    return found[1:]


def _are_left(beside: BankEntry, entry_amount_minor: int | None) -> tuple[ColumnElement[bool], ...]:
    """Whether the row is what is left of another entry of this amount, booked on the account and the day of `beside`."""
    return (
        # The words of the partial index.
        BankEntry.kind == literal_column("'remainder'"),
        BankEntry.account_index == beside.account_index,
        BankEntry.booking_date == beside.booking_date,
        BankEntry.entry_amount_minor == entry_amount_minor,
        BankEntry.currency == beside.currency,
        BankEntry.status == beside.status,
        BankEntry.id != beside.id,
    )


def _tell_the_same(work: Work, one: BankEntry, other: BankEntry, names: Mapping[str, set[str]]) -> bool:
    """Whether two remainders are left of one entry of the bank's; each report may tell other details of it. `names` are those of
    the details beside them: what has one in common, and is not called otherwise, is one entry."""
    if one.document_id == other.document_id:
        return False
    called = (one.account_servicer_reference, other.account_servicer_reference)
    if all(called):
        return called[0] == called[1]
    is_detailed_alike = not names.get(one.id, set()).isdisjoint(names.get(other.id, ()))
    return is_detailed_alike or same_booking(lookups.booking(work, one), lookups.booking(work, other))


def states_cost(work: Work, total: BankEntry, cost_minor: int, members: Iterable[Asked]) -> bool:
    """Whether another container states this cost (minor units) beside details of these members, in an entry like `total`.

    It is booked there (`verdict.stated_cost`), and not once more with the sum.
    """
    detail = aliased(BankEntry)
    is_of_members = exists().where(
        detail.document_id == BankEntry.document_id,
        detail.entry_index == BankEntry.entry_index,
        detail.account_index == total.account_index,
        detail.booking_date == total.booking_date,
        detail.direction == total.direction,
        among(work.session, detail.end_to_end_id, (one.end_to_end_id for one in members)),
    )
    query = (
        select(BankEntry.id)
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .where(
            Disposition.most_recent,
            Disposition.reason == STATED_COST,
            BankEntry.account_index == total.account_index,
            BankEntry.booking_date == total.booking_date,
            BankEntry.amount_minor == abs(cost_minor),
            BankEntry.direction == ("debit" if cost_minor > 0 else "credit"),
            BankEntry.entry_amount_minor == total.amount_minor,
            BankEntry.currency == total.currency,
            BankEntry.document_id != total.document_id,
            is_of_members,
            ~lookups.taken_by_container_of(total),
        )
    )
    return work.session.scalars(query.limit(1)).first() is not None


def told_beside(work: Work, entry: BankEntry) -> list[str]:
    """The entries to decide about again because of what this one tells of an entry of the bank's.

    Of what is beside its details: sums of the same money, of which the cost is told now, or of which something is left; and other
    remainders that a sum may tell of. Of a sum: what it may tell that is left.
    """
    if entry.status != "BOOK" or entry.level != "entry":
        return []
    query = select(BankEntry.id).join(Disposition, Disposition.entry_id == BankEntry.id).where(Disposition.most_recent)
    if entry.kind not in ("cost", "remainder"):
        left = query.where(*_are_left(entry, entry.amount_minor), BankEntry.document_id != entry.document_id)
        return list(work.session.scalars(left.order_by(BankEntry.id)))
    sums = query.where(
        BankEntry.account_index == entry.account_index,
        BankEntry.booking_date == entry.booking_date,
        BankEntry.amount_minor == entry.entry_amount_minor,
        BankEntry.document_id != entry.document_id,
        BankEntry.level == "entry",
    )
    if entry.kind == "cost":
        return list(work.session.scalars(sums.where(Disposition.reason.in_(NET_TOTALS)).order_by(BankEntry.id)))
    if work.session.scalars(sums.limit(1)).first() is None:
        return []
    detail = aliased(BankEntry)
    is_detail = exists().where(
        detail.id == Disposition.folded_into,
        detail.document_id == entry.document_id,
        detail.entry_index == entry.entry_index,
    )
    again = list(work.session.scalars(sums.where(is_detail).order_by(BankEntry.id)))
    rivals = list(work.session.scalars(query.where(*_are_left(entry, entry.entry_amount_minor)).order_by(BankEntry.id)))
    # What becomes of the sums may tell of it.
    return [*again, *rivals, *([entry.id] if again else [])]


def credited_under(work: Work, back: BankEntry) -> str | None:
    """End-to-end reference of the one credit of this account and currency that carries the bank's own reference which a return
    gives, and that it may take back: of its amount, less what it states of charges and interest. None where it is not the only
    one, whosever the others are. A report that names no debit is of the credit into which it was folded."""
    if back.booking_date is None:
        return None
    first = back.booking_date - GOES_BACK_WITHIN
    names: set[str | None] = set()
    # By each name there is an index.
    for name in OWN_NAMES:
        if not getattr(back, name):
            continue
        credit = (
            BankEntry.account_index == back.account_index,
            getattr(BankEntry, name) == getattr(back, name),
            # The words of the partial index.
            getattr(BankEntry, name).is_not(None),
            # An expression, so that no database goes through all of these days instead of by the name.
            func.coalesce(BankEntry.booking_date, date.max).between(first, back.booking_date),
            BankEntry.amount_minor.in_(credited_minor(back)),
            BankEntry.currency == back.currency,
            BankEntry.direction == "credit",
            BankEntry.status == "BOOK",
        )
        named = select(BankEntry.end_to_end_id).where(*credit, BankEntry.end_to_end_id.is_not(None)).distinct()
        names.update(work.session.scalars(named.limit(2)))
        unnamed = select(BankEntry.id).where(*credit, BankEntry.end_to_end_id.is_(None)).limit(REPORTS_MAX)
        names.update(_names_of(work, folds.standing_for(work, work.session.scalars(unnamed))))
    return names.pop() if len(names) == 1 else None


def _names_of(work: Work, ends: Mapping[str, str]) -> list[str | None]:
    """The end-to-end references of the entries that stand for these; more than any booking has reports are of several."""
    if len(ends) == REPORTS_MAX:
        return [None]
    query = select(BankEntry.end_to_end_id).where(among(work.session, BankEntry.id, ends.values()))
    return list(work.session.scalars(query))


def retold_by(work: Work, file_id: str, credit_id: str | None = None) -> list[str]:
    """The returns, tied to a credit or waiting for one, of which a file tells a credit that they may take back, oldest first; or
    which this one credit of it may be."""
    found: dict[str, date | None] = {}
    for name in OWN_NAMES:
        told = _credits_of(file_id, name, credit_id)
        backs = by_credit(_returns_called_so(work, told, name), name)
        if not backs:
            continue
        told = told.where(among(work.session, getattr(BankEntry, name), {key[2] for key in backs if key[2]}))
        for account, currency, called, minor in work.session.execute(told.execution_options(yield_per=CHUNK_ROWS)):
            found |= {one.id: one.booking_date for one in backs.get((account, currency, called, minor), ())}
    return sorted(found, key=lambda one: (found[one] or date.min, one))


def _returns_called_so(work: Work, told: Select[Any], name: str) -> list[Back]:
    """The returns, tied to a credit or waiting for one, that give a reference of these credits: each reference is looked up once,
    for there are banks that give the same to everything."""
    named = told.with_only_columns(BankEntry.account_index, getattr(BankEntry, name)).subquery()
    query = (
        select(*BACK)
        .join(named, (named.c.account_index == BankEntry.account_index) & (named.c[name] == getattr(BankEntry, name)))
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .where(BankEntry.direction == "debit", getattr(BankEntry, name).is_not(None))
        .where(Disposition.most_recent, Disposition.reason.in_((UNLINKED, BY_LINK, PART_OF_SUM)))
    )
    return [Back._make(row) for row in work.session.execute(query)]


def _credits_of(file_id: str, name: str, credit_id: str | None) -> Select[Any]:
    """(account, currency, reference, amount) of the credits that a file tells: what it tells alike once, however often.

    Not one more report of a credit that was known by the same name.
    """
    head = aliased(BankEntry)
    known = (
        exists()
        .where(Disposition.entry_id == BankEntry.id, Disposition.most_recent, head.id == Disposition.folded_into)
        .where(getattr(head, name) == getattr(BankEntry, name), head.file_id != file_id)
    )
    told = (
        select(BankEntry.account_index, BankEntry.currency, getattr(BankEntry, name), BankEntry.amount_minor)
        .where(BankEntry.file_id == file_id, BankEntry.direction == "credit", BankEntry.status == "BOOK")
        .where(getattr(BankEntry, name).is_not(None), ~known)
        .distinct()
    )
    return told if credit_id is None else told.where(BankEntry.id == credit_id)


def blocks_of_files(work: Work, batch_ids: Iterable[str]) -> dict[str, str]:
    """File of ours (its MsgId) -> its block, where it has one only."""
    query = (
        select(PaymentInformation.batch_id, func.min(PaymentInformation.id))
        .where(among(work.session, PaymentInformation.batch_id, batch_ids))
        .group_by(PaymentInformation.batch_id)
        .having(func.count() == 1)
    )
    return dict(work.session.execute(query).all())
