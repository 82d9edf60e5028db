"""Of what a list is: the conditions with which it is asked, as a reader reads them."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from flask_babel import gettext
from markupsafe import Markup

from debit_service.reconcile.queue.waiting import NONE
from debit_service.reports.figures import words as figures
from debit_service.reports.figures.asking import ANY_CODE
from debit_service.web import formats
from debit_service.web.words import N_, named

#: What conditions are called, in the order in which they are told. Another one is told elsewhere on the page.
_CALLED: Final[Mapping[str, str]] = {
    "fund": N_("Fund"),
    "day": N_("Day"),
    "since": N_("From"),
    "until": N_("Until"),
    "undated": N_("Without a day"),
    "due_since": N_("Contributions due since"),
    "settled_since": N_("Came in since"),
    "settled_until": N_("Came in until"),
    "state": N_("Standing"),
    "failure": N_("What happened"),
    "code": N_("Reason code"),
    "sent": N_("In files that the bank has, or may have"),
    "reached": N_("In files that the bank has"),
    "block": N_("PmtInf block"),
    "scheme": N_("Scheme"),
    "bank": N_("Our bank"),
    "debtor_bank": N_("Employer's bank"),
    "made": N_("What was made of it"),
    "reason": N_("Why it waits"),
    "direction": N_("Direction"),
    "currency": N_("Currency"),
    "booked": N_("Booked money only"),
    "collection": N_("About one debit"),
    "document": N_("Told by these statements"),
}
#: What has words of its own.
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "state": figures.STATES,
    "failure": figures.FAILURES,
    "made": {**figures.DISPOSITIONS, "once": N_("counted once"), "waits": N_("waits for a person")},
    "reason": figures.REASONS,
    "direction": figures.DIRECTIONS,
}
#: What is asked with or without, and identifiers that tell a reader nothing.
_ALONE: Final = frozenset({"undated", "sent", "reached", "booked", "collection", "document", "block"})


#: What stands where something is asked for that is not there.
_WITHOUT: Final = {"fund": N_("Account of no fund"), "debtor_bank": N_("not noted"), "code": N_("none given")}


def told(about: Mapping[str, str]) -> list[tuple[str, Markup | str]]:
    """(title, value) of each condition; an empty value where the title says it all."""
    # A failure that is asked for with no code is one for which the bank gave none.
    asked = {"code": NONE, **about} if "failure" in about else about
    return [
        (gettext(title), "" if name in _ALONE else _value(name, asked[name]))
        for name, title in _CALLED.items()
        if asked.get(name, ANY_CODE) != ANY_CODE
    ]


def _value(name: str, text: str) -> Markup | str:
    if text == NONE:
        return named(_WITHOUT, name, "–")
    if name in _WORDS:
        return str(gettext(", ")).join(named(_WORDS[name], one) for one in text.split(","))
    try:
        return formats.day(date.fromisoformat(text))
    except ValueError:
        return formats.code(text)
