"""What reading the bank's answers costs, for people (a terminal, a page) and for programs (JSON)."""

from collections.abc import Sequence

from benchmarks import tables
from benchmarks.lines import Results
from benchmarks.reconcile_results import GOAL_SIZE, OURS, Verdict, verdicts
from benchmarks.reconcile_web import Pages
from benchmarks.report import shown

NOT_RUN = (
    "files that come in several parts or twice, status reports, entries that a person must decide about",
    "crash and resume",
    "the memory of the database's server",
)
_GOAL_COLUMNS = ("goal", "database", "entries", "wanted", "measured", "")
_PAGE_COLUMNS = ("database", "entries", "", "requests", "median", "99 of 100 within", "x alone")


def as_json(results: Results, pages: Sequence[Pages], repeat: int) -> dict[str, object]:
    """Everything that was measured, with where and on what."""
    goals = [verdict.as_json() for verdict in verdicts(results)]
    told = tables.as_json(results, repeat, not_run=NOT_RUN, goals=goals)
    return told | {"web": [one.as_json() for one in pages]}


def as_text(results: Results, pages: Sequence[Pages], repeat: int, *, markdown: bool) -> str:
    """Tables: each kind of database with its ratios, then the curve over the sizes, then the goals; and pages meanwhile."""
    parts: list[str] = []
    if results.all:
        parts += tables.as_text(results, repeat, ours=OURS, items="entries", markdown=markdown)
        goals = [_goal(verdict) for verdict in verdicts(results)]
        parts.append(tables.goals_table("Goals", _GOAL_COLUMNS, goals, markdown=markdown))
    if pages:
        rows = [row for one in pages for row in one.rows()]
        parts.append(tables.goals_table("A page while a file is read", _PAGE_COLUMNS, rows, markdown=markdown))
    parts.append("Not run: " + "; ".join(NOT_RUN) + ".")
    return "\n\n".join(parts) + "\n"


def pasted(page: str, text: str) -> str:
    """`page` with the tables between the marks of this benchmark. Raises ValueError when it has none."""
    return tables.pasted(page, text, "reconcile")


def _goal(verdict: Verdict) -> Sequence[str]:
    wanted = f"{'>=' if verdict.at_least else '<='} {verdict.target:g} {verdict.unit}"
    met = tables.met(is_met=verdict.met, size=verdict.size, decided_at=GOAL_SIZE)
    return (verdict.goal, verdict.database, f"{verdict.size:,}", wanted, shown(verdict.value), met)
