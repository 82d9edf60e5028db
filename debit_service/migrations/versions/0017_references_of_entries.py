"""The instruction reference of a bank entry, by which a bank may name a debit."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Of what was read before it stays unknown: no file before this release gave a bank such a reference to repeat."""
    op.add_column("bank_entries", sa.Column("instruction_id", sa.String(), nullable=True))


def downgrade() -> None:
    """As it was. What an entry names by it stays in its end-to-end reference."""
    op.drop_column("bank_entries", "instruction_id")
