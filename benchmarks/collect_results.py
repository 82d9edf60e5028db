"""Who collects, what was measured of each, and what that says beside the others."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Literal

from benchmarks.collect_lanes import ROW_BY_ROW_MAX
from benchmarks.collect_measure import Cost
from benchmarks.contests import LARGE
from benchmarks.results import Status, divided

SQLITE, POSTGRESQL, NO_DATABASE = "SQLite", "PostgreSQL", "none"
PLAN, NOTIFY, BATCH, TOGETHER = "plan", "notify", "batch", "plan, notify, batch"
WRITE = "write alone"
OPENED, PLAIN, COPY = "cursor, AES-GCM, f-strings", "cursor, f-strings", "COPY of text"
SEPAXML, ROW_BY_ROW = "sepaxml 2.7.0, rows at hand", f"plan by ORM, {ROW_BY_ROW_MAX:,} rows"
OURS = (PLAN, NOTIFY, BATCH, TOGETHER, WRITE)
#: Those that end in files, and may be compared as such; and those that plan.
_FILES, _PLANS = {BATCH, TOGETHER, WRITE, OPENED, PLAIN, COPY, SEPAXML}, {PLAN, ROW_BY_ROW}
#: Title of a ratio: whom it is against, and of whom it can be told.
RATIOS = {
    "x floor": (OPENED, _FILES),
    "x COPY": (COPY, _FILES),
    "x sepaxml": (SEPAXML, _FILES),
    "x ORM": (ROW_BY_ROW, _PLANS),
}
GOAL_PER_S, GOAL_SIZE = 120_000, 1_000_000
SEPAXML_MAX = LARGE


@dataclass(frozen=True, slots=True)
class Entrant:
    """A function of `benchmarks.collect_lanes`, and what the tables call each of its steps.

    `source` is the database on which it works: of contributions that are due, or of planned collections. One that changes it
    works on a copy. `writes` says whether there are files at the end.
    """

    lane: str
    steps: dict[str, str]
    source: Literal["due", "planned"]
    changes: bool = False
    writes: bool = True
    postgresql_only: bool = False


ENTRANTS = (
    Entrant("ours", {step: step for step in (PLAN, NOTIFY, BATCH)}, "due", changes=True),
    Entrant("write", {"write": WRITE}, "planned"),
    Entrant("opened", {"write": OPENED}, "planned"),
    Entrant("plain", {"write": PLAIN}, "planned"),
    Entrant("copy", {"write": COPY}, "planned", postgresql_only=True),
    Entrant("row_by_row", {"plan": ROW_BY_ROW}, "due", changes=True, writes=False),
)


@dataclass(slots=True)
class Line:
    """All repetitions of one step on one kind of database at one size."""

    database: str
    name: str
    size: int
    status: Status = "ok"
    note: str = ""
    runs: list[Cost] = field(default_factory=list)

    @property
    def counts(self) -> bool:
        """Whether the output was checked and right, every time."""
        return self.status == "ok" and bool(self.runs)

    @property
    def cpu_s(self) -> float | None:
        """CPU seconds of client and server, the median."""
        return median(run.cpu_s for run in self.runs) if self.counts else None

    @property
    def server_cpu_s(self) -> float | None:
        """The server's part, the median."""
        return median(run.server_cpu_s for run in self.runs) if self.counts else None

    @property
    def wall_s(self) -> float | None:
        """Seconds on the wall, the median."""
        return median(run.wall_s for run in self.runs) if self.counts else None

    @property
    def per_cpu_s(self) -> float | None:
        """Collections a CPU second."""
        return divided(float(self.runs[0].count), self.cpu_s) if self.counts else None

    @property
    def per_s(self) -> float | None:
        """Collections a second."""
        return divided(float(self.runs[0].count), self.wall_s) if self.counts else None

    @property
    def memory_mib(self) -> float | None:
        """The largest growth of any repetition, of the client."""
        return max(run.memory_growth_kib for run in self.runs) / 1024 if self.counts else None

    def as_json(self) -> dict[str, object]:
        """Medians first, then every run."""
        medians = {
            name: getattr(self, name)
            for name in ("cpu_s", "server_cpu_s", "wall_s", "per_cpu_s", "per_s", "memory_mib")
        }
        facts = {name: getattr(self, name) for name in ("database", "name", "size", "status", "note")}
        return facts | medians | {"runs": [asdict(run) for run in self.runs]}


class Results:
    """Lines by database, name and size."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.all = list(lines)
        self._found = {(line.database, line.name, line.size): line for line in self.all}

    def find(self, database: str, name: str, size: int) -> Line | None:
        """The line of that name; what needs no database stands beside each."""
        return self._found.get((database, name, size)) or self._found.get((NO_DATABASE, name, size))

    def ratio(self, line: Line, title: str) -> float | None:
        """How many times the rate (a CPU second) of the one that `title` names this line has; None where that says nothing."""
        other, comparable = RATIOS[title]
        against = self.find(line.database, other, line.size)
        if line.name not in comparable or against is None:
            return None
        return divided(line.per_cpu_s, against.per_cpu_s)

    @property
    def sizes(self) -> list[int]:
        """The sizes of this run, rising."""
        return sorted({line.size for line in self.all})

    @property
    def databases(self) -> list[str]:
        """The kinds of database of this run, in their order."""
        return [kind for kind in dict.fromkeys(line.database for line in self.all) if kind != NO_DATABASE]
