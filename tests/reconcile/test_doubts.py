"""A person doubts what was made of a booking by rule: another one confirms, it waits, and nothing but a person puts it back."""

from dataclasses import replace
from datetime import date
from itertools import permutations

import pytest
from bank_files import Booked, camt053, camt054, credit, returned, together, total
from house import APPROVER, CLERK, House, Sent
from reconcile.deciding import confirmed, decided, doubted, money, queue, state_of, told_by, undone
from reconcile.oracle import Report
from reconcile.telling import written
from sqlalchemy import select

from debit_service import replay
from debit_service.core.errors import Refused
from debit_service.reconcile import queries
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.models import BankEntry
from debit_service.reconcile.queue.exceptions import Decision, Exceptional
from debit_service.reconcile.rules import State
from debit_service.reconcile.same_booking.said_since import contradictions
from debit_service.reconcile.service.match import decide_again

BOOKED, BACK = date(2026, 9, 30), date(2026, 10, 5)
LATER = date(2026, 10, 6)


def made(house: House, entry_id: str) -> tuple[str, str]:
    """What an entry is now, and why."""
    with house.reading() as work:
        found = queries.disposition(work, entry_id)
        assert found is not None
        return found.kind, found.reason


def looked_at_again(house: House) -> bool:
    """Whether anything is otherwise once everything is looked at again."""
    with house.desk.work(CLERK) as work:
        return decide_again(work, house.service.funds, work.session.scalars(select(BankEntry.id)).all())


def paid(house: House) -> tuple[Sent, str]:
    """A debit that the bank has credited; and the entry."""
    sent = house.sent()
    house.go_to(LATER)
    house.in_turn(camt054(sent.account, credit(sent, reference="AS1"), message_id="N1"))
    return sent, told_by(house, "N1")


def test_what_was_matched_by_rule_waits_once_two_persons_doubt_it_and_counts_again_once_they_do_not(
    house: House,
) -> None:
    sent, entry_id = paid(house)
    before = house.balances()

    proposed = decided(house, entry_id, Decision.SUSPENDED)
    assert (proposed.state, made(house, entry_id)[0]) == ("proposed", "matched")
    with pytest.raises(Refused, match="Who proposed"):
        confirmed(house, proposed.id, by=replace(APPROVER, name=CLERK.name))
    confirmed(house, proposed.id)

    (waits,) = queue(house)
    assert (waits.entry.id, waits.exception, waits.left_minor) == (entry_id, Exceptional.DOUBTED, sent.amount_minor)
    assert house.outcome(sent).state is State.SENT
    assert money(house) == {"bank": sent.amount_minor, "suspense": -sent.amount_minor}
    assert not looked_at_again(house)
    assert house.breaches() == {}

    undone(house, proposed.id)
    assert (house.outcome(sent).state, house.balances(), queue(house)) == (State.SETTLED, before, [])
    assert house.breaches() == {}


def test_more_reports_of_what_is_doubted_belong_to_it_and_put_nothing_back(house: House) -> None:
    sent, entry_id = paid(house)
    doubted(house, entry_id)

    house.in_turn(
        camt053(sent.account, BOOKED, 0, credit(sent, reference="AS1")),
        camt054(sent.account, replace(credit(sent), servicer_reference=None, charges_minor=0), message_id="N2"),
    )

    assert made(house, told_by(house, "S1")) == ("folded", "same_booking")
    assert [one.entry.id for one in queue(house)] == [entry_id]
    assert money(house) == {"bank": sent.amount_minor, "suspense": -sent.amount_minor}
    assert not looked_at_again(house)
    assert house.breaches() == {}


def test_the_usual_decisions_are_made_about_it_and_are_undone_before_the_doubt(sqlite_house: House) -> None:
    house = sqlite_house
    sent, entry_id = paid(house)
    doubt = doubted(house, entry_id)

    owed = decided(house, entry_id, Decision.REFUND_OWED)
    assert money(house) == {"bank": sent.amount_minor, "refunds-owed": -sent.amount_minor}
    house.in_turn(camt053(sent.account, BOOKED, 0, credit(sent, reference="AS1")))
    assert made(house, entry_id)[0] == "resolved"
    with pytest.raises(Refused, match="since it was put in suspense"):
        undone(house, doubt)

    undone(house, owed.id)
    assert made(house, entry_id) == ("suspense", "doubted")
    undone(house, doubt)
    assert house.outcome(sent).state is State.SETTLED
    assert house.breaches() == {}


def test_what_is_doubted_may_belong_to_another_debit_and_stays_there_whatever_is_read(house: House) -> None:
    one, other = house.sent_together("CNAS", "100.00", "100.00")
    house.go_to(LATER)
    house.in_turn(camt054(one.account, credit(one, reference="AS1"), message_id="N1"))
    entry_id = told_by(house, "N1")
    doubted(house, entry_id)

    decided(house, entry_id, Decision.MATCHED, end_to_end_id=other.end_to_end_id)
    house.in_turn(camt053(one.account, BOOKED, 0, credit(one, reference="AS1")))

    assert [house.outcome(each).state for each in (one, other)] == [State.SENT, State.SETTLED]
    assert (queue(house), money(house)) == ([], {"bank": 100_00})
    assert not looked_at_again(house)
    assert house.breaches() == {}


