"""A file is held against its schema, the scheme's rules and its own totals; each finding says where and what to do."""

import hashlib
import io
from pathlib import Path

import pytest
from iso_builders import ISO, balance, camt, container, detail, document, entry, group, message, node, pain002, written
from iso_builders import debit as a_debit
from iso_builders import group_status as status

from debit_service.core.errors import NotFound, Refused
from debit_service.iso20022 import schemas
from debit_service.iso20022.pain008.rules import creditor_identifier_holds
from debit_service.iso20022.schemas import known_namespaces, schema_for
from debit_service.iso20022.validate import Finding, validate

# A block in which two transactions stand, so that a change to one spoils one thing only.
GOOD = written(message(group(a_debit("C-1"), a_debit("C-2", 500)))).decode()


def findings(content: str) -> list[Finding]:
    """The findings of a file of this content."""
    return list(validate(io.BytesIO(content.encode()), file="out.xml"))


def found(content: str) -> list[str]:
    """Their codes."""
    return [finding.code for finding in findings(content)]


class TestSchemas:
    """Schemas come from packages, pinned by hash."""

    @pytest.mark.parametrize("namespace", sorted(known_namespaces()))
    def test_every_pinned_schema_is_there_and_compiles(self, namespace: str) -> None:
        assert schema_for(namespace) is schema_for(namespace)

    def test_an_unknown_namespace_is_said(self) -> None:
        with pytest.raises(NotFound) as missing:
            schema_for("urn:iso:std:iso:20022:tech:xsd:pain.001.001.09")
        assert missing.value.code == "iso.schema.unknown"

    @pytest.fixture
    def package(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """An installed data package whose one schema is pinned."""
        folder = tmp_path / "made_up_schemas" / "xsd"
        folder.mkdir(parents=True)
        schema = folder / "made.001.001.01.xsd"
        schema.write_text('<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>')
        (tmp_path / "made_up_schemas" / "__init__.py").write_text(
            "raise RuntimeError('a data package is never imported')"
        )
        pin = {"made.001.001.01": hashlib.sha256(schema.read_bytes()).hexdigest()}
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setitem(schemas._FOLDERS, "made_up_schemas", "xsd")
        monkeypatch.setitem(schemas._PINNED, "made_up_schemas", pin)
        monkeypatch.setitem(schemas._PACKAGE_OF, "made.001.001.01", "made_up_schemas")
        schema_for.cache_clear()
        return schema

    @pytest.mark.usefixtures("package")
    def test_a_package_is_located_and_not_imported(self) -> None:
        assert schema_for(f"{ISO}made.001.001.01") is not None

    def test_an_altered_schema_is_refused(self, package: Path) -> None:
        package.write_text(package.read_text() + " ")
        with pytest.raises(Refused) as refused:
            schema_for(f"{ISO}made.001.001.01")
        assert refused.value.code == "iso.schema.altered"

    def test_a_missing_schema_is_said_with_its_remedy(self, package: Path) -> None:
        package.unlink()
        with pytest.raises(NotFound) as missing:
            schema_for(f"{ISO}made.001.001.01")
        assert (missing.value.code, bool(missing.value.remedy)) == ("iso.schema.missing", True)


def test_a_good_file_has_no_finding() -> None:
    assert found(GOOD) == []
    assert found(camt(container(entry(detail(amount="10.00", direction="CRDT"))))) == []


def test_a_fault_against_the_schema_is_placed_and_does_not_show_the_value() -> None:
    [first, *_] = findings(GOOD.replace("DE02120300000000202051", "not an account"))
    assert (first.code, first.severity) == ("iso.schema.invalid", "error")
    assert "not an account" not in first.message
    assert "byte" in first.path


def test_all_faults_against_the_schema_are_told() -> None:
    twice = GOOD.replace("<InitgPty>", "<Initg/><InitgPty>").replace("<MndtId>M-1</MndtId>", "<Mndt/>", 1)
    assert found(twice).count("iso.schema.invalid") == 2


def test_a_namespace_without_a_schema_is_a_warning() -> None:
    [finding] = findings(pain002(status("ACCP"), version="10"))
    assert (finding.code, finding.severity) == ("iso.schema.unknown", "warning")


def test_a_message_in_an_envelope_is_held_against_the_rules_only() -> None:
    enveloped = node("Envelope", GOOD.partition("\n")[2].replace("<CtrlSum>15.00", "<CtrlSum>16.00", 1))
    assert found(enveloped) == ["iso.schema.envelope", "iso.pain008.totals"]


def test_the_totals_of_a_bank_file_are_held() -> None:
    gap = container(family="camt.053", before=balance("OPBD", "5.00") + balance("CLBD", "6.00"))
    assert "iso.control.balance" in found(camt(gap, family="camt.053"))


def test_another_message_is_one_finding() -> None:
    assert found(document("<FIToFIPmtStsRpt/>", f"{ISO}pacs.002.001.10")) == ["iso.message.unknown"]


RULES = [
    ("<CtrlSum>15.00</CtrlSum>", "", "totals"),
    ("<NbOfTxs>2</NbOfTxs>", "<NbOfTxs>3</NbOfTxs>", "totals"),
    ("C-2", "C-1", "duplicate"),
    ("<Cd>CORE</Cd>", "<Cd>COR1</Cd>", "type"),
    ("<SeqTp>RCUR</SeqTp>", "", "type"),
    ("<ChrgBr>SLEV</ChrgBr>", "<ChrgBr>SHAR</ChrgBr>", "type"),
    ("DE98ZZZ09999999999", "DE97ZZZ09999999999", "creditor_identifier"),
    ('<InstdAmt Ccy="EUR">5.00', '<InstdAmt Ccy="EUR">0.00', "amount"),
    ('<InstdAmt Ccy="EUR">5.00', '<InstdAmt Ccy="USD">5.00', "amount"),
    ("<DtOfSgntr>2026-01-31</DtOfSgntr>", "", "mandate"),
    ("</DtOfSgntr>", "</DtOfSgntr><AmdmntInd>true</AmdmntInd>", "amendment"),
    ("<TwnNm>Berlin</TwnNm><Ctry>DE</Ctry>", "<AdrLine>Berlin</AdrLine>", "address"),
    ("DE02120300000000202051", "DE03120300000000202051", "account"),
    ("<Nm>Employer</Nm>", "<Nm>Würth</Nm>", "characters"),
]


@pytest.mark.parametrize(("old", "new", "code"), RULES, ids=lambda value: str(value)[:30])
def test_what_the_scheme_asks_for_is_held(old: str, new: str, code: str) -> None:
    assert old in GOOD
    [first, *_] = [each for each in findings(GOOD.replace(old, new)) if not each.code.startswith("iso.schema")]
    assert first.code == f"iso.pain008.{code}"
    assert first.remedy


@pytest.mark.parametrize(
    ("old", "new"), [("<MsgId>MSG-1", "<MsgId>MSG_1"), ("C-2", "C//2"), ("<MndtId>M-1", "<MndtId>/M-1")]
)
def test_references_are_held_against_the_character_set(old: str, new: str) -> None:
    assert any(code.startswith("iso.reference.") for code in found(GOOD.replace(old, new)))


def test_core_and_b2b_in_one_file_are_found() -> None:
    both = written(message(group(id="P-1"), group(a_debit("C-2"), id="P-2", sequence_type="OOFF"))).decode()
    mixed = both[: both.rindex("CORE")] + "B2B" + both[both.rindex("CORE") + 4 :]
    assert found(mixed) == ["iso.pain008.schemes"]


def test_outside_sepa_its_creditor_identifier_and_amount_are_not_asked_for() -> None:
    foreign = group(a_debit(amount_minor=100_000_000_000), currency="DZD", service_level=None)
    assert found(written(message(foreign)).decode().replace("DE98ZZZ09999999999", "DZ00CAISSE")) == []


@pytest.mark.parametrize(
    ("identifier", "holds"),
    [
        ("DE98ZZZ09999999999", True),
        ("DE98ABC09999999999", True),
        ("FR72ZZZ123456", True),
        ("es23 zzz 47690558N", True),
        ("DE97ZZZ09999999999", False),
        ("DE98ZZZ", False),
        ("", False),
    ],
)
def test_a_creditor_identifier_has_check_digits_that_leave_out_the_business_code(identifier: str, holds: bool) -> None:
    assert creditor_identifier_holds(identifier) is holds
