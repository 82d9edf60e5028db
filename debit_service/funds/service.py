"""Staff correct a calendar: a day is closed or opened, and a correction is taken back, each with who and why.

A correction counts from the moment it is saved: whoever asks for a calendar afterwards gets it. What was planned before is
re-dated by `collections.service.redate`.
"""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from debit_service.core import audit, events
from debit_service.core.calendar import BusinessCalendar
from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.work import Role, Work
from debit_service.funds import queries
from debit_service.funds.models import CalendarOverride

#: What a person writes about a day, at most.
TEXT_LENGTH_MAX = 500


def override(
    work: Work,
    calendars: Mapping[str, BusinessCalendar],
    name: str,
    day: date,
    becomes: Literal["open", "closed"],
    why: str,
    source: str,
    *,
    today: date,
) -> CalendarOverride:
    """Say that `day` is open or closed in the calendar `name`, whatever its file and the library say.

    `calendars` are those in force, `today` is where they are used. Closing a day whose holiday is only estimated confirms it.
    Raises NotFound `calendar.unknown`, Refused `calendar.past`, `calendar.horizon`, `calendar.no_change` or
    `calendar.overridden`, InvalidInput `calendar.text`.
    """
    work.actor.require(Role.FINANCE_CLERK)
    if name not in calendars:
        raise NotFound("calendar.unknown", f"There is no calendar {name!r}.", remedy="See `debit calendars list`.")
    _check_text(why=why, source=source)
    if day < today:
        raise Refused("calendar.past", f"{day.isoformat()} is over; what was done on it stays.", place="day")
    if queries.standing_override(work, name, day):
        raise Refused(
            "calendar.overridden",
            "This day was corrected already.",
            place="day",
            remedy="Withdraw that correction first.",
        )
    calendar = calendars[name]
    if calendar.is_open(day) == (becomes == "open") and not calendar.estimated(day):
        raise Refused("calendar.no_change", f"The calendar says already that this day is {becomes}.", place="day")
    row = CalendarOverride(
        id=work.new_id(),
        calendar=name,
        day=day,
        becomes=becomes,
        why=why,
        source=source,
        made_at=work.now(),
        made_by=work.actor.name,
    )
    work.session.add(row)
    work.session.flush()
    _tell(work, "calendar.overridden", row, why=why, source=source)
    return row


def withdraw(work: Work, override_id: str, why: str, *, today: date) -> CalendarOverride:
    """Take a correction back: file and library count again. The row stays, with who withdrew it and why.

    Raises NotFound `calendar.override_unknown`, Refused `calendar.withdrawn` or `calendar.past`, InvalidInput `calendar.text`.
    """
    work.actor.require(Role.FINANCE_CLERK)
    _check_text(why=why)
    row = queries.override(work, override_id)
    if row.withdrawn_at is not None:
        raise Refused("calendar.withdrawn", "This correction was withdrawn already.", place=override_id)
    if row.day < today:
        raise Refused("calendar.past", f"{row.day.isoformat()} is over; what was done on it stays.", place=override_id)
    row.withdrawn_at, row.withdrawn_by, row.withdrawn_why = work.now(), work.actor.name, why
    work.session.flush()
    _tell(work, "calendar.override_withdrawn", row, why=why)
    return row


def _check_text(**texts: str) -> None:
    for field, text in texts.items():
        if not 0 < len(text.strip()) <= TEXT_LENGTH_MAX:
            raise InvalidInput(
                "calendar.text", f"Say why and from where, in at most {TEXT_LENGTH_MAX} characters each.", place=field
            )


def _tell(work: Work, what: str, row: CalendarOverride, **details: str) -> None:
    day = row.day.isoformat()
    audit.record(work, what, row.id, calendar=row.calendar, day=day, becomes=row.becomes, **details)
    events.publish(work, what, row.id, calendar=row.calendar, day=day, becomes=row.becomes)
