"""The penalty rules as they were first used: kept in the database, because a file can be edited without a trace."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select

from debit_service.core import audit
from debit_service.core.database import in_turn
from debit_service.core.work import Work
from debit_service.penalties.models import PenaltyRuleUsed
from debit_service.penalties.tariff.catalogue import NEW_VERSION, REWRITTEN, PenaltyRules
from debit_service.penalties.tariff.rule import PenaltyRule


def as_used(work: Work, rules: PenaltyRules) -> PenaltyRules:
    """These rules, those that were used before with the text that they had then."""
    return rules.as_used(PenaltyRule.model_validate(one.text) for one in work.session.scalars(select(PenaltyRuleUsed)))


def keep(work: Work, rules: PenaltyRules, names: Iterable[Sequence[str]]) -> None:
    """Keep the text of each of these (rule, version) that was not used before.

    What older releases computed under a version kept no text: it is the one that is known when it is first assessed again.
    """
    for rule_id, version in names:
        if work.session.get(PenaltyRuleUsed, (rule_id, version)) is None:
            _keep(work, rules.get(rule_id, version))


def _keep(work: Work, rule: PenaltyRule) -> None:
    name = (rule.id, rule.version)
    # Another fund may have the same rule; who holds the log is alone with it (PostgreSQL).
    in_turn(work.session, audit.LOG)
    if work.session.get(PenaltyRuleUsed, name) is None:
        text = rule.model_dump(mode="json")
        one = PenaltyRuleUsed(rule_id=rule.id, version=rule.version, text=text, first_used_at=work.now(), held_why=None)
        work.session.add(one)
        work.session.flush()
        audit.record(work, "penalty_rule.first_used", " ".join(name), figures=rule.figures())


def hold(work: Work, rules: PenaltyRules, found: Mapping[tuple[str, str], str | None]) -> None:
    """Note by which rules nothing new is computed, and why: those whose text was edited, and what was `found` (rule and version
    -> why; None: it is computed)."""
    held = dict(found) | {(one.id, one.version): REWRITTEN for one in rules.rewritten}
    keep(work, rules, [name for name, why in held.items() if why])
    for one in work.session.scalars(select(PenaltyRuleUsed)):
        name = (one.rule_id, one.version)
        why = held.get(name, None if one.held_why == REWRITTEN else one.held_why)
        if why != one.held_why:
            one.held_why = why
            audit.record(work, "penalty_rule.held" if why else "penalty_rule.released", " ".join(name), why=why)


def held(work: Work) -> list[tuple[str, str]]:
    """The rules by which nothing new is computed, each with the reason and what to do."""
    query = select(PenaltyRuleUsed).where(PenaltyRuleUsed.held_why.is_not(None))
    found = work.session.scalars(query.order_by(PenaltyRuleUsed.rule_id, PenaltyRuleUsed.version))
    remedy = {REWRITTEN: f"{REWRITTEN}. {NEW_VERSION}"}
    return [(f"{one.rule_id} {one.version}", remedy.get(str(one.held_why), str(one.held_why))) for one in found]
