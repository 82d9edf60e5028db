"""Read what is known of many contributions' decisions and penalties at once: for lists and totals of contributions."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import select

from debit_service.collections.models import Collection
from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.penalties import queries
from debit_service.penalties.models import FaultDecision, Penalty, PenaltyTransition


def decision_of_each(work: Work, contribution_ids: Iterable[str]) -> dict[str, FaultDecision]:
    """Collection -> the decision about it that stands now, of the attempts at these contributions."""
    mine = among(work.session, FaultDecision.contribution_id, contribution_ids)
    rows = work.session.scalars(select(FaultDecision).where(mine, FaultDecision.most_recent))
    return {one.collection_id: one for one in rows}


def effects_of_each(work: Work, contribution_ids: Iterable[str]) -> dict[str, list[str]]:
    """Contribution -> the effects of the decisions that stand about its attempts, oldest first; without cancelled ones."""
    query = (
        select(FaultDecision.contribution_id, FaultDecision.effect)
        .join(Collection, Collection.id == FaultDecision.collection_id)
        .where(among(work.session, FaultDecision.contribution_id, contribution_ids))
        .where(FaultDecision.most_recent, Collection.cancelled_why.is_(None))
        .order_by(Collection.attempt)
    )
    found: dict[str, list[str]] = {}
    for contribution_id, effect in work.session.execute(query):
        found.setdefault(contribution_id, []).append(effect)
    return found


class Known(NamedTuple):
    """A penalty as a list of contributions shows it: its state and why it is in it, how it was counted step by step, and what is
    due of it in minor units."""

    rule_id: str
    state: str
    why: str
    formulas: list[str]
    due_minor: int


def known_of_each(work: Work, contribution_ids: Iterable[str]) -> dict[str, list[Known]]:
    """Contribution -> its penalties, oldest first; one that has none is left out."""
    query = (
        select(Penalty.contribution_id, Penalty.id, Penalty.rule_id, PenaltyTransition.to_state, PenaltyTransition.why)
        .join(PenaltyTransition, PenaltyTransition.subject_id == Penalty.id)
        .where(among(work.session, Penalty.contribution_id, contribution_ids), PenaltyTransition.most_recent)
        .order_by(Penalty.id)
    )
    work.session.flush()
    rows = work.session.execute(query).all()
    steps = queries.steps_of_each(work, [row.id for row in rows])
    money = queries.money_of_each(work, [row.id for row in rows])
    found: dict[str, list[Known]] = {}
    for contribution_id, penalty_id, rule_id, state, why in rows:
        formulas = [step.formula for step in steps.get(penalty_id, ())]
        one = Known(rule_id, state, why, formulas, money[penalty_id].shown_minor(state))
        found.setdefault(contribution_id, []).append(one)
    return found
