"""What repeats a layout is read from the text, and says exactly what the parser would have said of it."""

import io
import re
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso_builders import ISO, RETURN, camt, code, container, detail, document, entry, leaf, money, node, reasons

from debit_service.core.errors import DebitError
from debit_service.iso20022 import events, layout
from debit_service.iso20022.container import DETAILS_HELD
from debit_service.iso20022.layout import learn
from debit_service.iso20022.read import read_bank_file
from debit_service.iso20022.records import BankRecord, Container
from debit_service.iso20022.validate import validate
from debit_service.iso20022.xml import UnreadableFile

Read = list[BankRecord | Container] | str

PARTIES = node(
    "RltdPties",
    node("Dbtr", node("Pty", leaf("Nm", "Employer {i}"))),
    node("DbtrAcct", node("Id", leaf("IBAN", "DE0212030000{i:010d}"))),
)
# One of each shape that a bank's file may mix; {i} differs from entry to entry.
SHAPES = [
    entry(detail(PARTIES, amount="{i}.10", direction="CRDT", end_to_end_id="C-{i}"), amount="{i}.10"),
    entry(detail(PARTIES, RETURN, amount="{i}.20", end_to_end_id="C-{i}"), amount="{i}.20", direction="DBIT"),
    entry(detail(end_to_end_id="NOTPROVIDED"), amount="{i}.30"),
    entry(detail(end_to_end_id=" C-{i} "), amount="{i}"),
    entry(detail(node("RmtInf", leaf("Ustrd", "one {i}"), leaf("Ustrd", "two")), amount="{i}.00"), amount="{i}.00"),
    entry(detail("<AddtlTxInf/>", RETURN, amount="{i}.5"), amount="{i}.50", direction="DBIT", reversal="true"),
    entry(detail("<RtrInf/>", amount="{i}.50"), amount="{i}.50", direction="DBIT", bank_code=code("RDDT", "UPDD")),
    entry(detail("<!-- {i} -->", amount="{i}.50"), amount="{i}.50"),
    entry(detail(leaf("AddtlTxInf", "R&D {i}"), amount="{i}.50"), amount="{i}.50"),
    entry(detail("<AddtlTxInf><![CDATA[C-{i}]]></AddtlTxInf>", amount="{i}.50"), amount="{i}.50"),
    entry(detail(amount="{i}.00"), detail(amount="1.00", end_to_end_id="C-1-{i}"), amount="{i}.00", note="note {i}"),
    entry(
        amount="{i}.40",
        batch=node("Btch", leaf("PmtInfId", "P-{i}"), leaf("NbOfTxs", "{i}"), money("TtlAmt", "{i}.40")),
    ),
    entry(detail(amount="{i}.00"), amount="{i}.00", batch=node("Btch", leaf("NbOfTxs", "2"), money("TtlAmt", "9.00"))),
    entry(detail(amount="{i}"), amount="{i}.0", more=node("Chrgs", money("Amt", "0.{i}"), leaf("ChrgInclInd", "true"))),
    entry(detail(amount="{i}.00"), amount="{i}.13", more=node("Chrgs", node("Rcrd", money("Amt", "0.13")))),
    entry(detail(amount="{i}"), amount="{i}", currency="JPY"),
    entry(detail(amount="7"), amount="7"),
    entry("<TxDtls/>", amount="{i}.00", status="BOOK"),
    entry(amount="{i}.00").replace("<Dt>2026-10-05</Dt>", "<DtTm>2026-10-05T{i:02d}:00:00+01:00</DtTm>"),
    entry(detail(PARTIES, amount="{i}.10"), amount="{i}.10").replace("><", ">\r\n <"),
    entry(detail(PARTIES.replace("Employer", "مقاولة"), amount="{i}.10"), amount="{i}.10"),
]
FAULTS = [
    "<Ntry>",
    "</Ntry>",
    "\x01",
    "&unknown;",
    "]]>",
    "<Ntry><Amt Ccy='EUR'>x</Amt></Ntry>",
    "\ufffe",
    "<",
    "<?pi?>",
]


