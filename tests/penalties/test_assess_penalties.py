"""From a decision to a penalty: proposed, confirmed, reversed, held, computed again; and what stands in the journal."""

from dataclasses import replace
from datetime import date

import pytest
from bank_files import camt054, credit, pain002, returned
from house import APPROVER, CLERK, House, Sent

from debit_service import operations
from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.work import Actor, Role
from debit_service.penalties import queries
from debit_service.penalties.models import Penalty
from debit_service.penalties.service import assess, reverse
from debit_service.penalties.tariff.catalogue import PenaltyRules

MID_OCTOBER, MID_NOVEMBER = date(2026, 10, 15), date(2026, 11, 15)
RECEIVABLE, CHARGED = "surcharge-receivable/CNAS", "surcharges/CNAS"


def unpaid(house: House) -> Sent:
    """A debit of 1,000.00 that the employer's account could not pay; assessed in the middle of October."""
    sent = house.sent()
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    house.go_to(MID_OCTOBER)
    house.assess()
    return sent


def penalty_id(house: House, sent: Sent) -> str:
    """The one penalty of a contribution."""
    with house.reading() as work:
        (penalty,) = queries.penalties_of(work, sent.contribution_id)
        return penalty.id


def decide(house: House, sent: Sent, what: str, why: str = "commission of 2026-10-20", actor: Actor = APPROVER) -> None:
    """A person confirms the penalty or takes it back."""
    if what == "confirm":
        house.confirm_penalty(penalty_id(house, sent), actor, why)
        return
    with house.desk.work(actor) as work:
        reverse(work, house.fund(), penalty_id(house, sent), why)


def dispute(house: House, sent: Sent) -> str:
    """The employer contests; returns the dispute's id."""
    return house.dispute(sent.contribution_id)


def answer(house: House, dispute_id: str, decision: str) -> None:
    """The fund answers."""
    house.answer_dispute(dispute_id, decision)


def test_under_a_rule_that_nobody_confirmed_a_penalty_is_only_proposed_and_not_booked(house: House) -> None:
    sent = unpaid(house)

    assert house.penalties(sent.contribution_id) == [("proposed", 50_00)]
    assert RECEIVABLE not in house.balances()


def test_an_approver_confirms_a_proposal_with_a_reason_and_it_is_booked(house: House) -> None:
    sent = unpaid(house)

    decide(house, sent, "confirm")

    assert house.penalties(sent.contribution_id) == [("confirmed", 50_00)]
    assert (house.balances()[RECEIVABLE], house.balances()[CHARGED]) == (50_00, -50_00)
    assert house.breaches() == {}


def test_reversing_a_confirmed_penalty_gives_it_back_in_the_journal(house: House) -> None:
    sent = unpaid(house)
    decide(house, sent, "confirm")

    decide(house, sent, "reverse")

    assert house.penalties(sent.contribution_id) == [("reversed", 50_00)]
    assert RECEIVABLE not in house.balances()
    assert house.breaches() == {}


@pytest.mark.parametrize("actor", [CLERK, Actor("an employer", frozenset({Role.EMPLOYER}), "x")], ids=lambda a: a.name)
@pytest.mark.parametrize("what", ["confirm", "reverse"])
def test_nobody_but_an_approver_decides(sqlite_house: House, what: str, actor: Actor) -> None:
    sent = unpaid(sqlite_house)

    with pytest.raises(Refused, match="finance_approver"):
        decide(sqlite_house, sent, what, actor=actor)


def test_a_decision_needs_a_reason(sqlite_house: House) -> None:
    sent = unpaid(sqlite_house)

    with pytest.raises(InvalidInput, match="Say why"):
        decide(sqlite_house, sent, "confirm", why="  ")


def test_what_a_person_took_back_stays_reversed_however_often_it_is_assessed(sqlite_house: House) -> None:
    sent = unpaid(sqlite_house)
    decide(sqlite_house, sent, "reverse", "halved to nothing: force majeure")
    sqlite_house.go_to(MID_NOVEMBER)

    sqlite_house.assess()

    assert [state for state, _ in sqlite_house.penalties(sent.contribution_id)] == ["reversed"]


