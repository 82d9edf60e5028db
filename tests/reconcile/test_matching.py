"""What is made of each kind of bank entry: matched, folded into one that says the same, in suspense with the reason, or noted."""

import re
from dataclasses import replace
from datetime import date

import pytest
from bank_files import Booked, camt053, camt054, credit, pain002, returned, together, total
from house import House, Sent

from debit_service.reconcile.rules import State

CREDITED, TAKEN_BACK = date(2026, 9, 30), date(2026, 10, 5)


def reasons(house: House) -> list[str]:
    """The stable reasons of everything in suspense."""
    return sorted(reason for reason, _ in house.suspense())


# --- the same news twice ----------------------------------------------------------------------------------------------


def test_the_same_file_under_another_name_changes_nothing(house: House) -> None:
    sent = house.sent()
    file = camt054(sent.account, credit(sent), Booked(70_00, sent.currency, CREDITED))
    house.in_turn(file)
    before = (house.outcome(sent), house.balances(), house.suspense())

    assert house.in_turn(file, file) == []

    assert (house.outcome(sent), house.balances(), house.suspense()) == before


def test_a_file_written_anew_with_other_white_space_folds_line_by_line_also_without_references(
    sqlite_house: House,
) -> None:
    sent = sqlite_house.sent()
    nameless = Booked(70_00, sent.currency, CREDITED)
    file = camt054(sent.account, credit(sent), nameless, nameless)

    sqlite_house.in_turn(file, file.replace(b"><", b">\n  <"))

    assert reasons(sqlite_house) == ["no_reference", "no_reference"]
    assert sqlite_house.balances()["bank/CNAS"] == sent.amount_minor + 140_00
    assert sqlite_house.breaches() == {}


