"""Reliefs: what the rule allows, four eyes, and what stands in state and journal; and back to the cent when undone."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from bank_files import pain002
from house import APPROVER, CLERK, House
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from told_penalties import HALF, MID_OCTOBER

from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.models import AuditEntry
from debit_service.core.work import Actor, Role
from debit_service.penalties import queries
from debit_service.penalties.service import relieve
from debit_service.penalties.service.relieve import Granted
from debit_service.penalties.tariff.relief import WHOLE, Ground, Off, relieved_minor

SECOND = Actor("second approver", frozenset({Role.FINANCE_APPROVER}))
RECEIVABLE = "surcharge-receivable/CNAS"
FORCE_MAJEURE = replace(HALF, ground=Ground.FORCE_MAJEURE, basis_points=WHOLE)

OFFS = st.builds(
    Off,
    basis_points=st.none() | st.integers(1, WHOLE),
    amount_minor=st.none() | st.integers(1, 10**12),
    alone_up_to_minor=st.none() | st.integers(1, 10**12),
).filter(lambda one: one.basis_points is not None or one.amount_minor is not None)
AMOUNTS = st.integers(0, 10**13)


def penalty(house: House, *, amount: str = "1000.00") -> str:
    """A penalty of 5 % on `amount`, proposed in the middle of October."""
    sent = house.sent(amount=amount)
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    house.go_to(MID_OCTOBER)
    house.assess()
    with house.reading() as work:
        (one,) = queries.penalties_of(work, sent.contribution_id)
        return one.id


def confirmed(house: House) -> str:
    """A penalty of 50.00 that a person has confirmed."""
    one = penalty(house)
    house.confirm_penalty(one)
    return one


def grant(house: House, penalty_id: str, granted: Granted, actor: Actor = APPROVER) -> str:
    """Grant a relief; returns its id."""
    with house.desk.work(actor) as work:
        return relieve.grant(work, house.fund(), house.service.penalty_rules, penalty_id, granted).id


def approve(house: House, relief_id: str, actor: Actor = SECOND) -> None:
    """Another person approves."""
    with house.desk.work(actor) as work:
        relieve.approve(work, house.fund(), house.service.penalty_rules, relief_id)


def undo(house: House, relief_id: str, actor: Actor = APPROVER) -> None:
    """A relief is taken back."""
    with house.desk.work(actor) as work:
        relieve.undo(work, house.fund(), relief_id, "granted to the wrong employer")


def stands(house: House, penalty_id: str) -> tuple[str | None, int, int]:
    """State, what is due, and what the journal says is receivable."""
    with house.reading() as work:
        state, due = queries.state_of(work, penalty_id), queries.due_minor(work, penalty_id)
    return state, due, house.balances().get(RECEIVABLE, 0)


@given(amount=AMOUNTS, offs=st.lists(OFFS, max_size=5), more=OFFS)
def test_another_relief_never_raises_what_is_due_and_never_makes_it_negative(
    amount: int, offs: list[Off], more: Off
) -> None:
    before, after = relieved_minor(amount, offs), relieved_minor(amount, [*offs, more])
    assert 0 <= before <= after <= amount


@given(amount=AMOUNTS, offs=st.lists(OFFS, max_size=4), data=st.data())
def test_the_order_of_reliefs_does_not_matter(amount: int, offs: list[Off], data: Any) -> None:
    assert relieved_minor(amount, offs) == relieved_minor(amount, data.draw(st.permutations(offs)))


@given(amount=AMOUNTS, more=AMOUNTS, offs=st.lists(OFFS, max_size=4))
def test_a_penalty_that_grows_never_comes_to_less_for_its_reliefs(amount: int, more: int, offs: list[Off]) -> None:
    due = amount - relieved_minor(amount, offs)
    assert amount + more - relieved_minor(amount + more, offs) >= due


def test_half_of_a_confirmed_penalty_is_relieved_and_given_back_in_the_journal(house: House) -> None:
    one = confirmed(house)

    relief = grant(house, one, HALF)
    assert stands(house, one) == ("confirmed", 25_00, 25_00)

    undo(house, relief)
    assert stands(house, one) == ("confirmed", 50_00, 50_00)
    assert house.breaches() == {}


def test_a_penalty_relieved_of_everything_is_waived_and_back_when_it_is_undone(house: House) -> None:
    one = confirmed(house)

    relief = grant(house, one, FORCE_MAJEURE)
    assert stands(house, one) == ("waived", 0, 0)
    assert house.breaches() == {}

    undo(house, relief)
    assert stands(house, one) == ("confirmed", 50_00, 50_00)
    assert house.breaches() == {}


def test_what_was_only_proposed_is_proposed_again(sqlite_house: House) -> None:
    one = penalty(sqlite_house)

    relief = grant(sqlite_house, one, FORCE_MAJEURE)
    assert stands(sqlite_house, one) == ("waived", 0, 0)

    undo(sqlite_house, relief)
    assert stands(sqlite_house, one) == ("proposed", 50_00, 0)


def test_a_relief_in_percent_follows_when_the_penalty_grows(sqlite_house: House) -> None:
    one = penalty(sqlite_house)
    grant(sqlite_house, one, HALF)
    sqlite_house.go_to(date(2026, 11, 15))

    sqlite_house.assess()

    assert stands(sqlite_house, one) == ("proposed", 30_00, 0)


def test_what_one_person_relieves_alone_stays_within_the_funds_amount_when_the_penalty_grows(
    sqlite_house: House,
) -> None:
    """Four eyes above 1,000,000.00: half of 5 % of 36,000,000.00 is less; half of what it grows to is more."""
    one = penalty(sqlite_house, amount="36000000.00")
    grant(sqlite_house, one, HALF)
    assert stands(sqlite_house, one)[1] == 900_000_00
    sqlite_house.go_to(date(2027, 1, 15))

    sqlite_house.assess()

    with sqlite_house.reading() as work:
        computed = queries.amount_of(work, one)
    assert computed > 2 * 1_000_000_00
    assert stands(sqlite_house, one)[1] == computed - 1_000_000_00
    assert audited_texts(sqlite_house, HALF.why) == 0


def audited_texts(house: House, said: str) -> int:
    """How many entries of the audit log repeat what a person wrote."""
    with house.reading() as work:
        return sum(said in str(one.details) for one in work.session.query(AuditEntry))


def test_what_a_clerk_grants_waits_for_an_approver(sqlite_house: House) -> None:
    one = confirmed(sqlite_house)

    relief = grant(sqlite_house, one, HALF, CLERK)
    assert stands(sqlite_house, one) == ("confirmed", 50_00, 50_00)

    approve(sqlite_house, relief)
    assert stands(sqlite_house, one) == ("confirmed", 25_00, 25_00)


def test_above_the_funds_amount_another_approver_agrees(sqlite_house: House) -> None:
    above = sqlite_house.fund().penalties.four_eyes_above_minor.value
    one = penalty(sqlite_house, amount=f"{above * 20 // 100 + 100}.00")

    relief = grant(sqlite_house, one, FORCE_MAJEURE)
    assert stands(sqlite_house, one)[0] == "proposed"
    with pytest.raises(Refused, match="cannot approve"):
        approve(sqlite_house, relief, APPROVER)

    approve(sqlite_house, relief)
    assert stands(sqlite_house, one)[:2] == ("waived", 0)


@pytest.mark.parametrize(
    ("granted", "code"),
    [
        (replace(HALF, basis_points=5_001), "relief.too_much"),
        (replace(HALF, basis_points=None, amount_minor=25_01), "relief.too_much"),
        (replace(HALF, ground=Ground.GOODWILL), "relief.ground"),
        (replace(HALF, ground=Ground.AMNESTY), "relief.ground"),
        (replace(HALF, basis_points=None), "relief.how_much"),
        (replace(HALF, basis_points=10_001), "relief.percent"),
        (replace(HALF, basis_points=None, amount_minor=0), "relief.amount"),
        (replace(HALF, why=" "), "relief.why"),
        (replace(HALF, authority=""), "relief.authority"),
        (replace(HALF, document="x" * 201), "relief.document"),
        (replace(HALF, decided_on=date(2026, 10, 16)), "relief.decided_on"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_neither_rule_nor_reason_allows_is_refused(sqlite_house: House, granted: Granted, code: str) -> None:
    one = penalty(sqlite_house)

    with pytest.raises((InvalidInput, Refused)) as refusal:
        grant(sqlite_house, one, granted)

    assert refusal.value.code == code
    assert stands(sqlite_house, one) == ("proposed", 50_00, 0)


def test_two_reliefs_on_one_ground_share_what_the_rule_allows(sqlite_house: House) -> None:
    one = penalty(sqlite_house)
    grant(sqlite_house, one, HALF)

    with pytest.raises(Refused, match=r"25\.00 be relieved at most, and 25\.00"):
        grant(sqlite_house, one, replace(HALF, basis_points=1))


def test_of_the_commission_the_rule_need_not_speak_but_an_approver_must(sqlite_house: House) -> None:
    one = penalty(sqlite_house)
    decided = replace(HALF, ground=Ground.COMMISSION, basis_points=8_000)

    with pytest.raises(Refused, match="finance_approver"):
        grant(sqlite_house, one, decided, CLERK)

    grant(sqlite_house, one, decided)
    assert stands(sqlite_house, one) == ("proposed", 10_00, 0)


def test_a_relief_is_undone_once_and_approved_once(sqlite_house: House) -> None:
    one = confirmed(sqlite_house)
    relief = grant(sqlite_house, one, HALF)

    with pytest.raises(Refused, match="does not wait"):
        approve(sqlite_house, relief)
    undo(sqlite_house, relief)
    with pytest.raises(Refused, match="undone already"):
        undo(sqlite_house, relief)


@pytest.mark.parametrize(
    "change",
    [
        "delete from penalty_reliefs",
        "update penalty_reliefs set basis_points = 1",
        "update penalty_reliefs set approved_by = 'x'",
    ],
)
def test_the_database_keeps_what_was_granted(house: House, change: str) -> None:
    grant(house, confirmed(house), HALF)

    with pytest.raises(DatabaseError, match="append-only"), house.desk.database.engine.begin() as connection:
        connection.execute(text(change))
