"""Read decisions and penalties."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute

from debit_service.contributions.models import Contribution
from debit_service.core.bulk import among
from debit_service.core.errors import NotFound
from debit_service.core.work import Work
from debit_service.disputes import queries as disputes
from debit_service.penalties import relief_queries as reliefs
from debit_service.penalties.fault.values import Effect
from debit_service.penalties.life import ASKED, Money
from debit_service.penalties.models import (
    FaultDecision,
    FaultFinding,
    Penalty,
    PenaltyFee,
    PenaltyPayment,
    PenaltyRelief,
    PenaltyStep,
    PenaltyTransition,
)
from debit_service.penalties.tariff.relief import relieved_minor
from debit_service.reconcile.by_persons import decisions as entries

#: What a person has to look at, as a state to ask for.
TO_CONFIRM: Final = "to_confirm"
_A_DAY: Final = timedelta(days=1)
_Column = InstrumentedAttribute[str]


def decision_of(work: Work, collection_id: str) -> FaultDecision | None:
    """The decision about a collection that stands now."""
    query = select(FaultDecision).where(FaultDecision.collection_id == collection_id, FaultDecision.most_recent)
    return work.session.scalars(query).one_or_none()


def decisions_of(work: Work, contribution_id: str) -> Sequence[FaultDecision]:
    """The decisions about a contribution's attempts that stand now, oldest first."""
    query = select(FaultDecision).where(FaultDecision.contribution_id == contribution_id, FaultDecision.most_recent)
    return work.session.scalars(query.order_by(FaultDecision.collection_id)).all()


def decisions_of_each(work: Work, contribution_ids: Iterable[str]) -> dict[str, list[FaultDecision]]:
    """`decisions_of` many contributions; one about which nothing was decided is left out."""
    query = select(FaultDecision).where(
        among(work.session, FaultDecision.contribution_id, contribution_ids), FaultDecision.most_recent
    )
    found: dict[str, list[FaultDecision]] = {}
    for one in work.session.scalars(query.order_by(FaultDecision.collection_id)):
        found.setdefault(one.contribution_id, []).append(one)
    return found


def grounds_of(work: Work, contribution_id: str) -> list[FaultDecision]:
    """The decisions about a contribution's attempts that stand now and call for a penalty."""
    return [one for one in decisions_of(work, contribution_id) if one.effect == Effect.PENALISE.value]


def history_of(work: Work, contribution_id: str) -> Sequence[FaultDecision]:
    """Every decision about a contribution's attempts, also those that were replaced."""
    query = select(FaultDecision).where(FaultDecision.contribution_id == contribution_id)
    return work.session.scalars(query.order_by(FaultDecision.id)).all()


def penalties_of(work: Work, contribution_id: str) -> Sequence[Penalty]:
    """Every penalty of a contribution."""
    query = select(Penalty).where(Penalty.contribution_id == contribution_id).order_by(Penalty.id)
    return work.session.scalars(query).all()


def penalties_of_each(work: Work, contribution_ids: Iterable[str]) -> dict[str, list[Penalty]]:
    """`penalties_of` many contributions, locked until the transaction ends (PostgreSQL); one that has none is left out.

    In the order of their ids, as everybody locks them; what says where they stand is read afterwards.
    """
    query = select(Penalty).where(among(work.session, Penalty.contribution_id, contribution_ids)).order_by(Penalty.id)
    found: dict[str, list[Penalty]] = {}
    for one in work.session.scalars(query.with_for_update(), execution_options={"populate_existing": True}):
        found.setdefault(one.contribution_id, []).append(one)
    return found


def newest_of_each(work: Work, penalty_ids: Iterable[str]) -> dict[str, PenaltyTransition]:
    """The newest transitions of penalties, which say where they stand; to be read once the penalties are locked."""
    mine = among(work.session, PenaltyTransition.subject_id, penalty_ids)
    query = select(PenaltyTransition).where(mine, PenaltyTransition.most_recent)
    return {one.subject_id: one for one in work.session.scalars(query)}


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


def fees_of(work: Work, penalty_id: str) -> Sequence[PenaltyFee]:
    """The bank's fees that are claimed, or may be, with a penalty."""
    query = select(PenaltyFee).where(PenaltyFee.penalty_id == penalty_id).order_by(PenaltyFee.collection_id)
    return work.session.scalars(query).all()


