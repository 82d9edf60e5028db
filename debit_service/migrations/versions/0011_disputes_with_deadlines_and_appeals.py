"""Disputes with a subject, a reference, deadlines that can stand still, an appeal, documents and reminders."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_ANSWERS = "('upheld', 'partly_upheld', 'rejected')"
_REQUIRED = {
    "reference": sa.String,
    "fund_id": sa.String,
    "subject_kind": sa.String,
    "subject_id": sa.String,
    "ground": sa.String,
    "body": sa.String,
    "opened_on": sa.Date,
    "late": sa.Boolean,
}
_OPTIONAL = {
    "stopped_on": sa.Date,
    "reply_by": sa.Date,
    "assigned_to": sa.String,
    "first_answer": sa.String,
    "answered_on": sa.Date,
    "appeal_by": sa.Date,
    "appealed_on": sa.Date,
    "appeal_text_sealed": sa.LargeBinary,
    "decide_by": sa.Date,
    "appeal_answer": sa.String,
    "deciding_body": sa.String,
    "decided_on": sa.Date,
    "decided_by": sa.String,
    "decision_text_sealed": sa.LargeBinary,
    "withdrawn_on": sa.Date,
}
_OLD_CHECKS = {"kind": "answer in ('upheld', 'rejected')", "answer": "(answer is null) = (answered_at is null)"}
_CHECKS = {
    "subject_kind": "subject_kind in ('debit', 'reading', 'penalty')",
    "answer": "answer in ('upheld', 'rejected')",
    "first_answer": f"first_answer in {_ANSWERS}",
    "appeal_answer": f"appeal_answer in {_ANSWERS}",
    "answered": "(first_answer is null) = (answered_on is null)",
    "decided": "(appeal_answer is null) = (decided_on is null)",
    "appealed": "(appealed_on is null) = (decide_by is null)",
    "appeal_of_an_answer": "appealed_on is null or answered_on is not null",
    "another_person": "decided_by <> answered_by",
    "stopped": "(stopped_on is null) = (reply_by is null)",
}
#: What the employer of a release before may still appeal by: the longest time of the shipped funds.
_APPEAL_DAYS = timedelta(days=30)
#: A reference as disputes/reference.py makes them, as it was when this was released.
_ALPHABET = "34679ACDEFGHJKMNPQRTWXY"


def upgrade() -> None:
    """A dispute of a release before contests the debit of its contribution; its transitions are what is known of its life."""
    op.drop_index("uq_disputes_open", "disputes")
    with op.batch_alter_table("disputes") as disputes:
        for name in _OLD_CHECKS:
            disputes.drop_constraint(op.f(f"ck_disputes_{name}"), type_="check")
        for name, kind in (_REQUIRED | _OPTIONAL).items():
            disputes.add_column(sa.Column(name, kind(), nullable=True))
    known = _known()
    _carry_over(known)
    with op.batch_alter_table("disputes") as disputes:
        for name, kind in _REQUIRED.items():
            disputes.alter_column(name, existing_type=kind(), nullable=False)
        for name, check in _CHECKS.items():
            disputes.create_check_constraint(op.f(f"ck_disputes_{name}"), check)
        disputes.create_unique_constraint(op.f("uq_disputes_reference"), ["reference"])
    _index("uq_disputes_open", "disputes", ["subject_kind", "subject_id"], "answer is null", unique=True)
    _index("ix_disputes_waiting", "disputes", ["fund_id", "answer_by"], "answer is null")
    op.create_index("ix_disputes_opened_on", "disputes", ["fund_id", "opened_on"])
    op.create_index(op.f("ix_disputes_contribution_id"), "disputes", ["contribution_id"])
    # After the last copy of the table (SQLite): rows that refer to it would not let it be replaced.
    _create_transitions()
    transitions = sa.table("dispute_transitions", *(sa.column(*one) for one in _transition_columns().items()))
    for one in known:
        op.get_bind().execute(transitions.insert(), _life(one))
    _create_messages()
    _create_documents()
    _create_reminders()


def _known() -> Sequence[Any]:
    """What a release before kept of each dispute."""
    known = sa.text(
        "select d.id, d.contribution_id, c.fund_id, d.opened_at, d.opened_by, d.answer, d.answered_at, d.answered_by"
        " from disputes d join contributions c on c.id = d.contribution_id"
    ).columns(opened_at=sa.DateTime(timezone=True), answered_at=sa.DateTime(timezone=True))
    return op.get_bind().execute(known).all()


def _carry_over(known: Sequence[Any]) -> None:
    disputes = sa.table(
        "disputes", *(sa.column(name, kind()) for name, kind in (_REQUIRED | _OPTIONAL | {"id": sa.String}).items())
    )
    for one in known:
        answered_on = one.answered_at.date() if one.answered_at else None
        values = {
            "reference": _reference(),
            "fund_id": one.fund_id,
            "subject_kind": "debit",
            "subject_id": one.contribution_id,
            "ground": "other",
            "body": "local",
            "opened_on": one.opened_at.date(),
            "late": False,
            "first_answer": one.answer,
            "answered_on": answered_on,
            "appeal_by": answered_on + _APPEAL_DAYS if answered_on and one.answer == "rejected" else None,
        }
        op.get_bind().execute(disputes.update().where(disputes.c.id == one.id).values(values))


def _life(one: Any) -> list[dict[str, Any]]:
    moves: list[tuple[Any, ...]] = [(None, "received", one.opened_by, "contested", one.opened_at)]
    if one.answer:
        moves += [
            ("received", "in_examination", one.answered_by, "examined and answered in one step", one.answered_at),
            ("in_examination", "answered", one.answered_by, one.answer, one.answered_at),
        ]
    return [
        {
            "id": f"{one.id}-{number}",
            "subject_id": one.id,
            "sort_key": number,
            "from_state": from_state,
            "to_state": to_state,
            "most_recent": number == len(moves),
            "who": who,
            "why": why,
            "evidence": {},
            "at": at,
        }
        for number, (from_state, to_state, who, why, at) in enumerate(moves, start=1)
    ]


def _reference() -> str:
    body = "".join(secrets.choice(_ALPHABET) for _ in range(7))
    weighted = sum(weight * _ALPHABET.index(character) for weight, character in enumerate(body, start=2))
    number = body + _ALPHABET[-weighted % len(_ALPHABET)]
    return f"S-{number[:4]}-{number[4:]}"


def _transition_columns() -> dict[str, sa.types.TypeEngine[Any]]:
    return {
        "subject_id": sa.String(),
        "id": sa.String(),
        "sort_key": sa.BigInteger(),
        "from_state": sa.String(),
        "to_state": sa.String(),
        "most_recent": sa.Boolean(),
        "who": sa.String(),
        "why": sa.String(),
        "evidence": sa.JSON(),
        "at": sa.DateTime(timezone=True),
    }


def _create_transitions() -> None:
    op.create_table(
        "dispute_transitions",
        *(sa.Column(name, kind, nullable=name == "from_state") for name, kind in _transition_columns().items()),
        sa.ForeignKeyConstraint(["subject_id"], ["disputes.id"], name=op.f("fk_dispute_transitions_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_transitions")),
        sa.UniqueConstraint("subject_id", "sort_key", name=op.f("uq_dispute_transitions_subject_id_sort_key")),
    )
    _index("uq_dispute_transitions_most_recent", "dispute_transitions", ["subject_id"], "most_recent", unique=True)


def _create_messages() -> None:
    op.create_table(
        "dispute_messages",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("dispute_id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind in ('question', 'reply', 'withdrawal')", name=op.f("ck_dispute_messages_kind")),
        sa.ForeignKeyConstraint(["dispute_id"], ["disputes.id"], name=op.f("fk_dispute_messages_dispute_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_messages")),
        sa.UniqueConstraint("dispute_id", "number", name=op.f("uq_dispute_messages_dispute_id_number")),
    )
    _never_changed("dispute_messages")


def _create_documents() -> None:
    op.create_table(
        "dispute_documents",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("dispute_id", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attached_by", sa.String(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "media_type in ('application/pdf', 'image/jpeg', 'image/png')", name=op.f("ck_dispute_documents_media_type")
        ),
        sa.ForeignKeyConstraint(["dispute_id"], ["disputes.id"], name=op.f("fk_dispute_documents_dispute_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_documents")),
        sa.UniqueConstraint("dispute_id", "sha256", name=op.f("uq_dispute_documents_dispute_id_sha256")),
    )
    _never_changed("dispute_documents")


def _create_reminders() -> None:
    op.create_table(
        "dispute_reminders",
        sa.Column("dispute_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('near', 'escalated', 'late')", name=op.f("ck_dispute_reminders_kind")),
        sa.ForeignKeyConstraint(["dispute_id"], ["disputes.id"], name=op.f("fk_dispute_reminders_dispute_id")),
        sa.PrimaryKeyConstraint("dispute_id", "kind", "due", name=op.f("pk_dispute_reminders")),
    )
    _never_changed("dispute_reminders")


def _never_changed(table: str) -> None:
    """Retention may delete a row; nothing changes one."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"create trigger {table}_no_update before update on {table} for each row execute function refuse_change()"
        )
    else:
        op.execute(
            f"create trigger {table}_no_update before update on {table} "
            f"begin select raise(abort, '{table} are never changed'); end"
        )


