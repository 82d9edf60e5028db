"""A message that is more than a bank takes in a file becomes several, each within all limits, and nothing is lost."""

import io
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso_builders import CREDITOR, debit, group, message, rib

from debit_service.core.errors import InvalidInput
from debit_service.iso20022.pain008 import (
    DirectDebit,
    Limits,
    Message,
    StructuredAddress,
    Style,
    Version,
    read_pain008,
    reread,
    split,
    write_pain008,
)
from debit_service.iso20022.pain008.split import _HEAD_BYTES_MAX, _LINE_BYTES_MAX
from debit_service.iso20022.pain008.spool import Spool, SpooledRows
from debit_service.iso20022.validate import validate

AT_LEAST_ONE = st.none() | st.integers(1, 6)
LIMITS = st.builds(
    Limits,
    transactions=AT_LEAST_ONE,
    blocks=AT_LEAST_ONE,
    bytes=st.none() | st.integers(2_500, 6_000),
    amount_minor=st.none() | st.integers(1_000, 4_000),
)
AMOUNTS = st.lists(st.lists(st.integers(1, 1_000), min_size=1, max_size=8), min_size=1, max_size=4)
NAMES = st.text(min_size=1, max_size=70).filter(str.strip)


def message_of(amounts: list[list[int]], name: str = "Employer") -> Message:
    """A message with a block for each list of amounts."""
    groups = [
        group(*(debit(f"C-{at}-{index}", minor, debtor_name=name) for index, minor in enumerate(block)), id=f"P-{at}")
        for at, block in enumerate(amounts)
    ]
    return message(*groups)


def file_of(part: Message) -> bytes:
    """The bytes of a message."""
    out = io.BytesIO()
    write_pain008(out, part)
    return out.getvalue()


@given(amounts=AMOUNTS, limits=LIMITS, name=NAMES)
def test_every_part_is_within_all_limits_and_together_they_are_the_whole(
    amounts: list[list[int]], limits: Limits, name: str
) -> None:
    whole = message_of(amounts, name)
    parts = split(whole, limits, Style())
    files = [file_of(part) for part in parts]

    for part, data in zip(parts, files, strict=True):
        summary = reread(io.BytesIO(data))
        for much, most in (
            (summary.count, limits.transactions),
            (len(part.groups), limits.blocks),
            (len(data), limits.bytes),
            (summary.control_sum_minor, limits.amount_minor),
        ):
            assert most is None or much <= most
    lines = [line for data in files for line in read_pain008(io.BytesIO(data), file="part.xml")]
    assert [(line.end_to_end_id, line.amount_minor) for line in lines] == [
        (row.end_to_end_id, row.amount_minor) for block in whole.groups for row in block.transactions
    ]
    assert len({part.message_id for part in parts}) == len(parts)
    blocks = [block.id for part in parts for block in part.groups]
    assert len(set(blocks)) == len(blocks)
    assert [file_of(part) for part in split(whole, limits, Style())] == files


@given(amounts=AMOUNTS, limits=LIMITS)
def test_a_file_is_filled_before_the_next_is_begun(amounts: list[list[int]], limits: Limits) -> None:
    """What begins a part would not have fitted into the part before it."""
    for before, after in pairwise(split(message_of(amounts), limits, Style())):
        block, row = after.groups[0], next(iter(after.groups[0].transactions))
        goes_on = block_of(next(iter(before.groups[-1].transactions))) == block_of(row)
        asked = (
            (sum(group.count for group in before.groups) + 1, limits.transactions),
            (len(before.groups) + (not goes_on), limits.blocks),
            (sum(group.control_sum_minor for group in before.groups) + row.amount_minor, limits.amount_minor),
            # A block with a transaction is less than 1500 bytes here.
            (len(file_of(before)) + 1_500, limits.bytes),
        )
        assert any(most is not None and much > most for much, most in asked), block.id


def block_of(row: DirectDebit) -> str:
    """The block of the whole message from which a transaction comes."""
    return row.end_to_end_id.split("-")[1]


def test_rows_that_can_be_read_only_once_are_not_split() -> None:
    stream = (debit(reference) for reference in ("C-1", "C-2"))
    with pytest.raises(TypeError, match="sequences"):
        split(message(group(count=2, control_sum_minor=2000, transactions=stream)), Limits(transactions=1), Style())


def test_without_limits_or_within_them_it_is_the_same_message() -> None:
    whole = message_of([[1, 2], [3]])
    for limits in (Limits(), Limits(3, 2, 10_000, 6)):
        assert split(whole, limits, Style()) == [whole]


