"""`debit reports`: the figures of the finance desk, on a terminal or as CSV, XLSX and PDF."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import click

from debit_service.cli.common import command, emit, operator, service
from debit_service.cli.group import Commands
from debit_service.core.clock import business_date
from debit_service.core.errors import InvalidInput, NotFound
from debit_service.core.files import sync_folder, write_atomically
from debit_service.core.work import Work
from debit_service.employers import queries as employers
from debit_service.reports.figures import behind, catalogue
from debit_service.reports.figures.sheet import Sheet
from debit_service.reports.figures.statement import statement
from debit_service.wiring import Service

_DAY = click.DateTime(["%Y-%m-%d"])
_FUND = click.option("--fund", "fund_id", help="Of this fund only.")
_ONE_FUND = click.option("--fund", "fund_id", required=True, help="The fund.")
_SINCE = click.option("--from", "since", type=_DAY, help="First day.")
_UNTIL = click.option("--to", "until", type=_DAY, help="Last day.")
_FORMAT = click.option(
    "--format",
    "kind",
    type=click.Choice(["text", "csv", "xlsx", "pdf"]),
    default="text",
    show_default=True,
    help="How it is written.",
)
_OUT = click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="The file to write; it is for its owner only."
)


@click.group(cls=Commands)
def reports() -> None:
    """The figures of the finance desk. What each number means is in docs/reports.md."""


@reports.command("day")
@_ONE_FUND
@click.option("--on", "--day", "on", type=_DAY, help="The day; today at the fund unless it is given.")
@_FORMAT
@_OUT
@command
def reports_day(fund_id: str, on: datetime | None, kind: str, out: Path | None, as_json: bool) -> None:
    """A day's reconciliation: asked and what became of it, booked and what was made of it, block by block."""
    _write("day", fund_id, kind, out, as_json=as_json, day=_day(on))


@reports.command("ageing")
@_FUND
@_FORMAT
@_OUT
@command
def reports_ageing(fund_id: str | None, kind: str, out: Path | None, as_json: bool) -> None:
    """How long bank entries have waited in the queue, by reason."""
    _write("ageing", fund_id, kind, out, as_json=as_json)


@reports.command("returns")
@_FUND
@_SINCE
@_UNTIL
@_FORMAT
@_OUT
@command
def reports_returns(
    fund_id: str | None, since: datetime | None, until: datetime | None, kind: str, out: Path | None, as_json: bool
) -> None:
    """Rejects and returns by month and reason, and what share of the debits they are."""
    _write("returns", fund_id, kind, out, as_json=as_json, since=_day(since), until=_day(until))


@reports.command("forecast")
@_ONE_FUND
@_UNTIL
@_FORMAT
@_OUT
@command
def reports_forecast(fund_id: str, until: datetime | None, kind: str, out: Path | None, as_json: bool) -> None:
    """What is asked or planned for each open day, and what of it will probably be paid."""
    _write("forecast", fund_id, kind, out, as_json=as_json, until=_day(until))


@reports.command("returnable")
@_FUND
@_FORMAT
@_OUT
@command
def reports_returnable(fund_id: str | None, kind: str, out: Path | None, as_json: bool) -> None:
    """What came in and may still go back, and until when."""
    _write("returnable", fund_id, kind, out, as_json=as_json)


