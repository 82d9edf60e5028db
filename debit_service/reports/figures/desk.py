"""What the finance desk works with, as sheets to be taken away: the tie-out with the bank's statements, the work queue, and what
is owed back. Their pages show the same.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Select, func

from debit_service.core.work import Work
from debit_service.funds.profile import Fund
from debit_service.funds.queries import Funds
from debit_service.penalties import queries as penalties
from debit_service.reconcile import days
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.models import BankEntry, Disposition
from debit_service.reconcile.queue import waiting
from debit_service.reconcile.queue.exceptions import exception_of
from debit_service.reconcile.queue.work_queue import Filter, conditions
from debit_service.reconcile.tie_out import queries as tie_out
from debit_service.reconcile.tie_out.numbers import Jump
from debit_service.reconcile.tie_out.replacing import Replaced
from debit_service.reconcile.tie_out.rules import Kind as Apart
from debit_service.reconcile.tie_out.rules import Row as Tied
from debit_service.reports.figures import sql, words
from debit_service.reports.figures.asking import EntriesAsked
from debit_service.reports.figures.behind import STAFF
from debit_service.reports.figures.sheet import N_, Column, Kind, Link, Row, Said, Sheet, Table, facts, summed

_ONE_DAY: Final = timedelta(days=1)
#: What does not tie out, and what its amount is.
APART: Final[Mapping[str, str]] = {
    Apart.BALANCE: N_("Opening and entries do not make the closing. Have the bank send the statement again."),
    Apart.GAP: N_("A statement is missing before this day. The amount is what it hides: have the bank send it."),
    Apart.OVERLAP: N_("Two statements tell of the same days with other numbers. Ask the bank which one counts."),
    Apart.JOURNAL: N_(
        "The journal moved by something else than the statement says. Look for an entry that only a notification tells of."
    ),
    Apart.UNSTATED: N_("The journal moved, and no statement tells of these days yet. Wait for it, or have it sent."),
}
#: What a jump in the numbers of statements means; the second where it is before the first of a year.
MAY_MISS: Final = N_(
    "The numbers of the statements jump: one may be missing before this day, even if everything ties out."
)
MAY_MISS_FIRST: Final = N_("The first statement of the year is not number 1: one may be missing before it.")
#: That a statement of a day does not count.
COUNTS_NOT: Final = N_("A statement of this day does not count: as a person said, another one does instead.")
_DAYS: Final = (
    Column("day", N_("Closing day"), Kind.DATE),
    Column("fund", N_("Fund"), Kind.CODE),
    Column("opening", N_("Opening"), Kind.MONEY),
    Column("entries", N_("Entries"), Kind.MONEY),
    Column("closing", N_("Closing"), Kind.MONEY),
    Column("difference", N_("Difference"), Kind.MONEY),
    Column("journal_difference", N_("Journal apart"), Kind.MONEY),
    Column("findings", N_("Findings"), Kind.COUNT),
)
_FINDINGS: Final = (
    Column("day", N_("Closing day"), Kind.DATE),
    Column("fund", N_("Fund"), Kind.CODE),
    Column("kind", N_("What to do"), Kind.TEXT),
    Column("amount", N_("Amount"), Kind.MONEY),
)
_HINTS: Final = (
    Column("day", N_("Closing day"), Kind.DATE),
    Column("fund", N_("Fund"), Kind.CODE),
    Column("hint", N_("Hint"), Kind.TEXT),
    Column("since", N_("Statement before it"), Kind.DATE),
    Column("number_before", N_("Number of the one before"), Kind.CODE),
    Column("number", N_("Its number"), Kind.CODE),
    Column("said_by", N_("Said by"), Kind.CODE),
    Column("said_at", N_("Said on"), Kind.CODE),
    Column("why", N_("Reason"), Kind.TEXT),
)
_QUEUE: Final = (
    Column("booking_date", N_("Booked on"), Kind.DATE),
    Column("days", N_("Days"), Kind.COUNT),
    Column("fund", N_("Fund"), Kind.CODE),
    Column("exception", N_("Exception"), Kind.TEXT),
    Column("reason", N_("Why it waits"), Kind.TEXT),
    Column("direction", N_("Direction"), Kind.TEXT),
    Column("amount", N_("Amount"), Kind.MONEY),
    Column("left", N_("Not decided about yet"), Kind.MONEY),
    Column("end_to_end_id", N_("End-to-end reference"), Kind.CODE),
    Column("bank_reference", N_("Bank's reference"), Kind.CODE),
    Column("entry", N_("Entry"), Kind.CODE),
)
_REFUNDS: Final = (
    Column("reference", N_("Origin"), Kind.CODE),
    Column("paid_with", N_("Paid together with"), Kind.CODE),
    Column("fund", N_("Fund"), Kind.CODE),
    Column("owed", N_("Owed back"), Kind.MONEY),
    Column("paid_out", N_("Paid out"), Kind.MONEY),
    Column("left", N_("Left"), Kind.MONEY),
)
_OF_PENALTIES: Final = (
    Column("reference", N_("Contribution"), Kind.CODE),
    Column("fund", N_("Fund"), Kind.CODE),
    Column("paid", N_("Paid"), Kind.MONEY),
    Column("owed", N_("Owed"), Kind.MONEY),
    Column("left", N_("Owed back"), Kind.MONEY),
    Column("penalty", N_("Penalty"), Kind.CODE),
)


def tied_out(work: Work, funds: Funds, fund: Fund | None, since: date | None, until: date | None) -> Sheet:
    """Each account and closing day: opening + entries = closing, and what the journal moved besides; what does not tie; where the
    numbers of statements jump; and which statements do not count.
    """
    work.actor.require(*STAFF)
    found = tie_out.rows(work, funds=funds, fund_id=fund.id if fund else None, first=since, last=until)
    days = [row for _, some in groupby(found, _account) for row in _tied_rows(list(some), since)]
    apart = [
        Row((row.day, row.fund_id, Said(APART[one.kind]), one.amount_minor), row.currency)
        for row in found
        for one in row.findings
    ]
    hints = [Row(_hint_cells(row, one)) for row in found for one in row.hints]
    hints += [Row(_replaced_cells(row, one)) for row in found for one in row.replaced]
    return Sheet(
        "tie-out",
        Said(N_("Tie-out with the bank's statements")),
        [
            Table("days", Said(N_("Closing days")), _DAYS, days),
            Table("findings", Said(N_("Findings")), _FINDINGS, apart),
            Table("hints", Said(N_("Hints")), _HINTS, hints),
        ],
    )


def _hint_cells(row: Tied, jump: Jump) -> tuple[date | str | Said | None, ...]:
    says = Said(MAY_MISS if jump.before else MAY_MISS_FIRST)
    numbers = (str(jump.before) if jump.before else None, str(jump.after))
    return (jump.day, row.fund_id, says, jump.since, *numbers, None, None, None)


def _replaced_cells(row: Tied, one: Replaced) -> tuple[date | str | Said | None, ...]:
    said = (one.who, f"{one.at:%Y-%m-%d %H:%M} UTC", one.why)
    return (row.day, row.fund_id, Said(COUNTS_NOT), None, None, None, *said)


def _account(row: Tied) -> tuple[str | None, str | None, str]:
    return row.fund_id, row.account, row.currency


def _tied_rows(rows: list[Tied], since: date | None) -> Iterator[Row]:
    for row in rows:
        amounts = (row.opening_minor, row.entries_minor, row.closing_minor, row.difference_minor)
        cells = (row.day, row.fund_id, *amounts, row.journal_difference_minor, len(row.findings))
        yield Row(cells, row.currency, {"entries": entries_of(row, min(since or row.day, row.day))})
        since = row.day + _ONE_DAY


def entries_of(row: Tied, since: date) -> Link:
    """To the entries of a row of the tie-out: what its statements tell; where no statement tells of it, what was booked since."""
    about = {"currency": row.currency, "booked": "1"}
    if row.documents:
        return EntriesAsked(document=",".join(row.documents), **about).link()
    days = {"since": since.isoformat(), "until": row.day.isoformat()}
    return EntriesAsked(fund=row.fund_id or waiting.NONE, made="once", **days, **about).link()


def queue(work: Work, funds: Funds, wanted: Filter) -> Sheet:
    """The entries that wait for a person and that the filter lets through, each as old as it is today at its fund; the oldest
    first, those of no day last; as a stream.
    """
    work.actor.require(*STAFF)
    todays = days.todays(work, funds)
    table = Table("queue", Said(N_("Work queue")), _QUEUE, _queue_rows(work, todays, wanted))
    is_of_one = wanted.fund_id in funds.funds
    today = days.today_of(wanted.fund_id if is_of_one else next(iter(funds)).id, todays)
    about = {
        "fund": wanted.fund_id or Said(N_("all")),
        "exception": words.called(words.EXCEPTIONS, wanted.exception),
        "age": Said(N_("%(count)s days or more"), {"count": wanted.days_min}) if wanted.days_min else None,
        "held": Said(N_("with held ones") if wanted.held else N_("without held ones")),
        "day": today,
    }
    title = Said(N_("Work queue on %(day)s"), {"day": today})
    return Sheet("queue", title, [table], about=facts(about), rows_only=True)


def queue_length(work: Work, funds: Funds, wanted: Filter) -> int:
    """How many rows `queue` has."""
    work.actor.require(*STAFF)
    return work.session.scalar(_in_queue(days.todays(work, funds), wanted, func.count())) or 0


def _in_queue(todays: days.Todays, wanted: Filter, *columns: Any) -> Select[*tuple[Any, ...]]:
    return sql.entries(*columns).where(decisions.WAITS, *conditions(wanted, todays))


def _queue_rows(work: Work, todays: days.Todays, wanted: Filter) -> Iterator[Row]:
    told, left = days.told_on().label("told"), waiting.left_minor().label("left_minor")
    query = _in_queue(todays, wanted, BankEntry, Disposition.reason, told, left)
    ordered = query.order_by(told.nulls_last(), BankEntry.id).execution_options(yield_per=1_000)
    for entry, reason, day, minor in work.session.execute(ordered):
        cells = (
            day,
            (days.today_of(entry.fund_id, todays) - day).days if day else None,
            entry.fund_id,
            words.called(words.EXCEPTIONS, exception_of(reason)),
            words.called(words.REASONS, reason),
            words.called(words.DIRECTIONS, entry.direction),
            entry.amount_minor,
            minor,
            entry.end_to_end_id,
            entry.account_servicer_reference,
            entry.id,
        )
        yield Row(cells, entry.currency, {"entry": Link("entry", {"entry_id": entry.id})})


def refunds(work: Work, funds: Funds, fund_id: str | None, *, settled: bool = False) -> Sheet:
    """What is owed back of contributions and bank entries, and of penalties that were paid: what is left, and with `settled` what
    is paid out in full too. Of all funds, of one, or of none (UNKNOWN_FUND).
    """
    work.actor.require(*STAFF)
    owed = decisions.refunds_owed(work, fund_id)
    today = days.today_of(fund_id if fund_id in funds.funds else next(iter(funds)).id, days.todays(work, funds))
    about = {
        "fund": fund_id or Said(N_("all")),
        "settled": Said(N_("listed too")) if settled else None,
        "day": today,
    }
    rows = [
        Row(
            (one.reference, one.paid_with, one.fund_id, one.owed_minor, one.paid_out_minor, one.left_minor),
            one.currency,
        )
        for one in owed
        if settled or one.left_minor
    ]
    of_penalties = [
        Row(
            (
                one.contribution.reference,
                one.penalty.fund_id,
                one.money.kept_minor,
                one.money.owed_minor,
                one.money.refund_minor,
                one.penalty.id,
            ),
            one.penalty.currency,
            {"penalty": Link("penalty", {"penalty_id": one.penalty.id})},
        )
        for one in penalties.owed_back(work)
        if fund_id in (None, one.penalty.fund_id)
    ]
    total = Said(N_("Sum"))
    return Sheet(
        "refunds",
        Said(N_("Refunds owed")),
        [
            Table("owed", Said(N_("Refunds owed")), _REFUNDS, rows, summed(_REFUNDS, rows, total)),
            Table(
                *("penalties", Said(N_("Paid beyond a penalty")), _OF_PENALTIES),
                *(of_penalties, summed(_OF_PENALTIES, of_penalties, total)),
            ),
        ],
        about=facts(about),
    )
