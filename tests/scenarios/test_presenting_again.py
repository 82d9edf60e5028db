"""Presenting a failed debit again: when, how often, and what stays of the first failure."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from bank_files import camt054, credit, pain002, returned
from house import House

from debit_service.reconcile.rules import State

AFTER_THE_RETURN = date(2026, 10, 5)


@pytest.fixture
def undecided_house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A fund that has not confirmed how often it presents."""
    built = House(sqlite_url, tmp_path, unconfirmed=frozenset({"debit_policy.max_attempts"}))
    yield built
    built.close()


def test_after_no_funds_the_debit_is_presented_once_more_under_a_reference_of_its_own(house: House) -> None:
    first = house.sent()
    house.bank_says(camt054(first.account, credit(first)))
    house.go_to(AFTER_THE_RETURN)
    house.bank_says(camt054(first.account, returned(first, "AM04", AFTER_THE_RETURN), message_id="N2"))

    second = house.present_again(first)

    attempts = house.debits_of(first.contribution_id)
    assert [(one.attempt, one.live) for one in attempts] == [(1, False), (2, True)]
    assert second.end_to_end_id != first.end_to_end_id
    assert second.batch_id != first.batch_id
    assert second.collection_date > AFTER_THE_RETURN
    assert attempts[1].date_reason.startswith("presented again after a failure on 2026-10-05; ")


def test_the_penalty_of_the_first_failure_stays_and_its_clock_ends_with_the_second_debits_payment(
    sqlite_house: House,
) -> None:
    house = sqlite_house
    first = house.sent()
    house.bank_says(pain002(first, "RJCT", "AM04"))
    second = house.present_again(first)
    house.bank_says(camt054(second.account, credit(second)))
    house.go_to(date(2027, 1, 15))

    house.assess()

    # 5% once; the second debit was paid in October, within the first month: no further month counts.
    assert house.penalties(first.contribution_id) == [("proposed", 50_00)]
    assert house.outcome(first).state is State.REJECTED
    assert house.outcome(second).state is State.SETTLED


def test_a_closed_account_is_not_presented_again(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    sqlite_house.bank_says(pain002(sent, "RJCT", "AC04"))

    reasons = list(sqlite_house.collect().left_alone.values())

    assert reasons == ["AC04 is not presented again by itself"]


def test_after_the_last_attempt_it_is_not_presented_again(sqlite_house: House) -> None:
    first = sqlite_house.sent()
    sqlite_house.bank_says(pain002(first, "RJCT", "AM04"))
    second = sqlite_house.present_again(first)
    sqlite_house.bank_says(pain002(second, "RJCT", "AM04", message_id="P2"))

    reasons = list(sqlite_house.collect().left_alone.values())

    assert reasons == ["2 of 2 attempts have failed"]


def test_while_the_fund_has_not_confirmed_how_often_nothing_is_presented_again(undecided_house: House) -> None:
    sent = undecided_house.sent()
    undecided_house.bank_says(pain002(sent, "RJCT", "AM04"))

    reasons = list(undecided_house.collect().left_alone.values())

    assert reasons == ["presenting a failed debit again is not confirmed by the fund"]


def test_while_an_attempt_is_under_way_there_is_no_other(sqlite_house: House) -> None:
    sent = sqlite_house.sent()

    assert sqlite_house.collect().planned == 0
    assert len(sqlite_house.debits_of(sent.contribution_id)) == 1


def test_a_first_debit_that_is_credited_after_all_while_the_second_fails_is_not_collected_a_third_time(
    sqlite_house: House,
) -> None:
    house = sqlite_house
    first = house.sent()
    house.bank_says(
        camt054(first.account, credit(first)),
        camt054(first.account, returned(first, "AM04"), message_id="N2"),
    )
    second = house.present_again(first)
    again = credit(first, date(2026, 10, 6), reference="AGAIN")

    house.in_turn(
        camt054(first.account, again, message_id="N3"),
        pain002(second, "RJCT", "AM04"),
    )

    assert [one.live for one in house.debits_of(first.contribution_id)] == [True, False]
    assert house.collect().planned == 0
    assert house.breaches() == {}


def test_a_contribution_paid_by_one_attempt_puts_the_money_of_the_other_in_suspense(sqlite_house: House) -> None:
    house = sqlite_house
    first = house.sent()
    house.bank_says(pain002(first, "RJCT", "AM04"))
    second = house.present_again(first)

    house.in_turn(
        camt054(second.account, credit(second)),
        camt054(first.account, credit(first), message_id="N2"),
    )

    assert house.suspense() == [("exceeds", "this contribution is paid already by another attempt")]
    assert house.breaches() == {}
