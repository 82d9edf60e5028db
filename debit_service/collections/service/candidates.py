"""What planning must know of many contributions at once, each question asked of all of them together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import Select, exists, func, select

from debit_service.collections.models import Collection
from debit_service.collections.retry_day import Past
from debit_service.collections.rules import MandateTerms
from debit_service.collections.service.expire import unused_since
from debit_service.contributions import queries as contributions
from debit_service.contributions.models import Contribution
from debit_service.core.bulk import CHUNK_ROWS, among
from debit_service.core.work import Work
from debit_service.disputes import queries as disputes
from debit_service.ledger.models import JournalLine
from debit_service.ledger.rules import Account, account
from debit_service.mandates.models import Mandate, MandateTransition
from debit_service.mandates.rules import dormant_since


class Candidate(NamedTuple):
    """A contribution without a live attempt, and the live mandate of its employer at the fund, if there is one."""

    contribution_id: str
    reference: str
    employer_id: str
    due_date: date
    received_at: datetime
    amount_minor: int
    currency: str
    mandate_id: str | None
    mandate_state: str | None
    amount_limit_minor: int | None
    signed_on: date | None
    recurrence: str | None
    final_asked_on: date | None
    account_index: str | None


class Attempt(NamedTuple):
    """An earlier attempt at a contribution: it failed, or it was cancelled before the bank had it."""

    collection_id: str
    attempt: int
    cancelled_why: str | None
    failure_code: str | None
    failed_on: date | None


@dataclass(frozen=True, slots=True)
class Known:
    """What stands about a chunk of candidates, by contribution, mandate or employer."""

    attempts: Mapping[str, list[Attempt]]
    paid_minor: Mapping[str, int]
    contested: Mapping[str, str]
    fees_minor: Mapping[str, int]
    history: Mapping[str, list[Past]]
    lapsed: set[str]
    used_mandates: set[str] = field(default_factory=set)

    def terms(self, one: Candidate) -> MandateTerms | None:
        """What the candidate's mandate says; None where it has none."""
        if one.mandate_id is None or one.mandate_state is None:
            return None
        return MandateTerms(
            state=one.mandate_state,
            amount_limit_minor=one.amount_limit_minor,
            recurrence=one.recurrence or "recurrent",
            used=one.mandate_id in self.used_mandates,
            lapsed=one.contribution_id in self.lapsed,
        )


def candidates(work: Work, fund_id: str, due_by: date, after: str) -> list[Candidate]:
    """The next contributions of a fund that are due by `due_by` and have no live attempt, in the order of their ids."""
    live = exists().where(Collection.contribution_id == Contribution.id, Collection.live)
    query = (
        select(
            Contribution.id,
            Contribution.reference,
            Contribution.employer_id,
            Contribution.due_date,
            Contribution.received_at,
            Contribution.amount_minor,
            Contribution.currency,
            Mandate.id,
            MandateTransition.to_state,
            Mandate.amount_limit_minor,
            Mandate.signed_on,
            Mandate.recurrence,
            Mandate.final_asked_on,
            Mandate.account_index,
        )
        .outerjoin(
            Mandate,
            (Mandate.employer_id == Contribution.employer_id)
            & (Mandate.fund_id == Contribution.fund_id)
            & Mandate.live,
        )
        .outerjoin(MandateTransition, (MandateTransition.subject_id == Mandate.id) & MandateTransition.most_recent)
        .where(Contribution.fund_id == fund_id, Contribution.due_date <= due_by, Contribution.id > after, ~live)
        .order_by(Contribution.id)
        .limit(CHUNK_ROWS)
    )
    return [Candidate._make(row) for row in work.session.execute(query)]


def known(work: Work, fund_id: str, some: list[Candidate]) -> Known:
    """What stands about `some`."""
    ids = [one.contribution_id for one in some]
    attempts = _attempts(work, ids)
    failed = {one.contribution_id: one for one in some if attempts.get(one.contribution_id)}
    return Known(
        attempts=attempts,
        paid_minor=_paid_otherwise(work, ids),
        contested=disputes.against_debits(work, ids),
        fees_minor=_fees(work, fund_id, failed),
        history=history(work, fund_id, {one.employer_id for one in failed.values()}),
        lapsed=_lapsed(work, some),
        used_mandates=_used(work, [one for one in some if one.recurrence == "one_off" or one.final_asked_on]),
    )


