"""What one person may not decide alone, however it is cut up; and what a later file says against a person's decision."""

from dataclasses import replace
from datetime import date

import pytest
from bank_files import camt053, camt054, credit, returned
from house import House, Sent
from reconcile.deciding import MUCH, confirmed, decided, money, money_in, paid_out, queue, undone

from debit_service.core.errors import Refused
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.rules import State
from debit_service.reconcile.same_booking.said_since import contradictions
from debit_service.reconcile.service.told_before import told_before
from debit_service.reconcile.tie_out import queries as tie_out
from debit_service.reports.attention import attention

AFTER = date(2026, 10, 5)
#: A slice of which one is below CNAS's limit for a person alone, and two are above it.
SLICE = 90_000_000


def test_slices_of_one_entry_count_together_against_the_limit_of_one_person(sqlite_house: House) -> None:
    house = sqlite_house
    employer = house.employer()
    for number in range(3):
        house.contribution(employer, amount="900000.00", reference=f"C-{number}")
    house.go_to(AFTER)
    entry_id = money_in(house, 3 * SLICE)

    first = decided(house, entry_id, Decision.ALLOCATED, shares=(("C-0", SLICE),))
    second = decided(house, entry_id, Decision.ALLOCATED, shares=(("C-1", SLICE),))
    assert (first.state, second.state) == ("carried_out", "proposed")
    confirmed(house, second.id)

    # What two persons decided is no part of what the one has decided alone, and still every further slice is.
    assert decided(house, entry_id, Decision.ALLOCATED, shares=(("C-2", SLICE),)).state == "proposed"
    assert house.breaches() == {}


def test_what_two_persons_decided_one_person_does_not_take_back(sqlite_house: House) -> None:
    house = sqlite_house
    house.go_to(AFTER)
    entry_id = money_in(house, 2 * SLICE)
    house.contribution(house.employer(), amount="900000.00", reference="C-0")
    decided(house, entry_id, Decision.ALLOCATED, shares=(("C-0", SLICE),))
    rest = decided(house, entry_id, Decision.REFUND_OWED)
    confirmed(house, rest.id)

    assert undone(house, rest.id).state == "carried_out"
    with house.reading() as work:
        seconded = [one.decision for one, _ in decisions.history(work, entry_id) if one.confirmed_by]
    assert seconded == ["refund_owed", "undone"]


def test_slices_of_one_refund_count_together_against_the_limit_of_one_person(sqlite_house: House) -> None:
    house = sqlite_house
    house.go_to(AFTER)
    entry_id = money_in(house, 3 * SLICE)
    confirmed(house, decided(house, entry_id, Decision.REFUND_OWED).id)

    first, second = paid_out(house, entry_id, SLICE, "O-1"), paid_out(house, entry_id, SLICE, "O-2")

    assert (first.state, second.state) == ("carried_out", "proposed")


def _unnamed_then_named(house: House, decision: Decision) -> tuple[Sent, str, str]:
    """A statement names no debit and a clerk decides; then the notification of the same booking names ours."""
    sent = house.sent()
    house.go_to(AFTER)
    unnamed = replace(credit(sent), end_to_end_id=None, servicer_reference="AS1", sub_family="OTHR")
    house.in_turn(camt053(sent.account, sent.collection_date, 0, unnamed))
    (entry,) = house.waiting()
    resolution = decided(house, entry.id, decision)
    house.in_turn(camt054(sent.account, credit(sent, reference="AS1"), message_id="N7"))
    return sent, entry.id, resolution.id


@pytest.mark.parametrize("decision", [Decision.REFUND_OWED, Decision.NOT_OURS])
def test_taking_back_a_decision_lets_a_report_speak_that_came_meanwhile(house: House, decision: Decision) -> None:
    sent, _, resolution_id = _unnamed_then_named(house, decision)

    undone(house, resolution_id)

    assert queue(house) == []
    assert house.outcome(sent).state is State.SETTLED
    assert money(house) == {"bank": 1000_00}
    assert house.breaches() == {}


def test_a_later_file_that_names_a_debit_of_ours_is_told_against_the_decision_until_it_is_undone(house: House) -> None:
    sent, entry_id, resolution_id = _unnamed_then_named(house, Decision.REFUND_OWED)
    with house.reading() as work:
        assert contradictions(work) == [(entry_id, sent.end_to_end_id)]
        assert contradictions(work, ["another"]) == []
        (told,) = [
            one for one in attention(work, house.service.funds, house.service.debit_calendars) if entry_id in str(one)
        ]
        assert sent.end_to_end_id in str(told)

    undone(house, resolution_id)

    with house.reading() as work:
        assert contradictions(work) == []


def test_what_was_matched_to_the_debit_that_a_later_file_names_is_not_contradicted(sqlite_house: House) -> None:
    house = sqlite_house
    sent = house.sent()
    house.go_to(AFTER)
    unnamed = replace(credit(sent), end_to_end_id=None, servicer_reference="AS1", sub_family="OTHR")
    house.in_turn(camt053(sent.account, sent.collection_date, 0, unnamed))
    (entry,) = house.waiting()
    decided(house, entry.id, Decision.MATCHED, end_to_end_id=sent.end_to_end_id)
    house.in_turn(camt054(sent.account, credit(sent, reference="AS1"), message_id="N7"))

    with house.reading() as work:
        assert contradictions(work) == []


def test_a_refund_that_a_later_file_contradicts_is_paid_out_by_two_persons_only(sqlite_house: House) -> None:
    _, entry_id, _ = _unnamed_then_named(sqlite_house, Decision.REFUND_OWED)

    assert paid_out(sqlite_house, entry_id, 1_00).state == "proposed"


