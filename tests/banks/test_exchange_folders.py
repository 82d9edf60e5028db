"""An exchange folder keeps the same promises whether it is mounted here or reached over SFTP."""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from banks.sftp_bank import SftpBank, Trouble

from debit_service.banks.channels import Channel, LeftFile, OutcomeUnknown
from debit_service.banks.channels.exchange import FILE_BYTES_MAX
from debit_service.banks.channels.folder import FolderChannel
from debit_service.banks.channels.sftp import SftpChannel
from debit_service.core.errors import Unavailable

NAME, CONTENT = "batch.xml", bytes(range(256)) * 391  # some requests long, and no round number of them


@dataclass
class Exchange:
    """One kind of channel, the folder at its far end, and what can happen there."""

    folder: Path
    open: Callable[[bool], Channel]
    #: The next write finds the disk full.
    fill_disk: Callable[[], None]
    #: While the next file is read, this happens.
    while_reading: Callable[[Callable[[], None]], None]

    def channel(self, *, keeps_read_files: bool = True) -> Channel:
        return self.open(keeps_read_files)

    @property
    def ours(self) -> dict[str, bytes]:
        """Everything that lies in the bank's folder for our files, by its place."""
        root = self.folder / "in"
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    def put_aside(self, place: str) -> None:
        """The bank has read our file."""
        (self.folder / "in" / place).mkdir()
        (self.folder / "in" / NAME).rename(self.folder / "in" / place / NAME)

    def leave(self, name: str, content: bytes, *, second: int = 0) -> None:
        """The bank leaves a file, at a second of its day."""
        path = self.folder / "out" / name
        path.write_bytes(content)
        os.utime(path, (1_790_000_000 + second,) * 2)


def mounted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Exchange:
    for place in ("in", "out"):
        (folder / place).mkdir(parents=True)
    sync, read = os.fsync, Path.read_bytes

    def full(_: int) -> None:
        monkeypatch.setattr(os, "fsync", sync)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def while_reading(happens: Callable[[], None]) -> None:
        def reads(path: Path) -> bytes:
            monkeypatch.setattr(Path, "read_bytes", read)
            content = read(path)
            happens()
            return content

        monkeypatch.setattr(Path, "read_bytes", reads)

    return Exchange(
        folder,
        lambda keeps: FolderChannel(folder, keeps_read_files=keeps),
        lambda: monkeypatch.setattr(os, "fsync", full),
        while_reading,
    )


def remote(bank: SftpBank) -> Exchange:
    return Exchange(
        bank.folder,
        lambda keeps: SftpChannel(bank.door(), keeps_read_files=keeps),
        lambda: bank.at("write", Trouble.full),
        lambda happens: bank.at("read", lambda _: happens()),
    )


