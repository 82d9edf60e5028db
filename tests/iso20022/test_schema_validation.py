"""Schemas come from packages, pinned by hash; what they say against a file is seen, placed, and told without its values."""

import copy
import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from iso_builders import (
    ISO,
    RETURN,
    balance,
    camt,
    container,
    detail,
    entry,
    group,
    message,
    node,
    pain002,
    reasons,
    transaction_status,
    written,
)
from iso_builders import block_status as block
from iso_builders import debit as a_debit
from iso_builders import group_status as status
from lxml import etree

from debit_service.core.errors import NotFound, Refused
from debit_service.iso20022 import schema_faults as schema_faults_module
from debit_service.iso20022 import schemas
from debit_service.iso20022.findings import Finding
from debit_service.iso20022.schema_faults import REPEATED, RULES, schema_faults
from debit_service.iso20022.schemas import envelope_schema, known_namespaces, schema_for
from debit_service.iso20022.validate import validate
from debit_service.iso20022.xml import Source, local_name, schema_holds

PAIN008 = written(message(group(a_debit("C-1"), a_debit("C-2", 500, remittance="September")))).decode()
FILES = {
    "pain.008.001.02": written(message(group(a_debit("C-1"), a_debit("C-2", 500))), "02").decode(),
    "pain.008.001.08": PAIN008,
    "pain.002.001.10": pain002(status("ACCP"), block(transaction_status("RJCT", reasons("AM04", None, "no cover")))),
    "pain.002.001.03": pain002(status("ACCP"), block(transaction_status("RJCT", reasons("AM04"))), version="03"),
    "camt.054.001.08": camt(container(entry(detail(RETURN, amount="10.00", direction="DBIT"), direction="DBIT"))),
    "camt.053.001.08": camt(
        container(family="camt.053", before=balance("OPBD", "5.00") + balance("CLBD", "5.00")), family="camt.053"
    ),
}
BODIES = {"CstmrDrctDbtInitn", "CstmrPmtStsRpt", "BkToCstmrDbtCdtNtfctn", "BkToCstmrStmt"}
Tree = etree._Element


def findings(content: str) -> list[Finding]:
    """The findings of a file of this content that come from its schema."""
    told = validate(io.BytesIO(content.encode()), file="in.xml")
    return [each for each in told if each.code.startswith(("iso.xsd.", "iso.schema."))]


def source(content: bytes) -> Source:
    return Source(io.BytesIO(content), file="in.xml")


class TestPins:
    """A schema is the one that was checked, or it is not used."""

    @pytest.mark.parametrize("namespace", sorted(known_namespaces()))
    def test_every_pinned_schema_is_there_and_compiles(self, namespace: str) -> None:
        assert schema_for(namespace) is schema_for(namespace)

    @pytest.mark.parametrize(
        "message_name", [*FILES, "pain.008.001.11", "pain.002.001.08", "pain.002.001.14", "head.001.001.02"]
    )
    def test_what_is_written_and_read_has_a_schema(self, message_name: str) -> None:
        assert ISO + message_name in known_namespaces()

    def test_an_unknown_namespace_is_said(self) -> None:
        with pytest.raises(NotFound) as missing:
            schema_for(f"{ISO}pain.001.001.09")
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
        monkeypatch.setitem(schemas._FOLDERS, "made_up_schemas", "made_up_schemas/xsd")
        monkeypatch.setitem(schemas.PINNED, "made_up_schemas", pin)
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

    def test_an_altered_schema_is_refused_for_an_envelope_too(self, package: Path) -> None:
        package.write_text(package.read_text() + " ")
        with pytest.raises(Refused):
            envelope_schema("Envelope", frozenset({f"{ISO}made.001.001.01"}))

    def test_a_missing_schema_is_said_with_its_remedy(self, package: Path) -> None:
        package.unlink()
        with pytest.raises(NotFound) as missing:
            schema_for(f"{ISO}made.001.001.01")
        assert (missing.value.code, bool(missing.value.remedy)) == ("iso.schema.missing", True)

    def test_a_namespace_without_a_schema_is_a_warning(self) -> None:
        [finding] = findings(pain002(status("ACCP"), version="09"))
        assert (finding.code, finding.severity) == ("iso.schema.unknown", "warning")


