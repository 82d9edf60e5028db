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


def hold(work: Work, rules: PenaltyRules, fund_id: str, found: Mapping[tuple[str, str], str | None]) -> None:
    """Note by which rules nothing new is computed, and why: those whose text was edited, and what was `found` at this fund (rule
    and version -> why; None: it is computed). What another fund found of a rule that it has too, stays until that one finds
    otherwise.
    """
    found = {name: f"{fund_id}: {why}" if why else None for name, why in found.items()}
    held = found | {(one.id, one.version): REWRITTEN for one in rules.rewritten}
    keep(work, rules, [name for name, why in held.items() if why])
    if not _changed(work, fund_id, held):
        return
    # As everybody does, the log before what all funds share; what another one has noted since is read again.
    in_turn(work.session, audit.LOG)
    for one, why in _changed(work, fund_id, held):
        one.held_why = why
        name = f"{one.rule_id} {one.version}"
        audit.record(work, "penalty_rule.held" if why else "penalty_rule.released", name, why=why)


def _changed(
    work: Work, fund_id: str, held: Mapping[tuple[str, str], str | None]
) -> list[tuple[PenaltyRuleUsed, str | None]]:
    """The rules of which something else is to be noted now, with what."""
    query = select(PenaltyRuleUsed).order_by(PenaltyRuleUsed.rule_id, PenaltyRuleUsed.version)
    every = work.session.scalars(query.execution_options(populate_existing=True))
    after = [(one, _held_why(one.held_why, fund_id, held, (one.rule_id, one.version))) for one in every]
    return [(one, why) for one, why in after if why != one.held_why]


def _held_why(
    before: str | None, fund_id: str, held: Mapping[tuple[str, str], str | None], name: tuple[str, str]
) -> str | None:
    why = held.get(name)
    if why == REWRITTEN or before in (None, REWRITTEN):
        return why
    return why if name in held and before.startswith(f"{fund_id}: ") else before


def held(work: Work) -> list[tuple[str, str]]:
    """The rules by which nothing new is computed, each with the reason and what to do."""
    query = select(PenaltyRuleUsed).where(PenaltyRuleUsed.held_why.is_not(None))
    found = work.session.scalars(query.order_by(PenaltyRuleUsed.rule_id, PenaltyRuleUsed.version))
    remedy = {REWRITTEN: f"{REWRITTEN}. {NEW_VERSION}"}
    return [(f"{one.rule_id} {one.version}", remedy.get(str(one.held_why), str(one.held_why))) for one in found]
