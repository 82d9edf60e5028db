"""The page that lists how names are written for a bank: docs/iso20022-characters.md, made from the tables themselves.

python -m debit_service.iso20022.charset_page > docs/iso20022-characters.md
"""

import sys
from collections.abc import Iterable, Mapping

from debit_service.iso20022 import transliteration as tables
from debit_service.iso20022.charset import to_bank_text

_HEAD = """# Names in the bank's characters

A SEPA bank takes `a-z A-Z 0-9 / - ? : ( ) . , ' +` and the blank. Names, addresses and remittance texts are transliterated to
that; the original stays in the database. References (message, payment information, end-to-end, mandate, creditor identifier) are
never altered: one with another character, with a blank at an end, with `/` at an end or with `//` is refused.

In this order:

1. Arabic is written as French usage in the Maghreb pronounces it: forms of presentation and ligatures are resolved; the words
   below are written as everybody writes them; the article ال before two letters is `al-`; ي that begins a word is `y`; a shadda
   doubles a letter that is one Latin letter; vowel signs are written where the name has them, once where a letter lengthens them.
2. Each character becomes what the tables below say, in either case. A name in capitals stays in capitals.
3. A letter that Unicode decomposes loses its accent or umlaut: é e, ü u, ç c, ş s. EPC217-08 lets banks choose between u and ue
   for ü; u is chosen because the same sign is a trema in French and a letter of its own in Turkish and Finnish, where ue would be
   wrong.
4. Digits of every script become 0-9. Marks that only steer the display are dropped. Every other mark becomes a blank, every other
   letter `?`.
5. Blanks are made one, blanks at the ends and `/` at the beginning go, and the text is cut to the length of its element.

A name of which nothing would be left is not hidden behind NOTPROVIDED: its symbols are called by their Unicode names
(`BLACK STAR`), its letters by their numbers (`U+682A`), so that two such names stay different and can be looked up. An empty or
blank name is refused.
"""
_EXAMPLES = (
    "Société Générale de Plâtrerie",
    "Würth & Söhne",
    "شركة الأمل",
    "مُحَمَّد العبّاس",
    "عبد الله بن يوسف",
    "الجزائر ٢٠٢٦",
    "Газпром",
    "ЩУКА",
    "Παπαδόπουλος",
    "ⵜⴰⵎⴰⵣⵉⵖⵜ",
    "L’Entreprise – “X”",
    "★",
    "株式会社",
)


def page() -> str:
    """The whole page."""
    return "\n".join(
        (
            _HEAD,
            *_table("Examples", ((name, to_bank_text(name, 70)) for name in _EXAMPLES)),
            *_table("Latin letters that do not decompose", tables.LATIN.items()),
            *_table("Arabic letters", tables.ARABIC.items()),
            *_table("Arabic vowel signs", _on_a_circle(tables.ARABIC_SIGNS)),
            *_table("Arabic words", tables.ARABIC_WORDS.items()),
            *_table("Cyrillic letters", tables.CYRILLIC.items()),
            *_table("Greek letters", (*tables.GREEK.items(), *tables.GREEK_DIGRAPHS.items())),
            *_table("Tifinagh letters", ((letter, to_bank_text(letter, 9)) for letter in tables.TIFINAGH)),
            *_table("Marks", tables.MARKS.items()),
        )
    )


def _on_a_circle(signs: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Signs that stand above or below a letter, on one that is none."""
    return (("\N{DOTTED CIRCLE}" + sign, written) for sign, written in signs.items())


def _table(title: str, pairs: Iterable[tuple[str, str]]) -> list[str]:
    rows = (f"| {original} | {f'`{written}`' if written else 'nothing'} |" for original, written in pairs)
    return [f"## {title}", "", "| Name | At the bank |", "|---|---|", *rows, ""]


if __name__ == "__main__":
    sys.stdout.write(page())
