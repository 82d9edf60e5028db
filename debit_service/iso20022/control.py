"""Control totals of a camt container: what the bank says of its own file, held against what was read from it.

Nothing here refuses. A total that does not hold is a finding for a person; the entries stay what they are. Checked:
number and sum of entries (`TxsSummry`), opening + booked entries = closing, and details adding up to their entry, where
charges and interest may stand between the two; what else is left of an entry is a record of its own (`remainder`). Of a message
in several pages one page proves nothing, so its totals are not held.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b

from debit_service.core.errors import InvalidInput
from debit_service.core.money import format_minor
from debit_service.iso20022.entry import Entry
from debit_service.iso20022.findings import Finding, Severity
from debit_service.iso20022.flat import Flat, amount, day, number, repeats, text
from debit_service.iso20022.records import BankRecord, Direction
from debit_service.iso20022.xml import UnreadableFile

# Enough for a person to see what is wrong; a file with a million faults must not fill the memory with their description.
FINDINGS_MAX = 100
_OPENING = ("OPBD", "PRCD")
_CLOSING = ("CLBD",)


@dataclass(frozen=True, slots=True)
class Balance:
    """A booked balance: signed minor units, the day, the currency."""

    minor: int
    day: date | None
    currency: str


@dataclass(slots=True)
class DetailSum:
    """What the details of one entry add up to so far; `lowest` of their end-to-end references tells them from others."""

    count: int = 0
    signed_minor: int = 0
    charges_minor: int = 0
    interest_minor: int = 0
    complete: bool = True
    lowest: str | None = None

    def add(self, record: BankRecord) -> None:
        """Count one detail's record."""
        self.add_alike(record, 1, record.amount_minor or 0)
        self.name(record.end_to_end_id)

    def name(self, reference: str | None) -> None:
        """Tell of the end-to-end reference of a detail."""
        if reference is not None and (self.lowest is None or reference < self.lowest):
            self.lowest = reference

    def add_alike(self, record: BankRecord, count: int, total_minor: int) -> None:
        """Count records that differ from `record` in their amounts and texts only."""
        self.count += count
        self.charges_minor += (record.charges_minor or 0) * count
        self.interest_minor += (record.interest_minor or 0) * count
        self.complete = self.complete and record.amount_minor is not None
        self.signed_minor += total_minor if record.direction is Direction.CREDIT else -total_minor


@dataclass(slots=True)
class Tally:
    """The counts and sums of one container while its entries pass: all entries, and those booked, each by currency."""

    place: str
    currency: str | None
    counts: Counter[Direction] = field(default_factory=Counter)
    sums: Counter[Direction] = field(default_factory=Counter)
    booked_counts: Counter[Direction] = field(default_factory=Counter)
    booked_sums: Counter[Direction] = field(default_factory=Counter)
    mixed: bool = False
    findings: list[Finding] = field(default_factory=list)

    def add_alike(self, entry: Entry, count: int, total_minor: int) -> None:
        """Count entries that differ from `entry` in their amounts only."""
        if count == 0:
            return
        self.currency = self.currency or entry.currency
        self.counts[entry.direction] += count
        booked = entry.status == "BOOK"
        self.booked_counts[entry.direction] += count * booked
        if entry.currency == self.currency:
            self.sums[entry.direction] += total_minor
            self.booked_sums[entry.direction] += total_minor * booked
        else:
            self.mixed = True

    def add(self, entry: Entry, details: DetailSum) -> None:
        """Count one entry, and hold its details against it."""
        self.add_alike(entry, 1, entry.minor)
        if details.count and not _details_hold(entry, details):
            said, found = _money(entry.signed_minor, entry.currency), _money(details.signed_minor, entry.currency)
            self.find(
                "entry.details",
                entry.place,
                f"The details add up to {found}, the entry says {said}, and no charges explain the difference.",
            )

    def find(self, code: str, path: str, message: str, severity: Severity = "error") -> None:
        """Note a finding about control totals."""
        if len(self.findings) < FINDINGS_MAX:
            remedy = "Ask the bank for a correct file; until then a person decides what is booked."
            self.findings.append(Finding(f"iso.control.{code}", severity, path, message, remedy))

    @property
    def count(self) -> int:
        """The number of entries."""
        return self.counts.total()


def hold_totals(tally: Tally, flat: Flat, opening: Balance | None, closing: Balance | None) -> None:
    """Hold the container's own totals against the tally."""
    if tally.mixed:
        tally.find("currency", tally.place, "Entries are in several currencies; sums are not held.", "warning")
        return
    _hold_summary(tally, flat)
    if opening is None or closing is None:
        return
    if opening.currency != closing.currency or tally.currency not in {None, opening.currency}:
        tally.find("currency", f"{tally.place}/Bal", "Balances and entries are in different currencies.")
        return
    moved = tally.booked_sums[Direction.CREDIT] - tally.booked_sums[Direction.DEBIT]
    expected = opening.minor + moved
    if expected != closing.minor:
        tally.find(
            "balance",
            f"{tally.place}/Bal",
            f"Opening {_money(opening.minor, opening.currency)} and booked entries {_money(moved, opening.currency)} "
            f"make {_money(expected, opening.currency)}; the closing balance says {_money(closing.minor, closing.currency)}.",
        )


