"""What must stand in the books after a bank has said a set of things: the oracle of the reconciliation machine.

Said without the house: it knows a bank's reports as anybody can read them, and neither files' names, nor their order, nor tables.
Everything is a function of sets: telling something again, elsewhere or earlier changes nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations, groupby
from typing import Any

from bank_files import Booked
from house import Sent


@dataclass(frozen=True, slots=True)
class Report:
    """One notification, statement or intraday report: `name` is what the bank calls it. Written anew, it is the same report."""

    family: str
    name: str
    account: str
    entries: tuple[Booked, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """What a status report says of one debit."""

    end_to_end_id: str
    rejected: bool
    day: date
    reason: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """A detail, or an entry without details. `whole` is the amount of the entry that it is one of several details of."""

    account: str
    currency: str
    credit: bool
    minor: int
    day: date
    end_to_end_id: str | None
    servicer: str | None
    block: tuple[str, int] | None
    charges: int
    reason: str
    whole: int | None

    @property
    def money(self) -> tuple[object, ...]:
        """What moved, where and when."""
        return (self.account, self.currency, self.credit, self.minor, self.day)

    @property
    def references(self) -> set[tuple[str, object]]:
        """What names the booking."""
        named = {"end to end": self.end_to_end_id, "servicer": self.servicer, "block": self.block and self.block[0]}
        return {(kind, name) for kind, name in named.items() if name}


def lines_of(report: Report) -> Iterator[Line]:
    """A report, line by line."""
    for entry in report.entries:
        for one in entry.details or (entry,):
            yield Line(
                account=report.account,
                currency=one.currency,
                credit=one.direction == "CRDT",
                minor=one.amount_minor,
                day=one.day,
                end_to_end_id=None if one.batch else one.end_to_end_id,
                servicer=entry.servicer_reference,
                block=one.batch,
                charges=one.charges_minor,
                reason=one.reason or "",
                whole=entry.amount_minor if entry.details else None,
            )


@dataclass(frozen=True, slots=True)
class Booking:
    """Lines that tell of one booking, or of `times` identical ones."""

    lines: frozenset[Line]
    times: int

    @property
    def line(self) -> Line:
        """One of them, for what all agree in."""
        return next(iter(self.lines))

    @property
    def signed(self) -> int:
        """What it brought to the account."""
        return self.line.minor if self.line.credit else -self.line.minor

    @property
    def end_to_end_id(self) -> str | None:
        """Whom it names, if any report of it does."""
        return next((line.end_to_end_id for line in self.lines if line.end_to_end_id), None)


def bookings(reports: Iterable[Report]) -> list[Booking]:
    """Reports are of one booking when the money is the same and they share a reference; without any, when families differ.

    Within one report nothing is told twice: what stands there n times happened n times.
    """
    told = {report: Counter(lines_of(report)) for report in reports}
    groups: list[set[Line]] = []
    for line in {line for lines in told.values() for line in lines}:
        joined = [one for one in groups if any(_may_be_one(line, other) for other in one)]
        groups = [one for one in groups if one not in joined] + [{line}.union(*joined)]
    return [Booking(frozenset(group), _times(group, told)) for group in groups]


def _may_be_one(line: Line, other: Line) -> bool:
    alike = line.references & other.references or not (line.references or other.references)
    return line.money == other.money and bool(alike)


def _times(group: set[Line], told: dict[Report, Counter[Line]]) -> int:
    counts = {report: sum(lines[line] for line in group) for report, lines in told.items()}
    if any(line.references for line in group):
        return max(counts.values())
    families: Counter[str] = Counter()
    for report, count in counts.items():
        families[report.family] += count
    return max(families.values())


@dataclass(slots=True)
class Told:
    """What is known of one debit: each credit with its day, in sums and singly; each return with day, reason and fee; rejections.

    Where they cannot all be right, sums come first, then the earliest credits, and the latest returns.
    """

    sent: Sent
    sums: list[date] = field(default_factory=list)
    singly: list[date] = field(default_factory=list)
    returns: list[tuple[date, str, int]] = field(default_factory=list)
    rejections: list[tuple[date, str]] = field(default_factory=list)
    accepted: bool = False

    @property
    def credits(self) -> list[date]:
        """The days of its credits, in the order in which they count; a detail and the sum that it is in are one."""
        more = Counter(self.singly) - Counter(self.sums)
        return sorted(self.sums) + sorted(more.elements())

    @property
    def came(self) -> int:
        """How many credits can be right: money comes in again only after it went back."""
        return min(len(self.credits), len(self.returns) + 1)

    @property
    def went(self) -> int:
        """How many returns can be right: what has come in, or is still to be told of, goes back once."""
        return min(len(self.returns), max(len(self.credits), 1))

    @property
    def counting(self) -> list[tuple[date, str, int]]:
        """The returns that count, the latest first."""
        return sorted(self.returns, reverse=True)[: self.went]

    @property
    def fees(self) -> int:
        """What the bank took for the returns."""
        return sum(fee for _, _, fee in self.counting)

    @property
    def state(self) -> str:
        """What it is."""
        if self.came > self.went:
            return "settled"
        if self.went:
            return "returned"
        if self.rejections:
            return "rejected"
        return "accepted" if self.accepted else "sent"

    @property
    def code(self) -> str | None:
        """Why it failed: the last reason of the last day."""
        if self.state == "rejected":
            return max(self.rejections)[1]
        return self.counting[0][1] if self.state == "returned" else None

    @property
    def paid_on(self) -> date | None:
        """The day of the last credit that counts."""
        return max(self.credits[: self.came]) if self.state == "settled" else None


@dataclass(slots=True)
class Books:
    """The sums: what is known of each debit, what nobody can explain (fund, currency, signed amount), and the balances."""

    debits: dict[str, Told]
    waiting: list[tuple[str, str, int]]
    balances: dict[tuple[str, str], int]


@dataclass(slots=True)
class Heard:
    """Everything that was said so far, as sets. `funds` names the fund of each account."""

    funds: dict[str, str]
    sents: list[Sent]
    reports: set[Report] = field(default_factory=set)
    statuses: set[Status] = field(default_factory=set)
    paid: dict[str, tuple[str, int]] = field(default_factory=dict)  # payment -> contribution, amount

    def books(self) -> Books:
        """What must stand in the books."""
        debits = {sent.end_to_end_id: Told(sent) for sent in self.sents}
        for status in self.statuses:
            told = debits[status.end_to_end_id]
            told.accepted = True
            told.rejections += [(status.day, status.reason or "")] if status.rejected else []
        waiting: list[Booking] = []
        sums: list[Booking] = []
        seen = bookings(self.reports)
        explained = {(*line.money[:3], line.whole, line.day) for one in seen for line in one.lines if line.whole}
        for booking in seen:
            if booking.end_to_end_id:
                waiting += [booking] * (booking.times if not _allot(debits, booking) else 0)
            elif booking.line.money not in explained:
                # A block comes in once: its sum once more is nobody's.
                once = [booking] if booking.line.block else []
                sums += once
                waiting += [booking] * (booking.times - len(once))
        partial = [one for one in sorted(sums, key=_rank) if not self._share_out(debits, one)]
        for _, some in groupby(partial, key=lambda one: (one.line.day, one.line.block and one.line.block[0])):
            waiting += _not_told_in_parts(debits, list(some))
        return self._add_up(debits, waiting)

    def _share_out(self, debits: dict[str, Told], booking: Booking) -> bool:
        """A sum of a block: of all that the bank did not reject by then, or ever, or of all. Not of what earlier sums have paid.

        Nor of debits that single credits of other days pay all by themselves.
        """
        name, count = booking.line.block or ("", 0)
        day = booking.line.day
        block = [told for told in debits.values() if told.sent.payment_information_id == name]
        not_yet = [told for told in block if all(rejected > day for rejected, _ in told.rejections)]
        for members in (not_yet, [told for told in block if not told.rejections], block):
            if (count, booking.signed) != (len(members), sum(told.sent.amount_minor for told in members)):
                continue
            untold = [told for told in members if day not in told.singly]
            fits = all(len(told.sums) <= len(told.returns) for told in untold)
            needed = not untold or any(len(told.credits) <= len(told.returns) for told in untold)
            if fits and needed:
                for told in members:
                    told.sums.append(day)
                return True
        return False

    def _add_up(self, debits: dict[str, Told], unexplained: Sequence[Booking]) -> Books:
        waiting = [(self.funds.get(one.line.account, "unknown"), one.line.currency, one.signed) for one in unexplained]
        balances: Counter[tuple[str, str]] = Counter()
        for told in debits.values():
            sent, came, went = told.sent, told.came * told.sent.amount_minor, told.went * told.sent.amount_minor
            fund, currency = self.funds[sent.account], sent.currency
            waiting += [(fund, currency, sent.amount_minor)] * (len(told.credits) - told.came)
            out = Counter(told.returns) - Counter(told.counting)
            waiting += [(fund, currency, -sent.amount_minor - fee) for _, _, fee in out.elements()]
            paid = sum(minor for contribution, minor in self.paid.values() if contribution == sent.contribution_id)
            too_much = max(came - went + paid - sent.amount_minor, 0)
            asked = 0 if told.state == "rejected" else sent.amount_minor - min(came, sent.amount_minor)
            balances["in-transit/" + fund, currency] += asked
            balances["receivable/" + fund, currency] += sent.amount_minor - asked - came + went - paid + too_much
            balances["bank/" + fund, currency] += came - went - told.fees
            balances["charges/" + fund, currency] += told.fees
            balances["other-means/" + fund, currency] += paid
            balances["refunds-owed/" + fund, currency] -= too_much
            balances["declared/" + fund, currency] -= sent.amount_minor
        for fund, currency, minor in waiting:
            balances["bank/" + fund, currency] += minor
            balances["suspense/" + fund, currency] -= minor
        return Books(debits, sorted(waiting), {name: minor for name, minor in balances.items() if minor})


def _rank(booking: Booking) -> tuple[object, ...]:
    return (booking.line.day, booking.line.block or ("", 0))


def _not_told_in_parts(debits: dict[str, Told], sums: list[Booking]) -> list[Booking]:
    """Of sums of one block and day those whose money the single credits of that day do not tell: as few as can be."""
    name, day = (sums[0].line.block or ("", 0))[0], sums[0].line.day
    block = [told for told in debits.values() if told.sent.payment_information_id == name]
    singly = [told.sent.amount_minor for told in block if day in told.singly and day not in told.sums]
    reached = {(sum(some), len(some)) for some in _subsets(singly)}
    told_so = [
        some
        for some in _subsets(sums)
        if (sum(one.signed for one in some), sum((one.line.block or ("", 0))[1] for one in some)) in reached
    ]
    told = max(told_so, key=lambda some: sum(one.signed for one in some))
    return [one for one in sums if one not in told]


def _subsets(some: Sequence[Any]) -> list[tuple[Any, ...]]:
    return [found for size in range(len(some) + 1) for found in combinations(some, size)]


def _allot(debits: dict[str, Told], booking: Booking) -> bool:
    """Whether a report of the booking names a debit, on its account and in its currency, and says what the bank took besides."""
    for line in booking.lines:
        told = debits.get(line.end_to_end_id or "")
        if told is None or (line.account, line.currency) != (told.sent.account, told.sent.currency):
            continue
        fee = line.minor - told.sent.amount_minor
        if line.credit and not fee:
            told.singly += [line.day] * booking.times
            return True
        if not line.credit and fee in (0, line.charges):
            told.returns += [(line.day, line.reason, fee)] * booking.times
            return True
    return False
