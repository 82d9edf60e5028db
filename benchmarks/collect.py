"""From contributions that are due to files that a bank may have: `.venv/bin/python benchmarks/collect.py --help`.

The service beside floors and a peer, on SQLite and on a PostgreSQL server of our own that loses no commit. All take turns (round
robin), each in a process of its own, on a fresh copy of the same database; only ratios within one run mean something. Files
that are not right do not count. The exit code is 1 when one was wrong or a run failed; a goal that is not met does not fail.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks import collect_report, measure, rounds
from benchmarks.collect_checks import check_files
from benchmarks.collect_data import plan_all, seed
from benchmarks.collect_results import ENTRANTS, FILES, RATIOS, SEPAXML, SEPAXML_MAX
from benchmarks.costs import Cost
from benchmarks.data import total_minor
from benchmarks.databases import Databases
from benchmarks.environment import peers_python
from benchmarks.lines import NO_DATABASE, Entrant, Results
from benchmarks.measure import WARM_UP_SIZE
from benchmarks.rounds import few


@dataclass(slots=True, kw_only=True)
class Run(rounds.Run):
    """The peers' interpreter may be why there is none."""

    peers: Path | str


def main() -> int:
    """Run what the arguments ask for, print it, and give the exit code."""
    arguments = _arguments()
    if arguments.markdown:
        # A page without marks is refused before the work.
        collect_report.pasted(arguments.markdown.read_text(encoding="utf-8"), "")
    with tempfile.TemporaryDirectory(prefix="debit-collect-") as name, ExitStack() as stack:
        folder = Path(name)
        run = Run(
            sizes=arguments.sizes,
            repeat=arguments.repeat,
            entrants=[entrant for entrant in ENTRANTS if entrant.lane in arguments.only],
            databases=rounds.open_databases(arguments.databases, folder, stack),
            folder=folder,
            peers="left out by --no-peers" if arguments.no_peers else _peers(),
        )
        for size in run.sizes:
            _compete(run, size)
    results = Results(run.lines.values(), RATIOS)
    text = partial(_text, results, arguments.repeat)
    rounds.publish(arguments, collect_report.as_json(results, arguments.repeat), text, collect_report.pasted)
    return int(any(line.status in {"wrong", "failed"} for line in results.all))


def _arguments() -> argparse.Namespace:
    parser = rounds.parser("From contributions that are due to files that a bank may have.", ENTRANTS)
    parser.add_argument("--no-peers", action="store_true", help="install and run nothing of others")
    return parser.parse_args()


def _text(results: Results, repeat: int, markdown: bool) -> str:
    return collect_report.as_text(results, repeat, markdown=markdown)


def _peers() -> Path | str:
    try:
        return peers_python()
    except subprocess.CalledProcessError as error:
        return f"could not be installed: {(error.stderr.strip().splitlines() or ['no reason given'])[-1]}"


def _compete(run: Run, size: int) -> None:
    """One size: everybody in turn, as often as was asked for."""
    for kind, databases in run.there.items():
        rounds.say(f"{kind}, {size:,}: {_fill(run, databases, size):.1f} s to fill two databases")
    for _ in range(run.repeat):
        rounds.everybody(run, size, partial(_collect, run, size))
        _take_peers_turn(run, size)
    for databases in run.there.values():
        databases.drop("due")
        databases.drop("planned")


def _fill(run: Run, databases: Databases, size: int) -> float:
    """Make the databases from which lanes work; returns how many seconds that took."""
    began = time.perf_counter()
    for prefix, count in ((few(""), min(WARM_UP_SIZE, size)), ("", size)):
        databases.drop(f"{prefix}due")
        databases.drop(f"{prefix}planned")
        seed(run.home, databases.create(f"{prefix}due"), count)
        plan_all(run.home, databases.copy(f"{prefix}due", f"{prefix}planned"))
    return time.perf_counter() - began


def _collect(run: Run, size: int, entrant: Entrant, databases: Databases) -> tuple[dict[str, Cost], str]:
    """One lane on one kind of database. Raises Failed or Wrong."""
    target, small = (rounds.empty(run.folder / name) for name in ("files", "few"))

    def check(_: str) -> str:
        return check_files(target, size, total_minor(size)) if entrant.check == FILES else "count"

    lane = f"benchmarks.collect_lanes:{entrant.lane}"
    return rounds.measured(run, lane, entrant, databases, size, (target, small), check)


def _take_peers_turn(run: Run, size: int) -> None:
    line = run.line(NO_DATABASE, SEPAXML, size)
    if isinstance(run.peers, str):
        rounds.skip([line], run.peers)
    elif size > SEPAXML_MAX:
        rounds.skip([line], f"too slow and hungry beyond {SEPAXML_MAX:,}")
    else:
        rounds.take_turn([line], partial(_write_by_sepaxml, run.peers, run.folder, size))


def _write_by_sepaxml(python: Path, folder: Path, size: int) -> tuple[dict[str, Cost], str]:
    """sepaxml gets the same names, accounts and amounts as tuples that are there already. Raises Failed or Wrong."""
    target = rounds.empty(folder / "files")
    job = measure.Job("benchmarks.lanes.peer_sepaxml:write", size, True, "", "", str(target / "all.xml"))
    measured = measure.run(python, job)
    cost = Cost(size, measured.cpu_s, 0.0, measured.wall_s, measured.memory_growth_kib)
    return {SEPAXML: cost}, check_files(target, size, total_minor(size))


if __name__ == "__main__":
    sys.exit(main())
