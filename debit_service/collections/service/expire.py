"""Expire: mandates that nobody used for 36 months lapse; those whose one, or last, debit has settled for good are used up."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Exists, ScalarSelect, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from debit_service.collections.models import BatchTransition, Collection, PaymentInformation
from debit_service.core.work import Role, Work
from debit_service.funds.profile import Fund
from debit_service.ledger.models import JournalEntry, JournalLine
from debit_service.ledger.rules import Account, account
from debit_service.mandates.models import Mandate, MandateForm, MandateTransition
from debit_service.mandates.rules import DORMANT_AFTER_MONTHS, dormant_since
from debit_service.mandates.service import change

#: No calendar is asked here: an open day is counted as three days, which outlasts every run of closed days. Late does no harm.
_DAYS_FOR_AN_OPEN_DAY = 3


@dataclass(frozen=True, slots=True)
class Expired:
    """The ids of the mandates that lapsed, and of those that are used up."""

    expired: list[str]
    completed: list[str]


def expire(work: Work, fund: Fund, today: date) -> Expired:
    """End what may not be debited any more at `fund`. A mandate with a debit under way is left alone. Safe to repeat."""
    work.actor.require(Role.FINANCE_CLERK)
    completed = _end(
        work,
        fund,
        "completed",
        "its last debit has settled, and the time to take it back is over",
        _in_state("active"),
        _settled_for_good(fund, today),
    )
    expired = _end(
        work,
        fund,
        "expired",
        f"no debit was presented for {DORMANT_AFTER_MONTHS} months",
        _in_state("active", "suspended"),
        *unused_since(dormant_since(today)),
    )
    return Expired(expired, completed)


def _end(work: Work, fund: Fund, state: str, why: str, *conditions: ColumnElement[bool]) -> list[str]:
    query = select(Mandate).where(Mandate.fund_id == fund.id, Mandate.live, *conditions, ~_under_way(fund))
    ended = list(work.session.scalars(query.order_by(Mandate.id)))
    for mandate in ended:
        change(work, mandate, state, why)
    return [mandate.id for mandate in ended]


def _in_state(*states: str) -> Exists:
    return exists().where(
        MandateTransition.subject_id == Mandate.id,
        MandateTransition.most_recent,
        MandateTransition.to_state.in_(states),
    )


def unused_since(day: date) -> tuple[ColumnElement[bool], ...]:
    """Signed by `day`, and since then neither presented, nor taken over from where its debits are not known to this house."""
    presented = exists().where(
        Collection.mandate_id == Mandate.id,
        Collection.collection_date > day,
        PaymentInformation.id == Collection.payment_information_id,
        BatchTransition.subject_id == PaymentInformation.batch_id,
        BatchTransition.most_recent,
        BatchTransition.to_state == "sent",
    )
    end_of_day = datetime.combine(day + timedelta(days=1), time(), UTC)
    return (Mandate.signed_on <= day, ~presented, ~and_(Mandate.created_at >= end_of_day, _taken_over()))


def _taken_over() -> ColumnElement[bool]:
    """Imported from another house, or transferred from another fund: what was presented before is not under this mandate's id."""
    imported = exists().where(MandateForm.id == Mandate.form_id, MandateForm.how == "import")
    predecessor, ending = aliased(Mandate), aliased(MandateTransition)
    transferred = exists().where(
        predecessor.employer_id == Mandate.employer_id,
        predecessor.form_id == Mandate.form_id,
        ending.subject_id == predecessor.id,
        ending.most_recent,
        ending.to_state == "transferred",
    )
    return or_(imported, transferred)


def _settled_for_good(fund: Fund, today: date) -> Exists:
    """Its one debit, or the one of which the bank was told that it is the last, is paid and can no longer be taken back."""
    window = max(fund.refund_window_days.value, fund.return_window_open_days.value * _DAYS_FOR_AN_OPEN_DAY)
    booked_on = (
        select(func.max(JournalEntry.business_date))
        .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
        .where(JournalLine.account == account(Account.BANK, fund.id), JournalLine.subject == Collection.id)
        .correlate(Collection)
        .scalar_subquery()
    )
    return exists().where(
        Collection.mandate_id == Mandate.id,
        or_(Mandate.recurrence == "one_off", Collection.sequence_type == "FNAL"),
        _paid(fund),
        booked_on < today - timedelta(days=window),
    )


def _under_way(fund: Fund) -> Exists:
    """A debit is planned, or with a bank that has not booked it. `live` alone would also name what was paid years ago."""
    return exists().where(Collection.mandate_id == Mandate.id, Collection.live, ~_paid(fund))


def _paid(fund: Fund) -> ColumnElement[bool]:
    return and_(_balance(Account.BANK, fund) > 0, _balance(Account.IN_TRANSIT, fund) == 0)


def _balance(kind: Account, fund: Fund) -> ScalarSelect[Any]:
    return (
        select(func.coalesce(func.sum(JournalLine.amount_minor), 0))
        .where(JournalLine.account == account(kind, fund.id), JournalLine.subject == Collection.id)
        .correlate(Collection)
        .scalar_subquery()
    )
