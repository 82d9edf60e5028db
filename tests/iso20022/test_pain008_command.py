"""`debit iso write` for one bank: its version, its BIC rule, its limits; and all that a line of the list can say."""

import csv
import json
import os
from pathlib import Path
from typing import get_args

import pytest
from click.testing import CliRunner, Result
from iso_builders import DEBIT_ROW as ROW

from debit_service.cli.iso import iso
from debit_service.iso20022.pain008 import Version, read_pain008


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
        ({"signed_on": "20260131"}, "line 2, signed_on"),
        ({"collection_date": "2026-W41-1"}, "line 2, collection_date"),
        ({"collection_date": "2026-02-30"}, "line 2, collection_date"),
        ({"debtor_name": "NOTPROVIDED"}, "iso.pain008.name"),
    ],
)
def test_what_a_line_says_wrongly_is_told_by_its_column(tmp_path: Path, row: dict[str, str], place: str) -> None:
    result = write(tmp_path, row)
    assert (result.exit_code, place in result.stderr) == (1, True)


def write_file(source: Path, out: Path, *options: str) -> Result:
    """What the command makes of this input."""
    arguments = ["write", "--input", str(source), "--out", str(out), *options]
    return CliRunner().invoke(iso, arguments, catch_exceptions=False)


def saved(folder: Path, name: str, content: str) -> Path:
    """A file with this content."""
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def as_csv(*columns: tuple[str, str], separator: str = ",") -> str:
    """A list of one line with these columns."""
    return "\n".join(map(separator.join, zip(*columns, strict=True))) + "\n"


AMOUNT_TWICE = [*ROW.items(), ("amount", "99.00")]
DOUBTFUL = {
    "a column twice": ("a.csv", as_csv(*AMOUNT_TWICE), "iso.list.column", "line 1", "amount"),
    "a column that is none": ("a.csv", as_csv(*ROW.items(), ("sum", "1")), "iso.list.column", "line 1", "sum"),
    "semicolons": ("a.csv", as_csv(*ROW.items(), separator=";"), "iso.list.column", "line 1", "by commas"),
    "tabs": ("a.csv", as_csv(*ROW.items(), separator="\t"), "iso.list.column", "line 1", "by commas"),
    "a key twice": (
        "a.ndjson",
        "\n{" + ", ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in AMOUNT_TWICE) + "}\n",
        *("iso.list.json", "line 2", "amount"),
    ),
    "depths": ("a.ndjson", "[" * 100_000 + "\n", "iso.list.json", "line 1", "no JSON object"),
}


@pytest.mark.parametrize(("name", "content", "code", "place", "word"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_a_list_that_can_be_read_in_two_ways_is_refused(
    tmp_path: Path, name: str, content: str, code: str, place: str, word: str
) -> None:
    result = write_file(saved(tmp_path, name, content), tmp_path / "out.xml", "--json")
    told = [json.loads(line) for line in result.stderr.splitlines()]
    assert (result.exit_code, [each["code"] for each in told]) == (1, [code, "iso.list.refused"])
    assert told[0]["path"] == place
    assert word in told[0]["message"] + told[0]["remedy"]
    assert [path.name for path in tmp_path.iterdir()] == [name]


class TestOut:
    """Where the file goes: what is there is replaced only where nobody can have meant to keep it."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        return saved(tmp_path, "MSG.csv", as_csv(*ROW.items()))

    def test_a_file_is_replaced_and_only_its_owner_may_read_it(self, tmp_path: Path, source: Path) -> None:
        out = saved(tmp_path, "out.xml", "old")
        assert write_file(source, out).exit_code == 0
        assert references(out) == ["C-1"]
        assert out.stat().st_mode & 0o777 == 0o600

    def test_the_input_is_never_replaced(self, tmp_path: Path, source: Path) -> None:
        (tmp_path / "same.csv").hardlink_to(source)
        for out in (source, tmp_path / "." / "MSG.csv", tmp_path / "same.csv"):
            result = write_file(source, out)
            assert (result.exit_code, "iso.out.is_input" in result.stderr) == (1, True)
        assert source.read_text() == as_csv(*ROW.items())

    def test_nor_is_what_is_no_regular_file(self, tmp_path: Path, source: Path) -> None:
        fifo, link, dangling = (tmp_path / name for name in ("fifo", "link", "dangling"))
        os.mkfifo(fifo)
        link.symlink_to(saved(tmp_path, "kept.xml", "old"))
        dangling.symlink_to(tmp_path / "nowhere")
        before = sorted(tmp_path.iterdir())
        for out in (fifo, link, dangling):
            result = write_file(source, out)
            assert (result.exit_code, f"{out}: " in result.stderr) == (1, True)
            assert "iso.out.not_a_file" in result.stderr
        assert (sorted(tmp_path.iterdir()), (tmp_path / "kept.xml").read_text()) == (before, "old")
        assert fifo.is_fifo()

    def test_each_of_several_files_is_looked_at_before_any_is_replaced(self, tmp_path: Path) -> None:
        first = saved(tmp_path, "out-1.xml", "old")
        (tmp_path / "out-2.xml").mkdir()
        result = write(tmp_path, *numbered(2), options=("--max-transactions", "1"))
        assert (result.exit_code, "iso.out.not_a_file" in result.stderr, first.read_text()) == (1, True, "old")

    @pytest.mark.parametrize("json_option", [(), ("--json",)])
    def test_a_folder_that_is_not_there_is_blamed_and_not_the_input(
        self, tmp_path: Path, source: Path, json_option: tuple[str, ...]
    ) -> None:
        result = write_file(source, tmp_path / "no" / "x.xml", *json_option)
        assert (result.exit_code, "iso.out.unwritable" in result.stderr) == (1, True)
        assert str(tmp_path / "no" / "x.xml") in result.stderr
        assert str(source) not in result.stderr
