"""What is hostile, damaged or not what it says is refused with a stable code and a place; nothing is ever repaired."""

import gzip
import io
from pathlib import Path

import pytest
from iso_builders import (
    BODIES,
    ISO,
    camt,
    container,
    detail,
    document,
    entry,
    leaf,
    money,
    node,
    one_entry,
    pain002,
    read_all,
    records,
)
from iso_builders import group_status as group

from debit_service.core.errors import InvalidInput
from debit_service.iso20022.read import Limits, UnreadableFile, read_bank_file
from debit_service.iso20022.records import BankRecord, Container
from debit_service.iso20022.validate import validate
from debit_service.iso20022.xml import Source, _Utf8Label

GOOD = one_entry(detail())
BYTES = GOOD.encode()
DECLARED = '<?xml version="1.0" encoding="{}"?>'


def with_doctype(doctype: str, body: str = GOOD) -> bytes:
    """The good file with a DOCTYPE after its declaration."""
    declaration, _, rest = body.partition("\n")
    return f"{declaration}\n{doctype}\n{rest}".encode()


def declared(encoding: str, data: str = GOOD, codec: str | None = None) -> bytes:
    """The good file saying that it is in `encoding`, written in `codec`."""
    return data.replace(DECLARED.format("UTF-8"), DECLARED.format(encoding)).encode(codec or encoding)


