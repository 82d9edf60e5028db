"""`debit ledger`: balances, the journal, its tie-out with the bank's statements, closed periods, and exports."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from debit_service import operations
from debit_service.cli import statements
from debit_service.cli.common import AS, DONE, FINDINGS, command, emit, operator, person, service
from debit_service.cli.group import Commands
from debit_service.core.errors import InvalidInput
from debit_service.core.money import format_minor
from debit_service.core.text import aligned
from debit_service.ledger import closing, queries
from debit_service.ledger.export import FORMS
from debit_service.ledger.export import export as write_export
from debit_service.ledger.models import ClosedPeriod
from debit_service.ledger.queries import Booked
from debit_service.ledger.rules import UNKNOWN_FUND
from debit_service.reconcile.tie_out import close as tie_out_close
from debit_service.reconcile.tie_out import queries as tie_out
from debit_service.reconcile.tie_out.replacing import Replaced
from debit_service.reconcile.tie_out.rules import Row
from debit_service.reports.figures import subjects
from debit_service.wiring import Service

_DAY = click.DateTime(["%Y-%m-%d"])
_ANY_FUND = click.option("--fund", "fund_id", help="Only this fund; `unknown` is money on accounts of no fund.")


@click.group(cls=Commands)
def ledger() -> None:
    """The journal as an accountant needs it."""


for _each in statements.COMMANDS:
    ledger.add_command(_each)


@ledger.command("balances")
@_ANY_FUND
@click.option("--on", type=_DAY, help="At the end of this business day; default: everything that is booked.")
@command
def ledger_balances(fund_id: str | None, on: datetime | None, as_json: bool) -> None:
    """The trial balance: what stands on each account; debits and credits of a fund are the same."""
    opened = service()
    _check_fund(opened, fund_id)
    with opened.desk.reading(operator()) as work:
        balances = queries.trial_balance(work.session, fund_id=fund_id, through=_day(on))
    emit(as_json, _balance_values(balances), _balance_lines(balances))


def _balance_values(balances: Mapping[tuple[str, str], int]) -> list[dict[str, str | int]]:
    return [
        {"account": name, "currency": currency, "minor": minor, "balance": format_minor(minor, currency)}
        for (name, currency), minor in balances.items()
    ]


def _balance_lines(balances: Mapping[tuple[str, str], int]) -> list[str]:
    rows = [(name, currency, *_sides(minor, currency)) for (name, currency), minor in balances.items() if minor]
    for currency in sorted({currency for _, currency in balances}):
        debit = sum(minor for (_, one), minor in balances.items() if one == currency and minor > 0)
        credit = -sum(minor for (_, one), minor in balances.items() if one == currency and minor < 0)
        rows.append(("total", currency, format_minor(debit, currency), format_minor(credit, currency)))
    return aligned(("account", "", "debit", "credit"), rows, right={2, 3})


def _sides(minor: int, currency: str) -> tuple[str, str]:
    amount = format_minor(abs(minor), currency)
    return (amount, "") if minor > 0 else ("", amount)


@ledger.command("journal")
@click.option(
    "--subject",
    required=True,
    help="A contribution's reference (then all that is about it), a debit's end-to-end reference, or the id of any of them, "
    "of a bank entry, a penalty or a decision.",
)
@command
def ledger_journal(subject: str, as_json: bool) -> None:
    """Everything that was booked for one subject: cause, evidence and lines of each entry, and the balances that they make."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        ids = subjects.named(work, [one.id for one in opened.funds], subject)
        if not ids:
            raise InvalidInput(
                "asked.subject",
                "Nothing is called so, and the journal has booked nothing for it.",
                place="--subject",
                remedy="Give a contribution's reference, a debit's end-to-end reference, or an id; see `debit reports account`.",
            )
        booked = queries.entries_of_subjects(work.session, ids)
    balances = _added(booked)
    values = {
        "subject": subject,
        "entries": [one._asdict() for one in booked],
        "balances": _balance_values(balances),
    }
    lines = [line for one in booked for line in _entry_lines(one)]
    if booked:
        lines += ["balances", *_balance_lines(balances)]
    emit(as_json, values, lines or ["nothing was booked for it"])


