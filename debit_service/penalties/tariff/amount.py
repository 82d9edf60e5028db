"""Computes a late penalty from a rule, a base and two dates, step by step, so that it can be recomputed to the cent on appeal.

- Every step stands on the principal that is unpaid on its first day: nothing is ever charged on a penalty, and what was paid in
  part bears no step that begins after its payment. The day of a payment still counts as unpaid, as that of the last one does.
- Step keys are stable ("once", "month-2", "day-40", "tier-2"): computing again with a later date only adds steps.
- Months are counted from the clock's start, clamped to the month's end: from 30 January, 28 February is within the first
  month and 1 March in the second.
- Each step is rounded as the rule says (half up to the currency's minor unit, unless it says otherwise). What is charged by the
  day rounds the sum so far, so that the days together give the sum rounded once.
- Days that do not count (a dispute, while it is open; days on which the employer was not in the way) are cut out of the calendar;
  payments made on them count as made before. Days in dispute take nothing from what is charged because it is late at all. Of days
  on which the employer was not in the way nobody is late: they use up no day of grace, and who had no other day owes nothing.
- Where a later version of the rule takes over older debts by period, it charges the months and days that begin under it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal
from typing import Any, Final, Self

from debit_service.core.errors import InvalidInput
from debit_service.core.money import format_minor, parse_minor
from debit_service.penalties.tariff.counting import (
    ONE_DAY,
    CountedDays,
    Stretch,
    add_months,
    calendar_months,
    complete_months,
    month_end,
    started_months,
)
from debit_service.penalties.tariff.rule import Once, PenaltyRule, Periodic

_ROUNDING = {"half_up": ROUND_HALF_UP, "down": ROUND_DOWN, "up": ROUND_UP}
#: Why an amount may be another one: what the rule asks and nobody has recorded, or what the law may mean.
UNRECORDED_NOTICE: Final = (
    "the rule is milder after a formal notice, and none was recorded on the contribution's page: a person decides"
)
UNRECORDED_DECLARATION: Final = (
    "the rule asks whether it was declared in time, which was not recorded on the contribution's page: a person decides"
)
BETWEEN_THRESHOLDS: Final = "by one reading of the law nothing is charged on so small a debt: a person decides"
_MONTHS: dict[str, Callable[[date, date], int]] = {
    "started": started_months,
    "complete": complete_months,
    "calendar": calendar_months,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What some rules ask besides base and dates. The defaults are the milder answer, or the usual one; None: not recorded."""

    heads: int | None = None
    demanded_separately: bool = True
    formal_notice_on: date | None = None
    declared_in_time: bool | None = None
    claim_term_ends_on: date | None = None


USUAL = Circumstances()


@dataclass(frozen=True, slots=True)
class AmountStep:
    """One charge: for which days, at which rate, on which base, and the sum in words of figures."""

    step_key: str
    from_date: date
    to_date: date
    rate: Decimal | None
    base_minor: int
    amount_minor: int
    formula: str


@dataclass(frozen=True, slots=True)
class Computation:
    """What a rule gives, with everything needed to compute it again. `doubts`: why it may be another amount, in sentences."""

    rule_id: str
    rule_version: str
    needs_confirmation: bool
    steps: tuple[AmountStep, ...]
    total_minor: int
    doubts: tuple[str, ...]
    inputs: dict[str, Any] = field(hash=False)


def compute(
    rule: PenaltyRule,
    base_minor: int,
    currency: str,
    clock_start: date,
    until: date,
    circumstances: Circumstances = USUAL,
    payments: Sequence[tuple[date, int]] = (),
    *,
    not_counted: Sequence[Stretch] = (),
    others_days: Sequence[Stretch] = (),
    later: Sequence[PenaltyRule] = (),
) -> Computation:
    """The penalty for `base_minor` unpaid from `clock_start` (the last day without one) to `until` (payment, or today).

    `payments` are (day, minor units) of what was paid in part before `until`; `not_counted` the days in dispute that do not
    count, `others_days` those on which the employer was not in the way; `later` the versions that take over, oldest first.
    Raises InvalidInput `penalty.currency`, `penalty.base`, `penalty.heads` or `penalty.claim_term`.
    """
    if currency != rule.currency:
        raise InvalidInput("penalty.currency", f"The rule {rule.id} is in {rule.currency}, the debt in {currency}.")
    if base_minor < 0:
        raise InvalidInput("penalty.base", "The unpaid principal cannot be negative.")
    case = _Case.of(rule, base_minor, clock_start, until, circumstances, payments, not_counted, others_days, later)
    late = case.own_days.counted(until) > clock_start + timedelta(days=rule.grace_days)
    charged = (step for step in _steps(case) if step.base_minor)
    steps = tuple(_capped(case, charged)) if late else ()
    inputs: dict[str, Any] = {
        "rule_id": rule.id,
        "rule_version": rule.version,
        "base_minor": base_minor,
        "currency": currency,
        "clock_start": clock_start.isoformat(),
        "until": until.isoformat(),
        "circumstances": {
            key: value.isoformat() if isinstance(value, date) else value for key, value in asdict(circumstances).items()
        },
        "payments": [[day.isoformat(), minor] for day, minor in payments],
        "not_counted": _written(not_counted),
        "others_days": _written(others_days),
        "later": [[one.id, one.version] for one in later],
    }
    return Computation(
        rule_id=rule.id,
        rule_version=rule.version,
        needs_confirmation=any(one.needs_confirmation for one in (rule, *later)),
        steps=steps,
        total_minor=sum(step.amount_minor for step in steps),
        doubts=tuple(_doubts(case, steps)) if steps else (),
        inputs={key: value for key, value in inputs.items() if value != []},
    )


