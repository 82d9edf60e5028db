"""At a bank's SFTP server: who is who, what breaks when, and what is certain afterwards."""

import base64
import itertools
import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import asyncssh
import paramiko
import pytest
from banks.sftp_bank import SECONDS_MAX, USER, Gate, Sftp, SftpBank, Trouble, open_for_business
from paramiko.common import AUTH_FAILED, AUTH_PARTIALLY_SUCCESSFUL, AUTH_SUCCESSFUL, OPEN_SUCCEEDED
from pydantic import ValidationError

from debit_service.banks.channels import LeftFile, OutcomeUnknown, sftp, ssh
from debit_service.banks.channels.sftp import SftpChannel
from debit_service.core.errors import InvalidInput, Unavailable
from debit_service.core.settings import Settings, SftpDoor

NAME, CONTENT = "batch.xml", bytes(range(256)) * 391
SECRET = "correct horse battery staple"


def channel(bank: SftpBank, **changes: object) -> SftpChannel:
    return SftpChannel(bank.door(**changes), keeps_read_files=True)


def ours(bank: SftpBank) -> dict[str, bytes]:
    """What the bank would read: whatever has a name of ours. Hidden files are nothing to it."""
    return {path.name: path.read_bytes() for path in (bank.folder / "in").iterdir() if not path.name.startswith(".")}


def beside(bank: SftpBank) -> list[str]:
    return [path.name for path in (bank.folder / "in").iterdir() if path.name.startswith(".")]


def leave(bank: SftpBank, *names: str) -> None:
    """The bank leaves files, one second after another."""
    for second, name in enumerate(names):
        path = bank.folder / "out" / name
        path.write_bytes(b"<a/>")
        os.utime(path, (1_790_000_000 + second,) * 2)


def refusal(bank: SftpBank, **changes: object) -> Unavailable:
    """With these settings the door stays shut: for our files, for the bank's, and for questions."""
    shut = channel(bank, **changes)
    assert shut.has(NAME, "E2E-1") is None
    with pytest.raises(Unavailable):
        list(shut.waiting())
    with pytest.raises(Unavailable) as caught:
        shut.send(NAME, CONTENT)
    assert (ours(bank), bank.came) == ({}, [])
    return caught.value


# Who the bank is


def fingerprint(key: asyncssh.SSHKey) -> str:
    return "SHA256:" + base64.b64encode(sha256(key.public_data).digest()).decode().rstrip("=")


@pytest.mark.parametrize("form", ["{host} {public}", "{public}", "|1|c2FsdA==|aGFzaA== {public}", "{digest}"])
def test_a_pinned_host_key_may_be_a_line_of_known_hosts_a_public_key_or_a_fingerprint(
    sftp_bank: SftpBank, form: str
) -> None:
    public = sftp_bank.host_key.export_public_key().decode().strip()
    pin = form.format(host=f"[127.0.0.1]:{sftp_bank.port}", public=public, digest=fingerprint(sftp_bank.host_key))

    channel(sftp_bank, host_keys=[pin]).send(NAME, CONTENT)

    assert ours(sftp_bank) == {NAME: CONTENT}


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no OpenSSH here")
def test_a_fingerprint_is_what_ssh_keygen_prints(sftp_bank: SftpBank, tmp_path: Path) -> None:
    sftp_bank.host_key.write_public_key(tmp_path / "host.pub")
    printed = subprocess.run(
        ["ssh-keygen", "-lf", tmp_path / "host.pub"], check=True, capture_output=True, text=True
    ).stdout

    channel(sftp_bank, host_keys=[printed]).send(NAME, CONTENT)


def test_a_server_with_another_key_is_told_nothing(sftp_bank: SftpBank) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519")

    error = refusal(sftp_bank, host_keys=[fingerprint(other)])

    assert (error.code, error.place) == ("bank.sftp_host_key", f"127.0.0.1:{sftp_bank.port}")
    assert fingerprint(sftp_bank.host_key) in error.message


@pytest.mark.parametrize("pinned", ["ssh-rsa", "ecdsa-sha2-nistp256"])
def test_a_server_that_changed_the_kind_of_its_key_is_another_server(sftp_bank: SftpBank, pinned: str) -> None:
    old = asyncssh.generate_private_key(pinned)

    assert refusal(sftp_bank, host_keys=[old.export_public_key().decode()]).code == "bank.sftp_host_key"