BILLION = '<!DOCTYPE d [<!ENTITY a "1"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
HOSTILE = {
    "entity in an amount": (
        with_doctype('<!DOCTYPE d [<!ENTITY a "9">]>', GOOD.replace("10.00", "&a;0.00")),
        "doctype",
    ),
    "entities of entities": (with_doctype(BILLION, GOOD.replace("10.00", "&c;")), "doctype"),
    "entity from a file": (with_doctype('<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>'), "doctype"),
    "entity from the network": (with_doctype('<!DOCTYPE d [<!ENTITY a SYSTEM "http://127.0.0.1:1/x">]>'), "doctype"),
    "parameter entity": (with_doctype('<!DOCTYPE d [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x"> %p;]>'), "doctype"),
    "external DTD": (with_doctype('<!DOCTYPE Document SYSTEM "http://127.0.0.1:1/x.dtd">'), "doctype"),
    "empty DOCTYPE": (with_doctype("<!DOCTYPE Document>"), "doctype"),
    "DOCTYPE after a comment": (with_doctype("<!-- <a> --><?p?><!DOCTYPE Document>"), "doctype"),
    "DOCTYPE beyond the first look": (with_doctype(f"<!--{' ' * 300_000}--><!DOCTYPE Document>"), "malformed"),
    "attribute default by DTD": (with_doctype('<!DOCTYPE d [<!ATTLIST Amt Ccy CDATA "USD">]>'), "doctype"),
    "entity without declaration": (GOOD.replace("10.00", "&amount;").encode(), "entity"),
    "XInclude": (
        GOOD.replace(
            "<NtryRef>", '<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="/etc/passwd"/><NtryRef>'
        ).encode(),
        "xinclude",
    ),
    "UTF-16": (GOOD.encode("utf-16"), "encoding"),
    "UTF-16 without its mark": (GOOD.encode("utf-16-le"), "encoding"),
    "UTF-16 big endian": (GOOD.encode("utf-16-be"), "encoding"),
    "UTF-32": (GOOD.encode("utf-32"), "encoding"),
    "UTF-7 by its label": (declared("UTF-7", codec="ascii"), "encoding"),
    "UTF-7 in hiding": (b"+ADw-Document+AD4-", "malformed"),
    "EBCDIC": (declared("cp037"), "malformed"),
    "an encoding that no bank uses": (declared("Shift_JIS"), "encoding"),
    "mark and label contradict": (b"\xef\xbb\xbf" + declared("ISO-8859-1"), "encoding"),
    "Latin bytes labelled UTF-8": (GOOD.replace("C-1", "Würth").encode("iso-8859-15"), "encoding"),
    "UTF-8 bytes labelled Latin": (declared("ISO-8859-15", GOOD.replace("C-1", "Würth"), "utf-8"), "encoding"),
    "Windows bytes labelled ISO-8859-1": (declared("ISO-8859-1", GOOD.replace("C-1", "10 €"), "cp1252"), "encoding"),
    "gzip by stealth": (gzip.compress(BYTES), "compressed"),
    "nested beyond the limit": ((document("<a>" * 300 + "</a>" * 300, f"{ISO}camt.054.001.08")).encode(), "limit"),
    "nested deep inside an entry": (one_entry(detail("<a>" * 300 + "</a>" * 300)).encode(), "limit"),
    "a text beyond the limit": (one_entry(detail(node("RmtInf", node("Ustrd", "x" * 10_500_000)))).encode(), "limit"),
    "cut in an amount": (BYTES[: BYTES.index(b"10.00") + 2], "malformed"),
    "cut before its last tag": (BYTES[:-11], "malformed"),
    "something after the end": (BYTES + b"<more/>", "trailing"),
    "two documents in one": (BYTES + BYTES.partition(b"\n")[2], "trailing"),
    "a NUL inside": (BYTES.replace(b"C-1", b"C\x00-1"), "character"),
    "a character that XML does not have": (BYTES.replace(b"C-1", b"C&#x1;1"), "character"),
    "crossed tags": (BYTES.replace(b"</Refs>", b"</Reffs>"), "malformed"),
    "HTML": (b"<!doctype html><html></html>", "malformed"),
    "not XML": (b"{}", "malformed"),
    "empty": (b"", "empty"),
    "blank": (b" \n ", "empty"),
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_it_is_refused(name: str) -> None:
    content, code = HOSTILE[name]
    with pytest.raises(UnreadableFile) as refused:
        read_all(content)
    assert refused.value.code == f"iso.xml.{code}"
    assert refused.value.place is not None
    assert refused.value.place.startswith("bank.xml")


@pytest.mark.parametrize("name", list(HOSTILE))
def test_validation_says_the_same_as_an_error(name: str) -> None:
    content, code = HOSTILE[name]
    findings = list(validate(io.BytesIO(content), file="bank.xml"))
    assert (findings[-1].code, findings[-1].severity) == (f"iso.xml.{code}", "error")


def test_the_place_names_the_byte() -> None:
    damaged = BYTES.replace(b"</Refs>", b"</Reffs>")
    with pytest.raises(UnreadableFile) as refused:
        read_all(damaged)
    byte = int(str(refused.value.place).rpartition(" ")[2])
    assert abs(byte - damaged.index(b"</Reffs>")) <= 64


def test_the_byte_is_found_also_far_into_a_file_of_many_lines() -> None:
    damaged = "\n".join((camt(container(*(entry(detail()) + "\n" for _ in range(2000)))), "<more/>")).encode()
    with pytest.raises(UnreadableFile) as refused:
        read_all(damaged)
    byte = int(str(refused.value.place).rpartition(" ")[2])
    assert abs(byte - damaged.index(b"<more/>")) <= 2


def test_records_may_come_before_the_refusal_but_never_the_end_of_the_container() -> None:
    damaged = camt(container(*(entry(detail()) for _ in range(500)))).encode()[:-60]
    seen: list[BankRecord | Container] = []
    with pytest.raises(UnreadableFile):
        seen.extend(read_bank_file(io.BytesIO(damaged), file="bank.xml"))
    assert seen
    assert all(isinstance(item, BankRecord) for item in seen)


def test_a_doctype_that_the_first_look_misses_is_refused_by_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Source, "_check_head", lambda self: setattr(self, "_label", _Utf8Label("utf-8")))
    with pytest.raises(UnreadableFile) as refused:
        read_all(HOSTILE["entity in an amount"][0])
    assert refused.value.code == "iso.xml.doctype"


def test_a_file_beyond_the_size_limit_is_refused_at_the_limit() -> None:
    with pytest.raises(UnreadableFile) as refused:
        list(read_bank_file(io.BytesIO(BYTES), file="bank.xml", limits=Limits(bytes_max=100)))
    assert (refused.value.code, refused.value.place) == ("iso.xml.too_large", "bank.xml, byte 100")


@pytest.mark.parametrize(
    "content",
    [
        document(node("CstmrDrctDbtInitn", "<GrpHdr/>"), f"{ISO}pain.008.001.08"),
        document(node(BODIES["camt.053"][0]), f"{ISO}camt.054.001.08"),
        document("<FIToFIPmtStsRpt/>", f"{ISO}pacs.002.001.10"),
        "<html><body/></html>",
    ],
)
def test_another_message_is_unknown(content: str) -> None:
    """pain 31: an unknown root is an error."""
    with pytest.raises(InvalidInput) as refused:
        read_all(content)
    assert refused.value.code == "iso.message.unknown"


