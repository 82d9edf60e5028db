"""Amnesties: the list and its totals before anything is done, another person's approval, chunks that can be cut off, and back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from bank_files import pain002
from house import APPROVER, CLERK, House
from sqlalchemy import event

from debit_service import operations
from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.work import Actor, Role
from debit_service.penalties import queries, relief_queries
from debit_service.penalties.service import amnesty, reverse
from debit_service.penalties.service.amnesty import CarriedOut, Case, Terms, Total
from debit_service.penalties.service.settle import settle

SECOND = Actor("second approver", frozenset({Role.FINANCE_APPROVER}))
RECEIVABLE = "surcharge-receivable/CNAS"
ALL = Terms(
    first_period="2026-01",
    last_period="2026-12",
    states=("proposed", "confirmed", "notified"),
    basis_points=10_000,
    covers_later=False,
    law="ordinance 21-12 of 25 August 2021",
    decided_on=date(2026, 10, 1),
    why="the law says so",
)


def penalised(house: House, *amounts: str) -> list[str]:
    """A penalty of 5 % for each amount, of which the first is confirmed; returns their ids."""
    sent = house.sent_together("CNAS", *amounts)
    house.bank_says(*(pain002(one, "RJCT", "AM04") for one in sent))
    house.go_to(date(2026, 10, 15))
    house.assess()
    with house.reading() as work:
        found = [queries.penalties_of(work, one.contribution_id)[0].id for one in sent]
    house.confirm_penalty(found[0])
    return found


def drawn(house: House, terms: Terms = ALL) -> list[Case]:
    with house.reading() as work:
        return list(amnesty.draw(work, house.fund(), terms))


def prepared(house: House, terms: Terms = ALL) -> tuple[str, str]:
    """A prepared amnesty: its id, and the hash of its list."""
    with house.desk.work(CLERK) as work:
        one = amnesty.prepare(work, house.fund(), terms)
        return one.id, one.sha256


def approved(house: House, terms: Terms = ALL) -> str:
    """An approved amnesty."""
    one, digest = prepared(house, terms)
    with house.desk.work(APPROVER) as work:
        amnesty.approve(work, one, digest)
    return one


def carried_out(house: House, amnesty_id: str, chunk: int = 2) -> CarriedOut:
    return amnesty.carry_out(house.desk, CLERK, house.fund(), amnesty_id, chunk)


def undone(house: House, amnesty_id: str) -> None:
    with house.desk.work(APPROVER) as work:
        amnesty.undo(work, amnesty_id, "the law was annulled")


def due(house: House, penalty_ids: list[str]) -> list[tuple[str | None, int]]:
    with house.reading() as work:
        return [(queries.state_of(work, one), queries.due_minor(work, one)) for one in penalty_ids]


def test_a_dry_run_says_what_it_would_come_to_and_changes_nothing(sqlite_house: House) -> None:
    penalties = penalised(sqlite_house, "1000.00", "2000.00", "3000.00")
    before = due(sqlite_house, penalties)

    found = drawn(sqlite_house, replace(ALL, basis_points=6_000, at_most_minor=80_00))

    assert amnesty.totals(found) == [
        Total("2026-08", "confirmed", 1, 50_00, 30_00),
        Total("2026-08", "proposed", 2, 250_00, 60_00 + 80_00),
    ]
    assert due(sqlite_house, penalties) == before


def test_nothing_is_relieved_before_another_person_approves_the_very_list(sqlite_house: House) -> None:
    penalised(sqlite_house, "1000.00", "2000.00")
    with sqlite_house.desk.work(APPROVER) as work:
        one = amnesty.prepare(work, sqlite_house.fund(), ALL)
        digest = one.sha256

    with pytest.raises(Refused, match="Nobody has approved"):
        carried_out(sqlite_house, one.id)
    for actor, shown, message in ((APPROVER, digest, "cannot approve"), (SECOND, "0" * 64, "not the list")):
        with pytest.raises(Refused, match=message), sqlite_house.desk.work(actor) as work:
            amnesty.approve(work, one.id, shown)


def test_it_is_carried_out_once_and_taken_back_to_the_cent(house: House) -> None:
    penalties = penalised(house, "1000.00", "2000.00", "3000.00")
    before, journal = due(house, penalties), house.balances()
    one = approved(house)

    assert carried_out(house, one) == CarriedOut(relieved=3)
    assert due(house, penalties) == [("waived", 0)] * 3
    assert RECEIVABLE not in house.balances()
    assert house.breaches() == {}
    assert carried_out(house, one) == CarriedOut()

    undone(house, one)
    assert carried_out(house, one) == CarriedOut(taken_back=3)
    assert (due(house, penalties), house.balances()) == (before, journal)
    assert house.breaches() == {}
    assert carried_out(house, one) == CarriedOut()


def test_cut_off_between_chunks_it_goes_on_where_it_was(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    penalties = penalised(house, "1000.00", "2000.00", "3000.00")
    one = approved(house)
    calls = iter((True, False))

    def dies_in_the_second_chunk(*args: object) -> int:
        if not next(calls):
            raise KeyboardInterrupt
        return settle(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as cut:
        cut.setattr(amnesty, "settle", dies_in_the_second_chunk)
        with pytest.raises(KeyboardInterrupt):
            carried_out(house, one)
    assert [state for state, _ in due(house, penalties)].count("waived") == 2

    assert carried_out(house, one) == CarriedOut(relieved=1)
    assert due(house, penalties) == [("waived", 0)] * 3
    with house.reading() as work:
        assert [len(relief_queries.of_penalty(work, each)) for each in penalties] == [1, 1, 1]


def test_what_is_listed_is_relieved_in_whatever_state_it_is_by_then(sqlite_house: House) -> None:
    house = sqlite_house
    penalties = penalised(house, "1000.00", "2000.00")
    one = approved(house, replace(ALL, states=("confirmed",)))
    assert operations.notify_penalties(house.service, CLERK, house.fund()) == 1

    assert carried_out(house, one) == CarriedOut(relieved=1)
    assert due(house, penalties) == [("waived", 0), ("proposed", 100_00)]
    assert house.breaches() == {}


def test_what_does_not_stand_any_more_is_left_alone(sqlite_house: House) -> None:
    penalties = penalised(sqlite_house, "1000.00", "2000.00")
    one = approved(sqlite_house)
    with sqlite_house.desk.work(APPROVER) as work:
        reverse(work, sqlite_house.fund(), penalties[0], "our mistake")

    assert carried_out(sqlite_house, one) == CarriedOut(relieved=1, left_alone=1)
    assert due(sqlite_house, penalties)[0][0] == "reversed"


@pytest.mark.parametrize(("covers_later", "state"), [(True, "waived"), (False, "proposed")])
def test_a_penalty_that_arises_later_is_covered_if_the_amnesty_says_so(
    sqlite_house: House, covers_later: bool, state: str
) -> None:
    house = sqlite_house
    first, late = house.sent_together("CNAS", "1000.00", "2000.00")
    house.bank_says(pain002(first, "RJCT", "AM04"))
    house.go_to(date(2026, 10, 15))
    house.assess()
    carried_out(house, approved(house, replace(ALL, covers_later=covers_later)))

    house.bank_says(pain002(late, "RJCT", "AM04"))
    house.assess()
    operations.carry_out_amnesties(house.service, CLERK, house.fund())

    assert house.penalties(late.contribution_id) == [(state, 100_00)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"first_period": "2027-01"}, "amnesty.periods"),
        ({"states": ("reversed",)}, "amnesty.states"),
        ({"states": ()}, "amnesty.states"),
        ({"basis_points": 0}, "amnesty.percent"),
        ({"at_most_minor": 0}, "amnesty.at_most"),
        ({"law": " "}, "amnesty.law"),
        ({"decided_on": date(2027, 1, 1)}, "amnesty.decided_on"),
        ({}, "amnesty.empty"),
    ],
)
def test_terms_that_cannot_be_right_are_refused(sqlite_house: House, change: dict[str, object], code: str) -> None:
    with pytest.raises((InvalidInput, Refused)) as refusal:
        prepared(sqlite_house, replace(ALL, decided_on=date(2026, 8, 1)) if not change else replace(ALL, **change))  # type: ignore[arg-type]
    assert refusal.value.code == code


def test_the_number_of_queries_does_not_grow_with_the_number_of_penalties(sqlite_house: House) -> None:
    house = sqlite_house
    penalised(house, *["1000.00"] * 8)
    one = list(_queries_of(house, approved(house, replace(ALL, basis_points=100, states=("confirmed",)))))
    seven = list(_queries_of(house, approved(house, replace(ALL, basis_points=100, states=("proposed",)))))
    assert len(seven) <= len(one)


def _queries_of(house: House, amnesty_id: str) -> Iterator[str]:
    said: list[str] = []

    def listen(_c: object, _k: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    engine = house.desk.database.engine
    event.listen(engine, "before_cursor_execute", listen)
    carried_out(house, amnesty_id, 1_000)
    event.remove(engine, "before_cursor_execute", listen)
    yield from said
