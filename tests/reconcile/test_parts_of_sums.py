"""The details of an entry of which another report tells the sum: what of them names nothing of ours is no more money."""

from dataclasses import replace
from datetime import date

import pytest
from bank_files import Booked, camt053, camt054, credit, pain002, returned, together, total
from house import House, Sent
from reconcile.test_any_order import each_order_tells_the_same

from debit_service.reconcile.rules import State

CREDITED, TAKEN_BACK = date(2026, 9, 30), date(2026, 10, 5)


def reasons(house: House) -> list[str]:
    """The stable reasons of everything in suspense."""
    return sorted(reason for reason, _ in house.suspense())


def bank(house: House) -> int:
    """What the journal says is on the account, minor units."""
    return house.balances().get("bank/CNAS", 0)


def states(house: House, sents: list[Sent]) -> list[State]:
    """What each debit is."""
    return [house.outcome(one).state for one in sents]


def changed(sent: Sent, name: str | None = "CHANGED ON THE WAY", day: date = CREDITED) -> Booked:
    """The credit of a debit, under another end-to-end reference than the one that was sent."""
    return replace(credit(sent, day), end_to_end_id=name, servicer_reference=None)


def detailed(*parts: Booked, reference: str | None = None) -> Booked:
    """One entry of the bank's with these as its details."""
    return together(*(replace(one, servicer_reference=None) for one in parts), reference=reference)


@pytest.mark.parametrize("name", ["CHANGED ON THE WAY", None], ids=["another reference", "no reference"])
def test_a_detail_that_names_nothing_of_ours_is_in_the_sum_of_its_entry(sqlite_house: House, name: str | None) -> None:
    first, second = sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt053(first.account, CREDITED, 0, total(sents)),
            camt054(first.account, detailed(credit(first), changed(second, name))),
            camt054(first.account, detailed(credit(first), changed(second, name)), message_id="N2"),
        ],
    )

    assert reasons(sqlite_house) == []
    assert states(sqlite_house, sents) == [State.SETTLED] * 2
    assert bank(sqlite_house) == 300_00
    assert sqlite_house.breaches() == {}


@pytest.mark.parametrize("reference", ["AS1", "AS2"], ids=["the same reference", "another reference"])
def test_details_that_name_nothing_of_the_block_wait_beside_a_sum_of_as_much(
    sqlite_house: House, reference: str
) -> None:
    """A stranger may have paid as much on that day; and the bank's own reference may be one that it gives to everything."""
    first, second = sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    both = changed(first, "A"), changed(second, "B")

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt053(first.account, CREDITED, 0, replace(total(sents), servicer_reference="AS1")),
            camt054(first.account, detailed(*both, reference=reference)),
        ],
    )
    assert reasons(sqlite_house) == ["unknown_reference"] * 2
    assert bank(sqlite_house) == 600_00


def test_a_detail_of_one_of_two_entries_of_one_report_that_may_each_be_the_sums_waits(sqlite_house: House) -> None:
    """Two entries are two bookings, and a sum tells of one."""
    first, second = sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    entries = detailed(credit(first), changed(second, "A")), detailed(credit(second), changed(first, "B"))

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [camt053(first.account, CREDITED, 0, total(sents)), camt054(first.account, *entries)],
    )
    assert reasons(sqlite_house) == ["unknown_reference"] * 2
    assert bank(sqlite_house) == 600_00


def test_a_detail_beside_one_of_another_block_is_not_in_the_sum_of_this_one(sqlite_house: House) -> None:
    ours = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    (theirs,) = sqlite_house.sent_together("CNAS", "100.00", due=date(2026, 10, 20))
    entry = detailed(credit(theirs, CREDITED), changed(ours[1]), reference="NONREF")

    each_order_tells_the_same(
        sqlite_house,
        [*ours, theirs],
        [
            camt053(ours[0].account, CREDITED, 0, replace(total(ours), servicer_reference="NONREF")),
            camt054(ours[0].account, entry),
        ],
    )
    assert reasons(sqlite_house) == ["unknown_reference"]
    assert bank(sqlite_house) == 600_00


def test_what_tells_such_a_detail_by_itself_is_no_more_money_either(sqlite_house: House) -> None:
    first, second = sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt053(first.account, CREDITED, 0, total(sents)),
            camt054(first.account, detailed(credit(first), changed(second))),
            camt054(first.account, changed(second), message_id="N2"),
        ],
    )
    assert (reasons(sqlite_house), bank(sqlite_house)) == ([], 300_00)


def test_a_report_that_corrects_the_reference_takes_nothing_twice(sqlite_house: House) -> None:
    first, second = sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt053(first.account, CREDITED, 0, total(sents)),
            camt054(first.account, detailed(credit(first), changed(second))),
            camt054(first.account, detailed(credit(first), credit(second)), message_id="N2"),
        ],
    )
    assert (reasons(sqlite_house), bank(sqlite_house)) == ([], 300_00)


