"""Contest a debit, the reading of a return, or a penalty."""

from dataclasses import dataclass

from debit_service.contributions import queries as contributions
from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.work import Role, Work
from debit_service.disputes import queries, reference
from debit_service.disputes.models import Dispute
from debit_service.disputes.rules import Ground, Subject, Terms, body_for
from debit_service.disputes.service.documents import DOCUMENTS_MAX, attach
from debit_service.disputes.service.steps import step, tell, today, written


@dataclass(frozen=True, slots=True)
class Objection:
    """What is contested, on what ground, in the employer's words, with its documents (each a whole PDF, JPEG or PNG)."""

    subject: Subject
    text: str
    ground: Ground = Ground.OTHER
    documents: tuple[bytes, ...] = ()


def contest(work: Work, terms: Terms, objection: Objection) -> Dispute:
    """Open a dispute; the employer gets its reference and the day of the answer. What comes late is taken, and says so.

    Raises Refused `dispute.open_already`, InvalidInput `dispute.text`, `dispute.documents`, `scan.*`.
    """
    work.actor.require(Role.EMPLOYER, Role.FINANCE_CLERK)
    subject = objection.subject
    contribution = contributions.get(work, subject.contribution_id)
    text = written(objection.text, "what is wrong")
    if len(objection.documents) > DOCUMENTS_MAX:
        raise InvalidInput(
            "dispute.documents", f"At most {DOCUMENTS_MAX} documents.", place="documents", remedy="Put pages together."
        )
    if queries.open_about(work, subject.kind, subject.id):
        raise Refused(
            "dispute.open_already", "A dispute about this is open already.", remedy="Add to it, or wait for its answer."
        )
    dispute_id, opened_on = work.new_id(), today(work, terms)
    dispute = Dispute(
        id=dispute_id,
        reference=reference.fresh(),
        fund_id=contribution.fund_id,
        contribution_id=contribution.id,
        subject_kind=subject.kind.value,
        subject_id=subject.id,
        ground=objection.ground.value,
        body=body_for(subject.amount_minor, terms.fund.disputes.national_from_minor.value).value,
        opened_at=work.now(),
        opened_on=opened_on,
        opened_by=work.actor.name,
        late=terms.is_over(subject.contest_by, opened_on),
        text_sealed=work.keys.seal(text, f"disputes.text:{dispute_id}"),
        answer_by=terms.answer_by(opened_on),
    )
    work.session.add(dispute)
    work.session.flush()
    step(work, dispute, "received", "contested", about=subject.kind.value, ground=objection.ground.value)
    for content in objection.documents:
        attach(work, dispute_id, content)
    tell(work, terms, dispute, "received")
    return dispute
