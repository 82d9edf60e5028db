"""A form that was signed on paper: entered by the fund's desk or a proximity office, and kept with its scan."""

from collections.abc import Sequence

from debit_service.core.errors import InvalidInput
from debit_service.core.work import Role, Work
from debit_service.employers import queries as employers
from debit_service.employers.models import Employer
from debit_service.funds.profile import Fund
from debit_service.mandates.documents import DocumentKind, attach
from debit_service.mandates.drafts import sign_draft
from debit_service.mandates.models import Mandate, MandateDraft
from debit_service.mandates.service import SignedForm


def employer_known_as(work: Work, funds: Sequence[Fund], number: str) -> Employer:
    """The employer that at least one of `funds` knows as `number`. Raises InvalidInput when there is none, or not only one."""
    found = {employer.id: employer for fund in funds if (employer := employers.find(work, fund.id, number))}
    if not found:
        raise InvalidInput(
            "employer.unknown",
            "No fund on this form knows an employer with this number.",
            place="registration_number",
            remedy="Compare the number with the paper, or enrol the employer first.",
        )
    if len(found) > 1:
        raise InvalidInput(
            "employer.several",
            "This number belongs to different employers at these funds.",
            place="registration_number",
            remedy="Enter the funds one by one.",
        )
    return next(iter(found.values()))


def enter(
    work: Work, form: SignedForm, funds: list[Fund], scan: bytes, draft: MandateDraft | None = None
) -> list[Mandate]:
    """One mandate for each fund on the paper, and the scan with all of them; the draft that was printed is closed.

    `form` says what the paper says, also where a hand corrected what was printed. What is refused leaves nothing.
    """
    work.actor.require(Role.FINANCE_CLERK, Role.MANDATE_AGENT)
    made = sign_draft(work, form, funds, draft)
    attach(work, made[0], DocumentKind.SIGNED_FORM, scan)
    return made
