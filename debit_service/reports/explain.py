"""Explain: the whole reasoning about a contribution, from the form to the penalty or none, with the evidence of each step."""

from typing import Any

from debit_service.banks import queries as bank_files
from debit_service.collections import queries as collections
from debit_service.collections.models import Collection
from debit_service.contributions import queries as contributions
from debit_service.contributions.models import Contribution, OtherPayment
from debit_service.core.clock import business_date
from debit_service.core.errors import NotFound
from debit_service.core.money import format_minor
from debit_service.core.work import Work
from debit_service.disputes import queries as disputes
from debit_service.funds.queries import Funds
from debit_service.mandates import queries as mandates
from debit_service.mandates.models import Mandate
from debit_service.penalties import queries as penalties
from debit_service.penalties.fault.protection import Protection
from debit_service.penalties.models import FaultDecision, Penalty
from debit_service.penalties.proof import missing_evidence
from debit_service.penalties.service import protected
from debit_service.penalties.tariff.catalogue import ReasonCodes
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.models import BankEntry
from debit_service.reconcile.rules import Fact, surplus


def explanation(work: Work, funds: Funds, codes: ReasonCodes, identifier: str) -> dict[str, Any]:
    """Everything that led to the outcome, as JSON values. `identifier`: of a contribution (id, reference) or a penalty."""
    contribution = find(work, identifier)
    fund = funds.get(contribution.fund_id)
    return {
        "contribution": contribution.id,
        "reference": contribution.reference,
        "fund": fund.id,
        "period": contribution.period,
        "amount": format_minor(contribution.amount_minor, contribution.currency),
        "currency": contribution.currency,
        "due_date": contribution.due_date.isoformat(),
        "due_date_source": contribution.due_date_source,
        "paid_by_other_means": [_payment(one) for one in contributions.other_payments(work, contribution.id)],
        "refund_owed": format_minor(_refund_owed(work, contribution), contribution.currency),
        "protection": _protection(protected.of(work, contribution.id, business_date(work.clock, fund.time_zone))),
        "attempts": [_attempt(work, codes, one) for one in collections.attempts(work, contribution.id)],
        "disputes": [
            {"id": one.id, "opened_at": one.opened_at.isoformat(), "answer": one.answer}
            for one in disputes.of_contribution(work, contribution.id)
        ],
        "penalties": [_penalty(work, one) for one in penalties.penalties_of(work, contribution.id)],
    }


def find(work: Work, identifier: str) -> Contribution:
    """The contribution meant by an id, a reference, or the id of a penalty or collection. Raises NotFound."""
    penalty = work.session.get(Penalty, identifier)
    collection = work.session.get(Collection, identifier) or collections.by_end_to_end_id(work, identifier)
    owner = penalty.contribution_id if penalty else collection.contribution_id if collection else identifier
    try:
        return contributions.get(work, owner)
    except NotFound:
        raise NotFound(
            "explain.unknown",
            f"There is no contribution, collection or penalty {identifier}.",
            remedy="See `debit reconcile report --all` or `debit penalties list`.",
        ) from None


def _attempt(work: Work, codes: ReasonCodes, collection: Collection) -> dict[str, Any]:
    mandate = work.session.get_one(Mandate, collection.mandate_id)
    notice = collections.notice_sent(work, collection)
    batch = collections.batch_of(work, collection)
    approval = collections.approval(work, batch.id) if batch else None
    result = reconcile.outcome_of(work, collection.id, collection.amount_minor)
    return {
        "attempt": collection.attempt,
        "collection": collection.id,
        "end_to_end_id": collection.end_to_end_id,
        "collection_date": collection.collection_date.isoformat(),
        "date_reason": collection.date_reason,
        "cancelled_why": collection.cancelled_why,
        "mandate": mandate.reference,
        "mandate_history": [
            {
                "at": one.at.isoformat(timespec="minutes"),
                "state": one.to_state,
                "why": one.why,
                "evidence": one.evidence,
            }
            for one in mandates.history(work, mandate.id)
        ],
        "notice": (
            {"id": notice[0].id, "sent_at": _moment(notice[1].done_at), "amount_minor": notice[0].amount_minor}
            if notice
            else None
        ),
        "batch": (
            {
                "id": batch.id,
                "sha256": batch.sha256,
                "made_by": batch.made_by,
                "approved_by": approval.approved_by if approval else None,
                "sent_at": [
                    _moment(one.outcome_at) for one in collections.submissions(work, batch.id) if one.outcome == "sent"
                ],
            }
            if batch
            else None
        ),
        "outcome": result.state.value,
        "bank_said": [_fact(work, codes, one) for one in reconcile.facts_of(work, collection.id)],
        "decision": _decision(work, penalties.decision_of(work, collection.id)),
    }


