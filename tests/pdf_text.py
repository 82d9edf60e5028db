"""The text of a PDF that typst made, by its fonts' own tables from glyphs to characters. Enough for tests, and no PDF reader."""

import re
import zlib

_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_LITERAL = re.compile(rb"\(((?:[^()\\]|\\.)*)\)", re.DOTALL)
# A font, then what is drawn with it: one string, or several with distances between them.
_SHOWN = re.compile(rb"/(f\d+) [\d.]+ Tf[^\[(]*((?:\[|(?=\())(?:\((?:[^()\\]|\\.)*\)|[-\d.\s])*\]?)T[jJ]", re.DOTALL)


def text_of(content: bytes) -> str:
    """What stands on the pages, in the order in which it was drawn; one piece directly behind the other."""
    objects = {int(n): body for n, body in re.findall(rb"(?<!\d)(\d+) 0 obj(.*?)endobj", content, re.DOTALL)}
    glyphs = {
        name: _characters(_stream(objects[int(table[1])]))
        for body in objects.values()
        for name, font in re.findall(rb"/(f\d+) (\d+) 0 R", body)
        if (table := re.search(rb"/ToUnicode (\d+) 0 R", objects[int(font)]))
    }
    # A glyph of a word that may be broken stands for its letter and for the place of the break.
    return "".join(_drawn(_stream(body), glyphs) for body in objects.values()).replace("\u200b", "")


def _stream(body: bytes) -> bytes:
    packed = re.search(rb"stream\r?\n(.*)\r?\nendstream", body, re.DOTALL)
    return zlib.decompress(packed[1]) if packed and b"/FlateDecode" in body else b""


def _characters(table: bytes) -> dict[bytes, str]:
    """Glyph -> what it stands for."""
    pairs = re.findall(rb"<([0-9A-Fa-f]{4})> <([0-9A-Fa-f]+)>", table)
    return {bytes.fromhex(code.decode()): bytes.fromhex(to.decode()).decode("utf-16-be") for code, to in pairs}


def _drawn(page: bytes, glyphs: dict[bytes, dict[bytes, str]]) -> str:
    text = ""
    for font, shown in _SHOWN.findall(page):
        codes = b"".join(_plain(one) for one in _LITERAL.findall(shown))
        text += "".join(glyphs[font].get(codes[at : at + 2], "?") for at in range(0, len(codes), 2))
    return text


def _plain(literal: bytes) -> bytes:
    """A string of a PDF without its escapes."""

    def one(found: re.Match[bytes]) -> bytes:
        escaped = found[1]
        return bytes([int(escaped, 8)]) if escaped.isdigit() else _ESCAPES.get(escaped, escaped)

    return re.sub(rb"\\([0-7]{1,3}|.)", one, literal, flags=re.DOTALL)
