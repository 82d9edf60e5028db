"""Read what employers were told about penalties: notices, whether their messages have left, and what the notices say is owed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, exists, func, select

from debit_service.core import events
from debit_service.core.bulk import among
from debit_service.core.models import OutboxMessage
from debit_service.core.work import Work
from debit_service.penalties.life import Money, Said
from debit_service.penalties.models import Penalty, PenaltyDeparture, PenaltyNotice, PenaltyTransition


def reference(penalty_id: str, number: int) -> str:
    """What an employer quotes: the penalty, and which notice of it."""
    return f"{penalty_id}-{number}"


def notices_of(work: Work, penalty_id: str) -> list[tuple[PenaltyNotice, PenaltyDeparture]]:
    """Every notice of a penalty with its departure, oldest first."""
    query = (
        select(PenaltyNotice, PenaltyDeparture)
        .join(PenaltyDeparture, PenaltyDeparture.notice_id == PenaltyNotice.id)
        .where(PenaltyNotice.penalty_id == penalty_id)
        .order_by(PenaltyNotice.number)
    )
    return [(notice, departure) for notice, departure in work.session.execute(query)]


def said_of(work: Work, penalty_id: str) -> Said:
    """What the notices of a penalty say is owed of it."""
    return said_of_each(work, [penalty_id])[penalty_id]


def said_of_each(work: Work, penalty_ids: Iterable[str], *, without_waiting: bool = False) -> dict[str, Said]:
    """`said_of` many penalties, in one query; `without_waiting` leaves out what can still be withdrawn."""
    ids = list(penalty_ids)
    found = dict.fromkeys(ids, Said())
    query = (
        select(PenaltyNotice.penalty_id, PenaltyNotice.amount_minor, _counts(), PenaltyDeparture.left_at)
        .join(PenaltyDeparture, PenaltyDeparture.notice_id == PenaltyNotice.id)
        .where(among(work.session, PenaltyNotice.penalty_id, ids), PenaltyDeparture.withdrawn_at.is_(None))
        .order_by(PenaltyNotice.number)
    )
    if without_waiting:
        query = query.join(OutboxMessage, OutboxMessage.id == PenaltyNotice.outbox_id).where(~events.CAN_BE_WITHDRAWN)
    for penalty_id, minor, counts, left_at in work.session.execute(query):
        found[penalty_id] = Said(
            last_minor=minor, asked_minor=minor if counts else None, told_minor=minor if counts and left_at else None
        )
    return found


def contest_by(work: Work, penalty_id: str) -> date | None:
    """The last day on which a penalty is contested in time; None while no notice that still counts has left.

    Told several times, the employer has until the last of these days.
    """
    query = (
        select(func.max(PenaltyDeparture.contest_by))
        .join(PenaltyNotice, PenaltyNotice.id == PenaltyDeparture.notice_id)
        .where(PenaltyNotice.penalty_id == penalty_id, _counts())
    )
    return work.session.scalar(query)


@dataclass(frozen=True, slots=True)
class Told:
    """What an employer was told last of a penalty that is still claimed, in minor units: under which number, to be paid and
    contested by when. A notice of the first releases has no `pay_by` but in its text.
    """

    penalty_id: str
    reference: str
    amount_minor: int
    pay_by: date | None
    contest_by: date


def told_of(work: Work, contribution_id: str) -> list[Told]:
    """What the employer was told last of each penalty of a contribution; what is not claimed any more is left out.

    It is contested in time until the last of the days of its notices.
    """
    newest = (
        select(func.max(PenaltyNotice.number))
        .join(PenaltyDeparture, PenaltyDeparture.notice_id == PenaltyNotice.id)
        .where(PenaltyNotice.penalty_id == Penalty.id, PenaltyDeparture.left_at.is_not(None), _counts())
    )
    query = (
        select(PenaltyNotice, PenaltyDeparture)
        .join(PenaltyDeparture, PenaltyDeparture.notice_id == PenaltyNotice.id)
        .join(Penalty, Penalty.id == PenaltyNotice.penalty_id)
        .where(
            Penalty.contribution_id == contribution_id,
            PenaltyNotice.number == newest.scalar_subquery(),
            PenaltyNotice.amount_minor > 0,
        )
        .order_by(PenaltyNotice.id)
    )
    return [
        Told(
            notice.penalty_id,
            reference(notice.penalty_id, notice.number),
            notice.amount_minor,
            departure.pay_by,
            contest_by(work, notice.penalty_id) or notice.contest_by,
        )
        for notice, departure in work.session.execute(query)
    ]


def before_next(work: Work, penalty_id: str) -> tuple[PenaltyNotice | None, int]:
    """The newest notice of a penalty that was not withdrawn, and the number of the next one: no number is given twice."""
    every = notices_of(work, penalty_id)
    kept = [notice for notice, departure in every if departure.withdrawn_at is None]
    return (kept[-1] if kept else None), (every[-1][0].number if every else 0) + 1


class WaitingNotice(NamedTuple):
    """A notice whose message can still be withdrawn. `asks_minor`: what it says is owed; None where its claim ended since.

    `paid_minor` is what it says is paid of that; None in a notice of the first releases.
    """

    penalty_id: str
    notice_id: str
    number: int
    outbox_id: str
    asks_minor: int | None
    paid_minor: int | None

    def is_paid(self, money: Money) -> bool:
        """Whether as much is paid as it says, as far as is known."""
        return self.paid_minor in (None, money.kept_minor)


def waiting_of_each(work: Work, penalty_ids: Iterable[str]) -> dict[str, list[WaitingNotice]]:
    """Penalty -> its notices whose messages can still be withdrawn; one that has none is left out."""
    notice = PenaltyNotice
    query = (
        select(
            *(notice.penalty_id, notice.id, notice.number, notice.outbox_id, notice.amount_minor),
            *(_counts(), PenaltyDeparture.paid_minor),
        )
        .join(PenaltyDeparture, PenaltyDeparture.notice_id == notice.id)
        .join(OutboxMessage, OutboxMessage.id == notice.outbox_id)
        .where(among(work.session, notice.penalty_id, penalty_ids), events.CAN_BE_WITHDRAWN)
        .order_by(notice.number)
    )
    found: dict[str, list[WaitingNotice]] = {}
    for penalty_id, notice_id, number, outbox_id, minor, counts, paid in work.session.execute(query):
        one = WaitingNotice(penalty_id, notice_id, number, outbox_id, minor if counts else None, paid)
        found.setdefault(penalty_id, []).append(one)
    return found


def funds_with_news(work: Work) -> Sequence[str]:
    """The funds of which a message about a penalty has left since that was noted last."""
    query = select(Penalty.fund_id).distinct().where(*_JUST_LEFT)
    return work.session.scalars(query.order_by(Penalty.fund_id)).all()


def just_left(work: Work, fund_id: str, limit: int) -> list[tuple[PenaltyDeparture, PenaltyNotice, OutboxMessage]]:
    """The notices of a fund whose message has left and of which that is not noted yet, oldest first; locked (PostgreSQL)."""
    query = (
        select(PenaltyDeparture, PenaltyNotice, OutboxMessage)
        .where(*_JUST_LEFT, Penalty.fund_id == fund_id)
        .order_by(PenaltyDeparture.notice_id)
        .limit(limit)
        .with_for_update(of=PenaltyDeparture)
    )
    rows = work.session.execute(query, execution_options={"populate_existing": True})
    return [(departure, notice, message) for departure, notice, message in rows]


#: A departure with its notice, penalty and message, which has left without that being noted.
_JUST_LEFT: Final = (
    PenaltyDeparture.left_at.is_(None),
    PenaltyNotice.id == PenaltyDeparture.notice_id,
    Penalty.id == PenaltyNotice.penalty_id,
    OutboxMessage.id == PenaltyNotice.outbox_id,
    OutboxMessage.done_at.is_not(None),
)


def _counts() -> ColumnElement[bool]:
    """A notice ends with a reversal or waiver: asked for again, told again. A penalty that is asked for again is proposed first.

    For queries that join `PenaltyNotice` and `PenaltyDeparture`.
    """
    proposed_since = exists().where(
        PenaltyTransition.subject_id == PenaltyNotice.penalty_id,
        PenaltyTransition.to_state == "proposed",
        PenaltyTransition.sort_key > PenaltyDeparture.life_step,
    )
    return ~proposed_since