class TestWhatLooksUnusualAndIsRead:
    """Prefixes, marks, envelopes, Latin letters and comments are what banks do."""

    def test_a_prefix(self) -> None:
        prefixed = GOOD.replace("<", "<n:").replace("<n:/", "</n:").replace("<n:?", "<?").replace("xmlns=", "xmlns:n=")
        assert records(prefixed) == records(GOOD)

    def test_no_namespace(self) -> None:
        assert records(camt(container(entry(detail())), namespace=""))[0].message == "camt.054"

    def test_a_namespace_of_a_country(self) -> None:
        swiss = "http://www.six-interbank-clearing.com/de/camt.054.001.04.ch.02.xsd"
        assert records(camt(container(entry(detail())), namespace=swiss))[0].message == "camt.054.001.04"

    def test_a_byte_order_mark(self) -> None:
        assert records(b"\xef\xbb\xbf" + BYTES) == records(GOOD)

    def test_no_declaration(self) -> None:
        assert records(GOOD.partition("\n")[2]) == records(GOOD)

    def test_an_envelope_with_a_business_header(self) -> None:
        header = '<AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02"><MsgId>no</MsgId></AppHdr>'
        assert records(node("Envelope", header, GOOD.partition("\n")[2])) == records(GOOD)

    def test_two_documents_in_an_envelope(self) -> None:
        both = node("Envelope", GOOD.partition("\n")[2], pain002(group("ACCP")).partition("\n")[2])
        assert [each.message for each in records(both)] == ["camt.054.001.08", "pain.002.001.10"]

    @pytest.mark.parametrize("encoding", ["ISO-8859-1", "iso-8859-15", "windows-1252"])
    def test_a_declared_latin_encoding(self, encoding: str) -> None:
        [read] = records(declared(encoding, GOOD.replace("C-1", "Würth")))
        assert read.end_to_end_id == "Würth"

    def test_the_euro_sign_of_windows(self) -> None:
        [read] = records(declared("windows-1252", GOOD.replace("C-1", "10 €")))
        assert read.end_to_end_id == "10 €"

    def test_comments_and_instructions(self) -> None:
        noisy = GOOD.replace("<NtryRef>", "<!-- <Ntry> --><?p q?><NtryRef>").replace("C-1", "C<!-- x -->-1")
        assert [each.end_to_end_id for each in records(noisy)] == ["C-1"]

    def test_a_doctype_in_words_only(self) -> None:
        [read] = records(GOOD.replace("C-1", "&lt;!DOCTYPE"))
        assert read.end_to_end_id == "<!DOCTYPE"


def test_nothing_of_lxml_that_reads_xml_is_called_outside_the_factory() -> None:
    room = Path(__file__).resolve().parents[2] / "debit_service"
    doors = (
        "etree.parse(",
        "etree.fromstring(",
        "etree.iterparse(",
        "etree.XMLParser(",
        "etree.XMLPullParser(",
        "etree.XML(",
    )
    outside = [
        path.name
        for path in room.rglob("*.py")
        if path.name != "xml.py" and any(d in path.read_text("utf-8") for d in doors)
    ]
    assert outside == []


class Trickle(io.BytesIO):
    """A stream that gives some bytes at a time, as a pipe or a network does."""

    def read(self, size: int | None = -1, /) -> bytes:
        """At most 64 bytes."""
        return super().read(min(size, 64) if size is not None and size >= 0 else 64)


def test_a_file_that_comes_in_small_pieces_is_read_all_the_same() -> None:
    whole = list(read_bank_file(io.BytesIO(BYTES), file="bank.xml"))
    assert list(read_bank_file(Trickle(BYTES), file="bank.xml")) == whole


@pytest.mark.parametrize("twice", [money("Amt", "10.00"), leaf("CdtDbtInd", "CRDT")])
@pytest.mark.parametrize("between", ["", leaf("RvslInd", "false")])
def test_what_decides_on_money_stands_once(twice: str, between: str) -> None:
    said = one_entry(detail(amount="10.00", direction="CRDT")).replace("</TxDtls>", f"{between}{twice}</TxDtls>")
    with pytest.raises(UnreadableFile) as refused:
        read_all(said)
    assert refused.value.code in {"iso.amount.repeated", "iso.direction.unknown"}
