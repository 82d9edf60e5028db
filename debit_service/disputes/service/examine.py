"""A clerk examines a dispute: takes it over, asks the employer, answers with reasons."""

from datetime import date

from debit_service.core import audit
from debit_service.core.errors import Refused
from debit_service.core.work import Role, Work
from debit_service.disputes import queries
from debit_service.disputes.models import Dispute
from debit_service.disputes.rules import Answer, Matter, Terms, standing
from debit_service.disputes.service.steps import check_own_work, keep_message, locked, step, tell, today, written


def take(work: Work, dispute_id: str) -> Dispute:
    """Take an open dispute over: it is this clerk's from now on, also where another one had it."""
    work.actor.require(Role.FINANCE_CLERK)
    dispute = locked(work, dispute_id)
    _check_waits(dispute)
    _take(work, dispute)
    return dispute


def ask(work: Work, terms: Terms, dispute_id: str, text: str) -> Dispute:
    """Ask the employer for information. The time of the fund stands still until the reply, or until the reply is overdue."""
    work.actor.require(Role.FINANCE_CLERK)
    dispute = locked(work, dispute_id)
    _check_waits(dispute)
    question = written(text, "what is wanted")
    _take(work, dispute)
    asked_on = today(work, terms)
    dispute.stopped_on, dispute.reply_by = asked_on, terms.reply_by(asked_on)
    keep_message(work, dispute, "question", question)
    step(work, dispute, "asked", "information wanted", reply_by=dispute.reply_by.isoformat())
    tell(work, terms, dispute, "asked", question)
    return dispute


def reply(work: Work, terms: Terms, dispute_id: str, text: str) -> Dispute:
    """The employer replies; the time of the fund goes on with the days that it had left."""
    work.actor.require(Role.EMPLOYER, Role.FINANCE_CLERK)
    dispute = locked(work, dispute_id)
    if dispute.stopped_on is None:
        raise Refused("dispute.not_asked", "No question is open about this dispute.", place=dispute_id)
    keep_message(work, dispute, "reply", written(text, "what you know"))
    resume(work, terms, dispute, dispute.stopped_on, "the employer replied")
    return dispute


def resume(work: Work, terms: Terms, dispute: Dispute, stopped_on: date, why: str) -> None:
    """Let the time of the fund go on: the deadline moves by the days on which it stood still."""
    on = today(work, terms)
    dispute.answer_by = terms.days.resumed(dispute.answer_by, stopped_on, on)
    dispute.stopped_on = dispute.reply_by = None
    step(
        work,
        dispute,
        "in_examination",
        why,
        answer_by=dispute.answer_by.isoformat(),
        stood_still=(on - stopped_on).days,
    )


def answer(work: Work, terms: Terms, dispute_id: str, decision: Answer, text: str, matter: Matter) -> Dispute:
    """Uphold a dispute, in whole or in part, or reject it, with the reasons that the employer is told. Once only.

    What was received is taken over, and a question that is open is given up, in the same step. Nobody answers what they opened
    for an employer, or what contests their own work. Raises Refused `dispute.own_work`, `dispute.needs_an_approver`.
    """
    work.actor.require(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
    dispute = locked(work, dispute_id)
    _check_waits(dispute, asked_too=True)
    check_own_work(work, dispute, matter)
    if terms.needs_an_approver(decision, matter) and Role.FINANCE_APPROVER not in work.actor.roles:
        raise Refused(
            "dispute.needs_an_approver",
            "More hangs on this answer than a clerk alone may give up.",
            place=dispute_id,
            remedy="Have an approver answer.",
        )
    reasons = written(text, "why")
    if dispute.stopped_on is not None:
        resume(work, terms, dispute, dispute.stopped_on, "answered without the reply")
    _take(work, dispute)
    answered_on = today(work, terms)
    dispute.answer, dispute.first_answer = standing(decision), decision.value
    dispute.answered_at, dispute.answered_on, dispute.answered_by = work.now(), answered_on, work.actor.name
    dispute.appeal_by = None if decision is Answer.UPHELD else terms.appeal_by(answered_on)
    dispute.answer_text_sealed = work.keys.seal(reasons, f"disputes.answer_text:{dispute_id}")
    step(work, dispute, "answered", decision.value, answer=decision.value, in_time=answered_on <= dispute.answer_by)
    tell(work, terms, dispute, "answered", reasons)
    return dispute


def _check_waits(dispute: Dispute, *, asked_too: bool = False) -> None:
    if dispute.first_answer is not None:
        raise Refused("dispute.answered", "This dispute was answered.", place=dispute.id)
    if dispute.answer is not None:
        raise Refused("dispute.over", "The employer withdrew this dispute.", place=dispute.id)
    if dispute.stopped_on is not None and not asked_too:
        raise Refused(
            "dispute.asked", "A question to the employer is open.", place=dispute.id, remedy="Wait, or answer."
        )


def _take(work: Work, dispute: Dispute) -> None:
    if queries.state(work, dispute.id) == "received":
        step(work, dispute, "in_examination", "taken over")
    if dispute.assigned_to != work.actor.name:
        audit.record(work, "dispute.taken", dispute.id, before=dispute.assigned_to)
        dispute.assigned_to = work.actor.name
