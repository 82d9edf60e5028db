"""Business calendars: what is open, what is closed and why, and where knowledge ends."""

import warnings
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from debit_service.core.calendar import BusinessCalendar, load_calendar
from debit_service.core.errors import InvalidInput, NotFound, Refused

CONFIG = Path(__file__).resolve().parents[2] / "config"
TARGET, DZ, MA = (load_calendar(name, CONFIG) for name in ("TARGET", "DZ", "MA"))


def calendar_with(folder: Path, *overrides: str, code: str = "DZ", library: str = "country") -> BusinessCalendar:
    (folder / "calendars").mkdir(exist_ok=True)
    head = f"""
        library = "{library}"
        code = "{code}"
        weekend = ["Friday", "Saturday"]
        first_day = 2026-01-01
        last_day = 2026-12-31
        source = "test"
    """
    (folder / "calendars" / "TEST.toml").write_text("\n".join([head, *overrides]), encoding="utf-8")
    return load_calendar("TEST", folder)


def override(day: str, becomes: str) -> str:
    return f'[[override]]\non = {day}\nis = "{becomes}"\nwhy = "Announced"\nsource = "Communique"\n'


@pytest.mark.parametrize("year", [2025, 2026, 2027])
def test_target_is_closed_on_weekends_and_exactly_six_holidays(year: int) -> None:
    easter = {2025: date(2025, 4, 20), 2026: date(2026, 4, 5), 2027: date(2027, 3, 28)}[year]
    closed = {date(year, 1, 1), date(year, 5, 1), date(year, 12, 25), date(year, 12, 26)}
    closed |= {easter - timedelta(days=2), easter + timedelta(days=1)}
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    assert [day for day in days if not TARGET.is_open(day)] == [
        day for day in days if day.weekday() >= 5 or day in closed
    ]


@pytest.mark.parametrize(
    ("calendar", "day", "why"),
    [
        (DZ, date(2026, 10, 2), "weekend (Friday)"),
        (DZ, date(2026, 10, 4), None),
        (DZ, date(2026, 11, 1), "Revolution Day"),
        (DZ, date(2026, 3, 22), "Eid al-Fitr (estimated)"),
        (MA, date(2026, 10, 4), "weekend (Sunday)"),
        (MA, date(2028, 10, 31), "Unity Day"),
        (MA, date(2026, 1, 14), "Amazigh New Year"),
        (MA, date(2026, 10, 2), None),
        (TARGET, date(2026, 4, 3), "Good Friday"),
    ],
)
def test_a_closed_day_says_why_and_keeps_that_it_is_only_estimated(
    calendar: BusinessCalendar, day: date, why: str | None
) -> None:
    assert calendar.why_closed(day) == why


def test_the_preceding_and_following_open_days_skip_a_whole_easter() -> None:
    good_friday = date(2026, 4, 3)
    assert TARGET.preceding_open(good_friday) == date(2026, 4, 2)
    assert TARGET.following_open(good_friday) == date(2026, 4, 7)


def test_an_open_day_is_its_own_preceding_and_following_open_day() -> None:
    day = date(2026, 10, 1)
    assert (TARGET.preceding_open(day), TARGET.following_open(day)) == (day, day)


@pytest.mark.parametrize(
    ("start", "n", "expected"),
    [
        (date(2026, 4, 2), 1, date(2026, 4, 7)),
        (date(2026, 4, 7), -1, date(2026, 4, 2)),
        (date(2026, 4, 4), 2, date(2026, 4, 8)),
        (date(2026, 4, 2), 0, date(2026, 4, 2)),
        (date(2026, 4, 4), 0, date(2026, 4, 7)),
    ],
)
def test_open_days_are_counted_over_closed_ones(start: date, n: int, expected: date) -> None:
    assert TARGET.add_open_days(start, n) == expected


@given(
    start=st.dates(date(2024, 1, 1), date(2028, 12, 31)),
    n=st.integers(1, 40),
    calendar=st.sampled_from([TARGET, DZ, MA]),
)
def test_going_forth_and_back_the_same_number_of_open_days_returns(
    start: date, n: int, calendar: BusinessCalendar
) -> None:
    start = calendar.following_open(start)
    there = calendar.add_open_days(start, n)
    assert calendar.is_open(there)
    assert calendar.add_open_days(there, -n) == start


def test_an_override_closes_an_open_day_and_opens_a_closed_one(tmp_path: Path) -> None:
    calendar = calendar_with(tmp_path, override("2026-03-23", "closed"), override("2026-03-22", "open"))
    assert calendar.why_closed(date(2026, 3, 23)) == "Announced"
    assert calendar.is_open(date(2026, 3, 22))


def test_an_override_may_open_a_weekend_day(tmp_path: Path) -> None:
    assert calendar_with(tmp_path, override("2026-10-02", "open")).is_open(date(2026, 10, 2))


def test_two_overrides_of_one_day_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="two overrides name the same day"):
        calendar_with(tmp_path, override("2026-10-05", "open"), override("2026-10-05", "closed"))


def test_an_override_outside_the_horizon_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="outside first_day"):
        calendar_with(tmp_path, override("2027-10-05", "open"))


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2027, 1, 1)])
def test_a_day_beyond_the_horizon_is_refused_and_the_file_named(tmp_path: Path, day: date) -> None:
    calendar = calendar_with(tmp_path)
    with pytest.raises(Refused) as refusal:
        calendar.is_open(day)
    assert refusal.value.code == "calendar.horizon"
    assert refusal.value.place == "config/calendars/TEST.toml"


def test_counting_open_days_stops_at_the_horizon_instead_of_guessing(tmp_path: Path) -> None:
    calendar = calendar_with(tmp_path)
    with pytest.raises(Refused, match="2027-01-01 is outside"):
        calendar.add_open_days(date(2026, 12, 30), 10)


def test_an_unknown_calendar_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"NOWHERE\.toml"):
        load_calendar("NOWHERE", tmp_path)


@pytest.mark.parametrize("library", ["country", "financial"])
def test_a_code_that_the_library_does_not_know_is_refused(tmp_path: Path, library: str) -> None:
    with pytest.raises(InvalidInput, match="knows no"):
        calendar_with(tmp_path, code="ZZ", library=library)


def test_a_misspelt_key_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"override\.0\.wy"):
        calendar_with(tmp_path, override("2026-10-05", "open").replace("why", "wy"))


def test_no_warning_of_the_library_escapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = holidays.country_holidays

    def warning_library(*args: Any, **kwargs: Any) -> Any:
        warnings.warn("renamed", DeprecationWarning, stacklevel=2)
        return real(*args, **kwargs)

    monkeypatch.setattr(holidays, "country_holidays", warning_library)
    with warnings.catch_warnings(record=True) as escaped:
        warnings.simplefilter("always")
        calendar_with(tmp_path)
    assert escaped == []


@pytest.mark.parametrize(("calendar", "code"), [(DZ, "DZ"), (MA, "MA")])
def test_the_stated_weekend_is_the_one_the_library_knows(calendar: BusinessCalendar, code: str) -> None:
    week = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    assert calendar.weekend == {week[day] for day in holidays.country_holidays(code).weekend}
