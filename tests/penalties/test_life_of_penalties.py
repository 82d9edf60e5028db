"""The life of a penalty: confirmed, told, paid, given back; in dispute; within the fund's limits; and the journal with it."""

import json
from dataclasses import replace
from datetime import date

import pytest
from bank_files import camt054, credit, pain002, returned
from house import APPROVER, CLERK, House, Sent

from debit_service import operations
from debit_service.contributions.models import Contribution
from debit_service.contributions.payments import Means, Paid
from debit_service.core.errors import Refused
from debit_service.core.models import OutboxMessage
from debit_service.core.work import Actor, Role
from debit_service.employers.queries import registrations
from debit_service.penalties import notice_queries, queries
from debit_service.penalties.life import Money
from debit_service.penalties.queries import TO_CONFIRM
from debit_service.penalties.service import assess, from_entries, pay, reverse
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.service import Ask
from debit_service.reports.refunds import refunds

MID_OCTOBER, MID_NOVEMBER = date(2026, 10, 15), date(2026, 11, 15)
ANOTHER = Actor("another approver", frozenset({Role.FINANCE_APPROVER}))


def unpaid(house: House, amount: str = "1000.00", fund: str = "CNAS", due: date = date(2026, 9, 30)) -> str:
    """A contribution whose debit the employer's account could not pay, assessed in the middle of October; its penalty."""
    sent = house.sent(fund, amount=amount, due=due)
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    house.go_to(MID_OCTOBER)
    house.assess(fund)
    return penalty_of(house, sent)


def penalty_of(house: House, sent: Sent) -> str:
    with house.reading() as work:
        (penalty,) = queries.penalties_of(work, sent.contribution_id)
        return penalty.id


def confirmed(house: House, penalty_id: str, actor: Actor = APPROVER) -> str:
    return house.confirm_penalty(penalty_id, actor)


def paid(house: House, penalty_id: str, minor: int, reference: str = "C-1") -> str:
    with house.desk.work(CLERK) as work:
        today = operations.today(house.service, house.fund())
        said = Paid(
            amount_minor=minor,
            currency="DZD",
            paid_on=today,
            means=Means.CASH,
            reference=reference,
            evidence="receipt 17",
        )
        return pay.pay(work, house.service.funds, penalty_id, said).id


def state(house: House, penalty_id: str) -> str | None:
    with house.reading() as work:
        return queries.state_of(work, penalty_id)


def money(house: House, penalty_id: str) -> Money:
    with house.reading() as work:
        return queries.money_of(work, penalty_id)


def notices(house: House, fund: str = "CNAS") -> int:
    """Make the notices, and let them leave; how many."""
    told = operations.notify_penalties(house.service, CLERK, house.fund(fund))
    operations.deliver(house.service, CLERK)
    return told


def booked(house: House) -> dict[str, int]:
    """What penalties have in the journal."""
    wanted = ("surcharge", "fees-rebilled", "refunds-owed", "other-means")
    return {name.partition("/")[0]: minor for name, minor in house.balances().items() if name.startswith(wanted)}


def test_a_confirmed_penalty_is_told_once_and_its_growth_waits_for_a_person_and_is_told_again(house: House) -> None:
    penalty_id = unpaid(house)
    confirmed(house, penalty_id)

    assert (notices(house), notices(house)) == (1, 0)
    assert state(house, penalty_id) == "notified"
    assert house.breaches() == {}

    house.go_to(MID_NOVEMBER)
    house.assess()
    assert money(house, penalty_id).owed_minor == 50_00
    assert money(house, penalty_id).waiting_minor == 10_00
    with house.reading() as work:
        assert [one.penalty.id for one in queries.listed(work, state=TO_CONFIRM)] == [penalty_id]

    confirmed(house, penalty_id)
    assert state(house, penalty_id) == "confirmed"
    assert booked(house) == {"surcharge-receivable": 60_00, "surcharges": -60_00}
    assert notices(house) == 1
    with house.reading() as work:
        told = [(one.number, one.amount_minor) for one, _ in notice_queries.notices_of(work, penalty_id)]
        messages = [
            json.loads(work.keys.open(one.body_sealed, f"outbox.body:{one.id}"))
            for one in work.session.query(OutboxMessage).where(OutboxMessage.kind == "penalty_notice")
        ]
    assert told == [(1, 50_00), (2, 60_00)]
    assert f"{penalty_id}-1" in messages[1]["text"]
    assert house.breaches() == {}


def test_paid_in_parts_it_is_paid_and_undone_it_is_owed_again(house: House) -> None:
    penalty_id = unpaid(house)
    confirmed(house, penalty_id)
    notices(house)

    paid(house, penalty_id, 20_00)
    assert (state(house, penalty_id), money(house, penalty_id).open_minor) == ("notified", 30_00)
    payment = paid(house, penalty_id, 30_00, "C-2")
    assert paid(house, penalty_id, 30_00, "C-2") == payment
    assert state(house, penalty_id) == "paid"
    assert booked(house) == {"surcharges": -50_00, "other-means": 50_00}
    assert house.breaches() == {}

    with house.desk.work(APPROVER) as work:
        pay.undo(work, house.service.funds, payment, "the cheque bounced")
    assert state(house, penalty_id) == "notified"
    assert booked(house) == {"surcharge-receivable": 30_00, "surcharges": -50_00, "other-means": 20_00}
    assert house.breaches() == {}


