"""Rows are checked and written in slices: nothing that is seen outside depends on where a slice ends."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from operator import attrgetter
from typing import get_args
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from iso_builders import IBAN, debit, group, message, rib, written

from debit_service.core.accounts import AccountNumber, AccountScheme
from debit_service.core.errors import InvalidInput
from debit_service.iso20022.charset import NOT_PROVIDED, are_references, bank_texts, check_reference, to_bank_text
from debit_service.iso20022.pain008 import (
    Amendment,
    DirectDebit,
    StructuredAddress,
    Style,
    Version,
    columns,
    read_pain008,
    write_pain008,
)
from debit_service.iso20022.pain008.check import check_debit
from debit_service.iso20022.pain008.columns import Block, Columns, Slice
from debit_service.iso20022.validate import validate

HOSTILE = st.text(max_size=60) | st.text("ab /&\n?@'-é", max_size=60)
REFERENCES = st.text("ab /-\né", max_size=37) | st.text("ABC123", min_size=1, max_size=35)


def rows() -> st.SearchStrategy[DirectDebit]:
    """Good and bad rows with all that a row can have."""
    return st.builds(
        DirectDebit,
        end_to_end_id=REFERENCES,
        instruction_id=st.none() | REFERENCES,
        amount_minor=st.integers(-1, 10**12) | st.floats(),
        mandate_id=REFERENCES,
        signed_on=st.dates(),
        debtor_name=HOSTILE,
        debtor_account=st.sampled_from([IBAN, rib(5), AccountNumber(AccountScheme.IBAN, "<a>")]),
        debtor_bic=st.sampled_from([None, "BYLADEM1001", "NOBIC"]),
        remittance=st.none() | HOSTILE,
        amendment=st.sampled_from([None, Amendment(new_bank=True), Amendment()]),
        debtor_address=st.sampled_from([None, StructuredAddress("Oran", country="DZ"), StructuredAddress("Oran")]),
    )


def is_said(text: str) -> bool:
    """Whether it says something to a reader: blanks and the bank's word for nothing do not."""
    return to_bank_text(text, 140) not in ("", NOT_PROVIDED)


def good_rows() -> st.SearchStrategy[DirectDebit]:
    """Rows that are written, some with what others lack."""
    return st.builds(
        debit,
        st.uuids().map(lambda one: one.hex),
        st.integers(1, 10**11 - 1),
        debtor_name=HOSTILE.filter(is_said),
        remittance=st.none() | HOSTILE,
        signed_on=st.dates(),
        instruction_id=st.none() | st.just("I-1"),
        debtor_account=st.sampled_from([IBAN, rib(5)]),
        debtor_bic=st.sampled_from([None, "BYLADEM1001"]),
        amendment=st.sampled_from([None, Amendment(new_bank=True)]),
        debtor_address=st.sampled_from([None, StructuredAddress("Oran", country="DZ")]),
    )


@contextmanager
def slices_of(size: int) -> Iterator[None]:
    """The writer takes so many rows at once."""
    with patch.object(columns, "SLICE_ROWS", size):
        yield


def outcome(call: Callable[[], object]) -> object:
    """What comes of it: a result, or a refusal's code and place."""
    try:
        return call()
    except InvalidInput as refused:
        return refused.code, refused.place


def test_a_slice_has_a_column_for_each_field() -> None:
    assert Columns._fields == DirectDebit._fields


@given(
    some=st.lists(good_rows(), min_size=1, max_size=9, unique_by=lambda row: row.end_to_end_id), size=st.integers(1, 9)
)
def test_any_slice_size_gives_the_same_bytes(some: list[DirectDebit], size: int) -> None:
    with slices_of(size):
        sliced = written(message(group(*some)))
    assert sliced == written(message(group(*some)))


@pytest.mark.parametrize("version", get_args(Version))
@given(some=st.lists(good_rows(), min_size=1, max_size=5, unique_by=lambda row: row.end_to_end_id))
@example(some=[debit("E-1", 1, remittance=NOT_PROVIDED)])
def test_every_row_is_read_again_as_it_went_in_and_valid(version: Version, some: list[DirectDebit]) -> None:
    data = written(message(group(*some)), version)

    kept = attrgetter("end_to_end_id", "instruction_id", "amount_minor", "mandate_id", "signed_on")
    assert [
        (*kept(line), line.debtor_account, line.debtor_name, line.remittance)
        for line in read_pain008(io.BytesIO(data), file="out.xml")
    ] == [
        (
            *kept(row),
            row.debtor_account.value,
            to_bank_text(row.debtor_name, 70),
            to_bank_text(row.remittance, 140) if row.remittance and is_said(row.remittance) else None,
        )
        for row in some
    ]
    codes = {finding.code for finding in validate(io.BytesIO(data), file="out.xml")}
    assert not [code for code in codes if code.startswith("iso.schema")]


