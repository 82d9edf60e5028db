"""What decisions about penalties say in the employer's language: one table of words (`words/*.toml`) for page, notice and proof.

A decision is stored in English, each step with its rule, its guard, its outcome and its verdict. Those are the keys of the words:
a stored argument can be read in another language years later. English itself is what was stored.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from debit_service.core.money import exponent, format_minor
from debit_service.penalties.fault.values import PIECE_LABELS

#: The Maghreb writes Arabic with the digits 0 to 9 and its own names of months.
_LOCALES: Final = {"fr": "fr", "ar": "ar_DZ", "en": "en_GB"}
#: A left-to-right isolate (Unicode UAX 9): keeps the order of figures and codes within Arabic text.
_ISOLATE: Final = "\N{LEFT-TO-RIGHT ISOLATE}{}\N{POP DIRECTIONAL ISOLATE}"
# What `amount.compute` writes between the figures of a step; the outer groups are keys of the words.
_FORMULA: Final = re.compile(
    r"(?P<less>, less (?P<minus>[0-9.]+) for the days before)|(?P<at_most>, at most )"
    r"|(?P<balances>\(the balances of (?P<days>[0-9]+) days\))"
    r"|(?P<cut>, cut to (?P<left>[0-9.]+) by the cap of (?P<cap>[0-9.]+%))"
)
_FIGURE: Final = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<percent>%?)")


def step_said(language: str, step: Mapping[str, Any]) -> str:
    """One step of a stored argument, in `language`. What has no words of its own any more is told by its outcome."""
    rule, outcome, because = str(step["rule"]), str(step["outcome"]), str(step["because"])
    party, colon, sentence = because.partition(": ")
    sentence = sentence if colon and party in PARTIES else because
    words = _words(language)
    if "steps" not in words:
        return sentence
    if outcome == "passed":
        by_guard = words["passed"]
        told = words["variants"].get(sentence) or by_guard.get(rule) or by_guard.get(rule.rpartition(" ")[2])
    else:
        told = words["steps"].get(rule, {}).get(outcome) or _verdict(words["verdicts"], sentence)
    lacking = [name for name, label in PIECE_LABELS.items() if label in because]
    known = {"reason": _reason_of(language, because), "pieces": pieces_said(language, lacking)}
    return str(told or words["outcomes"].get(outcome, outcome)).format_map(known)


def _verdict(verdicts: Mapping[str, str], sentence: str) -> str | None:
    """The words of a verdict; behind it may stand what is particular to the case."""
    return next((told for verdict, told in verdicts.items() if sentence.startswith(verdict.removesuffix("."))), None)


def _reason_of(language: str, because: str) -> str:
    """The reason that a step speaks of: what the bank said begins with its code."""
    code, _, meaning = because.partition(" means ")
    return reason_said(language, code, meaning.rstrip("."))


def reason_said(language: str, code: str | None, name: str | None = None) -> str:
    """What a bank's reason code means, in plain words; a code without words keeps its ISO name."""
    return str(_words(language)["reasons"].get(code or "", name or code or "–"))


def pieces_said(language: str, names: Sequence[str]) -> str:
    """What pieces of evidence are called."""
    return ("، " if language == "ar" else ", ").join(piece_said(language, name) for name in names)


def piece_said(language: str, name: str) -> str:
    """What a piece of evidence is called."""
    return str(_words(language).get("pieces", PIECE_LABELS).get(name, name))


def said(language: str, section: str, key: str, **known: object) -> str:
    """One of the texts; a key that is not there is told as it is, and so is an English sentence in English."""
    text = str(_words(language).get(section, {}).get(key, key))
    return text.format_map(known) if known else text


def sentence_said(language: str, sentence: str) -> str | None:
    """What an argument concludes, or what would change it, in `language`; None where it has no words (English has none)."""
    words = _words(language)
    if "changes" not in words:
        return None
    action = next((one for one in words["actions"] if sentence == f"{one}." or sentence.startswith(f"{one}: ")), None)
    told = words["actions"].get(action) or words["variants"].get(sentence) or _verdict(words["verdicts"], sentence)
    return str(told) if told else _change_said(language, sentence)


def change_named(language: str, template: str) -> str:
    """The evidence that would change an answer, with each piece called by its name."""
    names = {name: piece_said(language, name) for name in PIECE_LABELS}
    return said(language, "changes", template).format_map(names)


def _change_said(language: str, sentence: str) -> str | None:
    """A sentence of `would_change`: the evidence in words, with the values or the names of pieces in it."""
    for template, told in _words(language)["changes"].items():
        if found := _pattern(template).fullmatch(sentence):
            known = {name: _value_said(language, name, value) for name, value in found.groupdict().items()}
            return str(told).format_map(known)
    return None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    return re.compile("".join(f"(?P<{one}>.+)" if at % 2 else re.escape(one) for at, one in enumerate(parts)))


def _value_said(language: str, name: str, value: str) -> str:
    if name == "party":
        return said(language, "parties", value)
    return piece_said(language, name) if value == PIECE_LABELS.get(name) else in_order(language, value)


def formula_said(language: str, formula: str) -> str:
    """The figures of a step as `language` writes them, with the few words among them."""
    told, at = [], 0
    for found in _FORMULA.finditer(formula):
        told += [_figures(language, formula[at : found.start()]), _part_said(language, found)]
        at = found.end()
    return "".join([*told, _figures(language, formula[at:])])


def _figures(language: str, text: str) -> str:
    """A row of figures in its order."""
    return (
        in_order(language, _FIGURE.sub(lambda found: _figure(language, found), text).replace(" x ", " × "))
        if text
        else ""
    )


def _figure(language: str, found: re.Match[str]) -> str:
    number, decimals = Decimal(found["number"]), len(found["number"].partition(".")[2])
    if found["percent"]:
        return format_percent(number / 100, format="#,##0.######%", locale=_LOCALES[language])
    pattern = f"#,##0.{'0' * decimals}" if decimals else "#,##0"
    return format_decimal(number, format=pattern, locale=_LOCALES[language])


def _part_said(language: str, found: re.Match[str]) -> str:
    known = {name: _figures(language, figure) for name, figure in found.groupdict().items() if figure}
    return said(language, "formula", found.lastgroup or "", **known)


def money(language: str, minor: int, currency: str) -> str:
    """An amount as the language writes it, with the ISO code of its currency."""
    places = exponent(currency)
    pattern = f"#,##0.{'0' * places}" if places else "#,##0"
    number = format_decimal(Decimal(format_minor(minor, currency)), format=pattern, locale=_LOCALES[language])
    return in_order(language, f"{number}\N{NO-BREAK SPACE}{currency}")


def day(language: str, value: date) -> str:
    """A day written out, so that nobody takes the day for the month."""
    told = format_date(value, "d MMMM y", locale=_LOCALES[language])
    return f"1er{told[1:]}" if language == "fr" and value.day == 1 else told


def in_order(language: str, code: str) -> str:
    """A code or a row of figures: read from left to right within any text."""
    return _ISOLATE.format(code) if language == "ar" else code


@cache
def _words(language: str) -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "words" / f"{language}.toml").read_text("utf-8"))


PARTIES: Final = frozenset(_words("en")["parties"])
