"""Scans of mandates: what was signed on paper, what the employer's bank stamped. Nobody changes one; retention may delete it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """The table, and the trigger that refuses a change."""
    op.create_table(
        "mandate_documents",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("form_id", sa.String(), nullable=False),
        sa.Column("mandate_id", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attached_by", sa.String(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "kind in ('signed_form', 'bank_validation', 'amendment', 'other')", name=op.f("ck_mandate_documents_kind")
        ),
        sa.CheckConstraint("(kind = 'signed_form') = (mandate_id is null)", name=op.f("ck_mandate_documents_subject")),
        sa.CheckConstraint(
            "media_type in ('application/pdf', 'image/jpeg', 'image/png')", name=op.f("ck_mandate_documents_media_type")
        ),
        sa.ForeignKeyConstraint(["form_id"], ["mandate_forms.id"], name=op.f("fk_mandate_documents_form_id")),
        sa.ForeignKeyConstraint(["mandate_id"], ["mandates.id"], name=op.f("fk_mandate_documents_mandate_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandate_documents")),
    )
    op.create_index(op.f("ix_mandate_documents_form_id"), "mandate_documents", ["form_id"])
    for name, column, where in (
        ("uq_mandate_documents_form", "form_id", "mandate_id is null"),
        ("uq_mandate_documents_mandate", "mandate_id", "mandate_id is not null"),
    ):
        op.create_index(
            name,
            "mandate_documents",
            [column, "kind", "sha256"],
            unique=True,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "create trigger mandate_documents_no_update before update on mandate_documents "
            "for each row execute function refuse_change()"
        )
    else:
        op.execute(
            "create trigger mandate_documents_no_update before update on mandate_documents "
            "begin select raise(abort, 'mandate_documents are never changed'); end"
        )


def downgrade() -> None:
    """Take the table away, and its trigger with it."""
    op.drop_table("mandate_documents")
