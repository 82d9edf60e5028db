"""One message as several, each within what the bank takes in a file: transactions, blocks, bytes and amount.

The order of the transactions is kept, a file is filled before the next is begun, and nothing is asked but the message and
the limits: the same message is always split the same way. Bytes are counted on the text that will be written, with the
longest identifiers and totals that its head can have, so that no file is ever larger than was counted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from debit_service.core.errors import InvalidInput
from debit_service.core.money import format_minor
from debit_service.iso20022.charset import check_reference
from debit_service.iso20022.pain008.check import REFERENCE_MAX, check_message, check_style, check_totals, refusal
from debit_service.iso20022.pain008.columns import Block, slices
from debit_service.iso20022.pain008.fragments import BLOCK_FOOT, FOOT, block_head, message_head
from debit_service.iso20022.pain008.unique import References
from debit_service.iso20022.pain008.values import DirectDebit, Message, PaymentInformation, Style

_LONGEST_ID = "X" * REFERENCE_MAX
# No transaction without amendment and address is longer, and no head of a message or block (a test writes the longest).
_LINE_BYTES_MAX = 1_200
_HEAD_BYTES_MAX = 4_096


class Limits(NamedTuple):
    """What a bank takes in one file at most: None, or at least 1. None sets no limit."""

    transactions: int | None = None
    blocks: int | None = None
    bytes: int | None = None
    amount_minor: int | None = None


def split(message: Message, limits: Limits, style: Style) -> list[Message]:
    """`message` itself if it is within `limits`, else its parts, named `<MsgId>-1`, `-2`...

    The transactions of its groups are sequences (a list, or rows that are read by slices), which the parts share. Raises
    InvalidInput `iso.pain008.limit` for a transaction that no file can hold, and what the writer raises: a reference must not
    stand twice in the whole message, though its parts are files of their own.
    """
    limits = _that_matter(message, limits)
    if limits == Limits():
        return [message]
    check_style(style)
    check_message(message, style)
    files = list(_files(message, limits, style))
    if len(files) == 1:
        return [message]
    parts = [
        renamed(replace(message, groups=[taken.group() for taken in file]), f"{message.message_id}-{number}")
        for number, file in enumerate(files, start=1)
    ]
    for part in parts:
        for group in part.groups:
            check_reference(group.id, REFERENCE_MAX, "PmtInf/PmtInfId")
    return parts


def _that_matter(message: Message, limits: Limits) -> Limits:
    """The limits that this message may pass, by its counts and by the longest lines it can have; the others split nothing."""
    count = sum(group.count for group in message.groups)
    much = Limits(
        transactions=count,
        blocks=len(message.groups),
        bytes=_HEAD_BYTES_MAX * (1 + len(message.groups)) + _LINE_BYTES_MAX * count if _is_plain(message) else None,
        amount_minor=sum(group.control_sum_minor for group in message.groups),
    )
    return Limits(
        *(most if most is None or at is None or at > most else None for at, most in zip(much, limits, strict=True))
    )


def _is_plain(message: Message) -> bool:
    """Whether no transaction has the parts that may be long: amendments and addresses."""
    return not any(row.amendment or row.debtor_address for group in message.groups for row in _rows(group))


def renamed(message: Message, message_id: str) -> Message:
    """`message` under another MsgId, its blocks called `<MsgId>-1`, `-2`..."""
    groups = [replace(group, id=f"{message_id}-{number}") for number, group in enumerate(message.groups, start=1)]
    return replace(message, message_id=message_id, groups=groups)


@dataclass(slots=True)
class _Taken:
    """What a file takes of a group: the rows from `start` to `stop`."""

    of: PaymentInformation
    start: int
    stop: int
    sum_minor: int

    def group(self) -> PaymentInformation:
        return replace(
            self.of,
            count=self.stop - self.start,
            control_sum_minor=self.sum_minor,
            transactions=_rows(self.of)[self.start : self.stop],
        )


@dataclass(slots=True)
class _File:
    """A file while it is filled."""

    bytes: int
    count: int = 0
    amount_minor: int = 0
    takes: list[_Taken] = field(default_factory=list)

    def with_one_more(self, group: PaymentInformation, frame: int, size: int, minor: int) -> Limits:
        """How much would be in the file, with a transaction of `group` of `size` bytes; `frame` is what a block adds."""
        begins = not self._is_in(group)
        return Limits(
            transactions=self.count + 1,
            blocks=len(self.takes) + begins,
            bytes=self.bytes + size + (frame if begins else 0),
            amount_minor=self.amount_minor + minor,
        )

    def take(self, group: PaymentInformation, index: int, frame: int, size: int, minor: int) -> None:
        if not self._is_in(group):
            self.takes.append(_Taken(group, index, index, 0))
            self.bytes += frame
        taken = self.takes[-1]
        taken.stop += 1
        taken.sum_minor += minor
        self.count += 1
        self.bytes += size
        self.amount_minor += minor

    def _is_in(self, group: PaymentInformation) -> bool:
        return bool(self.takes) and self.takes[-1].of is group


def _files(message: Message, limits: Limits, style: Style) -> Iterator[list[_Taken]]:
    empty = len(message_head(replace(message, message_id=_LONGEST_ID), style) + FOOT)
    file = _File(empty)
    references = References()
    for group in message.groups:
        frame = len(block_head(replace(group, id=_LONGEST_ID), style) + BLOCK_FOOT)
        count = sum_minor = 0
        for size, minor in _measured(group, limits, style, references):
            if not _within(file.with_one_more(group, frame, size, minor), limits):
                if file.takes:
                    yield file.takes
                file = _File(empty)
                if not _within(file.with_one_more(group, frame, size, minor), limits):
                    raise _too_large(_rows(group)[count])
            file.take(group, count, frame, size, minor)
            count += 1
            sum_minor += minor
        check_totals(group, count, sum_minor, format_minor(sum_minor, group.currency))
    references.check(message)
    yield file.takes


def _within(much: Limits, limits: Limits) -> bool:
    return all(most is None or (amount or 0) <= most for amount, most in zip(much, limits, strict=True))


def _measured(
    group: PaymentInformation, limits: Limits, style: Style, references: References
) -> Iterator[tuple[int, int]]:
    """The bytes (0 if they are not limited) and the amount of each transaction, checked."""
    block = Block(group, style)
    for some in slices(_rows(group)):
        block.check(some)
        references.add(some.columns.end_to_end_id)
        lines = block.written(some).split("\n")[1:] if limits.bytes is not None else [""] * len(some.rows)
        yield from zip((len(line) + 1 for line in lines), some.columns.amount_minor, strict=True)


def _rows(group: PaymentInformation) -> Sequence[DirectDebit]:
    if not isinstance(group.transactions, Sequence):
        raise TypeError("A message is split only if the transactions of its groups are sequences.")
    return group.transactions


def _too_large(debit: DirectDebit) -> InvalidInput:
    return refusal(
        "limit", "This transaction alone is more than the bank takes in a file.", f"EndToEndId {debit.end_to_end_id}"
    )
