"""Folds: an entry that is another report of a booking is folded into one that tells of it, which may be folded itself.

At the end of such a chain is the entry that stands for the booking, with the day on which it counts.
"""

from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

from sqlalchemy import select

from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.reconcile.models import BankEntry, Disposition
from debit_service.reconcile.rules import differ


class Report(NamedTuple):
    """An entry as one of the reports of a booking: its container, and how it names the booking."""

    id: str
    document_id: str
    end_to_end_id: str | None
    account_servicer_reference: str | None
    transaction_id: str | None
    payment_information_id: str | None


_COLUMNS = tuple(getattr(BankEntry, name) for name in Report._fields)


def standing_for(work: Work, entry_ids: Iterable[str]) -> dict[str, str]:
    """Entry -> the one that stands for its booking: itself, where it was folded into no other."""
    ends = {one: one for one in entry_ids}
    newest = set(ends)
    while newest:
        query = select(Disposition.entry_id, Disposition.folded_into).where(
            among(work.session, Disposition.entry_id, newest),
            Disposition.most_recent,
            Disposition.folded_into.is_not(None),
        )
        into = dict(work.session.execute(query).all())
        ends = {one: into.get(end) or end for one, end in ends.items()}
        newest = {one for one in into.values() if one}
    return ends


def reports_of_each(work: Work, entry_ids: Iterable[str]) -> dict[str, list[Report]]:
    """Entry -> the reports of the booking that it tells of: its own first, then everything that was folded into it."""
    heads = list(entry_ids)
    if not heads:
        return {}
    own = select(*_COLUMNS).where(among(work.session, BankEntry.id, heads))
    found = {row.id: [Report._make(row)] for row in work.session.execute(own)}
    head_of = {one: one for one in found}
    newest = list(found)
    while newest:
        followers = (
            select(Disposition.folded_into, *_COLUMNS)
            .join(BankEntry, BankEntry.id == Disposition.entry_id)
            .where(among(work.session, Disposition.folded_into, newest), Disposition.most_recent)
        )
        newest = []
        for into, *columns in work.session.execute(followers):
            report = Report._make(columns)
            head_of[report.id] = head_of[into]
            found[head_of[report.id]].append(report)
            newest.append(report.id)
    return found


def may_be_one(some: Iterable[Report], others: Iterable[Report]) -> bool:
    """Whether these reports and those can be of one booking, under whatever day: what one container lists twice, the bank booked
    twice, and what is called otherwise is another booking."""
    return not any(
        one.document_id == other.document_id or differ(one[2:], other[2:]) for one, other in product(some, others)
    )
