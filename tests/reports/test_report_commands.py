"""`debit reports`: what it prints, the files that it writes, and what it refuses."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from click import Context, Group
from click.testing import CliRunner
from figure_house import Known

from debit_service.cli import main
from debit_service.reports.figures.asking import Asked, CollectionsAsked, EntriesAsked

DAY = ("reports", "day", "--fund", "CNAS", "--on", "2026-09-30")


@pytest.fixture(autouse=True)
def shell(told: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    """The house as commands find it."""
    settings = told.house.service.settings
    for name, value in (
        ("HOME", str(settings.home)),
        ("DATABASE_URL", settings.url),
        ("CLOCK", told.house.clock.now().isoformat()),
    ):
        monkeypatch.setenv(f"DEBIT_{name}", value)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.stdout


def run_json(*arguments: str) -> tuple[int, Any]:
    code, out = run(*arguments, "--json")
    return code, json.loads(out)


def test_a_days_reconciliation_on_a_terminal_and_for_a_program() -> None:
    code, out = run(*DAY)
    assert (code, "Reconciliation of CNAS, 2026-09-30" in out, "Not accounted for" in out) == (0, True, True)
    code, values = run_json(*DAY)
    (block,) = values["tables"]["blocks"]["rows"]
    assert (code, block["booked_net"], block["missing"]) == (0, "2995.00", "0.00")


@pytest.mark.parametrize(
    "name", ["ageing", "returns", "returnable", "entries", "collections", "tie-out", "queue", "refunds"]
)
def test_every_figure_has_a_command(name: str) -> None:
    code, values = run_json("reports", name)
    assert (code, values["report"]) == (0, name)


def test_refunds_are_asked_for_in_a_shell_as_on_their_page() -> None:
    code, values = run_json("reports", "refunds", "--fund", "unknown", "--all")
    assert (code, values["about"]["fund"], values["about"]["settled"]) == (0, "unknown", "listed too")
    assert run("reports", "refunds", "--fund", "CNAX")[0] == 2


def test_a_forecast_and_an_account_need_to_be_told_whose() -> None:
    assert run("reports", "forecast")[0] == 2
    assert run_json("reports", "forecast", "--fund", "CNAS")[1]["report"] == "forecast"
    code, values = run_json("reports", "statement", "--fund", "CNAS", "--number", "nobody")
    assert (code, values["error"]["code"]) == (1, "employer.unknown")


@pytest.mark.parametrize(
    ("kind", "head"), [("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK"), ("pdf", b"%PDF"), ("text", b"Recon")]
)
def test_a_file_is_for_its_owner_only_and_whole(tmp_path: Path, kind: str, head: bytes) -> None:
    out = tmp_path / "day"
    code, _ = run(*DAY, "--format", kind, "--out", str(out))
    assert (code, stat.S_IMODE(out.stat().st_mode)) == (0, 0o600)
    assert out.read_bytes().startswith(head)
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".day")] == []


def test_a_terminal_shows_no_workbook() -> None:
    code, values = run_json(*DAY, "--format", "xlsx")
    assert (code, values["error"]["code"]) == (1, "report.out")


def test_entries_are_listed_by_what_was_made_of_them() -> None:
    _, values = run_json("reports", "entries", "--fund", "CNAS", "--made", "waits")
    (one,) = values["tables"]["entries"]["rows"]
    assert (one["end_to_end_id"], one["amount"]) == ("NOT-OURS", "77.77")
    _, values = run_json("reports", "collections", "--state", "returned,rejected")
    assert [one["amount"] for one in values["tables"]["collections"]["rows"]] == ["4000.00", "8000.00"]


@pytest.mark.parametrize(("name", "asked"), [("entries", EntriesAsked), ("collections", CollectionsAsked)])
def test_a_list_on_a_shell_takes_every_condition_of_its_page(name: str, asked: type[Asked]) -> None:
    group = main.get_command(Context(main), "reports")
    assert isinstance(group, Group)
    options = {"fund" if one.name == "fund_id" else one.name for one in group.commands[name].params}
    assert set(asked.names()) <= options


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("entries", "--fund", "NOPE"), "fund"),
        (("entries", "--reason", "because"), "reason"),
        (("entries", "--from", "2026-10-02", "--to", "2026-10-01"), "until"),
        (("collections", "--state", "settld"), "state"),
        (("collections", "--code", "MD01"), "failure"),
        (("collections", "--block", "NOPE"), "block"),
        (("returns", "--from", "2026-10-02", "--to", "2026-10-01"), "until"),
        (("forecast", "--fund", "CNAS", "--to", "2026-01-01"), "until"),
        (("day", "--fund", "NOPE"), "fund"),
        (("trial-balance", "--fund", "NOPE"), "fund"),
    ],
)
def test_what_names_nothing_is_a_mistake_of_who_asks(arguments: tuple[str, ...], names: str) -> None:
    code, values = run_json("reports", *arguments)
    assert (code, values["error"]["code"][:6], values["error"]["place"]) == (2, "asked.", names)
    assert run("reports", "entries", "--made", "foo")[0] == 2


def test_a_list_is_narrowed_down_on_a_shell_as_on_its_page() -> None:
    _, values = run_json("reports", "collections", "--failure", "returned")
    assert [one["amount"] for one in values["tables"]["collections"]["rows"]] == ["4000.00"]
    _, values = run_json("reports", "collections", "--failure", "returned", "--code", "AC04")
    assert values["tables"]["collections"]["rows"] == []
    _, values = run_json("reports", "entries", "--day", "2026-10-04", "--direction", "debit", "--booked")
    assert [one["amount"] for one in values["tables"]["entries"]["rows"]] == ["4005.00"]


def test_the_books_are_written_by_commands() -> None:
    code, values = run_json("reports", "trial-balance", "--fund", "CNAS")
    bank = next(one for one in values["tables"]["accounts"]["rows"] if one["account"] == "bank")
    code, values = run_json("reports", "account", "--fund", "CNAS", "--account", "bank")
    assert (code, values["tables"]["lines"]["rows"][-1]["balance"]) == (0, bank["balance"])
