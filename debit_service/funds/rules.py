"""When a contribution is due and on which day it is debited: pure functions of a period, a fund's rule and a calendar."""

import calendar as months
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import assert_never

from debit_service.core.calendar import BusinessCalendar, Calendar
from debit_service.core.errors import InvalidInput, Refused
from debit_service.funds.profile import (
    ClosedDay,
    DayOfNextMonth,
    DaysAfterPeriodEnd,
    DueDateRule,
    FixedDate,
    GivenDueDate,
    OpenDaysBeforeMonthEnd,
)

_PERIOD = re.compile(r"(?P<year>[0-9]{4})(-(?P<month>0[1-9]|1[0-2])|-Q(?P<quarter>[1-4]))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """What a contribution is for: from `first_day` to `last_day`, both included."""

    first_day: date
    last_day: date


def parse_period(text: str) -> Period:
    """The month `2026-10`, the quarter `2026-Q3` or the year `2026`. Raises InvalidInput `period.malformed`."""
    found = _PERIOD.fullmatch(text)
    if found is None or found["year"] == "0000":
        raise InvalidInput("period.malformed", "A period is written 2026-10, 2026-Q3 or 2026.")
    year = int(found["year"])
    if found["month"]:
        first = last = int(found["month"])
    elif found["quarter"]:
        first, last = 3 * int(found["quarter"]) - 2, 3 * int(found["quarter"])
    else:
        first, last = 1, 12
    return Period(date(year, first, 1), clamped_day(year, last, 31))


def clamped_day(year: int, month: int, day: int) -> date:
    """That day, or the month's last day where the month is shorter; months beyond 12 run into the next years."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, min(day, months.monthrange(year, month)[1]))


def due_date_for(period: Period, rule: DueDateRule, calendar: BusinessCalendar) -> date:
    """The legal due date. Raises Refused `due_date.given` when only the declaration can state it."""
    end = period.last_day
    match rule:
        case GivenDueDate():
            raise Refused(
                "due_date.given",
                "This fund's due date is stated by each declaration; no rule computes it.",
                remedy="Import the contribution with its due date.",
            )
        case DayOfNextMonth():
            due = clamped_day(end.year, end.month + 1, rule.day)
        case DaysAfterPeriodEnd():
            due = end + timedelta(days=rule.days)
        case FixedDate():
            due = clamped_day(end.year + rule.years_after, rule.month, rule.day)
        case OpenDaysBeforeMonthEnd():
            due = calendar.add_open_days(clamped_day(end.year, end.month + 1, 1), -rule.n)
        case _:
            assert_never(rule)
    return _moved(due, rule.closed_day, calendar)


def returnable_until(settled_on: date, return_open_days: int, refund_days: int, calendar: Calendar) -> date:
    """The last day on which the scheme lets a settled collection come back as a return or an authorised refund."""
    return max(calendar.add_open_days(settled_on, return_open_days), settled_on + timedelta(days=refund_days))


def _moved(due: date, closed_day: ClosedDay, calendar: BusinessCalendar) -> date:
    match closed_day:
        case "none":
            return due
        case "next":
            return calendar.following_open(due)
        case "previous":
            return calendar.preceding_open(due)
