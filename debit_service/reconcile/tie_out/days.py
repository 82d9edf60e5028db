"""Days: what statements say of bookings that other reports, as persons said, had told before under another day.

It counts on the day of the entry that stands for the booking: so the journal has it. Of a sum that has the booking in it, only as
much.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import aliased

from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.reconcile import days
from debit_service.reconcile.models import BankDocument, BankEntry, Disposition, Resolution
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.same_booking import folds


class Moved(NamedTuple):
    """What a statement says was booked on one day, and counts on another: minor units, signed."""

    document_id: str
    stated_on: date | None
    counts_on: date | None
    minor: int


class _Report(NamedTuple):
    """A report of a booking, or of more that has it in it; `on_statement` where a statement says that it was booked."""

    id: str
    document_id: str
    entry_index: int | None
    on_statement: bool
    day: date | None
    is_part: bool
    minor: int
    signed_minor: int


_IS_ON_STATEMENT: Final = BankEntry.message.like("camt.053%") & (BankEntry.status == "BOOK")
_MINOR: Final = func.coalesce(BankEntry.amount_minor, 0)
#: The columns of `_Report`, in its order.
_COLUMNS: Final = (
    BankEntry.id,
    BankEntry.document_id,
    BankEntry.entry_index,
    _IS_ON_STATEMENT,
    days.told_on(),
    and_(BankEntry.level == "transaction", BankEntry.amount_minor != BankEntry.entry_amount_minor),
    _MINOR,
    case((BankEntry.direction == "debit", -_MINOR), else_=_MINOR),
)
#: What `_COLUMNS` ask besides the entry.
_DOCUMENT: Final = (BankDocument, BankDocument.id == BankEntry.document_id)


def told_before(work: Work) -> Iterator[Moved]:
    """What of each statement counts on another day than it says."""
    reports = _reports(work)
    ends = folds.standing_for(work, reports)
    stated = {(one.id, ends[one.id]): (one, one.signed_minor) for one in reports.values() if one.on_statement}
    for total, part_id in _sums_of(work, [one.id for one in reports.values() if one.is_part]):
        stated[total.id, ends[part_id]] = (total, reports[part_id].signed_minor)
    counting = select(BankEntry.id, days.told_on()).join(*_DOCUMENT)
    rows = work.session.execute(counting.where(among(work.session, BankEntry.id, set(ends.values()))))
    days_of: dict[str, date | None] = dict(rows.all())
    for (_, end), (one, minor) in stated.items():
        yield Moved(one.document_id, one.day, days_of[end], minor)


def _reports(work: Work) -> dict[str, _Report]:
    """What persons said was told before, with every report of it or of a part of it; nothing that tells of more."""
    said = (
        select(Disposition.entry_id)
        .join(Resolution, Resolution.entry_id == Disposition.entry_id)
        .where(Resolution.decision == Decision.TOLD_BEFORE.value, Resolution.stands)
        .where(Disposition.most_recent, Disposition.kind == "folded")
    )
    found = {
        row[0]: _Report._make(row)
        for row in work.session.execute(select(*_COLUMNS).join(*_DOCUMENT).where(BankEntry.id.in_(said)))
    }
    newest: Collection[str] = list(found)
    while newest:
        query = (
            select(Disposition.folded_into, *_COLUMNS)
            .join(BankEntry, BankEntry.id == Disposition.entry_id)
            .join(*_DOCUMENT)
            .where(among(work.session, Disposition.folded_into, newest), Disposition.most_recent)
        )
        told = [(found[into], _Report._make(columns)) for into, *columns in work.session.execute(query)]
        below = {one.id: one for into, one in told if one.minor <= into.minor and one.id not in found}
        found |= below
        newest = list(below)
    return found


def _sums_of(work: Work, part_ids: Collection[str]) -> Iterator[tuple[_Report, str]]:
    """The sums on statements that were found to tell of the entries of these details, each with the detail."""
    if not part_ids:
        return
    part = aliased(BankEntry)
    is_as_much = and_(
        BankEntry.account_index == part.account_index,
        BankEntry.booking_date == part.booking_date,
        BankEntry.amount_minor == part.entry_amount_minor,
        BankEntry.currency == part.currency,
        BankEntry.document_id != part.document_id,
    )
    query = (
        select(part.id, part.document_id, part.entry_index, *_COLUMNS)
        .join(*_DOCUMENT)
        .join(part, is_as_much)
        .where(among(work.session, part.id, part_ids), BankEntry.level == "entry", _IS_ON_STATEMENT)
    )
    rows = [
        (part_id, (document_id, index), _Report._make(total))
        for part_id, document_id, index, *total in work.session.execute(query)
    ]
    entries = _entries_of(work, {total.id for _, _, total in rows})
    yield from ((total, part_id) for part_id, entry, total in rows if entries.get(total.id) == entry)


def _entries_of(work: Work, total_ids: Iterable[str]) -> dict[str, tuple[str, int | None]]:
    """Sum -> the entry (container, index) of the detail into which it was folded, perhaps by way of another report of the sum."""
    at = {one: one for one in total_ids}
    found: dict[str, tuple[str, int | None]] = {}
    while at:
        query = (
            select(Disposition.entry_id, BankEntry.id, BankEntry.level, BankEntry.document_id, BankEntry.entry_index)
            .join(BankEntry, BankEntry.id == Disposition.folded_into)
            .where(among(work.session, Disposition.entry_id, set(at.values())), Disposition.most_recent)
        )
        into = {row[0]: row[1:] for row in work.session.execute(query)}
        above = {one: into[now] for one, now in at.items() if now in into}
        found |= {
            one: (document_id, index) for one, (_, level, document_id, index) in above.items() if level != "entry"
        }
        at = {one: head_id for one, (head_id, level, _, _) in above.items() if level == "entry"}
    return found
