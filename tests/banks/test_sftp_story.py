"""A batch goes to its bank by SFTP, whatever happens on the way, and the bank's answer comes back by it."""

import multiprocessing
import shutil
import signal
from datetime import timedelta
from pathlib import Path

import asyncssh
import pytest
from bank_files import camt054, credit
from banks.sftp_bank import SECONDS_MAX, SftpBank, Trouble
from faults.door import approved, state, tries
from house import CLERK, House

from debit_service import operations
from debit_service.core.errors import NotFound
from debit_service.core.settings import PROJECT
from debit_service.reconcile.rules import State
from debit_service.wiring import Service, open_service

BANK = "mock-bank"
FORK = multiprocessing.get_context("fork")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The project's configuration, but the bank of the first fund is reached by SFTP; it keeps what it has read."""
    folder = tmp_path / "config"
    shutil.copytree(PROJECT / "config", folder)
    profile = folder / "banks" / f"{BANK}.toml"
    text = profile.read_text()
    assert "\nkeeps_read_files = true\n" in text
    profile.write_text(text.replace('\nchannel = "http"\n', '\nchannel = "sftp"\n'))
    return folder


def connect(house: House, config: Path, bank: SftpBank, **changes: object) -> Service:
    """The house's service, with the way to its bank in its settings."""
    house.close()
    settings = house.service.settings.model_copy(update={"config": config, "bank_sftp": {BANK: bank.door(**changes)}})
    house.service = open_service(settings, house.clock)
    return house.service


def at_the_bank(bank: SftpBank) -> list[str]:
    return [path.name for path in (bank.folder / "in").iterdir() if not path.name.startswith(".")]


def test_a_debit_goes_out_by_sftp_and_its_money_is_found_in_what_the_bank_leaves(
    sqlite_house: House, config: Path, sftp_bank: SftpBank
) -> None:
    service = connect(sqlite_house, config, sftp_bank)
    batch_id, contribution_id = approved(sqlite_house)

    assert operations.send_approved(service, CLERK) == {batch_id: "sent"}
    written = (sftp_bank.folder / "in" / f"{batch_id}.xml").read_bytes()
    sent = sqlite_house.debit(contribution_id)
    assert f"<EndToEndId>{sent.end_to_end_id}</EndToEndId>".encode() in written

    answer = camt054(sent.account, credit(sent))
    (sftp_bank.folder / "out" / "half.xml.tmp").write_bytes(answer[:100])
    (sftp_bank.folder / "out" / "notification.xml").write_bytes(answer)
    fetched = operations.fetch(service, CLERK)

    assert (fetched.new_files, BANK in fetched.unavailable) == (1, False)
    assert sqlite_house.outcome(sent).state is State.SETTLED
    assert (sftp_bank.folder / "out" / "taken" / "notification.xml").read_bytes() == answer
    assert operations.fetch(service, CLERK).new_files == 0
    assert sqlite_house.breaches() == {}


@pytest.mark.parametrize("moment", ["rename", "renamed"])
def test_a_line_cut_at_the_rename_leaves_a_question_and_one_file(
    sqlite_house: House, config: Path, sftp_bank: SftpBank, moment: str
) -> None:
    service = connect(sqlite_house, config, sftp_bank)
    batch_id, _ = approved(sqlite_house)
    sftp_bank.at(moment, Trouble.hang_up)

    assert operations.send_approved(service, CLERK) == {batch_id: "unknown"}
    assert state(sqlite_house, batch_id) == "sending"
    assert operations.send_approved(service, CLERK) == {batch_id: "sent"}

    assert at_the_bank(sftp_bank) == [f"{batch_id}.xml"]
    # The bank that has the file is only asked; the one that has not gets the same bytes.
    assert len(tries(sqlite_house, batch_id)) == (1 if moment == "renamed" else 2)
    assert sqlite_house.breaches() == {}


def test_a_line_cut_during_the_upload_is_simply_tried_again(
    sqlite_house: House, config: Path, sftp_bank: SftpBank
) -> None:
    service = connect(sqlite_house, config, sftp_bank)
    batch_id, _ = approved(sqlite_house)
    sftp_bank.at("write", Trouble.hang_up)

    assert operations.send_approved(service, CLERK) == {batch_id: "not_sent"}
    assert (state(sqlite_house, batch_id), at_the_bank(sftp_bank)) == ("approved", [])
    assert operations.send_approved(service, CLERK) == {batch_id: "sent"}


@pytest.mark.parametrize("moment", ["open", "write", "fsync", "rename", "renamed"])
def test_a_process_killed_while_it_sends_leaves_a_question_and_one_file(
    sqlite_house: House, config: Path, sftp_bank: SftpBank, moment: str
) -> None:
    service = connect(sqlite_house, config, sftp_bank)
    batch_id, _ = approved(sqlite_house)
    sqlite_house.close()
    child = FORK.Process(
        target=lambda: operations.send_approved(open_service(service.settings, service.desk.clock), CLERK)
    )
    sftp_bank.at(moment, lambda _: child.kill())

    child.start()
    child.join(SECONDS_MAX)
    assert child.exitcode == -signal.SIGKILL
    assert (state(sqlite_house, batch_id), tries(sqlite_house, batch_id)) == ("sending", [None])

    # Identifiers grow with the clock: a fork on a standing clock has made those of this moment.
    sqlite_house.clock.set(sqlite_house.clock.now() + timedelta(seconds=1))
    assert operations.send_approved(service, CLERK) == {batch_id: "sent"}
    assert at_the_bank(sftp_bank) == [f"{batch_id}.xml"]
    assert sftp_bank.came.count("rename") == 1
    assert sqlite_house.breaches() == {}


def test_nothing_is_sent_to_a_server_whose_key_has_changed(
    sqlite_house: House, config: Path, sftp_bank: SftpBank
) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    service = connect(sqlite_house, config, sftp_bank, host_keys=[other])
    batch_id, _ = approved(sqlite_house)

    assert operations.send_approved(service, CLERK) == {batch_id: "not_sent"}
    assert "[bank.sftp_host_key]" in operations.fetch(service, CLERK).unavailable[BANK]
    assert (state(sqlite_house, batch_id), sftp_bank.came) == ("approved", [])


def test_a_bank_by_sftp_without_a_server_in_the_settings_is_said(
    sqlite_house: House, config: Path, sftp_bank: SftpBank
) -> None:
    service = connect(sqlite_house, config, sftp_bank)
    without = open_service(service.settings.model_copy(update={"bank_sftp": {}}), sqlite_house.clock)

    with pytest.raises(NotFound, match=r"bank_sftp for sftp"):
        without.channel(BANK)
    without.desk.database.dispose()
