"""What stands between a file as it came and one document: ZIP archives, and several documents in one file.

An archive is opened within explicit limits and never into a folder; nothing else is ever unpacked (see `xml`). Every byte of
it must belong to one of its files or to its directory, and the directory must list as many files as it says: one that was cut,
altered or glued to another is refused, and never read in part. Several documents one after another are no XML: they are read
only where that repair is asked for by its name, and told as a finding.
"""

import io
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from enum import StrEnum
from typing import Any, BinaryIO, NoReturn, cast

from debit_service.iso20022.xml import DEFAULT_LIMITS, Limits, UnreadableFile

_ARCHIVE = b"PK\x03\x04"
_EMPTY_ARCHIVE = b"PK\x05\x06"
_ARCHIVES = frozenset({_ARCHIVE, _EMPTY_ARCHIVE})
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1
_DESCRIBED_BEHIND = 0x8
# What of the format (APPNOTE.TXT 4.3) the archive's library reads, but does not hold against the rest of the archive.
_HEADER = struct.Struct("<4s22xHH")  # Signature, lengths of name and extra field.
_END = struct.Struct("<4s4xHH8xH")  # Signature, files on this disk, files, length of the comment.
_END_64 = struct.Struct("<4s20xQQ16x")  # Signature, files on this disk, files.
_LOCATOR_64 = struct.Struct("<4s16x")
_DESCRIPTOR = b"PK\x07\x08"
# With its signature, the checksum, and both sizes in 8 bytes each.
_DESCRIPTOR_BYTES_MAX = 24
# How the archive's library fails: also over a place before the beginning or beyond all numbers, or a name that is no text.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    ValueError,
)
_BORDER = re.compile(rb"</(?:[\w.\-]+:)?Document\s*>(?=\s*<(?:\?xml\s|(?:[\w.\-]+:)?Document[\s>]))")
# A border is found within this many bytes: more blanks between two documents are no habit of a bank's.
_LOOK_AHEAD = 4096
_CHUNK_BYTES = 256 * 1024
_SPOOL_BYTES = 16 * 1024 * 1024


class Repair(StrEnum):
    """What may be done with a file that is not what it should be, each by its name and never by itself."""

    SEVERAL_DOCUMENTS = "several-documents"


def unpacked(stream: BinaryIO, *, file: str, limits: Limits) -> Iterator[tuple[str, BinaryIO]]:
    """The files in `stream` and what to call them: `file#1`, `file#2`... of a ZIP archive, or `file` itself.

    Raises UnreadableFile `iso.zip.*`; each file is read within what the limits leave.
    """
    head = stream.read(len(_ARCHIVE))
    if head not in _ARCHIVES:
        yield file, cast("BinaryIO", _Again(head, stream))
        return
    stream = _seekable(head, stream, file, limits)
    with _refused(file):
        archive = zipfile.ZipFile(stream)
    with archive:
        members = _members(archive, stream, file, limits)
        size = stream.seek(0, io.SEEK_END)
        allowance = _Allowance(file, min(limits.bytes_max, size * limits.archive_ratio_max))
        for number, member in enumerate(members, start=1):
            name = f"{file}#{number}"
            with _refused(name):
                opened = archive.open(member)
            with opened:
                yield name, cast("BinaryIO", _Member(cast("BinaryIO", opened), name, allowance))


def unpacked_to_seek(stream: BinaryIO, *, file: str, limits: Limits = DEFAULT_LIMITS) -> Iterator[tuple[str, BinaryIO]]:
    """The same for readers that come back to the beginning: what cannot seek waits in a temporary file while it is used.

    That file has no name, but a disk sees it: this is for a shell, and not for files that are kept sealed.
    """
    with _copied(stream, limits) if not stream.seekable() else nullcontext(stream) as whole:
        head = whole.read(len(_ARCHIVE))
        whole.seek(0)
        if head not in _ARCHIVES:
            yield file, whole
            return
        for name, member in unpacked(whole, file=file, limits=limits):
            with _copied(member, limits) as copy:
                yield name, copy


@contextmanager
def _copied(stream: BinaryIO, limits: Limits) -> Iterator[BinaryIO]:
    """All of the stream; of one that is larger than the limit one byte more than that, so that its reader refuses it."""
    left = limits.bytes_max + 1
    with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES) as copy:
        while left and (chunk := stream.read(min(left, _CHUNK_BYTES))):
            copy.write(chunk)
            left -= len(chunk)
        copy.seek(0)
        yield cast("BinaryIO", copy)


def documents(stream: BinaryIO, repairs: Collection[Repair]) -> Iterator[BinaryIO]:
    """The documents in a file: the file, unless the repair of several documents is asked for."""
    if Repair.SEVERAL_DOCUMENTS not in repairs:
        yield stream
        return
    cutter = _Cutter(stream)
    yield cast("BinaryIO", cutter)
    while cutter.next_document():
        yield cast("BinaryIO", cutter)


def _seekable(head: bytes, stream: BinaryIO, file: str, limits: Limits) -> BinaryIO:
    """The archive as a stream that can seek; in memory where it cannot, because a disk would see what is sealed elsewhere."""
    if stream.seekable():
        stream.seek(-len(head), 1)
        return stream
    content = head + stream.read(limits.archive_bytes_max)
    if len(content) > limits.archive_bytes_max:
        _refuse("too_large", f"The archive is larger than the limit of {limits.archive_bytes_max} bytes.", file)
    return io.BytesIO(content)


