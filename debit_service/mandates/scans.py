"""What a scan is, told by its bytes and never by its name: a PDF, a JPEG or a PNG that is whole, and nothing else besides.

A file that two programs read differently (a picture that is also an archive or a page), and a PDF that acts when it is opened,
are refused. This is no virus scanner: files are kept sealed, are never rendered here, and go out as downloads only.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

from debit_service.core.errors import InvalidInput

#: An A4 page in colour at 300 dots an inch is about one megabyte as JPEG.
SCAN_BYTES_MAX = 8 * 1024 * 1024

_REMEDY = "Scan the paper again, or print the file to PDF, and give a PDF, JPEG or PNG."


class ScanType(StrEnum):
    """What a scan may be; the value is its media type."""

    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"

    @property
    def extension(self) -> str:
        """How the name of such a file ends."""
        return {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}[self.value]


def scan_type(content: bytes) -> ScanType:
    """What `content` is. Raises InvalidInput `scan.*` when it is too large, of another kind, damaged, or more than it seems."""
    if not content:
        raise InvalidInput("scan.empty", "The file is empty.", place="scan", remedy=_REMEDY)
    if len(content) > SCAN_BYTES_MAX:
        raise InvalidInput(
            "scan.too_large",
            f"A scan has at most {SCAN_BYTES_MAX // 1024 // 1024} MB; this one has more.",
            place="scan",
            remedy="Scan in grey at 200 dots an inch, or attach the pages one by one.",
        )
    kind = next((kind for kind, start in _STARTS.items() if start.match(content)), None)
    if kind is None:
        raise InvalidInput("scan.kind", "This is neither a PDF nor a JPEG nor a PNG.", place="scan", remedy=_REMEDY)
    if not _WHOLE[kind](content):
        raise InvalidInput(
            "scan.not_whole",
            "The file is cut off or damaged, or something is hung onto its end.",
            place="scan",
            remedy=_REMEDY,
        )
    if zipfile.is_zipfile(io.BytesIO(content)):
        raise InvalidInput(
            "scan.archive_inside", "The file is an archive at the same time.", place="scan", remedy=_REMEDY
        )
    if kind is ScanType.PDF and _acts(content):
        raise InvalidInput(
            "scan.active",
            "This PDF is locked, or holds a script, another file or a command; a scan holds pages only.",
            place="scan",
            remedy="Print it to PDF again without a password, or scan the paper.",
        )
    return kind


def read_scan(path: Path) -> bytes:
    """The bytes of a file, and no more of them than it takes to see that it is too large."""
    with path.open("rb") as file:
        return file.read(SCAN_BYTES_MAX + 1)


_STARTS: Final[Mapping[ScanType, re.Pattern[bytes]]] = {
    ScanType.PDF: re.compile(rb"%PDF-[12]\.[0-9]"),
    ScanType.JPEG: re.compile(rb"\xff\xd8\xff"),
    ScanType.PNG: re.compile(rb"\x89PNG\r\n\x1a\n"),
}
#: The names that make a PDF do something, carry something, or hide everything. ISO 32000-1: 7.6, 7.11.4, 12.6.4, 12.7.8, 13.
_ACTS = re.compile(rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia|XFA|SubmitForm|ImportData|Encrypt)(?![A-Za-z])")
_PDF_END = re.compile(rb"%%EOF[\s\x00]*\Z")
_PDF_STREAM = re.compile(rb"stream\r?\n")
#: From PDF 1.5 on names may stand packed in object streams, which hold dictionaries and are small (ISO 32000-1, 7.5.7).
_UNPACKED_BYTES_MAX = 32 * 1024 * 1024
_OBJECT_STREAM = b"/ObjStm"
_DICTIONARY_BYTES_MAX = 4096
_NAME_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")


def _whole_pdf(content: bytes) -> bool:
    return _PDF_END.search(content, max(0, len(content) - 1024)) is not None


def _acts(content: bytes) -> bool:
    """Whether a PDF could do more than show pages, or hides whether it does."""
    plain = _plain_names(content)
    streams = list(_object_streams(content))
    if _ACTS.search(plain) or plain.count(_OBJECT_STREAM) != len(streams):
        return True
    left = _UNPACKED_BYTES_MAX
    for start in (start for start, packed in streams if packed):
        end = content.find(b"endstream", start)
        names = _unpacked(content[start:end], left) if end > start else None
        if names is None or _ACTS.search(_plain_names(names)):
            return True
        left -= len(names)
    return False


def _object_streams(content: bytes) -> Iterator[tuple[int, bool]]:
    """Where each stream begins whose dictionary, which stands before it, says that it holds objects; and whether it is packed."""
    before = 0
    for stream in _PDF_STREAM.finditer(content):
        head = content[max(before, stream.start() - _DICTIONARY_BYTES_MAX) : stream.start()]
        dictionary = _plain_names(head[max(0, head.rfind(b"obj")) :])
        if _OBJECT_STREAM in dictionary:
            yield stream.end(), b"/Filter" in dictionary
        before = stream.end()


def _unpacked(stream: bytes, bytes_max: int) -> bytes | None:
    """An object stream's text; None when it is packed in another way, or blows up."""
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(stream, max(1, bytes_max))
    except zlib.error:
        return None
    return text if unpacking.eof else None


def _plain_names(text: bytes) -> bytes:
    """A PDF name may write any letter as `#` and two digits; `/#4AavaScript` is `/JavaScript`."""
    return _NAME_ESCAPE.sub(lambda escape: bytes.fromhex(escape[1].decode("ascii")), text)


def _whole_png(content: bytes) -> bool:
    """Chunk after chunk with its right checksum, IHDR first, IEND last, and the file ends there."""
    at, first = 8, True
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4])
        name, end = content[at + 4 : at + 8], at + 12 + length
        if end > len(content) or (name == b"IHDR") != first:
            return False
        if zlib.crc32(content[at + 4 : end - 4]) != int.from_bytes(content[end - 4 : end]):
            return False
        if name == b"IEND":
            return end == len(content)
        at, first = end, False
    return False


_JPEG_MARKER = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])")
_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
#: Frames that a decoder draws: SOF0 to SOF15 without the three tables that share their range.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _whole_jpeg(content: bytes) -> bool:
    """One picture, or several one after the other as telephones write them; nothing but NUL bytes in between and behind."""
    at = 0
    while at < len(content):
        end = _jpeg_end(content, at)
        if end is None:
            return False
        at = end
        while content[at : at + 1] == b"\0":
            at += 1
    return True


def _jpeg_end(content: bytes, at: int) -> int | None:
    """Where the picture that begins at `at` ends: segment by segment, with a frame and a scan; None when it does not."""
    if content[at : at + 2] != b"\xff\xd8":
        return None
    at, seen = at + 2, set[int]()
    while marker := _JPEG_MARKER.search(content, at) if _SOS in seen else _JPEG_MARKER.match(content, at):
        kind, at = marker[1][0], marker.end()
        if kind == _EOI:
            return at if _SOS in seen and seen & _FRAMES else None
        if kind == _SOI:
            return None
        seen.add(kind)
        if kind != _TEM:
            at += int.from_bytes(content[at : at + 2])
    return None


_WHOLE: Final[Mapping[ScanType, Callable[[bytes], bool]]] = {
    ScanType.PDF: _whole_pdf,
    ScanType.JPEG: _whole_jpeg,
    ScanType.PNG: _whole_png,
}
