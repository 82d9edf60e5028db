"""`debit outages`: the register of our own outages."""

from datetime import UTC, datetime

import click

from debit_service import operations
from debit_service.cli.common import AS, WHY, command, emit, operator, person, service
from debit_service.cli.group import Commands
from debit_service.core.text import aligned
from debit_service.penalties.service import outages as register

_MOMENT = click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])


@click.group(cls=Commands)
def outages() -> None:
    """Outages of this service: no employer is held at fault for what one of them touched."""


@outages.command("list")
@click.option("--at-most", default=100, show_default=True, type=click.IntRange(min=1))
@command
def outages_list(at_most: int, as_json: bool) -> None:
    """List the outages, the newest first, also those that were withdrawn."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        rows = [
            {
                "id": one.id,
                "from": one.began_at.isoformat(timespec="minutes"),
                "to": one.ended_at.isoformat(timespec="minutes"),
                "what": one.what,
                "evidence": one.evidence,
                "recorded_by": one.recorded_by,
                "withdrawn": one.withdrawn_why,
            }
            for one in register.listed(work, at_most=at_most)
        ]
    titles = ("id", "from", "to", "what", "evidence", "recorded_by", "withdrawn")
    emit(as_json, rows, aligned(titles, ([row[title] or "" for title in titles] for row in rows)))


@outages.command("record")
@click.option("--from", "began", type=_MOMENT, required=True, help="When it began, UTC: 2026-09-01T06:30.")
@click.option("--to", "ended", type=_MOMENT, required=True, help="When it was over, UTC.")
@click.option("--what", required=True, help="What did not work.")
@click.option("--evidence", required=True, help="What shows it: the number of an incident, a log.")
@AS
@command
def outages_record(began: datetime, ended: datetime, what: str, evidence: str, login: str, as_json: bool) -> None:
    """Record an outage; failures are decided anew with it at the next assessment. Needs an administrator."""
    opened = service()
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        made = register.record(work, began.replace(tzinfo=UTC), ended.replace(tzinfo=UTC), what, evidence)
    operations.anchor_audit(opened)
    emit(as_json, {"outage": made.id}, [f"outage {made.id} is recorded"])


@outages.command("withdraw")
@click.argument("outage_id")
@WHY
@AS
@command
def outages_withdraw(outage_id: str, why: str, login: str, as_json: bool) -> None:
    """Take an outage back that was none; it stays on record. Needs an administrator."""
    opened = service()
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        register.withdraw(work, outage_id, why)
    operations.anchor_audit(opened)
    emit(as_json, {"outage": outage_id, "withdrawn": True}, [f"outage {outage_id} is withdrawn"])
