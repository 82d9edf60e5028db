"""At the bank's door: a file leaves once, whatever the door does; what is not known is asked; only the same bytes go again."""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from bank_files import camt054, credit, pain002
from house import APPROVER, CLERK, House

from debit_service.banks.channels import Channel, FolderChannel, HttpChannel, LeftFile, OutcomeUnknown
from debit_service.collections import queries as collections
from debit_service.collections.service.batch import cancel_alone
from debit_service.collections.service.submit import submit
from debit_service.core.errors import Refused, Unavailable
from debit_service.reconcile.rules import State

DUE = date(2026, 9, 30)
BANK = "http://bank.test"
FILES, ASKED = f"{BANK}/payments", f"{BANK}/_mock/collections/"


@dataclass
class Door:
    """A bank's door that does what it is told, and remembers what came through."""

    does: list[Exception | None]
    knows: bool | None = False
    came: list[tuple[str, bytes]] = field(default_factory=list)
    asked: int = 0

    def send(self, name: str, content: bytes) -> None:
        self.came.append((name, content))
        if self.does and (trouble := self.does.pop(0)):
            raise trouble

    def has(self, name: str, end_to_end_id: str) -> bool | None:  # noqa: ARG002 - the signature is the channel's
        self.asked += 1
        return self.knows

    def waiting(self) -> Any:
        return iter(())

    def taken(self, name: str) -> None:
        """Nothing to forget."""


class Died(BaseException):
    """The process ended here."""


def approved(house: House) -> tuple[str, str]:
    """A batch that may leave today, with the contribution in it."""
    contribution_id = house.contribution(house.employer(), due=DUE)
    house.collect()
    house.go_to(house.send_day("CNAS", DUE))
    (batch_id,) = house.collect().batches
    house.approve(batch_id)
    return batch_id, contribution_id


def send(house: House, batch_id: str, door: Channel) -> str:
    return submit(house.desk, CLERK, house.fund(), batch_id, door)


def state(house: House, batch_id: str) -> str:
    with house.desk.reading(CLERK) as work:
        return collections.batch_state(work, batch_id)


def tries(house: House, batch_id: str) -> list[str | None]:
    with house.desk.reading(CLERK) as work:
        return [one.outcome for one in collections.submissions(work, batch_id)]


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
    assert house.collect().planned == 1
    with house.desk.reading(CLERK) as work:
        assert [one.live for one in collections.attempts(work, revoked)] == [False]
        assert [one.live for one in collections.attempts(work, kept)] == [False, True]
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
        cancel_alone(house.desk, CLERK, batch_id, "it looks as if the bank has nothing")
    cancel_alone(house.desk, APPROVER, batch_id, "the bank confirmed by letter that it has nothing")
    assert state(house, batch_id) == "cancelled"
    assert house.breaches() == {}


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


# --- the doors themselves ---


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "sent"),
        (202, "sent"),
        (422, "sent"),  # the bank has read it and judged it: it has it
        (409, "sent"),
        (302, "not_sent"),  # a page that answers 200 behind a redirect never saw the file
        (401, "not_sent"),
        (404, "not_sent"),
        (429, "not_sent"),
        (500, "unknown"),
        (504, "unknown"),
    ],
)
@responses.activate
def test_what_an_http_bank_answers_to_a_file(sqlite_house: House, status: int, outcome: str) -> None:
    batch_id, _ = approved(sqlite_house)
    responses.post(FILES, status=status, json={}, headers={"Location": f"{BANK}/login"} if status == 302 else None)
    responses.get(f"{BANK}/login", status=200)

    assert send(sqlite_house, batch_id, HttpChannel(BANK)) == outcome
    assert tries(sqlite_house, batch_id) == [outcome]
    assert [call.request.method for call in responses.calls] == ["POST"]


@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [
        (requests.exceptions.ConnectTimeout(), "not_sent"),
        (requests.exceptions.ReadTimeout(), "unknown"),
        (requests.exceptions.ConnectionError("Connection aborted"), "unknown"),
        (requests.exceptions.ChunkedEncodingError(), "unknown"),
    ],
)
@responses.activate
def test_a_line_that_breaks_is_certain_only_before_it_stood(
    sqlite_house: House, trouble: Exception, outcome: str
) -> None:
    batch_id, _ = approved(sqlite_house)
    responses.post(FILES, body=trouble)

    assert send(sqlite_house, batch_id, HttpChannel(BANK)) == outcome


