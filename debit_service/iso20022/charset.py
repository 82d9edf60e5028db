"""The characters that a SEPA bank accepts, and how names get there: `a-z A-Z 0-9 / - ? : ( ) . , ' +` and the blank.

Names are transliterated to something that a bank clerk recognises, never to nothing; the original stays where it came
from. References are the keys by which answers are matched: they are refused, never altered.

The table, applied after Unicode's compatibility decomposition (which takes accents off letters, and forms off Arabic):
- Latin letters that do not decompose: ß ss, æ ae, œ oe, ø o, đ d, ł l, þ th, ...;
- Arabic as French usage in the Maghreb writes it: ش ch, خ kh, غ gh, ج dj, و ou, ي i, ع a, ة a;
- Cyrillic and Greek, one common Latin spelling each; Tifinagh by the names of its letters (YAB b, YAGH gh);
- digits of every script as 0-9; `&` is +, `_` is -, `@` is (at); other marks become a blank; other letters `?`.
Characters that only steer the display (bidirectional marks, zero width) are dropped: they hide what a name is.
"""

import re
import unicodedata
from functools import cache

from debit_service.core.errors import InvalidInput

NOT_PROVIDED = "NOTPROVIDED"

_ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ ")
_BANK_TEXT = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]*", re.ASCII)


def _table(pairs: str) -> dict[str, str]:
    """`x=y` pairs, separated by blanks, as a mapping."""
    return dict(pair.split("=") for pair in pairs.split())


_LATIN = _table("ß=ss ẞ=SS æ=ae Æ=AE œ=oe Œ=OE ø=o Ø=O đ=d Đ=D ð=d Ð=D ł=l Ł=L þ=th Þ=Th ı=i ŋ=n Ŋ=N ħ=h Ħ=H ə=e Ə=E")
_ARABIC = _table(
    "ا=a أ=a آ=a إ=i ٱ=a ب=b پ=p ت=t ث=th ج=dj چ=tch ح=h خ=kh د=d ذ=dh ر=r ز=z ژ=j س=s ش=ch ص=s ض=d ط=t ظ=dh ع=a غ=gh "
    "ف=f ڤ=v ق=k ڨ=g ك=k ک=k گ=g ل=l م=m ن=n ه=h ة=a و=ou ؤ=ou ي=i ی=i ى=a ئ=i ء= ـ="
)
_CYRILLIC = _table(
    "а=a б=b в=v г=g ґ=g д=d ђ=dj е=e ё=e є=ie ж=zh з=z ѕ=dz и=i і=i ї=i й=i ј=j к=k л=l љ=lj м=m н=n њ=nj о=o п=p р=r "
    "с=s т=t ћ=c у=u ў=u ф=f х=kh ц=ts ч=ch џ=dz ш=sh щ=shch ъ= ы=y ь= э=e ю=iu я=ia"
)
_GREEK = _table(
    "α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σ=s ς=s τ=t υ=y φ=f χ=ch ψ=ps ω=o"
)
_MARKS = {"&": "+", "_": "-", "@": "(at)", "’": "'", "‘": "'", "`": "'", "´": "'", "–": "-", "—": "-", ";": ","}
_MARKS |= {"؟": "?", "،": ",", "؛": ",", "«": "'", "»": "'", '"': "'"}
_LETTERS = _LATIN | _ARABIC | _CYRILLIC | _GREEK | _MARKS
_TIFINAGH = "TIFINAGH LETTER "


def to_bank_text(name: str, max_length: int) -> str:
    """`name` in the bank's characters, at most `max_length` long (cut after the mapping), never empty."""
    written = "".join(_character(character) for character in unicodedata.normalize("NFC", name))
    text = " ".join(written.split()).lstrip("/")[:max_length].strip()
    return text or NOT_PROVIDED[:max_length]


def check_reference(text: str, max_length: int, element: str) -> None:
    """Refuse a reference (MsgId, PmtInfId, EndToEndId, MndtId) that a bank could refuse or change. Nothing is altered.

    Raises InvalidInput `iso.reference.length`, `.characters` or `.slash`, with `element` as the place.
    """
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


def is_bank_text(text: str) -> bool:
    """Whether every character is one that a bank accepts."""
    return _BANK_TEXT.fullmatch(text) is not None


@cache
def _character(character: str) -> str:
    """One character in the bank's characters."""
    if character in _ALLOWED:
        return character
    if character in _LETTERS:
        return _LETTERS[character]
    lower = character.lower()
    if lower != character and lower in _LETTERS:
        return _LETTERS[lower].capitalize()
    decomposed = unicodedata.normalize("NFKD", character)
    if decomposed != character:
        return "".join(_character(part) for part in decomposed)
    return _by_category(character)


def _by_category(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Cf", "Mn", "Me"}:
        return ""
    if category == "Nd":
        return str(unicodedata.digit(character))
    if category.startswith("L"):
        return _tifinagh(character) or "?"
    return " "


def _tifinagh(character: str) -> str:
    name = unicodedata.name(character, "")
    if not name.startswith(_TIFINAGH):
        return ""
    sound = name.removeprefix(_TIFINAGH).split()[-1].lower()
    return sound.removeprefix("ya") or "a" if sound.startswith("ya") else sound.removeprefix("y")