def _returned_with_more(house: House, more_minor: int) -> tuple[Sent, str]:
    """A debit was paid, and goes back with more, of which the bank states nothing; returns the entry that waits."""
    sent = house.sent()
    house.go_to(AFTER)
    back = replace(returned(sent), amount_minor=sent.amount_minor + more_minor)
    house.in_turn(camt054(sent.account, credit(sent)), camt054(sent.account, back, message_id="N2"))
    (entry,) = house.waiting()
    return sent, entry.id


def test_a_return_with_a_fee_that_the_bank_did_not_state_is_matched_with_the_charge_that_a_person_names(
    house: House,
) -> None:
    sent, entry_id = _returned_with_more(house, 5_00)

    matched = decided(house, entry_id, Decision.MATCHED, end_to_end_id=sent.end_to_end_id, charge_minor=5_00)

    found = house.outcome(sent)
    assert (found.state, found.returned_minor, found.charges_minor) == (State.RETURNED, sent.amount_minor, 5_00)
    assert money(house) == {"bank": -5_00, "charges": 5_00}
    assert house.breaches() == {}

    undone(house, matched.id)
    assert house.outcome(sent).state is State.SETTLED
    assert [one.left_minor for one in queue(house)] == [sent.amount_minor + 5_00]


@pytest.mark.parametrize("charge_minor", [None, 4_00, 6_00, 0, -5_00])
def test_a_charge_that_does_not_explain_the_whole_difference_is_refused(
    sqlite_house: House, charge_minor: int | None
) -> None:
    sent, entry_id = _returned_with_more(sqlite_house, 5_00)

    with pytest.raises(Refused, match="does not fit"):
        decided(sqlite_house, entry_id, Decision.MATCHED, end_to_end_id=sent.end_to_end_id, charge_minor=charge_minor)

    assert sqlite_house.outcome(sent).state is State.SETTLED


def test_a_charge_above_what_one_person_may_decide_is_only_proposed(sqlite_house: House) -> None:
    sent, entry_id = _returned_with_more(sqlite_house, MUCH)

    named = decided(sqlite_house, entry_id, Decision.MATCHED, end_to_end_id=sent.end_to_end_id, charge_minor=MUCH)
    assert (named.state, sqlite_house.outcome(sent).state) == ("proposed", State.SETTLED)

    confirmed(sqlite_house, named.id)
    assert sqlite_house.outcome(sent).state is State.RETURNED


def test_of_money_that_came_in_no_charge_is_named(sqlite_house: House) -> None:
    house = sqlite_house
    sent = house.sent()
    house.go_to(AFTER)
    house.in_turn(camt054(sent.account, replace(credit(sent), amount_minor=sent.amount_minor - 5_00)))
    (entry,) = house.waiting()

    with pytest.raises(Refused, match="only of money that left"):
        decided(house, entry.id, Decision.MATCHED, end_to_end_id=sent.end_to_end_id, charge_minor=5_00)


NEXT_DAY = date(2026, 10, 1)


def _told_a_day_apart(house: House) -> tuple[Sent, str, str]:
    """A notification and a statement tell of one credit and date it a day apart; returns which counts, which waits."""
    sent = house.sent()
    house.go_to(AFTER)
    day = sent.collection_date
    house.in_turn(
        camt053(sent.account, day, 0, message_id="S1"),
        camt054(sent.account, credit(sent, reference="AS1")),
        camt053(sent.account, NEXT_DAY, 0, credit(sent, reference="AS1", day=NEXT_DAY), message_id="S2"),
    )
    (waits,) = house.waiting()
    with house.reading() as work:
        (before,) = told_before(work, decisions.entry(work, waits.id))
        return sent, before.entry.id, waits.id


def test_a_booking_that_two_reports_date_differently_counts_once_when_a_person_says_so(house: House) -> None:
    sent, counts, waits = _told_a_day_apart(house)

    said = decided(house, waits, Decision.TOLD_BEFORE, same_as=counts)

    assert queue(house) == []
    assert (house.outcome(sent).state, money(house)) == (State.SETTLED, {"bank": sent.amount_minor})
    with house.reading() as work:
        assert list(tie_out.findings(work)) == []
        assert list(tie_out.findings(work, fund_id="CNAS", first=NEXT_DAY, last=NEXT_DAY)) == []
    assert house.breaches() == {}

    undone(house, said.id)
    assert [one.entry.id for one in queue(house)] == [waits]
    assert money(house) == {"bank": 2 * sent.amount_minor, "suspense": -sent.amount_minor}


def test_what_states_another_reference_is_no_other_report_of_a_booking(sqlite_house: House) -> None:
    house = sqlite_house
    sent, counts, _ = _told_a_day_apart(house)
    other = credit(sent, reference="AS2", day=NEXT_DAY)
    house.in_turn(camt054(sent.account, other, message_id="N9"))
    waits = next(one.id for one in house.waiting() if one.account_servicer_reference == "AS2")

    with pytest.raises(Refused, match="No such booking"):
        decided(house, waits, Decision.TOLD_BEFORE, same_as=counts)


def test_what_one_statement_lists_twice_was_booked_twice_and_not_told_before(sqlite_house: House) -> None:
    house, sent = sqlite_house, sqlite_house.sent()
    house.go_to(AFTER)
    house.in_turn(
        camt054(sent.account, credit(sent, reference="AS1")),
        camt053(
            sent.account,
            NEXT_DAY,
            0,
            credit(sent, reference="AS1"),
            credit(sent, reference="AS1", day=NEXT_DAY),
            message_id="S1",
        ),
    )
    (waits,) = house.waiting()

    with house.reading() as work:
        assert list(told_before(work, decisions.entry(work, waits.id))) == []
