"""People, their sessions, and attempts to sign in."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from debit_service.core.database import Base


class Person(Base):
    """Somebody who may sign in. A person of an employer sees that employer only."""

    __tablename__ = "people"

    id: Mapped[str] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    roles: Mapped[list[str]]
    employer_id: Mapped[str | None] = mapped_column(ForeignKey("employers.id"))
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class WebSession(Base):
    """A signed-in browser. The cookie holds a token; here is only its hash, so that the table opens nothing."""

    __tablename__ = "web_sessions"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    opened_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class SignInAttempt(Base):
    """An attempt to sign in: counted to slow down guessing, by login and by address (both as blind indexes)."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (
        CheckConstraint("outcome in ('ok', 'refused')", name="outcome"),
        Index("ix_sign_in_attempts_login_at", "login_index", "at"),
        Index("ix_sign_in_attempts_address_at", "address_index", "at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    login_index: Mapped[str]
    address_index: Mapped[str]
    at: Mapped[datetime]
    outcome: Mapped[str]
