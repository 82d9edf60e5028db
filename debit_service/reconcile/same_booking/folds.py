"""Folds: an entry that is another report of a booking is folded into one that tells of it, which may be folded itself.

At the end of such a chain is the entry that stands for the booking, with the day on which it counts.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Final, NamedTuple

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


#: By what a report may name its booking.
REFERENCES: Final = Report._fields[2:]
_COLUMNS = tuple(getattr(BankEntry, name) for name in Report._fields)


def standing_for(work: Work, entry_ids: Iterable[str]) -> dict[str, str]:
    """Entry -> the one that stands for its booking: itself, where it was folded into no other."""
    asked = set(entry_ids)
    into: dict[str, str] = {}
    newest, known = asked, asked
    while newest:
        query = select(Disposition.entry_id, Disposition.folded_into).where(
            among(work.session, Disposition.entry_id, newest),
            Disposition.most_recent,
            Disposition.folded_into.is_not(None),
        )
        found = {one: head for one, head in work.session.execute(query) if head}
        into |= found
        newest = set(found.values()) - known
        known = known | newest
    return {one: _end(into, one) for one in asked}


def _end(into: Mapping[str, str], entry_id: str) -> str:
    """The end of a chain of folds; of a ring, which must not be, where it closes."""
    seen = {entry_id}
    while (following := into.get(entry_id)) and following not in seen:
        seen.add(following)
        entry_id = following
    return entry_id


def reports_of_each(work: Work, entry_ids: Iterable[str]) -> dict[str, list[Report]]:
    """Entry -> the reports of the booking that it tells of: its own first, then everything that was folded into it.

    Of these entries one may be folded into another.
    """
    heads = list(entry_ids)
    if not heads:
        return {}
    own = select(*_COLUMNS).where(among(work.session, BankEntry.id, heads))
    found = {row.id: Report._make(row) for row in work.session.execute(own)}
    under: dict[str, list[Report]] = defaultdict(list)
    newest, known = set(found), set(found)
    while newest:
        followers = (
            select(Disposition.folded_into, *_COLUMNS)
            .join(BankEntry, BankEntry.id == Disposition.entry_id)
            .where(among(work.session, Disposition.folded_into, newest), Disposition.most_recent)
        )
        newest = set()
        for into, *columns in work.session.execute(followers):
            report = Report._make(columns)
            under[into].append(report)
            newest.add(report.id)
        newest -= known
        known |= newest
    return {one: [report, *_below(under, one)] for one, report in found.items()}


def _below(under: Mapping[str, Sequence[Report]], head_id: str) -> Iterator[Report]:
    """Everything that was folded into an entry, however deep."""
    newest = [head_id]
    while newest:
        reports = [report for one in newest for report in under.get(one, ())]
        yield from reports
        newest = [report.id for report in reports]


def may_be_one(some: Iterable[Report], others: Iterable[Report]) -> bool:
    """Whether these reports and those can be of one booking, under whatever day: what one container lists twice, the bank booked
    twice, and what is called otherwise is another booking."""
    return not any(
        one.document_id == other.document_id or differ(one[2:], other[2:]) for one, other in product(some, others)
    )
