"""Computes a late penalty from a rule, a base and two dates, step by step, so that it can be recomputed to the cent on appeal.

- Every step stands on the principal that is unpaid on its first day: nothing is ever charged on a penalty, and what was paid in
  part bears no step that begins after its payment. The day of a payment still counts as unpaid, as that of the last one does.
- Step keys are stable ("once", "month-2", "day-40", "tier-2"): computing again with a later date only adds steps.
- Started months are counted from the clock's start, clamped to the month's end: from 30 January, 28 February is within the first
  month and 1 March in the second.
- Each step is rounded half up to the currency's minor unit. Daily interest rounds the sum so far, so that the days together give
  the interest rounded once.
"""

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from debit_service.core.errors import InvalidInput
from debit_service.core.money import format_minor, parse_minor
from debit_service.penalties.tariff import Interest, Once, PenaltyRule, Periodic

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What some rules ask besides base and dates. The defaults are the milder answer, or the usual one."""

    heads: int | None = None
    demanded_separately: bool = True
    formal_notice_on: date | None = None
    declared_in_time: bool = True
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
    """What a rule gives, with everything needed to compute it again."""

    rule_id: str
    rule_version: str
    needs_confirmation: bool
    steps: tuple[AmountStep, ...]
    total_minor: int
    inputs: dict[str, Any] = field(hash=False)


def compute(
    rule: PenaltyRule,
    base_minor: int,
    currency: str,
    clock_start: date,
    until: date,
    circumstances: Circumstances = USUAL,
    payments: Sequence[tuple[date, int]] = (),
) -> Computation:
    """The penalty for `base_minor` unpaid from `clock_start` (the last day without one) to `until` (payment, or today).

    `payments` are (day, minor units) of what was paid in part before `until`.
    Raises InvalidInput `penalty.currency`, `penalty.base`, `penalty.heads` or `penalty.claim_term`.
    """
    if currency != rule.currency:
        raise InvalidInput("penalty.currency", f"The rule {rule.id} is in {rule.currency}, the debt in {currency}.")
    if base_minor < 0:
        raise InvalidInput("penalty.base", "The unpaid principal cannot be negative.")
    case = _Case(rule, base_minor, clock_start, until, circumstances, tuple(payments))
    late = until > clock_start + timedelta(days=rule.grace_days)
    charged = (step for step in _steps(case) if step.base_minor)
    steps = tuple(_capped(case, charged)) if late else ()
    return Computation(
        rule_id=rule.id,
        rule_version=rule.version,
        needs_confirmation=rule.needs_confirmation,
        steps=steps,
        total_minor=sum(step.amount_minor for step in steps),
        inputs={
            "rule_id": rule.id,
            "rule_version": rule.version,
            "base_minor": base_minor,
            "currency": currency,
            "clock_start": clock_start.isoformat(),
            "until": until.isoformat(),
            "circumstances": {
                key: value.isoformat() if isinstance(value, date) else value
                for key, value in asdict(circumstances).items()
            },
        }
        | ({"payments": [[day.isoformat(), minor] for day, minor in payments]} if payments else {}),
    )


def started_months(start: date, until: date) -> int:
    """How many months counted from `start` have begun by `until`; 0 while `until` is not after `start`."""
    if until <= start:
        return 0
    months = (until.year - start.year) * 12 + until.month - start.month
    return months if until <= add_months(start, months) else months + 1


def add_months(start: date, months: int) -> date:
    """The same day `months` later, clamped to that month's last day."""
    index = start.year * 12 + start.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True)
class _Case:
    rule: PenaltyRule
    principal_minor: int
    start: date
    until: date
    circumstances: Circumstances
    payments: tuple[tuple[date, int], ...]

    def base_minor(self, first: date) -> int:
        """The base of a step that begins on `first`: what is unpaid that day, as far as the rule charges it."""
        paid = sum(minor for day, minor in self.payments if day < first)
        return _charged_base(self.rule, max(self.principal_minor - paid, 0), self.circumstances)

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


def _steps(case: _Case) -> Iterator[AmountStep]:
    rule = case.rule
    if rule.flat:
        yield _flat_step(case)
    if rule.once:
        yield _once_step(case, rule.once)
    if rule.periodic:
        yield from _monthly_steps(case, rule.periodic)
    if rule.interest:
        yield from _daily_steps(case, rule.interest)
    if rule.tiers:
        yield from _tier_steps(case)


def _once_step(case: _Case, once: Once) -> AmountStep:
    return _charge(case, "once", case.start + _ONE_DAY, case.start + _ONE_DAY, once.rate)


