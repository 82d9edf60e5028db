"""Use cases of mandates: sign a form, lodge, accept, suspend, revoke; take in existing mandates from a file."""

import json
import re
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, field_validator
from sqlalchemy import func, select

from debit_service.core import audit, events
from debit_service.core.accounts import AccountNumber, AccountScheme, parse_account
from debit_service.core.clock import business_date
from debit_service.core.errors import DebitError, InvalidInput, NotFound, Refused
from debit_service.core.money import parse_minor
from debit_service.core.rows import BadLine, read_rows
from debit_service.core.state import move
from debit_service.core.work import Role, Work
from debit_service.employers import queries as employer_queries
from debit_service.employers.models import Employer
from debit_service.employers.service import enrol, register
from debit_service.funds.profile import Fund
from debit_service.funds.queries import Funds
from debit_service.iso20022.charset import check_reference
from debit_service.mandates import queries, rules
from debit_service.mandates.models import Mandate, MandateForm, MandateTransition

REFERENCE_LENGTH_MAX = 35
_EMAIL = re.compile(r"[^@\s\[\]<>(),;:\\\"]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")


@dataclass(frozen=True, slots=True)
class SignedForm:
    """What the employer signed. `amount_limit_minor` is the most that one debit may take, where the employer set one.

    `consent` is the text that the signer read and accepted on a page, in `language`.
    """

    employer: Employer
    account: AccountNumber
    debtor_name: str
    signer_name: str
    signer_capacity: str
    signed_on: date
    how: str
    amount_limit_minor: int | None = None
    consent: str | None = None
    language: str | None = None


def sign(work: Work, form: SignedForm, funds: list[Fund], *, references: dict[str, str] | None = None) -> list[Mandate]:
    """One signature, one mandate for each of `funds`; each starts `signed`, and a CORE mandate is `active` at once.

    `references` gives the unique mandate reference by fund where it exists already (migration). Raises Refused when the employer
    has a live mandate at one of the funds, InvalidInput when a fund does not take this kind of account.
    """
    work.actor.require(Role.EMPLOYER, Role.FINANCE_CLERK)
    work.actor.require_employer(form.employer.id)
    if form.amount_limit_minor is not None and form.amount_limit_minor <= 0:
        raise InvalidInput("mandate.amount_limit", "A limit is more than zero.", place="amount_limit")
    if form.signed_on > max(business_date(work.clock, fund.time_zone) for fund in funds):
        raise InvalidInput("mandate.signed_in_future", "The date of signature lies in the future.", place="signed_on")
    content = _form_content(form, funds)
    form_id = work.new_id()
    work.session.add(
        MandateForm(
            id=form_id,
            employer_id=form.employer.id,
            how=form.how,
            signed_on=form.signed_on,
            content_sealed=work.keys.seal(content, f"mandate_forms.content:{form_id}"),
            sha256=sha256(content).hexdigest(),
            received_at=work.now(),
            entered_by=work.actor.name,
        )
    )
    work.session.flush()
    return [_mandate(work, form, form_id, fund, (references or {}).get(fund.id)) for fund in funds]


def _mandate(work: Work, form: SignedForm, form_id: str, fund: Fund, reference: str | None) -> Mandate:
    number = _check_allowed(work, form, fund)
    mandate_id = work.new_id()
    mandate = Mandate(
        id=mandate_id,
        form_id=form_id,
        fund_id=fund.id,
        employer_id=form.employer.id,
        reference=_reference(work, fund, number, reference),
        creditor_identifier=fund.creditor.identifier.value,
        scheme=fund.scheme.value,
        signed_on=form.signed_on,
        account_scheme=form.account.scheme.value,
        account_sealed=work.keys.seal(form.account.value, f"mandates.account:{mandate_id}"),
        account_index=work.keys.index(form.account.value, "account"),
        debtor_name_sealed=work.keys.seal(form.debtor_name, f"mandates.debtor_name:{mandate_id}"),
        amount_limit_minor=form.amount_limit_minor,
        live=True,
        created_at=work.now(),
    )
    work.session.add(mandate)
    work.session.flush()
    change(work, mandate, "signed", f"signed by {form.how}", {"form": form_id})
    if not fund.mandate_path.needs_bank_acceptance.value:
        change(work, mandate, "active", "a CORE mandate is active once signed", {"form": form_id})
    return mandate


