"""What reads the bank's answers: the service, its reader alone, its general path row by row, and the least of a database.

A floor gets the rows of `bank_entries` as they are kept, already read and sealed. It matches nothing, asks nothing about what was
told before, writes no disposition, no audit and no event, and could not be repeated.
"""

import sqlite3
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import psycopg
from sqlalchemy import select

from benchmarks.checks import Wrong
from benchmarks.costs import Task, Watch
from benchmarks.data import total_minor
from benchmarks.reconcile_data import ANSWERED_AT, BANK_NAME, stored
from benchmarks.reconcile_files import path_of
from debit_service.core.database import RECONCILE, in_turn
from debit_service.core.work import SERVICE
from debit_service.iso20022.read import read_bank_file
from debit_service.iso20022.records import BankRecord, Container
from debit_service.reconcile.models import BankEntry
from debit_service.reconcile.service import import_file
from debit_service.reconcile.service.importing import FEW_ROWS
from debit_service.reconcile.service.match import match_entries
from debit_service.reconcile.service.read import records, store_documents, store_entries

_BUFFER, _ROWS_AT_ONCE = 1 << 20, 20_000


# --- the service ----------------------------------------------------------------------------------------------------------


def credits(job: Task, watch: Watch) -> None:  # noqa: A001
    """Every collection is booked."""
    _store_and_import(job, watch, "credits")


def told_again(job: Task, watch: Watch) -> None:
    """A statement tells the same credits once more."""
    _store_and_import(job, watch, "told_again")


def returns(job: Task, watch: Watch) -> None:
    """Every collection comes back."""
    _store_and_import(job, watch, "returns")


def scattered(job: Task, watch: Watch) -> None:
    """Every collection comes back, in an order that has nothing to do with that of the rows."""
    _store_and_import(job, watch, "scattered")


def _store_and_import(job: Task, watch: Watch, name: str) -> None:
    service, funds = job.service, job.service.funds
    job.clock.set(ANSWERED_AT)
    with watch("store", job.size):
        file_id = stored(service, path_of(job.folder, name))
    with watch("import", job.size):
        imported = import_file(service.desk, SERVICE, funds, file_id)
    if (imported.outcome, imported.entries) != ("read", job.size):
        raise Wrong(f"{imported.outcome} {imported.entries} entries ({imported.detail}), and not {job.size}")


def reader(job: Task, watch: Watch) -> None:
    """The service's reader alone, from a file to its end."""
    count = sum_minor = 0
    with watch("read", job.size), path_of(job.folder, "returns").open("rb") as stream:
        for item in read_bank_file(stream, file="returns.xml"):
            if isinstance(item, BankRecord):
                count += 1
                sum_minor += item.amount_minor or 0
    _same(job, count, sum_minor)


def row_by_row(job: Task, watch: Watch) -> None:
    """The service's general path alone: each entry is decided, written and posted by itself. Storing them is not measured."""
    job.clock.set(ANSWERED_AT)
    desk, funds = job.service.desk, job.service.funds
    file_id = stored(job.service, path_of(job.folder, "some"))
    read = list(records(desk, SERVICE, funds, file_id, BANK_NAME))
    with desk.work(SERVICE) as work:
        (document_id,) = store_documents(work, funds, file_id, [one for one in read if isinstance(one, Container)])
        told = (one for one in read if isinstance(one, BankRecord))
        placed = [(position, document_id, one) for position, one in enumerate(told, start=1)]
        store_entries(work, funds, file_id, placed)
    with watch("match", len(placed)):
        for first in range(0, len(placed), FEW_ROWS):
            with desk.work(SERVICE) as work:
                in_turn(work.session, RECONCILE)
                some = BankEntry.position.between(first + 1, first + FEW_ROWS)
                query = select(BankEntry).where(BankEntry.file_id == file_id, some).order_by(BankEntry.position)
                match_entries(work, funds, work.session.scalars(query).all())


# --- floors ---------------------------------------------------------------------------------------------------------------

_STAGE = "create {unlogged} table bench_entries as select * from bank_entries where 1 = 0"
_JOURNAL = (
    "create table bench_journal (subject text, number integer, account text, amount_minor bigint,"
    " primary key (subject, number))"
)
_FAIL = (
    "update collections set live = false, failure_code = 'AM04', failed_on = one.booking_date from bench_entries as one"
    " where collections.end_to_end_id = one.end_to_end_id"
)
_POST = (
    "insert into bench_journal select one.end_to_end_id, leg.number, leg.account, leg.sign * one.amount_minor"
    " from bench_entries as one cross join"
    " (select 1 as number, 'bank' as account, -1 as sign union all select 2, 'receivable', 1) as leg"
)


def copy(job: Task, watch: Watch) -> None:
    """The very rows into a table without index: by COPY, not logged, on PostgreSQL; by one prepared statement on SQLite."""
    _floor(job, watch, "copy")


def bare(job: Task, watch: Watch) -> None:
    """`copy`, then one statement that fails every collection, and one that writes two lines for each into a bare journal."""
    _floor(job, watch, "bare", _JOURNAL, _FAIL, _POST)


def _floor(job: Task, watch: Watch, step: str, *statements: str) -> None:
    with job.service.desk.database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            _on_sqlite(driver, watch, step, statements)
        else:
            _on_postgresql(cast("psycopg.Connection[Any]", driver), job, watch, step, statements)
        count, sum_minor = connection.exec_driver_sql("select count(*), sum(amount_minor) from bench_entries").one()
        _same(job, int(count), int(sum_minor))
        if statements:
            failed = connection.exec_driver_sql("select count(*) from collections where not live").scalar_one()
            lines = connection.exec_driver_sql("select count(*) from bench_journal").scalar_one()
            if (failed, lines) != (job.size, 2 * job.size):
                raise Wrong(f"{failed} failed and {lines} lines, and not {job.size} and twice as many")
        connection.rollback()


def _on_postgresql(
    driver: "psycopg.Connection[Any]", job: Task, watch: Watch, step: str, statements: tuple[str, ...]
) -> None:
    with tempfile.TemporaryFile(dir=job.folder) as spool, driver.cursor() as cursor:
        with cursor.copy("copy bank_entries to stdout") as rows:
            spool.writelines(rows)
        driver.rollback()
        spool.seek(0)
        with watch(step, job.size):
            cursor.execute(_STAGE.format(unlogged="unlogged").encode())
            with cursor.copy("copy bench_entries from stdin") as into:
                for piece in _pieces(spool):
                    into.write(piece)
            for statement in statements:
                cursor.execute(statement.encode())
            driver.commit()


def _pieces(spool: BinaryIO) -> Iterator[bytes]:
    while piece := spool.read(_BUFFER):
        yield piece


def _on_sqlite(driver: sqlite3.Connection, watch: Watch, step: str, statements: tuple[str, ...]) -> None:
    driver.execute("begin immediate")
    driver.execute(_STAGE.format(unlogged=""))
    source = driver.execute("select * from bank_entries")
    insert = f"insert into bench_entries values ({', '.join('?' * len(source.description))})"  # noqa: S608 - our own names
    while rows := source.fetchmany(_ROWS_AT_ONCE):
        # Getting them out is no part of it.
        with watch(step, len(rows)):
            driver.executemany(insert, rows)
    with watch(step, 0):
        for statement in statements:
            driver.execute(statement)
        driver.execute("commit")


def _same(job: Task, count: int, sum_minor: int) -> None:
    if (count, sum_minor) != (job.size, total_minor(job.size)):
        raise Wrong(f"{count} entries of {sum_minor}, and not {job.size} of {total_minor(job.size)}")