def mutants(root: Tree) -> Iterator[Tree]:
    """The document with one fault after another, in every element: most are faults, some the schema allows."""
    for position in range(1, len(list(root.iter()))):
        for fault in FAULTS:
            changed = copy.deepcopy(root)
            fault(list(changed.iter())[position])
            yield changed


def _parent(element: Tree) -> Tree:
    parent = element.getparent()
    assert parent is not None
    return parent


def _rename(element: Tree) -> None:
    element.tag = element.tag + "x"


def _say(text: str | None) -> Callable[[Tree], None]:
    def say(element: Tree) -> None:
        element.text = text

    return say


FAULTS: tuple[Callable[[Tree], None], ...] = (
    lambda element: _parent(element).remove(element),
    lambda element: _parent(element).append(element),
    lambda element: element.addnext(copy.deepcopy(element)),
    lambda element: element.clear(),
    lambda element: element.attrib.clear(),
    lambda element: element.set("Ccy", "EUR!"),
    _rename,
    _say(None),
    _say("1" * 200),
    _say("§ 'x' is not accepted by the pattern '"),
)


def place(element: Tree) -> str:
    """The path of an element below its message, as findings have it."""
    labels: list[str] = []
    at: Tree | None = element
    while at is not None and (at is element or local_name(at.tag) not in BODIES):
        name = local_name(at.tag)
        before = sum(1 for _ in at.itersiblings(at.tag, preceding=True))
        labels.insert(0, f"{name}[{before}]" if before or name in REPEATED else name)
        at = at.getparent()
    return "/".join(labels)


class TestTheQuickPassMissesNothing:
    """The pass that builds no tree says what a validated tree says; the slow pass places it where the tree has it."""

    @pytest.mark.parametrize("name", FILES)
    def test_it_agrees_with_a_validated_tree_on_every_fault(self, name: str) -> None:
        schema, root = schema_for(ISO + name), etree.XML(FILES[name].encode())
        assert schema_holds(source(etree.tostring(root)), schema)
        judged = {True: 0, False: 0}
        for mutant in mutants(root):
            content = etree.tostring(mutant)
            reread = etree.XML(content)
            valid = schema.validate(reread)
            judged[valid] += 1
            assert schema_holds(source(content), schema) is valid, content
            told = list(schema_faults(source(content), schema, BODIES))
            log = cast("Any", schema.error_log)
            at = [cast("list[Tree]", reread.getroottree().xpath(str(each.path)))[0] for each in log]
            expected = list(dict.fromkeys(place(each) for each in at))
            assert [each.path for each in told] == expected, content
        assert min(judged.values()) > 0
        assert judged[False] > 100

    @pytest.mark.parametrize("position", [0, 1, 7, 4000])
    def test_a_fault_in_any_transaction_of_many_is_seen_and_placed(self, position: int) -> None:
        transactions = 4001
        content = written(message(group(*(a_debit(f"C-{number}") for number in range(transactions))))).decode()
        head, *rest = content.split("<EndToEndId>")
        rest[position] = rest[position].replace("<Dbtr><Nm>Employer</Nm></Dbtr>", "<Dbtr><Nam>Employer</Nam></Dbtr>")
        [finding] = findings("<EndToEndId>".join((head, *rest)))
        assert finding.path == f"PmtInf[0]/DrctDbtTxInf[{position}]/Dbtr/Nam"
        byte = "<EndToEndId>".join((head, *rest)).index("<Nam>") + len("<Nam>")
        assert finding.byte == byte

    def test_several_faults_are_each_placed(self) -> None:
        several = (
            PAIN008.replace("<MsgId>MSG-1</MsgId>", "")
            .replace("<MndtId>M-1</MndtId>", f"<MndtId>{'M' * 36}</MndtId>")
            .replace("<DtOfSgntr>2026-01-31", "<DtOfSgntr>31/01/2026")
        )
        assert [(each.code, each.path) for each in findings(several)] == [
            ("iso.xsd.unexpected", "GrpHdr/CreDtTm"),
            *(
                (f"iso.xsd.{kind}", f"PmtInf[0]/DrctDbtTxInf[{number}]/DrctDbtTx/MndtRltdInf/{leaf}")
                for number in range(2)
                for kind, leaf in (("too_long", "MndtId"), ("type", "DtOfSgntr"))
            ),
        ]

    def test_a_file_that_is_wrong_throughout_is_not_looked_at_to_its_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(schema_faults_module, "FAULTS_MAX", 5)
        content = written(message(group(*(a_debit(f"C-{number}") for number in range(20))))).decode()
        told = findings(content.replace("<MndtId>M-1", f"<MndtId>{'M' * 36}"))
        assert [each.code for each in told] == ["iso.xsd.too_long"] * 5 + ["iso.xsd.more"]
        assert told[-1].path.startswith("PmtInf[0]/DrctDbtTxInf[4]/")

    def test_reading_ends_soon_after_a_fault(self) -> None:
        content = written(message(group(*(a_debit(f"C-{number}") for number in range(2000))))).replace(b"MSG-1", b"", 1)
        stream = io.BytesIO(content)
        assert not schema_holds(Source(stream, file="in.xml"), schema_for(ISO + "pain.008.001.08"))
        assert stream.tell() < len(content)

    @pytest.mark.parametrize("cut", [1, 20, 500])
    def test_a_file_that_is_cut_does_not_hold(self, cut: int) -> None:
        assert not schema_holds(source(PAIN008.strip().encode()[:-cut]), schema_for(ISO + "pain.008.001.08"))


