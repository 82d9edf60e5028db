"""Build the report: every contribution with its attempts, the bank's reasons, the fault, and the penalty or why there is none."""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date

from debit_service.collections import queries as collections
from debit_service.collections.models import Collection
from debit_service.contributions import queries as contributions
from debit_service.contributions.models import Contribution
from debit_service.core.calendar import Calendar
from debit_service.core.money import format_minor
from debit_service.core.text import inert
from debit_service.core.work import Role, Work
from debit_service.disputes import queries as disputes
from debit_service.employers import queries as employers
from debit_service.employers.models import Employer
from debit_service.funds.profile import Fund
from debit_service.funds.queries import Funds
from debit_service.funds.rules import returnable_until
from debit_service.mandates import queries as mandates
from debit_service.penalties import queries as penalties
from debit_service.penalties.catalogue import ReasonCodes
from debit_service.penalties.models import FaultDecision
from debit_service.reconcile import control, decisions
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.rules import Outcome, State, surplus
from debit_service.reports.attention import attention
from debit_service.reports.refunds import refunds
from debit_service.reports.rules import (
    Attempt,
    Line,
    PenaltyStanding,
    Report,
    Standing,
    Waiting,
    debited,
    standing,
    totals,
)


def report(work: Work, funds: Funds, calendars: Mapping[str, Calendar], codes: ReasonCodes) -> Report:
    """Everything, for finance staff; for an employer only its own contributions, without suspense and control."""
    own = work.actor.employer_id if Role.EMPLOYER in work.actor.roles else None
    if own is None:
        work.actor.require(Role.FINANCE_CLERK, Role.FINANCE_APPROVER, Role.ADMINISTRATOR)
    lines = tuple(
        contribution_line(work, funds.get(one.fund_id), calendars, codes, one)
        for one in contributions.listed(work, employer_id=own)
    )
    waiting = () if own else tuple(_waiting(work))
    shown = [fund for fund in funds if any(line.fund_id == fund.id for line in lines)]
    return Report(
        made_at=work.now().isoformat(timespec="seconds"),
        lines=lines,
        totals=tuple(totals(fund.id, fund.currency, lines, waiting) for fund in shown),
        waiting=waiting,
        attention=() if own else (*attention(work, funds, calendars), *refunds(work)),
        control=() if own else tuple(control.findings(work)),
        notes=() if own else tuple(control.notes(work)),
    )


def contribution_line(
    work: Work, fund: Fund, calendars: Mapping[str, Calendar], codes: ReasonCodes, contribution: Contribution
) -> Line:
    """One contribution with everything that is known of it."""
    tried = [one for one in collections.attempts(work, contribution.id) if one.cancelled_why is None]
    outcomes = [reconcile.outcome_of(work, one.id, one.amount_minor) for one in tried]
    attempts = tuple(_attempt(work, codes, one, result) for one, result in zip(tried, outcomes, strict=True))
    otherwise = [one for one in contributions.other_payments(work, contribution.id) if one.undone_at is None]
    otherwise_minor = sum(one.amount_minor for one in otherwise)
    owed, kept = contribution.amount_minor, debited(outcomes)
    stands = standing(outcomes, live=any(one.live for one in tried), owed_minor=owed, otherwise_minor=otherwise_minor)
    settled_on = next((result.settled_on for result in outcomes if result.settled_on), None)
    penalty, amount, penalty_why = _penalty(work, contribution, attempts)
    employer = work.session.get_one(Employer, contribution.employer_id)
    numbers = [one.number for one in employers.registrations(work, employer.id) if one.fund_id == fund.id]
    return Line(
        contribution_id=contribution.id,
        reference=contribution.reference,
        fund_id=fund.id,
        employer_id=employer.id,
        employer=employers.name(work, employer),
        registration_number=numbers[0] if numbers else "",
        period=contribution.period,
        due_date=contribution.due_date,
        amount_minor=owed,
        currency=contribution.currency,
        debited_minor=kept,
        paid_otherwise_minor=otherwise_minor,
        refund_owed_minor=max(
            surplus(owed, kept, otherwise_minor) - decisions.paid_out_minor(work, contribution.id), 0
        ),
        standing=stands,
        why=_why(work, fund, contribution, stands, attempts, paid_otherwise=otherwise_minor > 0),
        paid_on=settled_on or (otherwise[-1].paid_on if stands is Standing.PAID_OTHERWISE else None),
        returnable_until=_returnable_until(fund, calendars, settled_on),
        attempts=attempts,
        penalty=penalty,
        penalty_minor=amount,
        penalty_why=penalty_why,
        dispute_open=disputes.open_for(work, contribution.id) is not None,
    )


def _attempt(work: Work, codes: ReasonCodes, collection: Collection, result: Outcome) -> Attempt:
    failure = result.failure
    code = failure.code if failure else None
    row = None
    if failure and failure.reason_code:
        row = codes.find(failure.reason_code, "S" if failure.reason_code_set == "S" else "R")
    decision = penalties.decision_of(work, collection.id)
    sent = collections.was_sent(work, collection)
    return Attempt(
        collection_id=collection.id,
        number=collection.attempt,
        amount_minor=collection.amount_minor,
        collection_date=collection.collection_date,
        date_reason=collection.date_reason,
        sent=sent,
        outcome=result.state.value if sent or result.state is not State.SENT else "planned",
        reason_code=code,
        reason_name=row.name if row else None,
        party=decision.party if decision else None,
        effect=decision.effect if decision else None,
        because=_because(decision) if decision else None,
        missing=tuple(decision.argument["missing"]) if decision else (),
    )


