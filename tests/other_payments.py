"""Payments by other means than a debit, with defaults: a transfer of today."""

from datetime import date

from house import APPROVER, CLERK, House

from debit_service.contributions import queries as contributions
from debit_service.contributions.payments import Means, Paid
from debit_service.core.money import parse_minor
from debit_service.core.work import Actor
from debit_service.reconcile.service import other_means
from debit_service.reconcile.service.other_means import Recorded


def pay(
    house: House,
    contribution_id: str,
    amount: str = "1000.00",
    *,
    reference: str = "T-1",
    on: date | None = None,
    currency: str | None = None,
    evidence: str = "statement of account 17",
    fund_id: str | None = None,
    actor: Actor = CLERK,
) -> Recorded:
    """A clerk records a transfer."""
    with house.desk.work(actor) as work:
        contribution = contributions.get(work, contribution_id)
        paid = Paid(
            amount_minor=parse_minor(amount, contribution.currency),
            currency=currency or contribution.currency,
            paid_on=on or house.clock.now().date(),
            means=Means.TRANSFER,
            reference=reference,
            evidence=evidence,
        )
        return other_means.record(work, house.fund(fund_id or contribution.fund_id), contribution, paid)


def undo(
    house: House, payment_id: str, why: str = "the transfer was for another month", actor: Actor = APPROVER
) -> Recorded:
    """An approver takes it back."""
    with house.desk.work(actor) as work:
        return other_means.undo(work, house.service.funds, payment_id, why)
