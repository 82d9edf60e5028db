"""A late penalty that the employer contests: it does not grow meanwhile, and is not asked for against a standing answer."""

from datetime import date

import pytest
from bank_files import pain002
from house import APPROVER, CLERK, House, Sent

from debit_service import operations
from debit_service.contributions import queries as contributions
from debit_service.core.errors import Refused
from debit_service.core.work import Actor, Role
from debit_service.disputes import queries as disputes
from debit_service.disputes import service
from debit_service.disputes.rules import Answer, Ground, SubjectKind
from debit_service.penalties import queries as penalties
from debit_service.penalties.contestable import contestable, matter
from debit_service.penalties.service import confirm


@pytest.fixture
def unpaid(sqlite_house: House) -> Sent:
    """A debit that the employer's account could not pay; a penalty is proposed in the middle of October."""
    sent = sqlite_house.sent()
    sqlite_house.bank_says(pain002(sent, "RJCT", "AM04"))
    sqlite_house.go_to(date(2026, 10, 15))
    sqlite_house.assess()
    return sent


def contest(house: House, sent: Sent, kind: SubjectKind) -> str:
    """The employer contests what it is offered of this kind; returns the dispute's id."""
    terms = operations.dispute_terms(house.service, house.fund())
    with house.reading() as work:
        contribution = contributions.get(work, sent.contribution_id)
        employer = Actor("employer", frozenset({Role.EMPLOYER}), contribution.employer_id)
        subject = next(one for one in contestable(work, contribution) if one.kind is kind)
    with house.desk.work(employer) as work:
        objection = service.Objection(subject, "the money was there", Ground.MONEY_WAS_THERE)
        return service.contest(work, terms, objection).id


def test_while_a_penalty_is_contested_it_does_not_grow_and_its_days_are_not_counted_afterwards(
    sqlite_house: House, unpaid: Sent
) -> None:
    before = sqlite_house.penalties(unpaid.contribution_id)
    dispute_id = contest(sqlite_house, unpaid, SubjectKind.PENALTY)

    sqlite_house.go_to(date(2026, 12, 20))
    sqlite_house.assess()
    assert sqlite_house.penalties(unpaid.contribution_id) == before

    terms = operations.dispute_terms(sqlite_house.service, sqlite_house.fund())
    with sqlite_house.desk.work(CLERK) as work:
        service.answer(work, terms, dispute_id, Answer.REJECTED, "the bank says otherwise", matter(work, dispute_id))
    sqlite_house.assess()
    with sqlite_house.reading() as work:
        assert disputes.stretches(work, unpaid.contribution_id) == [(date(2026, 10, 15), date(2026, 12, 20))]
    assert sqlite_house.penalties(unpaid.contribution_id) == before
    assert sqlite_house.breaches() == {}


def test_a_contested_penalty_does_not_stop_the_debit_from_being_presented_again(
    sqlite_house: House, unpaid: Sent
) -> None:
    contest(sqlite_house, unpaid, SubjectKind.PENALTY)
    with sqlite_house.reading() as work:
        assert disputes.against_debit(work, unpaid.contribution_id) is None
    assert sqlite_house.present_again(unpaid).collection_id != unpaid.collection_id


def test_the_reading_of_a_return_that_was_wrong_leaves_the_penalty_to_a_person(
    sqlite_house: House, unpaid: Sent
) -> None:
    dispute_id = contest(sqlite_house, unpaid, SubjectKind.READING)
    terms = operations.dispute_terms(sqlite_house.service, sqlite_house.fund())
    with sqlite_house.desk.work(CLERK) as work:
        service.answer(
            work, terms, dispute_id, Answer.UPHELD, "the branch had frozen it by mistake", matter(work, dispute_id)
        )
    sqlite_house.assess()
    decision = sqlite_house.decision(unpaid)
    assert decision is not None
    assert decision.effect == "HOLD"
    assert sqlite_house.breaches() == {}


def test_who_confirmed_a_penalty_does_not_answer_for_it(sqlite_house: House, unpaid: Sent) -> None:
    both = Actor(APPROVER.name, APPROVER.roles | CLERK.roles)
    with sqlite_house.desk.work(both) as work:
        (penalty,) = penalties.penalties_of(work, unpaid.contribution_id)
        bench = operations.bench(sqlite_house.service, sqlite_house.fund())
        confirm(work, bench, penalty.id, "as computed", seen_minor=50_00)
    dispute_id = contest(sqlite_house, unpaid, SubjectKind.PENALTY)
    terms = operations.dispute_terms(sqlite_house.service, sqlite_house.fund())

    with pytest.raises(Refused, match="did what it contests"), sqlite_house.desk.work(both) as work:
        service.answer(work, terms, dispute_id, Answer.REJECTED, "it stays", matter(work, dispute_id))
