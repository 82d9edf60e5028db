"""What is left of an entry beside its details: which other report tells of it, once; and what that says against a decision."""

import re
from dataclasses import replace
from datetime import date

import pytest
from bank_files import Booked, camt053, camt054, credit, pain002, together, total
from house import House, Sent
from reconcile.deciding import decided, queue, undone
from reconcile.test_any_order import each_order_tells_the_same
from sqlalchemy import select

from debit_service.reconcile.models import BankEntry
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.rules import State
from debit_service.reconcile.same_booking import remainders
from debit_service.reconcile.same_booking.said_since import contradictions
from debit_service.reports.attention import attention

CREDITED, AFTER = date(2026, 9, 30), date(2026, 10, 5)


def reasons(house: House) -> list[str]:
    """The stable reasons of everything in suspense."""
    return sorted(reason for reason, _ in house.suspense())


def bank(house: House) -> int:
    """What the journal says is on the account, minor units."""
    return house.balances().get("bank/CNAS", 0)


def without_amounts(content: bytes) -> bytes:
    """The same report, in which no detail has an amount: all of each entry is left beside its details."""
    return re.sub(rb"(<TxDtls>(?:<Refs>.*?</Refs>)?)<Amt [^>]*>[^<]*</Amt>", rb"\1", content)


def sum_of(sents: list[Sent], reference: str | None = None) -> Booked:
    """One entry of the bank's with these credits as its details."""
    return together(*(replace(credit(one, CREDITED), servicer_reference=None) for one in sents), reference=reference)


def bare(sents: list[Sent], reference: str | None = None) -> Booked:
    """A booking of as much that says nothing of whom it is."""
    return replace(sum_of(sents, reference), details=(), end_to_end_id=None)


# --- each report tells of one remainder -------------------------------------------------------------------------------


def two_blocks(house: House) -> tuple[list[Sent], list[Sent]]:
    """Two blocks of one amount; what is said of them here is booked on one day."""
    return (
        house.sent_together("CNAS", "300.00", "200.00"),
        house.sent_together("CNAS", "400.00", "100.00", due=date(2026, 10, 20)),
    )


def test_the_sum_of_one_block_tells_nothing_of_what_is_left_of_another_of_the_same_amount(sqlite_house: House) -> None:
    ours, theirs = two_blocks(sqlite_house)
    assert ours[0].payment_information_id != theirs[0].payment_information_id
    account = ours[0].account

    each_order_tells_the_same(
        sqlite_house,
        [*ours, *theirs],
        [
            without_amounts(camt054(account, sum_of(ours), sum_of(theirs))),
            camt053(account, CREDITED, 0, total(ours)),
        ],
    )

    assert [reason for reason in reasons(sqlite_house) if reason == "details_differ"] == ["details_differ"]
    assert bank(sqlite_house) == 2 * 500_00


def test_a_sum_tells_nothing_of_another_block_although_another_entry_names_that_one(sqlite_house: House) -> None:
    ours, theirs = two_blocks(sqlite_house)
    account = ours[0].account
    elsewhere = total(theirs, AFTER, amount_minor=1_00, count=1)

    sqlite_house.in_turn(
        camt053(account, AFTER, 0, elsewhere, message_id="S2"),
        without_amounts(camt054(account, sum_of(ours), sum_of(theirs))),
        camt053(account, CREDITED, 0, total(ours)),
    )

    assert reasons(sqlite_house).count("details_differ") == 1


def test_of_two_remainders_and_one_sum_that_may_tell_of_either_a_person_decides(sqlite_house: House) -> None:
    sents = sqlite_house.sent_together("CNAS", "300.00", "200.00", "400.00", "100.00")
    account, half = sents[0].account, total(sents, amount_minor=500_00, count=2)
    told = without_amounts(camt054(account, sum_of(sents[:2])))
    also = without_amounts(camt054(account, sum_of(sents[2:]), message_id="N2"))
    here = sqlite_house.bookmark()

    each_order_tells_the_same(sqlite_house, sents, [told, also, camt053(account, CREDITED, 0, half)])
    assert reasons(sqlite_house).count("details_differ") == 2
    here()

    sqlite_house.in_turn(told, camt053(account, CREDITED, 0, half, half), also)
    assert reasons(sqlite_house).count("details_differ") == 0
    assert bank(sqlite_house) == 2 * 500_00


def part_of(sents: list[Sent], amount_minor: int) -> Booked:
    """One entry of this amount, of which only these details are told."""
    return replace(sum_of(sents), amount_minor=amount_minor)


def test_of_two_remainders_of_different_rests_and_one_sum_that_may_tell_of_either_a_person_decides(
    sqlite_house: House,
) -> None:
    paid, also, refused = sents = sqlite_house.sent_together("CNAS", "300.00", "200.00", "400.00")
    account = paid.account
    sqlite_house.bank_says(pain002(refused, "RJCT", "AM04"))

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt054(account, part_of([paid], 500_00)),
            camt054(account, part_of([refused], 500_00), message_id="N2"),
            camt053(account, CREDITED, 0, total([paid, also])),
        ],
    )

    assert reasons(sqlite_house).count("details_differ") == 2


