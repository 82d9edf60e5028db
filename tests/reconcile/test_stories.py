"""Stories of money that comes and goes: before its credit, in parts, again, by other means meanwhile, a thousand at once."""

from datetime import date
from itertools import permutations

import pytest
from bank_files import camt053, camt054, credit, pain002, returned, total
from house import House
from other_payments import pay
from reconcile.many import debits_of_block, many_sent
from reconcile.telling import chunks

from debit_service.reconcile.rules import State

CREDITED, TAKEN_BACK, AGAIN = date(2026, 9, 30), date(2026, 10, 5), date(2026, 10, 9)
THOUSAND, REJECTED = 1000, (0, 499, 999)
ROWS = pytest.mark.parametrize("rows", [0, 1])


@ROWS
def test_a_return_that_is_told_before_its_credit_leaves_nothing_waiting_and_nothing_paid(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    chunks(monkeypatch, rows)
    sent = sqlite_house.sent()

    sqlite_house.bank_says(camt054(sent.account, returned(sent, "MS03", TAKEN_BACK, charges_minor=2_50)))
    assert sqlite_house.balances() == {
        "bank/CNAS": -1002_50, "charges/CNAS": 2_50, "in-transit/CNAS": 1000_00,
        "receivable/CNAS": 1000_00, "declared/CNAS": -1000_00,
    }  # fmt: skip
    sqlite_house.bank_says(camt054(sent.account, credit(sent), message_id="N2"))

    assert sqlite_house.outcome(sent).state is State.RETURNED
    assert sqlite_house.suspense() == []
    assert sqlite_house.balances() == {
        "bank/CNAS": -2_50, "charges/CNAS": 2_50, "receivable/CNAS": 1000_00, "declared/CNAS": -1000_00,
    }  # fmt: skip
    assert sqlite_house.breaches() == {}


@ROWS
def test_a_return_is_taken_back_and_comes_again_all_in_one_file_and_in_the_wrong_order(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    chunks(monkeypatch, rows)
    sent = sqlite_house.sent()

    sqlite_house.bank_says(
        camt054(
            sent.account,
            returned(sent, "AC04", date(2026, 10, 14), reference="R2"),
            credit(sent, AGAIN, reference="C2"),
            returned(sent, "AM04", TAKEN_BACK, reference="R1"),
            credit(sent, CREDITED, reference="C1"),
        )
    )

    result, row = sqlite_house.outcome(sent), sqlite_house.collection(sent)
    assert (result.state, result.settled_minor, result.returned_minor) == (State.RETURNED, 2000_00, 2000_00)
    assert (row.live, row.failure_code, row.failed_on) == (False, "AC04", date(2026, 10, 14))
    assert sqlite_house.suspense() == []
    assert sqlite_house.breaches() == {}


def test_a_part_of_a_debit_is_no_payment_of_it_and_two_parts_wait_for_a_person(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    parts = [credit(sent, reference=name, amount_minor=minor) for name, minor in (("A", 600_00), ("B", 400_00))]

    sqlite_house.in_turn(camt054(sent.account, parts[0]), camt053(sent.account, CREDITED, 0, *parts))

    assert sqlite_house.outcome(sent).state is State.SENT
    assert [(one.amount_minor, why[0]) for one, why in zip(sqlite_house.waiting(), sqlite_house.suspense(), strict=True)] == [
        (600_00, "amount"), (400_00, "amount"),
    ]  # fmt: skip
    assert sqlite_house.balances()["bank/CNAS"] == 1000_00
    assert sqlite_house.breaches() == {}


@pytest.mark.parametrize("order", list(permutations(["credit", "return", "transfer"])), ids=" ".join)
def test_a_debit_that_is_returned_after_the_employer_paid_otherwise_leaves_nobody_anything_to_pay_back(
    sqlite_house: House, order: tuple[str, ...]
) -> None:
    house = sqlite_house
    sent = house.sent()
    said = {
        "credit": camt054(sent.account, credit(sent)),
        "return": camt054(sent.account, returned(sent, "MD06", TAKEN_BACK), message_id="N2"),
    }

    for step in order:
        if step == "transfer":
            pay(house, sent.contribution_id)
        else:
            house.bank_says(said[step])
        assert sum(house.balances().values()) == 0

    assert house.balances() == {"other-means/CNAS": 1000_00, "declared/CNAS": -1000_00}
    assert house.collect().planned == 0
    assert house.breaches() == {}


def test_a_thousand_debits_booked_as_one_sum_with_three_rejected_net_and_gross(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = sqlite_house
    sents = many_sent(house, monkeypatch, THOUSAND)
    assert len(sents) == THOUSAND
    rejected = [sents[number] for number in REJECTED]
    paid = [one for one in sents if one not in rejected]
    account, net = sents[0].account, sum(one.amount_minor for one in paid)
    letters = [pain002(one, "RJCT", "AC04", message_id=f"P{one.end_to_end_id}") for one in rejected]
    gone = [returned(one, "AC04", CREDITED) for one in rejected]
    apart, gross = camt054(account, *gone), camt053(account, CREDITED, 0, total(sents), *gone)
    back = house.bookmark()

    for case, files in {
        "net": [*letters, camt053(account, CREDITED, 0, total(paid))],
        "net, told before the rejections": [camt053(account, CREDITED, 0, total(paid)), *letters],
        "gross": [*letters, gross],
        "gross, the rejected debited first": [apart, gross, *letters],
    }.items():
        back()
        house.in_turn(*files)
        assert house.suspense() == [], case
        assert house.balances()["bank/CNAS"] == net, case
        assert house.balances()["receivable/CNAS"] == sum(one.amount_minor for one in rejected), case
        rows = debits_of_block(house, sents[0])
        assert {row.end_to_end_id for row in rows if not row.live} == {one.end_to_end_id for one in rejected}, case
    assert house.breaches() == {}
