"""Whatever people try, in whatever order: a dispute lives by its machine, is answered once a person, and loses no day."""

from datetime import timedelta
from itertools import pairwise

from bookmarks import bookmark, embedded
from dispute_desk import BOTH, OTHER_CLERK, DisputeDesk
from house import APPROVER, CLERK, House
from hypothesis import given, settings
from hypothesis import strategies as st

from debit_service.core.errors import Refused
from debit_service.disputes.rules import MACHINE, Answer

ACTS = st.sampled_from(["take", "ask", "reply", "answer", "appeal", "decide", "withdraw", "keep_time", "wait"])
STEP = st.tuples(
    ACTS, st.sampled_from(Answer), st.sampled_from([CLERK, OTHER_CLERK, BOTH, APPROVER]), st.integers(0, 12)
)


def attempt(desk: DisputeDesk, dispute_id: str, step: tuple[str, Answer, object, int]) -> None:
    """One thing that somebody tries; what is refused changes nothing."""
    act, answer, actor, days = step
    try:
        match act:
            case "answer" | "decide":
                getattr(desk, act)(dispute_id, answer, actor)
            case "take" | "ask":
                getattr(desk, act)(dispute_id, actor)
            case "keep_time":
                desk.keep_time()
            case "wait":
                desk.at(desk.house.clock.now() + timedelta(days=days))
            case _:
                getattr(desk, act)(dispute_id)
    except Refused:
        pass


def test_no_order_of_acts_breaks_a_dispute(house: House) -> None:
    back = bookmark(house)

    @settings(max_examples=25 if embedded(house) else 4)
    @given(steps=st.lists(STEP, min_size=4, max_size=14))
    def lives(steps: list[tuple[str, Answer, object, int]]) -> None:
        try:
            desk = DisputeDesk(house)
            dispute_id = desk.contest()
            deadline = desk.row(dispute_id).answer_by
            for step in steps:
                attempt(desk, dispute_id, step)
                found = desk.row(dispute_id)
                assert found.answer_by >= deadline, "a deadline came earlier"
                deadline = found.answer_by
                assert (found.answer is None) == any(end is None for _, end in desk.stretches())
            states = desk.states(dispute_id)
            for before, after in pairwise(states):
                assert after in MACHINE.transitions[before]
            assert states.count("answered") <= 1
            assert states.count("decided") <= 1
            found = desk.row(dispute_id)
            assert found.decided_by is None or found.decided_by != found.answered_by
            assert house.breaches() == {}
        finally:
            back()

    lives()
