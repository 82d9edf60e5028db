"""What collecting costs, for people (a terminal, a page) and for programs (JSON)."""

import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version

from benchmarks.collect_results import GOAL_PER_S, GOAL_SIZE, OURS, RATIOS, WRITE, Line, Results
from benchmarks.report import as_markdown, as_plain, heading, machine, shown

FORMAT = 1
NOT_RUN = (
    "delivering the notices, approving and sending the files, posting what the bank answers",
    "the memory of the database's server",
    "sepaxml beyond 100,000, and its own validation",
)
_BEGIN, _END = "<!-- results of collect -->\n", "<!-- end of the results of collect -->\n"
_COLUMNS = ("", "transactions", "per s", "per CPU s", "wall s", "CPU s", "of it server", *RATIOS, "memory", "checked")


def as_json(results: Results, repeat: int) -> dict[str, object]:
    """Everything that was measured, with where and on what."""
    return {
        "format": FORMAT,
        "taken_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": _machine(),
        "repeat": repeat,
        "sizes": results.sizes,
        "not_run": list(NOT_RUN),
        "results": [
            line.as_json() | {"ratios": {title: results.ratio(line, title) for title in RATIOS}} for line in results.all
        ],
        "goals": list(_goals(results)),
    }


def as_text(results: Results, repeat: int, *, markdown: bool) -> str:
    """Tables: each kind of database with its ratios, then the curve over the sizes, then the goal."""
    write = as_markdown if markdown else as_plain
    parts = [_about(results, repeat)]
    for database in dict.fromkeys(line.database for line in results.all):
        parts.append(heading(f"database: {database}", markdown=markdown))
        parts.append(write(_COLUMNS, [_row(line, results) for line in results.all if line.database == database]))
    parts.append(heading("From size to size: per CPU s, and memory", markdown=markdown))
    sizes = results.sizes
    columns = ("", "database", *(f"{size:,}" for size in sizes), "rate, last x first")
    parts.append(write(columns, list(_curve(results))))
    parts.append(heading("Goal: database to fsynced files", markdown=markdown))
    goals = [
        (str(goal["database"]), f"{goal['size']:,}", f">= {GOAL_PER_S:,} per s", f"{goal['per_s']:,.0f}", _met(goal))
        for goal in _goals(results)
    ]
    parts.append(write(("database", "transactions", "wanted", "measured", ""), goals))
    parts.append("Not run: " + "; ".join(NOT_RUN) + ".")
    return "\n\n".join(parts) + "\n"


def pasted(page: str, tables: str) -> str:
    """`page` with `tables` between the marks of this benchmark. Raises ValueError when it has none."""
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not end:
        raise ValueError(f"The page has no {_BEGIN.strip()} and {_END.strip()}.")
    return f"{before}{begin}{tables}{end}{after}"


def _machine() -> dict[str, object]:
    return machine() | {name: version(name.lower()) for name in ("SQLAlchemy", "psycopg", "cryptography")}


def _about(results: Results, repeat: int) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in _machine().items())
    return (
        f"{facts}.\nMedian of {repeat} round-robin repetitions; CPU seconds (user and system) of client and server; ratios are "
        "of rates a CPU second; memory is the largest growth of the client's peak RSS.\n"
        f"Sizes: {', '.join(f'{size:,}' for size in results.sizes)}."
    )


def _row(line: Line, results: Results) -> Sequence[str]:
    if not line.counts:
        return (line.name, f"{line.size:,}", line.status, *[""] * (len(_COLUMNS) - 4), line.note)
    ratios = (results.ratio(line, title) for title in RATIOS)
    return (
        line.name,
        f"{line.runs[0].count:,}",
        f"{line.per_s:,.0f}",
        f"{line.per_cpu_s:,.0f}",
        f"{line.wall_s:.2f}",
        f"{line.cpu_s:.2f}",
        f"{line.server_cpu_s:.2f}",
        *("" if ratio is None else shown(ratio) for ratio in ratios),
        f"{line.memory_mib:,.0f} MiB",
        line.note,
    )


def _curve(results: Results) -> Iterator[Sequence[str]]:
    for database in results.databases:
        for name in OURS:
            lines = [line for size in results.sizes if (line := results.find(database, name, size)) and line.counts]
            if not lines:
                continue
            told = {line.size: f"{line.per_cpu_s:,.0f}, {line.memory_mib:,.0f} MiB" for line in lines}
            ratio = (lines[-1].per_cpu_s or 0) / (lines[0].per_cpu_s or 1)
            yield (name, database, *(told.get(size, "") for size in results.sizes), shown(ratio))


def _goals(results: Results) -> Iterator[dict[str, object]]:
    """What the writer does, on every kind of database at every size; it was set for PostgreSQL."""
    for database in results.databases:
        for size in results.sizes:
            line = results.find(database, WRITE, size)
            if line and line.per_s is not None:
                met = line.per_s >= GOAL_PER_S
                yield {"database": database, "size": size, "decided_at": GOAL_SIZE, "per_s": line.per_s, "met": met}


def _met(goal: dict[str, object]) -> str:
    if goal["size"] == goal["decided_at"]:
        return "met" if goal["met"] else "NOT MET"
    return f"{'met' if goal['met'] else 'not met'} (set for {goal['decided_at']:,})"