def clock_start(rule: PenaltyRule, due_date: date, first_presented_on: date, failed_on: date) -> date:
    """The last day without a penalty, as the rule has it; the days until we first presented are never the employer's."""
    start = max(due_date, first_presented_on)
    return start if rule.clock_start == "due_date" else max(start, failed_on)


def payment_day(rule: PenaltyRule, booked_on: date, value_on: date | None, asked_for: date | None) -> date:
    """The day of a payment, as the rule has it; `asked_for` is the collection date of a debit. What is not known is not used."""
    known = {"booking": booked_on, "value": value_on, "due_date": asked_for}
    return known[rule.payment_date] or booked_on


def stretches(inputs: Mapping[str, Any], name: str) -> list[Stretch]:
    """The days under `name` in the stored `inputs` of a computation."""
    return [(date.fromisoformat(first), last and date.fromisoformat(last)) for first, last in inputs.get(name, ())]


def _written(days: Iterable[Stretch]) -> list[list[str | None]]:
    return [[first.isoformat(), last.isoformat() if last else None] for first, last in days]


@dataclass(frozen=True, slots=True)
class _Case:
    """What is computed, in the time that counts: its days are those of the calendar less those that do not count.

    `own_days` are the calendar less the days of others alone: by them it is late at all.
    """

    rule: PenaltyRule
    principal_minor: int
    start: date
    until: date
    circumstances: Circumstances
    payments: tuple[tuple[date, int], ...]
    paid_on: tuple[tuple[date, int], ...]
    days: CountedDays
    own_days: CountedDays
    later: tuple[PenaltyRule, ...]

    @classmethod
    def of(
        cls,
        rule: PenaltyRule,
        principal_minor: int,
        start: date,
        until: date,
        circumstances: Circumstances,
        payments: Sequence[tuple[date, int]],
        not_counted: Sequence[Stretch],
        others_days: Sequence[Stretch],
        later: Sequence[PenaltyRule],
    ) -> Self:
        days = CountedDays.after(start, [*not_counted, *others_days])
        notice, term = circumstances.formal_notice_on, circumstances.claim_term_ends_on
        return cls(
            rule,
            principal_minor,
            start,
            days.counted(until),
            replace(
                circumstances,
                formal_notice_on=days.counted(notice) if notice else None,
                claim_term_ends_on=days.counted(term) if term else None,
            ),
            tuple((days.counted(day), minor) for day, minor in payments),
            tuple(payments),
            days,
            CountedDays.after(start, others_days),
            tuple(later),
        )

    def on_the_calendar(self, step: AmountStep) -> AmountStep:
        """A step with the days of the calendar."""
        return replace(step, from_date=self.days.real(step.from_date), to_date=self.days.real(step.to_date))

    def rule_on(self, first: date) -> PenaltyRule:
        """Which version charges a period that begins on the counted day `first`."""
        on = self.days.real(first)
        return next((one for one in reversed(self.later) if one.valid_from and one.valid_from <= on), self.rule)

    def base_minor(self, first: date) -> int:
        """The base of a step that begins on the counted day `first`: what is unpaid that day, as far as the rule charges it."""
        paid = sum(minor for day, minor in self.payments if day < first)
        return _charged_base(self.rule, max(self.principal_minor - paid, 0), self.circumstances)

    @property
    def first_late(self) -> date:
        """The first late day of the calendar, also one in dispute."""
        return self.own_days.real(self.start + ONE_DAY)

    @property
    def base_when_late_minor(self) -> int:
        """The base of what is charged because it is late at all."""
        return _charged_base(self.rule, self.unpaid_minor(self.first_late), self.circumstances)

    def unpaid_minor(self, on: date) -> int:
        """What is unpaid on a day of the calendar."""
        return max(self.principal_minor - sum(minor for day, minor in self.paid_on if day < on), 0)

    def rounded(self, exact_minor: Decimal) -> int:
        """As the rule rounds a charge."""
        rounding = self.rule.result_rounding
        step = self.money(rounding.step) if rounding.step else 1
        return int((exact_minor / step).quantize(Decimal(1), _ROUNDING[rounding.mode])) * step

    def money(self, text: str) -> int:
        return parse_minor(text, self.rule.currency)

    def shown(self, minor: int) -> str:
        return format_minor(minor, self.rule.currency)


