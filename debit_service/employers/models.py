"""Employers, and the number under which each fund knows them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from debit_service.core.database import Base


class Employer(Base):
    """An employer. Its name and its address for notices are sealed."""

    __tablename__ = "employers"
    __table_args__ = (CheckConstraint("language in ('ar', 'fr', 'en')", name="language"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    language: Mapped[str]
    created_at: Mapped[datetime]


class Registration(Base):
    """An employer's number at a fund."""

    __tablename__ = "registrations"
    __table_args__ = (UniqueConstraint("fund_id", "number"), UniqueConstraint("fund_id", "employer_id"))

    id: Mapped[str] = mapped_column(primary_key=True)
    fund_id: Mapped[str]
    number: Mapped[str]
    employer_id: Mapped[str] = mapped_column(ForeignKey("employers.id"))
