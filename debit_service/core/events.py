"""Events for the fund's own systems, and the outbox of outward effects: both written in the transaction of their cause."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import func, select

from debit_service.core.audit import LOG
from debit_service.core.database import in_turn
from debit_service.core.errors import DebitError
from debit_service.core.models import Event, OutboxMessage
from debit_service.core.work import Actor, Desk, Work


def publish(work: Work, kind: str, subject: str, **data: Any) -> None:
    """Add one event to the feed."""
    in_turn(work.session, LOG)
    sequence = (work.session.scalar(select(func.max(Event.sequence))) or 0) + 1
    work.session.add(Event(sequence=sequence, at=work.now(), kind=kind, subject=subject, data=data))
    work.session.flush()


def owe(work: Work, kind: str, subject: str, body: str) -> str:
    """Put an outward effect in the outbox; returns its id. `body` is sealed: it may name people."""
    message_id = work.new_id()
    work.session.add(
        OutboxMessage(
            id=message_id,
            kind=kind,
            subject=subject,
            body_sealed=work.keys.seal(body, f"outbox.body:{message_id}"),
            created_at=work.now(),
        )
    )
    return message_id


def deliver(desk: Desk, actor: Actor, carry_out: Callable[[OutboxMessage, str], None]) -> tuple[int, int]:
    """Carry out what the outbox owes, oldest first, each in a transaction of its own; returns (done, failed).

    `carry_out(message, body)` must be safe to repeat: a crash after it and before the commit runs it again. One that fails is
    kept with its error and tried at the next call; the others go on.
    """
    with desk.reading(actor) as work:
        waiting = list(
            work.session.scalars(
                select(OutboxMessage.id).where(OutboxMessage.done_at.is_(None)).order_by(OutboxMessage.id)
            )
        )
    done = failed = 0
    for message_id in waiting:
        with desk.work(actor) as work:
            message = work.session.get_one(OutboxMessage, message_id, with_for_update=True)
            if message.done_at:  # by another process, while this one waited for the row
                continue
            message.attempts += 1
            try:
                carry_out(message, work.keys.open(message.body_sealed, f"outbox.body:{message_id}"))
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one message, the others go on
                # Another library's words may repeat an address; ours never do.
                said = str(error) if isinstance(error, DebitError) else type(error).__name__
                message.last_error, failed = said, failed + 1
            else:
                message.done_at, message.last_error, done = work.now(), None, done + 1
    return done, failed


def undelivered(work: Work) -> Sequence[OutboxMessage]:
    """What the outbox owes and has failed to carry out so far, oldest first."""
    query = select(OutboxMessage).where(OutboxMessage.done_at.is_(None), OutboxMessage.attempts > 0)
    return work.session.scalars(query.order_by(OutboxMessage.id)).all()
