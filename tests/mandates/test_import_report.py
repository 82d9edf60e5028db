"""`debit mandates import`: a dry run answers for every line and keeps nothing; a report that no spreadsheet runs."""

import csv
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from house import House

from debit_service.cli import main
from debit_service.demo.data import Somebody

HEADER = (
    "fund;registration_number;employer_reference;employer_name;account_scheme;account;"
    "signer_name;signer_capacity;signed_on;reference"
)
ONE, TWO = Somebody("CNAS", 71), Somebody("CNAS", 72)


def line(one: Somebody, reference: str = "") -> str:
    scheme, account = one.account
    cells = (one.fund, one.registration, one.reference, one.name, scheme, account, "signer", "manager", "2026-06-15")
    return ";".join((*cells, reference))


@pytest.fixture
def folder(sqlite_house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with a file of three lines, the last about the mandate of the first; commands open the house's database."""
    settings = sqlite_house.service.settings
    monkeypatch.setenv("DEBIT_HOME", str(settings.home))
    monkeypatch.setenv("DEBIT_DATABASE_URL", settings.url)
    monkeypatch.setenv("DEBIT_CLOCK", sqlite_house.clock.now().isoformat())
    monkeypatch.chdir(tmp_path)
    Path("mandates.csv").write_text("\n".join((HEADER, line(ONE), line(TWO, "OLD/7"), line(ONE, "=1+1"))))
    return tmp_path


def run(*arguments: str, code: int) -> str:
    answer = CliRunner().invoke(main, ["mandates", "import", "mandates.csv", *arguments])
    assert answer.exit_code == code, answer.output
    return answer.output


def content(house: House) -> list[str]:
    """Everything in the database, as statements."""
    connection = sqlite3.connect(house.desk.database.engine.url.database or "")
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def cells(name: str) -> list[dict[str, Any]]:
    return list(csv.DictReader(Path(name).read_text(encoding="utf-8-sig").splitlines()))


def test_a_dry_run_answers_for_every_line_and_keeps_nothing(folder: Path, sqlite_house: House) -> None:
    before = content(sqlite_house)
    said = run("--dry-run", "--partial", "--report", "trial.ndjson", code=0)
    assert content(sqlite_house) == before
    assert f"line 2: would be made: CNAS-{ONE.registration}-1" in said
    assert "line 3: would be made: OLD/7" in said
    assert f"line 4: stands already: CNAS-{ONE.registration}-1" in said
    answers = [json.loads(text) for text in Path("trial.ndjson").read_text().splitlines()]
    assert [(one["outcome"], one["kept"]) for one in answers] == [("made", False), ("made", False), ("stands", False)]
    assert (folder / "trial.ndjson").stat().st_mode & 0o777 == 0o600


def test_the_real_run_reports_the_same_and_no_cell_is_a_formula(folder: Path) -> None:
    Path("mandates.csv").write_text("\n".join((HEADER, line(ONE), line(TWO, "=1+1"), line(TWO, "x" * 36))))
    run("--partial", "--report", "done.csv", code=1)
    first, second, third = cells("done.csv")
    assert (first["line"], first["outcome"], first["reference"]) == ("2", "made", f"CNAS-{ONE.registration}-1")
    assert second["code"].startswith("iso.reference")
    assert second["reference"] == "'=1+1"
    assert third["message"]
    assert ONE.account[1] not in Path("done.csv").read_text()
    assert [one["kept"] for one in (first, second, third)] == ["True", "False", "False"]
    run("--report", "again.csv", code=1)
    assert [(one["outcome"], one["kept"]) for one in cells("again.csv")] == [
        ("stands", "False"),
        ("bad", "False"),
        ("bad", "False"),
    ]


def test_a_report_of_another_kind_is_refused_before_anything_is_taken(folder: Path, sqlite_house: House) -> None:
    before = content(sqlite_house)
    run("--report", "report.xlsx", code=1)
    assert content(sqlite_house) == before
