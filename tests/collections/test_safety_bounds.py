"""A run that asks for far more than it should stops before anything is batched, and a person decides."""

from datetime import date
from typing import Any

import pytest
from house import APPROVER, CLERK, House
from policy import fund_says
from sqlalchemy import select

from debit_service.collections.models import Collection, RunHold
from debit_service.collections.service import bounds
from debit_service.core.errors import Refused
from debit_service.core.work import Actor, Role

DUE, NEXT = date(2026, 9, 30), date(2026, 10, 29)


def ready(house: House, *amounts: str) -> None:
    """One contribution of another employer for each amount, announced, on the day on which the file must leave."""
    for amount in amounts:
        house.contribution(house.employer(), due=DUE, amount=amount)
    house.collect()
    house.go_to(house.send_day("CNAS", DUE))


def held(house: House) -> RunHold:
    """The hold that stops the run of today."""
    with pytest.raises(Refused) as refused:
        house.collect()
    assert refused.value.code == "run.held"
    with house.reading() as work:
        (hold,) = bounds.waiting(work)
    assert refused.value.place == hold.id
    return hold


def release(house: House, hold: RunHold, actor: Actor = APPROVER) -> None:
    """A person lets the run through."""
    with house.desk.work(actor) as work:
        bounds.release(work, hold.id, "the declarations of two months came together")


@pytest.mark.parametrize(
    ("bound", "reason"),
    [
        ({"debit_policy__bounds__max_collections": 2}, "3 debits, and the bound is 2"),
        (
            {"debit_policy__bounds__max_sum_minor": 599_999},
            "6000.00 DZD in all, and the bound is 5999.99 DZD",
        ),
    ],
)
def test_a_run_past_a_bound_batches_nothing_until_an_approver_releases_it(
    house: House, bound: dict[str, Any], reason: str
) -> None:
    fund_says(house, **bound)
    ready(house, "1000.00", "2000.00", "3000.00")

    hold = held(house)
    assert (hold.reasons, hold.count, hold.control_sum_minor) == ([reason], 3, 600_000)
    assert held(house).id == hold.id  # asked again, it is the same question

    release(house, hold)
    assert len(house.collect().batches) == 1
    with house.reading() as work:
        assert not bounds.waiting(work)


def test_a_released_run_lets_nothing_else_through(sqlite_house: House) -> None:
    fund_says(sqlite_house, debit_policy__bounds__max_collections=2)
    ready(sqlite_house, "1000.00", "2000.00", "3000.00", "4000.00")
    hold = held(sqlite_house)
    release(sqlite_house, hold)
    with sqlite_house.desk.work(CLERK) as work:
        # What nobody has seen, and no notice has announced.
        work.session.scalars(select(Collection).order_by(Collection.id)).all()[-1].amount_minor = 400_001

    # The fourth debit waits for its notice; the other three are another run than the four that were released.
    assert held(sqlite_house).id != hold.id


def test_who_started_a_run_cannot_release_it(sqlite_house: House) -> None:
    fund_says(sqlite_house, debit_policy__bounds__max_collections=1)
    ready(sqlite_house, "1000.00", "2000.00")
    hold = held(sqlite_house)
    both = Actor(CLERK.name, frozenset({Role.FINANCE_APPROVER}))
    with pytest.raises(Refused, match="cannot release"):
        release(sqlite_house, hold, both)
    with pytest.raises(Refused, match="role"):
        release(sqlite_house, hold, CLERK)


@pytest.mark.parametrize(("amount", "stops"), [("3000.00", False), ("3000.01", True)])
def test_an_employer_that_is_asked_far_more_than_usual_stops_the_run(
    sqlite_house: House, amount: str, stops: bool
) -> None:
    usual = sqlite_house.employer()
    sqlite_house.send_due("CNAS", DUE, sqlite_house.contribution(usual, amount="1000.00"))
    sqlite_house.contribution(usual, due=NEXT, amount=amount, reference="SECOND")
    sqlite_house.contribution(
        sqlite_house.employer(), due=NEXT, amount="999999.00"
    )  # asked nothing before: no usual amount
    sqlite_house.go_to(date(2026, 10, 1))
    sqlite_house.collect()
    sqlite_house.go_to(sqlite_house.send_day("CNAS", NEXT))

    if stops:
        assert held(sqlite_house).reasons == [
            "1 employers are asked more than 3 times the most of their last three months"
        ]
    else:
        assert len(sqlite_house.collect().batches) == 1


def test_a_run_in_slices_is_one_run(sqlite_house: House) -> None:
    fund_says(sqlite_house, debit_policy__bounds__max_collections=2)
    ready(sqlite_house, "1000.00", "2000.00")
    assert len(sqlite_house.collect().batches) == 1
    fund_says(sqlite_house, debit_policy__notice_days_ahead=0)
    # Announced at once, it could leave today with what has left already: three of two.
    sqlite_house.contribution(sqlite_house.employer(), due=DUE)
    assert held(sqlite_house).reasons == ["3 debits, and the bound is 2"]
