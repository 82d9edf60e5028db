"""The shipped configuration, and what the loader refuses."""

import shutil
from pathlib import Path

import pytest
from stdnum.eu import at_02

from debit_service.core.accounts import parse_account
from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.funds.profile import Fund
from debit_service.funds.queries import load_funds
from debit_service.iso20022.read import Repair
from debit_service.iso20022.records import Kind
from debit_service.penalties.tariff.catalogue import load_penalty_rules

CONFIG = Path(__file__).resolve().parents[2] / "config"
FUNDS = load_funds(CONFIG)
EVERY_FUND = pytest.mark.parametrize("fund", list(FUNDS), ids=lambda fund: fund.id)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A private copy of the shipped configuration, to damage."""
    return Path(shutil.copytree(CONFIG, tmp_path / "config"))


def damage(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def confirm(path: Path, *places: str) -> Path:
    lines = [f'"{place}" = {{ by = "treasury desk", on = 2026-11-01, why = "test" }}' for place in places]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_five_funds_are_shipped() -> None:
    assert {fund.id: (fund.country, fund.currency) for fund in FUNDS} == {
        "CACOBATPH": ("DZ", "DZD"),
        "CASNOS": ("DZ", "DZD"),
        "CNAS": ("DZ", "DZD"),
        "CNSS": ("MA", "MAD"),
        "EINZUGSSTELLE": ("DE", "EUR"),
    }
    assert len(FUNDS) == 5


@EVERY_FUND
def test_every_fact_says_where_it_comes_from_and_where_it_stands(fund: Fund) -> None:
    facts = list(fund.facts())
    assert len(facts) == 37
    assert all(fact.source for fact in facts)
    assert all(fact.place.startswith(f"{fund.id}.") for fact in facts)
    assert len({fact.place for fact in facts}) == len(facts)


@EVERY_FUND
def test_no_creditor_datum_is_applied_before_the_fund_confirms_it(fund: Fund) -> None:
    unconfirmed = {place for place, _ in fund.unconfirmed()}
    assert {f"{fund.id}.creditor.{each}" for each in ("name", "identifier", "account", "agent_bic")} <= unconfirmed


@EVERY_FUND
def test_creditor_identifiers_have_valid_check_digits(fund: Fund) -> None:
    assert at_02.is_valid(fund.creditor.identifier.value)


@EVERY_FUND
def test_the_penalty_rules_of_a_fund_exist_and_are_its_own(fund: Fund) -> None:
    rules = {rule.id: rule for rule in load_penalty_rules(CONFIG / "penalty_rules.toml")}
    assert fund.penalty_rules
    for rule_id in fund.penalty_rules:
        assert (rules[rule_id].fund, rules[rule_id].currency) == (fund.id, fund.currency)


def test_facts_that_were_not_seen_are_not_upgraded() -> None:
    certainty = {fact.place: fact.certainty for fund in FUNDS for fact in fund.facts()}
    assert certainty["CNAS.due_date"] == "memory"
    assert certainty["CACOBATPH.due_date"] == "not_found"
    assert certainty["CACOBATPH.mandate_path.needs_bank_acceptance"] == "not_found"
    assert certainty["CNAS.return_window_open_days"] == "not_found"
    assert certainty["CNSS.refund_window_days"] == "not_found"
    assert certainty["CNAS.mandate_path.needs_bank_acceptance"] == "seen"


def test_an_unconfirmed_fact_refuses_to_be_used_and_names_the_remedy() -> None:
    with pytest.raises(Refused) as refusal:
        FUNDS.get("CNAS").creditor.account.require()
    assert refusal.value.code == "fact.unconfirmed"
    assert refusal.value.place == "CNAS.creditor.account"
    assert "confirmations.toml" in (refusal.value.remedy or "")


def test_a_seen_fact_is_used_without_confirmation() -> None:
    assert FUNDS.get("CNAS").mandate_path.needs_bank_acceptance.require() is True


def test_a_confirmation_in_a_second_file_releases_the_fact_and_is_shown(tmp_path: Path) -> None:
    second = confirm(tmp_path / "confirmations.toml", "CNAS.creditor.account")
    account = load_funds(CONFIG, second).get("CNAS").creditor.account
    parse_account(account.require(), FUNDS.get("CNAS").creditor.account_scheme)
    assert account.certainty == "example"
    assert account.confirmation is not None
    assert account.confirmation.by == "treasury desk"


def test_a_confirmation_in_the_shipped_file_counts_too(config: Path) -> None:
    confirm(config / "confirmations.toml", "CNAS.due_date", "CNAS.scheme")
    unconfirmed = {place for place, _ in load_funds(config).get("CNAS").unconfirmed()}
    assert not {"CNAS.due_date", "CNAS.scheme"} & unconfirmed
    assert "CNAS.creditor.account" in unconfirmed


def test_both_files_of_confirmations_hold_together(config: Path, tmp_path: Path) -> None:
    confirm(config / "confirmations.toml", "CNAS.due_date")
    second = confirm(tmp_path / "second.toml", "CNAS.scheme")
    unconfirmed = {place for place, _ in load_funds(config, second).get("CNAS").unconfirmed()}
    assert not {"CNAS.due_date", "CNAS.scheme"} & unconfirmed


def test_a_confirmed_absence_is_a_value(tmp_path: Path) -> None:
    second = confirm(tmp_path / "confirmations.toml", "CNAS.creditor.agent_bic")
    assert load_funds(CONFIG, second).get("CNAS").creditor.agent_bic.require() is None


def test_a_confirmation_of_something_that_no_fund_states_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refusal:
        load_funds(CONFIG, confirm(tmp_path / "confirmations.toml", "CNAS.creditor.acount"))
    assert (refusal.value.code, refusal.value.place) == ("confirmations.stray", "CNAS.creditor.acount")


def test_a_confirmation_without_its_ground_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "confirmations.toml"
    file.write_text('"CNAS.scheme" = { by = "treasury desk", on = 2026-11-01 }', encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"CNAS\.scheme\.why"):
        load_funds(CONFIG, file)


def test_a_confirmations_file_that_is_named_but_missing_is_reported(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="does not exist"):
        load_funds(CONFIG, tmp_path / "nowhere.toml")


def test_a_fund_file_cannot_confirm_its_own_facts(config: Path) -> None:
    own = 'confirmation = { by = "me", on = 2026-11-01, why = "so" }'
    damage(config / "funds" / "cnas.toml", "[creditor.account]", f"[creditor.account]\n{own}")
    with pytest.raises(InvalidInput) as refusal:
        load_funds(config)
    assert refusal.value.code == "fact.self_confirmed"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('currency = "DZD"', 'currency = "DZD"\ncurency = "DZD"', "curency"),
        ('certainty = "memory"', 'certainty = "sure"', "creditor.name.certainty"),
        ('value = "CNAS"', "", "creditor.name.value"),
        ("days = 30", 'days = "soon"', "due_date.value.days_after_period_end.days"),
        ('kind = "days_after_period_end"', 'kind = "whenever"', "due_date.value"),
        ('"DZ_RIB", "IBAN"', '"DZ_RIP"', "debtor_account_schemes.0"),
    ],
)
def test_a_field_that_does_not_fit_is_named_with_its_file(config: Path, old: str, new: str, named: str) -> None:
    damage(config / "funds" / "cnas.toml", old, new)
    with pytest.raises(InvalidInput) as refusal:
        load_funds(config)
    assert refusal.value.code == "config.invalid"
    assert (refusal.value.place or "").endswith("cnas.toml")
    assert named in refusal.value.message


def test_a_creditor_account_with_a_wrong_key_is_refused_without_showing_it(config: Path) -> None:
    damage(config / "funds" / "cnas.toml", "00100999000000010190", "00100999000000010191")
    with pytest.raises(InvalidInput) as refusal:
        load_funds(config)
    assert refusal.value.code == "account.IBAN.key"
    assert "0010099900" not in str(refusal.value)


def test_a_fund_whose_bank_or_calendar_is_not_configured_is_refused(config: Path) -> None:
    damage(config / "funds" / "cnas.toml", 'calendar = "DZ"', 'calendar = "TN"')
    with pytest.raises(NotFound, match="calendar 'TN'"):
        load_funds(config)
    damage(config / "funds" / "cnas.toml", 'calendar = "TN"', 'calendar = "DZ"')
    damage(config / "funds" / "cnas.toml", 'bank = "mock-bank"', 'bank = "other"')
    with pytest.raises(NotFound, match="bank 'other'"):
        load_funds(config)


def test_a_file_whose_name_is_not_its_id_is_refused(config: Path) -> None:
    (config / "funds" / "cnas.toml").rename(config / "funds" / "cnas2.toml")
    with pytest.raises(InvalidInput, match=r"cnas\.toml"):
        load_funds(config)


@pytest.mark.parametrize("text", ["id = ", b"\xff\xfe"])
def test_what_is_no_toml_text_is_refused(config: Path, text: str | bytes) -> None:
    (config / "funds" / "cnas.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InvalidInput) as refusal:
        load_funds(config)
    assert refusal.value.code == "config.toml"


def test_an_unknown_fund_is_not_found() -> None:
    with pytest.raises(NotFound, match="No fund 'XYZ'"):
        FUNDS.get("XYZ")


def test_the_best_name_follows_the_reader_and_falls_back() -> None:
    names = FUNDS.get("CNSS").names
    assert names.best("de", "fr") == "Caisse nationale de sécurité sociale"
    assert names.best("de") == names.fr


def test_the_test_bank_takes_one_version_and_states_why() -> None:
    bank = FUNDS.bank("mock-bank")
    assert (bank.pain008_version, bank.batch_booking, bank.max_pmtinf_per_file) == ("08", None, None)
    assert bank.max_transactions_per_file == 10_000
    assert all(text.startswith("Observed with mock-bank 0.9.0") for text in bank.evidence.values())


def test_a_bank_rule_without_evidence_is_refused(config: Path) -> None:
    damage(config / "banks" / "mock-bank.toml", 'bic_rule = "Observed', 'bicrule = "Observed')
    with pytest.raises(InvalidInput, match=r"bic_rule.*bicrule"):
        load_funds(config)


def test_a_bank_says_what_its_own_codes_mean_and_which_repair_its_files_need(config: Path) -> None:
    path = config / "banks" / "mock-bank.toml"
    habits = 'repairs = ["several-documents"]\n[proprietary_codes]\n"NTRF+109*" = "return"\n[evidence]'
    damage(path, "[evidence]", habits)
    with pytest.raises(InvalidInput, match="proprietary_codes"):
        load_funds(config)
    damage(path, "[evidence]", '[evidence]\nrepairs = "Letter"\nproprietary_codes = "Letter"')
    bank = load_funds(config).bank("mock-bank")
    assert bank.dialect.kind("NTRF+109+5") is Kind.RETURN
    assert bank.repairs == {Repair.SEVERAL_DOCUMENTS}
