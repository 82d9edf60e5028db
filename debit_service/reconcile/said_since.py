"""Said since: where a file that was read after a person's decision names a debit of ours that the decision knows nothing of.

Such a report is folded into the entry, for it is the same booking; or it is the credit that the entry takes back, by the bank's
own reference; or the entry is what was left of another one beside its details, of which the report tells in full. The decision
stands until a person takes it back.
"""

from collections.abc import Iterable
from itertools import starmap
from typing import NamedTuple

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased

from debit_service.collections.models import Collection
from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.reconcile.exceptions import Decision
from debit_service.reconcile.models import Allocation, BankEntry, Disposition, Resolution
from debit_service.reconcile.own_references import credited_since
from debit_service.reconcile.remainders import told_in_full_since


class Contradiction(NamedTuple):
    """An entry about which a person decided, and the debit (end-to-end id) that a file read since names for it.

    Where a report tells in full of what a remainder is left of, and names no debit, it stands here by its own id.
    """

    entry_id: str
    end_to_end_id: str


def contradictions(work: Work, entry_ids: Iterable[str] | None = None) -> list[Contradiction]:
    """What stands against decisions, of all entries or of these, by entry; a debit to which it was matched is none."""
    folded, told, head = aliased(Disposition), aliased(BankEntry), aliased(BankEntry)
    elsewhere = (Decision.HELD.value, Decision.PAID_OUT.value, Decision.UNDONE.value)
    # From the decisions, of which there are few, to the reports.
    which = Resolution.stands & Resolution.decision.not_in(elsewhere)
    if entry_ids is not None:
        which &= among(work.session, Resolution.entry_id, entry_ids)
    decided = select(Resolution.entry_id).where(which)
    is_his = exists().where(Allocation.disposition_id == Disposition.id, Allocation.collection_id == Collection.id)
    named = (
        (Collection.end_to_end_id == told.end_to_end_id)
        & (Collection.fund_id == told.fund_id)
        & (Collection.currency == told.currency)
    )
    query = (
        select(head.id, Collection.end_to_end_id)
        .join(Disposition, (Disposition.entry_id == head.id) & Disposition.most_recent)
        .join(folded, (folded.folded_into == head.id) & folded.most_recent)
        .join(told, told.id == folded.entry_id)
        .join(Collection, named)
        .where(head.id.in_(decided), Disposition.kind.in_(("resolved", "matched")), ~is_his)
        .where(func.coalesce(head.end_to_end_id, "") != Collection.end_to_end_id)
        .distinct()
    )
    found = {
        *map(Contradiction._make, work.session.execute(query)),
        *starmap(Contradiction, credited_since(work, which)),
        *starmap(Contradiction, told_in_full_since(work, which)),
    }
    return sorted(found)