def test_more_than_is_open_is_not_taken_and_nothing_is_paid_for_a_proposal(sqlite_house: House) -> None:
    penalty_id = unpaid(sqlite_house)
    with pytest.raises(Refused, match="Nothing is asked for"):
        paid(sqlite_house, penalty_id, 10_00)

    confirmed(sqlite_house, penalty_id)
    with pytest.raises(Refused, match="more than is open"):
        paid(sqlite_house, penalty_id, 50_01)


def test_what_was_paid_for_a_penalty_that_falls_is_owed_back_until_it_is_given_back(house: House) -> None:
    penalty_id = unpaid(house)
    confirmed(house, penalty_id)
    paid(house, penalty_id, 50_00)

    with house.desk.work(APPROVER) as work:
        reverse(work, house.fund(), penalty_id, "the commission decided so")
    assert booked(house) == {"other-means": 50_00, "refunds-owed": -50_00}
    assert house.breaches() == {}
    with house.reading() as work:
        assert [one for one in refunds(work) if "50.00 DZD more was paid than is owed of the penalty" in str(one)]

    with house.desk.work(APPROVER) as work:
        said = Paid(
            amount_minor=50_00,
            currency="DZD",
            paid_on=MID_OCTOBER,
            means=Means.TRANSFER,
            reference="OUT-1",
            evidence="order 9",
        )
        pay.give_back(work, house.service.funds, penalty_id, said)
    assert booked(house) == {}
    assert house.breaches() == {}


def test_a_large_penalty_needs_two_approvers(sqlite_house: House) -> None:
    penalty_id = unpaid(sqlite_house, "30000000.00")

    assert confirmed(sqlite_house, penalty_id) == "proposed"
    assert booked(sqlite_house) == {}
    with pytest.raises(Refused, match="cannot be the second one"):
        confirmed(sqlite_house, penalty_id)
    assert confirmed(sqlite_house, penalty_id, ANOTHER) == "confirmed"
    assert sqlite_house.breaches() == {}


def test_above_the_funds_amount_a_confirmed_rule_only_proposes(sqlite_house: House) -> None:
    penalty_id = unpaid(sqlite_house, "60000.00", "EINZUGSSTELLE", date(2026, 9, 28))

    assert state(sqlite_house, penalty_id) == "proposed"


def test_no_more_are_confirmed_by_themselves_in_a_day_than_the_fund_lets(sqlite_house: House) -> None:
    house = sqlite_house
    first, second = house.sent_together("EINZUGSSTELLE", "1000.00", "1000.00", due=date(2026, 9, 28))
    house.bank_says(pain002(first, "RJCT", "AM04"), pain002(second, "RJCT", "AM04"))
    house.go_to(MID_OCTOBER)
    fund = house.fund("EINZUGSSTELLE")
    one_a_day = fund.penalties.automatic_per_day_max.model_copy(update={"value": 1})
    limits = fund.penalties.model_copy(update={"automatic_per_day_max": one_a_day})
    bench = replace(operations.bench(house.service, fund), fund=fund.model_copy(update={"penalties": limits}))

    with house.desk.work(CLERK) as work:
        assess(work, bench)

    assert [state(house, penalty_of(house, one)) for one in (first, second)] == ["confirmed", "proposed"]
    assert house.breaches() == {}


def test_the_fee_of_the_bank_is_claimed_where_the_law_says_so_and_falls_with_the_fault(sqlite_house: House) -> None:
    """SGB IV s. 24(3): where the failure is the payer's, the return fee is claimed as well."""
    house = sqlite_house
    sent = house.sent("EINZUGSSTELLE", due=date(2026, 9, 28), amount="1000.00")
    house.in_turn(
        camt054(sent.account, credit(sent)),
        camt054(sent.account, returned(sent, "AM04", charges_minor=3_00), message_id="N2"),
    )
    house.go_to(MID_OCTOBER)
    house.assess("EINZUGSSTELLE")
    penalty_id = penalty_of(house, sent)

    assert booked(house) == {"surcharge-receivable": 13_00, "surcharges": -10_00, "fees-rebilled": -3_00}
    assert house.breaches() == {}

    with house.desk.work(APPROVER) as work:
        reverse(work, house.fund("EINZUGSSTELLE"), penalty_id, "we had debited another account")
    assert booked(house) == {}
    assert house.breaches() == {}


