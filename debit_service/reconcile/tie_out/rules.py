"""Tie-out, decided: do statements add up, follow one another, and say what the journal says? Pure: values in, rows out.

A statement (camt.053) opens at a balance, tells its entries, and closes at a balance. It tells everything that was booked on the
account between the statement before it and its own closing day, so the journal must have moved by the same in these days,
whatever told it first. Identifiers prove nothing: banks use them again the next year. Days and balances tell two apart.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from itertools import groupby

from debit_service.core.money import format_minor
from debit_service.reconcile.tie_out.numbers import Jump, Numbered, jumps
from debit_service.reconcile.tie_out.replacing import Replaced


class Kind(StrEnum):
    """What does not tie out."""

    BALANCE = "balance"  # a statement's opening and entries do not make its closing
    GAP = "gap"  # a statement is missing between two
    OVERLAP = "overlap"  # two statements tell of the same days, with other numbers
    JOURNAL = "journal"  # the journal's bank account moved by something else than the statement says
    UNSTATED = "unstated"  # the journal's bank account moved, and no statement tells of the days


@dataclass(frozen=True, slots=True)
class Finding:
    """What does not tie out, the amount that it hides (minor units, signed), and the sentence for a person."""

    kind: Kind
    amount_minor: int
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement as it was read. Balances and net of the booked entries are minor units, signed; a page may lack a balance.

    `opens_on` is the day of its opening balance: its own first day, or with some banks the day before that one.
    `told` is count and sums of its entries, which tell two pages from one statement that was sent twice. `counted` is the number
    with which the bank counts the account's statements, 0 where none does. Of one that is `replaced` only its number counts.
    """

    account: str | None
    fund_id: str | None
    currency: str
    opens_on: date
    closes_on: date
    number: int
    opening_minor: int | None
    closing_minor: int | None
    entries_minor: int
    told: tuple[int, int, int]
    documents: tuple[str, ...]
    counted: int = 0
    replaced: Replaced | None = None

    @property
    def apart_minor(self) -> int | None:
        """Opening and entries, less closing; None where a balance is not stated."""
        if self.opening_minor is None or self.closing_minor is None:
            return None
        return self.opening_minor + self.entries_minor - self.closing_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What an account's statements say of a closing day, and the journal's bank account beside it. Minor units, signed.

    `journal_difference_minor`: what the journal moved in the days that end with this one, less what the statements say was booked
    on them; None for an account of no fund. A row without balances and with a finding is of days that no statement tells of.
    `documents` are the statements whose entries `entries_minor` is made of. `hints` are jumps in the numbers of the statements
    up to this one: one may be missing, and everything ties out all the same. `replaced` are the statements of the day that do
    not count: what they say is held against nothing.
    """

    account: str | None
    fund_id: str | None
    currency: str
    day: date
    opening_minor: int | None
    entries_minor: int
    closing_minor: int | None
    journal_difference_minor: int | None
    findings: tuple[Finding, ...] = ()
    documents: tuple[str, ...] = ()
    hints: tuple[Jump, ...] = ()
    replaced: tuple[Replaced, ...] = ()

    @property
    def difference_minor(self) -> int | None:
        """Opening and entries, less closing: what is missing within the day; None where a balance is not stated."""
        if self.opening_minor is None or self.closing_minor is None:
            return None
        return self.opening_minor + self.entries_minor - self.closing_minor


def once_each(statements: Iterable[Statement]) -> list[Statement]:
    """The statements of one account, in the order of their days and numbers, each once.

    The same statement sent twice counts once, whatever it is called the second time. Pages that repeat the balances are one
    statement. A longer statement that begins and ends as the shorter ones of its days do adds nothing to them.
    """
    ordered = sorted(statements, key=_place)
    single = [_one_of(list(alike)) for _, alike in groupby(ordered, key=_place)]
    return [one for one in single if not _sums_up(one, single)]


def _place(one: Statement) -> tuple[date, date, int, bool, int, bool, int]:
    """Of pages the one with the opening comes first, the one with the closing last."""
    opening, closing = one.opening_minor, one.closing_minor
    balances = (opening is None, opening or 0, closing is not None, closing or 0)
    return (one.opens_on, one.closes_on, one.number, *balances)


def _one_of(alike: Sequence[Statement]) -> Statement:
    """One statement of several with the same days, number and balances."""
    different = list({one.told: one for one in reversed(alike)}.values())
    sound = next((one for one in different if one.apart_minor == 0), None)
    if sound or len(different) == 1:
        return sound or different[0]
    return replace(
        different[0],
        entries_minor=sum(one.entries_minor for one in different),
        documents=tuple(document for one in different for document in one.documents),
    )


def _sums_up(long: Statement, ordered: Sequence[Statement]) -> bool:
    first = bisect_left(ordered, long.opens_on, key=_opens_on)
    last = bisect_right(ordered, long.closes_on, key=_opens_on)
    shorter = [
        one for one in ordered[first:last] if _days_of(one) != _days_of(long) and one.closes_on <= long.closes_on
    ]
    if not shorter or long.opening_minor is None or long.closing_minor is None:
        return False
    return (shorter[0].opening_minor, shorter[-1].closing_minor) == (long.opening_minor, long.closing_minor)


def _opens_on(one: Statement) -> date:
    return one.opens_on


def _days_of(one: Statement) -> tuple[date, date]:
    return one.opens_on, one.closes_on


@dataclass(slots=True)
class _Day:
    """The statements that close on one day, while a row is made of them."""

    statements: list[Statement] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    after_gap: bool = False
    in_gap_minor: int = 0
    difference_minor: int = 0

    @property
    def opens_on(self) -> date:
        return self.statements[0].opens_on

    @property
    def closes_on(self) -> date:
        return self.statements[0].closes_on


def tie_out(
    statements: Iterable[Statement],
    stated: Mapping[str, Mapping[date, int]],
    journal: Mapping[date, int] | None,
) -> list[Row]:
    """The rows of one account in one currency, oldest day first.

    `stated`: document -> booking date -> net of the booked entries; `journal`: day -> what the journal's bank account moved, None
    for an account of no fund.
    """
    known = list(statements)
    days, counted = _days(once_each(one for one in known if not one.replaced))
    if journal is not None:
        told: dict[date, int] = {}
        for document in (one for statement in counted for one in statement.documents):
            for on, minor in stated.get(document, {}).items():
                told[on] = told.get(on, 0) + minor
        _spread(days, told, journal)
    rows = [_row(day, told_of_journal=journal is not None) for day in days]
    return _with_replaced(_with_hints(rows, jumps(Numbered(one.closes_on, one.counted) for one in known)), known)


def _with_hints(rows: list[Row], skipped: Sequence[Jump]) -> list[Row]:
    """Each jump beside the day of the statement after it, or where that one is told with."""
    for jump in skipped if rows else ():
        place = _place_of(jump.day, rows)
        rows[place] = replace(rows[place], hints=(*rows[place].hints, jump))
    return rows


def _with_replaced(rows: list[Row], statements: Iterable[Statement]) -> list[Row]:
    """Each statement that does not count beside the day on which it closes, or where that day is told with."""
    for one in statements if rows else ():
        if one.replaced:
            place = _place_of(one.closes_on, rows)
            rows[place] = replace(rows[place], replaced=(*rows[place].replaced, one.replaced))
    return rows


def _place_of(day: date, rows: Sequence[Row]) -> int:
    """The first row that closes on this day or later; of a day after all of them the last row."""
    return min(bisect_left(rows, day, key=_closing_day), len(rows) - 1)


def _closing_day(row: Row) -> date:
    return row.day


def unstated(
    fund_id: str, currency: str, account: str | None, journal: Mapping[date, int], days: tuple[date, date]
) -> Row | None:
    """The row of days, both inclusive, that no statement tells of; None when the journal's bank account did not move in them."""
    first, last = days
    minor = sum(moved for on, moved in journal.items() if first <= on <= last)
    if not minor:
        return None
    says = (
        f"account of {fund_id}: from {first} to {last} the journal's bank account moved {_money(minor, currency)}, and no"
        " statement tells of these days"
    )
    return Row(
        account=account,
        fund_id=fund_id,
        currency=currency,
        day=last,
        opening_minor=None,
        entries_minor=0,
        closing_minor=None,
        journal_difference_minor=minor,
        findings=(Finding(Kind.UNSTATED, minor, says),),
    )


