"""Attention: what was expected and has not come, what is not known about sending, what people must do before it is too late.

Silence is never a yes: neither a bank's, nor a job's that did not run.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from debit_service.collections import queries as collections
from debit_service.collections.service import bounds
from debit_service.collections.service.redate import on_closed_days
from debit_service.core import events, runs
from debit_service.core.calendar import BusinessCalendar, Calendar
from debit_service.core.clock import business_date
from debit_service.core.money import format_minor
from debit_service.core.work import Work
from debit_service.disputes import queries as disputes
from debit_service.funds.queries import Funds
from debit_service.penalties import queries as penalties
from debit_service.penalties.tariff import used
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.same_booking.said_since import contradictions
from debit_service.reconcile.tie_out import queries as tie_out
from debit_service.reports import standings

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
    for batch, _ in collections.batches(work, "sending"):
        yield f"batch {batch.id}: it is not known whether the bank has it; `debit batches send` asks"
    yield from _silent(work, funds, calendars)
    yield from _unstated(work, funds, calendars)
    for hold in bounds.waiting(work):
        total = f"{format_minor(hold.control_sum_minor, hold.currency)} {hold.currency}"
        yield (
            f"a run of {hold.fund_id} of {hold.business_date.isoformat()} stopped at a safety bound ({hold.count} debits,"
            f" {total}): {'; '.join(hold.reasons)}. An approver decides: `debit holds list`"
        )
    if proposed := len(decisions.proposals(work)):
        yield f"decisions about money that wait for another person: {proposed}; see `debit reconcile proposals`"
    for entry_id, name in contradictions(work):
        yield (
            f"a person decided about bank entry {entry_id}, and a file read since tells of {name} for it: look at it"
            f" again (`debit reconcile entry {entry_id}`); once the decision is undone, the file counts"
        )
    if unheeded := penalties.count_unheeded(work):
        yield (
            f"penalties that are asked for although the employer was right about them in a dispute: {unheeded}; nothing is told"
            " of them until an approver decides: `debit penalties list --state to_confirm`"
        )
    for rule, why in used.held(work):
        yield f"nothing new is computed by the penalty rule {rule}, and its penalties wait for a person: {why}"
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
        by = disputes.due(dispute)
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
    for reference, currency, surplus in standings.overcollected(work):
        told = format_minor(surplus, currency)
        yield f"{reference}: {told} {currency} more was collected than is owed; refund it"
    contradicted = standings.rejected_and_settled(work)
    results = reconcile.outcomes_of(work, {one: amount for one, (_, amount) in contradicted.items()})
    for collection_id, (reference, _) in contradicted.items():
        if contradiction := results[collection_id].contradiction:
            yield f"{reference}: {contradiction}"


def _silent(work: Work, funds: Funds, calendars: Mapping[str, Calendar]) -> Iterator[str]:
    for batch, day, count in standings.unanswered(work):
        fund = funds.get(batch.fund_id)
        patience = funds.bank(batch.bank_id).silence_after_open_days
        if calendars[fund.id].add_open_days(day, patience) < business_date(work.clock, fund.time_zone):
            yield (
                f"batch {batch.id} of {fund.id}: the bank has neither booked nor refused {count} debits of"
                f" {day.isoformat()}; nobody is penalised for that"
            )


def _unstated(work: Work, funds: Funds, calendars: Mapping[str, Calendar]) -> Iterator[str]:
    """Bookings whose statement (camt.053) should be here: without one nothing proves that the bank told everything."""
    until: dict[str, date] = {}
    for fund in funds:
        patience, today = funds.bank(fund.bank).statement_after_open_days, business_date(work.clock, fund.time_zone)
        until[fund.id] = calendars[fund.id].add_open_days(today, -patience) - _ONE_DAY
    for told in tie_out.overdue(work, until):
        yield f"{told}: the bank's camt.053 was to come by now, ask for it"


def _unread(work: Work) -> Iterator[str]:
    """Files that nobody has read to their end: an import was cut off, or none has run."""
    for file in reconcile.unread(work, work.now() - READ_WITHIN):
        yield (
            f"a file of {file.bank_id} is stored since {file.stored_at.isoformat(timespec='minutes')} and not read to its"
            f" end ({file.sha256[:16]}): run `debit bank fetch`, which goes on where it stopped"
        )
