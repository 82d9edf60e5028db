"""Take in mandates that exist already, from a file: every line is answered for, and a dry run says what would happen."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256
from itertools import islice
from typing import Literal

from pydantic import BaseModel, ConfigDict, field_validator

from debit_service.core import audit
from debit_service.core.accounts import AccountNumber, AccountScheme, parse_account
from debit_service.core.clock import business_date
from debit_service.core.errors import DebitError, InvalidInput
from debit_service.core.money import parse_minor
from debit_service.core.rows import BadLine, GoodLine, read_rows
from debit_service.core.work import Role, Work
from debit_service.employers.models import Employer
from debit_service.employers.service import newcomer
from debit_service.funds.profile import Fund
from debit_service.funds.queries import Funds
from debit_service.mandates.admission import References
from debit_service.mandates.authority import check_proxy
from debit_service.mandates.intake import Additions, Standing, Wanted, additions, look_up
from debit_service.mandates.service import SignedForm, Step, first_steps

#: Lines that are looked up and written together.
CHUNK_LINES = 2_000
_EMAIL = re.compile(r"[^@\s\[\]<>(),;:\\\"]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")


class MandateRow(BaseModel):
    """One line of a file of existing mandates. `evidence` names the bank's acceptance (stamped form, message), with its date."""

    model_config = ConfigDict(extra="forbid")

    fund: str
    registration_number: str
    employer_reference: str
    employer_name: str
    language: Literal["ar", "fr", "en"] = "fr"
    email: str | None = None
    account_scheme: AccountScheme
    account: str
    signer_name: str
    signer_capacity: str
    signed_on: date
    reference: str | None = None
    amount_limit: str | None = None
    accepted_on: date | None = None
    evidence: str | None = None

    @field_validator("email")
    @classmethod
    def _an_address(cls, email: str | None) -> str | None:
        if email is not None and not _EMAIL.fullmatch(email):
            raise InvalidInput("employer.email", "This is no e-mail address.")
        return email


