"""Once a business date: let time go on where a reply is overdue, tell people of deadlines, close what is over."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import and_, func, or_, select

from debit_service.core import audit, events
from debit_service.core.bulk import among, insert_rows
from debit_service.core.work import Role, Work
from debit_service.disputes import queries
from debit_service.disputes.models import Dispute, DisputeReminder, DisputeTransition
from debit_service.disputes.rules import Terms
from debit_service.disputes.service.examine import resume
from debit_service.disputes.service.steps import step, tell, today

#: Open days may make a week of two days' notice, and holidays two; nothing nearer to its deadline than this is overlooked.
_LOOK_AHEAD = timedelta(days=21)


@dataclass(frozen=True, slots=True)
class Kept:
    """How many disputes went on without a reply, came near their deadline, were escalated, passed it, and were closed."""

    resumed: int
    near: int
    escalated: int
    late: int
    closed: int


def keep_time(work: Work, terms: Terms) -> Kept:
    """Keep the deadlines of one fund's disputes. Safe to repeat: of each deadline people are told once a level."""
    work.actor.require(Role.FINANCE_CLERK)
    on = today(work, terms)
    resumed = _resume_overdue(work, terms, on)
    told = _tell(work, terms, on)
    closed = _close(work, terms, on)
    levels = [kind for _, kind in told]
    return Kept(resumed, levels.count("near"), levels.count("escalated"), levels.count("late"), closed)


def _resume_overdue(work: Work, terms: Terms, on: date) -> int:
    query = select(Dispute).where(Dispute.fund_id == terms.fund.id, Dispute.answer.is_(None), Dispute.reply_by < on)
    overdue = 0
    for dispute in work.session.scalars(query.order_by(Dispute.id).with_for_update()):
        if dispute.stopped_on is not None and terms.is_over(dispute.reply_by, on):
            resume(work, terms, dispute, dispute.stopped_on, "no reply came in time")
            overdue += 1
    return overdue


def _tell(work: Work, terms: Terms, on: date) -> list[tuple[Dispute, str]]:
    policy = terms.fund.disputes
    ahead = timedelta(days=max(policy.reminder_days_before.value, policy.escalate_days_before.value)) + _LOOK_AHEAD
    waiting = work.session.scalars(
        select(Dispute)
        .where(
            Dispute.fund_id == terms.fund.id,
            Dispute.answer.is_(None),
            Dispute.stopped_on.is_(None),
            func.coalesce(Dispute.decide_by, Dispute.answer_by) <= on + ahead,
        )
        .order_by(Dispute.id)
    ).all()
    known = _known(work, waiting)
    new = [
        (dispute, kind)
        for dispute in waiting
        for kind in terms.to_tell(queries.due(dispute), on)
        if (dispute.id, kind, queries.due(dispute)) not in known
    ]
    insert_rows(
        work.session,
        DisputeReminder,
        ("dispute_id", "kind", "due", "at"),
        ((dispute.id, kind, queries.due(dispute), work.now()) for dispute, kind in new),
    )
    _publish(work, new)
    for dispute, kind in new:
        if kind == "late":
            tell(work, terms, dispute, "late")
    return new


def _known(work: Work, waiting: Sequence[Dispute]) -> set[tuple[str, str, date]]:
    if not waiting:
        return set()
    query = select(DisputeReminder.dispute_id, DisputeReminder.kind, DisputeReminder.due).where(
        among(work.session, DisputeReminder.dispute_id, [one.id for one in waiting])
    )
    return {(row[0], row[1], row[2]) for row in work.session.execute(query)}


def _publish(work: Work, new: Iterable[tuple[Dispute, str]]) -> None:
    """The feed tells the fund's own systems, which reach its staff; the audit log that they could know."""
    by_kind: dict[str, list[tuple[str, dict[str, str | None]]]] = {}
    for dispute, kind in new:
        told = {
            "reference": dispute.reference,
            "due": queries.due(dispute).isoformat(),
            "assigned_to": dispute.assigned_to,
        }
        by_kind.setdefault(kind, []).append((dispute.id, told))
    for kind, subjects in by_kind.items():
        audit.record_all(work, f"dispute.deadline_{kind}", subjects)
        events.publish_all(work, f"dispute.deadline_{kind}", subjects)


def _close(work: Work, terms: Terms, on: date) -> int:
    """What was decided, and what can no longer be appealed against."""
    over = or_(Dispute.appeal_by.is_(None), Dispute.appeal_by < on)
    newest = DisputeTransition
    query = (
        select(Dispute)
        .join(newest, and_(newest.subject_id == Dispute.id, newest.most_recent))
        .where(
            Dispute.fund_id == terms.fund.id,
            or_(newest.to_state == "decided", and_(newest.to_state == "answered", over)),
        )
        .order_by(Dispute.id)
    )
    found = [one for one in work.session.scalars(query) if not queries.may_appeal(one, terms, on)]
    for dispute in found:
        step(work, dispute, "closed", "nothing is left to decide")
    return len(found)
