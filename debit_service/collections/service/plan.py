"""Plan: each contribution that is due and may be debited gets one live collection, on a day that has the money there in time."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import exists, select

from debit_service.collections import queries, rules
from debit_service.collections.models import Collection
from debit_service.contributions.models import Contribution
from debit_service.core import audit
from debit_service.core.calendar import Calendar
from debit_service.core.database import in_turn
from debit_service.core.errors import Refused
from debit_service.core.work import Role, Work
from debit_service.disputes import queries as disputes
from debit_service.funds.profile import Fund
from debit_service.mandates import queries as mandate_queries
from debit_service.mandates import rules as mandate_rules
from debit_service.mandates.models import Mandate


@dataclass(frozen=True, slots=True)
class Planned:
    """What planning did: new collections, and the contributions it left alone, each with the reason."""

    collections: list[Collection]
    left_alone: dict[str, str]


def plan(work: Work, fund: Fund, calendar: Calendar, today: date) -> Planned:
    """Plan a collection for every contribution of `fund` that falls due soon, or has, and has no live attempt.

    Running it twice, or in two processes, plans nothing twice: (contribution, attempt) and (contribution, live) are unique.
    Raises Refused `fact.unconfirmed` while nobody confirmed the fund's scheme, or its name, identifier and account as creditor.
    """
    work.actor.require(Role.FINANCE_CLERK)
    in_turn(work.session, f"collections/{fund.id}")
    _redate_what_was_not_sent(work, fund, calendar, today)
    made: list[Collection] = []
    left_alone: dict[str, str] = {}
    for contribution in _without_live_attempt(work, fund, today):
        attempts = queries.attempts(work, contribution.id)
        mandate = mandate_queries.live(work, fund.id, contribution.employer_id)
        obstacle = _obstacle(work, fund, contribution, attempts, mandate)
        if obstacle or mandate is None:
            left_alone[contribution.reference] = obstacle or "no mandate"
            continue
        _require_confirmed(fund)
        try:
            day = _day(fund, calendar, contribution, attempts, today)
        except Refused as error:
            # A due date that no calendar knows is one contribution's trouble, not every employer's.
            if error.code != "calendar.horizon":
                raise
            left_alone[contribution.reference] = error.message
            continue
        made.append(_collection(work, contribution, mandate, len(attempts) + 1, day))
    if made:
        audit.record(work, "collections.planned", fund.id, count=len(made), business_date=today.isoformat())
    return Planned(made, left_alone)


def _redate_what_was_not_sent(work: Work, fund: Fund, calendar: Calendar, today: date) -> None:
    """A collection whose file should have left before today gets the first possible day; those days are the service's.

    It is announced again, because amount and date of a notice must be those of the debit.
    """
    lead, notice = fund.debit_policy.lead_open_days.require(), fund.debit_policy.notice_days_ahead.require()
    query = select(Collection).where(
        Collection.fund_id == fund.id, Collection.live, Collection.payment_information_id.is_(None)
    )
    for collection in work.session.scalars(query.with_for_update()):
        if rules.send_day(collection.collection_date, lead, calendar) >= today:
            continue
        missed, day = collection.collection_date, rules.first_possible(today, lead, notice, calendar)
        collection.collection_date = day
        collection.date_reason = f"not sent in time by the service for {missed.isoformat()}"
        collection.days_late_by_service += (day - missed).days
        work.session.flush()
        audit.record(work, "collection.redated", collection.id, missed=missed.isoformat(), day=day.isoformat())


def _without_live_attempt(work: Work, fund: Fund, today: date) -> list[Contribution]:
    live = exists().where(Collection.contribution_id == Contribution.id, Collection.live)
    query = (
        select(Contribution)
        .where(Contribution.fund_id == fund.id, Contribution.due_date <= today + rules.PLAN_AHEAD, ~live)
        .order_by(Contribution.due_date, Contribution.id)
    )
    return list(work.session.scalars(query))


def _obstacle(
    work: Work, fund: Fund, contribution: Contribution, attempts: list[Collection], mandate: Mandate | None
) -> str | None:
    """Why this contribution is not debited now; None when it is."""
    return (
        disputes.against_debit(work, contribution.id)
        or _lack_of_mandate(work, contribution, mandate)
        or _end_of_attempts(fund, attempts)
    )


def _lack_of_mandate(work: Work, contribution: Contribution, mandate: Mandate | None) -> str | None:
    if mandate is None:
        return "no mandate"
    state = mandate_queries.state(work, mandate.id)
    if state != "active":
        return f"the mandate is {state.replace('_', ' ')}, not active"
    if mandate.amount_limit_minor is not None and contribution.amount_minor > mandate.amount_limit_minor:
        return "the amount is above the limit that the employer set on its mandate"
    if mandate_rules.dormant(mandate.signed_on, queries.last_presented(work, mandate.id), contribution.due_date):
        return "the mandate has lapsed: 36 months without a collection"
    return None


def _end_of_attempts(fund: Fund, attempts: list[Collection]) -> str | None:
    failures = [attempt.failure_code for attempt in attempts if attempt.cancelled_why is None]
    if not failures:
        return None
    policy = fund.debit_policy
    if not (policy.max_attempts.confirmed and policy.retry_codes.confirmed):
        return "presenting a failed debit again is not confirmed by the fund"
    return rules.may_try_again(failures, policy.retry_codes.value, policy.max_attempts.value)


def _require_confirmed(fund: Fund) -> None:
    """Nobody is told of a debit that the fund may not make yet."""
    creditor = fund.creditor
    for fact in (fund.scheme, creditor.name, creditor.identifier, creditor.account):
        fact.require()


def _day(
    fund: Fund, calendar: Calendar, contribution: Contribution, attempts: list[Collection], today: date
) -> rules.Day:
    policy = fund.debit_policy
    lead, notice = policy.lead_open_days.require(), policy.notice_days_ahead.require()
    failed_on = [attempt.failed_on for attempt in attempts if attempt.failed_on]
    if failed_on:
        not_before = calendar.add_open_days(max(failed_on), policy.retry_after_open_days.require())
        day = max(not_before, rules.first_possible(today, lead, notice, calendar))
        return rules.Day(day, f"presented again after a failure on {max(failed_on).isoformat()}")
    return rules.collection_day(
        due=contribution.due_date,
        today=today,
        received_on=contribution.received_at.date(),
        lead_open_days=lead,
        notice_days=notice,
        calendar=calendar,
    )


def _collection(work: Work, contribution: Contribution, mandate: Mandate, attempt: int, day: rules.Day) -> Collection:
    collection = Collection(
        id=work.new_id(),
        contribution_id=contribution.id,
        attempt=attempt,
        fund_id=contribution.fund_id,
        mandate_id=mandate.id,
        # Unique for ever, and the same however often planning is repeated after a crash.
        end_to_end_id=f"{contribution.id}-{attempt}",
        amount_minor=contribution.amount_minor,
        currency=contribution.currency,
        collection_date=day.collection_date,
        date_reason=day.reason,
        days_late_by_service=day.days_late_by_service,
        # A first collection may be RCUR since November 2016 (facts 1.2), and it is the simplest correct policy.
        sequence_type="RCUR",
        planned_at=work.now(),
        live=True,
    )
    work.session.add(collection)
    work.session.flush()
    return collection
