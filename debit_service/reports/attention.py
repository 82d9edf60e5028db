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
from debit_service.reports.figures.sheet import N_, Link, Said, Values
from debit_service.reports.matters import Matter, amount, listed, of_contribution

_ONE_DAY = timedelta(days=1)
#: A calendar that ends sooner than this is to be prolonged; an estimated holiday that is nearer is to be confirmed.
HORIZON_LEFT_MIN = timedelta(days=180)
ESTIMATED_UNTIL = timedelta(days=60)
#: A file that is not read after this long was forgotten, or its import was cut off.
READ_WITHIN = timedelta(hours=1)
#: A dispute is told of this long before its answer is due.
DISPUTE_AHEAD = timedelta(days=5)


def attention(work: Work, funds: Funds, calendars: Mapping[str, Calendar]) -> Iterator[Matter]:
    """What banks owe an answer about, runs that wait for a person, money that is not the fund's, messages that did not go out,
    disputes, calendars that end or are not sure, jobs that failed or do not run.
    """
    for batch, _ in collections.batches(work, "sending"):
        told = Said(N_("batch %(batch)s: it is not known whether the bank has it"), {"batch": batch.id})
        yield Matter(told, "debit batches send", _batch(batch.id))
    yield from _silent(work, funds, calendars)
    yield from _unstated(work, funds, calendars)
    yield from _held_runs(work)
    yield from _of_decisions(work)
    yield from _of_penalties(work)
    yield from _asked_for_closed_days(work, funds, calendars)
    yield from _unread(work)
    yield from _collected_too_much(work)
    for message in events.undelivered(work):
        text = N_("%(kind)s for %(subject)s has not gone out after %(tries)s tries: %(error)s")
        about: Values = {"kind": message.kind, "subject": message.subject, "tries": message.attempts}
        yield Matter(Said(text, about | {"error": message.last_error or ""}))
    yield from _disputes(work)
    named = {part.name: part for calendar in calendars.values() for part in calendar.parts}
    for name in sorted(named):
        yield from _unsure(named[name], work.now().date())
    yield from _jobs(work)


def _batch(batch_id: str) -> Link:
    return Link("batch", {"batch_id": batch_id})


def _held_runs(work: Work) -> Iterator[Matter]:
    text = N_(
        "a run of %(fund)s of %(day)s stopped at a safety bound (%(count)s debits, %(total)s): %(reasons)s. An approver decides"
    )
    for hold in bounds.waiting(work):
        about: Values = {
            "fund": hold.fund_id,
            "day": hold.business_date,
            "count": hold.count,
            "total": amount(hold.control_sum_minor, hold.currency),
            "reasons": listed(hold.reasons),
        }
        yield Matter(Said(text, about), "debit holds list", Link("held_run", {"hold_id": hold.id}))


def _of_decisions(work: Work) -> Iterator[Matter]:
    if proposed := len(decisions.proposals(work)):
        told = Said(N_("decisions about money that wait for another person: %(count)s"), {"count": proposed})
        yield Matter(told, "debit reconcile proposals", Link("queue", {}))
    text = N_(
        "a person decided about bank entry %(entry)s, and a file read since tells of %(name)s for it: look at it again; once the"
        " decision is undone, the file counts"
    )
    for entry_id, name in contradictions(work):
        told = Said(text, {"entry": entry_id, "name": name})
        yield Matter(told, f"debit reconcile entry {entry_id}", Link("suspense", {"entry_id": entry_id}))


def _of_penalties(work: Work) -> Iterator[Matter]:
    if unheeded := penalties.count_unheeded(work):
        text = N_(
            "penalties that are asked for although the employer was right about them in a dispute: %(count)s; nothing is told of"
            " them until an approver decides"
        )
        told = Said(text, {"count": unheeded})
        yield Matter(told, "debit penalties list --state to_confirm", Link("penalties", {}))
    for rule, why in used.held(work):
        text = N_("nothing new is computed by the penalty rule %(rule)s, and its penalties wait for a person: %(why)s")
        yield Matter(Said(text, {"rule": rule, "why": Said(why)}))


def _disputes(work: Work) -> Iterator[Matter]:
    today = work.now().date()
    for dispute in disputes.waiting(work):
        by = disputes.due(dispute)
        if by < today:
            text = N_("dispute %(dispute)s was to be answered by %(day)s")
        elif by <= today + DISPUTE_AHEAD:
            text = N_("dispute %(dispute)s is to be answered by %(day)s")
        else:
            continue
        told = Said(text, {"dispute": dispute.id, "day": by})
        yield Matter(told, "debit disputes list", Link("dispute", {"dispute_id": dispute.id}))


def _asked_for_closed_days(work: Work, funds: Funds, calendars: Mapping[str, Calendar]) -> Iterator[Matter]:
    text = N_(
        "batch %(batch)s of %(fund)s asks the bank for %(day)s, which was closed since (%(why)s): agree with the bank on what it"
        " does; its next open day may be after the due date, and no employer is at fault for that"
    )
    for fund in funds:
        for batch_id, day, why in on_closed_days(
            work, fund, calendars[fund.id], business_date(work.clock, fund.time_zone)
        ):
            about: Values = {"batch": batch_id, "fund": fund.id, "day": day, "why": Said(why)}
            yield Matter(Said(text, about), link=_batch(batch_id))


