"""Transactions kept on disk by group, in the order in which they came: a list of any length is grouped in bounded memory.

The file has no name and is gone with the process. What it holds was written by this process a moment ago, which is why it
may be unpickled.
"""

import pickle
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice
from typing import overload

from debit_service.iso20022.pain008.values import DirectDebit


@dataclass(slots=True)
class _Chunks:
    """Where the rows of a group are: offset and number of rows of each chunk, and those not yet on disk."""

    places: list[tuple[int, int]] = field(default_factory=list)
    waiting: list[DirectDebit] = field(default_factory=list)


class Spool(AbstractContextManager["Spool"]):
    """Takes rows of many groups; `rows` gives those of one group once all are in, until the spool is left."""

    # Rows of one group that are put away together, and rows of all groups that wait in memory for that.
    chunk_rows = 1_000
    waiting_max = 20_000

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the spool is left
        self._groups: list[_Chunks] = []
        self._waiting = 0

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, group: int, row: DirectDebit) -> None:
        """Take a row of the `group`-th group; the next group begins with the next number."""
        if group == len(self._groups):
            self._groups.append(_Chunks())
        chunks = self._groups[group]
        chunks.waiting.append(row)
        self._waiting += 1
        if len(chunks.waiting) == self.chunk_rows:
            self._put_away(chunks)
        elif self._waiting >= self.waiting_max:
            for each in self._groups:
                self._put_away(each)

    def rows(self, group: int) -> "SpooledRows":
        """The rows of a group, which can be read any number of times."""
        chunks = self._groups[group]
        self._put_away(chunks)
        return SpooledRows(self, chunks.places, 0, sum(count for _, count in chunks.places))

    def read(self, offset: int) -> list[DirectDebit]:
        """The rows of one chunk."""
        self._file.seek(offset)
        rows = pickle.load(self._file)  # noqa: S301 - see the module's first lines
        return [DirectDebit._make(row) for row in rows]

    def _put_away(self, chunks: _Chunks) -> None:
        if not chunks.waiting:
            return
        chunks.places.append((self._file.seek(0, 2), len(chunks.waiting)))
        pickle.dump([tuple(row) for row in chunks.waiting], self._file, pickle.HIGHEST_PROTOCOL)
        self._waiting -= len(chunks.waiting)
        chunks.waiting = []


class SpooledRows(Sequence[DirectDebit]):
    """Some rows of a spool, read as they are asked for; a slice of them reads nothing."""

    def __init__(self, spool: Spool, places: Sequence[tuple[int, int]], start: int, stop: int) -> None:
        self._spool = spool
        self._places = places
        self._start = start
        self._stop = stop

    def __len__(self) -> int:
        return self._stop - self._start

    @overload
    def __getitem__(self, index: int) -> DirectDebit: ...
    @overload
    def __getitem__(self, index: slice) -> "SpooledRows": ...
    def __getitem__(self, index: int | slice) -> "DirectDebit | SpooledRows":
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step != 1:
                raise ValueError("Spooled rows are read forwards, one by one.")
            return SpooledRows(self._spool, self._places, self._start + start, self._start + max(start, stop))
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return next(iter(self[index % len(self) :]))

    def __iter__(self) -> Iterator[DirectDebit]:
        before = 0
        for offset, count in self._places:
            first, last = max(self._start - before, 0), min(self._stop - before, count)
            if first < last:
                yield from islice(self._spool.read(offset), first, last)
            before += count
