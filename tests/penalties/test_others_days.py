"""A penalty grows only by the employer's own failure: a debit that others failed, or that we did not make, adds nothing."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from bank_files import camt054, credit, pain002, returned
from house import APPROVER, CLERK, House, Sent
from hypothesis import given
from hypothesis import strategies as st
from other_payments import pay
from penalty_cases import RULES
from reconcile.deciding import decided

from debit_service import operations
from debit_service.core.work import Actor, Role
from debit_service.penalties import proof, queries
from debit_service.penalties.fault.values import Party
from debit_service.penalties.models import PenaltyStep
from debit_service.penalties.service import outages
from debit_service.penalties.tariff.amount import BETWEEN_THRESHOLDS, Circumstances, compute
from debit_service.penalties.tariff.catalogue import PenaltyRules
from debit_service.penalties.tariff.others_days import Later, not_the_employers
from debit_service.penalties.tariff.rule import PenaltyRule
from debit_service.reconcile.queue.exceptions import Decision

FUND, DUE, WINTER = "EINZUGSSTELLE", date(2026, 9, 28), date(2027, 1, 15)
ADMINISTRATOR = Actor("administrator", frozenset({Role.ADMINISTRATOR}))
ANOTHER = Actor("another administrator", frozenset({Role.ADMINISTRATOR}))


def failed_once(house: House) -> Sent:
    """A debit of 1,000.00 that the account could not pay: 1% a started month is confirmed by itself."""
    sent = house.sent(FUND, due=DUE)
    house.bank_says(pain002(sent, "RJCT", "AM04", day=DUE))
    house.go_to(date(2026, 9, 30))
    house.assess(FUND)
    assert house.penalties(sent.contribution_id) == [("confirmed", 10_00)]
    return sent


def in_winter(house: House, sent: Sent) -> list[tuple[str | None, int]]:
    house.go_to(WINTER)
    house.assess(FUND)
    return house.penalties(sent.contribution_id)


def owed(house: House) -> int:
    return house.balances().get(f"surcharge-receivable/{FUND}", 0)


@pytest.mark.parametrize("code", ["BE08", "AG02", "ZZ99", None], ids=["bank", "fund", "unknown", "not answered"])
def test_a_second_debit_that_others_failed_adds_nothing(sqlite_house: House, code: str | None) -> None:
    house, first = sqlite_house, failed_once(sqlite_house)
    second = house.present_again(first)
    if code:
        house.bank_says(pain002(second, "RJCT", code, day=second.collection_date, message_id="S2"))

    assert in_winter(house, first) == [("confirmed", 10_00)]
    assert house.breaches() == {}


def test_the_days_of_a_held_failure_count_again_once_it_is_decided_against_the_employer(sqlite_house: House) -> None:
    house, first = sqlite_house, failed_once(sqlite_house)
    second = house.present_again(first)
    house.bank_says(pain002(second, "RJCT", "MS03", day=second.collection_date, message_id="S2"))
    assert in_winter(house, first) == [("confirmed", 10_00)]

    finding = operations.find_fault(
        house.service, CLERK, second.collection_id, Party.EMPLOYER, "the account was closed", "letter of its bank"
    )
    operations.approve_finding(house.service, APPROVER, finding.id)
    house.assess(FUND)

    assert house.penalties(first.contribution_id) == [("confirmed", 40_00)]
    assert owed(house) == 40_00
    assert house.breaches() == {}


def test_a_second_debit_that_the_employer_failed_counts_too(sqlite_house: House) -> None:
    house, first = sqlite_house, failed_once(sqlite_house)
    second = house.present_again(first)
    house.bank_says(pain002(second, "RJCT", "AM04", day=second.collection_date, message_id="S2"))

    assert in_winter(house, first) == [("confirmed", 40_00)]
    assert owed(house) == 40_00


def test_where_we_did_not_present_again_as_the_rules_foresee_a_person_decides_what_is_added(
    sqlite_house: House,
) -> None:
    first = failed_once(sqlite_house)

    assert in_winter(sqlite_house, first) == [("confirmed", 40_00)]
    assert owed(sqlite_house) == 10_00


def test_the_days_of_an_outage_of_ours_before_the_second_debit_do_not_count(sqlite_house: House) -> None:
    house, first = sqlite_house, failed_once(sqlite_house)
    house.go_to(date(2026, 11, 12))
    began, ended = datetime(2026, 10, 2, 8, tzinfo=UTC), datetime(2026, 11, 11, 20, tzinfo=UTC)
    with house.desk.work(ADMINISTRATOR) as work:
        outage_id = outages.record(work, began, ended, "nothing ran", "incident 9").id
    second = house.present_again(first)
    house.bank_says(camt054(second.account, credit(second), message_id="N9"))

    assert in_winter(house, first) == [("confirmed", 10_00)]
    assert house.breaches() == {}

    with house.desk.work(ANOTHER) as work:
        outages.withdraw(work, outage_id, "the monitor was wrong")
    assert in_winter(house, first) == [("confirmed", 20_00)]


def test_verify_names_a_penalty_that_is_charged_for_days_of_others(sqlite_house: House) -> None:
    house, first = sqlite_house, failed_once(sqlite_house)
    assert in_winter(house, first) == [("confirmed", 40_00)]
    with house.desk.work(ADMINISTRATOR) as work:
        outages.record(
            work, datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC), "no files", "incident 9"
        )

    with house.reading() as work:
        troubles = list(proof.ungrounded(work, house.service.penalty_rules, house.service.funds))

    assert any("the employer was not in the way: it comes to 4000, without them to 2000" in one for one in troubles)


def test_a_debit_on_time_counts_as_paid_on_time_however_late_the_bank_books_it(sqlite_house: House) -> None:
    """Under a rule that is silent about it: asked for on 29 October, within the first month, booked on 2 November."""
    house = sqlite_house
    first = house.sent()
    house.bank_says(camt054(first.account, credit(first)))
    house.go_to(date(2026, 10, 15))
    house.bank_says(camt054(first.account, returned(first, "AM04", date(2026, 10, 15)), message_id="N2"))
    second = house.present_again(first)
    assert second.collection_date == date(2026, 10, 29)
    house.go_to(date(2026, 11, 3))
    booked = replace(credit(second, date(2026, 11, 2)), valued=second.collection_date)
    house.bank_says(camt054(second.account, booked, message_id="N3"))

    house.assess()

    assert house.penalties(first.contribution_id) == [("proposed", 50_00)]


def test_between_two_readings_of_a_threshold_a_person_decides(sqlite_house: House) -> None:
    house = sqlite_house
    small = house.sent(FUND, due=DUE, amount="120.00")
    house.bank_says(pain002(small, "RJCT", "AM04", day=DUE))
    house.go_to(date(2026, 10, 2))

    house.assess(FUND)

    assert house.penalties(small.contribution_id) == [("proposed", 1_00)]
    with house.reading() as work:
        (penalty,) = queries.penalties_of(work, small.contribution_id)
        assert queries.newest_reason(work, penalty.id) == BETWEEN_THRESHOLDS


def test_a_dispute_that_was_rejected_takes_nothing_from_what_is_charged_for_being_late_at_all(
    sqlite_house: House,
) -> None:
    """Contested from the first late day on, paid meanwhile, rejected: 5% once."""
    house = sqlite_house
    sent = house.sent()
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    house.go_to(date(2026, 10, 1))
    house.assess()
    dispute_id = house.dispute(sent.contribution_id)
    house.go_to(date(2026, 10, 20))
    pay(house, sent.contribution_id, "1000.00")
    house.go_to(date(2026, 10, 28))
    house.answer_dispute(dispute_id, "rejected")

    house.assess()

    assert house.penalties(sent.contribution_id) == [("proposed", 50_00)]
    with house.reading() as work:
        (step,) = work.session.query(PenaltyStep).all()
        assert step.from_date == date(2026, 10, 1)
    assert house.breaches() == {}


@pytest.mark.parametrize("clock_start", ["due_date", "failed_attempt"])
def test_days_on_which_a_first_debit_was_paid_are_not_late_whatever_day_the_rule_runs_from(
    sqlite_house: House, clock_start: str
) -> None:
    """Taken back by the employer on 20 November, and 1% a started month since."""
    house = sqlite_house
    rules = [one.model_copy(update={"clock_start": clock_start}) for one in house.service.penalty_rules]
    vars(house.service)["penalty_rules"] = PenaltyRules(tuple(rules))
    sent = house.sent(FUND, due=DUE)
    house.in_turn(
        camt054(sent.account, credit(sent)),
        camt054(sent.account, returned(sent, "MD06", date(2026, 11, 20)), message_id="N2"),
    )
    house.go_to(date(2026, 11, 20))
    house.assess(FUND)
    finding = operations.find_fault(house.service, CLERK, sent.collection_id, Party.EMPLOYER, "owed", "their letter")
    operations.approve_finding(house.service, APPROVER, finding.id)
    assert house.penalties(sent.contribution_id) == []

    house.go_to(date(2026, 12, 10))
    house.assess(FUND)

    assert house.penalties(sent.contribution_id) == [("confirmed", 10_00)]
    assert house.breaches() == {}


def test_what_was_debited_and_taken_back_was_paid_in_between() -> None:
    presented, taken_back = date(2026, 10, 5), date(2026, 11, 20)
    assert not_the_employers([Later(presented, taken_back)]) == [(presented, taken_back)]
    assert not_the_employers([Later(presented, presented)]) == []
    assert not_the_employers([Later(presented, None), Later(taken_back, taken_back)]) == [(presented, taken_back)]
    assert not_the_employers([Later(presented, presented), Later(taken_back, None)]) == [(taken_back, None)]


@given(
    rule=st.sampled_from([one for one in RULES if one.flat is None]),
    gaps=st.lists(st.tuples(st.integers(1, 60), st.booleans()), min_size=1, max_size=4),
    which=st.integers(0, 3),
    late=st.integers(1, 400),
)
def test_that_another_than_the_employer_failed_a_debit_never_raises_a_penalty(
    rule: PenaltyRule, gaps: list[tuple[int, bool]], which: int, late: int
) -> None:
    start = date(2026, 1, 30)
    later, day = [], start
    for gap, by_employer in gaps:
        day += timedelta(days=gap)
        later.append(Later(day, day if by_employer else None))
    which %= len(later)
    kinder = [replace(one, employer_from=None) if number == which else one for number, one in enumerate(later)]

    def total(debits: list[Later]) -> int:
        until = start + timedelta(days=late)
        gone = not_the_employers(debits)
        return compute(rule, 100_000, rule.currency, start, until, Circumstances(), others_days=gone).total_minor

    assert total(kinder) <= total(later)


def test_a_part_that_goes_back_afterwards_adds_nothing_for_the_days_on_which_it_was_paid(sqlite_house: House) -> None:
    """Nobody has said that the employer took it: it is owed again, and a person asks for it."""
    house, first = sqlite_house, failed_once(sqlite_house)
    second = house.present_again(first)
    house.go_to(date(2026, 12, 20))
    part = replace(returned(second, "AM04", date(2026, 12, 20)), amount_minor=300_00)
    house.in_turn(
        camt054(second.account, credit(second), message_id="IN"), camt054(second.account, part, message_id="P")
    )
    (entry,) = house.waiting()
    shares = ((second.end_to_end_id, 300_00),)
    assert decided(house, entry.id, Decision.MATCHED, shares=shares).state == "carried_out"

    assert in_winter(house, first) == [("confirmed", 10_00)]
    assert house.breaches() == {}
