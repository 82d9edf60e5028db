"""Bank entries as immutable facts, and what was made of each: its disposition and its allocations."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from debit_service.core.database import Base, unique_where
from debit_service.core.state import Transition

_REFUSES_FILE = "level = 'group' and status = 'RJCT'"
_IS_SUM = "level = 'entry' and payment_information_id is not null"
_IS_OF_FILE = "level = 'group'"
_IS_REMAINDER = "kind = 'remainder'"
_IS_DETAIL = "level = 'transaction' and amount_minor <> entry_amount_minor"
_HAS_TRANSACTION_ID = "transaction_id is not null"
_HAS_SERVICER_REFERENCE = "account_servicer_reference is not null"


class FileReading(Base):
    """What came of reading a stored file. Read once; reading it again changes nothing."""

    __tablename__ = "file_readings"
    __table_args__ = (CheckConstraint("outcome in ('read', 'not_read', 'unreadable')", name="outcome"),)

    file_id: Mapped[str] = mapped_column(ForeignKey("bank_files.id"), primary_key=True)
    outcome: Mapped[str]
    detail: Mapped[str]
    entries: Mapped[int]
    read_at: Mapped[datetime]


class BankDocument(Base):
    """A notification, statement or report in a file; or a whole status report. `position` numbers them within the file.

    `sequence_number` is the number under which it was sent, or where the bank states none the legal one; `legal_number` is not
    known of what was read before release 0023 (migration).
    """

    __tablename__ = "bank_documents"
    __table_args__ = (
        UniqueConstraint("file_id", "position"),
        Index("ix_bank_documents_account_day", "account_index", "opening_date"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    file_id: Mapped[str] = mapped_column(ForeignKey("bank_files.id"))
    position: Mapped[int]
    message: Mapped[str]
    message_id: Mapped[str | None]
    container_id: Mapped[str | None]
    account_index: Mapped[str | None]
    fund_id: Mapped[str | None]
    currency: Mapped[str | None]
    sequence_number: Mapped[str | None]
    created_on: Mapped[date | None]
    opening_minor: Mapped[int | None]
    closing_minor: Mapped[int | None]
    opening_date: Mapped[date | None]
    closing_date: Mapped[date | None]
    entry_count: Mapped[int]
    booked_credit_minor: Mapped[int]
    booked_debit_minor: Mapped[int]
    findings: Mapped[list[str]]
    legal_number: Mapped[str | None]


class StatementReplacement(Base):
    """That of two statements of the same days one counts instead of the other, which the bank wrote anew; and why.

    It stands until it is undone; that is written once, and nothing else of it ever changes.
    """

    __tablename__ = "statement_replacements"
    __table_args__ = (
        CheckConstraint("replaced_id <> replacing_id", name="two"),
        CheckConstraint(
            "(undone_at is null) = (undone_by is null) and (undone_at is null) = (undone_why is null)", name="undone"
        ),
        unique_where("uq_statement_replacements_replaced_id", "replaced_id", where="undone_at is null"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    replaced_id: Mapped[str] = mapped_column(ForeignKey("bank_documents.id"))
    replacing_id: Mapped[str] = mapped_column(ForeignKey("bank_documents.id"))
    why: Mapped[str]
    who: Mapped[str]
    at: Mapped[datetime]
    undone_by: Mapped[str | None]
    undone_at: Mapped[datetime | None]
    undone_why: Mapped[str | None]


class BankEntry(Base):
    """One normalised record of the bank's: a transaction detail, an entry without details, or a status. Never changed.

    `personal_sealed` holds what names people: debtor's name and account, remittance, the bank's free text. `end_to_end_id` is how
    it names a debit: where the bank gave no end-to-end reference, the instruction reference, if that is one that we sent.
    `payment_information_id` is the block that it names, also by the message that has no other one; a sole detail which names
    nothing but its block is a sum, and its level `entry`. Of what was read before release 0017 (migration) only the first of
    these counted, and `instruction_id` is unknown.
    """

    __tablename__ = "bank_entries"
    __table_args__ = (
        UniqueConstraint("file_id", "position"),
        # What may be the same booking told by another report: the same money, and the same reference or none.
        Index("ix_bank_entries_booking", "account_index", "booking_date", "amount_minor", "end_to_end_id"),
        # A report that refuses a whole file, perhaps as one that the bank has already.
        Index(
            "ix_bank_entries_refused_files",
            "file_id",
            sqlite_where=text(_REFUSES_FILE),
            postgresql_where=text(_REFUSES_FILE),
        ),
        # What the bank said of a whole file of ours.
        Index(
            "ix_bank_entries_of_files",
            "original_message_id",
            sqlite_where=text(_IS_OF_FILE),
            postgresql_where=text(_IS_OF_FILE),
        ),
        # The sums of a block.
        Index(
            "ix_bank_entries_sums",
            "payment_information_id",
            sqlite_where=text(_IS_SUM),
            postgresql_where=text(_IS_SUM),
        ),
        # The details that a total of this account and day may be the sum of.
        Index(
            "ix_bank_entries_details",
            "account_index",
            "booking_date",
            "entry_amount_minor",
            sqlite_where=text(_IS_DETAIL),
            postgresql_where=text(_IS_DETAIL),
        ),
        # What one entry of the bank's tells: its details, and what is left of it beside these.
        Index("ix_bank_entries_of_entry", "document_id", "entry_index"),
        # What is left of the entries that a sum of this account and day may stand for.
        Index(
            "ix_bank_entries_remainders",
            "account_index",
            "booking_date",
            "entry_amount_minor",
            sqlite_where=text(_IS_REMAINDER),
            postgresql_where=text(_IS_REMAINDER),
        ),
        # What the bank calls a booking, where a return gives only that.
        Index(
            "ix_bank_entries_transaction_id",
            "account_index",
            "transaction_id",
            sqlite_where=text(_HAS_TRANSACTION_ID),
            postgresql_where=text(_HAS_TRANSACTION_ID),
        ),
        Index(
            "ix_bank_entries_servicer_reference",
            "account_index",
            "account_servicer_reference",
            sqlite_where=text(_HAS_SERVICER_REFERENCE),
            postgresql_where=text(_HAS_SERVICER_REFERENCE),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    file_id: Mapped[str] = mapped_column(ForeignKey("bank_files.id"))
    document_id: Mapped[str] = mapped_column(ForeignKey("bank_documents.id"))
    position: Mapped[int]
    message: Mapped[str]
    level: Mapped[str]
    kind: Mapped[str]
    status: Mapped[str | None]
    direction: Mapped[str | None]
    reversal: Mapped[bool]
    account_index: Mapped[str | None]
    fund_id: Mapped[str | None]
    currency: Mapped[str | None]
    entry_index: Mapped[int | None]
    entry_amount_minor: Mapped[int | None]
    amount_minor: Mapped[int | None]
    original_amount_minor: Mapped[int | None]
    charges_minor: Mapped[int | None]
    booking_date: Mapped[date | None]
    value_date: Mapped[date | None]
    bank_transaction_code: Mapped[str | None]
    entry_reference: Mapped[str | None]
    account_servicer_reference: Mapped[str | None]
    end_to_end_id: Mapped[str | None] = mapped_column(index=True)
    mandate_id: Mapped[str | None]
    transaction_id: Mapped[str | None]
    payment_information_id: Mapped[str | None]
    original_message_id: Mapped[str | None]
    reason_code: Mapped[str | None]
    reason_code_set: Mapped[str | None]
    reason_proprietary: Mapped[str | None]
    batch_count: Mapped[int | None]
    batch_total_minor: Mapped[int | None]
    interest_minor: Mapped[int | None]
    personal_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    instruction_id: Mapped[str | None]


class Disposition(Base):
    """What was made of a bank entry, and why. A later one replaces it; both stay, the newest is `most_recent`.

    Matched: it belongs to collections of ours. Resolved: a person said where its money goes otherwise.
    """

    __tablename__ = "dispositions"
    __table_args__ = (
        UniqueConstraint("entry_id", "sort_key"),
        unique_where("uq_dispositions_most_recent", "entry_id", where="most_recent"),
        Index(
            "ix_dispositions_folded_into",
            "folded_into",
            sqlite_where=text("folded_into is not null"),
            postgresql_where=text("folded_into is not null"),
        ),
        # The work queue: never the whole history.
        Index(
            "ix_dispositions_queue",
            "entry_id",
            sqlite_where=text("most_recent = 1 and kind = 'suspense'"),
            postgresql_where=text("most_recent and kind = 'suspense'"),
        ),
        # A remainder that waits although a person has decided about the rest of its entry.
        Index(
            "ix_dispositions_rest",
            "entry_id",
            sqlite_where=text("most_recent = 1 and kind = 'resolved' and reason = 'rest'"),
            postgresql_where=text("most_recent and kind = 'resolved' and reason = 'rest'"),
        ),
        CheckConstraint("kind in ('matched', 'resolved', 'folded', 'informational', 'suspense')", name="kind"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    entry_id: Mapped[str] = mapped_column(ForeignKey("bank_entries.id"))
    sort_key: Mapped[int]
    most_recent: Mapped[bool]
    kind: Mapped[str]
    reason: Mapped[str]
    explanation: Mapped[str]
    folded_into: Mapped[str | None] = mapped_column(ForeignKey("bank_entries.id"))
    who: Mapped[str]
    at: Mapped[datetime]


class Allocation(Base):
    """The part of a matched entry that concerns one collection. A booked batch without details has many."""

    __tablename__ = "allocations"
    __table_args__ = (
        UniqueConstraint("disposition_id", "collection_id"),
        CheckConstraint("effect in ('accepted', 'rejected', 'settled', 'returned')", name="effect"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    disposition_id: Mapped[str] = mapped_column(ForeignKey("dispositions.id"))
    entry_id: Mapped[str] = mapped_column(ForeignKey("bank_entries.id"))
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id"), index=True)
    effect: Mapped[str]
    amount_minor: Mapped[int]
    charges_minor: Mapped[int]
    interest_minor: Mapped[int] = mapped_column(server_default=text("0"))


class Resolution(Base):
    """What a person decided about a bank entry that waits, or about money that is owed back; and why.

    It concerns the disposition that the person saw: one resolution a disposition (a hold takes nothing), so of two people at
    once one gets an error. It `stands` from the proposal until it is refused, overtaken by a later file, or undone; its states
    are in `ResolutionTransition`. What was paid out names the entry or the contribution from which the refund is owed.
    """

    __tablename__ = "resolutions"
    __table_args__ = (
        CheckConstraint(
            "decision in ('matched', 'allocated', 'recognised', 'refund_owed', 'bank_charge', 'not_ours', 'held', 'paid_out',"
            " 'undone', 'told_before', 'suspended')",
            name="decision",
        ),
        CheckConstraint("confirmed_by is null or confirmed_by <> who", name="four_eyes"),
        CheckConstraint("entry_id is not null or contribution_id is not null", name="subject"),
        CheckConstraint("(decision = 'undone') = (undoes is not null)", name="undoes"),
        unique_where(
            "uq_resolutions_disposition_id", "disposition_id", where="stands and decision not in ('held', 'paid_out')"
        ),
        unique_where("uq_resolutions_undoes", "undoes", where="stands and undoes is not null"),
        unique_where("uq_resolutions_reference", "fund_id", "reference", where="stands and reference is not null"),
        Index("ix_resolutions_entry_id", "entry_id"),
        Index("ix_resolutions_contribution_id", "contribution_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    entry_id: Mapped[str | None] = mapped_column(ForeignKey("bank_entries.id"))
    contribution_id: Mapped[str | None] = mapped_column(ForeignKey("contributions.id"))
    disposition_id: Mapped[str | None] = mapped_column(ForeignKey("dispositions.id"))
    undoes: Mapped[str | None] = mapped_column(ForeignKey("resolutions.id"))
    decision: Mapped[str]
    fund_id: Mapped[str | None]
    amount_minor: Mapped[int | None]
    currency: Mapped[str | None]
    reference: Mapped[str | None]
    follow_up: Mapped[date | None]
    why: Mapped[str]
    who: Mapped[str]
    at: Mapped[datetime]
    evidence: Mapped[dict[str, Any]]
    four_eyes: Mapped[bool]
    confirmed_by: Mapped[str | None]
    stands: Mapped[bool]


class ResolutionTransition(Transition, Base):
    """The life of a resolution: proposed, carried out, refused, overtaken, undone."""

    __tablename__ = "resolution_transitions"

    subject_id: Mapped[str] = mapped_column(ForeignKey("resolutions.id"))


class ResolutionPart(Base):
    """Where a part of an entry's money goes. `stands` while the resolution is carried out and not undone.

    Of the purposes `contribution` has the contribution, and the payment that was recorded for it; `surcharge` has the claim, as
    the room of penalties calls it; `recorded` has the payment, the refund paid out, or the payment of a claim (where money left:
    what was given back), that the bank's booking shows. One of these stands on one entry only. A `charge` that the bank gives
    back may have the debit for whose failure it was taken.
    """

    __tablename__ = "resolution_parts"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint(
            "purpose in ('contribution', 'surcharge', 'recorded', 'refund', 'charge', 'not_ours')", name="purpose"
        ),
        unique_where("uq_resolution_parts_payment_id", "payment_id", where="stands and payment_id is not null"),
        unique_where("uq_resolution_parts_payout_id", "payout_id", where="stands and payout_id is not null"),
        unique_where(
            "uq_resolution_parts_claim_payment_id", "claim_payment_id", where="stands and claim_payment_id is not null"
        ),
    )

    resolution_id: Mapped[str] = mapped_column(ForeignKey("resolutions.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    amount_minor: Mapped[int]
    contribution_id: Mapped[str | None] = mapped_column(ForeignKey("contributions.id"), index=True)
    payment_id: Mapped[str | None] = mapped_column(ForeignKey("other_payments.id"))
    payout_id: Mapped[str | None] = mapped_column(ForeignKey("resolutions.id"))
    claim_id: Mapped[str | None] = mapped_column(index=True)
    claim_payment_id: Mapped[str | None]
    collection_id: Mapped[str | None] = mapped_column(ForeignKey("collections.id"), index=True)
    stands: Mapped[bool]
