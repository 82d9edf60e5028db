"""Feeds changed bank files to the reader for as long as it is told, and stops at the first that it does not bear.

    make fuzz SECONDS=20

Found is whatever `check` of tests/iso20022/second_parser.py finds: an exception other than DebitError, a file that is read
although it is not whole, a value that a second parser reads differently; and here, a file that takes too long or too much
memory. The file is kept in `--keep`; once the fault is mended, it belongs among the samples.

The seeds are the samples. A file that makes the reader pass a line of code that no file has passed before becomes a seed, too, so
that the search goes where it has not been. With the package atheris installed, `--engine atheris` searches by libFuzzer instead.
"""

import argparse
import faulthandler
import hashlib
import importlib
import random
import resource
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from mutations import KINDS, TOKENS, Mutation, mutated, seeds
from second_parser import check

from debit_service import iso20022

SAMPLES = Path(__file__).resolve().parents[1] / "iso20022" / "samples"
CODE = str(Path(str(iso20022.__file__)).parent)

# Limits for one file of some kilobytes. A reader that is in order needs a thousandth of either.
CPU_SECONDS = 10
MEMORY_BYTES = 128 * 1024 * 1024


class Unbearable(AssertionError):
    """One file took too long, or too much memory."""


def bear(data: bytes) -> None:
    """Check one file within the limits of time and memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    try:
        check(data)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    if (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 > MEMORY_BYTES:
        raise Unbearable(f"more than {MEMORY_BYTES} bytes of memory")


def _too_long(_signum: int, _frame: FrameType | None) -> None:
    raise Unbearable(f"more than {CPU_SECONDS} seconds")


class Coverage:
    """The lines of the reader that any file has passed."""

    def __init__(self) -> None:
        self._lines: set[tuple[str, int]] = set()

    def grows(self, run: Callable[[], object]) -> bool:
        """Run, and say whether that passed a new line."""
        before = len(self._lines)
        sys.settrace(self._enter)
        try:
            run()
        finally:
            sys.settrace(None)
        return len(self._lines) > before

    def __len__(self) -> int:
        return len(self._lines)

    def _enter(self, frame: FrameType, _event: str, _argument: object) -> "Callable[..., Any] | None":
        return self._step if frame.f_code.co_filename.startswith(CODE) else None

    def _step(self, frame: FrameType, _event: str, _argument: object) -> "Callable[..., Any]":
        self._lines.add((frame.f_code.co_filename, frame.f_lineno))
        return self._step


def changed(known: list[bytes], chance: random.Random) -> bytes:
    """One of the seeds with some changes; now and then with a piece of another one in it."""
    data = chance.choice(known)
    if chance.random() < 0.1:
        other = chance.choice(known)
        start = chance.randrange(len(other) + 1)
        piece = other[start : start + chance.randrange(1, 1024)]
        data = mutated(data, [Mutation("put", chance.randrange(1 << 20), token=piece)])
    size = (1, 1, 2, 4, 16, 64, 256)
    return mutated(
        data,
        [
            Mutation(
                # A file that merely ends is refused: that is soon known.
                chance.choice(KINDS if chance.random() < 0.05 else KINDS[:-1]),
                chance.randrange(1 << 20),
                chance.randrange(1 << 20),
                chance.choice(size),
                chance.choice(TOKENS),
            )
            for _ in range(chance.choice((1, 1, 1, 2, 3, 5)))
        ],
    )


def search(known: list[bytes], seconds: float, seed: int, keep: Path) -> None:
    """Change, check, learn, until the time is over."""
    chance, coverage, runs = random.Random(seed), Coverage(), 0
    for data in known:
        coverage.grows(partial(bear, data))
    print(f"{len(known)} seeds pass {len(coverage)} lines; --seed {seed}")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data, runs = changed(known, chance), runs + 1
        try:
            if coverage.grows(partial(bear, data)):
                known.append(data)
        except Exception:
            path = keep / f"found-{hashlib.sha256(data).hexdigest()[:16]}.xml"
            keep.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            print(f"after {runs} files: {path}", file=sys.stderr)
            raise
    print(f"{runs} files, nothing found; {len(known)} seeds pass {len(coverage)} lines")


def search_by_atheris(seconds: float) -> None:
    """The same checks under libFuzzer, which learns from branches, and keeps what it finds in the current folder."""
    atheris = importlib.import_module("atheris")
    atheris.instrument_all()
    atheris.Setup([sys.argv[0], f"-max_total_time={seconds:.0f}", "-max_len=65536", str(SAMPLES)], bear)
    atheris.Fuzz()


def main() -> None:
    """Search for as long as the command line says."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32), help="repeats a search")
    options.add_argument("--keep", type=Path, default=Path(".debit/fuzz"), help="where a file goes that was found")
    options.add_argument("--engine", choices=["own", "atheris"], default="own")
    chosen = options.parse_args()
    signal.signal(signal.SIGPROF, _too_long)
    # Where time is lost inside the C library, no exception comes through: then the process says where, and ends.
    faulthandler.dump_traceback_later(chosen.seconds + 10 * CPU_SECONDS, exit=True)
    if chosen.engine == "atheris":
        search_by_atheris(chosen.seconds)
    else:
        known = seeds([path.read_bytes() for path in sorted(SAMPLES.glob("*/*.xml"))])
        search(known, chosen.seconds, chosen.seed, chosen.keep)


if __name__ == "__main__":
    main()
