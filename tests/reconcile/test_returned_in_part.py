"""Money that goes back in part: a person names the debit and how much of it; that is owed again, and nobody is to blame."""

from dataclasses import replace
from datetime import date

import pytest
from bank_files import Booked, camt054, credit, pain002, returned, together, total
from house import CLERK, House, Sent
from hypothesis import given
from hypothesis import strategies as st
from reconcile.deciding import MUCH, confirmed, decided, left_to_pay_out, money, money_in, queue, told_by, undone

from debit_service.core.errors import InvalidInput, Refused
from debit_service.ledger.rules import Account
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.rules import Effect, Fact, Outcome, State, outcome, positions
from debit_service.reports import service as reports
from debit_service.reports.asked import Asked
from debit_service.reports.attention import attention
from debit_service.reports.rules import Standing

AFTER = date(2026, 10, 5)


def part_of(sent: Sent, minor: int, name: str = "P", *, reason: str = "AM04") -> Booked:
    """Less than the debit goes back, with a reason of the bank's."""
    return replace(returned(sent, reason, AFTER, reference=f"R-{name}"), amount_minor=minor)


def goes_back(house: House, *booked: Booked, account: str) -> str:
    """The bank books it; returns the entry that waits for a person."""
    before = {one.id for one in house.waiting()}
    house.go_to(AFTER)
    house.in_turn(camt054(account, *booked, message_id=f"B{len(before)}-{booked[0].servicer_reference}"))
    (entry,) = [one.id for one in house.waiting() if one.id not in before]
    return entry


def paid(house: House, *amounts: str) -> list[Sent]:
    """Debits that the bank has credited."""
    sents = house.sent_together("CNAS", *(amounts or ("1000.00",)))
    house.in_turn(camt054(sents[0].account, *(credit(one) for one in sents), message_id="IN"))
    return sents


def in_part(house: House, entry_id: str, sent: Sent, minor: int) -> str:
    """A person says that so much of this debit goes back by it."""
    return decided(house, entry_id, Decision.MATCHED, shares=((sent.end_to_end_id, minor),)).id


def stands(found: Outcome) -> tuple[State, int, int, bool]:
    """What is made of a debit: its state, what came, what went, and whether it failed."""
    return (found.state, found.settled_minor, found.returned_minor, found.failed)


def still_open(house: House, sent: Sent) -> int:
    """What of the contribution nothing has paid."""
    with house.reading() as work:
        return decisions.open_of_each(work, [house.contribution_row(sent.contribution_id)])[sent.contribution_id]


def test_a_part_that_goes_back_is_owed_again_and_the_debit_has_not_failed(house: House) -> None:
    (sent,) = paid(house)
    entry_id = goes_back(house, part_of(sent, 300_00), account=sent.account)

    said = in_part(house, entry_id, sent, 300_00)

    assert stands(house.outcome(sent)) == (State.PARTLY_SETTLED, 1000_00, 300_00, False)
    assert house.outcome(sent).settled_on == sent.collection_date
    assert (money(house), house.balances()["receivable/CNAS"]) == ({"bank": 700_00}, 300_00)
    assert (still_open(house, sent), queue(house), house.debits_of(sent.contribution_id)[0].live) == (300_00, [], True)
    house.assess()
    assert (house.penalties(sent.contribution_id), house.breaches()) == ([], {})

    undone(house, said)
    assert stands(house.outcome(sent)) == (State.SETTLED, 1000_00, 0, False)
    assert (money(house), [one.entry.id for one in queue(house)]) == (
        {"bank": 700_00, "suspense": 300_00},
        [entry_id],
    )
    assert house.breaches() == {}


def standing(house: House, wanted: Standing) -> list[tuple[Standing, int]]:
    """How the contributions that the database finds to stand like this stand, line by line, and what their debits brought."""
    service = house.service
    with house.desk.reading(CLERK) as work:
        asked = Asked(standing=wanted.value)
        found = reports.page(work, service.funds, service.debit_calendars, service.codes, asked).lines
        return [(one.standing, one.debited_minor) for one in found]


def test_a_contribution_of_which_a_part_went_back_is_paid_in_part_until_the_rest_is_paid(sqlite_house: House) -> None:
    house = sqlite_house
    (sent,) = paid(house)
    in_part(house, goes_back(house, part_of(sent, 300_00), account=sent.account), sent, 300_00)
    assert standing(house, Standing.PARTLY_PAID) == [(Standing.PARTLY_PAID, 700_00)]

    decided(house, money_in(house, 300_00), Decision.ALLOCATED, shares=((sent.contribution_id, 300_00),))
    assert standing(house, Standing.PAID) == [(Standing.PAID, 700_00)]


def test_what_is_owed_again_is_paid_by_a_transfer_and_what_then_is_too_much_is_owed_back(sqlite_house: House) -> None:
    house = sqlite_house
    (sent,) = paid(house)
    said = in_part(house, goes_back(house, part_of(sent, 300_00), account=sent.account), sent, 300_00)
    transfer = money_in(house, 300_00, day=AFTER)

    decided(house, transfer, Decision.ALLOCATED, shares=((sent.contribution_id, 300_00),))

    assert (still_open(house, sent), left_to_pay_out(house)) == (0, {})
    undone(house, said)
    assert list(left_to_pay_out(house).values()) == [300_00]
    assert house.breaches() == {}


