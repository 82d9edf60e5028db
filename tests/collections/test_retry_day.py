"""The day of a re-presentation: by the employer's own history where it speaks clearly, else by the fixed rule."""

from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from debit_service.collections.retry_day import DAYS_MAX, DEBITS_MIN, OF_EACH_MIN, Past, choose_day
from debit_service.core.calendar import load_calendar
from debit_service.core.settings import PROJECT

CALENDAR = load_calendar("DZ", PROJECT / "config")
EARLIEST, FIXED = date(2026, 10, 5), date(2026, 10, 8)  # a Monday and a Thursday

days = st.dates(date(2024, 1, 1), date(2026, 9, 30))
past = st.builds(Past, days, st.just(True), st.none()) | st.builds(
    Past, days, st.just(False), st.sampled_from(["AM04", "AG07", "MS03", "DS28", "AC04", None])
)
histories = st.lists(past, max_size=40)
codes = st.sampled_from(["AM04", "AG07", "DS28", "ED05", "AC04", None])
starts = st.dates(date(2026, 10, 1), date(2027, 12, 31))


def paid(*when: str) -> list[Past]:
    return [Past(date.fromisoformat(day), succeeded=True, code=None) for day in when]


def failed(*when: str, code: str = "AM04") -> list[Past]:
    return [Past(date.fromisoformat(day), succeeded=False, code=code) for day in when]


#: Fails at the begin of the month, is paid in the middle.
MIDDLE_OF_THE_MONTH = [
    *failed("2026-05-06", "2026-06-08", "2026-07-07", "2026-09-09"),
    *paid("2026-05-17", "2026-06-18", "2026-07-19", "2026-08-17"),
]


def test_a_debit_waits_for_the_days_on_which_the_employers_debits_have_succeeded() -> None:
    chosen = choose_day(MIDDLE_OF_THE_MONTH, "AM04", EARLIEST, FIXED, CALENDAR)
    assert (chosen.day, chosen.by_history) == (date(2026, 10, 18), True)
    assert chosen.reason == (
        "by its history: 4 of 4 debits on days 16-20 of the month succeeded, 2 of 2 debits on Sundays succeeded; "
        "on 2026-10-08, the day of the fixed rule, 0 of 4 debits on days 6-10 of the month succeeded, "
        "1 of 1 debits on Thursdays succeeded"
    )


def test_an_employer_with_money_on_one_weekday_is_debited_on_it() -> None:
    sundays = paid("2026-06-07", "2026-06-14", "2026-07-26", "2026-08-02", "2026-08-30")
    thursdays = failed("2026-06-11", "2026-06-18", "2026-07-23", "2026-08-06", "2026-08-27")
    chosen = choose_day([*sundays, *thursdays], "AM04", EARLIEST, FIXED, CALENDAR)
    assert (chosen.day, chosen.by_history) == (date(2026, 10, 11), True)


def test_where_what_was_tried_went_badly_another_day_is_tried() -> None:
    bad = failed(*(f"2026-0{month}-0{day}" for month in range(1, 9) for day in (6, 9)))
    chosen = choose_day([*bad, *paid("2026-01-25", "2026-02-25")], "AM04", EARLIEST, FIXED, CALENDAR)
    assert chosen.by_history
    assert chosen.day == date(2026, 10, 11)
    assert "none was tried on days 11-15 of the month" in chosen.reason


@pytest.mark.parametrize("code", ["DS28", "ED05", "ED06", "FF10"])
def test_a_technical_failure_is_presented_again_as_soon_as_possible(code: str) -> None:
    chosen = choose_day(MIDDLE_OF_THE_MONTH, code, EARLIEST, FIXED, CALENDAR)
    assert (chosen.day, chosen.by_history) == (EARLIEST, False)
    assert chosen.reason == f"{code} is a technical failure: as soon as possible"


@pytest.mark.parametrize("code", [None, "AC04", "MD01"])
def test_what_does_not_speak_of_funds_keeps_the_fixed_rule(code: str | None) -> None:
    chosen = choose_day(MIDDLE_OF_THE_MONTH, code, EARLIEST, FIXED, CALENDAR)
    assert (chosen.day, chosen.by_history) == (FIXED, False)


def test_technical_failures_of_the_past_say_nothing_about_a_day() -> None:
    with_noise = MIDDLE_OF_THE_MONTH + failed(*["2026-03-18"] * 9, code="DS28")
    assert choose_day(with_noise, "AM04", EARLIEST, FIXED, CALENDAR) == choose_day(
        MIDDLE_OF_THE_MONTH, "AM04", EARLIEST, FIXED, CALENDAR
    )


def test_debits_that_succeed_as_often_on_any_day_keep_the_fixed_rule() -> None:
    even = [one for day in range(1, 29) for one in (paid(f"2026-06-{day:02}") + failed(f"2026-07-{day:02}"))]
    chosen = choose_day(even, "AM04", EARLIEST, FIXED, CALENDAR)
    assert (chosen.day, chosen.by_history) == (FIXED, False)
    assert chosen.reason == "fixed rule: by 56 earlier debits no day is clearly better"


def test_a_thin_history_says_how_thin_it_is() -> None:
    chosen = choose_day(MIDDLE_OF_THE_MONTH[2:7], "AM04", EARLIEST, FIXED, CALENDAR)
    assert chosen.reason == "fixed rule: 5 earlier debits, 2 without funds, say too little"


@given(histories, codes, starts, st.integers(0, 20))
def test_the_day_is_open_never_too_early_and_not_much_later_than_the_rule(
    history: list[Past], code: str | None, earliest: date, wait: int
) -> None:
    fixed = CALENDAR.add_open_days(earliest, wait)
    chosen = choose_day(history, code, earliest, fixed, CALENDAR)
    assert CALENDAR.is_open(chosen.day)
    assert earliest <= chosen.day
    assert chosen.day <= max(fixed, CALENDAR.following_open(earliest) + timedelta(days=DAYS_MAX))
    assert chosen.by_history or chosen.day in {fixed, CALENDAR.following_open(earliest)}


@given(histories, starts)
def test_thin_data_keep_the_fixed_rule(history: list[Past], earliest: date) -> None:
    fixed = CALENDAR.add_open_days(earliest, 5)
    tried = [one for one in history if one.succeeded or one.code in {"AM04", "AG07", "MS03"}]
    successes = sum(one.succeeded for one in tried)
    assume(len(tried) < DEBITS_MIN or min(successes, len(tried) - successes) < OF_EACH_MIN)
    chosen = choose_day(history, "AM04", earliest, fixed, CALENDAR)
    assert (chosen.day, chosen.by_history) == (fixed, False)


@given(st.data(), histories, codes)
def test_the_order_of_the_history_does_not_matter(data: st.DataObject, history: list[Past], code: str | None) -> None:
    shuffled = data.draw(st.permutations(history))
    assert choose_day(shuffled, code, EARLIEST, FIXED, CALENDAR) == choose_day(history, code, EARLIEST, FIXED, CALENDAR)


@given(st.lists(past, min_size=6, max_size=40), starts)
def test_one_more_success_on_the_day_that_history_chose_does_not_move_it(history: list[Past], earliest: date) -> None:
    fixed = CALENDAR.add_open_days(earliest, 5)
    before = choose_day(history, "AM04", earliest, fixed, CALENDAR)
    assume(before.by_history)
    more = [*history, Past(before.day, succeeded=True, code=None)]
    assert choose_day(more, "AM04", earliest, fixed, CALENDAR).day == before.day
