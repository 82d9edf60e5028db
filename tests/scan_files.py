"""Scans as machines make them, and files that only pretend to be one."""

import io
import zipfile
import zlib


def pdf(body: bytes = b"", version: bytes = b"1.4") -> bytes:
    """A PDF of one empty page; `body` stands between its objects."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
    )
    content, places = b"%PDF-" + version + b"\n%\xe2\xe3\xcf\xd3\n", []
    for number, one in enumerate(objects, start=1):
        places.append(len(content))
        content += b"%d 0 obj%sendobj\n" % (number, one)
    content += body
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return content + (
        b"xref\n0 4\n0000000000 65535 f \n%strailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (table, len(content))
    )


def pdf_object_stream(names: bytes, packed: bytes | None = None) -> bytes:
    """An object of a PDF that holds other objects packed, as from version 1.5 on."""
    stream = zlib.compress(names) if packed is None else packed
    return b"9 0 obj<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%s\nendstream endobj\n" % (
        len(stream),
        stream,
    )


def png(size: int = 1) -> bytes:
    """A grey square."""
    rows = (b"\0" + b"\x80" * size) * size
    header = size.to_bytes(4) * 2 + b"\x08\x00\x00\x00\x00"
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, 0)) + _chunk(b"IEND", b"")
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + name + data + zlib.crc32(name + data).to_bytes(4)


def jpeg(comment: bytes = b"") -> bytes:
    """A grey square of 8 dots, baseline, one component."""
    quantisation = _segment(0xDB, b"\x00" + b"\x01" * 64)
    frame = _segment(0xC0, b"\x08\x00\x08\x00\x08\x01\x01\x11\x00")
    codes = _segment(0xC4, b"\x00\x01" + b"\x00" * 15 + b"\x00") + _segment(0xC4, b"\x10\x01" + b"\x00" * 15 + b"\x00")
    # The block's two codes are one bit each; the rest of the byte is filled with ones. An FF in the data is followed by 00.
    picture = _segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x3f\xff\x00"
    note = _segment(0xFE, comment) if comment else b""
    return b"\xff\xd8" + note + quantisation + frame + codes + picture + b"\xff\xd9"


def _segment(marker: int, data: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(data) + 2).to_bytes(2) + data


def archive(name: str = "form.pdf", content: bytes = b"text") -> bytes:
    """A ZIP archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(name, content)
    return buffer.getvalue()
