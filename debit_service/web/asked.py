"""What an address asks for: words by their names, days and months. A name that a page does not know is refused."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final, NamedTuple

from flask import request

from debit_service.core.errors import InvalidInput
from debit_service.reports.figures import asking

_ONE_DAY = timedelta(days=1)
#: As which files a figure is taken; and what every page may be asked besides: its language, as which file, after which row.
FILES: Final = ("csv", "xlsx", "pdf")
_BESIDES: Final = ("lang", "format", "after")


def words_asked(known: Iterable[str]) -> dict[str, str]:
    """What the address asks for by the names `known`; empty where it does not ask.

    Raises InvalidInput `asked.name` for another name, `asked.value` for a file of no such
    kind, `asked.twice` for a name that is given twice.
    """
    known = list(known)
    asking.names(request.args, [*known, *_BESIDES])
    asking.one_of("format", request.args.get("format", ""), FILES)
    for name in known:
        if len(request.args.getlist(name)) > 1:
            raise InvalidInput("asked.twice", "This is given twice.", place=name, remedy="Give it once.")
    return {name: request.args.get(name, "").strip() for name in known}


def day_asked(name: str, otherwise: date | None = None) -> date | None:
    """The day that the address asks for: `otherwise` where it does not, None where the field was left empty."""
    text = request.args.get(name)
    if text is None:
        return otherwise
    return _day(text, name) if text else None


class Month(NamedTuple):
    """A calendar month by its first and last day."""

    first: date
    last: date

    @property
    def text(self) -> str:
        """As a browser's field for months writes it."""
        return f"{self.first:%Y-%m}"

    @classmethod
    def of(cls, day: date) -> "Month":
        """The month in which a day lies."""
        first = day.replace(day=1)
        return cls(first, (first + timedelta(days=31)).replace(day=1) - _ONE_DAY)


def month_asked(name: str, otherwise: Month) -> Month:
    """The month that the address asks for (2026-09), or `otherwise`."""
    text = request.args.get(name, "")
    return Month.of(_day(f"{text}-01", name)) if text else otherwise


def _day(text: str, name: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    # At the ends of the calendar no day is before or after, and no books are there.
    if day is None or not date.min.year < day.year < date.max.year:
        raise InvalidInput("report.asked", "A day is written 2026-10-31, a month 2026-10.", place=name)
    return day
