"""`debit iso write` for one bank: its version, its BIC rule, its limits; and all that a line of the list can say."""

import csv
import json
from pathlib import Path
from typing import get_args

import pytest
from click.testing import CliRunner, Result
from iso_builders import IBAN

from debit_service.cli.iso import iso
from debit_service.iso20022.pain008 import Version, read_pain008

ROW = {
    "end_to_end_id": "C-1",
    "amount": "10.50",
    "currency": "EUR",
    "mandate_id": "M-1",
    "signed_on": "2026-01-31",
    "debtor_name": "Société",
    "debtor_account": IBAN.value,
    "scheme": "CORE",
    "sequence_type": "RCUR",
    "collection_date": "2026-10-05",
    "creditor_name": "Caisse",
    "creditor_account": IBAN.value,
    "creditor_identifier": "DE98ZZZ09999999999",
    "creditor_country": "DE",
}


def write(folder: Path, *rows: dict[str, str], options: tuple[str, ...] = ()) -> Result:
    """What the command makes of these rows, each a change to the usual one."""
    names = list(dict.fromkeys(name for row in (ROW, *rows) for name in row))
    with (folder / "MSG.csv").open("w", encoding="utf-8", newline="") as source:
        lines = csv.DictWriter(source, names)
        lines.writeheader()
        lines.writerows(ROW | row for row in rows)
    arguments = ["write", "--input", str(folder / "MSG.csv"), "--out", str(folder / "out.xml")]
    made_at = ("--created-at", "2026-10-01T09:00:00")
    return CliRunner().invoke(iso, [*arguments, *made_at, *options], catch_exceptions=False)


def numbered(count: int, **said: str) -> list[dict[str, str]]:
    """So many rows with references of their own."""
    return [said | {"end_to_end_id": f"C-{number}"} for number in range(count)]


def validated(*files: Path) -> str:
    """What validation says of the files."""
    return CliRunner().invoke(iso, ["validate", *map(str, files)], catch_exceptions=False).output


def references(path: Path) -> list[str | None]:
    """The references in a file."""
    with path.open("rb") as stream:
        return [line.end_to_end_id for line in read_pain008(stream, file=path.name)]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--max-transactions", "2"), [2, 2, 1]),
        (("--max-amount", "31.50"), [3, 2]),
        (("--max-bytes", "2600"), [4, 1]),
        (("--max-transactions", "5", "--max-amount", "1000"), [5]),
    ],
)
def test_a_list_is_split_by_the_limits_of_the_bank(
    tmp_path: Path, options: tuple[str, ...], expected: list[int]
) -> None:
    result = write(tmp_path, *numbered(5), options=(*options, "--json"))
    told = [json.loads(line) for line in result.stdout.splitlines()]
    files = [Path(each["out"]) for each in told]

    assert (result.exit_code, [each["count"] for each in told]) == (0, expected)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["MSG.csv", *(path.name for path in files)])
    assert [name for path in files for name in references(path)] == [f"C-{number}" for number in range(5)]
    assert validated(*files) == ""
    if "--max-bytes" in options:
        assert all(path.stat().st_size <= 2600 for path in files)


def test_blocks_are_counted_too(tmp_path: Path) -> None:
    rows = [{"end_to_end_id": f"C-{kind}", "sequence_type": kind} for kind in ("FRST", "RCUR", "FNAL")]
    assert write(tmp_path, *rows, options=("--max-blocks", "2")).exit_code == 0
    assert [path.read_bytes().count(b"<PmtInf>") for path in sorted(tmp_path.glob("out-*.xml"))] == [2, 1]


def test_a_reference_twice_is_refused_though_its_files_would_be_two(tmp_path: Path) -> None:
    result = write(tmp_path, {}, {"end_to_end_id": "C-2"}, {}, options=("--max-transactions", "1"))
    assert (result.exit_code, "EndToEndId C-1" in result.stderr) == (1, True)
    assert [path.name for path in tmp_path.iterdir()] == ["MSG.csv"]


@pytest.mark.parametrize("version", get_args(Version))
def test_every_version_is_written(tmp_path: Path, version: Version) -> None:
    assert write(tmp_path, {}, options=("--version", version)).exit_code == 0
    assert f"pain.008.001.{version}".encode() in (tmp_path / "out.xml").read_bytes()
    assert validated(tmp_path / "out.xml") == ""


def test_a_bank_that_requires_bics_gets_no_file_without(tmp_path: Path) -> None:
    bics = {"creditor_bic": "BYLADEM1001", "debtor_bic": "BYLADEM1001"}
    assert write(tmp_path, bics, options=("--bic-rule", "require")).exit_code == 0
    result = write(tmp_path, bics | {"debtor_bic": ""}, options=("--bic-rule", "require"))
    assert (result.exit_code, "iso.pain008.bic" in result.stderr) == (1, True)


def test_a_line_can_say_all_that_a_mandate_went_through(tmp_path: Path) -> None:
    rows = [
        {"original_mandate_id": "M-0", "category_purpose": "SSBE"},
        {"new_bank": "true", "category_purpose": "SSBE"},
        {"original_creditor_identifier": "FR72ZZZ123456", "original_creditor_name": "Ancienne caisse"},
        {"original_debtor_account": "DE89370400440532013000"},
        {"debtor_town": "Alger", "debtor_country": "DZ", "debtor_street": "Rue Larbi"},
    ]
    result = write(tmp_path, *({"end_to_end_id": f"C-{at}"} | row for at, row in enumerate(rows)))
    data = (tmp_path / "out.xml").read_bytes()

    assert result.exit_code == 0
    assert data.count(b"<PmtInf>") == 2
    assert b"<CtgyPurp><Cd>SSBE</Cd></CtgyPurp>" in data
    for expected in (
        b"<OrgnlMndtId>M-0</OrgnlMndtId>",
        b"<Id>SMNDA</Id>",
        b"<OrgnlCdtrSchmeId><Nm>Ancienne caisse</Nm><Id><PrvtId><Othr><Id>FR72ZZZ123456</Id>",
        b"<OrgnlDbtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></OrgnlDbtrAcct>",
        b"<PstlAdr><StrtNm>Rue Larbi</StrtNm><TwnNm>Alger</TwnNm><Ctry>DZ</Ctry></PstlAdr>",
    ):
        assert expected in data
    assert validated(tmp_path / "out.xml") == ""


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ({"debtor_town": "Alger"}, "line 2, debtor_country"),
        ({"debtor_street": "Rue Larbi"}, "line 2, debtor_town"),
        ({"new_bank": "yes"}, "line 2, new_bank"),
        ({"original_debtor_account": "DE00"}, "line 2, original_debtor_account"),
    ],
)
def test_what_a_line_says_wrongly_is_told_by_its_column(tmp_path: Path, row: dict[str, str], place: str) -> None:
    result = write(tmp_path, row)
    assert (result.exit_code, place in result.stderr) == (1, True)
