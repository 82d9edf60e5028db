"""The days on which TARGET, the euro's clearing, is closed: Saturdays, Sundays, and the same six days in every year.

This is the scheme's own rule and needs no file; a service that keeps corrections passes its own calendar instead.
"""

from datetime import date, timedelta
from functools import lru_cache

_FIXED = ((1, 1), (5, 1), (12, 25), (12, 26))


def target_is_open(day: date) -> bool:
    """Whether collections are possible on `day` (facts: 1.3)."""
    return day.weekday() < 5 and day not in _closed(day.year)


@lru_cache(maxsize=64)
def _closed(year: int) -> frozenset[date]:
    sunday = easter(year)
    moving = (sunday - timedelta(days=2), sunday + timedelta(days=1))
    return frozenset((*moving, *(date(year, month, day) for month, day in _FIXED)))


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher)."""
    century, of_century = divmod(year, 100)
    golden = year % 19
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - century // 4 - correction + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - epact - of_century % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)