def test_the_same_entries_under_another_message_id_fold_by_their_references(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    booked = (credit(sent), returned(sent, day=TAKEN_BACK))

    sqlite_house.in_turn(camt054(sent.account, *booked), camt054(sent.account, *booked, message_id="COPY"))

    assert sqlite_house.outcome(sent).state is State.RETURNED
    assert "bank/CNAS" not in sqlite_house.balances()
    assert sqlite_house.suspense() == []


def test_two_genuine_twins_without_references_both_count(house: House) -> None:
    sent = house.sent()
    nameless = Booked(70_00, sent.currency, CREDITED)

    house.in_turn(
        camt054(sent.account, nameless, nameless), camt054(sent.account, nameless, message_id="ANOTHER NOTIFICATION")
    )

    assert [one.amount_minor for one in house.waiting()] == [70_00] * 3
    assert house.balances()["suspense/CNAS"] == -210_00


def test_a_notification_and_the_statement_of_that_day_are_one_booking_also_without_references(
    sqlite_house: House,
) -> None:
    sent = sqlite_house.sent()
    nameless = Booked(70_00, sent.currency, CREDITED)

    sqlite_house.in_turn(camt054(sent.account, nameless), camt053(sent.account, CREDITED, 0, nameless))

    assert sqlite_house.balances()["suspense/CNAS"] == -70_00


def test_entries_of_two_days_are_two_bookings_whatever_else_agrees(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    first = Booked(70_00, sent.currency, CREDITED, servicer_reference="SAME")

    sqlite_house.in_turn(
        camt054(sent.account, first), camt054(sent.account, replace(first, day=TAKEN_BACK), message_id="N2")
    )

    assert len(sqlite_house.waiting()) == 2


def test_a_statement_that_knows_only_the_banks_reference_is_explained_by_the_notification_that_follows(
    sqlite_house: House,
) -> None:
    sent = sqlite_house.sent()
    both = credit(sent, reference="AS-1")
    bare = replace(both, end_to_end_id=None)

    sqlite_house.in_turn(camt053(sent.account, CREDITED, 0, bare))
    assert reasons(sqlite_house) == ["no_reference"]
    sqlite_house.in_turn(camt054(sent.account, both))

    assert sqlite_house.outcome(sent).state is State.SETTLED
    assert sqlite_house.suspense() == []
    assert sqlite_house.breaches() == {}


# --- blocks -----------------------------------------------------------------------------------------------------------


def test_a_sum_whose_count_is_not_the_blocks_waits(sqlite_house: House) -> None:
    sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")

    sqlite_house.in_turn(camt054(sents[0].account, total(sents, count=3)))

    assert reasons(sqlite_house) == ["batch_differs"]
    assert sqlite_house.outcome(sents[0]).state is State.SENT


def test_a_sum_that_is_not_the_blocks_waits_to_the_cent(sqlite_house: House) -> None:
    sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")

    sqlite_house.in_turn(camt054(sents[0].account, total(sents, amount_minor=299_99)))

    assert reasons(sqlite_house) == ["batch_differs"]
    assert sqlite_house.balances()["suspense/CNAS"] == -299_99


def test_a_sum_of_a_block_that_is_not_ours_waits(sqlite_house: House) -> None:
    sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    unknown = replace(total(sents), batch=("NOT-OURS", 2))

    sqlite_house.in_turn(camt054(sents[0].account, unknown))

    assert reasons(sqlite_house) == ["no_reference"]


def test_a_block_that_is_booked_twice_in_one_sum_waits_the_second_time(sqlite_house: House) -> None:
    sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    details = camt054(sents[0].account, *(credit(one) for one in sents))

    sqlite_house.in_turn(details, camt053(sents[0].account, CREDITED, 0, total(sents), total(sents)))

    assert reasons(sqlite_house) == ["batch_differs"]
    assert sqlite_house.balances()["bank/CNAS"] == 600_00


def test_a_detail_of_a_booked_block_with_another_amount_waits_beside_the_sum(sqlite_house: House) -> None:
    sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    wrong = credit(sents[0], amount_minor=90_00)

    sqlite_house.in_turn(camt053(sents[0].account, CREDITED, 0, total(sents)), camt054(sents[0].account, wrong))

    assert reasons(sqlite_house) == ["amount"]


def test_returns_in_one_entry_each_keep_their_own_reason_and_charges(sqlite_house: House) -> None:
    first, second = sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    gone = together(
        returned(first, "AM04", TAKEN_BACK, charges_minor=300), returned(second, "AC04", TAKEN_BACK), reference="SUM"
    )

    sqlite_house.in_turn(
        camt054(first.account, *(credit(one) for one in sents)), camt054(first.account, gone, message_id="N2")
    )

    assert [sqlite_house.collection(one).failure_code for one in sents] == ["AM04", "AC04"]
    assert [sqlite_house.outcome(one).charges_minor for one in sents] == [300, 0]
    assert sqlite_house.balances()["charges/CNAS"] == 300
    assert sqlite_house.balances()["bank/CNAS"] == -300


# --- what cannot be right ---------------------------------------------------------------------------------------------


def wrong_amount(sent: Sent) -> bytes:
    return camt054(sent.account, credit(sent, amount_minor=sent.amount_minor - 1))


def unexplained_fee(sent: Sent) -> bytes:
    gone = replace(returned(sent, day=TAKEN_BACK), amount_minor=sent.amount_minor + 500)
    return camt054(sent.account, credit(sent), gone)


def wrong_currency(sent: Sent) -> bytes:
    return camt054(sent.account, replace(credit(sent), currency="EUR"))


def account_of_another_fund(sent: Sent) -> bytes:
    return camt054("DE89370400440532013000", credit(sent))


def account_of_nobody(sent: Sent) -> bytes:
    return camt054("DZ580002100001113000000570", credit(sent))


def unknown_reference(sent: Sent) -> bytes:
    return camt054(sent.account, replace(credit(sent), end_to_end_id="NOT-OURS"))


def paid_twice(sent: Sent) -> bytes:
    return camt054(sent.account, credit(sent), credit(sent, reference="AGAIN"))


def returned_twice(sent: Sent) -> bytes:
    gone = returned(sent, day=TAKEN_BACK)
    return camt054(sent.account, credit(sent), gone, replace(gone, servicer_reference="AGAIN"))


def charge_alone(sent: Sent) -> bytes:
    return camt054(sent.account, Booked(500, sent.currency, CREDITED, "DBIT", sub_family="CHRG"))


WRONG = [
    (wrong_amount, "amount"),
    (unexplained_fee, "amount"),
    (wrong_currency, "other_account"),
    (account_of_another_fund, "other_account"),
    (account_of_nobody, "other_account"),
    (unknown_reference, "unknown_reference"),
    (paid_twice, "exceeds"),
    (returned_twice, "exceeds"),
    (charge_alone, "charge_alone"),
]


@pytest.mark.parametrize(("said", "reason"), WRONG, ids=lambda value: getattr(value, "__name__", value))
def test_what_cannot_be_right_waits_in_suspense_with_its_reason(sqlite_house: House, said: object, reason: str) -> None:
    sent = sqlite_house.sent()
    assert callable(said)

    sqlite_house.in_turn(said(sent))

    ((found, explanation),) = sqlite_house.suspense()
    assert (found, bool(explanation)) == (reason, True)
    assert sqlite_house.breaches() == {}


def test_a_return_of_a_return_pays_the_debit_again(sqlite_house: House) -> None:
    sent = sqlite_house.sent()

    sqlite_house.in_turn(
        camt054(sent.account, credit(sent)),
        camt054(sent.account, returned(sent, day=TAKEN_BACK), message_id="N2"),
        camt054(sent.account, credit(sent, date(2026, 10, 7), reference="AGAIN"), message_id="N3"),
    )

    result = sqlite_house.outcome(sent)
    assert (result.state, result.settled_on) == (State.SETTLED, date(2026, 10, 7))
    assert sqlite_house.collection(sent).live
    assert sqlite_house.breaches() == {}


@pytest.mark.parametrize("status", ["PDNG", "INFO", "FUTR"])
def test_what_is_not_booked_is_noted_and_moves_nothing(sqlite_house: House, status: str) -> None:
    sent = sqlite_house.sent()

    sqlite_house.in_turn(camt054(sent.account, replace(credit(sent), status=status)))

    assert sqlite_house.outcome(sent).state is State.SENT
    assert sqlite_house.suspense() == []
    assert "bank/CNAS" not in sqlite_house.balances()


def test_money_on_an_account_of_nobody_is_not_booked_at_the_fund(sqlite_house: House) -> None:
    sent = sqlite_house.sent()

    sqlite_house.in_turn(account_of_nobody(sent))

    assert sqlite_house.balances()["suspense/unknown"] == -sent.amount_minor
    assert "bank/CNAS" not in sqlite_house.balances()


# --- status reports ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["RCVD", "ACTC", "ACCP", "ACSP", "ACWC", "PDNG", "ACSC", "PATC"])
def test_no_positive_status_is_money(sqlite_house: House, status: str) -> None:
    sent = sqlite_house.sent()

    sqlite_house.in_turn(pain002(sent, status, None))

    assert sqlite_house.outcome(sent).state is State.ACCEPTED
    assert sqlite_house.collection(sent).live
    assert "bank/CNAS" not in sqlite_house.balances()


@pytest.mark.parametrize("level", ["block", "group"])
def test_a_rejection_of_the_whole_without_transactions_rejects_each_of_them(sqlite_house: House, level: str) -> None:
    sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    assert level in ("block", "group")

    sqlite_house.in_turn(pain002(sents[0], "RJCT", "AM04", level=level))  # type: ignore[arg-type]

    assert [sqlite_house.outcome(one).state for one in sents] == [State.REJECTED] * 2
    assert [sqlite_house.collection(one).live for one in sents] == [False] * 2
    assert sqlite_house.balances()["receivable/CNAS"] == 300_00


def test_partly_accepted_rejects_only_what_is_listed(sqlite_house: House) -> None:
    first, second = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    report = pain002(first, "RJCT", "AM04").replace(
        b"</OrgnlGrpInfAndSts>", b"<GrpSts>PART</GrpSts></OrgnlGrpInfAndSts>"
    )

    sqlite_house.in_turn(report)

    assert sqlite_house.outcome(first).state is State.REJECTED
    assert not sqlite_house.outcome(second).failed


def test_a_rejected_group_that_lists_its_transactions_leaves_the_others_alone(sqlite_house: House) -> None:
    first, second = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    report = pain002(first, "RJCT", "AM04").replace(
        b"</OrgnlGrpInfAndSts>", b"<GrpSts>RJCT</GrpSts></OrgnlGrpInfAndSts>"
    )

    sqlite_house.in_turn(report)

    assert sqlite_house.outcome(first).state is State.REJECTED
    assert not sqlite_house.outcome(second).failed


@pytest.mark.parametrize("code", ["DUPL", "DU01"])
def test_the_answer_that_the_bank_has_this_file_already_changes_nothing(sqlite_house: House, code: str) -> None:
    sent = sqlite_house.sent()
    sqlite_house.in_turn(pain002(sent, "ACCP", None))

    sqlite_house.in_turn(pain002(sent, "RJCT", code, level="group", message_id="P2"))

    assert sqlite_house.outcome(sent).state is State.ACCEPTED
    assert sqlite_house.suspense() == []


def test_a_reject_after_the_credit_does_not_undo_the_money_and_is_told_as_a_contradiction(sqlite_house: House) -> None:
    sent = sqlite_house.sent()

    sqlite_house.in_turn(camt054(sent.account, credit(sent)), pain002(sent, "RJCT", "AM04"))

    result = sqlite_house.outcome(sent)
    assert (result.state, result.contradiction is not None) == (State.SETTLED, True)
    assert sqlite_house.collection(sent).live


def test_a_credit_after_the_reject_pays_the_debit(sqlite_house: House) -> None:
    sent = sqlite_house.sent()

    sqlite_house.in_turn(pain002(sent, "RJCT", "AM04"), camt054(sent.account, credit(sent)))

    row = sqlite_house.collection(sent)
    assert (row.live, row.failure_code) == (True, None)
    assert sqlite_house.breaches() == {}


def test_a_status_for_a_reference_that_is_not_ours_waits(sqlite_house: House) -> None:
    sent = sqlite_house.sent()

    sqlite_house.in_turn(re.sub(rb"(<OrgnlEndToEndId>)[^<]+", rb"\1NOT-OURS", pain002(sent, "RJCT", "AM04")))

    assert reasons(sqlite_house) == ["unknown_reference"]
