"""Undoable: what was built upon a decision is undone before it."""

from sqlalchemy import select
from sqlalchemy.orm import aliased

from debit_service.collections.models import Collection
from debit_service.core.errors import Refused
from debit_service.core.work import Work
from debit_service.reconcile.by_persons import decisions, doubts
from debit_service.reconcile.by_persons.standing import Purpose
from debit_service.reconcile.models import Allocation, Disposition, Resolution
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.rules import Effect


def check_whole(work: Work, entry_id: str) -> None:
    """Refuse to take a credit from a debit of which, as a person decided, a part went back. Raises Refused
    `resolution.built_upon`."""
    if part := _part_gone_back(work, entry_id):
        raise Refused(
            "resolution.built_upon",
            "A person decided that a part of this money went back: undo that first.",
            place=part,
        )


def check_undoable(work: Work, original: Resolution) -> None:
    """Refuse to undo a decision upon which another one is built. Raises Refused `resolution.built_upon`."""
    if original.decision == Decision.PAID_OUT and decisions.entry_of_payout(work, original.id):
        raise Refused(
            "resolution.built_upon",
            "A bank entry shows this payment: undo what was decided about that entry first.",
            place=original.id,
        )
    if original.decision == Decision.SUSPENDED and not doubts.waits(work, original.entry_id or ""):
        raise Refused(
            "resolution.built_upon",
            "Something was decided about this entry since it was put in suspense: undo that first.",
            place=original.id,
        )
    if original.decision == Decision.MATCHED:
        check_whole(work, original.entry_id or "")
    gives_back = any(one.purpose == Purpose.REFUND for one in decisions.parts(work, original.id))
    if not gives_back or original.entry_id is None:
        return
    # Of several decisions to give back, nobody says from which of them it was paid out.
    if decisions.refund_owed(work, original.entry_id).paid_out_minor:
        raise Refused(
            "resolution.built_upon",
            "Of what this decision says is owed back, something was paid out: undo that first.",
            place=original.id,
        )


def _part_gone_back(work: Work, entry_id: str) -> str | None:
    """An entry by which, as a person decided, a part of a debit went back that this entry has credited; None without any."""
    credit, back, stands = aliased(Allocation), aliased(Allocation), aliased(Disposition)
    query = (
        select(back.entry_id)
        .join(credit, (credit.collection_id == back.collection_id) & (credit.effect == Effect.SETTLED.value))
        .join(Disposition, (Disposition.id == credit.disposition_id) & Disposition.most_recent)
        .join(stands, (stands.id == back.disposition_id) & stands.most_recent)
        .join(Collection, Collection.id == back.collection_id)
        .where(credit.entry_id == entry_id, back.effect == Effect.RETURNED.value)
        .where(back.amount_minor < Collection.amount_minor)
        .order_by(back.entry_id)
    )
    return work.session.scalars(query.limit(1)).first()
