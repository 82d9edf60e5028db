"""How long entries have waited in the queue: by fund, reason and direction, and by the age of each."""

from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, true

from debit_service.core.work import Work
from debit_service.funds.profile import Fund
from debit_service.funds.queries import Funds
from debit_service.reconcile import days
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.models import BankEntry, Disposition
from debit_service.reconcile.queue import waiting
from debit_service.reconcile.queue.exceptions import exception_of
from debit_service.reports.figures import sql, words
from debit_service.reports.figures.asking import EntriesAsked
from debit_service.reports.figures.behind import STAFF
from debit_service.reports.figures.sheet import N_, Column, Kind, Link, Row, Said, Sheet, Table, summed

#: Age bands in calendar days, from and to, both included; the last has no end.
BANDS: Final = ((0, 1), (2, 5), (6, 30), (31, 90), (91, None))
_TITLES: Final = (
    N_("0 to 1 days"),
    N_("2 to 5 days"),
    N_("6 to 30 days"),
    N_("31 to 90 days"),
    N_("more than 90 days"),
)
_UNDATED: Final = "undated"
_COLUMNS: Final = (
    Column("fund", N_("Fund"), Kind.CODE),
    Column("exception", N_("Exception"), Kind.TEXT),
    Column("reason", N_("Why it waits"), Kind.TEXT),
    Column("direction", N_("Direction"), Kind.TEXT),
    *(Column(f"days_{first}", title, Kind.MONEY) for (first, _), title in zip(BANDS, _TITLES, strict=True)),
    Column(_UNDATED, N_("without a day"), Kind.MONEY),
    Column("amount", N_("In all"), Kind.MONEY),
    Column("count", N_("Entries"), Kind.COUNT),
)
_DIRECTION: Final = [column.key for column in _COLUMNS].index("direction")


def ageing(work: Work, funds: Funds, fund: Fund | None = None) -> Sheet:
    """The queue of one fund, or the whole queue: each entry as old as it is today at its fund."""
    work.actor.require(*STAFF)
    todays = days.todays(work, funds)
    told, amount = days.told_on(), waiting.left_minor()
    bands = [sql.total(case((_is_within(told, band, todays), amount), else_=0)) for band in BANDS]
    undated = sql.total(case((told.is_(None), amount), else_=0))
    group = (BankEntry.fund_id, Disposition.reason, BankEntry.direction, BankEntry.currency)
    query = (
        sql.entries(*group, *bands, undated, sql.total(amount), func.count())
        .where(decisions.WAITS)
        .group_by(*group)
        .order_by(*(func.coalesce(one, "") for one in group))
    )
    if fund:
        query = query.where(BankEntry.fund_id == fund.id)
    rows = []
    for fund_id, reason, direction, currency, *numbers in work.session.execute(query):
        asked = {"fund": fund_id or waiting.NONE, "made": "waits", "reason": reason}
        asked |= {"direction": direction or waiting.NONE, "currency": currency or waiting.NONE}
        cells = (
            fund_id,
            words.called(words.EXCEPTIONS, exception_of(reason)),
            words.called(words.REASONS, reason),
            words.called(words.DIRECTIONS, direction),
            *numbers,
        )
        rows.append(Row(cells, currency, _links(days.today_of(fund_id, todays), asked)))
    table = Table("queue", Said(N_("The queue by age")), _COLUMNS, rows, _totals(rows))
    return Sheet(
        "ageing",
        Said(
            N_("Age of the queue on %(day)s"), {"day": days.today_of(fund.id if fund else next(iter(funds)).id, todays)}
        ),
        [table],
        [Said(N_("Age counts calendar days since the bank booked the entry, or wrote of it where it was not booked."))],
    )


def _is_within(told: ColumnElement[Any], band: tuple[int, int | None], todays: days.Todays) -> ColumnElement[bool]:
    """Whether an entry of this day is as old as a band says. What is dated later than today is as young as can be."""
    youngest, oldest = band
    is_young_enough = told >= days.days_ago(oldest, todays) if oldest is not None else true()
    return and_(told.is_not(None), is_young_enough, told <= days.days_ago(youngest, todays) if youngest else true())


def _days(today: date, band: tuple[int, int | None]) -> tuple[date, date]:
    """The first and the last day of a band, where a number leads; as `_is_within` has it."""
    youngest, oldest = band
    first = today - timedelta(days=oldest) if oldest is not None else date.min
    return first, today - timedelta(days=youngest) if youngest else date.max


def _links(today: date, asked: dict[str, str]) -> dict[str, Link]:
    whole = EntriesAsked(**asked).link()
    leads = {"amount": whole, "count": whole, _UNDATED: EntriesAsked(**asked, undated="1").link()}
    for band in BANDS:
        first, last = _days(today, band)
        since = first.isoformat() if first > date.min else ""
        until = last.isoformat() if last < date.max else ""
        leads[f"days_{band[0]}"] = EntriesAsked(**asked, since=since, until=until).link()
    return leads


def _totals(rows: list[Row]) -> list[Row]:
    """Money that came in and money that went out are added up apart: their sum would mean nothing."""
    totals = []
    for said in words.DIRECTIONS.values():
        same = [row for row in rows if row.cells[_DIRECTION] == Said(said)]
        for one in summed(_COLUMNS, same, Said(N_("Sum"))):
            cells = list(one.cells)
            cells[_DIRECTION] = Said(said)
            totals.append(Row(cells, one.currency))
    return totals
