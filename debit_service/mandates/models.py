"""Forms as they were signed, mandates, and the transitions of mandates."""

from datetime import date, datetime

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
    """One creditor's authorisation. The account never changes under a mandate: an amendment makes a new version.

    `live` is a projection of the state, kept so that a unique index can hold "one live mandate per employer and fund".
    """

    __tablename__ = "mandates"
    __table_args__ = (
        UniqueConstraint("fund_id", "reference"),
        unique_where("uq_mandates_live", "fund_id", "employer_id", where="live"),
        CheckConstraint("scheme in ('CORE', 'B2B')", name="scheme"),
        CheckConstraint("amount_limit_minor is null or amount_limit_minor > 0", name="amount_limit"),
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
    live: Mapped[bool]
    created_at: Mapped[datetime]


class MandateTransition(Transition, Base):
    """The life of a mandate."""

    __tablename__ = "mandate_transitions"

    subject_id: Mapped[str] = mapped_column(ForeignKey("mandates.id"))


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