def _paid_otherwise(work: Work, contribution_ids: list[str]) -> dict[str, int]:
    """What was paid for each contribution by other means, minor units."""
    paid = contributions.paid_otherwise()
    query = select(paid.c.contribution_id, paid.c.paid_minor).where(
        among(work.session, paid.c.contribution_id, contribution_ids)
    )
    return {row.contribution_id: row.paid_minor for row in work.session.execute(query)}


def _attempts(work: Work, contribution_ids: list[str]) -> dict[str, list[Attempt]]:
    query = (
        select(
            Collection.contribution_id,
            Collection.id,
            Collection.attempt,
            Collection.cancelled_why,
            Collection.failure_code,
            Collection.failed_on,
        )
        .where(among(work.session, Collection.contribution_id, contribution_ids))
        .order_by(Collection.contribution_id, Collection.attempt)
    )
    rows = work.session.execute(query)
    return {one: [Attempt._make(row[1:]) for row in of_one] for one, of_one in groupby(rows, key=lambda row: row[0])}


def _fees(work: Work, fund_id: str, contribution_ids: Iterable[str]) -> dict[str, int]:
    """What the bank took for the failures of each contribution, minor units."""
    query = (
        select(Collection.contribution_id, func.sum(JournalLine.amount_minor))
        .join(JournalLine, JournalLine.subject == Collection.id)
        .where(JournalLine.account == account(Account.CHARGES, fund_id))
        .where(among(work.session, Collection.contribution_id, contribution_ids))
        .group_by(Collection.contribution_id)
    )
    return {contribution_id: int(minor) for contribution_id, minor in work.session.execute(query)}


def history(work: Work, fund_id: str, employer_ids: Iterable[str]) -> dict[str, list[Past]]:
    """What became of each employer's debits at a fund, oldest first; those that the bank has not answered are left out."""
    query = (
        select(Mandate.employer_id, Collection.collection_date, Collection.failed_on, Collection.failure_code)
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .where(Collection.fund_id == fund_id, Collection.payment_information_id.is_not(None))
        .where(Collection.failed_on.is_not(None) | paid(fund_id).exists())
        .where(among(work.session, Mandate.employer_id, employer_ids))
        .order_by(Mandate.employer_id, Collection.collection_date, Collection.id)
    )
    found: dict[str, list[Past]] = {}
    for employer_id, day, failed_on, code in work.session.execute(query):
        found.setdefault(employer_id, []).append(Past(day, failed_on is None, code))
    return found


def paid(fund_id: str) -> Select[str]:
    """Correlated with a collection: the bank holds money for it, by the journal."""
    return (
        select(JournalLine.subject)
        .where(JournalLine.subject == Collection.id, JournalLine.account == account(Account.BANK, fund_id))
        .group_by(JournalLine.subject)
        .having(func.sum(JournalLine.amount_minor) > 0)
        .correlate(Collection)
    )


def _lapsed(work: Work, some: list[Candidate]) -> set[str]:
    """The contributions among these whose mandate will have lapsed by the due date. Most are too young to be asked about."""
    old: dict[date, dict[str, list[str]]] = {}
    for one in some:
        if one.mandate_id and one.signed_on and one.signed_on <= dormant_since(one.due_date):
            old.setdefault(one.due_date, {}).setdefault(one.mandate_id, []).append(one.contribution_id)
    lapsed: set[str] = set()
    for due, by_mandate in old.items():
        query = select(Mandate.id).where(among(work.session, Mandate.id, by_mandate), *unused_since(dormant_since(due)))
        for mandate_id in work.session.scalars(query):
            lapsed.update(by_mandate[mandate_id])
    return lapsed


def _used(work: Work, some: list[Candidate]) -> set[str]:
    """The mandates among these whose one debit, or whose last, is made or under way."""
    if not some:
        return set()
    query = select(Collection.mandate_id).where(
        Collection.live,
        among(work.session, Collection.mandate_id, {one.mandate_id for one in some if one.mandate_id}),
        Collection.sequence_type.in_(("OOFF", "FNAL")),
    )
    return set(work.session.scalars(query))
