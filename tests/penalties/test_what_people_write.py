"""What people write may name somebody: it stands in the row that it is about, and not in the log that is never rewritten."""

import json
from datetime import UTC, date, datetime

from bank_files import pain002
from house import APPROVER, CLERK, House
from sqlalchemy import text

from debit_service.contributions.payments import Means, Paid
from debit_service.core.work import Actor, Role
from debit_service.penalties import queries
from debit_service.penalties.service import outages, pay, reverse

ANOTHER = Actor("another approver", frozenset({Role.FINANCE_APPROVER}))
SAID = "Mrs Sample of the accounts office telephoned"


def test_the_log_says_what_was_decided_and_by_whom_but_nothing_that_people_wrote(sqlite_house: House) -> None:
    house = sqlite_house
    small, large = house.sent_together("CNAS", "1000.00", "30000000.00")
    house.bank_says(pain002(small, "RJCT", "AM04"), pain002(large, "RJCT", "AM04"))
    house.go_to(date(2026, 10, 15))
    house.assess()
    with house.reading() as work:
        mine, big = (queries.penalties_of(work, one.contribution_id)[0].id for one in (small, large))
    house.confirm_penalty(mine, APPROVER, SAID)
    house.confirm_penalty(big, APPROVER, SAID)
    house.confirm_penalty(big, ANOTHER, SAID)
    house.go_to(date(2026, 11, 15))
    house.assess()
    house.confirm_penalty(mine, APPROVER, SAID)
    paid = Paid(
        amount_minor=10_00,
        currency="DZD",
        paid_on=date(2026, 11, 15),
        means=Means.CASH,
        reference="C-1",
        evidence="receipt 17",
    )
    with house.desk.work(CLERK) as work:
        payment = pay.pay(work, house.service.funds, mine, paid)
    with house.desk.work(APPROVER) as work:
        pay.undo(work, house.service.funds, payment.id, SAID)
        reverse(work, house.fund(), mine, SAID)
    began, ended = datetime(2026, 9, 1, 5, tzinfo=UTC), datetime(2026, 9, 1, 7, tzinfo=UTC)
    administrators = [Actor(name, frozenset({Role.ADMINISTRATOR})) for name in ("one", "another")]
    with house.desk.work(administrators[0]) as work:
        outage = outages.record(work, began, ended, "no notice went out", "incident 7")
    with house.desk.work(administrators[1]) as work:
        outages.withdraw(work, outage.id, SAID)

    with house.reading() as work:
        log = work.session.execute(text("select action, details from audit_entries")).all()
        grown = [one.why for one in queries.life_of(work, mine) if one.from_state == one.to_state]
    assert {"penalty.agreed", "penalty.growth_confirmed", "penalty.payment_undone", "outage.withdrawn"} <= {
        action for action, _ in log
    }
    assert [action for action, details in log if SAID in json.dumps(details)] == []
    assert grown == [SAID]
