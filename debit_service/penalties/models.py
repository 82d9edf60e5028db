"""Decisions about fault, and penalties with their steps. A later decision replaces an earlier one; both stay."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from debit_service.core.database import Base, unique_where
from debit_service.core.state import Transition


class FaultDecision(Base):
    """Who caused the failure of a collection: the answer, and the whole argument with its evidence.

    `digest` is a hash of the argument: the same evidence decided again changes nothing.
    """

    __tablename__ = "fault_decisions"
    __table_args__ = (
        UniqueConstraint("collection_id", "sort_key"),
        unique_where("uq_fault_decisions_most_recent", "collection_id", where="most_recent"),
        CheckConstraint("effect in ('NONE', 'HOLD', 'PENALISE')", name="effect"),
        CheckConstraint("effect <> 'PENALISE' or party = 'EMPLOYER'", name="only_the_employer"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id"))
    contribution_id: Mapped[str] = mapped_column(ForeignKey("contributions.id"), index=True)
    sort_key: Mapped[int]
    most_recent: Mapped[bool]
    party: Mapped[str]
    effect: Mapped[str]
    certainty: Mapped[str]
    reason_code: Mapped[str | None]
    reason_code_set: Mapped[str | None]
    argument: Mapped[dict[str, Any]]
    digest: Mapped[str]
    clock_start: Mapped[date | None]
    decided_at: Mapped[datetime]


class Penalty(Base):
    """A late penalty on a contribution under one version of one rule, computed from stored inputs."""

    __tablename__ = "penalties"
    __table_args__ = (
        UniqueConstraint("contribution_id", "rule_id", "rule_version"),
        CheckConstraint("base_minor > 0", name="base"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    contribution_id: Mapped[str] = mapped_column(ForeignKey("contributions.id"))
    decision_id: Mapped[str] = mapped_column(ForeignKey("fault_decisions.id"))
    fund_id: Mapped[str]
    rule_id: Mapped[str]
    rule_version: Mapped[str]
    currency: Mapped[str]
    base_minor: Mapped[int]
    clock_start: Mapped[date]
    inputs: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]


class PenaltyStep(Base):
    """One step of a penalty (once, month 2, ...): charged at most once, because its key is unique."""

    __tablename__ = "penalty_steps"
    __table_args__ = (CheckConstraint("amount_minor >= 0", name="amount"),)

    penalty_id: Mapped[str] = mapped_column(ForeignKey("penalties.id"), primary_key=True)
    step_key: Mapped[str] = mapped_column(primary_key=True)
    from_date: Mapped[date]
    to_date: Mapped[date]
    amount_minor: Mapped[int]
    formula: Mapped[str]


class PenaltyTransition(Transition, Base):
    """The life of a penalty."""

    __tablename__ = "penalty_transitions"

    subject_id: Mapped[str] = mapped_column(ForeignKey("penalties.id"))
