"""One Ntfctn, Stmt or Rpt of a camt message while its entries pass.

An entry speaks through its header, which the schemas place before the details. Up to `DETAILS_HELD` details wait for the
entry's end, so that also a header in the wrong order is understood; beyond that the details leave on the header read so
far, and a header that says something else afterwards is refused rather than believed half.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import cast

from lxml import etree

from debit_service.iso20022.control import (
    DetailSum,
    Tally,
    cost_apart,
    hold_totals,
    is_paged,
    name_of_rest,
    read_balances,
    remainder,
)
from debit_service.iso20022.entry import (
    Batch,
    Detail,
    Entry,
    Origin,
    Substitute,
    make_record,
    read_batch,
    read_entry,
    record_of_cost,
    record_of_remainder,
    substitute,
)
from debit_service.iso20022.flat import Flat, account, day, flatten, repeats, text
from debit_service.iso20022.kinds import Dialect
from debit_service.iso20022.layout import Layout, Run, Texts
from debit_service.iso20022.prototype import ByLayout, Prototypes
from debit_service.iso20022.records import BankRecord, Container, Direction, record_of
from debit_service.iso20022.xml import UnreadableFile, forget, local_name

DETAILS_HELD = 64

_IN_DETAILS = re.compile(r"(NtryDtls(?:\[[0-9]+\])?)/(TxDtls(?:\[[0-9]+\])?|Btch)(?:/(.*))?", re.DOTALL)

_ENTRY_INDEX, _DETAIL_INDEX = BankRecord._fields.index("entry_index"), BankRecord._fields.index("detail_index")
_ENTRY_AMOUNT, _AMOUNT = BankRecord._fields.index("entry_amount_minor"), BankRecord._fields.index("amount_minor")
_END_TO_END_ID = BankRecord._fields.index("end_to_end_id")


@dataclass(slots=True)
class _OpenEntry:
    """An entry whose details are passing. `header` is set once details had to leave before the entry's end."""

    index: int
    place: str
    prototypes: ByLayout
    held: list[Detail] = field(default_factory=list)
    details: int = 0
    sum: DetailSum = field(default_factory=DetailSum)
    header: Entry | None = None
    batch_of: etree._Element | None = None
    batch: Batch = field(default_factory=Batch)