@given(some=st.lists(rows(), min_size=1, max_size=6))
def test_a_slice_is_refused_for_its_first_bad_row_and_only_then(some: list[DirectDebit]) -> None:
    block = group()

    def one_by_one() -> None:
        for row in some:
            check_debit(row, block, Style())

    assert outcome(lambda: Block(block, Style()).check(Slice(some))) == outcome(one_by_one)


@given(texts=st.lists(REFERENCES, min_size=1, max_size=6))
def test_references_are_sound_together_if_each_is(texts: list[str]) -> None:
    def each_passes() -> bool:
        for text in texts:
            check_reference(text, 35, "")
        return True

    assert are_references(texts, 35) == (outcome(each_passes) is True)


@given(names=st.lists(HOSTILE, max_size=6), max_length=st.integers(1, 80))
def test_names_are_mapped_together_as_each_is(names: list[str], max_length: int) -> None:
    assert list(bank_texts(names, max_length)) == [to_bank_text(name, max_length) for name in names]


@given(
    amounts=st.lists(st.integers(1, 10**9), min_size=1, max_size=5),
    currency=st.sampled_from([("EUR", 2), ("DZD", 2), ("TND", 3), ("JPY", 0)]),
)
def test_amounts_have_the_decimals_of_their_currency(amounts: list[int], currency: tuple[str, int]) -> None:
    name, places = currency
    some = [debit(f"C-{index}", minor) for index, minor in enumerate(amounts)]
    data = written(message(group(*some, currency=name, service_level=None)))
    for minor in amounts:
        whole, fraction = divmod(minor, 10**places)
        text = f"{whole}.{fraction:0{places}d}" if places else str(whole)
        assert f'<InstdAmt Ccy="{name}">{text}</InstdAmt>'.encode() in data


class TestTheSameReferenceTwice:
    """It is refused wherever the two stand (DU04)."""

    @given(count=st.integers(2, 40), places=st.tuples(st.integers(0, 39), st.integers(0, 39)), blocks=st.integers(1, 3))
    def test_in_one_slice_in_two_and_in_two_blocks(self, count: int, places: tuple[int, int], blocks: int) -> None:
        first, second = sorted(place % count for place in places)
        some = [debit(f"C-{number:03d}") for number in range(count)]
        some[second] = some[second]._replace(end_to_end_id=some[first].end_to_end_id)
        size = -(-count // blocks)
        groups = [group(*some[at : at + size], id=f"P-{at}") for at in range(0, count, size)]
        with slices_of(4):
            found = outcome(lambda: len(written(message(*groups))) > 0)
        assert found == (True if first == second else ("iso.pain008.duplicate", f"EndToEndId C-{first:03d}"))

    def test_among_so_many_that_they_are_looked_at_in_parts(self) -> None:
        some = [debit(f"C-{number % 999:04d}") for number in range(1000)]
        with patch("debit_service.iso20022.pain008.hashes._BUCKET", 16), pytest.raises(InvalidInput) as refused:
            written(message(group(*some)))
        assert refused.value.place == "EndToEndId C-0000"

    def test_rows_that_are_read_once_are_named_by_their_places(self) -> None:
        stream = (debit(reference) for reference in ("C-1", "C-2", "C-1"))
        with pytest.raises(InvalidInput, match="Transactions 1 and 3") as refused:
            written(message(group(count=3, control_sum_minor=3000, transactions=stream)))
        assert refused.value.code == "iso.pain008.duplicate"

    def test_different_references_with_the_same_hash_are_no_duplicates(self) -> None:
        class OneHash(str):
            __slots__ = ()

            def __hash__(self) -> int:
                return 7

        some = [debit(OneHash(reference)) for reference in ("C-2", "C-1", "C-3")]
        assert written(message(group(*some))).count(b"<EndToEndId>") == 3
        with pytest.raises(InvalidInput):
            written(message(group(*some, debit(OneHash("C-1")))))


def test_the_first_fault_in_the_order_of_the_file_is_told() -> None:
    bad = [debit("C-1", amendment=Amendment()), debit("C-2", amount_minor=0), debit("é")]
    with pytest.raises(InvalidInput) as refused:
        written(message(group(debit("C-0"), *bad)))
    assert (refused.value.code, refused.value.place) == ("iso.pain008.amendment", "EndToEndId C-1/AmdmntInfDtls")


def test_a_date_with_a_time_is_written_as_a_date() -> None:
    class Moment(date):
        def isoformat(self) -> str:
            return "2026-01-31T00:00:00"

    assert b"<DtOfSgntr>2026-01-31</DtOfSgntr>" in written(message(group(debit(signed_on=Moment(2026, 1, 31)))))


def test_what_is_written_goes_out_in_pieces_not_at_the_end() -> None:
    class Pieces(io.BytesIO):
        largest = 0

        def write(self, data: object) -> int:
            assert isinstance(data, bytes)
            self.largest = max(self.largest, len(data))
            return super().write(data)

    out = Pieces()
    some = [debit(f"C-{number:05d}") for number in range(5_000)]
    write_pain008(out, replace(message(group(*some))))
    assert out.largest * 10 < len(out.getvalue())
