"""Money of penalties that a person recorded, and the bank's own booking of it: it stands once, whichever came first."""

from dataclasses import replace
from datetime import date

import pytest
from bank_files import Booked, camt054, pain002
from house import APPROVER, CLERK, House

from debit_service.contributions.payments import Means, Paid
from debit_service.core.errors import Refused
from debit_service.core.work import Actor, Role
from debit_service.penalties import at_the_bank, queries
from debit_service.penalties.service import from_entries, pay, reverse
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.service import Ask, Decided

MID_OCTOBER = date(2026, 10, 15)
ANOTHER = Actor("another approver", frozenset({Role.FINANCE_APPROVER}))


@pytest.fixture
def asked(house: House) -> str:
    """A penalty of 50.00 that is asked for."""
    (penalty_id,) = asked_of(house, "1000.00")
    return penalty_id


def asked_of(house: House, *amounts: str) -> list[str]:
    """Penalties of a twentieth of these amounts that are asked for."""
    sents = house.sent_together("CNAS", *amounts)
    house.in_turn(*(pain002(one, "RJCT", "AM04", message_id=f"S{number}") for number, one in enumerate(sents)))
    house.go_to(MID_OCTOBER)
    house.assess()
    with house.reading() as work:
        found = [one.id for sent in sents for one in queries.penalties_of(work, sent.contribution_id)]
    for one in found:
        for approver in (APPROVER, ANOTHER):
            if state(house, one) == "proposed":
                house.confirm_penalty(one, approver)
    return found


def said(house: House, minor: int, reference: str, day: date = MID_OCTOBER) -> Paid:
    return Paid(
        amount_minor=minor,
        currency="DZD",
        paid_on=day,
        means=Means.TRANSFER,
        reference=reference,
        evidence="advice of the bank",
    )


def paid(house: House, penalty_id: str, minor: int = 50_00, reference: str = "C-1", day: date = MID_OCTOBER) -> str:
    with house.desk.work(CLERK) as work:
        return pay.pay(work, house.service.funds, penalty_id, said(house, minor, reference, day)).id


def given_back(house: House, penalty_id: str, minor: int, reference: str = "OUT-1") -> str:
    with house.desk.work(APPROVER) as work:
        return pay.give_back(work, house.service.funds, penalty_id, said(house, minor, reference)).id


def booking(house: House, minor: int, *, name: str = "IN", out: bool = False, text: str | None = None) -> str:
    """The bank books money without any reference of ours; the entry that waits."""
    before = {one.id for one in house.waiting()}
    booked = Booked(minor, "DZD", MID_OCTOBER, servicer_reference=f"AS-{name}", sub_family="OTHR", end_to_end_id=text)
    file = camt054(
        house.fund().creditor.account.value,
        replace(booked, direction="DBIT" if out else "CRDT"),
        message_id=name,
    )
    house.in_turn(file)
    (entry,) = [one for one in house.waiting() if one.id not in before]
    return entry.id


def recognised(house: House, entry_id: str, recorded: str) -> Decided:
    ask = Ask(decision=Decision.RECOGNISED, why="the same amount on the same day", recorded=recorded)
    with house.desk.work(CLERK) as work:
        return from_entries.decide(work, house.service.funds, entry_id, ask)


def undone(house: House, decided: Decided) -> None:
    with house.desk.work(CLERK) as work:
        again = from_entries.undo(work, house.service.funds, decided.id, "it was another one's")
    assert again.state == "carried_out"


def stands(house: House) -> dict[str, int]:
    """Where money is that came in or went out, and what is owed of penalties."""
    wanted = ("bank/", "other-means/", "suspense/", "surcharge-receivable/", "refunds-owed/")
    return {name.partition("/")[0]: minor for name, minor in house.balances().items() if name.startswith(wanted)}


def state(house: House, penalty_id: str) -> str | None:
    with house.reading() as work:
        return queries.state_of(work, penalty_id)


