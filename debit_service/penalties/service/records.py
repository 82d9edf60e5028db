"""What the rooms have on record about many failed debits, each question asked of all of them together."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import aliased

from debit_service.banks.models import BankFile
from debit_service.collections.models import BatchTransition, Collection, Notice, PaymentInformation, Submission
from debit_service.contributions.models import Contribution, OtherPayment
from debit_service.core import runs
from debit_service.core.bulk import among
from debit_service.core.database import Base
from debit_service.core.models import OutboxMessage
from debit_service.core.work import Work
from debit_service.disputes.models import Dispute
from debit_service.disputes.rules import SubjectKind
from debit_service.mandates.models import Mandate, MandateAmendment, MandateForm, MandateTransition
from debit_service.penalties.fault.outages import MissedRun, Outage
from debit_service.penalties.models import FaultFinding, ServiceOutage
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.models import BankEntry
from debit_service.reconcile.rules import NEGATIVE_STATUSES

#: The jobs without which nothing is planned, announced or made ready for the bank.
_JOBS: Final = ("plan", "notify", "batch")


class Owed(NamedTuple):
    """A contribution."""

    id: str
    due_date: date
    amount_minor: int
    received_at: datetime


class Signed(NamedTuple):
    """A mandate as it stands now."""

    id: str
    form_id: str
    fund_id: str
    employer_id: str
    reference: str
    creditor_identifier: str
    scheme: str
    signed_on: date
    account_index: str
    amount_limit_minor: int | None
    version: int
    created_at: datetime


class Form(NamedTuple):
    """A form as it was signed."""

    id: str
    how: str
    signed_on: date


class Amended(NamedTuple):
    """A change of a mandate, and what stood before it."""

    mandate_id: str
    version: int
    original_reference: str
    original_creditor_identifier: str
    original_account_index: str
    received_at: datetime


class Moved(NamedTuple):
    """A transition of a mandate."""

    subject_id: str
    from_state: str | None
    to_state: str
    evidence: dict[str, Any]
    at: datetime


class Tried(NamedTuple):
    """An attempt at a contribution; `sent` says that the bank has its file."""

    id: str
    contribution_id: str
    attempt: int
    collection_date: date
    live: bool
    sent: bool


class Told(NamedTuple):
    """The newest notice of a debit, how many days ahead it had to go out (if that was kept), and when it did, if it did."""

    collection_id: str
    id: str
    amount_minor: int
    collection_date: date
    days_agreed: int | None
    sent_at: datetime | None


class Paid(NamedTuple):
    """A payment by other means."""

    contribution_id: str
    paid_on: date
    amount_minor: int
    recorded_at: datetime
    undone_at: datetime | None


class Found(NamedTuple):
    """What a person found out, and nobody has withdrawn."""

    collection_id: str
    id: str
    party: str
    because: str
    about: str
    approved_at: datetime | None


class Presented(NamedTuple):
    """A debit under a mandate: the account and the version of the mandate that its file carried, and whether its money came and
    stayed.
    """

    collection_id: str
    account_index: str | None
    version: int | None
    is_paid: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Everything that evidence is made of, for a chunk of collections."""

    contributions: Mapping[str, Owed]
    mandates: Mapping[str, Signed]
    forms: Mapping[str, Form]
    mandates_of: Mapping[tuple[str, str], list[Signed]]
    amendments: Mapping[str, list[Amended]]
    transitions: Mapping[str, list[Moved]]
    files: Mapping[str, tuple[str, str]]
    attempts: Mapping[str, list[Tried]]
    last_presented: Mapping[str, date]
    twins: Mapping[str, str]
    presented: Mapping[str, list[Presented]]
    batches: Mapping[str, str]
    cut_offs: Mapping[str, datetime | None]
    sent_at: Mapping[str, datetime]
    acknowledged_at: Mapping[str, datetime]
    notices: Mapping[str, Told]
    disputes: Mapping[str, str]
    payments: Mapping[str, list[Paid]]
    findings: Mapping[str, Found]
    outages: Sequence[Outage]
    missed: Sequence[MissedRun]


