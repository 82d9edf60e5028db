"""`debit faults` and `debit outages`: held failures and our own outages from a shell."""

import json
from datetime import date
from typing import Any

import pytest
from bank_files import pain002
from click.testing import CliRunner
from house import House

from debit_service.access.service import add_person
from debit_service.cli import main
from debit_service.core.work import SERVICE, Role

PASSWORD = "a sentence that nobody guesses"
PEOPLE = {
    "clerk-1": Role.FINANCE_CLERK,
    "approver-1": Role.FINANCE_APPROVER,
    "admin-1": Role.ADMINISTRATOR,
    "admin-2": Role.ADMINISTRATOR,
}


def run(*words: str, code: int = 0) -> Any:
    """What a command says with `--json`, and the exit code that it must have."""
    result = CliRunner().invoke(main, [*words, "--json"])
    assert result.exit_code == code, (words, result.output)
    return json.loads(result.stdout)


@pytest.fixture
def held(sqlite_house: House, monkeypatch: pytest.MonkeyPatch) -> str:
    """A debit that its bank rejected without a reason, in a house with people; returns its collection."""
    sent = sqlite_house.sent()
    sqlite_house.bank_says(pain002(sent, "RJCT", "MS03"))
    sqlite_house.go_to(date(2026, 10, 15))
    sqlite_house.assess()
    settings = sqlite_house.service.settings
    for name, value in (
        ("HOME", str(settings.home)),
        ("DATABASE_URL", settings.url),
        ("PASSWORD", PASSWORD),
        ("CLOCK", sqlite_house.clock.now().isoformat()),
    ):
        monkeypatch.setenv(f"DEBIT_{name}", value)
    with sqlite_house.desk.work(SERVICE) as work:
        for login, role in PEOPLE.items():
            add_person(work, login, PASSWORD, [role])
    return sent.collection_id


def test_a_held_failure_is_listed_found_approved_and_taken_back(held: str) -> None:
    said = ("--because", "the bank's letter says so", "--evidence", "letter 12", "--as", "clerk-1")
    (listed,) = run("faults", "list", "--code", "MS03")["shown"]
    assert (listed["collection"], listed["ask"]) == (held, "employer, employers_bank")

    finding = run("faults", "find", held, "EMPLOYER", *said)
    assert finding["waits"]
    assert run("faults", "find", held, "FUND", *said, code=3)["error"]["code"] == "finding.stands"
    assert run("faults", "list", "--waiting")["count"] == 1
    run("faults", "approve", finding["finding"], "--as", "clerk-1", code=3)
    assert not run("faults", "approve", finding["finding"], "--as", "approver-1")["waits"]

    assert run("faults", "withdraw", finding["finding"], "--why", "another letter", "--as", "clerk-1")["withdrawn"]
    assert run("faults", "list")["count"] == 1


def test_an_outage_is_recorded_by_an_administrator_listed_and_withdrawn(held: str) -> None:
    outage = ("--from", "2026-09-01T05:00", "--to", "2026-09-01T07:00", "--what", "no e-mail", "--evidence", "INC-7")
    run("outages", "record", *outage, "--as", "clerk-1", code=3)

    made = run("outages", "record", *outage, "--as", "admin-1")["outage"]

    assert [(one["id"], one["withdrawn"]) for one in run("outages", "list")] == [(made, None)]
    withdraw = ("outages", "withdraw", made, "--why", "the monitor was wrong", "--as")
    assert run(*withdraw, "admin-1", code=3)["error"]["code"] == "outage.four_eyes"
    run(*withdraw, "admin-2")
    assert run("outages", "withdraw", made, "--why", "again", "--as", "admin-1", code=3)["error"]["code"]
    assert [one["withdrawn"] for one in run("outages", "list")] == ["the monitor was wrong"]
