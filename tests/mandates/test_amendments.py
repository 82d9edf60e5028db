"""A mandate is amended: what changes, what stood before, what a bank must be told, and what is refused."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from house import APPROVER, CLERK, House
from schwifty import IBAN
from sqlalchemy import text

from debit_service.core.accounts import AccountNumber, AccountScheme, dz_rib_key, ma_rib_key, parse_account
from debit_service.core.errors import DebitError, InvalidInput, Refused
from debit_service.core.work import Actor
from debit_service.mandates import queries, rules, service
from debit_service.mandates.amend import Change, amend
from debit_service.mandates.life import suspend
from debit_service.mandates.models import Mandate
from debit_service.mandates.queries import Changed


def rib(bank: str, number: int) -> AccountNumber:
    """An Algerian account at `bank`."""
    body = f"00123{number:010d}"
    return parse_account(f"{bank}{body}{dz_rib_key(body)}", AccountScheme.DZ_RIB)


def iban(bank: str, number: int) -> AccountNumber:
    """A German account at `bank`."""
    generated = IBAN.generate("DE", bank_code=bank, account_code=f"{number:010d}")
    return parse_account(str(generated), AccountScheme.IBAN)


def ask(house: House, mandate_id: str, change: Change, *, actor: Actor = CLERK, **said: Any) -> int:
    """A clerk amends a mandate as a letter asks; returns its new version."""
    values: dict[str, Any] = {"received_at": house.clock.now(), "why": "letter", "evidence": "letter 12"} | said
    with house.desk.work(actor) as work:
        mandate = work.session.get_one(Mandate, mandate_id)
        return amend(work, house.fund(mandate.fund_id), mandate, change, **values).version


def since(house: House, versions: Mapping[str, int]) -> dict[str, Changed]:
    """What a bank must be told."""
    with house.reading() as work:
        return queries.changes_since(work, versions)


def state(house: House, mandate_id: str) -> str:
    with house.reading() as work:
        return queries.state(work, mandate_id)


def get(house: House, mandate_id: str) -> Mandate:
    with house.reading() as work:
        return work.session.get_one(Mandate, mandate_id)


def account(house: House, mandate_id: str) -> AccountNumber:
    with house.reading() as work:
        return queries.account(work, work.session.get_one(Mandate, mandate_id))


def core(house: House) -> str:
    """A CORE mandate."""
    return house.mandate(house.employer("EINZUGSSTELLE", mandate=False))


def b2b(house: House) -> str:
    """A B2B mandate that the employer's bank accepted; its account is at bank 002."""
    return house.mandate(house.employer("CNAS", mandate=False))


# --- what is kept, and what a bank is told ---


def test_another_account_at_the_same_bank_is_told_with_the_old_number(house: House) -> None:
    mandate_id = core(house)
    old, new = account(house, mandate_id), iban("37040044", 99)

    assert ask(house, mandate_id, Change(account=new)) == 2

    assert account(house, mandate_id) == new
    assert since(house, {mandate_id: 1}) == {mandate_id: Changed(None, None, old, new_bank=False)}
    assert since(house, {mandate_id: 2}) == {}
    with house.reading() as work:
        (kept,) = queries.amendments(work, mandate_id)
        assert queries.original_account(work, kept) == old
        assert (kept.changed, kept.made_by, kept.why, kept.evidence) == (
            ["account"],
            "clerk",
            "letter",
            {"document": "letter 12"},
        )
    assert house.breaches() == {}


def test_an_account_at_another_bank_is_told_without_a_number(house: House) -> None:
    mandate_id = core(house)

    ask(house, mandate_id, Change(account=iban("10070000", 1)))

    assert since(house, {mandate_id: 1}) == {mandate_id: Changed(None, None, None, new_bank=True)}


