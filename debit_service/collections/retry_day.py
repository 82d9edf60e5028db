"""The day on which a debit that failed is presented again: where this employer's own debits have succeeded, or a fixed rule.

A lack of funds has its days: wages go out, customers pay. The days of the month in six windows, and the days of the week, each
have the share of this employer's debits that succeeded then, drawn towards one half while they are few (a Beta prior). A day is
worth what its window and its weekday add to one half, less a price for each day of waiting, because a late contribution costs the
employer a surcharge and the fund its money. The fixed rule stands unless another day is clearly better; that may be one on which
nothing was tried yet, where those that were tried went badly. docs/retry-day.md tells what it gains, on simulated histories.

Every part only adds: one more success on a day never makes that day less likely to be chosen.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

from debit_service.core.calendar import Calendar

#: ISO 20022: insufficient funds, and the two codes behind which banks hide it (privacy).
_NO_FUNDS: Final = frozenset({"AM04", "AG07", "MS03"})
#: ISO 20022: a bank or the clearing failed. The employer's days have nothing to do with it.
_TECHNICAL: Final = frozenset({"DS28", "ED05", "ED06", "FF10"})

#: How long a better day is waited for.
DAYS_MAX: Final = 15
#: Below these a history says too little.
DEBITS_MIN, OF_EACH_MIN = 6, 2
#: What a day of waiting must bring: one more success in a hundred.
_PRICE_OF_A_DAY: Final = 0.01
#: By how much a day must be better than that of the fixed rule.
_CLEARLY: Final = 0.20
#: How many debits, half of them successful, each window and each weekday is taken to have had before.
_PRIOR_OF_WINDOW, _PRIOR_OF_WEEKDAY = 2, 4
_WINDOW_DAYS, _LAST_WINDOW = 5, 5
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Past(NamedTuple):
    """A debit of the past and what became of it."""

    collection_date: date
    succeeded: bool
    code: str | None


class Chosen(NamedTuple):
    """A day, and why, for a clerk to read. `by_history`: the employer's own history chose it, and not the fixed rule."""

    day: date
    reason: str
    by_history: bool


def choose_day(history: Sequence[Past], code: str | None, earliest: date, fixed: date, calendar: Calendar) -> Chosen:
    """The open day, not before `earliest`, on which to present again what failed with `code`.

    `history`: this employer's answered debits at this fund, in any order. `fixed`: the day of the fixed rule.
    """
    first = calendar.following_open(earliest)
    rule = calendar.following_open(max(earliest, fixed))
    if code in _TECHNICAL:
        return Chosen(first, f"{code} is a technical failure: as soon as possible", by_history=False)
    if code not in _NO_FUNDS:
        return Chosen(rule, f"fixed rule: {code or 'no code'} does not speak of funds", by_history=False)
    record = _Record.of(history)
    if record.is_thin:
        said = f"fixed rule: {record.debits} earlier debits, {record.failures} without funds, say too little"
        return Chosen(rule, said, by_history=False)

    def worth(day: date) -> float:
        return record.value(day) - _PRICE_OF_A_DAY * (day - first).days

    best = max(_open_days(first, calendar), key=worth)  # of equal ones the first
    if worth(best) <= worth(rule) + _CLEARLY:
        said = f"fixed rule: by {record.debits} earlier debits no day is clearly better"
        return Chosen(rule, said, by_history=False)
    said = (
        f"by its history: {record.words(best)}; on {rule.isoformat()}, the day of the fixed rule, {record.words(rule)}"
    )
    return Chosen(best, said, by_history=True)


def _open_days(first: date, calendar: Calendar) -> Iterator[date]:
    days = (first + timedelta(days=number) for number in range(DAYS_MAX + 1))
    return (day for day in days if calendar.is_open(day))


def _window(day: date) -> int:
    return min((day.day - 1) // _WINDOW_DAYS, _LAST_WINDOW)


@dataclass(frozen=True, slots=True)
class _Record:
    """How many debits were tried, and how many succeeded, by window of the month and by day of the week."""

    tried_in: Counter[int]
    paid_in: Counter[int]
    tried_on: Counter[int]
    paid_on: Counter[int]

    @classmethod
    def of(cls, history: Sequence[Past]) -> "_Record":
        """What failed for another reason than a lack of funds says nothing about a day, and is left out."""
        tried = [one.collection_date for one in history if one.succeeded or one.code in _NO_FUNDS]
        paid = [one.collection_date for one in history if one.succeeded]
        return cls(
            tried_in=Counter(map(_window, tried)),
            paid_in=Counter(map(_window, paid)),
            tried_on=Counter(map(date.weekday, tried)),
            paid_on=Counter(map(date.weekday, paid)),
        )

    @property
    def debits(self) -> int:
        return self.tried_in.total()

    @property
    def failures(self) -> int:
        return self.debits - self.paid_in.total()

    @property
    def is_thin(self) -> bool:
        return self.debits < DEBITS_MIN or min(self.failures, self.paid_in.total()) < OF_EACH_MIN

    def value(self, day: date) -> float:
        """What window and weekday of `day` speak for: one half when nothing is known, more where debits succeeded."""
        window, weekday = _window(day), day.weekday()
        in_window = _share(self.paid_in[window], self.tried_in[window], _PRIOR_OF_WINDOW)
        on_weekday = _share(self.paid_on[weekday], self.tried_on[weekday], _PRIOR_OF_WEEKDAY)
        return in_window + on_weekday - 0.5

    def words(self, day: date) -> str:
        """What is known of days like `day`."""
        window, weekday = _window(day), day.weekday()
        begin = window * _WINDOW_DAYS + 1
        end = 31 if window == _LAST_WINDOW else begin + _WINDOW_DAYS - 1
        in_window = _counted(self.paid_in[window], self.tried_in[window], f"days {begin}-{end} of the month")
        return f"{in_window}, {_counted(self.paid_on[weekday], self.tried_on[weekday], f'{_WEEKDAYS[weekday]}s')}"


def _counted(paid: int, tried: int, when: str) -> str:
    return f"{paid} of {tried} debits on {when} succeeded" if tried else f"none was tried on {when}"


def _share(paid: int, tried: int, prior: int) -> float:
    """The mean of a Beta distribution: `paid` of `tried`, as if half of `prior` others had been paid before."""
    return (paid + prior / 2) / (tried + prior)
