"""The command line as a contract: every command, its exit codes, its JSON, and errors that name place and remedy."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import click
import pytest
from bank_files import camt054, credit
from click.testing import CliRunner, Result
from house import CLERK, House

from debit_service.access.service import add_person
from debit_service.cli import main
from debit_service.collections import queries as collections
from debit_service.core.settings import PROJECT
from debit_service.core.work import SERVICE, Role
from debit_service.demo.data import Somebody, mandates_csv

DONE, FINDINGS, USAGE, REFUSED = 0, 1, 2, 3
PASSWORD = "a sentence that nobody guesses"


def all_commands(group: click.Group = main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from all_commands(command, (*path, name))
        else:
            yield (*path, name)


COMMANDS = list(all_commands())


@dataclass
class Shell:
    """Commands on the database of a house."""

    house: House
    monkeypatch: pytest.MonkeyPatch

    def run(self, *arguments: str, given: str | None = None) -> Result:
        self.monkeypatch.setenv("DEBIT_CLOCK", self.house.clock.now().isoformat())
        result = CliRunner().invoke(main, list(arguments), input=given)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def json(self, *arguments: str, code: int = DONE) -> Any:
        result = self.run(*arguments, "--json")
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def refusal(self, *arguments: str, code: int = REFUSED) -> dict[str, str | None]:
        """What a refused command says, which must be the same for people and for machines."""
        plain = self.run(*arguments)
        assert plain.exit_code == code, plain.output
        assert plain.stderr.startswith("error: ")
        error: dict[str, str | None] = self.json(*arguments, code=code)["error"]
        assert set(error) == {"code", "message", "place", "remedy"}
        assert f"[{error['code']}]" in plain.stderr
        return error


@pytest.fixture
def shell(sqlite_house: House, monkeypatch: pytest.MonkeyPatch) -> Shell:
    settings = sqlite_house.service.settings
    monkeypatch.setenv("DEBIT_HOME", str(settings.home))
    monkeypatch.setenv("DEBIT_DATABASE_URL", settings.url)
    monkeypatch.setenv("DEBIT_BANK_FOLDERS", json.dumps({"mock-bank-folder": str(sqlite_house.bank_folder)}))
    monkeypatch.setenv("DEBIT_PASSWORD", PASSWORD)
    return Shell(sqlite_house, monkeypatch)


def people(house: House) -> None:
    with house.desk.work(SERVICE) as work:
        add_person(work, "clerk-1", PASSWORD, [Role.FINANCE_CLERK])
        add_person(work, "approver-1", PASSWORD, [Role.FINANCE_APPROVER])


def batch(house: House) -> str:
    """A batch of the fund whose bank is a folder, waiting for approval."""
    due = date(2026, 9, 28)
    house.contribution(house.employer("EINZUGSSTELLE"), due=due)
    house.collect("EINZUGSSTELLE")
    house.go_to(house.send_day("EINZUGSSTELLE", due))
    (batch_id,) = house.collect("EINZUGSSTELLE").batches
    return batch_id


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_and_takes_json(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*path, "--help"])
    assert result.exit_code == DONE
    assert "--json" in result.output
    explained = result.output.split("\n\n")[1].strip()
    assert len(explained) > 20


def test_the_commands_of_the_contract_are_there() -> None:
    promised = """demo; serve; worker; db upgrade; db check; funds list; mandates import; contributions import;
        collect; batches list; batches approve; batches send; bank fetch; bank import; reconcile report;
        penalties list; penalties explain; proof-pack make; verify; iso read; iso validate; iso write; config"""
    assert {tuple(one.split()) for one in promised.split(";")} <= set(COMMANDS)


@pytest.mark.parametrize(
    "arguments", [("no-such",), ("collect", "--date", "tomorrow"), ("batches", "approve"), ("verify", "x")]
)
def test_a_command_that_is_misspelt_is_a_matter_of_usage(shell: Shell, arguments: tuple[str, ...]) -> None:
    assert shell.run(*arguments).exit_code == USAGE


READERS = [
    ("funds", "list"),
    ("funds", "list", "--facts"),
    ("config",),
    ("db", "check"),
    ("batches", "list"),
    ("holds", "list"),
    ("calendars", "list"),
    ("jobs", "list"),
    ("payments", "list"),
    ("reconcile", "report"),
    ("reconcile", "report", "--all"),
    ("penalties", "list"),
    ("penalties", "assess"),
    ("batches", "send"),
    ("verify",),
]


@pytest.mark.parametrize("arguments", READERS, ids=" ".join)
def test_a_command_that_has_nothing_to_complain_about_ends_with_zero_and_tells_machines_in_json(
    shell: Shell, arguments: tuple[str, ...]
) -> None:
    assert shell.run(*arguments).exit_code == DONE
    assert isinstance(shell.json(*arguments), list | dict)


def test_a_whole_day_from_a_shell(shell: Shell, tmp_path: Path) -> None:
    house = shell.house
    people(house)
    batch_id = batch(house)
    (listed,) = shell.json("batches", "list")
    assert (listed["id"], listed["state"], listed["count"]) == (batch_id, "made", 1)

    approved = shell.json("batches", "approve", batch_id, "--as", "approver-1", "--sha256", listed["sha256"])
    assert approved == {"batch": batch_id, "state": "approved"}
    assert shell.json("batches", "send") == {batch_id: "sent"}
    with house.reading() as work:
        (collection,) = collections.of_batch(work, batch_id)
    sent = house.debit(collection.contribution_id)
    answer = tmp_path / "answer.xml"
    answer.write_bytes(camt054(sent.account, credit(sent)))
    (imported,) = shell.json("bank", "import", str(answer))
    assert (imported["outcome"], imported["entries"]) == ("read", 1)
    (again,) = shell.json("bank", "import", str(answer))
    assert again["outcome"] == "known"
    assert shell.run("verify").exit_code == DONE
    assert shell.json("penalties", "explain", house.contribution_row(sent.contribution_id).reference)
    pack = tmp_path / "pack"
    made = shell.json("proof-pack", sent.contribution_id, "--out", str(pack), "--unpacked")
    assert len(made["files"]) == sum(1 for one in pack.rglob("*") if one.is_file())


def test_collecting_from_a_shell_names_what_was_left_alone(shell: Shell) -> None:
    house = shell.house
    house.contribution(house.employer("CNAS", mandate=False))
    result = shell.run("collect", "--fund", "CNAS")
    assert result.exit_code == DONE
    assert f"{Somebody('CNAS', 1).contribution}: no mandate" in result.stdout


def test_an_unknown_fund_is_named_with_the_remedy(shell: Shell) -> None:
    error = shell.refusal("collect", "--fund", "NOBODY", code=FINDINGS)
    assert (error["code"], error["remedy"]) == ("fund.unknown", "See `debit funds list`.")


def test_a_wrong_password_approves_nothing(shell: Shell) -> None:
    people(shell.house)
    batch_id = batch(shell.house)
    shell.monkeypatch.setenv("DEBIT_PASSWORD", "wrong password")
    error = shell.refusal("batches", "approve", batch_id, "--as", "approver-1", "--sha256", "0" * 64)
    assert error["code"] == "access.sign_in"
    assert [one["state"] for one in shell.json("batches", "list")] == ["made"]


def test_guesses_from_a_shell_are_counted(shell: Shell) -> None:
    people(shell.house)
    batch_id = batch(shell.house)
    shell.monkeypatch.setenv("DEBIT_PASSWORD", "wrong password")
    for _ in range(5):
        shell.run("batches", "approve", batch_id, "--as", "approver-1", "--sha256", "0" * 64)
    shell.monkeypatch.setenv("DEBIT_PASSWORD", PASSWORD)
    error = shell.refusal("batches", "approve", batch_id, "--as", "approver-1", "--sha256", "0" * 64)
    assert "Too many attempts" in (error["message"] or "")


def test_a_clerk_and_the_maker_cannot_approve(shell: Shell) -> None:
    house = shell.house
    people(house)
    batch_id = batch(house)
    digest = house.batch_hash(batch_id)
    error = shell.refusal("batches", "approve", batch_id, "--as", "clerk-1", "--sha256", digest)
    assert error["code"] == "access.role"
    with house.desk.work(SERVICE) as work:
        add_person(
            work, CLERK.name, PASSWORD.replace("clerk", ""), [Role.FINANCE_APPROVER]
        )  # the maker, with another role
    error = shell.refusal("batches", "approve", batch_id, "--as", CLERK.name, "--sha256", digest)
    assert (error["code"], error["remedy"]) == ("batch.four_eyes", "Ask another approver.")


def test_other_bytes_and_an_unknown_batch_are_refused(shell: Shell) -> None:
    people(shell.house)
    batch_id = batch(shell.house)
    assert (
        shell.refusal("batches", "approve", batch_id, "--as", "approver-1", "--sha256", "0" * 64)["code"]
        == "batch.other_bytes"
    )
    error = shell.refusal("batches", "approve", "NO-SUCH", "--as", "approver-1", "--sha256", "0" * 64, code=FINDINGS)
    assert (error["code"], error["remedy"]) == ("batch.unknown", "See `debit batches list`.")


def test_an_approval_is_asked_for_when_no_hash_is_given(shell: Shell) -> None:
    people(shell.house)
    batch_id = batch(shell.house)
    no = shell.run("batches", "approve", batch_id, "--as", "approver-1", given="n\n")
    assert no.exit_code == FINDINGS
    assert "1 debits, 1000.00 EUR, sha256" in no.stdout
    yes = shell.run("batches", "approve", batch_id, "--as", "approver-1", given="y\n")
    assert yes.exit_code == DONE


def test_a_batch_is_cancelled_with_a_reason(shell: Shell) -> None:
    people(shell.house)
    batch_id = batch(shell.house)
    told = shell.json("batches", "cancel", batch_id, "--why", "wrong day", "--as", "clerk-1")
    assert told == {"batch": batch_id, "state": "cancelled"}
    assert (
        shell.refusal("batches", "cancel", batch_id, "--why", "again", "--as", "clerk-1")["code"] == "state.transition"
    )


def test_a_run_past_a_bound_is_refused_and_released_from_the_shell(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(shell.house)
    due = date(2026, 9, 28)
    for _ in range(2):
        shell.house.contribution(shell.house.employer("EINZUGSSTELLE"), due=due)
    shell.house.collect("EINZUGSSTELLE")
    shell.house.go_to(shell.house.send_day("EINZUGSSTELLE", due))
    config = tmp_path / "config"
    shutil.copytree(PROJECT / "config", config)
    fund = config / "funds/einzugsstelle.toml"
    bound = "[debit_policy.bounds.max_collections]\nvalue = "
    fund.write_text(fund.read_text().replace(f"{bound}100000", f"{bound}1"))
    monkeypatch.setenv("DEBIT_CONFIG", str(config))

    refused = shell.json("collect", "--fund", "EINZUGSSTELLE", code=REFUSED)["refused"]["EINZUGSSTELLE"]
    assert refused["code"] == "run.held"
    (held,) = shell.json("holds", "list", code=FINDINGS)
    assert (held["id"], held["reasons"]) == (refused["place"], ["2 debits, and the bound is 1"])

    shell.json("holds", "release", held["id"], "--why", "two months at once", "--as", "approver-1")
    assert shell.json("holds", "list") == []
    (collected,) = shell.json("collect", "--fund", "EINZUGSSTELLE")["collected"]
    assert len(collected["batches"]) == 1


def test_files_with_bad_lines_are_findings_with_line_code_and_reason(shell: Shell, tmp_path: Path) -> None:
    one = shell.house.employer()
    file = tmp_path / "contributions.csv"
    header = "fund,registration_number,reference,period,amount,currency,due_date\n"
    good = f"CNAS,{one.registration},R1,2026-08,10.00,DZD,2026-09-30\n"
    file.write_text(f"{header}{good}CNAS,{one.registration},R2,2026-08,10,00,DZD,2026-09-30\n")
    told = shell.json("contributions", "import", str(file), code=FINDINGS)
    assert (told["taken"], [(bad["line"], bad["code"]) for bad in told["bad"]]) == (0, [(3, "line.cells")])
    assert shell.json("contributions", "import", "--partial", str(file), code=FINDINGS)["taken"] == 1
    file.write_text(header + good)
    assert shell.json("contributions", "import", str(file)) == {"taken": 0, "unchanged": 1, "stated": 0, "bad": []}
    file.write_text("colour\nred\n")
    assert shell.refusal("contributions", "import", str(file), code=FINDINGS)["place"] == "line 1"


def test_mandates_are_taken_in_whole_in_part_or_only_looked_at(shell: Shell, tmp_path: Path) -> None:
    lines = mandates_csv().decode().splitlines()
    file = tmp_path / "mandates.csv"
    file.write_text("\n".join([lines[0], lines[1], lines[-1]]))
    looked = shell.json("mandates", "import", "--dry-run", str(file), code=FINDINGS)
    whole = shell.json("mandates", "import", str(file), code=FINDINGS)
    assert [(one["taken"], one["good"], len(one["bad"])) for one in (looked, whole)] == [(0, 1, 1)] * 2
    assert shell.json("mandates", "import", "--partial", str(file), code=FINDINGS)["taken"] == 1
    reference = f"CNAS-{Somebody('CNAS', 2).registration}-1"
    assert [one["state"] for one in shell.json("mandates", "show", reference)["life"]][:1] == ["signed"]
    assert shell.refusal("mandates", "show", "NOBODY", code=FINDINGS)["code"] == "mandate.unknown"


def test_a_mandate_is_revoked_by_a_person_with_a_reason(shell: Shell) -> None:
    people(shell.house)
    reference = f"CNAS-{shell.house.employer().registration}-1"
    shell.json("mandates", "revoke", reference, "--why", "letter", "--as", "clerk-1")
    shown = shell.json("mandates", "show", reference)["life"]
    assert (shown[-1]["state"], shown[-1]["who"], shown[-1]["why"]) == ("revoked", "clerk-1", "letter")


def test_people_are_added_with_roles_that_fit(shell: Shell) -> None:
    assert shell.json("people", "add", "clerk-1", "--role", "finance_clerk")["login"] == "clerk-1"
    arguments = ("people", "add", "both", "--role", "finance_clerk", "--role", "finance_approver")
    assert shell.refusal(*arguments, code=FINDINGS)["code"] == "access.four_eyes"
    assert shell.refusal("people", "add", "clerk-1", "--role", "finance_clerk")["code"] == "access.login_taken"


def test_a_bank_without_an_address_is_a_finding_and_the_other_is_fetched(shell: Shell) -> None:
    told = shell.json("bank", "fetch", code=FINDINGS)
    assert list(told["unavailable"]) == ["mock-bank"]
    assert "bank_urls" in told["unavailable"]["mock-bank"]


def test_a_file_that_is_no_bank_message_is_kept_and_a_broken_one_is_a_finding(shell: Shell, tmp_path: Path) -> None:
    namespace = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
    (tmp_path / "other.xml").write_text("<Other/>")
    (tmp_path / "broken.xml").write_text(f'<Document xmlns="{namespace}"><BkToCstmrStmt><Stmt>')
    (other,) = shell.json("bank", "import", str(tmp_path / "other.xml"))
    (broken,) = shell.json("bank", "import", str(tmp_path / "broken.xml"), code=FINDINGS)
    assert (other["outcome"], broken["outcome"]) == ("not_read", "unreadable")


def test_damage_is_a_finding_of_verify(shell: Shell) -> None:
    shell.house.sent()
    with shell.house.desk.database.engine.begin() as connection:
        connection.exec_driver_sql("update collections set live = 0")
    result = shell.run("verify")
    assert result.exit_code == FINDINGS
    assert "FELL  1" in result.stdout
    assert [one["number"] for one in shell.json("verify", code=FINDINGS) if one["breaches"]] == [1, 8]


def test_the_workers_one_round_tells_what_it_did(shell: Shell) -> None:
    shell.house.contribution(shell.house.employer("EINZUGSSTELLE"))
    assert any("planned 1" in line for line in shell.json("worker", "--once"))


def test_secrets_are_masked_in_the_settings_that_are_shown(shell: Shell) -> None:
    shell.monkeypatch.setenv("DEBIT_SECRET_KEY", "s3cr3t")
    assert "s3cr3t" not in shell.run("config").stdout


# --- an installation that is not there, or not whole ---


def test_without_an_installation_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBIT_HOME", str(tmp_path / "home"))
    result = CliRunner().invoke(main, ["collect"])
    assert result.exit_code == FINDINGS
    assert "debit db upgrade" in result.stderr
    assert "keys.json" in result.stderr


def test_a_new_installation_is_made_by_an_upgrade_and_found_whole_by_a_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEBIT_HOME", str(tmp_path / "home"))
    missing = CliRunner().invoke(main, ["db", "check"])
    assert missing.exit_code == FINDINGS
    assert "Run `debit db upgrade`" in missing.stderr
    assert CliRunner().invoke(main, ["db", "upgrade"]).exit_code == DONE
    assert CliRunner().invoke(main, ["db", "upgrade"]).exit_code == DONE
    assert CliRunner().invoke(main, ["db", "check", "--json"]).exit_code == DONE
    assert CliRunner().invoke(main, ["verify"]).exit_code == DONE


def test_a_check_does_not_make_a_database_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBIT_HOME", str(tmp_path))
    CliRunner().invoke(main, ["db", "check"])
    assert list(tmp_path.iterdir()) == []


def test_the_demo_touches_no_home_that_is_not_a_demos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real-data.txt").write_text("not a demo's")
    monkeypatch.setenv("DEBIT_HOME", str(tmp_path))
    monkeypatch.delenv("DEBIT_DATABASE_URL", raising=False)
    result = CliRunner().invoke(main, ["demo", "--json"])
    assert (result.exit_code, json.loads(result.stdout)["error"]["code"]) == (REFUSED, "demo.home")
    assert [path.name for path in tmp_path.iterdir()] == ["real-data.txt"]


def test_the_demo_touches_no_database_but_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBIT_HOME", str(tmp_path))
    monkeypatch.setenv("DEBIT_DATABASE_URL", "postgresql+psycopg://db/real")
    result = CliRunner().invoke(main, ["demo"])
    assert result.exit_code == REFUSED
    assert "demo.database" in result.stderr
