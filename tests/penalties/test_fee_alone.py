"""What the bank charged is claimed without a penalty, where the failure was the employer's and its law lets the fund claim it."""

import json
from dataclasses import replace
from datetime import date

from bank_files import camt054, credit, returned
from house import APPROVER, CLERK, House, Sent
from other_payments import pay, undo
from sqlalchemy import select

from debit_service import operations
from debit_service.contributions import queries as contributions
from debit_service.core.models import OutboxMessage
from debit_service.penalties import queries
from debit_service.penalties.contestable import contestable
from debit_service.penalties.service import assess, reverse

FUND, MID_OCTOBER = "EINZUGSSTELLE", date(2026, 10, 15)


def failed(house: House, reason: str = "AM04") -> Sent:
    """A debit of 40.00 that failed, for which the bank took 3.00: too small an amount for a surcharge (SGB IV s. 24(1))."""
    sent = house.sent(FUND, due=date(2026, 9, 28), amount="40.00")
    house.in_turn(
        camt054(sent.account, credit(sent)),
        camt054(sent.account, returned(sent, reason, charges_minor=3_00), message_id="N2"),
    )
    house.go_to(MID_OCTOBER)
    return sent


def lives(house: House, sent: Sent) -> list[tuple[str | None, int, int]]:
    """State, steps and what is owed of each penalty."""
    with house.reading() as work:
        found = []
        for one in queries.penalties_of(work, sent.contribution_id):
            money = queries.money_of(work, one.id)
            found.append((queries.state_of(work, one.id), money.computed_minor, money.owed_minor))
        return found


def test_it_is_claimed_once_all_is_paid_told_as_what_it_is_and_falls_with_the_payment(house: House) -> None:
    sent = failed(house)
    house.assess(FUND)
    assert lives(house, sent) == []

    payment = pay(house, sent.contribution_id, "40.00").payment.id
    house.assess(FUND)
    assert lives(house, sent) == [("confirmed", 0, 3_00)]
    assert {
        one: minor for one, minor in house.balances().items() if one.startswith(("surcharge", "fees-rebilled"))
    } == {
        f"surcharge-receivable/{FUND}": 3_00,
        f"fees-rebilled/{FUND}": -3_00,
    }
    with house.reading() as work:
        contribution = contributions.get(work, sent.contribution_id)
        assert [one.amount_minor for one in contestable(work, contribution)][-1] == 3_00

    assert operations.notify_penalties(house.service, CLERK, house.fund(FUND)) == 1
    operations.deliver(house.service, CLERK)
    with house.reading() as work:
        query = select(OutboxMessage).where(OutboxMessage.kind == "penalty_notice")
        sealed = work.session.scalars(query).one()
        message = json.loads(work.keys.open(sealed.body_sealed, f"outbox.body:{sealed.id}"))
    assert "Bank fee" in message["subject"]
    assert "no penalty is due" in message["text"]
    assert lives(house, sent) == [("notified", 0, 3_00)]
    assert house.breaches() == {}

    undo(house, payment)
    house.assess(FUND)
    assert lives(house, sent) == [("reversed", 0, 0)]
    assert house.breaches() == {}


def test_nothing_is_claimed_for_a_failure_that_was_not_the_employers(sqlite_house: House) -> None:
    sent = failed(sqlite_house, "AM05")
    pay(sqlite_house, sent.contribution_id, "40.00")
    sqlite_house.assess(FUND)
    assert lives(sqlite_house, sent) == []


def test_where_it_is_not_certain_that_it_may_be_claimed_a_person_decides(sqlite_house: House) -> None:
    house = sqlite_house
    sent = failed(house)
    pay(house, sent.contribution_id, "40.00")
    fund = house.fund(FUND)
    unsure = fund.penalties.rebill_bank_fee.model_copy(update={"certainty": "not_found"})
    policy = fund.penalties.model_copy(update={"rebill_bank_fee": unsure})
    bench = replace(operations.bench(house.service, fund), fund=fund.model_copy(update={"penalties": policy}))

    with house.desk.work(CLERK) as work:
        assess(work, bench)

    assert lives(house, sent) == [("proposed", 0, 0)]


def test_what_an_approver_took_back_is_not_claimed_again(sqlite_house: House) -> None:
    house = sqlite_house
    sent = failed(house)
    pay(house, sent.contribution_id, "40.00")
    house.assess(FUND)
    with house.reading() as work:
        (one,) = queries.penalties_of(work, sent.contribution_id)
    with house.desk.work(APPROVER) as work:
        reverse(work, house.fund(FUND), one.id, "we bear it")

    house.assess(FUND)
    assert lives(house, sent) == [("reversed", 0, 0)]
