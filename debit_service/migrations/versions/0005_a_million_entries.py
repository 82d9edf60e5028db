"""Indexes by which a million bank entries are matched: what each question of reconciliation looks for, and nothing else."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_IS_DETAIL = "level = 'transaction' and amount_minor <> entry_amount_minor"
_REFUSES_FILE = "level = 'group' and status = 'RJCT'"
_BOOKING = ["account_index", "booking_date", "amount_minor"]


def upgrade() -> None:
    """Partial indexes where the question concerns few rows."""
    op.drop_index("ix_bank_entries_booking", "bank_entries")
    op.create_index("ix_bank_entries_booking", "bank_entries", [*_BOOKING, "end_to_end_id"])
    _where(
        "ix_bank_entries_details", "bank_entries", ["account_index", "booking_date", "entry_amount_minor"], _IS_DETAIL
    )
    _where("ix_bank_entries_refused_files", "bank_entries", ["file_id"], _REFUSES_FILE)
    _where("ix_dispositions_folded_into", "dispositions", ["folded_into"], "folded_into is not null")
    waits = {"sqlite": "most_recent = 1 and kind = 'suspense'", "postgresql": "most_recent and kind = 'suspense'"}
    _where("ix_dispositions_queue", "dispositions", ["entry_id"], waits[op.get_bind().dialect.name])
    op.create_index("ix_collections_day", "collections", ["fund_id", "collection_date"])
    op.drop_index("ix_journal_lines_account_subject", "journal_lines")
    op.create_index("ix_journal_lines_subject", "journal_lines", ["subject"])


def _where(name: str, table: str, columns: list[str], condition: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(condition), postgresql_where=sa.text(condition))


def downgrade() -> None:
    """The indexes as they were."""
    op.drop_index("ix_collections_day", "collections")
    op.drop_index("ix_journal_lines_subject", "journal_lines")
    op.create_index("ix_journal_lines_account_subject", "journal_lines", ["account", "subject"])
    op.drop_index("ix_dispositions_queue", "dispositions")
    op.drop_index("ix_dispositions_folded_into", "dispositions")
    op.drop_index("ix_bank_entries_refused_files", "bank_entries")
    op.drop_index("ix_bank_entries_details", "bank_entries")
    op.drop_index("ix_bank_entries_booking", "bank_entries")
    op.create_index("ix_bank_entries_booking", "bank_entries", _BOOKING)
