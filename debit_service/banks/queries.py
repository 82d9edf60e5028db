"""Read stored files back."""

import io
from collections.abc import Iterator, Sequence
from itertools import count
from typing import BinaryIO

from sqlalchemy import select

from debit_service.banks.models import BankFile, BankFileChunk
from debit_service.core.work import Actor, Desk, Work


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


def streamed(desk: Desk, actor: Actor, file_id: str) -> BinaryIO:
    """`opened` for long work: each chunk is read in a transaction of its own, so none stays open."""
    return io.BufferedReader(_ChunkStream(_chunk_by_chunk(desk, actor, file_id)))


def _chunk_by_chunk(desk: Desk, actor: Actor, file_id: str) -> Iterator[bytes]:
    for number in count():
        with desk.reading(actor) as work:
            chunk = work.session.get(BankFileChunk, (file_id, number))
            if chunk is None:
                return
            content = work.keys.open_bytes(chunk.content_sealed, f"bank_file_chunks.content:{file_id}/{number}")
        yield content


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