class ContainerReader:
    """One Ntfctn, Stmt or Rpt while its entries pass."""

    def __init__(self, origin: Origin, group: Flat, place: str, dialect: Dialect) -> None:
        self._origin, self._group, self._place, self._dialect = origin, group, place, dialect
        self._tally = Tally(place, origin.currency)
        self._prototypes = ByLayout(self._entry_alike)
        self._ended = 0
        self._open: _OpenEntry | None = None

    @property
    def _entry(self) -> _OpenEntry:
        """The entry that is passing."""
        if self._open is None:
            place = f"{self._place}/Ntry[{self._ended}]"
            self._open = _OpenEntry(self._ended, place, ByLayout(self._detail_alike))
        return self._open

    def _end(self) -> None:
        """An entry has passed."""
        self._open = None
        self._ended += 1

    def detail(self, element: etree._Element) -> Iterator[BankRecord]:
        """A TxDtls has ended."""
        entry, parent = self._entry, element.getparent()
        if parent is not None and parent is not entry.batch_of:
            entry.batch_of, entry.batch = parent, self._batch_of(parent, element)
            entry.prototypes.clear()
        self._hold(flatten(element), entry.batch)
        if len(entry.held) >= DETAILS_HELD:
            yield from self._release_early()

    def details(self, run: Run) -> Iterator[BankRecord]:
        """TxDtls that repeat a layout, in the NtryDtls of the last one."""
        entry = self._entry
        for at, row in enumerate(run.rows):
            if entry.header is not None:
                yield from self._release(entry.header, Substitute.NONE)
                yield from self._details_alike(run.layout, run.rows[at:])
                return
            self._hold(run.layout.flat(row), entry.batch)
            if len(entry.held) >= DETAILS_HELD:
                yield from self._release_early()

    def _details_alike(self, layout: Layout, rows: list[Texts]) -> Iterator[BankRecord]:
        """Details of an entry whose header is known."""
        entry = self._entry
        prototypes = entry.prototypes[layout]
        for row in rows:
            prototype = prototypes.of(row)
            values = prototype.filled(row) if prototype is not None else None
            if prototype is None or values is None:
                self._hold(layout.flat(row), entry.batch)
                yield from self._release_early()
                continue
            values[_DETAIL_INDEX] = entry.details
            entry.details += 1
            prototype.count += 1
            prototype.total_minor += cast("int", values[_AMOUNT] or 0)
            entry.sum.name(cast("str | None", values[_END_TO_END_ID]))
            yield record_of(values)
        for prototype in prototypes.made():
            if prototype.count:
                entry.sum.add_alike(record_of([*prototype.values]), prototype.count, prototype.total_minor)
                prototype.count = prototype.total_minor = 0

    def details_end(self, element: etree._Element) -> None:
        """A NtryDtls has ended: what details it had have passed."""
        if self._open is not None and self._open.batch_of is element:
            forget(element)

    def entry(self, element: etree._Element) -> Iterator[BankRecord]:
        """A Ntry has ended."""
        yield from self._end_entry(flatten(element))

    def entries(self, run: Run) -> Iterator[BankRecord]:
        """Ntry that repeat a layout, with their details."""
        prototypes = self._prototypes[run.layout]
        for row in run.rows:
            prototype = prototypes.of(row)
            values = prototype.filled(row) if prototype is not None else None
            if prototype is None or values is None or values[_AMOUNT] != values[_ENTRY_AMOUNT]:
                yield from self._whole_entry(run.layout.flat(row))
                continue
            values[_ENTRY_INDEX] = self._ended
            self._end()
            prototype.count += 1
            prototype.total_minor += cast("int", values[_ENTRY_AMOUNT])
            yield record_of(values)

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
        for prototypes in self._prototypes.values():
            self._count(prototypes)
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
            legal_number=text(flat, "LglSeqNb"),
            opening_minor=opening.minor if opening else None,
            closing_minor=closing.minor if closing else None,
            opening_date=opening.day if opening else None,
            closing_date=closing.day if closing else None,
            entry_count=tally.count,
            booked_credit_minor=tally.booked_sums[Direction.CREDIT],
            booked_debit_minor=tally.booked_sums[Direction.DEBIT],
            findings=tuple(tally.findings),
        )

    def _read_entry(self, flat: Flat) -> Entry:
        return read_entry(flat, self._entry.index, self._entry.place, self._origin.currency)

    def _read_batch(self, flat: Flat, prefix: str, currency: str | None) -> Batch:
        """A batch; its total is held in the currency of the entry."""
        return read_batch(flat, prefix, self._entry.place, currency or self._origin.currency or "")

    def _batch_of(self, details: etree._Element, detail: etree._Element) -> Batch:
        """The batch of a NtryDtls, which stands before its first detail and after the amount of its entry."""
        ntry = next(details.iterancestors("{*}Ntry"))
        currency = next((child.get("Ccy") for child in ntry if local_name(child.tag) == "Amt"), None)
        return self._read_batch(flatten(details, before=detail), "Btch/", currency)

    def _hold(self, flat: Flat, batch: Batch) -> None:
        self._entry.held.append(Detail(flat, batch, self._entry.details))
        self._entry.details += 1

    def _release_early(self) -> Iterator[BankRecord]:
        """Many details are held: they leave on the header as it is before them, which has no note yet."""
        entry = self._entry
        if entry.header is None and entry.batch_of is not None:
            ntry = next(entry.batch_of.iterancestors("{*}Ntry"))
            entry.header = replace(self._read_entry(flatten(ntry, before=entry.batch_of)), note=None)
        if entry.header is not None:
            yield from self._release(entry.header, Substitute.NONE)

    def _release(self, entry: Entry, missing: Substitute) -> Iterator[BankRecord]:
        """The held details as records."""
        for detail in self._entry.held:
            record = make_record(self._origin, entry, detail, missing=missing, dialect=self._dialect)
            self._entry.sum.add(record)
            yield record
        self._entry.held.clear()

    def _whole_entry(self, flat: Flat) -> Iterator[BankRecord]:
        """An entry with all its details."""
        for details in self._details_of(flat):
            self._hold(*details)
        yield from self._end_entry(flat)

    def _details_of(self, flat: Flat) -> list[tuple[Flat, Batch]]:
        """The details of a whole entry, each with the batch that stands before it in its NtryDtls."""
        details: dict[tuple[str, str], tuple[Flat, Batch]] = {}
        batches: dict[str, Batch] = {}
        for path, value in flat.items():
            found = _IN_DETAILS.fullmatch(path)
            if found is None:
                continue
            block, name, inside = found.groups()
            if name == "Btch" and inside == "":
                batches[block] = self._read_batch(flat, f"{block}/Btch/", flat.get("Amt/@Ccy"))
            elif name != "Btch":
                detail, _ = details.setdefault((block, name), ({}, batches.get(block, Batch())))
                if inside:
                    detail[inside] = value
        return list(details.values())

    def _end_entry(self, flat: Flat) -> Iterator[BankRecord]:
        """The header of an entry whose details have passed; it ends with this."""
        opened, entry = self._entry, self._read_entry(flat)
        if opened.header is not None and opened.header != entry:
            raise UnreadableFile(
                "iso.entry.order",
                "The entry has many details, and says after them something else than before.",
                place=entry.place,
            )
        if opened.details == 0:
            detail = Detail({}, _batch_without_details(flat, entry.place, entry.currency), None)
            yield make_record(self._origin, entry, detail, missing=Substitute.ENTRY, dialect=self._dialect)
        elif opened.header is not None:
            yield from self._release(opened.header, Substitute.NONE)
        else:
            yield from self._release(entry, substitute(entry, opened.held))
        if cost := cost_apart(entry, opened.sum):
            yield record_of_cost(self._origin, entry, cost, name_of_rest(opened.sum, cost))
        elif left := remainder(entry, opened.sum):
            yield record_of_remainder(self._origin, entry, left, name_of_rest(opened.sum, left))
        self._tally.add(entry, opened.sum)
        self._end()

    def _entry_alike(self, flat: Flat) -> tuple[BankRecord, Entry] | None:
        """The record of a whole entry with at most one detail, where nothing but the texts of the entry decides on it."""
        entry, details = self._read_entry(flat), self._details_of(flat)
        if len(details) > 1 or any(batch.count not in {None, 1} for _, batch in details):
            return None
        detail = Detail({}, _batch_without_details(flat, entry.place, entry.currency), None)
        if details:
            detail = Detail(*details[0], 0)
        record = make_record(self._origin, entry, detail, missing=Substitute.ENTRY, dialect=self._dialect)
        return (record, entry) if record.direction is entry.direction else None

    def _detail_alike(self, flat: Flat) -> tuple[BankRecord, None] | None:
        """The record of one of many details."""
        entry = self._entry
        if entry.header is None:
            return None
        detail = Detail(flat, entry.batch, 0)
        return make_record(self._origin, entry.header, detail, missing=Substitute.NONE, dialect=self._dialect), None

    def _count(self, prototypes: Prototypes) -> None:
        """Tell the tally of the entries that were filled into prototypes."""
        for prototype in prototypes.made():
            self._tally.add_alike(cast("Entry", prototype.subject), prototype.count, prototype.total_minor)


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
