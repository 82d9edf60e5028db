"""What people decide about penalties is decided on what is known then: answers, amounts, rules and evidence."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from bank_files import camt054, credit, pain002, returned
from house import APPROVER, CLERK, House, Sent
from other_payments import pay

from debit_service import operations
from debit_service.core.errors import Refused
from debit_service.core.work import Actor, Role
from debit_service.disputes import service as disputes
from debit_service.disputes.rules import Subject, SubjectKind
from debit_service.ledger.models import JournalEntry
from debit_service.penalties import notice_queries, queries
from debit_service.penalties.queries import TO_CONFIRM
from debit_service.penalties.service import assess, outages, reverse
from debit_service.penalties.tariff.catalogue import PenaltyRules

MID_OCTOBER = date(2026, 10, 15)
ANOTHER = Actor("another approver", frozenset({Role.FINANCE_APPROVER}))


def failed(house: House, amount: str = "1000.00") -> Sent:
    """A debit that the employer's account could not pay, assessed in the middle of October."""
    sent = house.sent(amount=amount)
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    house.go_to(MID_OCTOBER)
    house.assess()
    return sent


def penalty_of(house: House, sent: Sent) -> str:
    with house.reading() as work:
        (penalty,) = queries.penalties_of(work, sent.contribution_id)
        return penalty.id


def state(house: House, penalty_id: str) -> str | None:
    with house.reading() as work:
        return queries.state_of(work, penalty_id)


def notices(house: House) -> int:
    """Make the notices, and let them leave; how many."""
    told = operations.notify_penalties(house.service, CLERK, house.fund())
    operations.deliver(house.service, CLERK)
    return told


def to_decide(house: House) -> list[str]:
    with house.reading() as work:
        return [one.penalty.id for one in queries.listed(work, state=TO_CONFIRM)]


def taken_back(house: House, penalty_id: str, actor: Actor = APPROVER) -> None:
    with house.desk.work(actor) as work:
        reverse(work, house.fund(), penalty_id, "an error")


def upheld(house: House, sent: Sent, penalty_id: str) -> None:
    """The employer contests the penalty, and is right."""
    terms = operations.dispute_terms(house.service, house.fund())
    about = Subject(SubjectKind.PENALTY, penalty_id, sent.contribution_id, 50_00)
    with house.desk.work(Actor("the front desk", CLERK.roles)) as work:
        dispute_id = disputes.contest(work, terms, disputes.Objection(about, "the branch was closed")).id
    house.answer_dispute(dispute_id, "partly_upheld")


def test_after_the_employer_was_right_nothing_is_told_until_an_approver_has_decided(house: House) -> None:
    sent = failed(house)
    penalty_id = penalty_of(house, sent)
    house.confirm_penalty(penalty_id)
    upheld(house, sent, penalty_id)

    assert (notices(house), state(house, penalty_id), to_decide(house)) == (0, "confirmed", [penalty_id])

    house.confirm_penalty(penalty_id)
    assert to_decide(house) == []
    assert (notices(house), state(house, penalty_id)) == (1, "notified")
    assert house.breaches() == {}


def test_a_penalty_that_was_taken_back_and_is_asked_for_again_is_told_again(house: House) -> None:
    penalty_id = penalty_of(house, failed(house))
    house.confirm_penalty(penalty_id)
    assert notices(house) == 1
    taken_back(house, penalty_id)

    assert house.confirm_penalty(penalty_id) == "confirmed"
    assert (notices(house), state(house, penalty_id)) == (1, "notified")
    with house.reading() as work:
        assert [one.number for one, _ in notice_queries.notices_of(work, penalty_id)] == [1, 2]
    assert house.breaches() == {}


def test_what_a_person_took_back_is_asked_for_again_at_what_it_comes_to_now(sqlite_house: House) -> None:
    house = sqlite_house
    sent = failed(house)
    penalty_id = penalty_of(house, sent)
    taken_back(house, penalty_id)
    house.go_to(date(2026, 11, 15))
    pay(house, sent.contribution_id, "400.00", on=date(2026, 10, 5))
    house.assess()
    assert house.penalties(sent.contribution_id) == [("reversed", 56_00)]
    assert house.breaches() == {}

    began, ended = datetime(2026, 10, 1, 8, tzinfo=UTC), datetime(2026, 11, 15, 5, tzinfo=UTC)
    with house.desk.work(Actor("administrator", frozenset({Role.ADMINISTRATOR}))) as work:
        outages.record(work, began, ended, "nobody could pay", "incident 9")
    house.assess()
    assert house.penalties(sent.contribution_id) == [("reversed", 0)]
    with pytest.raises(Refused, match="Nothing of this penalty waits"):
        house.confirm_penalty(penalty_id)
    assert house.breaches() == {}


