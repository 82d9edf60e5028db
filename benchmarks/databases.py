"""Where the lanes work: SQLite files, and databases of a PostgreSQL server; a filled one is made once, and then copied."""

import os
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import create_engine
from sqlalchemy.engine import Engine, make_url

from benchmarks.costs import is_measurable
from tools.postgresql_server import NotProvided, postgresql_server

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
KINDS = (SQLITE, POSTGRESQL)


class Databases(Protocol):
    """Databases of one kind, by name. `server` is the process whose children do the work; None: the client does it itself."""

    @property
    def server(self) -> int | None:
        """Its process."""

    def url(self, name: str) -> str:
        """Where a database is."""

    def create(self, name: str) -> str:
        """An empty database; returns its URL."""

    def copy(self, name: str, to: str) -> str:
        """A copy, all of it on the disk already; nobody may be connected. Returns its URL."""

    def drop(self, name: str) -> None:
        """Remove a database."""


@dataclass(frozen=True, slots=True)
class SqliteFiles:
    """SQLite: each database a file in `folder`."""

    folder: Path
    server: int | None = None

    def url(self, name: str) -> str:
        """See Databases."""
        return f"sqlite:///{self._file(name)}"

    def create(self, name: str) -> str:
        """See Databases; a file begins to be when something is written."""
        return self.url(name)

    def copy(self, name: str, to: str) -> str:
        """See Databases."""
        shutil.copyfile(self._file(name), self._file(to))
        with self._file(to).open("rb+") as copied:
            # Else the first commit in the copy would pay for all of it.
            os.fsync(copied.fileno())
        return self.url(to)

    def drop(self, name: str) -> None:
        """See Databases."""
        for path in self.folder.glob(f"{name}.sqlite3*"):
            path.unlink()

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.sqlite3"


@dataclass(frozen=True, slots=True)
class PostgresqlDatabases:
    """PostgreSQL: databases of the server at `server_url`."""

    server_url: str
    server: int | None

    def url(self, name: str) -> str:
        """See Databases."""
        return make_url(self.server_url).set(database=name).render_as_string(hide_password=False)

    def create(self, name: str) -> str:
        """See Databases."""
        self._administer(f"create database {name}")
        return self.url(name)

    def copy(self, name: str, to: str) -> str:
        """See Databases."""
        self._administer(f"create database {to} template {name} strategy file_copy")
        return self.url(to)

    def drop(self, name: str) -> None:
        """See Databases."""
        self._administer(f"drop database if exists {name} with (force)")

    def _administer(self, statement: str) -> None:
        engine = create_engine(self.server_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()


def settle(engine: Engine) -> None:
    """What a server does by itself in the hours after many changes; SQLite has nothing of the kind."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("vacuum (analyze)")


def databases(kind: str, folder: Path, stack: ExitStack) -> Databases | str:
    """Databases of a kind while `stack` lasts, or why there are none. PostgreSQL is a server of our own that loses no commit."""
    if kind == SQLITE:
        return SqliteFiles(folder)
    if not is_measurable():
        return "this machine does not tell what a server's processes cost"
    try:
        server = stack.enter_context(postgresql_server(durable=True))
    except NotProvided as error:
        return str(error)
    return PostgresqlDatabases(server.url, server.pid)
