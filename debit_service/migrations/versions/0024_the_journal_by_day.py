"""The journal by business day: a page of an account, an export and the totals of a close read the days that are asked for."""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """An index; the entries stay as they are."""
    op.create_index("ix_journal_entries_business_date", "journal_entries", ["business_date", "id"])


def downgrade() -> None:
    """Take the index away."""
    op.drop_index("ix_journal_entries_business_date", table_name="journal_entries")
