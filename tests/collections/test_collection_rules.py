"""On which day a debit is made and whose lateness it is, and whether it is presented again."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debit_service.collections import rules
from debit_service.collections.rules import Day, collection_day, first_possible, send_day
from debit_service.core.calendar import JointCalendar, load_calendar

CONFIG = Path(__file__).resolve().parents[2] / "config"
TARGET, DZ, MA = (load_calendar(name, CONFIG) for name in ("TARGET", "DZ", "MA"))
CALENDARS = (TARGET, JointCalendar((DZ, TARGET)), JointCalendar((MA, TARGET)))
DAYS = st.dates(date(2026, 1, 1), date(2028, 12, 31))
DUE = date(2026, 9, 30)  # a Wednesday


def day(**changes: object) -> Day:
    values: dict[str, object] = {
        "due": DUE,
        "today": date(2026, 9, 1),
        "received_on": date(2026, 9, 1),
        "lead_open_days": 2,
        "notice_days": 14,
        "calendar": TARGET,
    }
    return collection_day(**(values | changes))  # type: ignore[arg-type]


def test_a_debit_is_made_on_its_due_date() -> None:
    assert day() == Day(DUE, "on time: the due date, or the last open day before it")


def test_a_due_date_on_a_closed_day_is_kept_by_the_open_day_before() -> None:
    assert day(due=date(2026, 10, 4)).collection_date == date(2026, 10, 2)


def test_friday_in_algeria_and_weekend_in_europe_leave_four_days() -> None:
    assert day(due=date(2026, 10, 3), calendar=CALENDARS[1]).collection_date == date(2026, 10, 1)


def test_a_declaration_that_came_too_late_makes_the_lateness_its_own() -> None:
    found = day(today=date(2026, 9, 25), received_on=date(2026, 9, 25))
    assert found.collection_date == date(2026, 10, 9)
    assert found.days_late_by_service == 0
    assert found.reason.startswith("declared on 2026-09-25, too late")


def test_a_plan_that_came_too_late_makes_the_lateness_the_services() -> None:
    found = day(today=date(2026, 9, 25))
    assert found == Day(date(2026, 10, 9), "planned late by the service", days_late_by_service=9)


@given(
    DAYS, st.integers(-60, 60), st.integers(0, 60), st.integers(0, 5), st.integers(0, 20), st.sampled_from(CALENDARS)
)
def test_a_debit_is_never_on_a_closed_day_never_late_when_in_time_was_possible_and_never_too_soon(
    today: date, due_in: int, received_before: int, lead: int, notice: int, calendar: JointCalendar
) -> None:
    due, received = today + timedelta(days=due_in), today - timedelta(days=received_before)
    found = day(due=due, today=today, received_on=received, lead_open_days=lead, notice_days=notice, calendar=calendar)

    assert calendar.is_open(found.collection_date)
    assert send_day(found.collection_date, lead, calendar) >= today
    assert (found.collection_date - today).days >= notice or found.collection_date == calendar.preceding_open(due)
    earliest = first_possible(today, lead, notice, calendar)
    if earliest <= calendar.preceding_open(due):
        assert found.collection_date <= due
    else:
        assert found.collection_date == earliest
        in_time_then = first_possible(received, lead, notice, calendar) <= calendar.preceding_open(due)
        assert (found.days_late_by_service > 0) is (in_time_then and earliest > due)
        assert found.days_late_by_service in (0, (earliest - due).days)


@given(DAYS, st.integers(1, 5), st.sampled_from(CALENDARS))
def test_a_file_that_leaves_on_its_day_is_there_in_time(start: date, lead: int, calendar: JointCalendar) -> None:
    collection_date = calendar.following_open(start)
    leaves = send_day(collection_date, lead, calendar)
    assert calendar.is_open(leaves)
    assert calendar.add_open_days(leaves, lead) == collection_date


# --- presenting again ---


POLICY = rules.RetryPolicy(frozenset({"AM04", "ED05"}), max_attempts=2, fee_budget_minor=3000, return_fee_minor=0)


@pytest.mark.parametrize(
    ("failures", "why_not"),
    [
        (["AM04"], None),
        (["AC04"], "AC04 is not presented again by itself"),
        ([None], "no code is not presented again by itself"),
        (["AC04", "AM04"], "2 of 2 attempts have failed"),
        (["AM04", "AM04"], "2 of 2 attempts have failed"),
    ],
)
def test_only_some_failures_are_presented_again_and_not_for_ever(
    failures: list[str | None], why_not: str | None
) -> None:
    assert rules.may_try_again(failures, 0, POLICY) == why_not


@pytest.mark.parametrize(
    ("fees_minor", "return_fee_minor", "allowed"),
    [
        (0, 0, True),
        (3000, 0, True),
        (3001, 0, False),
        (0, 1500, True),  # one failure behind us, one that may come
        (0, 1501, False),
        (1400, 1500, True),  # what the bank took is less than it says it takes: its tariff counts
        (2000, 1500, False),
    ],
)
def test_presenting_again_must_not_cost_more_in_bank_fees_than_the_fund_allows(
    fees_minor: int, return_fee_minor: int, allowed: bool
) -> None:
    why_not = rules.may_try_again(["AM04"], fees_minor, replace(POLICY, return_fee_minor=return_fee_minor))
    assert (why_not is None) == allowed