@pytest.fixture(params=["mounted", "sftp"])
def exchange(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Exchange:
    if request.param == "mounted":
        return mounted(tmp_path / "bank", monkeypatch)
    return remote(request.getfixturevalue("sftp_bank"))


@pytest.mark.parametrize("content", [CONTENT, b"", b"<a/>"], ids=["long", "empty", "short"])
def test_a_file_arrives_whole_under_its_name_and_nothing_lies_beside_it(exchange: Exchange, content: bytes) -> None:
    exchange.channel().send(NAME, content)

    assert exchange.ours == {NAME: content}


def test_the_same_bytes_again_make_no_second_file(exchange: Exchange) -> None:
    exchange.channel().send(NAME, CONTENT)
    exchange.channel().send(NAME, CONTENT)

    assert exchange.ours == {NAME: CONTENT}


@pytest.mark.parametrize("place", ["processed", "failed"])
def test_the_same_bytes_again_make_no_second_file_after_the_bank_has_read_the_first(
    exchange: Exchange, place: str
) -> None:
    exchange.channel().send(NAME, CONTENT)
    exchange.put_aside(place)

    exchange.channel().send(NAME, CONTENT)

    assert exchange.ours == {f"{place}/{NAME}": CONTENT}


@pytest.mark.parametrize("others", [CONTENT[:-1] + b"?", b"short"], ids=["of the same length", "of another length"])
def test_other_bytes_under_a_name_that_is_taken_replace_nothing(exchange: Exchange, others: bytes) -> None:
    exchange.channel().send(NAME, CONTENT)

    with pytest.raises(Unavailable) as refusal:
        exchange.channel().send(NAME, others)

    assert (refusal.value.code, refusal.value.place) == ("bank.name_taken", NAME)
    assert exchange.ours == {NAME: CONTENT}


@pytest.mark.parametrize("keeps_read_files", [True, False])
@pytest.mark.parametrize("place", [None, "processed", "failed"])
def test_a_file_that_lies_there_is_had(exchange: Exchange, place: str | None, keeps_read_files: bool) -> None:
    exchange.channel().send(NAME, CONTENT)
    if place:
        exchange.put_aside(place)

    assert exchange.channel(keeps_read_files=keeps_read_files).has(NAME, "E2E-1") is True


def test_an_absent_file_says_something_only_at_a_bank_that_keeps_what_it_has_read(exchange: Exchange) -> None:
    assert exchange.channel(keeps_read_files=True).has(NAME, "E2E-1") is False
    assert exchange.channel(keeps_read_files=False).has(NAME, "E2E-1") is None


def test_a_folder_that_is_not_there_has_nothing_and_says_nothing(exchange: Exchange) -> None:
    exchange.folder.rename(exchange.folder.with_name("elsewhere"))
    exchange.folder.mkdir()

    with pytest.raises(Unavailable) as refusal:
        exchange.channel().send(NAME, CONTENT)
    assert refusal.value.code == "bank.folder_missing"
    assert exchange.channel().has(NAME, "E2E-1") is None
    with pytest.raises(Unavailable):
        list(exchange.channel().waiting())
    assert list(exchange.folder.iterdir()) == []


def test_on_a_full_disk_nothing_is_left_and_the_next_try_brings_the_file_once(exchange: Exchange) -> None:
    exchange.fill_disk()
    with pytest.raises((Unavailable, OutcomeUnknown)):
        exchange.channel().send(NAME, CONTENT)
    assert exchange.ours == {}
    assert exchange.channel().has(NAME, "E2E-1") is False

    exchange.channel().send(NAME, CONTENT)
    assert exchange.ours == {NAME: CONTENT}


def test_what_the_bank_has_left_comes_oldest_first(exchange: Exchange) -> None:
    exchange.leave("b.xml", CONTENT, second=1)
    exchange.leave("c.xml", b"", second=0)
    exchange.leave("a.xml", b"<a/>", second=2)

    assert list(exchange.channel().waiting()) == [
        LeftFile("c.xml", b""),
        LeftFile("b.xml", CONTENT),
        LeftFile("a.xml", b"<a/>"),
    ]


def test_what_the_bank_is_still_writing_is_left_alone(exchange: Exchange) -> None:
    for name in (".hidden.xml", "half.xml.tmp", "whole.xml"):
        exchange.leave(name, b"<a/>")
    (exchange.folder / "out" / "folder.xml").mkdir()

    assert list(exchange.channel().waiting()) == [LeftFile("whole.xml", b"<a/>")]


def test_a_file_that_grows_while_it_is_read_is_fetched_when_it_is_whole(exchange: Exchange) -> None:
    exchange.leave("growing.xml", b"<a>")
    exchange.while_reading(lambda: exchange.leave("growing.xml", b"<a></a>", second=1))

    assert list(exchange.channel().waiting()) == []
    assert list(exchange.channel().waiting()) == [LeftFile("growing.xml", b"<a></a>")]


def test_a_file_that_nobody_could_hold_does_not_keep_the_others_from_being_fetched(exchange: Exchange) -> None:
    exchange.leave("huge.xml", b"")
    os.truncate(exchange.folder / "out" / "huge.xml", FILE_BYTES_MAX + 1)
    exchange.leave("whole.xml", b"<a/>", second=1)
    visit = exchange.channel().waiting()

    assert next(visit) == LeftFile("whole.xml", b"<a/>")
    with pytest.raises(Unavailable) as refusal:
        next(visit)
    assert (refusal.value.code, refusal.value.place) == ("bank.file_too_large", "huge.xml")


def test_what_was_fetched_is_moved_aside_once(exchange: Exchange) -> None:
    exchange.leave("a.xml", b"<a/>")
    channel = exchange.channel()

    for left in channel.waiting():
        channel.taken(left.name)
        channel.taken(left.name)
    exchange.channel().taken("a.xml")

    assert list(exchange.channel().waiting()) == []
    assert (exchange.folder / "out" / "taken" / "a.xml").read_bytes() == b"<a/>"


def test_a_name_that_the_bank_uses_again_is_fetched_again(exchange: Exchange) -> None:
    channel = exchange.channel()
    for content in (b"<a/>", b"<b/>"):
        exchange.leave("daily.xml", content)
        (left,) = channel.waiting()
        assert left == LeftFile("daily.xml", content)
        channel.taken(left.name)

    assert (exchange.folder / "out" / "taken" / "daily.xml").read_bytes() == b"<b/>"
