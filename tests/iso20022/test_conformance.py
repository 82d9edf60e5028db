"""The corpus in `samples/`: every file is read exactly as its expected lines say, or refused with its code (README.md there)."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner
from lxml import etree

from debit_service.cli.iso import iso
from debit_service.core.errors import DebitError
from debit_service.iso20022.read import read_bank_file
from debit_service.iso20022.records import BankRecord, Container, as_json
from debit_service.iso20022.schemas import known_namespaces, schema_for
from debit_service.iso20022.validate import validate

SAMPLES = Path(__file__).resolve().parent / "samples"
FOLDERS = ("versions", "camt", "pain002", "refused")
_ROW = re.compile(r"\| `(?P<name>[a-z0-9]+/[^`]+)` \| .+ \| .+ \| (?P<last>.+) \|")


@dataclass(frozen=True)
class Sample:
    """One file of the corpus and what stands beside it."""

    path: Path

    @property
    def name(self) -> str:
        """Folder and name, as the README has it."""
        return f"{self.path.parent.name}/{self.path.stem}"

    def beside(self, ending: str) -> Path:
        """The file of the same name with another ending."""
        return self.path.with_name(self.path.stem + ending)

    @property
    def is_refused(self) -> bool:
        """Whether an error is expected, and no line."""
        return self.beside(".error.json").exists()


CORPUS = [Sample(path) for folder in FOLDERS for path in sorted((SAMPLES / folder).glob("*.xml"))]
READ = [sample for sample in CORPUS if not sample.is_refused]
REFUSED = [sample for sample in CORPUS if sample.is_refused]


def items(sample: Sample) -> list[BankRecord | Container]:
    """Everything that is read from a sample."""
    with sample.path.open("rb") as stream:
        return list(read_bank_file(stream, file=sample.path.name))


@cache
def documented() -> dict[str, str]:
    """The last column of each line of the README, by sample."""
    rows = (_ROW.fullmatch(line) for line in (SAMPLES / "README.md").read_text("utf-8").splitlines())
    return {row["name"]: row["last"] for row in rows if row}


@pytest.mark.parametrize("sample", READ, ids=lambda sample: sample.name)
def test_it_is_read_as_expected(sample: Sample) -> None:
    read = [as_json(item) for item in items(sample) if isinstance(item, BankRecord)]
    expected = [json.loads(line) for line in sample.beside(".ndjson").read_text("utf-8").splitlines()]
    assert read == expected
    assert [list(line) for line in read] == [list(line) for line in expected]


@pytest.mark.parametrize("sample", READ, ids=lambda sample: sample.name)
def test_its_control_totals_hold_unless_it_says_which_do_not(sample: Sample) -> None:
    said = sample.beside(".findings.json")
    expected = json.loads(said.read_text("utf-8")) if said.exists() else []
    found = [finding for item in items(sample) if isinstance(item, Container) for finding in item.findings]
    assert [{"code": finding.code, "severity": finding.severity} for finding in found] == expected


@pytest.mark.parametrize("sample", REFUSED, ids=lambda sample: sample.name)
def test_it_is_refused_with_its_code_and_a_place_in_the_file(sample: Sample) -> None:
    with pytest.raises(DebitError) as refused:
        items(sample)
    assert {"code": refused.value.code} == json.loads(sample.beside(".error.json").read_text("utf-8"))
    assert (refused.value.place or "").startswith(sample.path.name)


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_command_line_writes_the_same_bytes(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = [sample for sample in CORPUS if sample.path.parent.name == folder]
    read = [sample for sample in samples if not sample.is_refused]
    monkeypatch.chdir(SAMPLES / folder)
    names = [sample.path.name for sample in samples]
    result = CliRunner().invoke(iso, ["read", "--json", *names], catch_exceptions=False)
    told = [json.loads(line) for line in result.stderr.splitlines()]
    assert result.exit_code == (1 if len(read) < len(samples) else 0)
    assert result.stdout == "".join(sample.beside(".ndjson").read_text("utf-8") for sample in read)
    assert {line["file"] for line in told} == {
        sample.path.name for sample in samples if sample.is_refused or sample.beside(".findings.json").exists()
    }


def test_the_readme_has_one_line_for_each_file_and_no_file_stands_alone() -> None:
    assert sorted(documented()) == sorted(sample.name for sample in CORPUS)
    for sample in CORPUS:
        assert sample.beside(".ndjson").exists() != sample.is_refused, sample.name
    described = {
        path.with_name(path.name.split(".ndjson")[0].split(".error.")[0].split(".findings.")[0] + ".xml")
        for path in SAMPLES.glob("*/*.*son")
    }
    assert described == {sample.path for sample in CORPUS}


@pytest.mark.parametrize("sample", READ, ids=lambda sample: sample.name)
def test_it_is_valid_by_its_schema_unless_it_says_why_not(sample: Sample) -> None:
    tree = etree.fromstring(sample.path.read_bytes())  # noqa: TID251 - our own file, checked by another way than the product's
    uri = etree.QName(tree).namespace or ""
    said = documented()[sample.name]
    if uri not in known_namespaces():
        assert said == "valid" or said.startswith("no schema: ")
        return
    assert (said == "valid") is schema_for(uri).validate(tree)
    assert said == "valid" or said.startswith("invalid on purpose: ")


@pytest.mark.parametrize("sample", CORPUS, ids=lambda sample: sample.name)
def test_validation_says_the_same_of_it(sample: Sample) -> None:
    with sample.path.open("rb") as stream:
        found = list(validate(stream, file=sample.path.name))
    errors = {finding.code for finding in found if finding.severity == "error"}
    by_schema = {code for code in errors if code.startswith("iso.xsd.")}
    if sample.is_refused:
        assert errors
    else:
        assert bool(by_schema) is documented()[sample.name].startswith("invalid on purpose: ")
