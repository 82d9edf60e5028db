"""The figures of a notice: what is asked of each charge, line by line, and the base, days and payments behind it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Final, Protocol

from debit_service.penalties.tariff.amount import AmountStep, stretches

_FOR_THE_DAYS_BEFORE: Final = ", less "


class Charge(Protocol):
    """A stored step of a penalty (`models.PenaltyStep`)."""

    step_key: str
    from_date: date
    to_date: date
    amount_minor: int
    confirmed_minor: int
    formula: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticedStep:
    """One line of a claim: its days, its sum in figures (`amount.compute`), what that comes to, and what of it is asked."""

    from_date: date
    to_date: date
    formula: str
    amount_minor: int
    asked_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticedDelay:
    """What the lines stand on. `bases`: what was unpaid, and what of it is charged after the rule's rounding.

    Lateness counts after the day `counted_from`, up to `until`: the payment in full (`paid`), or the day of computing. `payments`
    were made in part before; `not_counted` are stretches of days, one without an end lasts.
    """

    counted_from: date
    until: date
    paid: bool
    bases: Sequence[tuple[int, int]]
    payments: Sequence[tuple[date, int]] = ()
    not_counted: Sequence[tuple[date, date | None]] = ()


def lines(charges: Iterable[Charge]) -> list[NoticedStep]:
    """The charges of which something is asked, in the order of their days; what is charged by the day is one line."""
    asked = sorted((one for one in charges if one.confirmed_minor), key=lambda one: (_by_day(one), one.from_date))
    return [_line(list(those)) for _, those in groupby(asked, key=lambda one: "day" if _by_day(one) else one.step_key)]


def _by_day(charge: Charge) -> bool:
    return charge.step_key.startswith("day-")


def _line(those: Sequence[Charge]) -> NoticedStep:
    last = those[-1]
    # A day's formula gives the sum of all days so far, less what was charged before.
    return NoticedStep(
        from_date=those[0].from_date,
        to_date=last.to_date,
        formula=last.formula.partition(_FOR_THE_DAYS_BEFORE)[0],
        amount_minor=sum(one.amount_minor for one in those),
        asked_minor=sum(one.confirmed_minor for one in those),
    )


def delay(inputs: Mapping[str, Any], steps: Iterable[AmountStep], *, paid: bool) -> NoticedDelay:
    """What stands behind the `steps` that the stored `inputs` give; a charge per head has no base."""
    payments = [(date.fromisoformat(day), int(minor)) for day, minor in inputs.get("payments", ())]
    bases = {
        (inputs["base_minor"] - sum(minor for day, minor in payments if day < one.from_date), one.base_minor): None
        for one in steps
        if one.rate is not None
    }
    return NoticedDelay(
        counted_from=date.fromisoformat(inputs["clock_start"]),
        until=date.fromisoformat(inputs["until"]),
        paid=paid,
        bases=list(bases),
        payments=payments,
        not_counted=sorted(
            [*stretches(inputs, "not_counted"), *stretches(inputs, "others_days")],
            key=lambda stretch: (stretch[0], stretch[1] or date.max),
        ),
    )
