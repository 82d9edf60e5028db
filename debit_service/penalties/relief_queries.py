"""Read reliefs and amnesties."""

from collections.abc import Iterable, Sequence

from sqlalchemy import case, distinct, func, select

from debit_service.contributions.models import Contribution
from debit_service.core.bulk import among
from debit_service.core.errors import NotFound
from debit_service.core.work import Work
from debit_service.penalties.models import Amnesty, Penalty, PenaltyRelief

_STANDS = PenaltyRelief.approved_at.is_not(None) & PenaltyRelief.undone_at.is_(None)


def standing(work: Work, penalty_id: str) -> list[PenaltyRelief]:
    """The reliefs of a penalty that stand, oldest first."""
    return standing_of_each(work, [penalty_id]).get(penalty_id, [])


def standing_of_each(work: Work, penalty_ids: Iterable[str]) -> dict[str, list[PenaltyRelief]]:
    """`standing` of many penalties; one without any is left out."""
    query = select(PenaltyRelief).where(among(work.session, PenaltyRelief.penalty_id, penalty_ids), _STANDS)
    found: dict[str, list[PenaltyRelief]] = {}
    for one in work.session.scalars(query.order_by(PenaltyRelief.id)):
        found.setdefault(one.penalty_id, []).append(one)
    return found


def of_penalty(work: Work, penalty_id: str) -> Sequence[PenaltyRelief]:
    """Every relief of a penalty, also those that wait or are undone, oldest first."""
    query = select(PenaltyRelief).where(PenaltyRelief.penalty_id == penalty_id)
    return work.session.scalars(query.order_by(PenaltyRelief.id)).all()


def granted(work: Work, *, waiting: bool = False, limit: int | None = None) -> list[tuple[PenaltyRelief, Penalty, str]]:
    """The reliefs that people granted, not those of amnesties, with penalty and reference of the contribution; newest first."""
    query = (
        select(PenaltyRelief, Penalty, Contribution.reference)
        .join(Penalty, Penalty.id == PenaltyRelief.penalty_id)
        .join(Contribution, Contribution.id == Penalty.contribution_id)
        .where(PenaltyRelief.amnesty_id.is_(None))
        .order_by(PenaltyRelief.id.desc())
        .limit(limit)
    )
    if waiting:
        query = query.where(PenaltyRelief.approved_at.is_(None), PenaltyRelief.undone_at.is_(None))
    return [(relief, penalty, reference) for relief, penalty, reference in work.session.execute(query)]


def amnesties(work: Work) -> Sequence[Amnesty]:
    """Every amnesty, newest first."""
    return work.session.scalars(select(Amnesty).order_by(Amnesty.id.desc())).all()


def progress(work: Work, amnesty_id: str) -> tuple[int, int]:
    """Of how many contributions an amnesty relieves the penalty now, and of how many its relief was taken back.

    One whose relief was carried over to the penalty of another version of the rule counts once.
    """
    standing = case((PenaltyRelief.undone_at.is_(None), Penalty.contribution_id))
    query = (
        select(func.count(distinct(Penalty.contribution_id)), func.count(distinct(standing)))
        .select_from(PenaltyRelief)
        .join(Penalty, Penalty.id == PenaltyRelief.penalty_id)
        .where(PenaltyRelief.amnesty_id == amnesty_id)
    )
    every, stands = work.session.execute(query).one()
    return stands, every - stands


def penalty_of(work: Work, relief_id: str) -> Penalty:
    """The penalty that a relief is of. Raises NotFound `relief.unknown`."""
    relief = work.session.get(PenaltyRelief, relief_id)
    if relief is None:
        raise NotFound(
            "relief.unknown", f"There is no relief {relief_id}.", remedy="See `debit penalties relief list`."
        )
    return work.session.get_one(Penalty, relief.penalty_id)