def test_an_approver_does_not_confirm_what_the_bank_has_said_otherwise_since(sqlite_house: House) -> None:
    house = sqlite_house
    sent = failed(house)
    house.bank_says(camt054(sent.account, credit(sent), message_id="N1"))

    with pytest.raises(Refused, match="No decision that stands"):
        house.confirm_penalty(penalty_of(house, sent))


def test_an_approver_does_not_confirm_what_was_paid_in_time_after_all(sqlite_house: House) -> None:
    due = date(2026, 10, 2)
    sent = sqlite_house.sent(due=due)
    sqlite_house.bank_says(pain002(sent, "RJCT", "AM04"))
    sqlite_house.go_to(MID_OCTOBER)
    sqlite_house.assess()
    assert sent.collection_date < due
    pay(sqlite_house, sent.contribution_id, on=due)

    with pytest.raises(Refused, match="Nothing of this penalty waits"):
        sqlite_house.confirm_penalty(penalty_of(sqlite_house, sent))


def test_an_approver_confirms_no_other_amount_than_was_seen(sqlite_house: House) -> None:
    house = sqlite_house
    penalty_id = penalty_of(house, failed(house))
    house.go_to(date(2026, 11, 15))

    with pytest.raises(Refused, match=r"now comes to 60\.00 DZD"):
        operations.confirm_penalty(house.service, APPROVER, penalty_id, "the file is complete", 50_00)
    assert state(house, penalty_id) == "proposed"


def test_nobody_is_told_of_a_penalty_against_which_the_bank_has_spoken_since(sqlite_house: House) -> None:
    house = sqlite_house
    sent = failed(house)
    penalty_id = penalty_of(house, sent)
    house.confirm_penalty(penalty_id)
    house.bank_says(camt054(sent.account, credit(sent), message_id="N1"))

    assert (notices(house), state(house, penalty_id)) == (0, "reversed")


def test_without_a_rule_in_force_what_stands_becomes_less_and_never_more(sqlite_house: House) -> None:
    house = sqlite_house
    sent = failed(house)
    penalty_id = penalty_of(house, sent)
    house.go_to(date(2026, 12, 15))
    house.assess()
    house.confirm_penalty(penalty_id)
    bench = operations.bench(house.service, house.fund())
    disabled = replace(
        bench, rules=PenaltyRules(tuple(one.model_copy(update={"enabled": False}) for one in bench.rules))
    )

    def owed_on(day: date) -> int:
        house.go_to(day)
        again = replace(disabled, today=day)
        with house.desk.work(CLERK) as work:
            assess(work, again)
            return queries.money_of(work, penalty_id).owed_minor

    assert owed_on(date(2027, 2, 15)) == 70_00
    pay(house, sent.contribution_id, "1000.00", on=date(2026, 10, 20))
    assert owed_on(date(2027, 2, 15)) == 50_00
    assert house.breaches() == {}


def test_what_a_first_approver_agreed_to_falls_with_every_reversal(sqlite_house: House) -> None:
    house = sqlite_house
    sent = failed(house, "30000000.00")
    penalty_id = penalty_of(house, sent)
    assert house.confirm_penalty(penalty_id) == "proposed"
    house.bank_says(camt054(sent.account, credit(sent), message_id="N1"))
    house.assess()
    house.bank_says(camt054(sent.account, returned(sent, "AM04"), message_id="N2"))
    house.assess()

    with house.reading() as work:
        assert queries.get(work, penalty_id).agreed_by is None


def test_the_journal_books_on_the_funds_day_although_it_is_another_one_in_greenwich(sqlite_house: House) -> None:
    house = sqlite_house
    penalty_id = penalty_of(house, failed(house))
    house.clock.set(datetime(2026, 10, 15, 23, 30, tzinfo=UTC))

    house.confirm_penalty(penalty_id)

    with house.reading() as work:
        booked = work.session.query(JournalEntry).filter(JournalEntry.subject == penalty_id).all()
    assert {one.business_date for one in booked} == {date(2026, 10, 16)}


def test_a_large_penalty_is_taken_back_by_two_approvers_as_it_is_confirmed_by_two(sqlite_house: House) -> None:
    house = sqlite_house
    penalty_id = penalty_of(house, failed(house, "30000000.00"))
    house.confirm_penalty(penalty_id)
    house.confirm_penalty(penalty_id, ANOTHER)

    taken_back(house, penalty_id)
    assert state(house, penalty_id) == "confirmed"
    with pytest.raises(Refused, match="cannot be the second one"):
        taken_back(house, penalty_id)
    taken_back(house, penalty_id, ANOTHER)
    assert state(house, penalty_id) == "reversed"
    assert house.breaches() == {}
