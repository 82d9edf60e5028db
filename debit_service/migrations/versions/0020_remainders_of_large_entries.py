"""What one entry of the bank's tells, and what is left of entries, found without going through a day."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Two indexes."""
    op.create_index("ix_bank_entries_of_entry", "bank_entries", ["document_id", "entry_index"])
    where = sa.text("kind = 'remainder'")
    op.create_index(
        "ix_bank_entries_remainders",
        "bank_entries",
        ["account_index", "booking_date", "entry_amount_minor"],
        sqlite_where=where,
        postgresql_where=where,
    )


def downgrade() -> None:
    """As it was."""
    op.drop_index("ix_bank_entries_remainders", "bank_entries")
    op.drop_index("ix_bank_entries_of_entry", "bank_entries")
