"""Due dates, collection days and the end of a scheme's return rights."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debit_service.core.calendar import load_calendar
from debit_service.core.errors import InvalidInput, Refused
from debit_service.funds.profile import (
    ClosedDay,
    DayOfNextMonth,
    FixedDate,
    GivenDueDate,
    OpenDaysBeforeMonthEnd,
)
from debit_service.funds.queries import load_funds
from debit_service.funds.rules import (
    Period,
    clamped_day,
    due_date_for,
    parse_period,
    returnable_until,
)

CONFIG = Path(__file__).resolve().parents[2] / "config"
TARGET, DZ, MA = (load_calendar(name, CONFIG) for name in ("TARGET", "DZ", "MA"))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_a_period_is_a_month_a_quarter_or_a_year(text: str, first: date, last: date) -> None:
    assert parse_period(text) == Period(first, last)


@pytest.mark.parametrize(
    "text", ["", "26-10", "2026-13", "2026-0", "2026-Q5", "2026-10-01", "0000", "2026-10\n", "٢٠٢٦"]
)
def test_anything_else_is_no_period(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_period(text)
    assert refusal.value.code == "period.malformed"


@pytest.mark.parametrize(
    ("fund_id", "period", "due"),
    [
        ("CNAS", "2026-10", date(2026, 11, 30)),
        ("CNAS", "2026-Q3", date(2026, 10, 30)),
        ("CACOBATPH", "2026-Q4", date(2027, 1, 30)),
        ("CASNOS", "2026", date(2026, 6, 30)),
        ("CNSS", "2026-12", date(2027, 1, 10)),
        # Third-last bank working day: 30, 29, 28 October 2026; in December, 31, 30, 29 (TARGET is open on 24 and 31).
        ("EINZUGSSTELLE", "2026-10", date(2026, 10, 28)),
        ("EINZUGSSTELLE", "2026-12", date(2026, 12, 29)),
    ],
)
def test_each_shipped_fund_has_its_due_date(fund_id: str, period: str, due: date) -> None:
    fund = load_funds(CONFIG).get(fund_id)
    assert due_date_for(parse_period(period), fund.due_date.value, load_calendar(fund.calendar, CONFIG)) == due


@pytest.mark.parametrize(
    ("closed_day", "due"),
    [("none", date(2027, 1, 10)), ("next", date(2027, 1, 12)), ("previous", date(2027, 1, 8))],
)
def test_a_due_date_on_a_closed_day_moves_as_the_fund_says(closed_day: ClosedDay, due: date) -> None:
    # 10 January 2027 is a Sunday, and 11 January is a holiday in Morocco.
    rule = DayOfNextMonth(kind="day_of_next_month", day=10, closed_day=closed_day)
    assert due_date_for(parse_period("2026-12"), rule, MA) == due


def test_a_day_that_the_next_month_lacks_becomes_its_last_day() -> None:
    rule = DayOfNextMonth(kind="day_of_next_month", day=31)
    assert due_date_for(parse_period("2026-01"), rule, TARGET) == date(2026, 2, 28)


def test_a_fixed_date_may_lie_in_the_year_after() -> None:
    rule = FixedDate(kind="fixed_date", month=1, day=31, years_after=1)
    assert due_date_for(parse_period("2026"), rule, DZ) == date(2027, 1, 31)


def test_a_due_date_that_only_the_declaration_states_is_not_invented() -> None:
    with pytest.raises(Refused) as refusal:
        due_date_for(parse_period("2026-10"), GivenDueDate(kind="given"), DZ)
    assert refusal.value.code == "due_date.given"


@given(n=st.integers(1, 15), month=st.integers(0, 80))
def test_the_nth_last_open_day_leaves_n_minus_one_open_days_in_its_month(n: int, month: int) -> None:
    first = clamped_day(2024, 1 + month, 1)
    due = due_date_for(
        Period(first, clamped_day(first.year, first.month, 31)),
        OpenDaysBeforeMonthEnd(kind="open_days_before_month_end", n=n),
        TARGET,
    )
    later = [date(due.year, due.month, day) for day in range(due.day + 1, clamped_day(due.year, due.month, 31).day + 1)]
    assert (due.year, due.month) == (first.year, first.month)
    assert sum(TARGET.is_open(day) for day in later) == n - 1


@pytest.mark.parametrize(
    ("return_days", "refund_days", "until"),
    [(5, 58, date(2026, 11, 28)), (3, 0, date(2026, 10, 6)), (0, 0, date(2026, 10, 1))],
)
def test_a_settled_debit_may_come_back_until_the_longer_window_ends(
    return_days: int, refund_days: int, until: date
) -> None:
    assert returnable_until(date(2026, 10, 1), return_days, refund_days, TARGET) == until
