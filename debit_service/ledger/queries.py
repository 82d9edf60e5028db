"""Balances, which are sums; entries with their lines; and the periods that are closed.

Balances are asked by subject, and what belongs to some days by these: both have an index. What is asked of an account of all
time reads the journal from one end to the other, once.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from debit_service.core.bulk import among
from debit_service.core.errors import NotFound
from debit_service.ledger.models import ClosedPeriod, JournalEntry, JournalLine
from debit_service.ledger.rules import BELONGS_TO, Account, account, accounts, fund_of

#: Entries of the journal that a reader of many holds at a time.
ROWS_AT_ONCE = 5_000


def balances_of(session: Session, subject: str) -> dict[str, int]:
    """Minor units per account, of everything that was booked for `subject`."""
    return balances_of_each(session, [subject]).get(subject, {})


def balances_of_each(session: Session, subjects: Iterable[str]) -> dict[str, dict[str, int]]:
    """`balances_of` many subjects: subject -> account -> minor units; a subject that nothing was booked for is left out."""
    query = (
        select(JournalLine.subject, JournalLine.account, func.sum(JournalLine.amount_minor))
        .where(among(session, JournalLine.subject, subjects))
        .group_by(JournalLine.subject, JournalLine.account)
    )
    found: dict[str, dict[str, int]] = {}
    for subject, name, minor in session.execute(query):
        found.setdefault(subject, {})[name] = int(minor)
    return found


def trial_balance(
    session: Session, *, fund_id: str | None = None, before: date | None = None, through: date | None = None
) -> dict[tuple[str, str], int]:
    """(account, currency) -> minor units, debit positive: of all funds or one, of all time or the business days asked for."""
    query = (
        select(JournalLine.account, JournalEntry.currency, func.sum(JournalLine.amount_minor))
        .join(JournalEntry)
        .group_by(JournalLine.account, JournalEntry.currency)
        .order_by(JournalLine.account)
    )
    if fund_id:
        query = query.where(JournalLine.account.in_(accounts(fund_id)))
    if before:
        query = query.where(JournalEntry.business_date < before)
    if through:
        query = query.where(JournalEntry.business_date <= through)
    return {(name, currency): int(minor) for name, currency, minor in session.execute(query)}


class Moved(NamedTuple):
    """What an account moved on a business day, and when the last of it was booked."""

    account: str
    currency: str
    day: date
    minor: int
    last_booked_at: datetime


def movements(session: Session) -> Iterator[Moved]:
    """What each account moved on each business day, oldest day first: few rows, however long the journal is."""
    query = (
        select(
            JournalLine.account,
            JournalEntry.currency,
            JournalEntry.business_date,
            func.sum(JournalLine.amount_minor),
            func.max(JournalEntry.booked_at),
        )
        .join(JournalEntry)
        .group_by(JournalEntry.business_date, JournalLine.account, JournalEntry.currency)
        .order_by(JournalEntry.business_date, JournalLine.account, JournalEntry.currency)
    )
    for name, currency, day, minor, booked_at in session.execute(query):
        yield Moved(name, currency, day, int(minor), booked_at)


def belonging(
    session: Session, kind: Account, *, fund_id: str | None = None, since: date | None = None
) -> dict[tuple[str, str], dict[date, int]]:
    """(fund, currency) -> day -> what this account of it moved, by the day that each booking belongs to, from `since` on.

    That is its business date, unless that one was closed: then the booking stands on a later day and names the closed one.
    """
    closed_day = JournalEntry.evidence[BELONGS_TO].as_string()
    key = (JournalLine.account, JournalEntry.currency, JournalEntry.business_date, closed_day)
    mine = JournalLine.account == account(kind, fund_id) if fund_id else JournalLine.account.like(account(kind, "%"))
    query = select(*key, func.sum(JournalLine.amount_minor)).join(JournalEntry).where(mine).group_by(*key)
    if since:
        # No booking belongs to a day after the one on which it stands.
        query = query.where(JournalEntry.business_date >= since)
    found: dict[tuple[str, str], dict[date, int]] = {}
    for name, currency, day, closed, minor in session.execute(query):
        belongs = date.fromisoformat(closed) if closed else day
        of_fund = found.setdefault((fund_of(name), currency), {})
        of_fund[belongs] = of_fund.get(belongs, 0) + int(minor)
    return found


def unbalanced(session: Session) -> Sequence[str]:
    """The entries whose lines do not sum to zero (for `debit verify`; there must be none)."""
    total = func.coalesce(func.sum(JournalLine.amount_minor), 0)
    query = select(JournalEntry.id).outerjoin(JournalLine).group_by(JournalEntry.id)
    empty = query.having(func.count(JournalLine.number) == 0)
    return [*session.scalars(query.having(total != 0)), *session.scalars(empty)]


class Booked(NamedTuple):
    """An entry of the journal with its lines, (number, account, minor units)."""

    id: str
    booked_at: datetime
    business_date: date
    cause: str
    subject: str
    evidence: dict[str, Any]
    currency: str
    lines: Sequence[tuple[int, str, int]]

    @property
    def belongs_to(self) -> str | None:
        """The closed day (ISO 8601) that it would stand on, had that day not been closed."""
        day: str | None = self.evidence.get(BELONGS_TO)
        return day


_ENTRY = (
    JournalEntry.id,
    JournalEntry.booked_at,
    JournalEntry.business_date,
    JournalEntry.cause,
    JournalEntry.subject,
    JournalEntry.evidence,
    JournalEntry.currency,
)


def entry(session: Session, entry_id: str) -> Booked | None:
    """One entry of the journal with its lines; None where there is none."""
    return next(_booked(session, select(*_ENTRY).where(JournalEntry.id == entry_id)), None)


def entries_of_subjects(session: Session, subjects: Iterable[str]) -> list[Booked]:
    """Everything that was booked for any of these subjects, oldest first."""
    mine = select(JournalLine.entry_id).where(among(session, JournalLine.subject, subjects))
    return list(_booked(session, select(*_ENTRY).where(JournalEntry.id.in_(mine))))


def entries_of_fund(session: Session, fund_id: str, first: date, last: date) -> Iterator[Booked]:
    """The entries of a fund's accounts of the business days from `first` to `last`, oldest first; read as they are asked for."""
    # An entry is of one fund, so its first line tells which.
    of_fund = (JournalLine.entry_id == JournalEntry.id) & (JournalLine.number == 1)
    query = select(*_ENTRY).join(JournalLine, of_fund).where(JournalLine.account.in_(accounts(fund_id)))
    return _booked(session, query.where(JournalEntry.business_date.between(first, last)))


