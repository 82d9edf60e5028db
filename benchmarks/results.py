"""What was measured, and what it says about the goals."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Literal

from benchmarks.contests import CAMT053, F_STRINGS, FINDTEXT, OURS, SEPAXML, VALIDATED, Contest, Role
from benchmarks.measure import Measurement

Status = Literal["ok", "wrong", "failed", "not run"]


@dataclass(slots=True)
class Result:
    """All repetitions of one competitor on one input of one size. Only `ok` has a rate."""

    group: str
    message: str
    competitor: str
    role: Role
    size: int
    status: Status = "ok"
    note: str = ""
    runs: list[Measurement] = field(default_factory=list)

    @property
    def cpu_s(self) -> float | None:
        """The median of the repetitions."""
        return median(run.cpu_s for run in self.runs) if self.counts else None

    @property
    def rate(self) -> float | None:
        """Transactions a CPU second."""
        return self.size / self.cpu_s if self.cpu_s else None

    @property
    def memory_mib(self) -> float | None:
        """The largest growth of any repetition."""
        return max(run.memory_growth_kib for run in self.runs) / 1024 if self.counts else None

    @property
    def counts(self) -> bool:
        """Whether the output was checked and right, every time."""
        return self.status == "ok" and bool(self.runs)

    def as_json(self) -> dict[str, object]:
        """Medians first, then every run."""
        return {
            "group": self.group,
            "message": self.message,
            "competitor": self.competitor,
            "role": self.role,
            "size": self.size,
            "status": self.status,
            "note": self.note,
            "cpu_s": self.cpu_s,
            "per_cpu_s": self.rate,
            "memory_growth_mib": self.memory_mib,
            "runs": [asdict(run) for run in self.runs],
        }


class Results:
    """Results by input, competitor and size."""

    def __init__(self, results: Iterable[Result]) -> None:
        self.all = list(results)
        self._found = {(item.group, item.message, item.competitor, item.size): item for item in self.all}

    def rate(self, group: str, message: str, competitor: str, size: int) -> float | None:
        """Transactions a CPU second, None where there is no result that counts."""
        found = self._found.get((group, message, competitor, size))
        return found.rate if found else None

    def memory_mib(self, group: str, message: str, competitor: str, size: int) -> float | None:
        """Growth of the peak, None where there is no result that counts."""
        found = self._found.get((group, message, competitor, size))
        return found.memory_mib if found else None

    def ratio(self, contest: Contest, competitor: str, other: str | None, size: int) -> float | None:
        """How many times the rate of `other` this competitor has."""
        if other is None:
            return None
        return divided(
            self.rate(contest.group, contest.message, competitor, size),
            self.rate(contest.group, contest.message, other, size),
        )

    @property
    def sizes(self) -> list[int]:
        """The sizes of this run, rising."""
        return sorted({item.size for item in self.all})


def divided(one: float | None, other: float | None) -> float | None:
    """`one / other`, None where either is missing."""
    return one / other if one is not None and other else None


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal, the size that decides it, and how its value comes out of the results. Every other size that was run is shown."""

    text: str
    size: int
    target: float
    value: Callable[[Results, int], float | None]
    unit: Literal["x", "MiB"] = "x"

    def is_met(self, value: float) -> bool:
        """Ratios reach the target, memory stays under it."""
        return value >= self.target if self.unit == "x" else value <= self.target


@dataclass(frozen=True, slots=True)
class Verdict:
    """A goal at one size; `decided_at` is the size for which it was set."""

    goal: str
    size: int
    decided_at: int
    value: float | None
    target: float
    unit: str
    met: bool | None


def _against(group: str, message: str, competitor: str, other: str) -> Callable[[Results, int], float | None]:
    def value(results: Results, size: int) -> float | None:
        return divided(
            results.rate(group, message, competitor, size),
            results.rate(group, message, other, size),
        )

    return value


def _memory(group: str, message: str, competitor: str) -> Callable[[Results, int], float | None]:
    return lambda results, size: results.memory_mib(group, message, competitor, size)


def _steady(group: str, message: str) -> Callable[[Results, int], float | None]:
    """The rate at a size against the rate at 10,000."""

    def value(results: Results, size: int) -> float | None:
        if size == TEN_THOUSAND:
            return None
        return divided(results.rate(group, message, OURS, size), results.rate(group, message, OURS, TEN_THOUSAND))

    return value


TEN_THOUSAND, HUNDRED_THOUSAND, MILLION = 10_000, 100_000, 1_000_000
_DEBITS, _CAMT = ("write", "pain.008.001.08"), "camt.054.001.08"
_BEATS_CAMT053 = {"A": 5.0, "B": 4.0, "A pretty": 5.0, "A mixed": 5.0, "A irregular": 5.0}

GOALS = (
    Goal("write: x sepaxml", HUNDRED_THOUSAND, 20, _against(*_DEBITS, OURS, SEPAXML)),
    Goal("write: x f-strings", HUNDRED_THOUSAND, 0.75, _against(*_DEBITS, OURS, F_STRINGS)),
    Goal("write: memory growth", MILLION, 32, _memory(*_DEBITS, OURS), "MiB"),
    Goal("write and validate: x sepaxml without", HUNDRED_THOUSAND, 4, _against(*_DEBITS, VALIDATED, SEPAXML)),
    *(
        Goal(f"read {shape}: x camt053", HUNDRED_THOUSAND, least, _against("read", f"{_CAMT} {shape}", OURS, CAMT053))
        for shape, least in _BEATS_CAMT053.items()
    ),
    *(
        Goal(
            f"read {shape}: x camt053, fast lane",
            HUNDRED_THOUSAND,
            10,
            _against("read", f"{_CAMT} {shape}", OURS, CAMT053),
        )
        for shape in ("A", "B")
    ),
    *(
        Goal(f"read {shape}: x 3 findtext", HUNDRED_THOUSAND, 1, _against("read", f"{_CAMT} {shape}", OURS, FINDTEXT))
        for shape in _BEATS_CAMT053
    ),
    *(
        Goal(f"read {shape}: memory growth", MILLION, 64, _memory("read", f"{_CAMT} {shape}", OURS), "MiB")
        for shape in _BEATS_CAMT053
    ),
    *(
        Goal(f"read {shape}: rate x rate at 10,000", MILLION, 0.8, _steady("read", f"{_CAMT} {shape}"))
        for shape in _BEATS_CAMT053
    ),
)


def verdicts(results: Results) -> list[Verdict]:
    """Every goal at every size that was run and gives a value; at its own size also when it gives none."""
    judged = []
    for goal in GOALS:
        for size in sorted({*results.sizes, goal.size}):
            value = goal.value(results, size)
            if value is not None or size == goal.size:
                met = None if value is None else goal.is_met(value)
                judged.append(Verdict(goal.text, size, goal.size, value, goal.target, goal.unit, met))
    return judged
