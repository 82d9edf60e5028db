"""`debit penalties relief` and `debit penalties amnesty`: what an authority takes off one penalty, or a law off many."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from debit_service import operations
from debit_service.cli.common import AS, WHY, command, emit, operator, person, service
from debit_service.cli.group import Commands
from debit_service.core.money import format_minor, parse_minor
from debit_service.core.text import aligned
from debit_service.funds.profile import Fund
from debit_service.penalties import queries, relief_queries
from debit_service.penalties.life import STANDING
from debit_service.penalties.models import Amnesty, PenaltyRelief
from debit_service.penalties.service import amnesty as amnesties
from debit_service.penalties.service import relieve
from debit_service.penalties.service.amnesty import CarriedOut, Case, Terms, Total
from debit_service.penalties.service.relieve import Granted
from debit_service.penalties.tariff.relief import Ground, in_basis_points, percent_text
from debit_service.wiring import Service

_DAY = click.DateTime(["%Y-%m-%d"])
_PERCENT = "--percent"
_GROUNDS = [one.value for one in Ground if one is not Ground.AMNESTY]


@click.group(cls=Commands)
def relief() -> None:
    """Reliefs of one penalty: granted, approved, undone."""


@relief.command("grant")
@click.argument("penalty_id", metavar="PENALTY")
@click.option("--ground", type=click.Choice(_GROUNDS), required=True, help="The rule says which of them it knows.")
@click.option(_PERCENT, help="Of the whole penalty, like 50 or 33.33.")
@click.option("--amount", help="Instead; with a percentage: at most so much.")
@click.option("--authority", required=True, help="Who decided: the local commission.")
@click.option("--decided-on", type=_DAY, required=True, help="The day of the decision.")
@click.option("--document", required=True, help="The document that says so, as the fund's files call it.")
@WHY
@AS
@command
def relief_grant(
    penalty_id: str, ground: str, percent: str | None, amount: str | None, login: str, as_json: bool, **said: Any
) -> None:
    """Relieve a penalty. What an approver grants stands at once, up to the fund's amount for four eyes; else another approves."""
    opened = service()
    actor = person(opened, login)
    fund = _fund_of_penalty(opened, penalty_id)
    granted = Granted(
        ground=Ground(ground),
        basis_points=in_basis_points(percent) if percent else None,
        amount_minor=parse_minor(amount, fund.currency) if amount else None,
        decided_on=said.pop("decided_on").date(),
        **said,
    )
    with opened.desk.work(actor) as work:
        values = _relief_values(relieve.grant(work, fund, opened.penalty_rules, penalty_id, granted), fund.currency)
    operations.anchor_audit(opened)
    after = "stands" if values["approved_by"] else f"waits: `debit penalties relief approve {values['id']}`"
    emit(as_json, values, [f"relief {values['id']} {after}"])


@relief.command("approve")
@click.argument("relief_id", metavar="RELIEF")
@AS
@command
def relief_approve(relief_id: str, login: str, as_json: bool) -> None:
    """Let a relief stand that another person granted; needs an approver."""
    opened = service()
    actor = person(opened, login)
    fund = _fund_of_relief(opened, relief_id)
    with opened.desk.work(actor) as work:
        values = _relief_values(relieve.approve(work, fund, opened.penalty_rules, relief_id), fund.currency)
    operations.anchor_audit(opened)
    emit(as_json, values, [f"relief {relief_id} stands"])


@relief.command("undo")
@click.argument("relief_id", metavar="RELIEF")
@WHY
@AS
@command
def relief_undo(relief_id: str, why: str, login: str, as_json: bool) -> None:
    """Take a relief back; needs an approver."""
    opened = service()
    actor = person(opened, login)
    fund = _fund_of_relief(opened, relief_id)
    with opened.desk.work(actor) as work:
        values = _relief_values(relieve.undo(work, fund, relief_id, why), fund.currency)
    operations.anchor_audit(opened)
    emit(as_json, values, [f"relief {relief_id} is undone"])


