"""A proof pack holds everything behind an outcome, and anybody can find out whether a byte of it was changed."""

import io
import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from bank_files import Booked, camt054, credit, pain002, returned, together
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from house import CLERK, House, Sent
from sqlalchemy import select

from debit_service import operations
from debit_service.banks import queries as bank_files
from debit_service.contributions import queries as contributions
from debit_service.core.audit import entry_hash
from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.models import AuditEntry
from debit_service.core.settings import PROJECT
from debit_service.core.signing import signing_path
from debit_service.core.work import Actor, Role
from debit_service.penalties.service import outages
from debit_service.penalties.tariff.amount import Circumstances, compute
from debit_service.penalties.tariff.catalogue import load_penalty_rules
from debit_service.penalties.tariff.rule import PenaltyRule
from debit_service.reconcile.models import Resolution
from debit_service.reconcile.service import undo
from debit_service.reports.explain import explanation
from debit_service.reports.proof.check import check, read_pack
from debit_service.reports.proof.make import Made, key_in_use
from debit_service.reports.proof.penalty_papers import recomputation
from debit_service.reports.proof.sealed import MANIFEST, SIGNATURE, SUMS, sealed
from debit_service.reports.proof.told import as_text, told

#: On a curve that no signature of ours is on.
FOREIGN_KEY = (
    ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
)
RULES = load_penalty_rules(PROJECT / "config" / "penalty_rules.toml")


@pytest.fixture
def sent(sqlite_house: House) -> Sent:
    """A debit that failed for want of money, and the penalty that is proposed for it."""
    one = sqlite_house.sent()
    sqlite_house.in_turn(pain002(one, "RJCT", "AM04"))
    sqlite_house.go_to(date(2026, 10, 15))
    sqlite_house.assess()
    return one


def made(house: House, sent: Sent, actor: Actor = CLERK) -> Made:
    return operations.proof_pack(house.service, actor, sent.contribution_id)


def employer_of(house: House, sent: Sent) -> Actor:
    with house.reading() as work:
        owner = contributions.get(work, sent.contribution_id).employer_id
    return Actor("one", frozenset({Role.EMPLOYER}), owner)


def written(pack: dict[str, bytes], folder: Path) -> Path:
    for name, content in pack.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def python_alone(script: Path) -> subprocess.CompletedProcess[str]:
    """Without this project, without installed packages."""
    return subprocess.run([sys.executable, "-I", "-S", str(script)], capture_output=True, text=True, check=False)


def test_a_pack_holds_every_piece_of_the_argument(sqlite_house: House, sent: Sent) -> None:
    names = made(sqlite_house, sent).files.keys()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {
        "README.txt", "README.ar.txt", "LISEZ", "MANIFEST.json", "SHA256SUMS", "SHA256SUMS.sig", "signing", "audit", "bank",
        "calendar.csv", "contribution.json", "decisions", "explanation", "form", "ledger", "notices", "penalty", "sent",
    }  # fmt: skip


def test_it_is_checked_with_standard_tools(sqlite_house: House, sent: Sent, tmp_path: Path) -> None:
    folder = written(made(sqlite_house, sent).files, tmp_path / "pack")
    assert check(read_pack(folder)).faults == []
    for program, *arguments in (
        ("sha256sum", "--check", "--quiet", SUMS),
        (
            "openssl",
            "pkeyutl",
            "-verify",
            "-pubin",
            "-inkey",
            "signing-key.pem",
            "-rawin",
            "-in",
            SUMS,
            "-sigfile",
            SIGNATURE,
        ),
    ):
        if shutil.which(program):
            assert subprocess.run([program, *arguments], cwd=folder, capture_output=True, check=False).returncode == 0
            assert " ".join(arguments).replace("--check --quiet", "-c") in (folder / "README.txt").read_text()


def test_any_file_that_is_changed_left_out_or_added_is_found(sqlite_house: House, sent: Sent) -> None:
    pack = made(sqlite_house, sent).files
    assert check(pack).faults == []
    for name, content in pack.items():
        changed = content[:-1] + bytes([content[-1] ^ 1]) if content else b" "
        assert check({**pack, name: changed}).faults, name
        assert check({one: each for one, each in pack.items() if one != name}).faults, name
    assert "bank/another.xml: added" in check({**pack, "bank/another.xml": b"<Ntry/>"}).faults


