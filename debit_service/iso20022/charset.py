"""The characters that a SEPA bank accepts, and how names get there: `a-z A-Z 0-9 / - ? : ( ) . , ' +` and the blank.

Names are transliterated to something that a bank clerk recognises, never to nothing; the original stays where it came
from. References are the keys by which answers are matched: they are refused, never altered. The letters are in
`transliteration.py`, and listed for people in docs/iso20022-characters.md.

Functions on a column (`are_references`, `is_plain`, `bank_texts`) say of many texts at once what those on one text say.
"""

import re
import unicodedata
from collections.abc import Sequence
from itertools import compress
from operator import not_

from debit_service.core.errors import InvalidInput
from debit_service.iso20022.transliteration import ALLOWED, BANK_LETTERS, arabic_as_pronounced, greek_digraphs

NOT_PROVIDED = "NOTPROVIDED"

_BANK_TEXT = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]*", re.ASCII)
_BYTES = ALLOWED.encode("ascii")
_BLANKS_AS_FEEDS = bytes.maketrans(b" ", b"\n")
_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
# Of many texts at once, each on a line of its own.
_LINE_LETTERS = {code: BANK_LETTERS[code] for code in range(128)} | {ord("\n"): "\n"}


def to_bank_text(name: str, max_length: int) -> str:
    """`name` in the bank's characters, at most `max_length` long (cut after the mapping), never empty.

    A name of which nothing can be written is spelled by the names or numbers of its characters, so that different names stay
    different and a clerk can look them up. Only a blank name is NOTPROVIDED.
    """
    text = _cut(_mapped(name), max_length)
    if not text or not (name.isascii() or text.strip("? ")):
        text = _cut(" ".join(map(_spelled, "".join(name.split()))), max_length)
    return text or NOT_PROVIDED[:max_length]


def bank_texts(names: Sequence[str], max_length: int) -> Sequence[str]:
    """`to_bank_text` of each of `names`; those in ASCII cost next to nothing."""
    latin = names
    if foreign := [*compress(range(len(names)), map(not_, map(str.isascii, names)))]:
        latin = list(names)
        for index in foreign:
            latin[index] = to_bank_text(names[index], max_length)
    if _are_bank_texts(latin, max_length):
        return latin
    mapped = "\n".join(latin).translate(_LINE_LETTERS).split("\n")
    if len(mapped) == len(names) and _are_bank_texts(mapped, max_length):
        return mapped
    return [to_bank_text(name, max_length) for name in names]


def check_reference(text: str, max_length: int, element: str) -> None:
    """Refuse a reference (MsgId, PmtInfId, EndToEndId, MndtId) that a bank could refuse or change. Nothing is altered.

    Raises InvalidInput `iso.reference.length`, `.characters`, `.slash` or `.nothing`, with `element` as the place.
    """
    if text == NOT_PROVIDED:
        raise InvalidInput(
            "iso.reference.nothing", f"{NOT_PROVIDED} says that there is no reference; it is none.", place=element
        )
    if not 1 <= len(text) <= max_length:
        raise InvalidInput(
            "iso.reference.length",
            f"A reference here has 1 to {max_length} characters; this has {len(text)}.",
            place=element,
        )
    if not _BANK_TEXT.fullmatch(text) or text != text.strip():
        raise InvalidInput(
            "iso.reference.characters",
            "A reference holds only a-z A-Z 0-9 / - ? : ( ) . , ' + and inner blanks.",
            place=element,
            remedy="Give it another reference; it is never altered here, because answers are matched by it.",
        )
    if text.startswith("/") or text.endswith("/") or "//" in text:
        raise InvalidInput(
            "iso.reference.slash", "A reference neither begins nor ends with / nor holds //.", place=element
        )


def are_references(texts: Sequence[str], max_length: int) -> bool:
    """Whether `check_reference` would pass each of `texts` (at least one)."""
    lines = _lines(texts)
    return (
        _consists_of(lines, _BYTES, texts, max_length)
        and NOT_PROVIDED not in texts
        and not (" " in lines and ("\n " in lines or " \n" in lines))
        and not ("/" in lines and ("//" in lines or "\n/" in lines or "/\n" in lines))
    )


def is_plain(texts: Sequence[str], max_length: int) -> bool:
    """Whether each of `texts` (at least one) is 1 to `max_length` of A-Z and 0-9."""
    return _consists_of(_lines(texts), _PLAIN, texts, max_length)


def is_bank_text(text: str) -> bool:
    """Whether every character is one that a bank accepts."""
    return _BANK_TEXT.fullmatch(text) is not None


def _lines(texts: Sequence[str]) -> str:
    """A text between two line feeds each: what begins or ends one is then easy to look for in all of them at once."""
    return "\n" + "\n".join(texts) + "\n"


def _consists_of(lines: str, allowed: bytes, texts: Sequence[str], max_length: int) -> bool:
    """Whether `lines` are texts of 1 to `max_length` of `allowed`: nothing else is left of them than their line feeds."""
    lengths = {*map(len, texts)}
    return (
        lines.isascii()
        and len(lines.encode("ascii").translate(None, allowed)) == len(texts) + 1
        and 0 not in lengths
        and max(lengths) <= max_length
    )


def _are_bank_texts(names: Sequence[str], max_length: int) -> bool:
    """Whether `to_bank_text` would leave each of `names` as it is."""
    if not names:
        return True
    lines = _lines(names)
    return (
        _consists_of(lines, _BYTES, names, max_length)
        # A blank beside another, or at an end: with blanks as line feeds, that is two line feeds.
        and b"\n\n" not in lines.encode("ascii").translate(_BLANKS_AS_FEEDS)
        and not ("/" in lines and "\n/" in lines)
    )


def _mapped(name: str) -> str:
    if name.isascii():
        return name.translate(BANK_LETTERS)
    composed = unicodedata.normalize("NFC", name)
    mapped = greek_digraphs(arabic_as_pronounced(composed)).translate(BANK_LETTERS)
    return mapped.upper() if name.isupper() else mapped


def _cut(text: str, max_length: int) -> str:
    return " ".join(text.split()).lstrip("/ ")[:max_length].rstrip()


def _spelled(character: str) -> str:
    """The name of a symbol, else the number that Unicode gives the character."""
    named = unicodedata.name(character, "") if unicodedata.category(character)[0] in "SP" else ""
    return named if named and is_bank_text(named) else f"U+{ord(character):04X}"
