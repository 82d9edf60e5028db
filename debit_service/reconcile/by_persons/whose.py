"""Whose money is owed back from a bank entry: of the employer whose contributions the same decision let the entry pay."""

from sqlalchemy import Subquery, case, func, select
from sqlalchemy.orm import aliased

from debit_service.contributions.models import Contribution
from debit_service.reconcile.by_persons.standing import Purpose
from debit_service.reconcile.models import Resolution, ResolutionPart


def owed_back_to() -> Subquery:
    """(entry_id, contribution_id, reference, employer_id, fund_id): entries of which a part is owed back to one employer, with
    one of the contributions that the same decision pays.

    An entry is left out where a decision to give back names nobody, or pays a penalty too, or where several are named: nobody
    knows whose that is. A decision that was undone counts with them: what was paid out by it may have been another's.
    """
    back, paid = aliased(ResolutionPart), aliased(ResolutionPart)
    is_paid = (paid.resolution_id == back.resolution_id) & paid.purpose.in_(
        (Purpose.CONTRIBUTION.value, Purpose.SURCHARGE.value)
    )
    one = (
        select(
            Resolution.entry_id,
            func.min(Contribution.id).label("contribution_id"),
            func.min(Contribution.employer_id).label("employer_id"),
            func.min(Contribution.fund_id).label("fund_id"),
        )
        .select_from(back)
        .join(Resolution, Resolution.id == back.resolution_id)
        .outerjoin(paid, is_paid)
        .outerjoin(Contribution, Contribution.id == paid.contribution_id)
        .where(back.purpose == Purpose.REFUND.value)
        .group_by(Resolution.entry_id)
        .having(
            func.count(Contribution.employer_id.distinct()) == 1,
            func.sum(case((Contribution.id.is_(None), 1), else_=0)) == 0,
            func.sum(case((back.stands, 1), else_=0)) > 0,
        )
        .subquery()
    )
    query = select(one, Contribution.reference).join(Contribution, Contribution.id == one.c.contribution_id)
    return query.subquery("owed_back_to")
