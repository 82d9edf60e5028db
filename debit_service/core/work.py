"""The desk at which use cases work: one transaction, one clock, the key ring, and the person who acts.

Every use case takes a `Work` first. Entry points (web, API, command line, jobs) open it; rooms never do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from debit_service.core.clock import Clock
from debit_service.core.crypto import KeyRing
from debit_service.core.database import Database
from debit_service.core.errors import Refused
from debit_service.core.ids import new_id, new_ids


class Role(StrEnum):
    """What a person may do. Roles do not include one another: a person holds exactly what was given.

    A mandate agent is a proximity office's: it takes in mandates, and does nothing about money.
    """

    EMPLOYER = "employer"
    MANDATE_AGENT = "mandate_agent"
    FINANCE_CLERK = "finance_clerk"
    FINANCE_APPROVER = "finance_approver"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a signed-in person, or the service itself. `name` is the login, and stands in every record of what was done."""

    name: str
    roles: frozenset[Role] = frozenset()
    employer_id: str | None = None

    def require(self, *roles: Role) -> None:
        """Refuse unless this person holds one of `roles`."""
        if not self.roles & set(roles):
            wanted = " or ".join(role.value for role in roles)
            raise Refused("access.role", f"This needs the role {wanted}.", remedy="Ask a person who holds it.")

    def require_employer(self, employer_id: str) -> None:
        """Refuse an employer that touches what is another's. Staff may touch all."""
        if Role.EMPLOYER in self.roles and self.employer_id != employer_id:
            raise Refused("access.employer", "This belongs to another employer.")


#: The service itself: jobs and imports that no person started. It makes batches and never approves one.
SERVICE = Actor("service", frozenset({Role.FINANCE_CLERK}))


@dataclass(frozen=True, slots=True)
class Work:
    """One transaction at the desk."""

    session: Session
    clock: Clock
    keys: KeyRing
    actor: Actor

    def new_id(self) -> str:
        """A fresh identifier."""
        return new_id(self.clock)

    def new_ids(self, count: int) -> list[str]:
        """Fresh identifiers, for many rows at once."""
        return new_ids(self.clock, count)

    def now(self) -> datetime:
        """The moment, by the one clock."""
        return self.clock.now()


@dataclass(frozen=True, slots=True)
class Desk:
    """Opens transactions."""

    database: Database
    clock: Clock
    keys: KeyRing

    @contextmanager
    def work(self, actor: Actor) -> Iterator[Work]:
        """A transaction that may write: all of it happens, or none."""
        with self.database.transaction() as session:
            yield Work(session, self.clock, self.keys, actor)

    @contextmanager
    def reading(self, actor: Actor) -> Iterator[Work]:
        """A transaction that only reads."""
        with self.database.reading() as session:
            yield Work(session, self.clock, self.keys, actor)
