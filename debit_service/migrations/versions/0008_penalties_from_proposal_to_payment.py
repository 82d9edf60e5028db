"""The life of a penalty: its states by new names, what of it is confirmed, the bank's fees, payments and notices."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_RENAMED = {"charged": "confirmed", "withdrawn": "reversed"}
_PURPOSES = {
    "before": "purpose in ('contribution', 'recorded', 'refund', 'charge', 'not_ours')",
    "after": "purpose in ('contribution', 'surcharge', 'recorded', 'refund', 'charge', 'not_ours')",
}
# A release before this one knows two states besides the proposal: what is asked for, and what is not.
_BEFORE = {
    "confirmed": "charged",
    "notified": "charged",
    "paid": "charged",
    "waived": "withdrawn",
    "reversed": "withdrawn",
}


def upgrade() -> None:
    """States by their new names; of what is confirmed every step was. The journal keeps the causes under which it was booked."""
    _rename(_RENAMED)
    with op.batch_alter_table("penalties") as penalties:
        penalties.add_column(sa.Column("agreed_by", sa.String(), nullable=True))
        penalties.add_column(sa.Column("agreed_minor", sa.BigInteger(), nullable=True))
        penalties.add_column(sa.Column("agreed_to", sa.String(), nullable=True))
        penalties.add_column(sa.Column("heeded", sa.String(), nullable=True))
        penalties.create_check_constraint(op.f("ck_penalties_agreed"), "(agreed_by is null) = (agreed_minor is null)")
        penalties.create_check_constraint(
            op.f("ck_penalties_agreed_to_something"), "(agreed_by is null) = (agreed_to is null)"
        )
        penalties.create_check_constraint(op.f("ck_penalties_agreed_to"), "agreed_to in ('confirm', 'reverse')")
    op.create_index("ix_penalties_fund_id", "penalties", ["fund_id", "id"])
    with op.batch_alter_table("penalty_steps") as steps:
        steps.add_column(sa.Column("confirmed_minor", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute(
        "update penalty_steps set confirmed_minor = amount_minor where penalty_id in"
        " (select subject_id from penalty_transitions where most_recent and to_state = 'confirmed')"
    )
    with op.batch_alter_table("penalty_steps") as steps:
        steps.alter_column("confirmed_minor", existing_type=sa.BigInteger(), server_default=None)
        steps.create_check_constraint(op.f("ck_penalty_steps_confirmed"), "confirmed_minor between 0 and amount_minor")
    _fees()
    _payments()
    _notices()
    _append_only("penalty_notices")
    op.add_column("resolution_parts", sa.Column("claim_id", sa.String(), nullable=True))
    op.create_index(op.f("ix_resolution_parts_claim_id"), "resolution_parts", ["claim_id"])
    _purposes("before", "after")


def downgrade() -> None:
    """As it was. Refused while a payment or a notice would be lost."""
    lost = op.get_bind().scalar(
        sa.text(
            "select (select count(*) from penalty_payments) + (select count(*) from penalty_notices)"
            " + (select count(*) from resolution_parts where claim_id is not null)"
        )
    )
    if lost:
        raise RuntimeError(
            f"{lost} payments and notices of penalties would be lost: a release before this one knows none"
        )
    _purposes("after", "before")
    op.drop_index(op.f("ix_resolution_parts_claim_id"), "resolution_parts")
    op.drop_column("resolution_parts", "claim_id")
    for table in ("penalty_notices", "penalty_payments", "penalty_fees"):
        op.drop_table(table)
    with op.batch_alter_table("penalty_steps") as steps:
        steps.drop_constraint(op.f("ck_penalty_steps_confirmed"), type_="check")
        steps.drop_column("confirmed_minor")
    op.drop_index("ix_penalties_fund_id", "penalties")
    with op.batch_alter_table("penalties") as penalties:
        for name in ("agreed", "agreed_to_something", "agreed_to"):
            penalties.drop_constraint(op.f(f"ck_penalties_{name}"), type_="check")
        penalties.drop_column("heeded")
        penalties.drop_column("agreed_to")
        penalties.drop_column("agreed_minor")
        penalties.drop_column("agreed_by")
    _rename(_BEFORE)


def _rename(names: dict[str, str]) -> None:
    for column in ("from_state", "to_state"):
        for old, new in names.items():
            op.execute(f"update penalty_transitions set {column} = '{new}' where {column} = '{old}'")  # noqa: S608 - our own words


def _purposes(now: str, then: str) -> None:
    """Another check on the purpose of a part; on SQLite in place, as the step before this one does it, and for its reason."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_resolution_parts_purpose"), "resolution_parts", type_="check")
        op.create_check_constraint(op.f("ck_resolution_parts_purpose"), "resolution_parts", _PURPOSES[then])
        return
    with _writable_schema():
        changed = op.get_bind().execute(
            sa.text(
                "update sqlite_master set sql = replace(sql, :now, :then) where type = 'table'"
                " and name = 'resolution_parts' and instr(sql, :now) > 0"
            ),
            {"now": _PURPOSES[now], "then": _PURPOSES[then]},
        )
        if changed.rowcount != 1:
            raise RuntimeError("the check on the purpose of a part is not the one that was released")


