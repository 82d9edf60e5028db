"""Bank entries as immutable facts, and what was made of each: its disposition and its allocations."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from debit_service.core.database import Base, unique_where

_IS_DETAIL = "level = 'transaction' and amount_minor <> entry_amount_minor"


class FileReading(Base):
    """What came of reading a stored file. Read once; reading it again changes nothing."""

    __tablename__ = "file_readings"
    __table_args__ = (CheckConstraint("outcome in ('read', 'not_read', 'unreadable')", name="outcome"),)

    file_id: Mapped[str] = mapped_column(ForeignKey("bank_files.id"), primary_key=True)
    outcome: Mapped[str]
    detail: Mapped[str]
    entries: Mapped[int]
    read_at: Mapped[datetime]


class BankDocument(Base):
    """A notification, statement or report in a file; or a whole status report. `position` numbers them within the file."""

    __tablename__ = "bank_documents"
    __table_args__ = (
        UniqueConstraint("file_id", "position"),
        Index("ix_bank_documents_account_day", "account_index", "opening_date"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    file_id: Mapped[str] = mapped_column(ForeignKey("bank_files.id"))
    position: Mapped[int]
    message: Mapped[str]
    message_id: Mapped[str | None]
    container_id: Mapped[str | None]
    account_index: Mapped[str | None]
    fund_id: Mapped[str | None]
    currency: Mapped[str | None]
    sequence_number: Mapped[str | None]
    created_on: Mapped[date | None]
    opening_minor: Mapped[int | None]
    closing_minor: Mapped[int | None]
    opening_date: Mapped[date | None]
    closing_date: Mapped[date | None]
    entry_count: Mapped[int]
    booked_credit_minor: Mapped[int]
    booked_debit_minor: Mapped[int]
    findings: Mapped[list[str]]


class BankEntry(Base):
    """One normalised record of the bank's: a transaction detail, an entry without details, or a status. Never changed.

    `personal_sealed` holds what names people: debtor's name and account, remittance, the bank's free text.
    """

    __tablename__ = "bank_entries"
    __table_args__ = (
        UniqueConstraint("file_id", "position"),
        Index("ix_bank_entries_booking", "account_index", "booking_date", "amount_minor", "end_to_end_id"),
        Index(
            "ix_bank_entries_details",
            "account_index",
            "booking_date",
            "entry_amount_minor",
            sqlite_where=text(_IS_DETAIL),
            postgresql_where=text(_IS_DETAIL),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    file_id: Mapped[str] = mapped_column(ForeignKey("bank_files.id"))
    document_id: Mapped[str] = mapped_column(ForeignKey("bank_documents.id"))
    position: Mapped[int]
    message: Mapped[str]
    level: Mapped[str]
    kind: Mapped[str]
    status: Mapped[str | None]
    direction: Mapped[str | None]
    reversal: Mapped[bool]
    account_index: Mapped[str | None]
    fund_id: Mapped[str | None]
    currency: Mapped[str | None]
    entry_index: Mapped[int | None]
    entry_amount_minor: Mapped[int | None]
    amount_minor: Mapped[int | None]
    original_amount_minor: Mapped[int | None]
    charges_minor: Mapped[int | None]
    booking_date: Mapped[date | None]
    value_date: Mapped[date | None]
    bank_transaction_code: Mapped[str | None]
    entry_reference: Mapped[str | None]
    account_servicer_reference: Mapped[str | None]
    end_to_end_id: Mapped[str | None] = mapped_column(index=True)
    mandate_id: Mapped[str | None]
    transaction_id: Mapped[str | None]
    payment_information_id: Mapped[str | None]
    original_message_id: Mapped[str | None]
    reason_code: Mapped[str | None]
    reason_code_set: Mapped[str | None]
    reason_proprietary: Mapped[str | None]
    batch_count: Mapped[int | None]
    batch_total_minor: Mapped[int | None]
    personal_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class Disposition(Base):
    """What was made of a bank entry, and why. A later one replaces it; both stay, the newest is `most_recent`."""

    __tablename__ = "dispositions"
    __table_args__ = (
        UniqueConstraint("entry_id", "sort_key"),
        unique_where("uq_dispositions_most_recent", "entry_id", where="most_recent"),
        Index(
            "ix_dispositions_folded_into",
            "folded_into",
            sqlite_where=text("folded_into is not null"),
            postgresql_where=text("folded_into is not null"),
        ),
        Index(
            "ix_dispositions_queue",
            "entry_id",
            sqlite_where=text("most_recent = 1 and kind = 'suspense'"),
            postgresql_where=text("most_recent and kind = 'suspense'"),
        ),
        CheckConstraint("kind in ('matched', 'folded', 'informational', 'suspense')", name="kind"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    entry_id: Mapped[str] = mapped_column(ForeignKey("bank_entries.id"))
    sort_key: Mapped[int]
    most_recent: Mapped[bool]
    kind: Mapped[str]
    reason: Mapped[str]
    explanation: Mapped[str]
    folded_into: Mapped[str | None] = mapped_column(ForeignKey("bank_entries.id"))
    who: Mapped[str]
    at: Mapped[datetime]


class Allocation(Base):
    """The part of a matched entry that concerns one collection. A booked batch without details has many."""

    __tablename__ = "allocations"
    __table_args__ = (
        UniqueConstraint("disposition_id", "collection_id"),
        CheckConstraint("effect in ('accepted', 'rejected', 'settled', 'returned')", name="effect"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    disposition_id: Mapped[str] = mapped_column(ForeignKey("dispositions.id"))
    entry_id: Mapped[str] = mapped_column(ForeignKey("bank_entries.id"))
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id"), index=True)
    effect: Mapped[str]
    amount_minor: Mapped[int]
    charges_minor: Mapped[int]


class Resolution(Base):
    """What a person decided about an entry in suspense, and why."""

    __tablename__ = "resolutions"

    id: Mapped[str] = mapped_column(primary_key=True)
    entry_id: Mapped[str] = mapped_column(ForeignKey("bank_entries.id"))
    decision: Mapped[str]
    why: Mapped[str]
    who: Mapped[str]
    at: Mapped[datetime]
    evidence: Mapped[dict[str, Any]]