def _days(statements: Sequence[Statement]) -> tuple[list[_Day], list[Statement]]:
    """The statements by the day on which they close, with what does not follow; and those whose entries count.

    Of two that tell of the same days with other numbers the first one counts, and the next may go on from either.
    """
    days: list[_Day] = []
    counted: list[Statement] = []
    last: Statement | None = None
    ends: set[int] = set()
    for one in statements:
        gap_after = last if last and ends and one.opening_minor not in {None, *ends} else None
        if gap_after and _overlap(gap_after, one):
            days[-1].findings += [_told_twice(gap_after, one), *_not_adding_up(one)]
            if one.closes_on == gap_after.closes_on and one.closing_minor is not None:
                ends.add(one.closing_minor)
            continue
        if not days or days[-1].closes_on != one.closes_on:
            days.append(_Day(after_gap=gap_after is not None))
        day = days[-1]
        day.statements.append(one)
        day.findings += [_missing(gap_after, one)] if gap_after else []
        day.findings += _not_adding_up(one)
        counted.append(one)
        last, ends = one, set() if one.closing_minor is None else {one.closing_minor}
    return days, counted


def _overlap(last: Statement, one: Statement) -> bool:
    """Whether two statements that do not follow one another tell of the same days."""
    if one.opens_on == last.opens_on and one.closes_on == last.closes_on and one.opening_minor == last.opening_minor:
        return True
    one_between = last.number and one.number > last.number + 1
    return one.opens_on < last.closes_on and not one_between


