"""What every page needs of the service: the rooms' wiring, who is signed in, and transactions in that person's name."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from flask import current_app
from flask_login import UserMixin, current_user

from debit_service.core.work import Actor, Work
from debit_service.employers import queries as employers
from debit_service.employers.models import Employer
from debit_service.wiring import Service

EXTENSION = "debit_service"
NOBODY = Actor("nobody signed in")
#: A page holds no more cards with a form each than a person works through; the next come up as these are done.
CARDS_SHOWN_MAX = 100


class SignedIn(UserMixin):
    """A signed-in person. The cookie holds only the opaque token; the table of sessions says whose it is, and can revoke it."""

    def __init__(self, token: str, actor: Actor, language: str | None) -> None:
        self.token = token
        self.actor = actor
        self.language = language

    def get_id(self) -> str:
        """What Flask-Login keeps in the cookie."""
        return self.token


def service() -> Service:
    """The rooms, wired together."""
    return cast("Service", current_app.extensions[EXTENSION])


def signed_in() -> SignedIn | None:
    """Who is signed in here, if anybody is."""
    return cast("SignedIn", current_user) if current_user.is_authenticated else None


def actor() -> Actor:
    """In whose name use cases run. Nobody has no role, so nothing is allowed."""
    person = signed_in()
    return person.actor if person else NOBODY


@contextmanager
def reading() -> Iterator[Work]:
    """A transaction that only reads, in the name of whoever is signed in."""
    with service().desk.reading(actor()) as work:
        yield work


@contextmanager
def working() -> Iterator[Work]:
    """A transaction that may write, in the name of whoever is signed in."""
    with service().desk.work(actor()) as work:
        yield work


def own_employer(work: Work) -> Employer:
    """The employer that the signed-in person acts for."""
    return employers.get(work, work.actor.employer_id or "")
