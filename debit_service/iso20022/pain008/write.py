"""pain.008: what asks a bank to debit. Written as a stream; of what was written, eight bytes a reference are kept.

The writer decides nothing about money: it is given groups whose counts and sums were decided before, and refuses to
finish when what it streamed is not what was said. It refuses also what a bank would refuse later and cost us days:
CORE and B2B in one message (CH22), empty groups, zero amounts, references twice (DU02, DU04) or outside the character
set, amounts beyond the scheme's range. Names and remittance are transliterated; references are never altered.

The same input gives the same bytes, always: sending again is sending the same file. All that is written is ASCII.
"""

import hashlib
from dataclasses import dataclass
from typing import BinaryIO

from debit_service.core.money import format_minor
from debit_service.iso20022.pain008.check import check_message, check_style, check_totals
from debit_service.iso20022.pain008.columns import Block, slices
from debit_service.iso20022.pain008.fragments import BLOCK_FOOT, FOOT, block_head, message_head
from debit_service.iso20022.pain008.unique import References
from debit_service.iso20022.pain008.values import Message, PaymentInformation, Style, Version


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: the hash that a person approves, and the totals that were checked."""

    sha256: str
    bytes: int
    count: int
    control_sum_minor: int


def write_pain008(out: BinaryIO, message: Message, *, version: Version = "08", style: Style | None = None) -> Written:
    """Write `message` to `out` as the bank wants it and check it while it passes; `version` is short for a whole `style`.

    Raises InvalidInput `iso.pain008.*` or `iso.reference.*`, possibly after bytes were written: write to a temporary file
    and keep it only when this returns. The first fault in the order of the rows is told, but for a reference that stands
    twice: that is known at the end.
    """
    style = style or Style(version)
    check_style(style)
    check_message(message, style)
    sink = _Sink(out)
    sink.write(message_head(message, style))
    for group in message.groups:
        sink.write(block_head(group, style))
        _write_transactions(group, style, sink)
        sink.write(BLOCK_FOOT)
    sink.write(FOOT)
    sink.references.check(message)
    return Written(sink.sha256.hexdigest(), sink.bytes, sink.count, sink.sum_minor)


class _Sink:
    """Counts and hashes what goes out."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.sha256 = hashlib.sha256()
        self.bytes = self.count = self.sum_minor = 0
        self.references = References()

    def write(self, text: str) -> None:
        data = text.encode("ascii")
        self.sha256.update(data)
        self.bytes += len(data)
        self._out.write(data)


def _write_transactions(group: PaymentInformation, style: Style, sink: _Sink) -> None:
    block = Block(group, style)
    count = sum_minor = 0
    for some in slices(group.transactions):
        block.check(some)
        sink.references.add(some.columns.end_to_end_id)
        sink.write(block.written(some))
        count += len(some.rows)
        sum_minor += some.sum_minor
    check_totals(group, count, sum_minor, format_minor(sum_minor, group.currency))
    sink.count += count
    sink.sum_minor += sum_minor
