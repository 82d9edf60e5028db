"""`debit payments`: what a shell is told of a payment by other means, and of the debit that it overtook."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from house import House

from debit_service.access.service import add_person
from debit_service.cli import main
from debit_service.core.work import SERVICE, Role

PASSWORD = "a sentence that nobody guesses"


@pytest.fixture
def shell(sqlite_house: House, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    settings = sqlite_house.service.settings
    for name, value in (
        ("HOME", str(settings.home)),
        ("DATABASE_URL", settings.url),
        ("PASSWORD", PASSWORD),
        ("CLOCK", sqlite_house.clock.now().isoformat()),
    ):
        monkeypatch.setenv(f"DEBIT_{name}", value)
    with sqlite_house.desk.work(SERVICE) as work:
        add_person(work, "clerk-1", PASSWORD, [Role.FINANCE_CLERK])
        add_person(work, "approver-1", PASSWORD, [Role.FINANCE_APPROVER])
    return CliRunner()


def record(shell: CliRunner, contribution: str, amount: str = "1000.00") -> str:
    """A clerk records a cheque."""
    said = ["--amount", amount, "--paid-on", "2026-09-01", "--means", "cheque", "--reference", "C-1"]
    result = shell.invoke(
        main, ["payments", "record", contribution, *said, "--evidence", "copy of the cheque", "--as", "clerk-1"]
    )
    assert result.exit_code == 0, result.output
    return result.stdout


def test_recorded_listed_and_undone(shell: CliRunner, sqlite_house: House) -> None:
    contribution_id = sqlite_house.contribution(sqlite_house.employer())
    sqlite_house.collect()

    told = record(shell, contribution_id)
    assert "is recorded; still open: 0.00 DZD" in told
    assert "is cancelled; what is open is planned anew" in told
    assert "was recorded already" in record(shell, contribution_id)

    (row,) = json.loads(shell.invoke(main, ["payments", "list", contribution_id, "--json"]).stdout)
    assert (row["amount"], row["means"], row["undone"]) == ("1000.00", "cheque", "")

    undone = shell.invoke(main, ["payments", "undo", row["payment"], "--why", "it bounced", "--as", "approver-1"])
    assert "is undone; still open: 1000.00 DZD" in undone.stdout
    (row,) = json.loads(shell.invoke(main, ["payments", "list", "--json"]).stdout)
    assert row["undone"] == "it bounced"


def test_a_debit_that_left_is_told_clearly_and_so_is_what_is_to_be_refunded(
    shell: CliRunner, sqlite_house: House
) -> None:
    sent = sqlite_house.sent()

    told = record(shell, sent.contribution_id, "1200.00")

    assert f"the debit {sent.end_to_end_id} is at the bank and cannot be stopped" in told
    assert "refund 200.00 DZD" in told


def test_a_file_with_bad_lines_exits_with_findings_and_takes_nothing(
    shell: CliRunner, sqlite_house: House, tmp_path: Path
) -> None:
    reference = sqlite_house.contribution_row(sqlite_house.contribution(sqlite_house.employer())).reference
    file = tmp_path / "payments.csv"
    header = "fund,contribution,reference,means,paid_on,amount,currency,evidence\n"
    good = f"CNAS,{reference},T-1,transfer,2026-09-01,10.00,DZD,statement 17\n"
    file.write_text(f"{header}{good}CNAS,unknown,T-2,transfer,2026-09-01,10.00,DZD,statement 17\n")

    refused = shell.invoke(main, ["payments", "import", str(file)])
    assert refused.exit_code == 1
    assert "line 3:" in refused.stdout
    assert "nothing was recorded" in refused.stdout

    taken = shell.invoke(main, ["payments", "import", str(file), "--partial", "--json"])
    assert taken.exit_code == 1
    assert json.loads(taken.stdout)["taken"] == 1
