"""What held failures, findings and protection are called on a page."""

from collections.abc import Mapping
from typing import Final

from flask_babel import gettext

from debit_service.penalties.fault.asking import Askable
from debit_service.penalties.fault.protection import Standing
from debit_service.web import words
from debit_service.web.words import N_

ASKABLE: Final[Mapping[str, str]] = {
    Askable.EMPLOYER: N_("the employer"),
    Askable.EMPLOYERS_BANK: N_("the employer's bank"),
    Askable.FUND: N_("the fund"),
    Askable.FUNDS_BANK: N_("the fund's bank"),
    Askable.OPERATOR: N_("who keeps the records of this service"),
}
PROTECTION: Final[Mapping[str, str]] = {
    Standing.PROTECTED: N_("Protected: it counts as paid on time."),
    Standing.IN_DOUBT: N_("In doubt: a debit failed, and a person finds out why. No penalty until then."),
    Standing.EXPOSED: N_("Late: a debit failed, and the reason lies with the employer."),
    Standing.NOT_COVERED: N_("Not covered: no debit was made in time. This service sets no penalty for that."),
}
#: Why a contribution stands as it does, where it is not the reason of a decision about a failure.
SENTENCES: Final[frozenset[str]] = frozenset(
    {
        N_("nobody has looked at the failure yet"),
        N_("it was debited on time, and the bank has not said otherwise"),
        N_("it was debited after its due date"),
        N_("no debit went out in time"),
        N_("overtaken: the evidence has changed, and the decision with it"),
    }
)


def askable(value: str) -> str:
    """Who can be asked."""
    said: str = gettext(ASKABLE[Askable(value)])
    return said


def protection(value: str) -> str:
    """How a contribution stands towards lateness."""
    said: str = gettext(PROTECTION[Standing(value)])
    return said


def why(text: str) -> str:
    """Why, in the reader's language where it is one of the house's sentences."""
    return gettext(text) if text in SENTENCES else words.said(text)


def withdrawn_why(text: str) -> str:
    """Why a finding was withdrawn: as its author wrote it, unless the service found it overtaken."""
    return gettext(text) if text in SENTENCES else text
