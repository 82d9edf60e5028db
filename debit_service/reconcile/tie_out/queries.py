"""Tie-out: the bank's statements against themselves and against the journal, per account, currency and day.

Three grouped queries, however many entries there are: the statements, what their entries come to by booking date, and what the
journal's bank accounts moved by day. A booking that several reports tell of (camt.052, 053 and 054 all do) is in the journal
once, so the journal moves by what the statement says, whichever of them told it. A fund has one bank account; what stands on an
account of no fund is held against itself only.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, case, func, or_, select

from debit_service.core.work import Work
from debit_service.funds.queries import Funds
from debit_service.ledger import queries as ledger
from debit_service.ledger.rules import UNKNOWN_FUND, Account
from debit_service.reconcile.days import closes_on, opens_on, told_on
from debit_service.reconcile.models import BankDocument, BankEntry
from debit_service.reconcile.tie_out import replaced
from debit_service.reconcile.tie_out.days import told_before
from debit_service.reconcile.tie_out.numbers import number_of
from debit_service.reconcile.tie_out.replacing import Replaced
from debit_service.reconcile.tie_out.rules import Kind, Row, Statement, tie_out, unstated

_Account = tuple[str | None, str]


class _Document(NamedTuple):
    """What of a document is asked: years of them are read for one page."""

    id: str
    account_index: str | None
    fund_id: str | None
    currency: str | None
    sequence_number: str | None
    legal_number: str | None
    opening_minor: int | None
    closing_minor: int | None
    entry_count: int
    booked_credit_minor: int
    booked_debit_minor: int
    opens_on: date | None
    closes_on: date | None


def rows(
    work: Work,
    *,
    funds: Funds | None = None,
    fund_id: str | None = None,
    first: date | None = None,
    last: date | None = None,
) -> list[Row]:
    """The tie-out of a fund, or of every account that a statement tells of, for the closing days from `first` to `last`.

    With `last`, days up to it that no statement tells of are a row too, when the journal has booked something there; and a gap
    that reaches into the days asked for is told by the row of the statement after it. With `funds`, whose banks say what the
    numbers of statements count, jumps in these are hints; a hint is told as a gap is.
    """
    by_account = _statements(work, fund_id, funds)
    since = _since(by_account.values(), first) if first else None
    stated = _stated(work, fund_id, since)
    journal = ledger.belonging(work.session, Account.BANK, fund_id=fund_id, since=since)
    found: list[Row] = []
    for (_, currency), statements in by_account.items():
        owner = statements[-1].fund_id
        days = tie_out(statements, stated, journal.get((owner, currency), {}) if owner else None)
        found += _asked_for(days, first or date.min, last or date.max)
    if last:
        found += _unstated(_newest(by_account), journal, first, last)
    return sorted(found, key=lambda one: (one.fund_id or "", one.account or "", one.currency, one.day))


def _asked_for(days: Iterable[Row], first: date, last: date) -> Iterator[Row]:
    before = date.max
    for row in days:
        may_miss = row.hints or any(one.kind is Kind.GAP for one in row.findings)
        if first <= row.day and (row.day <= last or (before < last and may_miss)):
            yield row
        before = row.day


def findings(
    work: Work, *, fund_id: str | None = None, first: date | None = None, last: date | None = None
) -> Iterator[str]:
    """What does not tie out, in words."""
    for row in rows(work, fund_id=fund_id, first=first, last=last):
        yield from (finding.says for finding in row.findings)


def findings_since_close(work: Work) -> Iterator[str]:
    """What does not tie out in the days after the last close of each fund; of what was never closed, in all days."""
    closed = ledger.closed_through(work.session)
    owners = select(BankDocument.fund_id).where(BankDocument.message.like("camt.053%")).distinct()
    for owner in sorted(work.session.scalars(owners), key=lambda one: one or ""):
        last = closed.get(owner or "")
        yield from findings(work, fund_id=owner or UNKNOWN_FUND, first=last + timedelta(days=1) if last else None)


class Overdue(NamedTuple):
    """Money of a fund of which no statement tells: the first day on which the journal moved, and the sentence for a person."""

    fund_id: str
    since: date
    says: str


def overdue(work: Work, until: Mapping[str, date]) -> Iterator[Overdue]:
    """Money of these funds that the journal has since their last close, up to a day each, and of which no statement tells."""
    newest, closed = _newest(_statements(work, None)), ledger.closed_through(work.session)
    stated: dict[str | None, date] = {}
    for (fund_id, _), one in newest.items():
        stated[fund_id] = min(one.closes_on, stated.get(fund_id, one.closes_on))
    told = [max(filter(None, (stated.get(fund_id), closed.get(fund_id))), default=None) for fund_id in until]
    # What was booked before the statements that are there needs not be read.
    since = min((day for day in told if day), default=None) if all(told) else None
    journal = ledger.belonging(work.session, Account.BANK, since=since)
    for name, last in until.items():
        first = closed[name] + timedelta(days=1) if name in closed else None
        moved = {key: days for key, days in journal.items() if key[0] == name}
        for row in _unstated(newest, moved, first, last):
            days = moved[name, row.currency]
            start, _ = _days_untold(newest.get((name, row.currency)), days, first, last)
            since = min(on for on, minor in days.items() if minor and start <= on <= last)
            yield from (Overdue(name, since, finding.says) for finding in row.findings)


def _owned_by(fund_id: str) -> ColumnElement[bool]:
    return BankDocument.fund_id.is_(None) if fund_id == UNKNOWN_FUND else BankDocument.fund_id == fund_id


def _statements(work: Work, fund_id: str | None, funds: Funds | None = None) -> dict[_Account, list[Statement]]:
    counting = _counting(funds)
    columns = (getattr(BankDocument, name) for name in _Document._fields[:-2])
    query = (
        select(*columns, opens_on(), closes_on())
        .where(BankDocument.message.like("camt.053%"))
        .order_by(BankDocument.id)
    )
    if fund_id:
        query = query.where(_owned_by(fund_id))
    found: dict[_Account, list[Statement]] = {}
    without = replaced.in_force(work)
    for document in map(_Document._make, work.session.execute(query)):
        if statement := _statement(document, counting.get(document.fund_id), replaced=without.get(document.id)):
            found.setdefault((statement.account, statement.currency), []).append(statement)
    return found


def _counting(funds: Funds | None) -> dict[str | None, str]:
    """Fund -> which number of its statements counts them; of an account of no fund the one that most banks mean."""
    if funds is None:
        return {}
    return {None: "electronic"} | {one.id: funds.bank(one.bank).statement_numbers for one in funds}


def _statement(document: _Document, counting: str | None, *, replaced: Replaced | None) -> Statement | None:
    """A document as a statement; None when it names no day, so that it proves nothing."""
    if document.opens_on is None or document.closes_on is None:
        return None
    numbers = {"electronic": document.sequence_number, "legal": document.legal_number}
    return Statement(
        account=document.account_index,
        fund_id=document.fund_id,
        currency=document.currency or "XXX",
        opens_on=document.opens_on,
        closes_on=document.closes_on,
        number=number_of(document.sequence_number),
        opening_minor=document.opening_minor,
        closing_minor=document.closing_minor,
        entries_minor=document.booked_credit_minor - document.booked_debit_minor,
        told=(document.entry_count, document.booked_credit_minor, document.booked_debit_minor),
        documents=(document.id,),
        counted=number_of(numbers.get(counting or "")),
        replaced=replaced,
    )


def _since(accounts: Iterable[Iterable[Statement]], first: date) -> date | None:
    """From where on bookings can stand on statements that close on `first` or later."""
    before = [
        max((one.closes_on for one in some if one.closes_on < first and not one.replaced), default=None)
        for some in accounts
    ]
    return min((day + timedelta(days=1) for day in before if day), default=first) if all(before) else None


def _stated(work: Work, fund_id: str | None, since: date | None) -> dict[str, dict[date, int]]:
    """Document -> day -> net of what a statement says was booked then, minor units.

    Each entry counts with its own amount, whatever its details come to: charges may stand between the two. What another report
    told before counts on the day of that.
    """
    signed = case((BankEntry.direction == "debit", -1), else_=1)
    weight = func.coalesce(BankEntry.amount_minor, BankEntry.entry_amount_minor, 0)
    day = told_on().label("day")
    entry = (
        select(
            BankEntry.document_id,
            day,
            func.max(func.coalesce(BankEntry.entry_amount_minor, BankEntry.amount_minor, 0)).label("minor"),
            func.sum(signed * weight).label("direction"),
        )
        .join(BankDocument, BankDocument.id == BankEntry.document_id)
        .where(
            BankDocument.message.like("camt.053%"),
            BankEntry.status == "BOOK",
            BankEntry.currency == BankDocument.currency,
        )
        .group_by(BankEntry.document_id, BankEntry.entry_index, day)
    )
    if fund_id:
        entry = entry.where(_owned_by(fund_id))
    if since:
        entry = entry.where(or_(told_on() >= since, BankDocument.closing_date >= since))
    each = entry.subquery()
    net = func.sum(case((each.c.direction < 0, -each.c.minor), else_=each.c.minor))
    found: dict[str, dict[date, int]] = {}
    for document_id, on, minor in work.session.execute(
        select(each.c.document_id, each.c.day, net).group_by(each.c.document_id, each.c.day)
    ):
        if on:
            found.setdefault(document_id, {})[on] = int(minor)
    for one in told_before(work):
        days = found.setdefault(one.document_id, {})
        if one.stated_on in days:
            days[one.stated_on] -= one.minor
        if one.counts_on and (since is None or one.counts_on >= since):
            days[one.counts_on] = days.get(one.counts_on, 0) + one.minor
    return found


def _newest(by_account: Mapping[_Account, Sequence[Statement]]) -> dict[tuple[str | None, str], Statement]:
    """(fund, currency) -> of its statements that count the one that closes last."""
    newest: dict[tuple[str | None, str], Statement] = {}
    for (_, currency), statements in by_account.items():
        for one in statements:
            place = (one.fund_id, currency)
            if not one.replaced and (place not in newest or newest[place].closes_on < one.closes_on):
                newest[place] = one
    return newest


def _unstated(
    newest: Mapping[tuple[str | None, str], Statement],
    journal: dict[tuple[str, str], dict[date, int]],
    first: date | None,
    last: date,
) -> Iterator[Row]:
    """Of each fund and currency the days after its newest statement, up to `last`."""
    for (fund_id, currency), moved in journal.items():
        told = newest.get((fund_id, currency))
        days = _days_untold(told, moved, first, last)
        account = told.account if told else None
        if fund_id != UNKNOWN_FUND and (row := unstated(fund_id, currency, account, moved, days)):
            yield row


def _days_untold(
    newest: Statement | None, moved: Mapping[date, int], first: date | None, last: date
) -> tuple[date, date]:
    """The days, both inclusive, after the newest statement; where there is none, from the first one that the journal knows."""
    start = newest.closes_on + timedelta(days=1) if newest else min(moved, default=last)
    return max(start, first) if first else start, last
