"""From contributions that are due to files that a bank may have: `.venv/bin/python benchmarks/collect.py --help`.

The service beside floors and a peer, on SQLite and on a PostgreSQL server of our own that loses no commit. All take turns (round
robin), each in a process of its own, on a fresh copy of the same database; only ratios within one run mean something. Files
that are not right do not count. The exit code is 1 when one was wrong or a run failed; a goal that is not met does not fail.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks import collect_measure, collect_report, measure
from benchmarks.checks import Wrong
from benchmarks.collect_checks import check_files
from benchmarks.collect_data import plan_all, seed
from benchmarks.collect_databases import Databases, SqliteFiles, postgresql
from benchmarks.collect_measure import Cost, Job
from benchmarks.collect_results import (
    BATCH,
    ENTRANTS,
    NO_DATABASE,
    NOTIFY,
    PLAN,
    POSTGRESQL,
    SEPAXML,
    SEPAXML_MAX,
    SQLITE,
    TOGETHER,
    Entrant,
    Line,
    Results,
)
from benchmarks.data import total_minor
from benchmarks.environment import peers_python
from benchmarks.measure import WARM_UP_SIZE, Failed
from tools.postgresql_server import NotProvided

KINDS = (SQLITE, POSTGRESQL)


@dataclass(slots=True)
class Run:
    """What a run is asked for. A kind of database, or the peers' interpreter, may be why there is none."""

    sizes: list[int]
    repeat: int
    entrants: list[Entrant]
    databases: dict[str, Databases | str]
    peers: Path | str
    folder: Path
    lines: dict[tuple[str, str, int], Line] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """Where the key ring of all databases is."""
        return self.folder / "home"

    def line(self, database: str, name: str, size: int) -> Line:
        """The line of that name, made when it is asked for first."""
        return self.lines.setdefault((database, name, size), Line(database, name, size))


def main() -> int:
    """Run what the arguments ask for, print it, and give the exit code."""
    arguments = _arguments()
    if arguments.markdown:
        # A page without marks is refused before the work.
        collect_report.pasted(arguments.markdown.read_text(encoding="utf-8"), "")
    with tempfile.TemporaryDirectory(prefix="debit-collect-") as name, ExitStack() as stack:
        folder = Path(name)
        databases = {kind: _databases(kind, folder, stack) for kind in arguments.databases}
        peers = "left out by --no-peers" if arguments.no_peers else _peers()
        run = Run(arguments.sizes, arguments.repeat, arguments.only, databases, peers, folder)
        for size in run.sizes:
            _compete(run, size)
    results = Results(run.lines.values())
    _publish(results, arguments)
    return int(any(line.status in {"wrong", "failed"} for line in results.all))


def _publish(results: Results, arguments: argparse.Namespace) -> None:
    if arguments.json:
        told = json.dumps(collect_report.as_json(results, arguments.repeat), indent=1)
        arguments.json.write_text(told + "\n", encoding="utf-8")
    if arguments.markdown:
        page = arguments.markdown.read_text(encoding="utf-8")
        tables = collect_report.as_text(results, arguments.repeat, markdown=True)
        arguments.markdown.write_text(collect_report.pasted(page, tables), encoding="utf-8")
    print(collect_report.as_text(results, arguments.repeat, markdown=False), end="")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="From contributions that are due to files that a bank may have.")
    parser.add_argument("--sizes", type=_sizes, default=[10_000, 100_000], help="such as 10000,100000,1000000")
    parser.add_argument("--databases", type=_kinds, default=list(KINDS), help=f"some of {','.join(KINDS)}")
    names = ",".join(entrant.lane for entrant in ENTRANTS)
    parser.add_argument("--only", type=_entrants, default=list(ENTRANTS), help=f"some of {names}")
    parser.add_argument("--repeat", type=_positive, default=3, help="repetitions (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    parser.add_argument("--markdown", type=Path, metavar="PAGE", help="put the tables into a page")
    parser.add_argument("--no-peers", action="store_true", help="install and run nothing of others")
    return parser.parse_args()


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)


def _sizes(text: str) -> list[int]:
    return sorted({_positive(size) for size in text.split(",")})


def _kinds(text: str) -> list[str]:
    kinds = {kind.lower(): kind for kind in KINDS}
    if unknown := [kind for kind in text.split(",") if kind.lower() not in kinds]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose from {', '.join(KINDS)}")
    return [kinds[kind.lower()] for kind in text.split(",")]


def _entrants(text: str) -> list[Entrant]:
    entrants = {entrant.lane: entrant for entrant in ENTRANTS}
    if unknown := set(text.split(",")) - set(entrants):
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: choose from {', '.join(entrants)}")
    return [entrants[lane] for lane in text.split(",")]


def _databases(kind: str, folder: Path, stack: ExitStack) -> Databases | str:
    """Databases of a kind while `stack` lasts, or why there are none."""
    if kind == SQLITE:
        return SqliteFiles(folder)
    if not collect_measure.is_measurable():
        return "this machine does not tell what a server's processes cost"
    try:
        return stack.enter_context(postgresql())
    except NotProvided as error:
        return str(error)


