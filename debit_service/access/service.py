"""Use cases of access: add people, sign in and out, confirm a password again before money moves."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select, update

from debit_service.access import rules
from debit_service.access.models import Person, SignInAttempt, WebSession
from debit_service.core import audit
from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.work import Actor, Role, Work

# OWASP: argon2id with 46 MiB, one pass, one lane.
_HASHER = PasswordHasher(time_cost=1, memory_cost=47104, parallelism=1)
# Verified when the login is unknown, so that an unknown login takes as long as a wrong password.
_NOBODY = _HASHER.hash(secrets.token_hex(16))


@dataclass(frozen=True, slots=True)
class SignIn:
    """The answer to an attempt: a person, or none. `throttled`: guessing was stopped, the password not looked at."""

    person: Person | None
    throttled: bool = False


def add_person(work: Work, login: str, password: str, roles: Iterable[Role], employer_id: str | None = None) -> Person:
    """Somebody new who may sign in. Raises Refused for a login that is taken, InvalidInput for a weak password.

    A person cannot both make and approve: clerk and approver are never given together.
    """
    held = sorted(role.value for role in roles)
    if {Role.FINANCE_CLERK.value, Role.FINANCE_APPROVER.value} <= set(held):
        raise InvalidInput(
            "access.four_eyes", "One person cannot be clerk and approver.", remedy="Give the roles to two people."
        )
    if (Role.EMPLOYER.value in held) != (employer_id is not None):
        raise InvalidInput("access.employer", "The role employer, and only it, goes with an employer.")
    rules.check_password(password, login)
    if work.session.scalars(select(Person.id).where(Person.login == login)).one_or_none():
        raise Refused("access.login_taken", "This login is taken.")
    person = Person(
        id=work.new_id(),
        login=login,
        password_hash=_HASHER.hash(password),
        roles=held,
        employer_id=employer_id,
        created_at=work.now(),
    )
    work.session.add(person)
    work.session.flush()
    audit.record(work, "person.added", person.id, roles=held)
    return person


def sign_in(work: Work, login: str, password: str, address: str) -> SignIn:
    """Check a login and its password; every attempt is counted, and guessing is slowed by login and by address.

    Returns rather than raises, because the attempt must be committed also when it fails.
    """
    login_index, address_index = work.keys.index(login.lower(), "login"), work.keys.index(address, "address")
    if _too_many(work, login_index, address_index):
        return SignIn(None, throttled=True)
    person = work.session.scalars(select(Person).where(Person.login == login)).one_or_none()
    matches = _password_matches(person.password_hash if person else _NOBODY, password)
    accepted = person if person and matches and person.disabled_at is None else None
    attempt = SignInAttempt(
        id=work.new_id(),
        login_index=login_index,
        address_index=address_index,
        at=work.now(),
        outcome="ok" if accepted else "refused",
    )
    work.session.add(attempt)
    work.session.flush()
    audit.record(
        work, "person.signed_in" if accepted else "person.sign_in_refused", accepted.id if accepted else login_index
    )
    return SignIn(accepted)


def signed_in(answer: SignIn) -> Actor:
    """The actor of a successful attempt. Raises Refused for one that failed; by then it must be committed."""
    if answer.person is None:
        reason = "Too many attempts; wait a quarter of an hour." if answer.throttled else "Login or password is wrong."
        raise Refused("access.sign_in", reason)
    return actor_of(answer.person)


def _too_many(work: Work, login_index: str, address_index: str) -> bool:
    since = work.now() - rules.GUESS_WINDOW
    refused = select(func.count()).where(SignInAttempt.outcome == "refused", SignInAttempt.at > since)
    by_login = work.session.scalar(refused.where(SignInAttempt.login_index == login_index)) or 0
    by_address = work.session.scalar(refused.where(SignInAttempt.address_index == address_index)) or 0
    return by_login >= rules.GUESSES_PER_LOGIN_MAX or by_address >= rules.GUESSES_PER_ADDRESS_MAX


def _password_matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def actor_of(person: Person) -> Actor:
    """The person as an actor of use cases."""
    return Actor(person.login, frozenset(Role(role) for role in person.roles), person.employer_id)


def open_session(work: Work, person: Person) -> str:
    """A new session; returns the token for the cookie, which is nowhere else."""
    token = secrets.token_urlsafe(32)
    session = WebSession(
        token_hash=_token_hash(token), person_id=person.id, opened_at=work.now(), last_seen_at=work.now()
    )
    work.session.add(session)
    return token


def person_of_session(work: Work, token: str) -> Person | None:
    """Whose session this is; None when it is closed, expired, or the person was disabled."""
    session = work.session.get(WebSession, _token_hash(token))
    if (
        session is None
        or session.closed_at
        or rules.session_expired(session.opened_at, session.last_seen_at, work.now())
    ):
        return None
    person = work.session.get_one(Person, session.person_id)
    return None if person.disabled_at else person


def touch_session(work: Work, token: str) -> None:
    """Note that the session is in use."""
    touched = update(WebSession).where(WebSession.token_hash == _token_hash(token)).values(last_seen_at=work.now())
    work.session.execute(touched)


def close_session(work: Work, token: str) -> None:
    """Sign out: the token opens nothing any more."""
    session = work.session.get(WebSession, _token_hash(token))
    if session:
        session.closed_at = work.now()


def disable(work: Work, login: str) -> None:
    """A person may no longer sign in; every open session ends."""
    work.actor.require(Role.ADMINISTRATOR)
    person = work.session.scalars(select(Person).where(Person.login == login)).one_or_none()
    if person is None:
        raise NotFound("access.unknown", "There is no such login.")
    person.disabled_at = work.now()
    ended = update(WebSession).where(WebSession.person_id == person.id, WebSession.closed_at.is_(None))
    work.session.execute(ended.values(closed_at=work.now()))
    audit.record(work, "person.disabled", person.id)


def _token_hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
