"""What reliefs and amnesties are called on a page."""

from collections.abc import Mapping
from typing import Final

from flask_babel import gettext

from debit_service.penalties.tariff.relief import Ground
from debit_service.web.words import N_

GROUNDS: Final[Mapping[str, str]] = {
    Ground.COMMISSION: N_("Decision of the commission"),
    Ground.FORCE_MAJEURE: N_("Force majeure"),
    Ground.JUSTIFIED_FILE: N_("Justified file"),
    Ground.GOODWILL: N_("Goodwill of the fund"),
}
STATES: Final[Mapping[str, str]] = {
    "prepared": N_("Waits for another person's approval"),
    "dropped": N_("Dropped"),
    "approved": N_("Approved, being carried out"),
    "carried_out": N_("Carried out"),
    "undone": N_("Undone, being taken back"),
    "taken_back": N_("Taken back"),
}


def ground(value: str) -> str:
    """Why a penalty is relieved."""
    named: str = gettext(GROUNDS[value])
    return named


def state(value: str) -> str:
    """Where an amnesty stands."""
    named: str = gettext(STATES[value])
    return named
