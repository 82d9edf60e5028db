"""The day's operations, as staff, jobs and the demo call them: each a few use cases in the order of the path.

Every step is a transaction of its own and safe to repeat: after a crash anywhere, calling it again goes on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Literal

import structlog

from debit_service.banks import service as bank_store
from debit_service.collections import queries as collection_queries
from debit_service.collections.rules import PLAN_AHEAD
from debit_service.collections.service.batch import Batched, make_batches
from debit_service.collections.service.deliver import carrier
from debit_service.collections.service.expire import expire
from debit_service.collections.service.notify import notify
from debit_service.collections.service.plan import Planned, plan
from debit_service.collections.service.redate import Redated, move_due_dates, redate
from debit_service.collections.service.submit import submit
from debit_service.core import audit, events, runs
from debit_service.core.calendar import BusinessCalendar
from debit_service.core.clock import business_date
from debit_service.core.database import in_turn
from debit_service.core.errors import DebitError, InvalidInput
from debit_service.core.signing import signing_path
from debit_service.core.work import SERVICE, Actor, Work
from debit_service.disputes.rules import Terms
from debit_service.disputes.service import Kept, keep_time
from debit_service.funds import queries as fund_queries
from debit_service.funds.models import CalendarOverride
from debit_service.funds.profile import Fund
from debit_service.funds.queries import corrected
from debit_service.funds.service import override, withdraw
from debit_service.mandates.drafts import close_old
from debit_service.mandates.reminders import remind as remind_of_waiting
from debit_service.penalties import held, notice_queries
from debit_service.penalties import queries as penalties
from debit_service.penalties.fault.values import Party
from debit_service.penalties.models import FaultFinding
from debit_service.penalties.service import Assessed, Bench, ConfirmedMany, assess, confirm, confirm_many, findings
from debit_service.penalties.service import amnesty as amnesties
from debit_service.penalties.service.amnesty import CarriedOut
from debit_service.penalties.service.confirm import CONFIRMED_AT_A_TIME
from debit_service.penalties.service.departures import NOTED_AT_A_TIME, note_departures
from debit_service.penalties.service.notify import OUTBOX_KIND, Letterhead
from debit_service.penalties.service.notify import notify as tell_of_penalties
from debit_service.penalties.service.recall import recall
from debit_service.reconcile.service import Imported, Tell, bring_again, import_stored, untold
from debit_service.reports.proof.gather import Books
from debit_service.reports.proof.make import Made, make
from debit_service.wiring import Service

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Collected:
    """What a day's collecting did at one fund. `left_alone`: contribution reference -> why it was not planned."""

    fund_id: str
    planned: int
    left_alone: dict[str, str]
    notices: int
    batches: list[str]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What fetching brought: files that are new (in all, and by bank), what became of each, and the banks that did not answer."""

    new_files: int
    imported: list[Imported]
    unavailable: dict[str, str] = field(default_factory=dict)
    new_by_bank: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Corrected:
    """What a correction of a calendar changed, by fund: due dates, debits and batches; and where re-dating was refused."""

    override_id: str
    calendar: str
    day: date
    due_dates: dict[str, int]
    redated: dict[str, Redated]
    refused: dict[str, str]


def today(service: Service, fund: Fund) -> date:
    """The business date of a fund."""
    return business_date(service.desk.clock, fund.time_zone)


def check_business_date(service: Service, fund: Fund, on: date) -> None:
    """Refuse a day so far ahead that it can only be a slip: everything planned until then would count as not sent in time."""
    latest = today(service, fund) + PLAN_AHEAD
    if on > latest:
        raise InvalidInput(
            "collect.date",
            f"The date lies beyond {latest.isoformat()}, further ahead than anything is planned.",
            place="--date",
            remedy="Leave it out to collect for today.",
        )


def collect(service: Service, actor: Actor, fund: Fund, on: date) -> Collected:
    """Plan, notify, and batch what must leave by `on`."""
    planned = plan_due(service, actor, fund, on)
    notices = announce(service, actor, fund)
    batched = batch_due(service, actor, fund, on)
    left_alone = planned.left_alone | batched.cancelled
    return Collected(fund.id, planned.collections, left_alone, notices, [batch.id for batch in batched.batches])


def plan_due(service: Service, actor: Actor, fund: Fund, on: date) -> Planned:
    """Put right what the calendar no longer allows, then plan what falls due."""
    calendar = service.debit_calendar(fund)
    with service.desk.work(actor) as work:
        redate(work, fund, calendar, on)
    return plan(service.desk, actor, fund, service.bank_of(fund), calendar, on)


def announce(service: Service, actor: Actor, fund: Fund) -> int:
    """Owe the notices of what was planned, and let them go out; returns how many are new."""
    notices = notify(service.desk, actor, fund)
    deliver(service, actor)
    return notices


def batch_due(service: Service, actor: Actor, fund: Fund, on: date) -> Batched:
    """Freeze what must leave by `on` into batches."""
    return make_batches(service.desk, actor, fund, service.bank_of(fund), service.debit_calendar(fund), on)


def carry_out_amnesties(service: Service, actor: Actor, fund: Fund, *, later: bool = True) -> dict[str, CarriedOut]:
    """Relieve what approved amnesties of a fund cover and is not done yet, and take back what undone ones relieved.

    `later`: also look for penalties that arose since, where an amnesty covers them. Returns amnesty -> what was done.
    """
    with service.desk.reading(actor) as work:
        waiting = amnesties.unfinished(work, fund.id, later=later)
    return {one: amnesties.carry_out(service.desk, actor, fund, one) for one in waiting}


def deliver(service: Service, actor: Actor) -> tuple[int, int]:
    """Let notices and reminders go out; returns (sent, failed). What failed is tried at the next call.

    What waits to leave about a penalty and is not to be told any more is withdrawn right before. That messages about penalties
    have left is noted afterwards, fund by fund: what failed or was cut off there, the next call notes.
    """
    with carrier(service.settings) as post:
        done = events.deliver(service.desk, actor, post, {OUTBOX_KIND: recall})
    with service.desk.reading(actor) as work:
        told = notice_queries.funds_with_news(work)
    for fund_id in told:
        _note_departures(service, actor, fund_id)
    return done


def _note_departures(service: Service, actor: Actor, fund_id: str) -> None:
    """Note which messages about a fund's penalties have left. Whatever is wrong there, the others go on, and people are told."""
    noted, trouble = NOTED_AT_A_TIME, ""
    try:
        terms = dispute_terms(service, service.funds.get(fund_id))
        while noted == NOTED_AT_A_TIME:
            with service.desk.work(actor) as work:
                noted = note_departures(work, terms)
    except DebitError as error:
        trouble = str(error)
    except Exception as error:
        log.exception("the departures of messages about penalties are not noted", fund=fund_id)
        trouble = f"an error that nobody foresaw ({type(error).__name__}): see the log"
    with service.desk.reading(actor) as work:
        failed_before = ("departures", fund_id, "failed") in {
            (one.job, one.fund_id, one.outcome) for one in runs.newest(work)
        }
    if trouble or failed_before:
        on, outcome = service.desk.clock.now().date(), "failed" if trouble else "done"
        runs.note(service.desk, actor, "departures", fund_id, on, outcome, trouble or "noted", news=bool(trouble))


