"""Which sequence type a debit carries: RCUR always, unless the bank wants FRST first, or the mandate ends (facts 1.2)."""

from datetime import date

from bank_files import pain002
from house import CLERK, House
from policy import bank_says

from debit_service.collections import queries
from debit_service.mandates.models import Mandate

SEPTEMBER, OCTOBER = date(2026, 9, 30), date(2026, 10, 29)


def sequence_types(house: House, contribution_ids: list[str]) -> list[str]:
    """The sequence type of the newest attempt at each contribution."""
    return [house.debits_of(one)[-1].sequence_type for one in contribution_ids]


def send_all(house: House) -> None:
    """Collect, approve and send what must leave now."""
    for batch_id in house.collect().batches:
        house.approve(batch_id)
        assert house.send(batch_id) == "sent"


def test_a_first_debit_is_recurring_where_the_bank_takes_that(house: House) -> None:
    owed = house.contribution(house.employer())
    house.collect()
    house.go_to(house.send_day("CNAS", SEPTEMBER))
    send_all(house)
    assert sequence_types(house, [owed]) == ["RCUR"]


def test_a_bank_that_wants_frst_gets_it_once_for_each_mandate(house: House) -> None:
    bank_says(house, first_collection="FRST")
    one, other = house.employer(), house.employer()
    owed = [house.contribution(one), house.contribution(other)]
    house.collect()
    house.go_to(house.send_day("CNAS", SEPTEMBER))
    send_all(house)
    assert sequence_types(house, owed) == ["FRST", "FRST"]

    later = [house.contribution(one, due=OCTOBER, reference="SECOND")]
    house.collect()
    house.go_to(house.send_day("CNAS", OCTOBER))
    send_all(house)
    assert sequence_types(house, later) == ["RCUR"]


def test_of_two_first_debits_on_one_day_one_is_first(sqlite_house: House) -> None:
    bank_says(sqlite_house, first_collection="FRST")
    one = sqlite_house.employer()
    owed = [sqlite_house.contribution(one), sqlite_house.contribution(one, reference="SECOND")]
    sqlite_house.collect()
    sqlite_house.go_to(sqlite_house.send_day("CNAS", SEPTEMBER))
    sqlite_house.collect()
    assert sorted(sequence_types(sqlite_house, owed)) == ["FRST", "RCUR"]


def test_after_a_first_debit_that_was_rejected_the_next_one_is_first_again(house: House) -> None:
    bank_says(house, first_collection="FRST")
    first = house.sent()
    assert sequence_types(house, [first.contribution_id]) == ["FRST"]
    house.bank_says(pain002(first))

    again = house.present_again(first)

    assert sequence_types(house, [again.contribution_id]) == ["FRST"]


def test_the_last_debit_says_so_and_none_follows_it(house: House) -> None:
    one = house.employer(mandate=False)
    mandate_id = house.mandate(one)
    with house.desk.work(CLERK) as work:
        work.session.get_one(Mandate, mandate_id).final_asked_on = date(2026, 9, 2)
    owed = house.contribution(one)
    house.collect()
    house.go_to(house.send_day("CNAS", SEPTEMBER))
    send_all(house)
    assert sequence_types(house, [owed]) == ["FNAL"]

    house.contribution(one, due=OCTOBER, reference="SECOND")
    done = house.collect()
    assert list(done.left_alone.values()) == ["the mandate was to end with its last debit, which was made"]


def test_a_one_off_mandate_is_debited_once(house: House) -> None:
    one = house.employer(mandate=False)
    mandate_id = house.mandate(one)
    with house.desk.work(CLERK) as work:
        work.session.get_one(Mandate, mandate_id).recurrence = "one_off"
    owed = [house.contribution(one), house.contribution(one, reference="SECOND")]

    done = house.collect()

    assert list(done.left_alone.values()) == ["the mandate allows one debit, which was made"]
    assert done.planned == 1
    with house.reading() as work:
        (made,) = [collection for each in owed for collection in queries.attempts(work, each)]
    assert made.sequence_type == "OOFF"
    assert house.collect().planned == 0


def test_a_one_off_debit_that_failed_may_be_made_once_more(house: House) -> None:
    one = house.employer(mandate=False)
    mandate_id = house.mandate(one)
    with house.desk.work(CLERK) as work:
        work.session.get_one(Mandate, mandate_id).recurrence = "one_off"
    first = house.send_due("CNAS", SEPTEMBER, house.contribution(one))
    house.bank_says(pain002(first))

    assert house.collect().planned == 1
    assert house.debits_of(first.contribution_id)[-1].sequence_type == "OOFF"
