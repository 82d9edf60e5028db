"""Every cent of an entry stands somewhere, whatever a bank leaves out: of an entry and its details, of a block and its sums."""

from dataclasses import replace
from datetime import date

from bank_files import Booked, camt053, camt054, credit, pain002, returned, together, total
from house import House, Sent
from reconcile.test_any_order import each_order_tells_the_same

from debit_service import operations
from debit_service.core.work import SERVICE
from debit_service.ledger import service as ledger
from debit_service.reconcile.rules import State

CREDITED, TAKEN_BACK = date(2026, 9, 30), date(2026, 10, 5)


def reasons(house: House) -> list[str]:
    """The stable reasons of everything in suspense."""
    return sorted(reason for reason, _ in house.suspense())


def states(house: House, sents: list[Sent]) -> list[State]:
    """What each debit is."""
    return [house.outcome(one).state for one in sents]


def differing(sents: list[Sent], minor: int) -> Booked:
    """One entry of the bank's with these credits as its details, which add up to another amount."""
    return replace(together(*map(credit, sents), reference="SUM"), amount_minor=minor)


# --- details that do not add up to their entry ------------------------------------------------------------------------


def test_what_is_left_of_an_entry_beside_its_details_waits_once_however_many_reports_tell_of_it(
    sqlite_house: House,
) -> None:
    sents = sqlite_house.sent_together("CNAS", "1000.00", "500.00")
    more = differing(sents, 160_000)

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt054(sents[0].account, more),
            camt053(sents[0].account, CREDITED, 0, more),
            camt053(sents[0].account, CREDITED, 0, replace(more, details=(), end_to_end_id=None), message_id="S2"),
        ],
    )

    assert reasons(sqlite_house) == ["details_differ"]
    assert (sqlite_house.balances()["bank/CNAS"], sqlite_house.balances()["suspense/CNAS"]) == (160_000, -10_000)
    assert states(sqlite_house, sents) == [State.SETTLED] * 2


def test_an_entry_that_is_less_than_its_details_has_the_difference_in_suspense_too(house: House) -> None:
    sents = house.sent_together("CNAS", "1000.00", "500.00")

    house.in_turn(camt053(sents[0].account, CREDITED, 0, differing(sents, 149_999)))

    assert reasons(house) == ["details_differ"]
    assert (house.balances()["bank/CNAS"], house.balances()["suspense/CNAS"]) == (149_999, 1)


def test_what_is_left_of_an_entry_is_explained_by_a_report_that_has_all_of_its_details(sqlite_house: House) -> None:
    sents = sqlite_house.sent_together("CNAS", "1000.00", "500.00", "100.00")

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt054(sents[0].account, differing(sents[:2], 160_000)),
            camt053(sents[0].account, CREDITED, 0, differing(sents, 160_000)),
        ],
    )

    assert reasons(sqlite_house) == []
    assert sqlite_house.balances()["bank/CNAS"] == 160_000


def test_the_sum_of_a_block_tells_what_its_details_lack(sqlite_house: House) -> None:
    sents = sqlite_house.sent_together("CNAS", "1000.00", "500.00", "100.00")

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt054(sents[0].account, differing(sents[:2], 160_000)),
            camt053(sents[0].account, CREDITED, 0, total(sents)),
        ],
    )

    assert reasons(sqlite_house) == []
    assert states(sqlite_house, sents) == [State.SETTLED] * 3
    assert sqlite_house.balances()["bank/CNAS"] == 160_000


# --- sums of blocks ---------------------------------------------------------------------------------------------------


def test_a_sum_that_left_is_the_return_of_the_debits_of_its_block_that_were_rejected(sqlite_house: House) -> None:
    sents = sqlite_house.sent_together("CNAS", "1000.00", "500.00", "250.00")
    gone = replace(total(sents[1:], TAKEN_BACK), direction="DBIT")

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            pain002(sents[1], message_id="P1"),
            pain002(sents[2], message_id="P2"),
            camt054(sents[0].account, total(sents)),
            camt054(sents[0].account, gone, message_id="N2"),
        ],
    )

    assert reasons(sqlite_house) == []
    assert states(sqlite_house, sents) == [State.SETTLED, State.RETURNED, State.RETURNED]
    assert sqlite_house.balances()["bank/CNAS"] == 1000_00
    assert sqlite_house.breaches() == {}


def test_a_return_that_names_its_debit_counts_before_a_sum_and_gives_the_reason(sqlite_house: House) -> None:
    first, second = sents = sqlite_house.sent_together("CNAS", "1000.00", "500.00")
    gone = replace(total(sents, TAKEN_BACK), direction="DBIT")

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt054(first.account, total(sents)),
            camt053(first.account, TAKEN_BACK, 0, gone),
            camt054(first.account, returned(second, "AC04", TAKEN_BACK), message_id="N2"),
        ],
    )

    assert reasons(sqlite_house) == []
    assert sqlite_house.collection(second).failure_code == "AC04"
    assert states(sqlite_house, sents) == [State.RETURNED] * 2


def test_a_sum_that_left_and_is_not_that_of_the_rejected_waits(sqlite_house: House) -> None:
    sents = sqlite_house.sent_together("CNAS", "1000.00", "500.00", "250.00")
    gone = replace(total(sents[1:], TAKEN_BACK), direction="DBIT")

    sqlite_house.in_turn(
        pain002(sents[1]), camt054(sents[0].account, total(sents)), camt054(sents[0].account, gone, message_id="N2")
    )

    assert reasons(sqlite_house) == ["batch_differs"]
    assert states(sqlite_house, sents) == [State.SETTLED] * 3


