"""What a contribution is called on a report, from what is known of its attempts and its penalties; and the parts of a report."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from debit_service.penalties.fault.values import Effect
from debit_service.reconcile.rules import Outcome, State
from debit_service.reports.matters import Matter


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
    CONFIRMED = "confirmed"
    NOTIFIED = "notified"
    PAID = "paid"
    WAIVED = "waived"
    HELD = "held for a person"
    REVERSED = "reversed"


class Counted(StrEnum):
    """Totals of the first page that count contributions; the others count debits."""

    DUE = "due"
    PAID = "paid"
    PAID_OTHERWISE = "paid_otherwise"
    REFUNDS_OWED = "refunds_owed"
    NOT_COLLECTED = "not_collected"
    CHARGED = "charged"
    PROPOSED = "proposed"
    HELD = "held"
    NOT_PENALISED = "not_penalised"


#: A penalty that stands like this is in the journal.
CHARGED: Final = frozenset({PenaltyStanding.CONFIRMED, PenaltyStanding.NOTIFIED, PenaltyStanding.PAID})


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
    """One bank entry that waits for a person. `day` is its day (`reconcile.days`), whether it has a booking date or not;
    `left_minor` is what nobody has decided about, None of what is no money.
    """

    entry_id: str
    fund_id: str | None
    message: str
    booking_date: date | None
    day: date | None
    direction: str | None
    amount_minor: int | None
    left_minor: int | None
    currency: str | None
    reason: str
    explanation: str
    end_to_end_id: str | None


@dataclass(frozen=True, slots=True)
class FundTotals:
    """What was due, debited, paid, returned and was penalised at one fund: counts and minor units."""

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
    charged: tuple[int, int]
    proposed: tuple[int, int]
    held: int
    not_penalised: int


@dataclass(frozen=True, slots=True)
class Suspense:
    """What waits for a person at one fund (None: on an account of no fund), in one currency (None: no money): entries, and minor
    units about which nobody has decided. The journal's suspense account holds what went out less what came in.
    """

    fund_id: str | None
    currency: str | None
    entries: int
    in_minor: int
    out_minor: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The report without its lines. `in_suspense` counts the entries of `suspense`: everything that waits, of whatever age.

    `attention` names what a bank owes an answer about, `control` what does not add up in what banks sent, `notes` what is merely
    worth knowing.
    """

    made_at: str
    totals: tuple[FundTotals, ...]
    in_suspense: int
    suspense: tuple[Suspense, ...]
    attention: tuple[Matter, ...]
    control: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report(Overview):
    """The whole report, where it is small enough to be held."""

    waiting: tuple[Waiting, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A penalty that was made: its state, what is due of it in minor units, how that was counted, why it is in its state."""

    state: str
    due_minor: int
    formula: str
    why: str


def standing(outcomes: Sequence[Outcome], *, live: bool, owed_minor: int, otherwise_minor: int = 0) -> Standing:
    """How a contribution stands, from the outcomes of its attempts (oldest first; cancelled ones left out) and other payments."""
    settled = any(one.state in (State.SETTLED, State.PARTLY_SETTLED) for one in outcomes)
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


def penalised(decided: Sequence[tuple[str, str]], made: Sequence[Made]) -> tuple[PenaltyStanding, int, str]:
    """What became of the question of a penalty: its standing, what is due in minor units, and why.

    `decided`: (effect, because) of the decisions about the attempts, oldest first; `made`: the penalties, oldest first.
    """
    charged = next((one for one in made if one.state in CHARGED), None)
    if charged:
        return PenaltyStanding(charged.state), charged.due_minor, charged.formula
    held = [because for effect, because in decided if effect == Effect.HOLD.value]
    if held:
        # What is proposed goes no further while its failure is held.
        return PenaltyStanding.HELD, 0, held[-1]
    proposed = next((one for one in made if one.state == PenaltyStanding.PROPOSED), None)
    if proposed:
        return PenaltyStanding.PROPOSED, proposed.due_minor, proposed.formula
    if made:
        return PenaltyStanding(made[-1].state), 0, made[-1].why
    if not decided:
        return PenaltyStanding.NONE, 0, ""
    effect, because = decided[-1]
    if effect == Effect.PENALISE.value:
        because = "the employer's failure, but nothing is late yet or no rule is in force"
    return PenaltyStanding.NONE, 0, because
