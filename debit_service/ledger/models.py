"""The journal: entries with their cause and evidence, and lines that sum to zero in one currency; and its closed periods.

Append-only: an entry at once, a closed period from its approval on.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from debit_service.core.database import Base, unique_where


class JournalEntry(Base):
    """One booking, and why."""

    __tablename__ = "journal_entries"
    # In this order it is read, some days at a time.
    __table_args__ = (Index("ix_journal_entries_business_date", "business_date", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    booked_at: Mapped[datetime]
    business_date: Mapped[date]
    cause: Mapped[str]
    subject: Mapped[str]
    evidence: Mapped[dict[str, Any]]
    currency: Mapped[str]
    lines: Mapped[list["JournalLine"]] = relationship(order_by="JournalLine.number", back_populates="entry")


class JournalLine(Base):
    """One side of a booking: debit is positive, credit is negative; minor units. `subject` is what the balance is asked by."""

    __tablename__ = "journal_lines"
    __table_args__ = (
        CheckConstraint("amount_minor <> 0", name="amount"),
        # Balances are asked by subject, for each posting; by account only for reports, which read nearly everything.
        Index("ix_journal_lines_subject", "subject"),
    )

    entry_id: Mapped[str] = mapped_column(ForeignKey("journal_entries.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str]
    subject: Mapped[str]
    amount_minor: Mapped[int]
    entry: Mapped[JournalEntry] = relationship(back_populates="lines")


class ClosedPeriod(Base):
    """A fund's journal, closed through a day: prepared by one person, and closed once another has approved its totals.

    `totals` is the fund's trial balance at the end of that day (currency -> account -> minor units), `sha256` is approved.
    `findings` is what the tie-out found up to that day, in words, and `despite` why it was closed all the same.
    """

    __tablename__ = "closed_periods"
    __table_args__ = (
        UniqueConstraint("fund_id", "closed_through"),
        unique_where("uq_closed_periods_prepared", "fund_id", where="approved_at is null"),
        CheckConstraint("(approved_at is null) = (approved_by is null)", name="approved"),
        CheckConstraint("approved_by <> made_by", name="four_eyes"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    fund_id: Mapped[str]
    closed_through: Mapped[date]
    why: Mapped[str]
    totals: Mapped[dict[str, Any]]
    sha256: Mapped[str]
    findings: Mapped[list[str]]
    despite: Mapped[str | None]
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
