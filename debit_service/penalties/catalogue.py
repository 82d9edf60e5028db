"""Reads config/reason_codes.csv and config/penalty_rules.toml, the two tables a fund may edit.

It refuses what could penalise by mistake: a code that is defined twice for one code set, a row that penalises without a context
rule, an unknown party or rule, and penalty rules of one id that hold at the same time.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.toml import as_model, read_toml
from debit_service.penalties.tariff import PenaltyRule
from debit_service.penalties.values import Certainty, ContextRule, Effect, Party, ReasonCode

_CODE_SETS: dict[str, Literal["B", "R", "S"]] = {"B": "B", "R": "R", "S": "S"}
# "ctx" in the table means that the code alone says nothing about the party: the context decides.
_CERTAINTY = {"high": Certainty.HIGH, "med": Certainty.MEDIUM, "low": Certainty.LOW, "ctx": Certainty.LOW}
# "HOMONYM" reminds the reader that the other code set gives this code another meaning; the key takes care of it.
_NO_CONTEXT_RULE = frozenset({"-", "HOMONYM"})


@dataclass(frozen=True, slots=True)
class ReasonCodes:
    """The reason codes by code and code set."""

    rows: Mapping[tuple[str, str], ReasonCode]

    def find(self, code: str, code_set: Literal["S", "R"]) -> ReasonCode | None:
        """The row for `code` in `code_set`: its own, else the one for both sets, else None (a person decides)."""
        return self.rows.get((code, code_set)) or self.rows.get((code, "B"))

    def __iter__(self) -> Iterator[ReasonCode]:
        return iter(self.rows.values())


@dataclass(frozen=True, slots=True)
class PenaltyRules:
    """The penalty rules in the order of the file."""

    rules: tuple[PenaltyRule, ...]

    def get(self, rule_id: str, version: str) -> PenaltyRule:
        """That version of the rule, for recomputing. Raises NotFound `penalty_rule.unknown`."""
        for rule in self.rules:
            if (rule.id, rule.version) == (rule_id, version):
                return rule
        raise NotFound("penalty_rule.unknown", f"There is no penalty rule {rule_id} of version {version}.")

    def in_force(self, rule_ids: Iterable[str], on: date) -> PenaltyRule:
        """The one rule among `rule_ids` that holds for a due date `on`.

        Raises Refused `penalty_rule.none` or `penalty_rule.several`: neither is settled by guessing.
        """
        wanted = set(rule_ids)
        found = [rule for rule in self.rules if rule.id in wanted and rule.enabled and rule.in_force(on)]
        if not found:
            raise Refused("penalty_rule.none", f"No enabled penalty rule of {sorted(wanted)} is in force on {on}.")
        if len(found) > 1:
            names = ", ".join(f"{rule.id} {rule.version}" for rule in found)
            raise Refused("penalty_rule.several", f"Several penalty rules are in force on {on}: {names}.")
        return found[0]

    def __iter__(self) -> Iterator[PenaltyRule]:
        return iter(self.rules)


class _RuleFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rule: tuple[PenaltyRule, ...]


def load_reason_codes(path: Path) -> ReasonCodes:
    """The table of reason codes. Raises NotFound `config.missing` or InvalidInput `reason_codes.*` with the line."""
    rows: dict[tuple[str, str], ReasonCode] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for line, cells in enumerate(csv.DictReader(file), start=2):
                row = _reason_code(cells, f"{path}:{line}")
                if (row.code, row.code_set) in rows:
                    raise InvalidInput("reason_codes.twice", f"{row.code} is defined twice.", place=f"{path}:{line}")
                rows[row.code, row.code_set] = row
    except FileNotFoundError:
        raise NotFound("config.missing", "This configuration file does not exist.", place=str(path)) from None
    for code, code_set in rows:
        if code_set == "B" and {(code, "R"), (code, "S")} & rows.keys():
            raise InvalidInput("reason_codes.twice", f"{code} stands for both sets and for one.", place=str(path))
    return ReasonCodes(rows)


def load_penalty_rules(path: Path) -> PenaltyRules:
    """The penalty rules. Raises NotFound or InvalidInput `config.*`, or InvalidInput `penalty_rule.overlap`."""
    rules = as_model(_RuleFile, read_toml(path), path).rule
    for index, rule in enumerate(rules):
        if any(other.id == rule.id and _overlap(other, rule) for other in rules[:index]):
            raise InvalidInput(
                "penalty_rule.overlap",
                f"Two versions of {rule.id} hold at the same time.",
                place=str(path),
                remedy="End the older one with `valid_to` on the day before the newer one's `valid_from`.",
            )
    return PenaltyRules(rules)


def _overlap(one: PenaltyRule, other: PenaltyRule) -> bool:
    starts = max(one.valid_from or date.min, other.valid_from or date.min)
    return starts <= min(one.valid_to or date.max, other.valid_to or date.max)


def _reason_code(cells: Mapping[str, str], place: str) -> ReasonCode:
    try:
        row = ReasonCode(
            code=cells["code"],
            code_set=_CODE_SETS[cells["code_set"]],
            name=cells["iso_name"],
            parties=tuple(Party(each) for each in cells["party_default"].split("|")),
            effect=Effect(cells["penalty_effect"]),
            certainty=_CERTAINTY[cells["confidence"]],
            action=cells["action"],
            context_rule=None if cells["context_rule"] in _NO_CONTEXT_RULE else ContextRule(cells["context_rule"]),
        )
    except (KeyError, ValueError) as error:
        raise InvalidInput("reason_codes.malformed", f"This row is not understood: {error}.", place=place) from None
    if row.effect is Effect.PENALISE and row.context_rule is None:
        raise InvalidInput(
            "reason_codes.unguarded",
            f"{row.code} would penalise without a context rule that looks at the evidence.",
            place=place,
            remedy="Name its context rule, or set the effect to HOLD.",
        )
    return row
