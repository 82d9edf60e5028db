"""Re-date: when a calendar is corrected, what was planned with the old one gets the day that planning would choose now.

A debit that no batch holds yet moves by itself. A batch that was not sent and asks for a day that is closed now is cancelled, and
its debits move like the others. What the bank has already is left to people: the report
lists it. A holiday that was announced too late is nobody's fault; the days are the service's only where the announcement left
time and the service did not use it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import aliased

from debit_service.collections import rules
from debit_service.collections.models import Batch, BatchTransition, Collection, PaymentInformation
from debit_service.collections.service.batch import cancel_batch
from debit_service.collections.service.obstacles import unsent
from debit_service.collections.service.plan import turn
from debit_service.contributions import due_dates
from debit_service.contributions.models import Contribution
from debit_service.core import audit
from debit_service.core.calendar import BusinessCalendar, Calendar
from debit_service.core.database import in_turn
from debit_service.core.work import Role, Work
from debit_service.funds import queries as fund_queries
from debit_service.funds.profile import Fund


@dataclass(frozen=True, slots=True)
class Redated:
    """What a corrected calendar changed at a fund: debits that moved, and batches that were cancelled for it."""

    collections: int
    batches: int


def redate(work: Work, fund: Fund, calendar: Calendar, today: date) -> Redated:
    """Give every debit of `fund` that was not sent its right day by `calendar`. Safe to repeat: a second time nothing moves."""
    work.actor.require(Role.FINANCE_CLERK)
    in_turn(work.session, turn(fund))
    dating = _Dating(work, fund, calendar, today)
    asked = _asked_for(work, fund, "made", "approved")
    batches = {batch_id: day for batch_id, day in asked if not calendar.is_open(day)}
    for batch_id, day in batches.items():
        cancel_batch(work, batch_id, dating.why_closed(day))
    return Redated(dating.move_planned(), len(batches))


def on_closed_days(work: Work, fund: Fund, calendar: Calendar, today: date) -> Iterator[tuple[str, date, str]]:
    """Batches that the bank has, or may have, with a day to come that is closed now: batch id, day, why it is closed."""
    for batch_id, day in _asked_for(work, fund, "sending", "sent", since=today):
        if why := calendar.why_closed(day):
            yield batch_id, day, why


def move_due_dates(work: Work, fund: Fund, before: BusinessCalendar, after: BusinessCalendar, today: date) -> int:
    """Move the computed due dates of contributions of which nothing stands in a file yet; returns how many."""
    in_a_file = exists().where(
        Collection.contribution_id == Contribution.id, Collection.payment_information_id.is_not(None)
    )
    return due_dates.recompute(work, fund, before, after, today, ~in_a_file)


def _asked_for(work: Work, fund: Fund, *states: str, since: date = date.min) -> list[tuple[str, date]]:
    """The days that batches of `fund` in `states` ask for, from `since` on: batch id, day."""
    query = (
        select(PaymentInformation.batch_id, PaymentInformation.collection_date)
        .join(Batch, Batch.id == PaymentInformation.batch_id)
        .join(BatchTransition, (BatchTransition.subject_id == Batch.id) & BatchTransition.most_recent)
        .where(Batch.fund_id == fund.id, BatchTransition.to_state.in_(states))
        .where(PaymentInformation.collection_date >= since)
        .distinct()
        .order_by(PaymentInformation.batch_id, PaymentInformation.collection_date)
    )
    return [(batch_id, day) for batch_id, day in work.session.execute(query)]


class _Dating:
    """One re-dating: the fund's policy, the calendar as it is now, and today."""

    def __init__(self, work: Work, fund: Fund, calendar: Calendar, today: date) -> None:
        self._work, self._fund, self._calendar, self._today = work, fund, calendar, today
        self._lead = fund.debit_policy.lead_open_days.require()
        self._notice = fund.debit_policy.notice_days_ahead.require()
        self._earliest = rules.first_possible(today, self._lead, self._notice, calendar)

    def move_planned(self) -> int:
        """Move what stands in no batch; returns how many."""
        planned = unsent(self._fund)
        again = _follows_a_failure()
        query = (
            select(Collection.collection_date, Contribution.due_date, again)
            .join(Contribution, Contribution.id == Collection.contribution_id)
            .where(planned)
            .distinct()
        )
        moved = 0
        # Few different days, however many debits: only those whose day is wrong are looked at one by one.
        for day, due, failed in sorted(self._work.session.execute(query).all()):
            why = self._why_wrong(day, due, again=failed)
            if why is None:
                continue
            same = planned & (Collection.collection_date == day) & (Contribution.due_date == due)
            for collection, _, _ in self._rows(same & (again if failed else ~again)):
                self._move(collection, self._day(collection, due, day, again=failed), why)
                moved += 1
        return moved

    def _rows(self, which: ColumnElement[bool]) -> list[tuple[Collection, Contribution, bool]]:
        query = (
            select(Collection, Contribution, _follows_a_failure())
            .join(Contribution, Contribution.id == Collection.contribution_id)
            .where(which)
            .order_by(Collection.id)
        )
        return [
            (collection, contribution, again) for collection, contribution, again in self._work.session.execute(query)
        ]

    def _why_wrong(self, day: date, due: date, *, again: bool) -> str | None:
        """Why a debit on `day` must move; None when it is where planning would put it."""
        if not self._calendar.is_open(day):
            return self.why_closed(day)
        wanted = self._calendar.preceding_open(due)
        if again or wanted == day or wanted < self._earliest:
            return None
        return f"the calendar changed: {wanted.isoformat()} is the last open day until the due date"

    def why_closed(self, day: date) -> str:
        """In words, what closed a day."""
        return f"the calendar changed: {day.isoformat()} is closed ({self._calendar.why_closed(day)})"

    def _day(self, collection: Collection, due: date, changed: date, *, again: bool) -> rules.Day:
        """The right day of a debit now that the calendar says something else about the day `changed`."""
        if again:
            first = self._calendar.following_open(collection.collection_date)
            return rules.Day(max(first, self._earliest), "", collection.days_late_by_service)
        names = [part.name for part in self._calendar.parts]
        day = rules.collection_day(
            due=due,
            today=self._today,
            # As for a declaration: who was told too late to keep the due date is not at fault for missing it.
            received_on=fund_queries.told_on(self._work, names, changed) or self._today,
            lead_open_days=self._lead,
            notice_days=self._notice,
            calendar=self._calendar,
        )
        late_already = collection.days_late_by_service if day.collection_date > due else 0
        return rules.Day(day.collection_date, day.reason, max(day.days_late_by_service, late_already))

    def _move(self, collection: Collection, day: rules.Day, why: str) -> None:
        before = collection.collection_date
        collection.collection_date, collection.date_reason = day.collection_date, why
        collection.days_late_by_service = day.days_late_by_service
        self._work.session.flush()
        _record(self._work, collection.id, before, day.collection_date, why)


def _follows_a_failure() -> ColumnElement[bool]:
    """Whether an earlier attempt at the contribution has failed: the due date then says nothing about the day any more."""
    other = aliased(Collection)
    return exists().where(other.contribution_id == Collection.contribution_id, other.failed_on.is_not(None))


def _record(work: Work, collection_id: str, before: date, after: date, why: str) -> None:
    moved = {"from": before.isoformat(), "to": after.isoformat()}
    audit.record(work, "collection.redated", collection_id, **moved, why=why)
