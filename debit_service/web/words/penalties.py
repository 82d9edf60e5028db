"""Who caused a failure, and what follows of it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask_babel import gettext

from debit_service.penalties.fault import wording
from debit_service.penalties.fault.values import Effect, Party
from debit_service.reports.figures.sheet import Language, Said
from debit_service.reports.rules import PenaltyStanding
from debit_service.web import formats
from debit_service.web.desk import service
from debit_service.web.languages import language
from debit_service.web.words.lookup import N_, named
from debit_service.web.words.operations import closed_because
from debit_service.web.words.sentences import SENTENCES
from debit_service.web.words.with_values import LENGTH_MAX, filled

PENALTIES: Final[Mapping[str, str]] = {
    PenaltyStanding.NONE: N_("No penalty"),
    PenaltyStanding.PROPOSED: N_("Penalty proposed, not confirmed"),
    PenaltyStanding.CONFIRMED: N_("Penalty confirmed"),
    PenaltyStanding.NOTIFIED: N_("Penalty notified"),
    PenaltyStanding.PAID: N_("Penalty paid"),
    PenaltyStanding.WAIVED: N_("Penalty waived"),
    PenaltyStanding.HELD: N_("A person decides; no penalty until then"),
    PenaltyStanding.REVERSED: N_("Penalty reversed"),
}
PARTIES: Final[Mapping[str, str]] = {
    Party.EMPLOYER: N_("the employer"),
    Party.FUND: N_("the fund"),
    Party.SERVICE: N_("this service"),
    Party.CREDITOR_BANK: N_("the fund's bank"),
    Party.DEBTOR_BANK: N_("the employer's bank"),
    Party.BANK: N_("a bank"),
    Party.INFRASTRUCTURE: N_("the clearing system"),
    Party.NOBODY: N_("nobody"),
    Party.INFO: N_("nobody: nothing failed"),
    Party.UNKNOWN: N_("not known yet"),
}
EFFECTS: Final[Mapping[str, str]] = {
    Effect.NONE: N_("Nothing follows for the employer."),
    Effect.HOLD: N_("A person looks at it first; nothing follows until then."),
    Effect.PENALISE: N_("A late penalty follows where a rule is in force."),
}
#: What is open about a penalty that is decided by itself, not together with others.
QUESTIONS: Final[Mapping[str, str]] = {
    "contested": N_("The employer contests it."),
    "unheeded": N_("The employer was right about it in a dispute."),
    "held": N_("Another failed debit of the contribution is left to a person."),
}


def penalty(value: str) -> str:
    """What became of the question of a penalty."""
    return named(PENALTIES, value)


def question(value: str) -> str:
    """What is open about a penalty."""
    return named(QUESTIONS, value)


def party(value: str) -> str:
    """Who is meant."""
    return named(PARTIES, value)


def effect(value: str) -> str:
    """What follows."""
    return named(EFFECTS, value)


def said(text: str) -> str:
    """A sentence of a room. Why a party is held at fault begins with the party's code, which the page names already.

    Where the table of reason codes decided by itself, its note is for whoever keeps the table: others are told that it did.
    """
    head, colon, tail = text.partition(": ")
    sentence = tail if colon and head in PARTIES else text
    if any(sentence == f"{row.action}." for row in service().codes.rows.values()):
        sentence = "No rule looks further into this reason of the bank."
    return _sentence(sentence)


def _sentence(text: str) -> str:
    if not text or len(text) > LENGTH_MAX:
        return text
    if text in SENTENCES:
        return str(gettext(text))
    return wording.sentence_said(language(), text) or filled(text, _sentence) or str(gettext(text))


def told(one: Said) -> str:
    """A sentence with values, some of which are sentences of a room themselves."""

    def translate(text: str) -> str:
        return gettext(text) if "%(" in text else _sentence(closed_because(text))

    return Language(language(), translate, formats.written_out).say(one)


def result(outcome: str) -> str:
    """What came out of a step of an argument."""
    return wording.said(language(), "results", outcome)


def step(one: Mapping[str, Any]) -> str:
    """A step of a stored argument."""
    return wording.step_said(language(), one)


def pieces(names: Sequence[str]) -> str:
    """Pieces of evidence."""
    return wording.pieces_said(language(), names)
