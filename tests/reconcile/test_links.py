"""Links: a return that names only the bank's own reference is tied to the one credit that carries it, whatever came first."""

from dataclasses import replace
from datetime import date

import pytest
from bank_files import Booked, camt053, camt054, credit, returned
from house import House, Sent
from reconcile.deciding import decided, undone
from reconcile.test_any_order import each_order_tells_the_same
from reconcile.test_references import reasons, renamed
from sqlalchemy import func, select

from debit_service.banks.models import BankFile
from debit_service.reconcile import queries
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.rules import State
from debit_service.reconcile.same_booking.said_since import contradictions
from debit_service.reconcile.service import links
from debit_service.reconcile.service.match import to_look_at

CREDITED, TAKEN_BACK = date(2026, 9, 30), date(2026, 10, 5)


def back(sent: Sent) -> bytes:
    """The debit goes back under the bank's own reference, and no other."""
    return renamed(camt054(sent.account, returned(sent, day=TAKEN_BACK, reference="SAME"), message_id="R1"), sent, "")


def credited(sent: Sent, name: str = "N1", end_to_end_id: str | None = None) -> bytes:
    """The debit is booked, or another one of its amount, under the bank's own reference."""
    one = credit(sent, reference="SAME")
    return camt054(sent.account, replace(one, end_to_end_id=end_to_end_id or one.end_to_end_id), message_id=name)


def file_of_last(house: House) -> str:
    """The file that was stored last."""
    with house.reading() as work:
        return work.session.scalars(select(func.max(BankFile.id))).one()


def test_a_second_credit_under_one_reference_unties_the_return_in_every_order(house: House) -> None:
    first, second = sents = house.sent_together("CNAS", "100.00", "100.00")
    files = [credited(first), credited(second, "N2"), back(first)]
    if house.desk.database.engine.dialect.name == "sqlite":
        each_order_tells_the_same(house, sents, files)
    else:
        house.in_turn(files[0], files[2], files[1])

    assert reasons(house) == ["unlinked"]
    assert [house.outcome(one).state for one in sents] == [State.SETTLED] * 2
    assert house.balances()["bank/CNAS"] == 100_00


def test_somebody_elses_credit_under_the_reference_unties_the_return_in_every_order(sqlite_house: House) -> None:
    sent = sqlite_house.sent()

    each_order_tells_the_same(sqlite_house, [sent], [credited(sent), credited(sent, "N2", "THEIRS"), back(sent)])

    assert reasons(sqlite_house) == ["unknown_reference", "unlinked"]


def test_another_report_of_the_credit_that_names_no_debit_is_no_second_credit(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    unnamed = replace(credit(sent, reference="SAME"), end_to_end_id=None)

    each_order_tells_the_same(
        sqlite_house, [sent], [credited(sent), camt053(sent.account, CREDITED, 0, unnamed), back(sent)]
    )

    assert reasons(sqlite_house) == []
    assert sqlite_house.outcome(sent).state is State.RETURNED


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 1, 0, 3), (1, 0, 3, 2)], ids=str)
def test_of_a_credit_that_is_told_three_times_one_report_names_the_debit_for_all(
    sqlite_house: House, order: tuple[int, ...]
) -> None:
    house, sent = sqlite_house, sqlite_house.sent()
    unnamed = replace(credit(sent, reference="SAME"), end_to_end_id=None)
    files = [
        credited(sent),
        camt053(sent.account, CREDITED, 0, unnamed),
        camt054(sent.account, unnamed, message_id="N2"),
        back(sent),
    ]
    house.in_turn(*(files[one] for one in order))
    assert reasons(house) == []
    assert house.outcome(sent).state is State.RETURNED


def test_a_return_is_tied_once_a_person_says_that_its_two_credits_are_one(sqlite_house: House) -> None:
    house, sent = sqlite_house, sqlite_house.sent()
    unnamed = replace(credit(sent, reference="SAME", day=date(2026, 10, 1)), end_to_end_id=None)
    house.go_to(TAKEN_BACK)
    house.in_turn(credited(sent), camt054(sent.account, unnamed, message_id="N2"), back(sent))
    assert reasons(house) == ["no_reference", "unlinked"]

    (told_later,) = [one.id for one in house.waiting() if one.direction == "credit"]
    with house.reading() as work:
        (counts,) = queries.facts_of(work, sent.collection_id)
    decided(house, told_later, Decision.TOLD_BEFORE, same_as=counts.entry_id)

    assert reasons(house) == []
    assert house.outcome(sent).state is State.RETURNED


def test_a_return_that_a_person_decided_is_contradicted_by_the_credit_that_it_takes_back(sqlite_house: House) -> None:
    house, sent = sqlite_house, sqlite_house.sent()
    house.go_to(TAKEN_BACK)
    house.in_turn(back(sent))
    (waits,) = house.waiting()
    said = decided(house, waits.id, Decision.NOT_OURS)
    with house.reading() as work:
        assert contradictions(work) == []

    house.in_turn(credited(sent))

    assert house.outcome(sent).state is State.SETTLED
    with house.reading() as work:
        assert contradictions(work) == contradictions(work, [waits.id]) == [(waits.id, sent.end_to_end_id)]
    undone(house, said.id)
    assert house.outcome(sent).state is State.RETURNED
    with house.reading() as work:
        assert contradictions(work) == []


