"""Every file of a bank's is kept verbatim before it is read, sealed, once, and forgotten by the bank only then."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from house import CLERK, House
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from debit_service.banks import queries, service
from debit_service.banks.channels import LeftFile
from debit_service.banks.models import BankFileChunk
from debit_service.core.errors import Unavailable


def store(house: House, content: bytes, name: str = "a.xml", direction: str = "in") -> service.Stored:
    with house.desk.work(CLERK) as work:
        return service.store(work, direction, "mock-bank", name, content)


@dataclass
class Mailbox:
    """A bank that has left files; it may break off, and remembers what it was told to forget."""

    files: list[LeftFile]
    breaks_after: int | None = None
    forgotten: list[str] = field(default_factory=list)

    def waiting(self) -> Iterator[LeftFile]:
        for number, left in enumerate(self.files):
            if number == self.breaks_after:
                raise Unavailable("bank.unreachable", "the line broke")
            yield left

    def taken(self, name: str) -> None:
        self.forgotten.append(name)

    def send(self, name: str, content: bytes) -> None:
        """Nothing is sent here."""

    def has(self, name: str, end_to_end_id: str) -> bool | None:
        """Nothing is asked here."""


@pytest.mark.parametrize("size", [0, 1, service.CHUNK_BYTES - 1, service.CHUNK_BYTES, 2 * service.CHUNK_BYTES + 1])
def test_a_file_of_any_size_comes_back_byte_for_byte(sqlite_house: House, size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    stored = store(sqlite_house, content)
    with sqlite_house.desk.reading(CLERK) as work:
        assert queries.content(work, stored.file_id) == content
        with queries.opened(work, stored.file_id) as stream:
            assert stream.read() == content
        assert queries.get(work, stored.file_id).size_bytes == size


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(st.binary(max_size=200), st.integers(1, 50))
def test_a_stored_file_is_read_as_a_stream_in_pieces_of_any_size(
    sqlite_house: House, content: bytes, piece: int
) -> None:
    stored = store(sqlite_house, content)
    with sqlite_house.desk.reading(CLERK) as work, queries.opened(work, stored.file_id) as stream:
        assert b"".join(iter(lambda: stream.read(piece), b"")) == content


def test_the_same_bytes_under_another_name_are_the_same_file_and_other_bytes_under_the_same_name_another(
    house: House,
) -> None:
    first = store(house, b"<a/>")
    again, other = store(house, b"<a/>", "b.xml"), store(house, b"<b/>")
    assert (again.file_id, first.new, again.new) == (first.file_id, True, False)
    assert other.new
    assert store(house, b"<a/>", direction="out").new
    with house.reading() as work:
        assert [queries.name(work, one) for one in queries.files(work, "in")] == ["a.xml", "a.xml"]


def test_what_is_stored_is_sealed(house: House) -> None:
    store(house, b"<Nm>somebody</Nm>")
    with house.reading() as work:
        assert all(b"somebody" not in one.content_sealed for one in work.session.scalars(select(BankFileChunk)))


def test_a_bank_forgets_a_file_only_after_it_is_stored(house: House) -> None:
    box = Mailbox([LeftFile("a.xml", b"<a/>"), LeftFile("b.xml", b"<b/>")], breaks_after=1)
    with pytest.raises(Unavailable):
        service.fetch(house.desk, CLERK, "mock-bank", box)
    assert box.forgotten == ["a.xml"]

    box.breaks_after = None
    fetched = service.fetch(house.desk, CLERK, "mock-bank", box)
    assert [one.new for one in fetched] == [False, True]
    with house.reading() as work:
        assert [queries.name(work, one) for one in queries.files(work, "in")] == ["a.xml", "b.xml"]


def test_files_fetched_from_a_folder_are_put_aside_and_not_thrown_away(sqlite_house: House) -> None:
    out = sqlite_house.bank_folder / "out"
    (out / "a.xml").write_bytes(b"<a/>")
    assert [one.new for one in service.fetch(sqlite_house.desk, CLERK, "mock-bank", sqlite_house.channel)] == [True]
    assert [path.name for path in out.iterdir()] == ["taken"]
    assert (out / "taken" / "a.xml").read_bytes() == b"<a/>"
    sqlite_house.channel.taken("a.xml")
    assert service.fetch(sqlite_house.desk, CLERK, "mock-bank", sqlite_house.channel) == []
