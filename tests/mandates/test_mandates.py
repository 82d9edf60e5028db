"""Mandates: what may be signed, how a mandate lives, and what a file of existing mandates becomes, line by line."""

import json
from contextlib import nullcontext
from datetime import date
from itertools import product
from typing import Any

import pytest
from house import CLERK, House
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from debit_service.core.accounts import AccountScheme, parse_account
from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.work import Actor, Role, Work
from debit_service.demo.data import Somebody
from debit_service.employers import queries as employers
from debit_service.employers.service import enrol
from debit_service.iso20022.charset import check_reference
from debit_service.mandates import queries, rules, service
from debit_service.mandates.admission import REFERENCE_LENGTH_MAX
from debit_service.mandates.models import Mandate, MandateForm

STATES = frozenset(rules.MACHINE.transitions)
EMPLOYER = Actor("boss", frozenset({Role.EMPLOYER}), "another employer")


def signed_form(work: Work, one: Somebody, **changes: object) -> service.SignedForm:
    employer = employers.by_reference(work, one.reference)
    assert employer is not None
    scheme, number = one.account
    values: dict[str, object] = {
        "employer": employer,
        "account": parse_account(number, AccountScheme(scheme)),
        "debtor_name": one.name,
        "signer_name": "the manager",
        "signer_capacity": "manager",
        "signed_on": date(2026, 8, 1),
        "how": "paper",
    }
    return service.SignedForm(**(values | changes))  # type: ignore[arg-type]


def sign(house: House, one: Somebody, /, *, actor: Actor = CLERK, **changes: Any) -> str:
    with house.desk.work(actor) as work:
        (mandate,) = service.sign(work, signed_form(work, one, **changes), [house.fund(one.fund)])
        return mandate.id


def life(house: House, mandate_id: str) -> list[str]:
    with house.reading() as work:
        return [one.to_state for one in queries.history(work, mandate_id)]


def test_a_mandate_that_the_employers_bank_must_accept_is_only_signed_at_first(house: House) -> None:
    one = house.employer("CNAS", mandate=False)
    mandate_id = sign(house, one)
    assert life(house, mandate_id) == ["signed"]
    with house.desk.work(CLERK) as work:
        mandate = work.session.get_one(Mandate, mandate_id)
        service.lodge(work, mandate, "taken to the bank", "receipt 7")
        service.accept(work, mandate, "the bank stamped it", "stamped form 7")
    assert life(house, mandate_id) == ["signed", "lodged_at_bank", "active"]
    with house.reading() as work:
        assert [one.evidence.get("document") for one in queries.history(work, mandate_id)][1:] == [
            "receipt 7",
            "stamped form 7",
        ]


def test_a_core_mandate_is_active_once_signed(house: House) -> None:
    assert life(house, sign(house, house.employer("EINZUGSSTELLE", mandate=False))) == ["signed", "active"]


def test_one_signature_makes_one_mandate_for_each_fund(sqlite_house: House) -> None:
    one = sqlite_house.employer("CNAS", mandate=False)
    with sqlite_house.desk.work(CLERK) as work:
        employer = employers.by_reference(work, one.reference)
        assert employer is not None
        enrol(work, employer, "CACOBATPH", "77")
        made = service.sign(work, signed_form(work, one), [sqlite_house.fund("CNAS"), sqlite_house.fund("CACOBATPH")])
        assert [(mandate.fund_id, mandate.reference) for mandate in made] == [
            ("CNAS", f"CNAS-{one.registration}-1"),
            ("CACOBATPH", "CACOBATPH-77-1"),
        ]
        assert len({mandate.form_id for mandate in made}) == 1


def test_the_signed_form_is_kept_as_it_was_signed(sqlite_house: House) -> None:
    one = sqlite_house.employer("CNAS", mandate=False)
    mandate_id = sign(sqlite_house, one, amount_limit_minor=500_000)
    with sqlite_house.desk.reading(CLERK) as work:
        row, content = queries.form(work, work.session.get_one(Mandate, mandate_id).form_id)
        assert json.loads(content) | {"account": one.account[1], "amount_limit_minor": 500_000} == json.loads(content)
        assert one.account[1].encode() not in row.content_sealed


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"signed_on": date(2026, 9, 2)}, "mandate.signed_in_future"),
        ({"account": parse_account(Somebody("CNSS", 1).account[1], AccountScheme.MA_RIB)}, "mandate.account_scheme"),
    ],
)
def test_a_form_that_cannot_be_debited_is_refused_and_leaves_nothing(
    sqlite_house: House, changes: dict[str, Any], code: str
) -> None:
    one = sqlite_house.employer("CNAS", mandate=False)
    with pytest.raises(InvalidInput) as refusal:
        sign(sqlite_house, one, **changes)
    assert refusal.value.code == code
    with sqlite_house.desk.reading(CLERK) as work:
        assert work.session.scalar(select(func.count()).select_from(MandateForm)) == 0


