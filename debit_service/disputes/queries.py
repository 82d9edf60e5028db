"""Read disputes."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.disputes.models import Dispute


def open_for(work: Work, contribution_id: str) -> Dispute | None:
    """The open dispute about a contribution."""
    query = select(Dispute).where(Dispute.contribution_id == contribution_id, Dispute.answered_at.is_(None))
    return work.session.scalars(query).one_or_none()


def against_debit(work: Work, contribution_id: str) -> str | None:
    """Why a dispute keeps a contribution from being debited: it is open, or the fund upheld it; None when nothing does."""
    return _reason([dispute.answer for dispute in of_contribution(work, contribution_id)])


def _reason(answers: Sequence[str | None]) -> str | None:
    if None in answers:
        return "the employer contests it: a dispute is open"
    return "a dispute about it was upheld" if "upheld" in answers else None


def against_debits(work: Work, contribution_ids: Iterable[str]) -> dict[str, str]:
    """`against_debit` of many contributions: those that a dispute keeps from being debited, each with the reason."""
    query = select(Dispute.contribution_id, Dispute.answer).where(
        Dispute.answer.is_(None) | (Dispute.answer == "upheld"),
        among(work.session, Dispute.contribution_id, contribution_ids),
    )
    answers: dict[str, list[str | None]] = {}
    for contribution_id, answer in work.session.execute(query):
        answers.setdefault(contribution_id, []).append(answer)
    return {one: reason for one, given in answers.items() if (reason := _reason(given))}


def of_contribution(work: Work, contribution_id: str) -> Sequence[Dispute]:
    """Every dispute about a contribution, oldest first."""
    return work.session.scalars(
        select(Dispute).where(Dispute.contribution_id == contribution_id).order_by(Dispute.id)
    ).all()


def waiting(work: Work) -> Sequence[Dispute]:
    """Disputes without an answer, the most urgent first."""
    return work.session.scalars(select(Dispute).where(Dispute.answered_at.is_(None)).order_by(Dispute.answer_by)).all()


def text(work: Work, dispute: Dispute) -> str:
    """What the employer wrote."""
    return work.keys.open(dispute.text_sealed, f"disputes.text:{dispute.id}")
