"""The life of a penalty as values: its states, what is asked for and paid, and where that stands in the journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from debit_service.core.machine import Machine
from debit_service.funds.profile import PenaltyPolicy
from debit_service.ledger.rules import Account

#: `reversed`: its ground is gone, or a person took it back. `waived`: the fund let the employer off, the fault stands.
#: From a state in which the employer is asked into the same one: a person agreed to what was added to it.
MACHINE: Final = Machine(
    name="penalty",
    initial="proposed",
    transitions={
        "proposed": frozenset({"confirmed", "waived", "reversed"}),
        "confirmed": frozenset({"confirmed", "notified", "paid", "waived", "reversed"}),
        "notified": frozenset({"confirmed", "notified", "paid", "waived", "reversed"}),
        "paid": frozenset({"confirmed", "notified", "paid", "waived", "reversed"}),
        "waived": frozenset({"proposed", "reversed"}),
        "reversed": frozenset({"proposed"}),
    },
)
#: Why a penalty falls by itself.
NO_GROUND: Final = "the failure is no longer attributed to the employer"
NOT_LATE: Final = "nothing is late by what is known now"
OTHER_VERSION: Final = "another version of the rule holds for this due date"
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

    def shown_minor(self, state: str | None) -> int:
        """What employers see of it, and contest, in `state`: the surcharge; where only the bank's fee is claimed, that."""
        if self.computed_minor:
            return self.due_minor(state)
        return self.fees_computed_minor if state == "proposed" else self.fees_minor

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the notices of a penalty say is owed of it, in minor units; None: there is none.

    `last_minor` is what the newest one says; `asked_minor` the same, if the penalty was not proposed again since: a claim ends
    with a reversal or a waiver. `told_minor` is `asked_minor` once its message has left: only then the employer is told.
    """

    last_minor: int | None = None
    asked_minor: int | None = None
    told_minor: int | None = None

    def asked_anew(self) -> "Said":
        """The same once the penalty was proposed again."""
        return Said(last_minor=self.last_minor)


def is_untold(state: str, money: Money, said: Said) -> bool:
    """Whether the employer is still to be told what is owed of a penalty now.

    Of what was paid before it was ever told, and of what was never told and is not owed, nobody is told.
    """
    if not money.owed_minor:
        return bool(said.last_minor)
    if state == "paid":
        return said.last_minor is not None and said.last_minor != money.owed_minor
    return said.asked_minor != money.owed_minor


def is_still_to_be_told(state: str, money: Money, said: Said, waiting: Sequence[int | None]) -> bool:
    """Whether the one message that waits to leave is what the employer is to be told now.

    `waiting` is what each message that can still be withdrawn says is owed, None where its claim ended since; `said` is without
    them. Of several, one may rest on what another says.
    """
    return list(waiting) == [money.owed_minor] and is_untold(state, money, said)


def is_lower(money: Money, said: Said) -> bool:
    """Whether what is still to be told is that less is owed, or nothing, than the employer was told."""
    return not money.owed_minor or (said.asked_minor is not None and money.owed_minor < said.asked_minor)


def state_by_money(state: str, money: Money, told_minor: int | None) -> str:
    """Which of the states `ASKED` payments and notices make of it. `told_minor`: `Said.told_minor`.

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