def test_an_employer_has_one_live_mandate_at_a_fund(house: House) -> None:
    one = house.employer()
    with pytest.raises(Refused) as refusal:
        sign(house, one)
    assert refusal.value.code == "mandate.live_already"
    with house.desk.work(CLERK) as work:
        service.revoke(work, service.get(work, f"CNAS-{one.registration}-1"), "letter")
    assert life(house, sign(house, one)) == ["signed"]
    with house.desk.reading(CLERK) as work:
        assert service.get(work, f"CNAS-{one.registration}-2").live


def test_an_employer_signs_and_sees_for_itself_only(sqlite_house: House) -> None:
    one = sqlite_house.employer("CNAS", mandate=False)
    with pytest.raises(Refused, match="another employer"):
        sign(sqlite_house, one, actor=EMPLOYER)
    reference = f"CNAS-{sqlite_house.employer().registration}-1"
    with pytest.raises(Refused, match="another employer"), sqlite_house.desk.work(EMPLOYER) as work:
        service.get(work, reference)


def change(house: House, mandate_id: str, state: str) -> None:
    with house.desk.work(CLERK) as work:
        service.change(work, work.session.get_one(Mandate, mandate_id), state, "tried")


@pytest.mark.parametrize("before", sorted(STATES))
def test_a_mandate_moves_only_as_declared_and_holds_its_place_while_it_may_be_used(
    sqlite_house: House, before: str
) -> None:
    ways = {
        "signed": [],
        "lodged_at_bank": ["lodged_at_bank"],
        "active": ["active"],
        "suspended": ["active", "suspended"],
        "revoked": ["revoked"],
        "refused_by_bank": ["lodged_at_bank", "refused_by_bank"],
        "expired": ["active", "expired"],
        "revoked_by_bank": ["active", "revoked_by_bank"],
        "transferred": ["active", "transferred"],
        "completed": ["active", "completed"],
    }
    for after in sorted(STATES):
        mandate_id = sign(sqlite_house, sqlite_house.employer("CNAS", mandate=False))
        with sqlite_house.desk.work(CLERK) as work:
            mandate = work.session.get_one(Mandate, mandate_id)
            for state in ways[before]:
                service.change(work, mandate, state, "on the way")
        moved = after in rules.MACHINE.transitions[before]
        with nullcontext() if moved else pytest.raises(Refused, match="cannot become"):
            change(sqlite_house, mandate_id, after)
        with sqlite_house.desk.reading(CLERK) as work:
            now = queries.state(work, mandate_id)
            assert now == (after if moved else before)
            assert work.session.get_one(Mandate, mandate_id).live is (now in rules.LIVE_STATES)


# --- references ---


def test_a_reference_counts_the_versions_of_one_employer_at_one_fund() -> None:
    assert rules.next_reference("CNAS", "000123", []) == "CNAS-000123-1"
    assert rules.next_reference("CNAS", "000123", ["CNAS-000123-1", "OLD-REFERENCE"]) == "CNAS-000123-2"


@given(st.text(max_size=60), st.integers(0, 9))
def test_a_reference_is_always_one_that_banks_take(number: str, versions: int) -> None:
    taken: list[str] = []
    for _ in range(versions + 1):
        taken.append(rules.next_reference("EINZUGSSTELLE", number, taken))
        check_reference(taken[-1], REFERENCE_LENGTH_MAX, "reference")
    assert len(set(taken)) == len(taken)
    assert all(reference.isascii() and reference.upper() == reference for reference in taken)


# --- files of existing mandates ---


def test_every_declared_state_is_reachable() -> None:
    reached = {rules.MACHINE.initial}
    for _, state in product(range(len(STATES)), sorted(STATES)):
        if state in reached:
            reached |= rules.MACHINE.transitions[state]
    assert reached == STATES