def _unsure(calendar: BusinessCalendar, today: date) -> Iterator[Matter]:
    """Where a calendar ends too soon, and which of its holidays nobody has confirmed yet."""
    if calendar.last_day - today < HORIZON_LEFT_MIN:
        text = N_(
            "the calendar %(calendar)s ends on %(day)s: check the holidays of the years after it, then move last_day in %(file)s"
        )
        file = f"config/calendars/{calendar.name}.toml"
        yield Matter(
            Said(text, {"calendar": calendar.name, "day": calendar.last_day, "file": file}),
            link=_year_of(calendar, calendar.last_day),
        )
    text = N_(
        "calendar %(calendar)s: %(day)s, %(why)s, is not confirmed; once it is announced, say whether it is closed, or open and"
        " another day is"
    )
    for one in calendar.special_days(today, today + ESTIMATED_UNTIL):
        if calendar.estimated(one.on):
            told = Said(text, {"calendar": calendar.name, "day": one.on, "why": Said(one.why)})
            yield Matter(
                told,
                f"debit calendars override {calendar.name} {one.on.isoformat()} closed",
                _year_of(calendar, one.on),
            )


def _year_of(calendar: BusinessCalendar, day: date) -> Link:
    return Link("calendar", {"calendar": calendar.name, "year": str(day.year)})


def _jobs(work: Work) -> Iterator[Matter]:
    """Runs that failed, that do not end, and that did not happen at all."""
    found = runs.newest(work)
    last = max((run.business_date for run in found), default=None)
    link = Link("jobs", {})
    for run in found:
        if last and run.business_date < last - _ONE_DAY:
            continue  # a job, a fund or a bank that is there no more
        about: Values = {"job": run.job, "fund": run.fund_id, "day": run.business_date}
        if run.outcome == "failed":
            text = N_(
                "job %(job)s of %(fund)s on %(day)s failed, and is tried again every minute while the worker runs: %(why)s"
            )
            yield Matter(Said(text, about | {"why": run.detail or ""}), link=link)
        elif run.outcome == "running" and work.now() - run.started_at > runs.RUN_TIME_MAX:
            text = N_("job %(job)s of %(fund)s on %(day)s runs since %(since)s: see the worker's log, restart it")
            yield Matter(Said(text, about | {"since": run.started_at.isoformat(timespec="minutes")}), link=link)
    if last and last < work.now().date() - _ONE_DAY:
        yield Matter(
            Said(N_("no job has run since %(day)s: is the worker running?"), {"day": last}), "debit worker", link
        )


def _collected_too_much(work: Work) -> Iterator[Matter]:
    """Contributions of which more is kept than is owed, or about which the bank contradicts itself."""
    text = N_("%(reference)s: %(amount)s more was collected than is owed; refund it")
    for contribution_id, reference, currency, surplus in standings.overcollected(work):
        told = Said(text, {"reference": reference, "amount": amount(surplus, currency)})
        yield Matter(told, link=of_contribution(contribution_id))
    contradicted = standings.maybe_contradicted(work)
    results = reconcile.outcomes_of(work, {one.id: one.amount_minor for one, _ in contradicted})
    for one, reference in contradicted:
        if contradiction := results[one.id].contradiction:
            told = Said("%(reference)s: %(told)s", {"reference": reference, "told": Said(contradiction)})
            yield Matter(told, link=of_contribution(one.contribution_id))


def _silent(work: Work, funds: Funds, calendars: Mapping[str, Calendar]) -> Iterator[Matter]:
    text = N_(
        "batch %(batch)s of %(fund)s: the bank has neither booked nor refused %(count)s debits of %(day)s; nobody is penalised"
        " for that"
    )
    for batch, day, count in standings.unanswered(work):
        fund = funds.get(batch.fund_id)
        patience = funds.bank(batch.bank_id).silence_after_open_days
        if calendars[fund.id].add_open_days(day, patience) < business_date(work.clock, fund.time_zone):
            about: Values = {"batch": batch.id, "fund": fund.id, "count": count, "day": day}
            yield Matter(Said(text, about), link=_batch(batch.id))


def _unstated(work: Work, funds: Funds, calendars: Mapping[str, Calendar]) -> Iterator[Matter]:
    """Bookings whose statement (camt.053) should be here: without one nothing proves that the bank told everything."""
    until: dict[str, date] = {}
    for fund in funds:
        patience, today = funds.bank(fund.bank).statement_after_open_days, business_date(work.clock, fund.time_zone)
        until[fund.id] = calendars[fund.id].add_open_days(today, -patience) - _ONE_DAY
    for one in tie_out.overdue(work, until):
        said = Said(N_("%(told)s: the bank's camt.053 was to come by now, ask for it"), {"told": Said(one.says)})
        yield Matter(said, link=Link("tie_out", {"fund": one.fund_id, "month": f"{one.since:%Y-%m}"}))


def _unread(work: Work) -> Iterator[Matter]:
    """Files that nobody has read to their end: an import was cut off, or none has run."""
    text = N_(
        "a file of %(bank)s is stored since %(since)s and not read to its end (%(file)s); fetching from the bank goes on where"
        " it stopped"
    )
    for file in reconcile.unread(work, work.now() - READ_WITHIN):
        since = file.stored_at.isoformat(timespec="minutes")
        yield Matter(Said(text, {"bank": file.bank_id, "since": since, "file": file.sha256[:16]}), "debit bank fetch")
