"""An employer pays by transfer what is to be debited: before the debit, meanwhile and after it, in part, twice, by mistake."""

from datetime import date

import pytest
from bank_files import camt054, credit, pain002, returned
from house import CLERK, House, Sent
from other_payments import pay, undo

from debit_service import operations
from debit_service.collections import queries as collections
from debit_service.collections.service.other_means import Stop
from debit_service.reports.explain import explanation, lines
from debit_service.reports.rules import Line, Report, Standing
from debit_service.reports.service import report

RECEIVABLE, OTHER_MEANS, REFUNDS = "receivable/CNAS", "other-means/CNAS", "refunds-owed/CNAS"
DUE = date(2026, 9, 30)


def made(house: House) -> Report:
    """The report as finance staff see it."""
    service = house.service
    with service.desk.reading(CLERK) as work:
        return report(work, service.funds, service.debit_calendars, service.codes)


def line(house: House, contribution_id: str) -> Line:
    """A contribution on the report."""
    return next(one for one in made(house).lines if one.contribution_id == contribution_id)


def batched(house: House) -> tuple[str, str, str]:
    """Two contributions of two employers whose debits stand in one batch; returns both and the batch."""
    mine, another = (house.contribution(house.employer()) for _ in range(2))
    house.collect()
    house.go_to(house.send_day("CNAS", DUE))
    (batch_id,) = house.collect().batches
    return mine, another, batch_id


def live(house: House, contribution_id: str) -> list[int]:
    """The amounts of the live attempts at a contribution."""
    return [one.amount_minor for one in house.debits_of(contribution_id) if one.live]


def test_paid_before_it_is_planned_it_is_never_debited(house: House) -> None:
    contribution_id = house.contribution(house.employer())

    recorded = pay(house, contribution_id)
    collected = house.collect()

    assert (recorded.stopped.what, recorded.open_minor) == (Stop.NOTHING_TO_STOP, 0)
    assert list(collected.left_alone.values()) == ["paid by other means"]
    assert house.balances() == {OTHER_MEANS: 1000_00, "declared/CNAS": -1000_00}
    assert line(house, contribution_id).standing is Standing.PAID_OTHERWISE
    assert house.breaches() == {}


def test_paid_after_it_is_planned_the_debit_is_cancelled_and_not_planned_again(sqlite_house: House) -> None:
    house = sqlite_house
    contribution_id = house.contribution(house.employer())
    house.collect()

    recorded = pay(house, contribution_id)
    house.collect()

    (attempt,) = house.debits_of(contribution_id)
    assert recorded.stopped.what is Stop.CANCELLED
    assert (attempt.live, "by other means" in (attempt.cancelled_why or "")) == (False, True)


@pytest.mark.parametrize("approved", [False, True], ids=["made", "approved"])
def test_paid_after_it_is_batched_the_batch_is_made_anew_without_it(sqlite_house: House, approved: bool) -> None:
    house = sqlite_house
    mine, another, batch_id = batched(house)
    if approved:
        house.approve(batch_id)

    recorded = pay(house, mine)
    house.collect()

    with house.reading() as work:
        assert collections.batch_state(work, batch_id) == "cancelled"
    assert recorded.stopped.what is Stop.CANCELLED
    assert (live(house, mine), live(house, another)) == ([], [1000_00])
    assert house.breaches() == {}


def test_paid_after_it_was_sent_it_cannot_be_stopped_and_people_are_told_until_the_bank_answers(house: House) -> None:
    sent = house.sent()

    recorded = pay(house, sent.contribution_id)

    assert (recorded.stopped.what, recorded.stopped.end_to_end_id) == (Stop.AT_BANK, sent.end_to_end_id)
    assert any(
        f"the debit {sent.end_to_end_id} of 1000.00 DZD is at the bank" in str(one) for one in made(house).attention
    )
    assert house.breaches() == {}

    house.bank_says(pain002(sent, "RJCT", "AM04"))
    assert not any(sent.end_to_end_id in str(one) for one in made(house).attention)
    assert house.balances() == {OTHER_MEANS: 1000_00, "declared/CNAS": -1000_00}
    assert house.breaches() == {}


@pytest.mark.parametrize("first", ["the debit", "the transfer"])
def test_paid_by_both_ways_the_surplus_is_owed_back_whichever_came_first(house: House, first: str) -> None:
    sent = house.sent()
    if first == "the debit":
        house.bank_says(camt054(sent.account, credit(sent)))
    recorded = pay(house, sent.contribution_id)
    if first == "the transfer":
        house.bank_says(camt054(sent.account, credit(sent)))

    assert (recorded.refund_owed_minor > 0) == (first == "the debit")
    assert house.balances() == {
        "bank/CNAS": 1000_00, OTHER_MEANS: 1000_00, REFUNDS: -1000_00, "declared/CNAS": -1000_00,
    }  # fmt: skip
    assert any("1000.00 DZD more was paid than is owed" in str(one) for one in made(house).attention)
    assert line(house, sent.contribution_id).refund_owed_minor == 1000_00
    assert house.breaches() == {}