def send_approved(service: Service, actor: Actor) -> dict[str, str]:
    """Bring to its bank every batch that is approved or whose sending was cut off; returns batch id -> outcome, or why not."""
    return {one: outcome for fund in service.funds for one, outcome in send_of(service, actor, fund).items()}


def send_of(service: Service, actor: Actor, fund: Fund) -> dict[str, str]:
    """`send_approved` for one fund."""
    with service.desk.reading(actor) as work:
        found = collection_queries.batches(work, "approved", "sending")
        waiting = [batch.id for batch, _ in found if batch.fund_id == fund.id]
    outcomes, overtaken = {}, False
    for batch_id in waiting:
        try:
            outcomes[batch_id] = submit(service.desk, actor, fund, batch_id, service.channel(fund.bank))
        except DebitError as error:
            outcomes[batch_id] = str(error)
            overtaken = overtaken or error.code == "batch.overtaken"
    if overtaken:
        outcomes |= _batch_again(service, actor, fund)
    return outcomes


def _batch_again(service: Service, actor: Actor, fund: Fund) -> dict[str, str]:
    """What of overtaken batches may still be debited must leave today: it is batched anew, and waits for its approval."""
    try:
        made = [batch.id for batch in batch_due(service, actor, fund, today(service, fund)).batches]
    except DebitError as error:
        return {f"the batch in its place at {fund.id}": str(error)}
    return dict.fromkeys(made, "made in place of one that was overtaken; it waits for approval")


