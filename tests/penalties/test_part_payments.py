"""A penalty stands on what is unpaid, day by day: what was paid by other means lowers it from the day after on.

The sums are those of config/penalty_rules.toml, by hand: CNAS 5% at once and 1% for each further started month; Einzugsstelle 1%
for each started month on the debt rounded down to 50.00, nothing below 100.00 that would be demanded by itself.
"""

from datetime import date

import pytest
from bank_files import camt054, credit, pain002
from house import House, Sent
from hypothesis import given
from hypothesis import strategies as st
from other_payments import pay, undo
from penalty_cases import RULES

from debit_service.collections.queries import attempts_of_each
from debit_service.penalties import queries
from debit_service.penalties.tariff import days
from debit_service.penalties.tariff.amount import Circumstances, compute
from debit_service.penalties.tariff.rule import PenaltyRule
from debit_service.reconcile import queries as reconcile

BY_ID = {rule.id: rule for rule in RULES}
DUE, MID_OCTOBER, MID_NOVEMBER = date(2026, 9, 30), date(2026, 10, 15), date(2026, 11, 15)


def steps(
    rule: PenaltyRule, base_minor: int, *payments: tuple[date, int], until: date = MID_NOVEMBER
) -> dict[str, int]:
    """Step -> minor units, for what was due on 30 September."""
    circumstances = Circumstances(heads=3, demanded_separately=False)
    found = compute(rule, base_minor, rule.currency, DUE, until, circumstances, payments).steps
    return {step.step_key: step.amount_minor for step in found}


def changed(**changes: object) -> PenaltyRule:
    """The CNAS rule with other charges."""
    shape = BY_ID["dz-cnas"].model_dump(exclude_none=True, exclude={"once", "periodic"})
    return PenaltyRule.model_validate(shape | changes)


@pytest.mark.parametrize(
    ("paid_on", "expected"),
    [
        (date(2026, 9, 30), {"once": 30_00, "month-2": 6_00}),
        (date(2026, 10, 1), {"once": 50_00, "month-2": 6_00}),
        (date(2026, 10, 30), {"once": 50_00, "month-2": 6_00}),
        (date(2026, 10, 31), {"once": 50_00, "month-2": 10_00}),
    ],
    ids=["on the due date", "a day late", "on the last day of the first month", "on the first day of the second"],
)
def test_a_part_bears_no_step_that_begins_after_its_day(paid_on: date, expected: dict[str, int]) -> None:
    assert steps(BY_ID["dz-cnas"], 1000_00, (paid_on, 400_00)) == expected


def test_rounding_and_threshold_of_a_rule_are_asked_of_what_is_left() -> None:
    german = BY_ID["de-einzugsstelle"]
    # 1000.00 - 430.00 = 570.00, rounded down to 550.00.
    assert steps(german, 1000_00, (MID_OCTOBER, 430_00)) == {"month-1": 10_00, "month-2": 5_50}
    assert steps(german, 1000_00, (MID_OCTOBER, 901_00)) == {"month-1": 10_00, "month-2": 50}
    demanded = Circumstances(demanded_separately=True)
    payments = [(MID_OCTOBER, 901_00)]
    alone = compute(german, 1000_00, "EUR", DUE, MID_NOVEMBER, demanded, payments)
    assert [step.step_key for step in alone.steps] == ["month-1"]


def test_interest_is_on_the_balance_of_each_day() -> None:
    rule = changed(interest={"rate_per_year": "0.10", "day_basis": 365, "confidence": "high"})
    # 365,000.00 bears 100.00 a day: ten days of all of it, ten of half of it.
    daily = steps(rule, 365_000_00, (date(2026, 10, 10), 182_500_00), until=date(2026, 10, 20))
    assert (daily["day-10"], daily["day-11"], sum(daily.values())) == (100_00, 50_00, 1500_00)


def test_a_part_takes_its_share_of_the_cap_with_it() -> None:
    monthly = {"rate": "0.01", "unit": "month", "count": "started", "applies_from_n": 2, "confidence": "high"}
    rule = changed(once={"rate": "0.05", "confidence": "high"}, periodic=monthly, cap="0.06")
    # 5% of 400.00, and no more than 6% of 600.00.
    found = steps(rule, 1000_00, (MID_OCTOBER, 400_00), until=date(2027, 1, 15))
    assert found == {"once": 50_00, "month-2": 6_00, "month-3": 0, "month-4": 0}


