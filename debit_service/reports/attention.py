"""Attention: what was expected of a bank and has not come, and what is not known about sending. Silence is never a yes."""

from collections.abc import Iterator, Mapping
from datetime import date

from debit_service.collections import queries as collections
from debit_service.collections.models import Batch, Collection
from debit_service.contributions import queries as contributions
from debit_service.core import events
from debit_service.core.calendar import Calendar
from debit_service.core.clock import business_date
from debit_service.core.money import format_minor
from debit_service.core.work import Work
from debit_service.disputes import queries as disputes
from debit_service.funds.queries import Funds
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.rules import State


def attention(work: Work, funds: Funds, calendars: Mapping[str, Calendar]) -> Iterator[str]:
    """In words: banks that owe an answer, money that is not the fund's, notices that did not go out, disputes left unanswered."""
    for batch, state in collections.batches(work, "sending", "sent"):
        if state == "sending":
            yield f"batch {batch.id}: it is not known whether the bank has it; `debit batches send` asks"
            continue
        yield from _silent(work, funds, calendars, batch)
    yield from _collected_too_much(work)
    for message in events.undelivered(work):
        yield f"{message.kind} for {message.subject} has not gone out after {message.attempts} tries: {message.last_error}"
    for dispute in disputes.waiting(work):
        if dispute.answer_by < work.now().date():
            yield f"dispute {dispute.id} was to be answered by {dispute.answer_by.isoformat()}"


def _collected_too_much(work: Work) -> Iterator[str]:
    """Contributions of which more is kept than is owed, or about which the bank contradicts itself."""
    for contribution in contributions.listed(work):
        outcomes = [
            reconcile.outcome_of(work, one.id, one.amount_minor) for one in collections.attempts(work, contribution.id)
        ]
        kept = sum(one.kept_minor for one in outcomes)
        if kept > contribution.amount_minor:
            surplus = format_minor(kept - contribution.amount_minor, contribution.currency)
            yield f"{contribution.reference}: {surplus} {contribution.currency} more was collected than is owed; refund it"
        for one in outcomes:
            if one.contradiction:
                yield f"{contribution.reference}: {one.contradiction}"


def _silent(work: Work, funds: Funds, calendars: Mapping[str, Calendar], batch: Batch) -> Iterator[str]:
    fund = funds.get(batch.fund_id)
    patience = funds.bank(batch.bank_id).silence_after_open_days
    today = business_date(work.clock, fund.time_zone)
    waiting: dict[date, list[Collection]] = {}
    for one in collections.of_batch(work, batch.id):
        overdue = calendars[fund.id].add_open_days(one.collection_date, patience) < today
        if overdue and reconcile.outcome_of(work, one.id, one.amount_minor).state in (State.SENT, State.ACCEPTED):
            waiting.setdefault(one.collection_date, []).append(one)
    for day, silent in waiting.items():
        yield (
            f"batch {batch.id} of {fund.id}: the bank has neither booked nor refused {len(silent)} debits of"
            f" {day.isoformat()}; nobody is penalised for that"
        )
