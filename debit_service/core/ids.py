"""Identifiers: ULIDs, so that rows sort by time and the upper-case text is legal in every ISO 20022 reference."""

from threading import Lock

from ulid import ULID
from ulid.base32 import ENCODE as ENCODING

from debit_service.core.clock import Clock

_lock = Lock()
_last = ULID.from_int(0)
_RANDOM_BITS = 80
# The last four characters, as two pairs: Crockford's base 32, five bits a character.
_TAIL_LENGTH, _TAIL_BITS, _PAIR_BITS = 4, 20, 10
_TAIL_MASK, _PAIR_MASK = 2**_TAIL_BITS - 1, 2**_PAIR_BITS - 1
_PAIRS = [first + second for first in ENCODING for second in ENCODING]


def new_id(clock: Clock) -> str:
    """A fresh identifier: 26 characters of A-Z and 0-9, unique; ordered by `clock`, and by age within a millisecond."""
    return new_ids(clock, 1)[0]


def new_ids(clock: Clock, count: int) -> list[str]:
    """`count` fresh identifiers at once, each after the one before it."""
    global _last  # noqa: PLW0603 - the last one made is what the next one must follow
    fresh = ULID.from_datetime(clock.now())
    with _lock:
        first = int(fresh)
        if first >> _RANDOM_BITS == int(_last) >> _RANDOM_BITS:
            first = int(_last) + 1
        _last = ULID.from_int(first + count - 1)
    return _written(first, count)


def _written(first: int, count: int) -> list[str]:
    """`count` numbers from `first` on as ULIDs; what a million of them share is written once."""
    made: list[str] = []
    number, end = first, first + count
    while number < end:
        stop = min(end, ((number >> _TAIL_BITS) + 1) << _TAIL_BITS)
        head = str(ULID.from_int(number))[:-_TAIL_LENGTH]
        tails = range(number & _TAIL_MASK, (number & _TAIL_MASK) + stop - number)
        made += [head + _PAIRS[tail >> _PAIR_BITS] + _PAIRS[tail & _PAIR_MASK] for tail in tails]
        number = stop
    return made
