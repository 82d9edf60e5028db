"""`debit contributions state` and `circumstances`: what the rule of a penalty asks, recorded and listed in a shell."""

import json
from datetime import date

import pytest
from click.testing import CliRunner
from house import House

from debit_service.access.service import add_person
from debit_service.cli import main
from debit_service.core.work import SERVICE, Role

PASSWORD = "a sentence that nobody guesses"


@pytest.fixture
def shell(sqlite_house: House, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    settings = sqlite_house.service.settings
    sqlite_house.go_to(date(2026, 11, 10))
    for name, value in (
        ("HOME", str(settings.home)),
        ("DATABASE_URL", settings.url),
        ("PASSWORD", PASSWORD),
        ("CLOCK", sqlite_house.clock.now().isoformat()),
    ):
        monkeypatch.setenv(f"DEBIT_{name}", value)
    with sqlite_house.desk.work(SERVICE) as work:
        add_person(work, "clerk-1", PASSWORD, [Role.FINANCE_CLERK])
    return CliRunner()


def test_each_part_is_recorded_when_it_is_known_and_the_rest_stays(shell: CliRunner, sqlite_house: House) -> None:
    one = sqlite_house.employer()
    sqlite_house.contribution(one)

    def state(*said: str) -> str:
        command = ["contributions", "state", one.contribution, *said, "--source", "claim 4", "--as", "clerk-1"]
        result = shell.invoke(main, command)
        assert result.exit_code == 0, result.output
        return result.stdout

    assert "statement 1 about it is recorded" in state("--heads", "7", "--declared-in-time", "no")
    assert "statement 2 about it is recorded" in state("--formal-notice-on", "2026-10-20")
    assert "all of this is known already" in state("--heads", "7")

    listed = ["contributions", "circumstances", one.contribution]
    _, newest = json.loads(shell.invoke(main, [*listed, "--json"]).stdout)
    assert (newest["number"], newest["heads"], newest["declared_in_time"]) == (2, 7, False)
    assert (newest["formal_notice_on"], newest["said_by"]) == ("2026-10-20", "clerk-1")
    assert "2026-10-20" in shell.invoke(main, listed).stdout


def test_a_day_that_cannot_be_right_is_named(shell: CliRunner, sqlite_house: House) -> None:
    contribution_id = sqlite_house.contribution(sqlite_house.employer())
    said = ["--formal-notice-on", "2026-09-01", "--source", "notice 17", "--as", "clerk-1"]

    result = shell.invoke(main, ["contributions", "state", contribution_id, *said])

    assert result.exit_code == 1
    assert "circumstances.formal_notice_on" in result.stderr
