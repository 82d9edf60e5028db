"""Sentences of the rooms with values in them, such as a block or an amount: each is known again by its words around the values.

What a room has said is stored in English, some of it with values in it; here is how it is read in another language. Values have
shapes, so that no sentence that a person wrote is taken for one of these; what a person wrote inside of one stays as it is.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Final

from flask_babel import gettext

from debit_service.reports.figures.sheet import Language, Said, Values
from debit_service.web import formats
from debit_service.web.languages import language
from debit_service.web.words.lookup import N_, named
from debit_service.web.words.queue import DECISIONS

TEMPLATES: Final[tuple[str, ...]] = (
    # What was made of a bank entry.
    N_("it names block %(block)s, but count or sum is not that of the block, or it may be one debit of it as well"),
    N_("the total of block %(block)s"),
    N_("the total of block %(block)s less what the bank took"),
    N_("the bank has not booked it (status %(status)s)"),
    N_("the bank reports %(status)s for the group"),
    N_("the bank reports %(status)s for the payment_information"),
    N_("the bank reports %(status)s for the transaction"),
    N_("since then the entry is %(kind)s: %(why)s"),
    N_("since then the entry is resolved: %(typed)s"),
    N_("A person found: %(typed)s"),
    N_("%(mandate)s, not active"),
    # What does not tie out.
    N_(
        "account of %(fund)s: from %(since)s to %(until)s the journal's bank account moved %(amount)s, and no statement tells of"
        " these days"
    ),
    N_(
        "account of %(fund)s: the statement of %(day)s opens %(amount)s apart from where the one of %(before)s closed: a"
        " statement is missing"
    ),
    N_(
        "account of %(fund)s: the statement of %(day)s opens %(amount)s apart from where the one of %(before)s closed: a"
        " statement is missing; the journal has booked %(booked)s in between"
    ),
    N_(
        "account of %(fund)s: the statement of %(day)s opens at %(opening)s, its booked entries make that %(made)s, and it closes"
        " at %(closing)s"
    ),
    N_(
        "account of %(fund)s: the statements %(one)s and %(other)s tell of the same days and close %(amount)s apart: one of them"
        " is wrong"
    ),
    N_(
        "account of %(fund)s: the statements %(one)s and %(other)s tell of the same days with other balances: %(amount)s may be"
        " told twice"
    ),
    N_(
        "account of %(fund)s: in the days to %(day)s the journal's bank account moved %(amount)s more than the statement says"
    ),
    N_(
        "account of %(fund)s: in the days to %(day)s the journal's bank account moved %(amount)s less than the statement says"
    ),
    N_(
        "the statement of %(day)s has the number %(number)s, the one of %(after)s the number %(next)s: %(which)s may be missing"
    ),
    N_("of %(year)s the statement of %(day)s is the first, and has the number %(number)s: %(which)s may be missing"),
    N_("%(told)s (the days are closed all the same: %(typed)s)"),
    # What control totals and the reading of files say.
    N_("file %(file)s (sha256 %(digits)s) could not be read: %(why)s"),
    N_("file %(file)s was kept and not read: %(why)s"),
    N_("%(message)s %(name)s: error: iso.control.%(code)s %(place)s: %(told)s"),
    N_("%(message)s %(name)s: warning: iso.control.%(code)s %(place)s: %(told)s"),
    N_("The details add up to %(found)s, the entry says %(said)s, and no charges explain the difference."),
    N_("Opening %(opening)s and booked entries %(moved)s make %(expected)s; the closing balance says %(closing)s."),
    N_("The bank counts %(said)s entries; %(found)s are here."),
    N_("The bank says %(said)s; the entries make %(found)s."),
    N_("The file is no pain.002, camt.052, camt.053 or camt.054: it holds %(tag)s. [iso.message.unknown]"),
    # Why a run stops, and why a rule of penalties is not computed.
    N_("%(count)s debits, and the bound is %(most)s"),
    N_("%(total)s in all, and the bound is %(most)s"),
    N_("%(count)s employers are asked more than %(times)s times the most of their last three months"),
    N_("%(fund)s: The rule %(rule)s charges per head; of a contribution the number of employees is not recorded."),
    N_(
        "%(fund)s: The rule %(rule)s asks the term of the claim for what was not declared; of a contribution it is not known."
    ),
    # Errors, and what to do.
    N_("It does not fit: %(why)s."),
    N_("Needed, at most %(count)s characters."),
    N_("These are %(count)s rows; a browser gets at most %(most)s."),
    N_("Ask for less, or have it written by `%(command)s`, which takes the same conditions."),
    N_("This has more than %(count)s rows, and a PDF is for people."),
    N_("Use one of these fields: %(names)s."),
    N_("Use one of these, or leave it out: %(values)s."),
    N_("Write %(day)s, or a later day."),
    N_("Possible are: %(decisions)s."),
    N_("The run stopped at a safety bound, and nothing was batched: %(why)s."),
    N_("Enrol it at %(fund)s first."),
    N_("Undo the amnesty %(amnesty)s as a whole."),
    N_("This statement tells of bookings that no other statement which counts tells of, or not alike: %(count)s."),
)

#: What stands only as a value in one of `TEMPLATES`: by itself it could as well begin what a person wrote.
WITHIN: Final[tuple[str, ...]] = (
    N_("of %(day)s"),
    N_("from %(since)s to %(until)s"),
    N_("number %(number)s"),
    N_("numbers %(first)s to %(last)s"),
)
#: No sentence of a room is longer than this; what is longer, a person wrote.
LENGTH_MAX: Final = 1_000
_DAY: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_COUNT: Final = r"[0-9]+"
_MONEY: Final = r"-?[0-9.]+ [A-Z]{3}"
_NAME: Final = r"\S+"
_LIST: Final = r"[^,\n]{1,80}(?:, [^,\n]{1,80})*"
_SPAN: Final = rf"of {_DAY}|from {_DAY} to {_DAY}"
#: What each value looks like. What is not here is a sentence of its own, or what a person or a library wrote.
_SHAPES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("day", "before", "after", "since", "until"), _DAY),
    **dict.fromkeys(("count", "number", "next", "first", "last", "year"), _COUNT),
    **dict.fromkeys(("amount", "opening", "booked", "made", "moved", "expected", "closing", "total"), _MONEY),
    **dict.fromkeys(("said", "found", "most"), f"{_COUNT}|{_MONEY}"),
    **dict.fromkeys(("block", "status", "message", "place", "tag", "rule", "amnesty"), _NAME),
    **dict.fromkeys(("name", "file"), r"[^\n]{1,140}"),
    **dict.fromkeys(("names", "values", "decisions"), _LIST),
    **dict.fromkeys(("one", "other"), _SPAN),
    "code": r"[a-z_.]+",
    "command": r"debit [a-z -]+",
    "digits": r"[0-9a-f]+",
    "fund": rf"nobody known|{_NAME}",
    "kind": r"[a-z_]+",
    "mandate": r"the mandate is [a-z ]{1,40}",
    "times": r"[0-9.e+]+",
    "which": rf"number {_COUNT}|numbers {_COUNT} to {_COUNT}",
}
#: Values that are sentences of a room themselves; all others stay as they are.
_SENTENCES: Final = frozenset({"why", "told", "mandate", "kind"})
_WITHIN: Final = frozenset({"one", "other", "which"})


@cache
def _patterns(templates: tuple[str, ...]) -> list[tuple[str, re.Pattern[str]]]:
    """Each template with its pattern; the one with the most words of its own first."""
    return [(one, _pattern(one)) for one in sorted(templates, key=lambda one: -len(re.sub(r"%\(\w+\)s", "", one)))]


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"%\((\w+)\)s", template)
    found = (f"(?P<{one}>{_SHAPES.get(one, '.+')})" if at % 2 else re.escape(one) for at, one in enumerate(parts))
    return re.compile("".join(found), re.DOTALL)


def filled(sentence: str, said: Callable[[str], str]) -> str | None:
    """The sentence in the page's language, None where no template is like it. `said` gives the words for its values."""
    return _filled(TEMPLATES, sentence, said)


def _filled(templates: tuple[str, ...], sentence: str, said: Callable[[str], str]) -> str | None:
    for template, pattern in _patterns(templates):
        if found := pattern.fullmatch(sentence):
            values: Values = {name: _value(name, value, said) for name, value in found.groupdict().items()}
            return Language(language(), gettext, formats.written_out).say(Said(template, values))
    return None


def _value(name: str, text: str, said: Callable[[str], str]) -> str | date:
    """A value as it stands in the sentence: a day as a day, a sentence of a room in the page's language, else as it is."""
    if _SHAPES.get(name) == _DAY:
        return _day(text) or text
    if name in _SENTENCES:
        return said(text)
    if name == "decisions":
        return str(gettext("; ")).join(named(DECISIONS, one) for one in text.split(", "))
    return _filled(WITHIN, text, said) or text if name in _WITHIN else text


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
