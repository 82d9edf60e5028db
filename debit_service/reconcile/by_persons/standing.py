"""Where the money of a bank entry stands in the journal once a person has decided about it; which contribution is paid first.

Every cent of an entry is booked once, under the entry's own name: `bank` has what the bank booked, and against it stands where
each part goes and, in `suspense`, what nobody has decided about yet.

An entry that pays contributions or surcharges goes against `other-means`. There the payment recorded for each has put the same
amount on the other side (`contributions.payments`), as it does for every payment that no debit brought in: so `other-means` is
left with nothing, the money stands at the bank, where it is, and what is receivable is less by it. Booking the payment straight
to `bank` would have two rooms say what the bank holds, and `bank` would no longer be the sum of what the bank has booked. The
same way leads a transfer that a clerk had recorded before the bank's file came, and a refund that was paid out, to the booking
that proves it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from debit_service.core.errors import Refused
from debit_service.funds.profile import AllocationOrder
from debit_service.ledger.rules import Account


class Purpose(StrEnum):
    """Where a part of an entry's money goes."""

    CONTRIBUTION = "contribution"
    SURCHARGE = "surcharge"
    RECORDED = "recorded"
    REFUND = "refund"
    CHARGE = "charge"
    NOT_OURS = "not_ours"


_AGAINST: Final = {
    Purpose.CONTRIBUTION: Account.OTHER_MEANS,
    Purpose.SURCHARGE: Account.OTHER_MEANS,
    Purpose.RECORDED: Account.OTHER_MEANS,
    Purpose.REFUND: Account.REFUNDS_OWED,
    Purpose.CHARGE: Account.CHARGES,
    Purpose.NOT_OURS: Account.NOT_OURS,
}


def positions(amount_minor: int, *, credit: bool, parts: Iterable[tuple[Purpose, int]]) -> dict[Account, int]:
    """Where an entry's money stands (debit positive); the lines sum to zero whatever the parts are. Minor units."""
    sign = 1 if credit else -1
    target = {Account.BANK: sign * amount_minor}
    left = amount_minor
    for purpose, minor in parts:
        against = _AGAINST[purpose]
        target[against] = target.get(against, 0) - sign * minor
        left -= minor
    return {**target, Account.SUSPENSE: -sign * left}


def paid_out(amount_minor: int) -> dict[Account, int]:
    """Money owed back was given back: owed no more, and gone by other means, until the bank's own booking shows it."""
    return {Account.REFUNDS_OWED: amount_minor, Account.OTHER_MEANS: -amount_minor}


@dataclass(frozen=True, slots=True)
class Claim:
    """What an employer owes still: a contribution, or (`surcharge`) a surcharge on one. Minor units."""

    id: str
    due: date
    open_minor: int
    surcharge: bool = False


@dataclass(frozen=True, slots=True)
class ClaimPayment:
    """A payment of a claim that was recorded by hand and no entry shows yet; below zero: what was given back. Minor units."""

    id: str
    fund_id: str
    currency: str
    amount_minor: int


def order_on(orders: Sequence[AllocationOrder], day: date) -> AllocationOrder:
    """The order of allocation in force on `day`. Raises Refused when none was yet."""
    in_force = [one for one in orders if one.valid_from <= day]
    if not in_force:
        raise Refused(
            "allocation.no_order",
            "No order of allocation was in force on this day.",
            place=day.isoformat(),
            remedy="Say which contribution gets what, or complete allocation_orders of the fund.",
        )
    return max(in_force, key=lambda one: one.valid_from)


def in_order(order: AllocationOrder, claims: Iterable[Claim]) -> list[Claim]:
    """The claims as they are paid, the first one first; what an order does not settle goes by date, then by id."""

    def place(claim: Claim) -> tuple[object, ...]:
        keys = {"principal_first": claim.surcharge, "surcharge_first": not claim.surcharge, "oldest_first": claim.due}
        return (*(keys[key] for key in order.keys), claim.due, claim.id)

    return sorted(claims, key=place)


def allocation(order: AllocationOrder, claims: Iterable[Claim], amount_minor: int) -> list[tuple[str, int]]:
    """(claim, minor units) for as long as the money lasts; what is left over belongs to none of them."""
    shares: list[tuple[str, int]] = []
    left = amount_minor
    for claim in in_order(order, claims):
        share = min(left, claim.open_minor)
        if share > 0:
            shares.append((claim.id, share))
            left -= share
    return shares
