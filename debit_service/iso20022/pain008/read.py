"""A written pain.008 read again, by code that shares nothing with the writer: the check before anybody approves a file.

It counts and adds for itself and holds the result against every total that the file states. What it reads is what a bank
would read; a file of an earlier system can be read with it, too.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from lxml import etree

from debit_service.core.errors import InvalidInput
from debit_service.core.money import format_minor
from debit_service.iso20022.events import events
from debit_service.iso20022.flat import Flat, account, amount, flatten, number, parse_day, text
from debit_service.iso20022.layout import Run
from debit_service.iso20022.read import unknown_message
from debit_service.iso20022.xml import (
    DEFAULT_LIMITS,
    Limits,
    Source,
    UnreadableFile,
    ancestors,
    first_element,
    forget,
    local_name,
)

BODY = "CstmrDrctDbtInitn"
REPEATED = ("DrctDbtTxInf",)
_TAGS = tuple(f"{{*}}{name}" for name in ("GrpHdr", "PmtInf", *REPEATED))


@dataclass(frozen=True, slots=True)
class DebitLine:
    """One collection as the file says it."""

    message_id: str | None
    payment_information_id: str | None
    scheme: str | None
    sequence_type: str | None
    collection_date: date | None
    creditor_identifier: str | None
    creditor_account: str | None
    end_to_end_id: str | None
    instruction_id: str | None
    amount_minor: int
    currency: str
    mandate_id: str | None
    signed_on: date | None
    debtor_name: str | None
    debtor_account: str | None
    remittance: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """A file read again: its id and its own totals, which were held against what is in it.

    `amounts` reads the file once more and gives each EndToEndId with its amount in minor units, in the order of the file.
    """

    message_id: str | None
    count: int
    control_sum_minor: int
    currency: str
    amounts: Iterator[tuple[str | None, int]]


def parts(source: Source) -> Iterator[tuple[str, Flat] | Run]:
    """The parts of a pain.008, in order: `GrpHdr`, then of each block `PmtInf` (its header, before its first transaction), its
    `DrctDbtTxInf`, each by itself or several in a Run, and `/PmtInf` (its end). Raises UnreadableFile or InvalidInput
    `iso.message.unknown`.
    """
    tag, root = first_element(source, frozenset({BODY}))
    if tag is None:
        raise unknown_message(source.file, root)
    reader = _PartReader()
    for part in events(source, _TAGS, REPEATED):
        if isinstance(part, Run):
            if reader.has_read_a_transaction:
                yield part
        elif part[0] == "end":
            yield from reader.end(local_name(part[1].tag), part[1])


def one_by_one(found: Iterable[tuple[str, Flat] | Run]) -> Iterator[tuple[str, Flat]]:
    """The parts with each transaction by itself."""
    for part in found:
        if isinstance(part, Run):
            yield from ((part.layout.name, part.layout.flat(row)) for row in part.rows)
        else:
            yield part


class _PartReader:
    """Tells what of a pain.008 has ended. The header of a block is told before its first transaction, and always."""

    def __init__(self) -> None:
        self._begun = False
        self.has_read_a_transaction = False

    def end(self, name: str, element: etree._Element) -> Iterator[tuple[str, Flat]]:
        """One element has ended."""
        parent = ancestors(element, 1)[0]
        self.has_read_a_transaction = name == "DrctDbtTxInf" and parent == "PmtInf"
        if name == "GrpHdr" and parent == BODY:
            yield name, flatten(element)
        elif self.has_read_a_transaction:
            yield from self._begin(element.getparent())
            yield name, flatten(element)
            forget(element)
        elif name == "PmtInf" and parent == BODY:
            yield from self._begin(element)
            yield "/PmtInf", {}
            self._begun = False
            forget(element)

    def _begin(self, block: etree._Element | None) -> Iterator[tuple[str, Flat]]:
        if not self._begun and block is not None:
            self._begun = True
            flat = flatten(block)
            yield "PmtInf", {path: value for path, value in flat.items() if not path.startswith("DrctDbtTxInf")}


def read_pain008(stream: BinaryIO, *, file: str, limits: Limits = DEFAULT_LIMITS) -> Iterator[DebitLine]:
    """Every collection of the file, in its order. Raises like `read_bank_file`, possibly after lines."""
    group: Flat = {}
    block: Flat = {}
    index = 0
    for name, flat in one_by_one(parts(Source(stream, file=file, limits=limits))):
        if name == "GrpHdr":
            group = flat
        elif name == "PmtInf":
            block = flat
        elif name == "DrctDbtTxInf":
            yield _line(group, block, flat, f"{file}: DrctDbtTxInf[{index}]")
            index += 1


def reread(
    stream: BinaryIO, *, file: str = "pain.008", each: Callable[[str | None, int], None] | None = None
) -> Summary:
    """Read a written file again from its beginning (`stream` can seek) and hold all its totals.

    `each` is told the EndToEndId and the amount of every transaction while it passes, which spares reading `amounts`. Raises
    InvalidInput `iso.pain008.totals` when the file does not hold what it states.
    """
    stream.seek(0)
    totals = _Totals(file, each)
    for name, flat in one_by_one(parts(Source(stream, file=file))):
        totals.take(name, flat)
    count, sum_minor, currency = totals.close()
    return Summary(totals.message_id, count, sum_minor, currency, _amounts(stream, file))


def _amounts(stream: BinaryIO, file: str) -> Iterator[tuple[str | None, int]]:
    stream.seek(0)
    for name, flat in one_by_one(parts(Source(stream, file=file))):
        if name == "DrctDbtTxInf":
            yield text(flat, "PmtId/EndToEndId"), _amount(flat, f"{file}: DrctDbtTxInf")[0]


class _Totals:
    """Counts and sums of a file while it passes, held against GrpHdr and every PmtInf."""

    def __init__(self, file: str, each: Callable[[str | None, int], None] | None) -> None:
        self._file, self._each = file, each
        self._group: Flat = {}
        self._block: Flat = {}
        self._count = self._sum = 0
        self._block_count = self._block_sum = 0
        self._currency = ""
        self.message_id: str | None = None

    def take(self, name: str, flat: Flat) -> None:
        if name == "GrpHdr":
            self._group, self.message_id = flat, text(flat, "MsgId")
        elif name == "PmtInf":
            self._block, self._block_count, self._block_sum = flat, 0, 0
        elif name == "DrctDbtTxInf":
            self._add(flat)
        else:
            self._hold(self._block, self._block_count, self._block_sum, f"PmtInf {text(self._block, 'PmtInfId')}")
            self._count += self._block_count
            self._sum += self._block_sum

    def close(self) -> tuple[int, int, str]:
        self._hold(self._group, self._count, self._sum, "GrpHdr")
        return self._count, self._sum, self._currency

    def _add(self, flat: Flat) -> None:
        minor, currency = _amount(flat, f"{self._file}: DrctDbtTxInf[{self._count + self._block_count}]")
        if self._currency not in {"", currency}:
            raise InvalidInput("iso.pain008.currencies", "The file is in several currencies.", place=self._file)
        self._currency = currency
        self._block_count += 1
        self._block_sum += minor
        if self._each:
            self._each(text(flat, "PmtId/EndToEndId"), minor)

    def _hold(self, flat: Flat, count: int, sum_minor: int, where: str) -> None:
        if count == 0:
            raise InvalidInput("iso.pain008.empty", "There is no transaction here.", place=f"{self._file}: {where}")
        said_sum = amount(flat, "CtrlSum", f"{self._file}: {where}", currency=self._currency or None)
        if number(flat, "NbOfTxs") != count or said_sum is None or said_sum[0] != sum_minor:
            raise InvalidInput(
                "iso.pain008.totals",
                f"The file holds {count} transactions of {format_minor(sum_minor, self._currency)}, and states other totals.",
                place=f"{self._file}: {where}",
            )


def _line(group: Flat, block: Flat, flat: Flat, place: str) -> DebitLine:
    minor, currency = _amount(flat, place)
    collection_date = text(block, "ReqdColltnDt")
    signed_on = text(flat, "DrctDbtTx/MndtRltdInf/DtOfSgntr")
    return DebitLine(
        message_id=text(group, "MsgId"),
        payment_information_id=text(block, "PmtInfId"),
        scheme=text(flat, "PmtTpInf/LclInstrm/Cd") or text(block, "PmtTpInf/LclInstrm/Cd"),
        sequence_type=text(flat, "PmtTpInf/SeqTp") or text(block, "PmtTpInf/SeqTp"),
        collection_date=parse_day(collection_date, f"{place}/ReqdColltnDt") if collection_date else None,
        creditor_identifier=text(flat, "DrctDbtTx/CdtrSchmeId/Id/PrvtId/Othr/Id")
        or text(block, "CdtrSchmeId/Id/PrvtId/Othr/Id"),
        creditor_account=account(block, "CdtrAcct"),
        end_to_end_id=text(flat, "PmtId/EndToEndId"),
        instruction_id=text(flat, "PmtId/InstrId"),
        amount_minor=minor,
        currency=currency,
        mandate_id=text(flat, "DrctDbtTx/MndtRltdInf/MndtId"),
        signed_on=parse_day(signed_on, f"{place}/DtOfSgntr") if signed_on else None,
        debtor_name=text(flat, "Dbtr/Nm"),
        debtor_account=account(flat, "DbtrAcct"),
        remittance=text(flat, "RmtInf/Ustrd"),
    )


def _amount(flat: Flat, place: str) -> tuple[int, str]:
    read = amount(flat, "InstdAmt", place)
    if read is None:
        raise UnreadableFile("iso.amount.missing", "The transaction has no amount.", place=f"{place}/InstdAmt")
    return read
