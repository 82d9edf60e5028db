"""The tables that belong to no room: audit log, outbox, events, job runs, and the proof that the key ring is the right one."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from debit_service.core.database import Base


class AuditEntry(Base):
    """One decision by one person or job. Append-only, each row carries the hash of the row before it."""

    __tablename__ = "audit_entries"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    who: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    details: Mapped[dict[str, Any]]
    previous_hash: Mapped[str]
    hash: Mapped[str] = mapped_column(unique=True)


class Event(Base):
    """One line of the sequence-numbered feed for the fund's own systems. No personal data: identifiers and amounts only."""

    __tablename__ = "events"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    kind: Mapped[str]
    subject: Mapped[str]
    data: Mapped[dict[str, Any]]


class OutboxMessage(Base):
    """An outward effect that is owed: written in the transaction that causes it, carried out afterwards, at least once.

    `print_run` names the run of letters in which it goes out with others; it is set before that run is made. `withdrawn_at`: it
    was taken back before it left, and never leaves.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        # What is owed is few among all that was ever sent.
        Index(
            "ix_outbox_owed",
            "print_run",
            "id",
            sqlite_where=text("done_at is null"),
            postgresql_where=text("done_at is null"),
        ),
        Index(
            "ix_outbox_print_run",
            "print_run",
            sqlite_where=text("print_run is not null"),
            postgresql_where=text("print_run is not null"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    body_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    print_run: Mapped[str | None]
    done_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class JobRun(Base):
    """A job runs once for a business date: the row is taken by insert, so two schedulers cannot both have it."""

    __tablename__ = "job_runs"
    __table_args__ = (
        UniqueConstraint("job", "fund_id", "business_date"),
        CheckConstraint("outcome in ('running', 'done', 'failed')", name="outcome"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    job: Mapped[str]
    fund_id: Mapped[str]
    business_date: Mapped[date]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str]
    detail: Mapped[str]


class KeyCheck(Base):
    """A known text sealed by each key: a wrong key ring is noticed at start, not at the first employer."""

    __tablename__ = "key_checks"

    key_id: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
