"""Pure decisions of reconciliation: what the set of facts makes of a collection, and when two bank entries are one booking.

What happened to a collection is computed from the *set* of facts, so that answers may arrive late, twice, out of order and in
pieces and the result is the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from debit_service.ledger.rules import Account

#: Why an entry is matched: it names the collection itself; it is the sum of a block; a person said so; it is a return that names,
#: by the bank's own reference, the credit that it takes back.
BY_REFERENCE, BATCH_TOTAL, BY_A_PERSON, BY_LINK = "end_to_end_id", "batch_total", "by_a_person", "bank_reference"
#: It is the sum of a block but for what the bank states that it took: whether charges, and whether interest, are in the amount.
NET_TOTALS: Final[Mapping[str, tuple[bool, bool]]] = {
    "batch_total_less_cost": (True, True),
    "batch_total_less_charges": (True, False),
    "batch_total_less_interest": (False, True),
}
#: It is a sum that was shared out among debits.
TOTALS: Final = (BATCH_TOTAL, *NET_TOTALS)
#: It is what the bank took of an entry besides its details: matched with no collection.
STATED_COST = "stated_cost"
#: It is what is left of an entry whose details do not add up to it.
DETAILS_DIFFER = "details_differ"
#: It is a return that names no debit, only the bank's own reference of a booking that was not told.
UNLINKED = "unlinked"
#: It names a collection and fits it, and others of its kind count in its place.
EXCEEDS = "exceeds"
#: It is a detail that names nothing of ours, of an entry of which another report tells the sum.
PART_OF_SUM = "part_of_sum"
#: It is a sum whose money single bookings of debits of its block tell.
TOLD_IN_PARTS = "told_in_parts"
#: It is in a sum about which a person has decided.
IN_DECIDED_SUM = "in_decided_sum"
#: A person doubts what was made of it: it waits until a person decides, whatever else is told.
DOUBTED = "doubted"


class Effect(StrEnum):
    """What a bank entry means for a collection."""

    ACCEPTED = "accepted"  # pain.002, positive: no money yet
    REJECTED = "rejected"  # pain.002 RJCT: before settlement
    SETTLED = "settled"  # booked credit
    RETURNED = "returned"  # booked debit: the money went back


class State(StrEnum):
    """What a collection is, to be shown. Settled is never the end of it: money may come back for as long as the scheme allows."""

    SENT = "sent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SETTLED = "settled"
    RETURNED = "returned"
    PARTLY_SETTLED = "partly settled"


class Fact(NamedTuple):
    """A bank entry as it concerns the collection: `amount_minor` is principal, charges and interest what the bank took besides.

    Interest is below zero when the bank gave it.
    """

    on: date
    entry_id: str
    effect: Effect
    amount_minor: int
    charges_minor: int
    reason_code: str | None
    reason_code_set: str | None
    reason_proprietary: str | None
    kind: str
    interest_minor: int = 0

    @property
    def code(self) -> str | None:
        """The reason as the bank gave it: the ISO code, else the bank's own."""
        return self.reason_code or self.reason_proprietary


class Outcome(NamedTuple):
    """What the facts make of a collection. `failure` is the fact that failed it, when it has failed."""

    state: State
    settled_minor: int
    returned_minor: int
    charges_minor: int
    settled_on: date | None
    failure: Fact | None
    contradiction: str | None
    interest_minor: int = 0

    @property
    def kept_minor(self) -> int:
        """What came in and did not go back."""
        return self.settled_minor - self.returned_minor

    @property
    def failed(self) -> bool:
        """Whether the attempt is over without money: only then may there be another."""
        return self.failure is not None


