"""Real files of banks are read without losing an entry, where they are at hand."""

import csv
from pathlib import Path

import pytest

from debit_service.core.errors import DebitError
from debit_service.iso20022.read import read_bank_file
from debit_service.iso20022.records import BankRecord, Container, Level

REAL = Path(__file__).resolve().parents[2] / "../shared/samples"

# Real files that are refused, each looked at: what is wrong with it is in the file.
REFUSED = {
    "002_pain.002.001.03_2_ErroneousFormat_.xml": "iso.xml.malformed",  # crossed tags
    "205_camt.054_version_001.04.xml": "iso.direction.unknown",  # CdtDbtInd FOOBAR
    "235_camt.054_version_001.08.xml": "iso.direction.unknown",  # CdtDbtInd FOOBAR
    "310_sample.xml": "iso.amount.malformed",  # an amount of -50.00
}


def real_files() -> list[dict[str, str]]:
    """The rows of the manifest that are about messages from banks."""
    manifest = REAL / "MANIFEST.tsv"
    if not manifest.is_file():
        return []
    with manifest.open(encoding="utf-8", newline="") as rows:
        listed = list(csv.DictReader(rows, delimiter="\t"))
    return [row for row in listed if row["message"].startswith(("camt.052", "camt.053", "camt.054", "pain.002", "?"))]


def test_real_files_are_read_and_none_of_their_entries_is_lost() -> None:
    rows = real_files()
    if not rows:
        pytest.skip("the folder of real bank files is not beside this project")
    refused: dict[str, str] = {}
    miscounted = []
    for row in rows:
        path = REAL / row["file"]
        try:
            with path.open("rb") as stream:
                items = list(read_bank_file(stream, file=path.name))
        except DebitError as error:
            refused[path.name] = error.code
            continue
        if row["message"].startswith("camt") and counted(items) != (int(row["entries"] or 0), int(row["txs"] or 0)):
            miscounted.append(row["file"])
    assert refused == REFUSED
    assert miscounted == []


def counted(items: list[BankRecord | Container]) -> tuple[int, int]:
    """The number of entries and of transaction details; entries counted in the records and in the containers are the same."""
    records = [item for item in items if isinstance(item, BankRecord)]
    entries = sum(item.entry_count for item in items if isinstance(item, Container))
    assert entries == len({(each.container_id, each.account, each.entry_index) for each in records})
    return entries, sum(each.level is Level.TRANSACTION for each in records)
