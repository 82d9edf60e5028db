"""How long a page takes that is asked for again and again, alone and while another process reads a file of the bank.

The web app runs as `debit serve` starts it, on loopback; one person who is signed in asks for one page after the other.
"""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

import requests

from benchmarks.checks import Wrong
from benchmarks.databases import Databases
from benchmarks.environment import ROOT
from benchmarks.fund import service_on
from benchmarks.measure import Failed
from benchmarks.reconcile_checks import CREDITED, check_books
from benchmarks.reconcile_data import ANSWERED_AT, credit_all
from benchmarks.report import shown
from debit_service.access import service as access
from debit_service.core.clock import SetClock
from debit_service.core.work import SERVICE, Role

GOAL_TIMES = 1.5
#: A page that needs a person who is signed in and one small query.
_PAGE = "/jobs"
_REQUESTS_MIN, _REQUESTS_ALONE = 300, 1_000
_SECONDS_MAX, _TRY_EVERY_S = 60, 0.1
_LOGIN, _PASSWORD = "clerk", "a long password of nobody"
_READING = "reading"
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass(slots=True)
class Pages:
    """Seconds that each request took, on one kind of database, `alone` and while a file of `size` entries was read."""

    database: str
    size: int
    alone: list[float] = field(default_factory=list)
    meanwhile: list[float] = field(default_factory=list)
    note: str = ""

    @property
    def times(self) -> float | None:
        """How many times as long 99 of 100 take meanwhile; None where it was not run."""
        return _late(self.meanwhile) / _late(self.alone) if self.alone and self.meanwhile else None

    def as_json(self) -> dict[str, object]:
        """Everything that was measured."""
        return asdict(self) | {"times": self.times}

    def rows(self) -> Iterator[Sequence[str]]:
        """Two lines of a table."""
        if self.times is None:
            yield (self.database, f"{self.size:,}", "not run", "", "", "", self.note)
            return
        yield (self.database, f"{self.size:,}", "alone", *_told(self.alone), "")
        met = f"{shown(self.times)} (wanted <= {GOAL_TIMES}: {'met' if self.times <= GOAL_TIMES else 'NOT MET'})"
        yield (self.database, f"{self.size:,}", "meanwhile", *_told(self.meanwhile), met)


def _told(seconds: Sequence[float]) -> Sequence[str]:
    return (f"{len(seconds):,}", f"{median(seconds) * 1000:.1f} ms", f"{_late(seconds) * 1000:.1f} ms")


def _late(seconds: Sequence[float]) -> float:
    """Within which time 99 of 100 are there."""
    return sorted(seconds)[len(seconds) * 99 // 100]


def ask_meanwhile(databases: Databases, home: Path, folder: Path, pages: Pages) -> None:
    """Ask alone, and then while the credits of `folder` are read; adds to `pages`. Raises Failed or Wrong."""
    url = databases.copy("sent", "turn")
    try:
        _add_clerk(home, url)
        with _served(home, url) as address, requests.Session() as browser:
            _sign_in(browser, address)
            pages.alone += _ask(browser, address, lambda asked: asked < _REQUESTS_ALONE)
            with subprocess.Popen(
                [sys.executable, "-m", "benchmarks.reconcile_web", str(home), url, str(folder)],
                cwd=ROOT, stdout=subprocess.PIPE, text=True,
            ) as reading:  # fmt: skip
                if reading.stdout is None or reading.stdout.readline().strip() != _READING:
                    raise Failed("the file could not be read")
                pages.meanwhile += _ask(browser, address, lambda _: reading.poll() is None)
        check_books(url, pages.size, CREDITED)
    except requests.RequestException as error:
        raise Failed(type(error).__name__) from None
    finally:
        databases.drop("turn")
    if len(pages.meanwhile) < _REQUESTS_MIN:
        raise Wrong(f"only {len(pages.meanwhile)} requests while the file was read")


def _add_clerk(home: Path, url: str) -> None:
    with service_on(home, url, SetClock(ANSWERED_AT)) as service, service.desk.work(SERVICE) as work:
        access.add_person(work, _LOGIN, _PASSWORD, [Role.FINANCE_CLERK])


@contextmanager
def _served(home: Path, url: str) -> Iterator[str]:
    """The web app on a database, while the context lasts; gives its address. Raises Failed."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {"DEBIT_HOME": str(home), "DEBIT_DATABASE_URL": url, "DEBIT_SECURE_COOKIES": "false"}
    serve = "from debit_service.cli import main; main()"
    server = subprocess.Popen(
        [sys.executable, "-c", serve, "serve", "--port", str(port)],
        cwd=ROOT, env=os.environ | settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address)
        yield address
    finally:
        server.terminate()
        server.wait(_SECONDS_MAX)


def _wait_for(address: str) -> None:
    end = time.monotonic() + _SECONDS_MAX
    while time.monotonic() < end:
        try:
            if requests.get(f"{address}/healthz", timeout=_SECONDS_MAX).ok:
                return
        except requests.ConnectionError:
            time.sleep(_TRY_EVERY_S)
    raise Failed("the web app did not start")


def _sign_in(browser: requests.Session, address: str) -> None:
    form = browser.get(f"{address}/sign-in", timeout=_SECONDS_MAX).text
    token = _TOKEN.search(form)
    fields = {"login": _LOGIN, "password": _PASSWORD, "csrf_token": token[1] if token else ""}
    # Not on to the first page: that is no part of this.
    answer = browser.post(f"{address}/sign-in", data=fields, timeout=_SECONDS_MAX, allow_redirects=False)
    if answer.status_code != requests.codes.found:
        raise Failed(f"signing in was answered with {answer.status_code}")


def _ask(browser: requests.Session, address: str, goes_on: Callable[[int], bool]) -> list[float]:
    """Ask for the page, one after the other, as long as `goes_on`, which is told how often; returns the seconds of each."""
    seconds: list[float] = []
    while goes_on(len(seconds)):
        began = time.perf_counter()
        answer = browser.get(f"{address}{_PAGE}", timeout=_SECONDS_MAX, allow_redirects=False)
        seconds.append(time.perf_counter() - began)
        if answer.status_code != requests.codes.ok:
            raise Wrong(f"{_PAGE} was answered with {answer.status_code}")
    return seconds


if __name__ == "__main__":
    print(_READING, flush=True)
    credit_all(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
