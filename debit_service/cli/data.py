"""`debit funds`, `debit contributions`: what collects and what is owed, from files of other systems."""

from pathlib import Path

import click

from debit_service.cli.common import FILE, FINDINGS, PARTIAL, command, emit, operator, service, told_lines
from debit_service.cli.group import Commands
from debit_service.contributions import service as contribution_service
from debit_service.core.settings import Settings
from debit_service.core.text import aligned
from debit_service.funds.queries import load_funds


@click.group(cls=Commands)
def funds() -> None:
    """What config/ says about the funds."""


@funds.command("list")
@click.option("--facts", is_flag=True, help="Show every fact with its certainty and source.")
@command
def funds_list(facts: bool, as_json: bool) -> None:
    """List the funds, and what about them nobody has confirmed yet (it is not applied by itself)."""
    settings = Settings()
    found = load_funds(settings.config, settings.confirmations_path)
    lines = aligned(
        ("fund", "country", "currency", "scheme", "bank", "not confirmed"),
        ((one.id, one.country, one.currency, one.scheme.value, one.bank, str(len(one.unconfirmed()))) for one in found),
        right={5},
    )
    for fund in found if facts else ():
        lines += ["", fund.id]
        for fact in fund.facts():
            mark = " " if fact.confirmed else "!"
            value = fact.model_dump(mode="json")["value"]
            lines.append(f" {mark} {fact.place} = {value}  [{fact.certainty}] {fact.source}")
    if facts:
        lines += ["", "! = not confirmed: shown, and not applied by itself. Confirm it in config/confirmations.toml."]
    emit(as_json, [one.model_dump(mode="json") for one in found], lines)


@click.group(cls=Commands)
def contributions() -> None:
    """What is owed."""


@contributions.command("import")
@FILE
@PARTIAL
@command
def contributions_import(file: Path, partial: bool, as_json: bool) -> int:
    """Take in contributions from FILE (CSV or NDJSON); every bad line is reported with its reason, and none is lost.

    Columns: fund, registration_number, reference, period (2026-10, 2026-Q3, 2026), amount (1234.56), currency, due_date
    (optional where the fund's own rule is confirmed). The same file again changes nothing.
    """
    opened = service()
    with opened.desk.work(operator()) as work:
        report = contribution_service.import_rows(
            work, opened.funds, opened.calendars, file.read_bytes(), file.name, partial=partial
        )
    done = f"{report.taken} contributions taken, {report.unchanged} known already"
    if report.import_id is None:
        done = "nothing was taken; mend the lines, or take the good ones with --partial"
    values = {"taken": report.taken, "unchanged": report.unchanged, "bad": [one.as_dict() for one in report.bad]}
    emit(as_json, values, told_lines(report.bad, done))
    return FINDINGS if report.bad else 0
