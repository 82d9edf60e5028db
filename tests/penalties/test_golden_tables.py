"""The golden tables: worked examples of every rule, in words that a lawyer can check; every row is computed again."""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from penalty_cases import RULES

from debit_service.core.money import format_minor, parse_minor
from debit_service.penalties.tariff.amount import AmountStep, Circumstances, Computation, compute
from debit_service.penalties.tariff.catalogue import PenaltyRules, load_penalty_rules
from debit_service.penalties.tariff.relief import Off, relieved_minor
from debit_service.penalties.tariff.rule import PenaltyRule
from debit_service.penalties.tariff.rules_page import page

FOLDER = Path(__file__).parent / "golden"
PAGE = Path(__file__).parents[2] / "docs" / "penalty-rules.md"
SHAPES = load_penalty_rules(FOLDER / "shapes.toml")
_CIRCUMSTANCES: dict[str, tuple[str, Any]] = {
    "employees": ("heads", int),
    "demanded by a letter of its own": ("demanded_separately", lambda text: text == "yes"),
    "declared in time": ("declared_in_time", lambda text: text == "yes"),
    "formal notice": ("formal_notice_on", date.fromisoformat),
    "claim's payment term ends": ("claim_term_ends_on", date.fromisoformat),
}
_RELIEF = re.compile(r"(?:[a-z ]+?) (?:(?P<percent>[0-9.]+)%)?(?: at most )?(?P<amount>[0-9]+\.[0-9]{2})?$")


@dataclass(frozen=True, slots=True)
class Example:
    """One row of a table."""

    table: str
    cells: dict[str, str]

    def __str__(self) -> str:
        rule, due, until, why = (self.cells[one] for one in ("rule", "due date", "paid or today", "why"))
        return f"{self.table}: {rule} due {due} by {until}, {why}"

    @property
    def rules(self) -> PenaltyRules:
        return SHAPES if self.table == "shapes" else RULES

    @property
    def rule(self) -> PenaltyRule:
        name, _, version = self.cells["rule"].partition(" ")
        return next(one for one in self.rules if one.id == name and version in ("", one.version))

    def parts(self, column: str) -> list[str]:
        return [part.strip() for part in self.cells[column].split(";") if part.strip()]

    def minor(self, text: str) -> int:
        return parse_minor(text, self.rule.currency)

    def computed(self) -> Computation:
        rule, until = self.rule, date.fromisoformat(self.cells["paid or today"])
        stretches = [one.split(" to ") for one in self.parts("days that do not count")]
        return compute(
            rule,
            self.minor(self.cells["owed"]),
            rule.currency,
            date.fromisoformat(self.cells["due date"]),
            until,
            circumstances(self.parts("circumstances")),
            [
                (date.fromisoformat(day), self.minor(amount))
                for day, amount in map(str.split, self.parts("paid in part"))
            ],
            not_counted=[
                (date.fromisoformat(first), None if last == "-" else date.fromisoformat(last))
                for first, last in stretches
            ],
            later=self.rules.taking_over([rule.id], rule, until),
        )

    def reliefs(self) -> Iterable[Off]:
        for one in self.parts("relief"):
            said = _RELIEF.fullmatch(one)
            assert said, one
            percent, amount = said["percent"], said["amount"]
            yield Off(int(float(percent) * 100) if percent else None, self.minor(amount) if amount else None)


def circumstances(said: Iterable[str]) -> Circumstances:
    found = {}
    for one in said:
        words, _, value = one.rpartition(" ")
        name, read = _CIRCUMSTANCES[words]
        found[name] = read(value)
    return Circumstances(**found)


def told(steps: Iterable[AmountStep], currency: str) -> str:
    """The steps as the tables write them: key, first day, amount; days together, as one."""
    lines = []
    for daily, group in groupby(steps, key=lambda step: step.step_key.startswith("day-")):
        those = list(group)
        if daily:
            total = format_minor(sum(step.amount_minor for step in those), currency)
            lines.append(f"{those[0].step_key} to {those[-1].step_key} {total}")
        else:
            lines += [
                f"{step.step_key} from {step.from_date} {format_minor(step.amount_minor, currency)}" for step in those
            ]
    return "; ".join(lines)


EXAMPLES = [
    Example(path.stem, row)
    for path in sorted(FOLDER.glob("*.csv"))
    for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())
]


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_a_worked_example(example: Example) -> None:
    result, currency = example.computed(), example.rule.currency
    left = result.total_minor - relieved_minor(result.total_minor, example.reliefs())
    assert {
        "steps": told(result.steps, currency),
        "total": format_minor(result.total_minor, currency),
        "to pay": format_minor(left, currency),
    } == {column: example.cells[column] for column in ("steps", "total", "to pay")}
    assert example.rules.computed_again(result.inputs) == result


def test_the_tables_cover_every_shipped_rule_and_every_shape() -> None:
    assert {example.rule.id for example in EXAMPLES} == {rule.id for rule in [*RULES, *SHAPES]}


def test_the_page_for_lawyers_says_what_the_rules_compute() -> None:
    """Make it again: debit penalties rules --out docs/penalty-rules.md"""
    assert PAGE.read_text(encoding="utf-8") == page(RULES)
    assert all(f"## {rule.id}, version {rule.version}" in page(SHAPES) for rule in SHAPES)
