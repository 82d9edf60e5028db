"""Penalty rules are kept word for word from their first use on."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_KEPT = ("rule_id", "version", "text", "first_used_at")


def upgrade() -> None:
    """The table, and triggers that keep the text. Of what was computed before, the next assessment keeps the text it knows."""
    op.create_table(
        "penalty_rules_used",
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("text", sa.JSON(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_why", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("rule_id", "version", name=op.f("pk_penalty_rules_used")),
    )
    text = f"update of {', '.join(_KEPT)}"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"create trigger penalty_rules_used_append_only before {text} or delete on penalty_rules_used "
            "for each row execute function refuse_change()"
        )
        return
    for name, act in (("update", text), ("delete", "delete")):
        op.execute(
            f"create trigger penalty_rules_used_no_{name} before {act} on penalty_rules_used "
            "begin select raise(abort, 'penalty_rules_used is append-only'); end"
        )


def downgrade() -> None:
    """Take the table away, and with it its triggers. A release before this one computes by the file as it is."""
    op.drop_table("penalty_rules_used")
