"""The database: SQLite embedded or PostgreSQL, one base class, the column types of the house, transactions.

Measured on this stack, and so enforced here: SQLite with the driver's defaults loses acknowledged commits on power loss and
answers "database is locked" to half of two writers. So WAL with synchronous=FULL, both read back, and BEGIN IMMEDIATE for
every transaction that may write. PostgreSQL runs READ COMMITTED: what protects money is a constraint, never an isolation level.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Engine, Index, MetaData, String, create_engine, event, text
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from debit_service.core.errors import Unavailable


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


class Database:
    """One engine, and the two kinds of transaction: `transaction` may write, `reading` may not."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """All or nothing: commits at the end, rolls everything back on any error."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A snapshot for lists and reports; waits for no writer. Whatever it changes is rolled back."""
        engine = self.engine.execution_options(begin="DEFERRED")
        with Session(engine, expire_on_commit=False) as session:
            yield session
            session.rollback()

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_timeout=5, isolation_level="READ COMMITTED")
    engine = create_engine(url, connect_args={"timeout": 30})
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
    for pragma, wanted_number in (("synchronous", 2), ("foreign_keys", 1)):
        if cursor.execute(f"PRAGMA {pragma}").fetchone() != (wanted_number,):
            raise Unavailable("database.not_durable", f"SQLite did not keep PRAGMA {pragma}={wanted_number}.")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get("begin", "IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {mode}")