def test_a_detail_is_in_a_sum_that_becomes_right_once_a_rejection_is_told(sqlite_house: House) -> None:
    first, second, third = sents = sqlite_house.sent_together("CNAS", "100.00", "200.00", "400.00")

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt053(first.account, CREDITED, 0, total([first, second])),
            camt054(first.account, detailed(credit(first), changed(second))),
            pain002(third),
        ],
    )
    assert (reasons(sqlite_house), bank(sqlite_house)) == ([], 300_00)
    assert states(sqlite_house, sents) == [State.SETTLED, State.SETTLED, State.REJECTED]


def test_a_detail_waits_again_when_its_sum_is_no_longer_that_of_the_block(sqlite_house: House) -> None:
    first, second, third = sents = sqlite_house.sent_together("CNAS", "100.00", "200.00", "300.00")

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            pain002(third),
            pain002(second, message_id="P2"),
            camt053(first.account, CREDITED, 0, total([first, second])),
            camt054(first.account, detailed(credit(first), changed(second))),
        ],
    )
    assert reasons(sqlite_house) == ["unknown_reference"]
    assert bank(sqlite_house) == 300_00


def test_a_charge_among_the_details_is_taken_once_where_the_sum_states_it_too(sqlite_house: House) -> None:
    first, second = sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    fee = replace(changed(first, None), amount_minor=5_00, direction="DBIT", sub_family="CHRG")
    entry = replace(detailed(credit(first), credit(second), fee), amount_minor=295_00)

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt053(
                first.account, CREDITED, 0, replace(total(sents, amount_minor=295_00, count=2), charges_minor=5_00)
            ),
            camt054(first.account, entry),
        ],
    )
    assert states(sqlite_house, sents) == [State.SETTLED] * 2
    assert (reasons(sqlite_house), bank(sqlite_house)) == ([], 295_00)


def test_a_return_that_names_nothing_of_ours_is_in_the_sum_that_went_back(sqlite_house: House) -> None:
    first, second = sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    unnamed = replace(returned(second, day=TAKEN_BACK), end_to_end_id=None)
    gone = replace(total(sents, TAKEN_BACK), direction="DBIT", sub_family="UPDD")

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt054(first.account, credit(first), credit(second)),
            camt053(first.account, TAKEN_BACK, 300_00, gone),
            camt054(first.account, detailed(returned(first, day=TAKEN_BACK), unnamed, reference="R"), message_id="N2"),
        ],
    )
    assert states(sqlite_house, sents) == [State.RETURNED] * 2
    assert (reasons(sqlite_house), bank(sqlite_house)) == ([], 0)


def test_details_told_twice_beside_strangers_are_in_the_sum_that_a_rejection_makes_right(sqlite_house: House) -> None:
    """A bug: the sum was taken for what is in it, and so on for ever."""
    first, second, rejected = sents = sqlite_house.sent_together("CNAS", "100.00", "200.00", "400.00")
    stranger = replace(changed(rejected, "STRANGER"), amount_minor=777, servicer_reference="Z1")
    entry = detailed(credit(first), changed(second))

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt053(first.account, CREDITED, 0, total([first, second])),
            camt054(first.account, stranger, entry),
            camt054(first.account, entry, message_id="N2"),
            pain002(rejected),
        ],
    )
    assert (reasons(sqlite_house), bank(sqlite_house)) == (["unknown_reference"], 300_00 + 777)


def test_details_that_name_debits_with_other_amounts_are_in_the_sum_that_is_right(sqlite_house: House) -> None:
    """The bank mixed up its details: the block was paid, and its money counts once."""
    first, second = sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    mixed = credit(first, amount_minor=110_00), credit(second, amount_minor=190_00)

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [camt053(first.account, CREDITED, 0, total(sents)), camt054(first.account, detailed(*mixed))],
    )

    assert (reasons(sqlite_house), bank(sqlite_house)) == ([], 300_00)
    assert states(sqlite_house, sents) == [State.SETTLED] * 2
    assert set(sqlite_house.breaches()) <= {5}


def test_a_detail_with_another_amount_beside_a_sum_of_another_entry_waits(sqlite_house: House) -> None:
    """One entry of as much would be meant; here the details are of more."""
    first, second = sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    mixed = credit(first, amount_minor=110_00), credit(second, amount_minor=191_00)

    sqlite_house.in_turn(camt053(first.account, CREDITED, 0, total(sents)), camt054(first.account, detailed(*mixed)))

    assert (reasons(sqlite_house), bank(sqlite_house)) == (["amount"] * 2, 601_00)
