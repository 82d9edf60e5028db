"""`debit serve`, `debit worker`, `debit jobs`, `debit db`, `debit config`, `debit people`: the installation itself."""

import os
import sys
from datetime import datetime
from typing import Final

import click

from debit_service import schema
from debit_service.access.service import add_person
from debit_service.cli.common import DONE, FINDINGS, command, emit, operator, service
from debit_service.cli.group import Commands
from debit_service.core import runs
from debit_service.core.database import Database
from debit_service.core.settings import Settings
from debit_service.core.text import aligned
from debit_service.core.work import Role

#: No more than a person reads; a date narrows it down.
RUNS_SHOWN_MAX: Final = 200


@click.command()
@click.option("--port", default=8080, show_default=True, help="Port on 127.0.0.1; put a proxy with TLS in front.")
@click.option("--workers", default=2, show_default=True, help="Processes.")
@command
def serve(port: int, workers: int, as_json: bool) -> None:  # noqa: ARG001 - every command takes --json
    """Serve the web app (gunicorn). Bulk work and jobs run in `debit worker`, never here."""
    arguments = [
        sys.executable,
        "-m",
        "gunicorn",
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        str(workers),
        "--threads",
        "4",
        "debit_service.app:from_environment()",
    ]
    os.execv(sys.executable, arguments)  # noqa: S606 - fixed program, arguments from typed options


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, then end.")
@command
def worker(once: bool, as_json: bool) -> None:
    """Run the jobs: send, fetch, plan, notify, batch, assess, expire, remind. Several workers may run at once."""
    from debit_service import jobs

    opened = service()
    if once:
        done = jobs.run_due(opened)
        emit(as_json, done, done or ["nothing was due"])
    else:
        jobs.run_for_ever(opened)


@click.group("jobs", cls=Commands)
def job_runs() -> None:
    """What the worker did."""


@job_runs.command("list")
@click.option(
    "--date", "on", type=click.DateTime(["%Y-%m-%d"]), help="Only this business date; default: the newest runs."
)
@command
def jobs_list(on: datetime | None, as_json: bool) -> int:
    """List the runs of jobs: what ran for which fund or bank, when, how long, and what came of it. Exit 1 when one failed."""
    with service().desk.reading(operator()) as work:
        found = runs.listed(work, on=on.date() if on else None, at_most=RUNS_SHOWN_MAX)
        values = [
            {"job": one.job, "of": one.fund_id, "date": one.business_date.isoformat(), "outcome": one.outcome,
             "started_at": one.started_at.isoformat(timespec="seconds"), "seconds": runs.seconds(one), "detail": one.detail}
            for one in found
        ]  # fmt: skip
    titles = ("date", "job", "of", "started", "seconds", "outcome", "detail")
    rows = [
        [str(one[name]) for name in ("date", "job", "of", "started_at", "seconds", "outcome", "detail")]
        for one in values
    ]
    emit(as_json, values, aligned(titles, rows, right={4}))
    return FINDINGS if any(one.outcome == "failed" for one in found) else DONE


@click.group("db", cls=Commands)
def database() -> None:
    """The database and its schema."""


@database.command("upgrade")
@command
def database_upgrade(as_json: bool) -> None:
    """Bring the database to the newest schema; a new installation also gets its key ring."""
    revision = schema.upgrade(Settings())
    emit(as_json, {"revision": revision}, [f"the schema is at {revision}"])


@database.command("check")
@command
def database_check(as_json: bool) -> int:
    """Is the database reachable, and its schema the one that this version needs?"""
    opened = Database(Settings().url)
    found, needed = schema.current(opened), schema.newest()
    lines = [f"the schema is at {found or 'nothing'}, this version needs {needed}"]
    emit(as_json, {"revision": found, "needed": needed}, lines)
    return 0 if found == needed else FINDINGS


@click.command()
@command
def config(as_json: bool) -> None:
    """Show the settings in force, secrets masked."""
    shown = Settings().shown()
    emit(as_json, shown, [f"{name} = {value}" for name, value in shown.items()])


@click.group(cls=Commands)
def people() -> None:
    """Who may sign in."""


@people.command("add")
@click.argument("login")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice([role.value for role in Role]),
    help="What they may do.",
)
@click.option("--employer", "employer_reference", help="For the role employer: the employer's reference.")
@command
def people_add(login: str, roles: tuple[str, ...], employer_reference: str | None, as_json: bool) -> None:
    """Let somebody sign in; the password is asked for, or taken from DEBIT_PASSWORD."""
    from debit_service.employers import queries as employers

    opened = service()
    password = os.environ.get("DEBIT_PASSWORD") or click.prompt("Password", hide_input=True, confirmation_prompt=True)
    with opened.desk.work(operator()) as work:
        employer = employers.by_reference(work, employer_reference) if employer_reference else None
        add_person(work, login, password, [Role(role) for role in roles], employer.id if employer else None)
    emit(as_json, {"login": login, "roles": roles}, [f"{login} may sign in as {', '.join(roles)}"])
