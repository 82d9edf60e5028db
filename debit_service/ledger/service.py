"""Post to the journal. There is no other way to move money in this house."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from debit_service.core.bulk import insert_rows
from debit_service.core.work import Work
from debit_service.ledger.closing import closed_while_booking
from debit_service.ledger.models import JournalEntry, JournalLine
from debit_service.ledger.queries import balances_of_each
from debit_service.ledger.rules import BELONGS_TO, balanced, open_day

_ENTRY = ("id", "booked_at", "business_date", "cause", "subject", "evidence", "currency")
_LINE = ("entry_id", "number", "account", "subject", "amount_minor")


class Posting(NamedTuple):
    """One booking for `subject`: account -> minor units, debit positive; why, on what evidence, and on which business date."""

    subject: str
    lines: Mapping[str, int]
    currency: str
    business_date: date
    cause: str
    evidence: Mapping[str, Any]


def post(
    work: Work,
    lines: Mapping[str, int],
    *,
    currency: str,
    business_date: date,
    cause: str,
    subject: str,
    evidence: Mapping[str, Any],
) -> None:
    """Book `lines` (account -> minor units, debit positive) for `subject`; see `post_all`."""
    post_all(work, [Posting(subject, lines, currency, business_date, cause, evidence)])


def post_all(work: Work, postings: Iterable[Posting]) -> int:
    """Book them all; returns how many were. Lines of zero are left out; a posting of none at all books nothing.

    A closed day takes nothing any more: what belongs to one is booked on the first day after the close, and its evidence says
    under `belongs_to` which day that is. Raises ValueError when one does not sum to zero: a programming error, so the whole
    transaction must fall.
    """
    booked: list[tuple[Posting, list[tuple[str, int]]]] = []
    for posting in postings:
        if not balanced(posting.lines):
            raise ValueError(f"the lines of {posting.cause} for {posting.subject} do not sum to zero")
        if moved := sorted((name, minor) for name, minor in posting.lines.items() if minor):
            booked.append((posting, moved))
    if not booked:
        return 0
    if closed := closed_while_booking(work.session):
        booked = [(_on_open_day(one, closed), moved) for one, moved in booked]
    ids, now = work.new_ids(len(booked)), work.now()
    entries: Iterator[tuple[object, ...]] = (
        (entry_id, now, one.business_date, one.cause, one.subject, dict(one.evidence), one.currency)
        for entry_id, (one, _) in zip(ids, booked, strict=True)
    )
    insert_rows(work.session, JournalEntry, _ENTRY, entries)
    lines: Iterator[tuple[object, ...]] = (
        (entry_id, number, name, one.subject, minor)
        for entry_id, (one, moved) in zip(ids, booked, strict=True)
        for number, (name, minor) in enumerate(moved, start=1)
    )
    insert_rows(work.session, JournalLine, _LINE, lines)
    return len(booked)


def _on_open_day(one: Posting, closed: Mapping[str, date]) -> Posting:
    day = open_day(closed, one.lines, one.business_date)
    if day == one.business_date:
        return one
    return one._replace(business_date=day, evidence={**one.evidence, BELONGS_TO: one.business_date.isoformat()})


def bring_to(
    work: Work,
    target: Mapping[str, int],
    *,
    currency: str,
    business_date: date,
    cause: str,
    subject: str,
    evidence: Mapping[str, Any],
) -> None:
    """Book what is missing between the balances of `subject` as they are and `target` (account -> minor units).

    This makes posting independent of the order in which facts arrive: the journal always ends where the set of facts says, and
    every step to there stays in it.
    """
    bring_each(work, [Posting(subject, target, currency, business_date, cause, evidence)])


def bring_each(work: Work, targets: Sequence[Posting]) -> int:
    """`bring_to` for many subjects, each once: `lines` of a posting is what to bring it to. Returns how many moved."""
    if not targets:
        return 0
    balances = balances_of_each(work.session, [one.subject for one in targets])
    return post_all(work, (_missing(one, balances.get(one.subject)) for one in targets))


def _missing(target: Posting, now: Mapping[str, int] | None) -> Posting:
    """What is to be booked so that a subject that stands at `now`, or nowhere yet, stands at `target`."""
    if now is None:
        return target
    lines = {name: target.lines.get(name, 0) - now.get(name, 0) for name in {*target.lines, *now}}
    return target._replace(lines=lines)