def _charged_base(rule: PenaltyRule, base_minor: int, circumstances: Circumstances) -> int:
    if _below_threshold(rule, base_minor, circumstances):
        return 0
    if rule.base_rounding:
        return base_minor - base_minor % parse_minor(rule.base_rounding.step, rule.currency)
    return base_minor


def _below_threshold(rule: PenaltyRule, base_minor: int, circumstances: Circumstances) -> bool:
    threshold = rule.threshold
    if threshold is None or (threshold.only_if_demanded_separately and not circumstances.demanded_separately):
        return False
    return base_minor < parse_minor(threshold.min_overdue, rule.currency)


def _doubts(case: _Case, steps: Sequence[AmountStep]) -> Iterator[str]:
    rule, circumstances = case.rule, case.circumstances
    if rule.reduced and circumstances.formal_notice_on is None:
        yield UNRECORDED_NOTICE
    if rule.undeclared and circumstances.declared_in_time is None:
        yield UNRECORDED_DECLARATION
    if rule.threshold and rule.threshold.certain_from and circumstances.demanded_separately:
        certain = case.money(rule.threshold.certain_from)
        if any(case.unpaid_minor(step.from_date) < certain for step in steps):
            yield BETWEEN_THRESHOLDS


def _steps(case: _Case) -> Iterator[AmountStep]:
    """The charges, on the days of the calendar: what is charged because it is late at all, and what counts periods."""
    rule = case.rule
    if rule.flat:
        yield _flat_step(case)
    if rule.once:
        yield _once_step(case, rule.once)
    if rule.tiers:
        yield from _tier_steps(case)
    yield from map(case.on_the_calendar, _counted_steps(case))


def _counted_steps(case: _Case) -> Iterator[AmountStep]:
    rule = case.rule
    if rule.periodic and rule.periodic.unit == "month":
        yield from _monthly_steps(case, rule.periodic)
    if rule.interest or (rule.periodic and rule.periodic.unit == "day"):
        yield from _daily_steps(case)


def _once_step(case: _Case, once: Once) -> AmountStep:
    return _charge(case, "once", case.first_late, case.first_late, once.rate, case.base_when_late_minor)


def _monthly_steps(case: _Case, periodic: Periodic) -> Iterator[AmountStep]:
    start = case.start if periodic.counted_from == "clock_start" else month_end(case.start)
    for n in range(periodic.applies_from_n, _MONTHS[periodic.count](start, case.until) + 1):
        first, last = _month(start, n, periodic)
        rule = case.rule_on(first)
        # A version that charges no months ends them.
        if rule.periodic:
            rate = _periodic_rate(case, rule, rule.periodic)
            yield _charge(case, f"month-{n}", first, last, rate, case.base_minor(first))


def _month(start: date, n: int, periodic: Periodic) -> tuple[date, date]:
    """The first and last day of the `n`-th month."""
    if periodic.count != "calendar":
        return add_months(start, n - 1) + ONE_DAY, add_months(start, n)
    month = add_months((start + ONE_DAY).replace(day=1), n - 1)
    return max(month, start + ONE_DAY), month_end(month)


def _periodic_rate(case: _Case, rule: PenaltyRule, periodic: Periodic) -> Decimal:
    reduced, notified = rule.reduced, case.circumstances.formal_notice_on
    if reduced and notified and case.until <= notified + timedelta(days=reduced.days_after_formal_notice):
        return reduced.rate
    return periodic.rate


def _daily_rate(rule: PenaltyRule, n: int) -> tuple[Decimal, int]:
    """What a version charges for the `n`-th day: a rate, and what to divide it by."""
    if rule.interest:
        return rule.interest.rate_per_year, rule.interest.day_basis
    if rule.periodic and rule.periodic.unit == "day" and n >= rule.periodic.applies_from_n:
        return rule.periodic.rate, 1
    return Decimal(0), 1


