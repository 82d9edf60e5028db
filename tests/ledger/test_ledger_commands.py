"""`debit ledger`: what an accountant asks a shell."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from bank_files import camt053, camt054, credit
from click.testing import CliRunner, Result
from house import CLERK, House

from debit_service.access.service import add_person
from debit_service.cli import main
from debit_service.contributions.service import import_rows
from debit_service.core.work import SERVICE, Role

PASSWORD = "a sentence that nobody guesses"
THE_DAY = date(2026, 9, 30)
Shell = Callable[..., Result]


@pytest.fixture
def shell(sqlite_house: House, monkeypatch: pytest.MonkeyPatch) -> Shell:
    settings = sqlite_house.service.settings
    for name, value in (("HOME", str(settings.home)), ("DATABASE_URL", settings.url), ("PASSWORD", PASSWORD)):
        monkeypatch.setenv(f"DEBIT_{name}", value)
    with sqlite_house.desk.work(SERVICE) as work:
        add_person(work, "clerk-1", PASSWORD, [Role.FINANCE_CLERK])
        add_person(work, "approver-1", PASSWORD, [Role.FINANCE_APPROVER])

    def run(*arguments: str, code: int = 0) -> Result:
        monkeypatch.setenv("DEBIT_CLOCK", sqlite_house.clock.now().isoformat())
        result = CliRunner().invoke(main, ["ledger", *arguments])
        assert result.exit_code == code, result.output
        return result

    return run


def values(result: Result) -> Any:
    return json.loads(result.stdout)


def test_balances_of_a_day_and_of_a_fund_are_the_same_on_both_sides(shell: Shell, sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    sqlite_house.sent("CNSS", due=date(2026, 10, 20))
    sqlite_house.in_turn(camt054(sent.account, credit(sent, THE_DAY)))

    lines = shell("balances", "--fund", "CNAS").stdout.splitlines()
    assert ["bank/CNAS", "DZD", "1000.00"] in [line.split() for line in lines]
    assert lines[-1].split() == ["total", "DZD", "1000.00", "1000.00"]
    before = values(shell("balances", "--fund", "CNAS", "--on", "2026-09-29", "--json"))
    assert "bank/CNAS" not in {one["account"] for one in before}
    assert {one["account"].partition("/")[2] for one in values(shell("balances", "--json"))} == {"CNAS", "CNSS"}
    shell("balances", "--fund", "CNAX", code=1)


def test_the_journal_of_a_subject_tells_cause_evidence_and_lines(shell: Shell, sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    sqlite_house.in_turn(camt054(sent.account, credit(sent, THE_DAY)))

    told = shell("journal", "--subject", sent.collection_id).stdout
    for word in ("collection.sent", f"end_to_end_id {sent.end_to_end_id}", "collection.settled", "file ", "bank/CNAS"):
        assert word in told
    known = values(shell("journal", "--subject", sent.collection_id, "--json"))
    assert [one["cause"] for one in known["entries"]] == ["collection.sent", "collection.settled"]
    balances = {(one["account"], one["currency"]): one["minor"] for one in known["balances"]}
    assert (balances["bank/CNAS", "DZD"], balances["in-transit/CNAS", "DZD"]) == (100_000, 0)
    assert sent.end_to_end_id != sent.collection_id
    by_name = values(shell("journal", "--subject", sent.end_to_end_id, "--json"))
    assert by_name["entries"] == known["entries"]
    reference = sqlite_house.contribution_row(sent.contribution_id).reference
    whole = values(shell("journal", "--subject", reference, "--json"))
    assert [one["cause"] for one in whole["entries"]][:2] == ["contribution.declared", "collection.sent"]


def test_a_reference_at_funds_of_two_currencies_is_told_in_each_and_added_up_apart(
    shell: Shell, sqlite_house: House
) -> None:
    """A bug: what stood on the other fund's accounts was called by the currency of the first."""
    here, there = sqlite_house.employer("CNAS"), sqlite_house.employer("CNSS")
    declared = f"""fund,registration_number,reference,period,amount,currency,due_date
CNAS,{here.registration},R-1,2026-08,100.00,DZD,2026-09-30
CNSS,{there.registration},R-1,2026-08,70.00,MAD,2026-09-30
"""
    service = sqlite_house.service
    with sqlite_house.desk.work(CLERK) as work:
        assert not import_rows(work, service.funds, service.calendars, declared.encode(), "contributions.csv").bad

    lines = [line.split() for line in shell("journal", "--subject", "R-1").stdout.splitlines()]
    assert [line for line in lines if line[:1] == ["total"]] == [
        ["total", "DZD", "100.00", "100.00"],
        ["total", "MAD", "70.00", "70.00"],
    ]
    assert ["receivable/CNSS", "MAD", "70.00"] in lines
    balances = values(shell("journal", "--subject", "R-1", "--json"))["balances"]
    assert {(one["account"], one["currency"], one["balance"]) for one in balances if one["minor"] > 0} == {
        ("receivable/CNAS", "DZD", "100.00"),
        ("receivable/CNSS", "MAD", "70.00"),
    }


def test_a_subject_that_nothing_is_called_is_a_mistake_of_who_asks(shell: Shell) -> None:
    assert "Nothing is called so" in shell("journal", "--subject", "nobody", code=2).stderr


