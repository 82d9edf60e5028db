"""From the bank's files to a journal that says what became of each debit: `.venv/bin/python benchmarks/reconcile.py --help`.

The service beside floors, its own reader and its own general path, on SQLite and on a PostgreSQL server of our own that loses no
commit. All take turns (round robin), each in a process of its own, on a fresh copy of the same database; only ratios within one
run mean something. Books that are not right do not count. The exit code is 1 when some were wrong or a run failed; a goal that
is not met does not fail.
"""

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks import reconcile_report, rounds
from benchmarks.checks import Wrong
from benchmarks.costs import Cost
from benchmarks.databases import Databases
from benchmarks.lines import Entrant, Results
from benchmarks.measure import WARM_UP_SIZE, Failed
from benchmarks.reconcile_checks import check_books
from benchmarks.reconcile_data import credit_all, send_all
from benchmarks.reconcile_files import FILES, path_of
from benchmarks.reconcile_results import ENTRANTS, RATIOS, READS
from benchmarks.reconcile_web import Pages, ask_meanwhile
from benchmarks.rounds import few

#: Asked for by `--only`, and never with the others: it is about the wall clock.
WEB = "web"


@dataclass(slots=True, kw_only=True)
class Run(rounds.Run):
    """`pages`: by kind of database and size, where the web is asked."""

    web: bool
    pages: dict[tuple[str, int], Pages] = field(default_factory=dict)

    @property
    def files(self) -> Path:
        """Where the bank's files are."""
        return self.folder / "files"

    @property
    def wrong(self) -> bool:
        """Whether anything was wrong, or failed."""
        return any(line.status in {"wrong", "failed"} for line in self.lines.values()) or any(
            one.note for one in self.pages.values() if one.database in self.there
        )


def main() -> int:
    """Run what the arguments ask for, print it, and give the exit code."""
    arguments = _arguments()
    if arguments.markdown:
        # A page without marks is refused before the work.
        reconcile_report.pasted(arguments.markdown.read_text(encoding="utf-8"), "")
    with tempfile.TemporaryDirectory(prefix="debit-reconcile-") as name, ExitStack() as stack:
        folder = Path(name)
        run = Run(
            sizes=arguments.sizes,
            repeat=arguments.repeat,
            entrants=[entrant for entrant in ENTRANTS if entrant.lane in arguments.only],
            databases=rounds.open_databases(arguments.databases, folder, stack),
            folder=folder,
            web=WEB in arguments.only,
        )
        for size in run.sizes:
            _compete(run, size)
    results, pages = Results(run.lines.values(), RATIOS), list(run.pages.values())
    told = reconcile_report.as_json(results, pages, arguments.repeat)
    rounds.publish(arguments, told, partial(_text, results, pages, arguments.repeat), reconcile_report.pasted)
    return int(run.wrong)


def _arguments() -> argparse.Namespace:
    return rounds.parser(
        "From the bank's files to a journal that says what became of each debit.", ENTRANTS, WEB
    ).parse_args()


def _text(results: Results, pages: list[Pages], repeat: int, markdown: bool) -> str:
    return reconcile_report.as_text(results, pages, repeat, markdown=markdown)


def _compete(run: Run, size: int) -> None:
    """One size: everybody in turn, as often as was asked for."""
    _write_files(run, size)
    for kind, databases in run.there.items():
        rounds.say(f"{kind}, {size:,}: {_fill(run, databases, size):.1f} s to fill the databases")
    for _ in range(run.repeat):
        rounds.everybody(run, size, partial(_reconcile, run, size))
        if run.web:
            _ask_the_web(run, size)
    for databases in run.there.values():
        _drop(databases)


def _write_files(run: Run, size: int) -> None:
    """The files that somebody will read, and the credits from which the others begin."""
    wanted = {"credits", *(READS[entrant.lane] for entrant in run.entrants if entrant.lane in READS)}
    for folder, count in ((run.files, size), (run.folder / few("files"), min(WARM_UP_SIZE, size))):
        rounds.empty(folder)
        for name in wanted:
            FILES[name](path_of(folder, name), count)


def _fill(run: Run, databases: Databases, size: int) -> float:
    """Make the databases from which lanes work; returns how many seconds that took."""
    began = time.perf_counter()
    _drop(databases)
    for prefix, count in ((few(""), min(WARM_UP_SIZE, size)), ("", size)):
        send_all(run.home, databases.create(f"{prefix}sent"), count)
        if any(entrant.source == "credited" for entrant in run.entrants):
            credit_all(run.home, databases.copy(f"{prefix}sent", f"{prefix}credited"), run.folder / f"{prefix}files")
    return time.perf_counter() - began


def _drop(databases: Databases) -> None:
    for name in ("sent", "credited"):
        databases.drop(name)
        databases.drop(few(name))


def _reconcile(run: Run, size: int, entrant: Entrant, databases: Databases) -> tuple[dict[str, Cost], str]:
    """One lane on one kind of database. Raises Failed or Wrong."""

    def check(url: str) -> str:
        return check_books(url, size, entrant.check) if entrant.check else "count, sum"

    lane = f"benchmarks.reconcile_lanes:{entrant.lane}"
    folders = (run.files, run.folder / few("files"))
    return rounds.measured(run, lane, entrant, databases, size, folders, check)


def _ask_the_web(run: Run, size: int) -> None:
    for kind, some in run.databases.items():
        pages = run.pages.setdefault((kind, size), Pages(kind, size))
        if isinstance(some, str):
            pages.note = some
            continue
        try:
            ask_meanwhile(some, run.home, run.files, pages)
        except (Failed, Wrong) as error:
            pages.note = str(error)
        rounds.say(f"  {kind}, a page meanwhile: x {pages.times} {pages.note}")


if __name__ == "__main__":
    sys.exit(main())
