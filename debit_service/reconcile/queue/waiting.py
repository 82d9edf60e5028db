"""What waits for a person: how much money, whose, and in which direction. Said once, for the queue, its age, the first page and
the report; the journal's suspense accounts hold the same.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from sqlalchemy import BigInteger, ColumnElement, Row, and_, case, cast, func, select

from debit_service.core.work import Work
from debit_service.reconcile import days
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.models import BankDocument, BankEntry, Disposition, Resolution, ResolutionPart

#: Whose an entry is on an account that no fund owns; and a direction or a currency that the bank did not give.
NONE: Final = "-"


def is_booked() -> ColumnElement[bool]:
    """Whether a bank entry is money: booked, and no status report. As `decisions.is_money` says it of one."""
    return and_(BankEntry.status == "BOOK", BankEntry.message.like("camt.%"))


def left_minor() -> ColumnElement[int]:
    """What of an entry's money nobody has decided about: all of it, or what is left beside the parts that stand. Minor units.

    0 of what is no money, which stands in no account.
    """
    decided = (
        select(func.sum(ResolutionPart.amount_minor))
        .join(Resolution, Resolution.id == ResolutionPart.resolution_id)
        .where(Resolution.entry_id == BankEntry.id, ResolutionPart.stands)
        .correlate(BankEntry)
    )
    left = func.coalesce(BankEntry.amount_minor, 0) - func.coalesce(decided.scalar_subquery(), 0)
    return case((is_booked(), left), else_=0)


def sums() -> tuple[ColumnElement[int], ColumnElement[int]]:
    """What is left of money that came in, and of money that went out; minor units, both above zero."""
    left, came_in = left_minor(), BankEntry.direction == "credit"
    each = (case((came_in, left), else_=0), case((came_in, 0), else_=left))
    # As an integer of 64 bit: PostgreSQL would make a decimal of it.
    first, second = (cast(func.coalesce(func.sum(one), 0), BigInteger) for one in each)
    return first, second


def entries(work: Work) -> Sequence[Row[BankEntry, Disposition, int, date | None]]:
    """Everything that waits, held or not, the oldest first, those of no day last: the entry, why it waits, what is left of it,
    and its day.
    """
    query = (
        select(BankEntry, Disposition, left_minor(), days.told_on())
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .join(BankDocument, BankDocument.id == BankEntry.document_id)
        .where(decisions.WAITS)
        .order_by(days.told_on().nulls_last(), BankEntry.id)
    )
    return work.session.execute(query).all()