def payments_of(work: Work, penalty_id: str) -> Sequence[PenaltyPayment]:
    """Every payment of a penalty, also what was given back and what is undone, oldest first."""
    query = select(PenaltyPayment).where(PenaltyPayment.penalty_id == penalty_id).order_by(PenaltyPayment.id)
    return work.session.scalars(query).all()


def amount_of(work: Work, penalty_id: str) -> int:
    """The sum of a penalty's steps, confirmed or not, before reliefs; minor units."""
    return money_of(work, penalty_id).computed_minor


def due_minor(work: Work, penalty_id: str) -> int:
    """What a penalty asks for, or would if it were confirmed: its steps less what is relieved; minor units, without bank fees."""
    return money_of(work, penalty_id).due_minor(state_of(work, penalty_id))


def money_of(work: Work, penalty_id: str) -> Money:
    """What a penalty comes to, and what of it is paid."""
    return money_of_each(work, [penalty_id])[penalty_id]


def money_of_each(work: Work, penalty_ids: Iterable[str]) -> dict[str, Money]:
    """`money_of` many penalties, in five queries."""
    ids = list(penalty_ids)
    steps = _sums(work, ids, PenaltyStep.penalty_id, PenaltyStep.amount_minor, PenaltyStep.confirmed_minor)
    fees = _sums(work, ids, PenaltyFee.penalty_id, PenaltyFee.amount_minor, PenaltyFee.confirmed_minor)
    kept = _sums(
        work, ids, PenaltyPayment.penalty_id, PenaltyPayment.amount_minor, where=PenaltyPayment.undone_at.is_(None)
    )
    relieved, from_entries = reliefs.standing_of_each(work, ids), entries.paid_of_claims(work, ids)
    found = {}
    for one in ids:
        computed, confirmed = steps.get(one, (0, 0))
        fees_computed, fees_confirmed = fees.get(one, (0, 0))
        found[one] = Money(
            computed_minor=computed,
            confirmed_minor=confirmed,
            surcharge_minor=confirmed - relieved_minor(confirmed, relieved.get(one, ())),
            whole_surcharge_minor=computed - relieved_minor(computed, relieved.get(one, ())),
            fees_computed_minor=fees_computed,
            fees_minor=fees_confirmed,
            kept_minor=kept.get(one, (0,))[0] + from_entries.get(one, 0),
        )
    return found


def _sums(
    work: Work,
    ids: Sequence[str],
    of: _Column,
    *what: InstrumentedAttribute[int],
    where: ColumnElement[bool] | None = None,
) -> dict[str, tuple[int, ...]]:
    conditions = [among(work.session, of, ids)] if where is None else [among(work.session, of, ids), where]
    query = select(of, *(func.sum(one) for one in what)).where(*conditions).group_by(of)
    return {row[0]: tuple(int(minor) for minor in row[1:]) for row in work.session.execute(query)}


@dataclass(frozen=True, slots=True)
class Shown:
    """A penalty in a list: its state, why it is in it, its contribution, and its money.

    `life_step` is the `sort_key` of the transition that brought it there.
    """

    penalty: Penalty
    state: str
    why: str
    life_step: int
    contribution: Contribution
    money: Money


def listed(
    work: Work,
    *,
    fund_id: str | None = None,
    state: str | None = None,
    after: str = "",
    limit: int | None = None,
) -> list[Shown]:
    """Penalties by id (by when they were made), of a fund and in a state if asked for; `after` this id, at most `limit`.

    The state `to_confirm` is no state of its own: what is proposed, what was added since it was confirmed, and what is asked for
    although the employer was right about it and no approver has decided since.
    """
    query = _all().where(Penalty.id > after).limit(limit)
    if fund_id:
        query = query.where(Penalty.fund_id == fund_id)
    if state == TO_CONFIRM:
        query = query.where(waits_for_a_person())
    elif state:
        query = query.where(PenaltyTransition.to_state == state)
    return _shown(work, query)


def untold(work: Work, fund_id: str, *, after: str = "", limit: int | None = None) -> list[Shown]:
    """The penalties of a fund about which the employer is still to be told something, by id; `after` this id, at most `limit`."""
    return _shown(work, _all().where(Penalty.fund_id == fund_id, Penalty.untold, Penalty.id > after).limit(limit))


def untold_among(work: Work, penalty_ids: Iterable[str]) -> list[Shown]:
    """Those of these penalties about which the employer is still to be told something, by id."""
    return _shown(work, _all().where(among(work.session, Penalty.id, penalty_ids), Penalty.untold))