@pytest.mark.parametrize("pinned", ["ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519"])
def test_a_server_with_several_keys_shows_the_pinned_one(tmp_path: Path, pinned: str) -> None:
    (tmp_path / "bank" / "in").mkdir(parents=True)
    bank = SftpBank(tmp_path / "bank", tmp_path / "own_key")
    bank.more_host_keys = [asyncssh.generate_private_key(kind) for kind in ("ssh-rsa", "ecdsa-sha2-nistp256")]
    keys = {key.get_algorithm(): key for key in (bank.host_key, *bank.more_host_keys)}
    with open_for_business(bank):
        channel(bank, host_keys=[keys[pinned].export_public_key().decode()]).send(NAME, CONTENT)

    assert ours(bank) == {NAME: CONTENT}


def test_while_a_bank_changes_its_key_the_old_and_the_new_one_are_pinned(sftp_bank: SftpBank) -> None:
    old = asyncssh.generate_private_key("ssh-ed25519")

    channel(sftp_bank, host_keys=[fingerprint(old), sftp_bank.host_key_line]).send(NAME, CONTENT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bank.example",
        "SHA256:tooshort",
        "MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48",
        "ssh-ed25519",
        "ssh-ed25519 !!!!",
        "ssh-ed25519 AAAAB3NzaC1yc2E=",
        "@revoked * {public}",
        "@cert-authority * {public}",
    ],
)
def test_what_pins_no_key_is_refused_before_anything_is_sent(sftp_bank: SftpBank, text: str) -> None:
    pin = text.format(public=sftp_bank.host_key.export_public_key().decode())

    with pytest.raises(InvalidInput) as refused:
        channel(sftp_bank, host_keys=[pin])
    assert refused.value.code == "bank.sftp_host_key"


# Who we are


def test_a_key_that_the_bank_does_not_know_does_not_get_in(sftp_bank: SftpBank, tmp_path: Path) -> None:
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(tmp_path / "stranger")

    assert refusal(sftp_bank, key_file=tmp_path / "stranger").code == "bank.sftp_refused"
    assert refusal(sftp_bank, user="somebody").code == "bank.sftp_refused"


@pytest.mark.parametrize(("kind", "form"), [("ssh-ed25519", "openssh"), ("ssh-rsa", "pkcs1-pem")])
def test_a_key_under_a_passphrase_opens_with_it_only(sftp_bank: SftpBank, tmp_path: Path, kind: str, form: str) -> None:
    locked, note = tmp_path / "locked", tmp_path / "passphrase"
    sftp_bank.client_key = asyncssh.generate_private_key(kind)
    # Few rounds: how long a passphrase takes to try is not what is tested.
    sftp_bank.client_key.write_private_key(locked, form, passphrase=SECRET, rounds=4, ignore_few_rounds=True)
    note.write_text(SECRET + "\n")

    channel(sftp_bank, key_file=locked, passphrase=SECRET).send(NAME, CONTENT)
    channel(sftp_bank, key_file=locked, passphrase_file=note).send("other.xml", CONTENT)
    assert list(ours(sftp_bank).values()) == [CONTENT, CONTENT]

    for wrong in ({}, {"passphrase": "wrong"}, {"passphrase_file": tmp_path / "nowhere"}):
        with pytest.raises(Unavailable) as caught:
            channel(sftp_bank, key_file=locked, **wrong).send("third.xml", CONTENT)
        assert caught.value.code == "bank.sftp_own_key"


def test_a_key_file_that_is_missing_or_none_is_named(sftp_bank: SftpBank, tmp_path: Path) -> None:
    (tmp_path / "none").write_text("this is no key")

    for file in (tmp_path / "nowhere", tmp_path / "none"):
        error = refusal(sftp_bank, key_file=file)
        assert (error.code, error.place) == ("bank.sftp_own_key", str(file))
    assert sftp_bank.connections == []


def test_a_password_is_tried_only_where_one_is_configured(sftp_bank: SftpBank, tmp_path: Path) -> None:
    sftp_bank.password = SECRET
    (tmp_path / "password").write_text(SECRET)
    by_password = {"key_file": None, "password_file": tmp_path / "password"}

    channel(sftp_bank, **by_password).send(NAME, CONTENT)
    assert ours(sftp_bank) == {NAME: CONTENT}

    with pytest.raises(Unavailable) as caught:
        channel(sftp_bank, key_file=None, password="wrong").send("other.xml", CONTENT)
    assert caught.value.code == "bank.sftp_refused"