def test_when_the_bank_returns_the_debit_nothing_is_owed_back_any_more(house: House) -> None:
    sent = house.sent()
    pay(house, sent.contribution_id)
    house.bank_says(camt054(sent.account, credit(sent)))

    house.bank_says(camt054(sent.account, returned(sent, "MD06"), message_id="N2"))

    assert house.balances() == {OTHER_MEANS: 1000_00, "declared/CNAS": -1000_00}
    assert line(house, sent.contribution_id).standing is Standing.PAID_OTHERWISE
    assert house.breaches() == {}


def test_paid_in_part_the_rest_is_collected_as_an_amount_of_its_own(house: House) -> None:
    contribution_id = house.contribution(house.employer())
    house.collect()

    recorded = pay(house, contribution_id, "400.00")
    sent = house.send_due("CNAS", DUE, contribution_id)
    house.bank_says(camt054(sent.account, credit(sent)))

    assert (recorded.stopped.what, recorded.open_minor) == (Stop.CANCELLED, 600_00)
    assert sent.amount_minor == 600_00
    assert house.balances() == {"bank/CNAS": 600_00, OTHER_MEANS: 400_00, "declared/CNAS": -1000_00}
    shown = line(house, contribution_id)
    assert (shown.standing, shown.why) == (Standing.PAID, "debited at attempt 2, and paid by other means")
    assert house.breaches() == {}


def test_two_parts_make_the_whole(sqlite_house: House) -> None:
    house = sqlite_house
    contribution_id = house.contribution(house.employer())
    pay(house, contribution_id, "400.00")
    assert line(house, contribution_id).standing is Standing.PARTLY_PAID

    second = pay(house, contribution_id, "600.00", reference="T-2")

    assert second.open_minor == 0
    assert line(house, contribution_id).standing is Standing.PAID_OTHERWISE


def test_an_undone_payment_is_booked_back_and_the_whole_is_debited_again(house: House) -> None:
    contribution_id = house.contribution(house.employer())
    recorded = pay(house, contribution_id, "400.00")
    house.collect()
    assert live(house, contribution_id) == [600_00]

    undone = undo(house, recorded.payment.id)
    house.collect()

    assert undone.stopped.what is Stop.CANCELLED
    assert live(house, contribution_id) == [1000_00]
    assert house.balances() == {RECEIVABLE: 1000_00, "declared/CNAS": -1000_00}
    assert house.breaches() == {}


def test_the_rest_that_was_debited_is_paid_in_part_when_the_transfer_is_undone(sqlite_house: House) -> None:
    house = sqlite_house
    contribution_id = house.contribution(house.employer())
    recorded = pay(house, contribution_id, "400.00")
    sent = house.send_due("CNAS", DUE, contribution_id)
    house.bank_says(camt054(sent.account, credit(sent)))

    undone = undo(house, recorded.payment.id)

    assert (undone.stopped.what, undone.open_minor) == (Stop.NOTHING_TO_STOP, 400_00)
    assert line(house, contribution_id).standing is Standing.PARTLY_PAID
    assert house.balances()[RECEIVABLE] == 400_00
    assert any("400.00 DZD are not paid" in str(said) for said in made(sqlite_house).attention)


def test_the_totals_of_the_report_tell_debits_and_other_means_apart(sqlite_house: House) -> None:
    house = sqlite_house
    first, second = house.sent_together("CNAS", "1000.00", "500.00")
    house.bank_says(camt054(first.account, credit(first), credit(second)))
    pay(house, first.contribution_id)
    pay(house, house.contribution(house.employer()), "70.00", reference="T-2")

    (totals,) = made(house).totals

    assert (totals.paid, totals.paid_otherwise) == ((2, 1500_00), (2, 1070_00))
    assert totals.refunds_owed == (1, 1000_00)


def test_explanation_and_proof_pack_tell_what_was_paid_by_other_means(sqlite_house: House) -> None:
    house = sqlite_house
    sent: Sent = house.sent()
    recorded = pay(house, sent.contribution_id, "400.00")
    undo(house, recorded.payment.id, "the cheque bounced")
    pay(house, sent.contribution_id, "1000.00", reference="T-2")
    house.bank_says(camt054(sent.account, credit(sent)))

    with house.desk.work(CLERK) as work:
        told = "\n".join(lines(explanation(work, house.service.funds, house.service.codes, sent.contribution_id)))

    assert "paid by transfer: 400.00 DZD on 2026-09-" in told
    assert "undone by approver: the cheque bounced" in told
    assert "to be refunded: 1000.00 DZD" in told
    pack = operations.proof_pack(house.service, CLERK, sent.contribution_id)
    assert recorded.payment.id in pack.files["contribution.json"].decode()
