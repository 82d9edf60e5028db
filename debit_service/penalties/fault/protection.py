"""Protected until proven: how a contribution stands towards lateness, from what is known of its debits. Pure.

With a mandate in force, a contribution that is debited on time counts as paid on time until the bank says otherwise, and again if
the failure turns out not to be the employer's. The rule has the shape of SGB IV s. 24(3) and BeitrVV s. 3(1) no. 3: with an
authorisation to collect, the day of payment is the due date, and a surcharge needs reasons attributable to the payer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from debit_service.penalties.fault.values import Effect


class Standing(StrEnum):
    """Whether a late penalty can arise from the debits of a contribution.

    Not covered: no debit in time; this service then decides nothing about lateness, and no penalty comes from it.
    """

    PROTECTED = "protected"
    IN_DOUBT = "in_doubt"
    EXPOSED = "exposed"
    NOT_COVERED = "not_covered"


@dataclass(frozen=True, slots=True)
class Debit:
    """One attempt that was not cancelled.

    `on_time`: for a day not later than the due date, or later by this service alone. `effect`, `because` and `clock_start` are of
    the decision about its failure; None where nothing was decided yet.
    """

    collection_date: date
    on_time: bool
    sent: bool
    failed_on: date | None = None
    effect: str | None = None
    because: str = ""
    clock_start: date | None = None


@dataclass(frozen=True, slots=True)
class Protection:
    """How a contribution stands, from which day, until which day (None: until something else is known), and why."""

    standing: Standing
    since: date
    until: date | None
    why: str


def protection(due_date: date, today: date, debits: Sequence[Debit], paid_on: date | None) -> Protection | None:
    """How a contribution stands; None while nothing is due and nothing was sent. `paid_on`: the day on which it was paid in full.

    The worst that stands about one of its failures counts; a debit under way does not undo it, the payment ends it.
    """
    sent = [one for one in debits if one.sent]
    failed = [one for one in sent if one.failed_on is not None]
    for effect in (Effect.PENALISE, Effect.HOLD, None):
        worst = [one for one in failed if one.effect == effect]
        if worst and effect is Effect.PENALISE:
            first = min(worst, key=_counts_from)
            return Protection(Standing.EXPOSED, _counts_from(first), paid_on, first.because)
        if worst:
            why = worst[-1].because or "nobody has looked at the failure yet"
            return Protection(Standing.IN_DOUBT, worst[-1].failed_on or due_date, None, why)
    on_time = [one for one in sent if one.on_time]
    if on_time:
        why = failed[-1].because if failed else "it was debited on time, and the bank has not said otherwise"
        return Protection(Standing.PROTECTED, min(one.collection_date for one in on_time), None, why)
    if sent:
        return Protection(Standing.NOT_COVERED, due_date, paid_on, "it was debited after its due date")
    return (
        Protection(Standing.NOT_COVERED, due_date, paid_on, "no debit went out in time") if today > due_date else None
    )


def _counts_from(debit: Debit) -> date:
    return debit.clock_start or debit.failed_on or debit.collection_date
