"""The journal: entries with their cause and evidence, and lines that sum to zero in one currency. Append-only."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from debit_service.core.database import Base


class JournalEntry(Base):
    """One booking, and why."""

    __tablename__ = "journal_entries"

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
