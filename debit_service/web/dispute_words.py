"""What disputes are called on a page: what is contested, on what ground, where it stands, and what follows from an answer."""

from collections.abc import Mapping
from typing import Final

from flask_babel import gettext

from debit_service.disputes.rules import Answer, Body, Ground, SubjectKind
from debit_service.web.words import N_

SUBJECTS: Final[Mapping[str, str]] = {
    SubjectKind.DEBIT: N_("The debit: whether, how much and when"),
    SubjectKind.READING: N_("The decision about who caused the failed debit"),
    SubjectKind.PENALTY: N_("The late penalty"),
}
GROUNDS: Final[Mapping[str, str]] = {
    Ground.PAID_ALREADY: N_("I have paid it in another way"),
    Ground.AMOUNT: N_("The amount is wrong"),
    Ground.NOT_OWED: N_("I do not owe it"),
    Ground.NOT_ANNOUNCED: N_("Nobody announced it, or the day was another one"),
    Ground.MANDATE: N_("I did not allow it, or no longer"),
    Ground.MONEY_WAS_THERE: N_("The money was on the account"),
    Ground.BANK: N_("The bank made a mistake"),
    Ground.FORCE_MAJEURE: N_("It was beyond my control (force majeure)"),
    Ground.OTHER: N_("Something else"),
}
STATES: Final[Mapping[str, str]] = {
    "received": N_("Received"),
    "in_examination": N_("Being examined"),
    "asked": N_("Waits for the employer's reply"),
    "answered": N_("Answered"),
    "appealed": N_("On appeal"),
    "decided": N_("Decided on appeal"),
    "closed": N_("Closed"),
    "withdrawn": N_("Withdrawn by the employer"),
}
MESSAGES: Final[Mapping[str, str]] = {
    "question": N_("Question of the fund"),
    "reply": N_("Reply of the employer"),
    "withdrawal": N_("Withdrawn for the employer by a clerk"),
}
ANSWERS: Final[Mapping[str, str]] = {
    Answer.UPHELD: N_("Objection upheld"),
    Answer.PARTLY_UPHELD: N_("Objection upheld in part"),
    Answer.REJECTED: N_("Objection rejected"),
}
BODIES: Final[Mapping[str, str]] = {
    Body.LOCAL: N_("Local commission"),
    Body.NATIONAL: N_("National commission"),
    Body.COURT: N_("Court"),
}
#: What follows from an answer: where something is upheld, and where nothing is.
EFFECTS: Final[Mapping[tuple[str, str], str]] = {
    ("debit", "upheld"): N_("The contribution is no longer debited, and no penalty follows."),
    ("debit", "rejected"): N_("The contribution may be debited, and a penalty may follow."),
    ("reading", "upheld"): N_("No penalty rests on this failure until a person has looked at it again."),
    ("reading", "rejected"): N_("The decision about this failure stands."),
    ("penalty", "upheld"): N_("A person of the fund corrects the penalty; the debit is not affected."),
    ("penalty", "rejected"): N_("The penalty remains due."),
}
WHICH: Final[Mapping[str, str]] = {
    "open": N_("Open"),
    "late": N_("Overdue"),
    "asked": N_("Waits for the employer's reply"),
    "appealed": N_("On appeal"),
    "all": N_("All"),
}


def subject(value: str) -> str:
    """What is contested."""
    return _said(SUBJECTS[SubjectKind(value)])


def ground(value: str) -> str:
    """On what ground."""
    return _said(GROUNDS[Ground(value)])


def state(value: str) -> str:
    """Where a dispute stands."""
    return _said(STATES[value])


def answer(value: str) -> str:
    """What was answered."""
    return _said(ANSWERS[Answer(value)])


def body(value: str) -> str:
    """Who decides."""
    return _said(BODIES[Body(value)])


def which(value: str) -> str:
    """Which disputes a list shows."""
    return _said(WHICH[value])


def effects(subject_kind: str) -> dict[str, str]:
    """What follows from each answer about a subject."""
    upheld, rejected = (_said(EFFECTS[subject_kind, standing]) for standing in ("upheld", "rejected"))
    return {Answer.UPHELD.value: upheld, Answer.PARTLY_UPHELD.value: upheld, Answer.REJECTED.value: rejected}


def _said(text: str) -> str:
    said: str = gettext(text)
    return said


def message(kind: str) -> str:
    """What was written, and by whom."""
    said: str = gettext(MESSAGES[kind])
    return said
