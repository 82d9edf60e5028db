"""Proof: what banks said, held against what is live, what is accounted for and where the journal says the money is."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import and_, exists, func, or_, select

from debit_service.collections.models import BatchTransition, Collection, PaymentInformation
from debit_service.contributions import queries as contributions
from debit_service.contributions.models import Contribution
from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.ledger import queries as ledger
from debit_service.ledger.rules import Account, account
from debit_service.reconcile import queries
from debit_service.reconcile.models import Allocation, BankEntry, Disposition, FileReading
from debit_service.reconcile.rules import NET_TOTALS, STATED_COST, Effect, Outcome, contribution_positions, positions

_ROWS_AT_ONCE = 5_000


class Owed(NamedTuple):
    """A contribution as it is owed."""

    id: str
    fund_id: str
    amount_minor: int
    reference: str
    currency: str


class Attempt(NamedTuple):
    """An attempt to debit it, as the database has it."""

    id: str
    contribution_id: str
    fund_id: str
    amount_minor: int
    live: bool
    cancelled: bool
    sent: bool


def overcollected(work: Work) -> Iterator[str]:
    """Contributions of which more is kept than is owed, or that are held by more than one attempt, or by the wrong one."""
    for owed, attempts, results in by_contribution(work):
        for one in owed:
            yield from _overcollected(one, attempts.get(one.id, []), results)


def _overcollected(owed: Owed, tried: Sequence[Attempt], results: Mapping[str, Outcome]) -> Iterator[str]:
    kept = sum(results[one.id].kept_minor for one in tried)
    if kept > owed.amount_minor:
        yield f"contribution {owed.id}: {kept} kept, {owed.amount_minor} owed (minor units)"
    holders = [one.id for one in tried if one.live]
    if len(holders) > 1:
        yield f"contribution {owed.id}: more than one live collection"
    for one in tried:
        rival = any(holder != one.id for holder in holders)
        expected = not one.cancelled and not results[one.id].failed and not rival
        if one.live != expected:
            yield f"collection {one.id}: live is {one.live}, its facts say {expected}"


def misposted(work: Work) -> Iterator[str]:
    """Collections and contributions whose money stands elsewhere in the journal than the facts say."""
    for owed, attempts, results in by_contribution(work):
        tried = [one for some in attempts.values() for one in some]
        facts = queries.facts_of_each(work, [one.id for one in tried])
        otherwise = contributions.paid_otherwise_of_each(work, [one.id for one in owed])
        booked = ledger.balances_of_each(work.session, [*(one.id for one in tried), *(one.id for one in owed)])
        for attempt in tried:
            # An acceptance alone moves nothing: while it is not known that the file was sent, nothing is booked.
            known = attempt.sent or any(fact.effect is not Effect.ACCEPTED for fact in facts.get(attempt.id, []))
            target = positions(attempt.amount_minor, results[attempt.id]) if known else {}
            yield from _differs(f"collection {attempt.id}", attempt.fund_id, booked.get(attempt.id, {}), target)
        for one in owed:
            paid = otherwise.get(one.id, 0)
            kept = sum(results[attempt.id].kept_minor for attempt in attempts.get(one.id, [])) if paid else 0
            target = contribution_positions(one.amount_minor, kept, paid)
            yield from _differs(f"contribution {one.id}", one.fund_id, booked.get(one.id, {}), target)


def _differs(name: str, fund_id: str, booked: Mapping[str, int], target: Mapping[Account, int]) -> Iterator[str]:
    journal = {where: minor for where, minor in booked.items() if minor}
    expected = {account(kind, fund_id): minor for kind, minor in target.items() if minor}
    if journal != expected:
        yield f"{name}: the journal says {journal}, the facts say {expected}"


def by_contribution(work: Work) -> Iterator[tuple[list[Owed], dict[str, list[Attempt]], dict[str, Outcome]]]:
    """Contributions, some at a time; the attempts at each, by its id, in their order; what the facts make of each, by its id."""
    after = ""
    while True:
        query = select(*(getattr(Contribution, name) for name in Owed._fields))
        query = query.where(Contribution.id > after).order_by(Contribution.id).limit(_ROWS_AT_ONCE)
        owed = [Owed._make(row) for row in work.session.execute(query)]
        if not owed:
            return
        after = owed[-1].id
        attempts = _attempts(work, [one.id for one in owed])
        tried = {one.id: one.amount_minor for some in attempts.values() for one in some}
        yield owed, attempts, queries.outcomes_of(work, tried)


def _attempts(work: Work, contribution_ids: Sequence[str]) -> dict[str, list[Attempt]]:
    sent = exists().where(
        PaymentInformation.id == Collection.payment_information_id,
        BatchTransition.subject_id == PaymentInformation.batch_id,
        BatchTransition.most_recent,
        BatchTransition.to_state == "sent",
    )
    query = (
        select(
            Collection.id,
            Collection.contribution_id,
            Collection.fund_id,
            Collection.amount_minor,
            Collection.live,
            Collection.cancelled_why.is_not(None),
            sent,
        )
        .where(among(work.session, Collection.contribution_id, contribution_ids))
        .order_by(Collection.contribution_id, Collection.attempt)
    )
    found: dict[str, list[Attempt]] = {}
    for row in work.session.execute(query):
        attempt = Attempt._make(row)
        found.setdefault(attempt.contribution_id, []).append(attempt)
    return found


def unaccounted(work: Work) -> Iterator[str]:
    """Bank entries that are not accounted for exactly once, with a reason; files of which entries are missing or too many.

    A file that is being read is left out: its end is not noted yet.
    """
    counted = (
        select(BankEntry.id, func.count(Disposition.id))
        .join(FileReading, FileReading.file_id == BankEntry.file_id)
        .outerjoin(Disposition, (Disposition.entry_id == BankEntry.id) & Disposition.most_recent)
        .group_by(BankEntry.id)
        .having(func.count(Disposition.id) != 1)
    )
    for entry_id, count in work.session.execute(counted):
        yield f"bank entry {entry_id} is accounted for {count} times"
    shares = func.count(Allocation.id)
    # What the bank states as the cost of an entry is matched with no collection; a sum may have nothing but its cost left.
    is_matched = (Disposition.kind == "matched") & (Disposition.reason != STATED_COST)
    has_more = is_matched & Disposition.reason.not_in(NET_TOTALS)
    shared = (
        select(Disposition.entry_id, Disposition.kind, shares)
        .outerjoin(Allocation, Allocation.disposition_id == Disposition.id)
        .where(Disposition.most_recent)
        .group_by(Disposition.id)
        .having(or_(and_(has_more, shares == 0), and_(~is_matched, shares > 0)))
    )
    for entry_id, kind, count in work.session.execute(shared):
        yield f"bank entry {entry_id} is {kind} with {count} allocations"
    mute = select(Disposition.entry_id, Disposition.kind).where(Disposition.most_recent, Disposition.explanation == "")
    for entry_id, kind in work.session.execute(mute):
        yield f"bank entry {entry_id} is {kind} without a reason"
    there = func.count(BankEntry.id)
    read = (
        select(FileReading.file_id, FileReading.entries, there)
        .outerjoin(BankEntry, BankEntry.file_id == FileReading.file_id)
        .group_by(FileReading.file_id)
        .having(there != FileReading.entries)
    )
    for file_id, entries, found in work.session.execute(read):
        yield f"file {file_id}: {entries} entries were read, {found} are there"