def _booked(session: Session, entries: Select[Any]) -> Iterator[Booked]:
    ordered = entries.order_by(JournalEntry.business_date, JournalEntry.id).execution_options(yield_per=ROWS_AT_ONCE)
    for chunk in session.execute(ordered).partitions():
        lines = _lines_of(session, [row[0] for row in chunk])
        for row in chunk:
            yield Booked._make((*row, lines[row[0]]))


def _lines_of(session: Session, entry_ids: list[str]) -> dict[str, list[tuple[int, str, int]]]:
    query = (
        select(JournalLine.entry_id, JournalLine.number, JournalLine.account, JournalLine.amount_minor)
        .where(among(session, JournalLine.entry_id, entry_ids))
        .order_by(JournalLine.entry_id, JournalLine.number)
    )
    found: dict[str, list[tuple[int, str, int]]] = {}
    for entry_id, number, name, minor in session.execute(query):
        found.setdefault(entry_id, []).append((number, name, minor))
    return found


def closes(session: Session, fund_id: str | None = None) -> Sequence[ClosedPeriod]:
    """The closed periods and those that are prepared, by fund and day."""
    query = select(ClosedPeriod).order_by(ClosedPeriod.fund_id, ClosedPeriod.closed_through)
    return session.scalars(query.where(ClosedPeriod.fund_id == fund_id) if fund_id else query).all()


def close(session: Session, period_id: str) -> ClosedPeriod:
    """One closed period, or one that is prepared. Raises NotFound."""
    found = session.get(ClosedPeriod, period_id)
    if found is None:
        raise NotFound("ledger.close.unknown", "There is no such close.", remedy="See `debit ledger closes`.")
    return found


def closed_through(session: Session) -> dict[str, date]:
    """Fund -> the day through which its journal is closed; a fund that closed nothing is not in it."""
    query = select(ClosedPeriod.fund_id, func.max(ClosedPeriod.closed_through)).group_by(ClosedPeriod.fund_id)
    closed = session.execute(query.where(ClosedPeriod.approved_at.is_not(None)))
    return {fund_id: through for fund_id, through in closed}  # noqa: C416 - rows are no pairs to the type checker