@relief.command("list")
@click.option("--waiting", is_flag=True, help="Only those that wait for an approval.")
@command
def relief_list(waiting: bool, as_json: bool) -> None:
    """List the reliefs that people granted, newest first."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        found = relief_queries.granted(work, waiting=waiting)
        values = [_relief_values(one, penalty.currency) for one, penalty, _ in found]
    titles = (
        "id",
        "penalty",
        "ground",
        "how_much",
        "authority",
        "decided_on",
        "granted_by",
        "approved_by",
        "undone_by",
    )
    emit(as_json, values, aligned(titles, ([str(one[title] or "") for title in titles] for one in values)))


@click.group(cls=Commands)
def amnesty() -> None:
    """Amnesties: a law relieves the penalties of a fund for a range of periods."""


@amnesty.command("prepare")
@click.argument("fund_id", metavar="FUND")
@click.option("--from", "first_period", required=True, help="First period, as contributions name it: 2024-01.")
@click.option("--to", "last_period", required=True, help="Last period.")
@click.option(
    "--state", "states", multiple=True, type=click.Choice(STANDING), default=("proposed", "confirmed", "notified")
)
@click.option(_PERCENT, required=True, help="How much of each penalty is relieved, like 100 or 60.")
@click.option("--at-most", help="At most so much of each penalty.")
@click.option("--covers-later", is_flag=True, help="Penalties that arise later for these periods are relieved too.")
@click.option("--law", required=True, help="The law, as it is cited.")
@click.option("--decided-on", type=_DAY, required=True, help="The day of the law.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the list to this CSV file.")
@click.option("--dry-run", is_flag=True, help="Only say what it comes to; nothing is kept.")
@WHY
@AS
@command
def amnesty_prepare(
    fund_id: str,
    percent: str,
    at_most: str | None,
    decided_on: datetime,
    out: Path | None,
    dry_run: bool,
    login: str,
    as_json: bool,
    **said: Any,
) -> None:
    """Draw up the list of an amnesty of FUND with its totals, and freeze it for another person's approval."""
    opened = service()
    actor, fund = person(opened, login), opened.funds.get(fund_id)
    terms = Terms(
        basis_points=in_basis_points(percent),
        at_most_minor=parse_minor(at_most, fund.currency) if at_most else None,
        decided_on=decided_on.date(),
        **said,
    )
    with opened.desk.reading(actor) as work:
        totals = amnesties.totals(_written(amnesties.draw(work, fund, terms), out, fund.currency))
    values: dict[str, Any] = {"fund": fund_id, "totals": [asdict(one) for one in totals]}
    lines = _total_lines(totals, fund.currency)
    if dry_run:
        emit(as_json, values, [*lines, "nothing was changed"])
        return
    with opened.desk.work(actor) as work:
        prepared = amnesties.prepare(work, fund, terms)
        values |= {"id": prepared.id, "sha256": prepared.sha256}
    operations.anchor_audit(opened)
    waits = f"waits for another person: `debit penalties amnesty approve {values['id']}`"
    emit(as_json, values, [*lines, f"sha256 {values['sha256']}", waits])


@amnesty.command("approve")
@click.argument("amnesty_id", metavar="AMNESTY")
@click.option("--sha256", "digest", help="The hash of the list that is approved; default: shown and confirmed.")
@AS
@command
def amnesty_approve(amnesty_id: str, digest: str | None, login: str, as_json: bool) -> None:
    """Approve the list of an AMNESTY that another person prepared. `carry-out`, or the worker, then relieves the penalties."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        shown = amnesties.get(work, amnesty_id)
        lines, made_of = _total_lines([Total(**one) for one in shown.totals], shown.currency), shown.sha256
    if digest is None:
        for line in [*lines, f"sha256 {made_of}"]:
            click.echo(line, err=True)
        click.confirm("Relieve these penalties?", abort=True, err=True)
        digest = made_of
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        values = _amnesty_values(amnesties.approve(work, amnesty_id, digest))
    operations.anchor_audit(opened)
    emit(as_json, values, [f"{amnesty_id} is approved"])


@amnesty.command("carry-out")
@command
def amnesty_carry_out(as_json: bool) -> None:
    """Relieve what is on approved lists and not done yet, and take back what undone amnesties relieved. Safe to repeat."""
    opened = service()
    done: dict[str, CarriedOut] = {}
    for fund in opened.funds:
        done |= operations.carry_out_amnesties(opened, operator(), fund)
    operations.anchor_audit(opened)
    rows = [(one, str(said.relieved), str(said.left_alone), str(said.taken_back)) for one, said in done.items()]
    lines = aligned(("amnesty", "relieved", "left alone", "taken back"), rows, right={1, 2, 3})
    emit(as_json, {one: asdict(said) for one, said in done.items()}, lines)


@amnesty.command("undo")
@click.argument("amnesty_id", metavar="AMNESTY")
@WHY
@AS
@command
def amnesty_undo(amnesty_id: str, why: str, login: str, as_json: bool) -> None:
    """Take an AMNESTY back: `carry-out`, or the worker, then takes back what it relieved, by compensating entries."""
    opened = service()
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        values = _amnesty_values(amnesties.undo(work, amnesty_id, why))
    operations.anchor_audit(opened)
    emit(as_json, values, [f"{amnesty_id} is undone"])


@amnesty.command("list")
@command
def amnesty_list(as_json: bool) -> None:
    """List the amnesties, newest first."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        values = [_amnesty_values(one) for one in relief_queries.amnesties(work)]
    titles = ("id", "fund", "from", "to", "percent", "law", "prepared_by", "approved_by", "undone_by", "state")
    emit(as_json, values, aligned(titles, ([str(one[title] or "") for title in titles] for one in values)))