def fetch(service: Service, actor: Actor, tell: Tell = untold) -> Fetched:
    """Take in what every bank has left, then read and reconcile whatever was not read yet; `tell` hears how far that is."""
    new, unavailable = {}, {}
    for bank_id in sorted({fund.bank for fund in service.funds}):
        try:
            stored = bank_store.fetch(service.desk, actor, bank_id, service.channel(bank_id))
        except DebitError as error:
            unavailable[bank_id] = str(error)
        else:
            new[bank_id] = sum(1 for one in stored if one.new)
    return Fetched(sum(new.values()), import_stored(service.desk, actor, service.funds, tell), unavailable, new)


def bring_books(service: Service, actor: Actor, fund: Fund) -> int:
    """Bring to where the facts say what an earlier release booked otherwise; returns how many bookings moved."""
    return bring_again(service.desk, actor, service.funds, fund)


def assess_penalties(service: Service, actor: Actor, fund: Fund) -> Assessed:
    """Decide the fault of every failed debit of a fund, and its penalties; so many at a time, each time a transaction."""
    judges, done = bench(service, fund), Assessed()
    after: str | None = ""
    while after is not None:
        with service.desk.work(actor) as work:
            some, after = assess(work, judges, after)
        done += some
    return done


def bench(service: Service, fund: Fund) -> Bench:
    """What failures at a fund are judged with today."""
    rules, day = service.penalty_rules, today(service, fund)
    return Bench(fund, service.bank_of(fund), service.debit_calendar(fund), service.codes, rules, day)


def find_fault(
    service: Service,
    actor: Actor,
    collection_id: str,
    party: Party,
    because: str,
    evidence: str,
    seen: str | None = None,
) -> FaultFinding:
    """Keep what a person found out about a held failure (`findings.find`), and decide by it."""
    return _judge(
        service,
        actor,
        lambda _: collection_id,
        lambda work, judges: findings.find(work, judges, collection_id, party, because, evidence, seen=seen),
    )


def approve_finding(service: Service, actor: Actor, finding_id: str) -> FaultFinding:
    """Approve, as another person, that it was the employer, and decide by it."""
    return _judge(
        service,
        actor,
        lambda work: held.finding(work, finding_id).collection_id,
        lambda work, judges: findings.approve(work, judges, finding_id),
    )


def withdraw_finding(service: Service, actor: Actor, finding_id: str, why: str) -> FaultFinding:
    """Take a finding back, and decide without it."""
    return _judge(
        service,
        actor,
        lambda work: held.finding(work, finding_id).collection_id,
        lambda work, judges: findings.withdraw(work, judges, finding_id, why),
    )


def _judge(
    service: Service,
    actor: Actor,
    about: Callable[[Work], str],
    act: Callable[[Work, Bench], FaultFinding],
) -> FaultFinding:
    """Act about the failure of a collection, with what is judged by at its fund."""
    with service.desk.reading(actor) as work:
        fund = service.funds.get(held.fund_of(work, about(work)))
    judges = bench(service, fund)
    with service.desk.work(actor) as work:
        return act(work, judges)


def confirm_penalty(service: Service, actor: Actor, penalty_id: str, why: str, seen_minor: int) -> str:
    """Ask the employer for a penalty (`confirm`), with what is known now; returns its state."""
    with service.desk.reading(actor) as work:
        fund = service.funds.get(penalties.get(work, penalty_id).fund_id)
    judges = bench(service, fund)
    with service.desk.work(actor) as work:
        return confirm(work, judges, penalty_id, why, seen_minor=seen_minor)


def confirm_penalties(service: Service, actor: Actor, fund: Fund, seen: Mapping[str, int], why: str) -> ConfirmedMany:
    """Confirm many penalties of a fund (`confirm_many`), so many at a time, each time a transaction.

    After a crash, what was done stays; doing it again with the rest, or with all of it, goes on.
    """
    judges, done, left = bench(service, fund), ConfirmedMany(), iter(sorted(seen.items()))
    while some := dict(islice(left, CONFIRMED_AT_A_TIME)):
        with service.desk.work(actor) as work:
            done += confirm_many(work, judges, some, why)
    return done


def notify_penalties(service: Service, actor: Actor, fund: Fund) -> int:
    """Owe the notices of penalties of a fund, so many at a time; returns how many. The next delivery lets them go out."""
    head, told = Letterhead(dispute_terms(service, fund), service.codes, service.penalty_rules), 0
    judges = bench(service, fund)
    after: str | None = ""
    while after is not None:
        with service.desk.work(actor) as work:
            some, after = tell_of_penalties(work, head, judges, after)
        told += some
    return told


