"""Plan: each contribution that is due and may be debited gets one live collection, on a day that has the money there in time.

Contributions are taken by chunks, each in a transaction of its own: a crash loses none, for the next call goes on where this one
ended, and nothing is planned twice, for (contribution, attempt) and (contribution, live) are unique.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, partial

from sqlalchemy import func, select, update

from debit_service.collections import rules
from debit_service.collections.models import Collection
from debit_service.collections.retry_day import choose_day
from debit_service.collections.service.candidates import Candidate, Known, candidates, known
from debit_service.collections.service.obstacles import Blocked, blocked_now, unsent
from debit_service.core import audit
from debit_service.core.bulk import insert_rows
from debit_service.core.calendar import Calendar
from debit_service.core.database import in_turn
from debit_service.core.errors import Refused
from debit_service.core.work import Actor, Desk, Role, Work
from debit_service.funds.profile import BankProfile, Fund

#: Contributions left alone that are told one by one; of more there is only the number.
TOLD_MAX = 1_000
_COLUMNS = (
    "id",
    "contribution_id",
    "attempt",
    "fund_id",
    "mandate_id",
    "end_to_end_id",
    "amount_minor",
    "currency",
    "collection_date",
    "date_reason",
    "days_late_by_service",
    "sequence_type",
    "planned_at",
    "live",
)


@dataclass(slots=True)
class Planned:
    """What planning did: how many new collections, and the contributions it left alone (the first of them with the reason)."""

    collections: int = 0
    left_alone: dict[str, str] = field(default_factory=dict)
    left_alone_count: int = 0

    def leave(self, reference: str, why: str) -> None:
        """Note that a contribution is not debited now."""
        self.left_alone_count += 1
        if len(self.left_alone) < TOLD_MAX:
            self.left_alone[reference] = why


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A collection that is to be."""

    of: Candidate
    mandate_id: str
    number: int
    amount_minor: int
    day: rules.Day


def plan(desk: Desk, actor: Actor, fund: Fund, bank: BankProfile, calendar: Calendar, today: date) -> Planned:
    """Plan a collection for every contribution of `fund` that falls due soon, or has, and has no live attempt.

    Running it twice, or in two processes, plans nothing twice. Raises Refused `fact.unconfirmed` while nobody confirmed the
    fund's scheme, or its name, identifier and account as creditor.
    """
    actor.require(Role.FINANCE_CLERK)
    with desk.work(actor) as work:
        in_turn(work.session, turn(fund))
        _redate_what_was_not_sent(work, fund, calendar, today)
    planner = _Planner(fund, bank, calendar, today)
    after = ""
    while True:
        with desk.work(actor) as work:
            in_turn(work.session, turn(fund))
            some = candidates(work, fund.id, today + rules.PLAN_AHEAD, after)
            made = planner.attempts(some, known(work, fund.id, some), blocked_now(work, fund.id))
            count = _keep(work, fund, made)
            if count:
                audit.record(work, "collections.planned", fund.id, count=count, business_date=today.isoformat())
        planner.planned.collections += count
        if not some:
            return planner.planned
        after = some[-1].contribution_id


def turn(fund: Fund) -> str:
    """The turn that planning, notices and batches of a fund take: one at a time."""
    return f"collections/{fund.id}"


