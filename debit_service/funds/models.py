"""What staff say about calendars, beside the files of the configuration."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from debit_service.core.database import Base, unique_where


class CalendarOverride(Base):
    """One day of a calendar, open or closed whatever the library and the file say. Withdrawn, it stays, with who and why."""

    __tablename__ = "calendar_overrides"
    __table_args__ = (
        unique_where("uq_calendar_overrides_day", "calendar", "day", where="withdrawn_at is null"),
        CheckConstraint("becomes in ('open', 'closed')", name="becomes"),
        CheckConstraint("(withdrawn_at is null) = (withdrawn_by is null)", name="withdrawn"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    calendar: Mapped[str]
    day: Mapped[date]
    becomes: Mapped[str]
    why: Mapped[str]
    source: Mapped[str]
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]
    withdrawn_why: Mapped[str | None]
