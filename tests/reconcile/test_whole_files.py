"""A file is read to its end, once; what of it waits for that on the disk is sealed, and gone afterwards."""

import errno
import io
from collections.abc import Iterator

import pytest
from house import House

from debit_service.core.errors import InvalidInput, Unavailable
from debit_service.iso20022.records import BankRecord, Container, Kind, Level
from debit_service.reconcile.service.whole import Item, Whole


def told(number: int) -> BankRecord:
    return BankRecord("f", "camt.054", level=Level.TRANSACTION, kind=Kind.RETURN, debtor_name=f"Someone {number}")


ITEMS: list[Item] = [*map(told, range(3)), Container(file="f", message="camt.054"), *map(told, range(3, 7))]


@pytest.mark.parametrize("held_max", [1, 2, 3, len(ITEMS), 100])
def test_a_file_is_told_again_as_it_was_read_however_little_of_it_is_held(sqlite_house: House, held_max: int) -> None:
    with Whole(sqlite_house.desk.keys, held_max) as file:
        file.read(iter(ITEMS))

        assert [list(file), list(file)] == [ITEMS, ITEMS]
        assert (file.containers, file.entries) == ([ITEMS[3]], 7)


def test_names_of_people_wait_on_the_disk_sealed(sqlite_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = io.BytesIO()
    monkeypatch.setattr("tempfile.SpooledTemporaryFile", lambda **_: disk)
    # As the bytes would be that are packed and not sealed.
    monkeypatch.setattr("zlib.compress", lambda data, **_: data)
    monkeypatch.setattr("zlib.decompress", lambda data: data)

    with Whole(sqlite_house.desk.keys, 2) as file:
        file.read(ITEMS)

        assert list(file) == ITEMS
        assert len(disk.getvalue()) > 100
        assert b"Someone" not in disk.getvalue()
    assert disk.closed


def test_a_file_that_is_broken_says_so(sqlite_house: House) -> None:
    def broken() -> Iterator[Item]:
        yield from ITEMS
        raise InvalidInput("iso.xml.malformed", "cut off")

    with Whole(sqlite_house.desk.keys, 2) as file, pytest.raises(InvalidInput, match="cut off"):
        file.read(broken())


def test_a_full_disk_says_so_and_what_to_do(sqlite_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.SpooledTemporaryFile", lambda **_: Full())
    with Whole(sqlite_house.desk.keys, 2) as file, pytest.raises(Unavailable, match=r"No space left.*TMPDIR"):
        file.read(ITEMS)
