"""Collections, their notices, batches with what is expected of the bank, approvals, and what became of sending."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from debit_service.core.database import Base, unique_where
from debit_service.core.state import Transition


class Collection(Base):
    """One attempt to debit one contribution.

    `live` holds the contribution: while it is set, the partial unique index lets no other attempt exist. It ends only when the
    attempt has certainly failed or was cancelled. `live` and the `failure_*` columns are projections of bank entries, kept for
    the index and for planning; `debit verify` derives them again. The `*_sent` columns freeze what the bank was told.

    `debtor_bank_sent` is the bank that keeps the account, as country and national bank code (`DE-37040044`): no branch, no
    account. `amendment_told`: whether the file told what had changed in the mandate. Both are None before that was noted, and
    the bank also where the account's number does not tell it.
    """

    __tablename__ = "collections"
    __table_args__ = (
        UniqueConstraint("contribution_id", "attempt"),
        unique_where("uq_collections_live", "contribution_id", where="live"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("attempt >= 1", name="attempt"),
        # What is asked for on a day: the reports of finance staff.
        Index("ix_collections_day", "fund_id", "collection_date"),
        # What planning, notices and batches look at each day: never the whole history.
        Index(
            "ix_collections_unsent",
            "fund_id",
            "collection_date",
            "id",
            sqlite_where=text("live = 1 and payment_information_id is null"),
            postgresql_where=text("live and payment_information_id is null"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    contribution_id: Mapped[str] = mapped_column(ForeignKey("contributions.id"))
    attempt: Mapped[int]
    fund_id: Mapped[str]
    mandate_id: Mapped[str] = mapped_column(ForeignKey("mandates.id"), index=True)
    end_to_end_id: Mapped[str] = mapped_column(unique=True)
    amount_minor: Mapped[int]
    currency: Mapped[str]
    collection_date: Mapped[date]
    date_reason: Mapped[str]
    days_late_by_service: Mapped[int]
    sequence_type: Mapped[str]
    planned_at: Mapped[datetime]
    payment_information_id: Mapped[str | None] = mapped_column(ForeignKey("payment_informations.id"), index=True)
    mandate_version_sent: Mapped[int | None]
    account_index_sent: Mapped[str | None]
    mandate_reference_sent: Mapped[str | None]
    creditor_identifier_sent: Mapped[str | None]
    scheme_sent: Mapped[str | None]
    debtor_bank_sent: Mapped[str | None]
    amendment_told: Mapped[bool | None]
    live: Mapped[bool]
    cancelled_why: Mapped[str | None]
    failure_code: Mapped[str | None]
    failed_on: Mapped[date | None]


class Notice(Base):
    """A pre-notification of one amount on one date. Another amount or date needs another notice; the newest one counts.

    `days_agreed` is how many days ahead it had to go out when it was made; None before that was kept.
    """

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_collection_id", "collection_id", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id"))
    amount_minor: Mapped[int]
    collection_date: Mapped[date]
    language: Mapped[str]
    outbox_id: Mapped[str] = mapped_column(ForeignKey("outbox.id"))
    made_at: Mapped[datetime]
    days_agreed: Mapped[int | None]


class Batch(Base):
    """One pain.008 file: frozen content, its hash, its totals. `id` is the MsgId."""

    __tablename__ = "batches"

    id: Mapped[str] = mapped_column(primary_key=True)
    fund_id: Mapped[str]
    bank_id: Mapped[str]
    scheme: Mapped[str]
    file_id: Mapped[str] = mapped_column(ForeignKey("bank_files.id"))
    sha256: Mapped[str] = mapped_column(unique=True)
    count: Mapped[int]
    control_sum_minor: Mapped[int]
    currency: Mapped[str]
    made_by: Mapped[str]
    made_at: Mapped[datetime]


class BatchTransition(Transition, Base):
    """The life of a batch."""

    __tablename__ = "batch_transitions"

    subject_id: Mapped[str] = mapped_column(ForeignKey("batches.id"))


class PaymentInformation(Base):
    """One PmtInf block: what the bank is expected to book, recorded before it is asked. `id` is the PmtInfId.

    `cut_off_at` is by when the bank had to have it, as bank and calendar were when it was written; None before that was kept.
    """

    __tablename__ = "payment_informations"

    id: Mapped[str] = mapped_column(primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.id"), index=True)
    sequence_type: Mapped[str]
    collection_date: Mapped[date]
    count: Mapped[int]
    control_sum_minor: Mapped[int]
    cut_off_at: Mapped[datetime | None]


class Approval(Base):
    """Another person than the maker confirmed exactly these bytes."""

    __tablename__ = "approvals"
    __table_args__ = (CheckConstraint("approved_by <> made_by", name="four_eyes"),)

    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.id"), primary_key=True)
    sha256: Mapped[str]
    made_by: Mapped[str]
    approved_by: Mapped[str]
    approved_at: Mapped[datetime]


class Submission(Base):
    """One try to hand a batch to its bank, written before it is made. No outcome yet: unknown, so the bank is asked first."""

    __tablename__ = "submissions"
    __table_args__ = (
        UniqueConstraint("batch_id", "number"),
        CheckConstraint("outcome in ('sent', 'not_sent', 'unknown')", name="outcome"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.id"))
    number: Mapped[int]
    sha256: Mapped[str]
    intended_at: Mapped[datetime]
    outcome: Mapped[str | None]
    outcome_at: Mapped[datetime | None]
    detail_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class RunHold(Base):
    """A run that stopped at a safety bound and asks a person. `sha256` is of exactly what the run would have batched.

    Released, it lets through these collections with these amounts, and nothing else. `made_at` is when it stopped a run last.
    """

    __tablename__ = "run_holds"
    __table_args__ = (
        UniqueConstraint("fund_id", "sha256"),
        CheckConstraint("(released_at is null) = (released_by is null)", name="released"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    fund_id: Mapped[str]
    business_date: Mapped[date]
    sha256: Mapped[str]
    count: Mapped[int]
    control_sum_minor: Mapped[int]
    currency: Mapped[str]
    reasons: Mapped[list[str]]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None]
    released_why: Mapped[str | None]
