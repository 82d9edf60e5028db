"""What the books, the calendars and the log say about a contribution."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import select

from debit_service.contributions import queries as contributions
from debit_service.contributions.models import Contribution
from debit_service.core.calendar import Calendar
from debit_service.core.models import AuditEntry
from debit_service.core.money import format_minor
from debit_service.core.work import Work
from debit_service.ledger.models import JournalEntry, JournalLine
from debit_service.reports.proof.papers import Paper, as_csv, as_json, row_of, without_staff

#: That somebody looked changes nothing of what was decided, and would make no two packs alike.
_LOOKS: Final = (
    "proof_pack.exported",
    "mandate.document_read",
    "mandate.form_printed",
    "bank_entry.looked_at",
)
_DAYS_AROUND: Final = timedelta(days=7)
_DAYS_MAX: Final = 800


def contribution_papers(work: Work, contribution: Contribution) -> Iterator[Paper]:
    """What was declared, what was said of its circumstances, and what was paid by other means."""
    told = {
        "contribution": row_of(contribution),
        "circumstances": [row_of(one) for one in contributions.statements_about(work, contribution.id)],
        "paid_by_other_means": [row_of(one) for one in contributions.other_payments(work, contribution.id)],
    }
    yield Paper("contribution.json", as_json(told), "what was declared and due, said of it, and paid by other means")


def journal_papers(work: Work, subjects: Sequence[str]) -> Iterator[Paper]:
    """The lines of the journal that stand for these subjects; debit positive. The other lines of a booking name others."""
    query = (
        select(JournalEntry, JournalLine)
        .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
        .where(JournalLine.subject.in_(subjects))
        .order_by(JournalEntry.business_date, JournalEntry.id, JournalLine.number)
    )
    rows = [
        (
            entry.id,
            line.number,
            entry.business_date,
            entry.booked_at.isoformat(),
            entry.cause,
            line.subject,
            line.account,
            format_minor(line.amount_minor, entry.currency),
            entry.currency,
            json.dumps(without_staff(entry.evidence), ensure_ascii=False, sort_keys=True),
        )
        for entry, line in work.session.execute(query)
    ]
    head = ("entry", "line", "day", "booked at", "cause", "subject", "account", "amount", "currency", "evidence")
    yield Paper("ledger/journal.csv", as_csv(head, rows), "the lines of the journal about this contribution")


def calendar_papers(calendar: Calendar, days: Iterable[date]) -> Iterator[Paper]:
    """Every day around `days`: open, or what closes it, as the calendars say now."""
    known = sorted(days)
    first, last = known[0] - _DAYS_AROUND, known[-1] + _DAYS_AROUND
    count = min((last - first).days + 1, _DAYS_MAX)
    rows = []
    for number in range(count):
        day = first + timedelta(days=number)
        why = calendar.why_closed(day)
        rows.append((day, f"{day:%A}", "closed" if why else "open", why or ""))
    names = " and ".join(part.name for part in calendar.parts)
    what = f"the days that were used, in the calendars {names}"
    yield Paper("calendar.csv", as_csv(("day", "weekday", "is", "why"), rows), what)


def audit_papers(work: Work, subjects: Sequence[str], anchors: Path) -> Iterator[Paper]:
    """What the audit log says of these subjects, each entry with its hash; and what was anchored outside the database."""
    query = select(AuditEntry).where(AuditEntry.subject.in_(subjects), AuditEntry.action.not_in(_LOOKS))
    entries = work.session.scalars(query.order_by(AuditEntry.sequence)).all()
    # The moment as it was hashed.
    told = [row_of(one) | {"at": one.at.isoformat()} for one in entries]
    yield Paper(
        "audit/log.json", as_json(told), "what the audit log says; each entry carries its hash and the one before it"
    )
    if entries and anchors.exists():
        lines = _anchored(anchors, {one.sequence for one in entries})
        yield Paper("audit/anchors.txt", "".join(lines).encode(), "hashes that were written outside the database")


def _anchored(anchors: Path, sequences: set[int]) -> Iterator[str]:
    """The anchors of these entries, and the first one at or after the last of them."""
    last, done = max(sequences), False
    with anchors.open() as lines:
        for line in lines:
            sequence = int(line.partition(" ")[0])
            after = sequence >= last and not done
            if sequence in sequences or after:
                yield line
            done = done or sequence >= last
