"""Signing in: guessing is slow, an unknown login looks like a wrong password, a session ends, and nobody holds both keys."""

from datetime import timedelta
from hashlib import sha256

import pytest
from house import House
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from debit_service.access import rules, service
from debit_service.access.models import Person, SignInAttempt, WebSession
from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.models import AuditEntry
from debit_service.core.work import SERVICE, Actor, Role

PASSWORD = "a sentence that nobody guesses"
ADMINISTRATOR = Actor("admin", frozenset({Role.ADMINISTRATOR}))


def add(house: House, login: str = "clerk-1", *roles: Role, employer_id: str | None = None) -> str:
    with house.desk.work(SERVICE) as work:
        return service.add_person(work, login, PASSWORD, roles or (Role.FINANCE_CLERK,), employer_id).id


def sign_in(
    house: House, login: str = "clerk-1", password: str = PASSWORD, address: str = "10.0.0.1"
) -> service.SignIn:
    with house.desk.work(SERVICE) as work:
        return service.sign_in(work, login, password, address)


def open_session(house: House) -> str:
    with house.desk.work(SERVICE) as work:
        person = work.session.scalars(select(Person)).one()
        return service.open_session(work, person)


def whose(house: House, token: str) -> str | None:
    with house.desk.work(SERVICE) as work:
        person = service.person_of_session(work, token)
        if person:
            service.touch_session(work, token)
        return person.login if person else None


def wait(house: House, time: timedelta) -> None:
    house.clock.set(house.clock.now() + time)


def test_who_gives_the_right_password_is_let_in_with_exactly_the_roles_given(sqlite_house: House) -> None:
    add(sqlite_house, "approver-1", Role.FINANCE_APPROVER)
    actor = service.signed_in(sign_in(sqlite_house, "approver-1"))
    assert actor == Actor("approver-1", frozenset({Role.FINANCE_APPROVER}), None)


def test_a_wrong_password_and_an_unknown_login_get_the_same_answer(sqlite_house: House) -> None:
    add(sqlite_house)
    answers = []
    for login in ("clerk-1", "nobody"):
        with pytest.raises(Refused) as refusal:
            service.signed_in(sign_in(sqlite_house, login, "wrong password"))
        answers.append(refusal.value.as_dict())
    assert answers[0] == answers[1]
    with sqlite_house.reading() as work:
        assert [one.outcome for one in work.session.scalars(select(SignInAttempt))] == ["refused"] * 2


def test_guessing_one_login_is_stopped_even_for_who_then_has_the_password_until_the_time_is_over(
    sqlite_house: House,
) -> None:
    add(sqlite_house)
    for number in range(rules.GUESSES_PER_LOGIN_MAX):
        assert not sign_in(sqlite_house, password="wrong", address=f"10.0.0.{number}").throttled
    assert sign_in(sqlite_house) == service.SignIn(None, throttled=True)
    assert sign_in(sqlite_house, "CLERK-1").throttled

    wait(sqlite_house, rules.GUESS_WINDOW)
    assert sign_in(sqlite_house).person is not None


def test_guessing_from_one_address_is_stopped_whatever_the_login(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "GUESSES_PER_ADDRESS_MAX", 3)  # fifty would take the test as long as they take a guesser
    add(sqlite_house)
    for number in range(3):
        assert not sign_in(sqlite_house, f"nobody-{number}").throttled
    assert sign_in(sqlite_house).throttled
    assert sign_in(sqlite_house, address="10.0.0.2").person is not None


def test_right_passwords_are_no_guesses(sqlite_house: House) -> None:
    add(sqlite_house)
    assert all(sign_in(sqlite_house).person for _ in range(rules.GUESSES_PER_LOGIN_MAX + 1))


def test_attempts_name_nobody_in_the_clear_and_every_one_is_in_the_audit_log(sqlite_house: House) -> None:
    add(sqlite_house)
    sign_in(sqlite_house)
    sign_in(sqlite_house, password="wrong")
    with sqlite_house.reading() as work:
        attempts = list(work.session.scalars(select(SignInAttempt)))
        logged = list(work.session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("person.sign%"))))
    assert {len(one.login_index) for one in attempts} == {len(one.address_index) for one in attempts} == {64}
    assert logged == ["person.signed_in", "person.sign_in_refused"]


