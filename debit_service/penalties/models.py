"""Decisions about fault, and penalties with their steps. A later decision replaces an earlier one; both stay."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text
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
        # What waits for a person is few among all that was ever decided.
        Index(
            "ix_fault_decisions_held",
            "collection_id",
            sqlite_where=text("most_recent = 1 and effect = 'HOLD'"),
            postgresql_where=text("most_recent and effect = 'HOLD'"),
        ),
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

    @property
    def because(self) -> str:
        """Why, in one sentence."""
        steps = self.argument["steps"]
        said = str(steps[-1]["because"]) if steps else str(self.argument.get("ended", ""))
        return said.removeprefix(f"{self.party}: ")


class Penalty(Base):
    """A late penalty on a contribution under one version of one rule, computed from stored inputs.

    `agreed_by` is the first of two persons that a large one needs, `agreed_minor` what that person agreed to, `agreed_to` whether
    to `confirm` or to `reverse` it. `heeded` is the last
    answer in the employer's favour (the transition of its dispute) after which an approver decided about the penalty. `untold`:
    the employer was told something else than what is owed of it now (`life.is_untold`).
    """

    __tablename__ = "penalties"
    __table_args__ = (
        UniqueConstraint("contribution_id", "rule_id", "rule_version"),
        CheckConstraint("base_minor > 0", name="base"),
        CheckConstraint("(agreed_by is null) = (agreed_minor is null)", name="agreed"),
        CheckConstraint("(agreed_by is null) = (agreed_to is null)", name="agreed_to_something"),
        CheckConstraint("agreed_to in ('confirm', 'reverse')", name="agreed_to"),
        Index("ix_penalties_fund_id", "fund_id", "id"),
        # What is still to be told is few among all penalties.
        Index(
            "ix_penalties_untold",
            "fund_id",
            "id",
            sqlite_where=text("untold = 1"),
            postgresql_where=text("untold"),
        ),
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
    agreed_by: Mapped[str | None]
    agreed_minor: Mapped[int | None]
    agreed_to: Mapped[str | None]
    heeded: Mapped[str | None]
    untold: Mapped[bool] = mapped_column(default=False, server_default=false())


class PenaltyRuleUsed(Base):
    """One version of a penalty rule, word for word as it was first used: by this text it is computed ever after. Append-only.

    `held_why`: why nothing new is computed by it at the moment; None while it is. That alone may change.
    """

    __tablename__ = "penalty_rules_used"

    rule_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[dict[str, Any]]
    first_used_at: Mapped[datetime]
    held_why: Mapped[str | None]


class PenaltyStep(Base):
    """One step of a penalty (once, month 2, ...): asked for at most once, because its key is unique.

    `amount_minor` is what was computed; `confirmed_minor` what of it is asked for: the rest waits for a person.
    """

    __tablename__ = "penalty_steps"
    __table_args__ = (
        CheckConstraint("amount_minor >= 0", name="amount"),
        CheckConstraint("confirmed_minor between 0 and amount_minor", name="confirmed"),
    )

    penalty_id: Mapped[str] = mapped_column(ForeignKey("penalties.id"), primary_key=True)
    step_key: Mapped[str] = mapped_column(primary_key=True)
    from_date: Mapped[date]
    to_date: Mapped[date]
    amount_minor: Mapped[int]
    confirmed_minor: Mapped[int]
    formula: Mapped[str]


class PenaltyFee(Base):
    """What the bank charged for one failed debit, claimed with the penalty that its failure brought: once, by its key."""

    __tablename__ = "penalty_fees"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("confirmed_minor between 0 and amount_minor", name="confirmed"),
    )

    penalty_id: Mapped[str] = mapped_column(ForeignKey("penalties.id"), primary_key=True)
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id"), primary_key=True, index=True)
    amount_minor: Mapped[int]
    confirmed_minor: Mapped[int]


class PenaltyTransition(Transition, Base):
    """The life of a penalty."""

    __tablename__ = "penalty_transitions"

    subject_id: Mapped[str] = mapped_column(ForeignKey("penalties.id"))


class Amnesty(Base):
    """A law relieves the penalties of a fund for a range of periods: prepared with its list, approved by another, carried out.

    `basis_points` of each penalty, at most `at_most_minor`. `sha256` covers the terms and the frozen list (`AmnestyCase`);
    `totals` say what it comes to. `covers_later`: penalties that arise later for the same periods are relieved too.
    `carried_out_at`: the whole list is done; undone, the reliefs are taken back the same way, by `taken_back_at`.
    """

    __tablename__ = "amnesties"
    __table_args__ = (
        CheckConstraint("basis_points between 1 and 10000", name="basis_points"),
        CheckConstraint("at_most_minor > 0", name="at_most"),
        CheckConstraint("first_period <= last_period", name="periods"),
        CheckConstraint("(approved_at is null) = (approved_by is null)", name="approved"),
        CheckConstraint("approved_by <> prepared_by", name="four_eyes"),
        CheckConstraint("(undone_at is null) = (undone_by is null)", name="undone"),
        CheckConstraint("carried_out_at is null or approved_at is not null", name="carried_out"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    fund_id: Mapped[str]
    currency: Mapped[str]
    first_period: Mapped[str]
    last_period: Mapped[str]
    states: Mapped[list[str]]
    basis_points: Mapped[int]
    at_most_minor: Mapped[int | None]
    covers_later: Mapped[bool]
    law: Mapped[str]
    decided_on: Mapped[date]
    why: Mapped[str]
    totals: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    sha256: Mapped[str]
    prepared_at: Mapped[datetime]
    prepared_by: Mapped[str]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
    carried_out_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]
    undone_why: Mapped[str | None]
    taken_back_at: Mapped[datetime | None]


class AmnestyCase(Base):
    """One penalty on the list of an amnesty, as it stood when the list was frozen."""

    __tablename__ = "amnesty_cases"

    amnesty_id: Mapped[str] = mapped_column(ForeignKey("amnesties.id"), primary_key=True)
    penalty_id: Mapped[str] = mapped_column(ForeignKey("penalties.id"), primary_key=True)
    state: Mapped[str]
    amount_minor: Mapped[int]
    relieved_minor: Mapped[int]


class PenaltyRelief(Base):
    """A reduction of one penalty: how much, on which ground, by whose decision. It stands once it is approved, until undone.

    `basis_points` of the whole penalty, or `amount_minor`; both: the share, at most the amount. `four_eyes`: another person than
    who granted it must approve. `alone_up_to_minor`: what one person grants alone takes no more than this of the penalty, also
    when it grows. One of an amnesty names it, and there is at most one for a penalty.
    """

    __tablename__ = "penalty_reliefs"
    __table_args__ = (
        unique_where("uq_penalty_reliefs_amnesty", "amnesty_id", "penalty_id", where="amnesty_id is not null"),
        CheckConstraint("basis_points is not null or amount_minor is not null", name="how_much"),
        CheckConstraint("basis_points between 1 and 10000", name="basis_points"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint(
            "ground in ('commission', 'force_majeure', 'justified_file', 'goodwill', 'amnesty')", name="ground"
        ),
        CheckConstraint("(ground = 'amnesty') = (amnesty_id is not null)", name="of_an_amnesty"),
        CheckConstraint("(approved_at is null) = (approved_by is null)", name="approved"),
        CheckConstraint("not four_eyes or approved_by <> granted_by", name="four_eyes"),
        CheckConstraint("four_eyes = (alone_up_to_minor is null)", name="alone"),
        CheckConstraint("(undone_at is null) = (undone_by is null)", name="undone"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    penalty_id: Mapped[str] = mapped_column(ForeignKey("penalties.id"), index=True)
    amnesty_id: Mapped[str | None] = mapped_column(ForeignKey("amnesties.id"))
    ground: Mapped[str]
    authority: Mapped[str]
    decided_on: Mapped[date]
    document: Mapped[str]
    why: Mapped[str]
    basis_points: Mapped[int | None]
    amount_minor: Mapped[int | None]
    alone_up_to_minor: Mapped[int | None]
    four_eyes: Mapped[bool]
    granted_at: Mapped[datetime]
    granted_by: Mapped[str]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]
    undone_why: Mapped[str | None]


class PenaltyPayment(Base):
    """Money paid for a penalty by other means than a debit; negative: given back of it. It counts until it is undone.

    `reference` is what the fund's books call it.
    """

    __tablename__ = "penalty_payments"
    __table_args__ = (
        unique_where("uq_penalty_payments_reference", "fund_id", "reference", where="undone_at is null"),
        CheckConstraint("amount_minor <> 0", name="amount"),
        CheckConstraint("means in ('transfer', 'cheque', 'cash', 'card', 'other')", name="means"),
        CheckConstraint("(undone_at is null) = (undone_by is null)", name="undone"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    penalty_id: Mapped[str] = mapped_column(ForeignKey("penalties.id"), index=True)
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


class PenaltyNotice(Base):
    """What an employer is told of a penalty: what is owed of it, in which words (a hash), through which message. Append-only.

    `amount_minor` is 0 when nothing is owed any more. `contest_by` is what its text says; the days that count are those of its
    `PenaltyDeparture`.
    """

    __tablename__ = "penalty_notices"
    __table_args__ = (UniqueConstraint("penalty_id", "number"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    penalty_id: Mapped[str] = mapped_column(ForeignKey("penalties.id"))
    number: Mapped[int]
    amount_minor: Mapped[int]
    sha256: Mapped[str]
    language: Mapped[str]
    contest_by: Mapped[date]
    outbox_id: Mapped[str] = mapped_column(ForeignKey("outbox.id"))
    made_at: Mapped[datetime]


class PenaltyDeparture(Base):
    """Whether the message of a notice has left, and when: from then on the employer is told, and its days run. Noted once.

    `contest_by` and `pay_by` are the last days to contest and to pay; a notice of the first releases has no `pay_by` but in its
    text. `paid_minor` is what it says is paid already, None in one of those releases. `life_step` is the `sort_key` of the
    penalty's newest transition when the notice was made: what came after it, whatever the clocks of two machines said.
    `withdrawn_at`: its message was taken back, because it was not what is to be told any more.
    """

    __tablename__ = "penalty_departures"
    __table_args__ = (
        CheckConstraint("(left_at is null) = (contest_by is null)", name="left"),
        CheckConstraint("left_at is null or withdrawn_at is null", name="left_or_withdrawn"),
        # What waits to leave is few among all notices.
        Index(
            "ix_penalty_departures_waiting",
            "notice_id",
            sqlite_where=text("left_at is null"),
            postgresql_where=text("left_at is null"),
        ),
    )

    notice_id: Mapped[str] = mapped_column(ForeignKey("penalty_notices.id"), primary_key=True)
    life_step: Mapped[int]
    paid_minor: Mapped[int | None]
    left_at: Mapped[datetime | None]
    contest_by: Mapped[date | None]
    pay_by: Mapped[date | None]
    withdrawn_at: Mapped[datetime | None]


class FaultFinding(Base):
    """What a person found out about a held failure, and on what evidence: it decides while the evidence stays what it was.

    `about` is `argument.digest` of the decision, without a finding, that the person judged. That it was the employer takes effect
    when another person approves it. Withdrawn, it stays, with who withdrew it and why; when other evidence came, the service did.
    """

    __tablename__ = "fault_findings"
    __table_args__ = (
        unique_where("uq_fault_findings_standing", "collection_id", where="withdrawn_at is null"),
        CheckConstraint("party not in ('INFO', 'UNKNOWN')", name="party"),
        CheckConstraint("(approved_at is null) = (approved_by is null)", name="approved"),
        CheckConstraint("approved_by <> found_by", name="four_eyes"),
        CheckConstraint("(withdrawn_at is null) = (withdrawn_by is null)", name="withdrawn"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id"), index=True)
    party: Mapped[str]
    because: Mapped[str]
    evidence: Mapped[str]
    about: Mapped[str]
    found_at: Mapped[datetime]
    found_by: Mapped[str]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]
    withdrawn_why: Mapped[str | None]


class ServiceOutage(Base):
    """A time in which this service did not do its work, wholly or in part: evidence in favour of each employer it touched."""

    __tablename__ = "service_outages"
    __table_args__ = (
        CheckConstraint("ended_at > began_at", name="times"),
        CheckConstraint("(withdrawn_at is null) = (withdrawn_by is null)", name="withdrawn"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    what: Mapped[str]
    evidence: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]
    withdrawn_why: Mapped[str | None]
