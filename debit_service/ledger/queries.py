"""Balances, which are sums."""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from debit_service.core.bulk import among
from debit_service.ledger.models import JournalEntry, JournalLine


def balances_of(session: Session, subject: str) -> dict[str, int]:
    """Minor units per account, of everything that was booked for `subject`."""
    return balances_of_each(session, [subject]).get(subject, {})


def balances_of_each(session: Session, subjects: Iterable[str]) -> dict[str, dict[str, int]]:
    """`balances_of` many subjects: subject -> account -> minor units; a subject that nothing was booked for is left out."""
    query = (
        select(JournalLine.subject, JournalLine.account, func.sum(JournalLine.amount_minor))
        .where(among(session, JournalLine.subject, subjects))
        .group_by(JournalLine.subject, JournalLine.account)
    )
    found: dict[str, dict[str, int]] = {}
    for subject, name, minor in session.execute(query):
        found.setdefault(subject, {})[name] = int(minor)
    return found


def trial_balance(session: Session) -> dict[tuple[str, str], int]:
    """(account, currency) -> minor units, debit positive."""
    query = (
        select(JournalLine.account, JournalEntry.currency, func.sum(JournalLine.amount_minor))
        .join(JournalEntry)
        .group_by(JournalLine.account, JournalEntry.currency)
        .order_by(JournalLine.account)
    )
    return {(name, currency): int(minor) for name, currency, minor in session.execute(query)}


def unbalanced(session: Session) -> Sequence[str]:
    """The entries whose lines do not sum to zero (for `debit verify`; there must be none)."""
    total = func.coalesce(func.sum(JournalLine.amount_minor), 0)
    query = select(JournalEntry.id).outerjoin(JournalLine).group_by(JournalEntry.id)
    empty = query.having(func.count(JournalLine.number) == 0)
    return [*session.scalars(query.having(total != 0)), *session.scalars(empty)]
