"""Nobody answers a dispute, nor decides its appeal, that contests their own work, in whatever role they do so."""

from datetime import date

import pytest
from bank_files import pain002
from dispute_desk import BOTH, OTHER_CLERK, DisputeDesk
from house import APPROVER, House

from debit_service.core.errors import Refused
from debit_service.core.work import Actor, Role
from debit_service.disputes.rules import Answer, SubjectKind
from debit_service.penalties import queries

ANOTHER = Actor("another approver", frozenset({Role.FINANCE_APPROVER}))
#: Above the fund's amount for four eyes.
LARGE = "30000000.00"


def late(house: House, amount: str = "1000.00") -> tuple[DisputeDesk, str]:
    """A contribution that the account could not pay, the desk for what is contested about it, and its penalty."""
    sent = house.sent(amount=amount)
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    house.go_to(date(2026, 10, 15))
    house.assess()
    with house.reading() as work:
        (penalty,) = queries.penalties_of(work, sent.contribution_id)
    return DisputeDesk(house, contribution_id=sent.contribution_id), penalty.id


def rejected_and_appealed(desk: DisputeDesk, penalty_id: str) -> str:
    """The employer contested the penalty, and a clerk who had nothing to do with it said no."""
    dispute_id = desk.contest(desk.subject(SubjectKind.PENALTY, penalty_id))
    desk.answer(dispute_id, Answer.REJECTED, OTHER_CLERK)
    desk.appeal(dispute_id)
    return dispute_id


def test_who_confirmed_a_penalty_does_not_decide_the_appeal_about_it(sqlite_house: House) -> None:
    desk, penalty_id = late(sqlite_house)
    sqlite_house.confirm_penalty(penalty_id, BOTH)
    dispute_id = rejected_and_appealed(desk, penalty_id)

    with pytest.raises(Refused, match="did what it contests"):
        desk.decide(dispute_id, actor=BOTH)
    desk.decide(dispute_id, actor=APPROVER)

    assert desk.row(dispute_id).decided_by == APPROVER.name


def test_who_opened_a_dispute_for_an_employer_does_not_decide_its_appeal(sqlite_house: House) -> None:
    desk = DisputeDesk(sqlite_house)
    dispute_id = desk.contest(actor=BOTH)
    desk.answer(dispute_id, Answer.REJECTED)
    desk.appeal(dispute_id)

    with pytest.raises(Refused, match="Who opened a dispute"):
        desk.decide(dispute_id, actor=BOTH)


def test_who_only_confirmed_the_growth_of_a_penalty_does_not_judge_it_either(sqlite_house: House) -> None:
    desk, penalty_id = late(sqlite_house)
    sqlite_house.confirm_penalty(penalty_id, BOTH)
    sqlite_house.go_to(date(2026, 11, 15))
    sqlite_house.assess()
    sqlite_house.confirm_penalty(penalty_id, APPROVER)
    dispute_id = desk.contest(desk.subject(SubjectKind.PENALTY, penalty_id))

    for actor in (APPROVER, BOTH):
        with pytest.raises(Refused, match="did what it contests"):
            desk.answer(dispute_id, actor=actor)
    with sqlite_house.reading() as work:
        life = [(one.from_state, one.to_state, one.who) for one in queries.life_of(work, penalty_id)]
    assert life[-1] == ("confirmed", "confirmed", APPROVER.name)


def test_both_who_agreed_to_the_growth_of_a_large_penalty_are_kept_from_judging_it(sqlite_house: House) -> None:
    _, penalty_id = late(sqlite_house, LARGE)
    for actor in (BOTH, ANOTHER):
        sqlite_house.confirm_penalty(penalty_id, actor)
    sqlite_house.go_to(date(2026, 11, 15))
    sqlite_house.assess()
    third, fourth = (Actor(name, ANOTHER.roles) for name in ("third", "fourth"))
    for actor in (third, fourth):
        sqlite_house.confirm_penalty(penalty_id, actor)

    with sqlite_house.reading() as work:
        assert queries.who_agreed(work, [penalty_id]) == {one.name for one in (BOTH, ANOTHER, third, fourth)}
