"""Import: a stored file becomes facts, facts are matched, matches are posted; once for ever, a chunk a transaction.

A file is read to its end first (`whole.py`), because nothing is kept of one that is cut off or broken, and then taken in chunk by
chunk. Each chunk is stored, and what is plain in it matched and posted, in one transaction; a crash costs that chunk, and the
next import goes on behind the last one. What is not plain is decided when the whole file is there, and the end is
noted last: a file without a reading is one that nobody has finished yet.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import exists, func, select

from debit_service.banks import queries as bank_files
from debit_service.banks.models import BankFile
from debit_service.core import audit
from debit_service.core.database import RECONCILE, in_turn
from debit_service.core.errors import DebitError, InvalidInput, Refused
from debit_service.core.work import Actor, Desk, Work
from debit_service.funds.queries import Funds
from debit_service.iso20022.records import BankRecord, Container
from debit_service.reconcile.models import BankDocument, BankEntry, Disposition, FileReading
from debit_service.reconcile.service.dispose import dispose_plain
from debit_service.reconcile.service.in_sets import decide_plain
from debit_service.reconcile.service.match import ROUNDS_MAX, decide_again, match_entries, to_look_at
from debit_service.reconcile.service.read import records, store_documents, store_entries
from debit_service.reconcile.service.whole import Whole

#: Entries of a transaction: SQLite has one writer, and the web must not wait long for its turn.
CHUNK_ROWS = 5_000
#: Entries of a transaction that are decided one by one.
FEW_ROWS = 200


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file: `outcome` is read, known (read before), not_read (no message of ours), unreadable or failed."""

    file_id: str
    name: str
    outcome: str
    entries: int
    detail: str


#: What is told while a large file is read: what is being done with which file, and with how many entries it is done.
Tell = Callable[[str, int], None]


def untold(_what: str, _entries: int) -> None:
    """Nobody watches."""


def import_stored(desk: Desk, actor: Actor, funds: Funds, tell: Tell = untold) -> list[Imported]:
    """Read every stored file that was not read to its end yet, oldest first; one bad file never holds up the others."""
    with desk.reading(actor) as work:
        unread = (
            select(BankFile.id)
            .outerjoin(FileReading, FileReading.file_id == BankFile.id)
            .where(BankFile.direction == "in", FileReading.file_id.is_(None))
            .order_by(BankFile.id)
        )
        waiting = list(work.session.scalars(unread))
    imported = []
    for file_id in waiting:
        try:
            imported.append(import_file(desk, actor, funds, file_id, tell))
        except DebitError as error:
            # What was committed of this file stays, and the next import goes on with it; the others go on now.
            imported.append(Imported(file_id, file_id, "failed", 0, str(error)))
    return imported


def import_file(desk: Desk, actor: Actor, funds: Funds, file_id: str, tell: Tell = untold) -> Imported:
    """Read one stored file, or go on where that was cut off; a second time changes nothing."""
    # Two processes that read one file would only refuse each other's chunks.
    with desk.database.alone("import"):
        with desk.reading(actor) as work:
            file = bank_files.get(work, file_id)
            name, bank_id = bank_files.name(work, file), file.bank_id
            if work.session.get(FileReading, file_id):
                return Imported(file_id, name, "known", 0, "read before; nothing was changed")
        with Whole(desk.keys, CHUNK_ROWS) as whole:
            try:
                whole.read(_told(records(desk, actor, funds, file_id, bank_id), f"{name}: read through", tell))
            except InvalidInput as error:
                _refuse_what_was_begun(desk, actor, file_id, error)
                outcome = "not_read" if error.code == "iso.message.unknown" else "unreadable"
                place = f" at {error.place}" if error.place and error.place != file_id else ""
                return _end(desk, actor, Imported(file_id, name, outcome, 0, f"{error.message} [{error.code}]{place}"))
            _store(desk, actor, funds, file_id, whole.containers, _told(whole, f"{name}: booked", tell))
        _decide_the_rest(desk, actor, funds, file_id)
        _look_again(desk, actor, funds, file_id)
        return _end(desk, actor, Imported(file_id, name, "read", whole.entries, ""))


