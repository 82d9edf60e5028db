"""Attention: what was expected and has not come, what is not known about sending, what people must do before it is too late.

Silence is never a yes: neither a bank's, nor a job's that did not run.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache

from debit_service.collections import queries as collections
from debit_service.collections.models import Batch
from debit_service.collections.service import bounds
from debit_service.collections.service.redate import on_closed_days
from debit_service.core import events, runs
from debit_service.core.calendar import BusinessCalendar, Calendar
from debit_service.core.clock import business_date
from debit_service.core.money import format_minor
from debit_service.core.work import Work
from debit_service.disputes import queries as disputes
from debit_service.funds.queries import Funds
from debit_service.reconcile import decisions, money_proof
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.rules import State

_ONE_DAY = timedelta(days=1)
#: A calendar that ends sooner than this is to be prolonged; an estimated holiday that is nearer is to be confirmed.
HORIZON_LEFT_MIN = timedelta(days=180)
ESTIMATED_UNTIL = timedelta(days=60)
#: A file that is not read after this long was forgotten, or its import was cut off.
READ_WITHIN = timedelta(hours=1)
#: A dispute is told of this long before its answer is due.
DISPUTE_AHEAD = timedelta(days=5)


def attention(work: Work, funds: Funds, calendars: Mapping[str, Calendar]) -> Iterator[str]:
    """In words: what banks owe an answer about, runs that wait for a person, money that is not the fund's, messages that did not
    go out, disputes, calendars that end or are not sure, jobs that failed or do not run.
    """
    for batch, state in collections.batches(work, "sending", "sent"):
        if state == "sending":
            yield f"batch {batch.id}: it is not known whether the bank has it; `debit batches send` asks"
            continue
        yield from _silent(work, funds, calendars, batch)
    for hold in bounds.waiting(work):
        total = f"{format_minor(hold.control_sum_minor, hold.currency)} {hold.currency}"
        yield (
            f"a run of {hold.fund_id} of {hold.business_date.isoformat()} stopped at a safety bound ({hold.count} debits,"
            f" {total}): {'; '.join(hold.reasons)}. An approver decides: `debit holds list`"
        )
    if proposed := len(decisions.proposals(work)):
        yield f"decisions about money that wait for another person: {proposed}; see `debit reconcile proposals`"
    yield from _asked_for_closed_days(work, funds, calendars)
    yield from _unread(work)
    yield from _collected_too_much(work)
    for message in events.undelivered(work):
        yield f"{message.kind} for {message.subject} has not gone out after {message.attempts} tries: {message.last_error}"
    yield from _disputes(work)
    named = {part.name: part for calendar in calendars.values() for part in calendar.parts}
    for name in sorted(named):
        yield from _unsure(named[name], work.now().date())
    yield from _jobs(work)


def _disputes(work: Work) -> Iterator[str]:
    today = work.now().date()
    for dispute in disputes.waiting(work):
        by = dispute.answer_by
        if by < today:
            yield f"dispute {dispute.id} was to be answered by {by.isoformat()}"
        elif by <= today + DISPUTE_AHEAD:
            yield f"dispute {dispute.id} is to be answered by {by.isoformat()}: see `debit disputes list`"


def _asked_for_closed_days(work: Work, funds: Funds, calendars: Mapping[str, Calendar]) -> Iterator[str]:
    for fund in funds:
        for batch_id, day, why in on_closed_days(
            work, fund, calendars[fund.id], business_date(work.clock, fund.time_zone)
        ):
            yield (
                f"batch {batch_id} of {fund.id} asks the bank for {day.isoformat()}, which was closed since ({why}): agree with"
                " the bank on what it does; its next open day may be after the due date, and no employer is at fault for that"
            )


def _unsure(calendar: BusinessCalendar, today: date) -> Iterator[str]:
    """Where a calendar ends too soon, and which of its holidays nobody has confirmed yet."""
    if calendar.last_day - today < HORIZON_LEFT_MIN:
        yield (
            f"the calendar {calendar.name} ends on {calendar.last_day.isoformat()}: check the holidays of the years after it,"
            f" then move last_day in config/calendars/{calendar.name}.toml"
        )
    for one in calendar.special_days(today, today + ESTIMATED_UNTIL):
        if calendar.estimated(one.on):
            yield (
                f"calendar {calendar.name}: {one.on.isoformat()}, {one.why}, is not confirmed; once it is announced, say so with"
                f" `debit calendars override {calendar.name} {one.on.isoformat()} closed` (or open, and close the right day)"
            )


def _jobs(work: Work) -> Iterator[str]:
    """Runs that failed, that do not end, and that did not happen at all."""
    found = runs.newest(work)
    last = max((run.business_date for run in found), default=None)
    for run in found:
        if last and run.business_date < last - _ONE_DAY:
            continue  # a job, a fund or a bank that is there no more
        where = f"job {run.job} of {run.fund_id} on {run.business_date.isoformat()}"
        if run.outcome == "failed":
            yield f"{where} failed, and is tried again every minute while `debit worker` runs: {run.detail}"
        elif run.outcome == "running" and work.now() - run.started_at > runs.RUN_TIME_MAX:
            yield f"{where} runs since {run.started_at.isoformat(timespec='minutes')}: see the worker's log, restart it"
    if last and last < work.now().date() - _ONE_DAY:
        yield f"no job has run since {last.isoformat()}: is `debit worker` running?"


def _collected_too_much(work: Work) -> Iterator[str]:
    """Contributions of which more is kept than is owed, or about which the bank contradicts itself."""
    for owed, attempts, results in money_proof.by_contribution(work):
        for one in owed:
            outcomes = [results[attempt.id] for attempt in attempts.get(one.id, [])]
            surplus = sum(result.kept_minor for result in outcomes) - one.amount_minor
            if surplus > 0:
                told = format_minor(surplus, one.currency)
                yield f"{one.reference}: {told} {one.currency} more was collected than is owed; refund it"
            yield from (f"{one.reference}: {result.contradiction}" for result in outcomes if result.contradiction)


def _silent(work: Work, funds: Funds, calendars: Mapping[str, Calendar], batch: Batch) -> Iterator[str]:
    fund = funds.get(batch.fund_id)
    patience = funds.bank(batch.bank_id).silence_after_open_days
    today = business_date(work.clock, fund.time_zone)
    overdue = cache(lambda day: calendars[fund.id].add_open_days(day, patience) < today)
    asked = [one for one in collections.of_batch(work, batch.id) if overdue(one.collection_date)]
    results = reconcile.outcomes_of(work, {one.id: one.amount_minor for one in asked})
    silent = Counter(one.collection_date for one in asked if results[one.id].state in (State.SENT, State.ACCEPTED))
    for day, count in silent.items():
        yield (
            f"batch {batch.id} of {fund.id}: the bank has neither booked nor refused {count} debits of"
            f" {day.isoformat()}; nobody is penalised for that"
        )


def _unread(work: Work) -> Iterator[str]:
    """Files that nobody has read to their end: an import was cut off, or none has run."""
    for file in reconcile.unread(work, work.now() - READ_WITHIN):
        yield (
            f"a file of {file.bank_id} is stored since {file.stored_at.isoformat(timespec='minutes')} and not read to its"
            f" end ({file.sha256[:16]}): run `debit bank fetch`, which goes on where it stopped"
        )
