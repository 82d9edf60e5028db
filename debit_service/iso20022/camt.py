"""camt.052, camt.053 and camt.054, streamed: details leave memory as they pass, an entry as soon as it ends.

An entry speaks through its header, which the schemas place before the details. Up to `DETAILS_HELD` details wait for the
entry's end, so that also a header in the wrong order is understood; beyond that the details leave on the header read so
far, and a header that says something else afterwards is refused rather than believed half.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from debit_service.iso20022.control import DetailSum, Tally, hold_totals, is_paged, read_balances
from debit_service.iso20022.entry import (
    Batch,
    Detail,
    Entry,
    Origin,
    Substitute,
    make_record,
    read_batch,
    read_entry,
    substitute,
)
from debit_service.iso20022.flat import Flat, account, day, flatten, repeats, text
from debit_service.iso20022.kinds import Dialect
from debit_service.iso20022.records import BankRecord, Container, Direction
from debit_service.iso20022.xml import UnreadableFile, ancestors, forget, local_name

DETAILS_HELD = 4096

CONTAINERS = {"BkToCstmrAcctRpt": "Rpt", "BkToCstmrStmt": "Stmt", "BkToCstmrDbtCdtNtfctn": "Ntfctn"}
TAGS = ("GrpHdr", "TxDtls", "Ntry", *CONTAINERS.values())


class CamtReader:
    """Reads one message body. `end` is told of each element that ends and yields what is thereby complete."""

    def __init__(self, file: str, message: str, body: str, dialect: Dialect) -> None:
        self._file, self._message, self._body, self._dialect = file, message, body, dialect
        self._container_name = CONTAINERS[body]
        self._group: Flat = {}
        self._begun = 0
        self._open: _ContainerReader | None = None

    def end(self, name: str, element: etree._Element) -> Iterator[BankRecord | Container]:
        """One element has ended."""
        above = ancestors(element, 3)
        if name == "TxDtls" and above[1:] == ("Ntry", self._container_name):
            yield from self._container(element).detail(element)
            forget(element)
        elif name == "Ntry" and above[0] == self._container_name:
            yield from self._container(element).entry(element)
            forget(element)
        elif name == self._container_name and above[0] == self._body:
            yield self._container(element).close(element)
            self._open = None
            forget(element)
        elif name == "GrpHdr" and above[0] == self._body:
            self._group = flatten(element)

    def finish(self) -> Iterator[BankRecord | Container]:
        """The body has ended: a camt has said everything by then."""
        return iter(())

    def _container(self, element: etree._Element) -> "_ContainerReader":
        """The reader of the container that `element` is or stands in."""
        if self._open is None:
            container = next(element.iterancestors(f"{{*}}{self._container_name}"), element)
            place = f"{self._file}: {self._container_name}[{self._begun}]"
            origin = read_origin(flatten(container), self._group, self._file, self._message)
            self._open = _ContainerReader(origin, self._group, place, self._dialect)
            self._begun += 1
        return self._open


@dataclass(slots=True)
class _OpenEntry:
    """An entry whose details are passing. `header` is set once details had to leave before the entry's end."""

    index: int
    place: str
    held: list[Detail] = field(default_factory=list)
    details: int = 0
    sum: DetailSum = field(default_factory=DetailSum)
    header: Entry | None = None
    batch_of: etree._Element | None = None
    batch: Batch = field(default_factory=Batch)