def test_what_a_person_took_back_a_person_may_confirm_again(sqlite_house: House) -> None:
    sent = unpaid(sqlite_house)
    decide(sqlite_house, sent, "reverse")

    decide(sqlite_house, sent, "confirm", "the commission reversed itself")

    assert sqlite_house.penalties(sent.contribution_id) == [("confirmed", 50_00)]


def test_assessing_again_the_same_day_changes_nothing(sqlite_house: House) -> None:
    sent = unpaid(sqlite_house)
    fund = sqlite_house.fund()

    again = operations.assess_penalties(sqlite_house.service, CLERK, fund)

    assert (again.decided, again.penalties, again.reversed) == (0, 0, 0)
    assert sqlite_house.penalties(sent.contribution_id) == [("proposed", 50_00)]


def test_another_started_month_adds_a_step_and_never_a_second_penalty(sqlite_house: House) -> None:
    sent = unpaid(sqlite_house)
    sqlite_house.go_to(MID_NOVEMBER)

    sqlite_house.assess()

    assert sqlite_house.penalties(sent.contribution_id) == [("proposed", 60_00)]


def test_while_a_second_debit_is_not_answered_nothing_grows_and_its_payment_comes_to_light_late(house: House) -> None:
    """The file of October is read in November: the second month was never late."""
    first = house.sent()
    house.bank_says(pain002(first, "RJCT", "AM04"))
    second = house.present_again(first)
    house.go_to(MID_NOVEMBER)
    house.assess()
    decide(house, first, "confirm")
    assert house.penalties(first.contribution_id) == [("confirmed", 50_00)]

    house.bank_says(camt054(second.account, credit(second)))
    house.assess()

    assert house.penalties(first.contribution_id) == [("confirmed", 50_00)]
    assert house.balances()[RECEIVABLE] == 50_00
    assert house.breaches() == {}


def test_paid_on_the_due_date_after_all_the_penalty_falls(sqlite_house: House) -> None:
    """A return that the bank took back the same day: the money was there in time, by the booking date."""
    house = sqlite_house
    sent = house.sent()
    house.bank_says(camt054(sent.account, credit(sent)), camt054(sent.account, returned(sent, "AM04"), message_id="N2"))
    house.go_to(MID_OCTOBER)
    house.assess()
    assert house.penalties(sent.contribution_id) == [("proposed", 50_00)]

    house.bank_says(camt054(sent.account, credit(sent, reference="AGAIN"), message_id="N3"))
    house.assess()

    assert [state for state, _ in house.penalties(sent.contribution_id)] == ["reversed"]
    assert house.breaches() == {}


def test_an_open_dispute_leaves_the_penalty_as_it_is_and_a_rejected_one_lets_it_go_on(sqlite_house: House) -> None:
    sent = unpaid(sqlite_house)
    dispute_id = dispute(sqlite_house, sent)

    sqlite_house.assess()
    decision = sqlite_house.decision(sent)
    assert decision is not None
    assert decision.effect == "HOLD"
    assert sqlite_house.penalties(sent.contribution_id) == [("proposed", 50_00)]
    assert sqlite_house.breaches() == {}

    answer(sqlite_house, dispute_id, "rejected")
    sqlite_house.assess()
    assert sqlite_house.penalties(sent.contribution_id) == [("proposed", 50_00)]


def test_a_dispute_that_the_fund_upheld_keeps_the_penalty_away(sqlite_house: House) -> None:
    sent = unpaid(sqlite_house)
    answer(sqlite_house, dispute(sqlite_house, sent), "upheld")

    sqlite_house.assess()

    decision = sqlite_house.decision(sent)
    assert decision is not None
    assert decision.effect == "HOLD"
    assert [state for state, _ in sqlite_house.penalties(sent.contribution_id)] == ["reversed"]


