"""The books on sheets: the trial balance of a fund, and the lines of an account with their running balance. Each line leads to
the entry of the journal, and that to its evidence. A balance is debits less credits; minor units.

The journal is read by business day, and has no index by account: the sums of a sheet read the lines of its days, however few of
them a page shows, and what stands before the first line reads all lines before it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from typing import Any, ClassVar, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, func, not_, or_, select

from debit_service.core.errors import InvalidInput, NotFound
from debit_service.core.work import Work
from debit_service.ledger import queries as ledger
from debit_service.ledger.models import JournalEntry, JournalLine
from debit_service.ledger.queries import Booked
from debit_service.ledger.rules import BELONGS_TO, UNKNOWN_FUND, Account, account, accounts, kind_of
from debit_service.reports.figures import asking, behind, sql, words
from debit_service.reports.figures.behind import STAFF, Part
from debit_service.reports.figures.sheet import N_, Column, Kind, Link, Row, Said, Sheet, Table, facts, summed
from debit_service.reports.figures.statement import CAUSES
from debit_service.reports.figures.subjects import Subject, subjects

#: What stands on each account.
ACCOUNTS: Final[Mapping[str, str]] = {
    Account.RECEIVABLE: N_("Contributions that employers owe"),
    Account.IN_TRANSIT: N_("Asked from the bank, not booked yet"),
    Account.BANK: N_("What the bank has booked on the fund's account"),
    Account.OTHER_MEANS: N_("Paid by other means than a debit"),
    Account.SURCHARGE_RECEIVABLE: N_("Surcharges owed"),
    Account.SUSPENSE: N_("Bank entries that wait for a person"),
    Account.REFUNDS_OWED: N_("To be given back"),
    Account.NOT_OURS: N_("On the fund's account, and not the fund's"),
    Account.DECLARED: N_("Contributions declared"),
    Account.SURCHARGES: N_("Surcharges confirmed, less reliefs"),
    Account.FEES_REBILLED: N_("Fees of the bank that employers are asked for"),
    Account.CHARGES: N_("Fees that the bank took"),
    Account.INTEREST: N_("Interest that the bank took or gave"),
}
#: Why something was booked.
BOOKED: Final[Mapping[str, str]] = {
    **CAUSES,
    "entry.suspended": N_("Bank entry waits for a person"),
    "entry.cost": N_("Costs of the bank beside its details"),
    "entry.explained": N_("Bank entry explained since"),
    "entry.resolved": N_("A person decided about a bank entry"),
    "penalty.fee_lowered": N_("Fee in a surcharge lowered"),
}
_TRIAL: Final = (
    Column("account", N_("Account"), Kind.CODE),
    Column("stands_for", N_("Stands for"), Kind.TEXT),
    Column("opening", N_("Brought forward"), Kind.MONEY),
    Column("debit", N_("Debit"), Kind.MONEY),
    Column("credit", N_("Credit"), Kind.MONEY),
    Column("balance", N_("Balance"), Kind.MONEY),
)
_LINES: Final = (
    Column("day", N_("Day"), Kind.DATE),
    Column("cause", N_("What was booked"), Kind.TEXT),
    Column("subject", N_("For what"), Kind.CODE),
    Column("debit", N_("Debit"), Kind.MONEY),
    Column("credit", N_("Credit"), Kind.MONEY),
    Column("balance", N_("Balance"), Kind.MONEY),
    Column("belongs_to", N_("Belongs to the closed day"), Kind.CODE),
    Column("booking", N_("Entry of the journal"), Kind.CODE),
)
_FETCHED: Final = 1_000
_CURSOR: Final = re.compile(r"([0-9-]{10}),(\w+),([0-9]{1,9})\Z")
_BELOW_ZERO: Final = Said(N_("A balance is debits less credits: below zero it is a credit."))


@dataclass(frozen=True, slots=True)
class BooksAsked(asking.Asked):
    """Which part of the books: a fund's, one account's, the business days from and to (both included)."""

    fund: str = ""
    account: str = ""
    since: str = ""
    until: str = ""

    VALUES: ClassVar[Mapping[str, tuple[str, ...]]] = {"account": tuple(Account)}
    FUNDS_TOO: ClassVar[tuple[str, ...]] = (UNKNOWN_FUND,)

    @property
    def name(self) -> str:
        """The account as the journal calls it. Raises InvalidInput `asked.value` where fund or account are left out."""
        if not self.account or not self.fund:
            raise asking.unknown("account" if self.fund else "fund", ", ".join(Account) if self.fund else None)
        return account(Account(self.account), self.fund)

    def days(self) -> tuple[date, date]:
        """The first and the last day."""
        return asking.day(self.since) or date.min, asking.day(self.until) or date.max


def trial_balance(work: Work, asked: BooksAsked) -> Sheet:
    """The trial balance of a fund: what each account was brought forward with, its debits and credits in these days, and what
    stands on it at the end. Debits and credits are the same, and the balances sum to zero.
    """
    work.actor.require(*STAFF)
    if not asked.fund:
        raise InvalidInput("report.fund", "Name a fund.", place="fund", remedy="See `debit funds list`.")
    since, until = asked.days()
    amount, inside = JournalLine.amount_minor, JournalEntry.business_date >= since
    query = (
        select(
            JournalLine.account,
            JournalEntry.currency,
            sql.total(case((not_(inside), amount), else_=0)),
            sql.total(case((and_(inside, amount > 0), amount), else_=0)),
            sql.total(case((and_(inside, amount < 0), -amount), else_=0)),
        )
        .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .where(JournalLine.account.in_(accounts(asked.fund)), JournalEntry.business_date <= until)
        .group_by(JournalLine.account, JournalEntry.currency)
    )
    found = sorted(work.session.execute(query), key=lambda one: (one[1], list(Account).index(kind_of(one[0]))))
    rows = [_trial_row(asked, *one) for one in found]
    table = Table("accounts", Said(N_("Accounts")), _TRIAL, rows, summed(_TRIAL, rows, Said(N_("Sum"))))
    return Sheet(
        "trial-balance",
        _title(N_("Trial balance of %(what)s"), asked.fund, asked),
        [table],
        [_BELOW_ZERO],
        facts(asked.about()),
    )


def _trial_row(asked: BooksAsked, name: str, currency: str, opening: int, debit: int, credit: int) -> Row:
    kind = kind_of(name)
    days = {name: value for name, value in (("since", asked.since), ("until", asked.until)) if value}
    lines = Link("account", {"fund": asked.fund, "account": kind.value, **days})
    leads = dict.fromkeys(("account", "debit", "credit", "balance"), lines)
    if asked.since and asked.days()[0] > date.min:
        before = (date.fromisoformat(asked.since) - timedelta(days=1)).isoformat()
        leads["opening"] = Link("account", {"fund": asked.fund, "account": kind.value, "until": before})
    cells = (kind.value, Said(ACCOUNTS[kind]), opening, debit, credit, opening + debit - credit)
    return Row(cells, currency, leads)


def _title(template: str, what: str, asked: BooksAsked) -> Said:
    if asked.since and asked.until:
        both = {"what": what, "since": asked.since, "until": asked.until}
        return Said(_WITH_DAYS[template], both)
    if asked.until:
        return Said(_UNTIL[template], {"what": what, "until": asked.until})
    return Said(template, {"what": what})


_UNTIL: Final = {
    "Trial balance of %(what)s": N_("Trial balance of %(what)s, until %(until)s"),
    "Account %(what)s": N_("Account %(what)s, until %(until)s"),
}
_WITH_DAYS: Final = {
    "Trial balance of %(what)s": N_("Trial balance of %(what)s, %(since)s to %(until)s"),
    "Account %(what)s": N_("Account %(what)s, %(since)s to %(until)s"),
}


class _Cursor(NamedTuple):
    """A line of the journal in the order of a ledger: by day, entry, number."""

    day: date
    entry_id: str
    number: int

    @classmethod
    def of(cls, text: str) -> "_Cursor":
        """As it stands in an address. Raises InvalidInput `asked.value`."""
        found = _CURSOR.match(text)
        try:
            day, entry_id, number = found.groups() if found else ("", "", "")
            return cls(date.fromisoformat(day), entry_id, int(number))
        except ValueError:
            raise asking.unknown("after") from None

    @property
    def text(self) -> str:
        """As it stands in an address."""
        return f"{self.day.isoformat()},{self.entry_id},{self.number}"

    def follow(self) -> ColumnElement[bool]:
        """The lines behind it."""
        entry, line = JournalEntry, JournalLine
        return or_(
            entry.business_date > self.day,
            and_(entry.business_date == self.day, entry.id > self.entry_id),
            and_(entry.business_date == self.day, entry.id == self.entry_id, line.number > self.number),
        )


def account_lines(work: Work, asked: BooksAsked, *, after: str = "") -> Part:
    """A page of the lines of an account, by business day, with the balance behind each."""
    work.actor.require(*STAFF)
    cursor = _Cursor.of(after) if after else None
    # Of all time, the index by day would only be a detour.
    mine = _of_account(asked) if asked.since or asked.until else [JournalLine.account == asked.name]
    amount = JournalLine.amount_minor
    sums = select(
        JournalEntry.currency,
        func.count(),
        sql.total(case((amount > 0, amount), else_=0)),
        sql.total(case((amount < 0, -amount), else_=0)),
    ).join(JournalLine, JournalLine.entry_id == JournalEntry.id)
    added = list(work.session.execute(sums.where(*mine).group_by(JournalEntry.currency)))
    before = _before(work, asked, cursor)
    opening = _before(work, asked, None) if cursor else before
    found = list(_lines(work, asked, cursor, before, behind.ROWS_SHOWN_MAX))
    totals = [
        Row(
            (None, Said(N_("Sum")), None, debit, credit, opening.get(currency, 0) + debit - credit, None, None),
            currency,
        )
        for currency, _, debit, credit in added
    ]
    shown = [*_brought_forward(cursor.day if cursor else asked.days()[0], before), *(row for _, row in found)]
    count = sum(one[1] for one in added)
    next_after = found[-1][0].text if len(found) == behind.ROWS_SHOWN_MAX else None
    return Part(_account_sheet(asked, shown, totals), count, next_after)


def all_account_lines(work: Work, asked: BooksAsked) -> Sheet:
    """Every line of an account, as a stream."""
    work.actor.require(*STAFF)
    opening = _before(work, asked, None)
    rows = (row for _, row in _lines(work, asked, None, opening))
    return _account_sheet(asked, chain(_brought_forward(asked.days()[0], opening), rows), ())


def _account_sheet(asked: BooksAsked, rows: Iterable[Row], totals: Iterable[Row]) -> Sheet:
    table = Table("lines", Said(N_("Lines")), _LINES, rows, list(totals))
    return Sheet(
        "account", _title(N_("Account %(what)s"), asked.name, asked), [table], [_BELOW_ZERO], facts(asked.about()), True
    )


def _of_account(asked: BooksAsked) -> list[ColumnElement[bool]]:
    since, until = asked.days()
    return [JournalLine.account == asked.name, JournalEntry.business_date.between(since, until)]


def _before(work: Work, asked: BooksAsked, cursor: _Cursor | None) -> dict[str, int]:
    """Currency -> what stands on the account before the first line that is asked for, or behind the line `cursor`."""
    if not cursor and not asked.since:
        return {}
    earlier = not_(cursor.follow()) if cursor else JournalEntry.business_date < asked.days()[0]
    query = (
        select(JournalEntry.currency, sql.total(JournalLine.amount_minor))
        .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
        .where(JournalLine.account == asked.name, earlier)
        .group_by(JournalEntry.currency)
    )
    return dict(work.session.execute(query).all())


def _brought_forward(day: date, before: Mapping[str, int]) -> Iterator[Row]:
    for currency, minor in sorted(before.items()):
        yield Row((day, Said(N_("Brought forward")), None, None, None, minor, None, None), currency)


def _lines(
    work: Work, asked: BooksAsked, cursor: _Cursor | None, before: Mapping[str, int], limit: int | None = None
) -> Iterator[tuple[_Cursor, Row]]:
    entry, line = JournalEntry, JournalLine
    query: Select[Any] = (
        select(
            *(entry.business_date, entry.id, line.number, entry.cause, entry.currency, line.subject, line.amount_minor),
            entry.evidence[BELONGS_TO].as_string().label("belongs_to"),
        )
        .join(line, line.entry_id == entry.id)
        .where(*_of_account(asked), *([cursor.follow()] if cursor else ()))
        .order_by(entry.business_date, entry.id, line.number)
        .limit(limit)
    )
    balances = dict(before)
    for some in work.session.execute(query.execution_options(yield_per=_FETCHED)).partitions():
        known = subjects(work, {one.subject for one in some})
        for one in some:
            balance = balances[one.currency] = balances.get(one.currency, 0) + one.amount_minor
            yield _Cursor(one.business_date, one.id, one.number), _line_row(one, known.get(one.subject), balance)


def _line_row(one: Any, subject: Subject | None, balance: int) -> Row:
    minor = one.amount_minor
    cells = (
        one.business_date,
        words.called(BOOKED, one.cause),
        subject.name if subject else one.subject,
        minor if minor > 0 else None,
        -minor if minor < 0 else None,
        balance,
        one.belongs_to,
        one.id,
    )
    leads = dict.fromkeys(("booking", "day"), Link("booking", {"booking_id": one.id}))
    return Row(cells, one.currency, leads | ({"subject": subject.link} if subject else {}))


class Piece(NamedTuple):
    """A piece of evidence: what it is, its value, and where it leads."""

    name: str
    value: str
    link: Link | None


@dataclass(frozen=True, slots=True)
class Booking:
    """An entry of the journal, what it was booked for, and its evidence."""

    booked: Booked
    subject: Subject | None
    evidence: tuple[Piece, ...]

    @property
    def cause(self) -> Said | str:
        """Why it was booked, in words."""
        return words.called(BOOKED, self.booked.cause)


def booking(work: Work, booking_id: str) -> Booking:
    """An entry of the journal with all its lines. Raises NotFound."""
    work.actor.require(*STAFF)
    found = ledger.entry(work.session, booking_id)
    if found is None:
        raise NotFound("ledger.entry.unknown", "The journal has no such entry.", place=booking_id)
    pieces = tuple(_piece(name, str(value)) for name, value in found.evidence.items())
    return Booking(found, subjects(work, [found.subject]).get(found.subject), pieces)


def _piece(name: str, value: str) -> Piece:
    match name:
        case "entry":
            return Piece(name, value, Link("entry", {"entry_id": value}))
        case "batch":
            return Piece(name, value, Link("batch", {"batch_id": value}))
        case "resolution":
            return Piece(name, value, Link("decision", {"resolution_id": value}))
        case _:
            return Piece(name, value, None)
