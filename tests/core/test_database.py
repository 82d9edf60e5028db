"""Both databases, asked what they really do: durability, append-only tables, moments in UTC, transactions, turns."""

import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from bank_files import camt054, credit
from house import CLERK, House
from sqlalchemy import Delete, Update, delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from debit_service import schema
from debit_service.core import audit
from debit_service.core.database import Base, Database
from debit_service.core.errors import Refused, Unavailable
from debit_service.core.models import AuditEntry, JobRun
from debit_service.employers.service import register

APPEND_ONLY = (
    "allocations",
    "audit_entries",
    "bank_documents",
    "bank_entries",
    "bank_file_chunks",
    "dispositions",
    "events",
    "file_readings",
    "journal_entries",
    "journal_lines",
)
NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


def test_sqlite_keeps_what_it_acknowledged(sqlite_house: House) -> None:
    with sqlite_house.desk.database.reading() as session:
        asked = {
            name: session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_an_sqlite_that_cannot_have_a_write_ahead_log_is_not_used() -> None:
    database = Database("sqlite://")  # a database in memory has none
    with pytest.raises(Unavailable, match="did not take journal_mode"), database.reading() as session:
        session.execute(text("select 1"))


def test_what_is_written_for_ever_cannot_be_changed_or_removed(full_house: House) -> None:
    for table in APPEND_ONLY:
        rows = Base.metadata.tables[table]
        column = next(iter(rows.primary_key.columns))
        with full_house.desk.database.reading() as session:
            assert (session.scalar(select(func.count()).select_from(rows)) or 0) > 0
        for statement in (update(rows).values({column.name: column}), delete(rows)):
            with pytest.raises(DBAPIError, match=f"{table} is append-only"):
                execute(full_house, statement)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_refuses_lines_that_do_not_sum_to_zero_whoever_writes_them(full_house: House) -> None:
    """SQLite has no triggers on statements; there `post_all` keeps them, and `debit verify` adds them up."""
    lines = Base.metadata.tables["journal_lines"]
    with full_house.desk.database.reading() as session:
        entry_id = session.scalars(select(lines.c.entry_id)).first()
    line = {"entry_id": entry_id, "account": "bank/CNAS", "subject": "x"}

    with pytest.raises(DBAPIError, match="do not sum to zero"), full_house.desk.database.transaction() as session:
        session.execute(insert(lines).values([line | {"number": 98, "amount_minor": 100}]))

    with full_house.desk.database.transaction() as session:
        both = [line | {"number": 98, "amount_minor": 100}, line | {"number": 99, "amount_minor": -100}]
        session.execute(insert(lines).values(both))


def execute(house: House, statement: Update | Delete) -> None:
    with house.desk.database.transaction() as session:
        session.execute(statement)


@pytest.fixture
def full_house(house: House) -> House:
    """Something in every table that is written for ever."""
    sent = house.sent()
    house.bank_says(camt054(sent.account, credit(sent)))
    return house


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))])
def test_a_moment_comes_back_as_the_same_moment_in_utc(house: House, zone: timezone) -> None:
    written = NOON.replace(microsecond=123456).astimezone(zone)
    with house.desk.database.transaction() as session:
        session.add(run_at(written))
    with house.desk.database.reading() as session:
        read = session.scalars(select(JobRun.started_at)).one()
    assert read == written
    assert read.utcoffset() == timedelta(0)


def test_a_moment_without_a_time_zone_is_refused(house: House) -> None:
    with pytest.raises(StatementError, match="without a time zone"), house.desk.database.transaction() as session:
        session.add(run_at(NOON.replace(tzinfo=None)))


def run_at(moment: datetime, outcome: str = "running") -> JobRun:
    return JobRun(
        id="R", job="j", fund_id="F", business_date=NOON.date(), started_at=moment, outcome=outcome, detail=""
    )


def test_a_reader_sees_one_moment_however_long_it_looks(house: House) -> None:
    with house.desk.reading(CLERK) as work:
        count = select(func.count()).select_from(AuditEntry)
        before = work.session.scalar(count)
        with house.desk.work(CLERK) as other:
            audit.record(other, "test.done", "meanwhile")
        assert work.session.scalar(count) == before
    with house.desk.reading(CLERK) as work:
        assert work.session.scalar(count) == (before or 0) + 1


def test_what_a_reader_writes_by_mistake_is_gone(house: House) -> None:
    with house.desk.database.reading() as session:
        session.add(run_at(NOON))
        session.flush()
    with house.desk.database.reading() as session:
        assert session.get(JobRun, "R") is None


def test_a_second_of_its_kind_is_refused_as_a_conflict_that_names_nobody(house: House) -> None:
    with house.desk.work(CLERK) as work:
        register(work, reference="NIF-1", name="Entreprise de quelqu'un")
    with pytest.raises(Refused) as refusal, house.desk.work(CLERK) as work:
        register(work, reference="NIF-1", name="Entreprise de quelqu'un")
    assert refusal.value.code == "database.conflict"
    assert "nothing was changed" in str(refusal.value)
    assert "NIF-1" not in str(refusal.value)


def test_a_broken_rule_of_the_schema_is_a_fault_of_the_program_and_shows_no_values(house: House) -> None:
    with pytest.raises(IntegrityError) as fault, house.desk.database.transaction() as session:
        session.add(run_at(NOON, outcome="no such outcome"))
    assert "hide_parameters" in str(fault.value)


def test_a_database_that_is_not_there_is_unavailable(tmp_path: Path, postgresql_url: str) -> None:
    for url in (f"sqlite:///{tmp_path}/missing/debit.sqlite3", "postgresql+psycopg://nobody@127.0.0.1:1/none"):
        database = Database(url)
        with pytest.raises(Unavailable) as refusal, database.transaction() as session:
            session.execute(text("select 1"))
        assert refusal.value.code == "database.unavailable"
        assert "debit db check" in str(refusal.value.remedy)


def test_a_full_disk_is_unavailable_and_what_was_acknowledged_stays(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'small.sqlite3'}")
    schema.migrate(database, "head")
    with database.transaction() as session:
        session.add(run_at(NOON))
    with database.reading() as session:
        pages = int(session.scalar(text("PRAGMA page_count")) or 0)
        session.execute(text(f"PRAGMA max_page_count={pages}"))
    more = update(JobRun).values(detail="x" * 4096 * pages)
    with pytest.raises(Unavailable), database.transaction() as session:
        session.execute(more)
    database.dispose()
    with sqlite3.connect(tmp_path / "small.sqlite3") as connection:
        assert connection.execute("select detail from job_runs").fetchall() == [("",)]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_who_wants_to_be_alone_waits_for_the_one_who_is(house: House) -> None:
    order: list[str] = []
    second_wants, first_is_alone = threading.Event(), threading.Event()

    def second() -> None:
        first_is_alone.wait(10)
        second_wants.set()
        with house.desk.database.alone("the same"):
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with house.desk.database.alone("the same"):
        first_is_alone.set()
        second_wants.wait(10)
        with house.desk.database.alone("something else"):
            order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_who_was_alone_and_failed_does_not_keep_the_others_out(house: House) -> None:
    def fail() -> Any:
        with house.desk.database.alone("the same"):
            raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            fail()
