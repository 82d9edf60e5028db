"""Mandates end by themselves: unused for 36 months, or used up by their one or last debit; never with a debit under way."""

from datetime import date, timedelta
from itertools import count

import pytest
from bank_files import camt054, credit, pain002, returned
from house import APPROVER, CLERK, House, Sent
from mandates.test_life import hand_over, suspended, take, transferable

from debit_service.collections.models import Collection
from debit_service.collections.service.expire import Expired, expire
from debit_service.core.errors import Refused
from debit_service.mandates import life, queries
from debit_service.mandates.models import Mandate, MandateForm

#: House.mandate signs on this day.
SIGNED = date(2026, 6, 15)
DORMANT = date(2029, 6, 15)
PAID_ON = date(2026, 9, 30)
#: By then no return and no refund of any fund is possible any more.
MUCH_LATER = PAID_ON + timedelta(days=70)
messages = count(1)


def run(house: House, today: date, fund_id: str = "CNAS") -> Expired:
    with house.desk.work(CLERK) as work:
        return expire(work, house.fund(fund_id), today)


def state(house: House, mandate_id: str) -> str:
    with house.reading() as work:
        return queries.state(work, mandate_id)


def mandate_of(house: House, sent: Sent) -> str:
    return house.collection(sent).mandate_id


def make(house: House, mandate_id: str, **columns: object) -> None:
    """Set what a mandate says without living through how it came to say it."""
    with house.desk.work(CLERK) as work:
        mandate = work.session.get_one(Mandate, mandate_id)
        for name, value in columns.items():
            setattr(mandate, name, value)


def told_last(house: House, sent: Sent) -> None:
    """The bank was told that this debit is the last."""
    make(house, mandate_of(house, sent), final_asked_on=date(2026, 9, 1))
    with house.desk.work(CLERK) as work:
        work.session.get_one(Collection, sent.collection_id).sequence_type = "FNAL"


def paid(house: House, sent: Sent) -> Sent:
    house.bank_says(camt054(sent.account, credit(sent), message_id=f"P{next(messages)}"))
    return sent


def test_a_mandate_that_nobody_used_lapses_on_the_day_and_not_before(house: House) -> None:
    mandate_id = house.mandate(house.employer(mandate=False))

    assert run(house, DORMANT - timedelta(days=1)) == Expired([], [])
    assert run(house, DORMANT) == Expired([mandate_id], [])

    assert state(house, mandate_id) == "expired"
    assert run(house, DORMANT) == Expired([], [])
    assert house.breaches() == {}


def test_a_suspended_mandate_lapses_too_and_one_that_waits_for_its_bank_does_not(sqlite_house: House) -> None:
    stopped = suspended(sqlite_house)
    waiting = sqlite_house.mandate(sqlite_house.employer(mandate=False), accepted=False)
    assert run(sqlite_house, DORMANT) == Expired([stopped], [])
    assert state(sqlite_house, waiting) == "signed"


def test_another_funds_mandates_are_left_alone(sqlite_house: House) -> None:
    sqlite_house.employer("CNSS")
    assert run(sqlite_house, DORMANT) == Expired([], [])


