"""Bring the penalties of a contribution to what the decisions about its attempts, the rule in force and the payments say.

What is too much falls by itself; what is more is confirmed by itself only within the fund's limits, and else waits for a person.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from typing import Final

from debit_service.collections.queries import Tried, attempts_of_each
from debit_service.collections.rules import RetryPolicy, may_try_again
from debit_service.contributions.models import Contribution
from debit_service.core import audit
from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.work import Work
from debit_service.disputes import queries as disputes
from debit_service.disputes.queries import Stretch
from debit_service.funds.profile import Fund
from debit_service.penalties import queries
from debit_service.penalties.fault.values import Effect
from debit_service.penalties.life import ASKED, NO_GROUND, NOT_LATE, OTHER_VERSION, STANDING, needs_a_person
from debit_service.penalties.models import FaultDecision, Penalty, PenaltyFee, PenaltyStep, PenaltyTransition
from debit_service.penalties.service import fees, lifecycle, outages
from debit_service.penalties.service.carry_over import carry_over
from debit_service.penalties.tariff import circumstances, days, used
from debit_service.penalties.tariff.amount import USUAL, Circumstances, Computation, compute
from debit_service.penalties.tariff.catalogue import PenaltyRules
from debit_service.penalties.tariff.counting import add_months
from debit_service.penalties.tariff.days import Paid
from debit_service.penalties.tariff.others_days import between, of_outages
from debit_service.penalties.tariff.rule import PenaltyRule
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.rules import Outcome, paid_in_full_on


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of some contributions and their penalties, read in one query of each kind."""

    decisions: Mapping[str, list[FaultDecision]]
    in_dispute: Mapping[str, list[Stretch]]
    unless_rejected: Mapping[str, list[Stretch]]
    attempts: Mapping[str, list[Tried]]
    outcomes: Mapping[str, Outcome]
    payments: Mapping[str, list[Paid]]
    others_days: Mapping[str, list[Stretch]]
    outage_days: Sequence[Stretch]
    circumstances: Mapping[str, Circumstances]
    #: Rule and version -> why nothing could be computed by it, None where it could: noted case by case.
    held: dict[tuple[str, str], str | None]
    #: Rule and version of what was computed: noted case by case, kept once.
    used: set[tuple[str, str]]
    penalties: Mapping[str, list[Penalty]]
    newest: Mapping[str, PenaltyTransition]
    steps: Mapping[str, list[PenaltyStep]]
    fees: Mapping[str, list[PenaltyFee]]
    charged: Mapping[str, int]
    upheld: Mapping[str, str]
    outage_withdrawn: AbstractSet[str]

    def state(self, penalty: Penalty) -> str | None:
        """The state of a penalty; None before its first."""
        newest = self.newest.get(penalty.id)
        return newest.to_state if newest else None


@dataclass(frozen=True, slots=True)
class _Case:
    """What the penalty of one contribution is brought to."""

    fund: Fund
    rules: PenaltyRules
    contribution: Contribution
    known: _Known
    today: date

    @property
    def decisions(self) -> list[FaultDecision]:
        """The decisions about its attempts that stand."""
        return self.known.decisions.get(self.contribution.id, [])

    @property
    def grounds(self) -> list[FaultDecision]:
        """Those of them that call for a penalty."""
        return [one for one in self.decisions if one.effect == Effect.PENALISE.value]

    @property
    def ground(self) -> FaultDecision:
        """The decision from which lateness counts: the earliest."""
        return min(self.grounds, key=lambda one: one.clock_start or date.max)

    @property
    def in_dispute(self) -> list[Stretch]:
        """The days on which it was contested."""
        return self.known.in_dispute.get(self.contribution.id, [])

    @property
    def contested(self) -> bool:
        """Whether a dispute waits for its answer."""
        return any(last is None for _, last in self.in_dispute)

    @property
    def penalties(self) -> list[Penalty]:
        """What was made of it before."""
        return self.known.penalties.get(self.contribution.id, [])

    @property
    def fees(self) -> dict[str, int]:
        """Collection -> what the bank charged for its failure and keeps, where the fund's law lets it be claimed.

        Where the fund says so without being sure, a person decides about it.
        """
        if not self.fund.penalties.rebill_bank_fee.value:
            return {}
        charged = {one.collection_id: self.known.charged.get(one.collection_id, 0) for one in self.grounds}
        return {name: minor for name, minor in charged.items() if minor > 0}

    @property
    def fee_alone(self) -> bool:
        """Whether the bank's fee is claimed without a penalty: once all is paid, when none can follow any more."""
        paid_minor = sum(one.minor for one in self.known.payments.get(self.contribution.id, []))
        return bool(self.fees) and paid_minor >= self.contribution.amount_minor

    @property
    def presentable(self) -> Tried | None:
        """The newest debit, where the fund's rules foresee another one after its failure and none was made.

        What the fund allows for the bank's fees is left out: in doubt, a person looks.
        """
        tried = [one for one in self.known.attempts.get(self.contribution.id, ()) if one.cancelled_why is None]
        codes = [failure.code for one in tried if (failure := self.known.outcomes[one.id].failure)]
        policy = self.fund.debit_policy
        if not (policy.max_attempts.confirmed and policy.retry_codes.confirmed) or not codes or len(codes) < len(tried):
            return None
        retry = RetryPolicy(frozenset(policy.retry_codes.value), policy.max_attempts.value, 0, 0)
        return tried[-1] if may_try_again(codes, 0, retry) is None else None


