"""Store a bank's file verbatim before anything is read; fetch what banks have left."""

import io
from dataclasses import dataclass
from functools import partial
from hashlib import file_digest

from sqlalchemy import select

from debit_service.banks.channels import Channel
from debit_service.banks.models import BankFile, BankFileChunk
from debit_service.core import audit
from debit_service.core.database import in_turn
from debit_service.core.work import Actor, Desk, Work

CHUNK_BYTES = 2**20
#: Writers of the store take turns: the same bytes must not be stored twice.
TURN = "bank files"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in the store; `new` is False when the same bytes were there already, under this name or another."""

    file_id: str
    name: str
    new: bool


def store(work: Work, direction: str, bank_id: str, name: str, content: bytes | io.BufferedIOBase) -> Stored:
    """Keep `content` verbatim (sealed, hashed). The same bytes a second time change nothing.

    A file that may be large is given as a stream that can be read twice; a chunk of it is in memory at a time.
    """
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    digest = file_digest(stream, "sha256").hexdigest()
    size_bytes = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    in_turn(work.session, TURN)
    known = work.session.scalars(
        select(BankFile.id).where(BankFile.direction == direction, BankFile.sha256 == digest)
    ).one_or_none()
    if known:
        return Stored(known, name, new=False)
    file_id = work.new_id()
    file = BankFile(
        id=file_id,
        direction=direction,
        bank_id=bank_id,
        name_sealed=work.keys.seal(name, f"bank_files.name:{file_id}"),
        sha256=digest,
        size_bytes=size_bytes,
        stored_at=work.now(),
    )
    work.session.add(file)
    work.session.flush()
    for number, piece in enumerate(iter(partial(stream.read, CHUNK_BYTES), b"")):
        sealed = work.keys.seal(piece, f"bank_file_chunks.content:{file.id}/{number}")
        work.session.add(BankFileChunk(file_id=file.id, number=number, content_sealed=sealed))
        work.session.flush()
    audit.record(work, f"bank_file.stored_{direction}", file.id, bank=bank_id, sha256=digest)
    return Stored(file.id, name, new=True)


def fetch(desk: Desk, actor: Actor, bank_id: str, channel: Channel) -> list[Stored]:
    """Take in what a bank has left: each file is stored durably before the bank is told that it may forget it.

    Raises Unavailable when the bank does not answer; what was stored by then stays stored.
    """
    stored = []
    for left in channel.waiting():
        with desk.work(actor) as work:
            stored.append(store(work, "in", bank_id, left.name, left.content))
        channel.taken(left.name)
    return stored