def _daily_steps(case: _Case) -> Iterator[AmountStep]:
    charged = balances = days = 0
    exact, carried, rate, basis = Decimal(0), Decimal(0), Decimal(0), 1
    for n in range(1, (case.until - case.start).days + 1):
        day = case.start + timedelta(days=n)
        base, now = case.base_minor(day), _daily_rate(case.rule_on(day), n)
        if now != (rate, basis):
            # Days at another rate begin; what came before is carried on as it is, unrounded.
            (rate, basis), carried, balances, days = now, exact, 0, 0
        balances, days = balances + base, days + 1
        exact = carried + balances * rate / basis
        so_far = case.rounded(exact)
        if rate:
            at_rate = (
                f"{case.shown(base)} x {rate:%} x {days}"
                if balances == base * days
                else f"{case.shown(balances)} (the balances of {days} days) x {rate:%}"
            )
            per, before = f" / {basis}" if basis > 1 else "", f" + {carried / 100:f}" if carried else ""
            sums = f"{at_rate}{per}{before} = {case.shown(so_far)}, less {case.shown(charged)} for the days before"
            yield AmountStep(f"day-{n}", day, day, rate, base, so_far - charged, sums)
        charged = so_far


def _flat_step(case: _Case) -> AmountStep:
    flat, heads = case.rule.flat, case.circumstances.heads
    if flat is None or heads is None or heads < 0:
        raise InvalidInput(
            "penalty.heads",
            f"The rule {case.rule.id} charges per head; of a contribution the number of employees is not recorded.",
            remedy="Record it on the page of the contribution, or with `debit contributions state --heads`.",
        )
    amount = min(case.money(flat.amount) * heads, case.money(flat.cap))
    formula = f"{flat.amount} x {heads}, at most {flat.cap} = {case.shown(amount)}"
    return AmountStep("flat", case.first_late, case.first_late, None, case.money(flat.amount), amount, formula)


def _tier_steps(case: _Case) -> Iterator[AmountStep]:
    """Each step charges what its tier adds to the one before, so that a later tier never takes a step back."""
    before = Decimal(0)
    for key, first, rate in _tiers_reached(case):
        if first == case.start + ONE_DAY:
            yield _charge(case, key, case.first_late, case.first_late, rate - before, case.base_when_late_minor)
        else:
            yield case.on_the_calendar(_charge(case, key, first, first, rate - before, case.base_minor(first)))
        before = rate


def _tiers_reached(case: _Case) -> Iterator[tuple[str, date, Decimal]]:
    first_day = case.start + ONE_DAY
    if case.circumstances.declared_in_time is not False or case.rule.undeclared is None:
        for tier in case.rule.tiers:
            first = max(first_day, add_months(case.start.replace(day=1), tier.from_month))
            # The first tier also covers the rest of the month of the due date.
            if tier.from_month == 1 or case.until >= first:
                yield f"tier-{tier.from_month}", first_day if tier.from_month == 1 else first, tier.rate
        return
    ends = case.circumstances.claim_term_ends_on
    if ends is None:
        raise InvalidInput(
            "penalty.claim_term",
            f"The rule {case.rule.id} asks the term of the claim for what was not declared; of a contribution it is not known.",
            remedy="Record it on the page of the contribution, or with `debit contributions state --claim-term-ends-on`.",
        )
    yield "undeclared-1", first_day, case.rule.undeclared.within_claim_term
    if case.until > ends:
        yield "undeclared-2", max(first_day, ends + ONE_DAY), case.rule.undeclared.after_claim_term


def _charge(case: _Case, key: str, first: date, last: date, rate: Decimal, base: int) -> AmountStep:
    amount = case.rounded(base * rate)
    formula = f"{case.shown(base)} x {rate:%} = {case.shown(amount)}"
    return AmountStep(key, first, last, rate, base, amount, formula)


def _capped(case: _Case, steps: Iterator[AmountStep]) -> Iterator[AmountStep]:
    """All steps together stay within the rule's cap, a share of the base; the step that would pass it is cut.

    What is paid in part takes its share of the room that is left with it: the rest is never charged beyond its own cap.
    """
    if case.rule.cap is None:
        yield from steps
        return
    base = case.base_when_late_minor
    left = case.rounded(base * case.rule.cap)
    for step in steps:
        if step.base_minor < base:
            left, base = left * step.base_minor // base, step.base_minor
        amount = min(step.amount_minor, left)
        left -= amount
        cut = "" if amount == step.amount_minor else f", cut to {case.shown(amount)} by the cap of {case.rule.cap:%}"
        yield replace(step, amount_minor=amount, formula=step.formula + cut)
