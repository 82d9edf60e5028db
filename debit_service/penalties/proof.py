"""Proof: does everything behind a penalty still stand? Take any piece of evidence away, and it is named here."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import select

from debit_service.banks.models import BankFile
from debit_service.collections.models import Batch, Collection, Notice
from debit_service.collections.queries import attempts_of_each
from debit_service.contributions.models import Contribution
from debit_service.core.bulk import among
from debit_service.core.database import Base
from debit_service.core.errors import DebitError, NotFound
from debit_service.core.models import JobRun
from debit_service.core.work import Work
from debit_service.disputes import queries as disputes
from debit_service.disputes.models import Dispute
from debit_service.funds.queries import Funds
from debit_service.ledger.queries import balances_of_each
from debit_service.ledger.rules import account
from debit_service.mandates.models import Mandate, MandateForm
from debit_service.penalties import at_the_bank, notice_queries, queries
from debit_service.penalties.fault.values import Effect, Party
from debit_service.penalties.life import ASKED, STANDING, Said, is_untold, positions, state_by_money
from debit_service.penalties.models import (
    FaultDecision,
    FaultFinding,
    PenaltyFee,
    PenaltyStep,
    ServiceOutage,
)
from debit_service.penalties.queries import Shown
from debit_service.penalties.service import outages
from debit_service.penalties.tariff import days, used
from debit_service.penalties.tariff.amount import compute
from debit_service.penalties.tariff.catalogue import NEW_VERSION, REWRITTEN, PenaltyRules
from debit_service.penalties.tariff.counting import Stretch
from debit_service.penalties.tariff.others_days import of_outages
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.models import BankEntry

_TABLES: Final[dict[str, type[Base]]] = {
    "entry": BankEntry,
    "file": BankFile,
    "form": MandateForm,
    "collection": Collection,
    "batch": Batch,
    "notice": Notice,
    "mandate": Mandate,
    "contribution": Contribution,
    "dispute": Dispute,
    "finding": FaultFinding,
    "outage": ServiceOutage,
    "run": JobRun,
}


#: Penalties that are looked at together.
_AT_A_TIME: Final = 500


@dataclass(frozen=True, slots=True)
class _Set:
    """Some penalties with everything that they are held against, read in one query of each kind."""

    decisions: dict[str, list[FaultDecision]]  # by contribution: those that stand
    named: dict[str, FaultDecision]  # by id: those that penalties name
    steps: dict[str, list[PenaltyStep]]
    fees: dict[str, list[PenaltyFee]]
    said: dict[str, Said]
    booked: dict[str, dict[str, int]]
    contested: frozenset[str]  # contributions
    asked: dict[str, int]  # contribution -> how many of its penalties are asked for
    others_days: dict[str, list[Stretch]]  # contribution -> days on which others, or we, kept the money away
    outage_days: dict[str, list[Stretch]]  # fund -> days of our outages
    gone: frozenset[str]  # evidence

    def grounds(self, one: Shown) -> list[FaultDecision]:
        """The decisions that carry a penalty; in a dispute, that are not answered yet, the one on which it was made."""
        standing = self.decisions.get(one.contribution.id, [])
        found = [each for each in standing if each.effect == Effect.PENALISE.value]
        held = any(each.effect == Effect.HOLD.value for each in standing)
        if not found and held and one.contribution.id in self.contested:
            made_on = self.named.get(one.penalty.decision_id)
            found = [made_on] if made_on and made_on.effect == Effect.PENALISE.value else []
        return found


def ungrounded(work: Work, rules: PenaltyRules, funds: Funds) -> Iterator[str]:
    """What is wrong with penalties that stand: no attribution to the employer, no such rule, evidence gone, another amount, days
    that are not the employer's. And with rules: that their text was edited after they were used.

    And of any penalty: that its state, or the journal, says something else than its money; that it is not the only one asked for.
    """
    rules = used.as_used(work, rules)
    for rule in rules.rewritten:
        yield f"penalty rule {rule.id} {rule.version}: {REWRITTEN}; nothing new is computed by it. {NEW_VERSION}"
    zones = {fund.id: fund.time_zone for fund in funds}
    after = ""
    while found := queries.listed(work, after=after, limit=_AT_A_TIME):
        after = found[-1].penalty.id
        about = _about(work, zones, found)
        for one in found:
            checks = (*_ALWAYS, *_OF_STANDING) if one.state in STANDING else _ALWAYS
            for check in checks:
                yield from (f"penalty {one.penalty.id}: {trouble}" for trouble in check(about, rules, one))
    yield from at_the_bank.misshown(work)


def missing_evidence(work: Work, decision: FaultDecision) -> list[str]:
    """The evidence that a decision names and that is no longer there."""
    gone = _gone(work, [decision])
    return [name for name in _evidence(decision) if name in gone]


def _about(work: Work, zones: Mapping[str, str], found: list[Shown]) -> _Set:
    ids = [one.penalty.id for one in found]
    contributions = {one.contribution.id for one in found}
    decisions = queries.decisions_of_each(work, contributions)
    named = queries.decisions_by_id(work, {one.penalty.decision_id for one in found})
    grounds = [
        one for each in (*decisions.values(), named.values()) for one in each if one.effect == Effect.PENALISE.value
    ]
    in_dispute = disputes.stretches_of(work, contributions)
    attempts = attempts_of_each(work, contributions)
    outcomes = reconcile.outcomes_of(work, {one.id: one.amount_minor for each in attempts.values() for one in each})
    times = outages.times(work)
    return _Set(
        decisions=decisions,
        named=named,
        steps=queries.steps_of_each(work, ids),
        fees=queries.fees_of_each(work, ids),
        said=notice_queries.said_of_each(work, ids),
        booked=balances_of_each(work.session, ids),
        contested=frozenset(one for one, days in in_dispute.items() if any(last is None for _, last in days)),
        asked=queries.count_asked(work, contributions),
        gone=_gone(work, grounds),
        others_days=days.others_days_of_each(work, attempts, decisions, outcomes),
        outage_days={name: of_outages(times, zone) for name, zone in zones.items()},
    )


def _evidence(decision: FaultDecision) -> list[str]:
    return [str(one) for one in decision.argument.get("evidence", [])]


def _gone(work: Work, decisions: Iterable[FaultDecision]) -> frozenset[str]:
    """Of all that these decisions name as evidence, what is in no table any more."""
    named: dict[str, set[str]] = {}
    for decision in decisions:
        for evidence in _evidence(decision):
            kind, _, identifier = evidence.partition(":")
            named.setdefault(kind, set()).add(identifier)
    gone = set()
    for kind, table in _TABLES.items():
        wanted = named.get(kind, set())
        key: Any = next(iter(table.__table__.primary_key))
        there = set(work.session.scalars(select(key).where(among(work.session, key, wanted)))) if wanted else set()
        gone |= {f"{kind}:{identifier}" for identifier in wanted - there}
    return frozenset(gone)


def _posted(about: _Set, _: PenaltyRules, one: Shown) -> Iterator[str]:
    """The journal says what is owed and paid."""
    booked = {name: minor for name, minor in about.booked.get(one.penalty.id, {}).items() if minor}
    target = positions(one.money)
    expected = {account(kind, one.penalty.fund_id): minor for kind, minor in target.items() if minor}
    if booked != expected:
        yield f"the journal says {booked}, its steps, reliefs, fees and payments say {expected}"


def _in_its_state(about: _Set, _: PenaltyRules, one: Shown) -> Iterator[str]:
    """What is not confirmed asks for nothing; what is, is paid, notified or neither as its money says."""
    if one.state not in ASKED and one.money.owed_minor:
        yield f"it is {one.state}, and asks for {one.money.owed_minor} (minor units)"
    said = about.said[one.penalty.id]
    says = state_by_money(one.state, one.money, said.told_minor)
    if says != one.state:
        yield f"it is {one.state}; what is owed, paid and told says {says}"
    if one.state == "confirmed" and is_untold(one.state, one.money, said) and not one.penalty.untold:
        yield "the employer is not told what is owed of it, and no run would tell it"


def _alone(about: _Set, _: PenaltyRules, one: Shown) -> Iterator[str]:
    if one.state in ASKED and about.asked.get(one.contribution.id, 0) > 1:
        yield "another penalty of the same contribution is asked for as well"


def _attributed(about: _Set, _: PenaltyRules, one: Shown) -> Iterator[str]:
    grounds = about.grounds(one)
    if not any(each.party == Party.EMPLOYER.value for each in grounds):
        yield "no decision that stands attributes the failure to the employer"
    for name in dict.fromkeys(name for each in grounds for name in _evidence(each)):
        if name in about.gone:
            yield f"its evidence {name} is gone"
    failed = {each.collection_id for each in grounds}
    for fee in about.fees.get(one.penalty.id, []):
        if fee.collection_id not in failed:
            yield f"it claims a fee for {fee.collection_id}, whose failure is not the employer's"


def _from_the_case(about: _Set, rules: PenaltyRules, one: Shown) -> Iterator[str]:
    """What it was computed from is what the contribution and the decision say."""
    inputs, owed = one.penalty.inputs, one.contribution.amount_minor
    if inputs.get("base_minor") != owed:
        yield f"it was computed on {inputs.get('base_minor')}, owed is {owed} (minor units)"
    starts = [each.clock_start for each in about.grounds(one) if each.clock_start]
    if starts and not _may_start(rules, one, min(starts)):
        yield f"it was computed from {inputs.get('clock_start')}, its decision says {min(starts)}"


def _may_start(rules: PenaltyRules, one: Shown, failed_on: date) -> bool:
    """Whether the clock may have started when the penalty says; under some rules that is as early as the legal due date."""
    start = one.penalty.inputs.get("clock_start")
    try:
        early = rules.get(one.penalty.rule_id, one.penalty.rule_version).clock_start == "due_date"
    except NotFound:
        early = False
    first = one.contribution.due_date if early else failed_on
    return isinstance(start, str) and first.isoformat() <= start <= failed_on.isoformat()


def _recomputed(about: _Set, rules: PenaltyRules, one: Shown) -> Iterator[str]:
    penalty = one.penalty
    try:
        rule = rules.get(penalty.rule_id, penalty.rule_version)
        again = rules.computed_again(penalty.inputs)
    except (DebitError, KeyError, ValueError) as error:
        yield f"it cannot be computed again: {error}"
        return
    if not rule.in_force(one.contribution.due_date):
        yield f"the rule {rule.id} {rule.version} was not in force on {one.contribution.due_date}"
    stored = {step.step_key: step.amount_minor for step in about.steps.get(penalty.id, [])}
    expected = {step.step_key: step.amount_minor for step in again.steps}
    if stored != expected:
        yield f"its steps are {stored}; its stored inputs give {expected}"


def _only_the_employers_days(about: _Set, rules: PenaltyRules, one: Shown) -> Iterator[str]:
    """Nothing is charged for days on which others, or we, kept the money away; while a dispute holds it, it stays as it was."""
    others = [*about.others_days.get(one.contribution.id, ()), *about.outage_days.get(one.penalty.fund_id, ())]
    if not others or one.contribution.id in about.contested:
        return
    try:
        taken = rules.taken(one.penalty.inputs)
        without = compute(**taken | {"others_days": [*taken["others_days"], *others]}).total_minor
    except (DebitError, KeyError, ValueError):
        return  # `_recomputed` says so
    charged = sum(step.amount_minor for step in about.steps.get(one.penalty.id, []))
    if without < charged:
        yield (
            f"it was computed with days on which the employer was not in the way: it comes to {charged}, without them to"
            f" {without} (minor units)"
        )


_Check = Callable[[_Set, PenaltyRules, Shown], Iterator[str]]
_ALWAYS: Final[tuple[_Check, ...]] = (_posted, _in_its_state, _alone)
_OF_STANDING: Final[tuple[_Check, ...]] = (
    _attributed,
    _from_the_case,
    _recomputed,
    _only_the_employers_days,
)