def test_a_tie_out_with_findings_exits_with_findings(shell: Shell, sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    sqlite_house.in_turn(camt053(sent.account, THE_DAY, 0, credit(sent, THE_DAY)))
    assert shell("tie-out").stdout.splitlines()[-1] == "1 days, 0 findings"

    sqlite_house.in_turn(camt053(sent.account, date(2026, 10, 2), 1005_00, message_id="S2"))

    told = shell("tie-out", "--fund", "CNAS", "--from", "2026-10-01", "--to", "2026-10-02", code=1).stdout
    assert "5.00 DZD apart" in told
    (row,) = values(shell("tie-out", "--from", "2026-10-01", "--json", code=1))
    assert (row["day"], row["difference_minor"], row["findings"][0]["amount_minor"]) == ("2026-10-02", 0, 500)


def test_a_month_is_closed_by_two_people_and_listed(shell: Shell, sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    sqlite_house.in_turn(camt053(sent.account, THE_DAY, 0, credit(sent, THE_DAY)))
    close = ("close", "CNAS", "2026-09-30", "--why", "the month is over", "--as")
    assert "ledger.close.not_over" in shell(*close, "clerk-1", code=3).output
    sqlite_house.go_to(date(2026, 10, 1))

    made = values(shell(*close, "clerk-1", "--json"))
    assert made["totals"]["DZD"]["bank/CNAS"] == 100_000
    approve = ("approve-close", made["id"], "--sha256", made["sha256"], "--as")
    assert "access.role" in shell(*approve, "clerk-1", code=3).output
    assert "CNAS through 2026-09-30 is closed" in shell(*approve, "approver-1").stdout
    assert "ledger.close.done" in shell(*approve, "approver-1", code=3).output

    (listed,) = values(shell("closes", "--json"))
    assert (listed["made_by"], listed["approved_by"], listed["sha256"]) == ("clerk-1", "approver-1", made["sha256"])
    assert "2026-09-30" in shell("closes", "--fund", "CNAS").stdout


def test_an_export_is_written_and_its_hash_told(shell: Shell, sqlite_house: House, tmp_path: Path) -> None:
    sqlite_house.sent()
    path = tmp_path / "journal.csv"

    told = shell(
        "export", "--fund", "CNAS", "--from", "2026-09-01", "--to", "2026-09-30", "--format", "csv", "--out", str(path)
    )

    assert told.stdout.startswith(f"{path}: sha256 ")
    assert "contribution.declared" in path.read_text()


def test_statements_are_listed_and_one_that_the_bank_wrote_anew_counts_once_it_is_said(
    shell: Shell, sqlite_house: House
) -> None:
    sent = sqlite_house.sent()
    sqlite_house.in_turn(
        camt053(sent.account, THE_DAY, 0, message_id="S1"),
        camt053(sent.account, THE_DAY, 0, credit(sent, THE_DAY), message_id="S2"),
    )
    first, second = (one["statement"] for one in values(shell("statements", "--fund", "CNAS", "--json")))
    assert values(shell("statements", "--from", "2026-10-01", "--json")) == []
    assert values(shell("statements", "--to", "2026-09-29", "--json")) == []
    said = ("--why", "the bank sent it again", "--as", "clerk-1")
    assert "statement.tells_more" in shell("replace-statement", second, first, *said, code=3).output

    made = values(shell("replace-statement", first, second, *said, "--json"))
    assert made["state"] == "replaced"
    listed = values(shell("statements", "--json"))
    assert [(one["counts"], one["replaced_by"]) for one in listed] == [("no", second), ("yes", None)]

    undone = shell("undo-statement", made["replacement"], *said)
    assert undone.stdout == f"{made['replacement']}: undone\n"
    assert [one["counts"] for one in values(shell("statements", "--json"))] == ["yes", "yes"]


def test_a_jump_in_the_numbers_of_statements_is_a_hint_and_no_finding(shell: Shell, sqlite_house: House) -> None:
    account = sqlite_house.sent().account
    sqlite_house.in_turn(
        camt053(account, date(2026, 9, 28), 0, message_id="S7"), camt053(account, THE_DAY, 0, message_id="S9")
    )

    *_, hint, count = shell("tie-out", "--fund", "CNAS").stdout.splitlines()
    assert hint.startswith("hint: account of CNAS: the statement of 2026-09-28 has the number 7")
    assert count == "2 days, 0 findings"
    (told,) = [one["hints"] for one in values(shell("tie-out", "--json")) if one["hints"]]
    assert [(one["before"], one["after"]) for one in told] == [(7, 9)]


def test_a_statement_that_does_not_count_is_a_hint_of_its_day_with_who_when_and_why(
    shell: Shell, sqlite_house: House
) -> None:
    sent = sqlite_house.sent()
    sqlite_house.in_turn(
        camt053(sent.account, THE_DAY, 0, message_id="S1"),
        camt053(sent.account, THE_DAY, 0, credit(sent, THE_DAY), message_id="S2"),
    )
    first, second = (one["statement"] for one in values(shell("statements", "--json")))
    said = ("--why", "the bank sent it again", "--as", "clerk-1")
    made = values(shell("replace-statement", first, second, *said, "--json"))

    *_, hint, count = shell("tie-out").stdout.splitlines()
    assert hint.startswith(
        f"hint: account of CNAS: statement {first} of 2026-09-30 does not count, {second} does instead"
    )
    assert hint.endswith("UTC: the bank sent it again")
    assert "clerk-1" in hint
    assert count == "1 days, 0 findings"
    ((told,),) = [one["replaced"] for one in values(shell("tie-out", "--json"))]
    assert (told["document_id"], told["who"], told["why"]) == (first, "clerk-1", "the bank sent it again")

    shell("undo-statement", made["replacement"], *said)
    assert "does not count" not in shell("tie-out").stdout