def test_parts_are_named_after_the_message_and_valid() -> None:
    parts = split(message_of([[1, 2], [3]]), Limits(transactions=2), Style())
    assert [(part.message_id, [block.id for block in part.groups]) for part in parts] == [
        ("MSG-1-1", ["MSG-1-1-1"]),
        ("MSG-1-2", ["MSG-1-2-1"]),
    ]
    for part in parts:
        assert list(validate(io.BytesIO(file_of(part)), file="part.xml")) == []


REFUSED = {
    "iso.pain008.limit": (message_of([[1, 2_000]]), Limits(amount_minor=1_999)),
    "iso.pain008.duplicate": (message(group(debit("C-1"), debit("C-2"), debit("C-1"))), Limits(transactions=1)),
    "iso.pain008.totals": (message(group(debit("C-1"), debit("C-2"), count=3)), Limits(transactions=1)),
    "iso.reference.length": (replace(message_of([[1, 1]]), message_id="M" * 33), Limits(transactions=1)),
    "iso.pain008.bic": (message(group(debit("C-1"), debit("C-2", debtor_bic="NOBIC"))), Limits(transactions=1)),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_cannot_be_split_rightly_is_refused_before_anything_is_written(code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        split(*REFUSED[code], Style())
    assert refused.value.code == code


def test_a_transaction_larger_than_a_file_is_named() -> None:
    with pytest.raises(InvalidInput) as refused:
        split(message_of([[1]]), Limits(bytes=1_000), Style())
    assert (refused.value.code, refused.value.place) == ("iso.pain008.limit", "EndToEndId C-0-0")


class TestRowsOnDisk:
    """A long list waits on disk, by group."""

    @given(groups=st.lists(st.integers(0, 3), max_size=60), bounds=st.tuples(st.integers(-9, 60), st.integers(-9, 60)))
    def test_they_are_a_sequence_like_any_other(self, groups: list[int], bounds: tuple[int, int]) -> None:
        order = {number: index for index, number in enumerate(dict.fromkeys(groups))}
        kept: dict[int, list[DirectDebit]] = {}
        with spool_of_small_chunks() as spool:
            for at, number in enumerate(groups):
                row = debit(f"C-{at}")
                spool.add(order[number], row)
                kept.setdefault(order[number], []).append(row)
            for number, expected in kept.items():
                rows = spool.rows(number)
                first, last = bounds
                assert list(rows) == list(rows) == expected
                assert list(rows[first:last]) == expected[first:last]
                assert (len(rows[first:last]), rows[0], rows[-1]) == (
                    len(expected[first:last]),
                    expected[0],
                    expected[-1],
                )
                assert list(rows[1:][:2]) == expected[1:][:2]

    def test_there_is_nothing_beyond_the_last(self) -> None:
        with Spool() as spool:
            spool.add(0, debit())
            rows: SpooledRows = spool.rows(0)
            with pytest.raises(IndexError):
                rows[1]
            with pytest.raises(ValueError, match="forwards"):
                rows[::2]


def spool_of_small_chunks() -> Spool:
    """A spool that puts rows away often."""
    spool = Spool()
    spool.chunk_rows, spool.waiting_max = 3, 7
    return spool


@pytest.mark.parametrize("version", ["02", "08", "11"])
def test_no_plain_line_and_no_head_is_longer_than_what_is_counted_for_it(version: Version) -> None:
    line = debit(
        "E" * 35,
        99_999_999_999,
        instruction_id="I" * 35,
        mandate_id="M" * 35,
        debtor_name="N'" * 35,
        debtor_account=rib(1),
        debtor_bic="ABCDEFGHXXX",
        remittance="R'" * 70,
    )
    town = StructuredAddress("T'" * 17, "S'" * 35, "1" * 16, "2" * 16, ("L'" * 35, "L'" * 35))
    creditor = replace(CREDITOR, name="C'" * 35, agent_bic="ABCDEFGHXXX", address=town)
    out = io.BytesIO()
    whole = message(group(line, creditor=creditor, id="P" * 35, category_purpose="SSBE"), message_id="M" * 35)

    write_pain008(out, replace(whole, initiating_party="I'" * 35), version=version)

    text = out.getvalue().decode()
    before, line_found = text.split("\n<DrctDbtTxInf>")
    assert len("\n<DrctDbtTxInf>" + line_found.partition("</DrctDbtTxInf>")[0] + "</DrctDbtTxInf>") <= _LINE_BYTES_MAX
    assert len(before) <= _HEAD_BYTES_MAX
