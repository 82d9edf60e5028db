"""Replacing, decided: when one statement may count instead of another. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from debit_service.core.errors import Refused


@dataclass(frozen=True, slots=True)
class Replaced:
    """That a statement does not count, because another one does instead; who said so, when, and why."""

    document_id: str
    replacing_id: str
    who: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Days:
    """Whose statement it is and of which days, both inclusive; `replaced` says that another counts instead of it."""

    document_id: str
    account: str | None
    currency: str | None
    opens_on: date
    closes_on: date
    replaced: bool


def check(one: Days, other: Days) -> None:
    """Refuse that `other` counts instead of `one`: both count until now, and tell of the same account and of days in common.

    Raises Refused `statement.replaced`, `statement.other`.
    """
    for each in (one, other):
        if each.replaced:
            raise Refused(
                "statement.replaced",
                "Another statement counts instead of this one already.",
                place=each.document_id,
                remedy="Undo that first.",
            )
    if one.document_id == other.document_id or not _of_the_same(one, other):
        raise Refused(
            "statement.other",
            "Only a statement of the same account, currency and days can count instead of another.",
            place=other.document_id,
            remedy="See the statements of these days.",
        )


def _of_the_same(one: Days, other: Days) -> bool:
    """Whether they close on one day, or one of them opens before the other closes: of days that only touch each has its own."""
    if one.account is None or (one.account, one.currency) != (other.account, other.currency):
        return False
    return one.closes_on == other.closes_on or (one.opens_on < other.closes_on and other.opens_on < one.closes_on)


class Booking(NamedTuple):
    """A booking as a statement tells it: the entry that stands for it, and what must be the same where another statement tells of
    it. A sum and its details differ in that.
    """

    stands_for_it: str
    direction: str | None
    currency: str | None
    amount_minor: int | None
    entry_amount_minor: int | None


class Told(NamedTuple):
    """A booked entry of a statement that counts."""

    entry_id: str
    document_id: str
    booking: Booking


def told_alone(document_id: str, told: Iterable[Told]) -> list[str]:
    """The entries of a statement of which no other one tells, or none as often as it does itself; in the order of ids."""
    known = list(told)
    times = Counter((one.document_id, one.booking) for one in known)
    elsewhere: dict[Booking, int] = {}
    for (document, booking), count in times.items():
        if document != document_id:
            elsewhere[booking] = max(elsewhere.get(booking, 0), count)
    here = (one for one in known if one.document_id == document_id)
    return sorted(one.entry_id for one in here if times[document_id, one.booking] > elsewhere.get(one.booking, 0))
