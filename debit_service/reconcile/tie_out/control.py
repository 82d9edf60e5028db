"""Control: does what banks sent add up, and is anything missing in between?

camt.053 is the proof of completeness: opening + entries = closing, each statement opens where the one before it closed, and the
journal's bank account moved by what they say (`tie_out`).
"""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import String, cast, select

from debit_service.banks import queries as bank_files
from debit_service.core.work import Work
from debit_service.ledger.models import ClosedPeriod
from debit_service.reconcile import queries
from debit_service.reconcile.models import BankDocument
from debit_service.reconcile.tie_out import queries as tie_out
from debit_service.reconcile.tie_out import replaced

#: What the reader says of a statement that does not add up. The tie-out says the same, of each statement once.
_TOLD_BY_TIE_OUT = "error: iso.control.balance "


def findings(work: Work) -> Iterator[str]:
    """Everything that does not add up, in words: control totals, the tie-out of the statements, files that gave nothing.

    Not what two people have accepted when they closed the days in question: that is a note.
    """
    yield from (told for severity, told in _told_by_documents(work) if severity == "error")
    accepted = _accepted(work)
    yield from (told for told in tie_out.findings(work) if told not in accepted)
    yield from _not_readable(work)


def notes(work: Work) -> Iterator[str]:
    """What a clerk should know and nobody must act on: messages that are kept, but not read (a pacs.004 beside its camt.054)."""
    yield from (told for severity, told in _told_by_documents(work) if severity == "warning")
    accepted = _accepted(work)
    for told in tie_out.findings(work) if accepted else ():
        if told in accepted:
            yield f"{told} (the days are closed all the same: {accepted[told]})"
    yield from _not_read(work)


class Seen(NamedTuple):
    """Findings and notes, for a page that people look at often."""

    findings: tuple[str, ...]
    notes: tuple[str, ...]


def seen_since_close(work: Work) -> Seen:
    """`findings` and `notes` in one pass, the tie-out from the last close of each fund on: `debit verify` goes further back."""
    told = list(_told_by_documents(work))
    accepted = _accepted(work)
    open_days = [one for one in tie_out.findings_since_close(work) if one not in accepted]
    return Seen(
        findings=(*(says for severity, says in told if severity == "error"), *open_days, *_not_readable(work)),
        notes=(*(says for severity, says in told if severity == "warning"), *_not_read(work)),
    )


def _not_readable(work: Work) -> Iterator[str]:
    for file, reading in queries.files_without_entries(work, "unreadable"):
        yield f"file {bank_files.name(work, file)} (sha256 {file.sha256[:16]}) could not be read: {reading.detail}"


def _not_read(work: Work) -> Iterator[str]:
    for file, reading in queries.files_without_entries(work, "not_read"):
        yield f"file {bank_files.name(work, file)} was kept and not read: {reading.detail}"


def _accepted(work: Work) -> dict[str, str]:
    """What the tie-out had found when days were closed, in words, and why they were closed despite it."""
    approved = select(ClosedPeriod).where(ClosedPeriod.approved_at.is_not(None))
    return {told: one.despite or "" for one in work.session.scalars(approved) for told in one.findings}


def _told_by_documents(work: Work) -> Iterator[tuple[str, str]]:
    """(severity, words) of what the control totals of each document said when it was read, but for a replaced statement."""
    without = replaced.in_force(work)
    query = select(BankDocument).where(cast(BankDocument.findings, String) != "[]").order_by(BankDocument.id)
    for document in work.session.scalars(query):
        if document.id in without:
            continue
        is_statement = document.message.startswith("camt.053")
        for finding in document.findings:
            if not (is_statement and finding.startswith(_TOLD_BY_TIE_OUT)):
                severity = finding.partition(":")[0]
                yield severity, f"{document.message} {document.container_id or document.message_id}: {finding}"
