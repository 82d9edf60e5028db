"""Results for people (a terminal, a page) and for programs (JSON)."""

import os
import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import version

from lxml import etree

from benchmarks.contests import CONTESTS, NOT_RUN, Contest
from benchmarks.environment import PEERS
from benchmarks.results import Result, Results, Verdict, verdicts

FORMAT = 1
_COLUMNS = ("", "transactions", "per CPU s", "CPU s", "x peer", "x floor", "memory", "output checked")
_BEGIN, _END = "<!-- results -->\n", "<!-- end of results -->\n"
_GOAL_COLUMNS = ("goal", "transactions", "wanted", "measured", "")


def as_json(results: Results, repeat: int) -> dict[str, object]:
    """Everything that was measured, with where and on what."""
    return {
        "format": FORMAT,
        "taken_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": machine(),
        "peers": list(PEERS),
        "repeat": repeat,
        "sizes": results.sizes,
        "not_run": list(NOT_RUN),
        "results": [item.as_json() for item in results.all],
        "goals": [asdict(verdict) for verdict in verdicts(results)],
    }


def machine() -> dict[str, object]:
    """What the numbers depend on."""
    return {
        "cpus": os.cpu_count(),
        "platform": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "lxml": version("lxml"),
        "libxml2": ".".join(map(str, etree.LIBXML_VERSION)),
        "debit-service": version("debit-service"),
    }


def as_text(results: Results, repeat: int, *, markdown: bool) -> str:
    """Tables: every input with its ratios, then the goals."""
    write = as_markdown if markdown else as_plain
    parts = [_about(results, repeat)]
    for contest in CONTESTS:
        if rows := list(_rows(contest, results)):
            against = ", ".join(f"{kind} is {name}" for kind, name in _references(contest))
            parts.append(
                heading(f"{contest.group}: {contest.message}", markdown=markdown) + (against and f"\n{against}")
            )
            parts.append(write(_COLUMNS, rows))
    parts.append(heading("Goals", markdown=markdown))
    parts.append(write(_GOAL_COLUMNS, [_goal(verdict) for verdict in verdicts(results)]))
    parts.append("Not run in any table: " + "; ".join(NOT_RUN) + ".")
    return "\n\n".join(parts) + "\n"


def pasted(page: str, tables: str) -> str:
    """`page` with `tables` between its marks. Raises ValueError when it has none."""
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not end:
        raise ValueError(f"The page has no {_BEGIN.strip()} and {_END.strip()}.")
    return f"{before}{begin}{tables}{end}{after}"


def _about(results: Results, repeat: int) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in machine().items())
    return (
        f"{facts}.\nMedian of {repeat} round-robin repetitions; CPU seconds (user and system) around the work; "
        f"memory is the largest growth of peak RSS. Sizes: {', '.join(f'{size:,}' for size in results.sizes)}."
    )


def _references(contest: Contest) -> Iterator[tuple[str, str]]:
    if contest.peer:
        yield "peer", contest.peer
    if contest.floor:
        yield "floor", contest.floor


def _rows(contest: Contest, results: Results) -> Iterator[Sequence[str]]:
    for item in results.all:
        if (item.group, item.message) == (contest.group, contest.message):
            yield _row(contest, item, results)


def _row(contest: Contest, item: Result, results: Results) -> Sequence[str]:
    if not item.counts:
        return (item.competitor, f"{item.size:,}", item.status, "", "", "", "", item.note)
    ratios = (results.ratio(contest, item.competitor, other, item.size) for other in (contest.peer, contest.floor))
    return (
        item.competitor,
        f"{item.size:,}",
        f"{item.rate:,.0f}",
        f"{item.cpu_s:.3f}",
        *("" if ratio is None else shown(ratio) for ratio in ratios),
        f"{item.memory_mib:,.0f} MiB",
        item.note,
    )


def _goal(verdict: Verdict) -> Sequence[str]:
    is_memory = verdict.unit == "MiB"
    wanted = f"<= {verdict.target:g} MiB" if is_memory else f">= {verdict.target:g}"
    value = "" if verdict.value is None else shown(verdict.value)
    met = {None: "not measured", True: "met", False: "NOT MET"}[verdict.met]
    if verdict.size != verdict.decided_at:
        met = f"{met.lower()} (set for {verdict.decided_at:,})"
    return (verdict.goal, f"{verdict.size:,}", wanted, value, met)


def shown(value: float) -> str:
    """Two significant decimals below ten, one above."""
    return f"{value:.2f}" if value < 10 else f"{value:,.1f}"


def heading(text: str, *, markdown: bool) -> str:
    """The head of a table, for a page or a terminal."""
    return f"### {text}" if markdown else f"{text}\n{'=' * len(text)}"


def as_plain(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Names and remarks, which stand first and last, to the left; numbers to the right."""
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    last = len(widths) - 1
    lines = []
    for row in (columns, *rows):
        cells = enumerate(zip(row, widths, strict=True))
        aligned = (cell.rjust(width) if 0 < index < last else cell.ljust(width) for index, (cell, width) in cells)
        lines.append("  ".join(aligned).rstrip())
    return "\n".join(lines)


def as_markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table for a page."""
    lines = (columns, ["---"] * len(columns), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
