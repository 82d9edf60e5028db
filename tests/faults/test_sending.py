"""At the bank's door: a file leaves once, whatever the door does; what is not known is asked; only the same bytes go again."""

import threading
from collections.abc import Callable

import pytest
from bank_files import camt054, credit, pain002
from faults.door import DUE, Died, Door, approved, send, state, tries
from house import APPROVER, CLERK, House

from debit_service.banks.channels import OutcomeUnknown
from debit_service.collections import queries as collections
from debit_service.collections.service.batch import cancel_alone, cancel_batch
from debit_service.core.errors import Refused, Unavailable
from debit_service.reconcile.rules import State


def revoke_mandate(house: House, contribution_id: str) -> None:
    with house.desk.reading(CLERK) as work:
        mandate_id = collections.attempts(work, contribution_id)[0].mandate_id
    house.revoke(mandate_id)


def test_a_bank_that_is_down_gets_the_same_bytes_under_the_same_name_later(house: House) -> None:
    batch_id, _ = approved(house)
    door = Door(does=[Unavailable("bank.unreachable", "down"), None])

    assert send(house, batch_id, door) == "not_sent"
    assert state(house, batch_id) == "approved"
    assert send(house, batch_id, door) == "sent"

    assert len(door.came) == 2
    assert door.came[0] == door.came[1]
    assert f"<MsgId>{batch_id}</MsgId>".encode() in door.came[0][1]
    assert (tries(house, batch_id), door.asked) == (["not_sent", "sent"], 0)


@pytest.mark.parametrize("died", [True, False], ids=["the process died", "the bank did not answer"])
def test_a_bank_that_says_it_has_the_file_gets_no_second_one(sqlite_house: House, died: bool) -> None:
    batch_id, _ = approved(sqlite_house)
    cut_off(sqlite_house, batch_id, died=died)

    door = Door(does=[], knows=True)
    assert send(sqlite_house, batch_id, door) == "sent"
    assert (door.came, door.asked, state(sqlite_house, batch_id)) == ([], 1, "sent")
    assert sqlite_house.breaches() == {}


@pytest.mark.parametrize("died", [True, False], ids=["the process died", "the bank did not answer"])
def test_a_bank_that_says_it_has_nothing_gets_the_same_bytes(sqlite_house: House, died: bool) -> None:
    batch_id, _ = approved(sqlite_house)
    first = cut_off(sqlite_house, batch_id, died=died)

    door = Door(does=[], knows=False)
    assert send(sqlite_house, batch_id, door) == "sent"
    assert door.came == first.came
    assert sqlite_house.breaches() == {}


def test_while_a_bank_cannot_say_nothing_is_sent_and_a_person_is_told(sqlite_house: House) -> None:
    batch_id, _ = approved(sqlite_house)
    cut_off(sqlite_house, batch_id, died=False)

    door = Door(does=[], knows=None)
    with pytest.raises(Refused) as refusal:
        send(sqlite_house, batch_id, door)
    assert (refusal.value.code, refusal.value.place) == ("batch.outcome_unknown", batch_id)
    assert (door.came, state(sqlite_house, batch_id)) == ([], "sending")


def cut_off(house: House, batch_id: str, *, died: bool) -> Door:
    """The first try ends without anybody knowing whether the bank has the file."""
    door = Door(does=[Died() if died else OutcomeUnknown("bank.broken_off", "no answer")])  # type: ignore[list-item]
    if died:
        with pytest.raises(Died):
            send(house, batch_id, door)
    else:
        assert send(house, batch_id, door) == "unknown"
    assert tries(house, batch_id) == [None if died else "unknown"]
    return door


def test_while_one_process_is_handing_a_file_over_another_neither_asks_nor_sends(house: House) -> None:
    batch_id, _ = approved(house)
    answers: list[str] = []
    second_door = Door(does=[])
    second = threading.Thread(target=lambda: answers.append(send(house, batch_id, second_door)))

    class Slow(Door):
        def send(self, name: str, content: bytes) -> None:
            second.start()
            # As long as a bank may take: time enough for the other process to go wrong.
            second.join(0.5)
            super().send(name, content)

    first_door = Slow(does=[])
    answers.append(send(house, batch_id, first_door))
    second.join(10)

    assert answers == ["sent", "sent"]
    assert (len(first_door.came), second_door.came, second_door.asked) == (1, [], 0)


def test_a_batch_that_was_sent_is_not_sent_again(sqlite_house: House) -> None:
    batch_id, _ = approved(sqlite_house)
    door = Door(does=[])

    assert send(sqlite_house, batch_id, door) == "sent"
    assert send(sqlite_house, batch_id, door) == "sent"

    assert len(door.came) == 1


