"""Form and scans from a shell: `debit mandates form`, `attach`, `documents`."""

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
from debit_service.core.work import SERVICE, Role
from debit_service.mandates import queries
from debit_service.mandates.models import Mandate

PASSWORD = "a sentence that nobody guesses"
DONE, FINDINGS, USAGE = 0, 1, 2


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
    assert run("show", reference)[-1]["evidence"] == {"document": attached["document"]}
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
