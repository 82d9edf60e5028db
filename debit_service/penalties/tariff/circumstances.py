"""The circumstances of contributions as rules ask for them: what is known, what nobody has recorded, what is in doubt by them."""

from collections.abc import Iterable, Iterator
from typing import Final

from debit_service.contributions import queries as contributions
from debit_service.contributions.models import Contribution, ContributionCircumstances
from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.work import Work
from debit_service.funds.profile import Fund
from debit_service.penalties.tariff import used
from debit_service.penalties.tariff.amount import BETWEEN_THRESHOLDS, USUAL, Circumstances, Computation, compute
from debit_service.penalties.tariff.catalogue import PenaltyRules
from debit_service.penalties.tariff.rule import PenaltyRule

AS_RECORDED: Final = "by what was recorded about the contribution it comes to more: a person decides"


def of_each(work: Work, contribution_ids: Iterable[str]) -> dict[str, Circumstances]:
    """Contribution -> its circumstances as they are known; one about which nothing was said is left out."""
    return {name: _as_asked(one) for name, one in contributions.circumstances_of_each(work, contribution_ids).items()}


def _as_asked(said: ContributionCircumstances) -> Circumstances:
    separately = said.demanded_separately
    return Circumstances(
        heads=said.heads,
        demanded_separately=USUAL.demanded_separately if separately is None else separately,
        formal_notice_on=said.formal_notice_on,
        declared_in_time=said.declared_in_time,
        claim_term_ends_on=said.claim_term_ends_on,
    )


def doubt(rules: PenaltyRules, result: Computation) -> str | None:
    """Why a person decides about an amount, whatever the fund's limits; None: it is as certain as its rule."""
    if result.doubts:
        return result.doubts[0]
    return AS_RECORDED if _is_raised(rules, result) else None


def _is_raised(rules: PenaltyRules, result: Computation) -> bool:
    """Whether it is more than if nothing were recorded, or than by one reading of the law: what one clerk says alone never asks
    for more.
    """
    taken = rules.taken(result.inputs)
    if taken["circumstances"] == USUAL:
        return False
    try:
        usual = compute(**taken | {"circumstances": USUAL})
    except InvalidInput:
        return True
    return result.total_minor > usual.total_minor or BETWEEN_THRESHOLDS in usual.doubts


def unrecorded(work: Work, rules: PenaltyRules, fund: Fund, contribution: Contribution) -> list[str]:
    """What the rule in force asks of a contribution and nobody has recorded, by the names of `contributions.rules.NAMES`."""
    try:
        rule = used.as_used(work, rules).in_force(fund.penalty_rules, contribution.due_date)
    except Refused:
        return []
    return list(_missing(rule, of_each(work, [contribution.id]).get(contribution.id, USUAL)))


def _missing(rule: PenaltyRule, known: Circumstances) -> Iterator[str]:
    if rule.flat and known.heads is None:
        yield "heads"
    if rule.reduced and known.formal_notice_on is None:
        yield "formal_notice_on"
    if rule.undeclared and known.declared_in_time is None:
        yield "declared_in_time"
    if rule.undeclared and known.declared_in_time is False and known.claim_term_ends_on is None:
        yield "claim_term_ends_on"