def _moment(moment: Any) -> str | None:
    return moment.isoformat(timespec="minutes") if moment else None


def _fact(work: Work, codes: ReasonCodes, fact: Fact) -> dict[str, Any]:
    entry = work.session.get_one(BankEntry, fact.entry_id)
    file = bank_files.get(work, entry.file_id)
    row = codes.find(entry.reason_code, "S" if entry.reason_code_set == "S" else "R") if entry.reason_code else None
    return {
        "effect": fact.effect.value,
        "on": fact.on.isoformat(),
        "message": entry.message,
        "booking_date": entry.booking_date.isoformat() if entry.booking_date else None,
        "reason_code": entry.reason_code or entry.reason_proprietary,
        "reason_code_set": entry.reason_code_set if entry.reason_code else None,
        "reason_name": row.name if row else None,
        "entry": entry.id,
        "position_in_file": entry.position,
        "file": bank_files.name(work, file),
        "file_sha256": file.sha256,
    }


def _payment(payment: OtherPayment) -> dict[str, Any]:
    return {
        "payment": payment.id,
        "reference": payment.reference,
        "means": payment.means,
        "paid_on": payment.paid_on.isoformat(),
        "amount": format_minor(payment.amount_minor, payment.currency),
        "currency": payment.currency,
        "evidence": payment.evidence,
        "recorded_at": _moment(payment.recorded_at),
        "recorded_by": payment.recorded_by,
        "undone_at": _moment(payment.undone_at),
        "undone_by": payment.undone_by,
        "undone_why": payment.undone_why,
    }


def _protection(stands: Protection | None) -> dict[str, Any] | None:
    if stands is None:
        return None
    return {
        "standing": stands.standing.value,
        "since": stands.since.isoformat(),
        "until": stands.until.isoformat() if stands.until else None,
        "why": stands.why,
    }


def _refund_owed(work: Work, contribution: Contribution) -> int:
    otherwise = contributions.paid_otherwise_minor(work, contribution.id)
    too_much = surplus(contribution.amount_minor, reconcile.kept_minor(work, contribution.id), otherwise)
    return max(too_much - decisions.paid_out_minor(work, contribution.id), 0)


def _decision(work: Work, decision: FaultDecision | None) -> dict[str, Any] | None:
    if decision is None:
        return None
    return {
        "party": decision.party,
        "effect": decision.effect,
        "certainty": decision.certainty,
        "decided_at": decision.decided_at.isoformat(timespec="minutes"),
        "steps": decision.argument["steps"],
        "missing": decision.argument["missing"],
        "would_change": decision.argument["would_change"],
        "evidence_gone": missing_evidence(work, decision),
    }


def _penalty(work: Work, penalty: Penalty) -> dict[str, Any]:
    return {
        "penalty": penalty.id,
        "state": penalties.state_of(work, penalty.id),
        "rule": penalty.rule_id,
        "rule_version": penalty.rule_version,
        "clock_start": penalty.clock_start.isoformat(),
        "until": penalty.inputs["until"],
        "steps": [
            {"step": one.step_key, "from": one.from_date.isoformat(), "formula": one.formula}
            for one in penalties.steps_of(work, penalty.id)
        ],
        "total": format_minor(penalties.amount_of(work, penalty.id), penalty.currency),
        "bank_fee": format_minor(penalties.money_of(work, penalty.id).fees_computed_minor, penalty.currency),
        "currency": penalty.currency,
        "paid_before": [
            (day, format_minor(minor, penalty.currency)) for day, minor in penalty.inputs.get("payments", [])
        ],
        "inputs": penalty.inputs,
    }


