"""A person explains an entry in suspense: who and why are kept, what does not fit is refused, and a replay does the same."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from bank_files import Booked, camt053, camt054, credit, returned
from house import APPROVER, CLERK, House, Sent
from reconcile.deciding import decided, money, undone
from sqlalchemy import select

from debit_service import replay
from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.models import AuditEntry
from debit_service.reconcile.models import Disposition, Resolution
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.rules import State
from debit_service.reconcile.service import resolve

CREDITED, TAKEN_BACK = date(2026, 9, 30), date(2026, 10, 5)


def nameless_credit(house: House, sent: Sent, amount_minor: int | None = None) -> str:
    """A credit without our reference arrives; returns the entry that waits."""
    booked = Booked(amount_minor or sent.amount_minor, sent.currency, CREDITED, servicer_reference="AS-1")
    house.in_turn(camt054(sent.account, booked, message_id="NAMELESS"))
    (entry,) = house.waiting()
    return entry.id


def test_a_clerk_who_explains_an_entry_is_kept_with_the_reason(house: House) -> None:
    sent = house.sent()
    entry_id = nameless_credit(house, sent)

    house.resolve(entry_id, sent.end_to_end_id, "the bank named it by telephone on 1 October")

    assert house.outcome(sent).state is State.SETTLED
    assert house.suspense() == []
    assert "suspense/CNAS" not in house.balances()
    with house.reading() as work:
        (resolution,) = work.session.scalars(select(Resolution))
        history = list(work.session.scalars(select(Disposition.kind).where(Disposition.entry_id == entry_id)))
        logged = select(AuditEntry.who).where(AuditEntry.action == "entry.resolved")
        assert (resolution.who, resolution.why) == (CLERK.name, "the bank named it by telephone on 1 October")
        assert sorted(history) == ["matched", "suspense"]
        assert work.session.scalars(logged).all() == [CLERK.name]
    assert house.breaches() == {}


def test_an_amount_that_does_not_fit_is_refused_and_the_entry_stays(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    entry_id = nameless_credit(sqlite_house, sent, sent.amount_minor - 1)

    with pytest.raises(Refused, match="does not fit"):
        sqlite_house.resolve(entry_id, sent.end_to_end_id)

    assert [one.id for one in sqlite_house.waiting()] == [entry_id]


def test_a_debit_that_is_paid_already_is_refused(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    sqlite_house.in_turn(camt054(sent.account, credit(sent)))
    entry_id = nameless_credit(sqlite_house, sent)

    with pytest.raises(Refused, match="paid already"):
        sqlite_house.resolve(entry_id, sent.end_to_end_id)


def test_money_on_another_funds_account_is_refused_although_the_currency_fits(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    booked = Booked(sent.amount_minor, sent.currency, CREDITED)
    sqlite_house.in_turn(camt054("DZ580002100001113000000570", booked))
    (entry,) = sqlite_house.waiting()

    with pytest.raises(Refused, match="another account"):
        sqlite_house.resolve(entry.id, sent.end_to_end_id)


@pytest.mark.parametrize("why", ["", "   "])
def test_an_explanation_without_a_reason_is_refused(sqlite_house: House, why: str) -> None:
    sent = sqlite_house.sent()
    entry_id = nameless_credit(sqlite_house, sent)

    with pytest.raises(InvalidInput, match="Say why"):
        sqlite_house.resolve(entry_id, sent.end_to_end_id, why)


def test_an_entry_that_does_not_wait_or_does_not_exist_is_refused(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    entry_id = nameless_credit(sqlite_house, sent)
    sqlite_house.resolve(entry_id, sent.end_to_end_id)

    with pytest.raises(Refused, match="not in suspense"):
        sqlite_house.resolve(entry_id, sent.end_to_end_id)
    with pytest.raises(NotFound):
        sqlite_house.resolve("NO-SUCH-ENTRY", sent.end_to_end_id)


def test_only_a_clerk_explains_entries(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    entry_id = nameless_credit(sqlite_house, sent)

    with pytest.raises(Refused, match="role"), sqlite_house.desk.work(APPROVER) as work:
        resolve(work, sqlite_house.service.funds, entry_id, sent.end_to_end_id, "because")


def test_an_explained_return_frees_the_second_credit_that_waited_for_it(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    nameless_return = replace(returned(sent, day=TAKEN_BACK), end_to_end_id=None)
    sqlite_house.in_turn(
        camt054(sent.account, credit(sent), credit(sent, TAKEN_BACK, reference="AGAIN")),
        camt054(sent.account, nameless_return, message_id="N2"),
    )
    (waiting,) = [one for one in sqlite_house.waiting() if one.direction == "debit"]

    sqlite_house.resolve(waiting.id, sent.end_to_end_id)

    assert sqlite_house.suspense() == []
    assert sqlite_house.outcome(sent).state is State.SETTLED
    assert sqlite_house.breaches() == {}


def test_a_credit_of_the_same_day_that_the_bank_books_besides_the_explained_one_is_not_lost(
    sqlite_house: House,
) -> None:
    sent = sqlite_house.sent()
    sqlite_house.resolve(nameless_credit(sqlite_house, sent), sent.end_to_end_id)

    sqlite_house.in_turn(camt053(sent.account, CREDITED, 0, credit(sent, reference="AS-2")))

    assert [reason for reason, _ in sqlite_house.suspense()] == ["exceeds"]
    assert sqlite_house.balances()["bank/CNAS"] == 2 * sent.amount_minor


def test_a_replay_decides_again_what_a_person_decided_also_when_later_files_speak_of_it(house: House) -> None:
    """The credit itself arrives after a clerk gave its money to the debit: it must wait, in the replay as in the house."""
    sent = house.sent()
    entry_id = nameless_credit(house, sent)
    house.clock.set(house.clock.now() + timedelta(minutes=1))
    house.resolve(entry_id, sent.end_to_end_id)
    house.clock.set(house.clock.now() + timedelta(minutes=1))
    house.in_turn(camt054(sent.account, credit(sent, TAKEN_BACK, reference="LATER"), message_id="N2"))
    assert [reason for reason, _ in house.suspense()] == ["exceeds"]

    assert list(replay.differences(house.service)) == []


def test_a_replay_names_what_a_person_decided_and_the_files_no_longer_allow(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    sqlite_house.resolve(nameless_credit(sqlite_house, sent), sent.end_to_end_id)
    with sqlite_house.desk.work(CLERK) as work:
        (resolution,) = work.session.scalars(select(Resolution))
        resolution.evidence = {"end_to_end_id": "ANOTHER"}

    found = list(replay.differences(sqlite_house.service))

    assert any("cannot be read or decided again" in one for one in found)
    assert any(one.startswith(f"collection {sent.collection_id}") for one in found)


def test_a_sum_of_several_debits_that_a_person_names_settles_each(house: House) -> None:
    named = house.sent_together("CNAS", "100.00", "200.00", "300.00")
    booked = Booked(300_00, "DZD", CREDITED, servicer_reference="AS-1")
    house.in_turn(camt054(named[0].account, booked, message_id="SUM"))
    (entry,) = house.waiting()

    matched = decided(house, entry.id, Decision.MATCHED, end_to_end_ids=tuple(one.end_to_end_id for one in named[:2]))

    states = [house.outcome(one).state for one in named]
    assert states == [State.SETTLED, State.SETTLED, State.SENT]
    assert (house.waiting(), money(house)) == ([], {"bank": 300_00})
    assert house.breaches() == {}
    undone(house, matched.id)
    assert [house.outcome(one).state for one in named] == [State.SENT] * 3
    assert money(house) == {"bank": 300_00, "suspense": -300_00}


def test_several_returns_in_one_entry_go_back_each_with_the_charge_that_a_person_names(sqlite_house: House) -> None:
    house = sqlite_house
    named = house.sent_together("CNAS", "100.00", "200.00", "300.00")
    house.go_to(TAKEN_BACK)
    back = Booked(310_00, "DZD", TAKEN_BACK, direction="DBIT", servicer_reference="AS-2", sub_family="UPDD")
    house.in_turn(
        camt054(named[0].account, *(credit(one) for one in named)), camt054(named[0].account, back, message_id="N2")
    )
    (entry,) = house.waiting()

    two = tuple(one.end_to_end_id for one in named[:2])
    decided(house, entry.id, Decision.MATCHED, end_to_end_ids=two, charge_minor=5_00)

    results = [house.outcome(one) for one in named]
    assert [one.state for one in results] == [State.RETURNED, State.RETURNED, State.SETTLED]
    assert [one.charges_minor for one in results] == [5_00, 5_00, 0]
    assert money(house) == {"bank": 290_00, "charges": 10_00}
    assert house.breaches() == {}


@pytest.mark.parametrize("which", ["another sum", "one is paid", "one twice", "one is unknown"])
def test_several_debits_that_do_not_make_the_entry_or_of_which_one_does_not_fit_are_refused(
    sqlite_house: House, which: str
) -> None:
    house = sqlite_house
    one, other, third = house.sent_together("CNAS", "100.00", "200.00", "200.00")
    house.go_to(TAKEN_BACK)
    house.in_turn(camt054(one.account, credit(third)))
    booked = Booked(300_00, "DZD", CREDITED, servicer_reference="AS-1")
    house.in_turn(camt054(one.account, booked, message_id="SUM"))
    (entry,) = house.waiting()
    named = {
        "another sum": (other, third),
        "one is paid": (one, third),
        "one twice": (one, one, one),
        "one is unknown": (one, replace(other, end_to_end_id="NOT-OURS")),
    }[which]

    with pytest.raises((Refused, InvalidInput)):
        decided(house, entry.id, Decision.MATCHED, end_to_end_ids=tuple(each.end_to_end_id for each in named))

    assert [each.id for each in house.waiting()] == [entry.id]
    assert house.outcome(one).state is State.SENT
