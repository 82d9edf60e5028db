"""Assess: for every failed debit, decide the fault; where it is the employer's, compute the late penalty.

Assessing again with the same evidence changes nothing; with other evidence the new decision replaces the old one, and a penalty
that has lost its ground is withdrawn by compensating entries.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from debit_service.collections import queries as collections
from debit_service.collections.models import Collection
from debit_service.contributions.models import Contribution
from debit_service.core import audit, events
from debit_service.core.calendar import Calendar
from debit_service.core.errors import Refused
from debit_service.core.work import Role, Work
from debit_service.funds.profile import BankProfile, Fund
from debit_service.penalties import queries
from debit_service.penalties.amount import Computation, compute
from debit_service.penalties.catalogue import PenaltyRules, ReasonCodes
from debit_service.penalties.fault import decide_fault, penalty_clock_start
from debit_service.penalties.models import FaultDecision, Penalty, PenaltyStep
from debit_service.penalties.service import lifecycle
from debit_service.penalties.service.evidence import case_file
from debit_service.penalties.values import Decision, Effect, Party
from debit_service.reconcile import queries as reconcile


@dataclass(frozen=True, slots=True)
class Assessed:
    """What an assessment changed."""

    decided: int
    penalties: int
    withdrawn: int


def assess(
    work: Work, fund: Fund, bank: BankProfile, calendar: Calendar, codes: ReasonCodes, rules: PenaltyRules, today: date
) -> Assessed:
    """Decide every failed collection of `fund`, and bring the penalties of its contributions to where the decisions say."""
    work.actor.require(Role.FINANCE_CLERK)
    touched: dict[str, None] = {}
    decided = 0
    for collection in collections.with_failure_or_decided(work, fund.id, queries.decided_collections(work)):
        if _decide(work, fund, bank, calendar, codes, collection):
            decided += 1
        touched[collection.contribution_id] = None
    made = withdrawn = 0
    for contribution_id in touched:
        contribution = work.session.get_one(Contribution, contribution_id)
        grounds = queries.grounds_of(work, contribution_id)
        if grounds:
            new, fallen = _penalise(work, fund, rules, contribution, grounds, today)
            made, withdrawn = made + new, withdrawn + fallen
        else:
            why = "the failure is no longer attributed to the employer"
            withdrawn += _withdraw(work, queries.penalties_of(work, contribution_id), why)
    return Assessed(decided, made, withdrawn)


def _decide(
    work: Work, fund: Fund, bank: BankProfile, calendar: Calendar, codes: ReasonCodes, collection: Collection
) -> bool:
    """Decide one collection; True when this says something new."""
    failure = reconcile.outcome_of(work, collection.id, collection.amount_minor).failure
    before = queries.decision_of(work, collection.id)
    if failure is None:
        if before is None or before.effect == Effect.NONE.value:
            return False
        argument = {
            "steps": [],
            "missing": [],
            "would_change": [],
            "ended": "the bank's answers no longer say that it failed",
        }
        return _store(work, collection, Party.INFO.value, Effect.NONE.value, "high", None, None, argument, None)
    case = case_file(work, fund, bank, calendar, collection, failure)
    said = case.failure.value
    reason = codes.find(said.code, said.code_set) if said.code else None
    decision = decide_fault(case, reason)
    clock = penalty_clock_start(case, decision) if decision.effect is Effect.PENALISE else None
    code = said.code or said.proprietary
    return _store(
        work,
        collection,
        decision.party.value,
        decision.effect.value,
        decision.certainty.value,
        code,
        said.code_set,
        _argument(decision),
        clock,
    )


def _argument(decision: Decision) -> dict[str, Any]:
    return {
        "steps": [asdict(step) | {"evidence": list(step.evidence)} for step in decision.steps],
        "missing": list(decision.missing),
        "would_change": list(decision.would_change),
        "evidence": list(decision.evidence),
    }


def _store(
    work: Work,
    collection: Collection,
    party: str,
    effect: str,
    certainty: str,
    code: str | None,
    code_set: str | None,
    argument: dict[str, Any],
    clock: date | None,
) -> bool:
    content = [party, effect, certainty, code, code_set, argument, clock.isoformat() if clock else None]
    digest = sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    before = queries.decision_of(work, collection.id)
    if before and before.digest == digest:
        return False
    if before:
        before.most_recent = False
        work.session.flush()
    row = FaultDecision(
        id=work.new_id(),
        collection_id=collection.id,
        contribution_id=collection.contribution_id,
        sort_key=before.sort_key + 1 if before else 1,
        most_recent=True,
        party=party,
        effect=effect,
        certainty=certainty,
        reason_code=code,
        reason_code_set=code_set,
        argument=argument,
        digest=digest,
        clock_start=clock,
        decided_at=work.now(),
    )
    work.session.add(row)
    work.session.flush()
    audit.record(work, "fault.decided", collection.id, party=party, effect=effect, code=code, decision=row.id)
    events.publish(work, "fault.decided", collection.id, party=party, effect=effect)
    return True


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
