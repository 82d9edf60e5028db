"""In parts: which sums of a block are told, to the cent and in number, by bookings of single debits of it.

A bank may book a block in several sums, on whatever debits it likes, and tell each debit by itself elsewhere. Which sum has which
debits nobody says; but what the sums come to together the single bookings must come to as well, or a part of these.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, combinations
from typing import Final, NamedTuple, TypeAlias

#: Of more sums of one block and day only all together are looked at, and one by one.
SUMS_MAX: Final = 8
#: What may be added up of many debits is soon anything: then nothing is known of it.
STEPS_MAX: Final = 50_000

#: Amount -> in which numbers of debits it can be reached: bit n is for n of them.
_Reached: TypeAlias = dict[int, int]


class Sum(NamedTuple):
    """A sum, minor units, and of how many debits it is, if that is told. One that is `told` in any case takes its part first."""

    minor: int
    number: int | None
    told: bool = False


def told_in_parts(sums: Sequence[Sum], singly: Sequence[int], untold: Sequence[int]) -> frozenset[int]:
    """The places of the sums that bookings of single debits (`singly`, minor units) tell: as much money of them as can be, and of
    equal ones those that come first. None that may as well be of debits which nobody told of singly (`untold`)."""
    before = [one for one in sums if one.told]
    places = [place for place, one in enumerate(sums) if not one.told]
    for some in sorted(_groups(places), key=lambda some: (-sum(sums[place].minor for place in some), some)):
        group = [*before, *(sums[place] for place in some)]
        if _is_all_of(group, singly) or _is_part_of([sums[place] for place in some], group, singly, untold):
            return frozenset(some)
    return frozenset()


def _groups(places: Sequence[int]) -> Iterator[tuple[int, ...]]:
    sizes = range(1, len(places) + 1) if len(places) <= SUMS_MAX else sorted({1, len(places)})
    return chain.from_iterable(combinations(places, size) for size in sizes)


def _is_all_of(group: Sequence[Sum], singly: Sequence[int]) -> bool:
    minor, count = _together(group)
    return minor == sum(singly) and count in (None, len(singly))


def _is_part_of(new: Iterable[Sum], group: Sequence[Sum], singly: Sequence[int], untold: Sequence[int]) -> bool:
    minor, count = _together(group)
    told = _reach({0: 1}, singly, minor)
    if told is None or not _has(told, minor, count):
        return False
    return not any(_may_be_of(one, singly, untold) for one in new)


def _may_be_of(one: Sum, singly: Sequence[int], untold: Sequence[int]) -> bool:
    """Whether a sum may have a debit in it that nobody told of singly; also where that is too much to find out."""
    if not untold:
        return False
    told = _reach({0: 1}, singly, one.minor)
    found: _Reached = {}
    for minor in untold:
        both = None if told is None else _reach(_joined(told, found), [minor], one.minor, only_with=True)
        if both is None or len(both) * len(untold) > STEPS_MAX:
            return True
        found = _joined(found, both)
    return _has(found, one.minor, one.number)


def _together(group: Iterable[Sum]) -> tuple[int, int | None]:
    some = list(group)
    counts = [one.number for one in some if one.number is not None]
    return sum(one.minor for one in some), sum(counts) if len(counts) == len(some) else None


def _reach(reached: _Reached, debits: Iterable[int], most: int, *, only_with: bool = False) -> _Reached | None:
    """What can be added up of debits, as far as `most`; None where that is too much. `only_with` leaves out what was there."""
    steps = 0
    for minor in debits:
        more = {total + minor: numbers << 1 for total, numbers in reached.items() if total + minor <= most}
        steps += len(reached)
        if steps > STEPS_MAX:
            return None
        reached = more if only_with else _joined(reached, more)
    return reached


def _joined(some: _Reached, others: _Reached) -> _Reached:
    found = dict(some)
    for total, numbers in others.items():
        found[total] = found.get(total, 0) | numbers
    return found


def _has(reached: _Reached, minor: int, count: int | None) -> bool:
    numbers = reached.get(minor, 0)
    return bool(numbers if count is None else numbers >> count & 1)
