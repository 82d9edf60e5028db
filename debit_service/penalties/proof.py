"""Proof: does everything behind a penalty still stand? Take any piece of evidence away, and it is named here."""

from collections.abc import Callable, Iterator
from datetime import date

from debit_service.banks.models import BankFile
from debit_service.collections.models import Batch, Collection, Notice
from debit_service.contributions.models import Contribution
from debit_service.core.errors import DebitError
from debit_service.core.work import Work
from debit_service.disputes.models import Dispute
from debit_service.ledger.queries import balances_of
from debit_service.ledger.rules import Account, account
from debit_service.mandates.models import Mandate, MandateForm
from debit_service.penalties import queries
from debit_service.penalties.amount import Circumstances, compute
from debit_service.penalties.catalogue import PenaltyRules
from debit_service.penalties.models import FaultDecision, Penalty
from debit_service.penalties.values import Party
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
    """What is wrong with penalties that stand: no attribution to the employer, no such rule, evidence gone, another amount.

    And of any penalty: that the journal says something else.
    """
    for penalty in queries.listed(work):
        yield from (f"penalty {penalty.id}: {trouble}" for trouble in _posted(work, penalty))
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
    grounds = queries.grounds_of(work, penalty.contribution_id)
    if not any(one.party == Party.EMPLOYER.value for one in grounds):
        yield "no decision that stands attributes the failure to the employer"
    for decision in grounds:
        yield from (f"its evidence {evidence} is gone" for evidence in missing_evidence(work, decision))


def _posted(work: Work, penalty: Penalty) -> Iterator[str]:
    """Only a charged penalty stands in the journal, and with the sum of its steps."""
    amount = queries.amount_of(work, penalty.id) if queries.state_of(work, penalty.id) == "charged" else 0
    booked = {name: minor for name, minor in balances_of(work.session, penalty.id).items() if minor}
    receivable = account(Account.SURCHARGE_RECEIVABLE, penalty.fund_id)
    expected = {receivable: amount, account(Account.SURCHARGES, penalty.fund_id): -amount} if amount else {}
    if booked != expected:
        yield f"the journal says {booked}, its steps say {expected}"


def _from_the_case(work: Work, _: PenaltyRules, penalty: Penalty) -> Iterator[str]:
    """What it was computed from is what the contribution and the decision say."""
    owed = work.session.get_one(Contribution, penalty.contribution_id).amount_minor
    if penalty.inputs.get("base_minor") != owed:
        yield f"it was computed on {penalty.inputs.get('base_minor')}, owed is {owed} (minor units)"
    starts = [one.clock_start for one in queries.grounds_of(work, penalty.contribution_id) if one.clock_start]
    if starts and penalty.inputs.get("clock_start") != min(starts).isoformat():
        yield f"it was computed from {penalty.inputs.get('clock_start')}, its decision says {min(starts)}"


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
            [(_date(day), int(minor)) for day, minor in inputs.get("payments", [])],
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


_CHECKS: tuple[Callable[[Work, PenaltyRules, Penalty], Iterator[str]], ...] = (_attributed, _from_the_case, _recomputed)
