"""Read contributions."""

from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, Subquery, cast, exists, func, select

from debit_service.contributions.models import Contribution, ContributionCircumstances, OtherPayment
from debit_service.core.bulk import among
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


def by_reference(work: Work, fund_id: str, reference: str) -> Contribution | None:
    """The contribution that a fund knows under this reference."""
    query = select(Contribution).where(Contribution.fund_id == fund_id, Contribution.reference == reference)
    return work.session.scalars(query).one_or_none()


def listed(work: Work, *, fund_id: str | None = None, employer_id: str | None = None) -> Sequence[Contribution]:
    """Contributions by fund, due date and reference; those of one fund or one employer where asked."""
    query = select(Contribution).order_by(Contribution.fund_id, Contribution.due_date, Contribution.reference)
    if fund_id:
        query = query.where(Contribution.fund_id == fund_id)
    if employer_id:
        query = query.where(Contribution.employer_id == employer_id)
    return work.session.scalars(query).all()


def paid_otherwise() -> Subquery:
    """(contribution_id, paid_minor): what counts as paid by other means than a debit; a row only where anything does."""
    paid = cast(func.sum(OtherPayment.amount_minor), BigInteger).label("paid_minor")
    query = select(OtherPayment.contribution_id, paid).where(OtherPayment.undone_at.is_(None))
    return query.group_by(OtherPayment.contribution_id).subquery("paid_otherwise")


def paid_otherwise_minor(work: Work, contribution_id: str) -> int:
    """What counts as paid by other means for one contribution, minor units."""
    return sum(one.amount_minor for one in other_payments(work, contribution_id) if one.undone_at is None)


def paid_otherwise_of_each(work: Work, contribution_ids: Iterable[str]) -> dict[str, int]:
    """`paid_otherwise_minor` of many contributions; one for which nothing counts is left out."""
    paid = paid_otherwise()
    rows = work.session.execute(select(paid).where(among(work.session, paid.c.contribution_id, contribution_ids)))
    return {contribution_id: int(minor) for contribution_id, minor in rows}


def open_minor(work: Work, contribution_id: str) -> int:
    """What debits may take for a contribution: what is owed, less what was paid by other means; 0 when more was. Minor units."""
    owed = work.session.get_one(Contribution, contribution_id).amount_minor
    return max(owed - paid_otherwise_minor(work, contribution_id), 0)


def other_payments(work: Work, contribution_id: str) -> Sequence[OtherPayment]:
    """Every payment by other means for a contribution, also those that were undone, by day."""
    query = select(OtherPayment).where(OtherPayment.contribution_id == contribution_id)
    return work.session.scalars(query.order_by(OtherPayment.paid_on, OtherPayment.id)).all()


def other_payments_of_each(work: Work, contribution_ids: Iterable[str]) -> dict[str, list[OtherPayment]]:
    """Contribution -> the payments by other means that count for it, by day; one that has none is left out."""
    mine = among(work.session, OtherPayment.contribution_id, contribution_ids)
    query = select(OtherPayment).where(mine, OtherPayment.undone_at.is_(None))
    found: dict[str, list[OtherPayment]] = {}
    for one in work.session.scalars(query.order_by(OtherPayment.paid_on, OtherPayment.id)):
        found.setdefault(one.contribution_id, []).append(one)
    return found


def ids_with_other_payments(work: Work, contribution_ids: Iterable[str]) -> set[str]:
    """Those of these contributions for which a payment by other means was ever recorded."""
    query = select(OtherPayment.contribution_id).where(
        among(work.session, OtherPayment.contribution_id, contribution_ids)
    )
    return set(work.session.scalars(query))


def with_other_payments(work: Work) -> Sequence[Contribution]:
    """The contributions for which a payment by other means was ever recorded, by fund and reference."""
    paid = exists().where(OtherPayment.contribution_id == Contribution.id)
    query = select(Contribution).where(paid).order_by(Contribution.fund_id, Contribution.reference)
    return work.session.scalars(query).all()


def circumstances_of_each(work: Work, contribution_ids: Iterable[str]) -> dict[str, ContributionCircumstances]:
    """Contribution -> the newest statement about its circumstances; one about which nothing was said is left out."""
    said = ContributionCircumstances
    newest = (
        select(said.contribution_id, func.max(said.number).label("number"))
        .where(among(work.session, said.contribution_id, contribution_ids))
        .group_by(said.contribution_id)
        .subquery()
    )
    is_newest = (said.contribution_id == newest.c.contribution_id) & (said.number == newest.c.number)
    query = select(said).join(newest, is_newest)
    return {one.contribution_id: one for one in work.session.scalars(query)}


def statements_about(work: Work, contribution_id: str) -> Sequence[ContributionCircumstances]:
    """Everything that was said of the circumstances of a contribution, oldest first: the last counts."""
    said = ContributionCircumstances
    query = select(said).where(said.contribution_id == contribution_id)
    return work.session.scalars(query.order_by(said.number)).all()
