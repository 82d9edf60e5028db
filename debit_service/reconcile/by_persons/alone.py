"""Alone: what one person has decided about the same money without a second one; it counts against the limit together."""

from sqlalchemy import func, select

from debit_service.core.work import Work
from debit_service.reconcile.by_persons.decisions import RefundOwed
from debit_service.reconcile.models import Resolution, ResolutionPart
from debit_service.reconcile.queue.exceptions import Decision


def decided_alone_minor(work: Work, entry_id: str) -> int:
    """What of an entry's money one person alone, without a second one, has decided about, minor units."""
    query = (
        select(func.sum(ResolutionPart.amount_minor))
        .join(Resolution, Resolution.id == ResolutionPart.resolution_id)
        .where(Resolution.entry_id == entry_id, ResolutionPart.stands, ~Resolution.four_eyes)
    )
    return int(work.session.scalar(query) or 0)


def paid_out_alone_minor(work: Work, owed: RefundOwed) -> int:
    """What was paid out of a refund by the word of one person alone, minor units."""
    subject = (
        Resolution.contribution_id == owed.contribution_id
        if owed.contribution_id
        else Resolution.entry_id == owed.entry_id
    )
    query = select(func.sum(Resolution.amount_minor)).where(
        subject, Resolution.decision == Decision.PAID_OUT.value, Resolution.stands, ~Resolution.four_eyes
    )
    return int(work.session.scalar(query) or 0)
