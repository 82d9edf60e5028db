"""Ask: what a person wants done with an entry."""

from dataclasses import dataclass
from datetime import date

from debit_service.reconcile.by_persons.standing import Claim, ClaimPayment
from debit_service.reconcile.queue.exceptions import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a person wants done with an entry.

    - `MATCHED` names the collection by `end_to_end_id`, or several by `end_to_end_ids`, and, of money that left, what in it is,
      for each, a charge that the bank did not state (`charge_minor`).
    - `ALLOCATED` names contributions (id or reference) with amounts, or one employer by its `registration_number`, whose open
      contributions are then paid in the fund's order; `claims` are the surcharges that may be named or paid with them;
      `refund_rest` lets what is left be owed back, else it waits on.
    - `RECOGNISED` names the payment, or the refund paid out, that was `recorded`; `claim_payments` are those of surcharges that
      may be named.
    - A `BANK_CHARGE` that the bank gives back may name, as `shares`, the debits (end-to-end id) for which it was taken, or one by
      its `end_to_end_id`; without either it is that of the debit which the entry names.
    - `BANK_CHARGE`, `REFUND_OWED` and `NOT_OURS` may name an `amount_minor` that is not all that waits: the rest waits on.
    - `TOLD_BEFORE` names the entry that it is `same_as`; `HELD` the day of the `follow_up`; `SUSPENDED` nothing.
    """

    decision: Decision
    why: str
    end_to_end_id: str | None = None
    end_to_end_ids: tuple[str, ...] = ()
    charge_minor: int | None = None
    shares: tuple[tuple[str, int], ...] = ()
    registration_number: str | None = None
    claims: tuple[Claim, ...] = ()
    claim_payments: tuple[ClaimPayment, ...] = ()
    refund_rest: bool = False
    recorded: str | None = None
    same_as: str | None = None
    amount_minor: int | None = None
    follow_up: date | None = None

    @property
    def debits(self) -> tuple[str, ...]:
        """The collections that a match names."""
        return self.end_to_end_ids or (self.end_to_end_id or "",)