def _because(decision: FaultDecision) -> str:
    steps = decision.argument["steps"]
    said = str(steps[-1]["because"]) if steps else str(decision.argument.get("ended", ""))
    return said.removeprefix(f"{decision.party}: ")


_SAID = {Standing.PAID_OTHERWISE: "paid by other means", Standing.PARTLY_PAID: "a part is still owed"}


def _why(
    work: Work,
    fund: Fund,
    contribution: Contribution,
    stands: Standing,
    attempts: tuple[Attempt, ...],
    *,
    paid_otherwise: bool,
) -> str:
    """The one sentence that a finance clerk wants."""
    if stands is Standing.PAID:
        paid = next(one.number for one in attempts if one.outcome == State.SETTLED.value)
        also = ", and paid by other means" if paid_otherwise else ""
        return (f"debited at attempt {paid}" if paid > 1 else "debited") + also
    return _SAID.get(stands) or _why_not_paid(work, fund, contribution, attempts)


def _why_not_paid(work: Work, fund: Fund, contribution: Contribution, attempts: tuple[Attempt, ...]) -> str:
    if attempts:
        last = attempts[-1]
        said = f" {last.reason_code} {last.reason_name or ''}".rstrip() if last.reason_code else ""
        return f"{last.outcome}{said}"
    cancelled = [one.cancelled_why for one in collections.attempts(work, contribution.id) if one.cancelled_why]
    if cancelled:
        return cancelled[-1]
    mandate = mandates.live(work, fund.id, contribution.employer_id)
    if mandate is None:
        return "no mandate"
    state = mandates.state(work, mandate.id)
    open_minor = contributions.open_minor(work, contribution.id)
    if mandate.amount_limit_minor is not None and open_minor > mandate.amount_limit_minor:
        return "the amount is above the limit that the employer set on its mandate"
    return "not planned yet" if state == "active" else f"the mandate is {state.replace('_', ' ')}, not active"


def _returnable_until(fund: Fund, calendars: Mapping[str, Calendar], paid_on: date | None) -> date | None:
    """Until when the money may still go back: the scheme's return window, and for CORE the refund window."""
    if paid_on is None:
        return None
    return returnable_until(
        paid_on, fund.return_window_open_days.value, fund.refund_window_days.value, calendars[fund.id]
    )


def _penalty(work: Work, contribution: Contribution, attempts: tuple[Attempt, ...]) -> tuple[PenaltyStanding, int, str]:
    made = [(one, penalties.state_of(work, one.id)) for one in penalties.penalties_of(work, contribution.id)]
    for penalty, state in made:
        if state in ("proposed", "charged"):
            formula = "; ".join(step.formula for step in penalties.steps_of(work, penalty.id))
            amount = penalties.amount_of(work, penalty.id)
            return PenaltyStanding(state), amount, f"{penalty.rule_id}: {formula}"
    decided = [one for one in attempts if one.effect]
    held = next((one for one in reversed(decided) if one.effect == "HOLD"), None)
    if held:
        return PenaltyStanding.HELD, 0, held.because or ""
    if made:
        return PenaltyStanding.WITHDRAWN, 0, penalties.newest_reason(work, made[-1][0].id)
    if not decided:
        return PenaltyStanding.NONE, 0, ""
    newest = decided[-1]
    if newest.effect == "PENALISE":
        return PenaltyStanding.NONE, 0, "the employer's failure, but nothing is late yet or no rule is in force"
    return PenaltyStanding.NONE, 0, newest.because or ""


def _waiting(work: Work) -> Iterator[Waiting]:
    for entry, disposition in reconcile.queue(work):
        yield Waiting(
            entry_id=entry.id,
            fund_id=entry.fund_id,
            message=entry.message,
            booking_date=entry.booking_date,
            direction=entry.direction,
            amount_minor=entry.amount_minor,
            currency=entry.currency,
            reason=disposition.reason,
            explanation=disposition.explanation,
            end_to_end_id=entry.end_to_end_id,
        )


_COLUMNS = (
    "fund",
    "registration_number",
    "employer",
    "reference",
    "period",
    "due_date",
    "amount",
    "currency",
    "paid_by_other_means",
    "refund_owed",
    "standing",
    "why",
    "paid_on",
    "returnable_until",
    "attempts",
    "reason_code",
    "party_at_fault",
    "penalty",
    "penalty_amount",
    "penalty_why",
)


def as_csv(made: Report) -> bytes:
    """The lines as CSV (UTF-8 with BOM, RFC 4180); no cell can become a formula in a spreadsheet."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(_COLUMNS)
    for line in made.lines:
        last = line.attempts[-1] if line.attempts else None
        cells = (
            line.fund_id,
            line.registration_number,
            line.employer,
            line.reference,
            line.period,
            line.due_date.isoformat(),
            format_minor(line.amount_minor, line.currency),
            line.currency,
            _amount(line.paid_otherwise_minor, line),
            _amount(line.refund_owed_minor, line),
            line.standing.value,
            line.why,
            line.paid_on.isoformat() if line.paid_on else "",
            line.returnable_until.isoformat() if line.returnable_until else "",
            str(len(line.attempts)),
            (last.reason_code or "") if last else "",
            (last.party or "") if last else "",
            line.penalty.value,
            _amount(line.penalty_minor, line),
            line.penalty_why,
        )
        writer.writerow([inert(cell) for cell in cells])
    return buffer.getvalue().encode("utf-8-sig")


def _amount(minor: int, line: Line) -> str:
    return format_minor(minor, line.currency) if minor else ""
