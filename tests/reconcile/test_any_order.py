"""What a debit becomes is a function of the *set* of what banks said: never of its order, of names, or of repetition."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

import pytest
from bank_files import Booked, camt053, camt054, credit, pain002, returned, together, total
from house import House, Sent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CREDITED = date(2026, 9, 30)
TAKEN_BACK = date(2026, 10, 5)

#: One database serves every example: each begins by going back to the bookmark.
REUSED = settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])


def told(house: House, sents: Sequence[Sent]) -> object:
    """Everything that the house makes of what it was told, under names that do not depend on the way there."""
    made = []
    for sent in sents:
        result, row = house.outcome(sent), house.collection(sent)
        money = (result.state, result.settled_minor, result.returned_minor, result.charges_minor, result.settled_on)
        made.append((money, row.live, row.failure_code, row.failed_on))
    waiting = sorted(
        (str(one.booking_date), one.direction or "", one.amount_minor or 0, one.account_servicer_reference or "")
        for one in house.waiting()
    )
    return made, house.balances(), waiting


def each_order_tells_the_same(house: House, sents: Sequence[Sent], files: Sequence[bytes]) -> None:
    """Feed `files` in every order, each read before the next one comes; the first order also passes `debit verify`.

    Statements here tell parts of a day: that they lack what notifications tell is found by check 5, and rightly.
    """
    here = house.bookmark()
    house.in_turn(*files)
    expected = told(house, sents)
    assert set(house.breaches()) <= {5}
    here()

    def walk(order: tuple[int, ...]) -> None:
        left = sorted(set(range(len(files))) - set(order))
        if len(left) == 1:
            house.in_turn(files[left[0]])
            assert told(house, sents) == expected, f"files in the order {(*order, *left)}"
            return
        back = house.bookmark()
        for index in left:
            back()
            house.in_turn(files[index])
            walk((*order, index))

    walk(())


def answers(sent: Sent) -> dict[str, bytes]:
    """What a bank may say about one debit that it accepts, books, reports again, and takes back with a fee."""
    gone = returned(sent, day=TAKEN_BACK, charges_minor=500)
    stranger = Booked(sent.amount_minor, sent.currency, CREDITED)
    return {
        "accepted": pain002(sent, "ACCP", None),
        "credited": camt054(sent.account, credit(sent)),
        "statement of the credit": camt053(sent.account, CREDITED, 0, credit(sent)),
        "returned": camt054(sent.account, gone, message_id="N2"),
        "statement of the return": camt053(sent.account, TAKEN_BACK, sent.amount_minor, gone, message_id="S2"),
        "accepted again": pain002(sent, "ACSC", None, message_id="P2"),
        "credited, under another message id": camt054(sent.account, credit(sent), message_id="N9"),
        "a stranger's credit without a reference": camt054(sent.account, stranger, message_id="N3"),
    }


def test_five_answers_of_a_bank_tell_the_same_in_each_of_120_orders(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    known = answers(sent)
    five = ("accepted", "credited", "statement of the credit", "returned", "statement of the return")

    each_order_tells_the_same(sqlite_house, [sent], [known[name] for name in five])


def test_copies_and_a_strangers_credit_of_the_same_amount_tell_the_same_in_every_order(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    known = answers(sent)
    four = (
        "credited",
        "credited, under another message id",
        "statement of the credit",
        "a stranger's credit without a reference",
    )

    each_order_tells_the_same(sqlite_house, [sent], [known[name] for name in four])


def test_any_answers_in_any_order_and_any_repetition_tell_the_same(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    known, back = answers(sent), sqlite_house.bookmark()
    names = sorted(known)
    expected: dict[frozenset[str], object] = {}

    def state_after(order: Iterable[str]) -> object:
        back()
        sqlite_house.in_turn(*(known[name] for name in order))
        return told(sqlite_house, [sent])

    @REUSED
    @given(st.lists(st.sampled_from(names), min_size=1, max_size=9))
    def holds(order: list[str]) -> None:
        key = frozenset(order)
        if key not in expected:
            expected[key] = state_after(name for name in names if name in key)
        assert state_after(order) == expected[key]

    holds()


def test_a_return_that_is_read_before_its_credit_ends_as_a_return(sqlite_house: House) -> None:
    sent = sqlite_house.sent()

    each_order_tells_the_same(
        sqlite_house,
        [sent],
        [
            camt054(sent.account, returned(sent, day=TAKEN_BACK)),
            camt054(sent.account, credit(sent), message_id="N2"),
            pain002(sent, "RJCT", "MS03"),
        ],
    )


def test_returned_twice_and_credited_again_in_between_is_the_same_in_every_order(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    first, second = date(2026, 10, 2), date(2026, 10, 6)

    each_order_tells_the_same(
        sqlite_house,
        [sent],
        [
            camt054(sent.account, credit(sent)),
            camt054(sent.account, returned(sent, "MS03", first, reference="R1"), message_id="N2"),
            camt054(sent.account, credit(sent, date(2026, 10, 4), reference="C2"), message_id="N3"),
            camt054(sent.account, returned(sent, "AM04", second, reference="R2"), message_id="N4"),
        ],
    )
    assert sqlite_house.collection(sent).failure_code == "AM04"


def test_two_rejections_of_one_day_give_the_same_reason_in_either_order(sqlite_house: House) -> None:
    sent = sqlite_house.sent()

    each_order_tells_the_same(
        sqlite_house,
        [sent],
        [
            pain002(sent, "RJCT", "AM04"),
            pain002(sent, "RJCT", "MS03", message_id="P2"),
            pain002(sent, "RJCT", "AC04", message_id="P3"),
        ],
    )


def test_a_block_booked_in_one_sum_and_its_details_fold_in_every_order(sqlite_house: House) -> None:
    first, second, third = sents = sqlite_house.sent_together("CNAS", "100.00", "200.00", "300.00")

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt053(first.account, CREDITED, 0, total(sents)),
            camt054(first.account, credit(first), credit(second)),
            camt054(first.account, credit(third), message_id="N2"),
            camt054(first.account, returned(first, day=TAKEN_BACK), message_id="N3"),
        ],
    )
    assert sqlite_house.suspense() == []
    assert sqlite_house.balances()["bank/CNAS"] == 500_00


def test_details_that_never_come_leave_the_sum_standing_in_every_order(sqlite_house: House) -> None:
    first, second, third = sents = sqlite_house.sent_together("CNAS", "100.00", "200.00", "300.00")

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt053(first.account, CREDITED, 0, total(sents)),
            camt054(first.account, credit(first)),
            camt054(second.account, credit(second), message_id="N2"),
        ],
    )
    assert sqlite_house.suspense() == []
    assert sqlite_house.balances()["bank/CNAS"] == 600_00
    assert sqlite_house.outcome(third).settled_minor == third.amount_minor


def test_details_inside_one_entry_and_the_sum_alone_fold_in_every_order(sqlite_house: House) -> None:
    sents = sqlite_house.sent_together("CNAS", "100.00", "200.00", "300.00")
    booked = together(*(credit(one) for one in sents))

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt053(sents[0].account, CREDITED, 0, total(sents)),
            camt054(sents[0].account, booked),
            camt054(sents[0].account, booked, message_id="N2"),
        ],
    )
    assert sqlite_house.suspense() == []
    assert sqlite_house.balances()["bank/CNAS"] == 600_00


def test_a_block_of_one_booked_in_one_sum_folds_with_its_detail_in_either_order(sqlite_house: House) -> None:
    sent = sqlite_house.sent()

    each_order_tells_the_same(
        sqlite_house,
        [sent],
        [camt053(sent.account, CREDITED, 0, total([sent])), camt054(sent.account, credit(sent))],
    )
    assert sqlite_house.suspense() == []
    assert sqlite_house.balances()["bank/CNAS"] == sent.amount_minor


@pytest.mark.parametrize(
    "gross", [False, True], ids=["net of the rejected one", "gross, the rejected one debited apart"]
)
def test_a_sum_with_or_without_the_rejected_debit_is_right_in_every_order(sqlite_house: House, gross: bool) -> None:
    first, second, third = sents = sqlite_house.sent_together("CNAS", "100.00", "200.00", "300.00")
    account = first.account
    files = [pain002(first, "RJCT", "AM04"), camt053(account, CREDITED, 0, total([second, third]))]
    if gross:
        files[1] = camt053(account, CREDITED, 0, total(sents))
        files.append(camt054(account, returned(first, "AM04", CREDITED)))

    each_order_tells_the_same(sqlite_house, sents, files)

    assert sqlite_house.suspense() == []
    assert sqlite_house.balances()["bank/CNAS"] == 500_00
    assert sqlite_house.collection(first).failure_code == "AM04"


def test_a_batch_of_returns_booked_in_one_sum_folds_with_its_details_in_every_order(sqlite_house: House) -> None:
    sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    gone = together(*(returned(one, day=TAKEN_BACK) for one in sents), reference="SUM")
    sum_alone = replace(gone, details=(), end_to_end_id=None, servicer_reference=None)

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt054(sents[0].account, *(credit(one) for one in sents)),
            camt054(sents[0].account, gone, message_id="N2"),
            camt053(sents[0].account, TAKEN_BACK, 300_00, sum_alone),
        ],
    )
    assert sqlite_house.suspense() == []
    assert "bank/CNAS" not in sqlite_house.balances()


def test_two_twins_in_the_statement_and_one_notification_are_two_bookings_in_every_order(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    one = Booked(70_00, sent.currency, CREDITED)

    each_order_tells_the_same(
        sqlite_house,
        [sent],
        [
            camt054(sent.account, one),
            camt053(sent.account, CREDITED, 0, one, one),
            camt054(sent.account, credit(sent), message_id="N2"),
        ],
    )
    assert [entry.amount_minor for entry in sqlite_house.waiting()] == [70_00, 70_00]


def test_twins_told_by_two_notifications_and_one_statement_are_counted_alike_in_every_order(
    sqlite_house: House,
) -> None:
    sent = sqlite_house.sent()
    one = Booked(70_00, sent.currency, CREDITED)

    each_order_tells_the_same(
        sqlite_house,
        [sent],
        [
            camt054(sent.account, one),
            camt054(sent.account, one, message_id="N2"),
            camt053(sent.account, CREDITED, 0, one),
        ],
    )


def test_reports_that_share_no_reference_are_one_booking_once_a_third_names_both(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    both = credit(sent, reference="AS-1")

    each_order_tells_the_same(
        sqlite_house,
        [sent],
        [
            camt054(sent.account, replace(both, servicer_reference=None)),
            camt053(sent.account, CREDITED, 0, replace(both, end_to_end_id=None)),
            camt054(sent.account, both, message_id="N2"),
        ],
    )
    assert sqlite_house.suspense() == []
    assert sqlite_house.balances()["bank/CNAS"] == sent.amount_minor


def test_a_deposit_as_large_as_a_batch_is_not_taken_for_the_batch(sqlite_house: House) -> None:
    sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    booked = together(*(credit(one) for one in sents))
    deposit = Booked(300_00, booked.currency, CREDITED, servicer_reference="DEPOSIT")

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt053(sents[0].account, CREDITED, 0, replace(booked, details=(), end_to_end_id=None), deposit),
            camt054(sents[0].account, booked),
        ],
    )
    assert [entry.amount_minor for entry in sqlite_house.waiting()] == [300_00]
