"""The employer is told of a penalty once the message has left, and again when less is owed than it was told."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_WAITS = sa.text("left_at is null")
_UNTOLD = sa.text("untold")
_UNTOLD_SQLITE = sa.text("untold = 1")

#: Penalties that say *notified* while the message of their newest notice has not left.
_NOT_TOLD_YET = (
    "select notice.penalty_id from penalty_notices as notice join outbox on outbox.id = notice.outbox_id"
    " where outbox.done_at is null and notice.number ="
    " (select max(other.number) from penalty_notices as other where other.penalty_id = notice.penalty_id)"
)
_STUCK = f"most_recent and to_state = 'notified' and subject_id in ({_NOT_TOLD_YET})"


def upgrade() -> None:
    """What a notice of before said holds: where its message has left, its days run as its text gives them.

    Where the message has not left, the penalty is confirmed again until it does. What fell before this release is told to nobody
    now; what is confirmed is looked at by the next run, as every run has.
    """
    op.create_table(
        "penalty_departures",
        sa.Column("notice_id", sa.String(), nullable=False),
        sa.Column("life_step", sa.BigInteger(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contest_by", sa.Date(), nullable=True),
        sa.Column("pay_by", sa.Date(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(left_at is null) = (contest_by is null)", name=op.f("ck_penalty_departures_left")),
        sa.CheckConstraint(
            "left_at is null or withdrawn_at is null", name=op.f("ck_penalty_departures_left_or_withdrawn")
        ),
        sa.ForeignKeyConstraint(["notice_id"], ["penalty_notices.id"], name=op.f("fk_penalty_departures_notice_id")),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_penalty_departures")),
    )
    op.add_column("outbox", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "insert into penalty_departures (notice_id, life_step, left_at, contest_by)"
        " select notice.id,"
        " (select coalesce(max(moved.sort_key), 1) from penalty_transitions as moved"
        " where moved.subject_id = notice.penalty_id and moved.id < notice.id),"
        " outbox.done_at, case when outbox.done_at is not null then notice.contest_by end"
        " from penalty_notices as notice join outbox on outbox.id = notice.outbox_id"
    )
    op.create_index(
        "ix_penalty_departures_waiting",
        "penalty_departures",
        ["notice_id"],
        sqlite_where=_WAITS,
        postgresql_where=_WAITS,
    )
    _noted_once()
    op.execute(
        "insert into penalty_transitions"  # noqa: S608 - our own words
        " (id, subject_id, sort_key, from_state, to_state, most_recent, who, why, evidence, at)"
        " select id || '-0015', subject_id, sort_key + 1, 'notified', 'confirmed', false, 'migration',"
        f" 'the message about it has not left', '{{}}', current_timestamp from penalty_transitions where {_STUCK}"
    )
    op.execute(f"update penalty_transitions set most_recent = false where {_STUCK}")  # noqa: S608 - our own words
    op.execute(
        "update penalty_transitions set most_recent = true where id like '%-0015' and sort_key = (select max(other.sort_key)"
        " from penalty_transitions as other where other.subject_id = penalty_transitions.subject_id)"
    )
    op.add_column("penalties", sa.Column("untold", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(
        "update penalties set untold = true where id in"
        " (select subject_id from penalty_transitions where most_recent and to_state = 'confirmed'"
        " and id not like '%-0015')"
    )
    op.create_index(
        "ix_penalties_untold",
        "penalties",
        ["fund_id", "id"],
        sqlite_where=_UNTOLD_SQLITE,
        postgresql_where=_UNTOLD,
    )
    op.create_index("ix_penalty_fees_collection_id", "penalty_fees", ["collection_id"])


def _noted_once() -> None:
    """A departure is noted once: afterwards it is as append-only as the notice itself."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "create trigger penalty_departures_append_only before update or delete on penalty_departures "
            "for each row when (old.left_at is not null) execute function refuse_change()"
        )
        return
    for act in ("update", "delete"):
        op.execute(
            f"create trigger penalty_departures_no_{act} before {act} on penalty_departures "
            "when old.left_at is not null begin select raise(abort, 'penalty_departures is append-only'); end"
        )


def downgrade() -> None:
    """As it was. Refused while an employer was told by the departure of a notice that this release made, or while a message is
    withdrawn: a release before this one would let it leave.
    """
    told = op.get_bind().scalar(sa.text("select count(*) from penalty_departures where pay_by is not null"))
    if told:
        raise RuntimeError(f"{told} departures of notices would be lost: a release before this one knows none")
    withdrawn = op.get_bind().scalar(sa.text("select count(*) from outbox where withdrawn_at is not null"))
    if withdrawn:
        raise RuntimeError(f"{withdrawn} messages that are withdrawn would leave: a release before this one knows none")
    op.drop_index("ix_penalty_fees_collection_id", "penalty_fees")
    op.drop_column("outbox", "withdrawn_at")
    op.drop_index("ix_penalties_untold", "penalties")
    op.drop_column("penalties", "untold")
    op.drop_table("penalty_departures")