@reports.command("statement")
@_ONE_FUND
@click.option("--number", required=True, help="The employer's number at the fund.")
@_SINCE
@_UNTIL
@_FORMAT
@_OUT
@command
def reports_statement(
    fund_id: str,
    number: str,
    since: datetime | None,
    until: datetime | None,
    kind: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """An employer's account at a fund: owed, debited, gone back, paid otherwise, surcharges, refunds, balance."""

    def make(work: Work, opened: Service) -> Sheet:
        employer = employers.find(work, fund_id, number)
        if employer is None:
            raise NotFound("employer.unknown", f"{fund_id} knows no employer with this number.", place="--number")
        return statement(work, employer.id, opened.funds.get(fund_id), _day(since), _day(until))

    _give(make, kind, out, as_json=as_json)


@reports.command("entries")
@_FUND
@_SINCE
@_UNTIL
@click.option("--made", help="What was made of them: matched, folded, suspense, resolved, informational, none, waits.")
@click.option("--reason", help="Why they wait: the code of the reason.")
@_FORMAT
@_OUT
@command
def reports_entries(
    fund_id: str | None,
    since: datetime | None,
    until: datetime | None,
    made: str | None,
    reason: str | None,
    kind: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Bank entries, as many as there are, and what was made of each."""
    asked = behind.EntriesAsked(
        fund=fund_id or "", since=_word(since), until=_word(until), made=made or "", reason=reason or ""
    )
    _give(lambda work, _: behind.all_entries(work, asked), kind, out, as_json=as_json)


@reports.command("collections")
@_FUND
@_SINCE
@_UNTIL
@click.option(
    "--state", help="Where they stand, several with commas: planned, sent, accepted, rejected, settled, returned."
)
@_FORMAT
@_OUT
@command
def reports_collections(
    fund_id: str | None,
    since: datetime | None,
    until: datetime | None,
    state: str | None,
    kind: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Debits by collection day, as many as there are, and where each stands."""
    asked = behind.CollectionsAsked(fund=fund_id or "", since=_word(since), until=_word(until), state=state or "")
    _give(lambda work, _: behind.all_collections(work, asked), kind, out, as_json=as_json)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _word(moment: datetime | None) -> str:
    return moment.date().isoformat() if moment else ""


def _write(name: str, fund_id: str | None, kind: str, out: Path | None, *, as_json: bool, **days: date | None) -> None:
    def make(work: Work, opened: Service) -> Sheet:
        fund = opened.funds.get(fund_id) if fund_id else None
        return catalogue.make(work, name, opened.funds, opened.debit_calendars, opened.codes, fund, **days)

    _give(make, kind, out, as_json=as_json)


def _give(make: Callable[[Work, Service], Sheet], kind: str, out: Path | None, *, as_json: bool) -> None:
    """Make the sheet, and write it to the terminal or to a file, which appears whole or not at all."""
    if out is None and kind in ("xlsx", "pdf"):
        raise InvalidInput("report.out", f"A terminal shows no {kind.upper()}.", place="--out", remedy="Name a file.")
    opened = service()
    with opened.desk.reading(operator()) as work:
        sheet = make(work, opened)
        if out is None:
            _show(sheet, kind, as_json=as_json)
            return
        _to_file(work, sheet, kind, out)
    emit(as_json, {"file": str(out)}, [str(out)])


def _show(sheet: Sheet, kind: str, *, as_json: bool) -> None:
    from debit_service.reports.figures import files

    if kind == "csv":
        for piece in files.as_csv(sheet):
            click.echo(piece.decode(), nl=False)
        return
    if as_json:
        emit(as_json, files.as_values(sheet), [])
        return
    for line in files.as_text(sheet):
        click.echo(line)


def _to_file(work: Work, sheet: Sheet, kind: str, out: Path) -> None:
    from debit_service.reports.figures import files, pdf

    if kind == "pdf":
        write_atomically(out, pdf.as_pdf(sheet, business_date(work.clock, "UTC")), mode=0o600)
        return
    with whole_or_absent(out) as beside:
        if kind == "xlsx":
            files.as_xlsx(sheet, beside)
            return
        pieces = files.as_csv(sheet) if kind == "csv" else (f"{one}\n".encode() for one in files.as_text(sheet))
        with beside.open("wb") as file:
            file.writelines(pieces)


@contextmanager
def whole_or_absent(out: Path) -> Iterator[Path]:
    """A file beside `out` to be written, for its owner only; it takes the place of `out` when all of it is there."""
    beside = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        yield beside
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(out)
        sync_folder(out.parent)
    finally:
        beside.unlink(missing_ok=True)