def shown_each(work: Work, penalty_ids: Iterable[str]) -> dict[str, Shown]:
    """Penalties by their ids, as a list shows them."""
    return {one.penalty.id: one for one in _shown(work, _all().where(among(work.session, Penalty.id, penalty_ids)))}


_Rows = Select[Penalty, str, str, int, Contribution]


def _all() -> _Rows:
    newest = (PenaltyTransition.subject_id == Penalty.id) & PenaltyTransition.most_recent
    return (
        select(Penalty, PenaltyTransition.to_state, PenaltyTransition.why, PenaltyTransition.sort_key, Contribution)
        .join(PenaltyTransition, newest)
        .join(Contribution, Contribution.id == Penalty.contribution_id)
        .order_by(Penalty.id)
    )


def _shown(work: Work, query: _Rows) -> list[Shown]:
    rows = work.session.execute(query).all()
    money = money_of_each(work, [row[0].id for row in rows])
    return [Shown(one, to, why, step, owed, money[one.id]) for one, to, why, step, owed in rows]


def get(work: Work, penalty_id: str) -> Penalty:
    """One penalty. Raises NotFound."""
    penalty = work.session.get(Penalty, penalty_id)
    if penalty is None:
        raise NotFound("penalty.unknown", f"There is no penalty {penalty_id}.", remedy="See `debit penalties list`.")
    return penalty


def shown(work: Work, penalty_id: str) -> Shown:
    """One penalty as a list shows it. Raises NotFound."""
    penalty, newest = get(work, penalty_id), life_of(work, penalty_id)[-1]
    contribution = work.session.get_one(Contribution, penalty.contribution_id)
    return Shown(penalty, newest.to_state, newest.why, newest.sort_key, contribution, money_of(work, penalty_id))


def life_of(work: Work, penalty_id: str) -> Sequence[PenaltyTransition]:
    """Every state that a penalty was in, oldest first."""
    query = select(PenaltyTransition).where(PenaltyTransition.subject_id == penalty_id)
    return work.session.scalars(query.order_by(PenaltyTransition.sort_key)).all()


def who_agreed(work: Work, penalty_ids: Iterable[str]) -> frozenset[str]:
    """The people who ever confirmed one of these penalties, or what was added to it, or were the first of two to agree to it."""
    ids = list(penalty_ids)
    confirmed = select(PenaltyTransition.evidence).where(
        among(work.session, PenaltyTransition.subject_id, ids), PenaltyTransition.to_state.in_(ASKED)
    )
    agreed = select(Penalty.agreed_by).where(among(work.session, Penalty.id, ids), Penalty.agreed_by.is_not(None))
    names = ", ".join(one["person"] for one in work.session.scalars(confirmed) if "person" in one)
    return frozenset([*names.split(", "), *(name for name in work.session.scalars(agreed) if name)]) - {""}


def who_found(work: Work, contribution_id: str) -> frozenset[str]:
    """The people who said, or agreed, who was at fault for a failed debit of a contribution."""
    query = (
        select(FaultFinding.found_by, FaultFinding.approved_by)
        .join(FaultDecision, FaultDecision.collection_id == FaultFinding.collection_id)
        .where(FaultDecision.contribution_id == contribution_id)
    )
    return frozenset(name for row in work.session.execute(query) for name in row if name)


def waits_for_a_person() -> ColumnElement[bool]:
    """The condition, on a penalty and its newest transition, that is meant by `TO_CONFIRM`."""
    return (PenaltyTransition.to_state == "proposed") | _grown() | _unheeded()


def _grown() -> ColumnElement[bool]:
    def more(table: type[PenaltyStep | PenaltyFee]) -> ColumnElement[bool]:
        more_of_it = (table.penalty_id == Penalty.id) & (table.amount_minor > table.confirmed_minor)
        return exists().where(more_of_it)

    return PenaltyTransition.to_state.in_(ASKED) & (more(PenaltyStep) | more(PenaltyFee))


def _unheeded() -> ColumnElement[bool]:
    """It is asked for, the employer was right about it in a dispute, and no approver has decided about it since."""
    answer = disputes.answer_in_favour(Penalty.id)
    relieved = exists().where(
        PenaltyRelief.penalty_id == Penalty.id,
        PenaltyRelief.amnesty_id.is_(None),
        PenaltyRelief.undone_at.is_(None),
        PenaltyRelief.approved_at.is_not(None),
        PenaltyRelief.id > answer,
    )
    return PenaltyTransition.to_state.in_(ASKED) & (answer > func.coalesce(Penalty.heeded, "")) & ~relieved


