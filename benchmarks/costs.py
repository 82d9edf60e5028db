"""One lane, once, in a process of its own: what each of its steps cost the client and the database's server.

The child does everything once on a small database (late imports, compiled statements and schemas, caches are start-up), and
then on the one that counts. Memory is the growth of the client's peak resident set over what it was before the step.
"""

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from benchmarks.environment import ROOT
from benchmarks.fund import PLANNED_AT, service_on
from benchmarks.measure import Failed, cpu_s, peak_kib, reset_peak
from debit_service.core.clock import SetClock
from debit_service.core.collector import spare_the_collector
from debit_service.wiring import Service

_SECONDS_MAX = 7_200
_PROCESSES = Path("/proc")


@dataclass(frozen=True, slots=True)
class Task:
    """Work on the service's database, which is of `size`. Files are in `folder`, or go there. The service goes by `clock`."""

    size: int
    service: Service
    clock: SetClock
    folder: Path


@dataclass(frozen=True, slots=True)
class Job:
    """What a child is told: `lane` is `module:function`, `server` the process of the database's server."""

    lane: str
    size: int
    home: str
    url: str
    folder: str
    warm_up_size: int
    warm_up_url: str
    warm_up_folder: str
    server: int | None


@dataclass(frozen=True, slots=True)
class Cost:
    """What one step cost for `count` items. `cpu_s` is of client and server together, `server_cpu_s` the server's part."""

    count: int
    cpu_s: float
    server_cpu_s: float
    wall_s: float
    memory_growth_kib: int

    def and_then(self, other: "Cost") -> "Cost":
        """Both, one after the other, for the same items."""
        return replace(self.and_more(other), count=self.count)

    def and_more(self, other: "Cost") -> "Cost":
        """Both, one after the other, for some items and then for others."""
        return Cost(
            self.count + other.count,
            self.cpu_s + other.cpu_s,
            self.server_cpu_s + other.server_cpu_s,
            self.wall_s + other.wall_s,
            max(self.memory_growth_kib, other.memory_growth_kib),
        )


class Watch:
    """Takes the cost of each step, by its name; a step that is taken in pieces costs what they cost together."""

    def __init__(self, server: int | None) -> None:
        self.costs: dict[str, Cost] = {}
        self._server = server

    @contextmanager
    def __call__(self, step: str, count: int) -> Iterator[None]:
        gc.collect()
        reset_peak()
        memory = peak_kib()
        client, server, wall = cpu_s(), self._server_cpu_s(), time.perf_counter()
        yield
        client, server, wall = cpu_s() - client, self._server_cpu_s() - server, time.perf_counter() - wall
        cost = Cost(count, client + server, server, wall, peak_kib() - memory)
        self.costs[step] = self.costs[step].and_more(cost) if step in self.costs else cost

    def _server_cpu_s(self) -> float:
        return server_cpu_s(self._server) if self._server else 0.0


Lane: TypeAlias = Callable[[Task, Watch], None]


def server_cpu_s(pid: int) -> float:
    """User and system time of the process `pid`, of its children, and of those that have ended and it has waited for."""
    ticks = 0
    for status in _PROCESSES.glob("[0-9]*/stat"):
        try:
            # The name of the program, which stands in brackets, may hold anything: blanks, brackets.
            fields = status.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(status.parent.name) == pid:
            ticks += sum(map(int, fields[11:15]))
        elif int(fields[1]) == pid:
            ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def is_measurable() -> bool:
    """Whether this machine tells what the processes of others cost."""
    return (_PROCESSES / "self" / "stat").is_file()


def run(job: Job) -> dict[str, Cost]:
    """Run `job` and wait; returns the cost of each step. Raises Failed."""
    command = [sys.executable, "-m", "benchmarks.costs", json.dumps(asdict(job))]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        raise Failed(f"stopped after {_SECONDS_MAX} seconds") from None
    if done.returncode != 0:
        raise Failed((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])
    return {step: Cost(**cost) for step, cost in json.loads(done.stdout.splitlines()[-1]).items()}


def _child(job: Job) -> dict[str, Cost]:
    # As the command line does.
    spare_the_collector()
    home, watch = Path(job.home), Watch(job.server)
    take(job.lane, job.warm_up_size, home, job.warm_up_url, Path(job.warm_up_folder), Watch(job.server))
    take(job.lane, job.size, home, job.url, Path(job.folder), watch)
    return watch.costs


def take(lane: str, size: int, home: Path, url: str, folder: Path, watch: Watch) -> None:
    """Let `lane`, `module:function`, do its work on the database at `url`."""
    module, _, function = lane.partition(":")
    work: Lane = getattr(import_module(module), function)
    clock = SetClock(PLANNED_AT)
    with service_on(home, url, clock) as service:
        work(Task(size, service, clock, folder), watch)


if __name__ == "__main__":
    print(json.dumps({step: asdict(cost) for step, cost in _child(Job(**json.loads(sys.argv[1]))).items()}))
