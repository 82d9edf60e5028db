"""Identifiers: ULIDs, so that rows sort by time and the upper-case text is legal in every ISO 20022 reference."""

from threading import Lock

from ulid import ULID

from debit_service.core.clock import Clock

_lock = Lock()
_last = ULID.from_int(0)
_RANDOM_BITS = 80


def new_id(clock: Clock) -> str:
    """A fresh identifier: 26 characters of A-Z and 0-9, unique; ordered by `clock`, and by age within a millisecond."""
    global _last  # noqa: PLW0603 - the last one made is what the next one must follow
    fresh = ULID.from_datetime(clock.now())
    with _lock:
        if int(fresh) >> _RANDOM_BITS == int(_last) >> _RANDOM_BITS:
            fresh = ULID.from_int(int(_last) + 1)
        _last = fresh
    return str(fresh)
