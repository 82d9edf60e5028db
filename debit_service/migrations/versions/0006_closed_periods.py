"""Periods of the journal that are closed: approved by a second person, and from then on never changed."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """The table, and a trigger that keeps what is approved. A preparation that was not approved may be replaced."""
    op.create_table(
        "closed_periods",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("fund_id", sa.String(), nullable=False),
        sa.Column("closed_through", sa.Date(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("totals", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("despite", sa.String(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.CheckConstraint("(approved_at is null) = (approved_by is null)", name=op.f("ck_closed_periods_approved")),
        sa.CheckConstraint("approved_by <> made_by", name=op.f("ck_closed_periods_four_eyes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closed_periods")),
        sa.UniqueConstraint("fund_id", "closed_through", name=op.f("uq_closed_periods_fund_id_closed_through")),
    )
    op.create_index(
        "uq_closed_periods_prepared",
        "closed_periods",
        ["fund_id"],
        unique=True,
        sqlite_where=sa.text("approved_at is null"),
        postgresql_where=sa.text("approved_at is null"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "create trigger closed_periods_append_only before update or delete on closed_periods "
            "for each row when (old.approved_at is not null) execute function refuse_change()"
        )
        return
    for act in ("update", "delete"):
        op.execute(
            f"create trigger closed_periods_no_{act} before {act} on closed_periods when old.approved_at is not null "
            "begin select raise(abort, 'closed_periods is append-only'); end"
        )


def downgrade() -> None:
    """Take the table away, and with it its triggers."""
    op.drop_table("closed_periods")
