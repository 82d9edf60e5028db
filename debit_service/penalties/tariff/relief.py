"""How much of a penalty is relieved, and which reliefs a rule allows.

Every relief is counted on the whole penalty, never on what another one left: so the order of reliefs does not matter, they do not
compound, and together they take no more than the penalty is. A relief in percent follows when the penalty is computed again, but
what people relieve alone never takes more in all than the fund lets one person relieve: for more of it, two decide.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from debit_service.core.errors import InvalidInput
from debit_service.penalties.tariff.rule import PenaltyRule, Relief

#: A relief of everything.
WHOLE: Final = 10_000
_PERCENT: Final = re.compile(r"\s*(?P<whole>[0-9]{1,3})(?:[.,](?P<part>[0-9]{1,2}))?\s*%?\s*", re.ASCII)


class Ground(StrEnum):
    """Why a penalty is relieved."""

    COMMISSION = "commission"
    FORCE_MAJEURE = "force_majeure"
    JUSTIFIED_FILE = "justified_file"
    GOODWILL = "goodwill"
    AMNESTY = "amnesty"


class Reduction(Protocol):
    """What a relief takes: a share, an amount in minor units, or (both) a share but at most an amount."""

    @property
    def basis_points(self) -> int | None:
        """Hundredths of a percent of the whole penalty."""

    @property
    def amount_minor(self) -> int | None:
        """Minor units."""

    @property
    def alone_up_to_minor(self) -> int | None:
        """Minor units that reliefs of one person alone take of a penalty at most, all together; None where two decided."""


@dataclass(frozen=True, slots=True)
class Off:
    """A reduction as a plain value."""

    basis_points: int | None = None
    amount_minor: int | None = None
    alone_up_to_minor: int | None = None


def in_basis_points(percent: str) -> int:
    """A percentage as people write it ("50", "33.33", "33,33 %"), in hundredths of a percent. Raises InvalidInput."""
    said = _PERCENT.fullmatch(percent)
    found = int(said["whole"]) * 100 + int((said["part"] or "").ljust(2, "0")) if said else 0
    if not 1 <= found <= WHOLE:
        raise InvalidInput(
            "relief.percent", "A percentage like 50 or 33.33, at least 0.01 and at most 100.", place="percent"
        )
    return found


def percent_text(basis_points: int) -> str:
    """The percentage in figures: "50", "33.33"."""
    whole, part = divmod(basis_points, 100)
    return f"{whole}.{part:02d}".rstrip("0") if part else str(whole)


def relieved_minor(amount_minor: int, reliefs: Iterable[Reduction]) -> int:
    """What `reliefs` that stand take off a penalty of `amount_minor`, minor units: between nothing and all of it."""
    by_two, alone, alone_up_to = 0, 0, 0
    for one in reliefs:
        taken = taken_minor(amount_minor, one)
        if one.alone_up_to_minor is None:
            by_two += taken
        else:
            alone, alone_up_to = alone + taken, max(alone_up_to, one.alone_up_to_minor)
    return min(amount_minor, by_two + min(alone, alone_up_to))


def taken_minor(amount_minor: int, relief: Reduction) -> int:
    """What one relief takes by itself, minor units; half a unit is rounded up, in favour of who pays."""
    if relief.basis_points is None:
        return min(amount_minor, relief.amount_minor or 0)
    share = (amount_minor * relief.basis_points + WHOLE // 2) // WHOLE
    return share if relief.amount_minor is None else min(share, relief.amount_minor)


def entry_for(rule: PenaltyRule, ground: Ground) -> Relief | None:
    """What the rule says about reliefs on `ground`; None when it says nothing."""
    return next((one for one in rule.relief if one.ground == ground), None)


def most_minor(rule: PenaltyRule, ground: Ground, amount_minor: int) -> int | None:
    """What all reliefs on `ground` together may take off a penalty of `amount_minor` at most; None: the rule does not allow it.

    A commission decides by law of its own: where the rule is silent about it, it may relieve everything. An amnesty is a law too,
    and is never granted by hand.
    """
    if ground is Ground.AMNESTY:
        return None
    allowed = entry_for(rule, ground)
    if allowed is None:
        return amount_minor if ground is Ground.COMMISSION else None
    if allowed.rate_off is None:
        return amount_minor
    return taken_minor(amount_minor, Off(basis_points=int(allowed.rate_off * WHOLE)))
