"""Told singly: bookings of single debits of a block that are as much as a sum about which a person decided before they were read.

The bank's money stands twice then, by the decision and by these debits, until a person takes the decision back.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import aliased

from debit_service.collections.models import Collection
from debit_service.core.work import Work
from debit_service.reconcile.models import Allocation, BankEntry, Disposition, Resolution
from debit_service.reconcile.rules import Effect
from debit_service.reconcile.same_booking.in_parts import Sum, told_in_parts


class _Decided(NamedTuple):
    """A sum, the first decision about it (id), and what is made of it now."""

    id: str
    minor: int
    number: int | None
    decision_id: str
    made: str


def told_singly_since(work: Work, which: ColumnElement[bool]) -> Iterator[tuple[str, str]]:
    """(sum, end-to-end reference) of the sums about which persons decided, by these decisions, and of whose block debits were
    booked by themselves on their account and day, in another container, some read since: as much, all of them or some."""
    first = select(Resolution.entry_id, func.min(Resolution.id).label("id")).where(which)
    decided = first.group_by(Resolution.entry_id).subquery()
    made, told, one = aliased(Disposition), aliased(Disposition), aliased(BankEntry)
    query = (
        select(BankEntry.id, BankEntry.amount_minor, BankEntry.batch_count, decided.c.id)
        .add_columns(made.kind, Collection.end_to_end_id, Allocation.amount_minor, one.id)
        .join(decided, decided.c.entry_id == BankEntry.id)
        .join(made, (made.entry_id == BankEntry.id) & made.most_recent & made.kind.in_(("resolved", "matched")))
        .join(Collection, Collection.payment_information_id == BankEntry.payment_information_id)
        .join(Allocation, Allocation.collection_id == Collection.id)
        .join(told, (told.id == Allocation.disposition_id) & told.most_recent)
        .join(one, one.id == Allocation.entry_id)
        .where(
            BankEntry.level == "entry",
            one.level == "transaction",
            one.account_index == BankEntry.account_index,
            one.booking_date == BankEntry.booking_date,
            one.document_id != BankEntry.document_id,
            Allocation.effect
            == case((BankEntry.direction == "debit", Effect.RETURNED.value), else_=Effect.SETTLED.value),
        )
    )
    sums: dict[_Decided, dict[str, tuple[int, str]]] = defaultdict(dict)
    for *total, name, minor, told_by in work.session.execute(query):
        sums[_Decided._make(total)][name] = (minor, told_by)
    for one_sum, debits in sums.items():
        is_new = any(told_by > one_sum.decision_id for _, told_by in debits.values())
        # Beside the debit to which a person matched it there may be another one of that amount.
        says_more = one_sum.made != "matched" or len(debits) > 1
        amount = Sum(one_sum.minor, one_sum.number)
        if is_new and says_more and told_in_parts([amount], [minor for minor, _ in debits.values()], ()):
            yield from ((one_sum.id, name) for name in debits)
