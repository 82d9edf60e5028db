"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "audit_entries",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_entries_hash")),
    )
    op.create_table(
        "bank_files",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("bank_id", sa.String(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("direction in ('in', 'out')", name=op.f("ck_bank_files_direction")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_files")),
        sa.UniqueConstraint("direction", "sha256", name=op.f("uq_bank_files_direction_sha256")),
    )
    op.create_table(
        "contribution_imports",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.Column("unchanged", sa.BigInteger(), nullable=False),
        sa.Column("bad", sa.BigInteger(), nullable=False),
        sa.Column("imported_by", sa.String(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contribution_imports")),
        sa.UniqueConstraint("sha256", name=op.f("uq_contribution_imports_sha256")),
    )
    op.create_table(
        "employers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("language in ('ar', 'fr', 'en')", name=op.f("ck_employers_language")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employers")),
        sa.UniqueConstraint("reference", name=op.f("uq_employers_reference")),
    )
    op.create_table(
        "events",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_events")),
    )
    op.create_table(
        "job_runs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("fund_id", sa.String(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.CheckConstraint("outcome in ('running', 'done', 'failed')", name=op.f("ck_job_runs_outcome")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_runs")),
        sa.UniqueConstraint("job", "fund_id", "business_date", name=op.f("uq_job_runs_job_fund_id_business_date")),
    )
    op.create_table(
        "journal_entries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entries")),
    )
    op.create_table(
        "key_checks",
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_key_checks")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_table(
        "sign_in_attempts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("login_index", sa.String(), nullable=False),
        sa.Column("address_index", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.CheckConstraint("outcome in ('ok', 'refused')", name=op.f("ck_sign_in_attempts_outcome")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempts")),
    )
    with op.batch_alter_table("sign_in_attempts", schema=None) as batch_op:
        batch_op.create_index("ix_sign_in_attempts_address_at", ["address_index", "at"], unique=False)
        batch_op.create_index("ix_sign_in_attempts_login_at", ["login_index", "at"], unique=False)

    op.create_table(
        "bad_contribution_lines",
        sa.Column("import_id", sa.String(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["contribution_imports.id"], name=op.f("fk_bad_contribution_lines_import_id")
        ),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_bad_contribution_lines")),
    )
    op.create_table(
        "bank_documents",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("container_id", sa.String(), nullable=True),
        sa.Column("account_index", sa.String(), nullable=True),
        sa.Column("fund_id", sa.String(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("sequence_number", sa.String(), nullable=True),
        sa.Column("created_on", sa.Date(), nullable=True),
        sa.Column("opening_minor", sa.BigInteger(), nullable=True),
        sa.Column("closing_minor", sa.BigInteger(), nullable=True),
        sa.Column("opening_date", sa.Date(), nullable=True),
        sa.Column("closing_date", sa.Date(), nullable=True),
        sa.Column("entry_count", sa.BigInteger(), nullable=False),
        sa.Column("booked_credit_minor", sa.BigInteger(), nullable=False),
        sa.Column("booked_debit_minor", sa.BigInteger(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["bank_files.id"], name=op.f("fk_bank_documents_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_documents")),
        sa.UniqueConstraint("file_id", "position", name=op.f("uq_bank_documents_file_id_position")),
    )
    with op.batch_alter_table("bank_documents", schema=None) as batch_op:
        batch_op.create_index("ix_bank_documents_account_day", ["account_index", "opening_date"], unique=False)

    op.create_table(
        "bank_file_chunks",
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["bank_files.id"], name=op.f("fk_bank_file_chunks_file_id")),
        sa.PrimaryKeyConstraint("file_id", "number", name=op.f("pk_bank_file_chunks")),
    )
    op.create_table(
        "batches",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("fund_id", sa.String(), nullable=False),
        sa.Column("bank_id", sa.String(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("control_sum_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["bank_files.id"], name=op.f("fk_batches_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint("sha256", name=op.f("uq_batches_sha256")),
    )
    op.create_table(
        "contributions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("fund_id", sa.String(), nullable=False),
        sa.Column("employer_id", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("due_date_source", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("import_id", sa.String(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_contributions_amount")),
        sa.ForeignKeyConstraint(["employer_id"], ["employers.id"], name=op.f("fk_contributions_employer_id")),
        sa.ForeignKeyConstraint(["import_id"], ["contribution_imports.id"], name=op.f("fk_contributions_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contributions")),
        sa.UniqueConstraint("fund_id", "reference", name=op.f("uq_contributions_fund_id_reference")),
    )
    with op.batch_alter_table("contributions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contributions_due_date"), ["due_date"], unique=False)
        batch_op.create_index(batch_op.f("ix_contributions_employer_id"), ["employer_id"], unique=False)

    op.create_table(
        "file_readings",
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("outcome in ('read', 'not_read', 'unreadable')", name=op.f("ck_file_readings_outcome")),
        sa.ForeignKeyConstraint(["file_id"], ["bank_files.id"], name=op.f("fk_file_readings_file_id")),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_file_readings")),
    )
    op.create_table(
        "journal_lines",
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_journal_lines_amount")),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entries.id"], name=op.f("fk_journal_lines_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", "number", name=op.f("pk_journal_lines")),
    )
    with op.batch_alter_table("journal_lines", schema=None) as batch_op:
        batch_op.create_index("ix_journal_lines_account_subject", ["account", "subject"], unique=False)

    op.create_table(
        "mandate_forms",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("employer_id", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(), nullable=False),
        sa.CheckConstraint("how in ('web', 'paper', 'import')", name=op.f("ck_mandate_forms_how")),
        sa.ForeignKeyConstraint(["employer_id"], ["employers.id"], name=op.f("fk_mandate_forms_employer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandate_forms")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("employer_id", sa.String(), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["employer_id"], ["employers.id"], name=op.f("fk_people_employer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("login", name=op.f("uq_people_login")),
    )
    op.create_table(
        "registrations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("fund_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("employer_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["employer_id"], ["employers.id"], name=op.f("fk_registrations_employer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
        sa.UniqueConstraint("fund_id", "employer_id", name=op.f("uq_registrations_fund_id_employer_id")),
        sa.UniqueConstraint("fund_id", "number", name=op.f("uq_registrations_fund_id_number")),
    )
    op.create_table(
        "approvals",
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("approved_by <> made_by", name=op.f("ck_approvals_four_eyes")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_approvals_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_approvals")),
    )
    op.create_table(
        "bank_entries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("direction", sa.String(), nullable=True),
        sa.Column("reversal", sa.Boolean(), nullable=False),
        sa.Column("account_index", sa.String(), nullable=True),
        sa.Column("fund_id", sa.String(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("entry_index", sa.BigInteger(), nullable=True),
        sa.Column("entry_amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("original_amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("charges_minor", sa.BigInteger(), nullable=True),
        sa.Column("booking_date", sa.Date(), nullable=True),
        sa.Column("value_date", sa.Date(), nullable=True),
        sa.Column("bank_transaction_code", sa.String(), nullable=True),
        sa.Column("entry_reference", sa.String(), nullable=True),
        sa.Column("account_servicer_reference", sa.String(), nullable=True),
        sa.Column("end_to_end_id", sa.String(), nullable=True),
        sa.Column("mandate_id", sa.String(), nullable=True),
        sa.Column("transaction_id", sa.String(), nullable=True),
        sa.Column("payment_information_id", sa.String(), nullable=True),
        sa.Column("original_message_id", sa.String(), nullable=True),
        sa.Column("reason_code", sa.String(), nullable=True),
        sa.Column("reason_code_set", sa.String(), nullable=True),
        sa.Column("reason_proprietary", sa.String(), nullable=True),
        sa.Column("batch_count", sa.BigInteger(), nullable=True),
        sa.Column("batch_total_minor", sa.BigInteger(), nullable=True),
        sa.Column("personal_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["document_id"], ["bank_documents.id"], name=op.f("fk_bank_entries_document_id")),
        sa.ForeignKeyConstraint(["file_id"], ["bank_files.id"], name=op.f("fk_bank_entries_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_entries")),
        sa.UniqueConstraint("file_id", "position", name=op.f("uq_bank_entries_file_id_position")),
    )
    with op.batch_alter_table("bank_entries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_bank_entries_booking", ["account_index", "booking_date", "amount_minor"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_bank_entries_end_to_end_id"), ["end_to_end_id"], unique=False)

    op.create_table(
        "batch_transitions",
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sort_key", sa.BigInteger(), nullable=False),
        sa.Column("from_state", sa.String(), nullable=True),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.Column("most_recent", sa.Boolean(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["subject_id"], ["batches.id"], name=op.f("fk_batch_transitions_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_transitions")),
        sa.UniqueConstraint("subject_id", "sort_key", name=op.f("uq_batch_transitions_subject_id_sort_key")),
    )
    with op.batch_alter_table("batch_transitions", schema=None) as batch_op:
        batch_op.create_index(
            "uq_batch_transitions_most_recent",
            ["subject_id"],
            unique=True,
            sqlite_where=sa.text("most_recent"),
            postgresql_where=sa.text("most_recent"),
        )

    op.create_table(
        "disputes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("contribution_id", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answer_text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.CheckConstraint("answer in ('upheld', 'rejected')", name=op.f("ck_disputes_kind")),
        sa.CheckConstraint("(answer is null) = (answered_at is null)", name=op.f("ck_disputes_answer")),
        sa.ForeignKeyConstraint(["contribution_id"], ["contributions.id"], name=op.f("fk_disputes_contribution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
    )
    with op.batch_alter_table("disputes", schema=None) as batch_op:
        batch_op.create_index(
            "uq_disputes_open",
            ["contribution_id"],
            unique=True,
            sqlite_where=sa.text("answered_at is null"),
            postgresql_where=sa.text("answered_at is null"),
        )

    op.create_table(
        "mandates",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("form_id", sa.String(), nullable=False),
        sa.Column("fund_id", sa.String(), nullable=False),
        sa.Column("employer_id", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("creditor_identifier", sa.String(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("account_scheme", sa.String(), nullable=False),
        sa.Column("account_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("account_index", sa.String(), nullable=False),
        sa.Column("debtor_name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("amount_limit_minor", sa.BigInteger(), nullable=True),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("scheme in ('CORE', 'B2B')", name=op.f("ck_mandates_scheme")),
        sa.CheckConstraint(
            "amount_limit_minor is null or amount_limit_minor > 0", name=op.f("ck_mandates_amount_limit")
        ),
        sa.ForeignKeyConstraint(["employer_id"], ["employers.id"], name=op.f("fk_mandates_employer_id")),
        sa.ForeignKeyConstraint(["form_id"], ["mandate_forms.id"], name=op.f("fk_mandates_form_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandates")),
        sa.UniqueConstraint("fund_id", "reference", name=op.f("uq_mandates_fund_id_reference")),
    )
    with op.batch_alter_table("mandates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mandates_account_index"), ["account_index"], unique=False)
        batch_op.create_index(batch_op.f("ix_mandates_employer_id"), ["employer_id"], unique=False)
        batch_op.create_index(
            "uq_mandates_live",
            ["fund_id", "employer_id"],
            unique=True,
            sqlite_where=sa.text("live"),
            postgresql_where=sa.text("live"),
        )

    op.create_table(
        "payment_informations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("sequence_type", sa.String(), nullable=False),
        sa.Column("collection_date", sa.Date(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("control_sum_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_payment_informations_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_informations")),
    )
    with op.batch_alter_table("payment_informations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_informations_batch_id"), ["batch_id"], unique=False)

    op.create_table(
        "submissions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("intended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("outcome_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("detail_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("outcome in ('sent', 'not_sent', 'unknown')", name=op.f("ck_submissions_outcome")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_submissions_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
        sa.UniqueConstraint("batch_id", "number", name=op.f("uq_submissions_batch_id_number")),
    )
    op.create_table(
        "web_sessions",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_web_sessions_person_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_web_sessions")),
    )
    op.create_table(
        "collections",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("contribution_id", sa.String(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("fund_id", sa.String(), nullable=False),
        sa.Column("mandate_id", sa.String(), nullable=False),
        sa.Column("end_to_end_id", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("collection_date", sa.Date(), nullable=False),
        sa.Column("date_reason", sa.String(), nullable=False),
        sa.Column("days_late_by_service", sa.BigInteger(), nullable=False),
        sa.Column("sequence_type", sa.String(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payment_information_id", sa.String(), nullable=True),
        sa.Column("account_index_sent", sa.String(), nullable=True),
        sa.Column("mandate_reference_sent", sa.String(), nullable=True),
        sa.Column("creditor_identifier_sent", sa.String(), nullable=True),
        sa.Column("scheme_sent", sa.String(), nullable=True),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("cancelled_why", sa.String(), nullable=True),
        sa.Column("failure_code", sa.String(), nullable=True),
        sa.Column("failed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_collections_amount")),
        sa.CheckConstraint("attempt >= 1", name=op.f("ck_collections_attempt")),
        sa.ForeignKeyConstraint(["contribution_id"], ["contributions.id"], name=op.f("fk_collections_contribution_id")),
        sa.ForeignKeyConstraint(["mandate_id"], ["mandates.id"], name=op.f("fk_collections_mandate_id")),
        sa.ForeignKeyConstraint(
            ["payment_information_id"], ["payment_informations.id"], name=op.f("fk_collections_payment_information_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collections")),
        sa.UniqueConstraint("contribution_id", "attempt", name=op.f("uq_collections_contribution_id_attempt")),
        sa.UniqueConstraint("end_to_end_id", name=op.f("uq_collections_end_to_end_id")),
    )
    with op.batch_alter_table("collections", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_collections_mandate_id"), ["mandate_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_collections_payment_information_id"), ["payment_information_id"], unique=False
        )
        batch_op.create_index(
            "uq_collections_live",
            ["contribution_id"],
            unique=True,
            sqlite_where=sa.text("live"),
            postgresql_where=sa.text("live"),
        )

    op.create_table(
        "dispositions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("sort_key", sa.BigInteger(), nullable=False),
        sa.Column("most_recent", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("explanation", sa.String(), nullable=False),
        sa.Column("folded_into", sa.String(), nullable=True),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind in ('matched', 'folded', 'informational', 'suspense')", name=op.f("ck_dispositions_kind")
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["bank_entries.id"], name=op.f("fk_dispositions_entry_id")),
        sa.ForeignKeyConstraint(["folded_into"], ["bank_entries.id"], name=op.f("fk_dispositions_folded_into")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispositions")),
        sa.UniqueConstraint("entry_id", "sort_key", name=op.f("uq_dispositions_entry_id_sort_key")),
    )
    with op.batch_alter_table("dispositions", schema=None) as batch_op:
        batch_op.create_index(
            "uq_dispositions_most_recent",
            ["entry_id"],
            unique=True,
            sqlite_where=sa.text("most_recent"),
            postgresql_where=sa.text("most_recent"),
        )

    op.create_table(
        "mandate_transitions",
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sort_key", sa.BigInteger(), nullable=False),
        sa.Column("from_state", sa.String(), nullable=True),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.Column("most_recent", sa.Boolean(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["subject_id"], ["mandates.id"], name=op.f("fk_mandate_transitions_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandate_transitions")),
        sa.UniqueConstraint("subject_id", "sort_key", name=op.f("uq_mandate_transitions_subject_id_sort_key")),
    )
    with op.batch_alter_table("mandate_transitions", schema=None) as batch_op:
        batch_op.create_index(
            "uq_mandate_transitions_most_recent",
            ["subject_id"],
            unique=True,
            sqlite_where=sa.text("most_recent"),
            postgresql_where=sa.text("most_recent"),
        )

    op.create_table(
        "resolutions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["bank_entries.id"], name=op.f("fk_resolutions_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resolutions")),
    )
    op.create_table(
        "allocations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("disposition_id", sa.String(), nullable=False),
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("collection_id", sa.String(), nullable=False),
        sa.Column("effect", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("charges_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "effect in ('accepted', 'rejected', 'settled', 'returned')", name=op.f("ck_allocations_effect")
        ),
        sa.ForeignKeyConstraint(["collection_id"], ["collections.id"], name=op.f("fk_allocations_collection_id")),
        sa.ForeignKeyConstraint(["disposition_id"], ["dispositions.id"], name=op.f("fk_allocations_disposition_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["bank_entries.id"], name=op.f("fk_allocations_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocations")),
        sa.UniqueConstraint(
            "disposition_id", "collection_id", name=op.f("uq_allocations_disposition_id_collection_id")
        ),
    )
    with op.batch_alter_table("allocations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_allocations_collection_id"), ["collection_id"], unique=False)

    op.create_table(
        "fault_decisions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("collection_id", sa.String(), nullable=False),
        sa.Column("contribution_id", sa.String(), nullable=False),
        sa.Column("sort_key", sa.BigInteger(), nullable=False),
        sa.Column("most_recent", sa.Boolean(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("effect", sa.String(), nullable=False),
        sa.Column("certainty", sa.String(), nullable=False),
        sa.Column("reason_code", sa.String(), nullable=True),
        sa.Column("reason_code_set", sa.String(), nullable=True),
        sa.Column("argument", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("clock_start", sa.Date(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "effect <> 'PENALISE' or party = 'EMPLOYER'", name=op.f("ck_fault_decisions_only_the_employer")
        ),
        sa.CheckConstraint("effect in ('NONE', 'HOLD', 'PENALISE')", name=op.f("ck_fault_decisions_effect")),
        sa.ForeignKeyConstraint(["collection_id"], ["collections.id"], name=op.f("fk_fault_decisions_collection_id")),
        sa.ForeignKeyConstraint(
            ["contribution_id"], ["contributions.id"], name=op.f("fk_fault_decisions_contribution_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fault_decisions")),
        sa.UniqueConstraint("collection_id", "sort_key", name=op.f("uq_fault_decisions_collection_id_sort_key")),
    )
    with op.batch_alter_table("fault_decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fault_decisions_contribution_id"), ["contribution_id"], unique=False)
        batch_op.create_index(
            "uq_fault_decisions_most_recent",
            ["collection_id"],
            unique=True,
            sqlite_where=sa.text("most_recent"),
            postgresql_where=sa.text("most_recent"),
        )

    op.create_table(
        "notices",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("collection_id", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("collection_date", sa.Date(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("outbox_id", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["collection_id"], ["collections.id"], name=op.f("fk_notices_collection_id")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_notices_outbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint(
            "collection_id",
            "amount_minor",
            "collection_date",
            name=op.f("uq_notices_collection_id_amount_minor_collection_date"),
        ),
    )
    op.create_table(
        "penalties",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("contribution_id", sa.String(), nullable=False),
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("fund_id", sa.String(), nullable=False),
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("base_minor", sa.BigInteger(), nullable=False),
        sa.Column("clock_start", sa.Date(), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("base_minor > 0", name=op.f("ck_penalties_base")),
        sa.ForeignKeyConstraint(["contribution_id"], ["contributions.id"], name=op.f("fk_penalties_contribution_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["fault_decisions.id"], name=op.f("fk_penalties_decision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_penalties")),
        sa.UniqueConstraint(
            "contribution_id", "rule_id", "rule_version", name=op.f("uq_penalties_contribution_id_rule_id_rule_version")
        ),
    )
    op.create_table(
        "penalty_steps",
        sa.Column("penalty_id", sa.String(), nullable=False),
        sa.Column("step_key", sa.String(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("formula", sa.String(), nullable=False),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_penalty_steps_amount")),
        sa.ForeignKeyConstraint(["penalty_id"], ["penalties.id"], name=op.f("fk_penalty_steps_penalty_id")),
        sa.PrimaryKeyConstraint("penalty_id", "step_key", name=op.f("pk_penalty_steps")),
    )
    op.create_table(
        "penalty_transitions",
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sort_key", sa.BigInteger(), nullable=False),
        sa.Column("from_state", sa.String(), nullable=True),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.Column("most_recent", sa.Boolean(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["subject_id"], ["penalties.id"], name=op.f("fk_penalty_transitions_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_penalty_transitions")),
        sa.UniqueConstraint("subject_id", "sort_key", name=op.f("uq_penalty_transitions_subject_id_sort_key")),
    )
    with op.batch_alter_table("penalty_transitions", schema=None) as batch_op:
        batch_op.create_index(
            "uq_penalty_transitions_most_recent",
            ["subject_id"],
            unique=True,
            sqlite_where=sa.text("most_recent"),
            postgresql_where=sa.text("most_recent"),
        )


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("penalty_transitions", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_penalty_transitions_most_recent",
            sqlite_where=sa.text("most_recent"),
            postgresql_where=sa.text("most_recent"),
        )

    op.drop_table("penalty_transitions")
    op.drop_table("penalty_steps")
    op.drop_table("penalties")
    op.drop_table("notices")
    with op.batch_alter_table("fault_decisions", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_fault_decisions_most_recent",
            sqlite_where=sa.text("most_recent"),
            postgresql_where=sa.text("most_recent"),
        )
        batch_op.drop_index(batch_op.f("ix_fault_decisions_contribution_id"))

    op.drop_table("fault_decisions")
    with op.batch_alter_table("allocations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_allocations_collection_id"))

    op.drop_table("allocations")
    op.drop_table("resolutions")
    with op.batch_alter_table("mandate_transitions", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_mandate_transitions_most_recent",
            sqlite_where=sa.text("most_recent"),
            postgresql_where=sa.text("most_recent"),
        )

    op.drop_table("mandate_transitions")
    with op.batch_alter_table("dispositions", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_dispositions_most_recent", sqlite_where=sa.text("most_recent"), postgresql_where=sa.text("most_recent")
        )

    op.drop_table("dispositions")
    with op.batch_alter_table("collections", schema=None) as batch_op:
        batch_op.drop_index("uq_collections_live", sqlite_where=sa.text("live"), postgresql_where=sa.text("live"))
        batch_op.drop_index(batch_op.f("ix_collections_payment_information_id"))
        batch_op.drop_index(batch_op.f("ix_collections_mandate_id"))

    op.drop_table("collections")
    op.drop_table("web_sessions")
    op.drop_table("submissions")
    with op.batch_alter_table("payment_informations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payment_informations_batch_id"))

    op.drop_table("payment_informations")
    with op.batch_alter_table("mandates", schema=None) as batch_op:
        batch_op.drop_index("uq_mandates_live", sqlite_where=sa.text("live"), postgresql_where=sa.text("live"))
        batch_op.drop_index(batch_op.f("ix_mandates_employer_id"))
        batch_op.drop_index(batch_op.f("ix_mandates_account_index"))

    op.drop_table("mandates")
    with op.batch_alter_table("disputes", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_disputes_open",
            sqlite_where=sa.text("answered_at is null"),
            postgresql_where=sa.text("answered_at is null"),
        )

    op.drop_table("disputes")
    with op.batch_alter_table("batch_transitions", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_batch_transitions_most_recent",
            sqlite_where=sa.text("most_recent"),
            postgresql_where=sa.text("most_recent"),
        )

    op.drop_table("batch_transitions")
    with op.batch_alter_table("bank_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bank_entries_end_to_end_id"))
        batch_op.drop_index("ix_bank_entries_booking")

    op.drop_table("bank_entries")
    op.drop_table("approvals")
    op.drop_table("registrations")
    op.drop_table("people")
    op.drop_table("mandate_forms")
    with op.batch_alter_table("journal_lines", schema=None) as batch_op:
        batch_op.drop_index("ix_journal_lines_account_subject")

    op.drop_table("journal_lines")
    op.drop_table("file_readings")
    with op.batch_alter_table("contributions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contributions_employer_id"))
        batch_op.drop_index(batch_op.f("ix_contributions_due_date"))

    op.drop_table("contributions")
    op.drop_table("batches")
    op.drop_table("bank_file_chunks")
    with op.batch_alter_table("bank_documents", schema=None) as batch_op:
        batch_op.drop_index("ix_bank_documents_account_day")

    op.drop_table("bank_documents")
    op.drop_table("bad_contribution_lines")
    with op.batch_alter_table("sign_in_attempts", schema=None) as batch_op:
        batch_op.drop_index("ix_sign_in_attempts_login_at")
        batch_op.drop_index("ix_sign_in_attempts_address_at")

    op.drop_table("sign_in_attempts")
    op.drop_table("outbox")
    op.drop_table("key_checks")
    op.drop_table("journal_entries")
    op.drop_table("job_runs")
    op.drop_table("events")
    op.drop_table("employers")
    op.drop_table("contribution_imports")
    op.drop_table("bank_files")
    op.drop_table("audit_entries")
