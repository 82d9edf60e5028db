"""`debit reconcile`, `debit verify`, `debit demo`: what came of it, and why."""

from dataclasses import asdict
from pathlib import Path

import click

from debit_service import operations
from debit_service.cli import exceptions
from debit_service.cli.common import AS, FINDINGS, WHY, command, emit, operator, person, service
from debit_service.cli.group import Commands
from debit_service.core.files import write_atomically
from debit_service.reconcile.service import resolve
from debit_service.reports import printed
from debit_service.reports import service as reports
from debit_service.verify import verify as checks_of


@click.group(cls=Commands)
def reconcile() -> None:
    """What banks answered, against what was asked."""


@reconcile.command("report")
@click.option(
    "--csv", "csv_file", type=click.Path(path_type=Path, dir_okay=False), help="Write every contribution as CSV."
)
@click.option(
    "--all", "show_all", is_flag=True, help="Show every contribution, not only those that were not simply paid."
)
@command
def reconcile_report(csv_file: Path | None, show_all: bool, as_json: bool) -> None:
    """What was due, debited, paid, returned and why, in suspense, penalised, or not penalised and why."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        made = reports.report(work, opened.funds, opened.debit_calendars, opened.codes)
    if csv_file:
        # It names people: for its owner only.
        write_atomically(csv_file, reports.as_csv(made), mode=0o600)
    emit(as_json, asdict(made), printed.report_lines(made, show_all=show_all))


@reconcile.command("match")
@click.argument("entry_id")
@click.argument("end_to_end_id")
@WHY
@AS
@command
def reconcile_match(entry_id: str, end_to_end_id: str, why: str, login: str, as_json: bool) -> None:
    """Match an entry in suspense (ENTRY_ID, see the report) to the collection with END_TO_END_ID."""
    opened = service()
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        resolve(work, opened.funds, entry_id, end_to_end_id, why)
    operations.anchor_audit(opened)
    emit(as_json, {"entry": entry_id, "matched": end_to_end_id}, [f"{entry_id} is matched to {end_to_end_id}"])


for _one in exceptions.COMMANDS:
    reconcile.add_command(_one)


@click.command()
@command
def verify(as_json: bool) -> int:
    """Check the invariants on the live database: exit 1 and a list when one falls."""
    opened = service()
    results = [(check, breaches) for check, breaches in checks_of(opened)]
    lines = []
    for check, breaches in results:
        lines.append(f"{'ok  ' if not breaches else 'FELL'} {check.number:2} {check.says}")
        lines += [f"        {breach}" for breach in breaches]
    found = sum(len(breaches) for _, breaches in results)
    lines.append(f"{len(results)} invariants, {found} breaches")
    values = [{"number": check.number, "says": check.says, "breaches": breaches} for check, breaches in results]
    emit(as_json, values, lines)
    return FINDINGS if found else 0


@click.command()
@click.option("--serve", "serving", is_flag=True, help="Leave the web app running when the story is told.")
@click.option("--port", default=8080, show_default=True, help="Port of the web app on 127.0.0.1.")
@command
def demo(serving: bool, port: int, as_json: bool) -> int:
    """Run the whole path against a bank on loopback, then print what happened and why.

    200 employers of three funds, two schemes; debits that are paid, rejected, returned, refused as duplicates; time is moved by
    the bank's own clock. Everything happens in the home folder (DEBIT_HOME, by default .debit): it must be new or a demo's.
    """
    from debit_service.demo import story

    return story.tell(serving=serving, port=port, as_json=as_json)