def test_parts_that_come_to_the_whole_debit_return_it_and_a_person_decides_whose_fault_it_is(house: House) -> None:
    """Each entry had the reason of an empty account; that it is the reason of the whole, no bank has said."""
    (sent,) = paid(house)
    for name, minor in (("P1", 300_00), ("P2", 700_00)):
        in_part(house, goes_back(house, part_of(sent, minor, name), account=sent.account), sent, minor)

    found = house.outcome(sent)
    assert stands(found) == (State.RETURNED, 1000_00, 1000_00, True)
    assert found.failure
    assert found.failure.code is None
    assert (money(house), still_open(house, sent)) == ({}, 1000_00)
    house.assess()
    assert house.penalties(sent.contribution_id) == []
    assert house.breaches() == {}


def test_more_than_the_debit_keeps_does_not_go_back(sqlite_house: House) -> None:
    house = sqlite_house
    (sent,) = paid(house)
    first = goes_back(house, part_of(sent, 600_00, "P1"), account=sent.account)
    second = goes_back(house, part_of(sent, 600_00, "P2"), account=sent.account)
    in_part(house, first, sent, 600_00)

    with pytest.raises(Refused, match="keeps"):
        in_part(house, second, sent, 600_00)

    assert [one.entry.id for one in queue(house)] == [second]


@pytest.mark.parametrize("minor", [299_00, 301_00, 0, -300_00, 1300_00])
def test_a_part_that_is_not_what_the_entry_has_is_refused(sqlite_house: House, minor: int) -> None:
    (sent,) = paid(sqlite_house)
    entry_id = goes_back(sqlite_house, part_of(sent, 300_00), account=sent.account)

    with pytest.raises(Refused, match="does not fit"):
        in_part(sqlite_house, entry_id, sent, minor)


def test_of_money_that_came_in_no_part_is_named(sqlite_house: House) -> None:
    (sent,) = sqlite_house.sent_together("CNAS", "1000.00")
    entry_id = money_in(sqlite_house, 300_00)

    with pytest.raises(Refused, match="only of money that left"):
        in_part(sqlite_house, entry_id, sent, 300_00)


def test_a_whole_return_of_a_debit_of_which_a_part_went_back_waits_until_the_part_is_undone(
    sqlite_house: House,
) -> None:
    house = sqlite_house
    (sent,) = paid(house)
    said = in_part(house, goes_back(house, part_of(sent, 300_00), account=sent.account), sent, 300_00)

    house.in_turn(camt054(sent.account, returned(sent, day=AFTER), message_id="ALL"))

    assert stands(house.outcome(sent)) == (State.PARTLY_SETTLED, 1000_00, 300_00, False)
    assert [reason for reason, _ in house.suspense()] == ["exceeds"]
    undone(house, said)
    assert stands(house.outcome(sent)) == (State.RETURNED, 1000_00, 1000_00, True)
    assert house.breaches() == {}


def test_a_credit_of_which_a_part_went_back_is_put_in_suspense_after_the_part_is_undone(sqlite_house: House) -> None:
    house = sqlite_house
    (sent,) = paid(house)
    came = told_by(house, "IN")
    said = in_part(house, goes_back(house, part_of(sent, 300_00), account=sent.account), sent, 300_00)

    with pytest.raises(Refused, match="undo that first"):
        decided(house, came, Decision.SUSPENDED)

    undone(house, said)
    assert decided(house, came, Decision.SUSPENDED).state == "proposed"


def test_another_credit_of_a_debit_of_which_a_part_went_back_waits_as_ever(sqlite_house: House) -> None:
    house = sqlite_house
    (sent,) = paid(house)
    in_part(house, goes_back(house, part_of(sent, 300_00), account=sent.account), sent, 300_00)

    house.in_turn(camt054(sent.account, credit(sent, AFTER, reference="C-2"), message_id="TWICE"))

    assert (house.outcome(sent).state, [reason for reason, _ in house.suspense()]) == (
        State.PARTLY_SETTLED,
        ["exceeds"],
    )


def test_a_part_above_what_one_person_may_decide_is_only_proposed(sqlite_house: House) -> None:
    house = sqlite_house
    (sent,) = paid(house, "2000000.00")
    entry_id = goes_back(house, part_of(sent, MUCH), account=sent.account)

    proposed = decided(house, entry_id, Decision.MATCHED, shares=((sent.end_to_end_id, MUCH),))
    assert (proposed.state, house.outcome(sent).state) == ("proposed", State.SETTLED)

    confirmed(house, proposed.id)
    assert house.outcome(sent).state is State.PARTLY_SETTLED


