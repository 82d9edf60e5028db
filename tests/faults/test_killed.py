"""For real: `debit` in a process of its own, a bank that we did not write, and SIGKILL at every stage of the path."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from house import APPROVER, House
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from debit_service.cli import main
from debit_service.collections import queries as collections
from debit_service.collections.service.approve import approve
from debit_service.demo.bank import MockBank, running
from debit_service.reconcile.rules import State

DUE = date(2026, 9, 30)
START = datetime(2026, 9, 1, 6, tzinfo=UTC)
FORK = multiprocessing.get_context("fork")
SECONDS_MAX = 60
EMPLOYERS = 4


@dataclass
class Line:
    """The line to the bank: it can see to it that the caller dies before its request gets there, or before the answer comes."""

    bank_port: int
    kill: Callable[[], None] | None = None
    at: tuple[str, str] | None = None
    reached: list[str] = field(default_factory=list)

    def passes(self, moment: str, request: str) -> None:
        if self.at and self.kill and self.at[0] == moment and request.startswith(self.at[1]):
            self.kill()
            raise ConnectionAbortedError


@contextmanager
def line_to(bank: MockBank) -> Iterator[tuple[Line, str]]:
    """A line to `bank`, and its near end's address."""
    line = Line(int(bank.url.rpartition(":")[2]))

    class Handler(BaseHTTPRequestHandler):
        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                line.passes("before", f"{self.command} {self.path}")
                onward = HTTPConnection("127.0.0.1", line.bank_port, timeout=SECONDS_MAX)
                onward.request(self.command, self.path, body, {"Content-Type": "application/xml"})
                answer = onward.getresponse()
                content = answer.read()
                onward.close()
                line.reached.append(f"{self.command} {self.path}")
                line.passes("after", f"{self.command} {self.path}")
            except ConnectionAbortedError:
                self.close_connection = True
                return
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = forward  # noqa: N815 - the names are http.server's

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield line, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Shell:
    """`debit` commands in processes of their own, on the database of a house."""

    def __init__(self, house: House, address: str, line: Line) -> None:
        settings = house.service.settings
        self.watching = create_engine(settings.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        self.environment = {
            "DEBIT_HOME": str(settings.home),
            "DEBIT_DATABASE_URL": settings.url,
            "DEBIT_BANK_URLS": json.dumps({"mock-bank": address}),
        }
        self.line = line
        self.house = house
        self.killed = 0

    def debit(self, command: str, kill: tuple[str, str] | None = None) -> int | None:
        """Run a command; returns its exit code. `kill` is a moment at the line, or a table that has its first row."""
        self.house.close()
        # Identifiers grow with the clock: forks of one process on one standing clock would make the same ones.
        self.house.clock.set(self.house.clock.now() + timedelta(seconds=1))
        environment = self.environment | {"DEBIT_CLOCK": self.house.clock.now().isoformat()}
        child = FORK.Process(target=_debit, args=(command, environment))
        self.line.at = kill
        child.start()
        pid = child.pid or 0
        self.line.kill = lambda: os.kill(pid, signal.SIGKILL)
        if kill and kill[0] == "row":
            self._kill_at_row(child, kill[1])
        child.join(SECONDS_MAX)
        self.line.at = None
        assert child.exitcode is not None, f"{command} does not end"
        self.killed += child.exitcode == -signal.SIGKILL
        return child.exitcode

    def _kill_at_row(self, child: multiprocessing.process.BaseProcess, rows: str) -> None:
        """Watch the database, without a pause, and kill as soon as there are `rows` (`from ... where ...`)."""
        count = text(f"select count(*) from {rows}")  # noqa: S608 - the tests' own words
        with self.watching.connect() as seen:
            before = seen.scalar(count) or 0
            while child.is_alive():
                if (seen.scalar(count) or 0) > before:
                    child.kill()


def _debit(command: str, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - the process ends with it
    main(command.split())


@pytest.fixture
def bank() -> Iterator[MockBank]:
    with running(START) as started:
        started.close_seeded_accounts()
        yield started


def executed(bank: MockBank) -> dict[str, int]:
    """What the bank was asked to collect: reference -> amount in minor units; each reference once."""
    listed = bank.session.get(f"{bank.url}/_mock/collections", timeout=SECONDS_MAX).json()
    references = [one["end_to_end_id"] for one in listed]
    assert len(references) == len(set(references))
    return {one["end_to_end_id"]: one["amount"] for one in listed}


STAGES: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("bank fetch", (("before", "GET /_mock/mailbox"),)),
    ("batches send", (("row", "submissions"), ("before", "POST /payments"), ("before", "GET /_mock/coll"),
                      ("after", "GET /_mock/coll"), ("after", "POST /payments"), ("after", "GET /_mock/coll"))),
    ("bank fetch", (("after", "GET /_mock/mailbox"), ("row", "bank_files"), ("row", "file_readings"))),
)  # fmt: skip


def test_debit_is_killed_at_every_stage_and_the_bank_is_asked_once_for_each_contribution(
    house: House, bank: MockBank
) -> None:
    fund = house.fund("CNAS")
    bank.open_account(fund.id, fund.creditor.account.require(), fund.currency)
    owed = [house.contribution(house.employer(), due=DUE, amount=f"{1000 + n}.00") for n in range(EMPLOYERS)]
    with line_to(bank) as (line, address):
        shell = Shell(house, address, line)
        for rows in ("collections", "notices", "outbox where done_at is not null"):
            shell.debit("collect --fund CNAS", ("row", rows))
        assert shell.debit("collect --fund CNAS") == 0

        _both_go_to(house, bank, house.send_day("CNAS", DUE))
        shell.debit("collect --fund CNAS", ("row", "batches"))
        assert shell.debit("collect --fund CNAS") == 0
        with house.desk.work(APPROVER) as work:
            ((batch, _),) = collections.batches(work)
            approve(work, batch.id, batch.sha256)

        for command, points in STAGES:
            for point in points:
                shell.debit(command, point)
            assert shell.debit(command) in (0, 1)  # 1: the other bank of the configuration has no address here
        _both_go_to(house, bank, date(2026, 10, 1))
        for point in (("after", "GET /_mock/mailbox"), ("row", "bank_entries")):
            shell.debit("bank fetch", point)
        shell.debit("bank fetch")

        assert line.reached.count("POST /payments") == 1
    assert shell.killed >= 10
    assert sorted(executed(bank).values()) == [100_000 + 100 * n for n in range(EMPLOYERS)]
    assert {house.outcome(house.debit(one)).state for one in owed} == {State.SETTLED}
    assert house.breaches() == {}


def _both_go_to(house: House, bank: MockBank, day: date) -> None:
    bank.advance(day)
    house.clock.set(datetime.combine(day, time(6), UTC))


def test_the_installed_command_is_killed_while_the_bank_answers_and_the_next_one_does_not_send_again(
    sqlite_house: House, bank: MockBank
) -> None:
    house = sqlite_house
    fund = house.fund("CNAS")
    bank.open_account(fund.id, fund.creditor.account.require(), fund.currency)
    contribution_id = house.contribution(house.employer(), due=DUE)
    house.collect()
    _both_go_to(house, bank, house.send_day("CNAS", DUE))
    (batch_id,) = house.collect().batches
    house.approve(batch_id)
    with line_to(bank) as (line, address):
        shell = Shell(house, address, line)
        environment = os.environ | shell.environment | {"DEBIT_CLOCK": house.clock.now().isoformat()}
        command = [sys.executable, "-m", "debit_service", "batches", "send", "--json"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as first:
            line.at, line.kill = ("after", "POST /payments"), first.kill
            first.wait(SECONDS_MAX)
        line.at = None
        second = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=SECONDS_MAX)

        assert first.returncode == -signal.SIGKILL
        assert (second.returncode, json.loads(second.stdout)) == (0, {batch_id: "sent"}), second.stderr
        assert line.reached == [
            "POST /payments",
            f"GET /_mock/collections/{house.debit(contribution_id).end_to_end_id}",
        ]
    assert len(executed(bank)) == 1
