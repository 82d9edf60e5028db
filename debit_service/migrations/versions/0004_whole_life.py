"""Amendments, drafts and blocks of mandates; runs that ask a person; payments by other means; calendars as staff correct them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = (
    "mandate_amendments",
    "mandate_drafts",
    "debit_blocks",
    "run_holds",
    "other_payments",
    "calendar_overrides",
)
ONE_NOTICE = "uq_notices_collection_id_amount_minor_collection_date"
#: A check can be added with its column on both databases, and goes with it.
COLUMNS = {
    "mandates": {
        "version": "bigint not null default 1 constraint ck_mandates_version check (version >= 1)",
        "recurrence": "varchar not null default 'recurrent' "
        "constraint ck_mandates_recurrence check (recurrence in ('recurrent', 'one_off'))",
        "final_asked_on": "date",
    },
    "collections": {"mandate_version_sent": "bigint"},
    "outbox": {"print_run": "varchar"},
}


def upgrade() -> None:
    """New tables; new columns, with what they were until now."""
    op.create_table(
        "calendar_overrides",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("calendar", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("becomes", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(), nullable=True),
        sa.Column("withdrawn_why", sa.String(), nullable=True),
        sa.CheckConstraint("becomes in ('open', 'closed')", name=op.f("ck_calendar_overrides_becomes")),
        sa.CheckConstraint(
            "(withdrawn_at is null) = (withdrawn_by is null)", name=op.f("ck_calendar_overrides_withdrawn")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_overrides")),
    )
    op.create_index(
        "uq_calendar_overrides_day",
        "calendar_overrides",
        ["calendar", "day"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at is null"),
        postgresql_where=sa.text("withdrawn_at is null"),
    )
    op.create_table(
        "run_holds",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("fund_id", sa.String(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("control_sum_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.String(), nullable=True),
        sa.Column("released_why", sa.String(), nullable=True),
        sa.CheckConstraint("(released_at is null) = (released_by is null)", name=op.f("ck_run_holds_released")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_holds")),
        sa.UniqueConstraint("fund_id", "sha256", name=op.f("uq_run_holds_fund_id_sha256")),
    )
    op.create_table(
        "debit_blocks",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("fund_id", sa.String(), nullable=True),
        sa.Column("employer_id", sa.String(), nullable=True),
        sa.Column("account_index", sa.String(), nullable=True),
        sa.Column("account_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_by", sa.String(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.Column("lifted_why", sa.String(), nullable=True),
        sa.CheckConstraint("(account_index is null) = (account_sealed is null)", name=op.f("ck_debit_blocks_account")),
        sa.CheckConstraint("(employer_id is null) <> (account_index is null)", name=op.f("ck_debit_blocks_subject")),
        sa.CheckConstraint("(lifted_at is null) = (lifted_by is null)", name=op.f("ck_debit_blocks_lifted")),
        sa.ForeignKeyConstraint(["employer_id"], ["employers.id"], name=op.f("fk_debit_blocks_employer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debit_blocks")),
    )
    op.create_index(op.f("ix_debit_blocks_account_index"), "debit_blocks", ["account_index"], unique=False)
    op.create_index(op.f("ix_debit_blocks_employer_id"), "debit_blocks", ["employer_id"], unique=False)
    op.create_table(
        "mandate_drafts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("employer_id", sa.String(), nullable=False),
        sa.Column("fund_ids", sa.JSON(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_why", sa.String(), nullable=True),
        sa.Column("form_id", sa.String(), nullable=True),
        sa.CheckConstraint("form_id is null or closed_at is not null", name=op.f("ck_mandate_drafts_closed")),
        sa.ForeignKeyConstraint(["employer_id"], ["employers.id"], name=op.f("fk_mandate_drafts_employer_id")),
        sa.ForeignKeyConstraint(["form_id"], ["mandate_forms.id"], name=op.f("fk_mandate_drafts_form_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandate_drafts")),
        sa.UniqueConstraint("number", name=op.f("uq_mandate_drafts_number")),
    )
    op.create_index(op.f("ix_mandate_drafts_employer_id"), "mandate_drafts", ["employer_id"], unique=False)
    op.create_table(
        "other_payments",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("contribution_id", sa.String(), nullable=False),
        sa.Column("fund_id", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("means", sa.String(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(), nullable=True),
        sa.Column("undone_why", sa.String(), nullable=True),
        sa.CheckConstraint(
            "means in ('transfer', 'cheque', 'cash', 'card', 'other')", name=op.f("ck_other_payments_means")
        ),
        sa.CheckConstraint("(undone_at is null) = (undone_by is null)", name=op.f("ck_other_payments_undone")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_other_payments_amount")),
        sa.ForeignKeyConstraint(
            ["contribution_id"], ["contributions.id"], name=op.f("fk_other_payments_contribution_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_other_payments")),
    )
    op.create_index(op.f("ix_other_payments_contribution_id"), "other_payments", ["contribution_id"], unique=False)
    op.create_index(
        "uq_other_payments_reference",
        "other_payments",
        ["fund_id", "reference"],
        unique=True,
        sqlite_where=sa.text("undone_at is null"),
        postgresql_where=sa.text("undone_at is null"),
    )
    op.create_table(
        "mandate_amendments",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("mandate_id", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.JSON(), nullable=False),
        sa.Column("original_reference", sa.String(), nullable=False),
        sa.Column("original_creditor_identifier", sa.String(), nullable=False),
        sa.Column("original_account_scheme", sa.String(), nullable=False),
        sa.Column("original_account_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("original_account_index", sa.String(), nullable=False),
        sa.Column("original_debtor_name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.CheckConstraint("version >= 2", name=op.f("ck_mandate_amendments_version")),
        sa.ForeignKeyConstraint(["mandate_id"], ["mandates.id"], name=op.f("fk_mandate_amendments_mandate_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandate_amendments")),
        sa.UniqueConstraint("mandate_id", "version", name=op.f("uq_mandate_amendments_mandate_id_version")),
    )
    for table, columns in COLUMNS.items():
        for column, declared in columns.items():
            op.execute(f"alter table {table} add column {column} {declared}")
    op.create_index(
        "ix_collections_unsent",
        "collections",
        ["fund_id", "collection_date", "id"],
        sqlite_where=sa.text("live = 1 and payment_information_id is null"),
        postgresql_where=sa.text("live and payment_information_id is null"),
    )
    op.create_index(
        "ix_outbox_owed",
        "outbox",
        ["print_run", "id"],
        unique=False,
        sqlite_where=sa.text("done_at is null"),
        postgresql_where=sa.text("done_at is null"),
    )
    op.create_index(
        "ix_outbox_print_run",
        "outbox",
        ["print_run"],
        unique=False,
        sqlite_where=sa.text("print_run is not null"),
        postgresql_where=sa.text("print_run is not null"),
    )
    # A debit may come back to a day that was announced before, and is then announced again.
    with op.batch_alter_table("notices") as notices:
        notices.drop_constraint(ONE_NOTICE, type_="unique")
    op.create_index("ix_notices_collection_id", "notices", ["collection_id", "id"])
    op.execute("update collections set mandate_version_sent = 1 where payment_information_id is not null")
    _never_changed("mandate_amendments")


def _never_changed(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"create trigger {table}_no_update before update on {table} for each row execute function refuse_change()"
        )
    else:
        op.execute(
            f"create trigger {table}_no_update before update on {table} "
            f"begin select raise(abort, '{table} are never changed'); end"
        )


def downgrade() -> None:
    """Take the columns and the tables away."""
    op.drop_index("ix_notices_collection_id", "notices")
    with op.batch_alter_table("notices") as notices:
        notices.create_unique_constraint(ONE_NOTICE, ["collection_id", "amount_minor", "collection_date"])
    op.drop_index("ix_outbox_print_run", "outbox")
    op.drop_index("ix_outbox_owed", "outbox")
    op.drop_index("ix_collections_unsent", "collections")
    for table, columns in COLUMNS.items():
        for column in reversed(columns):
            op.drop_column(table, column)
    for table in reversed(TABLES):
        op.drop_table(table)
