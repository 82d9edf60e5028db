"""Undoable: what was built upon a decision is undone before it."""

from debit_service.core.errors import Refused
from debit_service.core.work import Work
from debit_service.reconcile.by_persons import decisions, doubts
from debit_service.reconcile.by_persons.standing import Purpose
from debit_service.reconcile.models import Resolution
from debit_service.reconcile.queue.exceptions import Decision


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
