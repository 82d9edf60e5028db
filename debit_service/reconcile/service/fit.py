"""Fit: whether an entry is, to the cent, the money of the debits that a person names."""

from collections.abc import Sequence

from debit_service.collections import queries as collections
from debit_service.collections.queries import Asked
from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.work import Work
from debit_service.reconcile.models import BankEntry
from debit_service.reconcile.rules import Effect
from debit_service.reconcile.service.claims import no_room
from debit_service.reconcile.service.verdict import Share, effect_of, split_of


def fitting(
    work: Work, entry: BankEntry, end_to_end_ids: Sequence[str], charge_minor: int | None = None
) -> list[Share]:
    """What an entry means for the collections with these references.

    `charge_minor` is what a person names as the bank's charge for each, in money that left, where the bank stated none: with it
    the entry must be the whole debits, for a debit is returned whole. Raises InvalidInput for one that is named twice, and
    Refused `entry.no_fit` with what does not fit.
    """
    if len(set(end_to_end_ids)) < len(end_to_end_ids):
        raise InvalidInput("entry.twice", "A debit is named twice.", place="end_to_end_id")
    debits = _debits(work, entry, end_to_end_ids)
    shares = [_alone(entry, debits[0])] if len(debits) == 1 and charge_minor is None else []
    shares = shares or _together(entry, debits, charge_minor)
    for share in shares:
        if trouble := no_room(work, entry, share):
            raise _no_fit(share.collection.end_to_end_id, trouble)
    return shares


def _debits(work: Work, entry: BankEntry, end_to_end_ids: Sequence[str]) -> list[Asked]:
    known = {one.end_to_end_id: one for one in collections.asked(work, end_to_end_ids)}
    for name in end_to_end_ids or [""]:
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


def _together(entry: BankEntry, debits: Sequence[Asked], charge_minor: int | None) -> list[Share]:
    """The debits, each with the charge that a person names. What a bank states of them together is told apart by nobody."""
    effect, each = effect_of(entry), charge_minor or 0
    if charge_minor is not None and (effect is not Effect.RETURNED or each <= 0):
        raise _no_fit(debits[0].end_to_end_id, "only of money that left a charge is named, and it is more than nothing")
    if sum(one.amount_minor + each for one in debits) != entry.amount_minor:
        said = "the debits, and the charge that is named for each, do not make the amount of the entry"
        raise _no_fit(debits[0].end_to_end_id, said)
    return [Share(one, effect, one.amount_minor, each) for one in debits]


def _no_fit(place: str, trouble: str) -> Refused:
    return Refused("entry.no_fit", f"It does not fit: {trouble}.", place=place)
