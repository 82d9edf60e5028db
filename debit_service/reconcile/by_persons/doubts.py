"""Doubts: entries that persons put in suspense, and the bookings from which they told them apart by it."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import aliased

from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.reconcile import queries
from debit_service.reconcile.models import BankEntry, Disposition, Resolution
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.rules import DOUBTED

#: A doubt counts from when another person has confirmed it until it is undone, whatever is decided about the entry meanwhile.
_STANDS: Final = (
    Resolution.stands & (Resolution.decision == Decision.SUSPENDED.value) & Resolution.confirmed_by.is_not(None)
)


def waits(work: Work, entry_id: str) -> bool:
    """Whether an entry waits because a person doubts what was made of it, and nothing was decided about it since."""
    made = queries.disposition(work, entry_id)
    return made is not None and (made.kind, made.reason) == ("suspense", DOUBTED)


def are_two(work: Work, some: Collection[str], others: Collection[str]) -> bool:
    """Whether persons told one of these reports apart from one of those: then they are of two bookings."""
    query = (
        select(Resolution.entry_id, Disposition.folded_into)
        .join(Disposition, Disposition.id == Resolution.disposition_id)
        .where(_STANDS, among(work.session, Resolution.entry_id, [*some, *others]))
    )
    return any(
        (one in some and other in others) or (one in others and other in some)
        for one, other in work.session.execute(query)
    )


def is_apart_from(entry_id: str) -> ColumnElement[bool]:
    """Whether persons told the row's bank entry apart from this one."""
    doubted = aliased(Disposition)
    return (
        exists()
        .where(Resolution.entry_id == BankEntry.id, _STANDS)
        .where(doubted.id == Resolution.disposition_id, doubted.folded_into == entry_id)
        .correlate(BankEntry)
    )
