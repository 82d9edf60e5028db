"""`debit disputes`: what employers contest, and what the fund answers."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import click

from debit_service import operations
from debit_service.cli.common import AS, WHY, command, emit, operator, person, service
from debit_service.cli.group import Commands
from debit_service.core.text import aligned
from debit_service.core.work import Work
from debit_service.disputes import queries
from debit_service.disputes import service as desk
from debit_service.disputes.models import Dispute
from debit_service.disputes.queries import WHICH, Listed, Wanted
from debit_service.disputes.rules import Answer, Body, Terms
from debit_service.disputes.statistics import flat, statistics
from debit_service.penalties.contestable import matter
from debit_service.wiring import Service

_DECISION = click.argument("decision", type=click.Choice([one.value for one in Answer]))
_DAY = click.DateTime(["%Y-%m-%d"])
#: Nobody reads more on a terminal; what else there is, its count tells.
_LINES_MAX = 500


@click.group(cls=Commands)
def disputes() -> None:
    """What employers contest."""


@disputes.command("list")
@click.option("--which", type=click.Choice(WHICH), default="open", show_default=True, help="Which disputes.")
@click.option("--fund", "fund_id", help="Those of one fund.")
@command
def disputes_list(which: str, fund_id: str | None, as_json: bool) -> None:
    """List disputes, the most urgent first."""
    opened, wanted = service(), Wanted(which, fund_id)
    with opened.desk.reading(operator()) as work:
        today = _today(opened)
        rows = [_row(one) for one in queries.listed(work, wanted, today, at_most=_LINES_MAX)]
        count = queries.count(work, wanted, today)
    titles = ("reference", "fund", "about", "ground", "state", "opened", "answer_by", "taken_by", "dispute")
    more = [f"{count - len(rows)} more"] if count > len(rows) else []
    emit(as_json, [dict(zip(titles, row, strict=True)) for row in rows], [*aligned(titles, rows), *more])


@disputes.command("show")
@click.argument("dispute")
@command
def disputes_show(dispute: str, as_json: bool) -> None:
    """Show one dispute, by its reference or id: what was written, where it stands, and its life."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        told = _told(work, queries.get(work, dispute))
    emit(as_json, told, (f"{name}: {value}" for name, value in told.items() if value not in (None, "", [])))


@disputes.command("answer")
@click.argument("dispute")
@_DECISION
@WHY
@AS
@command
def disputes_answer(dispute: str, decision: str, why: str, login: str, as_json: bool) -> None:
    """Answer a dispute, with the reason that the employer is told; a debit that was contested rightly is not made."""

    def act(work: Work, terms: Terms, dispute_id: str) -> Dispute:
        return desk.answer(work, terms, dispute_id, Answer(decision), why, matter(work, dispute_id))

    _act(dispute, login, act, as_json, f"is {decision.replace('_', ' ')}")


@disputes.command("ask")
@click.argument("dispute")
@click.argument("question")
@AS
@command
def disputes_ask(dispute: str, question: str, login: str, as_json: bool) -> None:
    """Ask the employer; the time to answer stands still until the reply."""

    def act(work: Work, terms: Terms, dispute_id: str) -> Dispute:
        return desk.ask(work, terms, dispute_id, question)

    _act(dispute, login, act, as_json, "waits for the employer's reply")


@disputes.command("appeal-decide")
@click.argument("dispute")
@_DECISION
@click.option("--body", type=click.Choice([one.value for one in Body]), required=True, help="Who decided.")
@WHY
@AS
@command
def disputes_appeal_decide(dispute: str, decision: str, body: str, why: str, login: str, as_json: bool) -> None:
    """Decide an appeal, or record what a higher body decided; never who answered, nor whose own work is contested."""

    def act(work: Work, terms: Terms, dispute_id: str) -> Dispute:
        return desk.decide(work, terms, dispute_id, Answer(decision), Body(body), why, matter(work, dispute_id))

    _act(dispute, login, act, as_json, f"is {decision.replace('_', ' ')} on appeal")


@disputes.command("statistics")
@click.option("--from", "since", type=_DAY, required=True, help="First day of receipt.")
@click.option("--to", "until", type=_DAY, required=True, help="Last day of receipt.")
@command
def disputes_statistics(since: datetime, until: datetime, as_json: bool) -> None:
    """Count disputes and how fast they were answered, by fund."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        found = statistics(work, [fund.id for fund in opened.funds], since.date(), until.date(), _today(opened))
    lines = [flat(one) for one in found]
    names = list(lines[0])
    rows = [(name, *(line[name] for line in lines)) for name in names[1:]]
    emit(as_json, lines, aligned(("", *(line["fund"] for line in lines)), rows, right=range(1, len(lines) + 1)))


def _act(named: str, login: str, act: Callable[[Work, Terms, str], Dispute], as_json: bool, done: str) -> None:
    opened = service()
    actor = person(opened, login)
    with opened.desk.reading(actor) as work:
        found = queries.get(work, named)
        dispute_id, fund_id = found.id, found.fund_id
    terms = operations.dispute_terms(opened, opened.funds.get(fund_id))
    with opened.desk.work(actor) as work:
        changed = act(work, terms, dispute_id)
        reference, state = changed.reference, queries.state(work, dispute_id)
    operations.anchor_audit(opened)
    told = {"dispute": dispute_id, "reference": reference, "state": state, "answer": changed.answer}
    emit(as_json, told, [f"{reference} {done}"])


def _today(opened: Service) -> dict[str, date]:
    return {fund.id: operations.today(opened, fund) for fund in opened.funds}


def _row(one: Listed) -> tuple[str, ...]:
    dispute = one.dispute
    return (
        dispute.reference,
        dispute.fund_id,
        dispute.subject_kind,
        dispute.ground,
        one.state,
        dispute.opened_on.isoformat(),
        queries.due(dispute).isoformat(),
        dispute.assigned_to or "",
        dispute.id,
    )


def _told(work: Work, dispute: Dispute) -> dict[str, Any]:
    return {
        "reference": dispute.reference,
        "dispute": dispute.id,
        "contribution": dispute.contribution_id,
        "about": f"{dispute.subject_kind} {dispute.subject_id}",
        "ground": dispute.ground,
        "body": dispute.body,
        "late": "after the time to contest" if dispute.late else None,
        "state": queries.state(work, dispute.id),
        "opened": dispute.opened_on.isoformat(),
        "answer_by": queries.due(dispute).isoformat(),
        "says": queries.text(work, dispute),
        "messages": [f"{one.row.kind}: {one.text}" for one in queries.messages(work, dispute.id)],
        "documents": [f"{one.id} {one.media_type} {one.sha256}" for one in queries.documents(work, dispute.id)],
        "answer": dispute.first_answer,
        "reasons": queries.answer_text(work, dispute),
        "appeal_by": dispute.appeal_by.isoformat() if dispute.appeal_by else None,
        "appeal": queries.appeal_text(work, dispute),
        "decision": dispute.appeal_answer,
        "decision_reasons": queries.decision_text(work, dispute),
        "life": [
            f"{one.at.isoformat(timespec='minutes')} {one.to_state} ({one.who})"
            for one in queries.history(work, dispute.id)
        ],
    }
