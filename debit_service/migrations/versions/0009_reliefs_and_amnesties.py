"""Reliefs of penalties, and amnesties with their lists. What was granted never changes: it is approved once and undone once."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_GROUNDS = "ground in ('commission', 'force_majeure', 'justified_file', 'goodwill', 'amnesty')"
# Table -> what is written once and for ever; None: every column. And table -> the acts that fill columns which were empty.
_FIXED = {
    "amnesties": (
        *("id", "fund_id", "currency", "first_period", "last_period", "states", "basis_points", "at_most_minor"),
        *("covers_later", "law", "decided_on", "why", "totals", "sha256", "prepared_at", "prepared_by"),
    ),
    "amnesty_cases": None,
    "penalty_reliefs": (
        *("id", "penalty_id", "amnesty_id", "ground", "authority", "decided_on", "document", "why", "basis_points"),
        *("amount_minor", "alone_up_to_minor", "four_eyes", "granted_at", "granted_by"),
    ),
}
_ONCE = {"amnesties": ("approved", "undone"), "penalty_reliefs": ("approved", "undone")}


def upgrade() -> None:
    """The three tables, and the triggers that keep what was granted."""
    _amnesties()
    _amnesty_cases()
    _penalty_reliefs()
    for table, columns in _FIXED.items():
        _refuse(table, "delete", "before delete")
        _refuse(table, "update", f"before update of {', '.join(columns)}" if columns else "before update")
    for table, acts in _ONCE.items():
        for act in acts:
            _refuse(table, act, f"before update of {act}_at, {act}_by", f"old.{act}_at is not null")


def downgrade() -> None:
    """Take the tables away, and with them their triggers."""
    op.drop_table("penalty_reliefs")
    op.drop_table("amnesty_cases")
    op.drop_table("amnesties")


def _refuse(table: str, name: str, when: str, condition: str | None = None) -> None:
    only = f" when ({condition})" if condition else ""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"create trigger {table}_no_{name} {when} on {table} for each row{only} execute function refuse_change()"
        )
        return
    op.execute(
        f"create trigger {table}_no_{name} {when} on {table}{only} "
        f"begin select raise(abort, '{table} is append-only'); end"
    )


def _amnesties() -> None:
    op.create_table(
        "amnesties",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("fund_id", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("first_period", sa.String(), nullable=False),
        sa.Column("last_period", sa.String(), nullable=False),
        sa.Column("states", sa.JSON(), nullable=False),
        sa.Column("basis_points", sa.BigInteger(), nullable=False),
        sa.Column("at_most_minor", sa.BigInteger(), nullable=True),
        sa.Column("covers_later", sa.Boolean(), nullable=False),
        sa.Column("law", sa.String(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("totals", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prepared_by", sa.String(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("carried_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(), nullable=True),
        sa.Column("undone_why", sa.String(), nullable=True),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("basis_points between 1 and 10000", name=op.f("ck_amnesties_basis_points")),
        sa.CheckConstraint("at_most_minor > 0", name=op.f("ck_amnesties_at_most")),
        sa.CheckConstraint("first_period <= last_period", name=op.f("ck_amnesties_periods")),
        sa.CheckConstraint("(approved_at is null) = (approved_by is null)", name=op.f("ck_amnesties_approved")),
        sa.CheckConstraint("approved_by <> prepared_by", name=op.f("ck_amnesties_four_eyes")),
        sa.CheckConstraint("(undone_at is null) = (undone_by is null)", name=op.f("ck_amnesties_undone")),
        sa.CheckConstraint("carried_out_at is null or approved_at is not null", name=op.f("ck_amnesties_carried_out")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amnesties")),
    )


def _amnesty_cases() -> None:
    op.create_table(
        "amnesty_cases",
        sa.Column("amnesty_id", sa.String(), nullable=False),
        sa.Column("penalty_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("relieved_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["amnesty_id"], ["amnesties.id"], name=op.f("fk_amnesty_cases_amnesty_id")),
        sa.ForeignKeyConstraint(["penalty_id"], ["penalties.id"], name=op.f("fk_amnesty_cases_penalty_id")),
        sa.PrimaryKeyConstraint("amnesty_id", "penalty_id", name=op.f("pk_amnesty_cases")),
    )


def _penalty_reliefs() -> None:
    op.create_table(
        "penalty_reliefs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("penalty_id", sa.String(), nullable=False),
        sa.Column("amnesty_id", sa.String(), nullable=True),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("basis_points", sa.BigInteger(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("alone_up_to_minor", sa.BigInteger(), nullable=True),
        sa.Column("four_eyes", sa.Boolean(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_by", sa.String(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(), nullable=True),
        sa.Column("undone_why", sa.String(), nullable=True),
        sa.CheckConstraint(
            "basis_points is not null or amount_minor is not null", name=op.f("ck_penalty_reliefs_how_much")
        ),
        sa.CheckConstraint("basis_points between 1 and 10000", name=op.f("ck_penalty_reliefs_basis_points")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_penalty_reliefs_amount")),
        sa.CheckConstraint(_GROUNDS, name=op.f("ck_penalty_reliefs_ground")),
        sa.CheckConstraint(
            "(ground = 'amnesty') = (amnesty_id is not null)", name=op.f("ck_penalty_reliefs_of_an_amnesty")
        ),
        sa.CheckConstraint("(approved_at is null) = (approved_by is null)", name=op.f("ck_penalty_reliefs_approved")),
        sa.CheckConstraint("not four_eyes or approved_by <> granted_by", name=op.f("ck_penalty_reliefs_four_eyes")),
        sa.CheckConstraint("four_eyes = (alone_up_to_minor is null)", name=op.f("ck_penalty_reliefs_alone")),
        sa.CheckConstraint("(undone_at is null) = (undone_by is null)", name=op.f("ck_penalty_reliefs_undone")),
        sa.ForeignKeyConstraint(["amnesty_id"], ["amnesties.id"], name=op.f("fk_penalty_reliefs_amnesty_id")),
        sa.ForeignKeyConstraint(["penalty_id"], ["penalties.id"], name=op.f("fk_penalty_reliefs_penalty_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_penalty_reliefs")),
    )
    op.create_index(op.f("ix_penalty_reliefs_penalty_id"), "penalty_reliefs", ["penalty_id"])
    op.create_index(
        "uq_penalty_reliefs_amnesty",
        "penalty_reliefs",
        ["amnesty_id", "penalty_id"],
        unique=True,
        sqlite_where=sa.text("amnesty_id is not null"),
        postgresql_where=sa.text("amnesty_id is not null"),
    )
