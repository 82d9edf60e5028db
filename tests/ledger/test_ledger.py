"""The journal: what goes in comes out, to the cent, in every currency; balances are sums and nothing is edited."""

from datetime import date

import pytest
from house import CLERK, House
from hypothesis import given
from hypothesis import strategies as st

from debit_service.core.work import Work
from debit_service.ledger import service
from debit_service.ledger.queries import balances_of, trial_balance, unbalanced
from debit_service.ledger.rules import Account, account, balanced

RECEIVABLE, DECLARED, BANK = (account(kind, "CNAS") for kind in (Account.RECEIVABLE, Account.DECLARED, Account.BANK))


def post(work: Work, lines: dict[str, int], subject: str = "C1", currency: str = "DZD") -> None:
    service.post(
        work,
        lines,
        currency=currency,
        business_date=date(2026, 9, 1),
        cause="test",
        subject=subject,
        evidence={"why": "test"},
    )


def test_a_booking_is_kept_with_its_lines_and_balances_are_their_sums(house: House) -> None:
    with house.desk.work(CLERK) as work:
        post(work, {RECEIVABLE: 100, DECLARED: -100})
        post(work, {BANK: 30, RECEIVABLE: -30})
        post(work, {RECEIVABLE: 7, DECLARED: -7}, subject="C2")
        post(work, {RECEIVABLE: 5, DECLARED: -5}, currency="EUR")
    with house.desk.database.reading() as session:
        assert balances_of(session, "C2") == {RECEIVABLE: 7, DECLARED: -7}
        assert trial_balance(session) == {
            (BANK, "DZD"): 30,
            (DECLARED, "DZD"): -107,
            (RECEIVABLE, "DZD"): 77,
            (DECLARED, "EUR"): -5,
            (RECEIVABLE, "EUR"): 5,
        }
        assert unbalanced(session) == []


@given(st.dictionaries(st.sampled_from([RECEIVABLE, DECLARED, BANK]), st.integers(-(10**18), 10**18)))
def test_lines_balance_only_when_they_sum_to_zero(lines: dict[str, int]) -> None:
    assert balanced(lines) is (sum(lines.values()) == 0)


def test_a_booking_that_does_not_balance_is_a_fault_of_the_program_and_takes_its_transaction_with_it(
    house: House,
) -> None:
    with house.desk.work(CLERK) as work:
        post(work, {RECEIVABLE: 100, DECLARED: -100})
    with pytest.raises(ValueError, match="do not sum to zero"), house.desk.work(CLERK) as work:
        post(work, {RECEIVABLE: 100, DECLARED: -99})
    with house.desk.database.reading() as session:
        assert trial_balance(session) == {(RECEIVABLE, "DZD"): 100, (DECLARED, "DZD"): -100}


def test_lines_of_zero_are_left_out_and_a_booking_of_nothing_is_none(sqlite_house: House) -> None:
    with sqlite_house.desk.work(CLERK) as work:
        post(work, {RECEIVABLE: 0, DECLARED: 0})
        post(work, {RECEIVABLE: 1, DECLARED: -1, BANK: 0})
    with sqlite_house.desk.database.reading() as session:
        assert set(balances_of(session, "C1")) == {RECEIVABLE, DECLARED}


def test_bringing_to_a_target_twice_books_once(house: House) -> None:
    for _ in range(2):
        with house.desk.work(CLERK) as work:
            service.bring_to(
                work,
                {BANK: 50, RECEIVABLE: -50},
                currency="DZD",
                business_date=date(2026, 9, 1),
                cause="test",
                subject="C1",
                evidence={},
            )
    with house.desk.work(CLERK) as work:
        service.bring_to(
            work, {}, currency="DZD", business_date=date(2026, 9, 2), cause="test", subject="C1", evidence={}
        )
    with house.desk.database.reading() as session:
        assert balances_of(session, "C1") == {BANK: 0, RECEIVABLE: 0}
        assert unbalanced(session) == []