class _Planner:
    """Decides about candidates of one fund on one day."""

    def __init__(self, fund: Fund, bank: BankProfile, calendar: Calendar, today: date) -> None:
        policy = fund.debit_policy
        self.planned = Planned()
        self._fund, self._calendar, self._today = fund, calendar, today
        self._lead, self._notice = policy.lead_open_days.require(), policy.notice_days_ahead.require()
        self._retry = rules.RetryPolicy(
            frozenset(policy.retry_codes.value),
            policy.max_attempts.value,
            policy.retry_fee_budget_minor.require(),
            bank.return_fee_minor or 0,
        )
        self._collection_day = cache(self._first_day)
        self._require_confirmed = cache(partial(require_confirmed, fund))

    def attempts(self, some: list[Candidate], facts: Known, blocked: Blocked) -> Iterator[_Attempt]:
        """The collections that are to be; what is left alone is noted with its reason."""
        for one in some:
            amount = one.amount_minor - facts.paid_minor.get(one.contribution_id, 0)
            obstacle = self._obstacle(one, amount, facts, blocked)
            if obstacle or one.mandate_id is None:
                self.planned.leave(one.reference, obstacle or "no mandate")
                continue
            self._require_confirmed()
            try:
                day = self._day(one, facts)
            except Refused as error:
                # A due date that no calendar knows is one contribution's trouble, not every employer's.
                if error.code != "calendar.horizon":
                    raise
                self.planned.leave(one.reference, error.message)
                continue
            if one.recurrence == "one_off":
                facts.used_mandates.add(one.mandate_id)
            number = len(facts.attempts.get(one.contribution_id, ())) + 1
            yield _Attempt(one, one.mandate_id, number, amount, day)

    def _obstacle(self, one: Candidate, amount_minor: int, facts: Known, blocked: Blocked) -> str | None:
        """Why this contribution is not debited now; None when it is."""
        if amount_minor <= 0:
            return "paid by other means"
        return (
            facts.contested.get(one.contribution_id)
            or blocked.why(one.employer_id, one.account_index)
            or rules.obstacle_in_mandate(facts.terms(one), amount_minor)
            or self._end_of_attempts(one, facts)
        )

    def _end_of_attempts(self, one: Candidate, facts: Known) -> str | None:
        tried = facts.attempts.get(one.contribution_id, ())
        failures = [attempt.failure_code for attempt in tried if attempt.cancelled_why is None]
        if not failures:
            return None
        policy = self._fund.debit_policy
        if not (policy.max_attempts.confirmed and policy.retry_codes.confirmed):
            return "presenting a failed debit again is not confirmed by the fund"
        return rules.may_try_again(failures, facts.fees_minor.get(one.contribution_id, 0), self._retry)

    def _day(self, one: Candidate, facts: Known) -> rules.Day:
        tried = facts.attempts.get(one.contribution_id, ())
        failed = [attempt for attempt in tried if attempt.failed_on]
        if failed:
            return self._day_again(one, facts, max(attempt.failed_on for attempt in failed if attempt.failed_on))
        return self._collection_day(one.due_date, one.received_at.date())

    def _first_day(self, due: date, received_on: date) -> rules.Day:
        return rules.collection_day(
            due=due,
            today=self._today,
            received_on=received_on,
            lead_open_days=self._lead,
            notice_days=self._notice,
            calendar=self._calendar,
        )

    def _day_again(self, one: Candidate, facts: Known, failed_on: date) -> rules.Day:
        policy = self._fund.debit_policy
        earliest = rules.first_possible(self._today, self._lead, self._notice, self._calendar)
        rule = max(self._calendar.add_open_days(failed_on, policy.retry_after_open_days.require()), earliest)
        why = f"presented again after a failure on {failed_on.isoformat()}"
        if policy.retry_day.require() == "fixed":
            return rules.Day(rule, why)
        code = facts.attempts[one.contribution_id][-1].failure_code
        chosen = choose_day(facts.history.get(one.employer_id, ()), code, earliest, rule, self._calendar)
        return rules.Day(chosen.day, f"{why}; {chosen.reason}")


def require_confirmed(fund: Fund) -> None:
    """Nobody is told of a debit that the fund may not make yet. Raises Refused `fact.unconfirmed`."""
    creditor = fund.creditor
    for fact in (fund.scheme, creditor.name, creditor.identifier, creditor.account):
        fact.require()


def _redate_what_was_not_sent(work: Work, fund: Fund, calendar: Calendar, today: date) -> None:
    """A collection whose file should have left before today gets the first possible day; those days are the service's.

    It is announced again, because amount and date of a notice must be those of the debit.
    """
    lead, notice = fund.debit_policy.lead_open_days.require(), fund.debit_policy.notice_days_ahead.require()
    for missed in unsent_days(work, fund):
        if rules.send_day(missed, lead, calendar) >= today:
            continue
        day = rules.first_possible(today, lead, notice, calendar)
        late = unsent(fund) & (Collection.collection_date == missed)
        count = work.session.scalar(select(func.count()).select_from(Collection).where(late))
        moved = (
            update(Collection)
            .where(late)
            .values(
                collection_date=day,
                date_reason=f"not sent in time by the service for {missed.isoformat()}",
                days_late_by_service=Collection.days_late_by_service + (day - missed).days,
            )
        )
        work.session.execute(moved.execution_options(synchronize_session=False))
        audit.record(work, "collections.redated", fund.id, missed=missed.isoformat(), day=day.isoformat(), count=count)


def unsent_days(work: Work, fund: Fund) -> list[date]:
    """The collection dates of what is planned and in no batch yet, the nearest first."""
    query = select(Collection.collection_date).where(unsent(fund)).distinct().order_by(Collection.collection_date)
    return list(work.session.scalars(query))


def _keep(work: Work, fund: Fund, made: Iterator[_Attempt]) -> int:
    attempts = list(made)
    planned_at: datetime = work.now()
    rows = (
        (
            new_id,
            one.of.contribution_id,
            one.number,
            fund.id,
            one.mandate_id,
            # Unique for ever, and the same however often planning is repeated after a crash.
            f"{one.of.contribution_id}-{one.number}",
            one.amount_minor,
            one.of.currency,
            one.day.collection_date,
            one.day.reason,
            one.day.days_late_by_service,
            # A first collection may be RCUR since November 2016 (facts 1.2). What the bank's profile or the mandate want
            # instead (FRST, FNAL) is known only when the file is made.
            "OOFF" if one.of.recurrence == "one_off" else "RCUR",
            planned_at,
            True,
        )
        for new_id, one in zip(work.new_ids(len(attempts)) if attempts else (), attempts, strict=True)
    )
    return insert_rows(work.session, Collection, _COLUMNS, rows)
