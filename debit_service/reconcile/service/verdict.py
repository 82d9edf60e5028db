"""Verdicts: what is made of a bank entry, and the part of the decision that needs only the entry, its collection and facts."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple, TypeAlias

from debit_service.collections.models import Collection
from debit_service.collections.queries import Asked
from debit_service.reconcile.models import BankEntry
from debit_service.reconcile.rules import (
    BY_LINK,
    BY_REFERENCE,
    DETAILS_DIFFER,
    NET_TOTALS,
    RETURN_KINDS,
    STATED_COST,
    UNLINKED,
    Effect,
    Outcome,
    Principal,
    split_amount,
)


class Entry(NamedTuple):
    """A bank entry as a row and not an object, because there may be a million: the columns of the table, in its order."""

    id: str
    file_id: str
    document_id: str
    position: int
    message: str
    level: str
    kind: str
    status: str | None
    direction: str | None
    reversal: bool
    account_index: str | None
    fund_id: str | None
    currency: str | None
    entry_index: int | None
    entry_amount_minor: int | None
    amount_minor: int | None
    original_amount_minor: int | None
    charges_minor: int | None
    booking_date: date | None
    value_date: date | None
    bank_transaction_code: str | None
    entry_reference: str | None
    account_servicer_reference: str | None
    end_to_end_id: str | None
    mandate_id: str | None
    transaction_id: str | None
    payment_information_id: str | None
    original_message_id: str | None
    reason_code: str | None
    reason_code_set: str | None
    reason_proprietary: str | None
    batch_count: int | None
    batch_total_minor: int | None
    interest_minor: int | None
    personal_sealed: bytes | None
    instruction_id: str | None


AnyEntry: TypeAlias = BankEntry | Entry
AnyCollection: TypeAlias = Collection | Asked


class Share(NamedTuple):
    """What an entry means for one collection."""

    collection: AnyCollection
    effect: Effect
    amount_minor: int
    charges_minor: int = 0
    interest_minor: int = 0


class Verdict(NamedTuple):
    """What is made of an entry: the kind of disposition, a stable reason, and the explanation that a person reads.

    `instead_of` is another report of the same booking that it stands for now in the place of that one.
    """

    kind: str
    reason: str
    explanation: str
    folded_into: str | None = None
    shares: Sequence[Share] = ()
    instead_of: str | None = None


class Plain(NamedTuple):
    """The verdict about an entry that needed no thought; `after` is the collection that it moves, and what then became of it."""

    entry: Entry
    verdict: Verdict
    after: tuple[Asked, Outcome] | None = None


def not_booked(entry: AnyEntry) -> Verdict | None:
    """Money that the bank has announced and not booked changes nothing; None for what is booked."""
    if entry.status == "BOOK":
        return None
    return Verdict("informational", "not_booked", f"the bank has not booked it (status {entry.status or 'missing'})")


def folded(head_id: str) -> Verdict:
    """The same booking as `head_id`."""
    return Verdict("folded", "same_booking", "the same booking as reported in another message", folded_into=head_id)


def remainder(told_by: str | None) -> Verdict:
    """What is left of an entry whose details do not add up to it; `told_by` is another report that tells of all of it."""
    if told_by:
        return folded(told_by)
    said = "what is left of a booking whose details do not add up to it, and no stated charge explains it"
    return Verdict("suspense", DETAILS_DIFFER, said)


def stated_cost(entry: AnyEntry) -> Verdict | None:
    """Charges and interest that the bank states of an entry, beside its details: the fund's own cost, shared out to nobody."""
    if entry.kind != "cost":
        return None
    return Verdict(
        "matched", STATED_COST, "the charges and the interest that the bank states of an entry, beside its details"
    )


