"""`debit verify` finds what an insider did behind the back of the service: for each invariant deliberate damage, by plain SQL."""

import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from shutil import copyfile

import pytest
from bank_files import Booked, camt053, camt054, credit, returned
from house import House, Sent

from debit_service.operations import anchor_audit
from debit_service.penalties import queries as penalties
from debit_service.verify import CHECKS, verify

CREDITED, TAKEN_BACK = date(2026, 9, 30), date(2026, 10, 5)


def live_a_little(house: House) -> tuple[Sent, Sent]:
    """One debit is paid, one returned and penalised, an entry was explained by a clerk; three statements; all anchored."""
    paid, failed, explained = house.sent_together("CNAS", "100.00", "200.00", "300.00")
    nameless = Booked(300_00, paid.currency, CREDITED, servicer_reference="AS-1")
    gone = returned(failed, "AM04", TAKEN_BACK, charges_minor=500)
    house.in_turn(
        camt054(paid.account, credit(paid), credit(failed), nameless),
        camt053(paid.account, CREDITED, 0, credit(paid), credit(failed), nameless),
    )
    (waiting,) = house.waiting()
    house.resolve(waiting.id, explained.end_to_end_id)
    house.go_to(date(2026, 10, 15))
    house.in_turn(
        camt054(paid.account, gone, message_id="N2"),
        camt053(paid.account, TAKEN_BACK, 600_00, gone, message_id="S2"),
        camt053(paid.account, date(2026, 10, 6), 395_00, message_id="S3"),
    )
    house.assess()
    with house.reading() as work:
        (penalty,) = penalties.penalties_of(work, failed.contribution_id)
    house.confirm_penalty(penalty.id)
    anchor_audit(house.service)
    return paid, failed


@pytest.fixture(scope="module")
def told_house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, bytes]]:
    """A house that has lived a little, and its database file as it was before anybody touched it."""
    folder = tmp_path_factory.mktemp("verify")
    path = folder / "debit.sqlite3"
    copyfile(sqlite_template, path)
    built = House(f"sqlite:///{path}", folder)
    live_a_little(built)
    built.close()
    yield built, path.read_bytes()
    built.close()


