"""Archives within limits, and several documents in one file where that repair is asked for."""

import io
import re
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso_builders import camt, container, detail, entry, group_status, pain002

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


class OneWay(io.BytesIO):
    """A stream to which an archive is written without going back, so that its files are described behind their content."""

    def tell(self) -> int:
        raise io.UnsupportedOperation


def described_behind(*contents: str) -> bytes:
    """An archive as a program writes it to a pipe."""
    buffer = OneWay()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for number, content in enumerate(contents):
            opened.writestr(f"{number}.xml", content)
    return buffer.getvalue()


def directory(data: bytes) -> tuple[int, int, int]:
    """Where the end of the directory stands, how long the directory is, and where it begins."""
    end = data.rindex(b"PK\x05\x06")
    return end, *struct.unpack_from("<LL", data, end + 12)


def with_end(data: bytes, *, count: int, size: int, begin: int) -> bytes:
    """The archive with another end of its directory."""
    changed, (end, _, _) = bytearray(data), directory(data)
    struct.pack_into("<HHLL", changed, end + 8, count, count, size, begin)
    return bytes(changed)


def of_many_gigabytes(data: bytes) -> bytes:
    """The archive with the larger end of directory (ZIP64) that some programs always write."""
    end, size, begin = directory(data)
    count = len(zipfile.ZipFile(io.BytesIO(data)).infolist())
    larger = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, begin)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    usual = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return data[:end] + larger + locator + usual


def commented(data: bytes) -> bytes:
    """The archive with a comment at its end."""
    return data[:-2] + struct.pack("<H", 5) + b"hello"


SOUND = {
    "described behind": described_behind(ONE, TWO),
    "with a comment": commented(archive(ONE, TWO)),
    "for many gigabytes": of_many_gigabytes(archive(ONE, TWO)),
}


@pytest.mark.parametrize("data", SOUND.values(), ids=SOUND)
def test_an_archive_is_read_however_its_writer_describes_it(data: bytes) -> None:
    assert references(read(data)) == [("bank.zip#1", "C-1"), ("bank.zip#2", "C-2")]


def of_three(name: str = "0.xml") -> bytes:
    return archive(ONE, TWO, ONE).replace(b"0.xml", name.encode("latin-1"))


def listing_only_the_last(count: int) -> bytes:
    _, size, begin = directory(of_three())
    return with_end(of_three(), count=count, size=size // 3, begin=begin + size // 3 * 2)


def counted(count: int, data: bytes) -> bytes:
    _, size, begin = directory(data)
    return with_end(data, count=count, size=size, begin=begin)


def with_a_gap() -> bytes:
    """Bytes between the last file and the directory, which is where the end says."""
    data = archive(ONE)
    _, size, begin = directory(data)
    return with_end(data[:begin] + b"hidden" + data[begin:], count=1, size=size, begin=begin + 6)


def with_a_name_that_is_no_text() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        opened.writestr("é.xml", ONE)
    return buffer.getvalue().replace("é".encode(), b"\xff\xfe")


NOT_WHOLE = {
    "the directory lists one of three": listing_only_the_last(count=3),
    "the directory lists one and says so": listing_only_the_last(count=1),
    "the end says seven of three": counted(7, of_three()),
    "the end says none of three": counted(0, of_three()),
    "the larger end says seven": of_many_gigabytes(archive(ONE)).replace(
        struct.pack("<QQ", 1, 1), struct.pack("<QQ", 7, 7)
    ),
    "a folder that holds data": of_three("0.xm/"),
    "one archive behind another": archive(ONE) + archive(TWO),
    "one archive in the comment of another": archive(ONE)[:-2] + struct.pack("<H", len(archive(TWO))) + archive(TWO),
    "something before it": archive(ONE)[:4] + archive(ONE),
    "something between": with_a_gap(),
    "something behind it": archive(ONE) + b"x" * 10,
    "a name that is no text": with_a_name_that_is_no_text(),
    "a directory before the beginning": with_end(archive(ONE), count=1, size=directory(archive(ONE))[1], begin=2**31),
}


@pytest.mark.parametrize("data", NOT_WHOLE.values(), ids=NOT_WHOLE)
def test_an_archive_is_read_whole_or_not_at_all(data: bytes) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read(data)
    assert refused.value.code == "iso.zip.damaged"


SMALL = pain002(group_status("ACCP"))


def with_a_folder() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        opened.mkdir("out")
        opened.writestr("out/é.xml", SMALL)
        opened.writestr("out/b.xml", SMALL, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


@pytest.mark.parametrize("change", [0x01, 0x02, 0x08, 0x10, 0x80, 0xFF])
@pytest.mark.parametrize(
    "data",
    [with_a_folder(), described_behind(SMALL, SMALL), commented(of_many_gigabytes(archive(SMALL)))],
    ids=["with a folder", "described behind", "for many gigabytes, commented"],
)
def test_a_changed_byte_is_refused_or_changes_no_record(data: bytes, change: int) -> None:
    sound, refusals = read(data), 0
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= change
        try:
            assert read(bytes(changed)) == sound
        except DebitError:
            refusals += 1
    assert refusals > len(data) // 2


@pytest.mark.parametrize("of_stream", [io.BytesIO, Pipe])
def test_files_can_be_read_again_from_their_beginning(of_stream: type[io.BytesIO]) -> None:
    for data, names in ((ONE.encode(), ["a"]), (archive(ONE, ONE), ["a#1", "a#2"])):
        seen = []
        for name, stream in unpack.unpacked_to_seek(of_stream(data), file="a"):
            first = stream.read()
            stream.seek(0)
            assert first == stream.read() == ONE.encode()
            seen.append(name)
        assert seen == names


def test_of_a_pipe_no_more_is_kept_than_its_reader_needs_to_refuse_it() -> None:
    files = unpack.unpacked_to_seek(Pipe(b"x" * 1000), file="a", limits=Limits(bytes_max=100))
    assert [len(stream.read()) for _, stream in files] == [101]


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