def _spread(days: Sequence[_Day], told: Mapping[date, int], journal: Mapping[date, int]) -> None:
    """Lay journal less statements of each date on the day with which its statement closes; leave what lies after the last."""
    closing = [one.closes_on for one in days]
    for on in {*told, *journal}:
        place = bisect_left(closing, on)
        if place == len(days):
            continue
        day, minor = days[place], journal.get(on, 0) - told.get(on, 0)
        begins_anew = place == 0 or day.after_gap
        if not begins_anew or on in told or on > day.opens_on or on == day.closes_on:
            day.difference_minor += minor
        elif day.after_gap:
            day.in_gap_minor += minor


def _row(day: _Day, *, told_of_journal: bool) -> Row:
    first, last = day.statements[0], day.statements[-1]
    findings = list(day.findings)
    if day.in_gap_minor:
        known = f"; the journal has booked {_money(day.in_gap_minor, first.currency)} in between"
        findings = [replace(one, says=one.says + known) if one.kind is Kind.GAP else one for one in findings]
    if day.difference_minor:
        findings.append(_other_in_journal(first, day.difference_minor))
    return Row(
        account=first.account,
        fund_id=first.fund_id,
        currency=first.currency,
        day=day.closes_on,
        opening_minor=first.opening_minor,
        entries_minor=sum(one.entries_minor for one in day.statements),
        closing_minor=last.closing_minor,
        journal_difference_minor=day.difference_minor if told_of_journal else None,
        findings=tuple(findings),
        documents=tuple(document for one in day.statements for document in one.documents),
    )


def _missing(before: Statement, after: Statement) -> Finding:
    minor = (after.opening_minor or 0) - (before.closing_minor or 0)
    says = (
        f"{_whose(after)}: the statement of {after.opens_on} opens {_money(minor, after.currency)} apart from where the one of"
        f" {before.closes_on} closed: a statement is missing"
    )
    return Finding(Kind.GAP, minor, says)


def _told_twice(last: Statement, one: Statement) -> Finding:
    if one.closes_on == last.closes_on and one.closing_minor is not None and last.closing_minor is not None:
        minor = one.closing_minor - last.closing_minor
        says = f"tell of the same days and close {_money(minor, one.currency)} apart: one of them is wrong"
    else:
        minor = one.entries_minor
        says = f"tell of the same days with other balances: {_money(minor, one.currency)} may be told twice"
    return Finding(Kind.OVERLAP, minor, f"{_whose(one)}: the statements {_span(last)} and {_span(one)} {says}")


def _not_adding_up(one: Statement) -> list[Finding]:
    apart = one.apart_minor
    if not apart:
        return []
    opening, closing = one.opening_minor or 0, one.closing_minor or 0
    says = (
        f"{_whose(one)}: the statement of {one.closes_on} opens at {_money(opening, one.currency)}, its booked entries"
        f" make that {_money(opening + one.entries_minor, one.currency)}, and it closes at {_money(closing, one.currency)}"
    )
    return [Finding(Kind.BALANCE, apart, says)]


def _other_in_journal(one: Statement, minor: int) -> Finding:
    than = "more than" if minor > 0 else "less than"
    says = (
        f"{_whose(one)}: in the days to {one.closes_on} the journal's bank account moved {_money(abs(minor), one.currency)}"
        f" {than} the statement says"
    )
    return Finding(Kind.JOURNAL, minor, says)


def _whose(one: Statement) -> str:
    return f"account of {one.fund_id or 'nobody known'}"


def _span(one: Statement) -> str:
    return f"of {one.closes_on}" if one.opens_on == one.closes_on else f"from {one.opens_on} to {one.closes_on}"


def _money(minor: int, currency: str) -> str:
    return f"{format_minor(minor, currency)} {currency}"