def test_what_had_to_wait_for_it_counts_in_its_place(sqlite_house: House) -> None:
    house = sqlite_house
    sent, entry_id = paid(house)
    house.in_turn(camt054(sent.account, credit(sent, BACK, reference="AS2"), message_id="N2"))
    second = told_by(house, "N2")
    assert made(house, second) == ("suspense", "exceeds")

    doubt = doubted(house, entry_id)
    assert made(house, second) == ("matched", "end_to_end_id")
    assert money(house) == {"bank": 2 * sent.amount_minor, "suspense": -sent.amount_minor}

    undone(house, doubt)
    assert made(house, second) == ("suspense", "exceeds")
    assert house.breaches() == {}


def test_a_return_by_the_banks_own_reference_takes_back_no_credit_that_is_doubted(sqlite_house: House) -> None:
    house = sqlite_house
    sent, entry_id = paid(house)
    back = replace(returned(sent, day=BACK, reference="AS1"), end_to_end_id=None)
    house.in_turn(camt054(sent.account, back, message_id="N2"))
    assert house.outcome(sent).state is State.RETURNED

    doubt = doubted(house, entry_id)
    assert house.outcome(sent).state is State.SENT
    assert {one.entry.id for one in queue(house)} == {entry_id, told_by(house, "N2")}
    undone(house, doubt)
    assert (house.outcome(sent).state, queue(house)) == (State.RETURNED, [])
    assert house.breaches() == {}


def bare_twice(house: House) -> tuple[str, str, str]:
    """A notification and a statement each tell of money without any reference: (account, entry, the one folded into it)."""
    account = house.sent().account
    house.go_to(LATER)
    bare = Booked(70_00, "DZD", BOOKED)
    house.in_turn(camt054(account, bare, message_id="N1"), camt053(account, BOOKED, 0, bare))
    return account, told_by(house, "N1"), told_by(house, "S1")


def test_what_was_taken_for_a_booking_told_before_is_one_of_its_own_once_it_is_doubted(house: House) -> None:
    _, first, second = bare_twice(house)
    assert (made(house, second), money(house)) == (("folded", "same_booking"), {"bank": 70_00, "suspense": -70_00})

    doubt = doubted(house, second)
    assert money(house) == {"bank": 140_00, "suspense": -140_00}
    assert not looked_at_again(house)
    decided(house, second, Decision.NOT_OURS)
    assert not looked_at_again(house)
    assert made(house, first) == ("suspense", "no_reference")
    with pytest.raises(Refused, match="since it was put in suspense"):
        undone(house, doubt)
    assert list(replay.differences(house.service)) == []


def test_reports_that_tell_of_both_bookings_belong_each_to_one_of_them(sqlite_house: House) -> None:
    house = sqlite_house
    account, first, second = bare_twice(house)
    doubt = doubted(house, second)
    bare = Booked(70_00, "DZD", BOOKED)

    house.in_turn(written(Report("camt.052", "I1", account, (bare, bare))))

    assert {one.entry.id for one in queue(house)} == {first, second}
    assert money(house) == {"bank": 140_00, "suspense": -140_00}
    assert not looked_at_again(house)
    undone(house, doubt)
    assert money(house) == {"bank": 140_00, "suspense": -140_00}


def test_a_sum_that_is_doubted_is_shared_out_to_nobody(house: House) -> None:
    block = house.sent_together("CNAS", "100.00", "200.00")
    house.go_to(LATER)
    house.in_turn(camt053(block[0].account, BOOKED, 0, total(block)))
    entry_id = told_by(house, "S1")
    doubt = doubted(house, entry_id)

    house.in_turn(camt054(block[0].account, total(block), message_id="N1"))
    assert [house.outcome(one).state for one in block] == [State.SENT] * 2
    assert money(house) == {"bank": 300_00, "suspense": -300_00}
    assert not looked_at_again(house)
    undone(house, doubt)
    assert [house.outcome(one).state for one in block] == [State.SETTLED] * 2
    assert house.breaches() == {}


@pytest.mark.parametrize("first", ["sum", "details"])
def test_a_sum_does_not_tell_of_a_detail_that_is_doubted(sqlite_house: House, first: str) -> None:
    """The sum has its money in it all the same, once: under the name of the detail, which waits."""
    house = sqlite_house
    block = house.sent_together("CNAS", "100.00", "200.00")
    house.go_to(LATER)
    account = block[0].account
    details = together(*(replace(credit(one), servicer_reference=None) for one in block), reference="B1")
    sum_alone = replace(total(block), servicer_reference="B1")
    house.in_turn(camt054(account, details, message_id="D1"))
    if first == "sum":
        house.in_turn(camt053(account, BOOKED, 0, sum_alone))

    doubted(house, told_by(house, "D1", 1))
    if first == "details":
        house.in_turn(camt053(account, BOOKED, 0, sum_alone))

    assert made(house, told_by(house, "S1"))[0] == "folded"
    assert [house.outcome(one).state for one in block] == [State.SETTLED, State.SENT]
    assert money(house) == {"bank": 300_00, "suspense": -200_00}
    assert not looked_at_again(house)
    assert house.breaches() == {}