def _added(booked: Iterable[Booked]) -> dict[tuple[str, str], int]:
    """(account, currency) -> what these entries make, minor units: one reference may be of funds of several currencies."""
    found: dict[tuple[str, str], int] = {}
    for one in booked:
        for _, name, minor in one.lines:
            found[name, one.currency] = found.get((name, one.currency), 0) + minor
    return dict(sorted(found.items()))


def _entry_lines(one: Booked) -> list[str]:
    moved = f" (belongs to {one.belongs_to}, which is closed)" if one.belongs_to else ""
    evidence = ", ".join(f"{name} {value}" for name, value in one.evidence.items())
    rows = [(f"  {name}", *_sides(minor, one.currency), one.currency) for _, name, minor in one.lines]
    head = [
        f"{one.business_date} {one.cause}{moved}",
        f"  entry {one.id} for {one.subject}, booked {one.booked_at:%Y-%m-%d %H:%M} UTC",
    ]
    return [
        *head,
        f"  evidence: {evidence or 'none'}",
        *aligned(("  account", "debit", "credit", ""), rows, right={1, 2}),
        "",
    ]


@ledger.command("tie-out")
@_ANY_FUND
@click.option("--from", "first", type=_DAY, help="First closing day; default: from the beginning.")
@click.option(
    "--to", "last", type=_DAY, help="Last closing day, which statements must reach; default: the last statement's."
)
@command
def ledger_tie_out(fund_id: str | None, first: datetime | None, last: datetime | None, as_json: bool) -> int:
    """Hold the bank's statements against themselves and against the journal; exit code 1 and a list when something does not tie.

    A line an account and closing day: opening + entries = closing, and what the journal's bank account moved besides. Where the
    numbers of statements jump, one may be missing; and one may not count, because another does instead: hints, which are no
    findings.
    """
    opened = service()
    _check_fund(opened, fund_id)
    with opened.desk.reading(operator()) as work:
        rows = tie_out.rows(work, funds=opened.funds, fund_id=fund_id, first=_day(first), last=_day(last))
    found = [finding for row in rows for finding in row.findings]
    hints = [f"hint: account of {row.fund_id or 'no fund'}: {one.says}" for row in rows for one in row.hints]
    hints += [f"hint: account of {row.fund_id or 'no fund'}: {_said(row, one)}" for row in rows for one in row.replaced]
    values = [asdict(one) | {"difference_minor": one.difference_minor} for one in rows]
    titles = ("fund", "", "day", "opening", "entries", "closing", "difference", "journal difference", "findings")
    table = aligned(titles, map(_tie_out_cells, rows), right={3, 4, 5, 6, 7, 8})
    emit(as_json, values, [*table, *(one.says for one in found), *hints, f"{len(rows)} days, {len(found)} findings"])
    return FINDINGS if found else DONE


def _said(row: Row, one: Replaced) -> str:
    return (
        f"statement {one.document_id} of {row.day} does not count, {one.replacing_id} does instead, said {one.who} on"
        f" {one.at:%Y-%m-%d %H:%M} UTC: {one.why}"
    )


def _tie_out_cells(row: Row) -> tuple[str, ...]:
    amounts = (
        row.opening_minor,
        row.entries_minor,
        row.closing_minor,
        row.difference_minor,
        row.journal_difference_minor,
    )
    shown = ("" if minor is None else format_minor(minor, row.currency) for minor in amounts)
    return (row.fund_id or "of no fund", row.currency, row.day.isoformat(), *shown, str(len(row.findings) or ""))


