"""What a person may do with an entry that waits: each decision as a story, taken back again, and done again by a replay."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from bank_files import Booked, camt053, camt054, credit, returned
from house import APPROVER, CLERK, House
from reconcile.deciding import (
    CREDITED,
    MUCH,
    confirmed,
    decided,
    left_to_pay_out,
    money,
    money_in,
    paid_out,
    queue,
    refused,
    state_of,
    undone,
)
from sqlalchemy import select, text

from debit_service import schema
from debit_service.contributions import queries as contributions
from debit_service.contributions.payments import Means, Paid
from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.work import Actor, Role
from debit_service.demo.data import Somebody
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.models import FileReading, Resolution
from debit_service.reconcile.queue.exceptions import Decision, Exceptional
from debit_service.reconcile.queue.work_queue import Filter
from debit_service.reconcile.rules import State
from debit_service.reconcile.service import Decided, other_means, undo
from debit_service.verify import verify

BOTH = Actor("both", frozenset({Role.FINANCE_CLERK, Role.FINANCE_APPROVER}))


def sound(house: House) -> None:
    """Nothing that `debit verify` checks is broken; a replay of every file and every decision, which is one check, included."""
    assert house.breaches() == {}


def owed(house: House, *amounts: str, by: Somebody | None = None) -> list[str]:
    """Contributions of one employer, due one after the other; returns their references, the oldest first."""
    one, references = by or house.employer(), []
    for number, amount in enumerate(amounts):
        reference = f"C-{number}"
        house.contribution(one, due=date(2026, 9, 10 + number), amount=amount, reference=reference)
        references.append(reference)
    return references


def paid_for(house: House, reference: str) -> int:
    """What counts as paid for a contribution by other means, minor units."""
    with house.reading() as work:
        return contributions.paid_otherwise_minor(work, contributions.get(work, reference).id)


def test_a_transfer_is_allocated_to_contributions_and_the_rest_is_owed_back(house: House) -> None:
    first, second = owed(house, "100.00", "250.00")
    house.go_to(date(2026, 10, 1))
    entry_id = money_in(house, 400_00)

    decided(house, entry_id, Decision.ALLOCATED, shares=((first, 100_00), (second, 250_00)), refund_rest=True)

    assert (paid_for(house, first), paid_for(house, second)) == (100_00, 250_00)
    assert money(house) == {"bank": 400_00, "refunds-owed": -50_00}
    assert house.balances().get("receivable/CNAS", 0) == 0
    assert left_to_pay_out(house) == {entry_id: 50_00}
    assert queue(house) == []
    sound(house)


@pytest.mark.parametrize(("valued", "paid_on"), [(date(2026, 9, 28), date(2026, 9, 28)), (date(2026, 10, 3), CREDITED)])
def test_a_transfer_counts_as_paid_on_its_value_date_unless_that_comes_after_its_booking(
    sqlite_house: House, valued: date, paid_on: date
) -> None:
    first, _ = owed(sqlite_house, "100.00", "250.00")
    sqlite_house.go_to(date(2026, 10, 5))
    entry_id = money_in(sqlite_house, 100_00, valued=valued)

    decided(sqlite_house, entry_id, Decision.ALLOCATED, shares=((first, 100_00),))

    with sqlite_house.reading() as work:
        (payment,) = contributions.other_payments(work, contributions.get(work, first).id)
        assert payment.paid_on == paid_on


def test_the_funds_order_pays_the_oldest_contribution_first_and_the_rest_goes_on_waiting(sqlite_house: House) -> None:
    house = sqlite_house
    employer = house.employer()
    first, second, third = owed(house, "100.00", "250.00", "70.00", by=employer)
    house.go_to(date(2026, 10, 1))
    entry_id = money_in(house, 300_00)

    decided(house, entry_id, Decision.ALLOCATED, registration_number=employer.registration)

    assert [paid_for(house, one) for one in (first, second, third)] == [100_00, 200_00, 0]
    assert money(house) == {"bank": 300_00}


def test_what_is_left_of_an_entry_waits_and_is_decided_about_apart(sqlite_house: House) -> None:
    house = sqlite_house
    first, _ = owed(house, "100.00", "250.00")
    house.go_to(date(2026, 10, 1))
    entry_id = money_in(house, 130_00)
    allocated = decided(house, entry_id, Decision.ALLOCATED, shares=((first, 100_00),))

    (rest,) = queue(house)
    assert (rest.exception, rest.left_minor) == (Exceptional.SPLIT, 30_00)
    assert money(house) == {"bank": 130_00, "suspense": -30_00}

    charged = decided(house, entry_id, Decision.BANK_CHARGE)
    assert money(house) == {"bank": 130_00, "charges": -30_00}
    sound(house)

    undone(house, allocated.id)
    (again,) = queue(house)
    assert (again.left_minor, paid_for(house, first)) == (100_00, 0)
    undone(house, charged.id)
    assert money(house) == {"bank": 130_00, "suspense": -130_00}
    sound(house)


@pytest.mark.parametrize(
    ("decision", "stands"),
    [
        (Decision.REFUND_OWED, {"bank": 70_00, "refunds-owed": -70_00}),
        (Decision.BANK_CHARGE, {"bank": 70_00, "charges": -70_00}),
        (Decision.NOT_OURS, {"bank": 70_00, "not-ours": -70_00}),
    ],
)
def test_what_is_no_contribution_stands_where_a_person_says_and_comes_back_when_it_is_undone(
    sqlite_house: House, decision: Decision, stands: dict[str, int]
) -> None:
    entry_id = money_in(sqlite_house, 70_00)

    first = decided(sqlite_house, entry_id, decision)

    assert money(sqlite_house) == stands
    sound(sqlite_house)
    taken_back = undone(sqlite_house, first.id)
    assert money(sqlite_house) == {"bank": 70_00, "suspense": -70_00}
    assert (state_of(sqlite_house, first.id), state_of(sqlite_house, taken_back.id)) == ("undone", "carried_out")
    decided(sqlite_house, entry_id, decision)
    assert money(sqlite_house) == stands
    sound(sqlite_house)


def test_a_charge_that_the_bank_took_is_a_charge(sqlite_house: House) -> None:
    entry_id = money_in(sqlite_house, 3_00, direction="DBIT")
    decided(sqlite_house, entry_id, Decision.BANK_CHARGE)
    assert money(sqlite_house) == {"bank": -3_00, "charges": 3_00}


@pytest.mark.parametrize("decision", [Decision.ALLOCATED, Decision.REFUND_OWED])
def test_money_that_left_pays_nothing_and_is_not_owed_back(sqlite_house: House, decision: Decision) -> None:
    entry_id = money_in(sqlite_house, 3_00, direction="DBIT")
    with pytest.raises(Refused, match="cannot be decided"):
        decided(sqlite_house, entry_id, decision)


def test_a_match_that_is_undone_leaves_the_debit_unpaid_and_the_entry_waiting(house: House) -> None:
    sent = house.sent()
    entry_id = money_in(house, sent.amount_minor)
    match = decided(house, entry_id, Decision.MATCHED, end_to_end_id=sent.end_to_end_id)
    assert house.outcome(sent).state is State.SETTLED

    undone(house, match.id)

    assert house.outcome(sent).state is State.SENT
    assert [one.id for one in house.waiting()] == [entry_id]
    assert money(house) == {"bank": sent.amount_minor, "suspense": -sent.amount_minor}
    sound(house)


def test_a_match_that_is_undone_frees_the_credit_that_waited_because_of_it(sqlite_house: House) -> None:
    house = sqlite_house
    sent = house.sent()
    match = decided(house, money_in(house, sent.amount_minor), Decision.MATCHED, end_to_end_id=sent.end_to_end_id)
    house.in_turn(camt054(sent.account, credit(sent, date(2026, 10, 2), reference="ITS-OWN"), message_id="N9"))
    assert [reason for reason, _ in house.suspense()] == ["exceeds"]

    undone(house, match.id)

    assert [reason for reason, _ in house.suspense()] == ["no_reference"]
    assert house.outcome(sent).state is State.SETTLED
    sound(house)


def test_a_transfer_that_was_recorded_by_hand_is_recognised_in_the_banks_file(house: House) -> None:
    (reference,) = owed(house, "100.00")
    house.go_to(date(2026, 10, 1))
    paid = Paid(
        amount_minor=100_00, currency="DZD", paid_on=CREDITED, means=Means.TRANSFER, reference="B-1", evidence="letter"
    )
    with house.desk.work(CLERK) as work:
        recorded = other_means.record(work, house.fund(), contributions.get(work, reference), paid).payment.id
    assert money(house) == {"other-means": 100_00}

    seen = decided(house, money_in(house, 100_00), Decision.RECOGNISED, recorded=recorded)

    assert money(house) == {"bank": 100_00}
    with pytest.raises(Refused, match="entry shows this payment"), house.desk.work(APPROVER) as work:
        other_means.undo(work, house.service.funds, recorded, "it bounced")
    with pytest.raises(Refused, match="no entry shows yet"):
        decided(house, money_in(house, 100_00, name="TWIN"), Decision.RECOGNISED, recorded=recorded)
    sound(house)
    undone(house, seen.id)
    assert money(house) == {"bank": 200_00, "other-means": 100_00, "suspense": -200_00}
    sound(house)


def test_a_refund_is_paid_out_and_the_banks_booking_of_it_recognised(house: House) -> None:
    entry_id = money_in(house, 70_00)
    owes = decided(house, entry_id, Decision.REFUND_OWED)

    out = paid_out(house, entry_id, 70_00)

    assert left_to_pay_out(house) == {}
    assert money(house) == {"bank": 70_00, "other-means": -70_00}
    with pytest.raises(Refused, match="undo that first"), house.desk.work(CLERK) as work:
        undo(work, house.service.funds, owes.id, "a mistake")
    decided(house, money_in(house, 70_00, name="OUT", direction="DBIT"), Decision.RECOGNISED, recorded=out.id)
    assert money(house) == {}
    with pytest.raises(Refused, match="shows this payment"), house.desk.work(CLERK) as work:
        undo(work, house.service.funds, out.id, "a mistake")
    sound(house)


def test_what_was_paid_twice_can_be_paid_back_once(sqlite_house: House) -> None:
    """The surplus of a debit and a transfer for one contribution: it stands as owed back until it is paid out."""
    house = sqlite_house
    sent = house.sent(amount="100.00")
    house.in_turn(camt054(sent.account, credit(sent)))
    paid = Paid(
        amount_minor=100_00, currency="DZD", paid_on=CREDITED, means=Means.CASH, reference="B-1", evidence="receipt"
    )
    house.go_to(date(2026, 10, 1))
    with house.desk.work(CLERK) as work:
        other_means.record(work, house.fund(), contributions.get(work, sent.contribution_id), paid)
    (reference,) = left_to_pay_out(house)

    first = paid_out(house, reference, 40_00)
    with pytest.raises(Refused, match="not more than is owed back"):
        paid_out(house, reference, 60_01, "OUT-2")
    paid_out(house, reference, 60_00, "OUT-2")

    assert left_to_pay_out(house) == {}
    assert "refunds-owed/CNAS" not in house.balances()
    sound(house)
    undone(house, first.id)
    assert left_to_pay_out(house) == {reference: 40_00}
    sound(house)


def test_a_held_entry_is_out_of_sight_until_its_day(sqlite_house: House) -> None:
    house = sqlite_house
    entry_id = money_in(house, 70_00)
    decided(house, entry_id, Decision.HELD, follow_up=house.clock.now().date() + timedelta(days=3))

    assert queue(house) == []
    assert [one.held_until for one in queue(house, Filter(held=True))] == [house.clock.now().date() + timedelta(days=3)]
    assert money(house) == {"bank": 70_00, "suspense": -70_00}
    house.go_to(house.clock.now().date() + timedelta(days=3))
    assert [one.entry.id for one in queue(house)] == [entry_id]
    with pytest.raises(InvalidInput, match="after today"):
        decided(house, entry_id, Decision.HELD, follow_up=house.clock.now().date())


def test_much_money_needs_another_person_and_stays_until_then(house: House) -> None:
    entry_id = money_in(house, MUCH)

    proposed = decided(house, entry_id, Decision.NOT_OURS, by=BOTH)

    assert proposed.state == "proposed"
    assert money(house) == {"bank": MUCH, "suspense": -MUCH}
    assert [one.proposed for one in queue(house)] == [True]
    with pytest.raises(Refused, match="cannot confirm"):
        confirmed(house, proposed.id, by=BOTH)
    with pytest.raises(Refused, match="role"):
        confirmed(house, proposed.id, by=CLERK)
    confirmed(house, proposed.id)
    assert money(house) == {"bank": MUCH, "not-ours": -MUCH}
    with pytest.raises(Refused, match="does not wait"):
        confirmed(house, proposed.id)
    sound(house)


def test_taking_back_much_money_needs_another_person_too(sqlite_house: House) -> None:
    entry_id = money_in(sqlite_house, MUCH)
    proposed = decided(sqlite_house, entry_id, Decision.NOT_OURS)
    confirmed(sqlite_house, proposed.id)

    with sqlite_house.desk.work(CLERK) as work:
        back = undo(work, sqlite_house.service.funds, proposed.id, "it was ours")

    assert back.state == "proposed"
    assert money(sqlite_house) == {"bank": MUCH, "not-ours": -MUCH}
    confirmed(sqlite_house, back.id)
    assert money(sqlite_house) == {"bank": MUCH, "suspense": -MUCH}
    sound(sqlite_house)


def test_a_proposal_that_is_refused_changes_nothing_and_another_may_be_made(sqlite_house: House) -> None:
    entry_id = money_in(sqlite_house, MUCH)
    proposed = decided(sqlite_house, entry_id, Decision.NOT_OURS)
    with pytest.raises(Refused, match="waits for another person"):
        decided(sqlite_house, entry_id, Decision.REFUND_OWED)

    refused(sqlite_house, proposed.id)

    assert money(sqlite_house) == {"bank": MUCH, "suspense": -MUCH}
    assert decided(sqlite_house, entry_id, Decision.REFUND_OWED).state == "proposed"
    sound(sqlite_house)


def test_an_overtaken_proposal_is_not_carried_out(house: House) -> None:
    sent = house.sent(amount="1000000.01")
    house.in_turn(camt054(sent.account, credit(sent), credit(sent, date(2026, 10, 5), reference="AGAIN")))
    (second,) = house.waiting()
    proposed = decided(house, second.id, Decision.REFUND_OWED)
    house.in_turn(camt054(sent.account, returned(sent, day=date(2026, 10, 2)), message_id="N2"))
    assert house.waiting() == []

    answer = confirmed(house, proposed.id)

    assert (answer.state, state_of(house, proposed.id)) == ("overtaken", "overtaken")
    assert "matched" in answer.told
    assert money(house) == {"bank": sent.amount_minor}
    sound(house)


def test_two_people_at_once_about_one_entry_get_one_decision(house: House) -> None:
    entry_id, start = money_in(house, 70_00), Barrier(2)

    def act(decision: Decision) -> Decided | Refused:
        start.wait()
        try:
            return decided(house, entry_id, decision)
        except Refused as refusal:
            return refusal

    with ThreadPoolExecutor(2) as people:
        answers: list[Decided | Refused] = list(people.map(act, (Decision.NOT_OURS, Decision.REFUND_OWED)))

    assert sum(isinstance(one, Refused) for one in answers) == 1, answers
    with house.reading() as work:
        assert len(work.session.scalars(select(Resolution).where(Resolution.stands)).all()) == 1
    assert house.breaches() == {}


def test_a_later_report_of_a_resolved_booking_is_the_same_booking(sqlite_house: House) -> None:
    house = sqlite_house
    booked = Booked(70_00, "DZD", CREDITED, servicer_reference="AS-1")
    account = house.fund().creditor.account.value
    house.in_turn(camt054(account, booked))
    decided(house, house.waiting()[0].id, Decision.NOT_OURS)

    house.in_turn(camt053(account, CREDITED, 0, booked))

    assert house.waiting() == []
    assert money(house) == {"bank": 70_00, "not-ours": -70_00}
    sound(house)


def test_more_than_is_open_or_more_than_is_there_is_not_allocated(sqlite_house: House) -> None:
    house = sqlite_house
    first, second = owed(house, "100.00", "250.00")
    house.go_to(date(2026, 10, 1))
    entry_id = money_in(house, 120_00)
    for shares, said in (
        (((first, 100_01),), "not more than is open"),
        (((first, 100_00), (second, 20_01)), "more than what of this entry waits"),
        (((first, 50_00), (first, 50_00)), "named twice"),
        (((first, 0),), "more than nothing"),
    ):
        with pytest.raises((Refused, InvalidInput), match=said):
            decided(house, entry_id, Decision.ALLOCATED, shares=shares)
    with pytest.raises(NotFound):
        decided(house, entry_id, Decision.ALLOCATED, shares=(("NO-SUCH", 1),))
    assert money(house) == {"bank": 120_00, "suspense": -120_00}


def test_an_allocation_stops_the_debit_that_has_not_left(sqlite_house: House) -> None:
    house = sqlite_house
    contribution_id = house.contribution(house.employer(), due=date(2026, 9, 30), amount="100.00")
    house.collect()
    house.go_to(date(2026, 9, 10))

    decided(
        house, money_in(house, 100_00, day=date(2026, 9, 9)), Decision.ALLOCATED, shares=((contribution_id, 100_00),)
    )

    assert [one.live for one in house.debits_of(contribution_id)] == [False]
    sound(house)


DAMAGES = {
    "a part grows": (4, "update resolution_parts set amount_minor = amount_minor + 1"),
    "a part no longer stands": (4, "update resolution_parts set stands = false where purpose = 'not_ours'"),
    "a refund that was paid out is forgotten": (4, "update resolutions set stands = false where decision = 'paid_out'"),
    "a decision had one person only": (3, "update resolutions set confirmed_by = null"),
    "no decision stands about what is resolved": (
        3,
        "update resolutions set stands = false where decision = 'not_ours'",
    ),
    "a decision jumps to its end": (7, "update resolution_transitions set from_state = 'undone' where sort_key = 2"),
    "what was paid for a contribution moves": (8, "update resolutions set decision = 'bank_charge' where four_eyes"),
}


def test_each_damage_to_what_people_decided_is_named(sqlite_house: House) -> None:
    house = sqlite_house
    refund = money_in(house, 70_00, name="REFUND")
    decided(house, refund, Decision.REFUND_OWED)
    paid_out(house, refund, 70_00)
    confirmed(house, decided(house, money_in(house, MUCH), Decision.NOT_OURS).id)
    assert house.breaches() == {}
    back = house.bookmark()

    for name, (number, statement) in DAMAGES.items():
        back()
        with house.desk.database.engine.begin() as connection:
            connection.execute(text(statement))
        named = next(breaches for check, breaches in verify(house.service) if check.number == number)
        assert named, f"invariant {number} does not see that {name}"


def test_a_match_of_a_release_before_this_one_is_known_and_can_be_undone(house: House) -> None:
    sent = house.sent()
    entry_id = money_in(house, sent.amount_minor)
    house.resolve(entry_id, sent.end_to_end_id)
    schema.migrate(house.desk.database, "0006")
    schema.migrate(house.desk.database, "head")

    with house.reading() as work:
        ((match, newest),) = decisions.history(work, entry_id)
        waited = decisions.waited(work, entry_id)
    assert (newest.to_state, match.disposition_id, match.amount_minor) == ("carried_out", waited.id, sent.amount_minor)
    assert house.breaches() == {}
    undone(house, match.id)
    assert house.outcome(sent).state is State.SENT
    sound(house)


def test_money_on_an_account_of_no_fund_is_set_aside_by_two_and_nothing_else(sqlite_house: House) -> None:
    house = sqlite_house
    entry_id = money_in(house, 70_00, account="FR1420041010050500013M02606")
    with pytest.raises(Refused, match="another account"):
        decided(house, entry_id, Decision.REFUND_OWED)

    proposed = decided(house, entry_id, Decision.NOT_OURS)

    assert proposed.state == "proposed"
    confirmed(house, proposed.id)
    assert house.balances() == {"bank/unknown": 70_00, "not-ours/unknown": -70_00}
    sound(house)


def test_nobody_decides_between_two_lines_of_a_file(sqlite_house: House) -> None:
    entry_id = money_in(sqlite_house, 70_00)
    with sqlite_house.desk.work(CLERK) as work:
        entry = decisions.entry(work, entry_id)
        work.session.execute(text("drop trigger file_readings_no_delete"))
        work.session.delete(work.session.get_one(FileReading, entry.file_id))
    with pytest.raises(Refused, match="being read"):
        decided(sqlite_house, entry_id, Decision.NOT_OURS)


def test_an_entry_is_in_part_a_charge_and_in_part_none_of_the_funds(sqlite_house: House) -> None:
    house = sqlite_house
    entry_id = money_in(house, 130_00, direction="DBIT")

    charge = decided(house, entry_id, Decision.BANK_CHARGE, amount_minor=100_00)
    assert [(one.exception, one.left_minor) for one in queue(house)] == [(Exceptional.SPLIT, 30_00)]
    for minor in (30_01, 0, -1):
        with pytest.raises(Refused, match="not more than what of this entry waits"):
            decided(house, entry_id, Decision.NOT_OURS, amount_minor=minor)
    decided(house, entry_id, Decision.NOT_OURS, amount_minor=30_00)

    assert (queue(house), money(house)) == ([], {"bank": -130_00, "charges": 100_00, "not-ours": 30_00})
    undone(house, charge.id)
    assert [one.left_minor for one in queue(house)] == [100_00]
    assert house.breaches() == {}


def test_a_part_that_is_owed_back_counts_alone_and_the_parts_of_one_person_count_together(sqlite_house: House) -> None:
    house = sqlite_house
    entry_id = money_in(house, MUCH)

    assert decided(house, entry_id, Decision.REFUND_OWED, amount_minor=30_00).state == "carried_out"
    assert decided(house, entry_id, Decision.NOT_OURS, amount_minor=MUCH - 30_00).state == "proposed"


def test_what_pays_or_matches_takes_no_amount_of_its_own(sqlite_house: House) -> None:
    entry_id = money_in(sqlite_house, 130_00)
    with pytest.raises(InvalidInput, match="no amount"):
        decided(sqlite_house, entry_id, Decision.MATCHED, end_to_end_id="E2E", amount_minor=1)


@pytest.mark.parametrize(
    ("decision", "said", "named"),
    [
        (Decision.REFUND_OWED, {"charge_minor": 5_00}, "charge"),
        (Decision.BANK_CHARGE, {"charges": (("E2E", 5_00),)}, "charge"),
        (Decision.NOT_OURS, {"end_to_end_id": "E2E"}, "end_to_end_id"),
        (Decision.HELD, {"follow_up": date(2026, 12, 1), "shares": (("C-1", 1),)}, "share"),
        (Decision.MATCHED, {"end_to_end_id": "E2E", "registration_number": "1"}, "employer"),
        (Decision.REFUND_OWED, {"refund_rest": True}, "refund_rest"),
        (Decision.ALLOCATED, {"shares": (("C-1", 1),), "recorded": "P-1"}, "recorded"),
        (Decision.NOT_OURS, {"same_as": "E-1"}, "same_as"),
        (Decision.NOT_OURS, {"follow_up": date(2026, 12, 1)}, "follow_up"),
        (Decision.ALLOCATED, {"shares": (("C-1", 1),), "registration_number": "1"}, "employer"),
        (Decision.BANK_CHARGE, {"shares": (("E2E", 1),), "end_to_end_id": "E2E"}, "end_to_end_id"),
    ],
)
def test_what_a_decision_would_not_look_at_is_refused_by_its_name(
    sqlite_house: House, decision: Decision, said: dict[str, Any], named: str
) -> None:
    """A bug: it was swallowed, and the decision was about something else than was meant."""
    entry_id = money_in(sqlite_house, 130_00)
    with pytest.raises(InvalidInput) as refused:
        decided(sqlite_house, entry_id, decision, **said)
    assert refused.value.place == named


def test_of_several_decisions_to_give_back_none_is_undone_while_something_is_paid_out(sqlite_house: House) -> None:
    """A bug: nobody says from which of them it was paid out, and the money was there to be given back once more."""
    house = sqlite_house
    entry_id = money_in(house, 130_00)
    first = decided(house, entry_id, Decision.REFUND_OWED, amount_minor=30_00)
    payout = paid_out(house, entry_id, 30_00)
    second = decided(house, entry_id, Decision.REFUND_OWED, amount_minor=100_00)

    for decision in (first, second):
        with pytest.raises(Refused, match="undo that first"):
            undone(house, decision.id)

    undone(house, payout.id)
    undone(house, first.id)
    assert [one.left_minor for one in queue(house)] == [30_00]
    assert house.breaches() == {}


def test_a_sum_that_one_person_shares_out_among_several_debits_is_confirmed_above_the_funds_amount(
    sqlite_house: House,
) -> None:
    """Many debits may come to the same sum: which they are, this person alone says."""
    house = sqlite_house
    debits = house.sent_together("CNAS", "90000000.00", "90000000.00")
    entry_id = money_in(house, 180_000_000_00)

    proposed = decided(house, entry_id, Decision.MATCHED, end_to_end_ids=tuple(one.end_to_end_id for one in debits))

    assert proposed.state == "proposed"
    confirmed(house, proposed.id)
    assert (queue(house), house.breaches()) == ([], {})
