"""Register an employer, and its number at a fund."""

from debit_service.core import audit
from debit_service.core.errors import Refused
from debit_service.core.work import Work
from debit_service.employers import queries
from debit_service.employers.models import Employer, Registration


def register(work: Work, *, reference: str, name: str, language: str = "fr", email: str | None = None) -> Employer:
    """A new employer; `reference` is the number that the whole house knows it by (NIF, ICE, ...), unique."""
    employer_id = work.new_id()
    employer = Employer(
        id=employer_id,
        reference=reference,
        name_sealed=work.keys.seal(name, f"employers.name:{employer_id}"),
        email_sealed=work.keys.seal(email, f"employers.email:{employer_id}") if email else None,
        language=language,
        created_at=work.now(),
    )
    work.session.add(employer)
    work.session.flush()
    audit.record(work, "employer.registered", employer_id, reference=reference)
    return employer


def enrol(work: Work, employer: Employer, fund_id: str, number: str) -> None:
    """Give an employer its number at a fund. The same again changes nothing; another number, or another's number, is refused."""
    holder = queries.find(work, fund_id, number)
    if holder and holder.id == employer.id:
        return
    if holder:
        raise Refused("employer.number_taken", f"{fund_id} number {number} belongs to another employer.")
    if any(registration.fund_id == fund_id for registration in queries.registrations(work, employer.id)):
        raise Refused("employer.has_number", f"This employer has another number at {fund_id} already.")
    work.session.add(Registration(id=work.new_id(), fund_id=fund_id, number=number, employer_id=employer.id))
    work.session.flush()
    audit.record(work, "employer.enrolled", employer.id, fund=fund_id, number=number)
