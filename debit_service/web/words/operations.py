"""The day's operations: batches, jobs, calendars, and how sure a fact of a fund is."""

from collections.abc import Mapping
from typing import Final

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


def certainty(value: str) -> str:
    """How sure a fact is."""
    return named(CERTAINTIES, value)