NOT_PRESENTED: Final = "the debit was not presented again as the fund's rules foresee: a person decides"


def bring_each(
    work: Work, fund: Fund, rules: PenaltyRules, contributions: Sequence[Contribution], today: date
) -> tuple[int, int]:
    """Bring the penalties of these contributions of `fund` to where the decisions say; returns how many are new, how many fell.

    While the employer contests it and nothing else is known against it, what stands stays: it neither grows nor falls.
    """
    rules = used.as_used(work, rules)
    known = _known(work, fund, rules, [one.id for one in contributions])
    done = [_bring(work, _Case(fund, rules, one, known, today)) for one in contributions]
    used.keep(work, rules, sorted(known.used))
    used.hold(work, rules, fund.id, known.held)
    fees.lower(work, [one for those in known.penalties.values() for one in those], today)
    return sum(new for new, _ in done), sum(fallen for _, fallen in done)


def _known(work: Work, fund: Fund, rules: PenaltyRules, ids: Sequence[str]) -> _Known:
    penalties = queries.penalties_of_each(work, ids)
    penalty_ids = [one.id for those in penalties.values() for one in those]
    attempts = attempts_of_each(work, ids)
    tried = {one.id: one.amount_minor for those in attempts.values() for one in those}
    outcomes = reconcile.outcomes_of(work, tried)
    decisions = queries.decisions_of_each(work, ids)
    by_value = any(rule.payment_date == "value" for rule in rules)
    return _Known(
        decisions=decisions,
        in_dispute=disputes.stretches_of(work, ids),
        unless_rejected=disputes.stretches_of(work, ids, without_rejected=True),
        attempts=attempts,
        outcomes=outcomes,
        payments=days.payments_of_each(work, ids, attempts, outcomes, with_value_dates=by_value),
        others_days=days.others_days_of_each(work, attempts, decisions, outcomes),
        outage_days=of_outages(outages.times(work), fund.time_zone),
        circumstances=circumstances.of_each(work, ids),
        held={},
        used=set(),
        penalties=penalties,
        newest=queries.newest_of_each(work, penalty_ids),
        steps=queries.steps_of_each(work, penalty_ids),
        fees=queries.fees_of_each(work, penalty_ids),
        charged=reconcile.charges_kept(work, outcomes),
        upheld=disputes.upheld_about_penalty(work, penalty_ids),
        outage_withdrawn=outages.once_covered(work, ids),
    )


def _bring(work: Work, case: _Case) -> tuple[int, int]:
    if case.grounds:
        return _penalise(work, case)
    if case.contested and any(one.effect == Effect.HOLD.value for one in case.decisions):
        return 0, 0
    return 0, _reverse(work, case, case.penalties, NO_GROUND)


def _penalise(work: Work, case: _Case) -> tuple[int, int]:
    """Bring the penalty to what is due today, or by the day of payment; returns how many are new, how many have fallen."""
    result = _by_the_rule_in_force(case)
    if result is None:
        return 0, _lower(work, case)
    under_it = (result.rule_id, result.rule_version)
    penalty = next((one for one in case.penalties if (one.rule_id, one.rule_version) == under_it), None)
    others = [one for one in case.penalties if one is not penalty]
    fallen = _reverse(work, case, others, OTHER_VERSION)
    if not (result.steps or case.fee_alone):
        return 0, fallen + (_not_late(work, case, penalty, result) if penalty else 0)
    case.known.used.update([under_it, *map(tuple, result.inputs.get("later", ()))])
    new = penalty is None
    if penalty is None:
        penalty = _new_penalty(work, case, result)
    if _taken_back(case, penalty):
        _keep_to(work, case, penalty, result, by_itself=False)
    elif case.known.state(penalty) != "waived":
        _bring_to(work, case, penalty, result)
    return int(new), fallen


def _taken_back(case: _Case, penalty: Penalty) -> bool:
    """Whether a person took the penalty back: it stays so, and says what it would come to if a person asked for it again."""
    newest = case.known.newest.get(penalty.id)
    return newest is not None and lifecycle.reversed_by_a_person(newest)


