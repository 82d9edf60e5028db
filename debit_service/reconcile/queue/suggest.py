"""Suggest: what a bank entry that waits may be, ranked, and why. Nobody is spared the decision: none is applied by itself.

A score is the sum of named points, each with the sentence that a clerk reads, so that a suggestion can be checked rather than
believed. It orders the suggestions of one entry and says nothing else; the points were chosen, not measured.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

#: Suggestions of one entry that a person is shown.
SHOWN_MAX: Final = 5
#: A charge that nobody stated is at most this part of the amount; more is another amount.
CHARGE_PERCENT_MAX: Final = 2
_NEAR_DAYS: Final = 5

REFERENCE: Final = ("reference", 45, "It names this contribution or this debit.")
MANDATE: Final = ("mandate", 30, "It names the mandate.")
ACCOUNT: Final = ("account", 30, "The other account is the one of the employer's mandate.")
AMOUNT: Final = ("amount", 25, "The amount is exactly this one.")
OPEN: Final = ("open", 25, "The amount is exactly what is still open.")
CHARGE: Final = ("charge", 15, "The amount is this one but for the charge that the bank states.")
NEAR: Final = ("near", 10, "The amount is this one but for what may be a charge.")
SAME_DAY: Final = ("day", 15, "It was booked on the day of the debit.")
NEAR_DAY: Final = ("near day", 8, "It was booked within five days of the debit.")
EXPECTED: Final = ("expected", 10, "The debit waits for this.")
LATER_ATTEMPT: Final = ("attempt", -5, "Another attempt at the same contribution is newer.")
SETTLED: Final = ("settled", -40, "It is settled already.")
BOOKS: Final = ("books", 45, "It names what the fund's books call the payment.")
ABOUT: Final = ("about", 30, "It names what was paid, or given back of.")
RECORDED_DAY: Final = ("recorded day", 15, "It was booked on the day that was recorded.")
NEAR_RECORDED_DAY: Final = ("near recorded day", 8, "It was booked within five days of the day that was recorded.")
#: What must be there at least: without it anything would be suggested.
_GROUNDS: Final = frozenset({one[0] for one in (REFERENCE, MANDATE, ACCOUNT, AMOUNT, OPEN, CHARGE, NEAR)})


@dataclass(frozen=True, slots=True)
class Known:
    """What an entry tells. Minor units; `accounts` are blind indexes of the other account, `words` what it says in words."""

    entry_id: str
    fund_id: str | None
    currency: str | None
    credit: bool
    amount_minor: int
    charges_minor: int
    booking_date: date | None
    mandate_reference: str | None
    accounts: frozenset[str]
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A contribution, and the debit of it (`end_to_end_id`, None: none was made), that an entry may be about. Minor units."""

    fund_id: str
    currency: str
    contribution_id: str
    reference: str
    amount_minor: int
    open_minor: int
    end_to_end_id: str | None = None
    collection_date: date | None = None
    mandate_reference: str | None = None
    account: str | None = None
    settled_minor: int = 0
    returned_minor: int = 0
    newest: bool = True


@dataclass(frozen=True, slots=True)
class Point:
    """A named part of a score, and the sentence that explains it."""

    name: str
    points: int
    says: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What an entry may be: a debit that it fits (`fits`: it can be matched), or of which a part may go back by it (`in_part`);
    or a contribution that it may be allocated to."""

    candidate: Candidate
    points: tuple[Point, ...]
    fits: bool
    in_part: bool = False

    @property
    def score(self) -> int:
        """The sum of the points."""
        return sum(one.points for one in self.points)


def suggestions(known: Known, candidates: Iterable[Candidate]) -> tuple[Suggestion, ...]:
    """The best suggestions for an entry, the best first; none is below nothing, and none lacks a ground."""
    found = [one for candidate in candidates if (one := _suggestion(known, candidate))]
    found.sort(key=lambda one: (-one.score, one.candidate.reference, one.candidate.end_to_end_id or ""))
    return tuple(found[:SHOWN_MAX])


def equally_good(found: Sequence[Suggestion]) -> int:
    """How many suggestions share the best score; 0 when there is none."""
    return sum(one.score == found[0].score for one in found) if found else 0


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded by hand and no bank entry shows yet: a payment (`means`), or money that was given back (no means).

    `reference` is what the fund's books call it. `about` names what it is for: a contribution by its reference, an entry or
    (`of_claim`) a penalty by its id.
    """

    id: str
    day: date | None
    reference: str
    means: str | None
    about: str
    of_claim: bool = False