def read_balances(tally: Tally, flat: Flat) -> tuple[Balance | None, Balance | None]:
    """The opening and closing booked balance. One that cannot be read is a finding: no entry depends on it."""
    found: dict[str, Balance] = {}
    for path in repeats(flat, "Bal"):
        code = text(flat, f"{path}/Tp/CdOrPrtry/Cd", f"{path}/Tp/CdOrPrtry/Prtry")
        if code not in _OPENING + _CLOSING:
            continue
        try:
            balance = _balance(flat, path, tally)
        except UnreadableFile as error:
            tally.find("balance.malformed", str(error.place), error.message)
            continue
        # Interim balances repeat the codes: the first opening and the last closing are those of the statement.
        if balance is not None and (code in _CLOSING or code not in found):
            found[code] = balance
    opening = next((found[code] for code in _OPENING if code in found), None)
    return opening, found.get("CLBD")


def is_paged(flat: Flat) -> bool:
    """Whether this message or container is one page of several."""
    last = text(flat, "MsgPgntn/LastPgInd", "StmtPgntn/LastPgInd", "RptPgntn/LastPgInd", "NtfctnPgntn/LastPgInd")
    page = text(flat, "MsgPgntn/PgNb", "StmtPgntn/PgNb", "RptPgntn/PgNb", "NtfctnPgntn/PgNb")
    return last in {"false", "0"} or (page is not None and page.lstrip("0") not in {"", "1"})


def _balance(flat: Flat, path: str, tally: Tally) -> Balance | None:
    read = amount(flat, f"{path}/Amt", tally.place, currency=tally.currency)
    if read is None:
        return None
    sign = -1 if text(flat, f"{path}/CdtDbtInd") == "DBIT" else 1
    return Balance(sign * read[0], day(flat, f"{path}/Dt", tally.place), read[1])


def _details_hold(entry: Entry, details: DetailSum) -> bool:
    """Details are the entry, give or take charges and interest: of the entry, of the details, or of both."""
    if not details.complete:
        return False
    difference = abs(entry.signed_minor - details.signed_minor)
    return difference == 0 or difference in {abs(sum(cost)) for cost in _costs(entry, details)}


def cost_apart(entry: Entry, details: DetailSum) -> tuple[int, int] | None:
    """(charges, interest) by which the entry is less, for its owner, than its details; None where they do not explain it."""
    if not details.complete or details.count == 0:
        return None
    taken = details.signed_minor - entry.signed_minor
    return next((cost for cost in _costs(entry, details) if taken and sum(cost) == taken), None)


def remainder(entry: Entry, details: DetailSum) -> int:
    """What is left of the entry beside the amounts that its details have, signed minor units; 0 where they are the entry.

    It is asked of entries whose stated charges and interest do not explain it (`cost_apart`).
    """
    return entry.signed_minor - details.signed_minor if details.count else 0


def name_of_rest(details: DetailSum, rest: object) -> str | None:
    """A reference for what an entry has beside its details (its cost, a remainder): the same in each report that tells these.

    None when they name nothing.
    """
    if details.lowest is None:
        return None
    told = f"{details.lowest} {details.count} {details.signed_minor} {rest}"
    return blake2b(told.encode(), digest_size=16).hexdigest()


def _costs(entry: Entry, details: DetailSum) -> list[tuple[int, int]]:
    """What may stand between: charges and interest as stated of the entry, of the details, or of both; all, or either alone."""
    own = (entry.charges.minor or 0, entry.interest_minor or 0)
    theirs = (details.charges_minor, details.interest_minor)
    both = (own[0] + theirs[0], own[1] + theirs[1])
    return [
        cost for charges, interest in (own, theirs, both) for cost in ((charges, interest), (charges, 0), (0, interest))
    ]


def _hold_summary(tally: Tally, flat: Flat) -> None:
    """Each total may speak of all entries or of the booked ones; banks do both."""
    both = (Direction.CREDIT, Direction.DEBIT)
    for name, directions in (("TtlNtries", both), ("TtlCdtNtries", both[:1]), ("TtlDbtNtries", both[1:])):
        path = f"TxsSummry/{name}"
        counts = {sum(counter[d] for d in directions) for counter in (tally.counts, tally.booked_counts)}
        said = number(flat, f"{path}/NbOfNtries")
        if said is not None and said not in counts:
            tally.find(
                "count", f"{tally.place}/{path}/NbOfNtries", f"The bank counts {said} entries; {max(counts)} are here."
            )
        sums = {sum(counter[d] for d in directions) for counter in (tally.sums, tally.booked_sums)}
        _hold_sum(tally, flat, f"{path}/Sum", sums)
    nets = {counter[both[0]] - counter[both[1]] for counter in (tally.sums, tally.booked_sums)}
    net = {abs(value) for value in nets}
    for path in ("TxsSummry/TtlNtries/TtlNetNtryAmt", "TxsSummry/TtlNtries/TtlNetNtry/Amt"):
        _hold_sum(tally, flat, path, net)


def _hold_sum(tally: Tally, flat: Flat, path: str, expected: set[int]) -> None:
    if tally.currency is None:
        return
    try:
        said = amount(flat, path, tally.place, currency=tally.currency)
    except InvalidInput as error:
        tally.find("sum.malformed", f"{tally.place}/{path}", error.message)
        return
    if said is not None and said[0] not in expected:
        found = _money(max(expected), tally.currency)
        tally.find(
            "sum", f"{tally.place}/{path}", f"The bank says {_money(said[0], said[1])}; the entries make {found}."
        )


def _money(minor: int, currency: str) -> str:
    return f"{format_minor(minor, currency)} {currency}"