def test_a_sum_is_not_taken_for_a_detail_that_a_person_told_apart_from_it(sqlite_house: House) -> None:
    house = sqlite_house
    block = house.sent_together("CNAS", "100.00", "200.00")
    house.go_to(LATER)
    account = block[0].account
    details = together(*(replace(credit(one), servicer_reference=None) for one in block), reference="B1")
    house.in_turn(camt053(account, BOOKED, 0, replace(total(block), servicer_reference="B1")))
    house.in_turn(camt054(account, details, message_id="D1"))
    detail = told_by(house, "D1", 1)
    assert made(house, detail)[0] == "folded"

    doubted(house, detail)
    decided(house, detail, Decision.NOT_OURS)

    assert not looked_at_again(house)
    assert [house.outcome(one).state for one in block] == [State.SETTLED] * 2
    assert money(house) == {"bank": 500_00, "not-ours": -200_00}
    # The statement has it once.
    assert set(house.breaches()) == {5}


def test_what_counts_after_a_doubt_is_the_same_in_whatever_order_the_rest_is_told(sqlite_house: House) -> None:
    house = sqlite_house
    sent, entry_id = paid(house)
    doubted(house, entry_id)
    back = house.bookmark()
    reports = (
        camt053(sent.account, BOOKED, 0, credit(sent, reference="AS1")),
        camt054(sent.account, credit(sent, BACK, reference="AS2"), message_id="N2"),
        camt054(sent.account, returned(sent, day=BACK, reference="R1"), message_id="N3"),
    )
    ends = set()
    for order in permutations(reports):
        back()
        house.in_turn(*order)
        waiting = tuple(sorted((one.disposition.reason, one.entry.booking_date or BACK) for one in queue(house)))
        ends.add((house.outcome(sent).state, tuple(sorted(house.balances().items())), waiting))
        assert house.breaches() == {}
    assert len(ends) == 1


def test_a_report_that_names_a_debit_of_ours_speaks_against_the_doubt_and_counts_once_it_is_undone(
    sqlite_house: House,
) -> None:
    house, sent = sqlite_house, sqlite_house.sent()
    house.go_to(LATER)
    nameless = replace(credit(sent, reference="AS1"), end_to_end_id=None)
    house.in_turn(camt054(sent.account, nameless, message_id="N1"), camt053(sent.account, BOOKED, 0, nameless))
    doubt = doubted(house, told_by(house, "S1"))
    decided(house, told_by(house, "N1"), Decision.NOT_OURS)
    with house.reading() as work:
        assert contradictions(work) == []

    house.in_turn(
        camt053(sent.account, BOOKED, 0, credit(sent, reference="AS1"), nameless, message_id="S2"),
        camt053(sent.account, BOOKED, 0, nameless, credit(sent, reference="AS1"), message_id="S3"),
    )

    with house.reading() as work:
        against = contradictions(work)
    assert {one.end_to_end_id for one in against} == {sent.end_to_end_id}
    assert house.outcome(sent).state is State.SENT
    assert state_of(house, doubt) == "carried_out"


def test_nothing_else_is_put_in_suspense(sqlite_house: House) -> None:
    """What waits already, what a person decided, and what is no money."""
    house = sqlite_house
    sent, entry_id = paid(house)
    house.in_turn(camt054(sent.account, Booked(5_00, "DZD", BOOKED, servicer_reference="X"), message_id="N2"))
    waits = told_by(house, "N2")
    with pytest.raises(Refused, match="Only a booking"):
        decided(house, waits, Decision.SUSPENDED)
    decided(house, waits, Decision.NOT_OURS)
    with pytest.raises(Refused, match="Only a booking"):
        decided(house, waits, Decision.SUSPENDED)
    with pytest.raises(Refused) as refused:
        decided(house, entry_id, Decision.NOT_OURS)
    assert refused.value.remedy == "Put it in suspense first."
    with house.reading() as work:
        entry = decisions.entry(work, entry_id)
        assert Decision.SUSPENDED not in decisions.possible_about(entry, "doubted")


def test_a_doubt_is_overtaken_where_a_file_has_explained_the_entry_otherwise_meanwhile(sqlite_house: House) -> None:
    house, sent = sqlite_house, sqlite_house.sent()
    house.go_to(LATER)
    silent = replace(returned(sent, reference="R1"), reason=None)
    house.in_turn(camt054(sent.account, credit(sent), message_id="N1"), camt054(sent.account, silent, message_id="N2"))
    proposed = decided(house, told_by(house, "N2"), Decision.SUSPENDED)
    house.in_turn(camt054(sent.account, returned(sent, reference="R1"), message_id="N3"))

    assert confirmed(house, proposed.id).state == "overtaken"
    assert house.outcome(sent).state is State.RETURNED