def _told(items: Iterable[BankRecord | Container], what: str, tell: Tell) -> Iterator[BankRecord | Container]:
    """`items`, and each chunk of them is told."""
    for number, item in enumerate(items, start=1):
        yield item
        if number % CHUNK_ROWS == 0:
            tell(what, number)


def _store(
    desk: Desk,
    actor: Actor,
    funds: Funds,
    file_id: str,
    containers: Sequence[Container],
    items: Iterable[BankRecord | Container],
) -> None:
    """Store and match in chunks what is not stored yet."""
    with desk.work(actor) as work:
        document_ids = _document_ids(work, file_id) or store_documents(work, funds, file_id, containers)
        if len(document_ids) != len(containers):
            raise Refused(
                "bank_file.changed_reading",
                f"This file was begun with {len(document_ids)} documents, and now it has {len(containers)}.",
                place=file_id,
                remedy="Read it with the release and the bank's profile with which it was begun.",
            )
        last = work.session.scalar(select(func.max(BankEntry.position)).where(BankEntry.file_id == file_id)) or 0
    placed = islice(_placed(items, document_ids), last, None)
    while chunk := list(islice(placed, CHUNK_ROWS)):
        with desk.work(actor) as work:
            in_turn(work.session, RECONCILE)
            entries = store_entries(work, funds, file_id, chunk)
            dispose_plain(work, funds, list(decide_plain(work, entries)))


def _document_ids(work: Work, file_id: str) -> list[str]:
    query = select(BankDocument.id).where(BankDocument.file_id == file_id).order_by(BankDocument.position)
    return list(work.session.scalars(query))


def _placed(
    items: Iterable[BankRecord | Container], document_ids: Sequence[str]
) -> Iterator[tuple[int, str, BankRecord]]:
    """Each record with its position in the file and its document, which ends with its container."""
    documents = iter(document_ids)
    document, position = next(documents, ""), 0
    for item in items:
        if isinstance(item, Container):
            document = next(documents, "")
            continue
        position += 1
        yield position, document, item


def _decide_the_rest(desk: Desk, actor: Actor, funds: Funds, file_id: str) -> None:
    """Decide one by one, in the order of the file, what was not plain."""
    last: int | None = 0
    while last is not None:
        with desk.work(actor) as work:
            in_turn(work.session, RECONCILE)
            undecided = (
                select(BankEntry)
                .where(BankEntry.file_id == file_id, BankEntry.position > last)
                .where(~exists().where(Disposition.entry_id == BankEntry.id))
                .order_by(BankEntry.position)
                .limit(FEW_ROWS)
            )
            entries = work.session.scalars(undecided).all()
            match_entries(work, funds, entries)
            last = entries[-1].position if entries else None


def _look_again(desk: Desk, actor: Actor, funds: Funds, file_id: str) -> None:
    """Decide again about what this file may explain, or explain otherwise, until nothing changes."""
    explained, rounds = True, ROUNDS_MAX
    while explained and rounds:
        explained, rounds = False, rounds - 1
        with desk.reading(actor) as work:
            waiting = to_look_at(work, file_id)
        for first in range(0, len(waiting), FEW_ROWS):
            with desk.work(actor) as work:
                in_turn(work.session, RECONCILE)
                explained |= decide_again(work, funds, waiting[first : first + FEW_ROWS])


def _refuse_what_was_begun(desk: Desk, actor: Actor, file_id: str, error: InvalidInput) -> None:
    """A file of which entries are stored was readable: the reader or the bank's profile has changed since."""
    with desk.reading(actor) as work:
        if _document_ids(work, file_id):
            raise Refused(
                "bank_file.changed_reading",
                f"A part of this file was read already, and now it cannot be: {error.message} [{error.code}]",
                place=file_id,
                remedy="Read it with the release and the bank's profile with which it was begun.",
            ) from error


def _end(desk: Desk, actor: Actor, imported: Imported) -> Imported:
    """Note that this file is read: the last thing that is done about it."""
    with desk.work(actor) as work:
        reading = FileReading(
            file_id=imported.file_id,
            outcome=imported.outcome,
            detail=imported.detail,
            entries=imported.entries,
            read_at=work.now(),
        )
        work.session.add(reading)
        work.session.flush()
        audit.record(work, f"bank_file.{imported.outcome}", imported.file_id, entries=imported.entries)
    return imported
