"""Contributions, their circumstances, and the reports of their imports with every line that was not taken."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from debit_service.core.database import Base, unique_where


class ContributionImport(Base):
    """One file that was handed in. The same bytes again are the same import."""

    __tablename__ = "contribution_imports"

    id: Mapped[str] = mapped_column(primary_key=True)
    file_name: Mapped[str]
    sha256: Mapped[str] = mapped_column(unique=True)
    taken: Mapped[int]
    unchanged: Mapped[int]
    bad: Mapped[int]
    imported_by: Mapped[str]
    imported_at: Mapped[datetime]


class BadContributionLine(Base):
    """A line that was not taken: why, and the line itself (sealed), so that nothing is lost."""

    __tablename__ = "bad_contribution_lines"

    import_id: Mapped[str] = mapped_column(ForeignKey("contribution_imports.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    message: Mapped[str]
    text_sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Contribution(Base):
    """An amount that an employer owes a fund for a period, by a legal due date. It never changes: a correction is another one."""

    __tablename__ = "contributions"
    __table_args__ = (
        UniqueConstraint("fund_id", "reference"),
        CheckConstraint("amount_minor > 0", name="amount"),
        # The pages of the report, and its totals from a day on.
        Index("ix_contributions_of_fund", "fund_id", "due_date", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    fund_id: Mapped[str]
    employer_id: Mapped[str] = mapped_column(ForeignKey("employers.id"), index=True)
    reference: Mapped[str]
    period: Mapped[str]
    due_date: Mapped[date] = mapped_column(index=True)
    due_date_source: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    received_at: Mapped[datetime]
    import_id: Mapped[str] = mapped_column(ForeignKey("contribution_imports.id"))


class ContributionCircumstances(Base):
    """What was said of the circumstances of a contribution that penalty rules ask for: `rules.Circumstances`, all of them anew.

    Append-only; the newest counts. `source` names the fund's document; no personal data.
    """

    __tablename__ = "contribution_circumstances"
    __table_args__ = (CheckConstraint("number > 0", name="number"), CheckConstraint("heads >= 0", name="heads"))

    contribution_id: Mapped[str] = mapped_column(ForeignKey("contributions.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    heads: Mapped[int | None]
    demanded_separately: Mapped[bool | None]
    formal_notice_on: Mapped[date | None]
    declared_in_time: Mapped[bool | None]
    claim_term_ends_on: Mapped[date | None]
    said_by: Mapped[str]
    said_at: Mapped[datetime]
    source: Mapped[str]


class OtherPayment(Base):
    """Money that an employer paid for a contribution by other means than a debit: a transfer, a cheque, at a counter.

    `reference` is what the fund's books call it; it counts once. Undone, it stays, with who undid it and why.
    """

    __tablename__ = "other_payments"
    __table_args__ = (
        unique_where("uq_other_payments_reference", "fund_id", "reference", where="undone_at is null"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("means in ('transfer', 'cheque', 'cash', 'card', 'other')", name="means"),
        CheckConstraint("(undone_at is null) = (undone_by is null)", name="undone"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    contribution_id: Mapped[str] = mapped_column(ForeignKey("contributions.id"), index=True)
    fund_id: Mapped[str]
    reference: Mapped[str]
    means: Mapped[str]
    paid_on: Mapped[date]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    evidence: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]
    undone_why: Mapped[str | None]