def _peers() -> Path | str:
    try:
        return peers_python()
    except subprocess.CalledProcessError as error:
        return f"could not be installed: {(error.stderr.strip().splitlines() or ['no reason given'])[-1]}"


def _compete(run: Run, size: int) -> None:
    """One size: everybody in turn, as often as was asked for."""
    for kind, databases in run.databases.items():
        if not isinstance(databases, str):
            _say(f"{kind}, {size:,}: {_fill(run, databases, size):.1f} s to fill two databases")
    for _ in range(run.repeat):
        for kind, databases in run.databases.items():
            for entrant in run.entrants:
                if entrant.postgresql_only and kind != POSTGRESQL:
                    continue
                lines = [run.line(kind, name, size) for name in _names(entrant)]
                if isinstance(databases, str):
                    _skip(lines, databases)
                else:
                    _take_turn(lines, partial(_collect, run, entrant, databases, size))
        _take_peers_turn(run, size)
    for databases in run.databases.values():
        if not isinstance(databases, str):
            databases.drop("due")
            databases.drop("planned")


def _names(entrant: Entrant) -> list[str]:
    return [*entrant.steps.values(), *([TOGETHER] if entrant.lane == "ours" else [])]


def _fill(run: Run, databases: Databases, size: int) -> float:
    """Make the databases from which lanes work; returns how many seconds that took."""
    began = time.perf_counter()
    for prefix, count in (("few_", min(WARM_UP_SIZE, size)), ("", size)):
        databases.drop(f"{prefix}due")
        databases.drop(f"{prefix}planned")
        seed(run.home, databases.create(f"{prefix}due"), count)
        plan_all(run.home, databases.copy(f"{prefix}due", f"{prefix}planned"))
    return time.perf_counter() - began


def _take_turn(lines: list[Line], work: Callable[[], tuple[dict[str, Cost], str]]) -> None:
    """Run `work`, which gives each line's cost by its name and what was looked at."""
    if any(line.status != "ok" for line in lines):
        return
    try:
        costs, looked = work()
    except (Failed, Wrong) as error:
        for line in lines:
            line.status, line.note = "failed" if isinstance(error, Failed) else "wrong", str(error)
            _say(f"  {line.database}, {line.name}: {line.note}")
        return
    for line in lines:
        line.runs.append(costs[line.name])
        line.note = looked
        _say(f"  {line.database}, {line.name}: {costs[line.name].cpu_s:.3f} CPU s, {costs[line.name].wall_s:.3f} s")


def _collect(run: Run, entrant: Entrant, databases: Databases, size: int) -> tuple[dict[str, Cost], str]:
    """One lane on one kind of database. Raises Failed or Wrong."""
    few, target = (_empty(run.folder / name) for name in ("few", "files"))
    name, few_name = entrant.source, f"few_{entrant.source}"
    if entrant.changes:
        url, few_url = databases.copy(name, "turn"), databases.copy(few_name, "few_turn")
    else:
        url, few_url = databases.url(name), databases.url(few_name)
    try:
        warm_up_size = min(WARM_UP_SIZE, size)
        steps = collect_measure.run(
            Job(entrant.lane, size, str(run.home), url, str(target), warm_up_size, few_url, str(few), databases.server)
        )
        looked = check_files(target, size, total_minor(size)) if entrant.writes else "count"
    finally:
        if entrant.changes:
            databases.drop("turn")
            databases.drop("few_turn")
    costs = {entrant.steps[step]: cost for step, cost in steps.items()}
    if entrant.lane == "ours":
        costs[TOGETHER] = costs[PLAN].and_then(costs[NOTIFY]).and_then(costs[BATCH])
    return costs, looked


def _take_peers_turn(run: Run, size: int) -> None:
    line = run.line(NO_DATABASE, SEPAXML, size)
    if isinstance(run.peers, str):
        _skip([line], run.peers)
    elif size > SEPAXML_MAX:
        _skip([line], f"too slow and hungry beyond {SEPAXML_MAX:,}")
    else:
        _take_turn([line], partial(_write_by_sepaxml, run.peers, run.folder, size))


def _write_by_sepaxml(python: Path, folder: Path, size: int) -> tuple[dict[str, Cost], str]:
    """sepaxml gets the same names, accounts and amounts as tuples that are there already. Raises Failed or Wrong."""
    target = _empty(folder / "files")
    job = measure.Job("benchmarks.lanes.peer_sepaxml:write", size, True, "", "", str(target / "all.xml"))
    measured = measure.run(python, job)
    cost = Cost(size, measured.cpu_s, 0.0, measured.wall_s, measured.memory_growth_kib)
    return {SEPAXML: cost}, check_files(target, size, total_minor(size))


def _skip(lines: list[Line], why: str) -> None:
    for line in lines:
        line.status, line.note = "not run", why


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
