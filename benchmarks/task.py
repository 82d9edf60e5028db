"""What every competitor is given, and what it says it saw."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from benchmarks.data import DebitRow


@dataclass(frozen=True, slots=True)
class Task:
    """Write `rows` to `target`, or read `source`. Counts and sums are known before, as they are in life."""

    size: int
    total_minor: int
    rows: Sequence[DebitRow]
    source: Path
    target: Path


@dataclass(frozen=True, slots=True)
class Seen:
    """What a competitor counted and added; None where it keeps nothing that could be counted."""

    count: int | None = None
    sum_minor: int | None = None


Lane: TypeAlias = Callable[[Task], Seen]
