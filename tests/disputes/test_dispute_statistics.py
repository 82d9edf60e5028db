"""What the desk owes the public: counts, and how fast."""

from datetime import date

import pytest
from dispute_desk import DisputeDesk
from house import CLERK, House

from debit_service.core.errors import InvalidInput
from debit_service.disputes.rules import Answer, SubjectKind
from debit_service.disputes.statistics import Statistics, flat, percentile, statistics

TODAY = date(2026, 12, 1)


def year(house: House, since: date = date(2026, 1, 1)) -> Statistics:
    """The statistics of CNAS for 2026, on 1 December."""
    with house.desk.reading(CLERK) as work:
        (found,) = statistics(work, ["CNAS"], since, date(2026, 12, 31), {"CNAS": TODAY})
        return found


def test_a_year_of_disputes_is_counted_with_its_times(house: House) -> None:
    desk = DisputeDesk(house)
    ids = [desk.contest(desk.subject(SubjectKind.PENALTY, f"P-{number}")) for number in range(6)]
    for day, dispute_id, answer in (
        (date(2026, 9, 3), ids[0], Answer.UPHELD),
        (date(2026, 9, 11), ids[1], Answer.REJECTED),
        (date(2026, 10, 1), ids[2], Answer.PARTLY_UPHELD),
        (date(2026, 10, 2), ids[3], Answer.REJECTED),
    ):
        house.go_to(day)
        desk.answer(dispute_id, answer)
    desk.appeal(ids[3])
    desk.decide(ids[3], Answer.UPHELD)
    desk.withdraw(ids[4])

    found = year(house)
    assert (found.received, found.by_subject["penalty"], found.by_ground["paid_already"]) == (6, 6, 6)
    assert found.answers == {"upheld": 1, "partly_upheld": 1, "rejected": 2}
    # Three of the four answers came in time, and the sixth dispute is overdue without one: three of five.
    assert (found.answered_in_time, found.in_time_percent) == (3, 60)
    assert (found.median_days, found.ninetieth_days) == (10, 31)
    assert (found.withdrawn, found.appeals, found.appeal_answers["upheld"]) == (1, 1, 1)
    assert (found.open, found.overdue) == (1, 1)


def test_a_period_counts_what_was_received_in_it(sqlite_house: House) -> None:
    DisputeDesk(sqlite_house).contest()
    assert year(sqlite_house).received == 1
    assert year(sqlite_house, since=date(2026, 9, 2)) == year(sqlite_house, since=date(2026, 9, 3))
    assert year(sqlite_house, since=date(2026, 9, 2)).received == 0


def test_every_fund_has_the_same_columns_and_nothing_is_invented_for_an_empty_one(sqlite_house: House) -> None:
    empty = flat(year(sqlite_house))
    DisputeDesk(sqlite_house).contest()
    assert list(flat(year(sqlite_house))) == list(empty)
    assert (empty["in_time_percent"], empty["median_days"], empty["received"]) == ("", "", "0")


def test_a_period_that_ends_before_it_begins_is_refused(sqlite_house: House) -> None:
    with pytest.raises(InvalidInput, match="ends before"):
        year(sqlite_house, since=date(2027, 1, 1))


@pytest.mark.parametrize(
    ("days", "percent", "expected"),
    [
        ({}, 50, None),
        ({7: 1}, 90, 7),
        ({1: 5, 30: 5}, 50, 1),
        ({1: 9, 30: 1}, 90, 1),
        ({1: 8, 30: 2}, 90, 30),
    ],
)
def test_a_percentile_is_a_number_of_days_that_somebody_waited(
    days: dict[int, int], percent: int, expected: int | None
) -> None:
    assert percentile(days, percent) == expected