def _reference(work: Work, fund: Fund, number: str, given: str | None) -> str:
    """The reference that the mandate has already, checked and never altered; else a fresh one of the fund's."""
    known = select(Mandate.reference).where(Mandate.fund_id == fund.id)
    if given is None:
        stem = rules.reference_stem(fund.id, number)
        return rules.next_reference(
            fund.id, number, work.session.scalars(known.where(Mandate.reference.startswith(stem))).all()
        )
    check_reference(given, REFERENCE_LENGTH_MAX, "reference")
    # Banks compare references without regard to case (facts 1.2).
    if work.session.scalars(known.where(func.upper(Mandate.reference) == given.upper())).first():
        raise Refused(
            "mandate.reference_taken", f"{fund.id} has another mandate with this reference.", place="reference"
        )
    return given


def _check_allowed(work: Work, form: SignedForm, fund: Fund) -> str:
    """Refuse what this fund cannot debit; returns the employer's number at the fund."""
    if form.account.scheme not in fund.debtor_account_schemes:
        accepted = ", ".join(fund.debtor_account_schemes)
        raise InvalidInput(
            "mandate.account_scheme", f"{fund.id} debits accounts given as: {accepted}.", place="account_scheme"
        )
    numbers = [one.number for one in employer_queries.registrations(work, form.employer.id) if one.fund_id == fund.id]
    if not numbers:
        raise Refused(
            "mandate.not_registered",
            f"This employer has no number at {fund.id}.",
            remedy=f"Enrol it at {fund.id} first.",
        )
    query = select(Mandate.reference).where(
        Mandate.fund_id == fund.id, Mandate.employer_id == form.employer.id, Mandate.live
    )
    if reference := work.session.scalars(query).one_or_none():
        raise Refused(
            "mandate.live_already",
            f"This employer has a mandate at {fund.id} already: {reference}.",
            remedy="Revoke it first, or leave this fund out of the form.",
        )
    return numbers[0]


def _form_content(form: SignedForm, funds: list[Fund]) -> bytes:
    content: dict[str, Any] = {
        "version": 1,
        "employer": form.employer.reference,
        "debtor_name": form.debtor_name,
        "account_scheme": form.account.scheme.value,
        "account": form.account.value,
        "creditors": [{"fund": fund.id, "identifier": fund.creditor.identifier.value} for fund in funds],
        "signer_name": form.signer_name,
        "signer_capacity": form.signer_capacity,
        "signed_on": form.signed_on.isoformat(),
        "how": form.how,
        "amount_limit_minor": form.amount_limit_minor,
        "consent": form.consent,
        "language": form.language,
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1).encode()


def change(work: Work, mandate: Mandate, to_state: str, why: str, evidence: dict[str, Any] | None = None) -> None:
    """Move a mandate to another state of its life; `live` follows."""
    move(work, MandateTransition, rules.MACHINE, mandate.id, to_state, why, evidence)
    mandate.live = to_state in rules.LIVE_STATES
    work.session.flush()
    audit.record(work, f"mandate.{to_state}", mandate.id, why=why, evidence=evidence or {})
    events.publish(work, f"mandate.{to_state}", mandate.id, fund=mandate.fund_id, reference=mandate.reference)


def lodge(work: Work, mandate: Mandate, why: str, evidence: str) -> None:
    """The signed form was handed to the employer's bank."""
    work.actor.require(Role.FINANCE_CLERK)
    change(work, mandate, "lodged_at_bank", why, {"document": evidence})


def accept(work: Work, mandate: Mandate, why: str, evidence: str) -> None:
    """The employer's bank accepted the authorisation; `evidence` names the stamped form or the bank's message."""
    work.actor.require(Role.FINANCE_CLERK)
    if queries.state(work, mandate.id) != "lodged_at_bank":
        raise Refused(
            "mandate.not_lodged",
            "Only a mandate that was lodged at the bank can be accepted by it.",
            place=mandate.reference,
        )
    change(work, mandate, "active", why, {"document": evidence})