def _fund_of_penalty(opened: Service, penalty_id: str) -> Fund:
    with opened.desk.reading(operator()) as work:
        return opened.funds.get(queries.get(work, penalty_id).fund_id)


def _fund_of_relief(opened: Service, relief_id: str) -> Fund:
    with opened.desk.reading(operator()) as work:
        return opened.funds.get(relief_queries.penalty_of(work, relief_id).fund_id)


def _written(cases: Iterable[Case], out: Path | None, currency: str) -> Iterable[Case]:
    """The cases as they come, each written to `out` on its way."""
    if out is None:
        return cases
    return _write(cases, out, currency)


def _write(cases: Iterable[Case], out: Path, currency: str) -> Iterator[Case]:
    with out.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("penalty", "contribution", "period", "state", "amount", "relieved", "currency"))
        for one in cases:
            amounts = (format_minor(minor, currency) for minor in (one.amount_minor, one.relieved_minor))
            table.writerow((one.penalty_id, one.reference, one.period, one.state, *amounts, currency))
            yield one


def _total_lines(totals: Iterable[Total], currency: str) -> list[str]:
    rows = list(totals)
    every = Total(
        "all",
        "",
        sum(one.count for one in rows),
        sum(one.amount_minor for one in rows),
        sum(one.relieved_minor for one in rows),
    )
    cells = [
        (
            one.period,
            one.state,
            str(one.count),
            format_minor(one.amount_minor, currency),
            format_minor(one.relieved_minor, currency),
            currency,
        )
        for one in (*rows, every)
    ]
    return aligned(("period", "state", "penalties", "amount", "relieved", ""), cells, right={2, 3, 4})


def _relief_values(one: PenaltyRelief, currency: str) -> dict[str, Any]:
    share = f"{percent_text(one.basis_points)}%" if one.basis_points else None
    amount = f"{format_minor(one.amount_minor, currency)} {currency}" if one.amount_minor else None
    return {
        "id": one.id,
        "penalty": one.penalty_id,
        "ground": one.ground,
        "how_much": f"{share} at most {amount}" if share and amount else share or amount,
        "authority": one.authority,
        "decided_on": one.decided_on.isoformat(),
        "document": one.document,
        "why": one.why,
        "granted_by": one.granted_by,
        "approved_by": one.approved_by,
        "undone_by": one.undone_by,
        "undone_why": one.undone_why,
    }


def _amnesty_values(one: Amnesty) -> dict[str, Any]:
    return {
        "id": one.id,
        "fund": one.fund_id,
        "from": one.first_period,
        "to": one.last_period,
        "states": one.states,
        "percent": percent_text(one.basis_points),
        "at_most": format_minor(one.at_most_minor, one.currency) if one.at_most_minor else None,
        "covers_later": one.covers_later,
        "law": one.law,
        "decided_on": one.decided_on.isoformat(),
        "why": one.why,
        "totals": one.totals,
        "sha256": one.sha256,
        "prepared_by": one.prepared_by,
        "approved_by": one.approved_by,
        "undone_by": one.undone_by,
        "state": amnesties.state_of(one),
    }
