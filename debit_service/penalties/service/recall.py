"""Take back messages about penalties before they leave, where they are not what the employer is to be told any more.

A claim that waits to leave may have fallen since, be paid (also in part) or come to another amount, or the employer may contest
it: it is withdrawn. It then says nothing of the penalty: who was never told is not told that it fell, and what is owed is told
anew.
"""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import update

from debit_service.core import audit, events
from debit_service.core.bulk import among
from debit_service.core.work import Role, Work
from debit_service.disputes import queries as disputes
from debit_service.penalties import notice_queries, queries
from debit_service.penalties.life import is_still_to_be_told, is_untold
from debit_service.penalties.models import PenaltyDeparture
from debit_service.penalties.notice_queries import WaitingNotice
from debit_service.penalties.queries import Shown
from debit_service.penalties.service import lifecycle
from debit_service.penalties.service.settle import locked_each


def recall(work: Work, penalty_ids: Sequence[str]) -> int:
    """Withdraw what waits to leave about these penalties and is not to be told now; returns how many messages.

    What may have left stays, and leaves: see `events.CAN_BE_WITHDRAWN`.
    """
    work.actor.require(Role.FINANCE_CLERK)
    locked_each(work, penalty_ids)
    waiting = notice_queries.waiting_of_each(work, penalty_ids)
    shown = queries.shown_each(work, waiting)
    overtaken = {notice.outbox_id: notice for one in _overtaken(work, shown, waiting) for notice in waiting[one]}
    withdrawn = [overtaken[message_id] for message_id in sorted(events.withdraw(work, overtaken))]
    if not withdrawn:
        return 0
    mine = among(work.session, PenaltyDeparture.notice_id, [one.notice_id for one in withdrawn])
    departed = update(PenaltyDeparture).where(mine).values(withdrawn_at=work.now())
    work.session.execute(departed.execution_options(synchronize_session="fetch"))
    for penalty_id, said in notice_queries.said_of_each(work, {one.penalty_id for one in withdrawn}).items():
        one = shown[penalty_id]
        state = lifecycle.follow(work, one.penalty, one.state, one.money, said)
        one.penalty.untold = is_untold(state, one.money, said)
    audit.record_all(
        work, "penalty.notice_withdrawn", [(notice.penalty_id, {"notice": notice.number}) for notice in withdrawn]
    )
    return len(withdrawn)


def _overtaken(work: Work, shown: Mapping[str, Shown], waiting: Mapping[str, Sequence[WaitingNotice]]) -> Iterator[str]:
    """The penalties of which what waits to leave is not what is to be told: a claim waits for the end of a dispute."""
    said = notice_queries.said_of_each(work, waiting, without_waiting=True)
    contested = disputes.contested(work, {one.contribution.id for one in shown.values()})
    unheeded = queries.unheeded(work, waiting)
    for penalty_id, one in shown.items():
        is_open = one.contribution.id in contested or penalty_id in unheeded
        says = [notice.asks_minor if notice.is_paid(one.money) else None for notice in waiting[penalty_id]]
        if (one.money.owed_minor and is_open) or not is_still_to_be_told(one.state, one.money, said[penalty_id], says):
            yield penalty_id
