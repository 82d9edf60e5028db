"""The letters of `charset.py`: which characters of other scripts become which of the bank's, as data.

Applied in this order: Arabic words as they are pronounced (article, vowel signs, doubled letters), Greek digraphs, then
character by character the tables below, then Unicode's compatibility decomposition (which takes accents off letters).

- A letter with an accent or an umlaut is the letter without it (ü u, not ue): the EPC (EPC217-08) leaves the choice, and the
  same sign is a trema in French and a letter of its own in Turkish and Finnish, where ue would be wrong.
- Arabic is written as French usage in the Maghreb writes it: ش ch, خ kh, غ gh, ج dj, و ou, ي i, ع a, ة a; the article ال
  that begins a word is `al-`; vowel signs are written where the name has them; a shadda doubles the letter before it; a few
  words that everybody writes one way are written that way.
- A name in capitals stays in capitals.
- Cyrillic and Greek have one common Latin spelling each; Tifinagh letters are called by their sound (YAB b, YAGH gh).
- Digits of every script are 0-9. Other marks become a blank, other letters `?`. Characters that only steer the display
  (bidirectional marks, zero width) are dropped: they hide what a name is.
"""

import re
import unicodedata

ALLOWED = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ "


def _table(pairs: str) -> dict[str, str]:
    """`x=y` pairs, separated by blanks, as a mapping."""
    return dict(pair.split("=") for pair in pairs.split())


LATIN = _table("ß=ss ẞ=SS æ=ae Æ=AE œ=oe Œ=OE ø=o Ø=O đ=d Đ=D ð=d Ð=D ł=l Ł=L þ=th Þ=Th ı=i ŋ=n Ŋ=N ħ=h Ħ=H ə=e Ə=E")
ARABIC = _table(
    "ا=a أ=a آ=a إ=i ٱ=a ب=b پ=p ت=t ث=th ج=dj چ=tch ح=h خ=kh د=d ذ=dh ر=r ز=z ژ=j س=s ش=ch ص=s ض=d ط=t ظ=dh ع=a غ=gh "
    "ف=f ڤ=v ق=k ڨ=g ك=k ک=k گ=g ڭ=g ل=l م=m ن=n ه=h ھ=h ہ=h ة=a و=ou ؤ=ou ي=i ی=i ى=a ئ=i ء= ـ="
)
# Vowel signs; a shadda and a sukun have no sound of their own.
ARABIC_SIGNS = {
    "\N{ARABIC FATHA}": "a",
    "\N{ARABIC DAMMA}": "ou",
    "\N{ARABIC KASRA}": "i",
    "\N{ARABIC FATHATAN}": "an",
    "\N{ARABIC DAMMATAN}": "oun",
    "\N{ARABIC KASRATAN}": "in",
    "\N{ARABIC LETTER SUPERSCRIPT ALEF}": "a",
    "\N{ARABIC SUKUN}": "",
    "\N{ARABIC SHADDA}": "",
}
# Words that everybody writes one way in Latin letters, and whose vowels Arabic does not write.
ARABIC_WORDS = _table(
    "الله=allah بن=ben بنت=bent محمد=mohamed أحمد=ahmed احمد=ahmed عبد=abd أمل=amal شركة=charika مصنع=masnaa مكتب=maktab"
)
CYRILLIC = _table(
    "а=a б=b в=v г=g ґ=g д=d ђ=dj е=e ё=e є=ie ж=zh з=z ѕ=dz и=i і=i ї=i й=i ј=j к=k л=l љ=lj м=m н=n њ=nj о=o п=p р=r "
    "с=s т=t ћ=c у=u ў=u ф=f х=kh ц=ts ч=ch џ=dz ш=sh щ=shch ъ= ы=y ь= э=e ю=iu я=ia"
)
GREEK = _table("α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σ=s ς=s τ=t υ=y φ=f χ=ch ψ=ps ω=o")
GREEK_DIGRAPHS = {"ου": "ou", "ού": "ou", "Ου": "Ou", "Ού": "Ou", "ΟΥ": "OU", "ΟΎ": "OU"}
MARKS = {"&": "+", "_": "-", "@": "(at)", "’": "'", "‘": "'", "`": "'", "´": "'", "–": "-", "—": "-", ";": ","}
MARKS |= {"؟": "?", "،": ",", "؛": ",", "«": "'", "»": "'", '"': "'", "€": "EUR"}
_LETTERS = LATIN | ARABIC | ARABIC_SIGNS | CYRILLIC | GREEK | MARKS

