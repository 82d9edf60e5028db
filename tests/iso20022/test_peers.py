"""The comparison with other readers is fair: it says what is wrong, and nothing of what a reader has no words for."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.peers import BODIES, PEERS, Expected, asked, corpus, retold, verdict
from debit_service.iso20022.read import read_bank_file
from debit_service.iso20022.records import BankRecord

BATCH = next(sample for sample in corpus() if sample.name == "camt/returned-batch")
REJECT = next(sample for sample in corpus() if sample.name == "pain002/part-lists-only-the-rejected")
HOSTILE = next(sample for sample in corpus() if sample.name == "refused/doctype")
DETAILS = {
    "unit": "detail",
    "amounts": ["-60", "-40.00"],
    "references": ["COL-2", "COL-1"],
    "reasons": ["AM04", "AC04"],
}
STATUSES = {
    "unit": "detail",
    "group_status": "PART",
    "statuses": ["RJCT", "RJCT"],
    "references": ["COL-2", "COL-3"],
    "reasons": ["AM04", "MD01"],
}


@pytest.mark.parametrize(
    ("sample", "told", "word"),
    [
        (BATCH, DETAILS, "right"),
        (BATCH, DETAILS | {"amounts": ["-60", "-41"]}, "amount"),
        (BATCH, DETAILS | {"amounts": ["60", "-40"]}, "sign"),
        (BATCH, DETAILS | {"amounts": [None, "-40"]}, "amount"),
        (BATCH, DETAILS | {"amounts": ["-60"]}, "lost"),
        (BATCH, DETAILS | {"amounts": ["-60", "-40", "-100"]}, "extra"),
        (BATCH, DETAILS | {"references": ["COL-1", "COL-1"]}, "reference"),
        (BATCH, DETAILS | {"reasons": ["AM04", ""]}, "reason"),
        (BATCH, {"unit": "entry", "amounts": ["-100"]}, "entries"),
        (BATCH, {"unit": "entry", "amounts": ["-100"], "references": ["COL-1"]}, "entries"),
        (BATCH, {"unit": "entry", "amounts": ["-100"], "references": ["RUN-1"]}, "reference"),
        (BATCH, {"unit": "entry", "amounts": ["100"]}, "sign"),
        (REJECT, STATUSES, "right"),
        (REJECT, STATUSES | {"statuses": ["RJCT", "ACCP"]}, "status"),
        (REJECT, STATUSES | {"group_status": None}, "status"),
        (REJECT, STATUSES | {"statuses": ["RJCT"]}, "lost"),
        (HOSTILE, DETAILS, "takes it"),
    ],
)
def test_what_is_told_is_judged(sample: Expected, told: dict[str, Any], word: str) -> None:
    assert verdict(sample, {"told": told}) == word


@pytest.mark.parametrize(
    ("sample", "is_meant", "word"), [(BATCH, True, "refuses"), (BATCH, False, "crash"), (HOSTILE, False, "right")]
)
def test_an_error_is_judged(sample: Expected, is_meant: bool, word: str) -> None:
    assert verdict(sample, {"error": "no", "own": is_meant}) == word


def test_a_message_that_a_reader_does_not_claim_to_read_is_no_fault() -> None:
    [statuses_only] = [peer for peer in PEERS if peer.messages == ("pain.002",)]
    assert asked(statuses_only, BATCH) is None
    assert verdict(BATCH, {}) == "–"


@pytest.mark.parametrize(
    "sample", [each for each in corpus() if each.lines and each.message in BODIES], ids=lambda each: each.name
)
@pytest.mark.parametrize("message", BODIES)
def test_entries_that_are_told_in_another_message_are_the_same(sample: Expected, message: str, tmp_path: Path) -> None:
    assert sample.lines
    path = tmp_path / "retold.xml"
    path.write_bytes(retold(sample.path.read_bytes(), sample.message, message))
    with path.open("rb") as stream:
        read = [item for item in read_bank_file(stream, file=sample.path.name) if isinstance(item, BankRecord)]
    assert {record.message[:8] for record in read} == {message}
    kept = ("account", "direction", "amount_minor", "end_to_end_id", "reason_code", "entry_index", "detail_index")
    assert [[getattr(record, key) for key in kept] for record in read] == [
        [line[key] for key in kept] for line in sample.lines
    ]


def test_the_expected_lines_are_those_of_the_samples() -> None:
    stored = BATCH.path.with_suffix(".ndjson").read_text("utf-8").splitlines()
    assert BATCH.rows() == [json.loads(line) for line in stored]
    assert [line["direction"] for line in BATCH.entries()] == ["debit"]
