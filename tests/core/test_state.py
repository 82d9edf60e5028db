"""State machines: only declared moves, each with its story, and one newest state whatever happens at the same time."""

import pytest
from house import APPROVER, CLERK, House
from sqlalchemy import insert, select, update

from debit_service.core.errors import Refused
from debit_service.core.machine import Machine
from debit_service.core.state import current, move, undeclared
from debit_service.mandates import queries
from debit_service.mandates.models import MandateTransition
from debit_service.mandates.rules import LIVE_STATES, MACHINE

LAMP = Machine("lamp", "off", {"off": frozenset({"on", "broken"}), "on": frozenset({"off"}), "broken": frozenset()})


@pytest.mark.parametrize(("before", "after"), [(None, "off"), ("off", "on"), ("on", "off"), ("off", "broken")])
def test_a_declared_move_is_allowed(before: str | None, after: str) -> None:
    LAMP.check(before, after, "lamp 1")


@pytest.mark.parametrize(
    ("before", "after"),
    [(None, "on"), ("off", "off"), ("broken", "off"), ("on", "broken"), ("gone", "on"), ("on", "x")],
)
def test_any_other_move_is_refused_and_says_what_would_be_allowed(before: str | None, after: str) -> None:
    with pytest.raises(Refused) as refusal:
        LAMP.check(before, after, "lamp 1")
    assert (refusal.value.code, refusal.value.place) == ("state.transition", "lamp 1")
    assert f"cannot become {after}" in refusal.value.message
    assert "Allowed now" in (refusal.value.remedy or "")


def test_a_final_state_says_so() -> None:
    with pytest.raises(Refused, match="final"):
        LAMP.check("broken", "on", "lamp 1")


def mandate(house: House) -> str:
    return house.mandate(house.employer(mandate=False), accepted=False)


def test_each_move_leaves_who_when_why_from_to_and_evidence(house: House) -> None:
    mandate_id = mandate(house)
    with house.desk.work(CLERK) as work:
        move(work, MandateTransition, MACHINE, mandate_id, "lodged_at_bank", "taken there", {"document": "receipt"})
    with house.reading() as work:
        first, second = queries.history(work, mandate_id)
    assert (first.from_state, first.to_state, first.sort_key, first.most_recent) == (None, "signed", 1, False)
    assert (second.from_state, second.to_state, second.sort_key, second.most_recent) == (
        "signed",
        "lodged_at_bank",
        2,
        True,
    )
    assert (second.who, second.why, second.evidence) == ("clerk", "taken there", {"document": "receipt"})
    assert second.at == house.clock.now()


def test_a_refused_move_changes_nothing(house: House) -> None:
    mandate_id = mandate(house)
    with pytest.raises(Refused), house.desk.work(CLERK) as work:
        move(work, MandateTransition, MACHINE, mandate_id, "expired", "too early")
    with house.desk.reading(CLERK) as work:
        assert len(queries.history(work, mandate_id)) == 1


def test_of_two_transactions_that_move_the_same_thing_the_database_lets_one_through(house: House) -> None:
    """The index alone must hold, even for a program that looked before the other one wrote."""
    mandate_id = mandate(house)
    with house.desk.work(CLERK) as work:
        move(work, MandateTransition, MACHINE, mandate_id, "lodged_at_bank", "first")
    late = {"id": "X", "subject_id": mandate_id, "sort_key": 9, "from_state": "signed", "to_state": "revoked"}
    late |= {"most_recent": True, "who": "approver", "why": "late", "evidence": {}, "at": house.clock.now()}
    with pytest.raises(Refused) as refusal, house.desk.database.transaction() as session:
        session.execute(insert(MandateTransition).values(late))
    assert refusal.value.code == "database.conflict"


def test_the_newest_state_is_read_under_a_lock_that_a_second_mover_waits_for(house: House) -> None:
    mandate_id = mandate(house)
    with house.desk.work(CLERK) as work:
        newest = current(work.session, MandateTransition, mandate_id)
        assert newest is not None
        assert newest.to_state == "signed"
        assert current(work.session, MandateTransition, "nobody") is None


def test_verify_is_told_of_a_move_that_was_never_declared(house: House) -> None:
    mandate_id = mandate(house)
    with house.desk.database.transaction() as session:
        session.execute(
            update(MandateTransition).where(MandateTransition.subject_id == mandate_id).values(to_state="expired")
        )
    with house.desk.reading(APPROVER) as work:
        rows = list(work.session.scalars(select(MandateTransition)))
        assert undeclared(rows, MACHINE) == [rows[0].id]


def test_the_states_in_which_a_mandate_holds_its_place_are_the_ones_that_may_still_move_on() -> None:
    assert {state for state, onward in MACHINE.transitions.items() if onward} == LIVE_STATES
