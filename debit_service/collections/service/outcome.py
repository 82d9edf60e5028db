"""Outcome: what the bank's answers make of an attempt, as far as planning must know it."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy import select, update

from debit_service.collections import queries
from debit_service.collections.models import Collection
from debit_service.collections.service.batch import cancel, cancel_batch
from debit_service.core import audit, events
from debit_service.core.bulk import among
from debit_service.core.work import Work


class Failure(NamedTuple):
    """Why an attempt failed, in the bank's code, and on which day."""

    code: str | None
    on: date


def note_failures(work: Work, failures: Mapping[str, tuple[str, Failure]]) -> None:
    """`note_outcome` of many attempts that held their contribution until now, without rivals: id -> contribution and failure."""
    for failure in sorted({one for _, one in failures.values()}, key=str):
        which = among(work.session, Collection.id, (one for one, (_, why) in failures.items() if why == failure))
        failed = update(Collection).where(which).values(live=False, failure_code=failure.code, failed_on=failure.on)
        work.session.execute(failed.execution_options(synchronize_session=False))
    audit.record_all(
        work,
        "collection.failed",
        [(one, {"code": why.code, "on": why.on.isoformat()}) for one, (_, why) in failures.items()],
    )
    told = [(one, {"contribution": contribution, "code": why.code}) for one, (contribution, why) in failures.items()]
    events.publish_all(work, "collection.failed", told)


def note_outcome(work: Work, collection: Collection, failure: Failure | None) -> str | None:
    """Free the contribution when its attempt has failed, or hold it again when the failure was taken back.

    A later attempt that is not sent yet is then cancelled; so it is when the bank answers about a collection that was cancelled
    here: it has it after all. Returns what contradicts, for people: two attempts of one contribution at the bank.
    """
    before = (collection.live, collection.failure_code, collection.failed_on)
    failed = failure is not None
    code, on = failure or (None, None)
    at_bank_after_all = collection.cancelled_why is not None and not failed
    if collection.cancelled_why is not None and failed:
        return None
    if at_bank_after_all:
        audit.record(work, "collection.at_bank_after_all", collection.id, cancelled_why=collection.cancelled_why)
        collection.cancelled_why = None
    rival = _other_live(work, collection)
    taken_back = at_bank_after_all or (collection.failed_on is not None and not failed)
    if rival and taken_back and _withdraw_unsent(work, rival):
        rival = None
    collection.live = not failed and rival is None
    collection.failure_code, collection.failed_on = code, on
    if before != (collection.live, collection.failure_code, collection.failed_on):
        work.session.flush()
        action = "collection.failed" if failed else "collection.holds"
        audit.record(work, action, collection.id, code=code, on=on.isoformat() if on else None)
        events.publish(work, action, collection.id, contribution=collection.contribution_id, code=code)
    if failed and rival is None:
        _hand_over(work, collection)
    return "this attempt is at the bank although another one is under way" if rival and not failed else None


def _other_live(work: Work, collection: Collection) -> Collection | None:
    query = select(Collection).where(
        Collection.contribution_id == collection.contribution_id, Collection.live, Collection.id != collection.id
    )
    return work.session.scalars(query).one_or_none()


def _hand_over(work: Work, collection: Collection) -> None:
    """An earlier attempt that holds money after all holds the contribution again, now that its rival has failed."""
    query = select(Collection).where(
        Collection.contribution_id == collection.contribution_id,
        Collection.id != collection.id,
        Collection.cancelled_why.is_(None),
        Collection.failed_on.is_(None),
    )
    holder = work.session.scalars(query.order_by(Collection.attempt).limit(1)).one_or_none()
    if holder:
        holder.live = True
        work.session.flush()
        audit.record(work, "collection.holds", holder.id, rival=collection.id)


def _withdraw_unsent(work: Work, rival: Collection) -> bool:
    """Cancel an attempt, with its whole batch if it stands in one; False when it may be at the bank already."""
    why = "an earlier attempt holds the money after all"
    batch = queries.batch_of(work, rival)
    if batch is not None:
        if queries.batch_state(work, batch.id) not in ("made", "approved"):
            return False
        cancel_batch(work, batch.id, why)
    if rival.live:
        cancel(work, rival, why)
    return True
