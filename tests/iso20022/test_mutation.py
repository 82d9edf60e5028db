"""Whatever happens to the bytes of a file, no amount is read wrong without a word; and the order of entries says nothing.

A changed file is either refused, or read exactly as a second parser reads it (second_parser.py).
"""

import io
import re
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import second_parser
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mutations import KINDS, TOKENS, Mutation, mutated, seeds
from second_parser import check

from debit_service.iso20022.read import read_bank_file
from debit_service.iso20022.records import BankRecord, Direction, as_json

SAMPLES = Path(__file__).resolve().parent / "samples"
PATHS = sorted(SAMPLES.glob("*/*.xml"))
CORPUS = seeds([path.read_bytes() for path in PATHS])
GOOD = [path for path in PATHS if path.with_suffix(".ndjson").exists()]
READ = seeds([path.read_bytes() for path in GOOD])

PLACES = st.integers(0, 1 << 16)
MUTATIONS = st.builds(Mutation, st.sampled_from(KINDS), PLACES, PLACES, st.integers(1, 200), st.sampled_from(TOKENS))


@pytest.mark.parametrize("path", GOOD, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_both_parsers_read_the_corpus_and_its_long_forms_alike(path: Path) -> None:
    assert all(check(data) for data in seeds([path.read_bytes()]))


ONE = next(data for data in READ if b"COL-2026-0001" in data)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda records: records[:-1], id="a record is lost"),
        pytest.param(lambda records: [*records, records[-1]], id="a record is told twice"),
        pytest.param(lambda records: [records[0]._replace(amount_minor=1), *records[1:]], id="an amount is wrong"),
        pytest.param(
            lambda records: [records[0]._replace(direction=Direction.DEBIT), *records[1:]], id="a sign is wrong"
        ),
        pytest.param(
            lambda records: [records[0]._replace(end_to_end_id="COL-2"), *records[1:]], id="a reference is wrong"
        ),
    ],
)
def test_a_reader_that_is_wrong_would_be_found_out(
    wrong: Callable[[list[BankRecord]], list[BankRecord]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong_reader(stream: io.BytesIO, *, file: str, layouts: bool) -> list[BankRecord]:
        return wrong([item for item in read_bank_file(stream, file=file) if isinstance(item, BankRecord)])

    monkeypatch.setattr(second_parser, "read_bank_file", wrong_reader)
    with pytest.raises(AssertionError):
        check(ONE)


@settings(max_examples=1000, deadline=None)
@given(st.sampled_from(CORPUS), st.lists(MUTATIONS, min_size=1, max_size=4))
def test_a_file_whose_bytes_were_changed_is_refused_or_read_alike_by_both(
    data: bytes, mutations: list[Mutation]
) -> None:
    check(mutated(data, mutations))


# Where in a file the values that matter stand: a change there leaves a file that is well-formed more often than anywhere else.
_VALUES = re.compile(
    rb"<(?:Amt|InstdAmt|CdtDbtInd|EndToEndId|MndtId|OrgnlEndToEndId|Sts|Cd|TxSts|NbOfTxs)\b[^>]*>([^<]+)<"
)
DIGITS = st.sampled_from([token for token in TOKENS if len(token) <= 4])


@settings(max_examples=1000, deadline=None)
@given(st.sampled_from(READ), st.data())
def test_a_value_whose_bytes_were_changed_is_refused_or_read_alike_by_both(data: bytes, draw: st.DataObject) -> None:
    found = list(_VALUES.finditer(data))
    assume(found)
    value = draw.draw(st.sampled_from(found))
    at = draw.draw(st.integers(value.start(1), value.end(1) - 1))
    kind = draw.draw(st.sampled_from(KINDS[:3]))
    check(mutated(data, [Mutation(kind, at, size=1, token=draw.draw(DIGITS))]))


HEAD = '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08">'
_ENTRY = re.compile(r"<Ntry>.*?</Ntry>", re.DOTALL)
_OTHER_CURRENCY = re.compile(r'Ccy="(?!EUR)')


def _entries() -> list[str]:
    """Every entry in euros of the samples of camt.054.001.08, as it stands there."""
    texts = (path.read_text("utf-8", errors="ignore") for path in GOOD)
    found = (_ENTRY.findall(text) for text in texts if HEAD in text and 'encoding="UTF-8"' in text)
    return [entry for entries in found for entry in entries if not _OTHER_CURRENCY.search(entry)]


ENTRIES = _entries()


def facts(*notifications: list[str]) -> Counter[tuple[tuple[str, object], ...]]:
    """What a file of these notifications says, without where it says it."""
    account = "<Id>STM-1</Id><Acct><Id><IBAN>DE93999999990000000001</IBAN></Id></Acct>"
    told = "".join(f"<Ntfctn>{account}{''.join(entries)}</Ntfctn>" for entries in notifications)
    text = f"{HEAD}<BkToCstmrDbtCdtNtfctn>{told}</BkToCstmrDbtCdtNtfctn></Document>"
    items = read_bank_file(io.BytesIO(text.encode()), file="bank.xml")
    lines = (as_json(item) for item in items if isinstance(item, BankRecord))
    return Counter(tuple((key, value) for key, value in line.items() if key != "entry_index") for line in lines)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(ENTRIES), min_size=1, max_size=24), st.data())
def test_any_order_and_any_split_of_entries_says_the_same(entries: list[str], draw: st.DataObject) -> None:
    reordered = draw.draw(st.permutations(entries))
    cuts = sorted(draw.draw(st.sets(st.integers(1, len(entries)))) | {0, len(entries)})
    parts = [reordered[start:end] for start, end in pairwise(cuts)]
    whole = facts(entries)
    assert whole.total() >= len(entries)
    assert facts(*parts) == whole
    assert sum((facts(part) for part in parts), Counter()) == whole
