"""Which bookings count, of those that name the attempts at one contribution: a function of their set."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from debit_service.reconcile.counting import (
    BY_ANOTHER,
    PAID_ALREADY,
    RETURNED_ALREADY,
    RETURNED_IN_PART,
    Claim,
    troubles,
)
from debit_service.reconcile.rules import Effect

FIRST = date(2026, 9, 30)
LATER, LATEST = FIRST + timedelta(days=3), FIRST + timedelta(days=9)


def credit(name: str, on: date = FIRST, *, attempt: str = "A", firm: bool = False) -> Claim:
    return Claim(name, attempt, Effect.SETTLED, on, firm=firm)


def back(name: str, on: date = LATER, *, attempt: str = "A", reason: str = "AM04") -> Claim:
    return Claim(name, attempt, Effect.RETURNED, on, (reason,))


def test_the_earlier_of_two_credits_counts() -> None:
    assert troubles([credit("late", LATER), credit("early")]) == {"late": PAID_ALREADY}


def test_the_later_of_two_returns_counts() -> None:
    told = [credit("in"), back("early", LATER), back("late", LATEST, reason="AC04")]
    assert troubles(told) == {"early": RETURNED_ALREADY}


def test_of_two_returns_of_one_day_the_reason_decides_and_nothing_else() -> None:
    told = [credit("in"), back("z", reason="AM04"), back("a", reason="MS03")]
    assert troubles(told) == {"z": RETURNED_ALREADY}


def test_money_may_come_in_again_after_it_went_back_and_not_otherwise() -> None:
    assert troubles([credit("one"), back("gone"), credit("again", LATEST)]) == {}


def test_of_two_attempts_that_keep_their_money_the_one_that_was_paid_first_counts() -> None:
    assert troubles([credit("second", attempt="B"), credit("first", LATER)]) == {"first": BY_ANOTHER}


def test_an_attempt_that_came_back_does_not_hold_up_another() -> None:
    assert troubles([credit("first"), credit("second", LATER, attempt="B"), back("gone", LATEST, attempt="B")]) == {}


def test_a_share_of_a_sum_counts_before_an_earlier_credit_of_its_debit() -> None:
    assert troubles([credit("single"), credit("sum", LATER, firm=True)]) == {"single": PAID_ALREADY}


def part(name: str, minor: int) -> Claim:
    """Goes back of a debit of 3.00."""
    return Claim(name, "A", Effect.RETURNED, LATER, firm=True, minor=minor, whole_minor=300)


def test_of_a_debit_that_went_back_in_part_the_whole_does_not_go_back() -> None:
    told = [credit("in"), part("a third", 100), back("gone", LATEST)]
    assert troubles(told) == {"gone": RETURNED_IN_PART}


def test_a_debit_that_went_back_in_part_holds_its_contribution_before_an_attempt_that_was_paid_earlier() -> None:
    told = [credit("in", LATER), part("a third", 100), credit("other", attempt="B")]
    assert troubles(told) == {"other": BY_ANOTHER}


def test_parts_that_come_to_the_whole_debit_are_a_return() -> None:
    parts = [part("a third", 100), part("the rest", 200)]
    assert troubles([credit("in"), *parts, credit("other", LATEST, attempt="B")]) == {}
    assert troubles([credit("in"), *parts, credit("again", LATEST)]) == {}
    assert troubles([credit("in"), *parts, back("gone", LATEST)]) == {"gone": RETURNED_ALREADY}


@st.composite
def _claims(draw: st.DrawFn) -> list[Claim]:
    effects, attempts, days = (
        st.sampled_from([Effect.SETTLED, Effect.RETURNED]),
        st.sampled_from("AB"),
        st.integers(0, 4),
    )
    reasons = st.sampled_from(["AM04", "MS03"])
    drawn = draw(st.lists(st.tuples(attempts, effects, days, reasons), max_size=9))
    return [
        Claim(f"{number}", attempt, effect, FIRST + timedelta(days=day), (reason,))
        for number, (attempt, effect, day, reason) in enumerate(drawn)
    ]


@given(st.data(), _claims())
def test_the_order_in_which_bookings_are_told_changes_nothing(data: st.DataObject, told: list[Claim]) -> None:
    assert troubles(data.draw(st.permutations(told))) == troubles(told)


@given(_claims())
def test_never_more_than_one_credit_is_kept_and_as_many_count_as_can_be_right(told: list[Claim]) -> None:
    waits = troubles(told)
    kept = 0
    for attempt in "AB":
        mine = [one for one in told if one.collection_id == attempt]
        count = {effect: sum(one.effect is effect for one in mine) for effect in Effect}
        counts = {effect: sum(one.effect is effect for one in mine if one.entry_id not in waits) for effect in Effect}
        came, went = counts[Effect.SETTLED], counts[Effect.RETURNED]
        assert went == min(count[Effect.RETURNED], max(count[Effect.SETTLED], 1))
        assert came >= min(count[Effect.SETTLED], count[Effect.RETURNED])
        kept += max(came - went, 0)
    in_excess = {"A", "B"} & {
        one.collection_id for one in told if one.effect is Effect.SETTLED and waits.get(one.entry_id) is not None
    }
    assert kept <= 1
    assert kept == 1 or not in_excess


@given(_claims(), st.integers(0, 4), st.sampled_from("AB"))
def test_one_more_credit_never_makes_a_return_wait(told: list[Claim], day: int, attempt: str) -> None:
    one_more = [*told, credit("more", FIRST + timedelta(days=day), attempt=attempt)]
    returns = {one.entry_id for one in told if one.effect is Effect.RETURNED}
    assert troubles(one_more).keys() & returns <= troubles(told).keys() & returns
