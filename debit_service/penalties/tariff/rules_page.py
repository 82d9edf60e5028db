"""The penalty rules for a lawyer: docs/penalty-rules.md, made from the very data that computes, with examples it computes. Pure.

debit penalties rules --out docs/penalty-rules.md
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from debit_service.core.money import format_minor
from debit_service.penalties.tariff.amount import AmountStep, Circumstances, Computation, compute
from debit_service.penalties.tariff.rule import PenaltyRule, Periodic

_HEAD = """# Penalty rules

Made by `debit penalties rules` from `config/penalty_rules.toml`. What this service charges for late payment, rule by rule: on
what, how much, from when, how surely it is known, and from where. More worked examples are in `tests/penalties/golden`.

**Certainty.** high: the law's text, or a verbatim quote of it, was seen; medium: one serious secondary source; low: general
knowledge, or sources disagree. What a rule that needs confirmation computes is a proposal, which a person must confirm.

**Common to all.** A penalty stands only where the failure is the employer's ([fault.md](fault.md)). Nothing is charged on a
penalty. What is paid in part bears no charge that begins after its payment. Months are counted from the clock's start, clamped to
the month's end: from 30 January, 28 February is within the first month and 1 March in the second. Days in dispute do not count,
unless the fund's law says so; nor do days after the failure on which others, or this service, kept the money away. They take
nothing from what is charged because it is late at all. A version that was used is kept word for word. Each relief is counted on
the whole penalty; together they never take more than the penalty is.
"""
_COUNTED: Final = {
    "started": "each month that has started",
    "complete": "each month that has passed whole",
    "calendar": "each calendar month with a late day",
}
_FROM: Final = {
    "clock_start": "counted from the clock's start",
    "month_end": "counted from the end of the month in which the clock started",
}
_PAID: Final = {
    "booking": "the booking date",
    "value": "the value date",
    "due_date": "of a debit, the day for which it was asked; else the booking date",
}
_STARTS: Final = {
    "failed_attempt": "the failed attempt, not before the legal due date",
    "due_date": "the legal due date, not before our first presentation",
}
_OWED_MINOR: Final = 10_000_000
_PAID_IN_PART: Final = 4_000_000


def page(rules: Iterable[PenaltyRule]) -> str:
    """The page, in Markdown."""
    parts = [_HEAD]
    for rule in rules:
        parts.append(f"## {rule.id}, version {rule.version}\n")
        parts += [*(f"- **{name}**: {said}" for name, said in _facts(rule)), ""]
        parts += ["| Owed | Due | Paid, or today | Charged | Total |", "|---:|---|---|---|---:|"]
        parts += [*_examples(rule), ""]
    return "\n".join(parts).rstrip() + "\n"


def _facts(rule: PenaltyRule) -> Iterator[tuple[str, str]]:
    yield "Fund", f"{rule.fund} ({rule.country}), in {rule.currency}"
    yield "State", _state(rule)
    yield "Holds for due dates", f"{rule.valid_from or 'from the beginning'} to {rule.valid_to or 'further notice'}"
    yield "Charged on", _base(rule)
    yield from (("Charged", charge) for charge in _charges(rule))
    if rule.cap is not None:
        yield "At most", f"{rule.cap:%} of the base in all"
    if rule.grace_days:
        yield "Grace", f"nothing when paid within {rule.grace_days} days; then counted from the start"
    yield "Rounding", _rounding(rule)
    yield "Runs from", _STARTS[rule.clock_start]
    yield "Day of payment", _PAID[rule.payment_date]
    if rule.transition == "by_period":
        yield "Older debts", "months and days that begin under this rule are charged by it"
    for relief in rule.relief:
        most = "" if relief.rate_off is None else f", at most {relief.rate_off:%}"
        by = f" ({relief.authority})" if relief.authority else ""
        yield "Relief", f"{relief.ground.replace('_', ' ')}{most}{by}: {relief.when}"
    for related in rule.related:
        yield "Besides, not computed here", f"{related.name}, {related.rate:%}: {related.source}"
    for name, said in (("Fault", rule.fault_rule), ("Payment", rule.payment_day_rule), ("Note", rule.notes)):
        if said:
            yield name, said
    yield "Source", rule.source


def _state(rule: PenaltyRule) -> str:
    if not rule.enabled:
        return f"shown, never used (certainty {rule.confidence})"
    confirmed = "needs confirmation: what it computes is a proposal" if rule.needs_confirmation else "in use"
    return f"{confirmed} (certainty {rule.confidence})"


def _base(rule: PenaltyRule) -> str:
    parts = [rule.base]
    if rule.base_rounding:
        parts.append(f"rounded down to a multiple of {rule.base_rounding.step}")
    if rule.threshold:
        alone = ", when demanded by a letter of its own" if rule.threshold.only_if_demanded_separately else ""
        parts.append(f"nothing below {rule.threshold.min_overdue}{alone} ({rule.threshold.note})")
        if certain := rule.threshold.certain_from:
            parts.append(f"on less than {certain} a person decides")
    return "; ".join(parts)


def _charges(rule: PenaltyRule) -> Iterator[str]:
    if rule.once:
        yield f"{rule.once.rate:%} once, as soon as it is late (certainty {rule.once.confidence})"
    if rule.periodic:
        yield _periodic(rule.periodic)
    if rule.reduced:
        days = rule.reduced.days_after_formal_notice
        yield f"{rule.reduced.rate:%} instead when paid within {days} days of the formal notice ({rule.reduced.source})"
    if rule.interest:
        basis = rule.interest.day_basis
        yield f"{rule.interest.rate_per_year:%} a year, by the day, {basis} days a year (certainty {rule.interest.confidence})"
    if rule.flat:
        yield f"{rule.flat.amount} for each {rule.flat.per}, at most {rule.flat.cap}"
    for tier in rule.tiers:
        yield f"{tier.rate:%} in all from calendar month {tier.from_month} after the month of the due date"
    if rule.undeclared:
        within, after = rule.undeclared.within_claim_term, rule.undeclared.after_claim_term
        yield f"of what was not declared in time: {within:%} within the claim's payment term, {after:%} after it"


def _periodic(periodic: Periodic) -> str:
    since = f" from number {periodic.applies_from_n} on" if periodic.applies_from_n > 1 else ""
    if periodic.unit == "day":
        return f"{periodic.rate:%} for each day{since} (certainty {periodic.confidence})"
    counted = f"{_COUNTED[periodic.count]}{since}, {_FROM[periodic.counted_from]}"
    return f"{periodic.rate:%} for {counted} (certainty {periodic.confidence})"


def _rounding(rule: PenaltyRule) -> str:
    to = (
        f"a multiple of {rule.result_rounding.step}"
        if rule.result_rounding.step
        else "the smallest unit of the currency"
    )
    return f"each charge is rounded {rule.result_rounding.mode.replace('_', ' ')} to {to}"


def _examples(rule: PenaltyRule) -> Iterator[str]:
    due = _due(rule)
    if rule.flat:
        for heads in (7, 250):
            result = compute(rule, 0, rule.currency, due, due + timedelta(days=1), Circumstances(heads=heads))
            yield _row(rule, f"{heads} employees", due, "a day late", result)
        result = compute(rule, 0, rule.currency, due, due, Circumstances(heads=7))
        yield _row(rule, "7 employees", due, "in time", result)
        return
    owed = format_minor(_OWED_MINOR, rule.currency)
    for until in (due + timedelta(days=1), due + timedelta(days=40)):
        result = compute(rule, _OWED_MINOR, rule.currency, due, until)
        yield _row(rule, owed, due, until.isoformat(), result)
    until, paid_on = due + timedelta(days=75), due + timedelta(days=20)
    result = compute(rule, _OWED_MINOR, rule.currency, due, until, payments=[(paid_on, _PAID_IN_PART)])
    part = format_minor(_PAID_IN_PART, rule.currency)
    yield _row(rule, owed, due, f"{part} on {paid_on}, the rest on {until}", result)


def _due(rule: PenaltyRule) -> date:
    """A due date for examples for which the rule holds."""
    return min(max(date(2026, 10, 30), rule.valid_from or date.min), rule.valid_to or date.max)


def _row(rule: PenaltyRule, owed: str, due: date, until: str, result: Computation) -> str:
    charged = "; ".join(_steps(result.steps, rule.currency)) or "nothing"
    return f"| {owed} | {due} | {until} | {charged} | {format_minor(result.total_minor, rule.currency)} |"


def _steps(steps: Iterable[AmountStep], currency: str) -> Iterator[str]:
    """The steps by their figures; days together, as one."""
    for daily, group in groupby(steps, key=lambda step: step.step_key.startswith("day-")):
        those = list(group)
        if daily:
            total = format_minor(sum(step.amount_minor for step in those), currency)
            yield f"{len(those)} days {total}"
        else:
            yield from (f"{step.step_key} {step.formula}" for step in those)
