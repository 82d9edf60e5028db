"""A block that the bank books in several sums, and tells debit by debit elsewhere: the same money never counts besides."""

from dataclasses import replace
from datetime import date

import pytest
from bank_files import Booked, camt053, camt054, credit, returned, together, total
from house import House, Sent
from reconcile.test_any_order import each_order_tells_the_same
from reconcile.test_parts_of_sums import bank, reasons, states

from debit_service.reconcile.rules import State

CREDITED, NEXT, TAKEN_BACK = date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 5)


def sent_four(house: House) -> list[Sent]:
    """A block of four debits."""
    return house.sent_together("CNAS", "100.00", "200.00", "300.00", "400.00")


def singly(*sents: Sent, day: date = CREDITED, name: str = "N1") -> bytes:
    """A notification of the credits of debits, each by itself."""
    return camt054(sents[0].account, *(credit(one, day) for one in sents), message_id=name)


def of(*sents: Sent, day: date = CREDITED) -> Booked:
    """A part of a block, booked in one sum."""
    return total(sents, day)


def test_two_sums_of_a_block_are_told_by_the_credits_of_its_debits(sqlite_house: House) -> None:
    first, second, third, fourth = sents = sent_four(sqlite_house)

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt053(first.account, CREDITED, 0, of(first, second, third), of(fourth)),
            singly(first, second, third),
            singly(fourth, name="N2"),
        ],
    )

    assert (reasons(sqlite_house), bank(sqlite_house)) == ([], 1000_00)
    assert states(sqlite_house, sents) == [State.SETTLED] * 4


def test_two_sums_that_two_reports_tell_are_told_by_the_credits_once(sqlite_house: House) -> None:
    """Also where the sums of a day may each be of several of its debits."""
    first, second, third = sents = sqlite_house.sent_together("CNAS", "100.00", "200.00", "300.00")
    sums = [replace(one, servicer_reference=name) for one, name in ((of(first, second), "A"), (of(third), "B"))]

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt053(first.account, CREDITED, 0, *sums),
            camt054(first.account, *sums, message_id="N2"),
            singly(*sents),
        ],
    )
    assert (reasons(sqlite_house), bank(sqlite_house)) == ([], 600_00)


def test_sums_of_two_days_are_told_by_the_credits_of_their_days(sqlite_house: House) -> None:
    first, second, third, fourth = sents = sent_four(sqlite_house)

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt054(first.account, of(first, second, third), of(fourth, day=NEXT), message_id="S1"),
            singly(first, second, third),
            singly(fourth, day=NEXT, name="N2"),
        ],
    )
    assert (reasons(sqlite_house), bank(sqlite_house)) == ([], 1000_00)


def test_a_sum_of_a_part_of_a_block_is_told_by_as_many_credits(sqlite_house: House) -> None:
    """What is told of another debit of the block does not hold it up."""
    first, second, third, fourth = sents = sent_four(sqlite_house)

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt053(first.account, CREDITED, 0, of(first, second, third)),
            singly(first, second, third),
            singly(fourth, name="N2"),
        ],
    )
    assert (reasons(sqlite_house), bank(sqlite_house)) == ([], 1000_00)


def test_a_sum_waits_that_may_as_well_be_of_debits_that_nobody_told_of(sqlite_house: House) -> None:
    first, _, third, fourth = sents = sent_four(sqlite_house)
    of_two = Booked(300_00, first.currency, CREDITED, batch=(first.payment_information_id, 2))

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [camt053(first.account, CREDITED, 0, of_two), singly(third), singly(fourth, name="N2")],
    )
    assert (reasons(sqlite_house), bank(sqlite_house)) == (["batch_differs"], 1000_00)


def test_of_two_sums_alike_one_is_told_by_the_credits_and_the_other_waits(sqlite_house: House) -> None:
    first, second, third, _ = sents = sent_four(sqlite_house)
    twice = of(first, second, third)

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [camt053(first.account, CREDITED, 0, twice, twice), singly(first, second), singly(third, name="N2")],
    )
    assert (reasons(sqlite_house), bank(sqlite_house)) == (["batch_differs"], 1200_00)


def test_what_the_container_of_a_sum_books_apart_is_not_in_it(sqlite_house: House) -> None:
    first, _, _, fourth = sents = sent_four(sqlite_house)
    plain = replace(credit(fourth), servicer_reference=None)

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt053(first.account, CREDITED, 0, of(fourth), plain),
            camt054(first.account, plain),
            singly(first, name="N2"),
        ],
    )
    assert (reasons(sqlite_house), bank(sqlite_house)) == (["batch_differs"], 900_00)


def test_details_in_one_entry_and_single_credits_tell_two_sums_together(sqlite_house: House) -> None:
    first, second, third, fourth = sents = sent_four(sqlite_house)
    three = together(*(replace(credit(one), servicer_reference=None) for one in (first, second, third)))

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt053(first.account, CREDITED, 0, of(first, second, third), of(fourth)),
            camt054(first.account, three),
            singly(fourth, name="N2"),
        ],
    )
    assert (reasons(sqlite_house), bank(sqlite_house)) == ([], 1000_00)


@pytest.mark.parametrize("numbers", [(3, 1), (2, 2)], ids=["three and one", "two and two"])
def test_what_went_back_in_two_sums_goes_back_once(sqlite_house: House, numbers: tuple[int, int]) -> None:
    first, second, third, fourth = sents = sent_four(sqlite_house)
    three, one = [first, second, third][: numbers[0]], [third, fourth][2 - numbers[1] :]
    sums = [replace(of(*some, day=TAKEN_BACK), direction="DBIT", sub_family="UPDD") for some in (three, one)]

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            singly(*sents),
            camt053(first.account, TAKEN_BACK, 1000_00, *sums),
            camt054(first.account, *(returned(each, day=TAKEN_BACK) for each in sents), message_id="N2"),
        ],
    )
    assert (reasons(sqlite_house), bank(sqlite_house)) == ([], 0)


def test_a_return_of_a_debit_that_was_told_in_parts_leaves_the_sums_told(sqlite_house: House) -> None:
    first, second, third, fourth = sents = sent_four(sqlite_house)

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt053(first.account, CREDITED, 0, of(first, second, third), of(fourth)),
            singly(*sents),
            camt054(first.account, returned(second, day=TAKEN_BACK), message_id="R1"),
        ],
    )
    assert (reasons(sqlite_house), bank(sqlite_house)) == ([], 800_00)
