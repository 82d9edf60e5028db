"""The doors of banks: what each answer and each broken line tells, and what it does not."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
import responses
from faults.door import approved, send, tries
from house import House

from debit_service.banks.channels import LeftFile
from debit_service.banks.channels.folder import FolderChannel
from debit_service.banks.channels.http import HttpChannel
from debit_service.core.errors import Unavailable

BANK = "http://bank.test"
FILES, ASKED = f"{BANK}/payments", f"{BANK}/_mock/collections/"


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
