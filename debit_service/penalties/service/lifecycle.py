"""The life of a penalty, and its postings: what is charged stands in the journal, what is withdrawn is given back there."""

from typing import Any

from debit_service.core import audit, events
from debit_service.core.machine import Machine
from debit_service.core.state import current, move
from debit_service.core.work import Work
from debit_service.ledger import service as ledger
from debit_service.ledger.rules import Account, account
from debit_service.penalties import queries
from debit_service.penalties.models import Penalty, PenaltyTransition

#: The piece of evidence of a transition that a person decided.
PERSON = "person"

MACHINE = Machine(
    name="penalty",
    initial="proposed",
    transitions={
        "proposed": frozenset({"charged", "withdrawn"}),
        "charged": frozenset({"withdrawn"}),
        "withdrawn": frozenset({"proposed"}),
    },
)


def change(work: Work, penalty: Penalty, to_state: str, why: str, evidence: dict[str, Any] | None = None) -> None:
    """Move a penalty; every penalty is first proposed, also one that is charged at once under a confirmed rule."""
    if to_state == "charged" and queries.state_of(work, penalty.id) != "proposed":
        move(work, PenaltyTransition, MACHINE, penalty.id, "proposed", why, evidence)
    move(work, PenaltyTransition, MACHINE, penalty.id, to_state, why, evidence)
    post(work, penalty)
    amount = queries.amount_of(work, penalty.id)
    audit.record(
        work, f"penalty.{to_state}", penalty.id, contribution=penalty.contribution_id, amount_minor=amount, why=why
    )
    events.publish(work, f"penalty.{to_state}", penalty.id, contribution=penalty.contribution_id, amount_minor=amount)


def withdrawn_by_a_person(work: Work, penalty: Penalty) -> bool:
    """Whether a person took this penalty back: it then stays so until a person decides otherwise."""
    newest = current(work.session, PenaltyTransition, penalty.id)
    return newest is not None and newest.to_state == "withdrawn" and PERSON in newest.evidence


def post(work: Work, penalty: Penalty) -> None:
    """Bring the journal to the penalty's amount if it is charged, else to nothing."""
    charged = queries.state_of(work, penalty.id) == "charged"
    amount = queries.amount_of(work, penalty.id) if charged else 0
    ledger.bring_to(
        work,
        {
            account(Account.SURCHARGE_RECEIVABLE, penalty.fund_id): amount,
            account(Account.SURCHARGES, penalty.fund_id): -amount,
        },
        currency=penalty.currency,
        business_date=work.now().date(),
        cause="penalty.charged" if charged else "penalty.withdrawn",
        subject=penalty.id,
        evidence={"decision": penalty.decision_id, "rule": f"{penalty.rule_id} {penalty.rule_version}"},
    )
