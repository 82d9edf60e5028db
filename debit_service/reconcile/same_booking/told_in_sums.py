"""Told in sums: a sum, read after a person decided about a detail of its entry, that has a debit in it which no detail names.

Read before, the sum would have paid that debit, and the detail would have been in it. Now the sum is taken for its details, and
the debit waits for money that a person has called something else.
"""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, exists, func, literal_column, select
from sqlalchemy.orm import aliased

from debit_service.collections.models import Collection
from debit_service.core.work import Work
from debit_service.reconcile.models import Allocation, BankEntry, Disposition, Resolution
from debit_service.reconcile.rules import BY_A_PERSON, Effect


def told_in_sum_since(work: Work, which: ColumnElement[bool]) -> Iterator[tuple[str, str]]:
    """(detail, end-to-end reference) of the details about which persons decided, by these decisions, and of the debits of their
    amount that nothing has paid, of a block that a detail beside them names and of which a sum of their entry was read since."""
    first = select(Resolution.entry_id, func.min(Resolution.id).label("id")).where(which)
    decided = first.group_by(Resolution.entry_id).subquery()
    total, before, beside, named = (aliased(BankEntry) for _ in range(4))
    mine, asked = aliased(Collection), aliased(Collection)
    is_told = exists().where(
        Allocation.collection_id == asked.id,
        Allocation.effect.in_((Effect.SETTLED.value, Effect.REJECTED.value)),
        Disposition.id == Allocation.disposition_id,
        Disposition.most_recent,
    )
    is_named = exists().where(
        named.document_id == BankEntry.document_id,
        named.entry_index == BankEntry.entry_index,
        named.end_to_end_id == asked.end_to_end_id,
    )
    was_known = (
        exists()
        .where(*_is_sum_of_row(before), before.id < decided.c.id)
        .where(before.payment_information_id == total.payment_information_id)
    )
    made = aliased(Disposition)
    query = (
        select(BankEntry.id, asked.end_to_end_id)
        .distinct()
        .join(decided, decided.c.entry_id == BankEntry.id)
        .join(made, (made.entry_id == BankEntry.id) & made.most_recent)
        .join(total, (total.account_index == BankEntry.account_index) & (total.id > decided.c.id))
        .join(beside, (beside.document_id == BankEntry.document_id) & (beside.entry_index == BankEntry.entry_index))
        .join(mine, mine.end_to_end_id == beside.end_to_end_id)
        .join(asked, asked.payment_information_id == mine.payment_information_id)
        .where(BankEntry.level == "transaction", BankEntry.amount_minor != BankEntry.entry_amount_minor)
        .where(BankEntry.direction == "credit", *_is_sum_of_row(total))
        .where(
            total.payment_information_id == mine.payment_information_id, asked.amount_minor == BankEntry.amount_minor
        )
        .where((made.kind == "resolved") | ((made.kind == "matched") & (made.reason == BY_A_PERSON)))
        .where(asked.cancelled_why.is_(None), ~is_told, ~is_named, ~was_known)
    )
    yield from ((entry_id, name) for entry_id, name in work.session.execute(query))


def is_sum_of(total: type[BankEntry], detail: BankEntry | type[BankEntry]) -> tuple[ColumnElement[bool], ...]:
    """Whether `total` is the sum of a block, in another container, that is as much as the entry of a detail."""
    return (
        total.account_index == detail.account_index,
        total.booking_date == detail.booking_date,
        total.amount_minor == detail.entry_amount_minor,
        total.document_id != detail.document_id,
        total.level == literal_column("'entry'"),
        total.payment_information_id.is_not(None),
        # One that is only announced is no second sum that may be meant.
        total.status == "BOOK",
    )


def _is_sum_of_row(total: type[BankEntry]) -> tuple[ColumnElement[bool], ...]:
    """Whether `total` is the sum of the row's detail: in its currency and direction, too."""
    alike = (total.currency == BankEntry.currency, total.direction == BankEntry.direction)
    return (*is_sum_of(total, BankEntry), *alike)
