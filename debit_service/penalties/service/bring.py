"""Bring the penalties of a contribution to what the decisions about its attempts, the rule in force and the payments say."""

from collections.abc import Sequence
from datetime import date

from debit_service.contributions.models import Contribution
from debit_service.core import audit
from debit_service.core.errors import Refused
from debit_service.core.work import Work
from debit_service.funds.profile import Fund
from debit_service.penalties import queries
from debit_service.penalties.amount import Computation, compute
from debit_service.penalties.catalogue import PenaltyRules
from debit_service.penalties.models import FaultDecision, Penalty, PenaltyStep
from debit_service.penalties.service import lifecycle
from debit_service.reconcile import queries as reconcile


def bring(work: Work, fund: Fund, rules: PenaltyRules, contribution: Contribution, today: date) -> tuple[int, int]:
    """Bring the penalties of `contribution` to where the decisions say; returns how many are new, and how many have fallen."""
    grounds = queries.grounds_of(work, contribution.id)
    if grounds:
        return _penalise(work, fund, rules, contribution, grounds, today)
    why = "the failure is no longer attributed to the employer"
    return 0, _withdraw(work, queries.penalties_of(work, contribution.id), why)


def _penalise(
    work: Work, fund: Fund, rules: PenaltyRules, contribution: Contribution, grounds: list[FaultDecision], today: date
) -> tuple[int, int]:
    """Bring the penalty to what is due by `today`, or by the day of payment; returns how many are new, how many have fallen."""
    ground = min(grounds, key=lambda one: one.clock_start or date.max)
    try:
        rule = rules.in_force(fund.penalty_rules, contribution.due_date)
    except Refused:
        # The report says so; no rule is guessed.
        return 0, 0
    payments = reconcile.payments(work, contribution.id)
    until = min(_paid_in_full_on(contribution.amount_minor, payments) or today, today)
    result = compute(
        rule,
        contribution.amount_minor,
        contribution.currency,
        ground.clock_start or today,
        until,
        payments=[(day, minor) for day, minor in payments if day < until],
    )
    penalty = queries.penalty_of(work, contribution.id, rule.id, rule.version)
    others = [one for one in queries.penalties_of(work, contribution.id) if one is not penalty]
    fallen = _withdraw(work, others, "another version of the rule holds for this due date")
    if not result.steps:
        paid_in_time = [penalty] if penalty else []
        return 0, fallen + _withdraw(work, paid_in_time, "nothing is late by what is known now")
    new = penalty is None
    if penalty is None:
        penalty = _new_penalty(work, fund, contribution, ground, result)
    if lifecycle.withdrawn_by_a_person(work, penalty):
        return 0, fallen
    state = queries.state_of(work, penalty.id)
    if state == "charged" and result.needs_confirmation and result.total_minor > queries.amount_of(work, penalty.id):
        # A person adopted what was proposed then; nothing more is charged by itself under a rule that nobody confirmed.
        return 0, fallen
    _bring_steps(work, penalty, ground, result)
    if state in (None, "withdrawn"):
        unconfirmed = result.needs_confirmation
        why = (
            "the rule is not confirmed: a person must adopt it"
            if unconfirmed
            else "the rule is confirmed, the fault decided"
        )
        lifecycle.change(work, penalty, "proposed" if unconfirmed else "charged", why, {"decision": ground.id})
    else:
        lifecycle.post(work, penalty)
    return int(new), fallen


def _paid_in_full_on(owed_minor: int, payments: list[tuple[date, int]]) -> date | None:
    """The day of the payment with which nothing was owed any more; None while something is."""
    for day, minor in payments:
        owed_minor -= minor
        if owed_minor <= 0:
            return day
    return None


def _new_penalty(
    work: Work, fund: Fund, contribution: Contribution, ground: FaultDecision, result: Computation
) -> Penalty:
    penalty = Penalty(
        id=work.new_id(),
        contribution_id=contribution.id,
        decision_id=ground.id,
        fund_id=fund.id,
        rule_id=result.rule_id,
        rule_version=result.rule_version,
        currency=contribution.currency,
        base_minor=contribution.amount_minor,
        clock_start=ground.clock_start or contribution.due_date,
        inputs=result.inputs,
        made_at=work.now(),
    )
    work.session.add(penalty)
    work.session.flush()
    return penalty


def _bring_steps(work: Work, penalty: Penalty, ground: FaultDecision, result: Computation) -> None:
    """Make the steps those of `result`. What came to light late (an earlier payment, another ground) can also take some away; the
    journal then gives the difference back."""
    known = {step.step_key: step for step in queries.steps_of(work, penalty.id)}
    before = sum(step.amount_minor for step in known.values())
    for key in known.keys() - {step.step_key for step in result.steps}:
        work.session.delete(known[key])
    for step in result.steps:
        row = known.get(step.step_key) or PenaltyStep(penalty_id=penalty.id, step_key=step.step_key)
        row.from_date, row.to_date = step.from_date, step.to_date
        row.amount_minor, row.formula = step.amount_minor, step.formula
        work.session.add(row)
    penalty.inputs, penalty.decision_id = result.inputs, ground.id
    penalty.clock_start = ground.clock_start or penalty.clock_start
    work.session.flush()
    if known and before != result.total_minor:
        audit.record(work, "penalty.recomputed", penalty.id, before_minor=before, after_minor=result.total_minor)


def _withdraw(work: Work, penalties: Sequence[Penalty], why: str) -> int:
    """Penalties whose ground is gone fall; what was charged is given back by compensating entries. Returns how many fell."""
    standing = [one for one in penalties if queries.state_of(work, one.id) in ("proposed", "charged")]
    for penalty in standing:
        lifecycle.change(work, penalty, "withdrawn", why)
    return len(standing)
