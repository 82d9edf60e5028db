"""Use cases of mandates: sign a form, lodge it at the bank, accept, refuse, revoke. The rest of its life: `life`, `amend`."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Literal, NamedTuple

from sqlalchemy import select

from debit_service.core import audit, events
from debit_service.core.accounts import AccountNumber
from debit_service.core.clock import business_date
from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.state import move
from debit_service.core.work import Role, Work
from debit_service.employers.models import Employer
from debit_service.funds.profile import Fund
from debit_service.mandates import admission, queries, rules
from debit_service.mandates.authority import IN_WORDS, Authority, check_proxy
from debit_service.mandates.models import Mandate, MandateForm, MandateTransition

Recurrence = Literal["recurrent", "one_off"]


@dataclass(frozen=True, slots=True)
class SignedForm:
    """What the employer signed. `amount_limit_minor` is the most that one debit may take, where the employer set one.

    `consent` is the text that the signer read and accepted on a page, in `language`. `authority` is the signer's right to sign;
    `signer_capacity` says it in words where it is another than those of the list. `recurrence`: many debits, or one (OOFF).
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
    authority: Authority = IN_WORDS
    recurrence: Recurrence = "recurrent"


def sign(work: Work, form: SignedForm, funds: list[Fund], *, references: dict[str, str] | None = None) -> list[Mandate]:
    """One signature, one mandate for each of `funds`; each starts `signed`, and a CORE mandate is `active` at once.

    `references` gives the unique mandate reference by fund where it exists already (migration). Raises Refused when the employer
    has a live mandate at one of the funds or is blocked there, InvalidInput when a fund does not take this kind of account.
    """
    check_form(work, form, funds)
    form_id = work.new_id()
    work.session.add(MandateForm(**form_values(work, form_id, form, funds)))
    work.session.flush()
    return [_mandate(work, form, form_id, fund, (references or {}).get(fund.id)) for fund in funds]


def check_form(work: Work, form: SignedForm, funds: list[Fund]) -> None:
    """Refuse a form that this person may not hand in, or that no fund could take."""
    work.actor.require(Role.EMPLOYER, Role.FINANCE_CLERK, Role.MANDATE_AGENT)
    work.actor.require_employer(form.employer.id)
    if form.amount_limit_minor is not None and form.amount_limit_minor <= 0:
        raise InvalidInput("mandate.amount_limit", "A limit is more than zero.", place="amount_limit")
    if form.signed_on > max(business_date(work.clock, fund.time_zone) for fund in funds):
        raise InvalidInput("mandate.signed_in_future", "The date of signature lies in the future.", place="signed_on")


def _mandate(work: Work, form: SignedForm, form_id: str, fund: Fund, reference: str | None) -> Mandate:
    admission.check_account(work, fund, form.employer.id, form.account)
    number = admission.check_place(work, fund, form.employer.id)
    if reference is not None:
        admission.check_free(work, fund, reference)
    reference = reference or admission.fresh_reference(work, fund, number)
    mandate = Mandate(**mandate_values(work, work.new_id(), form, form_id, fund, reference))
    work.session.add(mandate)
    work.session.flush()
    for step in first_steps(form, form_id, fund):
        change(work, mandate, step.to_state, step.why, step.evidence)
    return mandate


class Step(NamedTuple):
    """A move in the life of a mandate: to which state, why, and on what evidence."""

    to_state: str
    why: str
    evidence: dict[str, Any]


def first_steps(form: SignedForm, form_id: str, fund: Fund) -> list[Step]:
    """What happens to a mandate by its signature alone."""
    steps = [Step("signed", f"signed by {form.how}", {"form": form_id})]
    if not fund.mandate_path.needs_bank_acceptance.value:
        steps.append(Step("active", "a CORE mandate is active once signed", {"form": form_id}))
    return steps


def form_values(work: Work, form_id: str, form: SignedForm, funds: list[Fund]) -> dict[str, Any]:
    """The columns of a `MandateForm`."""
    content = _form_content(form, funds)
    return {
        "id": form_id,
        "employer_id": form.employer.id,
        "how": form.how,
        "signed_on": form.signed_on,
        "content_sealed": work.keys.seal(content, f"mandate_forms.content:{form_id}"),
        "sha256": sha256(content).hexdigest(),
        "received_at": work.now(),
        "entered_by": work.actor.name,
    }


def mandate_values(
    work: Work, mandate_id: str, form: SignedForm, form_id: str, fund: Fund, reference: str
) -> dict[str, Any]:
    """The columns of a `Mandate` that begins its life."""
    return {
        "id": mandate_id,
        "form_id": form_id,
        "fund_id": fund.id,
        "employer_id": form.employer.id,
        "reference": reference,
        "creditor_identifier": fund.creditor.identifier.value,
        "scheme": fund.scheme.value,
        "signed_on": form.signed_on,
        "account_scheme": form.account.scheme.value,
        "account_sealed": work.keys.seal(form.account.value, f"mandates.account:{mandate_id}"),
        "account_index": work.keys.index(form.account.value, "account"),
        "debtor_name_sealed": work.keys.seal(form.debtor_name, f"mandates.debtor_name:{mandate_id}"),
        "amount_limit_minor": form.amount_limit_minor,
        "recurrence": form.recurrence,
        "live": True,
        "created_at": work.now(),
    }


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
        "authority": form.authority.as_dict(),
        "recurrence": form.recurrence,
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
    work.actor.require(Role.FINANCE_CLERK, Role.MANDATE_AGENT)
    change(work, mandate, "lodged_at_bank", why, {"document": evidence})


def accept(work: Work, mandate: Mandate, why: str, evidence: str) -> None:
    """The employer's bank accepted the authorisation; `evidence` names the stamped form or the bank's message."""
    work.actor.require(Role.FINANCE_CLERK, Role.MANDATE_AGENT)
    if queries.state(work, mandate.id) != "lodged_at_bank":
        raise Refused(
            "mandate.not_lodged",
            "Only a mandate that was lodged at the bank can be accepted by it.",
            place=mandate.reference,
        )
    check_proxy(work, mandate)
    change(work, mandate, "active", why, {"document": evidence})


def refuse(work: Work, mandate: Mandate, why: str, evidence: str) -> None:
    """The employer's bank refused the authorisation; the employer may sign another."""
    work.actor.require(Role.FINANCE_CLERK, Role.MANDATE_AGENT)
    change(work, mandate, "refused_by_bank", why, {"document": evidence})


def revoke(
    work: Work, mandate: Mandate, why: str, *, evidence: str | None = None, received_at: datetime | None = None
) -> None:
    """The employer withdrew the authorisation. Collections that are not sent yet will not be.

    `received_at` is when its letter arrived, without it now. Raises InvalidInput `mandate.received_in_future`.
    """
    work.actor.require(Role.EMPLOYER, Role.FINANCE_CLERK)
    work.actor.require_employer(mandate.employer_id)
    change(work, mandate, "revoked", why, asked(work, evidence, received_at))


def asked(work: Work, document: str | None, received_at: datetime | None) -> dict[str, Any]:
    """The evidence of what somebody asked for: the document, and when it arrived (now, where nobody says).

    The day of arrival decides whether a debit should still have left. Raises InvalidInput `mandate.received_in_future`.
    """
    received = received_at or work.now()
    if received > work.now():
        raise InvalidInput("mandate.received_in_future", "The request lies in the future.", place="received_at")
    told = {rules.RECEIVED_AT: received.isoformat()}
    return {"document": document, **told} if document else told


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
