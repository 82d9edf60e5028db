"""Open a dispute, answer it. While one is open, nothing about the contribution is penalised."""

from datetime import timedelta

from debit_service.contributions import queries as contributions
from debit_service.core import audit, events
from debit_service.core.clock import business_date
from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.work import Role, Work
from debit_service.disputes import queries
from debit_service.disputes.models import Dispute
from debit_service.funds.profile import Fund

TEXT_LENGTH_MAX = 4000


def open_dispute(work: Work, fund: Fund, contribution_id: str, text: str) -> Dispute:
    """Contest a contribution, its debit or its penalty. Raises Refused when a dispute is open already."""
    work.actor.require(Role.EMPLOYER, Role.FINANCE_CLERK)
    contribution = contributions.get(work, contribution_id)
    if not text.strip() or len(text) > TEXT_LENGTH_MAX:
        raise InvalidInput("dispute.text", f"Say what is wrong, in at most {TEXT_LENGTH_MAX} characters.", place="text")
    if queries.open_for(work, contribution.id):
        raise Refused("dispute.open_already", "A dispute about this contribution is open already.")
    dispute_id = work.new_id()
    dispute = Dispute(
        id=dispute_id,
        contribution_id=contribution.id,
        opened_at=work.now(),
        opened_by=work.actor.name,
        text_sealed=work.keys.seal(text, f"disputes.text:{dispute_id}"),
        answer_by=business_date(work.clock, fund.time_zone) + timedelta(days=fund.dispute_days.value),
    )
    work.session.add(dispute)
    work.session.flush()
    audit.record(work, "dispute.opened", dispute_id, contribution=contribution.id)
    events.publish(work, "dispute.opened", dispute_id, contribution=contribution.id)
    return dispute


def answer(work: Work, dispute_id: str, decision: str, text: str) -> Dispute:
    """Uphold or reject a dispute, with the reason that the employer is told."""
    work.actor.require(Role.FINANCE_CLERK)
    dispute = work.session.get(Dispute, dispute_id, with_for_update=True)
    if dispute is None:
        raise NotFound("dispute.unknown", f"There is no dispute {dispute_id}.")
    if dispute.answered_at:
        raise Refused("dispute.answered", "This dispute was answered.", place=dispute_id)
    if decision not in {"upheld", "rejected"} or not text.strip():
        raise InvalidInput("dispute.answer", "An answer upholds or rejects, and says why.", place="answer")
    dispute.answer, dispute.answered_at, dispute.answered_by = decision, work.now(), work.actor.name
    dispute.answer_text_sealed = work.keys.seal(text, f"disputes.answer_text:{dispute_id}")
    work.session.flush()
    audit.record(work, f"dispute.{decision}", dispute_id)
    events.publish(work, f"dispute.{decision}", dispute_id, contribution=dispute.contribution_id)
    return dispute
