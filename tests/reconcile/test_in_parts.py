"""Which sums of a block single bookings of its debits tell: to the cent, in number, and none that may be of other debits."""

from debit_service.reconcile.same_booking.in_parts import Sum, told_in_parts

DEBITS = (100, 200, 300, 400)


def test_a_sum_is_told_by_all_that_is_told_singly() -> None:
    assert told_in_parts([Sum(600, 3)], [100, 200, 300], [400]) == {0}
    assert told_in_parts([Sum(600, None)], [100, 200, 300], [400]) == {0}
    assert told_in_parts([Sum(600, 2)], [100, 200, 300], [400]) == set()


def test_several_sums_are_told_together_whatever_debits_each_is_of() -> None:
    assert told_in_parts([Sum(600, 3), Sum(400, 1)], DEBITS, []) == {0, 1}
    assert told_in_parts([Sum(450, None), Sum(550, None)], DEBITS, []) == {0, 1}


def test_a_sum_is_told_by_a_part_of_what_is_told_singly_where_no_other_debit_may_be_in_it() -> None:
    assert told_in_parts([Sum(600, 3)], DEBITS, []) == {0}
    assert told_in_parts([Sum(400, 1)], [100, 400], [200, 300]) == {0}
    assert told_in_parts([Sum(400, None)], [100, 400], [200, 300]) == set()
    assert told_in_parts([Sum(350, None)], DEBITS, []) == set()


def test_no_money_is_told_twice() -> None:
    assert told_in_parts([Sum(600, 3), Sum(600, 3)], DEBITS, []) == {0}
    assert told_in_parts([Sum(600, 3, told=True), Sum(600, 3)], DEBITS, []) == set()
    assert told_in_parts([Sum(600, 3, told=True), Sum(400, 1)], DEBITS, []) == {1}


def test_of_too_many_debits_nothing_is_said_but_what_they_are_together() -> None:
    many = [10**6 + 7 * one * one for one in range(60)]
    assert told_in_parts([Sum(sum(many), None)], many, [5]) == {0}
    assert told_in_parts([Sum(sum(many[:30]), None)], many, []) == set()
