"""`debit reports`: the figures of the finance desk, on a terminal or as CSV, XLSX and PDF."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from debit_service.cli.common import command, emit, operator, service
from debit_service.cli.group import Commands
from debit_service.core.clock import business_date
from debit_service.core.errors import InvalidInput, NotFound
from debit_service.core.files import sync_folder, write_atomically
from debit_service.core.work import Work
from debit_service.employers import queries as employers
from debit_service.ledger.rules import UNKNOWN_FUND, Account
from debit_service.reports.figures import asking, behind, books, catalogue, desk
from debit_service.reports.figures.asking import ANY_CODE, CollectionsAsked, EntriesAsked
from debit_service.reports.figures.books import BooksAsked
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

#: What an option of a list holds.
_Given = str | bool | datetime | None


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


@reports.command("tie-out")
@_FUND
@_SINCE
@_UNTIL
@_FORMAT
@_OUT
@command
def reports_tie_out(
    fund_id: str | None, since: datetime | None, until: datetime | None, kind: str, out: Path | None, as_json: bool
) -> None:
    """The bank's statements against themselves and the journal, as a file; `debit ledger tie-out` exits 1 with findings."""
    _write("tie-out", fund_id, kind, out, as_json=as_json, since=_day(since), until=_day(until))


@reports.command("queue")
@_FUND
@_FORMAT
@_OUT
@command
def reports_queue(fund_id: str | None, kind: str, out: Path | None, as_json: bool) -> None:
    """Every bank entry that waits for a person, the oldest first."""
    _write("queue", fund_id, kind, out, as_json=as_json)


@reports.command("refunds")
@click.option("--fund", "fund_id", help="Of this fund only; `unknown` is money on accounts of no fund.")
@click.option("--all", "settled", is_flag=True, help="What is paid out in full too.")
@_FORMAT
@_OUT
@command
def reports_refunds(fund_id: str | None, settled: bool, kind: str, out: Path | None, as_json: bool) -> None:
    """What is owed back and not paid out yet."""

    def make(work: Work, opened: Service) -> Sheet:
        asking.one_of("fund", fund_id or "", [*_fund_ids(opened), UNKNOWN_FUND])
        return desk.refunds(work, opened.funds, fund_id, settled=settled)

    _give(make, kind, out, as_json=as_json)


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
        asking.one_of("fund", fund_id, _fund_ids(opened))
        employer = employers.find(work, fund_id, number)
        if employer is None:
            raise NotFound("employer.unknown", f"{fund_id} knows no employer with this number.", place="--number")
        return statement(work, employer.id, opened.funds.get(fund_id), _day(since), _day(until))

    _give(make, kind, out, as_json=as_json)


