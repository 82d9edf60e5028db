"""Archives within limits, and several documents in one file where that repair is asked for."""

import io
import re
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso_builders import camt, container, detail, entry

from debit_service.core.errors import DebitError
from debit_service.iso20022 import unpack
from debit_service.iso20022.read import Limits, Repair, UnreadableFile, read_bank_file
from debit_service.iso20022.records import BankRecord, Container

ONE = camt(container(entry(detail(end_to_end_id="C-1"))))
TWO = camt(container(entry(detail(end_to_end_id="C-2")), id_="I-2", family="camt.053"), family="camt.053")


def archive(*contents: str | bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP archive of files 0.xml, 1.xml..."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as opened:
        for number, content in enumerate(contents):
            opened.writestr(f"{number}.xml", content)
    return buffer.getvalue()


def read(data: bytes, **options: object) -> list[BankRecord | Container]:
    return list(read_bank_file(io.BytesIO(data), file="bank.zip", **options))  # type: ignore[arg-type]


def references(items: list[BankRecord | Container]) -> list[tuple[str, str | None]]:
    return [(item.file, item.end_to_end_id) for item in items if isinstance(item, BankRecord)]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_files_of_an_archive_are_read_in_their_order(method: int) -> None:
    assert references(read(archive(ONE, TWO, method=method))) == [("bank.zip#1", "C-1"), ("bank.zip#2", "C-2")]


def test_folders_in_an_archive_are_no_files() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        opened.mkdir("out")
        opened.writestr("out/a.xml", ONE)
    assert references(read(buffer.getvalue())) == [("bank.zip#1", "C-1")]


def encrypted() -> bytes:
    data = bytearray(archive(ONE))
    data[data.index(b"PK\x03\x04") + 6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def changed_content() -> bytes:
    stored = archive(ONE, method=zipfile.ZIP_STORED)
    return stored.replace(b"10.00", b"90.00", 1)


HOSTILE = {
    "empty": (archive(), "iso.zip.empty"),
    "cut off": (archive(ONE)[:-30], "iso.zip.damaged"),
    "changed content": (changed_content(), "iso.zip.damaged"),
    "archive in an archive": (archive(archive(ONE)), "iso.xml.compressed"),
    "gzip by stealth": (archive(b"\x1f\x8b\x08\x00"), "iso.xml.compressed"),
    "encrypted": (encrypted(), "iso.zip.encrypted"),
    "another method": (archive(ONE, method=zipfile.ZIP_LZMA), "iso.zip.method"),
    "a bomb": (archive(ONE.replace("</GrpHdr>", "</GrpHdr>" + " " * 3_000_000)), "iso.zip.too_large"),
    "a doctype inside": (archive('<!DOCTYPE x [<!ENTITY e "1">]><x>&e;</x>'), "iso.xml.doctype"),
    "no bank file": (archive(ONE, "readme"), "iso.xml.malformed"),
}


@pytest.mark.parametrize(("data", "code"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_or_damaged_archive_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(DebitError) as refused:
        read(data)
    assert refused.value.code == code
    assert str(refused.value.place).startswith("bank.zip")


class Pipe(io.BytesIO):
    """A stream that cannot seek."""

    def seekable(self) -> bool:
        return False


def test_an_archive_is_read_from_a_pipe_within_its_limit() -> None:
    data = archive(ONE, TWO)
    assert len(references(list(read_bank_file(Pipe(data), file="bank.zip")))) == 2
    with pytest.raises(UnreadableFile) as refused:
        list(read_bank_file(Pipe(data), file="bank.zip", limits=Limits(archive_bytes_max=len(data) - 1)))
    assert refused.value.code == "iso.zip.too_large"


def test_two_files_of_one_name_are_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        opened.writestr("a.xml", ONE)
        with pytest.warns(UserWarning, match="Duplicate"):
            opened.writestr("a.xml", TWO)
    with pytest.raises(UnreadableFile) as refused:
        read(buffer.getvalue())
    assert refused.value.code == "iso.zip.twice"


def test_an_archive_holds_no_more_than_its_limits() -> None:
    with pytest.raises(UnreadableFile) as refused:
        read(archive(ONE, TWO, ONE), limits=Limits(archive_files_max=2))
    assert refused.value.code == "iso.zip.too_many"
    with pytest.raises(UnreadableFile) as refused:
        read(archive(ONE, TWO), limits=Limits(bytes_max=len(ONE) + 10))
    assert refused.value.code == "iso.zip.too_large"


def test_several_documents_in_one_file_are_refused_unless_the_repair_is_asked_for() -> None:
    """pain 29: a bank that merges its documents; repairs are named, opt-in and told."""
    merged = f"{ONE}\n{TWO}{TWO.partition('?>')[2]}\n".encode()
    with pytest.raises(UnreadableFile) as refused:
        read(merged)
    assert refused.value.code in {"iso.xml.trailing", "iso.xml.malformed"}
    items = read(merged, repairs={Repair.SEVERAL_DOCUMENTS})
    assert [reference for _, reference in references(items)] == ["C-1", "C-2", "C-2"]
    told = [[finding.code for finding in item.findings] for item in items if isinstance(item, Container)]
    assert told == [[], ["iso.repair.several_documents"], ["iso.repair.several_documents"]]


def test_the_repair_changes_nothing_in_a_file_that_needs_none() -> None:
    assert read(ONE.encode(), repairs={Repair.SEVERAL_DOCUMENTS}) == read(ONE.encode())


def test_a_document_that_is_cut_off_is_refused_also_under_the_repair() -> None:
    with pytest.raises(UnreadableFile):
        read(f"{ONE}{TWO[:-40]}".encode(), repairs={Repair.SEVERAL_DOCUMENTS})


@given(st.integers(1, 400), st.lists(st.sampled_from([ONE, TWO]), min_size=1, max_size=5), st.text(" \n", max_size=9))
def test_documents_are_cut_wherever_the_pieces_of_the_file_end(size: int, contents: list[str], between: str) -> None:
    merged = between.join(contents).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unpack, "_CHUNK_BYTES", size)
        cut = unpack.documents(io.BytesIO(merged), {Repair.SEVERAL_DOCUMENTS})
        found = [b"".join(iter(lambda: document.read(size), b"")) for document in cut]  # noqa: B023 - read at once
    assert [re.sub(rb"\s+$", b"", document).decode() for document in found] == contents
