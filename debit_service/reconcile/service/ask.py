"""Ask: what a person wants done with an entry."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from debit_service.core.errors import InvalidInput
from debit_service.reconcile.by_persons.standing import Claim, ClaimPayment
from debit_service.reconcile.queue.exceptions import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a person wants done with an entry.

    - `MATCHED` names the collection by `end_to_end_id`, or several by `end_to_end_ids`, and, of money that left, those of which
      only a part goes back, with it, by `shares`; and what in it is a charge that the bank did not state: the same for each
      (`charge_minor`), or by debit (`charges`).
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
    charges: tuple[tuple[str, int], ...] = ()
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
        """The collections that are named by themselves."""
        return self.end_to_end_ids or ((self.end_to_end_id,) if self.end_to_end_id else ())


#: What each decision looks at besides the reason, as a person calls it, and where it stands in `Ask`.
_ASKED: Final = {
    "end_to_end_id": ("end_to_end_id", "end_to_end_ids"),
    "charge": ("charge_minor", "charges"),
    "share": ("shares",),
    "employer": ("registration_number",),
    "refund_rest": ("refund_rest",),
    "recorded": ("recorded",),
    "same_as": ("same_as",),
    "amount": ("amount_minor",),
    "follow_up": ("follow_up",),
}
_TAKES: Final[Mapping[Decision, frozenset[str]]] = {
    Decision.MATCHED: frozenset({"end_to_end_id", "charge", "share"}),
    Decision.ALLOCATED: frozenset({"share", "employer", "refund_rest"}),
    Decision.RECOGNISED: frozenset({"recorded"}),
    Decision.BANK_CHARGE: frozenset({"end_to_end_id", "share", "amount"}),
    Decision.TOLD_BEFORE: frozenset({"same_as"}),
    Decision.HELD: frozenset({"follow_up"}),
    Decision.REFUND_OWED: frozenset({"amount"}),
    Decision.NOT_OURS: frozenset({"amount"}),
}
#: Two ways of saying the same: one would be ignored beside the other.
_EITHER: Final = {Decision.ALLOCATED: ("share", "employer"), Decision.BANK_CHARGE: ("share", "end_to_end_id")}


def check_belongs(ask: Ask) -> None:
    """Refuse what is named with a decision that would not look at it: somebody meant something by it. Raises InvalidInput."""
    named = [
        name for name, fields in _ASKED.items() if any(getattr(ask, one) not in (None, False, ()) for one in fields)
    ]
    takes = _TAKES.get(ask.decision, frozenset())
    stray = next((name for name in named if name not in takes), None)
    if stray:
        only = " or ".join(one.value for one, names in _TAKES.items() if stray in names)
        raise InvalidInput(
            "entry.stray",
            f"This decision takes no {stray}.",
            place=stray,
            remedy=f"Leave it out; only {only} looks at it.",
        )
    either = _EITHER.get(ask.decision, ())
    if either and set(either) <= set(named):
        raise InvalidInput(
            "entry.either",
            f"Name either {either[0]} or {either[1]}: one of them would not be looked at.",
            place=either[1],
        )
