"""Read collections and batches."""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, exists, select
from sqlalchemy.orm import aliased

from debit_service.collections.models import (
    Approval,
    Batch,
    BatchTransition,
    Collection,
    Notice,
    PaymentInformation,
    Submission,
)
from debit_service.core.bulk import among
from debit_service.core.errors import NotFound
from debit_service.core.models import OutboxMessage
from debit_service.core.work import Work


def attempts(work: Work, contribution_id: str) -> list[Collection]:
    """Every attempt to debit a contribution, oldest first."""
    query = select(Collection).where(Collection.contribution_id == contribution_id).order_by(Collection.attempt)
    return list(work.session.scalars(query))


class Tried(NamedTuple):
    """An attempt as a list of many contributions shows it; `sent` says whether the bank has its file, as far as is known."""

    id: str
    contribution_id: str
    attempt: int
    end_to_end_id: str
    amount_minor: int
    collection_date: date
    date_reason: str
    live: bool
    cancelled_why: str | None
    sent: bool


def attempts_of_each(work: Work, contribution_ids: Iterable[str]) -> dict[str, list[Tried]]:
    """Contribution -> its attempts, oldest first, as rows; one that has none is left out."""
    query = (
        select(*(getattr(Collection, name) for name in Tried._fields[:-1]), BatchTransition.to_state)
        .outerjoin(PaymentInformation, PaymentInformation.id == Collection.payment_information_id)
        .outerjoin(
            BatchTransition,
            (BatchTransition.subject_id == PaymentInformation.batch_id) & BatchTransition.most_recent,
        )
        .where(among(work.session, Collection.contribution_id, contribution_ids))
        .order_by(Collection.contribution_id, Collection.attempt)
    )
    work.session.flush()
    found: dict[str, list[Tried]] = {}
    for *of, batch_state in work.session.execute(query):
        one = Tried._make((*of, batch_state == "sent"))
        found.setdefault(one.contribution_id, []).append(one)
    return found


def by_end_to_end_id(work: Work, end_to_end_id: str) -> Collection | None:
    """The collection that carries this reference."""
    return work.session.scalars(select(Collection).where(Collection.end_to_end_id == end_to_end_id)).one_or_none()


class Asked(NamedTuple):
    """A collection as reconciliation must know it: a row and not an object, because there may be a million.

    `has_rival` says that another attempt at the contribution neither failed nor was cancelled.
    """

    id: str
    contribution_id: str
    fund_id: str
    end_to_end_id: str
    amount_minor: int
    currency: str
    live: bool
    cancelled_why: str | None
    failed_on: date | None
    failure_code: str | None
    payment_information_id: str | None
    has_rival: bool


def asked(work: Work, end_to_end_ids: Iterable[str]) -> list[Asked]:
    """The collections that carry these references."""
    return _asked(work, among(work.session, Collection.end_to_end_id, end_to_end_ids))


def asked_by_id(work: Work, collection_ids: Iterable[str]) -> list[Asked]:
    """The collections with these ids."""
    return _asked(work, among(work.session, Collection.id, collection_ids))


def other_attempts(work: Work, collection_ids: Iterable[str]) -> list[Asked]:
    """The other attempts at the contributions of these collections."""
    wanted, one = set(collection_ids), _other()
    which = Collection.contribution_id.in_(select(one.contribution_id).where(among(work.session, one.id, wanted)))
    return [other for other in _asked(work, which) if other.id not in wanted]


def asked_in_block(work: Work, payment_information_id: str) -> list[Asked]:
    """The collections of one PmtInf block."""
    return _asked(work, Collection.payment_information_id == payment_information_id)


def asked_in_batch(work: Work, batch_id: str) -> list[Asked]:
    """The collections of one file."""
    blocks = select(PaymentInformation.id).where(PaymentInformation.batch_id == batch_id)
    return _asked(work, Collection.payment_information_id.in_(blocks))


@cache
def _other() -> type[Collection]:
    """Another collection than those that are asked for. Made once: to make it takes longer than to ask."""
    return aliased(Collection)


@cache
def _of_collections() -> Select[Any]:
    """`Asked` of all collections."""
    other = _other()
    rival = exists().where(
        other.contribution_id == Collection.contribution_id,
        other.id != Collection.id,
        other.cancelled_why.is_(None),
        other.failed_on.is_(None),
    )
    columns = [getattr(Collection, name) for name in Asked._fields[:-1]]
    return select(*columns, rival).order_by(Collection.id)


def _asked(work: Work, condition: ColumnElement[bool]) -> list[Asked]:
    # Whatever is changed in this transaction and not written yet must be seen.
    work.session.flush()
    return [Asked._make(row) for row in work.session.execute(_of_collections().where(condition))]


def of_batch(work: Work, batch_id: str) -> list[Collection]:
    """The collections of one file."""
    query = select(Collection).join(PaymentInformation).where(PaymentInformation.batch_id == batch_id)
    return list(work.session.scalars(query.order_by(Collection.id)))


def batch(work: Work, batch_id: str) -> Batch:
    """One batch. Raises NotFound."""
    found = work.session.get(Batch, batch_id)
    if found is None:
        raise NotFound("batch.unknown", f"There is no batch {batch_id}.", remedy="See `debit batches list`.")
    return found


def batch_state(work: Work, batch_id: str) -> str:
    """The state of a batch now."""
    query = select(BatchTransition.to_state).where(BatchTransition.subject_id == batch_id, BatchTransition.most_recent)
    return work.session.scalars(query).one()


def batches(work: Work, *states: str) -> Sequence[Row[Batch, str]]:
    """Batches with their states, oldest first; only those in `states` where given."""
    query = (
        select(Batch, BatchTransition.to_state)
        .join(BatchTransition, BatchTransition.subject_id == Batch.id)
        .where(BatchTransition.most_recent)
        .order_by(Batch.id)
    )
    if states:
        query = query.where(BatchTransition.to_state.in_(states))
    return work.session.execute(query).all()


def batch_of(work: Work, collection: Collection) -> Batch | None:
    """The file that a collection went out in, if it did."""
    if collection.payment_information_id is None:
        return None
    query = select(Batch).join(PaymentInformation).where(PaymentInformation.id == collection.payment_information_id)
    return work.session.scalars(query).one()


def approval(work: Work, batch_id: str) -> Approval | None:
    """Who approved a batch, and which bytes."""
    return work.session.get(Approval, batch_id)


def submissions(work: Work, batch_id: str) -> Sequence[Submission]:
    """Every try to hand a batch to its bank."""
    query = select(Submission).where(Submission.batch_id == batch_id).order_by(Submission.number)
    return work.session.scalars(query).all()


def notice_sent(work: Work, collection: Collection) -> tuple[Notice, OutboxMessage] | None:
    """What the employer was told last of a collection, if that is exactly its amount and date, and has gone out."""
    query = (
        select(Notice, OutboxMessage)
        .join(OutboxMessage, OutboxMessage.id == Notice.outbox_id)
        .where(Notice.collection_id == collection.id)
        .order_by(Notice.id.desc())
        .limit(1)
    )
    row = work.session.execute(query).one_or_none()
    if row is None:
        return None
    notice, message = row
    same = (notice.amount_minor, notice.collection_date) == (collection.amount_minor, collection.collection_date)
    return (notice, message) if same and message.done_at is not None else None
