"""State machines whose history is rows: to-state, who, when, why and on what evidence; the newest row is the state.

Each room that has states declares a `Machine` in its rules and a table from `Transition` in its models. A partial unique index
lets a subject have one `most_recent` row, and another numbers its rows without holes: of two people who move the same thing at
the same time, one gets an error, never both their way.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, declared_attr, mapped_column

from debit_service.core.database import unique_where
from debit_service.core.errors import Refused
from debit_service.core.machine import Machine
from debit_service.core.work import Work


class Transition:
    """The columns of a table of transitions; `subject_id` is a foreign key that each room adds."""

    id: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[str]
    sort_key: Mapped[int]
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    most_recent: Mapped[bool]
    who: Mapped[str]
    why: Mapped[str]
    evidence: Mapped[dict[str, Any]]
    at: Mapped[datetime]

    if TYPE_CHECKING:

        def __init__(self, **columns: Any) -> None: ...

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:  # noqa: N805 - SQLAlchemy hands the class
        name: str = cls.__tablename__  # type: ignore[attr-defined]
        return (
            UniqueConstraint("subject_id", "sort_key"),
            unique_where(f"uq_{name}_most_recent", "subject_id", where="most_recent"),
        )


AnyTransition = TypeVar("AnyTransition", bound=Transition)


def current(session: Session, table: type[AnyTransition], subject_id: str) -> AnyTransition | None:
    """The newest transition of a subject; its row is locked until the transaction ends (PostgreSQL)."""
    query = select(table).where(table.subject_id == subject_id, table.most_recent).with_for_update()
    return session.scalars(query).one_or_none()


def move(
    work: Work,
    table: type[AnyTransition],
    machine: Machine,
    subject_id: str,
    to_state: str,
    why: str,
    evidence: dict[str, Any] | None = None,
) -> AnyTransition:
    """Move a subject to `to_state`, for the reason `why`, on `evidence` (names of files, entries, documents).

    Raises Refused `state.transition` when the machine does not declare the move.
    """
    newest = current(work.session, table, subject_id)
    machine.check(newest.to_state if newest else None, to_state, subject_id)
    if newest:
        newest.most_recent = False
        # The old row must give up its place in the unique index before the new one takes it.
        work.session.flush()
    row = table(
        id=work.new_id(),
        subject_id=subject_id,
        sort_key=newest.sort_key + 1 if newest else 1,
        from_state=newest.to_state if newest else None,
        to_state=to_state,
        most_recent=True,
        who=work.actor.name,
        why=why,
        evidence=evidence or {},
        at=work.now(),
    )
    work.session.add(row)
    work.session.flush()
    return row


def undeclared(rows: Iterable[Transition], machine: Machine) -> list[str]:
    """The ids of transitions that the machine does not declare (for `debit verify`)."""
    faults = []
    for row in rows:
        try:
            machine.check(row.from_state, row.to_state, row.subject_id)
        except Refused:
            faults.append(row.id)
    return faults
