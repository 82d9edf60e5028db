"""What collecting costs, for people (a terminal, a page) and for programs (JSON)."""

from collections.abc import Iterator

from benchmarks import tables
from benchmarks.collect_results import GOAL_PER_S, GOAL_SIZE, OURS, WRITE
from benchmarks.lines import Results

NOT_RUN = (
    "delivering the notices, approving and sending the files",
    "the memory of the database's server",
    "sepaxml beyond 100,000, and its own validation",
)


def as_json(results: Results, repeat: int) -> dict[str, object]:
    """Everything that was measured, with where and on what."""
    return tables.as_json(results, repeat, not_run=NOT_RUN, goals=_goals(results))


def as_text(results: Results, repeat: int, *, markdown: bool) -> str:
    """Tables: each kind of database with its ratios, then the curve over the sizes, then the goal."""
    parts = [*tables.as_text(results, repeat, ours=OURS, items="transactions", markdown=markdown)]
    goals = [
        (str(goal["database"]), f"{goal['size']:,}", f">= {GOAL_PER_S:,} per s", f"{goal['per_s']:,.0f}", _met(goal))
        for goal in _goals(results)
    ]
    columns = ("database", "transactions", "wanted", "measured", "")
    parts.append(tables.goals_table("Goal: database to fsynced files", columns, goals, markdown=markdown))
    parts.append("Not run: " + "; ".join(NOT_RUN) + ".")
    return "\n\n".join(parts) + "\n"


def pasted(page: str, text: str) -> str:
    """`page` with the tables between the marks of this benchmark. Raises ValueError when it has none."""
    return tables.pasted(page, text, "collect")


def _goals(results: Results) -> Iterator[dict[str, object]]:
    """What the writer does, on every kind of database at every size; it was set for PostgreSQL."""
    for database in results.databases:
        for size in results.sizes:
            line = results.find(database, WRITE, size)
            if line and line.per_s is not None:
                met = line.per_s >= GOAL_PER_S
                yield {"database": database, "size": size, "decided_at": GOAL_SIZE, "per_s": line.per_s, "met": met}


def _met(goal: dict[str, object]) -> str:
    return tables.met(is_met=bool(goal["met"]), size=int(str(goal["size"])), decided_at=GOAL_SIZE)
