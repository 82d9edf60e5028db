"""What several figures ask of the database: where collections stand, and what was made of bank entries; always many at once.

The states are those of `reconcile.rules.outcome`, as SQL; a test holds one against the other.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    SQLColumnExpression,
    Subquery,
    and_,
    case,
    cast,
    func,
    or_,
    select,
)

from debit_service.collections.models import BatchTransition, Collection, PaymentInformation
from debit_service.reconcile import days
from debit_service.reconcile.models import Allocation, BankDocument, BankEntry, Disposition
from debit_service.reconcile.rules import Effect, State

#: What a collection is called that no bank was given yet.
PLANNED = "planned"
#: The states of a collection whose money may still come in.
OPEN_STATES = (PLANNED, State.SENT.value, State.ACCEPTED.value)
#: The states of a batch that the bank has, or may have.
AT_THE_BANK = ("sent", "sending")


def total(expression: SQLColumnExpression[Any]) -> ColumnElement[int]:
    """The sum as an integer of 64 bit, 0 of nothing: PostgreSQL would make a decimal of it."""
    return cast(func.coalesce(func.sum(expression), 0), BigInteger)


def signed(minor: SQLColumnExpression[int | None] = BankEntry.amount_minor) -> ColumnElement[int]:
    """The amount of a bank entry, or `minor` of it; negative where money went out."""
    amount = func.coalesce(minor, 0)
    return case((BankEntry.direction == "credit", amount), else_=-amount)


def reason_of() -> ColumnElement[str]:
    """The reason that a bank gave: the ISO code, else its own; empty where it gave none."""
    return func.coalesce(BankEntry.reason_code, BankEntry.reason_proprietary, "")


def accounts_of(fund_id: str) -> ColumnElement[bool]:
    """Whether an entry stands on an account of the fund. By the accounts of its statements, which the index begins with."""
    known = select(BankDocument.account_index).where(BankDocument.fund_id == fund_id).distinct()
    return and_(BankEntry.account_index.in_(known), BankEntry.fund_id == fund_id)


def entries(*columns: Any) -> Select[*tuple[Any, ...]]:
    """Bank entries with what stands of them now; an entry that nothing was made of has no disposition."""
    return (
        select(*columns)
        .select_from(BankEntry)
        .join(BankDocument, BankDocument.id == BankEntry.document_id)
        .outerjoin(Disposition, and_(Disposition.entry_id == BankEntry.id, Disposition.most_recent))
    )


def standings(*which: SQLColumnExpression[bool]) -> Subquery:
    """Where the collections that fulfil `which` stand: a row each, with what came in, went back and was charged, and the state.

    A debit that was credited, went back and was credited again came in once: `came_minor` and `went_minor` are without what came
    again and what that made good. `batch_state` is None for one that is planned only. Cancelled ones are left out.
    """
    stands = Disposition.id.is_not(None)

    def told(effect: Effect) -> ColumnElement[bool]:
        return and_(stands, Allocation.effect == effect.value)

    answers = (
        select(
            Collection.id,
            total(case((told(Effect.SETTLED), Allocation.amount_minor), else_=0)).label("settled_minor"),
            total(case((told(Effect.RETURNED), Allocation.amount_minor), else_=0)).label("returned_minor"),
            total(case((stands, Allocation.charges_minor + Allocation.interest_minor), else_=0)).label("charges_minor"),
            func.max(case((told(Effect.REJECTED), 1), else_=0)).label("is_rejected"),
            func.max(case((told(Effect.SETTLED), days.told_on()))).label("settled_on"),
            func.count(Disposition.id).label("answers"),
        )
        .outerjoin(Allocation, Allocation.collection_id == Collection.id)
        .outerjoin(Disposition, and_(Disposition.id == Allocation.disposition_id, Disposition.most_recent))
        .outerjoin(BankEntry, BankEntry.id == Allocation.entry_id)
        .outerjoin(BankDocument, BankDocument.id == BankEntry.document_id)
        .where(Collection.cancelled_why.is_(None), *which)
        .group_by(Collection.id)
        .subquery()
    )
    amount, settled, returned = Collection.amount_minor, answers.c.settled_minor, answers.c.returned_minor
    state = case(
        (settled - returned >= amount, State.SETTLED.value),
        (settled - returned > 0, State.PARTLY_SETTLED.value),
        (returned >= amount, State.RETURNED.value),
        ((answers.c.is_rejected == 1) & (returned == 0), State.REJECTED.value),
        (answers.c.answers > 0, State.ACCEPTED.value),
        (or_(BatchTransition.to_state.is_(None), BatchTransition.to_state.not_in(AT_THE_BANK)), PLANNED),
        else_=State.SENT.value,
    )
    more = settled - amount
    again = case((more <= 0, 0), (more < returned, more), else_=returned)
    query = (
        select(
            Collection,
            *(one for one in answers.c if one.name != "id"),
            (settled - again).label("came_minor"),
            (returned - again).label("went_minor"),
            BatchTransition.to_state.label("batch_state"),
            PaymentInformation.batch_id,
            state.label("state"),
        )
        .join(answers, answers.c.id == Collection.id)
        .outerjoin(PaymentInformation, PaymentInformation.id == Collection.payment_information_id)
        .outerjoin(
            BatchTransition,
            and_(BatchTransition.subject_id == PaymentInformation.batch_id, BatchTransition.most_recent),
        )
    )
    return query.subquery()