def test_a_return_that_a_person_matched_is_contradicted_by_another_credit_that_comes_then(sqlite_house: House) -> None:
    house = sqlite_house
    first, second = house.sent_together("CNAS", "100.00", "100.00")
    house.go_to(TAKEN_BACK)
    house.in_turn(credited(first, end_to_end_id="THEIRS"), credited(first), back(first))
    waits = next(one for one in house.waiting() if one.direction == "debit")
    decided(house, waits.id, Decision.MATCHED, end_to_end_id=first.end_to_end_id)
    with house.reading() as work:
        assert contradictions(work) == []

    house.in_turn(credited(second, "N2"))

    with house.reading() as work:
        assert contradictions(work) == [(waits.id, second.end_to_end_id)]


@pytest.mark.parametrize("valued", [None, date(2026, 9, 29)], ids=["folded", "in their place"])
def test_a_statement_that_repeats_two_credits_says_nothing_new_against_a_decision(
    sqlite_house: House, valued: date | None
) -> None:
    house = sqlite_house
    first, second = house.sent_together("CNAS", "100.00", "100.00")
    house.go_to(TAKEN_BACK)
    house.in_turn(credited(first), credited(second, "N2"), back(first))
    (waits,) = house.waiting()
    decided(house, waits.id, Decision.MATCHED, end_to_end_id=first.end_to_end_id)

    again = [replace(credit(one, reference="SAME"), valued=valued) for one in (first, second)]
    house.in_turn(camt053(first.account, CREDITED, 0, *again))

    with house.reading() as work:
        assert contradictions(work) == []


@pytest.mark.parametrize("reference", ["SAME", None])
def test_a_report_that_says_first_which_debit_a_banks_reference_credits_is_news_against_a_decision(
    sqlite_house: House, reference: str | None
) -> None:
    house, sent = sqlite_house, sqlite_house.sent()
    house.go_to(TAKEN_BACK)
    named = credit(sent, reference="SAME")
    known = replace(named, servicer_reference=reference, end_to_end_id=None if reference else named.end_to_end_id)
    house.in_turn(camt054(sent.account, known), back(sent))
    waits = next(one for one in house.waiting() if one.direction == "debit")
    decided(house, waits.id, Decision.NOT_OURS)

    house.in_turn(camt053(sent.account, CREDITED, 0, named))

    with house.reading() as work:
        assert contradictions(work) == [(waits.id, sent.end_to_end_id)]


def test_what_waits_for_a_credit_is_asked_again_only_after_a_file_that_brings_one_that_fits(
    sqlite_house: House,
) -> None:
    house, sent = sqlite_house, sqlite_house.sent()
    house.in_turn(back(sent))
    (waits,) = house.waiting()
    others = (
        Booked(sent.amount_minor, "DZD", CREDITED, servicer_reference="ANOTHER"),
        Booked(sent.amount_minor + 1, "DZD", CREDITED, servicer_reference="SAME"),
        Booked(sent.amount_minor, "DZD", CREDITED, direction="DBIT", servicer_reference="SAME"),
    )
    for number, other in enumerate(others):
        house.in_turn(camt054(sent.account, other, message_id=f"O{number}"))
        with house.reading() as work:
            assert waits.id not in to_look_at(work, file_of_last(house))

    house.in_turn(credited(sent))
    assert house.outcome(sent).state is State.RETURNED
    with house.reading() as work:
        assert waits.id in to_look_at(work, file_of_last(house))


def _steps_of_asking(house: House) -> int:
    """What it costs the database to find which returns the last file may tell of."""
    file_id, steps = file_of_last(house), [0]

    def one_more() -> None:
        steps[0] += 1

    with house.reading() as work:
        driver = work.session.connection().connection.driver_connection
        assert driver is not None
        driver.set_progress_handler(one_more, 100)
        assert links.retold_by(work, file_id)
        driver.set_progress_handler(None, 0)
    return steps[0]


def test_a_reference_that_a_bank_gives_to_everything_costs_no_more_a_credit_in_a_longer_file(
    sqlite_house: House,
) -> None:
    house, sent = sqlite_house, sqlite_house.sent()
    house.in_turn(back(sent))
    steps = []
    for number, count in enumerate((50, 200)):
        theirs = [
            Booked(
                sent.amount_minor + one, "DZD", CREDITED, end_to_end_id=f"T{number}-{one}", servicer_reference="SAME"
            )
            for one in range(count)
        ]
        house.in_turn(camt054(sent.account, *theirs, message_id=f"N{number}"))
        steps.append(_steps_of_asking(house))

    assert steps[1] < 8 * steps[0]