@ledger.command("close")
@click.argument("fund_id", metavar="FUND")
@click.argument("through", type=_DAY)
@click.option("--why", required=True, help="The reason, kept for ever: the accounts of September are made.")
@click.option("--despite", help="Why it is closed although the tie-out has findings; needed only then.")
@AS
@command
def ledger_close(fund_id: str, through: datetime, why: str, despite: str | None, login: str, as_json: bool) -> None:
    """Prepare to close the journal of FUND through a day; another person approves it (`debit ledger approve-close`)."""
    opened = service()
    fund = opened.funds.get(fund_id)
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        period = tie_out_close.prepare(work, fund, through.date(), why, despite=despite)
        values, lines = _close_values(period), _totals_lines(period)
    operations.anchor_audit(opened)
    emit(
        as_json,
        values,
        [*lines, f"{values['id']} waits for another person: `debit ledger approve-close {values['id']}`"],
    )


@ledger.command("approve-close")
@click.argument("period_id", metavar="CLOSE")
@click.option("--sha256", "digest", help="The hash of the totals that is approved; default: shown and confirmed.")
@AS
@command
def ledger_approve_close(period_id: str, digest: str | None, login: str, as_json: bool) -> None:
    """Approve a CLOSE that another person prepared: from then on its days take nothing any more."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        period = closing.prepared(work, period_id)
        shown, made_of = _totals_lines(period), period.sha256
        what = f"{period.fund_id} through {period.closed_through}"
    if digest is None:
        for line in shown:
            click.echo(line, err=True)
        click.confirm(f"Close {what}?", abort=True, err=True)
        digest = made_of
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        values = _close_values(tie_out_close.approve(work, period_id, digest))
    operations.anchor_audit(opened)
    emit(as_json, values, [f"{what} is closed"])


@ledger.command("closes")
@_ANY_FUND
@command
def ledger_closes(fund_id: str | None, as_json: bool) -> None:
    """List the closed periods, and those that wait for a second person."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        values = [_close_values(one) for one in queries.closes(work.session, fund_id)]
    titles = ("id", "fund", "closed_through", "made_by", "approved_by", "sha256", "findings", "why")
    rows = [
        [str(len(one["findings"])) if title == "findings" else str(one[title] or "") for title in titles]
        for one in values
    ]
    emit(as_json, values, aligned(titles, rows, right={6}))


def _close_values(one: ClosedPeriod) -> dict[str, Any]:
    return {
        "id": one.id,
        "fund": one.fund_id,
        "closed_through": one.closed_through.isoformat(),
        "why": one.why,
        "totals": one.totals,
        "sha256": one.sha256,
        "findings": one.findings,
        "despite": one.despite,
        "made_by": one.made_by,
        "made_at": one.made_at.isoformat(),
        "approved_by": one.approved_by,
        "approved_at": one.approved_at.isoformat() if one.approved_at else None,
    }


def _totals_lines(period: ClosedPeriod) -> list[str]:
    balances = {(name, currency): minor for currency, held in period.totals.items() for name, minor in held.items()}
    found: Iterable[str] = (f"finding: {one}" for one in period.findings)
    despite = [f"closed despite them: {period.despite}"] if period.despite else []
    return [*_balance_lines(balances), f"sha256 {period.sha256}", *found, *despite]


@ledger.command("export")
@click.option("--fund", "fund_id", required=True, help="Whose journal; `unknown` is money on accounts of no fund.")
@click.option("--from", "first", type=_DAY, required=True, help="First business day.")
@click.option("--to", "last", type=_DAY, required=True, help="Last business day.")
@click.option(
    "--format", "form", type=click.Choice(list(FORMS)), required=True, help="docs/ledger.md says what is in each."
)
@click.option("--out", "path", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File to write.")
@command
def ledger_export(fund_id: str, first: datetime, last: datetime, form: str, path: Path, as_json: bool) -> None:
    """Write a fund's journal of these days, with the balances before them, so that the file balances by itself."""
    opened = service()
    _check_fund(opened, fund_id)
    digest = write_export(opened.desk, operator(), fund_id, (first.date(), last.date()), form, path)
    operations.anchor_audit(opened)
    emit(as_json, {"file": str(path), "format": form, "sha256": digest}, [f"{path}: sha256 {digest}"])


def _check_fund(opened: Service, fund_id: str | None) -> None:
    if fund_id and fund_id != UNKNOWN_FUND:
        opened.funds.get(fund_id)


def _day(given: datetime | None) -> date | None:
    return given.date() if given else None
