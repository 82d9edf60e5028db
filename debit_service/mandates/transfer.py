"""Transfer a mandate to another fund: the employer's form stays, another creditor takes it over.

To the bank it is one mandate whose reference and creditor identifier changed, so the new one begins at version 2 with what stood
before: the first debit tells it.
"""

from datetime import datetime

from debit_service.core.errors import Refused
from debit_service.core.work import Role, Work
from debit_service.funds.profile import Fund
from debit_service.mandates import admission, queries
from debit_service.mandates.amend import Content, content, keep
from debit_service.mandates.models import Mandate
from debit_service.mandates.service import change


def transfer(
    work: Work,
    mandate: Mandate,
    from_fund: Fund,
    to_fund: Fund,
    *,
    received_at: datetime,
    why: str,
    evidence: str,
    accepted: str | None = None,
) -> Mandate:
    """End `mandate` at its fund and begin its successor at `to_fund`, under the same form; returns the successor.

    `accepted` names what proves that the employer's bank accepted the new creditor already; without, a mandate that needs it is
    `signed`. Raises Refused when `to_fund` does not know the employer, has its mandate, or debits in another scheme or currency.
    """
    work.actor.require(Role.FINANCE_APPROVER)
    _check_reach(mandate, from_fund, to_fund)
    _check_life(work, mandate)
    before = content(work, mandate)
    admission.check_account(work, to_fund, mandate.employer_id, before.account)
    number = admission.check_place(work, to_fund, mandate.employer_id)
    change(work, mandate, "transferred", why, {"document": evidence, "to": to_fund.id})
    successor = _successor(work, mandate, before, to_fund, admission.fresh_reference(work, to_fund, number))
    change(work, successor, "signed", f"transferred from {from_fund.id}: {why}", {"mandate": mandate.id})
    changed = before.differences(content(work, successor))
    keep(work, successor, before, changed, received_at=received_at, why=why, evidence=evidence)
    if not to_fund.mandate_path.needs_bank_acceptance.value:
        change(work, successor, "active", "its bank need not accept it", {"mandate": mandate.id})
    elif accepted:
        change(work, successor, "lodged_at_bank", "the bank was told of the new creditor", {"document": accepted})
        change(work, successor, "active", "the bank accepted the new creditor", {"document": accepted})
    return successor


def _check_reach(mandate: Mandate, from_fund: Fund, to_fund: Fund) -> None:
    """What was signed for one scheme and currency authorises no debit in another."""
    if to_fund.id == mandate.fund_id:
        raise Refused("mandate.same_fund", "The mandate is at this fund already.", place=mandate.reference)
    if (to_fund.scheme.value, to_fund.currency) != (mandate.scheme, from_fund.currency):
        raise Refused(
            "mandate.other_scheme",
            f"It was signed for {mandate.scheme} debits in {from_fund.currency}; {to_fund.id} makes "
            f"{to_fund.scheme.value} debits in {to_fund.currency}.",
            place=mandate.reference,
            remedy=f"The employer signs a mandate for {to_fund.id}.",
        )


def _check_life(work: Work, mandate: Mandate) -> None:
    """A transfer must neither end a suspension nor give a mandate that is for one debit, or for a last one, another."""
    if queries.state(work, mandate.id) == "suspended":
        raise Refused(
            "mandate.suspended",
            "A suspended mandate is not transferred: it would be debited again.",
            place=mandate.reference,
            remedy="An approver resumes it first.",
        )
    if mandate.recurrence == "one_off" or mandate.final_asked_on:
        raise Refused(
            "mandate.ends",
            "This mandate allows one debit, or one last debit, at the fund for which it was signed.",
            place=mandate.reference,
            remedy="The employer signs another one.",
        )


def _successor(work: Work, mandate: Mandate, before: Content, fund: Fund, reference: str) -> Mandate:
    successor_id = work.new_id()
    successor = Mandate(
        id=successor_id,
        form_id=mandate.form_id,
        fund_id=fund.id,
        employer_id=mandate.employer_id,
        reference=reference,
        creditor_identifier=fund.creditor.identifier.value,
        scheme=mandate.scheme,
        signed_on=mandate.signed_on,
        account_scheme=mandate.account_scheme,
        account_sealed=work.keys.seal(before.account.value, f"mandates.account:{successor_id}"),
        account_index=mandate.account_index,
        debtor_name_sealed=work.keys.seal(before.debtor_name, f"mandates.debtor_name:{successor_id}"),
        amount_limit_minor=mandate.amount_limit_minor,
        version=1,
        recurrence=mandate.recurrence,
        final_asked_on=mandate.final_asked_on,
        live=True,
        created_at=work.now(),
    )
    work.session.add(successor)
    work.session.flush()
    return successor