def test_a_bank_that_wants_a_password_after_the_key_gets_both(sftp_bank: SftpBank) -> None:
    class KeyThenPassword(paramiko.ServerInterface):
        def get_allowed_auths(self, _username: str) -> str:
            return "publickey,password"

        def check_auth_publickey(self, _username: str, _key: paramiko.PKey) -> int:
            return AUTH_PARTIALLY_SUCCESSFUL

        def check_auth_password(self, _username: str, password: str) -> int:
            return AUTH_SUCCESSFUL if password == SECRET else AUTH_FAILED

        def check_channel_request(self, _kind: str, _chanid: int) -> int:
            return OPEN_SUCCEEDED

    key = paramiko.Ed25519Key.from_path(sftp_bank.own_key)
    with listening() as (listener, port):

        def serve() -> None:
            transport = paramiko.Transport(listener.accept()[0])
            transport.add_server_key(key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer)
            transport.start_server(threading.Event(), KeyThenPassword())
            transport.join()

        def answer_to(password: str | None) -> str:
            thread = threading.Thread(target=serve)
            thread.start()
            try:
                with ssh.open_session(sftp_bank.door(port=port, password=password), (ssh.Pin.parse(key.fingerprint),)):
                    return "come in"
            except Unavailable as error:
                return error.code
            finally:
                thread.join(SECONDS_MAX)

        assert [answer_to(password) for password in (SECRET, "wrong", None)] == [
            "come in",
            "bank.sftp_refused",
            "bank.sftp_refused",
        ]