def _index(name: str, table: str, columns: list[str], condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """As it was: one open dispute for a contribution, answered once. Refused while there is anything else to lose."""
    lost = op.get_bind().scalar(
        sa.text(
            "select count(*) from disputes where subject_kind <> 'debit' or appealed_on is not null"
            " or withdrawn_on is not null or first_answer = 'partly_upheld'"
        )
    )
    lost += op.get_bind().scalar(sa.text("select count(*) from dispute_documents"))
    lost += op.get_bind().scalar(sa.text("select count(*) from dispute_messages"))
    if lost:
        raise RuntimeError(
            f"{lost} disputes, questions or documents would be lost: a release before this one has no room"
        )
    for table in ("dispute_reminders", "dispute_documents", "dispute_messages", "dispute_transitions"):
        op.drop_table(table)
    for name in ("ix_disputes_contribution_id", "ix_disputes_opened_on", "ix_disputes_waiting", "uq_disputes_open"):
        op.drop_index(name, "disputes")
    with op.batch_alter_table("disputes") as disputes:
        disputes.drop_constraint(op.f("uq_disputes_reference"), type_="unique")
        for name in _CHECKS:
            disputes.drop_constraint(op.f(f"ck_disputes_{name}"), type_="check")
        for name in (*_OPTIONAL, *_REQUIRED):
            disputes.drop_column(name)
        for name, check in _OLD_CHECKS.items():
            disputes.create_check_constraint(op.f(f"ck_disputes_{name}"), check)
    _index("uq_disputes_open", "disputes", ["contribution_id"], "answered_at is null", unique=True)