def test_a_new_reference_is_told_with_the_old_one_which_stays_taken(house: House) -> None:
    one = house.employer()
    mandate = get_live(house, one.registration)

    ask(house, mandate.id, Change(reference="NEW-REFERENCE"))
    house.revoke(mandate.id)
    again = house.mandate(one)

    assert since(house, {mandate.id: 1}) == {mandate.id: Changed(mandate.reference, None, None, new_bank=False)}
    assert get(house, again).reference == f"CNAS-{one.registration}-2"
    with pytest.raises(Refused, match="another mandate with this reference"):
        ask(house, again, Change(reference=mandate.reference.lower()))


def get_live(house: House, registration: str) -> Mandate:
    with house.reading() as work:
        return service.get(work, f"CNAS-{registration}-1")


def test_the_funds_new_creditor_identifier_is_taken_over(sqlite_house: House) -> None:
    mandate_id = core(sqlite_house)
    with sqlite_house.desk.work(CLERK) as work:
        work.session.get_one(Mandate, mandate_id).creditor_identifier = "DE00ZZZ00000000001"

    ask(sqlite_house, mandate_id, Change(new_creditor_identifier=True))

    now = get(sqlite_house, mandate_id).creditor_identifier
    assert now == sqlite_house.fund("EINZUGSSTELLE").creditor.identifier.value
    assert since(sqlite_house, {mandate_id: 1}) == {
        mandate_id: Changed(None, "DE00ZZZ00000000001", None, new_bank=False)
    }


def test_a_new_name_is_kept_and_no_bank_is_told(sqlite_house: House) -> None:
    mandate_id = core(sqlite_house)

    assert ask(sqlite_house, mandate_id, Change(debtor_name="Neuer Name GmbH")) == 2

    with sqlite_house.reading() as work:
        (kept,) = queries.amendments(work, mandate_id)
        assert queries.original_debtor_name(work, kept).startswith("Betrieb")
        assert queries.debtor_name(work, work.session.get_one(Mandate, mandate_id)) == "Neuer Name GmbH"
    assert since(sqlite_house, {mandate_id: 1}) == {}


def test_what_went_away_and_came_back_needs_no_telling(sqlite_house: House) -> None:
    mandate_id = core(sqlite_house)
    old = account(sqlite_house, mandate_id)

    ask(sqlite_house, mandate_id, Change(account=iban("10070000", 1)))
    ask(sqlite_house, mandate_id, Change(account=old))

    assert since(sqlite_house, {mandate_id: 1}) == {}
    assert since(sqlite_house, {mandate_id: 2}) == {mandate_id: Changed(None, None, None, new_bank=True)}


def test_each_mandate_is_told_from_the_version_that_its_bank_knows(sqlite_house: House) -> None:
    first, second, third = (core(sqlite_house) for _ in range(3))
    for number, mandate_id in enumerate((first, second, first), start=1):
        ask(sqlite_house, mandate_id, Change(reference=f"R-{number}"))

    told = since(sqlite_house, {first: 2, second: 1, third: 1})

    assert {one: changed.original_reference for one, changed in told.items()} == {
        first: "R-1",
        second: "EINZUGSSTELLE-000002-1",
    }


# --- what a new account means for the bank's acceptance ---


def test_the_bank_of_a_new_account_must_accept_the_mandate_anew(house: House) -> None:
    mandate_id = b2b(house)

    ask(house, mandate_id, Change(account=rib("005", 1)))
    assert state(house, mandate_id) == "signed"
    with house.desk.work(CLERK) as work:
        mandate = work.session.get_one(Mandate, mandate_id)
        service.lodge(work, mandate, "taken to the new bank", "receipt")
        service.accept(work, mandate, "accepted", "stamped")

    assert state(house, mandate_id) == "active"
    assert house.breaches() == {}


