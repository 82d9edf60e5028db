"""What came in and may still go back: by fund and scheme, and by the day from which the scheme lets it go back no more.

Final means: no return, and no refund of an authorised debit. A debit that was never authorised may be claimed for longer (13
months in SEPA), and no sheet shows that. The windows are facts of the fund; where it has not confirmed them, each row says so.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from sqlalchemy import func, select

from debit_service.collections.models import Collection
from debit_service.core.calendar import Calendar
from debit_service.core.clock import business_date
from debit_service.core.work import Work
from debit_service.funds.profile import Fund
from debit_service.funds.rules import returnable_until
from debit_service.reconcile.rules import State
from debit_service.reports.figures import sql
from debit_service.reports.figures.asking import CollectionsAsked
from debit_service.reports.figures.behind import STAFF, came_in
from debit_service.reports.figures.sheet import N_, Column, Kind, Row, Said, Sheet, Table, summed

_KEPT: Final = (State.SETTLED.value, State.PARTLY_SETTLED.value)
_COLUMNS: Final = (
    Column("fund", N_("Fund"), Kind.CODE),
    Column("scheme", N_("Scheme"), Kind.CODE),
    Column("returnable_until", N_("May go back until"), Kind.DATE),
    Column("count", N_("Number of debits"), Kind.COUNT),
    Column("amount", N_("Came in, and may go back"), Kind.MONEY),
    Column("certainty", N_("How sure the deadline is"), Kind.TEXT),
)
_SURE, _UNSURE = Said(N_("confirmed")), Said(N_("not confirmed by the fund"))


@dataclass(slots=True)
class _Standing:
    """What may go back until one day, and on which days it came in."""

    count: int = 0
    minor: int = 0
    days: list[date] = field(default_factory=list)


def returnable(work: Work, funds: list[Fund], calendars: Mapping[str, Calendar]) -> Sheet:
    """What came in for these funds and is not final today."""
    work.actor.require(*STAFF)
    rows = [row for fund in funds for row in _of(work, fund, calendars[fund.id])]
    table = Table(
        "returnable", Said(N_("Came in, and not final")), _COLUMNS, rows, summed(_COLUMNS, rows, Said(N_("Sum")))
    )
    notes = [
        Said(
            N_(
                "Final means: no return, and no refund of an authorised debit. One that was not authorised may be claimed longer."
            )
        )
    ]
    if any(row.cells[-1] == _UNSURE for row in rows):
        notes.append(Said(N_("A deadline that is not confirmed is computed all the same; have the fund confirm it.")))
    return Sheet("returnable", Said(N_("What may still go back")), [table], notes)


def _of(work: Work, fund: Fund, calendar: Calendar) -> list[Row]:
    today = business_date(work.clock, fund.time_zone)
    until: dict[tuple[str, date], _Standing] = defaultdict(_Standing)
    for scheme, day, count, minor in _came_in(work, fund, _earliest(fund, calendar, today)):
        if (last := _until(fund, calendar, day)) >= today:
            one = until[scheme, last]
            one.count, one.minor = one.count + count, one.minor + minor
            one.days.append(day)
    sure = _SURE if _is_confirmed(fund) else _UNSURE
    rows = []
    for (scheme, last), one in sorted(until.items()):
        asked = CollectionsAsked(
            fund=fund.id,
            scheme=scheme,
            state=",".join(_KEPT),
            settled_since=min(one.days).isoformat(),
            settled_until=max(one.days).isoformat(),
        )
        leads = {"count": asked.link(), "amount": asked.link()}
        rows.append(Row((fund.id, scheme, last, one.count, one.minor, sure), fund.currency, leads))
    return rows


def _came_in(work: Work, fund: Fund, since: date) -> list[tuple[str, date, int, int]]:
    """(scheme, day, how many, how much is kept) of what came in since then."""
    stands = sql.standings(Collection.fund_id == fund.id, Collection.id.in_(came_in(since, date.max)))
    kept = sql.total(stands.c.settled_minor - stands.c.returned_minor)
    scheme = func.coalesce(stands.c.scheme_sent, "")
    query = (
        select(scheme, stands.c.settled_on, func.count(), kept)
        .where(stands.c.state.in_(_KEPT), stands.c.settled_on >= since)
        .group_by(scheme, stands.c.settled_on)
    )
    return [(one[0], one[1], one[2], one[3]) for one in work.session.execute(query)]


def _earliest(fund: Fund, calendar: Calendar, today: date) -> date:
    """The first day on which money that may still go back can have come in."""
    day = today
    while _until(fund, calendar, day - timedelta(days=1)) >= today:
        day -= timedelta(days=1)
    return day


def _until(fund: Fund, calendar: Calendar, settled_on: date) -> date:
    return returnable_until(settled_on, fund.return_window_open_days.value, fund.refund_window_days.value, calendar)


def _is_confirmed(fund: Fund) -> bool:
    return fund.return_window_open_days.confirmed and fund.refund_window_days.confirmed