def outcome(amount_minor: int, facts: Iterable[Fact]) -> Outcome:
    """Fold a set of facts, in whatever order, into the outcome of a collection of `amount_minor`.

    What went back in part fails a collection only once the parts come to all of it; why it failed no bank has said then.
    """
    ordered = sorted(set(facts), key=_by_content)
    told: defaultdict[Effect, list[Fact]] = defaultdict(list)
    for fact in ordered:
        told[fact.effect].append(fact)
    settled, returned, rejected = told[Effect.SETTLED], told[Effect.RETURNED], told[Effect.REJECTED]
    settled_minor, returned_minor = _sum(settled), _sum(returned)
    state = _state(amount_minor, settled_minor, returned_minor, bool(rejected), bool(ordered))
    failing = {State.RETURNED: returned, State.REJECTED: rejected}.get(state)
    contradiction = None
    if rejected and settled and returned_minor < amount_minor:
        contradiction = "the bank rejected it and booked it all the same"
    if settled_minor < returned_minor < amount_minor:
        contradiction = "a part of it went back, as a person said, and its credit does not count any more"
    return Outcome(
        state=state,
        settled_minor=settled_minor,
        returned_minor=returned_minor,
        charges_minor=sum(fact.charges_minor for fact in ordered),
        settled_on=settled[-1].on if settled and state in (State.SETTLED, State.PARTLY_SETTLED) else None,
        failure=_failure(amount_minor, failing[-1]) if failing else None,
        contradiction=contradiction,
        interest_minor=sum(fact.interest_minor for fact in ordered),
    )


def _failure(amount_minor: int, last: Fact) -> Fact:
    """The fact that failed a collection. The reason of a part that went back is not the reason of the whole."""
    if last.effect is Effect.RETURNED and last.amount_minor < amount_minor:
        return last._replace(reason_code=None, reason_code_set=None, reason_proprietary=None)
    return last


def _by_content(fact: Fact) -> tuple[date, str, str, str, int, str]:
    """Oldest first. Facts of one day are ordered by what they say: identifiers only tell in which order the files were read."""
    reason = fact.code or ""
    return (fact.on, reason, fact.reason_code_set or "", fact.kind, fact.amount_minor, fact.entry_id)


def _sum(facts: Sequence[Fact]) -> int:
    return sum(fact.amount_minor for fact in facts)


def _state(amount: int, settled: int, returned: int, rejected: bool, answered: bool) -> State:
    net = settled - returned
    if net >= amount:
        return State.SETTLED
    if net > 0:
        return State.PARTLY_SETTLED
    if returned >= amount:
        return State.RETURNED
    # A part that went back without its credit: a person had told of it, so the bank had not rejected all of it.
    if rejected and not returned:
        return State.REJECTED
    return State.ACCEPTED if answered else State.SENT


def positions(amount_minor: int, result: Outcome) -> dict[Account, int]:
    """Where the money of a collection stands in the journal (debit positive); the lines sum to zero whatever the facts are.

    Sent: asked from the bank, no longer simply owed. Rejected without money: owed again. Settled: at the bank. Returned: owed
    again. A return before its credit leaves the bank short and the collection in transit, until the credit comes. Money that
    comes in again after it went back is no longer asked for: it pays what was owed again.
    """
    settled, returned = result.settled_minor, result.returned_minor
    charges, interest = result.charges_minor, result.interest_minor
    costs = {Account.CHARGES: charges, Account.INTEREST: interest}
    asked_for = min(settled, amount_minor)
    if result.state is State.REJECTED:
        return {Account.BANK: -charges - interest, **costs}
    return {
        Account.BANK: settled - returned - charges - interest,
        **costs,
        Account.IN_TRANSIT: amount_minor - asked_for,
        Account.RECEIVABLE: returned - amount_minor - (settled - asked_for),
    }


def surplus(owed_minor: int, kept_minor: int, otherwise_minor: int) -> int:
    """What came in for a contribution beyond what is owed, by debits and by other means. Minor units, never negative."""
    return max(kept_minor + otherwise_minor - owed_minor, 0)


def paid_in_full_on(owed_minor: int, payments: Iterable[tuple[date, int]]) -> date | None:
    """The day of the payment (day, minor units) with which nothing was owed any more; None while something is."""
    for day, minor in sorted(payments):
        owed_minor -= minor
        if owed_minor <= 0:
            return day
    return None


def contribution_positions(owed_minor: int, kept_minor: int, otherwise_minor: int) -> dict[Account, int]:
    """Where a contribution and what was paid for it by other means stand in the journal, whatever came first (debit positive).

    Its debits stand there under their own names (`positions`). While one is under way, what is receivable may be below zero by
    what is in transit: together they never are.
    """
    too_much = surplus(owed_minor, kept_minor, otherwise_minor)
    return {
        Account.RECEIVABLE: owed_minor - otherwise_minor + too_much,
        Account.DECLARED: -owed_minor,
        Account.OTHER_MEANS: otherwise_minor,
        Account.REFUNDS_OWED: -too_much,
    }


