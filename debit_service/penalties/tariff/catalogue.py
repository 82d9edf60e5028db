"""The two tables that a fund may edit: reason codes (`reason_codes.py`) and, read here, config/penalty_rules.toml.

Penalty rules of one id that hold at the same time are refused. A version that was used stays what it was: what the file says
otherwise of it under the same name is not computed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.toml import as_model, read_toml
from debit_service.penalties.fault.reason_codes import ReasonCodes, load_reason_codes
from debit_service.penalties.tariff.amount import Circumstances, Computation, compute, stretches
from debit_service.penalties.tariff.rule import MAY_CHANGE, PenaltyRule

__all__ = ["PenaltyRules", "ReasonCodes", "load_penalty_rules", "load_reason_codes"]

REWRITTEN: Final = "config/penalty_rules.toml says something else of this version than when it was first used"
NEW_VERSION: Final = "Put its old text back; give the new one a new version, and end the old one with `valid_to`."


@dataclass(frozen=True, slots=True)
class PenaltyRules:
    """The penalty rules in the order of the file; `used` are those that were used, as they were then, `rewritten` those of which
    the file says something else by now."""

    rules: tuple[PenaltyRule, ...]
    used: tuple[PenaltyRule, ...] = ()
    rewritten: tuple[PenaltyRule, ...] = ()

    def get(self, rule_id: str, version: str) -> PenaltyRule:
        """That version of the rule, for recomputing: as it was first used. Raises NotFound `penalty_rule.unknown`."""
        for rule in (*self.used, *self.rules):
            if (rule.id, rule.version) == (rule_id, version):
                return rule
        raise NotFound("penalty_rule.unknown", f"There is no penalty rule {rule_id} of version {version}.")

    def as_used(self, used: Iterable[PenaltyRule]) -> "PenaltyRules":
        """The same, with those that were used as they were then; what a version may say otherwise is as the file says it now."""
        now = {(rule.id, rule.version): rule for rule in self.rules}
        then = [(one, now.get((one.id, one.version), one)) for one in used]
        return PenaltyRules(
            self.rules,
            tuple(was.model_copy(update={name: getattr(one, name) for name in MAY_CHANGE}) for was, one in then),
            tuple(one for was, one in then if was.figures() != one.figures()),
        )

    def in_force(self, rule_ids: Iterable[str], on: date) -> PenaltyRule:
        """The one rule among `rule_ids` that holds for a due date `on`.

        Raises Refused `penalty_rule.none`, `penalty_rule.several` or `penalty_rule.rewritten`: none is settled by guessing.
        """
        wanted = set(rule_ids)
        found = [rule for rule in self.rules if rule.id in wanted and rule.enabled and rule.in_force(on)]
        if not found:
            raise Refused("penalty_rule.none", f"No enabled penalty rule of {sorted(wanted)} is in force on {on}.")
        if len(found) > 1:
            names = ", ".join(f"{rule.id} {rule.version}" for rule in found)
            raise Refused("penalty_rule.several", f"Several penalty rules are in force on {on}: {names}.")
        return self._as_it_was(found[0])

    def _as_it_was(self, rule: PenaltyRule) -> PenaltyRule:
        if rule in self.rewritten:
            raise Refused(
                "penalty_rule.rewritten", f"{rule.id} {rule.version}: {REWRITTEN}.", place=rule.id, remedy=NEW_VERSION
            )
        return rule

    def taking_over(self, rule_ids: Iterable[str], rule: PenaltyRule, until: date) -> list[PenaltyRule]:
        """The later rules among `rule_ids` that charge periods of debts under `rule` by `until`, oldest first.

        Raises Refused `penalty_rule.rewritten`.
        """
        wanted = set(rule_ids)
        after = rule.valid_from or date.min
        found = [
            one
            for one in self.rules
            if one.id in wanted and one.enabled and one.transition == "by_period"
            if one.valid_from and after < one.valid_from <= until
        ]
        return [self._as_it_was(one) for one in sorted(found, key=lambda one: one.valid_from or date.min)]

    def computed_again(self, inputs: Mapping[str, Any]) -> Computation:
        """What the stored `inputs` of a computation give: the same, to the cent. Raises what `get` and `compute` raise."""
        return compute(**self.taken(inputs))

    def taken(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """What `compute` takes, by name, from the stored `inputs` of a computation. Raises what `get` raises."""
        circumstances = dict(inputs["circumstances"])
        for key in ("formal_notice_on", "claim_term_ends_on"):
            circumstances[key] = circumstances[key] and date.fromisoformat(circumstances[key])
        return {
            "rule": self.get(inputs["rule_id"], inputs["rule_version"]),
            "base_minor": inputs["base_minor"],
            "currency": inputs["currency"],
            "clock_start": date.fromisoformat(inputs["clock_start"]),
            "until": date.fromisoformat(inputs["until"]),
            "circumstances": Circumstances(**circumstances),
            "payments": [(date.fromisoformat(day), minor) for day, minor in inputs.get("payments", [])],
            "not_counted": stretches(inputs, "not_counted"),
            "others_days": stretches(inputs, "others_days"),
            "later": [self.get(*one) for one in inputs.get("later", [])],
        }

    def __iter__(self) -> Iterator[PenaltyRule]:
        return iter(self.rules)


class _RuleFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rule: tuple[PenaltyRule, ...]


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