def gather(
    work: Work, fund_id: str, failed: Sequence[Collection], entry_ids: Iterable[str], late_files: set[str]
) -> Records:
    """The records about `failed` of one fund, whose failures stand in these bank entries.

    `late_files`: the collections whose bank said that the file came late; only for these it is asked whether it had the file.
    """
    work.session.flush()
    ids = [one.id for one in failed]
    contributions = {one.contribution_id for one in failed}
    mandates = {one.id: one for one in _read(work, Signed, Mandate, Mandate.id, {one.mandate_id for one in failed})}
    owed = {one.id: one for one in _read(work, Owed, Contribution, Contribution.id, contributions)}
    batches = _batches(work, ids)
    since = min((one.received_at for one in owed.values()), default=work.now())
    return Records(
        contributions=owed,
        mandates=mandates,
        forms={
            one.id: one
            for one in _read(work, Form, MandateForm, MandateForm.id, {one.form_id for one in mandates.values()})
        },
        mandates_of=_mandates_of(work, fund_id, {one.employer_id for one in mandates.values()}),
        amendments=_grouped(
            _read(work, Amended, MandateAmendment, MandateAmendment.mandate_id, mandates, MandateAmendment.version),
            lambda one: one.mandate_id,
        ),
        transitions=_grouped(
            _read(work, Moved, MandateTransition, MandateTransition.subject_id, mandates, MandateTransition.sort_key),
            lambda one: one.subject_id,
        ),
        files=_files(work, entry_ids),
        attempts=_attempts(work, contributions),
        last_presented=_last_presented(work, ids),
        twins=_twins(work, ids),
        presented=_presented(work, mandates),
        batches=batches,
        cut_offs=_cut_offs(work, ids),
        sent_at=_sent_at(work, batches.values()),
        acknowledged_at=_acknowledged_at(work, {batches[one] for one in late_files if one in batches}),
        notices=_notices(work, ids),
        disputes=_disputes(work, contributions),
        payments=_grouped(
            _read(work, Paid, OtherPayment, OtherPayment.contribution_id, contributions, OtherPayment.id),
            lambda one: one.contribution_id,
        ),
        findings={
            one.collection_id: one
            for one in _read(
                work, Found, FaultFinding, FaultFinding.collection_id, ids, where=FaultFinding.withdrawn_at.is_(None)
            )
        },
        outages=_outages(work, since),
        missed=[
            MissedRun(one.business_date, one.job, f"run:{one.id}")
            for one in runs.missed(work, fund_id, _JOBS, since.date())
        ],
    )


AnyRow = TypeVar("AnyRow", bound=NamedTuple)
Key = TypeVar("Key")
Value = TypeVar("Value")


def _read(
    work: Work,
    into: type[AnyRow],
    model: type[Base],
    column: Any,
    values: Iterable[str],
    *order: Any,
    where: ColumnElement[bool] | None = None,
) -> Iterable[AnyRow]:
    """The columns of `model` that `into` names, of the rows whose `column` is one of `values`."""
    query = select(*(getattr(model, name) for name in into._fields)).where(among(work.session, column, values))
    if where is not None:
        query = query.where(where)
    return (into._make(row) for row in work.session.execute(query.order_by(*order)))