SAYINGS = [
    ("missing", "<Id><IBAN>DE02120300000000202051</IBAN></Id>", "<Id/>"),
    ("unexpected", "<PmtMtd>DD</PmtMtd>", ""),
    ("pattern", "DE02120300000000202051", "secret"),
    ("code", "<PmtMtd>DD", "<PmtMtd>secret"),
    ("too_long", "<MsgId>MSG-1", f"<MsgId>secret{'x' * 40}"),
    ("too_short", "<MsgId>MSG-1", "<MsgId>"),
    ("digits", '<InstdAmt Ccy="EUR">10.00', '<InstdAmt Ccy="EUR">10.000001'),
    ("range", '<InstdAmt Ccy="EUR">10.00', '<InstdAmt Ccy="EUR">-10.00'),
    ("type", "<ReqdColltnDt>2026-10-05", "<ReqdColltnDt>secret"),
    ("attribute_missing", '<InstdAmt Ccy="EUR">10.00', "<InstdAmt>10.00"),
    ("attribute", "<MsgId>", '<MsgId secret="1">'),
    ("text", "<GrpHdr>", "<GrpHdr>secret"),
    ("elements", "<MsgId>MSG-1", "<MsgId><a/>MSG-1"),
    ("root", "Document", "Dokument"),
]


@pytest.mark.parametrize(("code", "old", "new"), SAYINGS, ids=[code for code, *_ in SAYINGS])
def test_a_fault_is_told_in_words_that_do_not_repeat_the_value(code: str, old: str, new: str) -> None:
    assert old in PAIN008
    content = PAIN008.replace(old, new) if code == "root" else PAIN008.replace(old, new, 1)
    told = findings(content)
    assert f"iso.xsd.{code}" in [each.code for each in told]
    assert not any("secret" in each.message + each.remedy for each in told)
    assert all(each.byte for each in told)


def test_a_pattern_is_told_as_the_schema_has_it() -> None:
    [finding, *_] = findings(PAIN008.replace("DE02120300000000202051", "?"))
    assert finding.message == "The text is not of the form [A-Z]{2,2}[0-9]{2,2}[a-zA-Z0-9]{1,30}."