def test_while_it_is_in_dispute_a_penalty_stands_still_and_these_days_never_count(sqlite_house: House) -> None:
    """Due on 30 September; contested from 15 October to 5 December: the second month begins on 21 December, not on 31 October."""
    house = sqlite_house
    sent = house.sent()
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    house.go_to(MID_OCTOBER)
    house.assess()
    penalty_id = penalty_of(house, sent)
    confirmed(house, penalty_id)
    paid(house, penalty_id, 50_00)
    dispute_id = house.dispute(sent.contribution_id)

    house.go_to(date(2026, 12, 5))
    house.assess()
    assert (state(house, penalty_id), money(house, penalty_id).computed_minor) == ("paid", 50_00)
    assert house.breaches() == {}

    house.answer_dispute(dispute_id, "rejected")
    for day, computed in ((date(2026, 12, 21), 50_00), (date(2026, 12, 22), 60_00)):
        house.go_to(day)
        house.assess()
        assert money(house, penalty_id).computed_minor == computed
    assert house.breaches() == {}


def came_in(house: House, sent: Sent, minor: int, reference: str) -> str:
    """Money that no debit brought in; the entry that waits."""
    transfer = replace(
        credit(sent, day=MID_OCTOBER, reference=reference, amount_minor=minor), end_to_end_id=None, sub_family="XBCT"
    )
    before = {one.id for one in house.waiting()}
    house.bank_says(camt054(sent.account, transfer, message_id=reference))
    (waiting,) = [one for one in house.waiting() if one.id not in before]
    return waiting.id


def test_a_transfer_in_the_queue_pays_principal_before_the_surcharge_and_undone_it_pays_neither(house: House) -> None:
    sent = house.sent()
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    house.go_to(MID_OCTOBER)
    house.assess()
    penalty_id = penalty_of(house, sent)
    confirmed(house, penalty_id)
    with house.reading() as work:
        employer = work.session.get_one(Contribution, sent.contribution_id).employer_id
        number = registrations(work, employer)[0].number
    entry = came_in(house, sent, 1020_00, "T1")

    ask = Ask(decision=Decision.ALLOCATED, why="their letter says so", registration_number=number)
    with house.desk.work(CLERK) as work:
        decided = from_entries.decide(work, house.service.funds, entry, ask)

    assert decided.state == "carried_out"
    assert (state(house, penalty_id), money(house, penalty_id).open_minor) == ("confirmed", 30_00)
    assert booked(house) == {"surcharge-receivable": 30_00, "surcharges": -50_00}
    assert house.breaches() == {}

    with house.desk.work(CLERK) as work:
        proposed = from_entries.undo(work, house.service.funds, decided.id, "another employer's")
    with house.desk.work(APPROVER) as work:
        from_entries.confirm(work, house.service.funds, proposed.id)
    assert money(house, penalty_id).open_minor == 50_00
    assert house.breaches() == {}


def test_of_two_proposals_to_pay_one_surcharge_only_the_first_is_confirmed(sqlite_house: House) -> None:
    house, penalty_id = sqlite_house, unpaid(sqlite_house)
    confirmed(house, penalty_id)
    with house.reading() as work:
        sent = house.debit(queries.get(work, penalty_id).contribution_id)
    above = house.fund().reconciliation.four_eyes_above_minor.require()
    ask = Ask(decision=Decision.ALLOCATED, why="their letter", shares=((penalty_id, 50_00),), refund_rest=True)
    proposals = []
    for reference in ("T1", "T2"):
        entry = came_in(house, sent, above + 1, reference)
        with house.desk.work(CLERK) as work:
            proposals.append(from_entries.decide(work, house.service.funds, entry, ask))
    first, second = proposals
    assert (first.state, second.state) == ("proposed", "proposed")

    with house.desk.work(APPROVER) as work:
        assert from_entries.confirm(work, house.service.funds, first.id).state == "carried_out"
    with pytest.raises(Refused, match="not more than is open"), house.desk.work(APPROVER) as work:
        from_entries.confirm(work, house.service.funds, second.id)

    assert (state(house, penalty_id), money(house, penalty_id).refund_minor) == ("paid", 0)
    assert entry in [one.id for one in house.waiting()]
    assert house.breaches() == {}


def test_a_share_names_a_penalty_and_takes_no_more_than_is_open_of_it(sqlite_house: House) -> None:
    house, penalty_id = sqlite_house, unpaid(sqlite_house)
    confirmed(house, penalty_id)
    with house.reading() as work:
        contribution_id = queries.get(work, penalty_id).contribution_id
    entry = came_in(house, house.debit(contribution_id), 60_00, "T1")

    def asked(minor: int) -> Ask:
        return Ask(decision=Decision.ALLOCATED, why="their letter", shares=((penalty_id, minor),), refund_rest=True)

    with pytest.raises(Refused, match="not more than is open"), house.desk.work(CLERK) as work:
        from_entries.decide(work, house.service.funds, entry, asked(50_01))
    with house.desk.work(CLERK) as work:
        from_entries.decide(work, house.service.funds, entry, asked(50_00))

    assert state(house, penalty_id) == "paid"
    assert house.breaches() == {}
