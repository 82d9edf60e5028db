"""`debit payments`: contributions that were paid by other means than a debit."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from debit_service import operations
from debit_service.cli.common import AS, FILE, FINDINGS, PARTIAL, command, emit, operator, person, service, told_lines
from debit_service.cli.group import Commands
from debit_service.collections.service.other_means import Stop
from debit_service.contributions import queries
from debit_service.contributions.models import Contribution, OtherPayment
from debit_service.contributions.payments import Means, Paid
from debit_service.core.money import format_minor, parse_minor
from debit_service.core.text import aligned
from debit_service.reconcile.service import other_means


@click.group(cls=Commands)
def payments() -> None:
    """What employers paid by other means than a debit: a transfer, a cheque, at a counter."""


@payments.command("record")
@click.argument("contribution")
@click.option("--amount", required=True, help="Plain decimal, such as 1234.56.")
@click.option("--currency", help="Default: that of the contribution.")
@click.option("--paid-on", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day on which it was paid.")
@click.option("--means", required=True, type=click.Choice([one.value for one in Means]))
@click.option("--reference", required=True, help="What the fund's books call it; it counts once.")
@click.option("--evidence", required=True, help="The document that proves it, such as a statement of account.")
@AS
@command
def payments_record(
    contribution: str,
    amount: str,
    currency: str | None,
    paid_on: datetime,
    means: str,
    reference: str,
    evidence: str,
    login: str,
    as_json: bool,
) -> None:
    """Record that a CONTRIBUTION (id or reference), or a part of it, was paid; a debit that has not left is stopped.

    The same payment again changes nothing.
    """
    opened = service()
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        owed = queries.get(work, contribution)
        said = Paid(
            amount_minor=parse_minor(amount, currency or owed.currency),
            currency=currency or owed.currency,
            paid_on=paid_on.date(),
            means=Means(means),
            reference=reference,
            evidence=evidence,
        )
        recorded = other_means.record(work, opened.funds.get(owed.fund_id), owed, said)
    operations.anchor_audit(opened)
    _tell(recorded, "is recorded" if recorded.new else "was recorded already", as_json=as_json)


@payments.command("import")
@FILE
@PARTIAL
@command
def payments_import(file: Path, partial: bool, as_json: bool) -> int:
    """Record the payments in FILE (CSV or NDJSON); every bad line is reported with its reason.

    Columns: fund, contribution (its reference), reference, means (transfer, cheque, cash, card, other), paid_on, amount
    (1234.56), currency, evidence. The same file again changes nothing.
    """
    opened = service()
    with opened.desk.work(operator()) as work:
        report = other_means.import_rows(work, opened.funds, file.read_bytes(), partial=partial)
    operations.anchor_audit(opened)
    done = f"{report.taken} payments recorded, {report.unchanged} known already"
    if report.bad and not partial:
        done = "nothing was recorded; mend the lines, or take the good ones with --partial"
    lines = [f"{one}: a debit is at the bank and cannot be stopped; see the report" for one in report.at_bank]
    values = {
        "taken": report.taken,
        "unchanged": report.unchanged,
        "debits_at_bank": report.at_bank,
        "bad": [one.as_dict() for one in report.bad],
    }
    emit(as_json, values, [*lines, *told_lines(report.bad, done)])
    return FINDINGS if report.bad else 0


@payments.command("list")
@click.argument("contribution", required=False)
@command
def payments_list(contribution: str | None, as_json: bool) -> None:
    """List the payments, those that were undone too; of one CONTRIBUTION (id or reference) where named."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        owed = [queries.get(work, contribution)] if contribution else queries.with_other_payments(work)
        rows = [_row(one, payment) for one in owed for payment in queries.other_payments(work, one.id)]
    titles = ("payment", "fund", "contribution", "paid_on", "amount", "currency", "means", "reference", "undone")
    emit(as_json, rows, aligned(titles, ([row[title] for title in titles] for row in rows), right={4}))


@payments.command("undo")
@click.argument("payment_id")
@click.option("--why", required=True, help="The reason, kept for ever.")
@AS
@command
def payments_undo(payment_id: str, why: str, login: str, as_json: bool) -> None:
    """Undo a payment that was recorded wrongly, or whose cheque bounced; needs an approver. What is open is planned again."""
    opened = service()
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        undone = other_means.undo(work, opened.funds, payment_id, why)
    operations.anchor_audit(opened)
    _tell(undone, "is undone", as_json=as_json)


def _row(contribution: Contribution, payment: OtherPayment) -> dict[str, str]:
    return {
        "payment": payment.id,
        "fund": payment.fund_id,
        "contribution": contribution.reference,
        "paid_on": payment.paid_on.isoformat(),
        "amount": format_minor(payment.amount_minor, payment.currency),
        "currency": payment.currency,
        "means": payment.means,
        "reference": payment.reference,
        "undone": payment.undone_why or "",
    }


def _tell(recorded: other_means.Recorded, done: str, *, as_json: bool) -> None:
    payment, stopped = recorded.payment, recorded.stopped
    values: dict[str, Any] = {
        "payment": payment.id,
        "new": recorded.new,
        "debit": stopped.what.value,
        "end_to_end_id": stopped.end_to_end_id,
        "still_open": _shown(recorded.open_minor, payment),
        "refund_owed": _shown(recorded.refund_owed_minor, payment),
    }
    lines = [f"{payment.id} {done}; still open: {values['still_open']}"]
    if stopped.what is Stop.CANCELLED:
        lines.append(f"the debit {stopped.end_to_end_id} is cancelled; what is open is planned anew")
    if stopped.what is Stop.AT_BANK:
        lines.append(
            f"the debit {stopped.end_to_end_id} is at the bank and cannot be stopped: have the bank return it, or refund it"
            " when it settles"
        )
    if recorded.refund_owed_minor:
        lines.append(f"paid beyond what is owed: refund {values['refund_owed']}")
    emit(as_json, values, lines)


def _shown(minor: int, payment: OtherPayment) -> str:
    return f"{format_minor(minor, payment.currency)} {payment.currency}"
