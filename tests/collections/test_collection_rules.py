"""On which day a debit is made and whose lateness it is, whether it is presented again, and how debits share files."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
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
    assert rules.may_try_again(failures, ["AM04", "ED05"], 2) == why_not


# --- blocks ---


@dataclass
class One:
    sequence_type: str
    collection_date: date


def kind(one: One) -> tuple[str, date]:
    return one.sequence_type, one.collection_date


ONES = st.lists(
    st.builds(One, st.sampled_from(["FRST", "RCUR"]), st.dates(date(2026, 9, 1), date(2026, 9, 4))), max_size=40
)


@given(ONES)
def test_every_debit_stands_in_the_one_block_of_its_kind(ones: list[One]) -> None:
    found = rules.blocks(ones)
    assert sorted(index for block in found for index in block) == list(range(len(ones)))
    assert all(len({kind(ones[index]) for index in block}) == 1 for block in found)
    assert len(found) == len(set(map(kind, ones)))


@given(ONES)
def test_blocks_are_in_the_order_of_type_and_date_so_that_a_file_is_made_the_same_way_twice(ones: list[One]) -> None:
    found = rules.blocks(ones)
    keys = [kind(ones[block[0]]) for block in found]
    assert all(before < after for before, after in pairwise(keys))
    assert found == rules.blocks(ones)
