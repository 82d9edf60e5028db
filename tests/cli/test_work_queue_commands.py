"""`debit reconcile queue`, `entry`, `resolve`, `confirm`, `undo` and `refunds`: the work queue from a shell."""

import json
from typing import Any

import pytest
from bank_files import camt054, credit
from click.testing import CliRunner
from house import House
from reconcile.deciding import MUCH, money_in, told_by

from debit_service.access.service import add_person
from debit_service.cli import main
from debit_service.core.work import SERVICE, Role

PASSWORD = "a sentence that nobody guesses"


class Shell:
    """Commands with `--json`, as a clerk or an approver."""

    def run(self, *words: str, code: int = 0) -> Any:
        """What a command says, with the exit code that it must have."""
        result = CliRunner().invoke(main, [*words, "--json"])
        assert result.exit_code == code, (words, result.output)
        return json.loads(result.stdout)

    def resolve(self, entry_id: str, *words: str, code: int = 0) -> Any:
        """A clerk decides."""
        return self.run(
            "reconcile", "resolve", entry_id, *words, "--why", "the statement", "--as", "clerk-1", code=code
        )


@pytest.fixture
def shell(sqlite_house: House, monkeypatch: pytest.MonkeyPatch) -> Shell:
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
    return Shell()


def test_the_queue_is_listed_and_an_entry_shown_with_what_it_may_be(sqlite_house: House, shell: Shell) -> None:
    sent = sqlite_house.sent()
    entry_id = money_in(sqlite_house, sent.amount_minor)

    listed = shell.run("reconcile", "queue", "--fund", "CNAS", "--exception", "missing reference")
    assert [(one["entry"], one["likeliest"]) for one in listed["shown"]] == [(entry_id, sent.end_to_end_id)]

    shown = shell.run("reconcile", "entry", entry_id)
    assert (shown["exception"], shown["suggestions"][0]["fits"]) == ("missing reference", True)
    assert "matched" in shown["possible"]
    text = CliRunner().invoke(main, ["reconcile", "entry", entry_id]).stdout
    assert "The amount is exactly this one." in text

    shell.resolve(entry_id, "matched", "--end-to-end-id", sent.end_to_end_id)
    assert shell.run("reconcile", "queue")["count"] == 0


def test_an_age_is_at_most_what_the_page_takes(shell: Shell) -> None:
    """A bug: from a million days on it ended without an answer."""
    assert shell.run("reconcile", "queue", "--days", "9999")["count"] == 0
    refused = CliRunner().invoke(main, ["reconcile", "queue", "--days", "1000000"])
    assert (refused.exit_code, "0<=x<=9999" in refused.output) == (2, True)


def test_a_transfer_is_allocated_its_rest_paid_out_and_all_of_it_taken_back(sqlite_house: House, shell: Shell) -> None:
    sqlite_house.contribution(sqlite_house.employer(), amount="100.00", reference="C-1")
    entry_id = money_in(sqlite_house, 130_00)

    allocated = shell.resolve(entry_id, "allocated", "--share", "C-1=100.00", "--refund-rest")
    (owed,) = shell.run("reconcile", "refunds", "list")
    assert (owed["reference"], owed["left"]) == (entry_id, "30.00")
    said = ("--amount", "30.00", "--paid-on", "2026-09-01", "--reference", "OUT-1", "--evidence", "list")
    paid = shell.run("reconcile", "refunds", "paid", entry_id, *said, "--why", "asked for", "--as", "clerk-1")
    assert shell.run("reconcile", "refunds", "list") == []

    undo = ("--why", "a mistake", "--as", "clerk-1")
    shell.run("reconcile", "undo", paid["decision"], *undo)
    proposed = shell.run("reconcile", "undo", allocated["decision"], *undo)
    assert proposed["state"] == "proposed"
    shell.run("reconcile", "confirm", proposed["decision"], "--as", "approver-1")
    assert sqlite_house.balances()["suspense/CNAS"] == -130_00


def test_a_proposal_is_listed_and_refused(sqlite_house: House, shell: Shell) -> None:
    proposed = shell.resolve(money_in(sqlite_house, MUCH), "not_ours")
    (listed,) = shell.run("reconcile", "proposals")
    assert (listed["decision"], listed["overtaken"]) == (proposed["decision"], "")
    refused = ("--why", "not proven", "--as", "approver-1")
    assert shell.run("reconcile", "refuse", proposed["decision"], *refused)["state"] == "refused"
    assert shell.run("reconcile", "proposals") == []


def test_what_was_matched_by_rule_is_put_in_suspense_by_two_persons(sqlite_house: House, shell: Shell) -> None:
    sent = sqlite_house.sent()
    sqlite_house.in_turn(camt054(sent.account, credit(sent), message_id="N1"))
    entry_id = told_by(sqlite_house, "N1")
    assert shell.run("reconcile", "entry", entry_id)["possible"] == ["suspended"]

    proposed = shell.resolve(entry_id, "suspended")
    assert proposed["state"] == "proposed"
    shell.run("reconcile", "confirm", proposed["decision"], "--as", "approver-1")

    listed = shell.run("reconcile", "queue", "--exception", "doubted")
    assert [one["entry"] for one in listed["shown"]] == [entry_id]
    assert "matched" in shell.run("reconcile", "entry", entry_id)["possible"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("allocated", "--share", "C-1"), "share.malformed"),
        (("held", "--follow-up", "2026-08-01"), "entry.follow_up"),
        (("recognised", "--recorded", "NOTHING"), "entry.nothing_recorded"),
    ],
)
def test_what_does_not_fit_is_told_with_its_code(
    sqlite_house: House, shell: Shell, words: tuple[str, ...], code: str
) -> None:
    entry_id = money_in(sqlite_house, 130_00)
    refusals = {"share.malformed": 1, "entry.follow_up": 1, "entry.nothing_recorded": 3}
    assert shell.resolve(entry_id, *words, code=refusals[code])["error"]["code"] == code


def test_one_entry_takes_back_a_debit_with_its_own_charge_and_a_part_of_another(
    sqlite_house: House, shell: Shell
) -> None:
    first, second = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    sqlite_house.in_turn(camt054(first.account, credit(first), credit(second), message_id="N1"))
    entry_id = money_in(sqlite_house, 135_00, direction="DBIT")
    named = ("--end-to-end-id", first.end_to_end_id, "--share", f"{second.end_to_end_id}=30.00")

    assert shell.resolve(entry_id, "matched", *named, "--same-as", "E", code=1)["error"]["place"] == "same_as"
    assert shell.resolve(entry_id, "matched", *named, "--charge", "5.00", code=3)["error"]["code"] == "entry.no_fit"
    shell.resolve(entry_id, "matched", *named, "--charge", f"{first.end_to_end_id}=5.00")

    assert [sqlite_house.outcome(one).returned_minor for one in (first, second)] == [100_00, 30_00]