def test_a_sum_less_stated_charges_settles_its_block_and_the_charges_are_the_funds(sqlite_house: House) -> None:
    sents = sqlite_house.sent_together("CNAS", "1000.00", "500.00")
    net = replace(total(sents, amount_minor=149_000), charges_minor=10_00)

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt053(sents[0].account, CREDITED, 0, net),
            camt054(sents[0].account, *map(credit, sents)),
            camt054(sents[0].account, net, message_id="N2"),
        ],
    )

    assert reasons(sqlite_house) == []
    assert (sqlite_house.balances()["bank/CNAS"], sqlite_house.balances()["charges/CNAS"]) == (149_000, 10_00)
    assert [sqlite_house.outcome(one).charges_minor for one in sents] == [0, 0]
    assert set(sqlite_house.breaches()) <= {5}


def less(entry: Booked, cost_minor: int) -> Booked:
    """An entry of which the bank has taken this, as it states."""
    sign = -1 if entry.direction == "CRDT" else 1
    return replace(entry, amount_minor=entry.amount_minor + sign * cost_minor, charges_minor=cost_minor)


def test_a_cost_that_one_report_states_with_the_sum_and_another_beside_its_details_is_taken_once(
    sqlite_house: House,
) -> None:
    sents = sqlite_house.sent_together("CNAS", "1000.00", "500.00")
    account, parts = sents[0].account, [replace(credit(one), servicer_reference=None) for one in sents]

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt053(account, CREDITED, 0, less(total(sents), 10_00)),
            camt054(account, less(together(*parts), 10_00)),
            camt054(account, *parts, message_id="N2"),
        ],
    )

    assert reasons(sqlite_house) == []
    assert (sqlite_house.balances()["bank/CNAS"], sqlite_house.balances()["charges/CNAS"]) == (149_000, 10_00)
    assert states(sqlite_house, sents) == [State.SETTLED] * 2


def test_a_cost_beside_details_of_which_one_waits_is_taken_once_with_the_sum_that_comes_before_that_one(
    sqlite_house: House,
) -> None:
    first, second = sents = sqlite_house.sent_together("CNAS", "1000.00", "500.00")
    account, before = first.account, date(2026, 9, 29)

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt054(account, credit(second, before, reference="EARLY")),
            camt054(account, less(together(credit(first), credit(second), reference="SUM"), 10_00), message_id="N2"),
            camt053(account, CREDITED, 0, less(total(sents), 10_00)),
        ],
    )

    assert reasons(sqlite_house) == ["exceeds"]
    assert (sqlite_house.balances()["bank/CNAS"], sqlite_house.balances()["charges/CNAS"]) == (199_000, 10_00)


def test_the_same_cost_of_two_blocks_is_taken_for_each(sqlite_house: House) -> None:
    some = sqlite_house.sent_together("CNAS", "300.00", "200.00")
    others = sqlite_house.sent_together("CNAS", "400.00", "100.00", due=date(2026, 10, 20))
    account, booked = some[0].account, [credit(one, CREDITED) for one in others]

    each_order_tells_the_same(
        sqlite_house,
        [*some, *others],
        [
            camt053(account, CREDITED, 0, less(total(some), 10_00)),
            camt054(account, less(together(*booked, reference="SUM"), 10_00)),
        ],
    )

    assert reasons(sqlite_house) == []
    assert (sqlite_house.balances()["bank/CNAS"], sqlite_house.balances()["charges/CNAS"]) == (2 * 490_00, 20_00)


# --- the way back, and back again -------------------------------------------------------------------------------------


def test_money_that_comes_in_again_after_it_went_back_leaves_nothing_under_way_and_nothing_owed(
    sqlite_house: House,
) -> None:
    sent = sqlite_house.sent()
    again = credit(sent, date(2026, 10, 7), reference="AGAIN")

    each_order_tells_the_same(
        sqlite_house,
        [sent],
        [
            camt054(sent.account, credit(sent)),
            camt054(sent.account, returned(sent, day=TAKEN_BACK, charges_minor=300), message_id="N2"),
            camt054(sent.account, again, message_id="N3"),
        ],
    )

    assert sqlite_house.balances() == {
        "bank/CNAS": sent.amount_minor - 300,
        "charges/CNAS": 300,
        "declared/CNAS": -sent.amount_minor,
    }
    assert sqlite_house.breaches() == {}


def test_what_an_earlier_release_left_under_way_is_brought_to_where_it_belongs(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    sqlite_house.in_turn(
        camt054(sent.account, credit(sent)),
        camt054(sent.account, returned(sent, day=TAKEN_BACK), message_id="N2"),
        camt054(sent.account, credit(sent, date(2026, 10, 7), reference="AGAIN"), message_id="N3"),
    )
    right = sqlite_house.balances()
    with sqlite_house.desk.work(SERVICE) as work:
        lines = {"bank/CNAS": sent.amount_minor, "in-transit/CNAS": -sent.amount_minor}
        ledger.bring_to(
            work,
            lines,
            currency=sent.currency,
            business_date=TAKEN_BACK,
            cause="collection.settled",
            subject=sent.collection_id,
            evidence={},
        )
    assert sqlite_house.balances() != right

    moved = [operations.bring_books(sqlite_house.service, SERVICE, sqlite_house.fund()) for _ in range(2)]

    assert (moved, sqlite_house.balances()) == ([1, 0], right)
    assert sqlite_house.breaches() == {}
