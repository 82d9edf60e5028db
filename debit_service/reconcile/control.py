"""Control: does what banks sent add up, and is anything missing in between?

camt.053 is the proof of completeness: opening + entries = closing, and each statement opens where the one before it closed.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from sqlalchemy import select

from debit_service.banks import queries as bank_files
from debit_service.core.money import format_minor
from debit_service.core.work import Work
from debit_service.reconcile import queries
from debit_service.reconcile.models import BankDocument


def findings(work: Work) -> Iterator[str]:
    """Everything that does not add up, in words: control totals, gaps between statements, files that gave nothing."""
    yield from _told_by_documents(work, "error")
    by_account: dict[tuple[str | None, str | None], list[BankDocument]] = {}
    for statement in sorted(queries.statements(work), key=_place_in_row):
        by_account.setdefault((statement.account_index, statement.currency), []).append(statement)
    for statements in by_account.values():
        yield from _gaps(statements)
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
        for finding in document.findings:
            if finding.startswith(severity):
                yield f"{document.message} {document.container_id or document.message_id}: {finding}"


def _place_in_row(statement: BankDocument) -> tuple[date, int]:
    """A bank may send several statements for one day; it numbers them."""
    number = statement.sequence_number or ""
    return (statement.opening_date or date.min, int(number) if number.isdecimal() else 0)


def _gaps(statements: Sequence[BankDocument]) -> Iterator[str]:
    """Statements of one account that do not follow one another; the same statement sent twice is none."""
    seen: dict[tuple[object, ...], BankDocument] = {}
    for one in statements:
        key = (one.opening_date, one.sequence_number, one.opening_minor, one.closing_minor)
        seen.setdefault(key, one)
    for before, after in pairwise(seen.values()):
        if before.closing_minor is None or after.opening_minor is None or before.closing_minor == after.opening_minor:
            continue
        currency = after.currency or before.currency or "XXX"
        missing = format_minor(after.opening_minor - before.closing_minor, currency)
        yield (
            f"account of {after.fund_id or 'nobody known'}: the statement of {after.opening_date} opens {missing} {currency}"
            f" apart from where the one of {before.opening_date} closed: a statement is missing"
        )