@contextmanager
def _writable_schema() -> Iterator[None]:
    bind = op.get_bind()
    version = bind.exec_driver_sql("pragma schema_version").scalar_one()
    bind.exec_driver_sql("pragma writable_schema = on")
    yield
    # Every connection that is open reads the schema anew.
    bind.exec_driver_sql(f"pragma schema_version = {version + 1}")
    bind.exec_driver_sql("pragma writable_schema = off")


def _append_only(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"create trigger {table}_append_only before update or delete on {table} "
            "for each row execute function refuse_change()"
        )
        return
    for act in ("update", "delete"):
        op.execute(
            f"create trigger {table}_no_{act} before {act} on {table} "
            f"begin select raise(abort, '{table} is append-only'); end"
        )


def _fees() -> None:
    op.create_table(
        "penalty_fees",
        sa.Column("penalty_id", sa.String(), nullable=False),
        sa.Column("collection_id", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_penalty_fees_amount")),
        sa.CheckConstraint("confirmed_minor between 0 and amount_minor", name=op.f("ck_penalty_fees_confirmed")),
        sa.ForeignKeyConstraint(["penalty_id"], ["penalties.id"], name=op.f("fk_penalty_fees_penalty_id")),
        sa.ForeignKeyConstraint(["collection_id"], ["collections.id"], name=op.f("fk_penalty_fees_collection_id")),
        sa.PrimaryKeyConstraint("penalty_id", "collection_id", name=op.f("pk_penalty_fees")),
    )


def _payments() -> None:
    op.create_table(
        "penalty_payments",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("penalty_id", sa.String(), nullable=False),
        sa.Column("fund_id", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("means", sa.String(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(), nullable=True),
        sa.Column("undone_why", sa.String(), nullable=True),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_penalty_payments_amount")),
        sa.CheckConstraint(
            "means in ('transfer', 'cheque', 'cash', 'card', 'other')", name=op.f("ck_penalty_payments_means")
        ),
        sa.CheckConstraint("(undone_at is null) = (undone_by is null)", name=op.f("ck_penalty_payments_undone")),
        sa.ForeignKeyConstraint(["penalty_id"], ["penalties.id"], name=op.f("fk_penalty_payments_penalty_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_penalty_payments")),
    )
    op.create_index(op.f("ix_penalty_payments_penalty_id"), "penalty_payments", ["penalty_id"])
    op.create_index(
        "uq_penalty_payments_reference",
        "penalty_payments",
        ["fund_id", "reference"],
        unique=True,
        sqlite_where=sa.text("undone_at is null"),
        postgresql_where=sa.text("undone_at is null"),
    )


def _notices() -> None:
    op.create_table(
        "penalty_notices",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("penalty_id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("contest_by", sa.Date(), nullable=False),
        sa.Column("outbox_id", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["penalty_id"], ["penalties.id"], name=op.f("fk_penalty_notices_penalty_id")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_penalty_notices_outbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_penalty_notices")),
        sa.UniqueConstraint("penalty_id", "number", name=op.f("uq_penalty_notices_penalty_id_number")),
    )