def unexplained(entry: AnyEntry) -> Verdict:
    """Nothing that we asked for: a person looks at it."""
    if entry.kind == "charge":
        return Verdict("suspense", "charge_alone", "a charge of the bank that names no collection")
    if names_a_booking(entry):
        return Verdict(
            "suspense", UNLINKED, "a return that names only the bank's own reference: no one credit that fits"
        )
    if entry.end_to_end_id:
        return Verdict(
            "suspense", "unknown_reference", "its end-to-end reference is none of ours: changed on the way, or not ours"
        )
    return Verdict("suspense", "no_reference", "it carries no reference of ours")


def names_a_booking(entry: AnyEntry) -> bool:
    """Whether it is a return that can be known only by the credit that it takes back: by the bank's own reference of that."""
    named = entry.transaction_id or entry.account_servicer_reference
    return bool(named) and not entry.end_to_end_id and entry.direction == "debit" and entry.kind in RETURN_KINDS


def is_remainder(entry: AnyEntry) -> bool:
    """Whether it is what is left of an entry whose details do not add up to it."""
    return entry.kind == "remainder"


def costs_in(entry: AnyEntry, reason: str) -> tuple[int, int]:
    """(charges, interest) that an entry matched for `reason` has in its amount and no collection has: minor units."""
    if reason == STATED_COST:
        return entry.charges_minor or 0, entry.interest_minor or 0
    charges, interest = NET_TOTALS.get(reason, (False, False))
    return (entry.charges_minor or 0) * charges, (entry.interest_minor or 0) * interest


def effect_of(entry: AnyEntry) -> Effect:
    """What a booked entry does to the collection that it names."""
    return Effect.RETURNED if entry.direction == "debit" else Effect.SETTLED


def share_of(entry: AnyEntry, collection: AnyCollection) -> Share | Verdict:
    """What a booked entry that names one collection means for it; or the verdict why it waits, whatever else is told."""
    elsewhere = entry.account_index is not None and entry.fund_id != collection.fund_id
    if elsewhere or entry.currency != collection.currency:
        return Verdict(
            "suspense", "other_account", "it names our collection, but on another account or in another currency"
        )
    effect, amount = effect_of(entry), collection.amount_minor
    if effect is Effect.SETTLED and entry.kind in RETURN_KINDS:
        return Verdict("suspense", "direction", f"it is called a {entry.kind}, yet money came in")
    split = split_of(entry, amount, effect)
    if split.trouble:
        return Verdict("suspense", "amount", split.trouble)
    return Share(collection, effect, split.amount_minor, split.charges_minor, split.interest_minor)


def split_of(entry: AnyEntry, expected_minor: int, effect: Effect) -> Principal:
    """How a booked entry splits when a collection of this amount is what it is about."""
    return split_amount(
        expected_minor, entry.amount_minor or 0, entry.charges_minor or 0, entry.interest_minor or 0, effect
    )


def booked(share: Share) -> Verdict:
    """A booked entry that names one collection, fits it and counts."""
    return Verdict("matched", BY_REFERENCE, _BY_REFERENCE[share.effect], shares=(share,))


def linked(share: Share) -> Verdict:
    """A return that names, by the bank's own reference, the one credit that it takes back."""
    said = "by the bank's own reference of the credit that it takes back: returned"
    return Verdict("matched", BY_LINK, said, shares=(share,))


def reported(collection: AnyCollection, effect: Effect) -> Verdict:
    """A status of one transaction: before settlement, and never money."""
    share = Share(collection, effect, collection.amount_minor)
    return Verdict("matched", BY_REFERENCE, _BY_REFERENCE[effect], shares=(share,))


#: The file of a status is one that the bank has already.
DUPLICATE_FILE = Verdict(
    "informational", "duplicate_file", "the bank has this file already; what it said of the first one stands"
)
UNKNOWN_STATUS = Verdict("suspense", "unknown_reference", "a status for a reference that is none of ours")

_BY_REFERENCE = {effect: f"by its end-to-end reference: {effect.value}" for effect in Effect}
