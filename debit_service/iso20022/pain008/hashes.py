"""Which of many keys may have come twice, in eight bytes a key: their hashes.

Equal keys have equal hashes; of a million different keys, some two have the same one in a file out of 37 million. So what is
doubled here is only suspected, and has to be looked at again.
"""

from array import array
from collections import Counter
from collections.abc import Iterable
from itertools import islice

# So many hashes at most, in the mean, are in one set at a time.
_BUCKET = 1 << 17


class Hashes:
    """The hashes of keys, in the order in which they came."""

    def __init__(self) -> None:
        self._hashes = array("q")

    def add(self, keys: Iterable[object]) -> None:
        """Take further keys."""
        self._hashes.extend(map(hash, keys))

    def doubled(self, at_most: int | None = None) -> frozenset[int]:
        """The hashes that came more than once, or some of them."""
        doubled: set[int] = set()
        for bucket in self._buckets():
            if len(set(bucket)) < len(bucket) and (at_most is None or len(doubled) < at_most):
                doubled.update(value for value, count in Counter(bucket).items() if count > 1)
        return frozenset(islice(doubled, at_most))

    def first_places(self, value: int) -> tuple[int, int]:
        """Where a doubled hash came first and second, counted from 0."""
        first = self._hashes.index(value)
        return first, self._hashes.index(value, first + 1)

    def _buckets(self) -> "list[array[int]]":
        """The hashes in buckets in which equal ones meet: a set of all would take ten times their memory."""
        count = len(self._hashes) // _BUCKET + 1
        if count == 1:
            return [self._hashes]
        buckets = [array("q") for _ in range(count)]
        for value in self._hashes:
            buckets[value % count].append(value)
        return buckets
