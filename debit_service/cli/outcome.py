"""`debit reconcile`, `debit verify`, `debit demo`: what came of it, and why."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from debit_service import operations
from debit_service.cli import exceptions
from debit_service.cli.common import AS, FINDINGS, WHY, command, emit, operator, person, service
from debit_service.cli.group import Commands
from debit_service.cli.reports import whole_or_absent
from debit_service.reconcile.service import resolve
from debit_service.reports import printed
from debit_service.reports import service as reports
from debit_service.reports.lines_csv import as_csv
from debit_service.reports.rules import Line
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

        def lines() -> Iterator[Line]:
            return reports.lines(work, opened.funds, opened.debit_calendars, opened.codes)

        if csv_file:
            # It names people: for its owner only.
            with whole_or_absent(csv_file) as beside, beside.open("wb") as out:
                out.writelines(as_csv(lines()))
        seen, waiting = reports.overview(work, opened.funds, opened.debit_calendars), tuple(reports.waiting(work))
        if as_json:
            told = {"attention": [str(one) for one in seen.attention], "waiting": [asdict(one) for one in waiting]}
            values = asdict(seen) | told
            _write_json(values, "lines", (asdict(one) for one in lines()))
            return
        emit(as_json, None, printed.report_lines(seen, waiting, lines(), show_all=show_all))


def _write_json(values: dict[str, Any], name: str, items: Iterable[Any]) -> None:
    """Write `values` with a list `name` as one JSON object; the list may be longer than memory holds."""

    def dumped(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, default=str)

    click.echo(f"{dumped(values)[:-1]}, {dumped(name)}: [", nl=False)
    for number, item in enumerate(items):
        click.echo(f"{', ' if number else ''}{dumped(item)}", nl=False)
    click.echo("]}")


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
