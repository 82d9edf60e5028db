"""How long entries have waited in the queue: by fund, reason and direction, and by the age of each."""

from datetime import date, timedelta
from typing import Final

from sqlalchemy import ColumnElement, case, func, select

from debit_service.core.clock import business_date
from debit_service.core.work import Work
from debit_service.funds.profile import Fund
from debit_service.reconcile import decisions
from debit_service.reconcile.exceptions import exception_of
from debit_service.reconcile.models import BankEntry, Disposition, Resolution, ResolutionPart
from debit_service.reports.figures import sql, words
from debit_service.reports.figures.behind import NO_FUND, STAFF, EntriesAsked
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


def ageing(work: Work, time_zone: str, fund: Fund | None = None) -> Sheet:
    """The queue of one fund, or the whole queue, as old as it is today in `time_zone`."""
    work.actor.require(*STAFF)
    today = business_date(work.clock, fund.time_zone if fund else time_zone)
    told, amount = sql.told_on(), _waiting()
    bands = [sql.total(case((told.between(*_days(today, band)), amount), else_=0)) for band in BANDS]
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
        asked = {"fund": fund_id or NO_FUND, "made": "waits", "reason": reason, "direction": direction or ""}
        cells = (
            fund_id,
            words.called(words.EXCEPTIONS, exception_of(reason)),
            words.called(words.REASONS, reason),
            words.called(words.DIRECTIONS, direction),
            *numbers,
        )
        rows.append(Row(cells, currency, _links(today, asked | {"currency": currency or ""})))
    table = Table("queue", Said(N_("The queue by age")), _COLUMNS, rows, _totals(rows))
    return Sheet(
        "ageing",
        Said(N_("Age of the queue on %(day)s"), {"day": today}),
        [table],
        [Said(N_("Age counts calendar days since the bank booked the entry, or wrote of it where it was not booked."))],
    )


def _waiting() -> ColumnElement[int]:
    """What of an entry waits: all of it, or what is left beside the parts about which a person has decided."""
    decided = (
        select(func.sum(ResolutionPart.amount_minor))
        .join(Resolution, Resolution.id == ResolutionPart.resolution_id)
        .where(Resolution.entry_id == BankEntry.id, ResolutionPart.stands)
    )
    return func.coalesce(BankEntry.amount_minor, 0) - func.coalesce(decided.scalar_subquery(), 0)


def _days(today: date, band: tuple[int, int | None]) -> tuple[date, date]:
    """The first and the last day of a band. What is dated later than today is as young as can be."""
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
