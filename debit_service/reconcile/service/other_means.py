"""Other means: record and undo what an employer paid otherwise, and let debits, refunds and the journal follow at once.

Each use case is one transaction: the payment counts, a debit that has not left is stopped, and what came in twice is owed back.
"""

from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, ConfigDict

from debit_service.collections.service.other_means import Stop, Stopped, stop_attempts
from debit_service.collections.service.plan import turn
from debit_service.contributions import payments
from debit_service.contributions import queries as contributions
from debit_service.contributions.models import Contribution, OtherPayment
from debit_service.contributions.payments import Means, Paid
from debit_service.core.database import RECONCILE, in_turn
from debit_service.core.errors import DebitError, NotFound, Refused
from debit_service.core.money import parse_minor
from debit_service.core.rows import BadLine, GoodLine, read_rows
from debit_service.core.work import Role, Work
from debit_service.funds.profile import Fund
from debit_service.funds.queries import Funds
from debit_service.reconcile import queries
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.rules import surplus
from debit_service.reconcile.service.post import post_refund_owed


class PaymentRow(BaseModel):
    """One line of a file of payments. `contribution` is its reference at the fund, `amount` a plain decimal."""

    model_config = ConfigDict(extra="forbid")

    fund: str
    contribution: str
    reference: str
    means: Means
    paid_on: date
    amount: str
    currency: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What followed from a payment: whether it is new, what became of the debit, and what is owed back and still open (minor)."""

    payment: OtherPayment
    new: bool
    stopped: Stopped
    refund_owed_minor: int
    open_minor: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the lines of a file; `at_bank` are the references of debits that could not be stopped any more."""

    taken: int
    unchanged: int
    bad: list[BadLine]
    at_bank: list[str]


def record(work: Work, fund: Fund, contribution: Contribution, paid: Paid) -> Recorded:
    """`payments.record`, and what follows from it. The same payment again changes nothing."""
    _take_turns(work, fund)
    payment, new = payments.record(work, fund, contribution, paid)
    return _follow(work, fund, contribution, payment, new=new)


def record_from_entry(work: Work, fund: Fund, contribution: Contribution, paid: Paid, *, by: str) -> Recorded:
    """`record` for a part of a bank entry that `by` allocated; the caller has taken the turns."""
    payment, new = payments.write(work, fund, contribution, paid, by=by)
    return _follow(work, fund, contribution, payment, new=new)


def undo(work: Work, funds: Funds, payment_id: str, why: str) -> Recorded:
    """`payments.undo`, and what follows from it: what is open again is planned again, what was owed back may be kept.

    A payment that a bank entry shows stays for as long as that is so: Refused `payment.on_entry`.
    """
    if entry_id := decisions.entry_of_payment(work, payment_id):
        raise Refused(
            "payment.on_entry",
            "A bank entry shows this payment.",
            place=entry_id,
            remedy="Undo what was decided about that entry; then the payment, if it was recorded by hand.",
        )
    return _undo(work, funds, payment_id, why)


def undo_from_entry(work: Work, funds: Funds, payment_id: str, why: str) -> None:
    """Take back a payment that a person made of a bank entry, unless it is taken back already (a replay copies payments)."""
    if payments.get(work, payment_id).undone_at is None:
        _undo(work, funds, payment_id, why)


def _undo(work: Work, funds: Funds, payment_id: str, why: str) -> Recorded:
    fund = funds.get(payments.get(work, payment_id).fund_id)
    _take_turns(work, fund)
    payment = payments.undo(work, fund, payment_id, why)
    contribution = work.session.get_one(Contribution, payment.contribution_id)
    return _follow(work, fund, contribution, payment, new=False)


def import_rows(work: Work, funds: Funds, content: bytes, *, partial: bool = False) -> Imported:
    """Record the payments of a CSV or NDJSON file: all or nothing, unless `partial`; the same file again changes nothing.

    A payment that was undone is not recorded again by a file that still names it: a person decides.
    """
    work.actor.require(Role.FINANCE_CLERK)
    lines = list(read_rows(content, PaymentRow))
    # All turns before anything is written: two files must not wait for each other.
    named = {line.row.fund for line in lines if isinstance(line, GoodLine)}
    _take_turns(work, *(fund for fund in funds if fund.id in named))
    with work.session.begin_nested() as savepoint:
        report = _take_lines(work, funds, lines)
        if report.bad and not partial:
            savepoint.rollback()
            return Imported(0, 0, report.bad, [])
    return report


def _take_lines(work: Work, funds: Funds, lines: list[GoodLine[PaymentRow] | BadLine]) -> Imported:
    taken = unchanged = 0
    bad: list[BadLine] = []
    at_bank: list[str] = []
    for line in lines:
        if isinstance(line, BadLine):
            bad.append(line)
            continue
        try:
            recorded = _take(work, funds, line.row)
        except DebitError as error:
            bad.append(BadLine(line.line, error.code, error.told(), line.text))
            continue
        taken, unchanged = taken + recorded.new, unchanged + (not recorded.new)
        if recorded.new and recorded.stopped.what is Stop.AT_BANK:
            at_bank.append(line.row.contribution)
    return Imported(taken, unchanged, bad, at_bank)


def _take(work: Work, funds: Funds, row: PaymentRow) -> Recorded:
    fund = funds.get(row.fund)
    contribution = contributions.by_reference(work, fund.id, row.contribution)
    if contribution is None:
        raise NotFound(
            "payment.contribution",
            f"{fund.id} is owed no contribution with this reference.",
            place="contribution",
            remedy="Import the contribution first, or mend the reference.",
        )
    paid = Paid(
        amount_minor=parse_minor(row.amount, row.currency),
        currency=row.currency,
        paid_on=row.paid_on,
        means=row.means,
        reference=row.reference,
        evidence=row.evidence,
    )
    undone = [one for one in contributions.other_payments(work, contribution.id) if one.undone_at]
    if any(one.reference == paid.reference and payments.says(one, contribution, paid) for one in undone):
        raise Refused(
            "payment.undone_before",
            "This payment was undone by a person.",
            place="reference",
            remedy="Take the line out, or record the payment by hand if it counts after all.",
        )
    return record(work, fund, contribution, paid)


def _take_turns(work: Work, *funds: Fund) -> None:
    """Planning and the bank's answers wait: they see this payment, or it sees what they did."""
    for fund in sorted(funds, key=lambda one: one.id):
        in_turn(work.session, turn(fund))
    in_turn(work.session, RECONCILE)


def _follow(work: Work, fund: Fund, contribution: Contribution, payment: OtherPayment, *, new: bool) -> Recorded:
    kept = queries.kept_minor(work, contribution.id)
    otherwise = contributions.paid_otherwise_minor(work, contribution.id)
    stopped = stop_attempts(work, contribution.id)
    if stopped.what is Stop.AT_BANK and kept:
        # It was booked already: what it brought in beyond what is owed is owed back.
        stopped = Stopped(Stop.NOTHING_TO_STOP)
    post_refund_owed(work, fund, contribution, {"payment": payment.id})
    return Recorded(
        payment=payment,
        new=new,
        stopped=stopped,
        refund_owed_minor=surplus(contribution.amount_minor, kept, otherwise),
        open_minor=max(contribution.amount_minor - kept - otherwise, 0),
    )
