"""Who competes on a database, what was measured of each step, and what that says beside the others."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from statistics import median

from benchmarks.costs import Cost
from benchmarks.results import Status, divided

#: Stands for the kind of database of what needs none.
NO_DATABASE = "none"


@dataclass(frozen=True, slots=True)
class Entrant:
    """A function of the benchmark's lanes, and what the tables call each of its steps.

    `source` is the database on which it works; one that changes it works on a copy. `together` is the line of all its steps, one
    after the other. `check` says what must hold at the end, in the benchmark's own words.
    """

    lane: str
    steps: dict[str, str]
    source: str
    changes: bool = False
    together: str | None = None
    check: str = ""
    postgresql_only: bool = False

    @property
    def names(self) -> list[str]:
        """Its lines in the tables."""
        return [*self.steps.values(), *([self.together] if self.together else [])]

    def costs(self, steps: Mapping[str, Cost]) -> dict[str, Cost]:
        """The cost of each of its lines, from that of each of its steps."""
        costs = {name: steps[step] for step, name in self.steps.items()}
        if self.together:
            first, *others = costs.values()
            for other in others:
                first = first.and_then(other)
            costs[self.together] = first
        return costs


@dataclass(frozen=True, slots=True)
class Ratio:
    """A column: whom lines are held `against`, and `of` which it can be told. Of rates, unless it is of what an item `costs`."""

    against: str
    of: Collection[str]
    costs: bool = False


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
        """Items a CPU second."""
        return divided(float(self.runs[0].count), self.cpu_s) if self.counts else None

    @property
    def per_s(self) -> float | None:
        """Items a second."""
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
    """Lines by database, name and size; `ratios` are the columns in which they are compared, by title."""

    def __init__(self, lines: Iterable[Line], ratios: Mapping[str, Ratio]) -> None:
        self.all = list(lines)
        self.ratios = ratios
        self._found = {(line.database, line.name, line.size): line for line in self.all}

    def find(self, database: str, name: str, size: int) -> Line | None:
        """The line of that name; what needs no database stands beside each."""
        return self._found.get((database, name, size)) or self._found.get((NO_DATABASE, name, size))

    def ratio(self, line: Line, title: str) -> float | None:
        """How many times the rate (a CPU second), or the cost, a line has in the column `title`; None where that says nothing."""
        ratio = self.ratios[title]
        against = self.find(line.database, ratio.against, line.size)
        if line.name not in ratio.of or against is None:
            return None
        ours, theirs = line.per_cpu_s, against.per_cpu_s
        return divided(theirs, ours) if ratio.costs else divided(ours, theirs)

    @property
    def sizes(self) -> list[int]:
        """The sizes of this run, rising."""
        return sorted({line.size for line in self.all})

    @property
    def databases(self) -> list[str]:
        """The kinds of database of this run, in their order."""
        return [kind for kind in dict.fromkeys(line.database for line in self.all) if kind != NO_DATABASE]