def test_what_was_lodged_with_the_old_account_is_lodged_again(sqlite_house: House) -> None:
    mandate_id = sqlite_house.mandate(sqlite_house.employer(mandate=False), accepted=False)
    with sqlite_house.desk.work(CLERK) as work:
        service.lodge(work, work.session.get_one(Mandate, mandate_id), "lodged", "receipt")

    ask(sqlite_house, mandate_id, Change(account=rib("005", 1)))

    assert state(sqlite_house, mandate_id) == "signed"


def test_another_change_leaves_the_acceptance_alone(sqlite_house: House) -> None:
    mandate_id = b2b(sqlite_house)
    ask(sqlite_house, mandate_id, Change(reference="R-1", debtor_name="Autre nom"))
    assert state(sqlite_house, mandate_id) == "active"


def test_a_core_mandate_stays_active_with_another_account(sqlite_house: House) -> None:
    mandate_id = core(sqlite_house)
    ask(sqlite_house, mandate_id, Change(account=iban("10070000", 1)))
    assert state(sqlite_house, mandate_id) == "active"


# --- which bank keeps an account ---

MOROCCAN = "011780" + "1".zfill(16)
MOROCCAN += ma_rib_key(MOROCCAN)
AS_IBAN = {
    "DZ": AccountNumber(AccountScheme.IBAN, f"DZ5800{rib('002', 7).value}"),
    "MA": AccountNumber(AccountScheme.IBAN, f"MA64{MOROCCAN}"),
}


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        (rib("002", 1), rib("002", 2), True),
        (rib("002", 1), rib("003", 1), False),
        (rib("002", 1), AS_IBAN["DZ"], True),
        (rib("003", 1), AS_IBAN["DZ"], False),
        (AccountNumber(AccountScheme.MA_RIB, MOROCCAN), AS_IBAN["MA"], True),
        (AccountNumber(AccountScheme.MA_RIB, "012780" + MOROCCAN[6:]), AS_IBAN["MA"], False),
        (iban("37040044", 1), iban("37040044", 2), True),
        (iban("37040044", 1), iban("10070000", 1), False),
        (AS_IBAN["DZ"], iban("37040044", 1), False),
    ],
)
def test_the_numbers_tell_whether_one_bank_keeps_both_accounts(
    before: AccountNumber, after: AccountNumber, same: bool
) -> None:
    assert rules.same_bank(before, after) is same
    assert rules.same_bank(after, before) is same


def test_where_the_numbers_do_not_tell_a_person_says(sqlite_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "bank_of", lambda _: None)
    mandate_id = core(sqlite_house)
    old = account(sqlite_house, mandate_id)

    with pytest.raises(InvalidInput, match="do not tell"):
        ask(sqlite_house, mandate_id, Change(account=iban("37040044", 2)))
    ask(sqlite_house, mandate_id, Change(account=iban("37040044", 2), new_bank=False))
    assert since(sqlite_house, {mandate_id: 1})[mandate_id].original_account == old
    ask(sqlite_house, mandate_id, Change(account=iban("37040044", 3), new_bank=True))
    assert since(sqlite_house, {mandate_id: 1})[mandate_id].new_bank


# --- what is refused ---


@pytest.mark.parametrize(
    ("change", "said", "code"),
    [
        (Change(), {}, "mandate.nothing_changes"),
        (Change(reference="CNAS-000001-1"), {}, "mandate.nothing_changes"),
        (Change(reference="ends/"), {}, "iso.reference.slash"),
        (Change(account=AccountNumber(AccountScheme.MA_RIB, MOROCCAN)), {}, "mandate.account_scheme"),
        (Change(reference="R"), {"received_at": datetime(2027, 1, 1, tzinfo=UTC)}, "mandate.received_in_future"),
        (Change(reference="R"), {"actor": APPROVER}, "access.role"),
    ],
)
def test_what_cannot_be_changed_is_refused_and_leaves_nothing(
    sqlite_house: House, change: Change, said: dict[str, Any], code: str
) -> None:
    mandate_id = b2b(sqlite_house)
    with pytest.raises(DebitError) as refusal:
        ask(sqlite_house, mandate_id, change, **said)
    assert refusal.value.code == code
    assert get(sqlite_house, mandate_id).version == 1
    assert sqlite_house.breaches() == {}


