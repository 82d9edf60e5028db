"""The two editable tables: what is shipped, and which mistakes of an editor are refused."""

import csv
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from penalty_cases import CODES, CONFIG, RULES
from pydantic import ValidationError

from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.penalties.fault.values import ContextRule, Effect, Party
from debit_service.penalties.tariff.catalogue import load_penalty_rules, load_reason_codes
from debit_service.penalties.tariff.rule import PenaltyRule

HEADER = "code,code_set,iso_name,epc_sdd_rtypes,party_default,penalty_effect,confidence,action,context_rule"


def table(folder: Path, *rows: str) -> Path:
    path = folder / "reason_codes.csv"
    path.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    (folder / "reason_codes.toml").write_text('version = "1"\nsource = "A test"', encoding="utf-8")
    return path


def edited(folder: Path, old: str, new: str) -> Path:
    text = (CONFIG / "penalty_rules.toml").read_text(encoding="utf-8")
    assert old in text
    path = folder / "penalty_rules.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_118_rows_are_shipped_and_four_codes_may_penalise() -> None:
    assert Counter(row.effect for row in CODES) == {Effect.NONE: 79, Effect.HOLD: 35, Effect.PENALISE: 4}
    assert {row.code for row in CODES if row.effect is Effect.PENALISE} == {"AM04", "AC04", "AC05", "SL12"}


def test_every_row_of_the_file_is_found_under_its_code_and_set() -> None:
    with (CONFIG / "reason_codes.csv").open(encoding="utf-8") as file:
        for cells in csv.DictReader(file):
            row = CODES.find(cells["code"], "R" if cells["code_set"] == "R" else "S")
            assert row is not None
            assert (row.code_set, row.name, row.effect) == (
                cells["code_set"],
                cells["iso_name"],
                cells["penalty_effect"],
            )


@pytest.mark.parametrize(
    ("code", "returned", "status"),
    [
        ("BE08", "BankError", "MissingDebtorName"),
        ("AC14", "InvalidAgent", "InvalidCreditorAccountType"),
        ("AC16", "AccountInSequestration", "CardNumberInvalid"),
        ("DT02", "ChequeExpired", "InvalidCreationDate"),
    ],
)
def test_the_four_homonyms_differ_by_code_set(code: str, returned: str, status: str) -> None:
    found = [CODES.find(code, "R"), CODES.find(code, "S")]
    assert [row.name for row in found if row] == [returned, status]


def test_a_code_of_one_list_is_not_found_in_the_other() -> None:
    assert CODES.find("AC05", "R") is None
    assert CODES.find("DS28", "S") is None


def test_a_row_with_several_parties_keeps_them_in_order() -> None:
    row = CODES.find("TM01", "S")
    assert row is not None
    assert row.parties == (Party.SERVICE, Party.CREDITOR_BANK)


def test_every_context_rule_is_used_by_some_code() -> None:
    assert {row.context_rule for row in CODES} - {None} == set(ContextRule)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (["AM04,B,Name,J,EMPLOYER,PENALISE,high,act,-"], "reason_codes.unguarded"),
        (["BE08,R,Name,J,BANK,NONE,high,act,HOMONYM"] * 2, "reason_codes.twice"),
        (["BE08,R,Name,J,BANK,NONE,high,act,-", "BE08,B,Name,J,BANK,NONE,high,act,-"], "reason_codes.twice"),
        (["AM04,X,Name,J,EMPLOYER,HOLD,high,act,-"], "reason_codes.malformed"),
        (["AM04,B,Name,J,EMPLOYEE,HOLD,high,act,-"], "reason_codes.malformed"),
        (["AM04,B,Name,J,EMPLOYER,PUNISH,high,act,-"], "reason_codes.malformed"),
        (["AM04,B,Name,J,EMPLOYER,HOLD,sure,act,-"], "reason_codes.malformed"),
        (["AM04,B,Name,J,EMPLOYER,HOLD,high,act,C-NONE"], "reason_codes.malformed"),
    ],
)
def test_a_row_that_could_penalise_by_mistake_is_refused(tmp_path: Path, rows: list[str], code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        load_reason_codes(table(tmp_path, *rows))
    assert refusal.value.code == code
    assert "reason_codes.csv" in (refusal.value.place or "")


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"reason_codes\.csv"):
        load_reason_codes(tmp_path / "reason_codes.csv")


