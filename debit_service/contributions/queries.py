"""Read contributions."""

from collections.abc import Sequence

from sqlalchemy import select

from debit_service.contributions.models import Contribution
from debit_service.core.errors import NotFound
from debit_service.core.work import Work


def get(work: Work, contribution_id: str) -> Contribution:
    """The contribution with this id or this reference. Raises NotFound, also for an employer that asks for another's."""
    query = select(Contribution).where(
        (Contribution.id == contribution_id) | (Contribution.reference == contribution_id)
    )
    contribution = work.session.scalars(query).one_or_none()
    if contribution is None:
        raise NotFound("contribution.unknown", f"There is no contribution {contribution_id}.")
    work.actor.require_employer(contribution.employer_id)
    return contribution


def listed(work: Work, *, fund_id: str | None = None, employer_id: str | None = None) -> Sequence[Contribution]:
    """Contributions by fund, due date and reference; those of one fund or one employer where asked."""
    query = select(Contribution).order_by(Contribution.fund_id, Contribution.due_date, Contribution.reference)
    if fund_id:
        query = query.where(Contribution.fund_id == fund_id)
    if employer_id:
        query = query.where(Contribution.employer_id == employer_id)
    return work.session.scalars(query).all()
