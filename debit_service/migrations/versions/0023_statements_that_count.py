"""Legal numbers of statements, and statements that count instead of others."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

_TABLE = "statement_replacements"
#: What a replacement was, which stays as it was written; only that it was undone comes later.
_SAID = "id, replaced_id, replacing_id, why, who, at"


def upgrade() -> None:
    """A column, of which nothing is known for what was read before; and a table, whose rows are kept."""
    op.add_column("bank_documents", sa.Column("legal_number", sa.String(), nullable=True))
    _create_replacements()
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"create trigger {_TABLE}_append_only before update of {_SAID} or delete on {_TABLE} "
            "for each row execute function refuse_change()"
        )
        op.execute(
            f"create trigger {_TABLE}_undone_once before update on {_TABLE} "
            "for each row when (old.undone_at is not null) execute function refuse_change()"
        )
        return
    once = f"update on {_TABLE} when old.undone_at is not null"
    for name, act in (("update", f"update of {_SAID} on {_TABLE}"), ("delete", f"delete on {_TABLE}"), ("again", once)):
        op.execute(
            f"create trigger {_TABLE}_no_{name} before {act} begin select raise(abort, '{_TABLE} is append-only'); end"
        )


def downgrade() -> None:
    """As it was. Refused while a decision would be lost."""
    if lost := op.get_bind().scalar(sa.select(sa.func.count()).select_from(sa.table(_TABLE))):
        raise RuntimeError(f"{lost} decisions would be lost: a release before this one does not know them")
    op.drop_table(_TABLE)
    op.drop_column("bank_documents", "legal_number")


def _create_replacements() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("replaced_id", sa.String(), nullable=False),
        sa.Column("replacing_id", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_by", sa.String(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_why", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_TABLE}")),
        sa.ForeignKeyConstraint(["replaced_id"], ["bank_documents.id"], name=op.f(f"fk_{_TABLE}_replaced_id")),
        sa.ForeignKeyConstraint(["replacing_id"], ["bank_documents.id"], name=op.f(f"fk_{_TABLE}_replacing_id")),
        sa.CheckConstraint("replaced_id <> replacing_id", name=op.f(f"ck_{_TABLE}_two")),
        sa.CheckConstraint(
            "(undone_at is null) = (undone_by is null) and (undone_at is null) = (undone_why is null)",
            name=op.f(f"ck_{_TABLE}_undone"),
        ),
    )
    op.create_index(
        f"uq_{_TABLE}_replaced_id",
        _TABLE,
        ["replaced_id"],
        unique=True,
        sqlite_where=sa.text("undone_at is null"),
        postgresql_where=sa.text("undone_at is null"),
    )