def _grouped(rows: Iterable[AnyRow], key: Callable[[AnyRow], Key]) -> dict[Key, list[AnyRow]]:
    found: dict[Key, list[AnyRow]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


def _pairs(work: Work, query: Select[str, Value]) -> dict[str, Value]:
    """The rows of two columns by the first; where it comes again, the last row counts."""
    return {row[0]: row[1] for row in work.session.execute(query)}


def _mandates_of(work: Work, fund_id: str, employer_ids: Iterable[str]) -> dict[tuple[str, str], list[Signed]]:
    """Every mandate of these employers at the fund, newest first."""
    here = _read(
        work, Signed, Mandate, Mandate.employer_id, employer_ids, Mandate.id.desc(), where=Mandate.fund_id == fund_id
    )
    return _grouped(here, lambda one: (one.fund_id, one.employer_id))


def _files(work: Work, entry_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Entry -> its file, and the file's hash."""
    query = (
        select(BankEntry.id, BankFile.id, BankFile.sha256)
        .join(BankFile, BankFile.id == BankEntry.file_id)
        .where(among(work.session, BankEntry.id, entry_ids))
    )
    return {entry_id: (file_id, sha256) for entry_id, file_id, sha256 in work.session.execute(query)}


def batch_is_sent(collection: Any) -> ColumnElement[bool]:
    """Whether the bank has the file of a collection, as far as is known."""
    return (
        select(BatchTransition.id)
        .join(PaymentInformation, PaymentInformation.batch_id == BatchTransition.subject_id)
        .where(
            PaymentInformation.id == collection.payment_information_id,
            BatchTransition.most_recent,
            BatchTransition.to_state == "sent",
        )
        .exists()
    )


def _attempts(work: Work, contribution_ids: Iterable[str]) -> dict[str, list[Tried]]:
    """Every attempt at these contributions, oldest first."""
    columns = [getattr(Collection, name) for name in Tried._fields[:-1]]
    query = (
        select(*columns, batch_is_sent(Collection))
        .where(among(work.session, Collection.contribution_id, contribution_ids))
        .order_by(Collection.attempt)
    )
    return _grouped((Tried._make(row) for row in work.session.execute(query)), lambda one: one.contribution_id)


def _last_presented(work: Work, ids: Iterable[str]) -> dict[str, date]:
    """The latest day of a debit that was sent under the same mandate and planned before."""
    one, other = aliased(Collection), aliased(Collection)
    query = (
        select(one.id, func.max(other.collection_date))
        .join(other, (other.mandate_id == one.mandate_id) & (other.id < one.id))
        .where(among(work.session, one.id, ids), batch_is_sent(other))
        .group_by(one.id)
    )
    return _pairs(work, query)


def _twins(work: Work, ids: Iterable[str]) -> dict[str, str]:
    """Another debit that was sent under the same mandate, for the same day and amount."""
    one, other = aliased(Collection), aliased(Collection)
    same = (
        (other.mandate_id == one.mandate_id)
        & (other.id != one.id)
        & (other.collection_date == one.collection_date)
        & (other.amount_minor == one.amount_minor)
    )
    query = (
        select(one.id, func.min(other.id))
        .join(other, same)
        .where(among(work.session, one.id, ids), batch_is_sent(other))
        .group_by(one.id)
    )
    return _pairs(work, query)


def _presented(work: Work, mandate_ids: Iterable[str]) -> dict[str, list[Presented]]:
    """The debits under these mandates that stood in a file, oldest first."""
    one = Collection
    query = (
        select(one.mandate_id, one.id, one.account_index_sent, one.mandate_version_sent, one.amount_minor)
        .where(among(work.session, one.mandate_id, mandate_ids), one.payment_information_id.is_not(None))
        .order_by(one.id)
    )
    rows = work.session.execute(query).all()
    outcomes = reconcile.outcomes_of(work, {row.id: row.amount_minor for row in rows})
    found: dict[str, list[Presented]] = {}
    for mandate_id, collection_id, account_index, version, _ in rows:
        is_paid = outcomes[collection_id].settled_on is not None
        found.setdefault(mandate_id, []).append(Presented(collection_id, account_index, version, is_paid))
    return found


def _batches(work: Work, ids: Iterable[str]) -> dict[str, str]:
    """Collection -> the batch of its file."""
    query = (
        select(Collection.id, PaymentInformation.batch_id)
        .join(PaymentInformation, PaymentInformation.id == Collection.payment_information_id)
        .where(among(work.session, Collection.id, ids))
    )
    return _pairs(work, query)


def _cut_offs(work: Work, ids: Iterable[str]) -> dict[str, datetime | None]:
    """Collection -> by when the bank had to have its file, as that was when the file was written, where it was kept."""
    query = (
        select(Collection.id, PaymentInformation.cut_off_at)
        .join(PaymentInformation, PaymentInformation.id == Collection.payment_information_id)
        .where(among(work.session, Collection.id, ids))
    )
    return _pairs(work, query)


def _sent_at(work: Work, batch_ids: Iterable[str]) -> dict[str, datetime]:
    """When the bank got a batch, for those that it got."""
    query = (
        select(Submission.batch_id, Submission.outcome_at)
        .where(among(work.session, Submission.batch_id, set(batch_ids)))
        .where(Submission.outcome == "sent", Submission.outcome_at.is_not(None))
        .order_by(Submission.number)
    )
    return {batch_id: at for batch_id, at in work.session.execute(query) if at is not None}


def _acknowledged_at(work: Work, batch_ids: set[str]) -> dict[str, datetime]:
    """When we had the first word of the bank that the file of a batch had come and was not refused."""
    if not batch_ids:
        return {}
    query = (
        select(BankEntry.original_message_id, func.min(BankFile.stored_at))
        .join(BankFile, BankFile.id == BankEntry.file_id)
        .where(among(work.session, BankEntry.original_message_id, batch_ids))
        .where(BankEntry.level == "group", BankEntry.status.is_not(None), BankEntry.status.not_in(NEGATIVE_STATUSES))
        .group_by(BankEntry.original_message_id)
    )
    return {batch_id: at for batch_id, at in work.session.execute(query) if batch_id}


def _notices(work: Work, ids: Iterable[str]) -> dict[str, Told]:
    """The newest notice of each."""
    said = (Notice.collection_id, Notice.id, Notice.amount_minor, Notice.collection_date, Notice.days_agreed)
    query = (
        select(*said, OutboxMessage.done_at)
        .join(OutboxMessage, OutboxMessage.id == Notice.outbox_id)
        .where(among(work.session, Notice.collection_id, ids))
        .order_by(Notice.id)
    )
    return {row[0]: Told._make(row) for row in work.session.execute(query)}


def _disputes(work: Work, contribution_ids: Iterable[str]) -> dict[str, str]:
    """The newest dispute that stands in the way: one without an answer, or one that the fund upheld.

    Who contests a penalty does not contest the debit, nor who is at fault.
    """
    query = (
        select(Dispute.contribution_id, Dispute.id)
        .where(among(work.session, Dispute.contribution_id, contribution_ids))
        .where(Dispute.answer.is_(None) | (Dispute.answer == "upheld"))
        .where(Dispute.subject_kind != SubjectKind.PENALTY.value)
        .order_by(Dispute.id)
    )
    return _pairs(work, query)


def _outages(work: Work, since: datetime) -> list[Outage]:
    """The outages that stand and lasted beyond `since`, oldest first."""
    query = select(ServiceOutage).where(ServiceOutage.withdrawn_at.is_(None), ServiceOutage.ended_at >= since)
    found = work.session.scalars(query.order_by(ServiceOutage.began_at, ServiceOutage.id))
    return [Outage(one.began_at, one.ended_at, one.what, f"outage:{one.id}") for one in found]
