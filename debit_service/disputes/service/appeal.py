"""After the answer: the employer appeals, somebody else decides. Or the employer withdraws what it contested."""

from debit_service.core.errors import Refused
from debit_service.core.work import Role, Work
from debit_service.disputes import queries
from debit_service.disputes.models import Dispute
from debit_service.disputes.rules import Answer, Body, Matter, SubjectKind, Terms, standing
from debit_service.disputes.service.steps import check_own_work, keep_message, locked, step, tell, today, written


def appeal(work: Work, terms: Terms, dispute_id: str, text: str) -> Dispute:
    """Appeal against an answer that rejected something; the dispute is open again. Raises Refused `dispute.no_appeal`."""
    work.actor.require(Role.EMPLOYER, Role.FINANCE_CLERK)
    dispute = locked(work, dispute_id)
    on = today(work, terms)
    # A dispute about the same that was opened since is the one that goes on.
    other = queries.open_about(work, SubjectKind(dispute.subject_kind), dispute.subject_id)
    if not queries.may_appeal(dispute, terms, on) or other is not None:
        raise Refused(
            "dispute.no_appeal",
            "There is nothing to appeal against, or the time to appeal has passed.",
            place=dispute_id,
            remedy="The answer names the last day.",
        )
    why = written(text, "why you appeal")
    dispute.answer, dispute.appealed_on, dispute.decide_by = None, on, terms.answer_by(on)
    dispute.appeal_text_sealed = work.keys.seal(why, f"disputes.appeal_text:{dispute_id}")
    step(work, dispute, "appealed", "the employer appealed", decide_by=dispute.decide_by.isoformat())
    tell(work, terms, dispute, "appealed")
    return dispute


def decide(
    work: Work, terms: Terms, dispute_id: str, decision: Answer, body: Body, text: str, matter: Matter
) -> Dispute:
    """Record what a higher body decided, or decide in its place. Never the person who answered, who opened it for the employer,
    or whose own work it contests.

    Raises Refused `dispute.not_appealed`, `dispute.same_person`, `dispute.own_work`.
    """
    work.actor.require(Role.FINANCE_APPROVER)
    dispute = locked(work, dispute_id)
    if dispute.appealed_on is None or dispute.answer is not None:
        raise Refused("dispute.not_appealed", "No appeal waits for a decision.", place=dispute_id)
    if work.actor.name == dispute.answered_by:
        raise Refused(
            "dispute.same_person",
            "Who answered does not decide the appeal.",
            place=dispute_id,
            remedy="Another approver decides.",
        )
    check_own_work(work, dispute, matter)
    reasons = written(text, "why")
    dispute.answer, dispute.appeal_answer, dispute.deciding_body = standing(decision), decision.value, body.value
    dispute.decided_on, dispute.decided_by = today(work, terms), work.actor.name
    dispute.decision_text_sealed = work.keys.seal(reasons, f"disputes.decision_text:{dispute_id}")
    step(work, dispute, "decided", decision.value, answer=decision.value, body=body.value)
    tell(work, terms, dispute, "decided", reasons)
    return dispute


def withdraw(work: Work, terms: Terms, dispute_id: str, why: str = "") -> Dispute:
    """The employer no longer contests it. On appeal, the first answer stands again.

    A clerk who writes that down for the employer says why (how the employer said so), and the employer is told.
    """
    work.actor.require(Role.EMPLOYER, Role.FINANCE_CLERK)
    dispute = locked(work, dispute_id)
    if dispute.answer is not None:
        raise Refused("dispute.over", "This dispute is over.", place=dispute_id)
    if Role.EMPLOYER not in work.actor.roles:
        reason = written(why, "how the employer withdrew it")
        keep_message(work, dispute, "withdrawal", reason)
        tell(work, terms, dispute, "withdrawn", reason)
    dispute.answer = standing(Answer(dispute.first_answer)) if dispute.first_answer else "rejected"
    dispute.withdrawn_on = today(work, terms)
    dispute.stopped_on = dispute.reply_by = None
    step(work, dispute, "withdrawn", "the employer withdrew it")
    return dispute
