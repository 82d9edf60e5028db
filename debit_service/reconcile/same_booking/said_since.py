"""Said since: where a file that was read after a person's decision names a debit of ours that the decision knows nothing of.

Such a report is folded into the entry, or into one that a person folded into it, for it is the same booking; or it is the credit
that the entry takes back, by the bank's own reference; or the entry is what was left of another one beside its details, of which
the report tells in full; or it is a sum, and the report books debits of its block, as much, each by itself; or it is a detail,
and the report is the sum of its entry. The decision stands until a person takes it back.
"""

from collections.abc import Iterable, Iterator
from itertools import starmap
from typing import NamedTuple

from sqlalchemy import ColumnElement, case, func, literal, select

from debit_service.collections.models import Collection
from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.reconcile.by_persons.decisions import RefundOwed
from debit_service.reconcile.models import BankEntry, Disposition, Resolution, ResolutionPart
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.rules import BY_A_PERSON, DOUBTED
from debit_service.reconcile.same_booking import folds
from debit_service.reconcile.same_booking.own_references import credited_since, matched_to
from debit_service.reconcile.same_booking.remainders import told_in_full_since
from debit_service.reconcile.same_booking.told_in_sums import told_in_sum_since
from debit_service.reconcile.same_booking.told_singly import told_singly_since


class Contradiction(NamedTuple):
    """An entry about which a person decided, and the debit (end-to-end id) that a file read since names for it.

    Where a report tells in full of what a remainder is left of, and names no debit, it stands here by its own id.
    """

    entry_id: str
    end_to_end_id: str


def contradictions(work: Work, entry_ids: Iterable[str] | None = None) -> list[Contradiction]:
    """What stands against decisions, of all entries or of these, by entry; a debit to which it was matched is none."""
    elsewhere = (Decision.HELD.value, Decision.PAID_OUT.value, Decision.UNDONE.value)
    # From the decisions, of which there are few, to the reports.
    which = Resolution.stands & Resolution.decision.not_in(elsewhere)
    if entry_ids is not None:
        which &= among(work.session, Resolution.entry_id, entry_ids)
    told = (
        credited_since(work, which),
        told_in_full_since(work, which),
        told_singly_since(work, which),
        told_in_sum_since(work, which),
    )
    found = (_reported(work, which), *told)
    return sorted({one for each in found for one in starmap(Contradiction, each)})


def speaks_against(work: Work, owed: RefundOwed) -> bool:
    """Whether a file that was read since speaks against a decision from which this refund follows: about the entry from which it
    is owed, or about one that was allocated to the contribution."""
    allocated = (
        select(Resolution.entry_id)
        .join(ResolutionPart, ResolutionPart.resolution_id == Resolution.id)
        .where(ResolutionPart.contribution_id == owed.contribution_id, ResolutionPart.stands)
    )
    entry_ids = [owed.entry_id] if owed.entry_id else work.session.scalars(allocated).all()
    return bool(entry_ids and contradictions(work, [one for one in entry_ids if one]))


def _reported(work: Work, which: ColumnElement[bool]) -> Iterator[tuple[str, str]]:
    """(entry, end-to-end reference) of those about which persons decided, by these decisions, of whose booking another report
    names a debit of ours to which what stands for the booking is not matched.

    Of an entry that a person said was told before, or put in suspense, what was read by then counts as known.
    """
    since = _decided(work, which)
    told = folds.reports_of_each(work, since)
    ours = _naming_ours(work, {one.id for _, *others in told.values() for one in others if one.end_to_end_id})
    named = {entry_id: {ours[one.id] for one in others if one.id in ours} for entry_id, (_, *others) in told.items()}
    ends = folds.standing_for(work, (entry_id for entry_id, names in named.items() if names))
    matched, own_names = matched_to(work, ends.values(), ours.values()), _names_of(work, ends.values())
    for entry_id, end in ends.items():
        own, *others = told[entry_id]
        before = {own.end_to_end_id, own_names[end], *(one.end_to_end_id for one in others if one.id < since[entry_id])}
        yield from ((entry_id, name) for name in named[entry_id] - before - matched[end])


def _decided(work: Work, which: ColumnElement[bool]) -> dict[str, str]:
    """Entry -> the decision (id) since when reports speak against it; nothing where they do whenever they were read."""
    told_before = (Disposition.kind == "folded") & (Disposition.reason == BY_A_PERSON)
    since_then = told_before | ((Disposition.kind == "suspense") & (Disposition.reason == DOUBTED))
    query = (
        select(Resolution.entry_id, func.min(case((since_then, Resolution.id), else_=literal(""))))
        .join(Disposition, (Disposition.entry_id == Resolution.entry_id) & Disposition.most_recent)
        .where(which, Disposition.kind.in_(("resolved", "matched")) | since_then)
        .group_by(Resolution.entry_id)
    )
    return dict(work.session.execute(query).all())


def _naming_ours(work: Work, report_ids: Iterable[str]) -> dict[str, str]:
    """Report -> the debit of ours (end-to-end reference) that it names; one that names none is left out."""
    named = (
        (Collection.end_to_end_id == BankEntry.end_to_end_id)
        & (Collection.fund_id == BankEntry.fund_id)
        & (Collection.currency == BankEntry.currency)
    )
    query = select(BankEntry.id, Collection.end_to_end_id).join(Collection, named)
    return dict(work.session.execute(query.where(among(work.session, BankEntry.id, report_ids))).all())


def _names_of(work: Work, entry_ids: Iterable[str]) -> dict[str, str | None]:
    """Entry -> the end-to-end reference that it states."""
    query = select(BankEntry.id, BankEntry.end_to_end_id).where(among(work.session, BankEntry.id, entry_ids))
    return dict(work.session.execute(query).all())
