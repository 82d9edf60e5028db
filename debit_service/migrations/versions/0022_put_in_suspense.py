"""A person may put in suspense what was matched, or folded, by rule."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

_KNOWN = (
    "decision in ('matched', 'allocated', 'recognised', 'refund_owed', 'bank_charge', 'not_ours', 'held', 'paid_out',"
)
_DECISIONS = {
    "before": f"{_KNOWN} 'undone', 'told_before')",
    "after": f"{_KNOWN} 'undone', 'told_before', 'suspended')",
}


def upgrade() -> None:
    """One more decision; those that are there stay as they are."""
    _decisions("before", "after")


def downgrade() -> None:
    """As it was. Refused while a decision would be lost."""
    lost = op.get_bind().scalar(sa.text("select count(*) from resolutions where decision = 'suspended'"))
    if lost:
        raise RuntimeError(f"{lost} decisions would be lost: a release before this one does not know them")
    _decisions("after", "before")


def _decisions(now: str, then: str) -> None:
    """Another check on what is decided; on SQLite in place: a copy of the table would lose its trigger."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_resolutions_decision"), "resolutions", type_="check")
        op.create_check_constraint(op.f("ck_resolutions_decision"), "resolutions", _DECISIONS[then])
        return
    with _writable_schema():
        changed = op.get_bind().execute(
            sa.text(
                "update sqlite_master set sql = replace(sql, :now, :then) where type = 'table' and name = 'resolutions'"
                " and instr(sql, :now) > 0"
            ),
            {"now": _DECISIONS[now], "then": _DECISIONS[then]},
        )
        if changed.rowcount != 1:
            raise RuntimeError("the check on what is decided is not the one that was released")


@contextmanager
def _writable_schema() -> Iterator[None]:
    bind = op.get_bind()
    version = bind.exec_driver_sql("pragma schema_version").scalar_one()
    bind.exec_driver_sql("pragma writable_schema = on")
    try:
        yield
        # Every connection that is open reads the schema anew.
        bind.exec_driver_sql(f"pragma schema_version = {version + 1}")
    finally:
        bind.exec_driver_sql("pragma writable_schema = off")
