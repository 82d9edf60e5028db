"""ISO 20022 at speed, beside peers and floors, in one run on the same data: `.venv/bin/python benchmarks/iso20022.py --help`.

All competitors of one input take turns (round robin), each run in a process of its own, so that a busy machine disturbs
all of them alike; only ratios within one run mean something. An output that is not right does not count. The exit code is 1
when an output was wrong or a run failed; goals that are not met are shown, and do not fail.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import checks, report
from benchmarks.checks import Wrong
from benchmarks.contests import CONTESTS, GROUPS, LARGE, Competitor, Contest
from benchmarks.data import total_minor
from benchmarks.environment import peers_python
from benchmarks.measure import WARM_UP_SIZE, Failed, Job, Measurement, run
from benchmarks.results import Result, Results


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is asked for. `peers` is the peers' interpreter, or why there is none."""

    sizes: list[int]
    groups: list[str]
    repeat: int
    everything: bool
    peers: Path | str
    folder: Path

    def reason_to_skip(self, competitor: Competitor, size: int) -> str | None:
        """Why this competitor is not run at this size, if it is not."""
        if competitor.role == "peer" and isinstance(self.peers, str):
            return self.peers
        if competitor.size_max is not None and size > competitor.size_max and not self.everything:
            return f"too slow or hungry beyond {competitor.size_max:,}; --everything runs it"
        return None

    def python(self, competitor: Competitor) -> Path:
        """The interpreter that has this competitor."""
        return self.peers if competitor.role == "peer" and isinstance(self.peers, Path) else Path(sys.executable)


def main() -> int:
    """Run what the arguments ask for, print it, and give the exit code."""
    arguments = _arguments()
    if arguments.markdown:
        report.pasted(
            arguments.markdown.read_text(encoding="utf-8"), ""
        )  # a page without marks is refused before the work
    with tempfile.TemporaryDirectory(prefix="debit-bench-", dir=arguments.folder) as folder:
        settings = Settings(
            arguments.sizes,
            arguments.only,
            arguments.repeat,
            arguments.everything,
            "left out by --no-peers" if arguments.no_peers else _peers(arguments.only),
            Path(folder),
        )
        results = Results(_run_all(settings))
    _publish(results, arguments)
    return int(any(result.status in {"wrong", "failed"} for result in results.all))


def _publish(results: Results, arguments: argparse.Namespace) -> None:
    if arguments.json:
        told = json.dumps(report.as_json(results, arguments.repeat), indent=1)
        arguments.json.write_text(told + "\n", encoding="utf-8")
    if arguments.markdown:
        page = arguments.markdown.read_text(encoding="utf-8")
        tables = report.as_text(results, arguments.repeat, markdown=True)
        arguments.markdown.write_text(report.pasted(page, tables), encoding="utf-8")
    print(report.as_text(results, arguments.repeat, markdown=False), end="")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="ISO 20022 at speed, beside peers and floors.")
    parser.add_argument(
        "--sizes", type=_sizes, default=[10_000, 100_000], help="transactions, such as 10000,100000,1000000"
    )
    parser.add_argument("--only", type=_groups, default=list(GROUPS), help=f"some of {','.join(GROUPS)}")
    parser.add_argument("--repeat", type=_positive, default=3, help="repetitions (default: 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    parser.add_argument(
        "--markdown", type=Path, metavar="PAGE", help="put the tables into a page, such as docs/benchmarks.md"
    )
    parser.add_argument("--no-peers", action="store_true", help="install and run nothing of others")
    parser.add_argument("--everything", action="store_true", help="run slow and hungry ones at every size, too")
    parser.add_argument("--folder", type=Path, help="where the files go for a while (4 GB at 1,000,000)")
    return parser.parse_args()


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)


def _sizes(text: str) -> list[int]:
    return sorted({_positive(size) for size in text.split(",")})


def _groups(text: str) -> list[str]:
    groups = text.split(",")
    if unknown := set(groups) - set(GROUPS):
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: choose from {', '.join(GROUPS)}")
    return groups


def _peers(groups: list[str]) -> Path | str:
    """The peers' interpreter, or why there is none. Nothing is installed for groups in which no peer competes."""
    roles = {competitor.role for contest in CONTESTS if contest.group in groups for competitor in contest.competitors}
    if "peer" not in roles:
        return "no peer competes"
    try:
        return peers_python()
    except subprocess.CalledProcessError as error:
        return f"could not be installed: {(error.stderr.strip().splitlines() or ['no reason given'])[-1]}"


def _run_all(settings: Settings) -> Iterator[Result]:
    for contest in CONTESTS:
        if contest.group in settings.groups:
            for size in settings.sizes:
                yield from _compete(contest, size, settings)


def _compete(contest: Contest, size: int, settings: Settings) -> list[Result]:
    """One input of one size: everybody in turn, as often as was asked for."""
    _say(f"{contest.group} {contest.message}, {size:,}")
    source, warm_up = (settings.folder / name for name in ("input.xml", "few.xml"))
    results = [Result(contest.group, contest.message, each.name, each.role, size) for each in contest.competitors]
    try:
        _make(contest, source, size)
        _make(contest, warm_up, min(WARM_UP_SIZE, size))
    except Failed as error:
        for result in results:
            result.status, result.note = "failed", f"there is no input: {error}"
        return results
    for _ in range(settings.repeat):
        for competitor, result in zip(contest.competitors, results, strict=True):
            _take_turn(contest, competitor, result, settings)
    source.unlink(missing_ok=True)
    return results


def _make(contest: Contest, path: Path, size: int) -> None:
    """The input file, where there is one. A pain.008 that is read or validated is one that this library has written."""
    if contest.make is not None:
        contest.make(path, size)
    elif not contest.is_written:
        run(Path(sys.executable), Job("benchmarks.lanes.ours_write:write", size, True, "", "", str(path)))


def _take_turn(contest: Contest, competitor: Competitor, result: Result, settings: Settings) -> None:
    if result.status != "ok":
        return
    reason = settings.reason_to_skip(competitor, result.size)
    if reason is not None:
        result.status, result.note = "not run", reason
        return
    target = settings.folder / "output.xml"
    job = Job(
        lane=f"benchmarks.lanes.{competitor.lane}",
        size=result.size,
        is_writer=contest.is_written,
        source=str(settings.folder / "input.xml"),
        warm_up=str(settings.folder / "few.xml"),
        target=str(target),
    )
    try:
        measured = run(settings.python(competitor), job)
        result.note = _check(measured, target, result, is_written=contest.is_written)
        result.runs.append(measured)
    except (Failed, Wrong) as error:
        result.status, result.note = "failed" if isinstance(error, Failed) else "wrong", str(error)
    finally:
        target.unlink(missing_ok=True)
    _say(f"  {competitor.name}: {result.note if result.status != 'ok' else f'{measured.cpu_s:.3f} CPU s'}")


def _check(measured: Measurement, target: Path, result: Result, *, is_written: bool) -> str:
    """Whether this run may count; the schema only once, and only where it takes seconds. Raises Wrong."""
    total = total_minor(result.size)
    if is_written:
        by_schema = not result.runs and result.size <= LARGE
        looked = checks.check_written(target, result.size, total, by_schema=by_schema)
        return result.note or looked
    return checks.check_read(measured, result.size, total)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
