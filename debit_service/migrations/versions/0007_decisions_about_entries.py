"""What people decide about bank entries in suspense, and how it is taken back."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_KINDS = {
    "before": "kind in ('matched', 'folded', 'informational', 'suspense')",
    "after": "kind in ('matched', 'resolved', 'folded', 'informational', 'suspense')",
}
_DECISIONS = (
    "decision in ('matched', 'allocated', 'recognised', 'refund_owed', 'bank_charge', 'not_ours', 'held', 'paid_out',"
    " 'undone')"
)
_REST = {
    "sqlite": "most_recent = 1 and kind = 'resolved' and reason = 'rest'",
    "postgresql": "most_recent and kind = 'resolved' and reason = 'rest'",
}
_NEW_COLUMNS = {
    "contribution_id": sa.String,
    "disposition_id": sa.String,
    "undoes": sa.String,
    "fund_id": sa.String,
    "amount_minor": sa.BigInteger,
    "currency": sa.String,
    "reference": sa.String,
    "follow_up": sa.Date,
    "confirmed_by": sa.String,
}
_CHECKS = {
    "decision": _DECISIONS,
    "four_eyes": "confirmed_by is null or confirmed_by <> who",
    "subject": "entry_id is not null or contribution_id is not null",
    "undoes": "(decision = 'undone') = (undoes is not null)",
}
_KEYS = {"contribution_id": "contributions", "disposition_id": "dispositions", "undoes": "resolutions"}
_UNIQUE = {
    "uq_resolutions_disposition_id": (
        ["disposition_id"],
        "stands and decision not in ('held', 'paid_out')",
    ),
    "uq_resolutions_undoes": (["undoes"], "stands and undoes is not null"),
    "uq_resolutions_reference": (["fund_id", "reference"], "stands and reference is not null"),
}


def upgrade() -> None:
    """Decisions with their states and parts; those of a release before were all matches, and carried out at once."""
    _kinds("before", "after")
    _index("ix_dispositions_rest", "dispositions", ["entry_id"], _REST[op.get_bind().dialect.name])
    with op.batch_alter_table("resolutions") as resolutions:
        for name, kind in _NEW_COLUMNS.items():
            resolutions.add_column(sa.Column(name, kind(), nullable=True))
        resolutions.add_column(sa.Column("four_eyes", sa.Boolean(), nullable=False, server_default=sa.false()))
        resolutions.add_column(sa.Column("stands", sa.Boolean(), nullable=False, server_default=sa.true()))
        resolutions.alter_column("entry_id", existing_type=sa.String(), nullable=True)
        for name, table in _KEYS.items():
            resolutions.create_foreign_key(op.f(f"fk_resolutions_{name}"), table, [name], ["id"])
        for name, check in _CHECKS.items():
            resolutions.create_check_constraint(op.f(f"ck_resolutions_{name}"), check)
    with op.batch_alter_table("resolutions") as resolutions:
        for name in ("four_eyes", "stands"):
            resolutions.alter_column(name, existing_type=sa.Boolean(), existing_nullable=False, server_default=None)
    _tell_of_what_was_decided()
    for name, (columns, condition) in _UNIQUE.items():
        _index(name, "resolutions", columns, condition, unique=True)
    for column in ("entry_id", "contribution_id"):
        op.create_index(f"ix_resolutions_{column}", "resolutions", [column])
    _create_transitions()
    _create_parts()
    op.execute(
        "insert into resolution_transitions (id, subject_id, sort_key, from_state, to_state, most_recent, who, why, evidence, at)"
        " select id || '-1', id, 1, null, 'proposed', false, who, why, evidence, at from resolutions"
        " union all select id || '-2', id, 2, 'proposed', 'carried_out', true, who, why, evidence, at from resolutions"
    )
    _never_deleted("resolutions")
    _never_deleted("resolution_parts")


def _never_deleted(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"create trigger {table}_no_delete before delete on {table} for each row execute function refuse_change()"
        )
    else:
        op.execute(
            f"create trigger {table}_no_delete before delete on {table} "
            f"begin select raise(abort, '{table} are never deleted'); end"
        )


def _tell_of_what_was_decided() -> None:
    """Which disposition a match concerned, and how much: the last time that its entry waited."""
    op.execute(
        "update resolutions set"
        " disposition_id = (select d.id from dispositions d where d.entry_id = resolutions.entry_id and d.kind = 'suspense'"
        " order by d.sort_key desc limit 1),"
        " fund_id = (select b.fund_id from bank_entries b where b.id = resolutions.entry_id),"
        " amount_minor = (select b.amount_minor from bank_entries b where b.id = resolutions.entry_id),"
        " currency = (select b.currency from bank_entries b where b.id = resolutions.entry_id)"
    )


def _create_transitions() -> None:
    op.create_table(
        "resolution_transitions",
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sort_key", sa.BigInteger(), nullable=False),
        sa.Column("from_state", sa.String(), nullable=True),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.Column("most_recent", sa.Boolean(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["subject_id"], ["resolutions.id"], name=op.f("fk_resolution_transitions_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resolution_transitions")),
        sa.UniqueConstraint("subject_id", "sort_key", name=op.f("uq_resolution_transitions_subject_id_sort_key")),
    )
    _index(
        "uq_resolution_transitions_most_recent", "resolution_transitions", ["subject_id"], "most_recent", unique=True
    )


def _create_parts() -> None:
    op.create_table(
        "resolution_parts",
        sa.Column("resolution_id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("contribution_id", sa.String(), nullable=True),
        sa.Column("payment_id", sa.String(), nullable=True),
        sa.Column("payout_id", sa.String(), nullable=True),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_resolution_parts_amount")),
        sa.CheckConstraint(
            "purpose in ('contribution', 'recorded', 'refund', 'charge', 'not_ours')",
            name=op.f("ck_resolution_parts_purpose"),
        ),
        sa.ForeignKeyConstraint(["resolution_id"], ["resolutions.id"], name=op.f("fk_resolution_parts_resolution_id")),
        sa.ForeignKeyConstraint(
            ["contribution_id"], ["contributions.id"], name=op.f("fk_resolution_parts_contribution_id")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["other_payments.id"], name=op.f("fk_resolution_parts_payment_id")),
        sa.ForeignKeyConstraint(["payout_id"], ["resolutions.id"], name=op.f("fk_resolution_parts_payout_id")),
        sa.PrimaryKeyConstraint("resolution_id", "number", name=op.f("pk_resolution_parts")),
    )
    op.create_index("ix_resolution_parts_contribution_id", "resolution_parts", ["contribution_id"])
    for column in ("payment_id", "payout_id"):
        condition = f"stands and {column} is not null"
        _index(f"uq_resolution_parts_{column}", "resolution_parts", [column], condition, unique=True)


def _index(name: str, table: str, columns: list[str], condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)


def _kinds(now: str, then: str) -> None:
    """Another check on the kind of a disposition.

    SQLite knows no other way than to copy the table, and it may hold a million rows to which others refer; that its text is
    changed in place is what SQLite itself names for this case (sqlite.org/lang_altertable.html, section 7).
    """
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_dispositions_kind"), "dispositions", type_="check")
        op.create_check_constraint(op.f("ck_dispositions_kind"), "dispositions", _KINDS[then])
        return
    with _writable_schema():
        changed = op.get_bind().execute(
            sa.text(
                "update sqlite_master set sql = replace(sql, :now, :then) where type = 'table' and name = 'dispositions'"
                " and instr(sql, :now) > 0"
            ),
            {"now": _KINDS[now], "then": _KINDS[then]},
        )
        if changed.rowcount != 1:
            raise RuntimeError("the check on the kind of a disposition is not the one that was released")


@contextmanager
def _writable_schema() -> Iterator[None]:
    bind = op.get_bind()
    version = bind.exec_driver_sql("pragma schema_version").scalar_one()
    bind.exec_driver_sql("pragma writable_schema = on")
    yield
    # Every connection that is open reads the schema anew.
    bind.exec_driver_sql(f"pragma schema_version = {version + 1}")
    bind.exec_driver_sql("pragma writable_schema = off")


def downgrade() -> None:
    """As it was: only matches, which nobody could take back. Refused while there is anything else to lose."""
    other = op.get_bind().scalar(sa.text("select count(*) from resolutions where decision <> 'matched' or not stands"))
    if other:
        raise RuntimeError(f"{other} decisions would be lost: a release before this one knows only matches")
    op.drop_table("resolution_parts")
    op.drop_table("resolution_transitions")
    on_table = " on resolutions" if op.get_bind().dialect.name == "postgresql" else ""
    op.execute(f"drop trigger resolutions_no_delete{on_table}")
    for column in ("contribution_id", "entry_id"):
        op.drop_index(f"ix_resolutions_{column}", "resolutions")
    for name in reversed(_UNIQUE):
        op.drop_index(name, "resolutions")
    with op.batch_alter_table("resolutions") as resolutions:
        for name in _CHECKS:
            resolutions.drop_constraint(op.f(f"ck_resolutions_{name}"), type_="check")
        for name in _KEYS:
            resolutions.drop_constraint(op.f(f"fk_resolutions_{name}"), type_="foreignkey")
        resolutions.alter_column("entry_id", existing_type=sa.String(), nullable=False)
        for name in ("stands", "four_eyes", *reversed(_NEW_COLUMNS)):
            resolutions.drop_column(name)
    op.drop_index("ix_dispositions_rest", "dispositions")
    _kinds("after", "before")
