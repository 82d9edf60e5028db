"""A file as a stream of elements: those that the parser reads, and runs of those that repeat a layout (see `layout`).

The parser reads a file up to the end of an element that may repeat. What follows it and matches a layout is taken from the
text and never reaches the parser, which goes on behind it as if nothing had stood there. That this is sound rests on:
- such an element follows directly on its elder sibling, which the parser has just read: it stands where it seems to stand;
- a piece of text is looked at only after its bytes have proved to be in the encoding of the file, without comment, CDATA,
  processing instruction or a character that XML forbids. With the first that is not, the parser alone reads the rest.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import cast

from lxml import etree

from debit_service.iso20022.layout import ELEMENT_CHARACTERS_MAX, FOREIGN_REFERENCE, Layouts, Run
from debit_service.iso20022.xml import XINCLUDE, Position, Source, local_name, pull_parser

Part = tuple[str, etree._Element] | Run

_CHUNK_BYTES = 256 * 1024
_WINDOW_CHARACTERS_MAX = 1024 * 1024
# What XML 1.0 forbids, and what is outside plain elements and texts.
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r")
_NOT_PLAIN = (b"<!", b"<?", b"]]", b"\xef\xbf\xbe", b"\xef\xbf\xbf")


def events(source: Source, tags: Sequence[str], repeated: Collection[str] = ()) -> Iterator[Part]:
    """The `start` and `end` of the elements named by `tags` (`{*}Ntry`: any namespace or none), in the order of the file.

    Elements whose local names are in `repeated` (which `tags` name, too) may come as a Run after the `end` of their elder
    sibling. The caller clears what it has used. Raises UnreadableFile as soon as something is wrong, which may be after events.
    """
    feed = Feed(source, pull_parser(tags))
    if repeated:
        yield from Watch(source, feed, repeated).parts()
    chunk = source.read(_CHUNK_BYTES)
    while chunk:
        yield from feed.take(chunk)
        chunk = source.read(_CHUNK_BYTES)
    yield from feed.end()


class Feed:
    """The parser, with what is checked on everything that it reads."""

    def __init__(self, source: Source, parser: etree.XMLPullParser) -> None:
        self._source, self._parser = source, parser
        self._checked = False
        self.position = Position()

    def take(self, piece: bytes) -> Iterator[tuple[str, etree._Element]]:
        """The events that this piece of the file completes."""
        self.position.passed(piece)
        try:
            self._parser.feed(piece)
        except etree.XMLSyntaxError as error:
            self._source.refuse_syntax(error, self.position)
        yield from self._events()

    def take_all(self, text: bytes) -> Iterator[tuple[str, etree._Element]]:
        """The same for a text of any size: the parser bears no more than some megabytes at once."""
        for at in range(0, len(text), _CHUNK_BYTES):
            yield from self.take(text[at : at + _CHUNK_BYTES])

    def end(self) -> Iterator[tuple[str, etree._Element]]:
        """The file has ended."""
        try:
            self._parser.close()
        except etree.XMLSyntaxError as error:
            self._source.refuse_syntax(error, self.position)
        yield from self._events()

    def _events(self) -> Iterator[tuple[str, etree._Element]]:
        for event, item in self._parser.read_events():
            if event == "start-ns":
                if cast("tuple[str, str]", item)[1] == XINCLUDE:
                    self._source.refuse("xinclude", "The file uses XInclude, which reaches for other files.")
                continue
            element = cast("etree._Element", item)
            self._checked = self._checked or self._has_no_doctype(element)
            yield event, element

    def _has_no_doctype(self, element: etree._Element) -> bool:
        """The second lock: what the look at the bytes let through would show here, before anybody reads a value."""
        if element.getroottree().docinfo.internalDTD is not None:
            self._source.refuse("doctype", "The file has a DOCTYPE.")
        return True


class Watch:
    """Gives the file to the parser element by element, and takes out what repeats a layout."""

    def __init__(self, source: Source, feed: Feed, repeated: Collection[str]) -> None:
        self._source, self._feed = source, feed
        self._layouts = {name: Layouts(name) for name in repeated}
        closing = rf"</((?:[^\s<>:/]+:)?(?:{'|'.join(map(re.escape, repeated))}))\s*>"
        self._closing, self._closing_bytes = re.compile(closing), re.compile(closing.encode())
        self._text = ""
        self._at = 0
        self._stop = -1
        self._is_ascii = True
        self._rest = b""
        self._ended = False

    def parts(self) -> Iterator[Part]:
        """Everything up to the end of the file, or up to where only the parser may go on; then all read so far is fed."""
        yield from self._until_first()
        while self._next_window():
            closing = self._closing.search(self._text, self._at)
            if closing is not None:
                yield from self._element(closing.group(1), closing.end())
            elif len(self._text) - self._at > _WINDOW_CHARACTERS_MAX:
                yield from self._feed_to(len(self._text))
            elif not self._fill():
                break
        yield from self._feed_to(len(self._text))
        rest, self._rest = self._rest, b""
        yield from self._feed.take_all(rest)

    def _until_first(self) -> Iterator[Part]:
        """What comes before the end of the first element that may repeat: there a comment may be open."""
        ended = False
        while not ended:
            chunk = self._source.read(_CHUNK_BYTES)
            self._rest += chunk
            closing = self._closing_bytes.search(self._rest)
            while closing is not None and not ended:
                piece, self._rest = self._rest[: closing.end()], self._rest[closing.end() :]
                for event, element in self._feed.take(piece):
                    yield event, element
                    ended = event == "end" and local_name(element.tag) in self._layouts
                closing = self._closing_bytes.search(self._rest)
            if not chunk:
                return
            if not ended:
                cut = _before_last_tag(self._rest)
                piece, self._rest = self._rest[:cut], self._rest[cut:]
                yield from self._feed.take(piece)

    def _next_window(self) -> bool:
        """Whether there is text to look at."""
        all_given_up = all(layouts.given_up for layouts in self._layouts.values())
        return not all_given_up and (self._at < len(self._text) or self._fill())

    def _fill(self) -> bool:
        """Add the next piece of the file to the window: False at its end, or where the piece is not plain."""
        if self._ended:
            return False
        chunk = self._source.read(_CHUNK_BYTES)
        data = self._rest + chunk
        cut = _before_last_tag(data) if chunk else len(data)
        piece, self._rest = data[:cut], data[cut:]
        text = self._plain(piece)
        if text is None:
            self._rest = data
        self._ended = text is None or not chunk
        self._text, self._at, self._stop = self._text[self._at :] + (text or ""), 0, -1
        self._is_ascii = self._text.isascii()
        return bool(text) or not self._ended

    def _plain(self, piece: bytes) -> str | None:
        """The text of a piece that holds elements and texts only."""
        # One byte is looked for at the speed of memory, two are not.
        if any(mark[-1:] in piece and mark in piece for mark in _NOT_PLAIN):
            return None
        if len(piece.translate(None, _CONTROLS)) < len(piece):
            return None
        if b"\r" in piece:
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        try:
            return piece.decode(self._source.codec)
        except UnicodeDecodeError:
            return None

    def _element(self, tag: str, end: int) -> Iterator[Part]:
        """Give the parser the text up to the end of an element; then take what follows and repeats a layout."""
        begin = self._text.rfind(f"<{tag}>", 0, end)
        raw = self._text[begin:end] if begin >= 0 else ""
        last: tuple[str, etree._Element] | None = None
        for last in self._feed_to(end):
            yield last
        if last is None or last[0] != "end":
            return
        layouts = self._layouts.get(local_name(last[1].tag))
        if layouts is None or layouts.given_up:
            return
        layouts.stand_under(last[1].nsmap)
        if raw:
            layouts.see(raw)
        yield from self._runs(layouts, f"</{tag}>")

    def _runs(self, layouts: Layouts, closing: str) -> Iterator[Run]:
        """What follows and repeats a layout, up to the end of the window and beyond."""
        while layouts.known:
            for run, end in layouts.runs(self._text, self._at, self._reference(), closing):
                self._feed.position.skipped(self._size(self._at, end), self._text.count("\n", self._at, end))
                self._at = end
                yield run
            is_within_reach = len(self._text) - self._at <= ELEMENT_CHARACTERS_MAX
            if self._text.find(closing, self._at) >= 0 or not is_within_reach or not self._fill():
                return

    def _size(self, begin: int, end: int) -> int:
        """The bytes of a part of the window."""
        return end - begin if self._is_ascii else len(self._text[begin:end].encode(self._source.codec))

    def _reference(self) -> int:
        """Where the next reference stands that only the parser knows."""
        if self._stop < self._at:
            found = FOREIGN_REFERENCE.search(self._text, self._at)
            self._stop = found.start() if found else len(self._text)
        return self._stop

    def _feed_to(self, end: int) -> Iterator[tuple[str, etree._Element]]:
        piece = self._text[self._at : end]
        self._at = end
        yield from self._feed.take_all(piece.encode(self._source.codec))


def _before_last_tag(data: bytes) -> int:
    """Where to cut so that no character, line end, comment or tag falls into two pieces; the end of what has no tags."""
    cut = max(data.rfind(b"<"), 0)
    return cut if cut > 0 or len(data) < _WINDOW_CHARACTERS_MAX else len(data) - data.endswith(b"\r")
