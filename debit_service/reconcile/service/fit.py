"""Fit: whether an entry is, to the cent, the money of the debits that a person names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from debit_service.collections import queries as collections
from debit_service.collections.queries import Asked
from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.work import Work
from debit_service.reconcile import queries
from debit_service.reconcile.models import BankEntry
from debit_service.reconcile.rules import Effect
from debit_service.reconcile.service.ask import Ask
from debit_service.reconcile.service.claims import no_room
from debit_service.reconcile.service.verdict import Share, effect_of, split_of


@dataclass(frozen=True, slots=True)
class Named:
    """The debits (end-to-end ids) that a person names in a match. Minor units.

    Of money that left: `parts` says of which of them only so much goes back, and what the bank kept without stating it is
    `charge_minor` for each, or, where it differs, `charges` by debit.
    """

    debits: tuple[str, ...]
    parts: Mapping[str, int] = field(default_factory=dict)
    charge_minor: int | None = None
    charges: Mapping[str, int] = field(default_factory=dict)

    def charge_of(self, debit: str) -> int:
        """What the bank kept for a debit."""
        return self.charges.get(debit, 0) if self.charge_minor is None else self.charge_minor

    @property
    def alone_minor(self) -> int:
        """The charges that no bank has stated."""
        return sum(self.charge_of(one) for one in self.debits)

    def as_evidence(self) -> dict[str, Any]:
        """What is kept of it with the decision."""
        debits: dict[str, Any] = {"end_to_end_ids": list(self.debits)}
        if len(self.debits) == 1:
            debits = {"end_to_end_id": self.debits[0]}
        said = {"charge_minor": self.charge_minor, "charges": dict(self.charges), "parts": dict(self.parts)}
        return debits | {name: value for name, value in said.items() if value not in (None, {})}


def named_in(ask: Ask) -> Named:
    """What a match names. Raises InvalidInput for a debit that is named twice, and for a charge of one that is not named."""
    debits = (*ask.debits, *(name for name, _ in ask.shares))
    if len(set(debits)) < len(debits) or len(dict(ask.charges)) < len(ask.charges):
        raise InvalidInput("entry.twice", "A debit is named twice.", place="end_to_end_id")
    stray = next((name for name, _ in ask.charges if name not in debits), None)
    if stray is not None or (ask.charges and ask.charge_minor is not None):
        raise InvalidInput(
            "entry.charges",
            "A charge is named for each debit alike, or of a debit that the match names.",
            place=stray or "charge",
            remedy="Name one charge for all of them, or one for each that has one.",
        )
    return Named(debits or ("",), dict(ask.shares), ask.charge_minor, dict(ask.charges))


def named_before(said: Mapping[str, Any]) -> Named:
    """What a match named that is being carried out."""
    debits = tuple(said.get("end_to_end_ids") or [said["end_to_end_id"]])
    return Named(debits, said.get("parts", {}), said.get("charge_minor"), said.get("charges", {}))


def fitting(work: Work, entry: BankEntry, named: Named) -> list[Share]:
    """What an entry means for the collections that are named.

    With the charges the entry must be these debits, whole but for what goes back in part. Raises Refused `entry.no_fit` with what
    does not fit.
    """
    debits = _debits(work, entry, named.debits)
    is_plain = len(debits) == 1 and named.charge_minor is None and not named.charges and not named.parts
    shares = [_alone(entry, debits[0])] if is_plain else _together(entry, debits, named)
    for share in shares:
        if trouble := no_room(work, entry, share):
            raise _no_fit(share.collection.end_to_end_id, trouble)
    _check_kept(work, shares)
    return shares


def _debits(work: Work, entry: BankEntry, end_to_end_ids: Sequence[str]) -> list[Asked]:
    known = {one.end_to_end_id: one for one in collections.asked(work, end_to_end_ids)}
    for name in end_to_end_ids:
        found = known.get(name)
        if found is None or entry.amount_minor is None or found.currency != entry.currency:
            raise Refused("entry.no_fit", "There is no such collection in this currency.", place=name)
        if entry.fund_id != found.fund_id:
            raise Refused("entry.no_fit", "The entry stands on another account than this fund's.", place=name)
    debits = [known[name] for name in end_to_end_ids]
    if len({one.contribution_id for one in debits}) < len(debits):
        # Whether there is room for one of two attempts depends on what becomes of the other.
        raise _no_fit(end_to_end_ids[-1], "two of the debits are attempts at one contribution")
    return debits


def _alone(entry: BankEntry, debit: Asked) -> Share:
    """The one debit, less or with what the bank states that it took."""
    effect = effect_of(entry)
    split = split_of(entry, debit.amount_minor, effect)
    if split.trouble:
        raise _no_fit(debit.end_to_end_id, split.trouble)
    return Share(debit, effect, split.amount_minor, split.charges_minor, split.interest_minor)


def _together(entry: BankEntry, debits: Sequence[Asked], named: Named) -> list[Share]:
    """The debits, each with the charge that a person names. What a bank states of them together is told apart by nobody."""
    effect, first = effect_of(entry), debits[0].end_to_end_id
    charges = [*named.charges.values(), *(() if named.charge_minor is None else (named.charge_minor,))]
    if charges and (effect is not Effect.RETURNED or min(charges) <= 0):
        raise _no_fit(first, "only of money that left a charge is named, and it is more than nothing")
    if named.parts and effect is not Effect.RETURNED:
        raise _no_fit(first, "only of money that left a part of a debit is named")
    shares = [
        Share(one, effect, named.parts.get(one.end_to_end_id, one.amount_minor), named.charge_of(one.end_to_end_id))
        for one in debits
    ]
    for one in shares:
        if not 0 < one.amount_minor <= one.collection.amount_minor:
            raise _no_fit(one.collection.end_to_end_id, "a part is more than nothing, and not more than the debit")
    if sum(one.amount_minor + one.charges_minor for one in shares) != entry.amount_minor:
        said = "the debits, and the charge that is named for each, do not make the amount of the entry"
        raise _no_fit(first, said)
    return shares


def _check_kept(work: Work, shares: Sequence[Share]) -> None:
    """A part goes back of what a debit has brought in and still keeps: one that is not credited yet is waited for."""
    parts = {one.collection.id: one for one in shares if one.amount_minor < one.collection.amount_minor}
    results = queries.outcomes_of(work, {name: one.collection.amount_minor for name, one in parts.items()})
    for name, one in parts.items():
        if one.amount_minor > results[name].kept_minor:
            raise _no_fit(one.collection.end_to_end_id, "the part is more than what the debit has brought in and keeps")


def _no_fit(place: str, trouble: str) -> Refused:
    return Refused("entry.no_fit", f"It does not fit: {trouble}.", place=place)
