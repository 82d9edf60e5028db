"""`debit calendars`: which days are closed, why, and what staff say about them."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Literal, cast

import click

from debit_service import operations
from debit_service.cli.common import AS, DONE, FINDINGS, command, emit, operator, person, service
from debit_service.cli.group import Commands
from debit_service.core.errors import NotFound
from debit_service.core.text import aligned
from debit_service.funds import queries
from debit_service.funds.models import CalendarOverride
from debit_service.wiring import Service

_NAME = click.argument("name")


@click.group(cls=Commands)
def calendars() -> None:
    """The days on which funds and banks do business, and corrections of them."""


@calendars.command("list")
@command
def calendars_list(as_json: bool) -> None:
    """List the calendars: who uses each, how far it is known, how many corrections by staff stand."""
    opened = service()
    values, rows = [], []
    with opened.desk.reading(operator()) as work:
        for name, calendar in opened.calendars.items():
            users = [one.id for one in opened.funds if one.calendar == name]
            users += sorted({one.bank for one in opened.funds if opened.bank_of(one).calendar == name})
            standing = sum(1 for one in queries.overrides(work, name) if one.withdrawn_at is None)
            known = {"first_day": calendar.first_day.isoformat(), "last_day": calendar.last_day.isoformat()}
            values.append({"name": name, "used_by": users, **known, "overrides": standing})
            rows.append((name, ", ".join(users), *known.values(), str(standing)))
    emit(as_json, values, aligned(("calendar", "used by", "from", "to", "corrections"), rows, right={4}))


@calendars.command("show")
@_NAME
@click.option("--year", type=int, help="Default: this year.")
@command
def calendars_show(name: str, year: int | None, as_json: bool) -> None:
    """Show the holidays and corrected days of a year, each with who says so, and every correction with who and why."""
    opened = service()
    found = opened.calendars
    if name not in found:
        raise NotFound("calendar.unknown", f"There is no calendar {name!r}.", remedy="See `debit calendars list`.")
    shown = year or opened.desk.clock.now().year
    days = found[name].special_days(date(shown, 1, 1), date(shown, 12, 31))
    with opened.desk.reading(operator()) as work:
        overrides = [_override(one) for one in queries.overrides(work, name) if one.day.year == shown]
    lines = aligned(
        ("day", "is", "because", "says"), ((one.on.isoformat(), one.becomes, one.why, one.origin.value) for one in days)
    )
    for one in overrides:
        lines += [
            "",
            f"{one['day']} {one['becomes']}: {one['why']} ({one['source']}), by {one['made_by']}, id {one['id']}",
        ]
        lines += [f"  withdrawn by {one['withdrawn_by']}: {one['withdrawn_why']}"] if one["withdrawn_by"] else []
    values = {"name": name, "year": shown, "days": [asdict(one) for one in days], "overrides": overrides}
    emit(as_json, values, lines)


@calendars.command("override")
@_NAME
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@click.argument("becomes", type=click.Choice(["open", "closed"]))
@click.option("--why", required=True, help="What closes or opens the day: Eid al-Fitr, as announced.")
@click.option("--source", required=True, help="Who announced it, and when.")
@AS
@command
def calendars_override(name: str, day: datetime, becomes: str, why: str, source: str, login: str, as_json: bool) -> int:
    """Say that a DAY is open or closed, whatever file and library say; what was planned with it is re-dated at once."""
    opened = service()
    actor = person(opened, login)
    kind = cast("Literal['open', 'closed']", becomes)
    done = operations.correct_calendar_day(opened, actor, name, day.date(), kind, why, source)
    return _told(opened, done, f"{name}: {done.day.isoformat()} is {becomes}", as_json=as_json)


@calendars.command("withdraw")
@click.argument("override_id")
@click.option("--why", required=True, help="The reason, kept for ever.")
@AS
@command
def calendars_withdraw(override_id: str, why: str, login: str, as_json: bool) -> int:
    """Take a correction back; what was planned with it is re-dated at once."""
    opened = service()
    actor = person(opened, login)
    done = operations.withdraw_calendar_day(opened, actor, override_id, why)
    return _told(
        opened, done, f"{done.calendar}: the correction of {done.day.isoformat()} is withdrawn", as_json=as_json
    )


def _told(opened: Service, done: operations.Corrected, what: str, *, as_json: bool) -> int:
    operations.anchor_audit(opened)
    lines = [f"{what} (id {done.override_id})"]
    for fund_id, redated in done.redated.items():
        lines.append(f"{fund_id}: {redated.collections} debits re-dated, {redated.batches} batches cancelled")
    lines += [f"{fund_id}: {count} due dates moved" for fund_id, count in done.due_dates.items() if count]
    lines += [f"{fund_id}: not re-dated now, the worker does it: {why}" for fund_id, why in done.refused.items()]
    emit(as_json, asdict(done), lines)
    return FINDINGS if done.refused else DONE


def _override(one: CalendarOverride) -> dict[str, str | None]:
    return {
        "id": one.id,
        "day": one.day.isoformat(),
        "becomes": one.becomes,
        "why": one.why,
        "source": one.source,
        "made_by": one.made_by,
        "withdrawn_by": one.withdrawn_by,
        "withdrawn_why": one.withdrawn_why,
    }