def test_every_saying_is_one_that_the_parser_has() -> None:
    assert {f"iso.xsd.{code}" for code, *_ in SAYINGS} | {"iso.xsd.invalid", "iso.xsd.more"} == {
        rule.code for rule in RULES
    }


@pytest.mark.parametrize(
    "value",
    [
        "x' is not accepted by the pattern 'NAME'.",
        "x' is not an element of the set {'NAME'}.",
        "x' is not a valid value of the atomic type 'xs:NAME'.",
        "this exceeds the allowed maximum length of '99'. NAME",
        "No matching global declaration is there for NAME",
    ],
)
@pytest.mark.parametrize("old", ["DE02120300000000202051", "<PmtMtd>DD", "<ReqdColltnDt>2026-10-05", "<MsgId>MSG-1"])
def test_a_value_that_speaks_like_the_parser_is_not_repeated(old: str, value: str) -> None:
    tag = old[: old.find(">") + 1]
    told = findings(PAIN008.replace(old, tag + value, 1))
    assert told
    assert not any("NAME" in each.message for each in told)


class TestEnvelopes:
    """A message in an envelope is held against its schema, whatever stands around it."""

    HEADER = (
        f'<AppHdr xmlns="{ISO}head.001.001.02">'
        "<Fr><FIId><FinInstnId><BICFI>COBADEFF</BICFI></FinInstnId></FIId></Fr>"
        "<To><FIId><FinInstnId><BICFI>COBADEFF</BICFI></FinInstnId></FIId></To>"
        "<BizMsgIdr>1</BizMsgIdr><MsgDefIdr>pain.008.001.08</MsgDefIdr><CreDt>2026-10-01T09:00:00Z</CreDt></AppHdr>"
    )
    DOCUMENT = PAIN008.partition("\n")[2]

    @pytest.mark.parametrize("around", ["Envelope", "n:Envelope"])
    def test_a_good_one_has_no_finding(self, around: str) -> None:
        start = f'<{around} xmlns:n="urn:made-up">'
        assert findings(f"{start}{self.HEADER}<Body>{self.DOCUMENT}</Body></{around}>") == []

    def test_a_fault_in_the_message_is_placed(self) -> None:
        [finding] = findings(node("Envelope", self.HEADER, self.DOCUMENT.replace("<PmtMtd>DD", "<PmtMtd>XX")))
        assert (finding.code, finding.path) == ("iso.xsd.code", "PmtInf[0]/PmtMtd")

    def test_a_fault_in_its_header_is_placed(self) -> None:
        broken = self.HEADER.replace("<BizMsgIdr>1</BizMsgIdr>", "")
        [finding] = findings(node("Envelope", broken, self.DOCUMENT))
        assert (finding.code, finding.path) == ("iso.xsd.unexpected", "Envelope/AppHdr/MsgDefIdr")

    def test_the_second_of_two_messages_is_held_too(self) -> None:
        second = pain002(status("ACCP", "<Wrong/>")).partition("\n")[2]
        first = camt(container(entry(detail(amount="10.00", direction="CRDT")))).partition("\n")[2]
        told = findings(node("Envelope", first, second))
        assert [each.path for each in told] == ["OrgnlGrpInfAndSts/Wrong"]

    def test_a_message_whose_schema_is_not_known_is_a_warning(self) -> None:
        unknown = pain002(status("ACCP"), version="09").partition("\n")[2]
        assert [each.code for each in findings(node("Envelope", unknown))] == ["iso.schema.unknown"]

    def test_a_message_without_a_document_around_it_is_a_warning(self) -> None:
        bare = self.DOCUMENT.replace("<Document ", "<Other ").replace("</Document>", "</Other>")
        inner = bare.partition(">")[2].rpartition("</Other>")[0]
        bare = inner.replace("<CstmrDrctDbtInitn>", f'<CstmrDrctDbtInitn xmlns="{ISO}pain.008.001.08">', 1)
        assert [each.code for each in findings(node("Envelope", bare))] == ["iso.schema.envelope"]
