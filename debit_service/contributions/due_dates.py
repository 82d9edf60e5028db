"""Due dates that a rule computed with a calendar move when staff correct it; those that a declaration states do not."""

from datetime import date

from sqlalchemy import ColumnElement, select

from debit_service.contributions.models import Contribution
from debit_service.core import audit, events
from debit_service.core.calendar import BusinessCalendar
from debit_service.core.errors import Refused
from debit_service.core.work import Role, Work
from debit_service.funds.profile import DueDateRule, Fund
from debit_service.funds.rules import due_date_for, parse_period


def recompute(
    work: Work,
    fund: Fund,
    before: BusinessCalendar,
    after: BusinessCalendar,
    today: date,
    which: ColumnElement[bool],
) -> int:
    """Move the due dates of the contributions `which` that the fund's rule computed with `before`, as `after` has them.

    Only where the rule still gives the stored date for `before`: a rule that was changed meanwhile moves nothing. Nothing becomes
    due on a day that is over. Returns how many were moved.
    """
    work.actor.require(Role.FINANCE_CLERK)
    if not fund.due_date.confirmed:
        return 0
    rule = fund.due_date.require()
    mine = (Contribution.fund_id == fund.id) & (Contribution.due_date >= today) & which
    mine &= Contribution.due_date_source == f"computed: {rule.kind}"
    query = select(Contribution.period, Contribution.due_date).where(mine).distinct().order_by(Contribution.period)
    moved = 0
    for period, due in work.session.execute(query).all():
        now_due = _due(period, rule, after)
        if _due(period, rule, before) != due or now_due is None or now_due == due or now_due < today:
            continue
        same = mine & (Contribution.period == period) & (Contribution.due_date == due)
        for contribution in work.session.scalars(select(Contribution).where(same).order_by(Contribution.id)).all():
            _move(work, contribution, now_due, after.name)
            moved += 1
    return moved


def _due(period: str, rule: DueDateRule, calendar: BusinessCalendar) -> date | None:
    """What the rule gives; None beyond the calendar's horizon."""
    try:
        return due_date_for(parse_period(period), rule, calendar)
    except Refused:
        return None


def _move(work: Work, contribution: Contribution, due: date, calendar: str) -> None:
    moved = {"from": contribution.due_date.isoformat(), "to": due.isoformat()}
    contribution.due_date = due
    work.session.flush()
    audit.record(work, "contribution.due_date_moved", contribution.id, **moved, calendar=calendar)
    events.publish(work, "contribution.due_date_moved", contribution.id, **moved)
