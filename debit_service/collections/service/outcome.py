"""Outcome: what the bank's answers make of an attempt, as far as planning must know it."""

from datetime import date

from sqlalchemy import select

from debit_service.collections.models import Collection
from debit_service.core import audit, events
from debit_service.core.work import Work


def note_outcome(work: Work, collection: Collection, *, failed: bool, code: str | None, on: date | None) -> str | None:
    """Free the contribution when its attempt has failed, or hold it again when the failure was taken back.

    Returns what contradicts, for the work queue: an attempt that holds money again although another one is under way.
    """
    before = (collection.live, collection.failure_code, collection.failed_on)
    if collection.cancelled_why is not None:
        return None if failed else "the bank has booked a collection that was cancelled here"
    other_live = select(Collection.id).where(
        Collection.contribution_id == collection.contribution_id, Collection.live, Collection.id != collection.id
    )
    rival = work.session.scalars(other_live).one_or_none()
    collection.live = not failed and rival is None
    collection.failure_code, collection.failed_on = (code, on) if failed else (None, None)
    if before != (collection.live, collection.failure_code, collection.failed_on):
        work.session.flush()
        action = "collection.failed" if failed else "collection.holds"
        audit.record(work, action, collection.id, code=code, on=on.isoformat() if on else None)
        events.publish(work, action, collection.id, contribution=collection.contribution_id, code=code)
    return "this attempt holds money again although another one is under way" if rival and not failed else None
