"""One competitor, once, in a process of its own: CPU seconds, peak memory, and what it saw.

What counts begins after start-up: the child imports the competitor, makes the rows, does the work once on a few
transactions (so that late imports, compiled schemas and caches are start-up, too), and then takes its CPU clock around the
work. Memory is the growth of the peak of the resident set over what it was before that first small piece of work, when the
rows were already there.
"""

import contextlib
import gc
import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

from benchmarks.data import debit_rows, total_minor
from benchmarks.environment import ROOT
from benchmarks.task import Lane, Seen, Task

WARM_UP_SIZE = 50
_SECONDS_MAX = 1_800


@dataclass(frozen=True, slots=True)
class Job:
    """What a child is told: `lane` is `module:function`; `warm_up` is a small file like `source`."""

    lane: str
    size: int
    is_writer: bool
    source: str
    warm_up: str
    target: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one run cost, and what it saw."""

    cpu_s: float
    wall_s: float
    memory_growth_kib: int
    count: int | None
    sum_minor: int | None


class Failed(Exception):
    """The child did not finish; the text is the last line that it wrote."""


def run(python: Path, job: Job) -> Measurement:
    """Run `job` with `python` and wait. Raises Failed."""
    command = [str(python), "-m", "benchmarks.measure", json.dumps(asdict(job))]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        raise Failed(f"stopped after {_SECONDS_MAX} seconds") from None
    if done.returncode != 0:
        raise Failed((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])
    return Measurement(**json.loads(done.stdout.splitlines()[-1]))


def _child(job: Job) -> Measurement:
    module, _, function = job.lane.partition(":")
    lane: Lane = getattr(import_module(module), function)
    rows = debit_rows(job.size) if job.is_writer else []
    work = Task(job.size, total_minor(job.size), rows, Path(job.source), Path(job.target))
    few = min(WARM_UP_SIZE, job.size)
    small = Task(few, total_minor(few), rows[:few], Path(job.warm_up), Path(job.target))
    gc.collect()
    reset_peak()
    memory = peak_kib()
    lane(small)
    gc.collect()
    cpu, wall = cpu_s(), time.perf_counter()
    seen: Seen = lane(work)
    cpu, wall = cpu_s() - cpu, time.perf_counter() - wall
    return Measurement(cpu, wall, peak_kib() - memory, seen.count, seen.sum_minor)


def cpu_s() -> float:
    """User and system time of this process with all its threads, and of what it started and waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def reset_peak() -> None:
    """Let the peak begin again at what is resident now. Only Linux can; elsewhere what came before counts as baseline."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_kib() -> int:
    """The largest resident set of this process since `reset_peak`."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


if __name__ == "__main__":
    print(json.dumps(asdict(_child(Job(**json.loads(sys.argv[1]))))))
