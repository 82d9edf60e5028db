"""The life of a penalty as values: its states, what is asked for and paid, and where that stands in the journal."""

from dataclasses import dataclass
from typing import Final

from debit_service.core.machine import Machine
from debit_service.funds.profile import PenaltyPolicy
from debit_service.ledger.rules import Account

#: `reversed`: its ground is gone, or a person took it back. `waived`: the fund let the employer off, the fault stands.
MACHINE: Final = Machine(
    name="penalty",
    initial="proposed",
    transitions={
        "proposed": frozenset({"confirmed", "waived", "reversed"}),
        "confirmed": frozenset({"notified", "paid", "waived", "reversed"}),
        "notified": frozenset({"confirmed", "paid", "waived", "reversed"}),
        "paid": frozenset({"confirmed", "notified", "waived", "reversed"}),
        "waived": frozenset({"proposed", "reversed"}),
        "reversed": frozenset({"proposed"}),
    },
)
#: The states in which the employer is asked for something, or has paid it.
ASKED: Final = ("confirmed", "notified", "paid")
#: The states in which a penalty stands: it needs its ground, its rule and its evidence.
STANDING: Final = ("proposed", *ASKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What a penalty comes to, in minor units.

    `computed_minor` is the sum of its steps, `confirmed_minor` what of it is confirmed; `whole_surcharge_minor` and
    `surcharge_minor` are what reliefs leave of either. `fees_minor` are the bank's fees that are claimed, `fees_computed_minor`
    those that may be. `kept_minor` is what was paid, less what was given back.
    """

    computed_minor: int = 0
    confirmed_minor: int = 0
    whole_surcharge_minor: int = 0
    surcharge_minor: int = 0
    fees_computed_minor: int = 0
    fees_minor: int = 0
    kept_minor: int = 0

    @property
    def owed_minor(self) -> int:
        """What the employer is asked for in all."""
        return self.surcharge_minor + self.fees_minor

    @property
    def whole_minor(self) -> int:
        """What the employer would be asked for if all that is computed were confirmed."""
        return self.whole_surcharge_minor + self.fees_computed_minor

    def due_minor(self, state: str | None) -> int:
        """What of it is a surcharge, in `state`: what is asked for, or of a proposal what would be; without the bank's fees."""
        return self.whole_surcharge_minor if state == "proposed" else self.surcharge_minor

    @property
    def open_minor(self) -> int:
        """What of it is not paid."""
        return max(self.owed_minor - self.kept_minor, 0)

    @property
    def refund_minor(self) -> int:
        """What was paid beyond it, and has to be given back."""
        return max(self.kept_minor - self.owed_minor, 0)

    @property
    def waiting_minor(self) -> int:
        """What was computed and waits for a person."""
        return self.computed_minor - self.confirmed_minor + self.fees_computed_minor - self.fees_minor


def positions(money: Money) -> dict[Account, int]:
    """Where a penalty's money stands (debit positive); the lines sum to zero. A payment beyond what is owed is owed back.

    The payment goes against `other-means`, as that of a contribution does: the bank's own booking of it, once a person says that
    it is this payment, takes it from there.
    """
    return {
        Account.SURCHARGE_RECEIVABLE: money.open_minor,
        Account.SURCHARGES: -money.surcharge_minor,
        Account.FEES_REBILLED: -money.fees_minor,
        Account.OTHER_MEANS: money.kept_minor,
        Account.REFUNDS_OWED: -money.refund_minor,
    }


def state_by_money(state: str, money: Money, told_minor: int | None) -> str:
    """Which of the states `ASKED` payments and notices make of it. `told_minor` is what the newest notice asked for.

    Another state stays, and so does one that asks for nothing any more: that is for whoever let the employer off to say.
    """
    if state not in ASKED or not money.owed_minor:
        return state
    if not money.open_minor:
        return "paid"
    return "notified" if told_minor == money.owed_minor else "confirmed"


def needs_a_person(
    policy: PenaltyPolicy, asked_minor: int, confirmed_today: int, *, rule_unconfirmed: bool
) -> str | None:
    """Why a penalty of `asked_minor` is not confirmed by itself; None when it is."""
    if rule_unconfirmed:
        return "the rule is not confirmed: a person decides"
    if asked_minor > policy.automatic_up_to_minor.require():
        return "it is above the amount up to which the fund lets penalties be confirmed by themselves"
    if confirmed_today >= policy.automatic_per_day_max.require():
        return "as many penalties as the fund lets be confirmed by themselves in a day were confirmed today"
    return None


def needs_another(policy: PenaltyPolicy, asked_minor: int) -> bool:
    """Whether a second person must agree to ask for so much."""
    return asked_minor > policy.four_eyes_above_minor.require()