@pytest.fixture
def lived_in(told_house: tuple[House, bytes]) -> House:
    """The house, undamaged."""
    house, content = told_house
    house.close()
    path = Path(house.desk.database.engine.url.database or "")
    for leftover in (path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        leftover.unlink(missing_ok=True)
    path.write_bytes(content)
    return house


def damage(house: House, *statements: str) -> None:
    """What somebody with the database file can do: drop the triggers, switch the foreign keys off, write."""
    house.close()
    with sqlite3.connect(house.desk.database.engine.url.database or "") as connection:
        triggers = connection.execute("select name from sqlite_master where type = 'trigger'").fetchall()
        for statement in (*(f"drop trigger {name}" for (name,) in triggers), *statements):
            connection.execute(statement)
    connection.close()


def test_all_is_well_before_any_damage(house: House) -> None:
    live_a_little(house)

    assert house.breaches() == {}


DAMAGES: dict[str, tuple[int, str, *tuple[str, ...]]] = {
    "a paid collection is set free": (1, "update collections set live = 0 where failed_on is null"),
    "a contribution is made smaller": (1, "update contributions set amount_minor = amount_minor - 1"),
    "an approval is removed": (2, "delete from approvals"),
    "a submission names other bytes": (2, "update submissions set sha256 = 'other'"),
    "an amount that was sent is changed": (2, "update collections set amount_minor = amount_minor + 1"),
    "an entry loses its disposition": (3, "update dispositions set most_recent = 0 where kind = 'matched'"),
    "an allocation is removed": (3, "delete from allocations where effect = 'returned'"),
    "an entry is removed": (3, "delete from bank_entries where direction = 'debit'"),
    "a line of the journal is changed": (
        4,
        "update journal_lines set amount_minor = amount_minor + 1 where number = 1",
    ),
    "a balanced posting is removed": (
        4,
        "delete from journal_lines where entry_id in (select id from journal_entries where cause = 'collection.returned')",
        "delete from journal_entries where cause = 'collection.returned'",
    ),
    "the head of a posting is removed": (4, "delete from journal_entries where cause = 'collection.returned'"),
    "the opening of a statement is changed": (5, "update bank_documents set opening_minor = 1 where opening_minor > 0"),
    "a statement is removed": (5, "update bank_documents set message = 'x' where opening_minor = 60000"),
    "a step of a penalty is changed": (6, "update penalty_steps set amount_minor = amount_minor + 1"),
    "step and inputs of a penalty are changed alike": (
        6,
        "update penalty_steps set amount_minor = 2000",
        "update penalties set inputs = json_set(inputs, '$.base_minor', 40000)",
    ),
    "an attribution is changed": (6, "update fault_decisions set party = 'SERVICE', effect = 'NONE'"),
    "the days of lateness are changed": (6, "update fault_decisions set clock_start = '2026-08-01'"),
    "a confirmed penalty leaves the journal": (6, "delete from journal_lines where account like 'surcharge%'"),
    "a batch jumps to its end": (7, "update batch_transitions set from_state = 'made' where to_state = 'sent'"),
    "an old state is made the newest": (7, "update mandates set live = 0"),
    "a failure is told otherwise": (8, "update collections set failure_code = 'AC04' where failed_on is not null"),
    "a bank's file is removed": (
        8,
        "delete from bank_file_chunks where file_id in (select file_id from bank_documents)",
    ),
    "a clerk's decision is removed": (8, "delete from resolutions"),
    "a sealed account is moved to another employer": (
        9,
        "update mandates set account_sealed = (select m.account_sealed from mandates m order by m.id limit 1)",
    ),
    "a sealed form is cut": (9, "update mandate_forms set content_sealed = substr(content_sealed, 1, 40)"),
    "an entry of the audit log is changed": (10, "update audit_entries set who = 'somebody' where sequence = 5"),
    "an entry of the audit log is removed": (10, "delete from audit_entries where sequence = 5"),
    "the end of the audit log is cut off": (10, "delete from audit_entries where sequence > 20"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_each_damage_is_named_by_its_invariant(lived_in: House, name: str) -> None:
    number, *statements = DAMAGES[name]

    damage(lived_in, *statements)

    assert lived_in.breaches().get(number), f"invariant {number} does not see that {name}"


EVIDENCE = {
    "notice": "delete from notices",
    "entry": "delete from bank_entries where direction = 'debit'",
    "file": "delete from bank_files where id in (select file_id from bank_entries where direction = 'debit')",
    "batch": "delete from batches",
}


@pytest.mark.parametrize("kind", EVIDENCE)
def test_evidence_that_is_taken_away_from_a_penalty_is_named(lived_in: House, kind: str) -> None:
    damage(lived_in, EVIDENCE[kind])

    named = lived_in.breaches()[6]

    assert any(f"its evidence {kind}:" in breach and "is gone" in breach for breach in named)


EMPTIED = {
    "contributions": "delete from contributions",
    "mandates": "delete from mandates",
    "bytes of files": "delete from bank_file_chunks",
    "forms": "delete from mandate_forms",
    "batches": "delete from batches",
}


@pytest.mark.parametrize("emptied", EMPTIED)
def test_damage_that_stops_one_check_hides_nothing_from_the_others(lived_in: House, emptied: str) -> None:
    damage(lived_in, EMPTIED[emptied], DAMAGES["an entry of the audit log is changed"][1])

    found = {check.number: breaches for check, breaches in verify(lived_in.service)}

    assert sorted(found) == [check.number for check in CHECKS]
    assert found[10], "the last check was not reached"
    assert sum(bool(breaches) for breaches in found.values()) > 1, f"{emptied} can be emptied and nobody sees it"
