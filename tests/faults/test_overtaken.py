"""What happens between two statements of a run: an answer of the bank while a file is being written, or has been approved.

A file says what the database said when it was frozen, or there is no file.
"""

from datetime import date
from typing import Any
from unittest.mock import patch

import pytest
from bank_files import camt054, credit, pain002
from house import CLERK, House

from debit_service.collections.service import batch as batching
from debit_service.collections.service import file as files
from debit_service.core.errors import Refused
from debit_service.core.work import Work

DUE = date(2026, 9, 30)


def test_a_debit_that_ends_while_its_file_is_written_is_in_no_file(house: House) -> None:
    first = house.sent()
    house.bank_says(pain002(first))
    house.collect()
    (_, second) = house.debits_of(first.contribution_id)
    house.go_to(house.send_day("CNAS", second.collection_date))
    write = files.keep

    def interrupted(work: Work, *rest: Any) -> object:
        # The bank's late word that the first attempt was booked ends the second one, just before it is frozen.
        batching.cancel_each(work, {second.id: "an earlier attempt holds the money after all"})
        return write(work, *rest)

    with patch.object(batching, "keep", interrupted), pytest.raises(Refused, match="ended while it was written"):
        house.collect()

    assert house.collect().batches  # nothing of it was kept, so the debit is as it was
    assert house.breaches() == {}


def test_a_file_of_which_a_debit_ended_is_not_sent(house: House) -> None:
    """The bank said about the first attempt that it is booked after all, after the second was approved."""
    first = house.sent()
    house.bank_says(pain002(first))
    house.collect()
    (_, second) = house.debits_of(first.contribution_id)
    house.go_to(house.send_day("CNAS", second.collection_date))
    (batch_id,) = house.collect().batches
    house.approve(batch_id)

    house.bank_says(camt054(first.account, credit(first)))

    with pytest.raises(Refused):
        house.send(batch_id)
    assert [one.live for one in house.debits_of(first.contribution_id)] == [True, False]
    assert house.breaches() == {}


def test_a_debit_that_stands_in_a_file_is_not_taken_out_of_it_alone(sqlite_house: House) -> None:
    owed = sqlite_house.contribution(sqlite_house.employer())
    sqlite_house.collect()
    sqlite_house.go_to(sqlite_house.send_day("CNAS", DUE))
    sqlite_house.collect()
    (one,) = sqlite_house.debits_of(owed)

    with pytest.raises(Refused, match="put into a file"), sqlite_house.desk.work(CLERK) as work:
        batching.cancel(work, one, "too late")
    (still,) = sqlite_house.debits_of(owed)
    assert (still.live, still.payment_information_id) == (True, one.payment_information_id)
