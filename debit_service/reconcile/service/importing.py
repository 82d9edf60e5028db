"""Import: a stored file becomes facts, facts are matched, matches are posted; one transaction a file, and once for ever."""

from dataclasses import dataclass

from sqlalchemy import select

from debit_service.banks import queries as bank_files
from debit_service.banks.models import BankFile
from debit_service.core import audit
from debit_service.core.database import RECONCILE, in_turn
from debit_service.core.errors import DebitError, InvalidInput
from debit_service.core.work import Actor, Desk, Work
from debit_service.funds.queries import Funds
from debit_service.reconcile.models import FileReading
from debit_service.reconcile.service.match import match_entries
from debit_service.reconcile.service.read import read_entries


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file: `outcome` is read, known (read before), not_read (no message of ours), unreadable or failed."""

    file_id: str
    name: str
    outcome: str
    entries: int
    detail: str


def import_stored(desk: Desk, actor: Actor, funds: Funds) -> list[Imported]:
    """Read every stored file that was not read yet, oldest first; one bad file never holds up the others."""
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
            with desk.work(actor) as work:
                imported.append(import_file(work, funds, file_id))
        except DebitError as error:
            # Nothing of this file was kept, and it is tried again at the next import; the others go on.
            imported.append(Imported(file_id, file_id, "failed", 0, str(error)))
    return imported


def import_file(work: Work, funds: Funds, file_id: str) -> Imported:
    """Read one stored file; a second time changes nothing."""
    # Matching consumes: two files that report one booking must not be matched at the same time.
    in_turn(work.session, RECONCILE)
    file = bank_files.get(work, file_id)
    reading = work.session.get(FileReading, file_id)
    if reading:
        return Imported(file_id, bank_files.name(work, file), "known", 0, "read before; nothing was changed")
    entry_ids: list[str] = []
    outcome, detail = "read", ""
    try:
        # All of a file or nothing: a truncated one may look whole until its end.
        with work.session.begin_nested():
            entry_ids = read_entries(work, funds, file)
    except InvalidInput as error:
        entry_ids = []
        outcome, detail = (
            "not_read" if error.code == "iso.message.unknown" else "unreadable",
            f"{error.message} [{error.code}]",
        )
        detail += f" at {error.place}" if error.place and error.place != file.id else ""
    work.session.add(
        FileReading(file_id=file_id, outcome=outcome, detail=detail, entries=len(entry_ids), read_at=work.now())
    )
    work.session.flush()
    match_entries(work, funds, file_id, entry_ids)
    audit.record(work, f"bank_file.{outcome}", file_id, entries=len(entry_ids))
    return Imported(file_id, bank_files.name(work, file), outcome, len(entry_ids), detail)
