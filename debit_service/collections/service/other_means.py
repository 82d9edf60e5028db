"""Other means: a contribution that was paid otherwise is not debited as well, where that can still be stopped."""

from dataclasses import dataclass
from enum import StrEnum

from debit_service.collections import queries
from debit_service.collections.service.batch import cancel, cancel_batch
from debit_service.contributions import queries as contributions
from debit_service.core.work import Work

_WHY = "a payment by other means was recorded or undone: another amount is open now"
_WHY_BATCH = "a payment by other means changed what one of its debits may take"


class Stop(StrEnum):
    """What became of the debit under way."""

    NOTHING_TO_STOP = "nothing to stop"
    CANCELLED = "cancelled"  # planning makes another one, of what is open, if anything is
    AT_BANK = "at the bank"  # sent, or being sent: it cannot be stopped from here


@dataclass(frozen=True, slots=True)
class Stopped:
    """What was done about the live attempt at a contribution; `end_to_end_id` names it, where there is one to speak of."""

    what: Stop
    end_to_end_id: str | None = None


def stop_attempts(work: Work, contribution_id: str) -> Stopped:
    """Cancel the attempt that has not left and would take another amount than is open; a batch that it is in is made anew.

    A part payment counts like a whole one: no file leaves that takes more than is owed. Undoing a payment does too: the attempt
    at the rest holds the contribution, and nothing else could collect what is owed again. To be called in the transaction that
    records or undoes the payment.
    """
    live = next((one for one in queries.attempts(work, contribution_id) if one.live), None)
    if live is None or live.amount_minor == contributions.open_minor(work, contribution_id):
        return Stopped(Stop.NOTHING_TO_STOP)
    batch = queries.batch_of(work, live)
    if batch is not None:
        if queries.batch_state(work, batch.id) not in ("made", "approved"):
            return Stopped(Stop.AT_BANK, live.end_to_end_id)
        cancel_batch(work, batch.id, _WHY_BATCH)
    if live.live:
        cancel(work, live, _WHY)
    return Stopped(Stop.CANCELLED, live.end_to_end_id)
