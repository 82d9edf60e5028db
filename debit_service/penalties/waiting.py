"""The penalties of a fund that wait for a person, as a list to decide on together: which, and what they come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from debit_service.contributions.models import Contribution
from debit_service.core.bulk import among
from debit_service.core.errors import Refused
from debit_service.core.money import format_minor
from debit_service.core.work import Role, Work
from debit_service.disputes import queries as disputes
from debit_service.penalties import queries
from debit_service.penalties.fault.values import Effect
from debit_service.penalties.models import FaultDecision, Penalty, PenaltyTransition

#: What may be open about a penalty, in words.
QUESTIONS: Final[Mapping[str, str]] = {
    "contested": "the employer contests it",
    "unheeded": "the employer was right about it in a dispute",
    "held": "another failure of the contribution is held for a person",
}
_NEWEST: Final = (PenaltyTransition.subject_id == Penalty.id) & PenaltyTransition.most_recent
#: Lines of a page: what a person can look over before deciding, and a request can carry out.
SHOWN_MAX: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which of those that wait: each condition that is None asks for all. `up_to_minor` includes the amount itself.

    `question`: those about which something is open (`questions`), instead of those about which nothing is.
    """

    fund_id: str
    period: str | None = None
    rule_id: str | None = None
    up_to_minor: int | None = None
    question: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """One that waits. `whole_minor` is what it comes to when it is confirmed, `new_minor` what of that is not asked for yet.

    `agreed_by` is the first approver of two; `question` names what is open about it.
    """

    id: str
    reference: str
    period: str
    rule: str
    state: str
    agreed_by: str | None
    whole_minor: int
    new_minor: int
    question: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """All that fit, by when they were made; sums in minor units of the fund's currency."""

    lines: Sequence[Waiting]

    @property
    def count(self) -> int:
        """How many."""
        return len(self.lines)

    @property
    def sum_minor(self) -> int:
        """What they come to together."""
        return sum(one.whole_minor for one in self.lines)

    @property
    def largest_minor(self) -> int:
        """What the largest comes to."""
        return max((one.whole_minor for one in self.lines), default=0)

    def seen(self, total_minor: int, currency: str) -> dict[str, int]:
        """What each comes to, for somebody who saw this total. Raises Refused `penalty.total` when it is another one."""
        if total_minor != self.sum_minor:
            raise Refused(
                "penalty.total",
                f"They come to {format_minor(self.sum_minor, currency)} {currency} by now, not to what was seen.",
                place="--total",
                remedy="Look again without --total.",
            )
        return {one.id: one.whole_minor for one in self.lines}


def find(work: Work, wanted: Wanted) -> Found:
    """The penalties that wait for a person and fit."""
    work.actor.require(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
    query = (
        select(
            Penalty.id,
            Penalty.contribution_id,
            Contribution.reference,
            Contribution.period,
            Penalty.rule_id,
            Penalty.rule_version,
            PenaltyTransition.to_state,
            Penalty.agreed_by,
        )
        .join(PenaltyTransition, _NEWEST)
        .join(Contribution, Contribution.id == Penalty.contribution_id)
        .where(Penalty.fund_id == wanted.fund_id, queries.waits_for_a_person())
        .order_by(Penalty.id)
    )
    if wanted.period:
        query = query.where(Contribution.period == wanted.period)
    if wanted.rule_id:
        query = query.where(Penalty.rule_id == wanted.rule_id)
    rows = work.session.execute(query).all()
    money = queries.money_of_each(work, [row.id for row in rows])
    open_about = questions(work, {row.id: row.contribution_id for row in rows})
    lines = [
        Waiting(
            id=row.id,
            reference=row.reference,
            period=row.period,
            rule=f"{row.rule_id} {row.rule_version}",
            state=row.to_state,
            agreed_by=row.agreed_by,
            whole_minor=money[row.id].whole_minor,
            new_minor=max(money[row.id].whole_minor - money[row.id].owed_minor, 0),
            question=open_about.get(row.id),
        )
        for row in rows
        if (row.id in open_about) == wanted.question
    ]
    return Found([one for one in lines if wanted.up_to_minor is None or one.whole_minor <= wanted.up_to_minor])


def first_fund(work: Work) -> str | None:
    """The first fund, by its id, of which penalties wait; None when none wait anywhere."""
    query = select(func.min(Penalty.fund_id)).join(PenaltyTransition, _NEWEST).where(queries.waits_for_a_person())
    return work.session.scalar(query)


def periods_and_rules(work: Work, fund_id: str) -> tuple[list[str], list[str]]:
    """The periods, newest first, and the rules of a fund's penalties that wait: what the list may be narrowed down to."""
    query = (
        select(Contribution.period, Penalty.rule_id)
        .distinct()
        .select_from(Penalty)
        .join(PenaltyTransition, _NEWEST)
        .join(Contribution, Contribution.id == Penalty.contribution_id)
        .where(Penalty.fund_id == fund_id, queries.waits_for_a_person())
    )
    found = work.session.execute(query).all()
    return sorted({row[0] for row in found}, reverse=True), sorted({row[1] for row in found})


def questions(work: Work, contribution_of: Mapping[str, str]) -> dict[str, str]:
    """What is open about penalties (penalty -> contribution), where anything is: each of these is decided by itself.

    By their names in `QUESTIONS`. `contested`: a dispute or an appeal waits for its answer. `unheeded`: no approver has decided
    since the employer was right. `held`: who caused another failure of the same contribution is left to a person.
    """
    contributions = set(contribution_of.values())
    contested = disputes.contested(work, contributions)
    unheeded = queries.unheeded(work, contribution_of)
    held_for_a_person = select(FaultDecision.contribution_id).where(
        among(work.session, FaultDecision.contribution_id, contributions),
        FaultDecision.most_recent,
        FaultDecision.effect == Effect.HOLD.value,
    )
    held = set(work.session.scalars(held_for_a_person))
    found = {}
    for penalty_id, contribution_id in contribution_of.items():
        if contribution_id in contested:
            found[penalty_id] = "contested"
        elif penalty_id in unheeded:
            found[penalty_id] = "unheeded"
        elif contribution_id in held:
            found[penalty_id] = "held"
    return found
