"""Real databases for every test that needs one: an SQLite file, and a database of a real PostgreSQL server.

The server is the one named by DEBIT_TEST_PG_URL; else one is provisioned in a temporary folder (tools/postgresql_server.py).
"""

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from house import House
from hypothesis import settings
from sqlalchemy.engine import make_url

from debit_service import schema
from debit_service.core.database import Database
from tools.postgresql_server import postgresql_server

# No test fails because a machine is busy.
settings.register_profile("project", deadline=None)
settings.load_profile("project")


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """The URL of a PostgreSQL server on which databases may be made."""
    given = os.environ.get("DEBIT_TEST_PG_URL")
    if given:
        yield given
        return
    with postgresql_server(durable=False) as server:
        yield server.url


@pytest.fixture(scope="session")
def postgresql_template(postgresql_url: str) -> str:
    """The name of a database with the newest schema, to be copied."""
    _administer(postgresql_url, "create database debit_template")
    database = Database(_url_of(postgresql_url, "debit_template"))
    schema.migrate(database, "head")
    database.dispose()
    return "debit_template"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the newest schema, to be copied."""
    path = tmp_path_factory.mktemp("template") / "template.sqlite3"
    database = Database(f"sqlite:///{path}")
    schema.migrate(database, "head")
    database.dispose()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database with the newest schema: once on SQLite, once on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "debit.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server, template = request.getfixturevalue("postgresql_url"), request.getfixturevalue("postgresql_template")
    name = f"debit_{uuid.uuid4().hex}"
    _administer(server, f"create database {name} template {template}")
    yield _url_of(server, name)
    _administer(server, f"drop database {name} with (force)")


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite database with the newest schema, for what does not depend on the kind of database."""
    path = tmp_path / "debit.sqlite3"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


def _administer(server: str, statement: str) -> None:
    url = make_url(server)
    with psycopg.connect(
        host=str(url.query.get("host") or url.host or ""),
        port=url.port or 5432,
        user=url.username,
        password=url.password,
        dbname=url.database or "postgres",
        autocommit=True,
    ) as connection:
        connection.execute(statement.encode())


def _url_of(server: str, database: str) -> str:
    return make_url(server).set(database=database).render_as_string(hide_password=False)


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """A service on a fresh database, once on SQLite and once on PostgreSQL."""
    built = House(database_url, tmp_path)
    yield built
    built.close()


@pytest.fixture
def sqlite_house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A service on a fresh SQLite database."""
    built = House(sqlite_url, tmp_path)
    yield built
    built.close()
