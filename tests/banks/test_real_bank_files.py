"""Real bank files, where they are at hand: each is taken in, no entry is lost, and taking them in again changes nothing."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from house import CLERK, House
from sqlalchemy import func, select

from debit_service.banks.models import BankFile
from debit_service.cli import main
from debit_service.core.errors import DebitError
from debit_service.iso20022.read import read_bank_file
from debit_service.iso20022.records import BankRecord
from debit_service.reconcile.models import BankEntry, Disposition

REAL = Path(__file__).resolve().parents[2] / "../shared/samples"
CHECKS_THAT_FILES_CANNOT_BREAK = {3, 4, 8}


def real_files() -> list[Path]:
    manifest = REAL / "MANIFEST.tsv"
    if not manifest.is_file():
        pytest.skip("the folder of real bank files is not beside this project")
    with manifest.open(encoding="utf-8", newline="") as rows:
        listed = list(csv.DictReader(rows, delimiter="\t"))
    return [REAL / row["file"] for row in listed if row["message"].startswith(("camt.05", "pain.002"))]


def entries_in(path: Path) -> int:
    """What the reader finds in a file; none in one that it refuses."""
    try:
        with path.open("rb") as stream:
            return sum(isinstance(item, BankRecord) for item in read_bank_file(stream, file=path.name))
    except DebitError:
        return 0


def bank_import(house: House, paths: list[Path], monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    house.close()
    monkeypatch.setenv("DEBIT_HOME", str(house.service.settings.home))
    monkeypatch.setenv("DEBIT_DATABASE_URL", house.service.settings.url)
    done = CliRunner().invoke(main, ["bank", "import", "--json", *map(str, paths)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == 1  # some of the samples are broken, and it says which
    told: list[dict[str, Any]] = json.loads(done.stdout)
    return told


def counts(house: House) -> tuple[int, ...]:
    with house.desk.reading(CLERK) as work:
        return tuple(
            work.session.scalar(select(func.count()).select_from(table)) or 0
            for table in (BankFile, BankEntry, Disposition)
        )


def test_every_real_file_is_taken_in_once_and_every_entry_has_its_place(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = real_files()
    expected = {path.read_bytes(): entries_in(path) for path in paths}

    told = bank_import(sqlite_house, paths, monkeypatch)

    assert sum(one["entries"] for one in told) == sum(expected.values()) > 1000
    assert {one["outcome"] for one in told} <= {"read", "not_read", "unreadable", "known"}
    assert all(one["detail"] for one in told if one["outcome"] != "read")
    files, entries, _ = before = counts(sqlite_house)
    assert (files, entries) == (len(expected), sum(expected.values()))
    breaches = sqlite_house.breaches()
    assert {number: breaches[number] for number in CHECKS_THAT_FILES_CANNOT_BREAK & breaches.keys()} == {}

    again = CliRunner().invoke(main, ["bank", "import", "--json", *map(str, paths)])
    assert {one["outcome"] for one in json.loads(again.stdout)} == {"known"}
    assert counts(sqlite_house) == before
