"""Assess: for every failed debit, decide the fault; where it is the employer's, compute the late penalty.

Assessing again with the same evidence changes nothing; with other evidence the new decision replaces the old one, and a penalty
that has lost its ground falls by compensating entries.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from sqlalchemy import ColumnElement, or_, select

from debit_service.collections.models import Collection
from debit_service.contributions.models import Contribution
from debit_service.core import events
from debit_service.core.bulk import among
from debit_service.core.database import in_turn
from debit_service.core.work import Role, Work
from debit_service.penalties import queries
from debit_service.penalties.fault.values import Effect
from debit_service.penalties.models import FaultDecision, Penalty
from debit_service.penalties.service import protected
from debit_service.penalties.service.bring import bring_each
from debit_service.penalties.service.decide import Bench, Standing, Verdict, judge, keep, standing

#: Contributions that one transaction assesses: it holds their evidence in memory, and others wait for the log meanwhile.
AT_A_TIME: Final = 1000


@dataclass(frozen=True, slots=True)
class Assessed:
    """What an assessment changed."""

    decided: int = 0
    penalties: int = 0
    reversed: int = 0

    def __add__(self, other: Self) -> "Assessed":
        return Assessed(self.decided + other.decided, self.penalties + other.penalties, self.reversed + other.reversed)


def assess(work: Work, bench: Bench, after: str = "") -> tuple[Assessed, str | None]:
    """Decide the failed collections of the bench's fund, and bring the penalties to where the decisions say.

    Takes the next contributions with ids above `after`; returns what changed and the last id, or None when no more are left.
    """
    work.actor.require(Role.FINANCE_CLERK)
    take_turn(work, bench.fund.id)
    work.session.flush()
    query = (
        select(Collection.contribution_id)
        .where(Collection.fund_id == bench.fund.id, Collection.contribution_id > after, _concerns_us())
        .distinct()
        .order_by(Collection.contribution_id)
        .limit(AT_A_TIME)
    )
    ids = work.session.scalars(query).all()
    done = bring_about(work, bench, ids)
    return done, ids[-1] if len(ids) == AT_A_TIME else None


def take_turn(work: Work, fund_id: str) -> None:
    """Let whoever judges the failures of a fund go one after the other, until each transaction ends (PostgreSQL).

    To be called before any row is locked.
    """
    in_turn(work.session, f"assess {fund_id}")


def bring_about(work: Work, bench: Bench, contribution_ids: Sequence[str]) -> Assessed:
    """Assess these contributions of the bench's fund. Their penalties are locked first, as by whoever decides about one."""
    take_turn(work, bench.fund.id)
    queries.penalties_of_each(work, contribution_ids)
    mine = among(work.session, Collection.contribution_id, contribution_ids)
    found = work.session.scalars(select(Collection).where(mine, _concerns_us()).order_by(Collection.id)).all()
    before = standing(work, [one.id for one in found])
    news = [
        one
        for one in judge(work, bench, found, before)
        if one.collection.id not in before or before[one.collection.id].digest != one.digest
    ]
    _keep(work, bench, news, before)
    concerned = _with_ground_or_penalty(work, contribution_ids)
    penalties, fallen = bring_each(work, bench.fund, bench.rules, concerned, bench.today)
    return Assessed(len(news), penalties, fallen)


def _concerns_us() -> ColumnElement[bool]:
    """A collection that has failed, or about which a decision stands."""
    decided = select(FaultDecision.id).where(FaultDecision.collection_id == Collection.id, FaultDecision.most_recent)
    return or_(Collection.failed_on.is_not(None), decided.exists())


def _keep(work: Work, bench: Bench, news: Sequence[Verdict], before: Mapping[str, Standing]) -> None:
    """Keep new decisions, and tell the fund's systems where they change how a contribution stands towards lateness."""
    ids = {one.collection.contribution_id for one in news}
    stood = protected.of_each(work, ids, bench.today)
    keep(work, news, before)
    changed = {
        one: (stood[one].standing if one in stood else None, now.standing)
        for one, now in protected.of_each(work, ids, bench.today).items()
        if one not in stood or stood[one].standing is not now.standing
    }
    told = [(one, {"from": was.value if was else None, "to": now.value}) for one, (was, now) in changed.items()]
    events.publish_all(work, "contribution.protection_changed", told)


def _with_ground_or_penalty(work: Work, contribution_ids: Sequence[str]) -> Sequence[Contribution]:
    """Those about which a decision calls for a penalty, or that have one: for the others there is nothing to bring about."""
    ground = select(FaultDecision.id).where(
        FaultDecision.contribution_id == Contribution.id,
        FaultDecision.most_recent,
        FaultDecision.effect == Effect.PENALISE.value,
    )
    penalty = select(Penalty.id).where(Penalty.contribution_id == Contribution.id)
    query = select(Contribution).where(
        among(work.session, Contribution.id, contribution_ids), or_(ground.exists(), penalty.exists())
    )
    return work.session.scalars(query.order_by(Contribution.id)).all()