_TIFINAGH = "TIFINAGH LETTER "
TIFINAGH = [chr(code) for code in (*range(0x2D30, 0x2D68), 0x2D6F)]
_TIFINAGH_NAMED_OTHERWISE = {"ⴻ": "e", "ⵯ": "w"}

_IN_ARABIC = re.compile(r"[\u0600-\u06ff\ufb50-\ufdff\ufe70-\ufefc]")
_PRESENTED = re.compile(r"[\ufb50-\ufdff\ufe70-\ufefc]+")
_LETTER = r"[\u0621-\u064a]"
_SIGNS = r"[\u064b-\u0652]*"
_AFTER_VOWEL = re.compile(r"([\u064b-\u0650\u0652])\u0651")
_DOUBLED = re.compile(r"(.)\u0651")
# A vowel sign before the letter that lengthens it: fatha and alef, damma and waw, kasra and ya.
_LENGTHENED = re.compile(r"\u064e(?=[\u0622\u0627\u0649\u0671])|\u064f(?=\u0648)|\u0650(?=[\u064a\u06cc])")
# Alef and lam before at least two letters; the doubling of the letter after it is how the article sounds, and is not written.
_ARTICLE = re.compile(rf"(?<!{_LETTER})[\u0627\u0671]\u064e?\u0644\u0652?({_LETTER})\u0651?(?={_SIGNS}{_LETTER})")
_INITIAL_YA = re.compile(rf"(?<!{_LETTER})\u064a(?={_SIGNS}{_LETTER})")
_WORD = re.compile("[\u0621-\u0652]+")
_DIGRAPH = re.compile("|".join(GREEK_DIGRAPHS))


def arabic_as_pronounced(name: str) -> str:
    """What of Arabic depends on neighbours: forms of presentation, well-known words, the article, doubling, long vowels."""
    if not _IN_ARABIC.search(name):
        return name
    text = _PRESENTED.sub(lambda found: unicodedata.normalize("NFKC", found[0]), name)
    text = _AFTER_VOWEL.sub("\u0651\\1", text)
    text = _known_words(text)
    text = _known_words(_ARTICLE.sub(r"al-\1", text))
    text = _INITIAL_YA.sub("y", text)
    text = _DOUBLED.sub(_double, text)
    return _LENGTHENED.sub("", text)


def _known_words(text: str) -> str:
    return _WORD.sub(lambda found: ARABIC_WORDS.get(found[0], found[0]), text)


def greek_digraphs(name: str) -> str:
    """Two Greek letters that are one sound."""
    return name if "ο" not in name and "Ο" not in name else _DIGRAPH.sub(lambda found: GREEK_DIGRAPHS[found[0]], name)


def _double(found: re.Match[str]) -> str:
    """A doubled consonant is written twice, unless it takes several Latin letters (chch would hide the name)."""
    written = _LETTERS.get(found[1], "")
    return found[1] * (2 if len(written) == 1 and written not in "aiy" else 1)


class _BankLetters(dict[int, str]):
    """For `str.translate`: each character's bank text, found out when it is first met."""

    def __missing__(self, code: int) -> str:
        found = self[code] = _character(chr(code))
        return found


BANK_LETTERS = _BankLetters()


def _character(character: str) -> str:
    """One character in the bank's characters."""
    if character in ALLOWED:
        return character
    if character in _LETTERS:
        return _LETTERS[character]
    lower = character.lower()
    if lower != character and lower in _LETTERS:
        return _LETTERS[lower].capitalize()
    decomposed = unicodedata.normalize("NFKD", character)
    if decomposed != character:
        return decomposed.translate(BANK_LETTERS)
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
    if character in _TIFINAGH_NAMED_OTHERWISE:
        return _TIFINAGH_NAMED_OTHERWISE[character]
    if not name.startswith(_TIFINAGH):
        return ""
    sound = name.removeprefix(_TIFINAGH).split()[-1].lower()
    sound = sound.removeprefix("ya") or "a" if sound.startswith("ya") else sound.removeprefix("y")
    # An emphatic letter (YADD) is a Latin one with a dot below, and so the letter without it.
    return sound[0] if sound == sound[0] * 2 else sound
