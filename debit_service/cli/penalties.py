"""`debit penalties`: who caused a failure, what it costs, and what a person decides about it."""

from dataclasses import asdict

import click

from debit_service import operations
from debit_service.cli.common import AS, WHY, command, emit, operator, person, service
from debit_service.cli.group import Commands
from debit_service.core.money import format_minor
from debit_service.core.text import aligned
from debit_service.penalties import queries
from debit_service.penalties import service as penalty_service
from debit_service.reports import explain


@click.group(cls=Commands)
def penalties() -> None:
    """Fault and late penalties."""


@penalties.command("assess")
@command
def penalties_assess(as_json: bool) -> None:
    """Decide the fault of every failed debit, and compute the penalties that follow. Repeating it changes nothing."""
    opened = service()
    results = {fund.id: operations.assess_penalties(opened, operator(), fund) for fund in opened.funds}
    operations.anchor_audit(opened)
    rows = [(fund_id, str(one.decided), str(one.penalties), str(one.withdrawn)) for fund_id, one in results.items()]
    lines = aligned(("fund", "new decisions", "new penalties", "withdrawn"), rows, right={1, 2, 3})
    emit(as_json, {fund_id: asdict(one) for fund_id, one in results.items()}, lines)


@penalties.command("list")
@command
def penalties_list(as_json: bool) -> None:
    """List the penalties: proposed (a person must adopt them), charged, withdrawn."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        rows = [
            {
                "id": one.id,
                "fund": one.fund_id,
                "contribution": one.contribution_id,
                "rule": f"{one.rule_id} {one.rule_version}",
                "state": queries.state_of(work, one.id),
                "amount": format_minor(queries.amount_of(work, one.id), one.currency),
                "currency": one.currency,
            }
            for one in queries.listed(work)
        ]
    titles = ("id", "fund", "contribution", "rule", "state", "amount", "currency")
    emit(as_json, rows, aligned(titles, ([str(row[title]) for title in titles] for row in rows), right={5}))


@penalties.command("explain")
@click.argument("identifier")
@command
def penalties_explain(identifier: str, as_json: bool) -> None:
    """Tell the whole reasoning about a contribution or penalty, with the evidence; IDENTIFIER is its id or reference."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        told = explain.explanation(work, opened.funds, opened.codes, identifier)
    emit(as_json, told, explain.lines(told))


@penalties.command("adopt")
@click.argument("penalty_id")
@WHY
@AS
@command
def penalties_adopt(penalty_id: str, why: str, login: str, as_json: bool) -> None:
    """Charge a proposed penalty; needs an approver."""
    _decide(penalty_id, why, login, as_json=as_json, adopt=True)


@penalties.command("withdraw")
@click.argument("penalty_id")
@WHY
@AS
@command
def penalties_withdraw(penalty_id: str, why: str, login: str, as_json: bool) -> None:
    """Take a penalty back; needs an approver."""
    _decide(penalty_id, why, login, as_json=as_json, adopt=False)


def _decide(penalty_id: str, why: str, login: str, *, as_json: bool, adopt: bool) -> None:
    opened = service()
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        (penalty_service.adopt if adopt else penalty_service.withdraw)(work, penalty_id, why)
    operations.anchor_audit(opened)
    state = "charged" if adopt else "withdrawn"
    emit(as_json, {"penalty": penalty_id, "state": state}, [f"{penalty_id} is {state}"])
