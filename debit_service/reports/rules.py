"""What a contribution is called on a report, from what is known of its attempts; and the totals of a report."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from debit_service.reconcile.rules import Outcome, State


class Standing(StrEnum):
    """How a contribution stands. `PAID` is provisional while the scheme lets the money go back: see `returnable_until`.

    `PAID` had a debit in it; `PAID_OTHERWISE` had none. `PARTLY_PAID`: nothing is under way for the rest.
    """

    PAID = "paid"
    PAID_OTHERWISE = "paid by other means"
    PARTLY_PAID = "paid in part"
    UNDER_WAY = "under way"
    FAILED = "failed"
    NOT_COLLECTED = "not collected"


class PenaltyStanding(StrEnum):
    """What became of the question of a late penalty."""

    NONE = "none"
    PROPOSED = "proposed"
    CHARGED = "charged"
    HELD = "held for a person"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to debit: when, what the bank said, and who caused a failure."""

    collection_id: str
    number: int
    amount_minor: int
    collection_date: date
    date_reason: str
    sent: bool
    outcome: str
    reason_code: str | None
    reason_name: str | None
    party: str | None
    effect: str | None
    because: str | None
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One contribution on the report. Amounts in minor units of `currency`; `returnable_until` only while paid provisionally.

    `debited_minor` is what debits brought in and that stayed, `paid_otherwise_minor` what was paid by other means, and
    `refund_owed_minor` what both make beyond what is owed and was not paid out.
    """

    contribution_id: str
    reference: str
    fund_id: str
    employer_id: str
    employer: str
    registration_number: str
    period: str
    due_date: date
    amount_minor: int
    currency: str
    debited_minor: int
    paid_otherwise_minor: int
    refund_owed_minor: int
    standing: Standing
    why: str
    paid_on: date | None
    returnable_until: date | None
    attempts: tuple[Attempt, ...]
    penalty: PenaltyStanding
    penalty_minor: int
    penalty_why: str
    dispute_open: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """One bank entry in suspense."""

    entry_id: str
    fund_id: str | None
    message: str
    booking_date: date | None
    direction: str | None
    amount_minor: int | None
    currency: str | None
    reason: str
    explanation: str
    end_to_end_id: str | None


@dataclass(frozen=True, slots=True)
class FundTotals:
    """What was due, debited, paid, returned, waits, and was penalised at one fund: counts and minor units."""

    fund_id: str
    currency: str
    due: tuple[int, int]
    debited: tuple[int, int]
    paid: tuple[int, int]
    paid_otherwise: tuple[int, int]
    refunds_owed: tuple[int, int]
    rejected: tuple[int, int]
    returned: tuple[int, int]
    not_collected: tuple[int, int]
    in_suspense: tuple[int, int]
    charged: tuple[int, int]
    proposed: tuple[int, int]
    held: int
    not_penalised: int


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report.

    `attention` names what a bank owes an answer about, `control` what does not add up in what banks sent, `notes` what is merely
    worth knowing.
    """

    made_at: str
    lines: tuple[Line, ...]
    totals: tuple[FundTotals, ...]
    waiting: tuple[Waiting, ...]
    attention: tuple[str, ...] = field(default=())
    control: tuple[str, ...] = field(default=())
    notes: tuple[str, ...] = field(default=())


def standing(outcomes: Sequence[Outcome], *, live: bool, owed_minor: int, otherwise_minor: int = 0) -> Standing:
    """How a contribution stands, from the outcomes of its attempts (oldest first; cancelled ones left out) and other payments."""
    settled = any(one.state is State.SETTLED for one in outcomes)
    if debited(outcomes) + otherwise_minor >= owed_minor:
        return Standing.PAID if settled else Standing.PAID_OTHERWISE
    if settled:
        return Standing.PARTLY_PAID
    if live:
        return Standing.UNDER_WAY
    if outcomes:
        return Standing.FAILED
    return Standing.PARTLY_PAID if otherwise_minor else Standing.NOT_COLLECTED


def debited(outcomes: Iterable[Outcome]) -> int:
    """What debits brought in and that stayed; a return that came before its credit takes nothing from the others. Minor units."""
    return sum(max(one.kept_minor, 0) for one in outcomes)


def totals(fund_id: str, currency: str, lines: Iterable[Line], waiting: Iterable[Waiting]) -> FundTotals:
    """Add up the lines and the suspense of one fund."""
    own = [line for line in lines if line.fund_id == fund_id]
    suspended = [one for one in waiting if one.fund_id == fund_id]
    sent = [(line, attempt) for line in own for attempt in line.attempts if attempt.sent]
    failed = [line for line in own if any(attempt.effect for attempt in line.attempts)]

    def summed(chosen: Iterable[Line]) -> tuple[int, int]:
        return counted(line.amount_minor for line in chosen)

    def counted(minor: Iterable[int]) -> tuple[int, int]:
        amounts = [one for one in minor if one]
        return len(amounts), sum(amounts)

    def penalties(kind: PenaltyStanding) -> tuple[int, int]:
        amounts = [line.penalty_minor for line in own if line.penalty is kind]
        return len(amounts), sum(amounts)

    return FundTotals(
        fund_id=fund_id,
        currency=currency,
        due=summed(own),
        debited=summed(line for line, _ in sent),
        paid=counted(line.debited_minor for line in own if line.standing in (Standing.PAID, Standing.PARTLY_PAID)),
        paid_otherwise=counted(line.paid_otherwise_minor for line in own),
        refunds_owed=counted(line.refund_owed_minor for line in own),
        rejected=summed(line for line, attempt in sent if attempt.outcome == State.REJECTED.value),
        returned=summed(line for line, attempt in sent if attempt.outcome == State.RETURNED.value),
        not_collected=summed(line for line in own if line.standing is Standing.NOT_COLLECTED),
        in_suspense=(len(suspended), sum(one.amount_minor or 0 for one in suspended)),
        charged=penalties(PenaltyStanding.CHARGED),
        proposed=penalties(PenaltyStanding.PROPOSED),
        held=sum(1 for line in own if line.penalty is PenaltyStanding.HELD),
        not_penalised=sum(1 for line in failed if line.penalty is PenaltyStanding.NONE),
    )