def test_while_a_dispute_is_open_nothing_is_confirmed(sqlite_house: House) -> None:
    sent = unpaid(sqlite_house)
    dispute(sqlite_house, sent)

    with pytest.raises(Refused, match="answer the dispute first"):
        decide(sqlite_house, sent, "confirm")


def test_a_penalty_that_lost_its_ground_cannot_be_confirmed(sqlite_house: House) -> None:
    sent = unpaid(sqlite_house)
    answer(sqlite_house, dispute(sqlite_house, sent), "upheld")
    sqlite_house.assess()

    with pytest.raises(Refused, match="No decision that stands attributes"):
        decide(sqlite_house, sent, "confirm")


def assessed_under(house: House, rules: PenaltyRules) -> None:
    """Assess CNAS under these rules instead of the ones of config/."""
    bench = replace(operations.bench(house.service, house.fund()), rules=rules)
    with house.desk.work(CLERK) as work:
        assess(work, bench)


def test_without_a_rule_in_force_nothing_is_computed_although_the_fault_is_decided(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    sqlite_house.bank_says(pain002(sent, "RJCT", "AM04"))
    sqlite_house.go_to(MID_OCTOBER)

    assessed_under(sqlite_house, PenaltyRules(()))

    decision = sqlite_house.decision(sent)
    assert decision is not None
    assert decision.effect == "PENALISE"
    assert sqlite_house.penalties(sent.contribution_id) == []


def test_a_corrected_version_of_the_rule_replaces_the_penalty_and_does_not_add_a_second_one(
    sqlite_house: House,
) -> None:
    house = sqlite_house
    sent = unpaid(house)
    decide(house, sent, "confirm")
    corrected = [
        rule.model_copy(update={"version": "2026-12"}) if rule.id == "dz-cnas" else rule
        for rule in house.service.penalty_rules
    ]

    assessed_under(house, PenaltyRules(tuple(corrected)))

    assert house.penalties(sent.contribution_id) == [("reversed", 50_00), ("proposed", 50_00)]
    assert RECEIVABLE not in house.balances()


def test_under_a_confirmed_rule_a_penalty_within_the_limits_is_confirmed_by_itself_on_the_base_rounded_down(
    sqlite_house: House,
) -> None:
    """SGB IV s. 24: 1% a started month on the overdue sum rounded down to 50 euro: 1,234.56 -> 1,200.00."""
    house = sqlite_house
    sent = house.sent("EINZUGSSTELLE", due=date(2026, 9, 28), amount="1234.56")
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    house.go_to(MID_OCTOBER)

    house.assess("EINZUGSSTELLE")

    assert house.penalties(sent.contribution_id) == [("confirmed", 12_00)]
    assert house.balances()["surcharge-receivable/EINZUGSSTELLE"] == 12_00
    assert house.breaches() == {}


def test_a_penalty_keeps_the_inputs_from_which_anybody_computes_it_again(sqlite_house: House) -> None:
    sent = unpaid(sqlite_house)

    with sqlite_house.reading() as work:
        inputs = work.session.get_one(Penalty, penalty_id(sqlite_house, sent)).inputs

    assert inputs["base_minor"] == sent.amount_minor
    assert (inputs["clock_start"], inputs["until"]) == ("2026-09-30", MID_OCTOBER.isoformat())
    assert (inputs["rule_id"], inputs["rule_version"]) == ("dz-cnas", "2026-11")


def test_what_was_confirmed_under_an_unconfirmed_rule_grows_only_as_a_proposal(sqlite_house: House) -> None:
    sent = unpaid(sqlite_house)
    decide(sqlite_house, sent, "confirm")

    sqlite_house.go_to(date(2027, 3, 1))
    sqlite_house.assess()

    assert sqlite_house.penalties(sent.contribution_id) == [("confirmed", 100_00)]
    assert sqlite_house.balances()[RECEIVABLE] == 50_00
    assert sqlite_house.breaches() == {}