def lines(told: dict[str, Any]) -> list[str]:
    """The explanation as a text that a finance clerk can read aloud."""
    text = [
        f"Contribution {told['reference']} of {told['fund']}, period {told['period']}",
        f"  owed: {told['amount']} {told['currency']}, due {told['due_date']} ({told['due_date_source']})",
    ]
    text += [_payment_line(one) for one in told["paid_by_other_means"]]
    if told["refund_owed"] != format_minor(0, told["currency"]):
        text.append(f"  to be refunded: {told['refund_owed']} {told['currency']}, paid beyond what is owed")
    if stands := told["protection"]:
        until = f" until {stands['until']}" if stands["until"] else ""
        standing = stands["standing"].replace("_", " ")
        text.append(f"  towards lateness: {standing} since {stands['since']}{until}: {stands['why']}")
    for attempt in told["attempts"]:
        text += _attempt_lines(attempt)
    text += [f"Dispute {one['id']}: {one['answer'] or 'open'}" for one in told["disputes"]]
    for penalty in told["penalties"]:
        text.append(f"Penalty {penalty['penalty']}: {penalty['state']}, {penalty['total']} {penalty['currency']}")
        text.append(
            f"  rule {penalty['rule']} {penalty['rule_version']}, from {penalty['clock_start']} to {penalty['until']}"
        )
        text += [f"  {amount} {penalty['currency']} of it paid on {day}" for day, amount in penalty["paid_before"]]
        text += [f"  {step['step']}: {step['formula']}" for step in penalty["steps"]]
        if penalty["bank_fee"] != format_minor(0, penalty["currency"]):
            text.append(f"  fee of the bank: {penalty['bank_fee']} {penalty['currency']}")
    if not told["penalties"]:
        text.append("No penalty.")
    return text


def _payment_line(payment: dict[str, Any]) -> str:
    undone = f"; undone by {payment['undone_by']}: {payment['undone_why']}" if payment["undone_at"] else ""
    return (
        f"  paid by {payment['means']}: {payment['amount']} {payment['currency']} on {payment['paid_on']}"
        f" (reference {payment['reference']}, {payment['evidence']}, recorded by {payment['recorded_by']}{undone})"
    )


def _attempt_lines(attempt: dict[str, Any]) -> list[str]:
    text = ["", f"Attempt {attempt['attempt']}: {attempt['outcome']}, debit of {attempt['collection_date']}"]
    text.append(f"  why that day: {attempt['date_reason']}")
    text.append(
        f"  mandate {attempt['mandate']}: "
        + ", ".join(f"{one['state']} {one['at'][:10]}" for one in attempt["mandate_history"])
    )
    notice, batch = attempt["notice"], attempt["batch"]
    text.append(
        f"  notice: {'sent ' + str(notice['sent_at']) + ' (' + notice['id'] + ')' if notice else 'none went out'}"
    )
    if batch:
        sent = ", ".join(str(one) for one in batch["sent_at"]) or "not yet"
        text.append(
            f"  batch {batch['id']}: made by {batch['made_by']}, approved by {batch['approved_by']}, sent {sent}"
        )
    for said in attempt["bank_said"]:
        reason = f" {said['reason_code']} {said['reason_name'] or '(unknown code)'}" if said["reason_code"] else ""
        text.append(
            f"  the bank: {said['effect']}{reason}, {said['booking_date'] or 'before settlement'}"
            f" ({said['message']}, {said['file']}, entry {said['position_in_file']})"
        )
    decision = attempt["decision"]
    if decision:
        text.append(f"  at fault: {decision['party']} -> {decision['effect']} (certainty {decision['certainty']})")
        text += [f"    {step['rule']}: {step['outcome']}. {step['because']}" for step in decision["steps"]]
        text += [f"    missing: {one}" for one in decision["missing"]]
        text += [f"    another answer here would change it: {one}" for one in decision["would_change"]]
    return text
