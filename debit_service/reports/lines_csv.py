"""The lines of the report as CSV, piece by piece."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

from debit_service.core.money import format_minor
from debit_service.core.text import inert
from debit_service.reports.rules import Line

_COLUMNS: Final = (
    "fund",
    "registration_number",
    "employer",
    "reference",
    "period",
    "due_date",
    "amount",
    "currency",
    "paid_by_other_means",
    "refund_owed",
    "standing",
    "why",
    "paid_on",
    "returnable_until",
    "attempts",
    "reason_code",
    "party_at_fault",
    "penalty",
    "penalty_amount",
    "penalty_why",
)


def as_csv(lines: Iterable[Line]) -> Iterator[bytes]:
    """UTF-8 with BOM, RFC 4180; no cell can become a formula in a spreadsheet. The titles come before the first line is taken."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)

    def written(cells: Iterable[str]) -> bytes:
        writer.writerow([inert(cell) for cell in cells])
        row = buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
        return row

    yield "\N{ZERO WIDTH NO-BREAK SPACE}".encode() + written(_COLUMNS)
    yield from (written(_cells(line)) for line in lines)


def _cells(line: Line) -> tuple[str, ...]:
    last = line.attempts[-1] if line.attempts else None
    return (
        line.fund_id,
        line.registration_number,
        line.employer,
        line.reference,
        line.period,
        line.due_date.isoformat(),
        format_minor(line.amount_minor, line.currency),
        line.currency,
        _amount(line.paid_otherwise_minor, line),
        _amount(line.refund_owed_minor, line),
        line.standing.value,
        line.why,
        line.paid_on.isoformat() if line.paid_on else "",
        line.returnable_until.isoformat() if line.returnable_until else "",
        str(len(line.attempts)),
        (last.reason_code or "") if last else "",
        (last.party or "") if last else "",
        line.penalty.value,
        _amount(line.penalty_minor, line),
        line.penalty_why,
    )


def _amount(minor: int, line: Line) -> str:
    return format_minor(minor, line.currency) if minor else ""
