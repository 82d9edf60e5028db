"""Pure decisions: on which day to collect, whether to try again, how collections share a file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Protocol

from debit_service.core.calendar import Calendar
from debit_service.core.machine import Machine

BATCH_MACHINE = Machine(
    name="batch",
    initial="made",
    transitions={
        "made": frozenset({"approved", "cancelled"}),
        "approved": frozenset({"sending", "cancelled"}),
        # Back to approved only when the bank certainly has nothing; the same bytes go out again under the same MsgId.
        # Cancelled by a person alone, whom the bank told that it has nothing.
        "sending": frozenset({"sent", "approved", "cancelled"}),
        "sent": frozenset(),
        "cancelled": frozenset(),
    },
)

#: How long before its due date a contribution is planned, so that notice and lead time always fit.
PLAN_AHEAD = timedelta(days=40)


@dataclass(frozen=True, slots=True)
class Day:
    """The day of a collection and why that day; `days_late_by_service` are days after the due date that are ours alone."""

    collection_date: date
    reason: str
    days_late_by_service: int = 0


def collection_day(
    *, due: date, today: date, received_on: date, lead_open_days: int, notice_days: int, calendar: Calendar
) -> Day:
    """The open day on or before `due`, so that the money is in time; else the first possible one.

    When it is too late for the due date, the reason says whose lateness it is: the declaration's, if it came in after the last
    day on which everything still fitted; otherwise ours.
    """
    wanted = calendar.preceding_open(due)
    earliest = first_possible(today, lead_open_days, notice_days, calendar)
    if wanted >= earliest:
        return Day(wanted, "on time: the due date, or the last open day before it")
    if first_possible(received_on, lead_open_days, notice_days, calendar) > wanted:
        return Day(earliest, f"declared on {received_on.isoformat()}, too late to collect by {due.isoformat()}")
    return Day(earliest, "planned late by the service", days_late_by_service=max((earliest - due).days, 0))


def first_possible(today: date, lead_open_days: int, notice_days: int, calendar: Calendar) -> date:
    """The first open day that keeps both the bank's lead time and the agreed notice."""
    # What leaves on a closed day is received on the next open one.
    by_lead = calendar.add_open_days(calendar.following_open(today), lead_open_days)
    by_notice = calendar.following_open(today + timedelta(days=notice_days))
    return max(by_lead, by_notice)


def send_day(collection_date: date, lead_open_days: int, calendar: Calendar) -> date:
    """The day on which the file must leave."""
    return calendar.add_open_days(collection_date, -lead_open_days)


def may_try_again(failures: Sequence[str | None], retry_codes: Iterable[str], max_attempts: int) -> str | None:
    """Why a failed contribution is *not* presented again; None when it is. `failures` are the codes of its attempts, in order."""
    if len(failures) >= max_attempts:
        return f"{len(failures)} of {max_attempts} attempts have failed"
    if failures[-1] not in set(retry_codes):
        return f"{failures[-1] or 'no code'} is not presented again by itself"
    return None


class Groupable(Protocol):
    """What decides in which block of a file a collection stands."""

    sequence_type: str
    collection_date: date


def blocks(collections: Sequence[Groupable]) -> list[list[int]]:
    """Blocks of indexes into `collections`: one for each sequence type and date, in their order.

    Scheme, creditor, account and currency are the same for all `collections` already (EPC implementation guidelines: one PmtInf
    for each creditor account, identifier, scheme, sequence type and date; CORE and B2B never in one message).
    """
    key = attrgetter("sequence_type", "collection_date")
    order = sorted(range(len(collections)), key=lambda index: (key(collections[index]), index))
    return [list(block) for _, block in groupby(order, key=lambda index: key(collections[index]))]
