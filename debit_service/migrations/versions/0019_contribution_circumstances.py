"""The circumstances of a contribution that penalty rules ask for."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """The table, and triggers that keep what was said. Of what is there nothing is known: a person decides, as before."""
    op.create_table(
        "contribution_circumstances",
        sa.Column("contribution_id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("heads", sa.BigInteger(), nullable=True),
        sa.Column("demanded_separately", sa.Boolean(), nullable=True),
        sa.Column("formal_notice_on", sa.Date(), nullable=True),
        sa.Column("declared_in_time", sa.Boolean(), nullable=True),
        sa.Column("claim_term_ends_on", sa.Date(), nullable=True),
        sa.Column("said_by", sa.String(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_contribution_circumstances_number")),
        sa.CheckConstraint("heads >= 0", name=op.f("ck_contribution_circumstances_heads")),
        sa.ForeignKeyConstraint(
            ["contribution_id"], ["contributions.id"], name=op.f("fk_contribution_circumstances_contribution_id")
        ),
        sa.PrimaryKeyConstraint("contribution_id", "number", name=op.f("pk_contribution_circumstances")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "create trigger contribution_circumstances_append_only before update or delete on contribution_circumstances "
            "for each row execute function refuse_change()"
        )
        return
    for act in ("update", "delete"):
        op.execute(
            f"create trigger contribution_circumstances_no_{act} before {act} on contribution_circumstances "
            "begin select raise(abort, 'contribution_circumstances is append-only'); end"
        )


def downgrade() -> None:
    """Take the table away, and with it its triggers. Refused while something was said that would be lost."""
    lost = op.get_bind().scalar(sa.text("select count(*) from contribution_circumstances"))
    if lost:
        raise RuntimeError(f"{lost} statements about contributions would be lost: a release before this one knows none")
    op.drop_table("contribution_circumstances")
