"""One debit, and everything that a bank may answer to it, in the words of those who live with it."""

from datetime import date

from bank_files import camt054, credit, pain002, returned
from house import House

from debit_service.reconcile.rules import State


def test_a_debit_that_the_bank_books_is_paid_and_can_no_longer_be_collected_again(house: House) -> None:
    sent = house.sent()

    house.bank_says(camt054(sent.account, credit(sent)))

    assert house.outcome(sent).state is State.SETTLED
    assert house.collect().planned == 0
    assert house.suspense() == []


def test_a_rejected_debit_is_owed_again_and_presented_a_second_time_under_another_reference(house: House) -> None:
    sent = house.sent()

    house.bank_says(pain002(sent, "RJCT", "AM04"))
    assert house.outcome(sent).state is State.REJECTED

    again = house.collect(on=date(2026, 9, 30))
    assert again.planned == 1


def test_a_return_after_settlement_with_a_fee_is_split_into_principal_and_charges(house: House) -> None:
    sent = house.sent()

    house.bank_says(
        camt054(sent.account, credit(sent)),
        camt054(sent.account, returned(sent, charges_minor=500, day=date(2026, 10, 5)), message_id="N2"),
    )

    result = house.outcome(sent)
    assert (result.state, result.returned_minor, result.charges_minor) == (State.RETURNED, sent.amount_minor, 500)
