"""Answers in which a bank contradicts itself: which booking counts, and what waits for a person, is the same in every order.

Of bookings that cannot all be right those count that favour the employer: the earliest credit, the latest return (decision 18).
"""

from dataclasses import replace
from datetime import date

from bank_files import camt053, camt054, credit, pain002, returned, together, total
from house import House
from reconcile.test_any_order import each_order_tells_the_same

CREDITED, NEXT, TAKEN_BACK = date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 5)


def test_of_two_credits_of_two_days_the_same_one_counts_in_either_order(sqlite_house: House) -> None:
    """The bank books one debit twice, on two days: it was paid on the earlier one."""
    sent = sqlite_house.sent()
    each_order_tells_the_same(
        sqlite_house,
        [sent],
        [
            camt054(sent.account, credit(sent, CREDITED, reference="A")),
            camt054(sent.account, credit(sent, TAKEN_BACK, reference="B"), message_id="N2"),
        ],
    )


def test_of_two_returns_of_one_credit_the_later_one_counts_with_its_reason_and_fee(sqlite_house: House) -> None:
    """From the day follow the reason, so the fault, so the penalty."""
    sent = sqlite_house.sent()
    each_order_tells_the_same(
        sqlite_house,
        [sent],
        [
            camt054(sent.account, credit(sent)),
            camt054(sent.account, returned(sent, "AM04", TAKEN_BACK, reference="R1"), message_id="N2"),
            camt054(sent.account, returned(sent, "MS03", NEXT, reference="R2"), message_id="N3"),
        ],
    )


def test_of_two_attempts_that_were_credited_the_one_that_came_back_lets_the_other_stand(sqlite_house: House) -> None:
    """Credit of attempt 1, credit of attempt 2, return of attempt 2."""
    house = sqlite_house
    first = house.sent()
    house.bank_says(pain002(first, "RJCT", "AM04"))
    second = house.present_again(first)
    each_order_tells_the_same(
        house,
        [first, second],
        [
            camt054(first.account, credit(first)),
            camt054(second.account, credit(second), message_id="N2"),
            camt054(second.account, returned(second, day=date(2026, 11, 20)), message_id="N3"),
        ],
    )


def test_a_net_sum_that_a_rejection_contradicts_waits_for_a_person_in_every_order(sqlite_house: House) -> None:
    """A sum that was right becomes unexplained when a contradicting rejection is read first."""
    first, second, third = sents = sqlite_house.sent_together("CNAS", "100.00", "200.00", "300.00")
    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            pain002(first, "RJCT", "AM04"),
            pain002(second, "RJCT", "AM04", message_id="P2"),
            camt053(first.account, CREDITED, 0, total([second, third])),
        ],
    )


def test_the_sum_of_a_block_counts_and_a_credit_of_one_of_its_debits_on_another_day_waits(sqlite_house: House) -> None:
    """One wrong credit that is read first puts the whole sum in suspense."""
    sents = sqlite_house.sent_together("CNAS", "100.00", "200.00", "300.00")
    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt054(sents[0].account, credit(sents[0], NEXT)),
            camt053(sents[0].account, CREDITED, 0, total(sents)),
        ],
    )


def test_details_inside_one_entry_explain_a_sum_although_they_were_told_singly_before(sqlite_house: House) -> None:
    """The rejection is never told; details inside one entry explain the sum unless they were folded into single lines."""
    first, second, third = sents = sqlite_house.sent_together("CNAS", "100.00", "200.00", "300.00")
    parts = [replace(credit(one), servicer_reference=None) for one in (second, third)]
    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt054(first.account, *parts),
            camt054(first.account, together(*parts, reference="B"), message_id="N2"),
            camt053(first.account, CREDITED, 0, total([second, third])),
        ],
    )


def test_a_second_credit_that_only_the_banks_reference_told_counts_once_the_first_went_back(
    sqlite_house: House,
) -> None:
    """The full report is folded into the bare one that waits; the return frees nothing, because the head names nobody."""
    sent = sqlite_house.sent()
    again = credit(sent, date(2026, 10, 9), reference="B")
    each_order_tells_the_same(
        sqlite_house,
        [sent],
        [
            camt054(sent.account, credit(sent)),
            camt053(sent.account, date(2026, 10, 9), 0, replace(again, end_to_end_id=None)),
            camt054(sent.account, again, message_id="N3"),
            camt054(sent.account, returned(sent, day=TAKEN_BACK), message_id="N4"),
        ],
    )


def test_a_return_told_without_its_reason_takes_the_reason_from_another_report_whichever_is_read_first(
    sqlite_house: House,
) -> None:
    """From the reason follow the fault and the penalty: the statement without it must not win by being read first."""
    sent = sqlite_house.sent()
    gone = returned(sent, "AM04", TAKEN_BACK)

    each_order_tells_the_same(
        sqlite_house,
        [sent],
        [
            camt054(sent.account, credit(sent)),
            camt053(sent.account, TAKEN_BACK, sent.amount_minor, replace(gone, reason=None)),
            camt054(sent.account, gone, message_id="N2"),
        ],
    )

    assert sqlite_house.collection(sent).failure_code == "AM04"
    assert sqlite_house.suspense() == []


def test_of_two_reports_of_one_return_with_two_reasons_the_same_one_counts_in_every_order(sqlite_house: House) -> None:
    """A third report without a reason changes nothing."""
    sent = sqlite_house.sent()
    gone = returned(sent, "MD06", TAKEN_BACK)

    each_order_tells_the_same(
        sqlite_house,
        [sent],
        [
            camt054(sent.account, credit(sent)),
            camt053(sent.account, TAKEN_BACK, sent.amount_minor, replace(gone, reason="MS03")),
            camt054(sent.account, gone, message_id="N2"),
            camt054(sent.account, replace(gone, reason=None), message_id="N3"),
        ],
    )

    assert sqlite_house.suspense() == []


def test_a_return_that_waits_counts_once_another_report_of_it_gives_the_better_reason(sqlite_house: House) -> None:
    """Two returns of one day, one of them told twice: which counts does not hang on which report of it came first."""
    sent = sqlite_house.sent()
    gone = returned(sent, "MD06", TAKEN_BACK, reference="R1")

    each_order_tells_the_same(
        sqlite_house,
        [sent],
        [
            camt054(sent.account, credit(sent)),
            camt053(sent.account, TAKEN_BACK, sent.amount_minor, replace(gone, reason=None)),
            camt054(sent.account, gone, message_id="N2"),
            camt054(sent.account, returned(sent, "AC04", TAKEN_BACK, reference="R2"), message_id="N3"),
        ],
    )

    assert sqlite_house.collection(sent).failure_code == "MD06"


def test_a_sum_is_not_taken_for_its_untold_debits_when_an_earlier_sum_has_paid_a_told_one(
    sqlite_house: House,
) -> None:
    """Whether a sum may be taken is asked of all its debits, also of those that a detail has told already."""
    first, second, third = sents = sqlite_house.sent_together("CNAS", "100.00", "200.00", "300.00")
    parts = [replace(credit(one, TAKEN_BACK), servicer_reference=None) for one in (second, third)]
    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt053(first.account, TAKEN_BACK, 0, replace(total(sents, TAKEN_BACK), servicer_reference="A")),
            camt054(first.account, together(*parts, reference="B"), message_id="N2"),
            camt054(first.account, credit(first, NEXT), message_id="N3"),
        ],
    )