def test_a_pack_that_was_made_up_with_another_key_is_found_by_the_published_fingerprint(
    sqlite_house: House, sent: Sent, tmp_path: Path
) -> None:
    genuine = made(sqlite_house, sent)
    forger = key_in_use(sqlite_house.desk, CLERK, tmp_path / "forged.json")
    forged = sealed([], forger, about={"contribution": "x", "fund": "x"}, signed_at=sqlite_house.clock.now())
    assert check(forged).faults == []
    assert check(forged, genuine.fingerprint).faults == [
        "signing-key.pem: is another key than the one that was expected"
    ]
    assert check(genuine.files, genuine.fingerprint.upper()).faults == []


def test_the_same_state_gives_the_same_bytes_but_for_the_time_of_signing(sqlite_house: House, sent: Sent) -> None:
    first, again = made(sqlite_house, sent), made(sqlite_house, sent)
    assert first.content == again.content

    sqlite_house.go_to(date(2026, 10, 16))
    later = made(sqlite_house, sent)
    assert {name for name in later.files if later.files[name] != first.files[name]} == {
        "MANIFEST.json",
        SUMS,
        SIGNATURE,
    }


def test_a_zip_is_read_back_as_it_was_packed_and_a_broken_one_is_refused(
    sqlite_house: House, sent: Sent, tmp_path: Path
) -> None:
    one, path = made(sqlite_house, sent), tmp_path / "pack.zip"
    path.write_bytes(one.content)
    assert read_pack(path) == one.files
    path.write_bytes(one.content[:-30])
    with pytest.raises(InvalidInput):
        read_pack(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a", "2")
    with pytest.raises(InvalidInput):
        read_pack(path)


def of_another_maker(pack: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in pack.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def in_front(content: bytes) -> bytes:
    """A ZIP that shows one more file to who reads it from its beginning."""
    other = of_another_maker({"decisions/00-forged.json": b"forged"})
    return other[: other.index(b"PK\x01\x02")] + content


def between(content: bytes) -> bytes:
    """Bytes between the files and the list of them, which is told to begin later."""
    at = content.rindex(b"PK\x05\x06")
    begins = int.from_bytes(content[at + 16 : at + 20], "little")
    told = (begins + 4).to_bytes(4, "little")
    return content[:begins] + b"more" + content[begins : at + 16] + told + content[at + 20 :]


def test_a_zip_with_a_byte_that_nobody_signed_is_refused(sqlite_house: House, sent: Sent, tmp_path: Path) -> None:
    content, path = made(sqlite_house, sent).content, tmp_path / "pack.zip"
    changed = {
        "in front": in_front(content),
        "between": between(content),
        "behind": content + b"more",
        "a comment": content[:-2] + b"\x04\x00more",
        "deflated": of_another_maker({"a": b"0" * 1_000_000}, zipfile.ZIP_DEFLATED),
        "another compression": of_another_maker({"a": b"0"}, zipfile.ZIP_LZMA),
        "empty": of_another_maker({}),
        "nothing": b"",
    }
    accepted = []
    for how, other in changed.items():
        path.write_bytes(other)
        try:
            read_pack(path)
            accepted.append(how)
        except InvalidInput:
            continue
    assert accepted == []


def test_wherever_a_zip_is_damaged_it_is_refused_and_never_a_crash(
    sqlite_house: House, sent: Sent, tmp_path: Path
) -> None:
    content, path = made(sqlite_house, sent).content, tmp_path / "pack.zip"
    listed = content.index(b"PK\x01\x02")
    spots = [*range(0, 40, 3), *range(listed, listed + 60, 3), *range(len(content) - 22, len(content), 2)]
    for at in spots:
        path.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
        with pytest.raises(InvalidInput):
            read_pack(path)


def test_a_piece_of_the_seal_that_is_something_else_is_a_fault(sqlite_house: House, sent: Sent) -> None:
    pack = made(sqlite_house, sent).files
    for name in ("signing-key.pem", MANIFEST, SUMS, SIGNATURE):
        for content in (b"", b"\xff\xfe", b"[" * 200_000, b"[1]", FOREIGN_KEY):
            assert check({**pack, name: content}, "0" * 64).faults, (name, content[:9])


@pytest.mark.parametrize("none", ["", "  ", "no such", "ab" * 31])
def test_what_is_no_fingerprint_is_refused_and_not_taken_for_none(none: str) -> None:
    with pytest.raises(InvalidInput, match="hexadecimal"):
        check({}, none)


def test_what_was_signed_before_the_key_was_replaced_is_good_still(sqlite_house: House, sent: Sent) -> None:
    before = made(sqlite_house, sent)
    key_in_use(sqlite_house.desk, CLERK, signing_path(sqlite_house.service.settings), replace=True)
    after = made(sqlite_house, sent)
    assert before.fingerprint != after.fingerprint
    assert check(before.files, before.fingerprint).faults == check(after.files, after.fingerprint).faults == []


def stored(house: House, digest: str) -> bytes:
    with house.reading() as work:
        (file,) = [one for way in ("in", "out") for one in bank_files.files(work, way) if one.sha256 == digest]
        return bank_files.content(work, file.id)


def test_the_pieces_of_the_files_are_found_in_them_and_name_nobody_else(sqlite_house: House) -> None:
    house = sqlite_house
    one, other = house.sent_together("CNAS", "1000.00", "2000.00")
    both = together(returned(other, "AC04"), returned(one, "AM04"), reference="B-1")
    house.in_turn(camt054(one.account, credit(one), credit(other)), camt054(one.account, both, message_id="N2"))
    house.assess()

    pack = made(house, one).files

    places = [
        (json.loads(content)["file"]["sha256"], piece, name.rpartition("/")[0] + f"/{key}.xml")
        for name, content in pack.items()
        if name.endswith("/sent.json")
        for key, piece in json.loads(content)["pieces"].items()
    ] + [
        (json.loads(content)["file"]["sha256"], json.loads(content)["bytes"], name.removesuffix(".json") + ".xml")
        for name, content in pack.items()
        if name.startswith("bank/") and name.endswith(".json")
    ]
    assert len(places) == 3 + 2
    for digest, piece, name in places:
        whole = stored(house, digest)
        assert sha256(whole).hexdigest() == digest
        assert whole[piece["offset"] : piece["offset"] + piece["bytes"]] == pack[name]
        assert sha256(pack[name]).hexdigest() == piece["sha256"]
    everything = b"".join(content for name, content in pack.items() if name != "explanation/explanation.pdf")
    assert one.end_to_end_id.encode() in everything
    assert other.end_to_end_id.encode() not in everything
    assert other.contribution_id.encode() not in everything


def test_a_booking_of_many_debits_is_cut_before_the_first_of_them(sqlite_house: House) -> None:
    one, other = sqlite_house.sent_together("CNAS", "1000.00", "2000.00")
    sqlite_house.in_turn(pain002(one, "RJCT", "FF01", level="block"))
    report = pain002(one, "RJCT", "FF01", level="group", message_id="P2")
    sqlite_house.in_turn(report)
    pack = made(sqlite_house, one).files
    assert any(name.startswith("bank/") for name in pack)
    assert all(
        other.end_to_end_id.encode() not in content for name, content in pack.items() if name.startswith("bank/")
    )


def test_an_entry_that_was_taken_for_anothers_shows_nothing_in_its_pack(sqlite_house: House) -> None:
    house = sqlite_house
    sent = house.sent()
    stranger = Booked(
        sent.amount_minor, sent.currency, date(2026, 9, 30), servicer_reference="X1", end_to_end_id="ELSE-1"
    )
    named = b"</Refs><RltdPties><Dbtr><Pty><Nm>A STRANGER</Nm></Pty></Dbtr></RltdPties>"
    house.in_turn(camt054(sent.account, stranger).replace(b"</Refs>", named))
    (entry,) = house.waiting()
    house.resolve(entry.id, sent.end_to_end_id)
    assert f"bank/entry-{entry.id}.xml" in made(house, sent).files
    with house.reading() as work:
        (decided,) = work.session.scalars(select(Resolution.id)).all()
    with house.desk.work(CLERK) as work:
        undo(work, house.service.funds, decided, "it was another employer's")

    staff, owner = made(house, sent).files, made(house, sent, employer_of(house, sent)).files

    for pack in (staff, owner):
        assert not any(b"A STRANGER" in content or b"ELSE-1" in content for content in pack.values())
    (told,) = json.loads(staff["bank/taken-back.json"])
    assert (told["entry"], told["is_now"]) == (entry.id, "suspense")
    assert not any(entry.id.encode() in content for name, content in owner.items() if name.startswith("bank/"))


def test_what_a_decision_names_of_our_outages_is_in_the_pack_without_our_people(sqlite_house: House) -> None:
    house = sqlite_house
    began = house.clock.now()
    sent = house.sent()
    admin = Actor("admin", frozenset({Role.ADMINISTRATOR}))
    with house.desk.work(admin) as work:
        outage = outages.record(work, began, house.clock.now(), "the mail was down", "the log of the provider").id
    house.in_turn(pain002(sent, "RJCT", "AM04"))
    house.assess()

    pack = made(house, sent, employer_of(house, sent)).files

    (told,) = json.loads(pack["decisions/outages.json"])
    assert (told["id"], told["what"], "recorded_by" in told) == (outage, "the mail was down", False)
    (decision,) = [json.loads(one) for name, one in pack.items() if name.startswith("decisions/01-")]
    assert f"outage:{outage}" in decision["argument"]["evidence"]


def test_what_would_change_a_decision_is_told_to_staff_alone(sqlite_house: House, sent: Sent) -> None:
    staff, owner = made(sqlite_house, sent).files, made(sqlite_house, sent, employer_of(sqlite_house, sent)).files
    assert b'"would_change"' in staff["explanation/explanation.json"]
    assert not any(b'"would_change"' in content for content in owner.values())


def test_the_penalty_is_computed_again_with_python_alone(sqlite_house: House, sent: Sent, tmp_path: Path) -> None:
    folder = written(made(sqlite_house, sent).files, tmp_path)
    (script,) = folder.glob("penalty-*/recompute/recompute.py")
    again = python_alone(script)
    assert (again.returncode, again.stderr) == (0, "")
    assert "once" in again.stdout

    case = script.with_name("case.json")
    case.write_text(case.read_text().replace('"once": 5000', '"once": 5001'))
    assert python_alone(script).returncode == 1


@pytest.mark.parametrize("rule", list(RULES), ids=lambda one: f"{one.id} {one.version}")
def test_every_rule_is_computed_again_with_python_alone(rule: PenaltyRule, tmp_path: Path) -> None:
    taken: dict[str, Any] = {
        "rule": rule,
        "base_minor": 1_234_567_89,
        "currency": rule.currency,
        "clock_start": date(2024, 1, 30),
        "until": date(2024, 6, 3),
        "circumstances": Circumstances(heads=3),
        "payments": [(date(2024, 2, 29), 234_567_89)],
        "not_counted": [(date(2024, 3, 10), date(2024, 3, 20))],
        "later": [],
    }
    steps = {one.step_key: one.amount_minor for one in compute(**taken).steps}
    folder = written(recomputation(taken, steps), tmp_path)
    again = python_alone(folder / "recompute.py")
    assert (again.returncode, again.stderr) == (0, ""), again.stdout


def test_an_employer_gets_its_own_without_our_people_and_no_other(sqlite_house: House, sent: Sent) -> None:
    owner = employer_of(sqlite_house, sent)
    pack = made(sqlite_house, sent, owner).files
    assert check(pack).faults == []
    assert not any(name.startswith("audit/") for name in pack)
    everything = b"".join(content for name, content in pack.items() if not name.endswith((".py", ".pdf", "case.json")))
    assert b"clerk" not in everything
    assert b"approver" not in everything
    with pytest.raises((Refused, NotFound)):
        made(sqlite_house, sent, replace(owner, employer_id="another"))
    with pytest.raises(Refused):
        made(sqlite_house, sent, Actor("agent", frozenset({Role.MANDATE_AGENT})))


def test_the_hashes_of_the_log_can_be_computed_from_the_pack(sqlite_house: House, sent: Sent) -> None:
    operations.anchor_audit(sqlite_house.service)
    pack = made(sqlite_house, sent).files
    entries = json.loads(pack["audit/log.json"])
    assert {"fault.decided", "penalty.proposed", "batch.approved"} <= {one["action"] for one in entries}
    for one in entries:
        names = ("sequence", "at", "who", "action", "subject", "details", "previous_hash")
        told_as = json.dumps([one[name] for name in names], sort_keys=True, separators=(",", ":"))
        assert sha256(told_as.encode()).hexdigest() == one["hash"]
    anchored = dict(line.split() for line in pack["audit/anchors.txt"].decode().splitlines())
    with sqlite_house.reading() as work:
        for sequence, digest in anchored.items():
            assert entry_hash(work.session.get_one(AuditEntry, int(sequence))) == digest


def test_that_a_pack_left_and_which_key_signed_are_on_record(sqlite_house: House, sent: Sent) -> None:
    one = made(sqlite_house, sent)
    with sqlite_house.reading() as work:
        log = {entry.action: entry for entry in work.session.query(AuditEntry)}
    assert log["signing_key.made"].subject == one.fingerprint
    assert log["proof_pack.exported"].details["to"] == "staff"
    assert "ledger/journal.csv" in log["proof_pack.exported"].details["files"]


@pytest.mark.parametrize(
    ("language", "said"),
    [("fr", "Conclusion : la cause est l'employeur."), ("ar", "النتيجة: السبب هو صاحب العمل."), ("en", "Late penalty")],
)
def test_the_explanation_is_told_in_the_employers_language(
    sqlite_house: House, sent: Sent, language: str, said: str
) -> None:
    service = sqlite_house.service
    with sqlite_house.reading() as work:
        explained = explanation(work, service.funds, service.codes, sent.contribution_id)
    text = as_text(told(language, explained, "CNAS")).decode()
    assert said in text
    assert "AM04" in text
