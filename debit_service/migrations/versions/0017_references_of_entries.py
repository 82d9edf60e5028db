"""By what a bank may name a booking: our instruction reference, and references of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_OWN_NAMES = {
    "ix_bank_entries_transaction_id": "transaction_id",
    "ix_bank_entries_servicer_reference": "account_servicer_reference",
}


def upgrade() -> None:
    """Of what was read before the instruction reference stays unknown: no file before this release gave a bank one to repeat."""
    op.add_column("bank_entries", sa.Column("instruction_id", sa.String(), nullable=True))
    for index, name in _OWN_NAMES.items():
        where = sa.text(f"{name} is not null")
        op.create_index(index, "bank_entries", ["account_index", name], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """As it was. What an entry names by the instruction reference stays in its end-to-end reference."""
    for index in _OWN_NAMES:
        op.drop_index(index, "bank_entries")
    op.drop_column("bank_entries", "instruction_id")
