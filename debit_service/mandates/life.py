"""Use cases of a mandate that is in use: suspend, resume, revoked by the bank, the last debit asked for."""

from datetime import datetime

from debit_service.core import audit, events
from debit_service.core.clock import business_date
from debit_service.core.errors import Refused
from debit_service.core.work import Role, Work
from debit_service.funds.profile import Fund
from debit_service.mandates import queries
from debit_service.mandates.models import Mandate
from debit_service.mandates.service import asked, change


def suspend(work: Work, mandate: Mandate, why: str, evidence: str, received_at: datetime | None = None) -> None:
    """Stop debits under a mandate that stays in force. What is not sent yet is not sent.

    `received_at` is when the request arrived, without it now. Raises InvalidInput `mandate.received_in_future`.
    """
    work.actor.require(Role.FINANCE_CLERK)
    change(work, mandate, "suspended", why, asked(work, evidence, received_at))


def resume(work: Work, mandate: Mandate, why: str, evidence: str) -> None:
    """Let a suspended mandate be used again. Refused while its employer or its account is blocked."""
    work.actor.require(Role.FINANCE_APPROVER)
    if queries.state(work, mandate.id) != "suspended":
        raise Refused("mandate.not_suspended", "Only a suspended mandate can be resumed.", place=mandate.reference)
    if obstacle := queries.blocked(work, mandate.fund_id, mandate.employer_id, mandate.account_index):
        raise Refused(
            "mandate.blocked",
            f"{obstacle[0].upper()}{obstacle[1:]}.",
            place=mandate.reference,
            remedy="Lift the block first: see `debit mandates blocks`.",
        )
    change(work, mandate, "active", why, {"document": evidence})


def revoke_by_bank(work: Work, mandate: Mandate, why: str, evidence: str, received_at: datetime | None = None) -> None:
    """The employer's bank says that the mandate is no more; `evidence` names its message, which arrived at `received_at`, or now.

    Raises InvalidInput `mandate.received_in_future`.
    """
    work.actor.require(Role.FINANCE_CLERK)
    change(work, mandate, "revoked_by_bank", why, asked(work, evidence, received_at))


def ask_last(work: Work, fund: Fund, mandate: Mandate, why: str, evidence: str | None = None) -> None:
    """From now on the next debit is the last one (FNAL). The mandate is completed once that debit has settled for good."""
    work.actor.require(Role.FINANCE_CLERK)
    if not mandate.live:
        raise Refused("mandate.not_live", "This mandate is no longer in force.", place=mandate.reference)
    if mandate.recurrence == "one_off" or mandate.final_asked_on is not None:
        raise Refused(
            "mandate.last_already",
            "The next debit under this mandate is its last one already.",
            place=mandate.reference,
        )
    mandate.final_asked_on = business_date(work.clock, fund.time_zone)
    work.session.flush()
    on = mandate.final_asked_on.isoformat()
    audit.record(work, "mandate.last_asked", mandate.id, why=why, on=on, document=evidence)
    events.publish(work, "mandate.last_asked", mandate.id, fund=mandate.fund_id, reference=mandate.reference)
