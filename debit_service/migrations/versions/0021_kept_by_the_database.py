"""What was made of facts stays as it was made; and on PostgreSQL the journal's lines sum to zero, whoever writes them."""

from alembic import op

revision = "0021"
down_revision = "0020"

APPEND_ONLY = ("allocations", "bank_documents", "file_readings")
#: Of a disposition only whether it is the newest may change.
DISPOSED = "id, entry_id, sort_key, kind, reason, explanation, folded_into, who, at"


def upgrade() -> None:
    """Triggers, and on PostgreSQL the function that adds up each statement's lines."""
    if op.get_bind().dialect.name != "postgresql":
        for table in APPEND_ONLY:
            for act in ("update", "delete"):
                _refuse_on_sqlite(f"{table}_no_{act}", act, table)
        _refuse_on_sqlite("dispositions_no_update", f"update of {DISPOSED}", "dispositions")
        _refuse_on_sqlite("dispositions_no_delete", "delete", "dispositions")
        return
    for table in APPEND_ONLY:
        _refuse_on_postgresql(table, "update")
    _refuse_on_postgresql("dispositions", f"update of {DISPOSED}")
    # A posting is written by one statement (core.bulk.insert_rows), so each statement sums to zero, and entry by entry.
    op.execute(
        "create function refuse_unbalanced() returns trigger language plpgsql as "
        "$$ declare unbalanced text; begin "
        "select entry_id into unbalanced from written group by entry_id having sum(amount_minor) <> 0 limit 1; "
        "if found then raise exception 'the lines of journal entry % do not sum to zero', unbalanced "
        "using errcode = 'check_violation'; end if; return null; end $$"
    )
    op.execute(
        "create trigger journal_lines_sum_to_zero after insert on journal_lines "
        "referencing new table as written for each statement execute function refuse_unbalanced()"
    )


def downgrade() -> None:
    """Take the triggers away."""
    if op.get_bind().dialect.name != "postgresql":
        for table in (*APPEND_ONLY, "dispositions"):
            for act in ("update", "delete"):
                op.execute(f"drop trigger {table}_no_{act}")
        return
    op.execute("drop trigger journal_lines_sum_to_zero on journal_lines")
    op.execute("drop function refuse_unbalanced()")
    for table in (*APPEND_ONLY, "dispositions"):
        op.execute(f"drop trigger {table}_append_only on {table}")


def _refuse_on_postgresql(table: str, update: str) -> None:
    op.execute(
        f"create trigger {table}_append_only before {update} or delete on {table} "
        "for each row execute function refuse_change()"
    )


def _refuse_on_sqlite(name: str, act: str, table: str) -> None:
    op.execute(
        f"create trigger {name} before {act} on {table} begin select raise(abort, '{table} is append-only'); end"
    )
