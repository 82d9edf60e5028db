"""Outward effects: owed in the transaction of their cause, carried out at least once, one after another, none in the way."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from threading import Event as Signal
from threading import Thread

import pytest
from house import CLERK, House
from sqlalchemy import select

from debit_service.contributions import queries as contributions
from debit_service.core import events
from debit_service.core.errors import Unavailable
from debit_service.core.events import Owed
from debit_service.core.models import Event, OutboxMessage
from debit_service.core.work import Work
from debit_service.employers import queries as employers


class Died(BaseException):
    """The process was killed."""


@dataclass
class Carried:
    """A carrier that remembers. What begins with "letter" goes out in print runs; `before` and `after` happen around each."""

    alone: list[str] = field(default_factory=list)
    runs: list[tuple[str, list[str]]] = field(default_factory=list)
    before: Callable[[str], object] = str
    after: Callable[[str], object] = str

    def carry(self, owed: Owed) -> bool:
        if owed.body.startswith("letter"):
            return False
        self.before(owed.body)
        self.alone.append(owed.body)
        self.after(owed.body)
        return True

    def print_run(self, name: str, letters: Sequence[Owed]) -> None:
        self.before(name)
        self.runs.append((name, [one.body for one in letters]))
        self.after(name)


def owe(house: House, *bodies: str) -> None:
    for body in bodies:
        with house.desk.work(CLERK) as work:
            events.owe(work, "test", "subject", body)


def messages(house: House) -> list[OutboxMessage]:
    with house.reading() as work:
        return list(work.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))


def deliver(house: House, carried: Carried) -> tuple[int, int]:
    return events.deliver(house.desk, CLERK, carried)


def dies(_: str) -> None:
    raise Died


def refuses(*bodies: str) -> Callable[[str], object]:
    def refuse(body: str) -> None:
        if not bodies or body in bodies:
            raise Unavailable("mail.refused", "not today")

    return refuse


def test_what_is_owed_is_carried_out_once_and_in_order(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "PAGE_SIZE", 2)
    owe(house, "first", "second", "third")
    carried = Carried()
    assert deliver(house, carried) == (3, 0)
    assert deliver(house, carried) == (0, 0)
    assert carried.alone == ["first", "second", "third"]


def test_a_message_that_fails_does_not_hold_up_the_others_and_is_tried_again(house: House) -> None:
    owe(house, "first", "poison", "third")
    carried = Carried(before=refuses("poison"))
    assert deliver(house, carried) == (2, 1)
    (poison,) = [one for one in messages(house) if one.done_at is None]
    assert (poison.attempts, "not today" in (poison.last_error or "")) == (1, True)

    carried.before = str
    assert deliver(house, carried) == (1, 0)
    assert carried.alone == ["first", "third", "poison"]
    assert [(one.last_error, one.done_at is not None) for one in messages(house)] == [(None, True)] * 3


@pytest.mark.parametrize("kind", ["mail", "letter"])
def test_a_message_that_was_tampered_with_is_kept_with_the_reason(house: House, kind: str) -> None:
    owe(house, f"{kind} one", f"{kind} two")
    with house.desk.work(CLERK) as work:
        first, second = work.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
        first.body_sealed = second.body_sealed
    carried = Carried()
    assert deliver(house, carried) == (1, 1)
    assert [*carried.alone, *(body for _, bodies in carried.runs for body in bodies)] == [f"{kind} two"]
    assert [one.last_error is None for one in messages(house)] == [False, True]


def test_what_was_carried_out_before_a_crash_is_carried_out_again_and_not_lost(house: House) -> None:
    owe(house, "first")
    carried = Carried(after=dies)
    with pytest.raises(Died):
        deliver(house, carried)
    carried.after = str
    assert deliver(house, carried) == (1, 0)
    assert carried.alone == ["first", "first"]


def test_while_something_goes_out_others_may_write(house: House) -> None:
    owe(house, "first", "letter")
    meanwhile = iter(["mail of meanwhile", "letter of meanwhile"])
    carried = Carried(before=lambda _: owe(house, *[body for body in [next(meanwhile, None)] if body]))
    assert deliver(house, carried) == (4, 0)
    assert carried.alone == ["first", "mail of meanwhile"]


def test_what_one_process_carries_out_another_one_does_not(house: House) -> None:
    owe(house, "first", "second", "letter")
    carried, begun = Carried(), Signal()

    def other_process() -> None:
        begun.set()
        deliver(house, carried)

    other = Thread(target=other_process)

    def overtake(body: str) -> None:
        if body == "first":
            other.start()
            begun.wait()

    assert deliver(house, replace(carried, before=overtake)) == (3, 0)
    other.join()
    assert carried.alone == ["first", "second"]
    assert [bodies for _, bodies in carried.runs] == [["letter"]]


def test_letters_go_out_together_and_each_in_one_run(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "PAGE_SIZE", 3)
    owe(house, "letter 1", "mail", "letter 2", "letter 3", "letter 4")
    carried = Carried()
    assert deliver(house, carried) == (5, 0)
    assert [bodies for _, bodies in carried.runs] == [["letter 1", "letter 2"], ["letter 3", "letter 4"]]
    first = messages(house)[0]
    assert carried.runs[0][0] == f"2026-09-01-{first.id}" == first.print_run


@pytest.mark.parametrize("dying", [Carried(before=dies), Carried(after=dies)], ids=["before", "after"])
def test_a_run_that_died_is_made_again_with_the_same_letters_whatever_came_since(house: House, dying: Carried) -> None:
    owe(house, "letter 1", "letter 2")
    with pytest.raises(Died):
        deliver(house, dying)
    owe(house, "letter 3")
    house.clock.set(house.clock.now().replace(day=2))

    carried = Carried()
    assert deliver(house, carried) == (3, 0)
    (again, same), (other, new) = carried.runs
    assert (same, new) == (["letter 1", "letter 2"], ["letter 3"])
    assert again != other
    assert again == f"2026-09-01-{messages(house)[0].id}"


def test_a_run_that_fails_keeps_its_name_its_letters_and_the_reason(house: House) -> None:
    owe(house, "letter 1", "letter 2", "mail")
    carried = Carried()
    fails = replace(carried, before=lambda what: refuses()(what) if what != "mail" else None)
    assert deliver(house, fails) == (1, 2)
    assert [one.attempts for one in messages(house)] == [1, 1, 1]
    assert {one.last_error for one in messages(house)} == {None, messages(house)[0].last_error}

    assert deliver(house, carried) == (2, 0)
    assert [bodies for _, bodies in carried.runs] == [["letter 1", "letter 2"]]


def test_what_is_withdrawn_never_leaves_and_what_may_have_left_cannot_be_withdrawn(house: House) -> None:
    owe(house, "mail", "letter 1", "letter 2")

    def withdraw(*bodies: int) -> int:
        with house.desk.work(CLERK) as work:
            return len(events.withdraw(work, [messages(house)[number].id for number in bodies]))

    assert withdraw(0) == 1
    # Of a run that failed nothing was printed.
    deliver(house, Carried(before=refuses()))
    assert withdraw(1, 1) == 1
    # What one that died has printed nobody knows, whatever comes after.
    for dying in (Carried(before=dies), Carried(before=refuses()), Carried(before=dies)):
        with suppress(Died):
            deliver(house, dying)
        assert withdraw(2) == 0
    carried = Carried()
    assert deliver(house, carried) == (1, 0)
    assert (carried.alone, [bodies for _, bodies in carried.runs]) == ([], [["letter 2"]])
    assert withdraw(0, 1, 2) == 0


def test_whoever_owes_messages_is_asked_right_before_each_page_leaves(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "PAGE_SIZE", 2)
    owe(house, "first", "second", "third")
    asked: list[tuple[list[str], int]] = []
    carried = Carried()

    def withdraw_third(work: Work, subjects: Sequence[str]) -> None:
        asked.append((list(subjects), len(carried.alone)))
        if carried.alone:
            events.withdraw(work, [messages(house)[2].id])

    assert events.deliver(house.desk, CLERK, carried, {"test": withdraw_third, "other": withdraw_third}) == (2, 0)
    assert (carried.alone, asked) == (["first", "second"], [(["subject"], 0), (["subject"], 2)])


def test_a_letter_that_is_mended_later_does_not_take_the_others_out_of_the_run(house: House) -> None:
    owe(house, "letter 1", "letter 2")
    with pytest.raises(Died):
        deliver(house, Carried(before=dies))
    with house.desk.work(CLERK) as work:
        first = work.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).first()
        assert first is not None
        whole, first.body_sealed = first.body_sealed, b"torn"
    carried = Carried()
    assert deliver(house, carried) == (1, 1)

    with house.desk.work(CLERK) as work:
        work.session.get_one(OutboxMessage, first.id).body_sealed = whole
    deliver(house, carried)
    assert [bodies for _, bodies in carried.runs] == [["letter 2"], ["letter 1", "letter 2"]]


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