def _members(archive: zipfile.ZipFile, stream: BinaryIO, file: str, limits: Limits) -> list[zipfile.ZipInfo]:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > limits.archive_files_max:
        _refuse("too_many", f"The archive holds more than {limits.archive_files_max} files.", file)
    with _refused(file):
        _check_whole(archive, stream)
    if not members:
        _refuse("empty", "The archive is empty.", file)
    if len({member.filename for member in members}) < len(members):
        _refuse("twice", "The archive holds two files of one name.", file)
    for number, member in enumerate(members, start=1):
        if member.flag_bits & _ENCRYPTED:
            _refuse("encrypted", "The file in the archive is encrypted.", f"{file}#{number}")
        if member.compress_type not in _METHODS:
            _refuse("method", "The file in the archive is compressed in a way that is not read.", f"{file}#{number}")
    return members


def _check_whole(archive: zipfile.ZipFile, stream: BinaryIO) -> None:
    """Raises BadZipFile unless the files stand one after another from the first byte up to the directory, which lists as many
    as it says, and nothing stands behind its end."""
    members = sorted(archive.infolist(), key=lambda member: member.header_offset)
    borders = [*(member.header_offset for member in members), archive.start_dir]
    if not (
        borders[0] == 0
        and _says_as_many(archive, stream)
        and all(_fills(member, stream, end) for member, end in zip(members, borders[1:], strict=True))
        and not any(member.is_dir() and member.file_size for member in members)
    ):
        raise zipfile.BadZipFile


def _says_as_many(archive: zipfile.ZipFile, stream: BinaryIO) -> bool:
    """Whether the end of the directory ends the archive, and the directory lists as many files as it says there."""
    end = stream.seek(0, io.SEEK_END) - _END.size - len(archive.comment)
    signature, on_disk, count, comment_length = _at(stream, end, _END)
    larger = end - _LOCATOR_64.size - _END_64.size
    if larger >= 0 and _at(stream, end - _LOCATOR_64.size, _LOCATOR_64) == (b"PK\x06\x07",):
        _, on_disk, count = _at(stream, larger, _END_64)
    listed = len(archive.infolist())
    return (signature, on_disk, count, comment_length) == (_EMPTY_ARCHIVE, listed, listed, len(archive.comment))


def _fills(member: zipfile.ZipInfo, stream: BinaryIO, end: int) -> bool:
    """Whether a file, with what describes it before and behind, ends where the next begins."""
    signature, name_length, extra_length = _at(stream, member.header_offset, _HEADER)
    content_end: int = member.header_offset + _HEADER.size + name_length + extra_length + member.compress_size
    if signature != _ARCHIVE or content_end > end:
        return False
    if content_end == end or not member.flag_bits & _DESCRIBED_BEHIND:
        return content_end == end
    stream.seek(content_end)
    behind = stream.read(min(end - content_end, _DESCRIPTOR_BYTES_MAX + 1))
    sizes = [size.to_bytes(8, "little") for size in (member.compress_size, member.file_size)]
    said = [member.CRC.to_bytes(4, "little") + b"".join(size[:width] for size in sizes) for width in (4, 8)]
    return behind in {*said, *(_DESCRIPTOR + facts for facts in said)}


def _at(stream: BinaryIO, offset: int, form: struct.Struct) -> tuple[Any, ...]:
    stream.seek(offset)
    return form.unpack(stream.read(form.size))


def _refuse(code: str, message: str, place: str) -> NoReturn:
    raise UnreadableFile(
        f"iso.zip.{code}", message, place=place, remedy="Unpack it and look at what is inside, or ask for it again."
    )


@contextmanager
def _refused(place: str) -> Iterator[None]:
    """What the archive's library says about damage, as a refusal."""
    try:
        yield
    except _DAMAGE:
        raise UnreadableFile(
            "iso.zip.damaged", "The archive is damaged.", place=place, remedy="Ask the bank to send it again."
        ) from None


class _Allowance:
    """How many bytes an archive may still become."""

    def __init__(self, file: str, bytes_max: int) -> None:
        self._file, self._bytes_max, self._left = file, bytes_max, bytes_max

    def take(self, size: int) -> None:
        """Raises UnreadableFile once it is used up."""
        self._left -= size
        if self._left < 0:
            _refuse(
                "too_large", f"What is in the archive is larger than the limit of {self._bytes_max} bytes.", self._file
            )


class _Again:
    """A stream from its beginning, although its head was read."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head, self._stream = head, stream

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`."""
        head, self._head = self._head, b""
        return head + self._stream.read(size - len(head))


class _Member:
    """A file of an archive while it is read."""

    def __init__(self, opened: BinaryIO, name: str, allowance: _Allowance) -> None:
        self._opened, self._name, self._allowance = opened, name, allowance

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`."""
        with _refused(self._name):
            chunk = self._opened.read(size)
        self._allowance.take(len(chunk))
        return chunk


class _Cutter:
    """A file that ends for its reader where one document ends and another begins."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._buffer = b""
        self._is_last_piece = False
        self._border: int | None = None

    def read(self, size: int) -> bytes:
        """The next bytes of this document, at most `size`."""
        while self._border is None and not self._is_last_piece and len(self._buffer) < size + _LOOK_AHEAD:
            self._fill()
        end = self._border if self._border is not None else len(self._buffer)
        if self._border is None and not self._is_last_piece:
            end -= _LOOK_AHEAD
        end = min(end, size)
        piece, self._buffer = self._buffer[:end], self._buffer[end:]
        if self._border is not None:
            self._border -= end
        return piece

    def next_document(self) -> bool:
        """Go on behind the border, if there is one."""
        if self._border is None:
            return False
        self._buffer = self._buffer[self._border :].lstrip()
        self._border = None
        self._find()
        return True

    def _fill(self) -> None:
        chunk = self._stream.read(_CHUNK_BYTES)
        self._is_last_piece = not chunk
        self._buffer += chunk
        self._find()

    def _find(self) -> None:
        found = _BORDER.search(self._buffer)
        self._border = found.end() if found else None
