"""Who reads the bank's answers, under which names, how they are compared, and what is to be reached."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Literal

from benchmarks.databases import POSTGRESQL, SQLITE
from benchmarks.lines import Entrant, Line, Ratio, Results
from benchmarks.reconcile_checks import CREDITED, RETURNED, SOME_RETURNED, TOLD_AGAIN
from benchmarks.reconcile_files import SOME_MAX
from benchmarks.results import divided

READ, COPY, BARE = "reader alone", "COPY of the rows", "COPY, UPDATE, 2 lines"
ROW_BY_ROW = f"returns row by row, {SOME_MAX}"


def _steps(what: str) -> dict[str, str]:
    return {"store": f"{what}: store", "import": f"{what}: import"}


def whole(what: str) -> str:
    """The line of a file from the bank until all of it is committed."""
    return f"{what}: file to committed"


def _import(what: str) -> str:
    return _steps(what)["import"]


def _entrant(lane: str, what: str, source: str, check: str) -> Entrant:
    return Entrant(lane, _steps(what), source, changes=True, together=whole(what), check=check)


CREDITS, AGAIN, RETURNS, SCATTERED = "credits", "told again", "returns", "returns, scattered"
#: The functions of `benchmarks.reconcile_lanes`. They work on collections that were sent, or on those that are credited already.
ENTRANTS = (
    _entrant("credits", CREDITS, "sent", CREDITED),
    _entrant("told_again", AGAIN, "credited", TOLD_AGAIN),
    _entrant("returns", RETURNS, "credited", RETURNED),
    _entrant("scattered", SCATTERED, "credited", RETURNED),
    Entrant("row_by_row", {"match": ROW_BY_ROW}, "credited", changes=True, check=SOME_RETURNED),
    Entrant("reader", {"read": READ}, "credited"),
    Entrant("copy", {"copy": COPY}, "credited", changes=True),
    Entrant("bare", {"bare": BARE}, "credited", changes=True),
)
#: The files of the bank that a lane reads, by their names in `benchmarks.reconcile_files`.
READS = {
    "told_again": "told_again",
    "returns": "returns",
    "scattered": "scattered",
    "row_by_row": "some",
    "reader": "returns",
}
_KINDS = (CREDITS, AGAIN, RETURNS, SCATTERED)
OURS = tuple(_import(what) for what in _KINDS)
_ALL = {READ, BARE, *OURS, *map(whole, _KINDS)}
RATIOS = {
    "x COPY": Ratio(COPY, _ALL, costs=True),
    "x floor": Ratio(BARE, _ALL, costs=True),
    "x row by row": Ratio(ROW_BY_ROW, {_import(RETURNS), _import(SCATTERED)}),
}
GOAL_SIZE = 1_000_000


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be reached at GOAL_SIZE: at most `target`, or at least; and on which database, where it is not on all."""

    text: str
    target: float
    unit: Literal["x", "s", "MiB"]
    value: Callable[[Results, str, int], float | None]
    at_least: bool = False
    database: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A goal on one kind of database at one size; `decides` says whether it was set for it."""

    goal: str
    database: str
    size: int
    value: float
    target: float
    unit: str
    at_least: bool
    met: bool
    decides: bool

    def as_json(self) -> dict[str, object]:
        """As it stands."""
        return asdict(self)


def _ratio(name: str, title: str) -> Callable[[Results, str, int], float | None]:
    def value(results: Results, database: str, size: int) -> float | None:
        line = results.find(database, name, size)
        return results.ratio(line, title) if line else None

    return value


def _of(name: str, get: Callable[[Line], float | None]) -> Callable[[Results, str, int], float | None]:
    def value(results: Results, database: str, size: int) -> float | None:
        line = results.find(database, name, size)
        return get(line) if line else None

    return value


def _beside_postgresql(name: str) -> Callable[[Results, str, int], float | None]:
    def value(results: Results, database: str, size: int) -> float | None:
        ours, theirs = results.find(database, name, size), results.find(POSTGRESQL, name, size)
        return divided(ours.cpu_s, theirs.cpu_s) if ours and theirs else None

    return value


GOALS = (
    Goal("returns: CPU x COPY", 8, "x", _ratio(_import(RETURNS), "x COPY")),
    Goal("told again: CPU x COPY", 4.5, "x", _ratio(_import(AGAIN), "x COPY")),
    Goal("returns: rate x row by row", 100, "x", _ratio(_import(RETURNS), "x row by row"), at_least=True),
    *(
        Goal(f"{what}: file to committed", 40, "s", _of(whole(what), lambda line: line.wall_s), database=POSTGRESQL)
        for what in (CREDITS, RETURNS)
    ),
    *(
        Goal(f"{what}: memory growth", 64, "MiB", _of(whole(what), lambda line: line.memory_mib))
        for what in (CREDITS, AGAIN, RETURNS)
    ),
    *(
        Goal(f"{what}: CPU x that on PostgreSQL", 2, "x", _beside_postgresql(whole(what)), database=SQLITE)
        for what in (CREDITS, AGAIN, RETURNS)
    ),
)


def verdicts(results: Results) -> Iterator[Verdict]:
    """Every goal wherever it has a value, also where it decides nothing."""
    for goal in GOALS:
        for database in results.databases:
            for size in results.sizes:
                value = goal.value(results, database, size)
                if value is None or goal.database not in (None, database):
                    continue
                met = value >= goal.target if goal.at_least else value <= goal.target
                yield Verdict(
                    goal.text, database, size, value, goal.target, goal.unit, goal.at_least, met, size == GOAL_SIZE
                )
