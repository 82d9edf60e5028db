"""What persons find out about held failures, and outages of the service. Neither is deleted; what was said never changes.

Notices keep the days agreed when they were made, and blocks of files their cut-off: later configuration does not judge them.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

#: What was said when a row was written; the other columns say what became of it.
_SAID = {
    "fault_findings": "collection_id, party, because, evidence, about, found_at, found_by",
    "service_outages": "began_at, ended_at, what, evidence, recorded_at, recorded_by",
}
#: What is done once: approved, withdrawn.
_ONCE = {"fault_findings": ("approved", "withdrawn"), "service_outages": ("withdrawn",)}


def upgrade() -> None:
    """The two tables with the triggers that keep them, and two columns; what was agreed for older rows is not known."""
    op.add_column("notices", sa.Column("days_agreed", sa.BigInteger(), nullable=True))
    op.add_column("payment_informations", sa.Column("cut_off_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "fault_findings",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("collection_id", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("found_by", sa.String(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.String(), nullable=True),
        *_withdrawn(),
        sa.CheckConstraint("party not in ('INFO', 'UNKNOWN')", name=op.f("ck_fault_findings_party")),
        sa.CheckConstraint("(approved_at is null) = (approved_by is null)", name=op.f("ck_fault_findings_approved")),
        sa.CheckConstraint("approved_by <> found_by", name=op.f("ck_fault_findings_four_eyes")),
        sa.CheckConstraint("(withdrawn_at is null) = (withdrawn_by is null)", name=op.f("ck_fault_findings_withdrawn")),
        sa.ForeignKeyConstraint(["collection_id"], ["collections.id"], name=op.f("fk_fault_findings_collection_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fault_findings")),
    )
    op.create_index(op.f("ix_fault_findings_collection_id"), "fault_findings", ["collection_id"])
    standing = sa.text("withdrawn_at is null")
    op.create_index(
        "uq_fault_findings_standing",
        "fault_findings",
        ["collection_id"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
    op.create_table(
        "service_outages",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        *_withdrawn(),
        sa.CheckConstraint("ended_at > began_at", name=op.f("ck_service_outages_times")),
        sa.CheckConstraint(
            "(withdrawn_at is null) = (withdrawn_by is null)", name=op.f("ck_service_outages_withdrawn")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_outages")),
    )
    op.create_index(
        "ix_fault_decisions_held",
        "fault_decisions",
        ["collection_id"],
        sqlite_where=sa.text("most_recent = 1 and effect = 'HOLD'"),
        postgresql_where=sa.text("most_recent and effect = 'HOLD'"),
    )
    for table, columns in _SAID.items():
        _refuse(table, "delete", "before delete")
        _refuse(table, "update", f"before update of {columns}")
    for table, acts in _ONCE.items():
        for act in acts:
            _refuse(table, act, f"before update of {act}_at, {act}_by", f"when (old.{act}_at is not null)")


def _withdrawn() -> list[sa.Column[Any]]:
    return [
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(), nullable=True),
        sa.Column("withdrawn_why", sa.String(), nullable=True),
    ]


def _refuse(table: str, name: str, act: str, condition: str = "") -> None:
    """The database itself refuses the act."""
    then = (
        f"for each row {condition} execute function refuse_change()"
        if op.get_bind().dialect.name == "postgresql"
        else f"{condition} begin select raise(abort, '{table} are kept as they were written'); end"
    )
    op.execute(f"create trigger {table}_no_{name} {act} on {table} {then}")


def downgrade() -> None:
    """Take the tables away, and their triggers with them, and the two columns."""
    op.drop_column("payment_informations", "cut_off_at")
    op.drop_column("notices", "days_agreed")
    op.drop_index("ix_fault_decisions_held", "fault_decisions")
    op.drop_table("service_outages")
    op.drop_table("fault_findings")
