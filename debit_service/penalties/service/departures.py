"""Note that the messages about penalties have left: from then on the employer is told, and has its days to contest and to pay."""

from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from debit_service.core.clock import business_date
from debit_service.core.work import Role, Work
from debit_service.disputes.rules import Terms
from debit_service.penalties import notice_queries
from debit_service.penalties.service.settle import settle

#: Notices whose departure one transaction notes.
NOTED_AT_A_TIME: Final = 500


def note_departures(work: Work, terms: Terms) -> int:
    """Note which messages of a fund's notices have left, the next so many; returns how many. Safe to repeat.

    A letter leaves with its print run, as a pre-notification does. The days run from the day on which the message left, and never
    end before those that its text names. A message that cannot leave stays in the outbox, which says so, and no days run.
    """
    work.actor.require(Role.FINANCE_CLERK)
    fund, told = terms.fund, set()
    left = notice_queries.just_left(work, fund.id, NOTED_AT_A_TIME)
    for departure, notice, message in left:
        if message.done_at is None:
            continue
        left_on = message.done_at.astimezone(ZoneInfo(fund.time_zone)).date()
        # Withdrawn in the moment in which it left, it has left: the employer is told, and told again of what is owed now.
        departure.left_at, departure.withdrawn_at = message.done_at, None
        departure.contest_by = max(notice.contest_by, terms.contest_until(left_on))
        departure.pay_by = left_on + timedelta(days=fund.penalties.pay_days.value)
        told.add(notice.penalty_id)
    work.session.flush()
    today = business_date(work.clock, fund.time_zone)
    settle(work, told, today, "penalty.told", "the employer was told what is owed of it", {})
    return len(left)