@contextmanager
def listening() -> Iterator[tuple[socket.socket, int]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener, listener.getsockname()[1]


# A server that is not there, or says nothing


def test_a_bank_whose_server_is_gone_has_certainly_not_got_the_file(tmp_path: Path) -> None:
    bank = SftpBank(tmp_path / "bank", tmp_path / "own_key")
    (bank.folder / "in").mkdir(parents=True)
    with open_for_business(bank):
        gone = channel(bank)

    with pytest.raises(Unavailable) as caught:
        gone.send(NAME, CONTENT)
    assert caught.value.code == "bank.unreachable"
    assert gone.has(NAME, "E2E-1") is None
    with pytest.raises(Unavailable):
        gone.taken(NAME)


def test_a_server_that_takes_the_call_and_says_nothing_is_left(
    sftp_bank: SftpBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh, "OPEN_SECONDS_MAX", 0.2)
    with listening() as (_, port):
        assert refusal(sftp_bank, port=port).code == "bank.unreachable"


def test_a_server_that_falls_silent_while_we_sign_in_is_left(
    sftp_bank: SftpBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh, "OPEN_SECONDS_MAX", 0.5)
    awake = threading.Event()
    monkeypatch.setattr(Gate, "validate_public_key", lambda *_: awake.wait(SECONDS_MAX))

    with pytest.raises(Unavailable) as caught:
        channel(sftp_bank).send(NAME, CONTENT)
    awake.set()

    assert caught.value.code == "bank.unreachable"


def test_a_server_that_falls_silent_at_the_rename_may_have_the_file(
    sftp_bank: SftpBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh, "ANSWER_SECONDS_MAX", 0.3)
    awake = threading.Event()
    sftp_bank.at("rename", lambda _: awake.wait(SECONDS_MAX))

    with pytest.raises(OutcomeUnknown):
        channel(sftp_bank).send(NAME, CONTENT)

    awake.set()
    assert channel(sftp_bank).has(NAME, "E2E-1") is True
    channel(sftp_bank).send(NAME, CONTENT)
    assert ours(sftp_bank) == {NAME: CONTENT}


# A line that breaks


def moments_of_a_sending(bank: SftpBank) -> list[str]:
    channel(bank).send("rehearsal.xml", CONTENT)
    (bank.folder / "in" / "rehearsal.xml").unlink()
    came = list(bank.came)
    bank.came.clear()
    return came


def test_wherever_the_line_is_cut_asking_and_sending_again_leaves_one_file(sftp_bank: SftpBank) -> None:
    moments = moments_of_a_sending(sftp_bank)
    assert moments.count("write") > 2

    for number, moment in enumerate(moments, start=1):
        name = f"{number}.xml"
        sftp_bank.came.clear()
        sftp_bank.cut_at = number
        expected = OutcomeUnknown if moment in {"rename", "renamed"} else Unavailable
        with pytest.raises(expected) as broken:
            channel(sftp_bank).send(name, CONTENT)
        assert broken.value.code == "bank.broken_off"

        # After Unavailable nothing is asked: it has to be true.
        assert (name in ours(sftp_bank)) is (moment == "renamed")
        assert channel(sftp_bank).has(name, "E2E-1") is (moment == "renamed")
        channel(sftp_bank).send(name, CONTENT)
        assert ours(sftp_bank)[name] == CONTENT

    assert len(ours(sftp_bank)) == len(moments)


def test_a_line_that_breaks_while_files_are_fetched_leaves_the_rest_for_the_next_visit(sftp_bank: SftpBank) -> None:
    leave(sftp_bank, "a.xml", "b.xml")
    fetching = channel(sftp_bank)
    visit = fetching.waiting()
    fetching.taken(next(visit).name)

    sftp_bank.at("read", Trouble.hang_up)
    with pytest.raises(Unavailable):
        next(visit)

    assert list(fetching.waiting()) == [LeftFile("b.xml", b"<a/>")]


# A server that says no


@pytest.mark.parametrize("trouble", [Trouble.full, Trouble.forbidden], ids=["full", "forbidden"])
@pytest.mark.parametrize("moment", ["open", "write", "fsync", "closed", "rename"])
def test_a_server_that_says_no_has_nothing_and_keeps_nothing(
    sftp_bank: SftpBank, moment: str, trouble: Callable[[Sftp], None]
) -> None:
    sftp_bank.at(moment, trouble)

    with pytest.raises(Unavailable) as caught:
        channel(sftp_bank).send(NAME, CONTENT)

    assert caught.value.code == "bank.folder_broken"
    assert (ours(sftp_bank), beside(sftp_bank)) == ({}, [])
    channel(sftp_bank).send(NAME, CONTENT)
    assert ours(sftp_bank) == {NAME: CONTENT}


def test_a_server_that_kept_only_a_part_is_found_out_before_the_file_has_its_name(sftp_bank: SftpBank) -> None:
    def cut_short(_: Sftp) -> None:
        (hidden,) = (sftp_bank.folder / "in").glob(".*")
        os.truncate(hidden, 100)

    sftp_bank.at("closed", cut_short)

    with pytest.raises(Unavailable, match="kept 100 of"):
        channel(sftp_bank).send(NAME, CONTENT)
    assert (ours(sftp_bank), beside(sftp_bank)) == ({}, [])


def test_an_earlier_try_that_arrives_late_is_the_file(sftp_bank: SftpBank) -> None:
    sftp_bank.at("rename", lambda _: (sftp_bank.folder / "in" / NAME).write_bytes(CONTENT))

    channel(sftp_bank).send(NAME, CONTENT)

    assert (ours(sftp_bank), beside(sftp_bank)) == ({NAME: CONTENT}, [])


def test_somebody_elses_file_that_arrives_first_is_not_replaced(sftp_bank: SftpBank) -> None:
    sftp_bank.at("rename", lambda _: (sftp_bank.folder / "in" / NAME).write_bytes(b"theirs"))

    with pytest.raises(Unavailable) as caught:
        channel(sftp_bank).send(NAME, CONTENT)

    assert caught.value.code == "bank.name_taken"
    assert (ours(sftp_bank), beside(sftp_bank)) == ({NAME: b"theirs"}, [])


def test_while_a_file_of_our_name_cannot_be_compared_nobody_says_that_the_bank_has_nothing(
    sftp_bank: SftpBank,
) -> None:
    channel(sftp_bank).send(NAME, CONTENT)
    sftp_bank.at("open", Trouble.forbidden)

    with pytest.raises(OutcomeUnknown):
        channel(sftp_bank).send(NAME, CONTENT)


def test_a_bank_that_does_not_let_us_look_does_not_say_whether_it_has_a_file(sftp_bank: SftpBank) -> None:
    sftp_bank.at("stat", Trouble.forbidden)

    assert channel(sftp_bank).has(NAME, "E2E-1") is None


# What a server can do beyond the protocol


def test_bytes_are_on_disk_before_the_name_where_the_server_can_promise_it(sftp_bank: SftpBank) -> None:
    channel(sftp_bank).send(NAME, CONTENT)

    order = [moment for moment, _ in itertools.groupby(sftp_bank.came) if moment != "stat"]
    assert order == ["open", "write", "fsync", "closed", "rename", "renamed"]


def test_a_server_without_extensions_does_it_the_plain_way(
    sftp_bank: SftpBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncssh.sftp.SFTPServerHandler, "_extensions", [])
    plain = channel(sftp_bank)

    plain.send(NAME, CONTENT)
    for content in (b"<a/>", b"<b/>"):
        (sftp_bank.folder / "out" / "daily.xml").write_bytes(content)
        plain.taken("daily.xml")

    assert ours(sftp_bank) == {NAME: CONTENT}
    assert {"fsync", "replace"} & set(sftp_bank.came) == set()
    assert (sftp_bank.folder / "out" / "taken" / "daily.xml").read_bytes() == b"<b/>"


# Fetching


def test_one_visit_is_one_connection(sftp_bank: SftpBank) -> None:
    leave(sftp_bank, "a.xml", "b.xml", "c.xml")
    visitor = channel(sftp_bank)

    for left in visitor.waiting():
        visitor.taken(left.name)

    assert sftp_bank.came.count("replace") == 3
    assert len(sftp_bank.connections) == 1


def test_a_folder_too_full_for_one_visit_is_emptied_by_several(
    sftp_bank: SftpBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh, "LISTED_MAX", 3)
    monkeypatch.setattr(sftp, "LISTED_MAX", 3)
    leave(sftp_bank, *(f"{number}.xml" for number in range(4)))
    visitor = channel(sftp_bank, fetched="delete")

    visit = visitor.waiting()
    for _ in range(3):
        visitor.taken(next(visit).name)
    with pytest.raises(Unavailable) as caught:
        next(visit)

    assert caught.value.code == "bank.folder_too_full"
    assert len(list(visitor.waiting())) == 1


@pytest.mark.parametrize(("fetched", "left"), [("leave", {"a.xml"}), ("delete", set()), ("move", {"taken"})])
def test_what_becomes_of_a_fetched_file_is_agreed_with_the_bank(
    sftp_bank: SftpBank, fetched: str, left: set[str]
) -> None:
    leave(sftp_bank, "a.xml")
    visitor = channel(sftp_bank, fetched=fetched)

    for one in visitor.waiting():
        visitor.taken(one.name)

    assert {path.name for path in (sftp_bank.folder / "out").iterdir()} == left


def test_a_file_that_another_process_has_taken_meanwhile_is_passed_over(sftp_bank: SftpBank) -> None:
    leave(sftp_bank, "a.xml", "b.xml")
    visit = channel(sftp_bank).waiting()
    assert next(visit) == LeftFile("a.xml", b"<a/>")

    channel(sftp_bank).taken("b.xml")

    assert list(visit) == []


def test_folders_have_the_names_that_the_bank_gave_them(sftp_bank: SftpBank) -> None:
    (sftp_bank.folder / "in").rename(sftp_bank.folder / "upload")
    (sftp_bank.folder / "download" / "pain002").mkdir(parents=True)
    (sftp_bank.folder / "download" / "pain002" / "a.xml").write_bytes(b"<a/>")
    visitor = channel(sftp_bank, in_folder="/upload/", out_folder="download/pain002")

    visitor.send(NAME, CONTENT)

    assert (sftp_bank.folder / "upload" / NAME).read_bytes() == CONTENT
    assert [left.name for left in visitor.waiting()] == ["a.xml"]


# Settings


def test_a_server_is_set_in_the_file_and_its_secret_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin = f"SHA256:{'A' * 43}"
    (tmp_path / "default.toml").write_text(
        f'[bank_sftp.a-bank]\nhost = "sftp.bank.example"\nuser = "fund"\nkey_file = "key"\nhost_keys = ["{pin}"]\n'
    )
    monkeypatch.setenv("DEBIT_CONFIG", str(tmp_path))
    monkeypatch.setenv("DEBIT_BANK_SFTP", json.dumps({"a-bank": {"passphrase": SECRET}}))

    door = Settings().bank_sftp["a-bank"]

    assert (door.host, door.port, door.user, door.in_folder, door.out_folder) == (
        "sftp.bank.example", 22, USER, "in", "out",
    )  # fmt: skip
    assert door.passphrase is not None
    assert door.passphrase.get_secret_value() == SECRET


def test_what_is_shown_of_a_server_holds_no_secret(sftp_bank: SftpBank) -> None:
    door = sftp_bank.door(passphrase=SECRET, password=SECRET)

    shown = json.dumps(Settings(bank_sftp={"a-bank": door}).shown())

    assert SECRET not in shown + repr(door)
    assert sftp_bank.host_key_line in shown


@pytest.mark.parametrize(
    "changes",
    [{"key_file": None}, {"host_keys": []}, {"user": ""}, {"port": 0}, {"known_hosts": "x"}, {"fetched": "burn"}],
)
def test_a_door_that_could_not_be_opened_safely_is_refused_without_repeating_a_secret(
    sftp_bank: SftpBank, changes: dict[str, object]
) -> None:
    settings = sftp_bank.door().model_dump(mode="json") | {"passphrase": SECRET} | changes

    with pytest.raises(ValidationError) as refused:
        Settings(bank_sftp={"a-bank": SftpDoor.model_validate(settings)})
    assert SECRET not in str(refused.value)
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate({"bank_sftp": {"a-bank": settings}})
    assert SECRET not in str(refused.value)
