"""Why a bank entry waits, in the few words of the work queue, and what a person may do with it.

Matching gives each entry that it cannot explain a reason of its own; a clerk works with the nine exceptions that these reasons
amount to. What may be decided follows from the exception, from the direction of the money, and from nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from debit_service.core.machine import Machine
from debit_service.reconcile.rules import BY_A_PERSON, DOUBTED


class Exceptional(StrEnum):
    """How an entry departs from what was expected of the bank."""

    NO_EXPECTATION = "no expectation"
    SEVERAL = "several"
    AMOUNT = "amount"
    DIRECTION = "direction"
    CURRENCY = "currency"
    SPLIT = "split"
    DUPLICATE = "duplicate"
    MISSING_REFERENCE = "missing reference"
    DOUBTED = "doubted"


class Decision(StrEnum):
    """What a person may decide. `PAID_OUT` is about money owed back, all others are about a bank entry."""

    MATCHED = "matched"  # it belongs to a collection of ours
    ALLOCATED = "allocated"  # it pays contributions without being a debit of ours
    RECOGNISED = "recognised"  # the bank's booking of what was recorded by hand before
    REFUND_OWED = "refund_owed"  # it is to be given back
    BANK_CHARGE = "bank_charge"  # the bank's fee, or a fee that it gives back
    NOT_OURS = "not_ours"  # it concerns neither fund nor contributions
    HELD = "held"  # nothing yet: to be looked at again on a day
    PAID_OUT = "paid_out"  # money owed back was given back
    TOLD_BEFORE = "told_before"  # another report has told of this very booking already
    SUSPENDED = "suspended"  # what was made of it by rule is doubted: it waits for a person
    UNDONE = "undone"  # an earlier decision is taken back


@dataclass(frozen=True, slots=True)
class Meaning:
    """An exception, in one sentence, and the decisions that usually settle it, the likeliest first."""

    exception: Exceptional
    says: str
    usual: tuple[Decision, ...]


_MONEY_IN: Final = (Decision.ALLOCATED, Decision.RECOGNISED, Decision.REFUND_OWED, Decision.NOT_OURS)
_NOTHING_EXPECTED: Final = Meaning(
    Exceptional.NO_EXPECTATION,
    "Nothing of ours was expected under this reference.",
    (Decision.MATCHED, *_MONEY_IN, Decision.BANK_CHARGE),
)
#: The reasons that matching gives, and two that stand here because of a person: who decided about a part, or doubts.
REASONS: Final[Mapping[str, Meaning]] = {
    "unknown_reference": _NOTHING_EXPECTED,
    "charge_alone": Meaning(
        Exceptional.NO_EXPECTATION,
        "The bank booked a charge by itself, without naming a debit.",
        (Decision.BANK_CHARGE, Decision.MATCHED, Decision.NOT_OURS),
    ),
    "no_reference": Meaning(
        Exceptional.MISSING_REFERENCE,
        "It names nothing by which we know a debit.",
        (Decision.MATCHED, *_MONEY_IN, Decision.BANK_CHARGE),
    ),
    "other_account": Meaning(
        Exceptional.CURRENCY,
        "It names a debit of ours, but stands on another account or is in another currency.",
        (Decision.NOT_OURS, Decision.REFUND_OWED),
    ),
    "direction": Meaning(
        Exceptional.DIRECTION,
        "It is called a return, yet money came in; or the other way round.",
        (Decision.MATCHED, *_MONEY_IN),
    ),
    "amount": Meaning(
        Exceptional.AMOUNT,
        "It names a debit of ours, but the amount is another one, and no stated charge explains it.",
        (*_MONEY_IN, Decision.BANK_CHARGE),
    ),
    "exceeds": Meaning(
        Exceptional.DUPLICATE,
        "What it names is paid, or returned, already.",
        (
            Decision.TOLD_BEFORE,
            Decision.REFUND_OWED,
            Decision.ALLOCATED,
            Decision.RECOGNISED,
            Decision.MATCHED,
            Decision.NOT_OURS,
        ),
    ),
    "batch_differs": Meaning(
        Exceptional.SPLIT,
        "It is a sum of several debits, and count or sum are not those of our block.",
        (Decision.MATCHED, Decision.TOLD_BEFORE, Decision.ALLOCATED, Decision.REFUND_OWED, Decision.NOT_OURS),
    ),
    "details_differ": Meaning(
        Exceptional.SPLIT,
        "The details of a booking do not add up to it: this is what is left, and no stated charge explains it.",
        (Decision.BANK_CHARGE, Decision.MATCHED, *_MONEY_IN),
    ),
    "unlinked": Meaning(
        Exceptional.MISSING_REFERENCE,
        "It is a return that names only the bank's own reference of a credit, and no one credit fits.",
        (Decision.MATCHED, Decision.BANK_CHARGE, Decision.NOT_OURS),
    ),
    "rest": Meaning(
        Exceptional.SPLIT,
        "A person decided about a part of it; the rest waits.",
        (*_MONEY_IN, Decision.BANK_CHARGE),
    ),
    DOUBTED: Meaning(
        Exceptional.DOUBTED,
        "A person doubts what was made of it.",
        (Decision.MATCHED, *_MONEY_IN, Decision.BANK_CHARGE),
    ),
}


def meaning(reason: str) -> Meaning:
    """What a reason of matching means to a clerk. A reason that is not listed is one that nobody expected."""
    return REASONS.get(reason, _NOTHING_EXPECTED)


def exception_of(reason: str, equally_good: int = 1) -> Exceptional:
    """The exception of an entry; where it names nothing and `equally_good` debits fit it alike, that is what holds it up."""
    found = meaning(reason).exception
    unnamed = found in (Exceptional.MISSING_REFERENCE, Exceptional.NO_EXPECTATION)
    return Exceptional.SEVERAL if unnamed and equally_good > 1 else found


def reasons_of(exception: Exceptional) -> frozenset[str]:
    """The reasons of matching that amount to an exception; `SEVERAL` has none of its own."""
    return frozenset(reason for reason, means in REASONS.items() if means.exception is exception)


def possible(reason: str, *, money: bool, credit: bool) -> tuple[Decision, ...]:
    """What may be decided about an entry that waits for `reason`, the usual decisions first.

    A status report is no money: it can only be set aside. Money that left cannot pay a contribution or be owed back, and what is
    left of an entry is no whole collection, and no whole booking, any more.
    """
    if not money:
        return (Decision.NOT_OURS, Decision.HELD)
    usual = meaning(reason).usual
    all_there_are = (Decision.MATCHED, *_MONEY_IN, Decision.BANK_CHARGE, Decision.TOLD_BEFORE)
    others = (one for one in all_there_are if one not in usual)
    barred = set() if credit else {Decision.ALLOCATED, Decision.REFUND_OWED}
    if reason == "rest":
        barred |= {Decision.MATCHED, Decision.TOLD_BEFORE}
    return (*(one for one in (*usual, *others) if one not in barred), Decision.HELD)


def by_rule(kind: str, reason: str) -> bool:
    """Whether a rule found what a booking is, and not a person: so it may be doubted. What a person decided is undone instead."""
    return kind in ("matched", "folded") and reason != BY_A_PERSON


def needs_another(
    decision: Decision,
    amount_minor: int | None,
    above_minor: int,
    undoes: Decision | None = None,
    *,
    alone_minor: int = 0,
    named_minor: int = 0,
) -> bool:
    """Whether another person must confirm a decision: from an amount on, which the fund sets.

    What one person alone has decided already about the same money, `alone_minor`, counts with it: slices are no way round.
    A match need not be confirmed: it must fit an expectation to the cent, on the account that expects it; but for `named_minor`,
    which the person alone says: a charge that no bank has stated, a sum shared out among several debits, or of which debit it is
    a part. Payments recorded by hand are undone by an approver (`contributions.payments.undo`), and so is an allocation, whatever
    its amount. A doubt about what a rule has found is always confirmed.
    """
    if Decision.HELD in (decision, undoes):
        return False
    if Decision.SUSPENDED in (decision, undoes):
        return True
    if decision is Decision.MATCHED:
        return named_minor > above_minor
    return undoes is Decision.ALLOCATED or (amount_minor or 0) + alone_minor > above_minor


#: The life of a decision. A proposal is overtaken when a later file explains its entry, or the entry waits for another reason.
MACHINE: Final = Machine(
    name="decision",
    initial="proposed",
    transitions={
        "proposed": frozenset({"carried_out", "refused", "overtaken"}),
        "carried_out": frozenset({"undone"}),
    },
)
