"""The days of a dispute: where a time ends, what standing still costs, and when people are told."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debit_service.core.calendar import BusinessCalendar, load_calendar
from debit_service.core.settings import PROJECT
from debit_service.disputes import reference
from debit_service.disputes.letters import Told, written
from debit_service.disputes.rules import Body, CountedIn, Days, body_for
from debit_service.mandates.draft_numbers import ALPHABET

ALGERIA = load_calendar("DZ", PROJECT / "config")
DAYS, OPEN_DAYS = Days(ALGERIA, "calendar_days"), Days(ALGERIA, "open_days")
SOME_DAY = st.dates(date(2026, 1, 1), date(2027, 6, 30))


@pytest.mark.parametrize(
    ("start", "days", "ends"),
    [
        (date(2026, 9, 1), 30, date(2026, 10, 1)),  # a Thursday
        (date(2026, 9, 2), 30, date(2026, 10, 4)),  # 2 October is a Friday: Sunday
        (date(2026, 9, 3), 30, date(2026, 10, 4)),  # a Saturday: Sunday
        (date(2026, 10, 2), 30, date(2026, 11, 2)),  # 1 November is the feast of the revolution
    ],
)
def test_a_time_that_ends_on_a_closed_day_ends_on_the_next_open_one(start: date, days: int, ends: date) -> None:
    assert DAYS.deadline(start, days) == ends


def test_a_time_in_open_days_leaves_out_the_closed_ones() -> None:
    assert OPEN_DAYS.deadline(date(2026, 9, 3), 3) == date(2026, 9, 8)


def test_where_the_calendar_ends_every_day_counts_as_open() -> None:
    last = ALGERIA.last_day
    assert DAYS.deadline(last, 30) == last + timedelta(days=30)


@given(
    deadline=SOME_DAY,
    stopped=SOME_DAY,
    length=st.integers(0, 60),
    counted_in=st.sampled_from(["calendar_days", "open_days"]),
)
def test_a_deadline_whose_time_stood_still_never_comes_earlier(
    deadline: date, stopped: date, length: int, counted_in: CountedIn
) -> None:
    days = Days(ALGERIA, counted_in)
    resumed = days.resumed(deadline, stopped, stopped + timedelta(days=length))
    assert resumed >= deadline
    assert length == 0 or counted_in == "open_days" or resumed - deadline >= timedelta(days=length)


def test_standing_still_over_closed_days_costs_nothing_when_open_days_count() -> None:
    friday, saturday = date(2026, 9, 4), date(2026, 9, 5)
    assert OPEN_DAYS.resumed(date(2026, 9, 20), friday, saturday) == date(2026, 9, 20)


def test_people_are_told_on_an_open_day_before() -> None:
    # Seven days before Thursday 8 October is a Thursday; eight before Sunday 11 October a Saturday: told on Thursday.
    assert DAYS.ahead(date(2026, 10, 8), 7) == date(2026, 10, 1)
    assert DAYS.ahead(date(2026, 10, 11), 8) == date(2026, 10, 1)


@given(told=SOME_DAY)
def test_a_time_never_ends_before_the_day_that_was_told_nor_on_a_closed_one(told: date) -> None:
    ends = DAYS.ends(told)
    assert ends >= told
    assert ALGERIA.is_open(ends)
    assert not any(ALGERIA.is_open(told + timedelta(days=n)) for n in range((ends - told).days))


def test_from_a_million_dinars_on_the_national_commission_decides() -> None:
    assert [body_for(minor, 100_000_000) for minor in (99_999_999, 100_000_000)] == [Body.LOCAL, Body.NATIONAL]
    assert body_for(10**15, None) is Body.LOCAL


@given(st.integers(0, 8), st.sampled_from(ALPHABET))
def test_a_reference_with_one_wrong_character_is_no_reference(place: int, wrong: str) -> None:
    known = reference.fresh()
    body = known.removeprefix("S-").replace("-", "")
    place %= len(body)
    changed = f"S{body[:place]}{wrong}{body[place + 1 :]}"
    assert reference.read(changed) == (known if body[place] == wrong else None)


@pytest.mark.parametrize("typed", [str.lower, lambda one: one.replace("-", ""), lambda one: f" {one} "])
def test_a_reference_is_read_however_it_is_typed(typed: object) -> None:
    known = reference.fresh()
    assert callable(typed)
    assert reference.read(typed(known)) == known


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
@pytest.mark.parametrize("kind", ["received", "asked", "answered", "appealed", "decided", "late", "withdrawn"])
def test_each_letter_names_the_reference_and_shows_braces_as_they_were_written(kind: str, language: str) -> None:
    told = Told(
        "{name} & Fils", "CNAS", "penalty", "2026-08 (A1)", "S-3467-9ACD", "rejected", "rejected", "local", "{text} {due}",
        date(2026, 10, 1), date(2026, 9, 15), date(2026, 10, 20),
    )  # fmt: skip
    subject, text = written(kind, language, told)  # type: ignore[arg-type]
    assert "S-3467-9ACD" in subject
    assert "S-3467-9ACD" in text
    assert "{name} & Fils" in text
    assert ("{text} {due}" in text) == (kind in ("asked", "answered", "decided", "withdrawn"))
    assert ("2026-10-20" in text) == (kind == "answered")


def test_the_calendar_of_these_examples_is_algerias() -> None:
    assert isinstance(ALGERIA, BusinessCalendar)
    assert [ALGERIA.is_open(date(2026, 10, day)) for day in (1, 2, 3, 4)] == [True, False, False, True]