def read(content: str | bytes, *, layouts: bool = True, encoding: str = "utf-8") -> Read:
    """Everything that the reader says, or the code with which it refuses."""
    data = content if isinstance(content, bytes) else content.encode(encoding)
    try:
        return list(read_bank_file(io.BytesIO(data), file="bank.xml", layouts=layouts))
    except DebitError as error:
        return error.code


def numbered(shape: str, number: int) -> str:
    return re.sub(r"\{i(:\w+)?\}", lambda found: format(number, (found.group(1) or ":")[1:]), shape)


def notification(shapes: list[str]) -> str:
    return camt(container(*(numbered(shape, 10 + number) for number, shape in enumerate(shapes))))


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets the file come in pieces of some bytes, so that everything falls into two of them once."""
    return lambda size: monkeypatch.setattr(events, "_CHUNK_BYTES", size)


@pytest.mark.parametrize("position", range(len(SHAPES)))
def test_what_repeats_is_read_as_the_parser_reads_it(position: int) -> None:
    content = notification([SHAPES[position]] * 40)
    expected = read(content, layouts=False)
    assert isinstance(expected, list)
    assert read(content) == expected


@given(
    st.lists(st.sampled_from(SHAPES), min_size=1, max_size=60),
    st.sampled_from([64, 500, 4096, 100_000]),
    st.one_of(st.none(), st.tuples(st.sampled_from(FAULTS), st.floats(0, 1))),
)
def test_any_mixture_is_read_as_the_parser_reads_it(
    shapes: list[str], piece: int, fault: tuple[str, float] | None
) -> None:
    """Also what is wrong with a file is found, wherever it stands."""
    content = notification(shapes * 3)
    if fault is not None:
        at = int(fault[1] * len(content))
        content = content[:at] + fault[0] + content[at:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "_CHUNK_BYTES", piece)
        assert read(content) == read(content, layouts=False)


@pytest.mark.parametrize(("encoding", "word"), [("iso-8859-1", "é"), ("iso-8859-15", "€"), ("windows-1252", "€œ")])
def test_a_latin_file_repeats_in_its_own_encoding(encoding: str, word: str) -> None:
    shape = entry(detail(PARTIES.replace("Employer", word), amount="{i}.10"), amount="{i}.10")
    content = f'<?xml version="1.0" encoding="{encoding}"?>' + notification([shape] * 30).partition("?>")[2]
    expected = read(content, layouts=False, encoding=encoding)
    assert read(content, encoding=encoding) == expected
    assert isinstance(expected, list)
    assert isinstance(expected[20], BankRecord)
    assert expected[20].debtor_name == f"{word} 30"


@pytest.mark.parametrize("piece", [100, 256 * 1024])
def test_many_details_of_one_entry_are_read_as_the_parser_reads_them(
    piece: int, small_pieces: Callable[[int], None]
) -> None:
    small_pieces(piece)
    many = DETAILS_HELD * 3
    shapes = [detail(PARTIES, amount="1.00", end_to_end_id="C-{i}"), detail(RETURN, amount="0.50", direction="DBIT")]
    details = [numbered(shapes[number % 7 == 3], number) for number in range(many)]
    content = camt(container(entry(*details, amount="99.00"), entry(detail(amount="1.00"), amount="1.00")))
    expected = read(content, layouts=False)
    assert isinstance(expected, list)
    assert [item.detail_index for item in expected if isinstance(item, BankRecord)][:many] == list(range(many))
    assert read(content) == expected


def test_details_of_one_entry_belong_each_to_its_own_batch() -> None:
    blocks = (
        node(
            "NtryDtls",
            node("Btch", leaf("PmtInfId", f"P-{block}")),
            *(detail(amount="1.00", end_to_end_id=f"C-{block}-{number}") for number in range(DETAILS_HELD * 2)),
        )
        for block in range(2)
    )
    content = camt(container(entry(amount="256.00").replace("</Ntry>", "".join(blocks) + "</Ntry>")))
    found = read(content)
    assert found == read(content, layouts=False)
    assert [item.payment_information_id for item in found if isinstance(item, BankRecord)] == [
        f"P-{block}" for block in range(2) for _ in range(DETAILS_HELD * 2)
    ]


def test_statuses_are_read_as_the_parser_reads_them() -> None:
    transactions = [
        node("TxInfAndSts", leaf("OrgnlEndToEndId", f"C-{number}"), leaf("TxSts", status), why)
        for number in range(50)
        for status, why in (("RJCT", reasons("AM04")), ("ACCP", ""), ("RJCT", reasons(None, "X1", "said & done")))
    ]
    blocks = (
        node("OrgnlPmtInfAndSts", leaf("OrgnlPmtInfId", f"P-{number}"), reasons("AC01"), *transactions)
        for number in range(2)
    )
    group = node("OrgnlGrpInfAndSts", leaf("OrgnlMsgId", "M-1"), leaf("GrpSts", "PART"))
    body = node("CstmrPmtStsRpt", node("GrpHdr", leaf("MsgId", "S-1")), group, *blocks)
    content = document(body, "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10")
    expected = read(content, layouts=False)
    assert len(expected) == 1 + 300 + 1
    assert read(content) == expected


def test_a_fault_behind_what_repeats_is_placed_in_the_whole_file() -> None:
    content = notification([SHAPES[0]] * 400).replace("</Ntfctn>", "\n<wrong></Ntfctn>")
    with pytest.raises(UnreadableFile) as refused:
        list(read_bank_file(io.BytesIO(content.encode()), file="bank.xml"))
    byte = int(str(refused.value.place).rpartition(" ")[2])
    assert abs(byte - content.index("</Ntfctn>")) <= 16
    assert f"line {content.count(chr(10), 0, byte) + 1}," in str(refused.value.place)


def test_a_comment_that_hides_entries_hides_them_from_layouts_too() -> None:
    entries = [numbered(SHAPES[0], number) for number in range(10, 40)]
    content = camt(container(*entries[:15], "<!--", *entries[15:25], "-->", *entries[25:]))
    found = read(content)
    assert found == read(content, layouts=False)
    assert len(found) == 20 + 1


def test_an_entry_where_none_belongs_is_ignored_with_all_that_follow_it() -> None:
    inside = "".join(numbered(SHAPES[0], number) for number in range(10, 40))
    content = camt(container(numbered(SHAPES[0], 50), before=node("Elsewhere", inside)))
    assert read(content) == read(content, layouts=False)
    assert len(read(content)) == 2


DIRECTED = {
    "details that are not side by side": entry(
        detail(end_to_end_id="A-{i}") + "<X>y</X>" + detail(end_to_end_id="B-{i}")
    ),
    "empty details that are not side by side": entry("<TxDtls/><X/><TxDtls/>"),
    "a detail against its entry": entry(detail(amount="10.00", direction="DBIT"), amount="10.00"),
    "a text that looks like a mark": entry(detail(end_to_end_id=" A>{i}")),
    "a text with the end of a tag in it": entry(
        detail(leaf("AddtlTxInf", " Lauf -> {i}"), amount="1.00"), amount="1.00"
    ),
    "a note that differs each time": entry(detail(node("RmtInf", node("Strd", node("RfrdDocInf", leaf("Nb", "{i}")))))),
    "a date in another way": entry(amount="1.00").replace("<Dt>2026-10-05</Dt>", "<DtTm>2026-10-05x{i}</DtTm>"),
}


@pytest.mark.parametrize("shape", DIRECTED.values(), ids=DIRECTED)
def test_what_only_seems_alike_is_read_as_the_parser_reads_it(shape: str) -> None:
    content = notification([shape] * 40)
    assert read(content) == read(content, layouts=False)


@pytest.mark.parametrize("attribute", ["", ' xmlns:q="urn:other"'])
def test_a_prefix_that_means_something_else_makes_another_element(attribute: str) -> None:
    one = numbered(entry(amount="{i}.00"), 10).replace("Amt", "q:Amt")
    first = container(*[one] * 20).replace("<Ntfctn>", f'<Ntfctn xmlns:q="{ISO}camt.054.001.08">')
    content = camt(first, container(*[one] * 20, id_="I-2").replace("<Ntfctn>", f"<Ntfctn{attribute}>"))
    assert read(content) == read(content, layouts=False)
    assert "iso.xsd.unexpected" in {finding.code for finding in validate(io.BytesIO(content.encode()), file="bank.xml")}


def test_a_status_belongs_to_the_group_that_stands_before_it() -> None:
    def group(message: str, reason: str) -> str:
        return node("OrgnlGrpInfAndSts", leaf("OrgnlMsgId", message), leaf("GrpSts", "RJCT"), reasons(reason))

    one = node("TxInfAndSts", leaf("OrgnlEndToEndId", "C-1"), leaf("TxSts", "RJCT"))
    body = node(
        "CstmrPmtStsRpt",
        node("GrpHdr", leaf("MsgId", "S-1")),
        group("A", "AM04"),
        one * 30,
        group("B", "MD01"),
        one * 30,
    )
    found = read(document(body, ISO + "pain.002.001.03"))
    assert found == read(document(body, ISO + "pain.002.001.03"), layouts=False)
    assert [item.reason_code for item in found if isinstance(item, BankRecord)] == ["AM04"] * 31 + ["MD01"] * 31


def test_a_long_file_without_details_after_one_with_is_read_to_its_end() -> None:
    """The parser bears no more than some megabytes at once; a closing tag that comes no more must not make it swallow them."""
    blocks = node("OrgnlPmtInfAndSts", leaf("OrgnlPmtInfId", "P"), node("TxInfAndSts", leaf("TxSts", "ACCP"))) * 4
    rest = node("OrgnlPmtInfAndSts", leaf("OrgnlPmtInfId", "P-" + "x" * 30), leaf("PmtInfSts", "ACCP")) * 100_000
    body = node("CstmrPmtStsRpt", node("GrpHdr", leaf("MsgId", "S-1")), blocks, rest)
    assert len(read(document(body, ISO + "pain.002.001.10"))) == 4 + 100_000 + 1


GROWING = {
    "entries without details after some with": (entry(detail()) * 5, entry(amount="1.00")),
    "a text that is another one each time": (
        "",
        entry(detail(node("RmtInf", node("Strd", node("RfrdDocInf", leaf("Nb", "{i}")))))),
    ),
    "a block for each detail": ("", entry(*[node("X", detail()) for _ in range(2)]).replace("X>", "NtryDtls>")),
}


@pytest.mark.parametrize(("head", "shape"), GROWING.values(), ids=GROWING)
def test_memory_does_not_grow_with_the_file(head: str, shape: str) -> None:
    def largest(count: int) -> int:
        content = camt(container(head, *(numbered(shape, number) for number in range(count)))).encode()
        tracemalloc.start()
        for _ in read_bank_file(io.BytesIO(content), file="bank.xml"):
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert largest(12_000) < largest(4_000) + 1024 * 1024


@pytest.mark.parametrize("text", [">" * 20_000 + " ", "> " * 10_000, "a" * 30_000 + " "])
def test_no_text_makes_reading_slow(text: str) -> None:
    """Looking for texts takes as many steps as there are characters: each of these once took half a minute."""
    content = notification([entry(detail(leaf("AddtlTxInf", text)))] * 5).replace("&gt;", ">")
    assert read(content) == read(content, layouts=False)


def test_a_layout_is_not_learned_from_what_it_could_not_prove() -> None:
    namespaces: dict[str | None, str] = {None: "urn:x"}
    assert learn("Ntry", "<Ntry><A>1</A><B>2</B></Ntry>", namespaces) is not None
    assert learn("Ntry", '<Ntry><A x="a>b">1</A></Ntry>', namespaces) is None
    assert learn("Ntry", "<Ntry><p:A>1</p:A></Ntry>", namespaces) is None


def test_layouts_are_given_up_where_nothing_repeats() -> None:
    layouts = layout.Layouts("Ntry")
    for number in range(5000):
        layouts.see(f"<Ntry><A{number}>1</A{number}></Ntry>")
    assert layouts.given_up
    assert layouts.known == {}
