"""Numbers of statements, decided: where they jump, a statement may be missing. Pure: values in, jumps out.

By ISO 20022 the numbers (camt.053, `ElctrncSeqNb` and `LglSeqNb`) go on by one with each statement of an account. A missing one
whose entries come to nothing leaves no gap in the balances; its number is missing all the same. But a number is no proof: banks
begin anew each year, number messages, all accounts together, or days. So a jump is a hint and never a finding.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise
from typing import NamedTuple

#: ISO 20022 gives a sequence number 18 digits; what is longer numbers nothing.
_LENGTH_MAX = 18
#: From so many jumps on, numbers may show that they count something else than statements.
_JUMPS_TOLD = 3


class Numbered(NamedTuple):
    """A statement's closing day and number; pages of one statement have the same."""

    closes_on: date
    number: int


@dataclass(frozen=True, slots=True)
class Jump:
    """The numbers of an account's statements go from `before` to `after`, which closes on `day`; 0 is before the first of a year.

    `since` is the closing day of the statement before, `says` the sentence for a person.
    """

    since: date
    day: date
    before: int
    after: int
    says: str


def number_of(text: str | None) -> int:
    """A number as the bank wrote it; 0 for what numbers nothing."""
    given = text or ""
    return int(given) if given.isdecimal() and len(given) <= _LENGTH_MAX else 0


def jumps(statements: Iterable[Numbered]) -> list[Jump]:
    """Where the numbers of one account's statements skip some, oldest day first.

    More numbers than there can be statements in these days are no jump but another way to number (the year before the number).
    Nothing is told of numbers that, from the third jump on, jump more often than they go on by one, or mostly count days.
    """
    ordered = sorted({one for one in statements if one.number})
    a_day = max(Counter(one.closes_on for one in ordered).values(), default=1)
    found = list(_skipped(ordered, a_day))
    return [] if len(found) >= _JUMPS_TOLD and _count_something_else(ordered, len(found)) else found


def _skipped(ordered: Sequence[Numbered], a_day: int) -> Iterator[Jump]:
    there = {year: {one.number for one in some} for year, some in groupby(ordered, key=lambda one: one.closes_on.year)}
    for one, other in pairwise(ordered):
        before, since = one.number, one.closes_on
        if other.number < before and other.closes_on.year > since.year:
            before, since = 0, max(since, date(other.closes_on.year, 1, 1))
        skipped = other.number - before - 1
        if not 0 < skipped <= a_day * max((other.closes_on - since).days, 1):
            continue
        known = there[one.closes_on.year] if before else set()
        if any(number not in known | there[other.closes_on.year] for number in range(before + 1, other.number)):
            yield Jump(one.closes_on, other.closes_on, before, other.number, _says(one, other, before))


def _count_something_else(ordered: Sequence[Numbered], jumped: int) -> bool:
    steps = [
        (other.number - one.number, (other.closes_on - one.closes_on).days)
        for one, other in pairwise(ordered)
        if other.number > one.number
    ]
    on_by_one = sum(step == 1 for step, _ in steps)
    over_days = [step == days for step, days in steps if days > 1]
    return jumped > on_by_one or sum(over_days) > len(over_days) // 2


def _says(one: Numbered, other: Numbered, before: int) -> str:
    if before:
        return (
            f"the statement of {one.closes_on} has the number {before}, the one of {other.closes_on} the number {other.number}:"
            f" {_which(before + 1, other.number - 1)} may be missing"
        )
    return (
        f"of {other.closes_on.year} the statement of {other.closes_on} is the first, and has the number {other.number}:"
        f" {_which(1, other.number - 1)} may be missing"
    )


def _which(first: int, last: int) -> str:
    return f"number {first}" if first == last else f"numbers {first} to {last}"
