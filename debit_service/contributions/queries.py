"""Read contributions."""

from collections.abc import Sequence

from sqlalchemy import select

from debit_service.contributions.models import Contribution
from debit_service.core.errors import NotFound, Refused
from debit_service.core.work import Work


def get(work: Work, contribution_id: str) -> Contribution:
    """The contribution with this id or this reference. Raises NotFound; Refused to an employer that asks for another's.

    References are unique at one fund only: where two funds use the same, only the id names a contribution.
    """
    query = select(Contribution).where(
        (Contribution.id == contribution_id) | (Contribution.reference == contribution_id)
    )
    found = work.session.scalars(query.limit(2)).all()
    if not found:
        raise NotFound("contribution.unknown", f"There is no contribution {contribution_id}.")
    if len(found) > 1:
        raise Refused(
            "contribution.several", "Several funds use this reference.", remedy="Name the contribution by its id."
        )
    work.actor.require_employer(found[0].employer_id)
    return found[0]


def listed(work: Work, *, fund_id: str | None = None, employer_id: str | None = None) -> Sequence[Contribution]:
    """Contributions by fund, due date and reference; those of one fund or one employer where asked."""
    query = select(Contribution).order_by(Contribution.fund_id, Contribution.due_date, Contribution.reference)
    if fund_id:
        query = query.where(Contribution.fund_id == fund_id)
    if employer_id:
        query = query.where(Contribution.employer_id == employer_id)
    return work.session.scalars(query).all()