def _monthly_steps(case: _Case, periodic: Periodic) -> Iterator[AmountStep]:
    rate = _periodic_rate(case, periodic)
    for n in range(periodic.applies_from_n, started_months(case.start, case.until) + 1):
        first, last = add_months(case.start, n - 1) + _ONE_DAY, add_months(case.start, n)
        yield _charge(case, f"month-{n}", first, last, rate)


def _periodic_rate(case: _Case, periodic: Periodic) -> Decimal:
    reduced, notified = case.rule.reduced, case.circumstances.formal_notice_on
    if reduced and notified and case.until <= notified + timedelta(days=reduced.days_after_formal_notice):
        return reduced.rate
    return periodic.rate


def _daily_steps(case: _Case, interest: Interest) -> Iterator[AmountStep]:
    charged = balances = 0
    for n in range(1, (case.until - case.start).days + 1):
        day = case.start + timedelta(days=n)
        base = case.base_minor(day)
        balances += base
        so_far = _rounded(balances * interest.rate_per_year / interest.day_basis)
        days = f"{case.shown(base)} x {interest.rate_per_year:%} x {n}"
        if balances != base * n:
            days = f"{case.shown(balances)} (the balances of {n} days) x {interest.rate_per_year:%}"
        formula = (
            f"{days} / {interest.day_basis} = {case.shown(so_far)}, less {case.shown(charged)} for the days before"
        )
        yield AmountStep(f"day-{n}", day, day, interest.rate_per_year, base, so_far - charged, formula)
        charged = so_far


def _flat_step(case: _Case) -> AmountStep:
    flat, heads = case.rule.flat, case.circumstances.heads
    if flat is None or heads is None or heads < 0:
        raise InvalidInput("penalty.heads", f"The rule {case.rule.id} charges per head; the number is needed.")
    amount = min(case.money(flat.amount) * heads, case.money(flat.cap))
    formula = f"{flat.amount} x {heads}, at most {flat.cap} = {case.shown(amount)}"
    first = case.start + _ONE_DAY
    return AmountStep("flat", first, first, None, case.money(flat.amount), amount, formula)


def _tier_steps(case: _Case) -> Iterator[AmountStep]:
    """Each step charges what its tier adds to the one before, so that a later tier never takes a step back."""
    before = Decimal(0)
    for key, first, rate in _tiers_reached(case):
        yield _charge(case, key, first, first, rate - before)
        before = rate


def _tiers_reached(case: _Case) -> Iterator[tuple[str, date, Decimal]]:
    first_day = case.start + _ONE_DAY
    if case.circumstances.declared_in_time or case.rule.undeclared is None:
        for tier in case.rule.tiers:
            first = max(first_day, add_months(case.start.replace(day=1), tier.from_month))
            # The first tier also covers the rest of the month of the due date.
            if tier.from_month == 1 or case.until >= first:
                yield f"tier-{tier.from_month}", first_day if tier.from_month == 1 else first, tier.rate
        return
    ends = case.circumstances.claim_term_ends_on
    if ends is None:
        raise InvalidInput("penalty.claim_term", "What was not declared needs the end of the claim's payment term.")
    yield "undeclared-1", first_day, case.rule.undeclared.within_claim_term
    if case.until > ends:
        yield "undeclared-2", ends + _ONE_DAY, case.rule.undeclared.after_claim_term


def _charge(case: _Case, key: str, first: date, last: date, rate: Decimal) -> AmountStep:
    base = case.base_minor(first)
    amount = _rounded(base * rate)
    formula = f"{case.shown(base)} x {rate:%} = {case.shown(amount)}"
    return AmountStep(key, first, last, rate, base, amount, formula)


def _capped(case: _Case, steps: Iterator[AmountStep]) -> Iterator[AmountStep]:
    """All steps together stay within the rule's cap, a share of the base; the step that would pass it is cut.

    What is paid in part takes its share of the room that is left with it: the rest is never charged beyond its own cap.
    """
    if case.rule.cap is None:
        yield from steps
        return
    base = case.base_minor(case.start + _ONE_DAY)
    left = _rounded(base * case.rule.cap)
    for step in steps:
        if step.base_minor < base:
            left, base = left * step.base_minor // base, step.base_minor
        amount = min(step.amount_minor, left)
        left -= amount
        cut = "" if amount == step.amount_minor else f", cut to {case.shown(amount)} by the cap of {case.rule.cap:%}"
        yield AmountStep(
            step.step_key, step.from_date, step.to_date, step.rate, step.base_minor, amount, step.formula + cut
        )


def _rounded(exact_minor: Decimal) -> int:
    return int(exact_minor.quantize(Decimal(1), rounding=ROUND_HALF_UP))
