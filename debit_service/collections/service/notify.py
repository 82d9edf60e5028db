"""Notify: before a debit the employer is told its amount and date. No notice that went out, no collection.

The notice is owed to the outbox in the transaction that records it; `deliver` carries it out. Collections are taken by chunks,
each in a transaction of its own.
"""

from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from typing import NamedTuple

from sqlalchemy import select, tuple_

from debit_service.collections.models import Collection, Notice
from debit_service.collections.notice_text import language_of, notice_body
from debit_service.collections.service.obstacles import superseded, unsent
from debit_service.collections.service.plan import turn
from debit_service.contributions.models import Contribution
from debit_service.core import audit
from debit_service.core.accounts import AccountNumber, AccountScheme
from debit_service.core.bulk import CHUNK_ROWS, insert_rows
from debit_service.core.database import in_turn
from debit_service.core.models import OutboxMessage
from debit_service.core.work import Actor, Desk, Role, Work
from debit_service.employers.models import Employer
from debit_service.funds.profile import Fund
from debit_service.mandates.models import Mandate

OUTBOX_KIND = "notice"
_OUTBOX = ("id", "kind", "subject", "body_sealed", "created_at", "attempts")
_NOTICE = ("id", "collection_id", "amount_minor", "collection_date", "language", "outbox_id", "made_at", "days_agreed")


class _Announced(NamedTuple):
    """A debit, and whom to tell of it."""

    collection_id: str
    amount_minor: int
    collection_date: date
    currency: str
    reference: str
    period: str
    mandate_id: str
    mandate_reference: str
    account_scheme: str
    account_sealed: bytes
    employer_id: str
    language: str
    name_sealed: bytes
    email_sealed: bytes | None


def notify(desk: Desk, actor: Actor, fund: Fund) -> int:
    """Owe a notice for each planned collection of `fund` of which not this amount and date were told last; returns how many."""
    actor.require(Role.FINANCE_CLERK)
    total: int = 0
    after: tuple[date, str] = (date.min, "")
    while True:
        with desk.work(actor) as work:
            in_turn(work.session, turn(fund))
            waiting = _without_notice(work, fund, after)
            if waiting:
                _owe_notices(work, fund, waiting)
                audit.record(work, "notices.made", fund.id, count=len(waiting))
        total += len(waiting)
        if len(waiting) < CHUNK_ROWS:
            return total
        after = (waiting[-1].collection_date, waiting[-1].collection_id)


def _without_notice(work: Work, fund: Fund, after: tuple[date, str]) -> list[_Announced]:
    announced = select(Notice.collection_id).where(
        Notice.collection_id == Collection.id,
        Notice.amount_minor == Collection.amount_minor,
        Notice.collection_date == Collection.collection_date,
        ~superseded(),
    )
    query = (
        select(
            Collection.id,
            Collection.amount_minor,
            Collection.collection_date,
            Collection.currency,
            Contribution.reference,
            Contribution.period,
            Mandate.id,
            Mandate.reference,
            Mandate.account_scheme,
            Mandate.account_sealed,
            Employer.id,
            Employer.language,
            Employer.name_sealed,
            Employer.email_sealed,
        )
        .join(Contribution, Contribution.id == Collection.contribution_id)
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .join(Employer, Employer.id == Mandate.employer_id)
        # In the order of the index of what is unsent: each chunk begins where the last one ended.
        .where(unsent(fund), tuple_(Collection.collection_date, Collection.id) > after, ~announced.exists())
        .order_by(Collection.collection_date, Collection.id)
        .limit(CHUNK_ROWS)
    )
    return [_Announced._make(row) for row in work.session.execute(query)]


def _owe_notices(work: Work, fund: Fund, waiting: list[_Announced]) -> None:
    now = work.now()
    outbox_ids, notice_ids = work.new_ids(len(waiting)), work.new_ids(len(waiting))
    written, agreed = _writer(work, fund), fund.debit_policy.notice_days_ahead.value
    messages: Iterator[tuple[object, ...]] = (
        (outbox_id, OUTBOX_KIND, one.collection_id, work.keys.seal(written(one), f"outbox.body:{outbox_id}"), now, 0)
        for outbox_id, one in zip(outbox_ids, waiting, strict=True)
    )
    insert_rows(work.session, OutboxMessage, _OUTBOX, messages)
    notices: Iterator[tuple[object, ...]] = (
        (
            notice_id,
            one.collection_id,
            one.amount_minor,
            one.collection_date,
            language_of(one.language),
            outbox_id,
            now,
            agreed,
        )
        for notice_id, outbox_id, one in zip(notice_ids, outbox_ids, waiting, strict=True)
    )
    insert_rows(work.session, Notice, _NOTICE, notices)


def _writer(work: Work, fund: Fund) -> Callable[[_Announced], str]:
    """What a notice says, with everything sealed opened for it."""
    keys = work.keys
    identifier = fund.creditor.identifier.require()
    named = cache(fund.names.best)

    def written(one: _Announced) -> str:
        account = AccountNumber(
            AccountScheme(one.account_scheme), keys.open(one.account_sealed, f"mandates.account:{one.mandate_id}")
        )
        email = one.email_sealed and keys.open(one.email_sealed, f"employers.email:{one.employer_id}")
        return notice_body(
            one.language,
            fund_name=named(language_of(one.language)),
            creditor_identifier=identifier,
            employer_name=keys.open(one.name_sealed, f"employers.name:{one.employer_id}"),
            reference=one.reference,
            period=one.period,
            collection_date=one.collection_date,
            amount_minor=one.amount_minor,
            currency=one.currency,
            account_masked=account.masked,
            mandate_reference=one.mandate_reference,
            email=email or None,
        )

    return written
