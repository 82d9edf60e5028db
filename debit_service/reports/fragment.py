"""The bank's own bytes about one entry: found in the stored file by counting elements, and given as they stand there.

The file was read and found well-formed when it was imported, and it never changes. So its tags can be told from the bytes alone:
comments, CDATA and processing instructions are stepped over, and nothing is parsed, decoded or repaired a second time.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from debit_service.iso20022 import pain002
from debit_service.iso20022.camt import CONTAINERS
from debit_service.iso20022.unpack import unpacked
from debit_service.iso20022.xml import DEFAULT_LIMITS

#: What is shown of one element; a block of a million debits is cut here, and that is told.
BYTES_MAX: Final = 64 * 1024
_CHUNK_BYTES: Final = 512 * 1024
_GROUP, _BLOCK, _STATUS = "OrgnlGrpInfAndSts", "OrgnlPmtInfAndSts", "TxInfAndSts"
_DETAILS: Final = frozenset({"TxDtls", _STATUS})
_ENTRIES: Final = frozenset({"Ntry", _BLOCK})
_BODIES: Final = frozenset({*CONTAINERS, pain002.BODY})
_NAMES: Final = (*_BODIES, *CONTAINERS.values(), *_ENTRIES, *_DETAILS, _GROUP)
# A whole comment, CDATA section or instruction; a tag of ours; or the beginning of what may end in the bytes that follow.
_TOKEN: Final = re.compile(
    rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>"
    rb"|<(?P<end>/?)(?:[^\s<>/:=\"']+:)?(?P<name>%b)(?=[\s/>])(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>"
    rb"|(?P<open><!--|<!\[CDATA\[|<\?|<[^<]*\Z)" % "|".join(_NAMES).encode(),
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands: in the n-th container (or status report) of a file, counted from 1; there in the n-th Ntry (or
    OrgnlPmtInfAndSts), and of that in the n-th detail, both counted from 0.

    Without `entry` the detail of a report stands in no block; without `detail` the whole entry is meant, and with neither what a
    status report says of the whole file.
    """

    container: int
    entry: int | None
    detail: int | None


@dataclass(frozen=True, slots=True)
class Fragment:
    """The bytes of one element, and where they begin in the file (or in which of the files of an archive, from 1).

    `around` is what stands before the element in the entry that it is a detail of. `is_cut` says that more follows.
    """

    content: bytes
    around: bytes
    offset: int
    member: int
    is_cut: bool


def fragment(stream: BinaryIO, place: Place) -> Fragment | None:
    """The element at `place`; None when the file does not hold it."""
    counter = _Counter(place)
    for member, (_, document) in enumerate(unpacked(stream, file="", limits=DEFAULT_LIMITS), start=1):
        window = _Window(document)
        for tag in window.tags():
            for one in _steps(tag):
                found = counter.step(one, window)
                if found:
                    return Fragment(found.content, found.around, found.offset, member, found.is_cut)
            if counter.is_too_long(window):
                return counter.cut(window, member)
    return None


@dataclass(frozen=True, slots=True)
class _Tag:
    """A tag of ours, from byte `start` to byte `end` of its document."""

    name: str
    is_end: bool
    is_empty: bool
    start: int
    end: int


def _steps(tag: _Tag) -> Iterator[_Tag]:
    """An empty element begins and ends."""
    yield tag
    if tag.is_empty:
        yield _Tag(tag.name, True, False, tag.start, tag.end)


