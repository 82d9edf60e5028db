"""Disputes about contributions. What the employer writes is sealed."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from debit_service.core.database import Base, unique_where


class Dispute(Base):
    """One contestation; at most one is open for a contribution."""

    __tablename__ = "disputes"
    __table_args__ = (
        CheckConstraint("(answer is null) = (answered_at is null)", name="answer"),
        CheckConstraint("answer in ('upheld', 'rejected')", name="kind"),
        unique_where("uq_disputes_open", "contribution_id", where="answered_at is null"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    contribution_id: Mapped[str] = mapped_column(ForeignKey("contributions.id"))
    opened_at: Mapped[datetime]
    opened_by: Mapped[str]
    text_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    answer_by: Mapped[date]
    answer: Mapped[str | None]
    answer_text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None]
