"""Outward effects: owed in the transaction of their cause, carried out at least once, one after another, none in the way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from house import CLERK, House
from sqlalchemy import select

from debit_service.collections.service.notify import carrier
from debit_service.contributions import queries as contributions
from debit_service.core import events
from debit_service.core.errors import Unavailable
from debit_service.core.models import Event, OutboxMessage
from debit_service.core.work import Actor, Desk, Work
from debit_service.employers import queries as employers

Carrier = Callable[[OutboxMessage, str], None]


def owe(house: House, *bodies: str) -> None:
    for body in bodies:
        with house.desk.work(CLERK) as work:
            events.owe(work, "test", "subject", body)


def messages(house: House) -> list[OutboxMessage]:
    with house.reading() as work:
        return list(work.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))


def collecting(carried: list[str], refuse: str | None = None) -> Carrier:
    def carry_out(_: OutboxMessage, body: str) -> None:
        if body == refuse:
            raise Unavailable("mail.refused", "not today")
        carried.append(body)

    return carry_out


def test_what_is_owed_is_carried_out_once_and_in_order(house: House) -> None:
    owe(house, "first", "second")
    carried: list[str] = []
    assert events.deliver(house.desk, CLERK, collecting(carried)) == (2, 0)
    assert events.deliver(house.desk, CLERK, collecting(carried)) == (0, 0)
    assert carried == ["first", "second"]


def test_a_message_that_fails_does_not_hold_up_the_others_and_is_tried_again(house: House) -> None:
    owe(house, "first", "poison", "third")
    carried: list[str] = []
    assert events.deliver(house.desk, CLERK, collecting(carried, refuse="poison")) == (2, 1)
    (poison,) = [one for one in messages(house) if one.done_at is None]
    assert (poison.attempts, "not today" in (poison.last_error or "")) == (1, True)

    assert events.deliver(house.desk, CLERK, collecting(carried)) == (1, 0)
    assert carried == ["first", "third", "poison"]
    assert [(one.last_error, one.done_at is not None) for one in messages(house)] == [(None, True)] * 3


def test_a_message_that_was_tampered_with_is_kept_with_the_reason(house: House) -> None:
    owe(house, "first", "second")
    with house.desk.work(CLERK) as work:
        first, second = work.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
        first.body_sealed = second.body_sealed
    carried: list[str] = []
    assert events.deliver(house.desk, CLERK, collecting(carried)) == (1, 1)
    assert carried == ["second"]


def test_what_was_carried_out_before_a_crash_is_carried_out_again_and_not_lost(house: House) -> None:
    owe(house, "first")
    carried: list[str] = []

    class Died(BaseException):
        pass

    def dies_after(_: OutboxMessage, body: str) -> None:
        carried.append(body)
        raise Died

    with pytest.raises(Died):
        events.deliver(house.desk, CLERK, dies_after)
    assert events.deliver(house.desk, CLERK, collecting(carried)) == (1, 0)
    assert carried == ["first", "first"]


class Overtaken(Desk):
    """The desk of a process that, having looked what is waiting, is overtaken by another one."""

    @contextmanager
    def reading(self, actor: Actor) -> Iterator[Work]:
        with Desk.reading(self, actor) as work:
            yield work
        events.deliver(Desk(self.database, self.clock, self.keys), actor, collecting([]))


def test_what_another_process_carried_out_in_the_meantime_is_not_carried_out_again(house: House) -> None:
    owe(house, "first", "second")
    carried: list[str] = []
    overtaken = Overtaken(house.desk.database, house.clock, house.desk.keys)
    assert events.deliver(overtaken, CLERK, collecting(carried)) == (0, 0)
    assert carried == []
    assert [one.attempts for one in messages(house)] == [1, 1]


def test_an_effect_whose_cause_did_not_happen_is_not_owed(house: House) -> None:
    def fail() -> None:
        with house.desk.work(CLERK) as work:
            events.owe(work, "test", "subject", "never")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert messages(house) == []


def test_events_are_numbered_without_holes_though_a_transaction_failed_in_between(house: House) -> None:
    def publish(*, failing: bool) -> None:
        with house.desk.work(CLERK) as work:
            events.publish(work, "test", "subject")
            if failing:
                raise ZeroDivisionError

    publish(failing=False)
    with pytest.raises(ZeroDivisionError):
        publish(failing=True)
    publish(failing=False)
    with house.reading() as work:
        assert list(work.session.scalars(select(Event.sequence).order_by(Event.sequence))) == [1, 2]


@pytest.mark.parametrize("address", ["a@b\nBcc: x@y", "a@[", "é@b.dz"])
def test_an_address_that_no_mail_can_carry_stops_one_notice_and_not_the_others(
    sqlite_house: House, address: str
) -> None:
    house = sqlite_house
    wrong, right = house.contribution(house.employer()), house.contribution(house.employer())
    with house.desk.work(CLERK) as work:
        employer = employers.by_reference(work, "CNAS-001")
        assert employer is not None
        employer.email_sealed = work.keys.seal(address, f"employers.email:{employer.id}")
        assert contributions.get(work, wrong).employer_id == employer.id
    house.service = replace(
        house.service, settings=house.service.settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": 1})
    )

    house.collect()

    with house.reading() as work:
        done = {one.subject: one.done_at is not None for one in work.session.scalars(select(OutboxMessage))}
    attempt = {one: house.debits_of(one)[0].id for one in (wrong, right)}
    assert done == {attempt[wrong]: False, attempt[right]: True}


def test_a_notice_carried_out_twice_is_one_letter(sqlite_house: House) -> None:
    sqlite_house.contribution(sqlite_house.employer())
    sqlite_house.collect()
    (message,) = messages(sqlite_house)
    settings = sqlite_house.service.settings
    with sqlite_house.reading() as work:
        body = work.keys.open(message.body_sealed, f"outbox.body:{message.id}")

    carrier(settings)(message, body)

    assert len(list((settings.home / "letters").iterdir())) == 1
