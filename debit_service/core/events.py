"""Events for the fund's own systems, and the outbox of outward effects: both written in the transaction of their cause."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy import ColumnElement, func, select, update

from debit_service.core.audit import LOG
from debit_service.core.bulk import among, insert_rows
from debit_service.core.database import in_turn
from debit_service.core.errors import DebitError
from debit_service.core.models import Event, OutboxMessage
from debit_service.core.work import Actor, Desk, Work

#: Messages that are in memory at a time, and letters that a print run has at most.
PAGE_SIZE: Final = 200
_OWED: Final = OutboxMessage.done_at.is_(None) & OutboxMessage.withdrawn_at.is_(None)
#: A message that can be taken back. How a print run ended that was begun and cut off, nobody knows: its letters go out.
CAN_BE_WITHDRAWN: Final = _OWED & OutboxMessage.print_run.is_(None)


def publish(work: Work, kind: str, subject: str, **data: Any) -> None:
    """Add one event to the feed."""
    publish_all(work, kind, [(subject, data)])


def publish_all(work: Work, kind: str, subjects: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """`publish` the same event of many subjects, each with its data."""
    told = list(subjects)
    if not told:
        return
    in_turn(work.session, LOG)
    work.session.flush()
    first = (work.session.scalar(select(func.max(Event.sequence))) or 0) + 1
    at = work.now()
    rows = [(number, at, kind, subject, data) for number, (subject, data) in enumerate(told, start=first)]
    insert_rows(work.session, Event, ("sequence", "at", "kind", "subject", "data"), rows)


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


def withdraw(work: Work, message_ids: Iterable[str]) -> Sequence[str]:
    """Take messages back before they leave; returns which. They stay to be seen, with when that was.

    What has left is left out, and what may have (`CAN_BE_WITHDRAWN`).
    """
    mine = among(work.session, OutboxMessage.id, message_ids)
    query = update(OutboxMessage).where(mine, CAN_BE_WITHDRAWN).values(withdrawn_at=work.now())
    return work.session.scalars(query.returning(OutboxMessage.id)).all()


@dataclass(frozen=True, slots=True)
class Owed:
    """A message of the outbox, opened."""

    id: str
    kind: str
    owed_at: datetime
    body: str


class Carrier(Protocol):
    """How messages leave. All of it must be safe to repeat: a crash after it and before the commit runs it again."""

    def carry(self, owed: Owed) -> bool:
        """Let one message go out by itself; False when it has to go out with others, as a page of a print run."""

    def print_run(self, name: str, letters: Sequence[Owed]) -> None:
        """Let these go out together, under a name that no other run has; after a crash the same come again under it."""


#: What whoever owes messages of a kind does right before some leave, by their subjects: it withdraws those that must not leave.
Recall = Callable[[Work, Sequence[str]], object]
_NO_RECALLS: Final[Mapping[str, Recall]] = {}


def deliver(desk: Desk, actor: Actor, carrier: Carrier, recalls: Mapping[str, Recall] = _NO_RECALLS) -> tuple[int, int]:
    """Carry out what the outbox owes, oldest first; returns (done, failed).

    No transaction is open while something goes out. What went out by itself is marked as done by itself, the letters of a print
    run together. What fails is kept with its error and tried at the next call; the others go on. One process at a time delivers.

    `recalls` are by kind of message. Where one fails, those messages stay, with its error.
    """
    with desk.database.alone("outbox"):
        delivery = _Delivery(desk, actor, carrier, recalls)
        for name in delivery.runs_begun():
            delivery.print_again(name)
        after: str | None = ""
        while after is not None:
            after = delivery.carry_page(after)
        return delivery.done, delivery.failed


@dataclass(slots=True)
class _Delivery:
    """One call of `deliver`: each step reads, acts with no transaction open, and then writes what came of it."""

    desk: Desk
    actor: Actor
    carrier: Carrier
    recalls: Mapping[str, Recall]
    done: int = 0
    failed: int = 0

    def runs_begun(self) -> Sequence[str]:
        """The print runs that were begun and not ended: the process died."""
        run = OutboxMessage.print_run
        query = select(run).where(_OWED, run.is_not(None)).distinct().order_by(run)
        with self.desk.reading(self.actor) as work:
            return [name for name in work.session.scalars(query) if name]

    def print_again(self, name: str) -> None:
        """Let the letters of a run that was begun go out: all of them, also those that are done, so that what is written stays
        whole.
        """
        letters, errors = self._open({}, OutboxMessage.print_run == name, OutboxMessage.withdrawn_at.is_(None))
        errors |= self._print_run(name, letters)
        self._settle([one.id for one in letters if one.id not in errors], errors)

    def _print_run(self, name: str, letters: Sequence[Owed]) -> dict[str, str]:
        """Print; returns id -> why not, of all of them or none."""
        try:
            if letters:
                self.carrier.print_run(name, letters)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one run, the others go on
            return {one.id: _said(error) for one in letters}
        return {}

    def carry_page(self, after: str) -> str | None:
        """Let the next messages with ids above `after` go out; returns the highest id, or None when nothing was left."""
        page = _OWED & OutboxMessage.print_run.is_(None) & (OutboxMessage.id > after)
        last, held = self._recall(page)
        if last is None:
            return None
        opened, errors = self._open(held, page, OutboxMessage.id <= last)
        letters = []
        for one in opened:
            try:
                alone = self.carrier.carry(one)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one message, the others go on
                errors[one.id] = _said(error)
                continue
            if alone:
                self._settle([one.id], {})
            else:
                letters.append(one)
        self._settle([], errors)
        if letters:
            self._print_first(self._begin_run(letters), letters)
        return last

    def _print_first(self, name: str, letters: Sequence[Owed]) -> None:
        """Print a run that was just begun. Of one that fails nothing was printed: its letters are free again."""
        errors = self._print_run(name, letters)
        if errors:
            with self.desk.work(self.actor) as work:
                mine = OutboxMessage.print_run == name
                work.session.execute(update(OutboxMessage).where(mine, _OWED).values(print_run=None))
        self._settle([one.id for one in letters if one.id not in errors], errors)

    def _recall(self, *where: ColumnElement[bool]) -> tuple[str | None, dict[str, str]]:
        """Have withdrawn what must not leave any more of a page of messages; its highest id, and id -> why, where that failed."""
        message = OutboxMessage
        query = select(message.id, message.kind, message.subject).where(*where).order_by(message.id).limit(PAGE_SIZE)
        with self.desk.reading(self.actor) as work:
            page = work.session.execute(query).all()
        held: dict[str, str] = {}
        for kind, recall in self.recalls.items():
            about = {one.id: one.subject for one in page if one.kind == kind}
            try:
                if about:
                    with self.desk.work(self.actor) as work:
                        recall(work, sorted(set(about.values())))
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one kind of message, the others go on
                held |= dict.fromkeys(about, _said(error))
        return (page[-1].id if page else None), held

    def _open(self, held: Mapping[str, str], *where: ColumnElement[bool]) -> tuple[list[Owed], dict[str, str]]:
        """A page of messages in the order of their ids, without those that are `held`; and id -> why, for these and those that
        cannot be opened.
        """
        opened, errors = [], dict(held)
        query = select(OutboxMessage).where(*where).order_by(OutboxMessage.id).limit(PAGE_SIZE)
        with self.desk.reading(self.actor) as work:
            for one in work.session.scalars(query):
                if one.id in held:
                    continue
                try:
                    body = work.keys.open(one.body_sealed, f"outbox.body:{one.id}")
                except DebitError as error:
                    errors[one.id] = _said(error)
                else:
                    opened.append(Owed(one.id, one.kind, one.created_at, body))
        return opened, errors

    def _begin_run(self, letters: Sequence[Owed]) -> str:
        """Write down, before anything is printed, which letters make one run; returns its name."""
        name = f"{letters[0].owed_at.date().isoformat()}-{letters[0].id}"
        with self.desk.work(self.actor) as work:
            taken = OutboxMessage.id.in_([one.id for one in letters])
            work.session.execute(update(OutboxMessage).where(taken, _OWED).values(print_run=name, last_error=None))
        return name

    def _settle(self, done: Sequence[str], errors: Mapping[str, str]) -> None:
        """Write down what came of messages: those that went out, and id -> why not.

        What was withdrawn while it went out has left all the same.
        """
        if not done and not errors:
            return
        again = {"attempts": OutboxMessage.attempts + 1}
        with self.desk.work(self.actor) as work:
            went_out = update(OutboxMessage).where(OutboxMessage.id.in_(done), OutboxMessage.done_at.is_(None))
            work.session.execute(went_out.values(**again, done_at=work.now(), last_error=None, withdrawn_at=None))
            for message_id, error in errors.items():
                failed = update(OutboxMessage).where(OutboxMessage.id == message_id, OutboxMessage.done_at.is_(None))
                work.session.execute(failed.values(**again, last_error=error))
        self.done, self.failed = self.done + len(done), self.failed + len(errors)


def _said(error: Exception) -> str:
    """Another library's words may repeat an address; ours never do."""
    return str(error) if isinstance(error, DebitError) else type(error).__name__


def undelivered(work: Work) -> Sequence[OutboxMessage]:
    """What the outbox owes and has failed to carry out so far, oldest first."""
    query = select(OutboxMessage).where(_OWED, OutboxMessage.attempts > 0)
    return work.session.scalars(query.order_by(OutboxMessage.id)).all()
