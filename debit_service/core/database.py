"""The database: SQLite embedded or PostgreSQL, one base class, the column types of the house, transactions.

Measured on this stack, and so enforced here: SQLite with the driver's defaults loses acknowledged commits on power loss and
answers "database is locked" to half of two writers. So WAL with synchronous=FULL, both read back, and BEGIN IMMEDIATE for
every transaction that may write. PostgreSQL runs READ COMMITTED: what protects money is a constraint, never an isolation level.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Engine, Index, MetaData, String, create_engine, event, text
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from debit_service.core.errors import Refused, Unavailable

#: "Unique" and "primary key" are violated: PostgreSQL's SQLSTATE, SQLite's extended result codes.
_UNIQUE_SQLSTATE = "23505"
_UNIQUE_SQLITE = frozenset({1555, 2067})


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC on both databases. A naive datetime is a programming error and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database: aware, UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The base of every table. Money columns are BIGINT minor units; identifiers are ULIDs made before the insert."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a plain class attribute
        datetime: UtcDateTime,
        int: BigInteger,
        str: String,
        dict[str, Any]: JSON,
        list[str]: JSON,
    }


def unique_where(name: str, *columns: str, where: str) -> Index:
    """A unique index over the rows that fulfil `where`: "at most one that is live", "at most one newest", on both databases."""
    condition = text(where)
    return Index(name, *columns, unique=True, sqlite_where=condition, postgresql_where=condition)


#: The turn of everything that reads or adds to what banks have said about collections.
RECONCILE = "reconcile"


def in_turn(session: Session, name: str) -> None:
    """Make transactions that name the same thing go one after the other, until each ends.

    PostgreSQL: an advisory lock; statements after it see what the one before has committed (READ COMMITTED). SQLite has one
    writer anyway. A convenience against errors, not the protection of money: that is in the constraints.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


_SQLITE_CACHE_KIB = 32 * 1024


class Database:
    """One engine, and the two kinds of transaction: `transaction` may write, `reading` may not."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """All or nothing: commits at the end, rolls everything back on any error.

        Raises Refused `database.conflict` when somebody else did the same at the same moment (a unique constraint says so), and
        Unavailable `database.unavailable` when the database cannot be reached, is full, or broke a deadlock.
        """
        with _told_as_ours(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A snapshot for lists and reports; waits for no writer. Whatever it changes is rolled back."""
        options: dict[str, Any] = {"begin": "DEFERRED"}
        if self.engine.dialect.name == "postgresql":
            # A statement at a time, a report would add up two different moments.
            options["isolation_level"] = "REPEATABLE READ"
        with _told_as_ours(), Session(self.engine.execution_options(**options), expire_on_commit=False) as session:
            yield session
            session.rollback()

    @contextmanager
    def alone(self, what: str) -> Iterator[None]:
        """Only one process at a time does `what`; the next one waits. A process that dies lets go, whatever it was doing.

        For work of several transactions with an effect outside in between. It is a second line: constraints protect the money.
        """
        with self._lock(what, wait=True):
            yield

    @contextmanager
    def alone_or_not(self, what: str) -> Iterator[bool]:
        """`alone` for work that somebody else may just as well do: False at once when another process is at it."""
        with self._lock(what, wait=False) as ours:
            yield ours

    @contextmanager
    def _lock(self, what: str, *, wait: bool) -> Iterator[bool]:
        if self.engine.dialect.name == "postgresql":
            take = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
            name = {"name": what}
            with _told_as_ours(), self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                taken = connection.execute(text(f"select {take}(hashtextextended(:name, 0))"), name).scalar()
                try:
                    # The function that waits returns nothing.
                    yield taken is not False
                finally:
                    if taken is not False:
                        connection.execute(text("select pg_advisory_unlock(hashtextextended(:name, 0))"), name)
            return
        lock = Path(f"{self.engine.url.database}.{sha256(what.encode()).hexdigest()[:16]}.lock")
        with lock.open("w") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


@contextmanager
def _told_as_ours() -> Iterator[None]:
    """The two failures that a user can act on, as errors of the house; anything else is a fault of the program."""
    try:
        yield
    except IntegrityError as error:
        code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorcode", None)
        if code != _UNIQUE_SQLSTATE and code not in _UNIQUE_SQLITE:
            raise
        raise Refused(
            "database.conflict",
            "Somebody else did the same at the same moment; nothing was changed.",
            remedy="Look at what is there now, then repeat what is still wanted.",
        ) from error
    except OperationalError as error:
        raise Unavailable(
            "database.unavailable",
            f"The database could not do this ({type(error.orig).__name__}); nothing was changed.",
            remedy="`debit db check` says whether it is there and up to date; then try again.",
        ) from error


def _engine(url: str) -> Engine:
    # Parameters stay out of errors: they may hold names.
    if not url.startswith("sqlite"):
        return create_engine(
            url, pool_pre_ping=True, pool_timeout=5, isolation_level="READ COMMITTED", hide_parameters=True
        )
    engine = create_engine(url, connect_args={"timeout": 30}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    # The driver must not begin transactions by itself: `_begin_sqlite` does.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma, wanted in (("journal_mode=WAL", "wal"), ("synchronous=FULL", None), ("foreign_keys=ON", None)):
        cursor.execute(f"PRAGMA {pragma}")
        # An I/O error in the switch to WAL is raised only when the row is fetched.
        row = cursor.fetchone()
        if wanted and row != (wanted,):
            raise Unavailable("database.not_durable", f"SQLite did not take {pragma}: it answered {row}.")
    # The driver's 2 MB hold no index of a million rows: each insert would read its pages from the file again.
    cursor.execute(f"PRAGMA cache_size=-{_SQLITE_CACHE_KIB}")
    for pragma, wanted_number in (("synchronous", 2), ("foreign_keys", 1)):
        if cursor.execute(f"PRAGMA {pragma}").fetchone() != (wanted_number,):
            raise Unavailable("database.not_durable", f"SQLite did not keep PRAGMA {pragma}={wanted_number}.")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get("begin", "IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {mode}")
