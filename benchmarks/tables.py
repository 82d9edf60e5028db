"""What lines say, for people (a terminal, a page) and for programs (JSON)."""

import time
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version

from benchmarks.lines import Line, Results
from benchmarks.report import as_markdown, as_plain, heading, machine, shown

FORMAT = 1
_BEFORE = ("per s", "per CPU s", "wall s", "CPU s", "of it server")


def as_json(
    results: Results, repeat: int, *, not_run: Sequence[str], goals: Iterable[dict[str, object]]
) -> dict[str, object]:
    """Everything that was measured, with where and on what."""
    return {
        "format": FORMAT,
        "taken_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": _machine(),
        "repeat": repeat,
        "sizes": results.sizes,
        "not_run": list(not_run),
        "results": [
            line.as_json() | {"ratios": {title: results.ratio(line, title) for title in results.ratios}}
            for line in results.all
        ],
        "goals": list(goals),
    }


def as_text(results: Results, repeat: int, *, ours: Sequence[str], items: str, markdown: bool) -> Iterator[str]:
    """The tables of each kind of database with its ratios, then the curve of `ours` over the sizes; `items` are counted."""
    write = as_markdown if markdown else as_plain
    yield _about(results, repeat)
    columns = ("", items, *_BEFORE, *results.ratios, "memory", "checked")
    for database in dict.fromkeys(line.database for line in results.all):
        yield heading(f"database: {database}", markdown=markdown)
        yield write(columns, [_row(line, results) for line in results.all if line.database == database])
    yield heading("From size to size: per CPU s, and memory", markdown=markdown)
    yield write(
        ("", "database", *(f"{size:,}" for size in results.sizes), "rate, last x first"), list(_curve(results, ours))
    )


def goals_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, markdown: bool) -> str:
    """Goals under their own head."""
    write = as_markdown if markdown else as_plain
    return f"{heading(title, markdown=markdown)}\n\n{write(columns, rows)}"


def met(*, is_met: bool, size: int, decided_at: int) -> str:
    """Whether a goal is met, in words; one that was set for another size is not decided."""
    if size == decided_at:
        return "met" if is_met else "NOT MET"
    return f"{'met' if is_met else 'not met'} (set for {decided_at:,})"


def pasted(page: str, tables: str, of: str) -> str:
    """`page` with `tables` between the marks of the benchmark `of`. Raises ValueError when it has none."""
    begin, end = f"<!-- results of {of} -->\n", f"<!-- end of the results of {of} -->\n"
    before, found, rest = page.partition(begin)
    _, ended, after = rest.partition(end)
    if not ended:
        raise ValueError(f"The page has no {begin.strip()} and {end.strip()}.")
    return f"{before}{found}{tables}{ended}{after}"


def _machine() -> dict[str, object]:
    return machine() | {name: version(name.lower()) for name in ("SQLAlchemy", "psycopg", "cryptography")}


def _about(results: Results, repeat: int) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in _machine().items())
    of_costs = [title for title, ratio in results.ratios.items() if ratio.costs]
    but = f", but {' and '.join(of_costs)} of CPU an item" if of_costs else ""
    return (
        f"{facts}.\nMedian of {repeat} round-robin repetitions; CPU seconds (user and system) of client and server; ratios are "
        f"of rates a CPU second{but}; memory is the largest growth of the client's peak RSS.\n"
        f"Sizes: {', '.join(f'{size:,}' for size in results.sizes)}."
    )


def _row(line: Line, results: Results) -> Sequence[str]:
    ratios = (results.ratio(line, title) for title in results.ratios)
    if not line.counts:
        return (line.name, f"{line.size:,}", line.status, *[""] * (len(_BEFORE) + len(results.ratios)), line.note)
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


def _curve(results: Results, ours: Sequence[str]) -> Iterator[Sequence[str]]:
    for database in results.databases:
        for name in ours:
            lines = [line for size in results.sizes if (line := results.find(database, name, size)) and line.counts]
            if not lines:
                continue
            told = {line.size: f"{line.per_cpu_s:,.0f}, {line.memory_mib:,.0f} MiB" for line in lines}
            ratio = (lines[-1].per_cpu_s or 0) / (lines[0].per_cpu_s or 1)
            yield (name, database, *(told.get(size, "") for size in results.sizes), shown(ratio))
