"""`debit penalties relief` and `debit penalties amnesty`: what a shell is told before anything is changed, and after."""

import csv
import json
from datetime import date
from pathlib import Path

import pytest
from bank_files import pain002
from click.testing import CliRunner, Result
from house import House

from debit_service.access.service import add_person
from debit_service.cli import main
from debit_service.core.work import SERVICE, Role

PASSWORD = "a sentence that nobody guesses"
LAW = ("--law", "ordinance 21-12", "--decided-on", "2026-10-01", "--why", "the law says so")
TERMS = ("CNAS", "--from", "2026-01", "--to", "2026-12", "--percent", "60", *LAW)


@pytest.fixture
def penalty(sqlite_house: House, monkeypatch: pytest.MonkeyPatch) -> str:
    """A proposed penalty of 50.00, in a shell in which people can sign in; returns its id."""
    house, settings = sqlite_house, sqlite_house.service.settings
    sent = house.sent()
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    house.go_to(date(2026, 10, 15))
    house.assess()
    for name, value in (
        ("HOME", str(settings.home)),
        ("DATABASE_URL", settings.url),
        ("PASSWORD", PASSWORD),
        ("CLOCK", house.clock.now().isoformat()),
    ):
        monkeypatch.setenv(f"DEBIT_{name}", value)
    with house.desk.work(SERVICE) as work:
        add_person(work, "clerk-1", PASSWORD, [Role.FINANCE_CLERK])
        add_person(work, "approver-1", PASSWORD, [Role.FINANCE_APPROVER])
    (listed,) = json.loads(run("list", "--json").stdout)
    return str(listed["id"])


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["penalties", *arguments])
    assert result.exit_code == code, result.output
    return result


def test_a_relief_is_granted_listed_approved_and_undone(penalty: str) -> None:
    decided = (
        "--authority",
        "local commission",
        "--decided-on",
        "2026-10-10",
        "--document",
        "12/2026",
        "--why",
        "a fire",
    )
    ground = ("--ground", "justified_file", "--percent")
    assert (
        "relief.too_much" in run("relief", "grant", penalty, *ground, "60", *decided, "--as", "clerk-1", code=3).stderr
    )

    granted = run("relief", "grant", penalty, *ground, "50", *decided, "--as", "clerk-1", "--json")
    relief = json.loads(granted.stdout)["id"]
    (waiting,) = json.loads(run("relief", "list", "--waiting", "--json").stdout)
    assert (waiting["how_much"], waiting["approved_by"]) == ("50%", None)

    assert "stands" in run("relief", "approve", relief, "--as", "approver-1").stdout
    assert "is undone" in run("relief", "undo", relief, "--why", "another file", "--as", "approver-1").stdout


def test_an_amnesty_is_listed_in_full_before_anything_is_kept_then_approved_and_carried_out(
    penalty: str, tmp_path: Path
) -> None:
    out = tmp_path / "list.csv"
    told = run("amnesty", "prepare", *TERMS, "--dry-run", "--out", str(out), "--as", "clerk-1")
    assert "nothing was changed" in told.stdout
    (row,) = csv.DictReader(out.read_text(encoding="utf-8").splitlines())
    assert (row["penalty"], row["amount"], row["relieved"]) == (penalty, "50.00", "30.00")
    assert json.loads(run("amnesty", "list", "--json").stdout) == []

    prepared = json.loads(run("amnesty", "prepare", *TERMS, "--as", "clerk-1", "--json").stdout)
    run("amnesty", "approve", prepared["id"], "--sha256", prepared["sha256"], "--as", "approver-1")
    assert json.loads(run("amnesty", "carry-out", "--json").stdout) == {
        prepared["id"]: {"relieved": 1, "left_alone": 0, "taken_back": 0}
    }
    run("amnesty", "undo", prepared["id"], "--why", "annulled", "--as", "approver-1")
    assert json.loads(run("amnesty", "carry-out", "--json").stdout)[prepared["id"]]["taken_back"] == 1
    (listed,) = json.loads(run("amnesty", "list", "--json").stdout)
    assert listed["state"] == "taken_back"
