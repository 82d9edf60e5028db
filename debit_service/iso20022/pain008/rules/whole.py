"""A pain.008 held against the rules of the SEPA direct debit schemes, beyond what its schema can say (see `rulebook`).

One pass over the file. Transactions that share a layout are held together where their columns prove clean (`columns.py`), and
one by one where they do not. Whether a reference stands in the file twice is told by its 64-bit hash, eight bytes each; what
looks double is then compared text by text in a second pass, so the hash decides nothing: equal texts have equal hashes,
and that different ones do (once in about ten million files of two million references) costs only that pass.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import BinaryIO

from debit_service.core.errors import InvalidInput
from debit_service.core.money import format_minor, parse_minor
from debit_service.iso20022.findings import Finding, Rule
from debit_service.iso20022.flat import Flat, number, text
from debit_service.iso20022.layout import Run
from debit_service.iso20022.pain008.hashes import Hashes
from debit_service.iso20022.pain008.read import one_by_one, parts
from debit_service.iso20022.pain008.rules import rulebook as rules
from debit_service.iso20022.pain008.rules.block import (
    IDENTIFIER,
    Block,
    IsOpen,
    block_findings,
    day_of,
    name,
    read_block,
    reference,
)
from debit_service.iso20022.pain008.rules.runs import clean
from debit_service.iso20022.pain008.rules.transaction import MANDATE, minor_units, transaction_findings
from debit_service.iso20022.target import target_is_open
from debit_service.iso20022.xml import Source

# A file with more doubled references than this is described well enough by some of them.
_SUSPECTS_MAX = 10_000
_USED_UP = frozenset({"OOFF", "FNAL"})


def pain008_findings(stream: BinaryIO, file: str, *, is_open: IsOpen = target_is_open) -> Iterator[Finding]:
    """What breaks the scheme's rules, in the order of the file; totals after what they count, duplicates at the end.

    `stream` stands at its beginning and can seek; `is_open` tells the days on which collections are possible. Raises
    UnreadableFile.
    """
    check = _FileCheck(is_open)
    for part in parts(Source(stream, file=file)):
        if isinstance(part, Run):
            yield from check.run(part)
        else:
            yield from check.part(*part)
    yield from check.end()
    suspects = check.seen.doubled(_SUSPECTS_MAX)
    if suspects:
        stream.seek(0)
        yield from _duplicates(one_by_one(parts(Source(stream, file=file))), suspects)


@dataclass(slots=True)
class _Tally:
    """Counts and sums of a block or a file, by currency."""

    count: int = 0
    sums: dict[str, int] = field(default_factory=dict)

    def add(self, count: int, minor: int, currency: str) -> None:
        self.count += count
        self.sums[currency] = self.sums.get(currency, 0) + minor

    def findings(self, said: Flat, place: str) -> Iterator[Finding]:
        """The totals that are said, held against these."""
        if number(said, "NbOfTxs") != self.count:
            yield rules.COUNT.at(f"{place}/NbOfTxs", count=self.count)
        if len(self.sums) == 1:
            [(currency, minor)] = self.sums.items()
            if _sum_said(said, currency) != minor:
                yield rules.SUM.at(f"{place}/CtrlSum", sum=format_minor(minor, currency))


class _FileCheck:
    """What must be remembered while a file passes: headers, totals and the hashes of references."""

    def __init__(self, is_open: IsOpen) -> None:
        self._is_open = is_open
        self._header: Flat = {}
        self._header_flat: Flat = {}
        self._created: date | None = None
        self._block = Block("PmtInf[0]")
        self._blocks = -1
        self._transactions = 0
        self._schemes: set[str] = set()
        self._told_service_level = False
        self._of_file, self._of_block = _Tally(), _Tally()
        self.seen = Hashes()

    def part(self, kind: str, flat: Flat) -> Iterator[Finding]:
        """What is wrong with one part (see `parts`)."""
        match kind:
            case "GrpHdr":
                yield from self._group_header(flat)
            case "PmtInf":
                yield from self._block_header(flat)
            case "DrctDbtTxInf":
                yield from self._transaction(flat)
            case _:
                yield from self._block_end()

    def run(self, run: Run) -> Iterator[Finding]:
        """What is wrong with transactions of one layout: nothing, mostly, and then that is seen at once."""
        totals = clean(run, self._block)
        if totals is None:
            for row in run.rows:
                yield from self._transaction(run.layout.flat(row))
            return
        self._transactions += len(run.rows)
        yield from self._add(len(run.rows), totals.minor, totals.currency)
        self.seen.add(totals.references)
        if self._block.sequence_type in _USED_UP:
            self.seen.add((totals.identifier, mandate) for mandate in totals.mandates)

    def end(self) -> Iterator[Finding]:
        """What is wrong with the file as a whole."""
        yield from self._of_file.findings(self._header, "GrpHdr")
        if len(self._of_file.sums) > 1:
            yield rules.CURRENCIES.at("GrpHdr/CtrlSum")

    def _group_header(self, flat: Flat) -> Iterator[Finding]:
        self._header = flat
        self._created = day_of(text(flat, "CreDtTm"))
        yield from reference(flat, "MsgId", "GrpHdr")
        yield from name(flat, "InitgPty/Nm", "GrpHdr")

    def _block_header(self, flat: Flat) -> Iterator[Finding]:
        self._blocks += 1
        self._header_flat, self._transactions, self._of_block = flat, 0, _Tally()
        self._block = block = read_block(flat, f"PmtInf[{self._blocks}]", self._created)
        self._told_service_level = False
        self.seen.add(key for _, key in _block_keys(flat))
        yield from block_findings(flat, block, self._created, self._is_open)
        if block.scheme in {"CORE", "B2B"} and block.scheme not in self._schemes:
            self._schemes.add(block.scheme)
            if len(self._schemes) > 1:
                yield rules.SCHEMES.at(f"{block.place}/PmtTpInf/LclInstrm/Cd")

    def _transaction(self, flat: Flat) -> Iterator[Finding]:
        place = f"{self._block.place}/DrctDbtTxInf[{self._transactions}]"
        self._transactions += 1
        yield from transaction_findings(flat, replace(self._block, place=place))
        read = minor_units(flat)
        if read is None:
            self._of_block.count += 1
        else:
            yield from self._add(1, *read)
        self.seen.add(key for _, key in _keys(flat, self._block))

    def _add(self, count: int, minor: int, currency: str) -> Iterator[Finding]:
        self._of_block.add(count, minor, currency)
        if currency == "EUR" and not self._block.is_sepa and not self._told_service_level:
            self._told_service_level = True
            yield rules.SERVICE_LEVEL.at(f"{self._block.place}/PmtTpInf/SvcLvl")

    def _block_end(self) -> Iterator[Finding]:
        yield from self._of_block.findings(self._header_flat, self._block.place)
        self._of_file.count += self._of_block.count
        for currency, minor in self._of_block.sums.items():
            self._of_file.add(0, minor, currency)


def _sum_said(said: Flat, currency: str) -> int | None:
    value = text(said, "CtrlSum")
    try:
        return None if value is None else parse_minor(value, currency)
    except InvalidInput:
        return None


def _block_keys(flat: Flat) -> Iterator[tuple[str, object]]:
    """What of a block must not stand in the file twice."""
    value = text(flat, "PmtInfId")
    if value is not None:
        yield "PmtInfId", ("PmtInfId", value)


def _keys(flat: Flat, block: Block) -> Iterator[tuple[str, object]]:
    """What of a transaction must not stand in the file twice: its path, and the value."""
    end_to_end_id, mandate = text(flat, "PmtId/EndToEndId"), text(flat, f"{MANDATE}/MndtId")
    if end_to_end_id is not None:
        yield "PmtId/EndToEndId", end_to_end_id
    if mandate is not None and block.sequence_type in _USED_UP:
        yield f"{MANDATE}/MndtId", (text(flat, f"DrctDbtTx/CdtrSchmeId/{IDENTIFIER}/Id") or block.identifier, mandate)


_DUPLICATE: Mapping[str, Rule] = {
    "PmtInfId": rules.DUPLICATE_BLOCK,
    "PmtId/EndToEndId": rules.DUPLICATE,
    f"{MANDATE}/MndtId": rules.MANDATE_USED_UP,
}


def _duplicates(found: Iterable[tuple[str, Flat]], suspects: frozenset[int]) -> Iterator[Finding]:
    """Every value that has stood in the file before, each proved by its text."""
    seen: set[object] = set()
    block = Block("PmtInf[0]")
    blocks, transactions = -1, 0
    for kind, flat in found:
        if kind == "PmtInf":
            blocks, transactions = blocks + 1, 0
            block = read_block(flat, f"PmtInf[{blocks}]", None)
            keys, place = _block_keys(flat), block.place
        elif kind == "DrctDbtTxInf":
            keys, place = _keys(flat, block), f"{block.place}/DrctDbtTxInf[{transactions}]"
            transactions += 1
        else:
            continue
        for path, key in keys:
            if hash(key) not in suspects:
                continue
            if key in seen:
                yield _DUPLICATE[path].at(f"{place}/{path}")
            seen.add(key)
