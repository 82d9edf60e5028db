"""`debit disputes`: what employers contest, and what the fund answers."""

import click

from debit_service import operations
from debit_service.cli.common import AS, WHY, command, emit, operator, person, service
from debit_service.cli.group import Commands
from debit_service.core.text import aligned
from debit_service.disputes import queries as dispute_queries
from debit_service.disputes import service as dispute_service


@click.group(cls=Commands)
def disputes() -> None:
    """What employers contest."""


@disputes.command("list")
@command
def disputes_list(as_json: bool) -> None:
    """List the disputes that wait for an answer, the most urgent first."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        rows = [
            (one.id, one.contribution_id, one.opened_at.date().isoformat(), one.answer_by.isoformat())
            for one in dispute_queries.waiting(work)
        ]
    titles = ("dispute", "contribution", "opened", "answer_by")
    emit(as_json, [dict(zip(titles, row, strict=True)) for row in rows], aligned(titles, rows))


@disputes.command("answer")
@click.argument("dispute_id")
@click.argument("decision", type=click.Choice(["upheld", "rejected"]))
@WHY
@AS
@command
def disputes_answer(dispute_id: str, decision: str, why: str, login: str, as_json: bool) -> None:
    """Answer a dispute, with the reason that the employer is told; upheld, the contribution is not debited."""
    opened = service()
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        dispute_service.answer(work, dispute_id, decision, why)
    operations.anchor_audit(opened)
    emit(as_json, {"dispute": dispute_id, "answer": decision}, [f"{dispute_id} is {decision}"])
