"""`debit disputes`: the desk from a shell."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner
from dispute_desk import DisputeDesk
from house import House

from debit_service.access.service import add_person
from debit_service.cli import main
from debit_service.core.work import SERVICE, Role

PASSWORD = "a sentence that nobody guesses"
DONE, FINDINGS, REFUSED = 0, 1, 3


@dataclass
class Shell:
    """Commands on the database of a house."""

    house: House
    desk: DisputeDesk
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, *words: str) -> tuple[int, Any]:
        """Exit code, and what the command says as JSON."""
        self.monkeypatch.setenv("DEBIT_CLOCK", self.house.clock.now().isoformat())
        result = CliRunner().invoke(main, ["disputes", *words, "--json"])
        return result.exit_code, json.loads(result.output)


@pytest.fixture
def shell(sqlite_house: House, monkeypatch: pytest.MonkeyPatch) -> Shell:
    settings = sqlite_house.service.settings
    monkeypatch.setenv("DEBIT_HOME", str(settings.home))
    monkeypatch.setenv("DEBIT_DATABASE_URL", settings.url)
    monkeypatch.setenv("DEBIT_CONFIRMATIONS", str(settings.confirmations))
    monkeypatch.setenv("DEBIT_PASSWORD", PASSWORD)
    with sqlite_house.desk.work(SERVICE) as work:
        add_person(work, "clerk", PASSWORD, [Role.FINANCE_CLERK])
        add_person(work, "approver", PASSWORD, [Role.FINANCE_APPROVER])
    return Shell(sqlite_house, DisputeDesk(sqlite_house), monkeypatch)


def test_a_dispute_is_listed_asked_answered_and_shown_by_its_reference(shell: Shell) -> None:
    reference = shell.desk.row(shell.desk.contest()).reference
    assert [row["reference"] for row in shell("list")[1]] == [reference]
    code, told = shell("ask", reference, "When was it paid?", "--as", "clerk")
    assert (code, told["state"]) == (DONE, "asked")
    code, told = shell("answer", reference.lower(), "partly_upheld", "--why", "half of it was paid", "--as", "clerk")
    assert (code, told["state"], told["answer"]) == (DONE, "answered", "upheld")
    _, shown = shell("show", reference)
    assert (shown["answer"], shown["reasons"], shown["messages"]) == (
        "partly_upheld",
        "half of it was paid",
        ["question: When was it paid?"],
    )
    assert shell("list")[1] == []


def test_an_appeal_is_decided_by_an_approver_only(shell: Shell) -> None:
    dispute_id = shell.desk.contest()
    shell.desk.answer(dispute_id)
    shell.desk.appeal(dispute_id)
    decided = ("appeal-decide", dispute_id, "upheld", "--body", "court", "--why", "judgment of the court", "--as")
    assert shell(*decided, "clerk")[0] == REFUSED
    assert shell(*decided, "approver")[1]["state"] == "decided"


def test_what_is_unknown_is_a_finding_and_statistics_count(shell: Shell) -> None:
    assert shell("show", "S-3467-9ACD")[0] == FINDINGS
    shell.desk.contest()
    code, lines = shell("statistics", "--from", "2026-01-01", "--to", "2026-12-31")
    assert code == DONE
    assert [line["received"] for line in lines if line["fund"] == "CNAS"] == ["1"]