class Outcome(StrEnum):
    """What becomes of a line. `ACCEPTED`: the bank's acceptance is taken in, with a mandate that is new or stood already."""

    MADE = "made"
    ACCEPTED = "accepted"
    STANDS = "stands"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one line, or would become of it; `code` and `message` say what is wrong, and the remedy."""

    line: int
    outcome: Outcome
    fund: str | None = None
    reference: str | None = None
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """The answer to every line of a file, in its order."""

    answers: Sequence[Answer]

    @property
    def good(self) -> int:
        """How many lines can be taken."""
        return len(self.answers) - len(self.bad)

    @property
    def bad(self) -> list[Answer]:
        """The lines that cannot be taken."""
        return [answer for answer in self.answers if answer.outcome is Outcome.BAD]

    @property
    def totals(self) -> dict[str, dict[str, int]]:
        """How many lines of each outcome, by fund; a line that could not be read is of none: `?`."""
        counted = Counter((answer.fund or "?", answer.outcome.value) for answer in self.answers)
        funds = sorted({fund for fund, _ in counted})
        return {fund: {outcome: n for (of, outcome), n in sorted(counted.items()) if of == fund} for fund in funds}


def import_rows(work: Work, funds: Funds, content: bytes) -> Imported:
    """Take in existing mandates; every line is answered for, and a bad one takes nobody else with it.

    A line that stands already (same fund, employer, account) changes nothing. The caller decides whether bad lines stop the whole
    file, or whether it was a trial: nothing is committed here.
    """
    work.actor.require(Role.FINANCE_CLERK)
    lines = read_rows(content, MandateRow)
    answers: list[Answer] = []
    references: dict[str, References] = {}
    while chunk := list(islice(lines, CHUNK_LINES)):
        answers += _take_chunk(work, funds, chunk, references)
    imported = Imported(answers)
    audit.record(work, "mandates.imported", sha256(content).hexdigest(), made=imported.good, bad=len(imported.bad))
    return imported


def _take_chunk(
    work: Work, funds: Funds, lines: Sequence[GoodLine[MandateRow] | BadLine], references: dict[str, References]
) -> list[Answer]:
    wanted = [
        Wanted(funds.get(one.row.fund), one.row.registration_number, one.row.employer_reference)
        for one in lines
        if isinstance(one, GoodLine) and one.row.fund in funds.funds
    ]
    added = additions(work, look_up(work, wanted, references), len(wanted))
    answers = [_answer(added, funds, line) for line in lines]
    added.write()
    return answers


def _answer(added: Additions, funds: Funds, line: GoodLine[MandateRow] | BadLine) -> Answer:
    if isinstance(line, BadLine):
        return Answer(line.line, Outcome.BAD, code=line.code, message=line.message)
    try:
        mandate, outcome = _take(added, funds.get(line.row.fund), line.row)
    except DebitError as error:
        return Answer(line.line, Outcome.BAD, line.row.fund, line.row.reference, error.code, error.told())
    return Answer(line.line, outcome, line.row.fund, mandate.reference)


def _take(added: Additions, fund: Fund, row: MandateRow) -> tuple[Standing, Outcome]:
    """Everything that may refuse the line comes before the first thing that it adds."""
    work, known = added.work, added.known
    employer = known.employers.get(row.employer_reference) or newcomer(
        work,
        next(added.ids),
        reference=row.employer_reference,
        name=row.employer_name,
        language=row.language,
        email=row.email,
    )
    known.check_number(fund, row.registration_number, employer)
    account = parse_account(row.account, row.account_scheme)
    index = work.keys.index(account.value, "account")
    standing = known.standing.get((fund.id, employer.id))
    if standing and standing.account_index == index:
        accepted = _acceptance(work, fund, standing.state, row)
        if accepted and standing.kept:
            check_proxy(work, standing.kept)
        added.employer(fund, row.registration_number, employer)
        added.steps(standing, accepted)
        return standing, Outcome.ACCEPTED if accepted else Outcome.STANDS
    form = _form(fund, employer, account, row)
    known.check(work, form, fund, index, row.reference)
    form_id = next(added.ids)
    signed = first_steps(form, form_id, fund)
    accepted = _acceptance(work, fund, signed[-1].to_state, row)
    added.employer(fund, row.registration_number, employer)
    made = added.mandate(form_id, form, fund, row.reference)
    added.steps(made, [*signed, *accepted])
    return made, Outcome.ACCEPTED if accepted else Outcome.MADE


def _form(fund: Fund, employer: Employer, account: AccountNumber, row: MandateRow) -> SignedForm:
    return SignedForm(
        employer=employer,
        account=account,
        debtor_name=row.employer_name,
        signer_name=row.signer_name,
        signer_capacity=row.signer_capacity,
        signed_on=row.signed_on,
        how="import",
        amount_limit_minor=parse_minor(row.amount_limit, fund.currency) if row.amount_limit else None,
    )


def _acceptance(work: Work, fund: Fund, state: str | None, row: MandateRow) -> list[Step]:
    """What the line says about the employer's bank that is new; a mandate that is active already stays as it is."""
    if not row.accepted_on or state not in ("signed", "lodged_at_bank"):
        return []
    if not row.evidence:
        raise InvalidInput(
            "mandate.no_evidence", "A mandate that the bank accepted needs the evidence of that.", place="evidence"
        )
    if row.accepted_on > business_date(work.clock, fund.time_zone):
        raise InvalidInput(
            "mandate.accepted_in_future", "The day of the bank's acceptance lies in the future.", place="accepted_on"
        )
    document = {"document": row.evidence}
    lodged = Step("lodged_at_bank", "lodged before it was imported", document)
    accepted = Step("active", f"accepted by the bank on {row.accepted_on.isoformat()}", document)
    return [lodged, accepted] if state == "signed" else [accepted]
