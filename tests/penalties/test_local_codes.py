"""What a fund or bank changes in the table of reason codes, and what its own codes mean: dated, sourced, not harsher unproven."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from penalty_cases import CODES, CONFIG, case

from debit_service.core.errors import InvalidInput
from debit_service.funds.queries import load_funds
from debit_service.penalties.fault.engine import decide_fault
from debit_service.penalties.fault.reason_codes import ReasonCodes, load_reason_codes
from debit_service.penalties.fault.values import CaseFile, ContextRule, Effect, Party, Piece

DAY = date(2026, 11, 4)
OWN = 'code = "R-17"\ncode_set = "R"\niso_code = "AM04"\nvalid_from = 2026-01-01\n'
OVERRIDE = 'code = "MS03"\ncode_set = "B"\nvalid_from = 2026-01-01\n'
SEEN = 'certainty = "seen"\nsource = "The clearing\'s list of codes, edition 3"\n'
REMEMBERED = 'certainty = "memory"\nsource = "A branch\'s word"\n'


def codes(folder: Path, *entries: str, holder: str = "banks/generic-sepa.toml") -> ReasonCodes:
    """The shipped table with `entries` written into the file of a fund or bank."""
    for name in ("funds", "banks"):
        shutil.copytree(CONFIG / name, folder / name)
    for name in ("reason_codes.csv", "reason_codes.toml"):
        shutil.copy(CONFIG / name, folder)
    path = folder / holder
    path.write_text(path.read_text(encoding="utf-8") + "\n" + "\n".join(entries), encoding="utf-8")
    return load_reason_codes(folder / "reason_codes.csv")


def local(*told: str) -> str:
    return "[[local_codes]]\n" + "".join(told)


def override(*told: str) -> str:
    return "[[reason_codes]]\n" + "".join(told)


def with_own_code(own: str) -> CaseFile:
    """A debit without funds, which the bank told with a code of its own."""
    file = case(None)
    return replace(file, failure=Piece(replace(file.failure.value, proprietary=own), "evidence:failure"))


def read(table: ReasonCodes, own: str = "R-17", bank: str = "generic-sepa", on: date = DAY) -> Effect:
    row = table.find(None, "R", proprietary=own, fund="CNAS", bank=bank, on=on)
    return decide_fault(with_own_code(own), row).effect


def test_a_code_of_the_banks_own_that_was_seen_is_judged_as_the_iso_code_it_stands_for(tmp_path: Path) -> None:
    table = codes(tmp_path, local(OWN, SEEN))
    decision = decide_fault(
        with_own_code("R-17"), table.find(None, "R", proprietary="R-17", bank="generic-sepa", on=DAY)
    )
    assert (decision.party, decision.effect) == (Party.EMPLOYER, Effect.PENALISE)
    assert any("R-17 stands for AM04 at generic-sepa" in step.because for step in decision.steps)
    assert decision.row is not None
    assert decision.row["said_as"] == "R-17"


def test_a_code_that_is_only_remembered_proposes_and_is_held(tmp_path: Path) -> None:
    table = codes(tmp_path, local(OWN, REMEMBERED))
    row = table.find(None, "R", proprietary="R-17", bank="generic-sepa", on=DAY)
    decision = decide_fault(with_own_code("R-17"), row)
    assert (decision.party, decision.effect) == (Party.EMPLOYER, Effect.HOLD)
    assert decision.would_change[0] == "the bank's confirmation of what it means by its own code"


def test_a_remembered_code_that_would_acquit_is_held_too(tmp_path: Path) -> None:
    table = codes(tmp_path, local(OWN.replace("AM04", "ED05"), REMEMBERED))
    assert read(table) is Effect.HOLD


def test_a_code_of_ones_own_holds_for_its_bank_its_days_and_its_list_only(tmp_path: Path) -> None:
    table = codes(tmp_path, local(OWN, "valid_to = 2026-06-30\n", SEEN))
    assert read(table, on=date(2026, 6, 30)) is Effect.PENALISE
    assert read(table, on=date(2026, 7, 1)) is Effect.HOLD
    assert read(table, on=date(2025, 12, 31)) is Effect.HOLD
    assert read(table, bank="mock-bank", on=date(2026, 6, 30)) is Effect.HOLD
    assert table.find(None, "S", proprietary="R-17", bank="generic-sepa", on=date(2026, 6, 30)) is None


def test_an_iso_code_is_never_read_as_a_code_of_the_banks_own(tmp_path: Path) -> None:
    table = codes(tmp_path, local(OWN.replace("R-17", "MS03"), SEEN))
    row = table.find("MS03", "R", proprietary="MS03", bank="generic-sepa", on=DAY)
    assert row is not None
    assert (row.code, row.said_as) == ("MS03", None)


@pytest.mark.parametrize("holder", ["banks/generic-sepa.toml", "funds/cnas.toml"])
def test_a_fund_or_a_bank_may_be_milder_on_anybodys_word(tmp_path: Path, holder: str) -> None:
    changed = override(OVERRIDE, 'effect = "NONE"\nparties = ["DEBTOR_BANK"]\n', REMEMBERED)
    table = codes(tmp_path, changed, holder=holder)
    row = table.find("MS03", "R", fund="CNAS", bank="generic-sepa", on=DAY)
    assert row is not None
    assert (row.parties, row.effect) == ((Party.DEBTOR_BANK,), Effect.NONE)
    assert "A branch's word" in row.origins[0]
    assert table.find("MS03", "R", fund="CNSS", bank="mock-bank", on=DAY) == CODES.find("MS03", "R")


def test_the_fund_has_the_last_word_over_the_bank(tmp_path: Path) -> None:
    milder = override(OVERRIDE.replace("MS03", "AM04"), 'effect = "HOLD"\n', REMEMBERED)
    bank = override(OVERRIDE.replace("MS03", "AM04"), 'effect = "NONE"\n', REMEMBERED)
    codes(tmp_path, milder, holder="funds/cnas.toml")
    path = tmp_path / "banks" / "generic-sepa.toml"
    path.write_text(path.read_text(encoding="utf-8") + "\n" + bank, encoding="utf-8")
    row = load_reason_codes(tmp_path / "reason_codes.csv").find("AM04", "R", fund="CNAS", bank="generic-sepa", on=DAY)
    assert row is not None
    assert row.effect is Effect.HOLD


def test_a_harsher_reading_needs_a_text_that_was_seen(tmp_path: Path) -> None:
    harsher = override(OVERRIDE, 'effect = "PENALISE"\ncontext_rule = "C-NOTICE"\n', SEEN)
    row = codes(tmp_path, harsher).find("MS03", "R", bank="generic-sepa", on=DAY)
    assert row is not None
    assert (row.effect, row.context_rule) == (Effect.PENALISE, ContextRule.NOTICE)


REFUSED = [
    ("harsher, unproven", [override(OVERRIDE, 'effect = "PENALISE"\ncontext_rule = "C-NOTICE"\n', REMEMBERED)], "harsher"),
    ("other guards, unproven", [override(OVERRIDE.replace("MS03", "AM04"), 'context_rule = "C-ACC"\n', REMEMBERED)], "harsher"),
    ("an acquitted code into doubt", [override(OVERRIDE.replace("MS03", "ED05"), 'effect = "HOLD"\n', REMEMBERED)], "harsher"),
    ("a penalty without guards", [override(OVERRIDE, 'effect = "PENALISE"\n', SEEN)], "unguarded"),
    ("an unknown effect", [override(OVERRIDE, 'effect = "PUNISH"\n', SEEN)], "malformed"),
    ("an unknown party", [override(OVERRIDE, 'parties = ["EMPLOYEE"]\n', SEEN)], "malformed"),
    ("a code that no list has", [override(OVERRIDE.replace("MS03", "ZZ99"), SEEN)], "stray"),
    ("a map to a code that no list has", [local(OWN.replace("AM04", "ZZ99"), SEEN)], "stray"),
    ("a map to a code of the other list", [local(OWN.replace("AM04", "AC05"), SEEN)], "stray"),
    ("two maps of one code", [local(OWN, SEEN), local(OWN.replace("AM04", "AC04"), SEEN)], "twice"),
    ("two overrides of one code", [override(OVERRIDE, 'effect = "NONE"\n', SEEN)] * 2, "twice"),
]  # fmt: skip


@pytest.mark.parametrize(("entries", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_could_penalise_by_mistake_is_refused_with_file_and_line(
    tmp_path: Path, entries: list[str], code: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        codes(tmp_path, *entries)
    assert refusal.value.code == f"reason_codes.{code}"
    lines = (tmp_path / "banks" / "generic-sepa.toml").read_text(encoding="utf-8").splitlines()
    _, _, number = (refusal.value.place or "").rpartition("generic-sepa.toml:")
    assert lines[int(number) - 1].startswith("[[")


def test_an_entry_without_a_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="source") as refusal:
        codes(tmp_path, local(OWN, 'certainty = "memory"\n'))
    assert "generic-sepa.toml:" in (refusal.value.place or "")


@pytest.mark.parametrize("holder", ["banks/generic-sepa.toml", "funds/cnas.toml"])
def test_the_file_of_a_fund_or_bank_stays_valid_with_codes_of_its_own(tmp_path: Path, holder: str) -> None:
    codes(tmp_path, local(OWN, SEEN), override(OVERRIDE, 'effect = "NONE"\n', REMEMBERED), holder=holder)
    shutil.copytree(CONFIG / "calendars", tmp_path / "calendars")
    shutil.copy(CONFIG / "confirmations.toml", tmp_path)
    funds = load_funds(tmp_path)
    keeper = funds.get("CNAS") if holder.startswith("funds") else funds.bank("generic-sepa")
    assert [one.iso_code for one in keeper.local_codes] == ["AM04"]


def test_the_version_of_the_table_changes_with_anything_that_it_says(tmp_path: Path) -> None:
    assert codes(tmp_path, local(OWN, SEEN)).version != CODES.version