def test_a_payment_of_a_penalty_is_recognised_in_the_banks_file_and_its_money_stands_once(
    house: House, asked: str
) -> None:
    payment = paid(house, asked)
    assert stands(house) == {"other-means": 50_00}

    seen = recognised(house, booking(house, 50_00), payment)

    assert (stands(house), state(house, asked)) == ({"bank": 50_00}, "paid")
    assert house.breaches() == {}
    with pytest.raises(Refused, match="entry shows this payment"), house.desk.work(APPROVER) as work:
        pay.undo(work, house.service.funds, payment, "the transfer came back")
    with pytest.raises(Refused, match="no entry shows yet"):
        recognised(house, booking(house, 50_00, name="TWIN"), payment)

    undone(house, seen)
    assert stands(house) == {"bank": 100_00, "other-means": 50_00, "suspense": -100_00}
    assert state(house, asked) == "paid"
    assert house.breaches() == {}


def test_what_was_given_back_of_a_penalty_is_recognised_in_the_money_that_left(house: House, asked: str) -> None:
    recognised(house, booking(house, 50_00), paid(house, asked))
    with house.desk.work(APPROVER) as work:
        reverse(work, house.fund(), asked, "we had debited another account")
    back = given_back(house, asked, 50_00)
    assert stands(house) == {"bank": 50_00, "other-means": -50_00}

    with pytest.raises(Refused, match="no entry shows yet"):
        recognised(house, booking(house, 50_00, name="ANOTHER"), back)
    recognised(house, booking(house, 50_00, name="OUT", out=True), back)

    assert stands(house) == {"bank": 50_00, "suspense": -50_00}
    assert house.breaches() == {}


def test_the_entry_may_come_before_the_payment_is_recorded(sqlite_house: House) -> None:
    house = sqlite_house
    (penalty_id,) = asked_of(house, "1000.00")
    entry_id = booking(house, 50_00)
    with house.reading() as work:
        assert at_the_bank.what_it_may_be(work, decisions.entry(work, entry_id)) == ()

    payment = paid(house, penalty_id)
    recognised(house, entry_id, payment)

    assert (stands(house), state(house, penalty_id)) == ({"bank": 50_00}, "paid")
    assert house.breaches() == {}


def test_of_what_was_recorded_with_this_amount_the_one_that_the_entry_names_comes_first(sqlite_house: House) -> None:
    house = sqlite_house
    first, second, dearer = asked_of(house, "1000.00", "1000.00", "2000.00")
    on_the_day = paid(house, first)
    named = paid(house, second, reference="C-2", day=date(2026, 10, 2))
    paid(house, dearer, 40_00, reference="C-3")
    entry_id = booking(house, 50_00, text="C-2")

    with house.reading() as work:
        found = at_the_bank.what_it_may_be(work, decisions.entry(work, entry_id))

    assert [(one.recorded.id, one.recorded.about, [each.name for each in one.points]) for one in found] == [
        (named, second, ["amount", "books"]),
        (on_the_day, first, ["amount", "recorded day"]),
    ]


def test_a_proposal_to_recognise_a_payment_that_was_undone_since_is_not_confirmed(sqlite_house: House) -> None:
    house = sqlite_house
    minor = house.fund().reconciliation.four_eyes_above_minor.require() // 100 * 100 + 1_00
    (penalty_id,) = asked_of(house, f"{minor * 20 // 100}.00")
    payment = paid(house, penalty_id, minor)
    entry_id = booking(house, minor)
    proposal = recognised(house, entry_id, payment)
    assert proposal.state == "proposed"

    with house.desk.work(APPROVER) as work:
        pay.undo(work, house.service.funds, payment, "recorded twice")
    with pytest.raises(Refused, match="no entry shows yet"), house.desk.work(APPROVER) as work:
        from_entries.confirm(work, house.service.funds, proposal.id)

    assert entry_id in [one.id for one in house.waiting()]
    assert house.breaches() == {}
