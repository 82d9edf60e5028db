"""A file of any length: taken in by chunks, none of them twice, and with few questions however many entries it has."""

from datetime import date, timedelta

import pytest
from bank_files import Booked, camt054, credit, pain002, returned
from house import House, Sent
from sqlalchemy import event, func, select

from debit_service.reconcile.models import BankEntry, Disposition
from debit_service.reconcile.rules import State
from debit_service.reconcile.service import importing, match
from debit_service.reconcile.service.read import store_entries
from debit_service.reports.attention import READ_WITHIN, attention

TAKEN_BACK = date(2026, 10, 5)


@pytest.fixture
def short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of two entries."""
    monkeypatch.setattr(importing, "CHUNK_ROWS", 2)


def some_sent(house: House, count: int) -> list[Sent]:
    return house.sent_together("CNAS", *["100.00"] * count)


def unread(house: House) -> list[str]:
    """What people are told of files that nobody has read to their end."""
    with house.reading() as work:
        told = attention(work, house.service.funds, house.service.debit_calendars)
        return [str(one) for one in told if "not read to its end" in str(one)]


def dispositions(house: House) -> int:
    with house.reading() as work:
        return work.session.scalar(select(func.count()).select_from(Disposition)) or 0


@pytest.mark.usefixtures("short_chunks")
def test_a_file_that_is_cut_off_leaves_nothing_however_many_chunks_were_whole(house: House) -> None:
    sent = some_sent(house, 5)
    file = camt054(sent[0].account, *map(credit, sent))

    (imported,) = house.in_turn(file[: file.rindex(b"<Ntry>")])

    assert (imported.outcome, imported.entries) == ("unreadable", 0)
    with house.reading() as work:
        assert work.session.scalar(select(func.count()).select_from(BankEntry)) == 0
    assert {house.outcome(one).state for one in sent} == {State.SENT}


@pytest.mark.usefixtures("short_chunks")
def test_an_import_that_was_cut_off_goes_on_behind_its_last_chunk(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = some_sent(house, 5)
    file = camt054(sent[0].account, *map(credit, sent), returned(sent[0], day=TAKEN_BACK))
    begun: list[int] = []

    def cut_off(*arguments: object) -> object:
        begun.append(len(begun))
        if len(begun) == 3:
            raise KeyboardInterrupt
        return store_entries(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "store_entries", cut_off)
    with pytest.raises(KeyboardInterrupt):
        house.in_turn(file)
    assert dispositions(house) == 4
    assert unread(house) == []
    house.clock.set(house.clock.now() + READ_WITHIN + timedelta(minutes=1))
    assert len(unread(house)) == 1

    (imported,) = house.bank_says()
    assert unread(house) == []

    assert (imported.outcome, imported.entries, len(begun)) == ("read", 6, 4)
    assert [house.outcome(one).state for one in sent] == [State.RETURNED, *[State.SETTLED] * 4]
    assert house.breaches() == {}


@pytest.mark.usefixtures("short_chunks")
def test_a_reference_that_comes_again_in_a_later_chunk_is_decided_in_the_order_of_the_file(sqlite_house: House) -> None:
    first, second = some_sent(sqlite_house, 2)
    nameless = Booked(70_00, first.currency, TAKEN_BACK)

    sqlite_house.in_turn(
        camt054(first.account, credit(first), nameless, returned(first, day=TAKEN_BACK), credit(second), credit(first))
    )

    assert sqlite_house.outcome(first).state is State.SETTLED
    assert sqlite_house.outcome(first).returned_minor == first.amount_minor
    assert [reason for reason, _ in sqlite_house.suspense()] == ["no_reference"]
    assert sqlite_house.breaches() == {}


def test_plain_answers_are_never_asked_about_one_by_one(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> object:
        raise AssertionError("decided by itself")

    sent = some_sent(house, 4)
    monkeypatch.undo()
    monkeypatch.setattr(match, "decide", never)
    account, foreign = sent[0].account, Booked(12_00, sent[0].currency, TAKEN_BACK)

    house.in_turn(
        *(pain002(one, "ACCP", None, message_id=one.end_to_end_id) for one in sent),
        camt054(account, *map(credit, sent), foreign),
        camt054(account, *map(credit, sent), message_id="AGAIN"),
        camt054(account, *(returned(one, day=TAKEN_BACK) for one in sent)),
    )

    assert {house.outcome(one).state for one in sent} == {State.RETURNED}
    assert [reason for reason, _ in house.suspense()] == ["no_reference"]


def test_as_many_questions_are_asked_about_a_long_file_as_about_a_short_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = some_sent(house, 12)
    monkeypatch.undo()

    short = questions(house, camt054(sent[0].account, *map(credit, sent[:2])))
    long = questions(house, camt054(sent[0].account, *map(credit, sent[2:])))

    assert short == long


def questions(house: House, file: bytes) -> int:
    """How many statements an import executes."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    engine = house.service.desk.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        house.in_turn(file)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(asked)
