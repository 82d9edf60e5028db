"""The fee of the bank that is claimed with a penalty is never more than the bank keeps of what it charged for the return."""

from dataclasses import replace
from datetime import date

import pytest
from bank_files import Booked, camt054, credit, returned
from house import APPROVER, CLERK, House, Sent

from debit_service import operations
from debit_service.contributions.payments import Means, Paid
from debit_service.core.errors import Refused
from debit_service.penalties import queries
from debit_service.penalties.life import Money
from debit_service.penalties.service import from_entries, pay, reverse
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.service import Ask, Decided

FUND = "EINZUGSSTELLE"
MID_OCTOBER = date(2026, 10, 15)


def failed(house: House) -> tuple[Sent, str]:
    """A debit for whose return the bank took 3.00, and the penalty of 10.00 that claims them as well."""
    sent = house.sent(FUND, due=date(2026, 9, 28), amount="1000.00")
    house.in_turn(
        camt054(sent.account, credit(sent)),
        camt054(sent.account, returned(sent, "AM04", charges_minor=3_00), message_id="N2"),
    )
    house.go_to(MID_OCTOBER)
    house.assess(FUND)
    with house.reading() as work:
        (penalty,) = queries.penalties_of(work, sent.contribution_id)
        return sent, penalty.id


def money(house: House, penalty_id: str) -> Money:
    with house.reading() as work:
        return queries.money_of(work, penalty_id)


def came_back(house: House, sent: Sent, minor: int, *, named: bool = False, name: str = "FEE") -> str:
    """The bank books money in; the entry that waits. `named`: it names the debit, of which it is neither credit nor return."""
    booked = Booked(minor, "EUR", MID_OCTOBER, servicer_reference=f"AS-{name}", sub_family="OTHR")
    if named:
        booked = replace(booked, end_to_end_id=sent.end_to_end_id)
    before = {one.id for one in house.waiting()}
    house.in_turn(camt054(sent.account, booked, message_id=name))
    (entry,) = [one for one in house.waiting() if one.id not in before]
    return entry.id


def decided(house: House, entry_id: str, **said: object) -> Decided:
    ask = Ask(decision=Decision.BANK_CHARGE, why="the bank's letter of 15 October", **said)  # type: ignore[arg-type]
    with house.desk.work(CLERK) as work:
        return from_entries.decide(work, house.service.funds, entry_id, ask)


def paid(house: House, penalty_id: str, minor: int) -> None:
    with house.desk.work(CLERK) as work:
        today = operations.today(house.service, house.fund(FUND))
        said = Paid(
            amount_minor=minor, currency="EUR", paid_on=today, means=Means.CASH, reference="C-1", evidence="receipt 17"
        )
        pay.pay(work, house.service.funds, penalty_id, said)


def test_another_report_of_the_return_with_lower_charges_lowers_the_fee(sqlite_house: House) -> None:
    house = sqlite_house
    sent, penalty_id = failed(house)
    assert money(house, penalty_id).fees_minor == 3_00

    again = returned(sent, "AM04", date(2026, 10, 2), charges_minor=1_00, reference="CORRECTED")
    house.in_turn(camt054(sent.account, again, message_id="N3"))
    house.assess(FUND)

    assert (money(house, penalty_id).fees_minor, money(house, penalty_id).owed_minor) == (1_00, 11_00)
    assert house.breaches() == {}


def test_charges_that_the_bank_gives_back_are_claimed_no_more_and_undone_they_are_again(house: House) -> None:
    sent, penalty_id = failed(house)

    back = decided(house, came_back(house, sent, 2_00), end_to_end_id=sent.end_to_end_id)

    assert money(house, penalty_id).fees_minor == 1_00
    assert house.balances()["charges/EINZUGSSTELLE"] == 1_00
    house.assess(FUND)
    assert money(house, penalty_id).fees_minor == 1_00
    assert house.breaches() == {}

    with house.desk.work(CLERK) as work:
        from_entries.undo(work, house.service.funds, back.id, "it was for another return")
    house.assess(FUND)
    assert money(house, penalty_id).fees_minor == 3_00
    assert house.breaches() == {}


def test_charges_that_are_given_back_after_the_employer_paid_them_are_owed_back(sqlite_house: House) -> None:
    house = sqlite_house
    sent, penalty_id = failed(house)
    paid(house, penalty_id, 13_00)

    decided(house, came_back(house, sent, 3_00), end_to_end_id=sent.end_to_end_id)

    found = money(house, penalty_id)
    assert (found.owed_minor, found.fees_minor, found.refund_minor) == (10_00, 0, 3_00)
    assert house.balances()["refunds-owed/EINZUGSSTELLE"] == -3_00
    with house.reading() as work:
        assert [one.penalty.id for one in queries.owed_back(work)] == [penalty_id]
    assert house.breaches() == {}


def test_an_entry_that_names_the_debit_gives_back_its_charges_without_being_told_so(sqlite_house: House) -> None:
    house = sqlite_house
    sent, penalty_id = failed(house)

    decided(house, came_back(house, sent, 3_50, named=True))

    assert money(house, penalty_id).fees_minor == 0
    assert house.balances()["charges/EINZUGSSTELLE"] == -50
    assert house.breaches() == {}


def test_no_more_is_given_back_for_a_debit_than_the_bank_took_for_it(sqlite_house: House) -> None:
    house = sqlite_house
    sent, penalty_id = failed(house)
    entry_id = came_back(house, sent, 5_00)

    with pytest.raises(Refused, match="not more than the bank took"):
        decided(house, entry_id, end_to_end_id=sent.end_to_end_id)
    decided(house, entry_id, shares=((sent.end_to_end_id, 2_50),))
    with pytest.raises(Refused, match="not more than the bank took"):
        decided(house, came_back(house, sent, 1_00, name="MORE"), end_to_end_id=sent.end_to_end_id)

    assert money(house, penalty_id).fees_minor == 50
    assert house.breaches() == {}


def test_a_penalty_that_was_taken_back_is_asked_for_again_without_the_fee_that_was_given_back(
    sqlite_house: House,
) -> None:
    house = sqlite_house
    sent, penalty_id = failed(house)
    with house.desk.work(APPROVER) as work:
        reverse(work, house.fund(FUND), penalty_id, "we look into it")
    decided(house, came_back(house, sent, 3_00), end_to_end_id=sent.end_to_end_id)

    house.confirm_penalty(penalty_id)

    assert (money(house, penalty_id).owed_minor, money(house, penalty_id).fees_minor) == (10_00, 0)
    assert house.breaches() == {}