@dataclass(frozen=True, slots=True)
class Recognisable:
    """What was recorded, of the very amount of an entry, and what speaks for the entry being the bank's booking of it."""

    recorded: Recorded
    points: tuple[Point, ...]

    @property
    def score(self) -> int:
        """The sum of the points."""
        return sum(one.points for one in self.points)


def recognisable(known: Known, alike: Iterable[Recorded]) -> tuple[Recognisable, ...]:
    """Everything recorded that has an entry's fund, currency and amount, the likeliest first: a person sees all of it."""
    found = [Recognisable(one, tuple(Point(*each) for each in _speaks(known, one))) for one in alike]
    return tuple(sorted(found, key=lambda one: (-one.score, one.recorded.day or date.max, one.recorded.id)))


def _speaks(known: Known, recorded: Recorded) -> Iterable[tuple[str, int, str]]:
    yield AMOUNT
    if recorded.reference in known.words:
        yield BOOKS
    if recorded.about in known.words:
        yield ABOUT
    if known.booking_date and recorded.day:
        apart = abs((known.booking_date - recorded.day).days)
        if apart <= _NEAR_DAYS:
            yield NEAR_RECORDED_DAY if apart else RECORDED_DAY


def _suggestion(known: Known, candidate: Candidate) -> Suggestion | None:
    if (candidate.fund_id, candidate.currency) != (known.fund_id, known.currency):
        return None
    if candidate.end_to_end_id is None and not known.credit:
        return None
    points = tuple(
        Point(*one) for one in (*_names(known, candidate), *_money(known, candidate), *_time(known, candidate))
    )
    suggestion = Suggestion(candidate, points, _fits(known, candidate), _may_be_part(known, candidate))
    grounds = {one.name for one in points} & _GROUNDS
    return suggestion if grounds and suggestion.score > 0 else None


_Named = tuple[str, int, str]


def _names(known: Known, candidate: Candidate) -> Iterable[_Named]:
    names = {candidate.reference, candidate.end_to_end_id} - {None}
    if names & known.words:
        yield REFERENCE
    if known.mandate_reference and known.mandate_reference == candidate.mandate_reference:
        yield MANDATE
    if candidate.account in known.accounts:
        yield ACCOUNT


def _money(known: Known, candidate: Candidate) -> Iterable[_Named]:
    if candidate.end_to_end_id is None:
        if known.amount_minor == candidate.open_minor:
            yield OPEN
        return
    # A return is booked as original plus fee, a credit as original minus fee.
    charge = (known.amount_minor - candidate.amount_minor) * (-1 if known.credit else 1)
    if charge == 0:
        yield AMOUNT
    elif charge == known.charges_minor and charge > 0:
        yield CHARGE
    elif 0 < charge * 100 <= candidate.amount_minor * CHARGE_PERCENT_MAX:
        yield NEAR


def _time(known: Known, candidate: Candidate) -> Iterable[_Named]:
    if candidate.end_to_end_id is None:
        return
    if known.booking_date and candidate.collection_date:
        apart = abs((known.booking_date - candidate.collection_date).days)
        if apart <= _NEAR_DAYS:
            yield NEAR_DAY if apart else SAME_DAY
    kept = candidate.settled_minor > candidate.returned_minor
    # Money comes in while nothing is kept; it goes back while something is.
    yield EXPECTED if kept != known.credit else SETTLED
    if not candidate.newest:
        yield LATER_ATTEMPT


def _may_be_part(known: Known, candidate: Candidate) -> bool:
    """Whether money that left is less than what a debit has brought in and keeps."""
    kept = candidate.settled_minor - candidate.returned_minor
    return candidate.end_to_end_id is not None and not known.credit and known.amount_minor < kept


def _fits(known: Known, candidate: Candidate) -> bool:
    """Whether the entry can be matched to the debit: the amount is right, and it is not settled already."""
    if candidate.end_to_end_id is None:
        return False
    names = {one[0] for one in (*_money(known, candidate), *_time(known, candidate))}
    return bool(names & {AMOUNT[0], CHARGE[0]}) and SETTLED[0] not in names