def _not_late(work: Work, case: _Case, penalty: Penalty, result: Computation) -> int:
    """Nothing is late: what stands falls, and of what a person took back nothing is left. Returns how many fell."""
    if _taken_back(case, penalty):
        _bring_steps(work, case, penalty, result, by_itself=False)
        for fee in case.known.fees.get(penalty.id, ()):
            work.session.delete(fee)
        penalty.inputs = result.inputs
    return _reverse(work, case, [penalty], NOT_LATE)


def _lower(work: Work, case: _Case) -> int:
    """While it is not known which rule holds, what stands is computed by its own: it can only become less. How many fell."""
    fallen = 0
    for penalty in case.penalties:
        if case.known.state(penalty) not in STANDING:
            continue
        try:
            result = _computed(case, case.rules.get(penalty.rule_id, penalty.rule_version))
        except (NotFound, Refused, InvalidInput):
            continue
        steps = case.known.steps.get(penalty.id, ())
        if not (result.steps or case.fee_alone):
            fallen += _reverse(work, case, [penalty], NOT_LATE)
        elif result.total_minor < sum(step.amount_minor for step in steps):
            _keep_to(work, case, penalty, result, by_itself=False)
            work.session.flush()
            lifecycle.post(work, penalty, case.today)
    return fallen


def _bring_to(work: Work, case: _Case, penalty: Penalty, result: Computation) -> None:
    state = case.known.state(penalty)
    former = [one.id for one in case.penalties if one is not penalty]
    person = _takes_the_place(former) or _needs_a_person(work, case, penalty, result)
    by_itself = state in ASKED and person is None
    changed = _keep_to(work, case, penalty, result, by_itself=by_itself)
    if state not in (None, "reversed"):
        if changed:
            work.session.flush()
            lifecycle.post(work, penalty, case.today)
        return
    work.session.flush()
    why = person or "the rule is confirmed, the fault decided, the amount within the fund's limit"
    evidence = {"decision": case.ground.id} | ({} if person else {lifecycle.BY_ITSELF: case.today.isoformat()})
    lifecycle.change(work, penalty, "proposed" if person else "confirmed", why, case.today, evidence)
    if former:
        carry_over(work, former, penalty.id, case.today)


def _takes_the_place(former: Sequence[str]) -> str | None:
    """Why a penalty under another version of the rule is never confirmed by itself: what became of those before it may count."""
    if not former:
        return None
    return (
        f"it takes the place of {', '.join(former)}: a person decides, by what became of that and what was paid for it"
    )


def _keep_to(work: Work, case: _Case, penalty: Penalty, result: Computation, *, by_itself: bool) -> bool:
    """Let a penalty say what was computed, from what, and on which decision; returns whether its money changed."""
    changed = _bring_steps(work, case, penalty, result, by_itself=by_itself)
    changed = _bring_fees(work, case, penalty, by_itself=by_itself) or changed
    penalty.inputs, penalty.decision_id = result.inputs, case.ground.id
    penalty.clock_start = case.ground.clock_start or penalty.clock_start
    return changed


def _needs_a_person(work: Work, case: _Case, penalty: Penalty, result: Computation) -> str | None:
    """Why what is new of a penalty is not confirmed by itself; None when it is."""
    if case.contested or penalty.id in case.known.upheld:
        return "the employer contests it, or was right about it: a person decides"
    if case.known.state(penalty) == "reversed":
        return "it was reversed before: a person decides whether it is asked for again"
    if case.contribution.id in case.known.outage_withdrawn:
        return "an outage of ours stood recorded for its time and was withdrawn: a person decides"
    if case.fees and not case.fund.penalties.rebill_bank_fee.confirmed:
        return "it is not certain that the fund may claim the bank's fee: a person decides"
    if doubt := circumstances.doubt(case.rules, result):
        return doubt
    # Growth is held to the amount alone: the limit of a day is there to stop a wave of new ones.
    new = case.known.state(penalty) not in ASKED and not result.needs_confirmation
    already = queries.confirmed_by_themselves(work, case.fund.id, case.today) if new else 0
    asked = result.total_minor + sum(case.fees.values())
    person = needs_a_person(case.fund.penalties, asked, already, rule_unconfirmed=result.needs_confirmation)
    return person or (NOT_PRESENTED if _grows_without_another_debit(case, result) else None)


def _grows_without_another_debit(case: _Case, result: Computation) -> bool:
    """Whether a charge begins more than a month after the newest debit, where the fund's rules foresee another one and none was
    made."""
    newest = case.presentable
    return newest is not None and any(
        step.from_date > add_months(newest.collection_date, 1) for step in result.steps[-1:]
    )


