"""What will come in, day by day: what is asked or planned, and what is left of it if as many debits fail as did before.

The rate is the fund's own: of what was asked and must be answered by now, the share of money that was rejected or went back. With
fewer debits than `HISTORY_MIN` it is not used, and the sheet says so. Both numbers stand side by side: the second is a guess.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from sqlalchemy import case, func, select

from debit_service.collections.models import Collection
from debit_service.core.calendar import Calendar
from debit_service.core.clock import business_date
from debit_service.core.work import Work
from debit_service.funds.profile import Fund
from debit_service.funds.rules import returnable_until
from debit_service.reconcile.rules import State
from debit_service.reports.figures import sql
from debit_service.reports.figures.asking import CollectionsAsked
from debit_service.reports.figures.behind import STAFF
from debit_service.reports.figures.sheet import N_, Column, Kind, Row, Said, Sheet, Table, summed

#: How far back the history goes, and how many debits it must hold before a rate is taken from it.
HISTORY: Final = timedelta(days=365)
HISTORY_MIN: Final = 100
DAYS_AHEAD: Final = timedelta(days=30)
_COLUMNS: Final = (
    Column("day", N_("Day"), Kind.DATE),
    Column("count", N_("Number of debits"), Kind.COUNT),
    Column("expected", N_("Asked or planned"), Kind.MONEY),
    Column("unpaid", N_("Probably not paid"), Kind.MONEY),
    Column("probable", N_("Probably paid"), Kind.MONEY),
)
_LATE: Final = (
    Column("what", N_("Standing"), Kind.TEXT),
    Column("count", N_("Number of debits"), Kind.COUNT),
    Column("amount", N_("Asked or planned"), Kind.MONEY),
)


@dataclass(frozen=True, slots=True)
class History:
    """What became of debits that must be answered by now: how many, how much was asked, how much of it failed (minor units)."""

    count: int
    asked_minor: int
    failed_minor: int

    @property
    def rate(self) -> Decimal | None:
        """The share of money that failed; None where there is too little to tell."""
        return Decimal(self.failed_minor) / self.asked_minor if self.count >= HISTORY_MIN else None


def probably_unpaid(expected_minor: int, rate: Decimal | None) -> int:
    """How much of what is expected will probably fail: minor units, rounded half up; 0 without a rate."""
    return int((expected_minor * rate).to_integral_value(ROUND_HALF_UP)) if rate else 0


def forecast(work: Work, fund: Fund, calendar: Calendar, until: date | None = None) -> Sheet:
    """The open days of `fund` from today to `until` (30 days from today where it is not given)."""
    work.actor.require(*STAFF)
    today = business_date(work.clock, fund.time_zone)
    last = until or today + DAYS_AHEAD
    history = _history(work, fund, calendar, today)
    asked = _asked(work, fund, last)
    late = {day: one for day, one in asked.items() if day < today}
    by_day = _on_open_days(calendar, today, last, asked)
    rows = []
    for day, days in by_day.items():
        count, expected = (sum(asked[one][at] for one in days) for at in (0, 1))
        unpaid = probably_unpaid(expected, history.rate)
        behind = CollectionsAsked(
            fund=fund.id,
            since=min(days, default=day).isoformat(),
            until=max(days, default=day).isoformat(),
            state=",".join(sql.OPEN_STATES),
        ).link()
        leads = {"count": behind, "expected": behind} if days else {}
        rows.append(Row((day, count, expected, unpaid, expected - unpaid), fund.currency, leads))
    table = Table("days", Said(N_("Open days")), _COLUMNS, rows, summed(_COLUMNS, rows, Said(N_("Sum"))))
    title = Said(
        N_("Cash forecast of %(fund)s, %(since)s to %(until)s"), {"fund": fund.id, "since": today, "until": last}
    )
    return Sheet("forecast", title, [table, *_late(fund, late)], _notes(history))


def _asked(work: Work, fund: Fund, last: date) -> dict[date, tuple[int, int]]:
    """Collection day -> (how many, how much) of the debits whose money may still come in."""
    stands = sql.standings(Collection.fund_id == fund.id, Collection.live, Collection.collection_date <= last)
    query = (
        select(stands.c.collection_date, func.count(), sql.total(stands.c.amount_minor))
        .where(stands.c.state.in_(sql.OPEN_STATES))
        .group_by(stands.c.collection_date)
        .order_by(stands.c.collection_date)
    )
    return {day: (count, minor) for day, count, minor in work.session.execute(query)}


def _on_open_days(
    calendar: Calendar, today: date, last: date, asked: dict[date, tuple[int, int]]
) -> dict[date, list[date]]:
    """Each open day, and the collection days whose money comes in on it: one that was closed since is paid on the next."""
    days: dict[date, list[date]] = {}
    for number in range((last - today).days + 1):
        day = today + timedelta(days=number)
        if calendar.is_open(day):
            days[day] = []
    for day in asked:
        if day >= today:
            days.setdefault(calendar.following_open(day), []).append(day)
    return dict(sorted(days.items()))


def _history(work: Work, fund: Fund, calendar: Calendar, today: date) -> History:
    """What became of the debits of the last year that the scheme no longer lets come back as a return."""
    first = today - HISTORY
    answered = today
    while answered > first and returnable_until(answered, fund.return_window_open_days.value, 0, calendar) >= today:
        answered -= timedelta(days=1)
    stands = sql.standings(Collection.fund_id == fund.id, Collection.collection_date.between(first, answered))
    amount, kept = stands.c.amount_minor, stands.c.settled_minor - stands.c.returned_minor
    lost = case(
        (stands.c.state.in_((State.RETURNED.value, State.REJECTED.value)), amount),
        (stands.c.state == State.PARTLY_SETTLED.value, amount - kept),
        else_=0,
    )
    query = select(func.count(), sql.total(amount), sql.total(lost))
    ended = stands.c.batch_state.in_(sql.AT_THE_BANK) & stands.c.state.not_in(sql.OPEN_STATES)
    return History(*work.session.execute(query.where(ended)).one())


def _notes(history: History) -> list[Said]:
    count = {"count": history.count}
    if history.rate is None:
        few = Said(
            N_("Only %(count)s debits of the last year are answered for good: too few for a rate, so none is used."),
            count,
        )
        return [few, _PLANNED]
    percent = str((history.rate * 100).quantize(Decimal("0.01")))
    rate = Said(
        N_("Of %(count)s debits of the last year, %(percent)s%% of the money was rejected or went back."),
        count | {"percent": percent},
    )
    return [rate, Said(N_("What is probable is a guess from that rate; what is asked is no guess.")), _PLANNED]


_PLANNED: Final = Said(N_("Contributions that no debit is planned for yet are not in it."))


def _late(fund: Fund, late: dict[date, tuple[int, int]]) -> list[Table]:
    """The debits of earlier days that nobody has answered, where there are any."""
    if not late:
        return []
    behind = CollectionsAsked(
        fund=fund.id, since=min(late).isoformat(), until=max(late).isoformat(), state=",".join(sql.OPEN_STATES)
    ).link()
    count, amount = (sum(one[at] for one in late.values()) for at in (0, 1))
    cells = (Said(N_("Debits of earlier days that are not answered yet; they are not in it")), count, amount)
    row = Row(cells, fund.currency, {"count": behind, "amount": behind})
    return [Table("late", Said(N_("Not answered yet")), _LATE, [row])]