def test_a_mandate_that_is_over_is_not_amended(sqlite_house: House) -> None:
    mandate_id = b2b(sqlite_house)
    sqlite_house.revoke(mandate_id)
    with pytest.raises(Refused, match="no longer in force"):
        ask(sqlite_house, mandate_id, Change(reference="R"))


def test_a_new_account_is_no_way_around_a_suspension(sqlite_house: House) -> None:
    mandate_id = b2b(sqlite_house)
    with sqlite_house.desk.work(CLERK) as work:
        suspend(work, work.session.get_one(Mandate, mandate_id), "the employer asked", "letter")
    with pytest.raises(Refused, match="suspended"):
        ask(sqlite_house, mandate_id, Change(account=rib("005", 1)))
    ask(sqlite_house, mandate_id, Change(reference="R"))
    assert state(sqlite_house, mandate_id) == "suspended"


def amend_stale(house: House, mandate_id: str, version: int) -> None:
    """Amend a mandate as it was read before somebody else's amendment was committed."""
    with house.desk.work(CLERK) as work:
        mandate = work.session.get_one(Mandate, mandate_id)
        mandate.version = version
        change = Change(reference="SECOND")
        amend(
            work, house.fund(mandate.fund_id), mandate, change, received_at=work.now(), why="letter", evidence="letter"
        )


def test_of_two_who_amend_one_version_the_database_lets_one_through(house: House) -> None:
    mandate_id = core(house)
    with house.reading() as work:
        stale = work.session.get_one(Mandate, mandate_id)
    ask(house, mandate_id, Change(reference="FIRST"))
    with pytest.raises(Refused, match="Somebody else"):
        amend_stale(house, mandate_id, stale.version)
    assert get(house, mandate_id).reference == "FIRST"


def test_an_amendment_is_never_changed(house: House) -> None:
    mandate_id = core(house)
    ask(house, mandate_id, Change(reference="R"))
    with pytest.raises(Exception, match=r"never changed|append-only"), house.desk.work(CLERK) as work:
        queries.amendments(work, mandate_id)[0].made_by = "somebody else"


def test_the_day_of_dormancy_is_the_same_by_both_rules() -> None:
    day = date(2024, 1, 1)
    for offset in range(0, 1500, 7):
        on = day + timedelta(days=offset)
        latest = rules.dormant_since(on)
        assert rules.dormant(latest, None, on)
        assert not rules.dormant(latest + timedelta(days=1), None, on)


# --- what `debit verify` names ---

DAMAGES = {
    "a version was counted without an amendment": "update mandates set version = version + 1",
    "an amendment was removed": "delete from mandate_amendments where version = 2",
    "a reference was exchanged without an amendment": "update mandates set reference = 'X' where live",
    "what stood before was rewritten": "update mandate_amendments set original_reference = 'X' where version = 3",
    "an amendment says that something else changed": "update mandate_amendments set changed = '[\"account\"]'",
    "a second live mandate was written in": "update mandates set live = 1",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_to_the_versions_of_a_mandate_is_named(sqlite_house: House, damage: str) -> None:
    one = sqlite_house.employer(mandate=False)
    sqlite_house.revoke(sqlite_house.mandate(one))
    mandate_id = sqlite_house.mandate(one)
    ask(sqlite_house, mandate_id, Change(reference="R-1"))
    ask(sqlite_house, mandate_id, Change(debtor_name="Autre nom", account=rib("005", 1)))
    assert sqlite_house.breaches() == {}

    with sqlite_house.desk.database.engine.begin() as connection:
        for statement in ("drop trigger mandate_amendments_no_update", "drop index uq_mandates_live", DAMAGES[damage]):
            connection.execute(text(statement))

    assert sqlite_house.breaches()[11]
