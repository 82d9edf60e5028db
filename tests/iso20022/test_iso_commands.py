"""`debit iso` from a shell: what it prints, what it writes, and how it ends."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from iso_builders import DEBIT_ROW as ROW
from iso_builders import camt, container, detail, entry, group_status, one_entry, pain002, rib

from debit_service.cli.iso import iso
from debit_service.iso20022.records import BankRecord


def run(*arguments: str | Path) -> Result:
    """`debit iso` with these arguments."""
    return CliRunner().invoke(iso, [str(argument) for argument in arguments], catch_exceptions=False)


def saved(folder: Path, name: str, content: str | bytes) -> Path:
    """A file with this content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def zipped(*contents: str) -> bytes:
    """An archive of files with these contents."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"{number}.xml", content)
    return buffer.getvalue()


BAD = one_entry(detail(amount="1.00", direction="CRDT"))
DEBIT = (sys.executable, "-m", "debit_service", "iso")


def csv_file(folder: Path, *rows: dict[str, str], name: str = "MSG-1.csv") -> Path:
    """A flat file of these rows, each a change to the usual one."""
    full = [ROW | row for row in rows]
    lines = [",".join(full[0]), *(",".join(row.values()) for row in full)]
    return saved(folder, name, "\n".join(lines) + "\n")


class TestRead:
    """`debit iso read`"""

    def test_json_is_one_line_a_record_with_the_agreed_keys(self, tmp_path: Path) -> None:
        told = one_entry(detail(amount="6.00"), detail(end_to_end_id="C-2", amount="4.00"))
        result = run("read", "--json", saved(tmp_path, "a.xml", told))
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        assert result.exit_code == 0
        assert [line["end_to_end_id"] for line in lines] == ["C-1", "C-2"]
        assert list(lines[0]) == list(BankRecord._fields)
        assert (lines[0]["kind"], lines[0]["booking_date"]) == ("collection", "2026-10-05")

    def test_without_json_it_is_a_table_with_money_in_decimals(self, tmp_path: Path) -> None:
        result = run("read", saved(tmp_path, "a.xml", one_entry(detail())))
        _, titles, line, total = result.stdout.splitlines()
        assert titles.index("kind") == line.index("collection")
        assert titles.index("amount") == line.index("10.00")
        assert "1 entries, booked +10.00 -0.00 EUR" in total

    def test_a_status_is_shown_too(self, tmp_path: Path) -> None:
        assert "ACCP" in run("read", saved(tmp_path, "a.xml", pain002(group_status("ACCP")))).stdout

    @pytest.mark.parametrize("json_option", [[], ["--json"]])
    def test_a_bad_file_is_told_and_the_others_are_read(self, tmp_path: Path, json_option: list[str]) -> None:
        good = saved(tmp_path, "good.xml", one_entry(detail()))
        cut = saved(
            tmp_path, "cut.xml", camt(container(*(entry(detail(end_to_end_id="LOST")) for _ in range(300))))[:-40]
        )
        result = run("read", *json_option, cut, tmp_path / "absent.xml", good)
        assert result.exit_code == 1
        assert "C-1" in result.stdout
        assert "LOST" not in result.stdout
        assert "iso.xml.malformed" in result.stderr
        assert "iso.file.unreadable" in result.stderr
        assert str(cut) in result.stderr

    def test_totals_that_do_not_hold_are_told(self, tmp_path: Path) -> None:
        result = run("read", "--json", saved(tmp_path, "a.xml", one_entry(detail(amount="1.00"))))
        [finding] = [json.loads(line) for line in result.stderr.splitlines()]
        assert (finding["code"], result.exit_code) == ("iso.control.entry.details", 0)

    def test_what_steers_a_terminal_is_not_printed(self, tmp_path: Path) -> None:
        result = run("read", saved(tmp_path, "a.xml", one_entry(detail(end_to_end_id="C\u009b31m\u202e"))))
        assert "\u009b" not in result.stdout
        assert "\u202e" not in result.stdout


class TestValidate:
    """`debit iso validate`"""

    def test_a_good_file_is_silent(self, tmp_path: Path) -> None:
        result = run("validate", saved(tmp_path, "a.xml", one_entry(detail(amount="10.00", direction="CRDT"))))
        assert (result.exit_code, result.output) == (0, "")

    @pytest.mark.parametrize("json_option", [[], ["--json"]])
    def test_an_error_is_told_and_ends_with_1(self, tmp_path: Path, json_option: list[str]) -> None:
        result = run("validate", *json_option, saved(tmp_path, "a.xml", "<a>"), tmp_path / "absent.xml")
        assert result.exit_code == 1
        assert "iso.message.unknown" in result.stdout
        assert "iso.file.unreadable" in result.stderr

    def test_a_warning_alone_ends_with_0(self, tmp_path: Path) -> None:
        result = run("validate", "--json", saved(tmp_path, "a.xml", pain002(group_status("ACCP"), version="09")))
        assert (json.loads(result.stdout)["severity"], result.exit_code) == ("warning", 0)

    @pytest.mark.parametrize("json_option", [[], ["--json"]])
    def test_each_file_of_an_archive_is_validated_under_its_place(self, tmp_path: Path, json_option: list[str]) -> None:
        sound = one_entry(detail(amount="10.00", direction="CRDT"))
        path = saved(tmp_path, "a.zip", zipped(sound, one_entry(detail(amount="1.00", direction="CRDT"))))
        result = run("validate", *json_option, path)
        [line] = result.stdout.splitlines()
        assert result.exit_code == 1
        assert f"{path}#2" in line
        assert "iso.control.entry.details" in line

    def test_a_damaged_archive_is_a_finding(self, tmp_path: Path) -> None:
        path = saved(tmp_path, "a.zip", zipped("<a/>") + b"x")
        result = run("validate", "--json", path)
        [finding] = map(json.loads, result.stdout.splitlines())
        assert (finding["code"], finding["path"], result.exit_code) == ("iso.zip.damaged", str(path), 1)


class TestStandardStreams:
    """`-` and pipes in, and an output that is full: each is called by what it is."""

    @pytest.mark.parametrize("content", [BAD, zipped(BAD)], ids=["a document", "an archive"])
    @pytest.mark.parametrize("command", ["read", "validate"])
    def test_a_dash_is_the_standard_input(self, command: str, content: str | bytes) -> None:
        result = CliRunner().invoke(iso, [command, "--json", "-"], input=content, catch_exceptions=False)
        said = [json.loads(line) for line in (result.stdout + result.stderr).splitlines()]
        assert result.exit_code == (1 if command == "validate" else 0)
        assert "iso.control.entry.details" in {each.get("code") for each in said}
        assert {each["file"].partition("#")[0] for each in said} == {"-"}

    @pytest.mark.parametrize("file", ["-", "/dev/stdin"])
    @pytest.mark.parametrize("content", [BAD.encode(), zipped(BAD)], ids=["a document", "an archive"])
    def test_a_pipe_is_validated(self, file: str, content: bytes) -> None:
        result = subprocess.run([*DEBIT, "validate", file], input=content, capture_output=True, check=False)
        assert (result.returncode, result.stderr) == (1, b"")
        assert result.stdout.startswith(b"error: " + file.encode())
        assert b"iso.control.entry.details" in result.stdout

    @pytest.mark.parametrize("count", [1, 3000])
    @pytest.mark.parametrize("json_option", [[], ["--json"]])
    @pytest.mark.parametrize("command", ["read", "validate"])
    def test_an_output_that_is_full_is_blamed_and_not_the_file(
        self, tmp_path: Path, command: str, json_option: list[str], count: int
    ) -> None:
        path = saved(tmp_path, "a.xml", camt(container(*[entry(detail(amount="1.00", direction="CRDT"))] * count)))
        with Path("/dev/full").open("wb") as full:
            result = subprocess.run(
                [*DEBIT, command, *json_option, path], stdout=full, stderr=subprocess.PIPE, check=False
            )
        [line] = result.stderr.decode().splitlines()
        assert result.returncode == 1
        assert "iso.output.unwritable" in line
        assert str(path) not in line


class TestWrite:
    """`debit iso write`"""

    def test_a_csv_becomes_a_valid_file_and_the_same_bytes_again(self, tmp_path: Path) -> None:
        source = csv_file(tmp_path, {}, {"end_to_end_id": "C-2", "sequence_type": "FRST"}, {"end_to_end_id": "C-3"})
        outs = [tmp_path / "one.xml", tmp_path / "two.xml"]
        for out in outs:
            result = run("write", "--input", source, "--out", out, "--created-at", "2026-10-01T09:00:00", "--json")
            assert (result.exit_code, json.loads(result.stdout)["control_sum"]) == (0, "31.50")
        assert outs[0].read_bytes() == outs[1].read_bytes()
        assert outs[0].read_bytes().count(b"<PmtInf>") == 2
        assert run("validate", outs[0]).output == ""

    def test_ndjson_with_national_accounts_in_the_old_version(self, tmp_path: Path) -> None:
        account = {"debtor_account": rib(777001).value, "debtor_account_scheme": "DZ_RIB"}
        row = ROW | account | {"currency": "DZD", "batch_booking": True, "creditor_town": "Alger", "remittance": None}
        source = saved(tmp_path, "MSG-1.ndjson", json.dumps(row) + "\n\n")
        out = tmp_path / "out.xml"
        made_at = ("--created-at", "2026-10-01T09:00:00")
        result = run("write", "--version", "02", "--input", source, "--out", out, *made_at)
        assert (result.exit_code, "10.50 DZD" in result.stdout) == (0, True)
        assert b"pain.008.001.02" in out.read_bytes()
        assert run("validate", out).output == ""

    def test_every_bad_line_is_told_and_nothing_is_written(self, tmp_path: Path) -> None:
        bad = (
            {"amount": "1e3"},
            {"signed_on": "31/01/2026"},
            {"debtor_account": "DE00"},
            {"scheme": "SEPA"},
            {"mandate_id": ""},
        )
        result = run("write", "--json", "--input", csv_file(tmp_path, {}, *bad), "--out", tmp_path / "out.xml")
        told = [json.loads(line) for line in result.stderr.splitlines()]
        assert result.exit_code == 1
        assert [line["path"] for line in told[:-1]] == [
            "line 3, amount",
            "line 4, signed_on",
            "line 5, debtor_account",
            "line 6, scheme",
            "line 7, mandate_id",
        ]
        assert told[-1]["code"] == "iso.list.refused"
        assert [path.name for path in tmp_path.iterdir()] == ["MSG-1.csv"]

    @pytest.mark.parametrize(
        ("name", "content", "code"),
        [
            ("a.csv", "", "iso.list.empty"),
            ("a.csv", b"\xff\xfe", "iso.list.unreadable"),
            ("a.csv", 'amount\n"1', "iso.list.unreadable"),
            ("a.csv", "amuont\n1\n", "iso.list.column"),
            ("a.ndjson", "[1]\n", "iso.list.json"),
            ("a.ndjson", "{\n", "iso.list.json"),
        ],
    )
    def test_a_list_that_is_none_is_told(self, tmp_path: Path, name: str, content: str | bytes, code: str) -> None:
        result = run("write", "--input", saved(tmp_path, name, content), "--out", tmp_path / "out.xml")
        assert (result.exit_code, code in result.stderr) == (1, True)

    def test_a_refusal_of_the_writer_leaves_the_old_file_and_no_temporary_one(self, tmp_path: Path) -> None:
        source = csv_file(tmp_path, {}, {})
        out = saved(tmp_path, "out.xml", "old")
        result = run("write", "--input", source, "--out", out)
        assert (result.exit_code, "iso.pain008.duplicate" in result.stderr) == (1, True)
        assert (out.read_text(), len(list(tmp_path.iterdir()))) == ("old", 2)


@pytest.mark.parametrize("command", ["read", "validate", "write"])
def test_help_documents_every_option(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    options = [each for each in iso.commands[command].params if isinstance(each, click.Option)]
    assert all(option.help for option in options)