class _Window:
    """A document as it passes, and as much of it as is still needed."""

    def __init__(self, document: BinaryIO) -> None:
        self._document = document
        self._bytes = b""
        self._begin = 0
        self.kept_from: int | None = None

    def tags(self) -> Iterator[_Tag]:
        """The tags of ours, in their order."""
        at = 0
        while chunk := self._document.read(_CHUNK_BYTES):
            keep = self._begin + at if self.kept_from is None else min(self.kept_from, self._begin + at)
            at += self._begin - keep
            self._bytes = self._bytes[keep - self._begin :] + chunk
            self._begin = keep
            while (found := _TOKEN.search(self._bytes, at)) and not found["open"]:
                at = found.end()
                if found["name"]:
                    yield self._tag(found)
            at = found.start() if found else len(self._bytes)

    def _tag(self, found: re.Match[bytes]) -> _Tag:
        is_end = bool(found["end"])
        is_empty = not is_end and found[0].endswith(b"/>")
        return _Tag(found["name"].decode(), is_end, is_empty, self._begin + found.start(), self._begin + found.end())

    def piece(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end`, which must have been kept."""
        return self._bytes[start - self._begin : end - self._begin]

    @property
    def passed(self) -> int:
        """How many bytes have come in."""
        return self._begin + len(self._bytes)


class _Counter:
    """Counts containers, entries and details until the place is reached."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._above: list[str] = []
        self._containers = 0
        self._in_body = 0
        self._entries = self._details = 0
        self._entry_start = self._start = -1
        self._around = b""

    def step(self, tag: _Tag, window: _Window) -> Fragment | None:
        """One tag has passed; the fragment when it has ended with it."""
        if not tag.is_end:
            self._begin(tag, window)
            self._above.append(tag.name)
            return None
        if not self._above or self._above[-1] != tag.name:
            return None
        self._above.pop()
        return self._end(tag, window)

    def _begin(self, tag: _Tag, window: _Window) -> None:
        above = self._above[-1] if self._above else ""
        if tag.name in _BODIES:
            self._in_body = 0
            if tag.name == pain002.BODY:
                self._enter()
        elif CONTAINERS.get(above) == tag.name:
            self._enter()
            self._in_body += 1
        if self._containers != self._place.container:
            return
        if tag.name in _ENTRIES:
            self._details = 0
            self._entry_start = tag.start if self._entries == self._place.entry else -1
        if self._is_wanted(tag, above):
            self._start = tag.start
        if window.kept_from is None and max(self._entry_start, self._start) >= 0:
            window.kept_from = tag.start
        if tag.name in _DETAILS and self._entry_start >= 0 and not self._around and self._place.detail is not None:
            self._around = window.piece(self._entry_start, tag.start)[:BYTES_MAX]
        if self._start < 0 and tag.name in _DETAILS and window.kept_from is not None:
            # A detail before the one that is wanted: what stands before it is known now, and the rest may go.
            window.kept_from = tag.start

    def _enter(self) -> None:
        self._containers += 1
        self._entries = self._details = 0

    def _is_wanted(self, tag: _Tag, above: str) -> bool:
        place = self._place
        if place.entry is None and place.detail is None:
            return tag.name == _GROUP
        if place.detail is None:
            return tag.name in _ENTRIES and self._entries == place.entry
        stands_there = above == pain002.BODY if place.entry is None else self._entry_start >= 0
        return tag.name in _DETAILS and stands_there and self._details == place.detail

    def _end(self, tag: _Tag, window: _Window) -> Fragment | None:
        is_it = self._start >= 0 and tag.name in (_DETAILS if self._place.detail is not None else {*_ENTRIES, _GROUP})
        if is_it:
            content = window.piece(self._start, tag.end)
            return Fragment(content[:BYTES_MAX], self._around, self._start, 0, len(content) > BYTES_MAX)
        if tag.name in _DETAILS:
            self._details += 1
        elif tag.name in _ENTRIES:
            self._entries += 1
            self._details = 0
            self._entry_start, window.kept_from = -1, None
        elif tag.name in CONTAINERS and self._in_body == 0:
            # A message without any container was kept as one that says nothing.
            self._enter()
        return None

    def is_too_long(self, window: _Window) -> bool:
        """Whether more of the element has passed than is shown."""
        return self._start >= 0 and window.passed - self._start > BYTES_MAX + _CHUNK_BYTES

    def cut(self, window: _Window, member: int) -> Fragment:
        """The beginning of an element that is longer than what is shown."""
        content = window.piece(self._start, self._start + BYTES_MAX)
        return Fragment(content, self._around, self._start, member, True)
