"""`debit penalties confirm-many`: the totals first, then with what was seen, and what became of each."""

import json
from datetime import date

import pytest
from bank_files import pain002
from click.testing import CliRunner, Result
from house import House

from debit_service.access.service import add_person
from debit_service.cli import main
from debit_service.core.work import SERVICE, Role

PASSWORD = "a sentence that nobody guesses"
DECIDED = ("--why", "the files are complete", "--as", "approver-1")


@pytest.fixture
def house(sqlite_house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """Proposals of 50.00, 100.00 and 1500000.00, in a shell in which an approver can sign in."""
    house, settings = sqlite_house, sqlite_house.service.settings
    for sent in house.sent_together("CNAS", "1000.00", "2000.00", "30000000.00"):
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
        add_person(work, "approver-1", PASSWORD, [Role.FINANCE_APPROVER])
    return house


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["penalties", "confirm-many", "--fund", "CNAS", *arguments])
    assert result.exit_code == code, result.output
    return result


@pytest.mark.usefixtures("house")
def test_the_dry_run_says_how_many_and_how_much_and_changes_nothing() -> None:
    told = run("--up-to", "100.00").stdout
    assert "2 penalties come to 150.00 DZD together, the largest to 100.00 DZD" in told
    assert "nothing was changed" in told
    assert json.loads(run("--up-to", "100.00", "--json").stdout)["total"] == "150.00"


@pytest.mark.usefixtures("house")
def test_with_the_total_that_was_seen_all_are_confirmed_and_with_another_none() -> None:
    assert "penalty.total" in run("--up-to", "100.00", "--total", "149.00", *DECIDED, code=3).stderr
    assert (
        "2 confirmed, 0 wait for another approver, 0 refused"
        in run("--up-to", "100.00", "--total", "150.00", *DECIDED).stdout
    )
    assert run("--up-to", "100.00").stdout.startswith("0 penalties")
    run("--total", "1500000.00", code=2)


def test_a_large_one_waits_for_another_approver_and_is_refused_to_the_same_one(house: House) -> None:
    first = json.loads(run("--total", "1500150.00", *DECIDED, "--json").stdout)
    assert (len(first["confirmed"]), len(first["agreed"])) == (2, 1)
    told = run("--total", "1500000.00", *DECIDED, code=1).stdout
    assert "0 confirmed, 0 wait for another approver, 1 refused" in told
    assert f"{first['agreed'][0]}: Who agreed to a penalty cannot be the second one to agree." in told
    assert house.breaches() == {}
