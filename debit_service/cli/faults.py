"""`debit faults`: failures that are held for a person, and what persons find out about them."""

import click

from debit_service import operations
from debit_service.cli.common import AS, WHY, command, emit, operator, person, service
from debit_service.cli.group import Commands
from debit_service.core.money import format_minor
from debit_service.core.text import aligned
from debit_service.penalties import held
from debit_service.penalties.fault.values import Party
from debit_service.penalties.models import FaultFinding
from debit_service.penalties.service.findings import PARTIES, waits


@click.group(cls=Commands)
def faults() -> None:
    """Failures that are held for a person, and what persons find out about them."""


@faults.command("list")
@click.option("--fund", "fund_id", help="Only this fund's.")
@click.option("--code", help="Only failures with this reason code.")
@click.option("--waiting", is_flag=True, help="Only those whose finding waits for an approver.")
@click.option("--after", help="Go on after this collection.")
@click.option("--at-most", default=held.SHOWN_MAX, show_default=True, type=click.IntRange(min=1))
@command
def faults_list(
    fund_id: str | None, code: str | None, waiting: bool, after: str | None, at_most: int, as_json: bool
) -> None:
    """List the failures that are held, the oldest first, each with what is missing and who can be asked."""
    opened = service()
    wanted = held.Filter(fund_id=fund_id, code=code, waiting=waiting, after=after)
    with opened.desk.reading(operator()) as work:
        found = held.page(work, wanted, at_most=at_most)
        rows = [_row(one) for one in found.shown]
    titles = ("collection", "fund", "reference", "failed_on", "code", "party", "amount", "finding", "ask")
    lines = aligned(titles, ([str(row[title] or "") for title in titles] for row in rows), right={6})
    more = [f"more: --after {found.next}"] if found.next else []
    emit(
        as_json,
        {"count": found.count, "shown": rows, "next": found.next},
        [*lines, f"{len(rows)} of {found.count} shown", *more],
    )


def _row(one: held.Held) -> dict[str, object]:
    decision, collection, finding = one.decision, one.collection, one.finding
    return {
        "collection": collection.id,
        "fund": collection.fund_id,
        "reference": one.reference,
        "contribution": collection.contribution_id,
        "failed_on": collection.failed_on.isoformat() if collection.failed_on else None,
        "code": decision.reason_code,
        "party": decision.party,
        "amount": f"{format_minor(collection.amount_minor, collection.currency)} {collection.currency}",
        "because": decision.because,
        "missing": decision.argument["missing"],
        "would_change": decision.argument["would_change"],
        "ask": ", ".join(who.value for who in one.ask),
        "finding": finding.id if finding else None,
        "finding_waits": finding is not None and waits(finding),
    }


@faults.command("find")
@click.argument("collection_id")
@click.argument("party", type=click.Choice([one.value for one in PARTIES], case_sensitive=False))
@click.option(
    "--because",
    required=True,
    help="What you found out. The employer will read this as you write it: no names, no account numbers.",
)
@click.option("--evidence", required=True, help="What proves it: documents by number or name.")
@AS
@command
def faults_find(collection_id: str, party: str, because: str, evidence: str, login: str, as_json: bool) -> None:
    """Say who caused a failure that is held. Against the employer it counts once another person approves it."""
    opened = service()
    actor = person(opened, login)
    finding = operations.find_fault(opened, actor, collection_id, Party(party), because, evidence)
    operations.anchor_audit(opened)
    _told(finding, "waits for another person's approval" if waits(finding) else "counts from now on", as_json=as_json)


@faults.command("approve")
@click.argument("finding_id")
@AS
@command
def faults_approve(finding_id: str, login: str, as_json: bool) -> None:
    """Confirm, as another person than who found it, that it was the employer."""
    opened = service()
    finding = operations.approve_finding(opened, person(opened, login), finding_id)
    operations.anchor_audit(opened)
    _told(finding, "is approved, and counts from now on", as_json=as_json)


@faults.command("withdraw")
@click.argument("finding_id")
@WHY
@AS
@command
def faults_withdraw(finding_id: str, why: str, login: str, as_json: bool) -> None:
    """Take a finding back; the failure is held again."""
    opened = service()
    finding = operations.withdraw_finding(opened, person(opened, login), finding_id, why)
    operations.anchor_audit(opened)
    _told(finding, "is withdrawn", as_json=as_json)


def _told(finding: FaultFinding, became: str, *, as_json: bool) -> None:
    values = {
        "finding": finding.id,
        "collection": finding.collection_id,
        "party": finding.party,
        "waits": waits(finding),
        "withdrawn": finding.withdrawn_at is not None,
    }
    emit(as_json, values, [f"finding {finding.id} ({finding.party}) {became}"])