def _by_the_rule_in_force(case: _Case) -> Computation | None:
    """What that rule gives; None where nothing is computed by it: no rule is guessed, and no case holds up the others."""
    try:
        rule = case.rules.in_force(case.fund.penalty_rules, case.contribution.due_date)
    except Refused:
        return None
    try:
        result = _computed(case, rule)
    except (Refused, InvalidInput) as error:
        case.known.held[rule.id, rule.version] = error.told()
        return None
    case.known.held.setdefault((rule.id, rule.version), None)
    return result


def _computed(case: _Case, rule: PenaltyRule) -> Computation:
    """What the rule gives by today, or by the day of payment, without the days of a dispute and those on which others, or we,
    kept the money away."""
    fund, contribution = case.fund, case.contribution
    counts = fund.disputes.days_count_when_rejected.value
    payments = days.payments(rule, case.known.payments[contribution.id])
    by_employer = {one.collection_id for one in case.grounds}
    attempts = case.known.attempts.get(contribution.id, ())
    presented = [one.collection_date for one in attempts if one.sent and one.id in by_employer]
    start = days.starts_on(rule, contribution.due_date, presented, case.ground.clock_start or case.today)
    until = min(paid_in_full_on(contribution.amount_minor, payments) or case.today, case.today)
    in_dispute = case.known.unless_rejected.get(contribution.id, []) if counts else case.in_dispute
    others_days = [*case.known.others_days.get(contribution.id, ()), *case.known.outage_days]
    return compute(
        rule,
        contribution.amount_minor,
        contribution.currency,
        start,
        until,
        case.known.circumstances.get(contribution.id, USUAL),
        payments=[(day, minor) for day, minor in payments if day < until],
        not_counted=in_dispute,
        others_days=between(others_days, start, until),
        later=case.rules.taking_over(fund.penalty_rules, rule, until),
    )


def _new_penalty(work: Work, case: _Case, result: Computation) -> Penalty:
    contribution, ground = case.contribution, case.ground
    penalty = Penalty(
        id=work.new_id(),
        contribution_id=contribution.id,
        decision_id=ground.id,
        fund_id=case.fund.id,
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


def _bring_steps(work: Work, case: _Case, penalty: Penalty, result: Computation, *, by_itself: bool) -> bool:
    """Make the steps those of `result`; returns whether any changed. What came to light late (an earlier payment, another ground)
    can also take some away; the journal then gives the difference back. More than was confirmed is asked for only `by_itself`.
    """
    known = {step.step_key: step for step in case.known.steps.get(penalty.id, ())}
    before, changed = sum(step.amount_minor for step in known.values()), False
    for key in known.keys() - {step.step_key for step in result.steps}:
        work.session.delete(known[key])
        changed = True
    for step in result.steps:
        row = known.get(step.step_key)
        confirmed = row.confirmed_minor if row else 0
        confirmed = step.amount_minor if by_itself else min(confirmed, step.amount_minor)
        wanted = (step.from_date, step.to_date, step.amount_minor, confirmed, step.formula)
        if row is None:
            row = PenaltyStep(penalty_id=penalty.id, step_key=step.step_key)
            work.session.add(row)
        elif (row.from_date, row.to_date, row.amount_minor, row.confirmed_minor, row.formula) == wanted:
            continue
        row.from_date, row.to_date, row.amount_minor, row.confirmed_minor, row.formula = wanted
        changed = True
    if known and before != result.total_minor:
        audit.record(work, "penalty.recomputed", penalty.id, before_minor=before, after_minor=result.total_minor)
    return changed


def _bring_fees(work: Work, case: _Case, penalty: Penalty, *, by_itself: bool) -> bool:
    """Make the bank's fees those that may be claimed now; returns whether any changed."""
    known, fees, changed = {fee.collection_id: fee for fee in case.known.fees.get(penalty.id, ())}, case.fees, False
    for collection_id in known.keys() - fees.keys():
        work.session.delete(known[collection_id])
        changed = True
    for collection_id, minor in fees.items():
        row = known.get(collection_id)
        confirmed = minor if by_itself else min(row.confirmed_minor if row else 0, minor)
        if row is None:
            row = PenaltyFee(penalty_id=penalty.id, collection_id=collection_id)
            work.session.add(row)
        elif (row.amount_minor, row.confirmed_minor) == (minor, confirmed):
            continue
        row.amount_minor, row.confirmed_minor = minor, confirmed
        changed = True
    return changed


def _reverse(work: Work, case: _Case, penalties: Sequence[Penalty], why: str) -> int:
    """Penalties whose ground is gone fall; what was confirmed is given back by compensating entries. Returns how many fell."""
    standing = [one for one in penalties if case.known.state(one) in (*STANDING, "waived")]
    for penalty in standing:
        lifecycle.change(work, penalty, "reversed", why, case.today)
    return len(standing)
