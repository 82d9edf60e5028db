"""Amend a mandate: account, holder, reference or creditor identifier change, and what stood before is kept.

EPC rulebooks, "Amendments": the bank is told with the debits that follow what stood before; where the account went to another
bank, only that it did (SMNDA). A mandate that the employer's bank must accept goes back to `signed` when its account changes: the
bank that keeps the new account has accepted nothing yet.
"""

from dataclasses import dataclass
from datetime import datetime

from debit_service.core import audit, events
from debit_service.core.accounts import AccountNumber
from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.work import Role, Work
from debit_service.funds.profile import Fund
from debit_service.mandates import admission, queries, rules
from debit_service.mandates.models import Mandate, MandateAmendment
from debit_service.mandates.service import change as move_to


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes new; None stays. `new_bank`: another bank keeps the account, where the two numbers cannot tell.

    `new_creditor_identifier` takes over the identifier that the fund has in its configuration now.
    """

    account: AccountNumber | None = None
    new_bank: bool | None = None
    debtor_name: str | None = None
    reference: str | None = None
    new_creditor_identifier: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """What can be amended, as it stands."""

    account: AccountNumber
    reference: str
    creditor_identifier: str
    debtor_name: str

    def differences(self, other: "Content") -> list[str]:
        """The fields in which `other` differs."""
        return [name for name in self.__slots__ if getattr(self, name) != getattr(other, name)]


def content(work: Work, mandate: Mandate) -> Content:
    """What the mandate says now."""
    return Content(
        account=queries.account(work, mandate),
        reference=mandate.reference,
        creditor_identifier=mandate.creditor_identifier,
        debtor_name=queries.debtor_name(work, mandate),
    )


def amend(
    work: Work, fund: Fund, mandate: Mandate, change: Change, *, received_at: datetime, why: str, evidence: str
) -> MandateAmendment:
    """Change a live mandate as the employer asked at `received_at`; `evidence` names the document.

    Raises Refused when nothing changes, when mandate, employer or account may not be debited, and for a suspended mandate whose
    account would need its bank's acceptance anew; InvalidInput `mandate.bank_unknown` when a person must say whether the bank is
    another one.
    """
    work.actor.require(Role.FINANCE_CLERK)
    if received_at > work.now():
        raise InvalidInput("mandate.received_in_future", "The request lies in the future.", place="received_at")
    before = content(work, mandate)
    after = Content(
        account=change.account or before.account,
        reference=change.reference or before.reference,
        creditor_identifier=fund.creditor.identifier.require()
        if change.new_creditor_identifier
        else before.creditor_identifier,
        debtor_name=change.debtor_name or before.debtor_name,
    )
    changed = before.differences(after)
    accepted_anew = "account" in changed and fund.mandate_path.needs_bank_acceptance.value
    state = queries.state(work, mandate.id)
    _check(work, fund, mandate, after, changed, leaves_suspension=accepted_anew and state == "suspended")
    if "account" in changed and _another_bank(before.account, after.account, change.new_bank):
        changed.append("bank")
    amendment = keep(work, mandate, before, changed, received_at=received_at, why=why, evidence=evidence)
    _write(work, mandate, after)
    if accepted_anew and state != "signed":
        move_to(
            work,
            mandate,
            "signed",
            "its account changed: the bank that keeps it must accept it anew",
            {"amendment": amendment.id},
        )
    return amendment


def keep(
    work: Work,
    mandate: Mandate,
    before: Content,
    changed: list[str],
    *,
    received_at: datetime,
    why: str,
    evidence: str,
) -> MandateAmendment:
    """Count the version up, and keep what stood `before` with who changed it, why, and on what evidence."""
    mandate.version += 1
    amendment_id, place = work.new_id(), "mandate_amendments.original_{}:{}"
    amendment = MandateAmendment(
        id=amendment_id,
        mandate_id=mandate.id,
        version=mandate.version,
        changed=changed,
        original_reference=before.reference,
        original_creditor_identifier=before.creditor_identifier,
        original_account_scheme=before.account.scheme.value,
        original_account_sealed=work.keys.seal(before.account.value, place.format("account", amendment_id)),
        original_account_index=work.keys.index(before.account.value, "account"),
        original_debtor_name_sealed=work.keys.seal(before.debtor_name, place.format("debtor_name", amendment_id)),
        received_at=received_at,
        made_at=work.now(),
        made_by=work.actor.name,
        why=why,
        evidence={"document": evidence},
    )
    work.session.add(amendment)
    # Of two people who amend one version at once, the second is refused here.
    work.session.flush()
    audit.record(work, "mandate.amended", mandate.id, amendment=amendment_id, changed=changed, why=why)
    events.publish(work, "mandate.amended", mandate.id, fund=mandate.fund_id, version=mandate.version, changed=changed)
    return amendment


def _check(
    work: Work, fund: Fund, mandate: Mandate, after: Content, changed: list[str], *, leaves_suspension: bool
) -> None:
    if not mandate.live:
        raise Refused(
            "mandate.not_live",
            "This mandate is no longer in force.",
            place=mandate.reference,
            remedy="The employer signs a new one.",
        )
    if not changed:
        raise Refused("mandate.nothing_changes", "All of this stands in the mandate already.", place=mandate.reference)
    if leaves_suspension:
        raise Refused(
            "mandate.suspended",
            "With another account this mandate would have to be accepted anew, and it is suspended.",
            place=mandate.reference,
            remedy="Have an approver resume it first.",
        )
    admission.check_account(work, fund, mandate.employer_id, after.account)
    if "reference" in changed:
        admission.check_free(work, fund, after.reference)


def _another_bank(before: AccountNumber, after: AccountNumber, said: bool | None) -> bool:
    """What the numbers tell, else what the clerk said."""
    same = rules.same_bank(before, after)
    if same is not None:
        return not same
    if said is None:
        raise InvalidInput(
            "mandate.bank_unknown",
            "The account numbers do not tell whether another bank keeps the account.",
            place="new_bank",
            remedy="Ask the employer, and say it.",
        )
    return said


def _write(work: Work, mandate: Mandate, after: Content) -> None:
    mandate.account_scheme = after.account.scheme.value
    mandate.account_sealed = work.keys.seal(after.account.value, f"mandates.account:{mandate.id}")
    mandate.account_index = work.keys.index(after.account.value, "account")
    mandate.debtor_name_sealed = work.keys.seal(after.debtor_name, f"mandates.debtor_name:{mandate.id}")
    mandate.reference = after.reference
    mandate.creditor_identifier = after.creditor_identifier
    work.session.flush()