@dataclass(frozen=True, slots=True)
class Booking:
    """What identifies a booked entry to compare it with others; `family` is the message (camt.053), `document` the container.

    `container` is what the bank calls the container (message id, its own id): a file written anew keeps it.
    """

    family: str
    document: str
    container: tuple[str | None, str | None]
    account: str | None
    currency: str | None
    direction: str | None
    amount_minor: int | None
    booking_date: date | None
    references: tuple[str | None, ...]

    @property
    def money(self) -> tuple[object, ...]:
        """What was booked: account, currency, direction, amount, day."""
        return (self.account, self.currency, self.direction, self.amount_minor, self.booking_date)


def certainly_two(one: Booking, other: Booking) -> bool:
    """Whether two entries cannot be one booking: one container lists both, they state something differently, or neither carries a
    reference and two notifications (or two statements) tell of them: those may be two genuine payments, and both count."""
    if one.document == other.document or one.money != other.money:
        return True
    if differ(one.references, other.references):
        return True
    written_anew = all(one.container) and one.container == other.container
    return _bare(one, other) and one.family == other.family and not written_anew


def differ(some: Sequence[str | None], others: Sequence[str | None]) -> bool:
    """Whether a reference is stated on both sides, and differently."""
    return any(a and b and a != b for a, b in zip(some, others, strict=True))


def same_booking(one: Booking, other: Booking) -> bool:
    """Whether two entries of different containers report one booking (camt.052, 053 and 054 all do; files come twice).

    All that both state must agree, and at least one reference must be stated by both. Without any reference, only a report of
    another family, or the very same report written anew, can be the same booking.
    """
    if certainly_two(one, other):
        return False
    return _bare(one, other) or any(a and b for a, b in zip(one.references, other.references, strict=True))


def may_be_told_before(one: Booking, other: Booking) -> bool:
    """Whether two entries may report one booking although they date it differently: all else that both state agrees, and at least
    one reference is stated by both. A person decides: on one account the same may also be booked again.
    """
    if one.document == other.document or one.money[:-1] != other.money[:-1]:
        return False
    stated = [(a, b) for a, b in zip(one.references, other.references, strict=True) if a and b]
    return bool(stated) and all(a == b for a, b in stated)


def _bare(one: Booking, other: Booking) -> bool:
    return not any(one.references) and not any(other.references)


class Principal(NamedTuple):
    """How a booked amount splits into the collection's own amount, the bank's charges and its interest; or why it does not."""

    amount_minor: int
    charges_minor: int
    interest_minor: int = 0
    trouble: str | None = None


def split_amount(
    expected_minor: int, booked_minor: int, charges_minor: int, interest_minor: int, effect: Effect
) -> Principal:
    """A return is booked as original plus fee and interest (a refund compensates the debtor), a credit as original minus both.

    What the bank states must explain the difference: all of it, or the charges or the interest alone.
    """
    difference = booked_minor - expected_minor if effect is Effect.RETURNED else expected_minor - booked_minor
    if difference == 0:
        # What is stated but not in this amount is booked by an entry of its own.
        return Principal(expected_minor, 0)
    for charges, interest in ((charges_minor, interest_minor), (charges_minor, 0), (0, interest_minor)):
        if difference == charges + interest:
            return Principal(expected_minor, charges, interest)
    return Principal(
        0,
        0,
        trouble="the amount is not the collection's, and neither charges nor interest that are stated explain the difference",
    )


#: ISO external codes of a status report that say: this very file is here already. They say nothing about the first one.
DUPLICATE_FILE_CODES = frozenset({"DUPL", "DU01", "DU02", "AM05"})

#: Kinds of entries by which money goes back.
RETURN_KINDS = frozenset({"return", "refund", "reversal", "reject"})

#: Statuses of pain.002 that mean "not done" (ISO ExternalPaymentTransactionStatus1); every other one changes nothing yet.
NEGATIVE_STATUSES = frozenset({"RJCT", "CANC"})
