"""`debit calendars` and `debit jobs`: what they print, and their exit codes."""

import json
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner
from house import House

from debit_service.access.service import add_person
from debit_service.cli import main
from debit_service.core import runs
from debit_service.core.work import SERVICE, Role

PASSWORD = "a sentence that nobody guesses"
CORRECTION = (
    "calendars",
    "override",
    "DZ",
    "2026-09-30",
    "closed",
    "--why",
    "Eid",
    "--source",
    "radio",
    "--as",
    "clerk-1",
)


def run(house: House, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, Any]:
    settings = house.service.settings
    for name, value in (
        ("HOME", str(settings.home)),
        ("DATABASE_URL", settings.url),
        ("CLOCK", house.clock.now().isoformat()),
        ("PASSWORD", PASSWORD),
    ):
        monkeypatch.setenv(f"DEBIT_{name}", value)
    result = CliRunner().invoke(main, [*arguments, "--json"])
    return result.exit_code, json.loads(result.stdout)


def test_a_day_is_corrected_shown_and_given_back(sqlite_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house = sqlite_house
    with house.desk.work(SERVICE) as work:
        add_person(work, "clerk-1", PASSWORD, [Role.FINANCE_CLERK])

    code, done = run(house, monkeypatch, *CORRECTION)
    assert (code, done["redated"]["CNAS"]) == (0, {"collections": 0, "batches": 0})
    code, refused = run(house, monkeypatch, *CORRECTION)
    assert (code, refused["error"]["code"]) == (3, "calendar.overridden")

    _, shown = run(house, monkeypatch, "calendars", "show", "DZ")
    assert {"on": "2026-09-30", "becomes": "closed", "why": "Eid", "origin": "staff"} in shown["days"]
    assert [(one["made_by"], one["source"]) for one in shown["overrides"]] == [("clerk-1", "radio")]
    _, listed = run(house, monkeypatch, "calendars", "list")
    assert {one["name"]: one["overrides"] for one in listed} == {"DZ": 1, "MA": 0, "TARGET": 0}

    withdrawal = ("calendars", "withdraw", done["override_id"], "--why", "a mistake", "--as", "clerk-1")
    assert run(house, monkeypatch, *withdrawal)[0] == 0
    assert house.service.calendars["DZ"].is_open(date(2026, 9, 30))
    assert run(house, monkeypatch, "calendars", "show", "NOWHERE")[0] == 1


def test_jobs_are_listed_and_a_failed_one_is_a_finding(sqlite_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house, today = sqlite_house, sqlite_house.clock.now().date()
    assert run(house, monkeypatch, "jobs", "list") == (0, [])
    with runs.turn(house.desk, SERVICE, "batch", "CNAS", today) as run_id:
        runs.finish(house.desk, SERVICE, run_id or "", "failed", "the run is held")

    code, listed = run(house, monkeypatch, "jobs", "list", "--date", today.isoformat())
    assert (code, [(one["job"], one["of"], one["outcome"]) for one in listed]) == (1, [("batch", "CNAS", "failed")])
    assert run(house, monkeypatch, "jobs", "list", "--date", "2026-08-31") == (0, [])
