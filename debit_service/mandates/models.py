"""Forms as they were signed, mandates, and the transitions of mandates."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from debit_service.core.database import Base, unique_where
from debit_service.core.state import Transition


class MandateForm(Base):
    """What was signed: the unaltered bytes, sealed, and their hash. Kept as long as a mandate lives and 14 months after."""

    __tablename__ = "mandate_forms"
    __table_args__ = (CheckConstraint("how in ('web', 'paper', 'import')", name="how"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    employer_id: Mapped[str] = mapped_column(ForeignKey("employers.id"))
    how: Mapped[str]
    signed_on: Mapped[date]
    content_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str]
    received_at: Mapped[datetime]
    entered_by: Mapped[str]


class Mandate(Base):
    """One creditor's authorisation as it stands now; each `MandateAmendment` keeps what stood before it, and counts `version` up.

    `live` is a projection of the state, kept so that a unique index can hold "one live mandate per employer and fund".
    `recurrence` says whether it allows many debits or one (OOFF); `final_asked_on` that the next debit is the last (FNAL).
    """

    __tablename__ = "mandates"
    __table_args__ = (
        UniqueConstraint("fund_id", "reference"),
        unique_where("uq_mandates_live", "fund_id", "employer_id", where="live"),
        CheckConstraint("scheme in ('CORE', 'B2B')", name="scheme"),
        CheckConstraint("amount_limit_minor is null or amount_limit_minor > 0", name="amount_limit"),
        CheckConstraint("recurrence in ('recurrent', 'one_off')", name="recurrence"),
        CheckConstraint("version >= 1", name="version"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    form_id: Mapped[str] = mapped_column(ForeignKey("mandate_forms.id"))
    fund_id: Mapped[str]
    employer_id: Mapped[str] = mapped_column(ForeignKey("employers.id"), index=True)
    reference: Mapped[str]
    creditor_identifier: Mapped[str]
    scheme: Mapped[str]
    signed_on: Mapped[date]
    account_scheme: Mapped[str]
    account_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    account_index: Mapped[str] = mapped_column(index=True)
    debtor_name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    amount_limit_minor: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    recurrence: Mapped[str] = mapped_column(default="recurrent", server_default="recurrent")
    final_asked_on: Mapped[date | None]
    live: Mapped[bool]
    created_at: Mapped[datetime]


class MandateTransition(Transition, Base):
    """The life of a mandate."""

    __tablename__ = "mandate_transitions"

    subject_id: Mapped[str] = mapped_column(ForeignKey("mandates.id"))


class MandateAmendment(Base):
    """One change of a mandate: which of its fields, and what stood there before (ISO: AmdmntInfDtls). Never changed.

    `version` is the version of the mandate that this change made: 2 for the first. `changed` names what changed: `account`,
    `bank` (the account went to another bank: SMNDA), `reference`, `creditor_identifier`, `debtor_name`. The `original_*` columns
    hold all that stood before, changed or not. `received_at` is when the request to change reached the house.
    """

    __tablename__ = "mandate_amendments"
    __table_args__ = (
        UniqueConstraint("mandate_id", "version"),
        CheckConstraint("version >= 2", name="version"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    mandate_id: Mapped[str] = mapped_column(ForeignKey("mandates.id"))
    version: Mapped[int]
    changed: Mapped[list[str]]
    original_reference: Mapped[str]
    original_creditor_identifier: Mapped[str]
    original_account_scheme: Mapped[str]
    original_account_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    original_account_index: Mapped[str]
    original_debtor_name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    why: Mapped[str]
    evidence: Mapped[dict[str, Any]]


class DebitBlock(Base):
    """Nobody may be debited while this stands: an employer, or an account; at one fund, or at all of them (`fund_id` is null)."""

    __tablename__ = "debit_blocks"
    __table_args__ = (
        CheckConstraint("(employer_id is null) <> (account_index is null)", name="subject"),
        CheckConstraint("(account_index is null) = (account_sealed is null)", name="account"),
        CheckConstraint("(lifted_at is null) = (lifted_by is null)", name="lifted"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    fund_id: Mapped[str | None]
    employer_id: Mapped[str | None] = mapped_column(ForeignKey("employers.id"), index=True)
    account_index: Mapped[str | None] = mapped_column(index=True)
    account_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    why: Mapped[str]
    placed_at: Mapped[datetime]
    placed_by: Mapped[str]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None]
    lifted_why: Mapped[str | None]


class MandateDraft(Base):
    """Form data that nobody has signed yet. `number` stands on the printed form; `form_id` is what was signed in the end.

    A draft holds no place: an employer may have several, and none of them is a mandate.
    """

    __tablename__ = "mandate_drafts"
    __table_args__ = (CheckConstraint("form_id is null or closed_at is not null", name="closed"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    employer_id: Mapped[str] = mapped_column(ForeignKey("employers.id"), index=True)
    fund_ids: Mapped[list[str]]
    content_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    closed_at: Mapped[datetime | None]
    closed_why: Mapped[str | None]
    form_id: Mapped[str | None] = mapped_column(ForeignKey("mandate_forms.id"))


class MandateDocument(Base):
    """A scan: what was signed on paper, what the employer's bank stamped, an amendment. Sealed, hashed, and never changed.

    The signature is one for all creditors of a form, so its scan belongs to the form (`mandate_id` is null); everything else to
    one mandate. Kept as long as a mandate of the form lives and 14 months after.
    """

    __tablename__ = "mandate_documents"
    __table_args__ = (
        unique_where("uq_mandate_documents_form", "form_id", "kind", "sha256", where="mandate_id is null"),
        unique_where("uq_mandate_documents_mandate", "mandate_id", "kind", "sha256", where="mandate_id is not null"),
        CheckConstraint("kind in ('signed_form', 'bank_validation', 'amendment', 'other')", name="kind"),
        CheckConstraint("(kind = 'signed_form') = (mandate_id is null)", name="subject"),
        CheckConstraint("media_type in ('application/pdf', 'image/jpeg', 'image/png')", name="media_type"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    form_id: Mapped[str] = mapped_column(ForeignKey("mandate_forms.id"), index=True)
    mandate_id: Mapped[str | None] = mapped_column(ForeignKey("mandates.id"))
    kind: Mapped[str]
    media_type: Mapped[str]
    sha256: Mapped[str]
    size_bytes: Mapped[int]
    attached_at: Mapped[datetime]
    attached_by: Mapped[str]
    # Last, and read only when asked for: a list of documents must not read megabytes.
    content_sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
