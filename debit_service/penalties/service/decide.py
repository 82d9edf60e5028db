"""Decide the fault of one failed debit, and keep the argument. The same evidence decided again changes nothing."""

import json
from dataclasses import asdict
from datetime import date
from hashlib import sha256
from typing import Any

from debit_service.collections.models import Collection
from debit_service.core import audit, events
from debit_service.core.calendar import Calendar
from debit_service.core.work import Work
from debit_service.funds.profile import BankProfile, Fund
from debit_service.penalties import queries
from debit_service.penalties.catalogue import ReasonCodes
from debit_service.penalties.fault import decide_fault, penalty_clock_start
from debit_service.penalties.models import FaultDecision
from debit_service.penalties.service.evidence import case_file
from debit_service.penalties.values import Decision, Effect, Party
from debit_service.reconcile import queries as reconcile


def decide(
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
