"""What is proved to be valid without the parser is valid; whatever could be otherwise is left to the parser."""

import copy
import io
from collections.abc import Iterator

import pytest
from iso_builders import (
    ISO,
    balance,
    camt,
    container,
    detail,
    entry,
    group,
    message,
    pain002,
    reasons,
    transaction_status,
    written,
)
from iso_builders import block_status as block
from iso_builders import debit as a_debit
from iso_builders import group_status as status
from lxml import etree
from test_schema_validation import FAULTS, Tree

from debit_service.iso20022.events import events
from debit_service.iso20022.layout import Layout, Run
from debit_service.iso20022.schema_proof import REPEATED, TextTypes, holds, schema_proved
from debit_service.iso20022.schemas import schema_for, text_types
from debit_service.iso20022.xml import Source

ROWS = 16
DEBITS = [
    a_debit(f"C-{number}", instruction_id=f"I-{number}", debtor_bic="COBADEFFXXX", remittance=f"September {number}")
    for number in range(ROWS)
]
FILES = {
    "pain.008.001.02": written(message(group(*DEBITS)), "02").decode(),
    "pain.008.001.08": written(message(group(*DEBITS))).decode(),
    "pain.002.001.10": pain002(
        status("PART"),
        block(*(transaction_status("RJCT", reasons("AM04"), end_to_end_id=f"C-{number}") for number in range(ROWS))),
    ),
    "camt.054.001.08": camt(
        container(
            *(entry(detail(amount="10.00", direction="CRDT", end_to_end_id=f"C-{number}")) for number in range(ROWS))
        )
    ),
    "camt.053.001.02": camt(
        container(
            *(entry(detail(end_to_end_id=f"C-{number}"), status="BOOK") for number in range(ROWS)),
            family="camt.053",
            before=balance("OPBD", "5.00"),
        ),
        family="camt.053",
        version="02",
    ),
}
TEXTS = (
    [
        "1",
        "-1",
        "+1",
        ".5",
        "5.",
        "1.00",
        "1.00001",
        "1.000001",
        "1234567890123.12345",
        "12345678901234.12345",
        "1e2",
        "١",
        "true",
        "1",
        "0",
    ]
    + ["2026-02-28", "2026-02-30", "2026-2-3", "2026-02-28Z", "12026-02-28", "2026-02-28T00:00:00"]
    + [
        "DE89370400440532013000",
        "DE8937040044",
        "de89",
        "DE",
        "COBADEFF",
        "COBADEFFX",
        "EUR",
        "CRDT",
        "DBIT",
        "RJCT",
        "XXXX",
        "SLEV",
    ]
    + ["x" * length for length in (4, 5, 16, 17, 34, 35, 36, 140, 141)]
    + [" 1", "é" * 35, "a\nb", "&" * 35]
)


def proved(name: str, content: str) -> bool:
    uri = ISO + name
    return schema_proved(Source(io.BytesIO(content.encode()), file="in.xml"), schema_for(uri), text_types(uri))


def valid(name: str, content: str) -> bool:
    return schema_for(ISO + name).validate(etree.XML(content.encode()))


def leaves(root: Tree) -> Iterator[Tree]:
    """The leaves with text of a late transaction: one that is not among those that the parser has read."""
    late = [each for each in root.iter() if etree.QName(each).localname in REPEATED][-3]
    return (each for each in late.iter() if len(each) == 0 and each.text)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_repeats_itself_is_proved(name: str) -> None:
    assert valid(name, FILES[name])
    assert proved(name, FILES[name])
    source = Source(io.BytesIO(FILES[name].encode()), file="in.xml")
    rows = sum(
        len(part.rows)
        for part in events(source, [f"{{*}}{each}" for each in REPEATED], REPEATED)
        if isinstance(part, Run)
    )
    assert rows > ROWS / 2


@pytest.mark.parametrize("name", FILES)
def test_what_is_proved_with_another_text_is_valid(name: str) -> None:
    root = etree.XML(FILES[name].encode())
    judged = {True: 0, False: 0}
    for position, leaf in enumerate(list(leaves(root))):
        for text in TEXTS:
            changed = copy.deepcopy(root)
            other = list(leaves(changed))[position]
            assert other.tag == leaf.tag
            other.text = text
            content = etree.tostring(changed, encoding="unicode")
            is_proved = proved(name, content)
            judged[is_proved] += 1
            assert is_proved <= valid(name, content), content
    assert min(judged.values()) > 4