def _asked(*options: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Options that say which rows a list holds, in this order."""

    def given(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return given


def _option(name: str, text: str) -> Callable[..., Any]:
    return click.option(name, default="", help=text)


def _choice(name: str, known: Iterable[str], text: str) -> Callable[..., Any]:
    return click.option(name, type=click.Choice([str(one) for one in known]), default=None, help=text)


def _flag(name: str, text: str) -> Callable[..., Any]:
    return click.option(name, is_flag=True, help=text)


_BOOKS_FUND = click.option(
    "--fund", "fund_id", required=True, help="The fund; `unknown` is money on accounts of no fund."
)
_ON = click.option("--on", "--day", "day", type=_DAY, help="This day only.")


@reports.command("entries")
@_asked(
    *(_FUND, _ON, _SINCE, _UNTIL),
    _choice("--made", EntriesAsked.VALUES["made"], "What was made of them; waits: all that waits for a person."),
    _option("--reason", "Why they wait: the code of the reason."),
    _choice("--direction", EntriesAsked.VALUES["direction"], "Money in (credit), out (debit), or neither said (-)."),
    _option("--currency", "In this currency."),
    _flag("--booked", "Money only: no status reports, nothing pending."),
    _flag("--undated", "Without a day."),
    _option("--collection", "About the debit with this id."),
    _option("--document", "Told by these statements (ids, with commas)."),
)
@_FORMAT
@_OUT
@command
def reports_entries(kind: str, out: Path | None, as_json: bool, **asked: _Given) -> None:
    """Bank entries, as many as there are, and what was made of each; the same conditions as on the page."""
    _give(
        lambda work, opened: behind.all_entries(work, EntriesAsked.of(_words(asked), _fund_ids(opened))),
        *(kind, out),
        as_json=as_json,
    )


@reports.command("collections")
@_asked(
    *(_FUND, _ON, _SINCE, _UNTIL),
    _option("--state", f"Where they stand, several with commas: {', '.join(CollectionsAsked.VALUES['state'])}."),
    _choice("--failure", CollectionsAsked.VALUES["failure"], "That were rejected, or returned."),
    click.option("--code", help="For this reason of the bank, with --failure; '' for none given. Default: any."),
    _option("--bank", "In files for this bank of the fund."),
    _option("--debtor-bank", "On accounts at this bank of the employer (DE-37040044); - where it was not noted."),
    _option("--block", "In this PmtInf block."),
    _option("--scheme", "Under this scheme."),
    _flag("--sent", "That a bank has, or may have."),
    _flag("--reached", "That a bank has."),
    click.option("--due-from", "due_since", type=_DAY, help="Of contributions due on this day or later."),
    click.option("--settled-from", "settled_since", type=_DAY, help="Whose money came in on this day or later."),
    click.option("--settled-to", "settled_until", type=_DAY, help="Whose money came in on this day or before."),
)
@_FORMAT
@_OUT
@command
def reports_collections(
    failure: str | None, code: str | None, kind: str, out: Path | None, as_json: bool, **asked: _Given
) -> None:
    """Debits by collection day, as many as there are, and where each stands; the same conditions as on the page."""
    any_code = ANY_CODE if failure and code is None else code
    words = _words({**asked, "failure": failure, "code": any_code})
    _give(
        lambda work, opened: behind.all_collections(work, CollectionsAsked.of(words, _fund_ids(opened))),
        *(kind, out),
        as_json=as_json,
    )


@reports.command("trial-balance")
@_asked(_BOOKS_FUND, _SINCE, _UNTIL)
@_FORMAT
@_OUT
@command
def reports_trial_balance(kind: str, out: Path | None, as_json: bool, **asked: _Given) -> None:
    """A fund's trial balance: brought forward, debits, credits and balance of each account."""
    _give(
        lambda work, opened: books.trial_balance(work, BooksAsked.of(_words(asked), _fund_ids(opened))),
        *(kind, out),
        as_json=as_json,
    )


@reports.command("account")
@_asked(
    _BOOKS_FUND,
    click.option("--account", required=True, type=click.Choice([one.value for one in Account]), help="Which account."),
    *(_SINCE, _UNTIL),
)
@_FORMAT
@_OUT
@command
def reports_account(kind: str, out: Path | None, as_json: bool, **asked: _Given) -> None:
    """The lines of one account of a fund, as many as there are, with the balance behind each."""
    _give(
        lambda work, opened: books.all_account_lines(work, BooksAsked.of(_words(asked), _fund_ids(opened))),
        *(kind, out),
        as_json=as_json,
    )


def _words(asked: Mapping[str, _Given]) -> dict[str, str]:
    """What options say, as the words of an address."""
    return {"fund" if name == "fund_id" else name: _word(value) for name, value in asked.items()}


def _word(value: _Given) -> str:
    match value:
        case datetime():
            return value.date().isoformat()
        case bool():
            return "1" if value else ""
        case _:
            return value or ""


def _fund_ids(opened: Service) -> list[str]:
    return [one.id for one in opened.funds]


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _write(name: str, fund_id: str | None, kind: str, out: Path | None, *, as_json: bool, **days: date | None) -> None:
    def make(work: Work, opened: Service) -> Sheet:
        asking.one_of("fund", fund_id or "", _fund_ids(opened))
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
        from debit_service.reports.figures import files

        sheet = files.stamped(sheet, work.now())
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