def unheeded(work: Work, penalty_ids: Iterable[str]) -> set[str]:
    """Those of these penalties that are asked for although the employer was right about them: an approver must decide first."""
    query = select(Penalty.id).join(
        PenaltyTransition, (PenaltyTransition.subject_id == Penalty.id) & PenaltyTransition.most_recent
    )
    return set(work.session.scalars(query.where(among(work.session, Penalty.id, penalty_ids), _unheeded())))


def count_unheeded(work: Work) -> int:
    """How many penalties are asked for although the employer was right about them, and no approver has decided since."""
    query = select(func.count()).select_from(Penalty)
    query = query.join(PenaltyTransition, (PenaltyTransition.subject_id == Penalty.id) & PenaltyTransition.most_recent)
    return work.session.scalar(query.where(_unheeded())) or 0


def steps_of_each(work: Work, penalty_ids: Iterable[str]) -> dict[str, list[PenaltyStep]]:
    """`steps_of` many penalties."""
    query = select(PenaltyStep).where(among(work.session, PenaltyStep.penalty_id, penalty_ids))
    found: dict[str, list[PenaltyStep]] = {}
    for step in work.session.scalars(query.order_by(PenaltyStep.from_date, PenaltyStep.step_key)):
        found.setdefault(step.penalty_id, []).append(step)
    return found


def decisions_by_id(work: Work, decision_ids: Iterable[str]) -> dict[str, FaultDecision]:
    """Decisions, also those that were replaced, by their id."""
    query = select(FaultDecision).where(among(work.session, FaultDecision.id, decision_ids))
    return {one.id: one for one in work.session.scalars(query)}


def confirmed_by_themselves(work: Work, fund_id: str, on: date) -> int:
    """How many penalties of a fund were confirmed without a person on a business date."""
    by_itself = PenaltyTransition.evidence["by_itself_on"].as_string() == on.isoformat()
    query = (
        select(func.count()).select_from(PenaltyTransition).join(Penalty, Penalty.id == PenaltyTransition.subject_id)
    )
    query = query.where(Penalty.fund_id == fund_id, PenaltyTransition.to_state == "confirmed", by_itself)
    return work.session.scalar(query.where(PenaltyTransition.at >= datetime.combine(on, time(), UTC) - _A_DAY)) or 0


def fees_of_each(work: Work, penalty_ids: Iterable[str]) -> dict[str, list[PenaltyFee]]:
    """`fees_of` many penalties; one without any is left out."""
    query = select(PenaltyFee).where(among(work.session, PenaltyFee.penalty_id, penalty_ids))
    found: dict[str, list[PenaltyFee]] = {}
    for fee in work.session.scalars(query.order_by(PenaltyFee.collection_id)):
        found.setdefault(fee.penalty_id, []).append(fee)
    return found


def count_asked(work: Work, contribution_ids: Iterable[str]) -> dict[str, int]:
    """Contribution -> how many of its penalties are asked for now; one without any is left out."""
    query = (
        select(Penalty.contribution_id, func.count())
        .join(PenaltyTransition, (PenaltyTransition.subject_id == Penalty.id) & PenaltyTransition.most_recent)
        .where(among(work.session, Penalty.contribution_id, contribution_ids), PenaltyTransition.to_state.in_(ASKED))
        .group_by(Penalty.contribution_id)
    )
    return {row[0]: row[1] for row in work.session.execute(query)}


def owed_back(work: Work) -> list[Shown]:
    """The penalties for which more was paid than is owed of them."""
    recorded = select(PenaltyPayment.penalty_id).where(PenaltyPayment.undone_at.is_(None))
    paid = Penalty.id.in_(recorded) | among(work.session, Penalty.id, entries.claims_paid(work))
    return [one for one in _shown(work, _all().where(paid)) if one.money.refund_minor]


def open_of_employer(work: Work, fund_id: str, employer_id: str) -> list[Shown]:
    """The penalties of an employer at a fund of which something is asked for and not paid."""
    query = _all().where(
        Penalty.fund_id == fund_id, Contribution.employer_id == employer_id, PenaltyTransition.to_state.in_(ASKED)
    )
    return [one for one in _shown(work, query) if one.money.open_minor]


def open_among(work: Work, penalty_ids: Iterable[str]) -> list[Shown]:
    """Of these penalties (other ids are left out) those of which something is asked for and not paid."""
    query = _all().where(among(work.session, Penalty.id, penalty_ids), PenaltyTransition.to_state.in_(ASKED))
    return [one for one in _shown(work, query) if one.money.open_minor]
