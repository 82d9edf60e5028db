"""The bank's own bytes about an entry: found again by counting, whatever stands between the tags."""

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from bank_files import Booked, camt053, camt054, together

from debit_service.core.errors import DebitError
from debit_service.iso20022.read import Repair, read_bank_file
from debit_service.iso20022.records import BankRecord, Level
from debit_service.reports import fragment as fragments
from debit_service.reports.fragment import BYTES_MAX, Place, fragment

SAMPLES = Path(__file__).resolve().parents[1] / "iso20022/samples"
REAL = Path(__file__).resolve().parents[2] / "../shared/samples"
_DAY = date(2026, 9, 30)
_PLAIN = re.compile(r"[\w\-]+", re.ASCII)


def placed(content: bytes) -> Iterator[tuple[BankRecord, Place]]:
    """Every record of a file, and where it stands as the import counts."""
    containers = 1
    details: Counter[tuple[int, int | None]] = Counter()
    repairs = {Repair.SEVERAL_DOCUMENTS}
    for item in read_bank_file(io.BytesIO(content), file="file", repairs=repairs, layouts=False):
        if not isinstance(item, BankRecord):
            containers += 1
            continue
        entry = (containers, item.entry_index)
        rank = details[entry] if item.level is Level.TRANSACTION else None
        details[entry] += item.level is Level.TRANSACTION
        yield item, Place(containers, item.entry_index, rank)


def check(content: bytes) -> int:
    """Each record's fragment is one element, and says what the record says (of many, the first and the last are looked at).

    Returns how many there were.
    """
    count = 0
    records = list(placed(content))
    for record, place in [*records[:12], *records[12:][-3:]]:
        found = fragment(io.BytesIO(content), place)
        if found is None:
            assert record.level is Level.GROUP, (record, place)  # a report that says nothing of the whole file
            continue
        text = found.content.decode("utf-8", "replace")
        name = re.match(r"<([\w:.\-]+)", text)
        assert name, text
        assert found.is_cut or re.search(rf"(</{name[1]}\s*|<{name[1]}\b[^<]*/)>\Z", text), text
        if record.level is Level.TRANSACTION:
            assert len(re.findall(r"<(?:\w+:)?(?:TxDtls|TxInfAndSts)[\s/>]", text)) == 1, text
        # A comment may stand in the middle of a word.
        text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
        # The name of what stands beside details is made of them, and stands nowhere.
        own = None if record.kind in ("cost", "remainder") else record.transaction_id
        for said in (record.end_to_end_id, own, record.mandate_id):
            assert not said or not _PLAIN.fullmatch(said) or said in text or found.is_cut, (said, text)
        count += 1
    return count


def test_every_entry_of_the_samples_is_found_again() -> None:
    found = 0
    for path in sorted(SAMPLES.rglob("*")):
        if path.is_file() and path.suffix.lower() in (".xml", ".zip"):
            try:
                found += check(path.read_bytes())
            except DebitError:
                continue  # a sample of what is refused
    assert found > 200


def test_every_entry_of_real_files_is_found_again() -> None:
    manifest = REAL / "MANIFEST.tsv"
    if not manifest.is_file():
        pytest.skip("the folder of real bank files is not beside this project")
    with manifest.open(encoding="utf-8", newline="") as rows:
        names = [row["file"] for row in csv.DictReader(rows, delimiter="\t") if row["message"][:4] in ("camt", "pain")]
    found = 0
    for name in names:
        try:
            found += check((REAL / name).read_bytes())
        except DebitError:
            continue  # not a bank's answer, or one that is refused
    assert found > 500


def booked(amount: int, reference: str, note: str = "") -> bytes:
    return (
        f'<Ntry><Amt Ccy="DZD">{amount}.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>{note}<NtryDtls><TxDtls>'
        f"<Refs><EndToEndId>{reference}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>"
    ).encode()


def notification(*parts: bytes) -> bytes:
    return (
        b'<?xml version="1.0"?><x:Document xmlns:x="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08">'
        b"<x:BkToCstmrDbtCdtNtfctn><x:Ntfctn>" + b"".join(parts) + b"</x:Ntfctn></x:BkToCstmrDbtCdtNtfctn></x:Document>"
    )


@pytest.mark.parametrize("chunk", [7, 64, 4096])
def test_what_looks_like_a_tag_and_is_none_does_not_count(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(fragments, "_CHUNK_BYTES", chunk)
    traps = b"""<!-- <Ntry> </Ntry> --><Nm a='"> />'/><![CDATA[<Ntry><TxDtls>]]><?pi <Ntry> ?><Ntry2/>"""
    content = notification(traps, booked(1, "FIRST"), traps, booked(2, "SECOND"), traps)
    found = fragment(io.BytesIO(content), Place(1, 1, 0))
    assert found is not None
    assert found.content == b"<TxDtls><Refs><EndToEndId>SECOND</EndToEndId></Refs></TxDtls>"
    assert content[found.offset :].startswith(found.content)
    assert found.around.startswith(b'<Ntry><Amt Ccy="DZD">2.00')


def test_a_detail_stands_with_what_its_entry_says_before_it() -> None:
    content = camt054("1", together(*(Booked(100, "DZD", _DAY, end_to_end_id=f"E{n}") for n in range(40))))
    found = fragment(io.BytesIO(content), Place(1, 0, 39))
    assert found is not None
    assert b"<EndToEndId>E39</EndToEndId>" in found.content
    assert b"E38" not in found.content + found.around
    assert found.around.startswith(b"<Ntry>")


def test_what_an_archive_holds_is_found_in_the_file_that_holds_it() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in (1, 2):
            archive.writestr(
                f"{number}.xml", camt053("1", _DAY, 0, Booked(number, "DZD", _DAY, end_to_end_id=f"E{number}"))
            )
    found = fragment(io.BytesIO(buffer.getvalue()), Place(2, 0, 0))
    assert found is not None
    assert (found.member, b"E2" in found.content) == (2, True)


def test_a_long_element_is_cut_and_says_so() -> None:
    details = b"".join(b"<TxInfAndSts><StsId>%d</StsId></TxInfAndSts>" % number for number in range(40_000))
    content = (
        b"<Document><CstmrPmtStsRpt><OrgnlPmtInfAndSts>" + details + b"</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
    )
    found = fragment(io.BytesIO(content), Place(1, 0, None))
    assert found is not None
    assert (len(found.content), found.is_cut) == (BYTES_MAX, True)


@pytest.mark.parametrize("place", [Place(2, 0, 0), Place(1, 2, 0), Place(1, 0, 1), Place(1, None, None)])
def test_what_is_not_there_is_not_found(place: Place) -> None:
    assert fragment(io.BytesIO(notification(booked(1, "A"), booked(2, "B"))), place) is None