def test_ten_rules_are_shipped_and_those_without_any_text_are_disabled() -> None:
    assert len(list(RULES)) == 10
    assert {rule.id for rule in RULES if not rule.enabled} == {"dz-cacobatph", "dz-casnos"}


def test_a_rule_of_which_a_part_is_doubtful_only_proposes() -> None:
    parts = [(rule, part.confidence) for rule in RULES for part in (rule.once, rule.periodic, rule.interest) if part]
    doubtful = {rule.id for rule, confidence in parts if confidence != "high"}
    assert doubtful == {"dz-cnas", "dz-cacobatph", "dz-casnos", "ma-cnss-2025", "ma-cnss-pre2025"}
    assert all(rule.needs_confirmation for rule in RULES if rule.id in doubtful)


@pytest.mark.parametrize(
    ("due", "rule_id"), [(date(2025, 2, 28), "ma-cnss-pre2025"), (date(2025, 3, 1), "ma-cnss-2025")]
)
def test_the_rule_in_force_on_the_due_date_holds(due: date, rule_id: str) -> None:
    assert RULES.in_force(["ma-cnss-2025", "ma-cnss-pre2025"], due).id == rule_id


@pytest.mark.parametrize(
    ("ids", "due", "code"),
    [
        (["dz-casnos"], date(2026, 6, 30), "penalty_rule.none"),
        (["fr-urssaf"], date(2019, 12, 31), "penalty_rule.none"),
        ([], date(2026, 6, 30), "penalty_rule.none"),
        (["fr-urssaf", "be-onss"], date(2026, 6, 30), "penalty_rule.several"),
    ],
)
def test_no_rule_or_several_rules_are_never_settled_by_guessing(ids: list[str], due: date, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        RULES.in_force(ids, due)
    assert refusal.value.code == code


def test_a_rule_is_found_again_by_its_version() -> None:
    assert RULES.get("dz-cnas", "2026-11").fund == "CNAS"
    with pytest.raises(NotFound, match="version 2027-01"):
        RULES.get("dz-cnas", "2027-01")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('rate = "0.05"', "rate = 0.05", "as text"),
        ('rate = "0.05"', 'rate = "5"', "less than or equal to 1"),
        ("needs_confirmation = true", "needs_confirmation = false", "needs confirmation"),
        ('currency = "DZD"', 'currency = "DZD"\nfloor = "1"', "floor"),
        ('{ from_month = 2, rate = "0.20" }', '{ from_month = 2, rate = "0.05" }', "tiers rise"),
        ('count = "started"', 'count = "any"', "started"),
    ],
)
def test_a_rule_that_does_not_fit_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        load_penalty_rules(edited(tmp_path, old, new))


def test_two_versions_of_a_rule_that_hold_at_the_same_time_are_refused(tmp_path: Path) -> None:
    path = edited(tmp_path, 'id = "ma-cnss-2025"', 'id = "ma-cnss-pre2025"')
    assert len(list(load_penalty_rules(path))) == 10
    path.write_text(path.read_text(encoding="utf-8").replace("valid_from = 2025-03-01", "valid_from = 2025-02-28"))
    with pytest.raises(InvalidInput) as refusal:
        load_penalty_rules(path)
    assert refusal.value.code == "penalty_rule.overlap"


def test_a_rule_that_charges_nothing_is_refused() -> None:
    nothing: dict[str, Any] = RULES.get("be-onss", "2026-11").model_dump() | {"once": None, "interest": None}
    with pytest.raises(ValidationError, match="a rule charges"):
        PenaltyRule.model_validate(nothing)
