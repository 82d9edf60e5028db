"""Replaced: which statements count instead of others, as persons said, and what a statement tells that no other one does."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from sqlalchemy import Row, Select, func, select

from debit_service.core.bulk import among
from debit_service.core.errors import NotFound
from debit_service.core.work import Work
from debit_service.ledger.rules import UNKNOWN_FUND
from debit_service.reconcile.days import closes_on, opens_on
from debit_service.reconcile.models import BankDocument, BankEntry, StatementReplacement
from debit_service.reconcile.same_booking import folds
from debit_service.reconcile.tie_out.replacing import Booking, Days, Replaced, Told, told_alone

_is_statement = BankDocument.message.like("camt.053%")
_stands = StatementReplacement.undone_at.is_(None)


def in_force(work: Work) -> dict[str, Replaced]:
    """The statements that do not count, because another one does instead, by the ids of their documents."""
    said = work.session.scalars(select(StatementReplacement).where(_stands))
    return {one.replaced_id: Replaced(one.replaced_id, one.replacing_id, one.who, one.at, one.why) for one in said}


def get(work: Work, replacement_id: str) -> StatementReplacement:
    """One replacement, as it is stored now. Raises NotFound."""
    found = work.session.get(StatementReplacement, replacement_id, populate_existing=True)
    if found is None:
        raise NotFound("statement.no_replacement", "There is no such replacement of a statement.", place=replacement_id)
    return found


class Beside(NamedTuple):
    """A statement with its days, as far as the bank gave any; and that another one counts instead of it."""

    document: BankDocument
    opens_on: date | None
    closes_on: date | None
    replacement: StatementReplacement | None


def taken_back(work: Work, document_ids: Iterable[str]) -> dict[str, list[StatementReplacement]]:
    """Statement -> the replacements of it that were undone, oldest first; one of which none was is left out."""
    query = select(StatementReplacement).where(
        StatementReplacement.undone_at.is_not(None),
        among(work.session, StatementReplacement.replaced_id, document_ids),
    )
    found: dict[str, list[StatementReplacement]] = {}
    for one in work.session.scalars(query.order_by(StatementReplacement.at, StatementReplacement.id)):
        found.setdefault(one.replaced_id, []).append(one)
    return found


_Found = tuple[BankDocument, date | None, date | None, StatementReplacement]


def _statements() -> Select[*_Found]:
    stands = _stands & (StatementReplacement.replaced_id == BankDocument.id)
    query = select(BankDocument, opens_on(), closes_on(), StatementReplacement).outerjoin(StatementReplacement, stands)
    return query.where(_is_statement).order_by(closes_on(), BankDocument.id)


def _beside(row: Row[*_Found]) -> Beside:
    return Beside._make(row)


def statement(work: Work, document_id: str) -> tuple[BankDocument, Days]:
    """A statement by the id of its document, and as it is compared with another one. Raises NotFound."""
    row = work.session.execute(_statements().where(BankDocument.id == document_id)).one_or_none()
    one = _beside(row) if row else None
    if one is None or one.opens_on is None or one.closes_on is None:
        raise NotFound(
            "statement.unknown", "There is no such statement.", place=document_id, remedy="See the tie-out of its days."
        )
    found, replaced = one.document, one.replacement is not None
    return found, Days(found.id, found.account_index, found.currency, one.opens_on, one.closes_on, replaced)


def beside(work: Work, document_id: str) -> list[Beside]:
    """A statement and those of the same account that share days with it, by their days. Raises NotFound."""
    _, days = statement(work, document_id)
    query = _statements().where(
        BankDocument.account_index == days.account,
        BankDocument.currency == days.currency,
        (closes_on() == days.closes_on) | ((opens_on() < days.closes_on) & (closes_on() > days.opens_on)),
    )
    return [_beside(row) for row in work.session.execute(query)]


def listed(work: Work, fund_id: str | None, first: date | None, last: date | None) -> list[Beside]:
    """The statements of a fund, or of all accounts, that close on these days, by their days."""
    query = _statements()
    if fund_id:
        owner = BankDocument.fund_id
        query = query.where(owner.is_(None) if fund_id == UNKNOWN_FUND else owner == fund_id)
    if first:
        query = query.where(closes_on() >= first)
    if last:
        query = query.where(closes_on() <= last)
    return [_beside(row) for row in work.session.execute(query)]


def told_by_it_alone(work: Work, document_id: str) -> list[str]:
    """The booked entries of a statement of which no other one that counts tells, by the reports of the same booking.

    A sum and its details are not looked through: told once as a sum and once in detail, it counts as told by each alone.
    """
    return told_alone(document_id, _told(work, document_id))


def _told(work: Work, document_id: str) -> Iterator[Told]:
    booked = select(BankEntry.id).where(BankEntry.document_id == document_id, BankEntry.status == "BOOK")
    heads = set(folds.standing_for(work, work.session.scalars(booked)).values())
    reports = folds.reports_of_each(work, heads)
    stands_for = {one.id: head for head, some in reports.items() for one in some}
    query = (
        select(
            BankEntry.id,
            BankEntry.document_id,
            BankEntry.direction,
            BankEntry.currency,
            BankEntry.amount_minor,
            func.coalesce(BankEntry.entry_amount_minor, BankEntry.amount_minor),
        )
        .join(BankDocument, BankDocument.id == BankEntry.document_id)
        .where(_is_statement, BankEntry.status == "BOOK", among(work.session, BankEntry.id, stands_for))
    )
    without = in_force(work)
    for entry_id, told_by, direction, currency, minor, whole_minor in work.session.execute(query):
        if told_by not in without:
            yield Told(entry_id, told_by, Booking(stands_for[entry_id], direction, currency, minor, whole_minor))