@pytest.mark.parametrize("name", FILES)
def test_what_is_proved_with_another_structure_is_valid(name: str) -> None:
    root = etree.XML(FILES[name].encode())
    elements = list(root.iter())
    for position in range(len(elements) - 40, len(elements)):
        for fault in FAULTS:
            changed = copy.deepcopy(root)
            fault(list(changed.iter())[position])
            content = etree.tostring(changed, encoding="unicode")
            assert proved(name, content) <= valid(name, content), content


def test_what_was_read_where_nothing_is_validated_proves_nothing() -> None:
    bad = "<DrctDbtTxInf><PmtId><EndToEndId>C</EndToEndId></PmtId></DrctDbtTxInf>"
    unseen = f"<SplmtryData><Envlp><Any>{bad * 4}</Any></Envlp></SplmtryData>"
    hidden = FILES["pain.008.001.08"].replace("</RmtInf></DrctDbtTxInf>", f"</RmtInf>{unseen}</DrctDbtTxInf>", 1)
    assert valid("pain.008.001.08", hidden)
    assert not proved("pain.008.001.08", hidden)
    late = hidden.rpartition("</PmtInf>")
    content = late[0] + bad * 4 + late[1] + late[2]
    assert not valid("pain.008.001.08", content)
    assert not proved("pain.008.001.08", content)


def test_an_attribute_that_changes_a_type_proves_nothing() -> None:
    said = '<EndToEndId xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="Max35Text">'
    assert not proved("pain.008.001.08", FILES["pain.008.001.08"].replace("<EndToEndId>", said))


@pytest.mark.parametrize("cut", [1, 30, 700])
def test_a_file_that_is_cut_is_not_proved(cut: int) -> None:
    assert not proved("pain.008.001.08", FILES["pain.008.001.08"].strip()[:-cut])


def test_a_file_with_more_after_its_end_is_not_proved() -> None:
    assert not proved("pain.008.001.08", FILES["pain.008.001.08"] + "<more/>")


class TestWhatIsNotKnown:
    """A type, an attribute or a text that the proof does not know is left to the parser."""

    SCHEMA = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="m" targetNamespace="m">
        <xs:complexType name="Body"><xs:sequence>
            <xs:element name="Ntry" type="Row" maxOccurs="unbounded"/><xs:element name="TxDtls" type="Row"/>
        </xs:sequence></xs:complexType>
        <xs:complexType name="Row"><xs:sequence>
            <xs:element name="Two" type="MinTwo"/><xs:element name="At" type="Moment"/><xs:element name="Odd" type="Odd"/>
        </xs:sequence></xs:complexType>
        <xs:simpleType name="MinTwo"><xs:restriction base="xs:string"><xs:minLength value="2"/></xs:restriction></xs:simpleType>
        <xs:simpleType name="Moment"><xs:restriction base="xs:dateTime"/></xs:simpleType>
        <xs:simpleType name="Odd"><xs:restriction base="xs:string"><xs:length value="2"/></xs:restriction></xs:simpleType>
    </xs:schema>"""

    def holds(
        self, text: str, path: str = "Two", name: str = "Ntry", skeleton: str = "<Ntry><Two>\0</Two></Ntry>"
    ) -> bool:
        """Whether an element with this text is proved."""
        layout = Layout(name, skeleton, (path,), {}, (0,))
        return holds(Run(layout, [(text,), (text,)]), TextTypes(etree.XML(self.SCHEMA)).checks(layout))

    def test_a_text_of_a_known_type_is_held(self) -> None:
        assert self.holds("ab")
        assert not self.holds("a")

    def test_a_text_that_is_in_no_column(self) -> None:
        assert not self.holds("ab", skeleton="<Ntry><Two>\0</Two><Two>\0</Two></Ntry>")

    def test_an_attribute(self) -> None:
        assert not self.holds("ab", skeleton='<Ntry><Two a="b">\0</Two></Ntry>')

    @pytest.mark.parametrize("path", ["At", "Odd", "Unknown", "Two/Unknown"])
    def test_a_type(self, path: str) -> None:
        assert not self.holds("2026-10-01T09:00:00", path)

    def test_an_element_that_may_not_be_repeated(self) -> None:
        assert not self.holds("ab", name="TxDtls")
