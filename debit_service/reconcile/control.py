"""Control: does what banks sent add up, and is anything missing in between?

camt.053 is the proof of completeness: opening + entries = closing, each statement opens where the one before it closed, and the
journal's bank account moved by what they say (`tie_out`).
"""

from collections.abc import Iterator

from sqlalchemy import select

from debit_service.banks import queries as bank_files
from debit_service.core.work import Work
from debit_service.reconcile import queries, tie_out
from debit_service.reconcile.models import BankDocument

#: What the reader says of a statement that does not add up. The tie-out says the same, of each statement once.
_TOLD_BY_TIE_OUT = "error: iso.control.balance "


def findings(work: Work) -> Iterator[str]:
    """Everything that does not add up, in words: control totals, the tie-out of the statements, files that gave nothing."""
    yield from _told_by_documents(work, "error")
    yield from tie_out.findings(work)
    for file, reading in queries.files_without_entries(work, "unreadable"):
        yield f"file {bank_files.name(work, file)} (sha256 {file.sha256[:16]}) could not be read: {reading.detail}"


def notes(work: Work) -> Iterator[str]:
    """What a clerk should know and nobody must act on: messages that are kept, but not read (a pacs.004 beside its camt.054)."""
    yield from _told_by_documents(work, "warning")
    for file, reading in queries.files_without_entries(work, "not_read"):
        yield f"file {bank_files.name(work, file)} was kept and not read: {reading.detail}"


def _told_by_documents(work: Work, severity: str) -> Iterator[str]:
    """What the control totals of each document said when it was read."""
    for document in work.session.scalars(select(BankDocument).order_by(BankDocument.id)):
        is_statement = document.message.startswith("camt.053")
        for finding in document.findings:
            if finding.startswith(severity) and not (is_statement and finding.startswith(_TOLD_BY_TIE_OUT)):
                yield f"{document.message} {document.container_id or document.message_id}: {finding}"