def test_a_port_where_nobody_listens_has_certainly_not_got_the_file(sqlite_house: House) -> None:
    batch_id, _ = approved(sqlite_house)

    assert send(sqlite_house, batch_id, HttpChannel("http://127.0.0.1:1")) == "not_sent"


@pytest.mark.parametrize(("status", "known"), [(200, True), (404, False), (500, None), (401, None), (302, None)])
@responses.activate
def test_only_a_clear_answer_tells_whether_a_bank_has_a_file(status: int, known: bool | None) -> None:
    responses.get(f"{ASKED}E2E-1", status=status, headers={"Location": f"{BANK}/login"})
    responses.get(f"{BANK}/login", status=200)

    assert HttpChannel(BANK).has("file.xml", "E2E-1") is known


@responses.activate
def test_a_bank_that_cannot_be_reached_does_not_say_whether_it_has_a_file() -> None:
    responses.get(f"{ASKED}E2E-1", body=requests.exceptions.ConnectionError())

    assert HttpChannel(BANK).has("file.xml", "E2E-1") is None


@pytest.mark.parametrize("body", ["<html>", "{}", "[1]", '[{"type": "camt.054"}]', "null"])
@responses.activate
def test_a_mailbox_that_answers_nonsense_is_a_bank_that_is_unavailable(body: str) -> None:
    responses.get(f"{BANK}/_mock/mailbox", body=body)
    if body == "{}":
        assert list(HttpChannel(BANK).waiting()) == []
        return

    with pytest.raises(Unavailable):
        list(HttpChannel(BANK).waiting())


def test_an_exchange_folder_that_is_not_there_has_certainly_not_got_the_file(
    sqlite_house: House, tmp_path: Path
) -> None:
    batch_id, _ = approved(sqlite_house)
    gone = FolderChannel(tmp_path / "not mounted")

    assert send(sqlite_house, batch_id, gone) == "not_sent"
    assert gone.has("file.xml", "E2E-1") is None
    with pytest.raises(Unavailable, match="not there"):
        list(gone.waiting())


def test_an_exchange_folder_that_is_full_leaves_nothing_half_written_and_is_asked_before_the_next_try(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id, _ = approved(sqlite_house)
    inbox = sqlite_house.bank_folder / "in"

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", refusing(errno.ENOSPC))
        assert send(sqlite_house, batch_id, sqlite_house.channel) == "unknown"
    assert list(inbox.iterdir()) == []

    assert send(sqlite_house, batch_id, sqlite_house.channel) == "sent"
    assert [path.name for path in inbox.iterdir()] == [f"{batch_id}.xml"]


def refusing(number: int) -> Callable[..., None]:
    def call(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return call


def test_a_folder_bank_knows_a_file_that_it_has_put_aside(sqlite_house: House) -> None:
    inbox = sqlite_house.bank_folder / "in"
    for place in ("processed", "failed"):
        (inbox / place).mkdir()
        (inbox / place / f"{place}.xml").touch()
        assert sqlite_house.channel.has(f"{place}.xml", "E2E-1") is True
    assert sqlite_house.channel.has("another.xml", "E2E-1") is False


def test_an_exchange_folder_that_breaks_while_it_is_read_is_a_bank_that_is_unavailable(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sqlite_house.bank_folder / "out" / "a.xml").write_bytes(b"<a/>")
    monkeypatch.setattr(Path, "read_bytes", refusing(errno.EIO))
    with pytest.raises(Unavailable):
        list(sqlite_house.channel.waiting())

    monkeypatch.setattr(Path, "replace", refusing(errno.ENOSPC))
    with pytest.raises(Unavailable):
        sqlite_house.channel.taken("a.xml")


def test_files_that_a_bank_is_still_writing_are_left_alone(sqlite_house: House) -> None:
    out = sqlite_house.bank_folder / "out"
    for name in ("whole.xml", ".hidden.xml", "half.tmp"):
        (out / name).write_bytes(b"<a/>")

    assert list(sqlite_house.channel.waiting()) == [LeftFile("whole.xml", b"<a/>")]
