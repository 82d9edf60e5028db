"""Post to the journal. There is no other way to move money in this house."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from debit_service.core.bulk import insert_rows
from debit_service.core.work import Work
from debit_service.ledger.models import JournalEntry, JournalLine
from debit_service.ledger.queries import balances_of
from debit_service.ledger.rules import balanced

_ENTRY = ("id", "booked_at", "business_date", "cause", "subject", "evidence", "currency")
_LINE = ("entry_id", "number", "account", "subject", "amount_minor")


def post(
    work: Work,
    lines: Mapping[str, int],
    *,
    currency: str,
    business_date: date,
    cause: str,
    subject: str,
    evidence: Mapping[str, Any],
) -> None:
    """Book `lines` (account -> minor units, debit positive) for `subject`. Lines of zero are left out; none at all books nothing.

    Raises ValueError when they do not sum to zero: a programming error, so the whole transaction must fall.
    """
    moved = {name: minor for name, minor in lines.items() if minor}
    if not balanced(moved):
        raise ValueError(f"the lines of {cause} do not sum to zero")
    if not moved:
        return
    entry = JournalEntry(
        id=work.new_id(),
        booked_at=work.now(),
        business_date=business_date,
        cause=cause,
        subject=subject,
        evidence=dict(evidence),
        currency=currency,
    )
    entry.lines = [
        JournalLine(number=number, account=name, subject=subject, amount_minor=minor)
        for number, (name, minor) in enumerate(sorted(moved.items()), start=1)
    ]
    work.session.add(entry)
    work.session.flush()


def post_many(
    work: Work,
    subjects: Iterable[tuple[str, Mapping[str, int], Mapping[str, Any]]],
    *,
    currency: str,
    business_date: date,
    cause: str,
) -> int:
    """`post` for many subjects at once, each (subject, lines, evidence); returns how many were booked. No line is zero."""
    booked = list(subjects)
    if unbalanced := next((subject for subject, lines, _ in booked if not balanced(lines)), None):
        raise ValueError(f"the lines of {cause} for {unbalanced} do not sum to zero")
    if not booked:
        return 0
    ids, now = work.new_ids(len(booked)), work.now()
    entries: Iterator[tuple[object, ...]] = (
        (entry_id, now, business_date, cause, subject, dict(evidence), currency)
        for entry_id, (subject, _, evidence) in zip(ids, booked, strict=True)
    )
    insert_rows(work.session, JournalEntry, _ENTRY, entries)
    lines_of: Iterator[tuple[object, ...]] = (
        (entry_id, number, name, subject, minor)
        for entry_id, (subject, lines, _) in zip(ids, booked, strict=True)
        for number, (name, minor) in enumerate(sorted(lines.items()), start=1)
    )
    insert_rows(work.session, JournalLine, _LINE, lines_of)
    return len(booked)


def bring_to(
    work: Work,
    target: Mapping[str, int],
    *,
    currency: str,
    business_date: date,
    cause: str,
    subject: str,
    evidence: Mapping[str, Any],
) -> None:
    """Book what is missing between the balances of `subject` as they are and `target` (account -> minor units).

    This makes posting independent of the order in which facts arrive: the journal always ends where the set of facts says, and
    every step to there stays in it.
    """
    now = balances_of(work.session, subject)
    lines = {name: target.get(name, 0) - now.get(name, 0) for name in sorted({*target, *now})}
    post(work, lines, currency=currency, business_date=business_date, cause=cause, subject=subject, evidence=evidence)
