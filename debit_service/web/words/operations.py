"""The day's operations: batches, jobs, calendars, and how sure a fact of a fund is."""

from collections.abc import Mapping
from typing import Final

from flask_babel import gettext

from debit_service.web.words.lookup import N_, named

BATCH_STATES: Final[Mapping[str, str]] = {
    "made": N_("Waits for approval"),
    "approved": N_("Approved, not sent"),
    "sending": N_("Handed over, outcome not known"),
    "sent": N_("Sent"),
    "cancelled": N_("Cancelled"),
}
#: What became of a run of a job.
RUN_OUTCOMES: Final[Mapping[str, str]] = {"running": N_("Running"), "done": N_("Done"), "failed": N_("Failed")}
#: What a day of a calendar is, and who says so.
DAY_KINDS: Final[Mapping[str, str]] = {"open": N_("Open"), "closed": N_("Closed")}
DAY_ORIGINS: Final[Mapping[str, str]] = {
    "library": N_("the list of public holidays"),
    "estimated": N_("estimated, not announced yet"),
    "file": N_("the calendar's file"),
    "staff": N_("staff"),
}
#: Public holidays, as the library of calendars calls them in English; and the days of weekends.
HOLIDAYS: Final[frozenset[str]] = frozenset(
    {
        N_("Amazigh New Year"),
        N_("Ashura"),
        N_("Christmas Day"),
        N_("Christmas Holiday"),
        N_("Easter Monday"),
        N_("Eid al-Adha"),
        N_("Eid al-Fitr"),
        N_("Good Friday"),
        N_("Green March"),
        N_("Independence Day"),
        N_("Islamic New Year"),
        N_("Labor Day"),
        N_("Labour Day"),
        N_("New Year's Day"),
        N_("Oued Ed-Dahab Day"),
        N_("Proclamation of Independence Day"),
        N_("Prophet's Birthday"),
        N_("Revolution Day"),
        N_("Throne Day"),
        N_("Unity Day"),
        N_("Youth Day"),
        N_("weekend (Friday)"),
        N_("weekend (Saturday)"),
        N_("weekend (Sunday)"),
    }
)
_ESTIMATED: Final = " (estimated)"
CERTAINTIES: Final[Mapping[str, str]] = {
    "seen": N_("seen in a source"),
    "computed": N_("computed"),
    "decided": N_("decided by this project"),
    "memory": N_("remembered, not seen"),
    "not_found": N_("not found"),
    "conflict": N_("sources contradict each other"),
    "example": N_("an example"),
}


def batch_state(value: str) -> str:
    """The state of a batch."""
    return named(BATCH_STATES, value)


def run_outcome(value: str) -> str:
    """What became of a run."""
    return named(RUN_OUTCOMES, value)


def day_kind(value: str) -> str:
    """Open or closed."""
    return named(DAY_KINDS, value)


def day_origin(value: str) -> str:
    """Who says what a day is."""
    return named(DAY_ORIGINS, value)


def closed_because(text: str) -> str:
    """What closes a day: holidays by their names, of which one may be estimated; else what a person wrote."""
    return "; ".join(_holiday(one) for one in text.split("; "))


def _holiday(text: str) -> str:
    name = text.removesuffix(_ESTIMATED)
    if name not in HOLIDAYS:
        return text
    told = gettext(name)
    return str(told if name == text else gettext("%(holiday)s (estimated)", holiday=told))


def certainty(value: str) -> str:
    """How sure a fact is."""
    return named(CERTAINTIES, value)
