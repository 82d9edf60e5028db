"""Ledger, audit log, bank entries and feed are append-only: the database itself refuses to change them."""

from alembic import op

revision = "0002"
down_revision = "0001"

APPEND_ONLY = ("audit_entries", "bank_entries", "bank_file_chunks", "events", "journal_entries", "journal_lines")


def upgrade() -> None:
    """A trigger on each table and, on PostgreSQL, the function that it calls."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "create function refuse_change() returns trigger language plpgsql as "
            "$$ begin raise exception '% is append-only', tg_table_name; end $$"
        )
        for table in APPEND_ONLY:
            op.execute(
                f"create trigger {table}_append_only before update or delete on {table} "
                "for each row execute function refuse_change()"
            )
        return
    for table in APPEND_ONLY:
        for act in ("update", "delete"):
            op.execute(
                f"create trigger {table}_no_{act} before {act} on {table} "
                f"begin select raise(abort, '{table} is append-only'); end"
            )


def downgrade() -> None:
    """Take the triggers away."""
    if op.get_bind().dialect.name == "postgresql":
        for table in APPEND_ONLY:
            op.execute(f"drop trigger {table}_append_only on {table}")
        op.execute("drop function refuse_change()")
        return
    for table in APPEND_ONLY:
        for act in ("update", "delete"):
            op.execute(f"drop trigger {table}_no_{act}")
