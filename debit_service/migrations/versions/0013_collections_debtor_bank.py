"""Which bank a debit went to, and whether its file told a change of the mandate; two indexes for the report and the proof."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_IS_OF_FILE = sa.text("level = 'group'")


def upgrade() -> None:
    """Of what was sent before this release both stay unknown: account and file are sealed, and no key is here."""
    op.add_column("collections", sa.Column("debtor_bank_sent", sa.String(), nullable=True))
    op.add_column("collections", sa.Column("amendment_told", sa.Boolean(), nullable=True))
    op.create_index(
        "ix_bank_entries_of_files",
        "bank_entries",
        ["original_message_id"],
        sqlite_where=_IS_OF_FILE,
        postgresql_where=_IS_OF_FILE,
    )
    op.create_index("ix_contributions_of_fund", "contributions", ["fund_id", "due_date", "id"])


def downgrade() -> None:
    """As it was. What was noted is lost; without it more cases need a person, and none is decided otherwise against anybody."""
    op.drop_index("ix_contributions_of_fund", "contributions")
    op.drop_index("ix_bank_entries_of_files", "bank_entries")
    op.drop_column("collections", "amendment_told")
    op.drop_column("collections", "debtor_bank_sent")
