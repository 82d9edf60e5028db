"""Payments of a penalty by other means than a debit: a clerk records them, an approver undoes them and has money given back.

Nothing is netted: what was paid and is not owed any more is owed back, and stays so until it is given back or owed again.
"""

from datetime import date

from sqlalchemy import select

from debit_service.contributions.payments import EVIDENCE_LENGTH_MAX, REFERENCE_LENGTH_MAX, Paid
from debit_service.core import audit, events
from debit_service.core.clock import business_date
from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.work import Role, Work
from debit_service.funds.queries import Funds
from debit_service.penalties import queries
from debit_service.penalties.life import ASKED
from debit_service.penalties.models import Penalty, PenaltyPayment
from debit_service.penalties.service import lifecycle
from debit_service.penalties.service.confirm import locked
from debit_service.reconcile.by_persons import decisions


def pay(work: Work, funds: Funds, penalty_id: str, paid: Paid) -> PenaltyPayment:
    """Record that (a part of) a penalty was paid. The same payment again changes nothing.

    Raises InvalidInput for what cannot be right, Refused `penalty.not_asked` when nothing is asked for, and Refused
    `penalty.more_than_open` when it is more than is open.
    """
    work.actor.require(Role.FINANCE_CLERK)
    penalty = locked(work, penalty_id)
    today = _checked(work, funds, penalty, paid)
    if known := _known(work, penalty, paid, paid.amount_minor):
        return known
    if queries.state_of(work, penalty_id) not in ASKED:
        raise Refused(
            "penalty.not_asked",
            "Nothing is asked for under this penalty.",
            place=penalty_id,
            remedy="Have it confirmed first; what was paid for nothing is to be given back.",
        )
    if paid.amount_minor > queries.money_of(work, penalty_id).open_minor:
        raise Refused("penalty.more_than_open", "This is more than is open of the penalty.", place="amount")
    return _write(work, penalty, paid, paid.amount_minor, today)


def give_back(work: Work, funds: Funds, penalty_id: str, paid: Paid) -> PenaltyPayment:
    """Record that what was paid beyond a penalty was given back to the employer. The same again changes nothing."""
    work.actor.require(Role.FINANCE_APPROVER)
    penalty = locked(work, penalty_id)
    today = _checked(work, funds, penalty, paid)
    if known := _known(work, penalty, paid, -paid.amount_minor):
        return known
    if paid.amount_minor > queries.money_of(work, penalty_id).refund_minor:
        raise Refused("refund.amount", "What is given back is not more than is owed back.", place="amount")
    return _write(work, penalty, paid, -paid.amount_minor, today)


def undo(work: Work, funds: Funds, payment_id: str, why: str) -> PenaltyPayment:
    """Take back a payment that was recorded wrongly, or whose cheque bounced. The row stays, with who undid it and why.

    One that a bank entry shows stays for as long as that is so: Refused `payment.on_entry`.
    """
    work.actor.require(Role.FINANCE_APPROVER)
    if not why.strip():
        raise InvalidInput("payment.why", "Say why.", place="why")
    payment = work.session.get(PenaltyPayment, payment_id)
    if payment is None:
        raise NotFound("payment.unknown", f"There is no payment {payment_id}.", remedy="See the penalty's page.")
    penalty = locked(work, payment.penalty_id)
    # What stood there before the penalty was locked may be another person's work since.
    work.session.refresh(payment)
    if payment.undone_at:
        raise Refused("payment.undone", "This payment was undone already.", place=payment_id)
    if entry_id := decisions.entry_of_claim_payment(work, payment_id):
        raise Refused(
            "payment.on_entry",
            "A bank entry shows this payment.",
            place=entry_id,
            remedy="Undo what was decided about that entry; then the payment.",
        )
    payment.undone_at, payment.undone_by, payment.undone_why = work.now(), work.actor.name, why
    work.session.flush()
    today = business_date(work.clock, funds.get(penalty.fund_id).time_zone)
    _tell(work, penalty, payment, "penalty.payment_undone", today)
    return payment


def _checked(work: Work, funds: Funds, penalty: Penalty, paid: Paid) -> date:
    """Today at the fund. Raises InvalidInput for the first thing that cannot be right."""
    today = business_date(work.clock, funds.get(penalty.fund_id).time_zone)
    troubles = {
        "currency": paid.currency != penalty.currency and f"It is owed in {penalty.currency}.",
        "amount": paid.amount_minor <= 0 and "A payment is more than nothing.",
        "paid_on": paid.paid_on > today and f"This day is not over: it is {today.isoformat()} at the fund.",
        "reference": not 0 < len(paid.reference.strip()) <= REFERENCE_LENGTH_MAX
        and f"Give the reference of the fund's books, at most {REFERENCE_LENGTH_MAX} characters.",
        "evidence": not 0 < len(paid.evidence.strip()) <= EVIDENCE_LENGTH_MAX
        and f"Name the document that proves it, in at most {EVIDENCE_LENGTH_MAX} characters.",
    }
    for place, trouble in troubles.items():
        if trouble:
            raise InvalidInput(f"payment.{place}", trouble, place=place)
    return today


def _known(work: Work, penalty: Penalty, paid: Paid, signed_minor: int) -> PenaltyPayment | None:
    """This very payment, if it is recorded. Raises Refused when its reference counts with other content."""
    same = (PenaltyPayment.fund_id == penalty.fund_id) & (PenaltyPayment.reference == paid.reference)
    known = work.session.scalars(select(PenaltyPayment).where(same, PenaltyPayment.undone_at.is_(None))).one_or_none()
    says = (penalty.id, signed_minor, paid.paid_on, paid.means.value)
    if known and (known.penalty_id, known.amount_minor, known.paid_on, known.means) != says:
        raise Refused(
            "payment.changed",
            "This reference counts already, with other content.",
            place="reference",
            remedy="Undo the payment that is wrong, or give this one the reference of its own.",
        )
    return known


def _write(work: Work, penalty: Penalty, paid: Paid, signed_minor: int, today: date) -> PenaltyPayment:
    payment = PenaltyPayment(
        id=work.new_id(),
        penalty_id=penalty.id,
        fund_id=penalty.fund_id,
        reference=paid.reference,
        means=paid.means.value,
        paid_on=paid.paid_on,
        amount_minor=signed_minor,
        currency=paid.currency,
        evidence=paid.evidence,
        recorded_at=work.now(),
        recorded_by=work.actor.name,
    )
    work.session.add(payment)
    work.session.flush()
    _tell(work, penalty, payment, "penalty.payment" if signed_minor > 0 else "penalty.given_back", today)
    return payment


def _tell(work: Work, penalty: Penalty, payment: PenaltyPayment, cause: str, today: date) -> None:
    """The audit log, the feed and the journal say what happened; the state follows."""
    told = {"penalty": penalty.id, "amount_minor": payment.amount_minor, "means": payment.means}
    audit.record(work, cause, payment.id, **told, reference=payment.reference)
    events.publish(work, cause, payment.id, **told)
    lifecycle.post(work, penalty, today, cause)
