"""Interest that banks take or give beside charges; the sums of a block are found by its name."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_IS_SUM = sa.text("level = 'entry' and payment_information_id is not null")


def upgrade() -> None:
    """What was read before this release had no interest; a sum's block was looked for in all entries."""
    op.add_column("bank_entries", sa.Column("interest_minor", sa.BigInteger(), nullable=True))
    op.add_column(
        "allocations", sa.Column("interest_minor", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
    )
    op.create_index(
        "ix_bank_entries_sums",
        "bank_entries",
        ["payment_information_id"],
        sqlite_where=_IS_SUM,
        postgresql_where=_IS_SUM,
    )


def downgrade() -> None:
    """As it was. Refused while interest was read: without it collections would not be where the journal says."""
    told = op.get_bind().scalar(sa.text("select count(*) from bank_entries where interest_minor <> 0"))
    if told:
        raise RuntimeError(f"{told} entries with interest would be lost: a release before this one knows none")
    op.drop_index("ix_bank_entries_sums", "bank_entries")
    op.drop_column("allocations", "interest_minor")
    op.drop_column("bank_entries", "interest_minor")
