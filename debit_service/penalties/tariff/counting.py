"""Counting days and months of lateness: started, complete and calendar months, and days that do not count.

Days that do not count (a dispute, while it is open) are cut out of the calendar before anything is counted: "the counted day" of
a date is that date less the uncounted days before it. What a rule charges is worked out in counted days and told in real ones.
"""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

ONE_DAY = timedelta(days=1)
#: First and last day; the last None while it goes on.
Stretch = tuple[date, date | None]


def add_months(start: date, months: int) -> date:
    """The same day `months` later, clamped to that month's last day."""
    index = start.year * 12 + start.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


def started_months(start: date, until: date) -> int:
    """How many months counted from `start` have begun by `until`; 0 while `until` is not after `start`."""
    if until <= start:
        return 0
    months = _months_between(start, until)
    return months if until <= add_months(start, months) else months + 1


def complete_months(start: date, until: date) -> int:
    """How many months counted from `start` have passed whole by the end of `until`."""
    if until <= start:
        return 0
    months = _months_between(start, until)
    return months if add_months(start, months) <= until else months - 1


def calendar_months(start: date, until: date) -> int:
    """How many calendar months have a day after `start` and not after `until`."""
    return _months_between(start + ONE_DAY, until) + 1 if until > start else 0


def month_end(day: date) -> date:
    """The last day of its month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _months_between(start: date, until: date) -> int:
    return (until.year - start.year) * 12 + until.month - start.month


@dataclass(frozen=True, slots=True)
class CountedDays:
    """The calendar without the days that do not count: stretches after the clock's start, in order, none touching another."""

    stretches: tuple[tuple[date, date], ...]

    @classmethod
    def after(cls, start: date, stretches: Sequence[Stretch]) -> Self:
        """Everything counts but what lies after `start` in one of `stretches`; they may overlap and come in any order."""
        apart: list[tuple[date, date]] = []
        for first, last in sorted((max(first, start + ONE_DAY), last or date.max) for first, last in stretches):
            if apart and first - ONE_DAY <= apart[-1][1]:
                apart[-1] = (apart[-1][0], max(apart[-1][1], last))
            elif first <= last:
                apart.append((first, last))
        return cls(tuple(apart))

    def counted(self, day: date) -> date:
        """The counted day of `day`: of one that does not count, that of the last one before it that does."""
        gone = sum(max((min(last, day) - first).days + 1, 0) for first, last in self.stretches)
        return day - timedelta(days=gone)

    def real(self, counted: date) -> date:
        """The day whose counted day this is; of one that is not reached while a stretch goes on, as if it had ended."""
        for first, last in self.stretches:
            if first <= counted and last < date.max:
                counted += last - first + ONE_DAY
        return counted