def expire_unused(service: Service, actor: Actor, fund: Fund, on: date) -> tuple[int, int, int]:
    """End mandates that have lapsed or are used up, and drafts that nobody signed: how many lapsed, were used up, were closed."""
    with service.desk.work(actor) as work:
        ended = expire(work, fund, on)
        # Drafts belong to no fund; whichever fund comes first closes them.
        return len(ended.expired), len(ended.completed), close_old(work, on)


def remind(service: Service, actor: Actor, fund: Fund, on: date) -> int:
    """Remind employers of mandates that wait for their bank; returns how many. The next delivery lets the reminders go out."""
    with service.desk.work(actor) as work:
        return remind_of_waiting(work, fund, on)


def dispute_terms(service: Service, fund: Fund) -> Terms:
    """What holds for the disputes of a fund, by the calendar of its country as it is now."""
    return Terms(fund, service.calendars[fund.calendar])


def keep_dispute_deadlines(service: Service, actor: Actor, fund: Fund) -> Kept:
    """Remind, escalate and close disputes of a fund, by its business date."""
    terms = dispute_terms(service, fund)
    with service.desk.work(actor) as work:
        return keep_time(work, terms)


def correct_calendar_day(
    service: Service, actor: Actor, name: str, day: date, becomes: Literal["open", "closed"], why: str, source: str
) -> Corrected:
    """Correct one day of a calendar, and put right at once what was planned with it."""

    def act(work: Work, calendars: Mapping[str, BusinessCalendar]) -> CalendarOverride:
        return override(work, calendars, name, day, becomes, why, source, today=_today_at(service, name))

    return _correct(service, actor, act)


def withdraw_calendar_day(service: Service, actor: Actor, override_id: str, why: str) -> Corrected:
    """Take a correction back, and put right at once what was planned with it."""

    def act(work: Work, _: Mapping[str, BusinessCalendar]) -> CalendarOverride:
        name = fund_queries.override(work, override_id).calendar
        return withdraw(work, override_id, why, today=_today_at(service, name))

    return _correct(service, actor, act)


def _correct(
    service: Service, actor: Actor, act: Callable[[Work, Mapping[str, BusinessCalendar]], CalendarOverride]
) -> Corrected:
    files = service.calendar_files
    due_dates: dict[str, int] = {}
    with service.desk.work(actor) as work:
        in_turn(work.session, "calendars")
        before = corrected(work.session, files)
        row = act(work, before)
        after = corrected(work.session, files)
        for fund in service.funds:
            if fund.calendar == row.calendar:
                here = before[row.calendar], after[row.calendar]
                due_dates[fund.id] = move_due_dates(work, fund, *here, today(service, fund))
    done = Corrected(row.id, row.calendar, row.day, due_dates, {}, {})
    for fund in service.funds:
        if row.calendar in (fund.calendar, service.bank_of(fund).calendar):
            _redate(service, actor, fund, done)
    return done


def _redate(service: Service, actor: Actor, fund: Fund, done: Corrected) -> None:
    """Re-date at one fund. What is refused now, the job `plan` does again: the correction itself stands."""
    try:
        calendar = service.debit_calendar(fund)
        with service.desk.work(actor) as work:
            done.redated[fund.id] = redate(work, fund, calendar, today(service, fund))
    except DebitError as error:
        done.refused[fund.id] = str(error)


def _today_at(service: Service, calendar: str) -> date:
    """The latest business date of those who use a calendar; a calendar that nobody uses is refused elsewhere."""
    users = [fund for fund in service.funds if calendar in (fund.calendar, service.bank_of(fund).calendar)]
    return max((today(service, fund) for fund in users), default=date.min)


def proof_pack(service: Service, actor: Actor, identifier: str) -> Made:
    """The signed proof pack of a contribution, named by its id or reference, or by that of a debit or penalty of it."""
    books = Books(service.funds, service.codes, service.penalty_rules, service.debit_calendars, _anchors(service))
    return make(service.desk, actor, books, signing_path(service.settings), identifier)


def _anchors(service: Service) -> Path:
    return service.settings.home / "audit-anchors.txt"


def anchor_audit(service: Service) -> None:
    """Write the newest hash of the audit log outside the database."""
    path = _anchors(service)
    if not path.exists():
        with service.desk.work(SERVICE) as work:
            audit.record(work, audit.ANCHORING_BEGAN, path.name)
    with service.desk.database.reading() as session:
        audit.anchor(session, path)
