"""How much: what holds for every computation. The worked examples are in golden/."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from penalty_cases import RULES

from debit_service.core.errors import InvalidInput
from debit_service.penalties.tariff import circumstances
from debit_service.penalties.tariff.amount import (
    BETWEEN_THRESHOLDS,
    UNRECORDED_DECLARATION,
    UNRECORDED_NOTICE,
    Circumstances,
    Computation,
    clock_start,
    compute,
    payment_day,
)
from debit_service.penalties.tariff.counting import CountedDays, add_months, started_months
from debit_service.penalties.tariff.rule import PenaltyRule

BY_ID = {rule.id: rule for rule in RULES}
PER_HEAD = Circumstances(heads=3)
START = date(2026, 1, 30)


def rule(**shape: Any) -> PenaltyRule:
    """A rule that charges nothing but `shape`."""
    fixed = {
        "id": "test",
        "version": "1",
        "fund": "CNAS",
        "country": "DZ",
        "currency": "DZD",
        "base": "unpaid",
        "source": "test",
        "confidence": "high",
        "needs_confirmation": False,
        "enabled": True,
    }
    return PenaltyRule.model_validate(fixed | shape)


def amount(shape: PenaltyRule, base_minor: int, until: date, start: date = START) -> Computation:
    return compute(shape, base_minor, shape.currency, start, until, PER_HEAD)


def test_each_step_says_for_which_days_at_which_rate_and_how() -> None:
    once, second = amount(BY_ID["dz-cnas"], 100_000_00, date(2026, 3, 1)).steps
    assert (once.step_key, once.rate, once.formula) == ("once", Decimal("0.05"), "100000.00 x 5% = 5000.00")
    assert (second.step_key, second.from_date, second.to_date) == ("month-2", date(2026, 3, 1), date(2026, 3, 30))
    assert second.formula == "100000.00 x 1% = 1000.00"


def test_an_unconfirmed_rule_says_so_in_what_it_computes() -> None:
    assert amount(BY_ID["dz-cnas"], 100, date(2026, 3, 1)).needs_confirmation
    assert not amount(BY_ID["fr-urssaf"], 100, date(2026, 3, 1)).needs_confirmation


@pytest.mark.parametrize(
    ("rule_id", "owed", "known", "doubts"),
    [
        ("fr-urssaf", 100_00, Circumstances(), (UNRECORDED_NOTICE,)),
        ("fr-urssaf", 100_00, Circumstances(formal_notice_on=date(2026, 3, 1)), ()),
        ("es-tgss", 100_00, Circumstances(), (UNRECORDED_DECLARATION,)),
        ("es-tgss", 100_00, Circumstances(declared_in_time=True), ()),
        ("de-einzugsstelle", 99_99, Circumstances(), ()),
        ("de-einzugsstelle", 100_00, Circumstances(), (BETWEEN_THRESHOLDS,)),
        ("de-einzugsstelle", 150_00, Circumstances(), ()),
        ("de-einzugsstelle", 100_00, Circumstances(demanded_separately=False), ()),
    ],
)
def test_what_is_computed_without_something_that_the_rule_asks_says_so(
    rule_id: str, owed: int, known: Circumstances, doubts: tuple[str, ...]
) -> None:
    shape = BY_ID[rule_id]
    assert compute(shape, owed, shape.currency, START, date(2026, 3, 1), known).doubts == doubts


def test_the_inputs_are_plain_json_and_name_the_rule_and_its_version() -> None:
    inputs = amount(BY_ID["fr-urssaf"], 100, date(2026, 3, 1)).inputs
    assert json.loads(json.dumps(inputs)) == inputs
    assert (inputs["rule_id"], inputs["rule_version"]) == ("fr-urssaf", "2026-11")
    assert (inputs["clock_start"], inputs["until"]) == ("2026-01-30", "2026-03-01")


def test_a_stored_computation_is_repeated_to_the_cent_from_its_inputs() -> None:
    first = amount(BY_ID["be-onss"], 987_654_32, date(2026, 7, 1))
    stored = json.loads(json.dumps(first.inputs))
    again = RULES.computed_again(stored)
    assert again == first


def test_grace_days_are_free_and_then_counted_from_the_start() -> None:
    lenient = rule(once={"rate": "0.05", "confidence": "high"}, grace_days=3)
    assert amount(lenient, 100_00, START + timedelta(days=3)).total_minor == 0
    assert amount(lenient, 100_00, START + timedelta(days=4)).total_minor == 5_00


def test_days_on_which_the_employer_was_not_in_the_way_use_up_no_day_of_grace() -> None:
    lenient = rule(once={"rate": "0.05", "confidence": "high"}, grace_days=3)
    gone = [(START + timedelta(days=2), START + timedelta(days=11))]

    def total(late: int, **not_counted: Any) -> int:
        until = START + timedelta(days=late)
        return compute(lenient, 100_00, "DZD", START, until, **not_counted).total_minor

    assert [total(late, others_days=gone) for late in (4, 11, 13, 14)] == [0, 0, 0, 5_00]
    assert total(11, others_days=[(START + timedelta(days=2), None)]) == 0
    # The fund's answer that the employer was wrong takes nothing from its being late at all.
    assert [total(late, not_counted=gone) for late in (3, 4)] == [0, 5_00]


def test_who_had_no_day_to_pay_is_not_late_and_of_the_first_own_day_what_is_unpaid_then_is_charged() -> None:
    shape = rule(once={"rate": "0.05", "confidence": "high"})
    gone = [(START + timedelta(days=1), START + timedelta(days=5))]

    def computed(late: int) -> Computation:
        until, payments = START + timedelta(days=late), [(START + timedelta(days=3), 40_00)]
        return compute(shape, 100_00, "DZD", START, until, payments=payments, others_days=gone)

    assert computed(5).steps == ()
    (step,) = computed(6).steps
    assert (step.from_date, step.amount_minor) == (START + timedelta(days=6), 3_00)
    assert RULES.as_used([shape]).computed_again(json.loads(json.dumps(computed(6).inputs))) == computed(6)


def test_a_cap_cuts_the_step_that_would_pass_it_and_says_so() -> None:
    monthly = {"rate": "0.10", "unit": "month", "count": "started", "applies_from_n": 1, "confidence": "high"}
    steps = amount(rule(periodic=monthly, cap="0.25"), 100_00, date(2026, 5, 1)).steps
    assert [step.amount_minor for step in steps] == [10_00, 10_00, 5_00, 0]
    assert steps[2].formula.endswith("cut to 5.00 by the cap of 25%")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"currency": "EUR"}, "penalty.currency"),
        ({"base_minor": -1}, "penalty.base"),
        ({"rule": BY_ID["ma-cnss-astreinte"], "currency": "MAD"}, "penalty.heads"),
        (
            {"rule": BY_ID["es-tgss"], "currency": "EUR", "circumstances": Circumstances(declared_in_time=False)},
            "penalty.claim_term",
        ),
    ],
)
def test_what_cannot_be_computed_is_refused(change: dict[str, Any], code: str) -> None:
    asked: dict[str, Any] = {"rule": BY_ID["dz-cnas"], "base_minor": 100, "currency": "DZD"} | change
    with pytest.raises(InvalidInput) as refusal:
        compute(**asked, clock_start=START, until=date(2026, 3, 1))
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("start", "until", "months"),
    [
        (date(2026, 1, 30), date(2026, 1, 30), 0),
        (date(2026, 1, 30), date(2026, 1, 29), 0),
        (date(2026, 1, 30), date(2026, 1, 31), 1),
        (date(2026, 1, 30), date(2026, 2, 28), 1),
        (date(2026, 1, 30), date(2026, 3, 1), 2),
        (date(2026, 1, 31), date(2026, 3, 31), 2),
        (date(2026, 2, 28), date(2026, 3, 29), 2),
        (date(2028, 2, 29), date(2029, 2, 28), 12),
        (date(2028, 2, 29), date(2029, 3, 1), 13),
        (date(2026, 12, 15), date(2027, 1, 15), 1),
    ],
)
def test_started_months_are_clamped_to_the_months_end(start: date, until: date, months: int) -> None:
    assert started_months(start, until) == months


DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
BASES = st.integers(0, 10**12)
EVERY_RULE = st.sampled_from(list(RULES))


@given(start=DAYS, late=st.integers(1, 1500))
def test_a_day_lies_within_the_month_that_is_counted_for_it(start: date, late: int) -> None:
    until = start + timedelta(days=late)
    n = started_months(start, until)
    assert add_months(start, n - 1) < until <= add_months(start, n)


@given(each=EVERY_RULE, base=BASES, start=DAYS, late=st.integers(1, 400), more=st.integers(1, 100))
def test_computing_again_later_only_adds_steps(each: PenaltyRule, base: int, start: date, late: int, more: int) -> None:
    first = amount(each, base, start + timedelta(days=late), start).steps
    later = amount(each, base, start + timedelta(days=late + more), start).steps
    assert later[: len(first)] == first
    assert len({step.step_key for step in later}) == len(later)


@given(each=EVERY_RULE, base=BASES, start=DAYS, early=st.integers(0, 400))
def test_nothing_is_charged_while_the_payment_is_not_late(
    each: PenaltyRule, base: int, start: date, early: int
) -> None:
    assert amount(each, base, start - timedelta(days=early), start).steps == ()


@given(each=EVERY_RULE, base=BASES, less=BASES, start=DAYS, late=st.integers(0, 400))
def test_a_smaller_debt_never_costs_more(each: PenaltyRule, base: int, less: int, start: date, late: int) -> None:
    until = start + timedelta(days=late)
    whole, part = amount(each, base, until, start), amount(each, max(base - less, 0), until, start)
    assert part.total_minor <= whole.total_minor


@given(each=EVERY_RULE, base=BASES, start=DAYS, late=st.integers(0, 400))
def test_every_step_stands_on_the_principal_and_the_total_is_their_sum(
    each: PenaltyRule, base: int, start: date, late: int
) -> None:
    result = amount(each, base, start + timedelta(days=late), start)
    assert result.total_minor == sum(step.amount_minor for step in result.steps)
    if each.flat is None:
        assert len({step.base_minor for step in result.steps}) <= 1
        assert all(step.amount_minor >= 0 and step.base_minor <= base for step in result.steps)


@given(base=BASES, days=st.integers(1, 800))
def test_daily_interest_adds_up_to_the_interest_rounded_once(base: int, days: int) -> None:
    interest = rule(interest={"rate_per_year": "0.07", "day_basis": 365, "confidence": "high"})
    exact_times_730 = 2 * base * 7 * days + 36_500  # half up: floor(x + 1/2) in integers
    assert amount(interest, base, START + timedelta(days=days)).total_minor == exact_times_730 // 73_000


@given(
    start=DAYS,
    stretches=st.lists(st.tuples(st.integers(-50, 300), st.integers(0, 60)), max_size=4),
    late=st.integers(0, 400),
)
def test_a_day_that_counts_is_found_again_and_days_that_do_not_count_add_nothing(
    start: date, stretches: list[tuple[int, int]], late: int
) -> None:
    until = start + timedelta(days=late)
    gone = [(start + timedelta(days=first), start + timedelta(days=first + days)) for first, days in stretches]
    days = CountedDays.after(start, gone)
    counts = not any(first <= until <= last for first, last in gone) or until == start
    assert start <= days.counted(until) <= until
    assert days.counted(until + timedelta(days=1)) - days.counted(until) in (timedelta(0), timedelta(days=1))
    if counts:
        assert days.real(days.counted(until)) == until


@given(
    each=EVERY_RULE,
    base=BASES,
    start=DAYS,
    late=st.integers(1, 400),
    first=st.integers(1, 400),
    days=st.integers(0, 90),
)
def test_a_dispute_never_raises_a_penalty(
    each: PenaltyRule, base: int, start: date, late: int, first: int, days: int
) -> None:
    until, begins = start + timedelta(days=late), start + timedelta(days=first)
    whole = amount(each, base, until, start)
    contested = compute(
        each, base, each.currency, start, until, PER_HEAD, not_counted=[(begins, begins + timedelta(days=days))]
    )
    assert contested.total_minor <= whole.total_minor


def test_a_clock_starts_with_the_failure_or_the_due_date_and_never_before_our_first_presentation() -> None:
    due, failed = date(2026, 1, 10), date(2026, 1, 25)
    from_due_date = rule(once={"rate": "0.05", "confidence": "high"}, clock_start="due_date")
    assert clock_start(BY_ID["dz-cnas"], due, due, failed) == failed
    assert clock_start(from_due_date, due, due, failed) == due
    assert clock_start(from_due_date, due, date(2026, 1, 20), failed) == date(2026, 1, 20)


@pytest.mark.parametrize(("policy", "day"), [("booking", 12), ("value", 11), ("due_date", 10)])
def test_the_rule_says_which_day_of_a_payment_counts(policy: str, day: int) -> None:
    booked, value, asked = date(2026, 1, 12), date(2026, 1, 11), date(2026, 1, 10)
    shape = rule(once={"rate": "0.05", "confidence": "high"}, payment_date=policy)
    assert payment_day(shape, booked, value, asked) == date(2026, 1, day)
    assert payment_day(shape, booked, None, None) == booked


def test_a_claim_whose_term_ended_before_the_debit_was_presented_is_charged_from_the_first_late_day() -> None:
    failed, paid = date(2026, 10, 10), date(2026, 10, 5)
    undeclared = Circumstances(declared_in_time=False, claim_term_ends_on=date(2026, 9, 30))
    steps = compute(
        BY_ID["es-tgss"], 1_000_00, "EUR", failed, failed + timedelta(days=9), undeclared, payments=[(paid, 500_00)]
    ).steps
    assert [(step.from_date, step.amount_minor) for step in steps] == [
        (failed + timedelta(days=1), 100_00),
        (failed + timedelta(days=1), 75_00),
    ]


@pytest.mark.parametrize("separately", [True, False])
def test_a_clerk_alone_takes_away_no_doubt_in_the_employers_favour(*, separately: bool) -> None:
    said = Circumstances(demanded_separately=separately)
    until = START + timedelta(days=5)
    result = compute(BY_ID["de-einzugsstelle"], 120_00, "EUR", START, until, said)
    assert result.total_minor == 1_00
    assert circumstances.doubt(RULES, result) == (BETWEEN_THRESHOLDS if separately else circumstances.AS_RECORDED)
