"""A run of a benchmark on databases: what it is asked for, whose turn it is, what is skipped, and where the results go."""

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks import costs
from benchmarks.checks import Wrong
from benchmarks.costs import Cost, Job
from benchmarks.databases import KINDS, POSTGRESQL, Databases, databases
from benchmarks.lines import Entrant, Line
from benchmarks.measure import WARM_UP_SIZE, Failed


@dataclass(slots=True, kw_only=True)
class Run:
    """What a run is asked for, and its lines. A kind of database may be why there is none."""

    sizes: list[int]
    repeat: int
    entrants: list[Entrant]
    databases: dict[str, Databases | str]
    folder: Path
    lines: dict[tuple[str, str, int], Line] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """Where the key ring of all databases is."""
        return self.folder / "home"

    @property
    def there(self) -> dict[str, Databases]:
        """The kinds of database that there are."""
        return {kind: some for kind, some in self.databases.items() if not isinstance(some, str)}

    def line(self, database: str, name: str, size: int) -> Line:
        """The line of that name, made when it is asked for first."""
        return self.lines.setdefault((database, name, size), Line(database, name, size))


def parser(about: str, entrants: Sequence[Entrant], *more: str) -> argparse.ArgumentParser:
    """The arguments of every benchmark on databases. `more` may be asked for by `--only`, too."""
    made = argparse.ArgumentParser(description=about)
    lanes = [entrant.lane for entrant in entrants]
    made.add_argument("--sizes", type=_sizes, default=[10_000, 100_000], help="such as 10000,100000,1000000")
    made.add_argument("--databases", type=_kinds, default=list(KINDS), help=f"some of {','.join(KINDS)}")
    made.add_argument(
        "--only", type=_some_of([*lanes, *more]), default=lanes, help=f"some of {','.join([*lanes, *more])}"
    )
    made.add_argument("--repeat", type=_positive, default=3, help="repetitions (default: %(default)s)")
    made.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    made.add_argument("--markdown", type=Path, metavar="PAGE", help="put the tables into a page")
    return made


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)


def _sizes(text: str) -> list[int]:
    return sorted({_positive(size) for size in text.split(",")})


def _kinds(text: str) -> list[str]:
    kinds = {kind.lower(): kind for kind in KINDS}
    return [kinds[kind] for kind in _some_of(list(kinds))(text.lower())]


def _some_of(names: Sequence[str]) -> Callable[[str], list[str]]:
    def some(text: str) -> list[str]:
        asked = text.split(",")
        if unknown := sorted(set(asked) - set(names)):
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose from {', '.join(names)}")
        return asked

    return some


def open_databases(kinds: Sequence[str], folder: Path, stack: ExitStack) -> dict[str, Databases | str]:
    """Databases of each kind while `stack` lasts, or why there are none."""
    return {kind: databases(kind, folder, stack) for kind in kinds}


def publish(
    arguments: argparse.Namespace, told: object, text: Callable[[bool], str], paste: Callable[[str, str], str]
) -> None:
    """Write the results where the arguments say, and print them. `text` makes them for a page (True) or a terminal."""
    if arguments.json:
        arguments.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    if arguments.markdown:
        page = arguments.markdown.read_text(encoding="utf-8")
        arguments.markdown.write_text(paste(page, text(True)), encoding="utf-8")
    print(text(False), end="")


def everybody(run: Run, size: int, work: Callable[[Entrant, Databases], tuple[dict[str, Cost], str]]) -> None:
    """Everybody's turn once, on every kind of database."""
    for kind, some in run.databases.items():
        for entrant in run.entrants:
            if entrant.postgresql_only and kind != POSTGRESQL:
                continue
            lines = [run.line(kind, name, size) for name in entrant.names]
            if isinstance(some, str):
                skip(lines, some)
            else:
                take_turn(lines, partial(work, entrant, some))


def take_turn(lines: Sequence[Line], work: Callable[[], tuple[Mapping[str, Cost], str]]) -> None:
    """Run `work`, which gives each line's cost by its name and what was looked at."""
    if any(line.status != "ok" for line in lines):
        return
    try:
        taken, looked = work()
    except (Failed, Wrong) as error:
        for line in lines:
            line.status, line.note = "failed" if isinstance(error, Failed) else "wrong", str(error)
            say(f"  {line.database}, {line.name}: {line.note}")
        return
    for line in lines:
        line.runs.append(taken[line.name])
        line.note = looked
        say(f"  {line.database}, {line.name}: {taken[line.name].cpu_s:.3f} CPU s, {taken[line.name].wall_s:.3f} s")


def measured(
    run: Run,
    lane: str,
    entrant: Entrant,
    some: Databases,
    size: int,
    folders: tuple[Path, Path],
    check: Callable[[str], str],
) -> tuple[dict[str, Cost], str]:
    """One lane (`module:function`) on one kind of database, with a folder of files for it and one for its small run.

    `check` is given the URL of the database afterwards, and says what it looked at. Raises Failed or Wrong.
    """
    name, few_name = entrant.source, few(entrant.source)
    if entrant.changes:
        url, few_url = some.copy(name, "turn"), some.copy(few_name, "few_turn")
    else:
        url, few_url = some.url(name), some.url(few_name)
    folder, few_folder = folders
    job = Job(
        lane, size, str(run.home), url, str(folder), min(WARM_UP_SIZE, size), few_url, str(few_folder), some.server
    )
    try:
        return entrant.costs(costs.run(job)), check(url)
    finally:
        if entrant.changes:
            some.drop("turn")
            some.drop("few_turn")


def few(name: str) -> str:
    """The small database, or file, beside that of this name."""
    return f"few_{name}"


def skip(lines: Sequence[Line], why: str) -> None:
    """Note why lines are not run."""
    for line in lines:
        line.status, line.note = "not run", why


def empty(folder: Path) -> Path:
    """The folder, with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def say(text: str) -> None:
    """How far the run is, for who waits."""
    print(text, file=sys.stderr, flush=True)
