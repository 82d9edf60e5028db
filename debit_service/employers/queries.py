"""Find employers; open their sealed names for those who may see them."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import select

from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.employers.models import Employer, Registration


def find(work: Work, fund_id: str, number: str) -> Employer | None:
    """The employer that `fund_id` knows as `number`."""
    query = select(Employer).join(Registration).where(Registration.fund_id == fund_id, Registration.number == number)
    return work.session.scalars(query).one_or_none()


def get(work: Work, employer_id: str) -> Employer:
    """The employer with this id, which must exist. Refused to an employer that asks for another."""
    work.actor.require_employer(employer_id)
    return work.session.get_one(Employer, employer_id)


def by_reference(work: Work, reference: str) -> Employer | None:
    """The employer with this number of its own."""
    return work.session.scalars(select(Employer).where(Employer.reference == reference)).one_or_none()


def by_references(work: Work, references: Collection[str]) -> Sequence[Employer]:
    """Those employers that have one of these numbers of their own."""
    return work.session.scalars(select(Employer).where(among(work.session, Employer.reference, references))).all()


def numbers_at(
    work: Work, fund_id: str, numbers: Collection[str], employer_ids: Collection[str]
) -> set[tuple[str, str]]:
    """(number, employer id) of each of `numbers` that a fund has given to somebody, and of each of these employers there."""
    found = set()
    # Each has an index of its own; one condition for both would use neither.
    for column, values in ((Registration.number, numbers), (Registration.employer_id, employer_ids)):
        query = select(Registration.number, Registration.employer_id)
        rows = work.session.execute(query.where(Registration.fund_id == fund_id, among(work.session, column, values)))
        found |= {(number, employer_id) for number, employer_id in rows}
    return found


def registrations(work: Work, employer_id: str) -> Sequence[Registration]:
    """At which funds, under which numbers."""
    query = select(Registration).where(Registration.employer_id == employer_id).order_by(Registration.fund_id)
    return work.session.scalars(query).all()


def of_each(work: Work, employer_ids: Iterable[str]) -> dict[str, Employer]:
    """Employers by their ids."""
    query = select(Employer).where(among(work.session, Employer.id, employer_ids))
    return {one.id: one for one in work.session.scalars(query)}


def numbers_of_each(work: Work, employer_ids: Iterable[str]) -> dict[tuple[str, str], str]:
    """(fund, employer) -> the number under which the fund knows it."""
    query = select(Registration.fund_id, Registration.employer_id, Registration.number)
    rows = work.session.execute(query.where(among(work.session, Registration.employer_id, employer_ids)))
    return {(fund_id, employer_id): number for fund_id, employer_id, number in rows}


def name(work: Work, employer: Employer) -> str:
    """The employer's name as registered, in its own script."""
    return work.keys.open(employer.name_sealed, f"employers.name:{employer.id}")


def email(work: Work, employer: Employer) -> str | None:
    """The address for notices, if it gave one."""
    if employer.email_sealed is None:
        return None
    return work.keys.open(employer.email_sealed, f"employers.email:{employer.id}")