def test_a_debit_that_was_presented_and_failed_counts_as_use(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    sqlite_house.bank_says(pain002(sent, "RJCT", "AC04"))
    used = sqlite_house.collection(sent).collection_date

    assert run(sqlite_house, DORMANT) == Expired([], [])
    assert run(sqlite_house, used.replace(year=used.year + 3)).expired == [mandate_of(sqlite_house, sent)]


@pytest.mark.parametrize("answered", [False, True], ids=["under way", "paid"])
def test_a_debit_under_way_keeps_its_mandate_and_one_that_was_paid_years_ago_does_not(
    sqlite_house: House, answered: bool
) -> None:
    sent = sqlite_house.sent()
    if answered:
        paid(sqlite_house, sent)
    expected = [mandate_of(sqlite_house, sent)] if answered else []
    assert run(sqlite_house, date(2030, 1, 1)) == Expired(expected, [])


def test_a_planned_debit_keeps_its_mandate(sqlite_house: House) -> None:
    one = sqlite_house.employer()
    contribution = sqlite_house.contribution(one)
    sqlite_house.collect()
    assert len(sqlite_house.debits_of(contribution)) == 1
    assert run(sqlite_house, date(2030, 1, 1)) == Expired([], [])


def test_of_what_was_imported_the_debits_before_are_not_known_so_it_counts_from_the_import(sqlite_house: House) -> None:
    mandate_id = sqlite_house.mandate(sqlite_house.employer(mandate=False))
    make(sqlite_house, mandate_id, signed_on=date(2015, 1, 1))
    with sqlite_house.desk.work(CLERK) as work:
        form = work.session.get_one(MandateForm, work.session.get_one(Mandate, mandate_id).form_id)
        form.how = "import"
    assert run(sqlite_house, date(2029, 8, 31)) == Expired([], [])
    assert run(sqlite_house, date(2029, 9, 1)).expired == [mandate_id]


def test_a_transferred_mandate_does_not_lapse_for_what_its_predecessor_did(sqlite_house: House) -> None:
    old = transferable(sqlite_house)
    make(sqlite_house, old, signed_on=date(2015, 1, 1))
    new = hand_over(sqlite_house, old, accepted="the bank's message")
    assert run(sqlite_house, date(2029, 8, 31), "CASNOS") == Expired([], [])
    assert run(sqlite_house, date(2029, 9, 1), "CASNOS").expired == [new.id]


# --- used up ---


@pytest.mark.parametrize("fund_id", ["CNAS", "EINZUGSSTELLE"])
def test_the_last_debit_uses_the_mandate_up_once_it_can_no_longer_be_taken_back(house: House, fund_id: str) -> None:
    sent = house.sent(fund_id)
    told_last(house, sent)
    assert run(house, MUCH_LATER, fund_id) == Expired([], [])
    paid(house, sent)

    assert run(house, PAID_ON, fund_id) == Expired([], [])
    assert run(house, MUCH_LATER, fund_id) == Expired([], [mandate_of(house, sent)])

    assert state(house, mandate_of(house, sent)) == "completed"
    assert run(house, MUCH_LATER, fund_id) == Expired([], [])
    assert house.breaches() == {}


def test_a_core_debit_is_not_for_good_while_the_debtor_may_ask_it_back(sqlite_house: House) -> None:
    sent = sqlite_house.sent("EINZUGSSTELLE")
    told_last(sqlite_house, sent)
    paid(sqlite_house, sent)
    eight_weeks = timedelta(days=sqlite_house.fund("EINZUGSSTELLE").refund_window_days.value)
    booked = PAID_ON
    assert run(sqlite_house, booked + eight_weeks, "EINZUGSSTELLE") == Expired([], [])
    assert run(sqlite_house, booked + eight_weeks + timedelta(days=1), "EINZUGSSTELLE").completed


def test_a_last_debit_that_went_back_completes_nothing(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    told_last(sqlite_house, sent)
    paid(sqlite_house, sent)
    sqlite_house.bank_says(camt054(sent.account, returned(sent, "AM04", date(2026, 10, 2)), message_id="R1"))
    assert run(sqlite_house, MUCH_LATER) == Expired([], [])


def test_a_debit_before_the_last_completes_nothing(sqlite_house: House) -> None:
    sent = paid(sqlite_house, sqlite_house.sent())
    make(sqlite_house, mandate_of(sqlite_house, sent), final_asked_on=date(2026, 10, 15))
    assert run(sqlite_house, MUCH_LATER) == Expired([], [])


def test_a_mandate_for_one_debit_is_used_up_by_it(sqlite_house: House) -> None:
    sent = paid(sqlite_house, sqlite_house.sent())
    make(sqlite_house, mandate_of(sqlite_house, sent), recurrence="one_off")
    assert run(sqlite_house, MUCH_LATER) == Expired([], [mandate_of(sqlite_house, sent)])


def test_a_suspended_mandate_waits_for_a_person_to_complete_it(sqlite_house: House) -> None:
    sent = paid(sqlite_house, sqlite_house.sent())
    told_last(sqlite_house, sent)
    take(sqlite_house, life.suspend, mandate_of(sqlite_house, sent))
    assert run(sqlite_house, MUCH_LATER) == Expired([], [])


def test_a_job_may_do_it_and_an_approver_may_not(sqlite_house: House) -> None:
    with pytest.raises(Refused, match="role"), sqlite_house.desk.work(APPROVER) as work:
        expire(work, sqlite_house.fund(), DORMANT)
