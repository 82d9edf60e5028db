"""Register an employer, and its number at a fund."""

from collections.abc import Collection, Sequence
from operator import attrgetter
from typing import NamedTuple

from debit_service.core import audit
from debit_service.core.bulk import insert_rows
from debit_service.core.errors import Refused
from debit_service.core.work import Work
from debit_service.employers import queries
from debit_service.employers.models import Employer, Registration

_EMPLOYER = ("id", "reference", "name_sealed", "email_sealed", "language", "created_at")


class Enrolment(NamedTuple):
    """The columns of a `Registration`."""

    id: str
    fund_id: str
    number: str
    employer_id: str


def register(work: Work, *, reference: str, name: str, language: str = "fr", email: str | None = None) -> Employer:
    """A new employer; `reference` is the number that the whole house knows it by (NIF, ICE, ...), unique."""
    employer = newcomer(work, work.new_id(), reference=reference, name=name, language=language, email=email)
    work.session.add(employer)
    work.session.flush()
    audit.record(work, "employer.registered", employer.id, reference=reference)
    return employer


def newcomer(
    work: Work, employer_id: str, *, reference: str, name: str, language: str = "fr", email: str | None = None
) -> Employer:
    """An employer as it would be registered; nothing is kept yet."""
    return Employer(
        id=employer_id,
        reference=reference,
        name_sealed=work.keys.seal(name, f"employers.name:{employer_id}"),
        email_sealed=work.keys.seal(email, f"employers.email:{employer_id}") if email else None,
        language=language,
        created_at=work.now(),
    )


def enrol(work: Work, employer: Employer, fund_id: str, number: str) -> None:
    """Give an employer its number at a fund. The same again changes nothing; another number, or another's number, is refused."""
    holder = queries.find(work, fund_id, number)
    numbers = [one.number for one in queries.registrations(work, employer.id) if one.fund_id == fund_id]
    if not is_new_number(fund_id, number, employer.id, holder=holder.id if holder else None, numbers=numbers):
        return
    work.session.add(Registration(id=work.new_id(), fund_id=fund_id, number=number, employer_id=employer.id))
    work.session.flush()
    audit.record(work, "employer.enrolled", employer.id, fund=fund_id, number=number)


def is_new_number(fund_id: str, number: str, employer_id: str, *, holder: str | None, numbers: Collection[str]) -> bool:
    """Whether an employer gets `number` only now, where `holder` has it and its own `numbers` at the fund are these.

    Raises Refused when the number is another employer's, or when the employer has another one.
    """
    if holder == employer_id:
        return False
    if holder:
        raise Refused("employer.number_taken", f"{fund_id} number {number} belongs to another employer.")
    if numbers:
        raise Refused("employer.has_number", f"This employer has another number at {fund_id} already.")
    return True


def take_in(work: Work, newcomers: Sequence[Employer], enrolments: Sequence[Enrolment]) -> None:
    """`register` and `enrol` many at once; that each is new was decided before."""
    insert_rows(work.session, Employer, _EMPLOYER, map(attrgetter(*_EMPLOYER), newcomers))
    insert_rows(work.session, Registration, Enrolment._fields, enrolments)
    audit.record_all(work, "employer.registered", [(one.id, {"reference": one.reference}) for one in newcomers])
    audit.record_all(
        work,
        "employer.enrolled",
        [(one.employer_id, {"fund": one.fund_id, "number": one.number}) for one in enrolments],
    )
