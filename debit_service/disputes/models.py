"""Disputes, what is written about them, and their documents. What people write, and every document, is sealed."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from debit_service.core.database import Base, unique_where
from debit_service.core.state import Transition

_ANSWERS = "('upheld', 'partly_upheld', 'rejected')"


class Dispute(Base):
    """One contestation of a contribution's debit, of the reading of its return, or of a penalty (`subject_kind`, `subject_id`).

    `answer` is what stands now: None while it is open (also on appeal), `upheld` where the employer was right in whole or in
    part, `rejected` where nothing of the contestation stands (also when it was withdrawn). `first_answer` and `appeal_answer`
    say exactly what was answered. All `*_on` and `*_by` dates are business dates of the fund; `answer_by` and `decide_by` only
    ever move to a later day. `stopped_on` is since when the fund's time stands still, because it waits for the employer.
    """

    __tablename__ = "disputes"
    __table_args__ = (
        CheckConstraint("subject_kind in ('debit', 'reading', 'penalty')", name="subject_kind"),
        CheckConstraint("answer in ('upheld', 'rejected')", name="answer"),
        CheckConstraint(f"first_answer in {_ANSWERS}", name="first_answer"),
        CheckConstraint(f"appeal_answer in {_ANSWERS}", name="appeal_answer"),
        CheckConstraint("(first_answer is null) = (answered_on is null)", name="answered"),
        CheckConstraint("(appeal_answer is null) = (decided_on is null)", name="decided"),
        CheckConstraint("(appealed_on is null) = (decide_by is null)", name="appealed"),
        CheckConstraint("appealed_on is null or answered_on is not null", name="appeal_of_an_answer"),
        CheckConstraint("decided_by <> answered_by", name="another_person"),
        CheckConstraint("(stopped_on is null) = (reply_by is null)", name="stopped"),
        unique_where("uq_disputes_open", "subject_kind", "subject_id", where="answer is null"),
        # What waits is few among all that was ever contested.
        Index(
            "ix_disputes_waiting",
            "fund_id",
            "answer_by",
            sqlite_where=text("answer is null"),
            postgresql_where=text("answer is null"),
        ),
        Index("ix_disputes_opened_on", "fund_id", "opened_on"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    fund_id: Mapped[str]
    contribution_id: Mapped[str] = mapped_column(ForeignKey("contributions.id"), index=True)
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    ground: Mapped[str]
    body: Mapped[str]
    opened_at: Mapped[datetime]
    opened_on: Mapped[date]
    opened_by: Mapped[str]
    late: Mapped[bool]
    text_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    answer_by: Mapped[date]
    stopped_on: Mapped[date | None]
    reply_by: Mapped[date | None]
    assigned_to: Mapped[str | None]
    answer: Mapped[str | None]
    first_answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    answered_on: Mapped[date | None]
    answered_by: Mapped[str | None]
    answer_text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    appeal_by: Mapped[date | None]
    appealed_on: Mapped[date | None]
    appeal_text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    decide_by: Mapped[date | None]
    appeal_answer: Mapped[str | None]
    deciding_body: Mapped[str | None]
    decided_on: Mapped[date | None]
    decided_by: Mapped[str | None]
    decision_text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    withdrawn_on: Mapped[date | None]


class DisputeTransition(Transition, Base):
    """The life of a dispute."""

    __tablename__ = "dispute_transitions"

    subject_id: Mapped[str] = mapped_column(ForeignKey("disputes.id"))


class DisputeMessage(Base):
    """What the fund asked, what the employer replied, why a clerk withdrew it for it; numbered from 1. Never changed."""

    __tablename__ = "dispute_messages"
    __table_args__ = (
        UniqueConstraint("dispute_id", "number"),
        CheckConstraint("kind in ('question', 'reply', 'withdrawal')", name="kind"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    dispute_id: Mapped[str] = mapped_column(ForeignKey("disputes.id"))
    number: Mapped[int]
    kind: Mapped[str]
    at: Mapped[datetime]
    who: Mapped[str]
    text_sealed: Mapped[bytes] = mapped_column(LargeBinary)


class DisputeDocument(Base):
    """A document that the employer, or a clerk for it, attached to a dispute. Sealed, hashed, never changed."""

    __tablename__ = "dispute_documents"
    __table_args__ = (
        UniqueConstraint("dispute_id", "sha256"),
        CheckConstraint("media_type in ('application/pdf', 'image/jpeg', 'image/png')", name="media_type"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    dispute_id: Mapped[str] = mapped_column(ForeignKey("disputes.id"))
    media_type: Mapped[str]
    sha256: Mapped[str]
    size_bytes: Mapped[int]
    attached_at: Mapped[datetime]
    attached_by: Mapped[str]
    # Last, and read only when asked for: a list of documents must not read megabytes.
    content_sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class DisputeReminder(Base):
    """That people were told of a deadline (`due`): once that it is near, once that it escalates, once that it has passed."""

    __tablename__ = "dispute_reminders"
    __table_args__ = (CheckConstraint("kind in ('near', 'escalated', 'late')", name="kind"),)

    dispute_id: Mapped[str] = mapped_column(ForeignKey("disputes.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    due: Mapped[date] = mapped_column(primary_key=True)
    at: Mapped[datetime]
