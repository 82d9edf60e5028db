"""Read decisions and penalties."""

from collections.abc import Sequence

from sqlalchemy import func, select

from debit_service.core.work import Work
from debit_service.penalties.models import FaultDecision, Penalty, PenaltyStep, PenaltyTransition
from debit_service.penalties.values import Effect


def decision_of(work: Work, collection_id: str) -> FaultDecision | None:
    """The decision about a collection that stands now."""
    query = select(FaultDecision).where(FaultDecision.collection_id == collection_id, FaultDecision.most_recent)
    return work.session.scalars(query).one_or_none()


def decisions_of(work: Work, contribution_id: str) -> Sequence[FaultDecision]:
    """The decisions about a contribution's attempts that stand now, oldest first."""
    query = select(FaultDecision).where(FaultDecision.contribution_id == contribution_id, FaultDecision.most_recent)
    return work.session.scalars(query.order_by(FaultDecision.collection_id)).all()


def grounds_of(work: Work, contribution_id: str) -> list[FaultDecision]:
    """The decisions about a contribution's attempts that stand now and call for a penalty."""
    return [one for one in decisions_of(work, contribution_id) if one.effect == Effect.PENALISE.value]


def history_of(work: Work, contribution_id: str) -> Sequence[FaultDecision]:
    """Every decision about a contribution's attempts, also those that were replaced."""
    query = select(FaultDecision).where(FaultDecision.contribution_id == contribution_id)
    return work.session.scalars(query.order_by(FaultDecision.id)).all()


def decided_collections(work: Work) -> set[str]:
    """The collections that a decision stands about."""
    return set(work.session.scalars(select(FaultDecision.collection_id).where(FaultDecision.most_recent)))


def penalty_of(work: Work, contribution_id: str, rule_id: str, rule_version: str) -> Penalty | None:
    """The penalty of a contribution under one version of a rule."""
    query = select(Penalty).where(
        Penalty.contribution_id == contribution_id, Penalty.rule_id == rule_id, Penalty.rule_version == rule_version
    )
    return work.session.scalars(query).one_or_none()


def penalties_of(work: Work, contribution_id: str) -> Sequence[Penalty]:
    """Every penalty of a contribution."""
    query = select(Penalty).where(Penalty.contribution_id == contribution_id).order_by(Penalty.id)
    return work.session.scalars(query).all()


def listed(work: Work) -> Sequence[Penalty]:
    """Every penalty, by fund."""
    return work.session.scalars(select(Penalty).order_by(Penalty.fund_id, Penalty.id)).all()


def state_of(work: Work, penalty_id: str) -> str | None:
    """The state of a penalty now; None before its first."""
    query = select(PenaltyTransition.to_state).where(
        PenaltyTransition.subject_id == penalty_id, PenaltyTransition.most_recent
    )
    return work.session.scalars(query).one_or_none()


def newest_reason(work: Work, penalty_id: str) -> str:
    """Why a penalty is in the state that it is in."""
    query = select(PenaltyTransition.why).where(
        PenaltyTransition.subject_id == penalty_id, PenaltyTransition.most_recent
    )
    return work.session.scalars(query).one()


def steps_of(work: Work, penalty_id: str) -> Sequence[PenaltyStep]:
    """The steps of a penalty, in the order of their days."""
    query = select(PenaltyStep).where(PenaltyStep.penalty_id == penalty_id)
    return work.session.scalars(query.order_by(PenaltyStep.from_date, PenaltyStep.step_key)).all()


def amount_of(work: Work, penalty_id: str) -> int:
    """The sum of a penalty's steps, minor units."""
    return int(
        work.session.scalar(select(func.sum(PenaltyStep.amount_minor)).where(PenaltyStep.penalty_id == penalty_id)) or 0
    )
