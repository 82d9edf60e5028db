"""Read bank entries, their dispositions, and the facts of a collection."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import BigInteger, Select, Subquery, case, cast, func, literal_column, select

from debit_service.banks.models import BankFile
from debit_service.collections import queries as collections
from debit_service.collections.models import Collection
from debit_service.contributions import queries as contributions
from debit_service.core.bulk import among
from debit_service.core.errors import Refused
from debit_service.core.work import Work
from debit_service.reconcile.days import day_of
from debit_service.reconcile.models import (
    Allocation,
    BankDocument,
    BankEntry,
    Disposition,
    FileReading,
    ResolutionPart,
)
from debit_service.reconcile.rules import Effect, Fact, Outcome, outcome

#: What matching could not explain and nobody has decided about, so that matching may look at it again; all that waits for a
#: person is `decisions.WAITS`. In the words of the partial index, so that SQLite finds the few by it.
IN_SUSPENSE = Disposition.most_recent & (Disposition.kind == literal_column("'suspense'"))


def facts_of(work: Work, collection_id: str) -> list[Fact]:
    """Everything that banks have said about a collection and that stands now, oldest first."""
    return facts_of_each(work, [collection_id]).get(collection_id, [])


def facts_of_each(work: Work, collection_ids: Iterable[str]) -> dict[str, list[Fact]]:
    """`facts_of` many collections; one of which banks have said nothing is left out."""
    columns = (
        Allocation.collection_id,
        BankEntry.booking_date,
        BankEntry.value_date,
        BankDocument.closing_date,
        BankDocument.created_on,
        BankFile.stored_at,
        BankEntry.id,
        Allocation.effect,
        Allocation.amount_minor,
        Allocation.charges_minor,
        BankEntry.reason_code,
        BankEntry.reason_code_set,
        BankEntry.reason_proprietary,
        BankEntry.kind,
        Allocation.interest_minor,
    )
    query = (
        select(*columns)
        .join(Disposition, Disposition.id == Allocation.disposition_id)
        .join(BankEntry, BankEntry.id == Allocation.entry_id)
        .join(BankDocument, BankDocument.id == BankEntry.document_id)
        .join(BankFile, BankFile.id == BankEntry.file_id)
        .where(among(work.session, Allocation.collection_id, collection_ids), Disposition.most_recent)
    )
    work.session.flush()
    found: dict[str, list[Fact]] = {}
    for collection_id, booked, valued, closes, written, stored, entry_id, effect, *said in work.session.execute(query):
        # A status report has no booking date: the day on which the bank wrote it counts, not the day on which we read it.
        on = day_of(booked, valued, closes, written, stored_at=stored)
        found.setdefault(collection_id, []).append(Fact(on, entry_id, Effect(effect), *said))
    for facts in found.values():
        facts.sort(key=lambda fact: (fact.on, fact.entry_id))
    return found


def told_on(work: Work, file_id: str) -> dict[str, date]:
    """Document -> the day that counts for what has no booking date: on which the bank wrote it, not on which we read it."""
    query = (
        select(BankDocument.id, BankDocument.created_on, BankFile.stored_at)
        .join(BankFile, BankFile.id == BankDocument.file_id)
        .where(BankDocument.file_id == file_id)
    )
    return {one: day_of(created_on, stored_at=stored_at) for one, created_on, stored_at in work.session.execute(query)}


def outcome_of(work: Work, collection_id: str, amount_minor: int) -> Outcome:
    """What the facts make of a collection now."""
    return outcome(amount_minor, facts_of(work, collection_id))


def outcomes_of(work: Work, collections: Mapping[str, int]) -> dict[str, Outcome]:
    """`outcome_of` many collections, given as id -> amount in minor units."""
    facts = facts_of_each(work, collections)
    return {one: outcome(amount, facts.get(one, [])) for one, amount in collections.items()}


def charges_kept_of_each(work: Work, collections: Mapping[str, int]) -> dict[str, int]:
    """`charges_kept` of collections, given as id -> amount in minor units."""
    return charges_kept(work, outcomes_of(work, collections))


def charges_kept(work: Work, outcomes: Mapping[str, Outcome]) -> dict[str, int]:
    """Collection -> what the bank took for it and has not given back, minor units."""
    charged = {one: result.charges_minor for one, result in outcomes.items()}
    back = _charges_given_back(work, [one for one, minor in charged.items() if minor])
    return {one: max(minor - back.get(one, 0), 0) for one, minor in charged.items()}


def _charges_given_back(work: Work, collection_ids: Iterable[str]) -> dict[str, int]:
    """Collection -> what of its charges persons found in credits of the bank, minor units."""
    query = (
        select(ResolutionPart.collection_id, cast(func.sum(ResolutionPart.amount_minor), BigInteger))
        .where(ResolutionPart.stands, among(work.session, ResolutionPart.collection_id, collection_ids))
        .group_by(ResolutionPart.collection_id)
    )
    return {str(collection_id): int(minor) for collection_id, minor in work.session.execute(query)}


def kept_minor(work: Work, contribution_id: str) -> int:
    """What all debits of a contribution have brought in and not given back, minor units."""
    attempts = {one.id: one.amount_minor for one in collections.attempts(work, contribution_id)}
    return sum(result.kept_minor for result in outcomes_of(work, attempts).values())


def kept(contribution_ids: Select[str]) -> Subquery:
    """(contribution_id, kept_minor): what all debits of these contributions have brought in and not given back, as SQL."""
    signed = case(
        (Allocation.effect == Effect.SETTLED.value, Allocation.amount_minor),
        (Allocation.effect == Effect.RETURNED.value, -Allocation.amount_minor),
        else_=0,
    )
    query = (
        select(Collection.contribution_id, cast(func.sum(signed), BigInteger).label("kept_minor"))
        .join(Allocation, Allocation.collection_id == Collection.id)
        .join(Disposition, Disposition.id == Allocation.disposition_id)
        .where(Disposition.most_recent, Collection.contribution_id.in_(contribution_ids))
    )
    return query.group_by(Collection.contribution_id).subquery("kept")


def payments(work: Work, contribution_id: str) -> list[tuple[date, int]]:
    """(day, minor units) of every payment of a contribution that stands, oldest first: debits booked, and other means."""
    attempts = {one.id: one.amount_minor for one in collections.attempts(work, contribution_id)}
    debited = [(one.settled_on, one.kept_minor) for one in outcomes_of(work, attempts).values() if one.settled_on]
    others = contributions.other_payments(work, contribution_id)
    return sorted([*debited, *((one.paid_on, one.amount_minor) for one in others if one.undone_at is None)])


def disposition(work: Work, entry_id: str) -> Disposition | None:
    """What was made of an entry, newest."""
    query = select(Disposition).where(Disposition.entry_id == entry_id, Disposition.most_recent)
    return work.session.scalars(query).one_or_none()


def personal(work: Work, entry: BankEntry) -> dict[str, str]:
    """What an entry says about people: debtor's name and account, remittance, the bank's free text."""
    if entry.personal_sealed is None:
        return {}
    opened: dict[str, str] = json.loads(work.keys.open(entry.personal_sealed, f"bank_entries.personal:{entry.id}"))
    return opened


def unread(work: Work, stored_before: datetime) -> Sequence[BankFile]:
    """The files from banks that were stored before this and are not read to their end, oldest first."""
    query = (
        select(BankFile)
        .outerjoin(FileReading, FileReading.file_id == BankFile.id)
        .where(BankFile.direction == "in", FileReading.file_id.is_(None), BankFile.stored_at < stored_before)
    )
    return work.session.scalars(query.order_by(BankFile.id)).all()


def files_without_entries(work: Work, outcome: str) -> Sequence[tuple[BankFile, FileReading]]:
    """Files that were kept but gave no entries: `unreadable`, or `not_read` because their message is none of ours."""
    query = select(BankFile, FileReading).join(FileReading).where(FileReading.outcome == outcome).order_by(BankFile.id)
    return [(file, reading) for file, reading in work.session.execute(query)]


def check_not_being_read(work: Work, file_id: str, account_index: str | None, *, place: str) -> None:
    """Refuse to decide while this file, or another one that tells of the account, was begun and is not read to its end.

    Raises Refused `entry.file_being_read`.
    """
    query = (
        select(BankDocument.id)
        .outerjoin(FileReading, FileReading.file_id == BankDocument.file_id)
        .where(FileReading.file_id.is_(None))
        .where((BankDocument.file_id == file_id) | (BankDocument.account_index == account_index))
    )
    if work.session.scalars(query.limit(1)).one_or_none() is not None:
        raise Refused(
            "entry.file_being_read",
            "Its file, or another one of its account, is being read: what that says may explain this.",
            place=place,
            remedy="Try again in a few minutes; if reading was cut off, `debit bank fetch` goes on with it.",
        )
