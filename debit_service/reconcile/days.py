"""The day of a bank entry, and how old that is: one definition for facts, journal, tie-out, queue, figures and lists.

The day is that on which the bank booked it; where the bank does not say so (camt leaves it open), its value date, else the day to
which its statement closes, else the day on which the bank wrote the message. Today is the business day of the entry's fund.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Date, SQLColumnExpression, case, func, literal, select, union_all

from debit_service.banks.models import BankFile
from debit_service.core.bulk import among
from debit_service.core.clock import business_date
from debit_service.core.work import Work
from debit_service.funds.queries import Funds
from debit_service.reconcile.models import BankDocument, BankEntry

#: Fund (None: of no fund that is known) -> its business day.
Todays = Mapping[str | None, date]


class Dated(Protocol):
    """An entry with what the bank says of its day."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def document_id(self) -> str:
        """The document that it stands in."""

    @property
    def booking_date(self) -> date | None:
        """The day on which it was booked."""

    @property
    def value_date(self) -> date | None:
        """The day from which it bears interest."""


def told_on() -> ColumnElement[Any]:
    """The day of an entry, in a query that has its document too; nothing where the bank gave no day at all."""
    return func.coalesce(BankEntry.booking_date, *_where_none())


def _where_none() -> tuple[SQLColumnExpression[date | None], ...]:
    return BankEntry.value_date, BankDocument.closing_date, BankDocument.created_on


def day_of(*given: date | None, stored_at: datetime) -> date:
    """The day of an entry, from its booking date, value date, closing day of the statement and day of the message, in this order;
    of one to which the bank gave none it is the day on which its file was stored.
    """
    return next((day for day in given if day), stored_at.date())


def of_each(work: Work, entries: Sequence[Dated]) -> dict[str, date]:
    """Entry -> its day (`day_of`). Of what has a booking date nothing is asked."""
    undated = {one.document_id for one in entries if not (one.booking_date or one.value_date)}
    query = (
        select(BankDocument.id, BankDocument.closing_date, BankDocument.created_on, BankFile.stored_at)
        .join(BankFile, BankFile.id == BankDocument.file_id)
        .where(among(work.session, BankDocument.id, undated))
    )
    rows = work.session.execute(query) if undated else ()
    said = {one: day_of(closes, written, stored_at=stored) for one, closes, written, stored in rows}
    return {one.id: one.booking_date or one.value_date or said[one.document_id] for one in entries}


def opens_on() -> ColumnElement[date | None]:
    """The day of a statement's opening balance: its own first day, or with some banks the day before that one. Of one without it,
    its closing day, else the day on which the bank wrote it; nothing where the bank gave no day at all.
    """
    return func.coalesce(BankDocument.opening_date, BankDocument.closing_date, BankDocument.created_on)


def closes_on() -> ColumnElement[date | None]:
    """The day of a statement's closing balance; of one without it, its opening day, else the day on which it was written."""
    return func.coalesce(BankDocument.closing_date, opens_on())


def is_of(day: date | None, account: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether an entry on these accounts is of a day. Of those with a booking date by the index that begins with the account."""
    dated = select(BankEntry.id).where(account, BankEntry.booking_date == day)
    others = (
        select(BankEntry.id)
        .join(BankDocument, BankDocument.id == BankEntry.document_id)
        .where(account, BankEntry.booking_date.is_(None), func.coalesce(*_where_none()) == day)
    )
    return BankEntry.id.in_(union_all(dated.correlate(None), others.correlate(None)))


def todays(work: Work, funds: Funds) -> Todays:
    """Today at each fund; of what is no fund's it is the day in UTC."""
    found: dict[str | None, date] = {fund.id: business_date(work.clock, fund.time_zone) for fund in funds}
    return found | {None: work.now().astimezone(UTC).date()}


def today_of(fund_id: str | None, todays: Todays) -> date:
    """Today at the fund of an entry."""
    return todays.get(fund_id, todays[None])


def days_ago(days: int, todays: Todays) -> ColumnElement[date]:
    """The day so many days before today at the fund of an entry."""
    back = timedelta(days=days)
    own = [(BankEntry.fund_id == name, literal(day - back, Date)) for name, day in todays.items() if name]
    return case(*own, else_=literal(todays[None] - back, Date))
