"""Store a bank's file verbatim before anything is read; fetch what banks have left."""

from dataclasses import dataclass
from hashlib import sha256

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


def store(work: Work, direction: str, bank_id: str, name: str, content: bytes) -> Stored:
    """Keep `content` verbatim (sealed, hashed). The same bytes a second time change nothing."""
    in_turn(work.session, TURN)
    digest = sha256(content).hexdigest()
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
        size_bytes=len(content),
        stored_at=work.now(),
    )
    work.session.add(file)
    work.session.flush()
    for number, start in enumerate(range(0, len(content), CHUNK_BYTES)):
        sealed = work.keys.seal(content[start : start + CHUNK_BYTES], f"bank_file_chunks.content:{file.id}/{number}")
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