class _ContainerReader:
    """One Ntfctn, Stmt or Rpt while its entries pass."""

    def __init__(self, origin: Origin, group: Flat, place: str, dialect: Dialect) -> None:
        self._origin, self._group, self._place, self._dialect = origin, group, place, dialect
        self._tally = Tally(place, origin.currency)
        self._entry = self._next_entry(0)

    def detail(self, element: etree._Element) -> Iterator[BankRecord]:
        """A TxDtls has ended."""
        entry, parent = self._entry, element.getparent()
        if parent is not None and parent is not entry.batch_of:
            entry.batch_of, entry.batch = parent, self._batch_of(parent)
        entry.held.append(Detail(flatten(element), entry.batch, entry.details))
        entry.details += 1
        if len(entry.held) >= DETAILS_HELD:
            entry.header = entry.header or self._read_entry(next(element.iterancestors("{*}Ntry")))
            yield from self._release(entry.header, Substitute.NONE)

    def entry(self, element: etree._Element) -> Iterator[BankRecord]:
        """A Ntry has ended."""
        opened, entry = self._entry, self._read_entry(element)
        if opened.header is not None and opened.header != entry:
            raise UnreadableFile(
                "iso.entry.order",
                "The entry has many details, and says after them something else than before.",
                place=entry.place,
            )
        if opened.details == 0:
            batch = _batch_without_details(flatten(element), entry.place, entry.currency)
            detail = Detail({}, batch, None)
            yield make_record(self._origin, entry, detail, missing=Substitute.ENTRY, dialect=self._dialect)
        elif opened.held:
            yield from self._release(entry, Substitute.NONE if opened.header else substitute(entry, opened.held))
        self._tally.add(entry, opened.sum)
        self._entry = self._next_entry(entry.index + 1)

    def close(self, element: etree._Element) -> Container:
        """The container has ended: hold its totals and say what it was."""
        flat, origin, tally = flatten(element), self._origin, self._tally
        now = read_origin(flat, self._group, origin.file, origin.message)
        if (now.account, now.container_id) != (origin.account, origin.container_id):
            raise UnreadableFile(
                "iso.container.order",
                "The account or Id stands after the entries that belong to it.",
                place=self._place,
            )
        opening, closing = read_balances(tally, flat)
        if is_paged(flat) or is_paged(self._group):
            tally.find("paged", self._place, "This is one page of several; totals are not held.", "warning")
        else:
            hold_totals(tally, flat, opening, closing)
        return Container(
            file=origin.file,
            message=origin.message,
            message_id=origin.message_id,
            container_id=origin.container_id,
            account=origin.account,
            currency=tally.currency or (opening.currency if opening else None),
            created_at=text(flat, "CreDtTm") or text(self._group, "CreDtTm"),
            from_date=day(flat, "FrToDt/FrDtTm", self._place),
            to_date=day(flat, "FrToDt/ToDtTm", self._place),
            sequence_number=text(flat, "ElctrncSeqNb", "LglSeqNb"),
            opening_minor=opening.minor if opening else None,
            closing_minor=closing.minor if closing else None,
            opening_date=opening.day if opening else None,
            closing_date=closing.day if closing else None,
            entry_count=tally.count,
            booked_credit_minor=tally.booked_sums[Direction.CREDIT],
            booked_debit_minor=tally.booked_sums[Direction.DEBIT],
            findings=tuple(tally.findings),
        )

    def _next_entry(self, index: int) -> _OpenEntry:
        return _OpenEntry(index, f"{self._place}/Ntry[{index}]")

    def _read_entry(self, ntry: etree._Element) -> Entry:
        return read_entry(flatten(ntry), self._entry.index, self._entry.place, self._origin.currency)

    def _batch_of(self, details: etree._Element) -> Batch:
        """The batch of a NtryDtls; its total is held in the currency of the entry, which stands before it."""
        batch = next((child for child in details if local_name(child.tag) == "Btch"), None)
        if batch is None:
            return Batch()
        ntry = next(details.iterancestors("{*}Ntry"))
        currency = next((child.get("Ccy") for child in ntry if local_name(child.tag) == "Amt"), None)
        return read_batch(flatten(batch), "", self._entry.place, currency or self._origin.currency or "")

    def _release(self, entry: Entry, missing: Substitute) -> Iterator[BankRecord]:
        """The held details as records."""
        for detail in self._entry.held:
            record = make_record(self._origin, entry, detail, missing=missing, dialect=self._dialect)
            self._entry.sum.add(record)
            yield record
        self._entry.held.clear()


def read_origin(flat: Flat, group: Flat, file: str, message: str) -> Origin:
    """What every record of a container has in common."""
    return Origin(
        file=file,
        message=message,
        message_id=text(group, "MsgId"),
        container_id=text(flat, "Id"),
        account=account(flat, "Acct"),
        currency=text(flat, "Acct/Ccy"),
    )


def _batch_without_details(flat: Flat, place: str, currency: str) -> Batch:
    """The batch of an entry without details. Several in one entry keep their count and total, and lose their single id."""
    batches = [read_batch(flat, f"{path}/Btch/", place, currency) for path in repeats(flat, "NtryDtls")]
    batches = [batch for batch in batches if batch != Batch()]
    if len(batches) <= 1:
        return next(iter(batches), Batch())
    counts = [batch.count for batch in batches if batch.count is not None]
    totals = [batch.total_minor for batch in batches if batch.total_minor is not None]
    whole = len(batches)
    return Batch(
        count=sum(counts) if len(counts) == whole else None,
        total_minor=sum(totals) if len(totals) == whole else None,
    )