def refuse(work: Work, mandate: Mandate, why: str, evidence: str) -> None:
    """The employer's bank refused the authorisation; the employer may sign another."""
    work.actor.require(Role.FINANCE_CLERK)
    change(work, mandate, "refused_by_bank", why, {"document": evidence})


def revoke(work: Work, mandate: Mandate, why: str, *, evidence: str | None = None) -> None:
    """The employer, or its bank, withdrew the authorisation. Collections that are not sent yet will not be."""
    work.actor.require(Role.EMPLOYER, Role.FINANCE_CLERK)
    work.actor.require_employer(mandate.employer_id)
    change(work, mandate, "revoked", why, {"document": evidence} if evidence else None)


def get(work: Work, mandate_id: str) -> Mandate:
    """The mandate with this id, or with this reference. Raises NotFound, or InvalidInput where two funds use the reference."""
    query = select(Mandate).where((Mandate.id == mandate_id) | (Mandate.reference == mandate_id)).limit(2)
    found = list(work.session.scalars(query))
    if not found:
        raise NotFound("mandate.unknown", f"There is no mandate {mandate_id}.")
    if len(found) > 1:
        raise InvalidInput(
            "mandate.ambiguous",
            f"Two funds have a mandate with the reference {mandate_id}.",
            remedy="Name it by its id: " + ", ".join(f"{one.id} ({one.fund_id})" for one in found) + ".",
        )
    mandate = found[0]
    work.actor.require_employer(mandate.employer_id)
    return mandate


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


def import_rows(work: Work, funds: Funds, content: bytes) -> tuple[int, list[BadLine]]:
    """Take in existing mandates; returns how many were made and the lines that were not, each with its reason.

    A line that stands already (same fund, employer, account) is counted as made and changes nothing. The caller decides whether
    bad lines stop the whole file: nothing is committed here.
    """
    work.actor.require(Role.FINANCE_CLERK)
    made, bad = 0, []
    for line in read_rows(content, MandateRow):
        if isinstance(line, BadLine):
            bad.append(line)
            continue
        try:
            with work.session.begin_nested():
                _import_row(work, funds, line.row)
        except DebitError as error:
            bad.append(BadLine(line.line, error.code, error.told(), line.text))
        else:
            made += 1
    audit.record(work, "mandates.imported", sha256(content).hexdigest(), made=made, bad=len(bad))
    return made, bad


def _import_row(work: Work, funds: Funds, row: MandateRow) -> None:
    fund = funds.get(row.fund)
    employer = employer_queries.by_reference(work, row.employer_reference)
    if employer is None:
        employer = register(
            work, reference=row.employer_reference, name=row.employer_name, language=row.language, email=row.email
        )
    enrol(work, employer, fund.id, row.registration_number)
    account = parse_account(row.account, row.account_scheme)
    standing = queries.live(work, fund.id, employer.id)
    if standing and standing.account_index == work.keys.index(account.value, "account"):
        _take_acceptance(work, standing, row)
        return
    form = SignedForm(
        employer=employer,
        account=account,
        debtor_name=row.employer_name,
        signer_name=row.signer_name,
        signer_capacity=row.signer_capacity,
        signed_on=row.signed_on,
        how="import",
        amount_limit_minor=parse_minor(row.amount_limit, fund.currency) if row.amount_limit else None,
    )
    references = {fund.id: row.reference} if row.reference else None
    (mandate,) = sign(work, form, [fund], references=references)
    _take_acceptance(work, mandate, row)


def _take_acceptance(work: Work, mandate: Mandate, row: MandateRow) -> None:
    """What the line says about the employer's bank; a mandate that is active already stays as it is."""
    state = queries.state(work, mandate.id)
    if not row.accepted_on or state not in ("signed", "lodged_at_bank"):
        return
    if not row.evidence:
        raise InvalidInput(
            "mandate.no_evidence", "A mandate that the bank accepted needs the evidence of that.", place="evidence"
        )
    if state == "signed":
        lodge(work, mandate, "lodged before it was imported", row.evidence)
    accept(work, mandate, f"accepted by the bank on {row.accepted_on.isoformat()}", row.evidence)
