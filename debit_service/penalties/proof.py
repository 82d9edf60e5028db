"""Proof: does everything behind a penalty still stand? Take any piece of evidence away, and it is named here."""

from collections.abc import Callable, Iterator
from datetime import date

from debit_service.banks.models import BankFile
from debit_service.collections.models import Batch, Collection, Notice
from debit_service.contributions.models import Contribution
from debit_service.core.errors import DebitError
from debit_service.core.work import Work
from debit_service.disputes.models import Dispute
from debit_service.mandates.models import Mandate, MandateForm
from debit_service.penalties import queries
from debit_service.penalties.amount import Circumstances, compute
from debit_service.penalties.catalogue import PenaltyRules
from debit_service.penalties.models import FaultDecision, Penalty
from debit_service.penalties.values import Effect, Party
from debit_service.reconcile.models import BankEntry

_TABLES = {
    "entry": BankEntry,
    "file": BankFile,
    "form": MandateForm,
    "collection": Collection,
    "batch": Batch,
    "notice": Notice,
    "mandate": Mandate,
    "contribution": Contribution,
    "dispute": Dispute,
}


def ungrounded(work: Work, rules: PenaltyRules) -> Iterator[str]:
    """What is wrong with penalties that stand: no attribution to the employer, no such rule, evidence gone, another amount."""
    for penalty in queries.listed(work):
        if queries.state_of(work, penalty.id) not in ("proposed", "charged"):
            continue
        for check in _CHECKS:
            yield from (f"penalty {penalty.id}: {trouble}" for trouble in check(work, rules, penalty))


def missing_evidence(work: Work, decision: FaultDecision) -> list[str]:
    """The evidence that a decision names and that is no longer there."""
    gone = []
    for evidence_id in decision.argument.get("evidence", []):
        kind, _, identifier = str(evidence_id).partition(":")
        table = _TABLES.get(kind)
        if table is not None and work.session.get(table, identifier) is None:
            gone.append(str(evidence_id))
    return gone


def _attributed(work: Work, _: PenaltyRules, penalty: Penalty) -> Iterator[str]:
    grounds = [
        one for one in queries.decisions_of(work, penalty.contribution_id) if one.effect == Effect.PENALISE.value
    ]
    if not any(one.party == Party.EMPLOYER.value for one in grounds):
        yield "no decision that stands attributes the failure to the employer"
    for decision in grounds:
        yield from (f"its evidence {evidence} is gone" for evidence in missing_evidence(work, decision))


def _recomputed(work: Work, rules: PenaltyRules, penalty: Penalty) -> Iterator[str]:
    inputs = penalty.inputs
    try:
        rule = rules.get(penalty.rule_id, penalty.rule_version)
        due_date = work.session.get_one(Contribution, penalty.contribution_id).due_date
        if not rule.in_force(due_date):
            yield f"the rule {penalty.rule_id} {penalty.rule_version} was not in force on {due_date}"
        again = compute(
            rule,
            int(inputs["base_minor"]),
            str(inputs["currency"]),
            _date(inputs["clock_start"]),
            _date(inputs["until"]),
            Circumstances(),
        )
    except (DebitError, KeyError, ValueError) as error:
        yield f"it cannot be computed again: {error}"
        return
    charged = {step.step_key: step.amount_minor for step in queries.steps_of(work, penalty.id)}
    expected = {step.step_key: step.amount_minor for step in again.steps}
    if charged != expected:
        yield f"its steps are {charged}; its stored inputs give {expected}"


def _date(text: object) -> date:
    return date.fromisoformat(str(text))


_CHECKS: tuple[Callable[[Work, PenaltyRules, Penalty], Iterator[str]], ...] = (_attributed, _recomputed)
