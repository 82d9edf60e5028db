"""The life of a penalty, and its postings: the journal always stands where steps, reliefs, fees and payments say."""

from datetime import date
from typing import Any, Final

from sqlalchemy import select, update

from debit_service.core import audit, events
from debit_service.core.state import move
from debit_service.core.work import Work
from debit_service.ledger import service as ledger
from debit_service.ledger.rules import account
from debit_service.penalties import notice_queries, queries
from debit_service.penalties.life import MACHINE, Money, Said, is_untold, positions, state_by_money
from debit_service.penalties.models import Penalty, PenaltyFee, PenaltyStep, PenaltyTransition

#: The piece of evidence of a transition that a person decided.
PERSON: Final = "person"
#: The piece of evidence of a penalty that was confirmed without a person: the business date on which it counts.
BY_ITSELF: Final = "by_itself_on"


def change(
    work: Work, penalty: Penalty, to_state: str, why: str, on: date, evidence: dict[str, Any] | None = None
) -> None:
    """Move a penalty, and the journal with it; `on` is the fund's business date. `confirmed` confirms all that is computed.

    Every penalty is first proposed, also one that is confirmed at once. What is proposed or reversed asks for nothing, and what a
    first approver had agreed to falls with a reversal.
    """
    state = queries.state_of(work, penalty.id)
    if to_state == "confirmed" and state in (None, "reversed"):
        move(work, PenaltyTransition, MACHINE, penalty.id, "proposed", why, evidence)
    move(work, PenaltyTransition, MACHINE, penalty.id, to_state, why, evidence)
    if to_state == "confirmed":
        _confirm(work, penalty, PenaltyStep.amount_minor, PenaltyFee.amount_minor)
    elif to_state in ("proposed", "reversed"):
        _confirm(work, penalty, 0, 0)
        penalty.agreed_by = penalty.agreed_minor = penalty.agreed_to = None
    post(work, penalty, on, f"penalty.{to_state}")
    _tell(work, penalty, to_state)


def grow(work: Work, penalty: Penalty, why: str, on: date, by: str) -> None:
    """Confirm what was added to a penalty that is confirmed already; `by` are the people who agreed."""
    move(work, PenaltyTransition, MACHINE, penalty.id, str(queries.state_of(work, penalty.id)), why, {PERSON: by})
    _confirm(work, penalty, PenaltyStep.amount_minor, PenaltyFee.amount_minor)
    audit.record(work, "penalty.growth_confirmed", penalty.id, owed_minor=_owed(work, penalty))
    post(work, penalty, on)


def post(work: Work, penalty: Penalty, on: date, cause: str = "penalty.recomputed") -> None:
    """Bring the journal to what is owed and paid, the state to whether it is paid and notified, as it is now; and keep whether
    the employer is still to be told.

    To be called after every change of steps, reliefs, fees, payments or notices. `on` is the fund's business date.
    """
    money = queries.money_of(work, penalty.id)
    ledger.bring_to(
        work,
        {account(kind, penalty.fund_id): minor for kind, minor in positions(money).items()},
        currency=penalty.currency,
        business_date=on,
        cause=cause,
        subject=penalty.id,
        evidence={"decision": penalty.decision_id, "rule": f"{penalty.rule_id} {penalty.rule_version}"},
    )
    state, said = str(queries.state_of(work, penalty.id)), notice_queries.said_of(work, penalty.id)
    becomes = follow(work, penalty, state, money, said)
    if becomes != state or cause not in _OF_MONEY:
        penalty.untold = is_untold(becomes, money, said)


def follow(work: Work, penalty: Penalty, state: str, money: Money, said: Said) -> str:
    """Bring a penalty from `state` to the one that payments and notices make of it; returns that."""
    becomes = state_by_money(state, money, said.told_minor)
    if becomes != state:
        why = _WHY[becomes] if state != "paid" else "it is not paid in full any more"
        move(work, PenaltyTransition, MACHINE, penalty.id, becomes, why)
        _tell(work, penalty, becomes)
    return becomes


#: Money that comes in or is given back changes nothing of what is owed, so nothing is to be told of it: above all not that a
#: penalty fell under an older release, which told nobody. Who gives money back tells the employer what it is for.
_OF_MONEY: Final = frozenset({"penalty.payment", "penalty.payment_undone", "penalty.given_back"})
_WHY: Final = {
    "paid": "what is owed of it is paid",
    "notified": "the employer was told what is owed of it",
    "confirmed": "another amount is owed than the employer was told",
}


def newest(work: Work, penalty_id: str, to_state: str) -> PenaltyTransition | None:
    """The last time that a penalty came into a state."""
    query = select(PenaltyTransition).where(
        PenaltyTransition.subject_id == penalty_id, PenaltyTransition.to_state == to_state
    )
    return work.session.scalars(query.order_by(PenaltyTransition.sort_key.desc()).limit(1)).one_or_none()


def reversed_by_a_person(newest: PenaltyTransition) -> bool:
    """Whether a person took a penalty back, by its newest transition: it then stays so until a person decides otherwise."""
    return newest.to_state == "reversed" and PERSON in newest.evidence


def _confirm(work: Work, penalty: Penalty, steps: Any, fees: Any) -> None:
    for table, confirmed in ((PenaltyStep, steps), (PenaltyFee, fees)):
        work.session.execute(
            update(table).where(table.penalty_id == penalty.id).values(confirmed_minor=confirmed),
            execution_options={"synchronize_session": "fetch"},
        )


def _owed(work: Work, penalty: Penalty) -> int:
    return queries.money_of(work, penalty.id).owed_minor


def _tell(work: Work, penalty: Penalty, state: str) -> None:
    told = {"contribution": penalty.contribution_id, "amount_minor": _owed(work, penalty)}
    audit.record(work, f"penalty.{state}", penalty.id, **told)
    events.publish(work, f"penalty.{state}", penalty.id, **told)