def test_a_person_who_was_disabled_is_out_at_once_and_stays_out(sqlite_house: House) -> None:
    add(sqlite_house)
    token = open_session(sqlite_house)
    with sqlite_house.desk.work(ADMINISTRATOR) as work:
        service.disable(work, "clerk-1")
    assert whose(sqlite_house, token) is None
    assert sign_in(sqlite_house).person is None


def test_only_an_administrator_disables_and_only_somebody_who_exists(sqlite_house: House) -> None:
    add(sqlite_house)
    with pytest.raises(Refused, match="administrator"), sqlite_house.desk.work(SERVICE) as work:
        service.disable(work, "clerk-1")
    with pytest.raises(NotFound), sqlite_house.desk.work(ADMINISTRATOR) as work:
        service.disable(work, "nobody")


def test_a_session_ends_when_nothing_happens_for_too_long(sqlite_house: House) -> None:
    add(sqlite_house)
    token = open_session(sqlite_house)
    wait(sqlite_house, rules.IDLE_TIME_MAX)
    assert whose(sqlite_house, token) == "clerk-1"
    wait(sqlite_house, rules.IDLE_TIME_MAX + timedelta(seconds=1))
    assert whose(sqlite_house, token) is None


def test_a_session_ends_after_a_day_of_work_however_busy_it_is(sqlite_house: House) -> None:
    add(sqlite_house)
    token = open_session(sqlite_house)
    for _ in range(rules.SESSION_TIME_MAX // rules.IDLE_TIME_MAX):
        wait(sqlite_house, rules.IDLE_TIME_MAX)
        assert whose(sqlite_house, token) == "clerk-1"
    wait(sqlite_house, timedelta(seconds=1))
    assert whose(sqlite_house, token) is None


def test_who_signed_out_is_out_and_a_token_nobody_gave_opens_nothing(sqlite_house: House) -> None:
    add(sqlite_house)
    token = open_session(sqlite_house)
    with sqlite_house.desk.work(SERVICE) as work:
        service.close_session(work, token)
    assert whose(sqlite_house, token) is None
    assert whose(sqlite_house, "x" * 43) is None


def test_the_database_knows_no_token_and_no_password(sqlite_house: House) -> None:
    add(sqlite_house)
    token = open_session(sqlite_house)
    with sqlite_house.reading() as work:
        (session,) = work.session.scalars(select(WebSession))
        (person,) = work.session.scalars(select(Person))
    assert session.token_hash == sha256(token.encode()).hexdigest()
    assert person.password_hash.startswith("$argon2id$v=19$m=47104,t=1,p=1$")


def test_nobody_is_clerk_and_approver(sqlite_house: House) -> None:
    with pytest.raises(InvalidInput) as refusal:
        add(sqlite_house, "both", Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
    assert refusal.value.code == "access.four_eyes"


def test_an_employer_signs_in_for_itself_alone_and_staff_for_no_employer(sqlite_house: House) -> None:
    for roles, employer_id in (((Role.EMPLOYER,), None), ((Role.FINANCE_CLERK,), "E1")):
        with pytest.raises(InvalidInput) as refusal:
            add(sqlite_house, "somebody", *roles, employer_id=employer_id)
        assert refusal.value.code == "access.employer"


def test_a_login_is_given_once(house: House) -> None:
    add(house)
    with pytest.raises(Refused, match="taken"):
        add(house)


@pytest.mark.parametrize("password", ["short", "x" * 129, "", "my login is clerk-1", "CLERK-1 CLERK-1"])
def test_a_weak_password_is_refused_without_being_repeated(password: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        rules.check_password(password, "clerk-1")
    assert not password or password not in str(refusal.value)


@given(st.text(min_size=12, max_size=128))
def test_any_sentence_without_the_login_is_a_password(password: str) -> None:
    if "clerk-1" not in password.lower():
        rules.check_password(password, "clerk-1")


def test_roles_do_not_include_one_another() -> None:
    for role in Role:
        actor = Actor("somebody", frozenset({role}))
        for other in Role:
            if other is role:
                actor.require(other)
            else:
                with pytest.raises(Refused, match=other.value):
                    actor.require(other)


def test_an_employer_touches_its_own_only_and_staff_any() -> None:
    employer = Actor("boss", frozenset({Role.EMPLOYER}), "E1")
    employer.require_employer("E1")
    SERVICE.require_employer("E2")
    with pytest.raises(Refused, match="another employer"):
        employer.require_employer("E2")
