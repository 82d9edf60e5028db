"""Read stored files back."""

import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from sqlalchemy import select

from debit_service.banks.models import BankFile, BankFileChunk
from debit_service.core.work import Work


def files(work: Work, direction: str) -> Sequence[BankFile]:
    """The stored files of one direction, oldest first."""
    return work.session.scalars(select(BankFile).where(BankFile.direction == direction).order_by(BankFile.id)).all()


def get(work: Work, file_id: str) -> BankFile:
    """One stored file."""
    return work.session.get_one(BankFile, file_id)


def name(work: Work, file: BankFile) -> str:
    """The name under which a file came or went."""
    return work.keys.open(file.name_sealed, f"bank_files.name:{file.id}")


def chunks(work: Work, file_id: str) -> Iterator[bytes]:
    """The bytes of a file, piece by piece."""
    query = select(BankFileChunk).where(BankFileChunk.file_id == file_id).order_by(BankFileChunk.number)
    for chunk in work.session.scalars(query.execution_options(yield_per=4)):
        yield work.keys.open_bytes(chunk.content_sealed, f"bank_file_chunks.content:{file_id}/{chunk.number}")


def content(work: Work, file_id: str) -> bytes:
    """All bytes of a file, for files known to be small (a pain.008 of ours)."""
    return b"".join(chunks(work, file_id))


def opened(work: Work, file_id: str) -> BinaryIO:
    """A file as a readable stream that holds one chunk at a time."""
    return io.BufferedReader(_ChunkStream(chunks(work, file_id)))


class _ChunkStream(io.RawIOBase):
    """An iterator of byte chunks as a raw stream."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self._source = source
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._rest = self._rest or next(self._source, b"")
        piece, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)
