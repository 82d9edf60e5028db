"""Payments by other means than a debit: a transfer, a cheque, at a counter. A clerk or a file records them, an approver undoes.

Here a payment is written and booked, and what is wrong with it is refused. What it means for debits under way and for money that
came in twice is decided where debits are known: `reconcile.service.other_means` calls these use cases and goes on from there.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import select

from debit_service.contributions.models import Contribution, OtherPayment
from debit_service.core import audit, events
from debit_service.core.clock import business_date
from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.work import Role, Work
from debit_service.funds.profile import Fund
from debit_service.ledger import service as ledger
from debit_service.ledger.rules import Account, account

#: Nobody pays a contribution a year before it is due; such a date is a slip, and would lower a penalty.
PAID_AHEAD_MAX = timedelta(days=366)
REFERENCE_LENGTH_MAX = 70
EVIDENCE_LENGTH_MAX = 200


class Means(StrEnum):
    """How an employer may pay when it is not debited."""

    TRANSFER = "transfer"
    CHEQUE = "cheque"
    CASH = "cash"
    CARD = "card"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What is said of a payment. `reference` is what the fund's books call it, `evidence` the document that proves it."""

    amount_minor: int
    currency: str
    paid_on: date
    means: Means
    reference: str
    evidence: str


def record(work: Work, fund: Fund, contribution: Contribution, paid: Paid) -> tuple[OtherPayment, bool]:
    """Record that (a part of) a contribution of `fund` was paid; returns the payment, and whether it is new.

    The same payment again changes nothing. Raises InvalidInput for what cannot be right, and Refused `payment.changed` when the
    reference counts already with other content.
    """
    work.actor.require(Role.FINANCE_CLERK)
    return write(work, fund, contribution, paid, by=work.actor.name)


def write(work: Work, fund: Fund, contribution: Contribution, paid: Paid, *, by: str) -> tuple[OtherPayment, bool]:
    """`record` in the name of `by`, who decided it, by the hand of whoever confirms it: that they may is checked already."""
    today = business_date(work.clock, fund.time_zone)
    _check(fund, contribution, paid, today)
    same = (OtherPayment.fund_id == fund.id) & (OtherPayment.reference == paid.reference)
    known = work.session.scalars(select(OtherPayment).where(same, OtherPayment.undone_at.is_(None))).one_or_none()
    if known:
        if not says(known, contribution, paid):
            raise Refused(
                "payment.changed",
                "This reference counts already, with other content.",
                place="reference",
                remedy="Undo the payment that is wrong, or give this one the reference of its own.",
            )
        return known, False
    payment = OtherPayment(
        id=work.new_id(),
        contribution_id=contribution.id,
        fund_id=fund.id,
        reference=paid.reference,
        means=paid.means.value,
        paid_on=paid.paid_on,
        amount_minor=paid.amount_minor,
        currency=paid.currency,
        evidence=paid.evidence,
        recorded_at=work.now(),
        recorded_by=by,
    )
    work.session.add(payment)
    work.session.flush()
    _book(work, payment, today, "payment.recorded")
    return payment, True


def says(payment: OtherPayment, contribution: Contribution, paid: Paid) -> bool:
    """Whether a payment that is recorded says what `paid` says. The wording of its evidence makes no other payment."""
    recorded = (payment.contribution_id, payment.amount_minor, payment.paid_on, payment.means)
    return recorded == (contribution.id, paid.amount_minor, paid.paid_on, paid.means.value)


def undo(work: Work, fund: Fund, payment_id: str, why: str) -> OtherPayment:
    """Take back a payment that was recorded wrongly, or whose cheque bounced. The row stays, with who undid it and why."""
    work.actor.require(Role.FINANCE_APPROVER)
    if not why.strip():
        raise InvalidInput("payment.why", "Say why.", place="why")
    payment = get(work, payment_id)
    if payment.undone_at:
        raise Refused("payment.undone", "This payment was undone already.", place=payment_id)
    payment.undone_at, payment.undone_by, payment.undone_why = work.now(), work.actor.name, why
    work.session.flush()
    _book(work, payment, business_date(work.clock, fund.time_zone), "payment.undone")
    return payment


def get(work: Work, payment_id: str) -> OtherPayment:
    """One payment; its row is locked until the transaction ends (PostgreSQL). Raises NotFound."""
    payment = work.session.get(OtherPayment, payment_id, with_for_update=True)
    if payment is None:
        raise NotFound("payment.unknown", f"There is no payment {payment_id}.", remedy="See `debit payments list`.")
    return payment


def _check(fund: Fund, contribution: Contribution, paid: Paid, today: date) -> None:
    """Raises InvalidInput for the first thing that cannot be right."""
    troubles = {
        "contribution": contribution.fund_id != fund.id and f"This is no contribution of {fund.id}.",
        "currency": paid.currency != contribution.currency and f"It is owed in {contribution.currency}.",
        "amount": paid.amount_minor <= 0 and "A payment is more than nothing.",
        "paid_on": (paid.paid_on > today and f"This day is not over: it is {today.isoformat()} at the fund.")
        or (
            paid.paid_on < contribution.due_date - PAID_AHEAD_MAX
            and "This day lies more than a year before it was due."
        ),
        "reference": not 0 < len(paid.reference.strip()) <= REFERENCE_LENGTH_MAX
        and f"Give the reference of the fund's books, at most {REFERENCE_LENGTH_MAX} characters.",
        "evidence": not 0 < len(paid.evidence.strip()) <= EVIDENCE_LENGTH_MAX
        and f"Name the document that proves it, in at most {EVIDENCE_LENGTH_MAX} characters.",
    }
    for place, trouble in troubles.items():
        if trouble:
            raise InvalidInput(f"payment.{place}", trouble, place=place)


def _book(work: Work, payment: OtherPayment, today: date, cause: str) -> None:
    """The journal, the audit log and the feed say what happened. An undone payment is booked back, never erased."""
    minor = payment.amount_minor if payment.undone_at is None else -payment.amount_minor
    ledger.post(
        work,
        {account(Account.OTHER_MEANS, payment.fund_id): minor, account(Account.RECEIVABLE, payment.fund_id): -minor},
        currency=payment.currency,
        business_date=today,
        cause=cause,
        subject=payment.contribution_id,
        evidence={"payment": payment.id},
    )
    told = {"contribution": payment.contribution_id, "amount_minor": payment.amount_minor, "means": payment.means}
    audit.record(work, cause, payment.id, **told, reference=payment.reference)
    events.publish(work, cause, payment.id, **told)
