"""`debit funds`, `debit contributions`: what collects and what is owed, from files of other systems."""

from datetime import datetime
from pathlib import Path

import click

from debit_service import operations
from debit_service.cli.common import AS, FILE, FINDINGS, PARTIAL, command, emit, operator, person, service, told_lines
from debit_service.cli.group import Commands
from debit_service.contributions import queries
from debit_service.contributions import service as contribution_service
from debit_service.contributions.circumstances import add_circumstances
from debit_service.contributions.rules import NAMES, Circumstances
from debit_service.core.settings import Settings
from debit_service.core.text import aligned
from debit_service.funds.queries import load_funds

_DAY = click.DateTime(["%Y-%m-%d"])


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
    (optional where the fund's own rule is confirmed). The same file again changes nothing. Optional, for penalty rules that ask
    it: heads, demanded_separately, formal_notice_on, declared_in_time, claim_term_ends_on, circumstances_source; what a line
    leaves out stays as it is known.
    """
    opened = service()
    with opened.desk.work(operator()) as work:
        report = contribution_service.import_rows(
            work, opened.funds, opened.calendars, file.read_bytes(), file.name, partial=partial
        )
    done = f"{report.taken} contributions taken, {report.unchanged} known already"
    done += f", circumstances of {report.stated} recorded" if report.stated else ""
    if report.import_id is None:
        done = "nothing was taken; mend the lines, or take the good ones with --partial"
    values = {
        "taken": report.taken,
        "unchanged": report.unchanged,
        "stated": report.stated,
        "bad": [one.as_dict() for one in report.bad],
    }
    emit(as_json, values, told_lines(report.bad, done))
    return FINDINGS if report.bad else 0


@contributions.command("state")
@click.argument("contribution")
@click.option("--heads", type=int, help="The number of employees that it is for.")
@click.option("--demanded-separately", type=bool, help="yes: by a letter that demands nothing else; or no.")
@click.option("--formal-notice-on", type=_DAY, help="The day of the formal notice (mise en demeure).")
@click.option("--declared-in-time", type=bool, help="yes or no.")
@click.option("--claim-term-ends-on", type=_DAY, help="The last day on which the fund's claim may be paid.")
@click.option("--source", required=True, help="The fund's document that says so. No names, no account numbers.")
@AS
@command
def contributions_state(
    contribution: str,
    heads: int | None,
    demanded_separately: bool | None,
    formal_notice_on: datetime | None,
    declared_in_time: bool | None,
    claim_term_ends_on: datetime | None,
    source: str,
    login: str,
    as_json: bool,
) -> None:
    """Record the circumstances of a CONTRIBUTION (id or reference) that the rule of its penalty asks for.

    What is left out stays as it is known; the page of the contribution can also say that something is not known any more. The
    next `debit penalties assess` computes by it.
    """
    opened = service()
    actor = person(opened, login)
    said = Circumstances(
        heads=heads,
        demanded_separately=demanded_separately,
        formal_notice_on=formal_notice_on.date() if formal_notice_on else None,
        declared_in_time=declared_in_time,
        claim_term_ends_on=claim_term_ends_on.date() if claim_term_ends_on else None,
    )
    with opened.desk.work(actor) as work:
        owed = queries.get(work, contribution)
        stated = add_circumstances(work, opened.funds.get(owed.fund_id), owed, said, source)
    operations.anchor_audit(opened)
    done = f"statement {stated.number} about it is recorded" if stated else "all of this is known already"
    emit(as_json, {"contribution": owed.id, "number": stated and stated.number}, [f"{owed.reference}: {done}"])


@contributions.command("circumstances")
@click.argument("contribution")
@command
def contributions_circumstances(contribution: str, as_json: bool) -> None:
    """List what was said of the circumstances of a CONTRIBUTION (id or reference), oldest first; the last counts."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        told = queries.statements_about(work, queries.get(work, contribution).id)
        titles = ("number", *NAMES, "said_by", "said_at", "source")
        rows = [{title: getattr(one, title) for title in titles} for one in told]
    emit(as_json, rows, aligned(titles, ([_shown(one) for one in row.values()] for row in rows), right={0, 1}))


def _shown(value: object) -> str:
    """A part of a statement, for people."""
    if value is None:
        return ""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