def test_a_batch_that_nobody_approved_does_not_reach_the_door(sqlite_house: House) -> None:
    sqlite_house.contribution(sqlite_house.employer(), due=DUE)
    sqlite_house.collect()
    sqlite_house.go_to(sqlite_house.send_day("CNAS", DUE))
    (batch_id,) = sqlite_house.collect().batches
    door = Door(does=[])

    with pytest.raises(Refused, match="not approved"):
        send(sqlite_house, batch_id, door)

    assert (door.came, state(sqlite_house, batch_id)) == ([], "made")


def test_a_mandate_revoked_after_approval_stops_the_file_and_the_batch_is_made_anew_without_it(house: House) -> None:
    revoked = house.contribution(house.employer(), due=DUE)
    kept = house.contribution(house.employer(), due=DUE)
    house.collect()
    house.go_to(house.send_day("CNAS", DUE))
    (batch_id,) = house.collect().batches
    house.approve(batch_id)
    revoke_mandate(house, revoked)
    door = Door(does=[])

    with pytest.raises(Refused, match="is revoked"):
        send(house, batch_id, door)

    assert (door.came, state(house, batch_id)) == ([], "cancelled")
    done = house.collect()
    assert (done.planned, len(done.batches)) == (0, 1)
    with house.desk.reading(CLERK) as work:
        assert [one.live for one in collections.attempts(work, revoked)] == [False]
        assert [one.live for one in collections.attempts(work, kept)] == [True]
    assert house.breaches() == {}


def test_a_mandate_revoked_while_the_outcome_was_unknown_is_not_debited_by_the_second_try(house: House) -> None:
    batch_id, contribution_id = approved(house)
    cut_off(house, batch_id, died=True)
    revoke_mandate(house, contribution_id)
    door = Door(does=[], knows=False)

    with pytest.raises(Refused, match="not sent a second time"):
        send(house, batch_id, door)

    assert (door.came, state(house, batch_id)) == ([], "sending")
    with pytest.raises(Refused, match="finance_approver"):
        cancel_alone(house.desk, CLERK, batch_id, "it looks as if the bank has nothing", lambda: door)
    cancel_alone(house.desk, APPROVER, batch_id, "the bank confirmed by letter that it has nothing", lambda: door)
    assert state(house, batch_id) == "cancelled"
    assert house.breaches() == {}


def test_a_batch_whose_sending_has_begun_is_not_cancelled_in_passing(sqlite_house: House) -> None:
    """A payment, a calendar or an answer of the bank may cancel a batch; never one that is on its way since they looked."""
    batch_id, _ = approved(sqlite_house)
    cut_off(sqlite_house, batch_id, died=True)
    with pytest.raises(Refused, match="on its way"), sqlite_house.desk.work(APPROVER) as work:
        cancel_batch(work, batch_id, "paid by other means")
    assert state(sqlite_house, batch_id) == "sending"


def test_a_batch_that_the_bank_says_it_has_is_not_cancelled(sqlite_house: House) -> None:
    batch_id, _ = approved(sqlite_house)
    cut_off(sqlite_house, batch_id, died=True)
    with pytest.raises(Refused, match="says that it has this file"):
        cancel_alone(sqlite_house.desk, APPROVER, batch_id, "somebody thinks not", lambda: Door(does=[], knows=True))
    assert state(sqlite_house, batch_id) == "sending"


def test_a_file_that_the_bank_has_stays_sent_though_a_mandate_in_it_was_revoked(sqlite_house: House) -> None:
    batch_id, contribution_id = approved(sqlite_house)
    cut_off(sqlite_house, batch_id, died=True)
    revoke_mandate(sqlite_house, contribution_id)

    assert send(sqlite_house, batch_id, Door(does=[], knows=True)) == "sent"


@pytest.mark.parametrize("answer", ["rejected", "accepted", "settled"])
def test_a_bank_that_answers_before_the_sending_was_concluded_leaves_the_journal_right(
    house: House, answer: str
) -> None:
    batch_id, contribution_id = approved(house)
    cut_off(house, batch_id, died=True)
    sent = house.debit(contribution_id)
    said: dict[str, Callable[[], bytes]] = {
        "rejected": lambda: pain002(sent, "RJCT", "AM04"),
        "accepted": lambda: pain002(sent, "ACCP", None),
        "settled": lambda: camt054(sent.account, credit(sent)),
    }
    house.bank_says(said[answer]())

    assert send(house, batch_id, Door(does=[], knows=True)) == "sent"

    assert house.outcome(sent).state is State(answer)
    assert house.breaches() == {}
