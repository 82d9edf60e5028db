"""The one door through which XML comes in. It refuses what is hostile or damaged before anybody reads a value from it.

Refused, always, with a stable `iso.xml.*` code and the byte or line:
- any DOCTYPE: an entity declared in it can change or empty an amount without any error;
- XInclude, UTF-16, UTF-32, UTF-7 and every encoding but UTF-8 and the three Latin ones that banks use;
- a file whose bytes contradict the encoding on its label;
- compressed bytes; files, texts and nestings beyond the limits; and whatever is not well-formed.

Entities are left to the parser's default: without a DOCTYPE there are none, and a reference to one is refused where it stands.
Nothing is repaired: a parser that recovers can turn a truncated 200 into 20. No network, no file beside the stream is
ever touched, and `xsi:schemaLocation` is ignored.
"""

import codecs
import re
from collections.abc import Callable, Sequence, Sized
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO, NoReturn, cast

from lxml import etree

from debit_service.core.errors import InvalidInput

XINCLUDE = "http://www.w3.org/2001/XInclude"

_HEAD_BYTES = 256 * 1024
_LATIN = {"iso-8859-1": "iso-8859-1", "latin1": "iso-8859-1", "iso-8859-15": "iso-8859-15", "windows-1252": "cp1252"}
_UNICODE = {"utf-8", "utf8", "us-ascii"}
_DECLARATION = re.compile(rb"<\?xml\b[^>]*?\bencoding\s*=\s*[\"']([A-Za-z0-9._\-]+)[\"'][^>]*?\?>", re.DOTALL)
_PROLOG = re.compile(rb"(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_ELEMENT = re.compile(rb"<[A-Za-z_:\x80-\xff]")
# C1 controls (0x80-0x9F) do not occur in bank text: in a file that says ISO-8859 they betray another encoding.
_C1_CONTROLS = re.compile(rb"[\x80-\x9f]")


class UnreadableFile(InvalidInput):
    """The file is damaged, hostile or not what it says it is. Nothing read from it before may be kept."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a file may ask of us: `bytes_max` bounds the whole stream.

    An archive holds at most `archive_files_max` files, which together become at most `archive_ratio_max` times its own size; one
    that comes from a stream without `seek` has at most `archive_bytes_max`.

    The parser's own limits hold beside it: 256 levels of elements, and 10 million characters in one text.
    """

    bytes_max: int = 4 * 1024**3
    archive_bytes_max: int = 64 * 1024**2
    archive_files_max: int = 1000
    archive_ratio_max: int = 200


DEFAULT_LIMITS = Limits()


class Source:
    """A stream whose bytes are checked while they pass: size, label and encoding. Offsets count from its first byte."""

    def __init__(self, stream: BinaryIO, *, file: str, limits: Limits = DEFAULT_LIMITS) -> None:
        self.file = file
        self._stream = stream
        self._limits = limits
        self._taken = 0
        self.head = self._take(_HEAD_BYTES)
        self._pending = self.head
        self._check_head()

    def read(self, size: int = 65536) -> bytes:
        """The next bytes, at most `size`, checked."""
        if not self._pending:
            self._pending = self._take(size)
        chunk, self._pending = self._pending[:size], self._pending[size:]
        self._label.check(chunk, self)
        return chunk

    @property
    def codec(self) -> str:
        """Python's name for the encoding on the file's label."""
        return self._label.codec

    def refuse(self, code: str, message: str, *, offset: int | None = None, remedy: str | None = None) -> NoReturn:
        """Raise UnreadableFile for this file, at `offset`."""
        place = self.file if offset is None else f"{self.file}, byte {offset}"
        raise UnreadableFile(f"iso.xml.{code}", message, place=place, remedy=remedy)

    def refuse_syntax(self, error: etree.XMLSyntaxError, passed: "Position") -> NoReturn:
        """Raise UnreadableFile for what the parser says, at its line and, where it can be known, byte."""
        code = _SYNTAX_CODES.get(getattr(error, "code", 0), "malformed")
        line, offset = passed.of(*error.position)
        byte = "" if offset is None else f", near byte {offset}"
        raise UnreadableFile(
            f"iso.xml.{code}",
            f"This is not well-formed XML: {str(error.msg).split(', line ')[0]}.",
            place=f"{self.file}, line {line}{byte}",
            remedy="Ask the bank to send the file again; it is never repaired here.",
        ) from None

    def _take(self, size: int) -> bytes:
        chunk = piece = self._stream.read(size)
        # A pipe gives what it has; only nothing is the end.
        while piece and len(chunk) < size:
            piece = self._stream.read(size - len(chunk))
            chunk += piece
        self._taken += len(chunk)
        if self._taken > self._limits.bytes_max:
            limit = self._limits.bytes_max
            self.refuse("too_large", f"The file is larger than the limit of {limit} bytes.", offset=limit)
        return chunk

    def _check_head(self) -> None:
        head = self.head
        if not head.strip():
            self.refuse("empty", "The file is empty.", offset=0)
        if head.startswith((b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")):
            self.refuse(
                "compressed", "The file is compressed.", offset=0, remedy="Unpack it and look at what is inside."
            )
        if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in head[:4]:
            self.refuse("encoding", "The file is UTF-16 or UTF-32; banks and schemes use UTF-8.", offset=0)
        text = head.removeprefix(codecs.BOM_UTF8)
        self._label = _label(text, has_bom=len(text) != len(head), source=self)
        prolog = _PROLOG.match(text)
        end = prolog.end() if prolog else 0
        offset = end + len(head) - len(text)
        if text[end:].startswith(b"<!DOCTYPE"):
            self.refuse(
                "doctype",
                "The file has a DOCTYPE; no ISO 20022 message has one, and it can change what the file says.",
                offset=offset,
                remedy="Do not use this file. Ask the bank where it comes from.",
            )
        if not _ELEMENT.match(text, end):
            self.refuse("malformed", "This is not XML: no element begins here.", offset=offset)


def schema_holds(source: Source, schema: etree.XMLSchema) -> bool:
    """Whether the schema has nothing against the file, which has to be well-formed, too. Builds no tree, and calls nothing.

    A parser with a `target` never raises for what a schema says, and tells of it in its log only: so the log is looked at
    with each piece that the parser asks for, and reading ends with the first fault.
    """
    parser = etree.XMLParser(  # noqa: TID251 - the factory
        target=cast("Any", _Nothing()), schema=schema, load_dtd=False, no_network=True, huge_tree=False
    )
    try:
        etree.parse(cast("BinaryIO", _UntilFault(source, lambda: parser.error_log)), parser)  # noqa: TID251 - the factory
    except etree.XMLSyntaxError:
        return False
    return not len(parser.error_log)


class _Nothing:
    """What is built of a file that is only looked at."""

    def close(self) -> None:
        """Nothing."""


class _UntilFault:
    """A source that ends as soon as its parser has found a fault."""

    def __init__(self, source: Source, log: Callable[[], Sized]) -> None:
        self._source, self._log = source, log

    def read(self, _size: int) -> bytes:
        """The next bytes, more than the few that the parser asks for; none after a fault."""
        return b"" if len(self._log()) else self._source.read()


def first_element(source: Source, names: frozenset[str]) -> tuple[str | None, str]:
    """Look ahead for the first element whose local name is in `names`: its tag or None, and the tag of the root."""
    parser = etree.XMLPullParser(events=("start",), load_dtd=False, no_network=True)
    position = Position()
    root: str | None = None
    try:
        for at in range(0, len(source.head), 4096):
            piece = source.head[at : at + 4096]
            position.passed(piece)
            parser.feed(piece)
            for _, element in parser.read_events():
                tag = str(cast("etree._Element", element).tag)
                root = root or tag
                if local_name(tag) in names:
                    return tag, root
    except etree.XMLSyntaxError as error:
        source.refuse_syntax(error, position)
    return None, root or ""


def pull_parser(tags: Sequence[str], schema: etree.XMLSchema | None = None) -> etree.XMLPullParser:
    """The parser of a file that comes in pieces: `start` and `end` of the elements in `tags`, and every namespace.

    What a schema says against the file is in the parser's `feed_error_log`, and nowhere else.
    """
    return etree.XMLPullParser(
        events=("start", "end", "start-ns"),
        tag=tags,
        schema=schema,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=False,
    )


def parse_fragment(text: str) -> etree._Element | None:
    """The element of a piece of a file that was read before; None where it does not stand by itself."""
    parser = etree.XMLParser(load_dtd=False, no_network=True)  # noqa: TID251 - the factory
    try:
        return etree.fromstring(text, parser)  # noqa: TID251 - the factory
    except etree.XMLSyntaxError:
        return None


def compile_schema(content: bytes) -> etree.XMLSchema:
    """Compile a schema from bytes whose origin has been checked."""
    return etree.XMLSchema(schema_document(content))


def schema_document(content: bytes) -> etree._Element:
    """A schema as a document, from bytes whose origin has been checked."""
    parser = etree.XMLParser(load_dtd=False, no_network=True)  # noqa: TID251 - the factory
    return etree.fromstring(content, parser)  # noqa: TID251 - the factory


@lru_cache(maxsize=4096)
def local_name(tag: str) -> str:
    """The name of `{namespace}name`."""
    return tag.rpartition("}")[2]


def namespace(tag: str) -> str:
    """The namespace of `{namespace}name`, empty if it has none."""
    return tag[1:].partition("}")[0] if tag.startswith("{") else ""


def ancestors(element: etree._Element, count: int) -> tuple[str, ...]:
    """The local names of the `count` elements above, nearest first; empty where there is none."""
    names, above = [], element.getparent()
    for _ in range(count):
        names.append(local_name(above.tag) if above is not None else "")
        above = above.getparent() if above is not None else None
    return tuple(names)


def forget(element: etree._Element) -> None:
    """Free what an ended element holds. It stays itself, as the parser still stands on it; its equal before it goes."""
    element.clear()
    before, parent = element.getprevious(), element.getparent()
    if before is not None and parent is not None and before.tag == element.tag:
        parent.remove(before)


_SYNTAX_CODES = {
    etree.ErrorTypes.ERR_RESOURCE_LIMIT: "limit",
    etree.ErrorTypes.ERR_UNDECLARED_ENTITY: "entity",
    etree.ErrorTypes.ERR_INVALID_ENCODING: "encoding",
    etree.ErrorTypes.ERR_INVALID_CHAR: "character",
    etree.ErrorTypes.ERR_DOCUMENT_END: "trailing",
}


class Position:
    """Turns the parser's line and column into the line and the byte of the file.

    The parser has not seen what was `skipped`. It stops behind what it dislikes, so the byte is exact only to some dozens.
    """

    _KEPT = 128 * 1024

    def __init__(self) -> None:
        self._tail = b""
        self._tail_offset = 0
        self._tail_line = 1
        self._line_offset = 0
        self._skipped_bytes = self._skipped_lines = 0

    def passed(self, piece: bytes) -> None:
        """`piece` went to the parser."""
        tail = self._tail + piece
        dropped = max(0, len(tail) - self._KEPT)
        if dropped:
            self._tail_line += tail.count(b"\n", 0, dropped)
            last = tail.rfind(b"\n", 0, dropped)
            self._line_offset = self._tail_offset + last + 1 if last >= 0 else self._line_offset
        self._tail_offset += dropped
        self._tail = tail[dropped:]

    def skipped(self, size: int, lines: int) -> None:
        """So many bytes and lines of the file did not go to the parser."""
        self._skipped_bytes += size
        self._skipped_lines += lines

    def of(self, line: int, column: int) -> tuple[int, int | None]:
        """Line and byte in the file; no byte where the place is too far back."""
        begin = self._begin(line)
        byte = None if begin is None else begin + self._skipped_bytes + max(0, column - 1)
        return line + self._skipped_lines, byte

    def _begin(self, line: int) -> int | None:
        """Where a line begins in what the parser has seen."""
        if line <= self._tail_line:
            return self._line_offset if line == self._tail_line else None
        at = 0
        for _ in range(line - self._tail_line):
            at = self._tail.find(b"\n", at) + 1
            if at == 0:
                return None
        return self._tail_offset + at


class _Utf8Label:
    """UTF-8 or ASCII, said or unsaid: the parser itself refuses bytes that are not."""

    def __init__(self, codec: str) -> None:
        self.codec = codec

    def check(self, chunk: bytes, source: Source) -> None:
        """Nothing to add to the parser's own check."""


class _LatinLabel:
    """A declared Latin encoding: every byte is legal there, so a wrong label is told by what the bytes look like."""

    def __init__(self, codec: str) -> None:
        self.codec = codec
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._offset = 0
        self._beyond_ascii = False
        self._could_be_utf8 = True

    def check(self, chunk: bytes, source: Source) -> None:
        control = _C1_CONTROLS.search(chunk) if self.codec != "cp1252" else None
        if control:
            source.refuse(
                "encoding",
                "The file says ISO-8859 but holds bytes that this encoding does not use for text.",
                offset=self._offset + control.start(),
            )
        self._offset += len(chunk)
        self._beyond_ascii = self._beyond_ascii or not chunk.isascii()
        if self._could_be_utf8:
            try:
                self._decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError:
                self._could_be_utf8 = False
        if not chunk and self._beyond_ascii and self._could_be_utf8:
            source.refuse("encoding", "The file says that it is Latin, but every character in it is UTF-8.")


def _label(text: bytes, *, has_bom: bool, source: Source) -> _Utf8Label | _LatinLabel:
    declared = _DECLARATION.match(text)
    name = declared.group(1).decode("ascii").lower() if declared else "utf-8"
    if name in _UNICODE:
        return _Utf8Label("ascii" if name == "us-ascii" else "utf-8")
    if name not in _LATIN or has_bom:
        source.refuse(
            "encoding",
            f"The file says that it is {name}; UTF-8, ISO-8859-1, ISO-8859-15 and windows-1252 are read.",
            offset=0,
        )
    return _LatinLabel(_LATIN[name])
