"""`debit reports`: what it prints, the files that it writes, and what it refuses."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from figure_house import Known

from debit_service.cli import main

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


@pytest.mark.parametrize("name", ["ageing", "returns", "returnable", "entries", "collections"])
def test_every_figure_has_a_command(name: str) -> None:
    code, values = run_json("reports", name)
    assert (code, values["report"]) == (0, name)


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