def test_one_entry_takes_back_several_debits_with_another_charge_for_each_and_a_part_of_one(house: House) -> None:
    first, second, third = paid(house, "1000.00", "2000.00", "3000.00")
    left = Booked(1000_00 + 5_00 + 2000_00 + 7_50 + 100_00, "DZD", AFTER, direction="DBIT", servicer_reference="SUM")
    entry_id = goes_back(house, left, account=first.account)
    charges = ((first.end_to_end_id, 5_00), (second.end_to_end_id, 7_50))

    said = decided(
        house,
        entry_id,
        Decision.MATCHED,
        end_to_end_ids=(first.end_to_end_id, second.end_to_end_id),
        shares=((third.end_to_end_id, 100_00),),
        charges=charges,
    )

    assert [stands(house.outcome(one)) for one in (first, second, third)] == [
        (State.RETURNED, 1000_00, 1000_00, True),
        (State.RETURNED, 2000_00, 2000_00, True),
        (State.PARTLY_SETTLED, 3000_00, 100_00, False),
    ]
    assert [house.outcome(one).charges_minor for one in (first, second, third)] == [5_00, 7_50, 0]
    assert money(house) == {"bank": 2900_00 - 12_50, "charges": 12_50}
    assert house.breaches() == {}

    undone(house, said.id)
    assert {house.outcome(one).state for one in (first, second, third)} == {State.SETTLED}


def test_a_charge_of_a_debit_that_is_not_named_or_beside_one_for_each_is_refused(sqlite_house: House) -> None:
    house = sqlite_house
    first, second = paid(house, "1000.00", "2000.00")
    entry_id = goes_back(house, part_of(first, 1005_00), account=first.account)

    for said in (
        {"charges": ((second.end_to_end_id, 5_00),)},
        {"charges": ((first.end_to_end_id, 5_00),), "charge_minor": 5_00},
    ):
        with pytest.raises(InvalidInput):
            decided(house, entry_id, Decision.MATCHED, end_to_end_id=first.end_to_end_id, **said)


def test_a_sum_that_left_is_not_the_return_of_debits_of_which_a_part_went_back(sqlite_house: House) -> None:
    """Of one of them only a part was there to be returned: a person looks."""
    house = sqlite_house
    sents = paid(house, "1000.00", "2000.00")
    in_part(house, goes_back(house, part_of(sents[0], 300_00), account=sents[0].account), sents[0], 300_00)
    back = together(*(returned(one, day=AFTER) for one in sents), reference="ALL")
    block = replace(back, details=(), batch=(sents[0].payment_information_id, 2), end_to_end_id=None, reason=None)

    house.in_turn(camt054(sents[0].account, block, message_id="SUM"))

    assert [reason for reason, _ in house.suspense()] == ["batch_differs"]
    assert [house.outcome(one).state for one in sents] == [State.PARTLY_SETTLED, State.SETTLED]


def test_money_never_leaves_the_books_when_a_rejection_takes_away_the_credit_of_a_part(sqlite_house: House) -> None:
    """The sum that paid it is doubted by a late rejection: what went back in part has left the bank all the same."""
    house = sqlite_house
    sent, rejected, other = house.sent_together("CNAS", "1000.00", "200.00", "300.00")
    house.go_to(AFTER)
    house.in_turn(pain002(rejected, message_id="P1"), camt054(sent.account, total([sent, other]), message_id="IN"))
    in_part(house, goes_back(house, part_of(sent, 300_00), account=sent.account), sent, 300_00)
    assert money(house) == {"bank": 1000_00}

    house.in_turn(pain002(sent, message_id="P2"))

    assert money(house) == {"bank": 1000_00, "suspense": -1300_00}
    found = house.outcome(sent)
    assert stands(found) == (State.ACCEPTED, 0, 300_00, False)
    assert found.contradiction == "a part of it went back, as a person said, and its credit does not count any more"
    with house.reading() as work:
        told = [str(one) for one in attention(work, house.service.funds, house.service.debit_calendars)]
    assert any(found.contradiction in one for one in told)
    house.assess()
    assert (house.penalties(sent.contribution_id), house.breaches()) == ([], {})


def fact(number: int, effect: Effect, minor: int) -> Fact:
    """What a bank entry says of a debit of 3.00."""
    return Fact(AFTER, f"{number}", effect, minor, 0, None, None, None, "return")


def test_a_part_that_goes_back_does_not_hide_that_the_bank_rejected_what_it_booked() -> None:
    told = [fact(1, Effect.SETTLED, 300), fact(2, Effect.REJECTED, 0), fact(3, Effect.RETURNED, 100)]
    assert outcome(300, told).contradiction == "the bank rejected it and booked it all the same"


AMOUNTS = st.integers(0, 300)


@given(st.lists(st.tuples(st.sampled_from(Effect), AMOUNTS), max_size=6))
def test_the_bank_line_of_a_debit_is_what_came_less_what_went_whatever_is_told(told: list[tuple[Effect, int]]) -> None:
    moved = {Effect.SETTLED: 1, Effect.RETURNED: -1}
    facts = [fact(number, effect, minor if effect in moved else 0) for number, (effect, minor) in enumerate(told)]
    lines = positions(300, outcome(300, facts))
    assert lines[Account.BANK] == sum(moved.get(one.effect, 0) * one.amount_minor for one in facts)
    assert sum(lines.values()) == 0