@given(
    rule=st.sampled_from([rule for rule in RULES if rule.flat is None]),
    base=st.integers(1, 10**9),
    paid=st.lists(st.tuples(st.dates(date(2026, 9, 1), MID_NOVEMBER), st.integers(1, 10**9)), max_size=3),
)
def test_a_payment_never_raises_a_penalty(rule: PenaltyRule, base: int, paid: list[tuple[date, int]]) -> None:
    without, with_them = steps(rule, base), steps(rule, base, *paid)
    assert all(minor <= without[key] for key, minor in with_them.items() if not key.startswith("day-"))
    assert sum(with_them.values()) <= sum(without.values())


def failed(house: House) -> Sent:
    """A debit of 1,000.00 due on 30 September that the employer's account could not pay."""
    sent = house.sent()
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    return sent


def test_paid_in_full_by_transfer_the_clock_stops_on_that_day(sqlite_house: House) -> None:
    house, sent = sqlite_house, failed(sqlite_house)
    house.go_to(MID_NOVEMBER)
    house.assess()
    assert house.penalties(sent.contribution_id) == [("proposed", 60_00)]

    pay(house, sent.contribution_id, on=MID_OCTOBER)
    house.assess()

    assert house.penalties(sent.contribution_id) == [("proposed", 50_00)]
    assert house.breaches() == {}


def test_paid_before_the_debit_failed_nothing_is_late(sqlite_house: House) -> None:
    house, sent = sqlite_house, failed(sqlite_house)
    house.go_to(MID_OCTOBER)
    house.assess()

    pay(house, sent.contribution_id, on=DUE)
    house.assess()

    assert [state for state, _ in house.penalties(sent.contribution_id)] == ["reversed"]
    assert house.breaches() == {}


def test_a_payment_that_comes_to_light_late_gives_back_a_part_and_undone_it_charges_nothing_by_itself(
    house: House,
) -> None:
    sent = failed(house)
    house.go_to(MID_NOVEMBER)
    house.assess()
    with house.reading() as work:
        (penalty,) = queries.penalties_of(work, sent.contribution_id)
    house.confirm_penalty(penalty.id)

    recorded = pay(house, sent.contribution_id, "400.00", on=date(2026, 10, 5))
    house.assess()

    # 5% of what was not paid in time, and 1% of the 600.00 that the second month found unpaid.
    assert house.penalties(sent.contribution_id) == [("confirmed", 56_00)]
    assert house.balances()["surcharge-receivable/CNAS"] == 56_00
    assert house.breaches() == {}

    undo(house, recorded.payment.id)
    house.assess()

    # Nobody confirmed this rule: what is more than a person confirmed is computed, and not asked for by itself.
    assert house.penalties(sent.contribution_id) == [("confirmed", 60_00)]
    assert house.balances()["surcharge-receivable/CNAS"] == 56_00


@pytest.mark.parametrize(
    ("policy", "paid_on"),
    [("booking", date(2026, 10, 2)), ("value", date(2026, 10, 2)), ("due_date", date(2026, 9, 30))],
)
def test_a_debit_is_paid_on_the_day_that_the_rule_counts(sqlite_house: House, policy: str, paid_on: date) -> None:
    sent = sqlite_house.sent()
    sqlite_house.bank_says(camt054(sent.account, credit(sent, date(2026, 10, 2))))
    shipped = next(iter(sqlite_house.service.penalty_rules))

    with sqlite_house.reading() as work:
        rule = shipped.model_copy(update={"payment_date": policy})
        attempts = attempts_of_each(work, [sent.contribution_id])
        outcomes = reconcile.outcomes_of(work, {sent.collection_id: sent.amount_minor})
        paid = days.payments_of_each(work, attempts, attempts, outcomes, with_value_dates=True)
        assert days.payments(rule, paid[sent.contribution_id]) == [(paid_on, sent.amount_minor)]


def test_a_rule_that_runs_from_the_due_date_starts_there_however_late_the_bank_fails_the_debit() -> None:
    due, presented_late, failed_on = date(2026, 9, 30), date(2026, 10, 2), date(2026, 10, 5)
    shipped = BY_ID["dz-cnas"]
    early = shipped.model_copy(update={"clock_start": "due_date"})
    assert days.starts_on(early, due, [due, failed_on], failed_on) == due
    assert days.starts_on(early, due, [presented_late], failed_on) == presented_late
    assert days.starts_on(shipped, due, [due], failed_on) == failed_on
