"""Which bookings count, of all that name the attempts at one contribution: a function of their set, never of how they came.

Banks book a debit twice, on two days; return it twice, for two reasons; book an attempt that they had rejected, and the next one
too. Not all of that can be right: money comes in once, goes back once, and comes in again only after it went back; and of all
attempts at a contribution one keeps it at most. *How many* can be right follows from how many were told. *Which* does not, where
the bank contradicts itself: then those count that favour the employer, the earliest credits and the latest returns. The others
wait for a person, whatever came first.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from debit_service.reconcile.rules import Effect

BY_ANOTHER = "this contribution is paid already by another attempt"
PAID_ALREADY = "this collection is paid already: the bank has booked it once more"
RETURNED_ALREADY = "this collection is returned already: the bank has booked its return once more"
RETURNED_IN_PART = "a part of this collection has gone back already: it cannot go back as a whole"


@dataclass(frozen=True, slots=True)
class Claim:
    """A booking that names an attempt (`collection_id`) and fits it.

    `says` tells it from others of its day by what the bank says: the reason first, so that which reason counts depends on nothing
    else. One that is `firm` counts whatever else is told: a share of a sum, which can only be taken whole, and what a person has
    matched. `minor` of the attempt's `whole_minor` come or go by it: only a person says of an entry that it is less than all.
    """

    entry_id: str
    collection_id: str
    effect: Effect
    on: date
    says: tuple[str, ...] = ()
    firm: bool = False
    minor: int = 1
    whole_minor: int = 1


@dataclass(slots=True)
class _Attempt:
    """The claims on one attempt, each kind in the order in which they count; and what of it went back in parts, together."""

    credits: list[Claim] = field(default_factory=list)
    returns: list[Claim] = field(default_factory=list)
    parts_minor: int = 0
    whole_minor: int = 1

    @property
    def broken(self) -> bool:
        """Whether a part of a credit is gone and the rest is there: as a whole that one goes back no more."""
        return self.parts_minor % self.whole_minor > 0

    @property
    def gone_in_parts(self) -> int:
        """How often the parts come to all of it."""
        return self.parts_minor // self.whole_minor

    @property
    def gone(self) -> int:
        """How often all of it went back: parts that come to all of it are a return."""
        went = len(self.returns)
        if self.parts_minor:
            went = min(went, max(len(self.credits) - self.gone_in_parts - self.broken, 0))
        return self.gone_in_parts + went

    @property
    def keeps(self) -> Claim | None:
        """The credit that would stay after all returns; None when there is none."""
        return self.credits[self.gone] if len(self.credits) > self.gone else None

    def counting(self, *, keeper: bool) -> tuple[int, int]:
        """How many credits and how many returns can be right. A return may be told before its credit, but one only."""
        came, went = len(self.credits), self.gone
        firm = [sum(one.firm for one in claims) for claims in (self.credits, self.returns)]
        return max(firm[0], min(came, went + keeper)), max(firm[1], min(went, max(came, 1)) - self.gone_in_parts)


def troubles(claims: Iterable[Claim]) -> dict[str, str]:
    """Why bookings do not count, of those that name the attempts at one contribution: entry -> trouble; the others count."""
    attempts = _attempts(claims)
    kept = {name: one.keeps for name, one in attempts.items() if one.keeps}
    # A person has told of a part of its money: it is there.
    keeper = min(kept, key=lambda name: (not attempts[name].broken, _early(kept[name])), default=None)
    found: dict[str, str] = {}
    for name, one in attempts.items():
        came, went = one.counting(keeper=name == keeper)
        elsewhere = BY_ANOTHER if name in kept and name != keeper else PAID_ALREADY
        found |= {claim.entry_id: elsewhere for claim in one.credits[came:]}
        already = RETURNED_IN_PART if one.broken else RETURNED_ALREADY
        found |= {claim.entry_id: already for claim in one.returns[went:]}
    return found


def _attempts(claims: Iterable[Claim]) -> dict[str, _Attempt]:
    found: dict[str, _Attempt] = {}
    for claim in claims:
        attempt = found.setdefault(claim.collection_id, _Attempt())
        if claim.minor < claim.whole_minor:
            attempt.parts_minor += claim.minor
            attempt.whole_minor = claim.whole_minor
        else:
            (attempt.credits if claim.effect is Effect.SETTLED else attempt.returns).append(claim)
    for attempt in found.values():
        attempt.credits.sort(key=_early)
        attempt.returns.sort(key=_late, reverse=True)
    return found


def _early(claim: Claim) -> tuple[bool, date, tuple[str, ...], str, str]:
    return (not claim.firm, claim.on, claim.says, claim.collection_id, claim.entry_id)


def _late(claim: Claim) -> tuple[bool, date, tuple[str, ...], str, str]:
    return (claim.firm, claim.on, claim.says, claim.collection_id, claim.entry_id)
