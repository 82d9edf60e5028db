"""A mandate from a shell: its form and scans, its life, and the block list."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from house import House
from scan_files import archive, jpeg

from debit_service.access.service import add_person
from debit_service.cli import main
from debit_service.core.accounts import dz_rib_key
from debit_service.core.work import SERVICE, Role
from debit_service.employers.models import Employer
from debit_service.employers.service import enrol
from debit_service.mandates import queries
from debit_service.mandates.models import Mandate

PASSWORD = "a sentence that nobody guesses"
DONE, FINDINGS, USAGE, REFUSED = 0, 1, 2, 3
CLERK = ("--why", "as asked", "--as", "clerk-1")
APPROVER = ("--why", "as decided", "--as", "approver-1")
LETTER = ("--evidence", "letter 12")


@pytest.fixture
def reference(sqlite_house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The reference of a mandate that was lodged, on the database that the commands open; a clerk's password is at hand."""
    settings = sqlite_house.service.settings
    for name, value in (
        ("DEBIT_HOME", str(settings.home)),
        ("DEBIT_DATABASE_URL", settings.url),
        ("DEBIT_CLOCK", sqlite_house.clock.now().isoformat()),
        ("DEBIT_PASSWORD", PASSWORD),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    mandate_id = sqlite_house.mandate(sqlite_house.employer(mandate=False), accepted=False)
    with sqlite_house.desk.work(SERVICE) as work:
        add_person(work, "clerk-1", PASSWORD, [Role.FINANCE_CLERK])
        add_person(work, "approver-1", PASSWORD, [Role.FINANCE_APPROVER])
        return work.session.get_one(Mandate, mandate_id).reference


def run(*arguments: str, code: int = DONE) -> Any:
    """What a command says, as JSON."""
    result = CliRunner().invoke(main, ["mandates", *arguments, "--json"])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def test_the_form_is_written_for_its_reader_only(reference: str) -> None:
    said = run("form", reference, "--out", "form.pdf")
    content = Path("form.pdf").read_bytes()
    assert content.startswith(b"%PDF-1.7")
    assert said == {"reference": reference, "file": "form.pdf", "bytes": len(content)}
    assert stat.S_IMODE(Path("form.pdf").stat().st_mode) == 0o600
    run("form", reference, "--out", "again.pdf")
    assert Path("again.pdf").read_bytes() == content
    assert run("form", "NOBODY", "--out", "none.pdf", code=FINDINGS)["error"]["code"] == "mandate.unknown"
    assert not Path("none.pdf").exists()


def test_a_stamped_form_is_attached_and_proves_the_acceptance(reference: str, sqlite_house: House) -> None:
    Path("fax.bin").write_bytes(jpeg(b"stamped"))
    attached = run("attach", reference, "fax.bin", "--kind", "bank-validation", "--as", "clerk-1")
    assert attached["new"] is True
    assert run("attach", reference, "fax.bin", "--kind", "bank-validation") == attached | {"new": False}
    why = ("--why", "it came back stamped", "--as", "clerk-1")
    run("lodge", reference, "--evidence", "receipt", *why)
    run("accept", reference, "--evidence", attached["document"], *why)
    assert run("show", reference)["life"][-1]["evidence"] == {"document": attached["document"]}
    (listed,) = run("documents", reference)
    assert (listed["document"], listed["kind"], listed["attached_by"]) == (
        attached["document"],
        "bank_validation",
        "clerk-1",
    )


def test_documents_come_back_as_they_were(reference: str) -> None:
    contents = {"signed-form": jpeg(b"one"), "other": jpeg(b"two")}
    for kind, content in contents.items():
        Path("scan").write_bytes(content)
        run("attach", reference, "scan", "--kind", kind)
    listed = run("documents", reference, "--out", "taken")
    assert [one["attached_by"] for one in listed] == ["service", "service"]
    assert {file.name.split("-0")[0]: file.read_bytes() for file in Path("taken").iterdir()} == contents


def test_what_is_no_scan_is_refused_with_code_place_and_remedy(reference: str, sqlite_house: House) -> None:
    Path("scan.pdf").write_bytes(archive())
    error = run("attach", reference, "scan.pdf", "--kind", "other", code=FINDINGS)["error"]
    assert (error["code"], error["place"]) == ("scan.kind", "scan")
    assert "PDF" in error["remedy"]
    with Path("scan.pdf").open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    assert run("attach", reference, "scan.pdf", "--kind", "other", code=FINDINGS)["error"]["code"] == "scan.too_large"
    assert CliRunner().invoke(main, ["mandates", "attach", reference, "scan.pdf"]).exit_code == USAGE
    with sqlite_house.reading() as work:
        mandate = work.session.query(Mandate).one()
        assert queries.documents(work, mandate) == []


def test_a_reference_that_two_funds_use_is_not_guessed(reference: str, sqlite_house: House) -> None:
    """Imported authorisations bring their own references: two funds may have the same."""
    other = sqlite_house.mandate(sqlite_house.employer("CNSS", mandate=False), accepted=False)
    with sqlite_house.desk.work(SERVICE) as work:
        work.session.get_one(Mandate, other).reference = reference
    answer = CliRunner().invoke(main, ["mandates", "show", reference])
    assert answer.exit_code == FINDINGS
    assert f"{other} (CNSS)" in answer.output
    assert CliRunner().invoke(main, ["mandates", "show", other]).exit_code == DONE


def accepted(reference: str) -> str:
    """The reference, now of a mandate that the bank has accepted."""
    run("lodge", reference, "--evidence", "receipt", *CLERK)
    run("accept", reference, "--evidence", "stamp", *CLERK)
    return reference


def test_a_mandate_is_suspended_resumed_and_revoked_by_its_bank(reference: str) -> None:
    accepted(reference)
    assert run("suspend", reference, *LETTER, *CLERK)["state"] == "suspended"
    assert run("resume", reference, *LETTER, *CLERK, code=REFUSED)["error"]["code"] == "access.role"
    assert run("resume", reference, *LETTER, *APPROVER)["state"] == "active"
    nameless = run("revoke", reference, "--by", "bank", *CLERK, code=FINDINGS)["error"]
    assert (nameless["code"], nameless["place"]) == ("mandate.no_evidence", "--evidence")
    assert run("revoke", reference, "--by", "bank", *LETTER, *CLERK)["state"] == "revoked_by_bank"
    shown = run("show", reference)
    assert [one["state"] for one in shown["life"]] == [
        *("signed", "lodged_at_bank", "active", "suspended", "active", "revoked_by_bank")
    ]
    assert shown["state"] == "revoked_by_bank"


def test_an_amended_mandate_shows_its_version_and_what_changed(reference: str) -> None:
    accepted(reference)
    received = ("--received-at", "2026-08-31T10:00:00")
    new = run("amend", reference, "--new-reference", "NEW-1", "--holder", "Autre", *received, *LETTER, *CLERK)
    assert new == {"reference": "NEW-1", "state": "active", "version": 2}
    rib = ("--account", "005 00123 0000000042 " + dz_rib_key("001230000000042"))
    assert run("amend", "NEW-1", *rib, *LETTER, *CLERK) == {"reference": "NEW-1", "state": "signed", "version": 3}
    shown = run("show", "NEW-1")
    assert (shown["version"], shown["recurrence"], shown["blocked"]) == (3, "recurrent", None)
    assert [one["changed"] for one in shown["amendments"]] == [["reference", "debtor_name"], ["account", "bank"]]
    assert shown["amendments"][0]["received_at"].startswith("2026-08-31 09:00:00")
    assert "version 3" in CliRunner().invoke(main, ["mandates", "show", "NEW-1"]).output


def test_a_mandate_is_transferred_and_goes_on_at_the_other_fund(reference: str, sqlite_house: House) -> None:
    accepted(reference)
    with sqlite_house.desk.work(SERVICE) as work:
        enrol(work, work.session.query(Employer).one(), "CASNOS", "77")
    new = run("transfer", reference, "--to", "CASNOS", *LETTER, *APPROVER)
    assert new == {"reference": "CASNOS-77-1", "state": "signed", "version": 2}
    assert run("show", reference)["state"] == "transferred"


def test_the_last_debit_is_asked_for(reference: str) -> None:
    accepted(reference)
    run("last", reference, *CLERK)
    assert run("show", reference)["last_asked_on"] == "2026-09-01"
    assert run("last", reference, *CLERK, code=REFUSED)["error"]["code"] == "mandate.last_already"


def test_a_block_is_placed_listed_and_lifted(reference: str, sqlite_house: House) -> None:
    with sqlite_house.reading() as work:
        mandate = work.session.query(Mandate).one()
        account = queries.account(work, mandate)
        employer = work.session.query(Employer).one().reference
    number = run("block", "--account", account.value, "--account-scheme", "DZ_RIB", *CLERK)["block"]
    run("block", "--employer", employer, "--fund", "CNSS", *CLERK)
    assert [(one["fund"], one["employer"], one["account"]) for one in run("blocks")] == [
        ("CNSS", employer, ""),
        ("all", "", account.masked),
    ]
    assert run("show", reference)["blocked"] == "debits of this account are blocked"
    assert run("unblock", number, *CLERK, code=REFUSED)["error"]["code"] == "access.role"
    run("unblock", number, *APPROVER)
    assert run("show", reference)["blocked"] is None
    assert (len(run("blocks")), len(run("blocks", "--all"))) == (1, 2)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ((), "block.subject"),
        (("--account", "1"), "block.subject"),
        (("--employer", "CNAS-001", "--account", "1", "--account-scheme", "DZ_RIB"), "block.subject"),
        (("--employer", "nobody"), "employer.unknown"),
        (("--employer", "CNAS-001", "--fund", "NOBODY"), "fund.unknown"),
    ],
)
def test_a_block_names_whom_it_is_about(reference: str, said: tuple[str, ...], code: str) -> None:
    assert run("block", *said, *CLERK, code=FINDINGS)["error"]["code"] == code
    assert run("blocks") == []