def test_two_reports_that_tell_other_details_of_one_entry_leave_nothing_beside_its_sum(sqlite_house: House) -> None:
    first, second, third = sents = sqlite_house.sent_together("CNAS", "300.00", "150.00", "50.00")
    account = first.account

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt054(account, part_of([first], 500_00)),
            camt054(account, part_of([first, second], 500_00), message_id="N2"),
            camt053(account, CREDITED, 0, total(sents)),
        ],
    )

    assert reasons(sqlite_house) == []
    assert sqlite_house.outcome(third).state == State.SETTLED
    assert bank(sqlite_house) == 500_00


def test_what_is_left_is_told_by_a_sum_that_only_a_later_rejection_makes_right(sqlite_house: House) -> None:
    paid, also, refused = sents = sqlite_house.sent_together("CNAS", "300.00", "200.00", "400.00")

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt054(paid.account, part_of([paid], 500_00)),
            camt053(paid.account, CREDITED, 0, total([paid, also])),
            pain002(refused, "RJCT", "AM04"),
        ],
    )

    assert reasons(sqlite_house) == []
    assert bank(sqlite_house) == 500_00


def test_a_transfer_without_a_reference_in_another_notification_is_not_what_is_left_of_an_entry(
    sqlite_house: House,
) -> None:
    sents = sqlite_house.sent_together("CNAS", "300.00", "200.00")
    account = sents[0].account

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            without_amounts(camt054(account, sum_of(sents))),
            camt054(account, bare(sents), message_id="N2"),
        ],
    )

    assert bank(sqlite_house) == 2 * 500_00


def test_a_sum_in_another_kind_of_message_that_names_nothing_is_what_is_left_of_the_only_such_entry(
    sqlite_house: House,
) -> None:
    sents = sqlite_house.sent_together("CNAS", "300.00", "200.00")
    account = sents[0].account

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [without_amounts(camt054(account, sum_of(sents))), camt053(account, CREDITED, 0, bare(sents))],
    )

    assert bank(sqlite_house) == 500_00


# --- against a decision -----------------------------------------------------------------------------------------------


def left_and_decided(house: House, sents: list[Sent], decision: Decision) -> tuple[str, str]:
    """A notification lacks the last detail of an entry, and a clerk decides what is left: the entry, and the decision."""
    told = replace(sum_of(sents[:-1], "SUM"), amount_minor=sum(one.amount_minor for one in sents))
    house.go_to(AFTER)
    house.in_turn(camt054(sents[0].account, told))
    (entry,) = house.waiting()
    return entry.id, decided(house, entry.id, decision).id


@pytest.mark.parametrize("way", ["details", "sum"])
def test_a_report_that_tells_a_booking_in_full_is_told_against_what_a_person_decided_is_left_of_it(
    sqlite_house: House, way: str
) -> None:
    house = sqlite_house
    sents = house.sent_together("CNAS", "1000.00", "500.00", "100.00")
    entry_id, resolution_id = left_and_decided(house, sents, Decision.REFUND_OWED)
    with house.reading() as work:
        assert contradictions(work) == []

    full = sum_of(sents, "SUM") if way == "details" else total(sents)
    house.in_turn(camt053(sents[0].account, CREDITED, 0, full))

    with house.reading() as work:
        assert contradictions(work) == [(entry_id, sents[2].end_to_end_id)]
        assert any(entry_id in str(one) for one in attention(work, house.service.funds, house.service.debit_calendars))
    assert house.balances()["refunds-owed/CNAS"] == -100_00

    undone(house, resolution_id)

    with house.reading() as work:
        assert contradictions(work) == []
    assert queue(house) == []
    assert [house.outcome(one).state for one in sents] == [State.SETTLED] * 3
    assert bank(house) == 1600_00
    # That details do not add up to their entry stays a finding about the file.
    assert set(house.breaches()) <= {5}


def test_another_report_of_the_same_remainder_is_not_told_against_a_decision(house: House) -> None:
    sents = house.sent_together("CNAS", "1000.00", "500.00", "100.00")
    left_and_decided(house, sents, Decision.REFUND_OWED)

    told = replace(sum_of(sents[:-1], "SUM"), amount_minor=1600_00)
    house.in_turn(camt053(sents[0].account, CREDITED, 0, told))

    with house.reading() as work:
        assert contradictions(work) == []


# --- what it costs ----------------------------------------------------------------------------------------------------


def steps_to_find_the_details(house: House, account: str, day: date, count: int) -> int:
    """How many steps the database takes to find the report that tells all details of an entry of which another one lacks the
    last of `count`."""
    each = [
        Booked(1_00, "DZD", day, end_to_end_id=f"{day}-{number}", servicer_reference=None) for number in range(count)
    ]
    left = replace(together(*each[:-1]), amount_minor=count * 1_00)
    house.in_turn(camt054(account, left, message_id=f"N{day}"), camt053(account, day, 0, together(*each)))
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    with house.reading() as work:
        query = select(BankEntry.id).where(BankEntry.kind == "remainder", BankEntry.booking_date == day)
        found = work.session.scalars(query).all()
        driver = work.session.connection().connection.driver_connection
        assert driver is not None
        driver.set_progress_handler(step, 10)
        assert len(remainders.details_telling(work, found)) == 1
        driver.set_progress_handler(None, 0)
    return steps


def test_finding_what_tells_of_a_remainder_costs_as_many_times_more_as_there_are_more_details(
    sqlite_house: House,
) -> None:
    account = sqlite_house.sent().account

    few = steps_to_find_the_details(sqlite_house, account, CREDITED, 25)
    many = steps_to_find_the_details(sqlite_house, account, AFTER, 100)

    assert many < 6 * few
