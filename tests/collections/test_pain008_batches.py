"""What is due becomes as many files as the bank's limits ask, and nothing is lost between them."""

import io
from datetime import date
from unittest.mock import patch

import pytest
from house import CLERK, House

from debit_service.banks import queries as bank_files
from debit_service.collections import queries
from debit_service.core.errors import Refused
from debit_service.iso20022.pain008 import reread
from debit_service.wiring import Service

DUE = date(2026, 9, 30)
AMOUNTS = {"CNAS-1": "1000.00", "CNAS-2": "2000.00", "CNAS-3": "3000.00", "CNAS-4": "4000.00", "CNAS-5": "500.00"}


def batches(house: House, **rules: object) -> list[str]:
    """The batches of five contributions at a bank with these rules."""
    for amount in AMOUNTS.values():
        house.contribution(house.employer(), due=DUE, amount=amount)
    bank = house.service.bank_of(house.fund("CNAS")).model_copy(update=rules)
    with patch.object(Service, "bank_of", lambda *_: bank):
        house.collect()
        house.go_to(house.send_day("CNAS", DUE))
        return house.collect().batches


def file_of(house: House, batch_id: str) -> bytes:
    """The bytes of a batch."""
    with house.desk.reading(CLERK) as work:
        return bank_files.content(work, queries.batch(work, batch_id).file_id)


@pytest.mark.parametrize(
    ("rule", "counts"),
    [
        ({"max_transactions_per_file": 2}, [2, 2, 1]),
        ({"max_amount_minor_per_file": 600_000}, [3, 2]),
        ({"max_bytes_per_file": 2_750}, [3, 2]),
        ({"max_bytes_per_file": None, "max_transactions_per_file": None}, [5]),
    ],
)
def test_each_file_is_a_batch_within_the_limits(
    sqlite_house: House, rule: dict[str, object], counts: list[int]
) -> None:
    made = batches(sqlite_house, **rule)
    files = [file_of(sqlite_house, batch_id) for batch_id in made]
    summaries = [reread(io.BytesIO(data)) for data in files]

    assert [summary.count for summary in summaries] == counts
    assert [summary.message_id for summary in summaries] == made
    if most := rule.get("max_bytes_per_file"):
        assert all(len(data) <= int(str(most)) for data in files)
    written = [pair for summary in summaries for pair in summary.amounts]
    with sqlite_house.reading() as work:
        kept = [(batch_id, one) for batch_id in made for one in queries.of_batch(work, batch_id)]
        assert sorted(written) == sorted((one.end_to_end_id, one.amount_minor) for _, one in kept)
        assert all((one.payment_information_id or "").startswith(batch_id) for batch_id, one in kept)


def test_a_bank_that_requires_bics_gets_no_file(sqlite_house: House) -> None:
    with pytest.raises(Refused) as refused:
        batches(sqlite_house, bic_rule="require")
    assert refused.value.code == "bank.rule_unsupported"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"bic_rule": "omit"}, b"<DbtrAgt><FinInstnId></FinInstnId></DbtrAgt>"),
        ({"file_encoding": "ISO-8859-15"}, b'encoding="ISO-8859-15"'),
        ({"pain008_version": "10"}, b"pain.008.001.10"),
    ],
)
def test_a_file_is_written_as_the_bank_wants_it(sqlite_house: House, rule: dict[str, object], expected: bytes) -> None:
    (batch_id,) = batches(sqlite_house, **rule)
    assert expected in file_of(sqlite_house, batch_id)
