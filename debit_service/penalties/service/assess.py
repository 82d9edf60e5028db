"""Assess: for every failed debit, decide the fault; where it is the employer's, compute the late penalty.

Assessing again with the same evidence changes nothing; with other evidence the new decision replaces the old one, and a penalty
that has lost its ground is withdrawn by compensating entries.
"""

from dataclasses import dataclass
from datetime import date

from debit_service.collections import queries as collections
from debit_service.contributions.models import Contribution
from debit_service.core.calendar import Calendar
from debit_service.core.work import Role, Work
from debit_service.funds.profile import BankProfile, Fund
from debit_service.penalties import queries
from debit_service.penalties.catalogue import PenaltyRules, ReasonCodes
from debit_service.penalties.service.bring import bring
from debit_service.penalties.service.decide import decide


@dataclass(frozen=True, slots=True)
class Assessed:
    """What an assessment changed."""

    decided: int
    penalties: int
    withdrawn: int


def assess(
    work: Work, fund: Fund, bank: BankProfile, calendar: Calendar, codes: ReasonCodes, rules: PenaltyRules, today: date
) -> Assessed:
    """Decide every failed collection of `fund`, and bring the penalties of its contributions to where the decisions say."""
    work.actor.require(Role.FINANCE_CLERK)
    touched: dict[str, None] = {}
    decided = 0
    for collection in collections.with_failure_or_decided(work, fund.id, queries.decided_collections(work)):
        if decide(work, fund, bank, calendar, codes, collection):
            decided += 1
        touched[collection.contribution_id] = None
    made = withdrawn = 0
    for contribution_id in touched:
        new, fallen = bring(work, fund, rules, work.session.get_one(Contribution, contribution_id), today)
        made, withdrawn = made + new, withdrawn + fallen
    return Assessed(decided, made, withdrawn)
