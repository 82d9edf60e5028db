"""The day of a re-presentation against a fixed rule and against a bound that nobody can pass: simulated employers, same days.

Whether an account has the money on a day is drawn once for each employer and day, so that every policy meets the same world; it
learns from its own debits alone. The bound looks at those draws: it takes the first day on which the money is there.
`.venv/bin/python benchmarks/retry_day.py --help`.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from statistics import fmean, stdev

from benchmarks.report import pasted
from debit_service.collections.retry_day import DAYS_MAX, Chosen, Past, choose_day
from debit_service.core.calendar import Calendar, load_calendar
from debit_service.core.settings import PROJECT

FIRST_DAY, MONTHS, LEARNING_MONTHS = date(2024, 1, 1), 36, 12
#: From the failure to the first possible day: days of notice and lead time; and to the day of the fixed rule, open days.
NOTICES, FIXED_OPEN_DAYS = (3, 14), 5
#: What is never paid by a debit is paid by other means, so many days after it fell due.
OTHER_MEANS_DAYS, FEE_MINOR = 60, 50_000
POLICIES = ("fixed", "history", "bound")

Funded = Callable[[date], float]


@dataclass(slots=True)
class Tally:
    """What became of the re-presentations of one kind of employer under one policy."""

    kind: str
    notice_days: int
    policy: str
    presented: int = 0
    succeeded: int = 0
    by_history: int = 0
    fees_minor: int = 0
    days_until_paid: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class World:
    """One employer: code of the failure for each day on which a debit fails."""

    due_day: int
    fails: dict[date, str]


def paid_once_a_month(draw: Random) -> Funded:
    """Customers pay on one day of the month; the money lasts 7 to 14 days."""
    begin, lasts = draw.randrange(28), draw.randint(7, 14)
    return lambda day: 0.95 if (day.day - 1 - begin) % 30 < lasts else 0.15


def paid_every_week(draw: Random) -> Funded:
    """Takings come on one weekday, and last two or three days."""
    begin, lasts = draw.randrange(7), draw.randint(2, 3)
    return lambda day: 0.9 if (day.weekday() - begin) % 7 < lasts else 0.3


def no_pattern(_: Random) -> Funded:
    """Six of ten, on any day."""
    return lambda _: 0.6


def seasonal(draw: Random) -> Funded:
    """Four bad months a year, and the day does not matter."""
    begin = draw.randrange(12)
    return lambda day: 0.25 if (day.month - 1 - begin) % 12 < 4 else 0.85


def poor(_: Random) -> Funded:
    """Two of ten, on any day."""
    return lambda _: 0.2


def moving(draw: Random) -> Funded:
    """Paid once a month, and after the time of learning half a month later: what was learned is wrong."""
    before, after = draw.randrange(28), 0
    after = (before + 15) % 28
    turns = FIRST_DAY.replace(year=FIRST_DAY.year + 1, month=7)
    return lambda day: 0.95 if (day.day - 1 - (before if day < turns else after)) % 30 < 10 else 0.15


def technical(_: Random) -> Funded:
    """The money is there; three of ten debits fail at a bank or in the clearing."""
    return lambda _: 0.7


KINDS: dict[str, Callable[[Random], Funded]] = {
    "paid once a month": paid_once_a_month,
    "paid every week": paid_every_week,
    "no pattern": no_pattern,
    "seasonal": seasonal,
    "poor": poor,
    "moving": moving,
    "technical": technical,
}


def world(kind: str, draw: Random) -> World:
    """An employer of `kind`, with what happens on each day."""
    funded, due_day = KINDS[kind](draw), draw.choice((5, 15, 20, 28))
    code = "DS28" if kind == "technical" else "AM04"
    days = (FIRST_DAY + timedelta(days=number) for number in range(31 * (MONTHS + 3)))
    return World(due_day, {day: code for day in days if draw.random() >= funded(day)})


def live(one: World, tally: Tally, calendar: Calendar) -> None:
    """All months of one employer under the policy of `tally`; what happens while it learns does not count."""
    history: list[Past] = []
    for month in range(MONTHS):
        due = calendar.preceding_open(date(FIRST_DAY.year + month // 12, month % 12 + 1, one.due_day))
        code = one.fails.get(due)
        history.append(Past(due, code is None, code))
        if code is None:
            continue
        chosen = _day_again(one, tally, history, due, calendar)
        second = one.fails.get(chosen.day)
        history.append(Past(chosen.day, second is None, second))
        if month >= LEARNING_MONTHS:
            tally.presented += 1
            tally.succeeded += second is None
            tally.by_history += chosen.by_history
            tally.fees_minor += FEE_MINOR * (1 if second is None else 2)
            tally.days_until_paid.append((chosen.day - due).days if second is None else OTHER_MEANS_DAYS)


def _day_again(one: World, tally: Tally, history: Sequence[Past], due: date, calendar: Calendar) -> Chosen:
    earliest = calendar.following_open(due + timedelta(days=tally.notice_days))
    fixed = max(calendar.add_open_days(due, FIXED_OPEN_DAYS), earliest)
    if tally.policy == "history":
        return choose_day(history, one.fails[due], earliest, fixed, calendar)
    if tally.policy == "fixed":
        return Chosen(fixed, "", by_history=False)
    days = [earliest + timedelta(days=number) for number in range(DAYS_MAX + 1)]
    paid = (day for day in days if day not in one.fails and calendar.is_open(day))
    return Chosen(next(paid, fixed), "", by_history=False)


def simulate(employers: int, seeds: Sequence[int], calendar: Calendar) -> list[dict[str, object]]:
    """A row for each kind, notice and policy: means over the seeds."""
    rows = []
    for notice_days in NOTICES:
        for kind in KINDS:
            by_policy: dict[str, list[Tally]] = {}
            for policy in POLICIES:
                by_policy[policy] = tallies = []
                for seed in seeds:
                    draw, tally = Random(f"{seed} {kind}"), Tally(kind, notice_days, policy)
                    for _ in range(employers):
                        live(world(kind, draw), tally, calendar)
                    tallies.append(tally)
            rows += [_row(tallies, by_policy["fixed"]) for tallies in by_policy.values()]
    return rows


def _row(tallies: Sequence[Tally], fixed: Sequence[Tally]) -> dict[str, object]:
    shares = [_share(one) for one in tallies]
    gains = [_share(one) - _share(other) for one, other in zip(tallies, fixed, strict=True)]
    presented = sum(one.presented for one in tallies)
    first = asdict(tallies[0])
    return {key: first[key] for key in ("kind", "notice_days", "policy")} | {
        "presented": presented,
        "succeeded_percent": fmean(shares),
        "gain_points": fmean(gains),
        "gain_error": stdev(gains) / len(gains) ** 0.5 if len(gains) > 1 else None,
        "by_history_percent": 100 * sum(one.by_history for one in tallies) / presented,
        "days_until_paid": fmean(day for one in tallies for day in one.days_until_paid),
        "fees_minor_each": sum(one.fees_minor for one in tallies) / presented,
    }


def _share(one: Tally) -> float:
    return 100 * one.succeeded / one.presented


def as_table(rows: Sequence[dict[str, object]]) -> str:
    """The rows as Markdown, which a terminal shows, too."""
    columns = ("kind", "notice", "policy", "presented again", "succeeded", "gain (points)", "by history",
               "days until paid", "fees each")  # fmt: skip
    lines: list[Sequence[str]] = [columns, ["---"] * 3 + ["---:"] * (len(columns) - 3)]
    for row in rows:
        error = "" if row["gain_error"] is None else f" ± {row['gain_error']:.1f}"
        gain = "" if row["policy"] == "fixed" else f"{row['gain_points']:+.1f}{error}"
        lines.append(
            (
                str(row["kind"]),
                f"{row['notice_days']} days",
                str(row["policy"]),
                f"{row['presented']:,}",
                f"{row['succeeded_percent']:.1f} %",
                gain,
                f"{row['by_history_percent']:.0f} %" if row["policy"] == "history" else "",
                f"{row['days_until_paid']:.1f}",
                f"{float(str(row['fees_minor_each'])) / 100:.0f}",
            )
        )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def main() -> int:
    """Simulate what the arguments ask for and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--employers", type=int, default=200, help="of each kind, for each seed (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=5, help="how many worlds (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="write the rows there, too")
    parser.add_argument("--page", type=Path, help="paste the table between the marks of this page")
    arguments = parser.parse_args()
    rows = simulate(arguments.employers, range(arguments.seeds), load_calendar("DZ", PROJECT / "config"))
    table = as_table(rows)
    print(table)
    if arguments.json:
        asked = {"employers": arguments.employers, "seeds": arguments.seeds}
        arguments.json.write_text(json.dumps(asked | {"rows": rows}, indent=1), encoding="utf-8")
    if arguments.page:
        page = arguments.page.read_text(encoding="utf-8")
        arguments.page.write_text(pasted(page, table), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
