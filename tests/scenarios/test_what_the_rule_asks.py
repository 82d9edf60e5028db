"""The rule of a penalty asks what only the fund's papers say: it is recorded, computed by, and until then a person decides."""

from dataclasses import replace
from datetime import date

from bank_files import pain002
from house import CLERK, House, Sent
from other_payments import pay

from debit_service import operations
from debit_service.contributions import queries as contributions
from debit_service.contributions.circumstances import state_circumstances
from debit_service.contributions.rules import Circumstances
from debit_service.penalties import queries
from debit_service.penalties.service import assess
from debit_service.penalties.tariff.amount import UNRECORDED_DECLARATION, UNRECORDED_NOTICE
from debit_service.penalties.tariff.circumstances import AS_RECORDED, unrecorded
from debit_service.reports.attention import attention

FUND, DUE = "EINZUGSSTELLE", date(2026, 9, 28)
NOTICE = Circumstances(formal_notice_on=date(2026, 10, 20))
IN_DECEMBER = date(2026, 12, 10)


def failed(house: House, fund_id: str = FUND) -> Sent:
    """1000.00 that the account could not pay."""
    sent = house.sent(fund_id, due=DUE)
    house.bank_says(pain002(sent, "RJCT", "AM04", day=DUE))
    return sent


def paid_after_a_notice(house: House) -> Sent:
    """Paid in the first month, two weeks after the formal notice that a clerk recorded."""
    sent = failed(house)
    house.go_to(date(2026, 10, 20))
    state(house, sent, Circumstances(formal_notice_on=date(2026, 10, 5)))
    pay(house, sent.contribution_id, on=date(2026, 10, 20))
    return sent


def state(house: House, sent: Sent, said: Circumstances, source: str = "notice 17 of the fund") -> None:
    """A clerk records what a document says."""
    with house.desk.work(CLERK) as work:
        contribution = contributions.get(work, sent.contribution_id)
        assert state_circumstances(work, house.fund(contribution.fund_id), contribution, said, source)


def assessed(house: House, sent: Sent, rule_id: str, on: date) -> list[tuple[str | None, int]]:
    """What a day's assessment under this rule makes of it."""
    house.go_to(on)
    fund_id = house.collection(sent).fund_id
    judges = operations.bench(house.service, house.fund(fund_id))
    with house.desk.work(CLERK) as work:
        assess(work, replace(judges, fund=judges.fund.model_copy(update={"penalty_rules": (rule_id,)})))
    return house.penalties(sent.contribution_id)


def why(house: House, sent: Sent) -> str:
    """The reason of its newest state."""
    with house.reading() as work:
        (one,) = queries.penalties_of(work, sent.contribution_id)
        return queries.newest_of_each(work, [one.id])[one.id].why


def asked(house: House, sent: Sent, rule_id: str) -> list[str]:
    """What its page says that the rule asks and nobody has recorded."""
    with house.reading() as work:
        contribution = contributions.get(work, sent.contribution_id)
        fund = house.fund(contribution.fund_id).model_copy(update={"penalty_rules": (rule_id,)})
        return unrecorded(work, house.service.penalty_rules, fund, contribution)


def test_paid_within_thirty_days_of_the_formal_notice_the_month_costs_half(house: House) -> None:
    sent = paid_after_a_notice(house)

    # 5 %, and 0.1 % for the month that had begun.
    assert assessed(house, sent, "fr-urssaf", IN_DECEMBER) == [("confirmed", 51_00)]
    assert asked(house, sent, "fr-urssaf") == []
    assert house.breaches() == {}


def test_without_a_formal_notice_on_record_a_person_decides_and_is_told_what_is_missing(house: House) -> None:
    sent = failed(house)
    house.go_to(date(2026, 11, 19))
    pay(house, sent.contribution_id, on=date(2026, 11, 19))

    assert assessed(house, sent, "fr-urssaf", IN_DECEMBER) == [("proposed", 54_00)]
    assert why(house, sent) == UNRECORDED_NOTICE
    assert asked(house, sent, "fr-urssaf") == ["formal_notice_on"]
    assert "surcharge-receivable/EINZUGSSTELLE" not in house.balances()

    state(house, sent, NOTICE)
    assert assessed(house, sent, "fr-urssaf", IN_DECEMBER) == [("proposed", 52_00)]
    with house.reading() as work:
        (one,) = queries.penalties_of(work, sent.contribution_id)
    assert one.inputs["circumstances"]["formal_notice_on"] == "2026-10-20"
    assert house.breaches() == {}


def test_a_notice_that_turns_out_never_sent_is_not_charged_for_by_itself_and_both_statements_stay(house: House) -> None:
    sent = paid_after_a_notice(house)
    assessed(house, sent, "fr-urssaf", IN_DECEMBER)

    state(house, sent, Circumstances(), "the letter came back to us")

    assert assessed(house, sent, "fr-urssaf", IN_DECEMBER) == [("confirmed", 52_00)]
    assert house.balances()[f"surcharges/{FUND}"] == -51_00
    with house.reading() as work:
        told = contributions.statements_about(work, sent.contribution_id)
    assert [(one.number, one.formal_notice_on, one.source) for one in told] == [
        (1, date(2026, 10, 5), "notice 17 of the fund"),
        (2, None, "the letter came back to us"),
    ]
    assert house.breaches() == {}


def test_what_was_declared_in_time_is_charged_by_the_months_and_what_was_not_by_the_term_of_the_claim(
    sqlite_house: House,
) -> None:
    house = sqlite_house
    sent = failed(house)
    assert assessed(house, sent, "es-tgss", date(2026, 10, 15)) == [("proposed", 100_00)]
    assert why(house, sent) == UNRECORDED_DECLARATION

    state(house, sent, Circumstances(declared_in_time=False))
    assert assessed(house, sent, "es-tgss", date(2026, 10, 15)) == [("proposed", 100_00)]
    assert asked(house, sent, "es-tgss") == ["claim_term_ends_on"]
    (told,) = needs(house)
    assert "--claim-term-ends-on" in told

    state(house, sent, Circumstances(declared_in_time=False, claim_term_ends_on=date(2026, 11, 30)))
    assert assessed(house, sent, "es-tgss", date(2026, 11, 30)) == [("proposed", 200_00)]
    assert assessed(house, sent, "es-tgss", IN_DECEMBER) == [("proposed", 350_00)]
    assert needs(house) == []
    assert house.breaches() == {}


def test_declared_in_time_it_is_confirmed_by_itself_and_what_one_clerk_adds_waits_for_an_approver(
    sqlite_house: House,
) -> None:
    house = sqlite_house
    sent = failed(house)
    state(house, sent, Circumstances(declared_in_time=True))
    assert assessed(house, sent, "es-tgss", date(2026, 10, 15)) == [("confirmed", 100_00)]

    state(house, sent, Circumstances(declared_in_time=False, claim_term_ends_on=date(2026, 11, 30)))
    assessed(house, sent, "es-tgss", date(2026, 10, 15))

    with house.reading() as work:
        (one,) = queries.penalties_of(work, sent.contribution_id)
        money = queries.money_of(work, one.id)
    assert (money.computed_minor, money.waiting_minor) == (200_00, 200_00 - money.confirmed_minor)
    assert money.owed_minor <= 100_00
    assert house.breaches() == {}


def test_a_small_debt_is_charged_where_its_letter_demands_something_else_too(sqlite_house: House) -> None:
    house = sqlite_house
    sent = house.sent(FUND, due=DUE, amount="90.00")
    house.bank_says(pain002(sent, "RJCT", "AM04", day=DUE))
    assert assessed(house, sent, "de-einzugsstelle", date(2026, 10, 2)) == []

    state(house, sent, Circumstances(demanded_separately=False))

    assert assessed(house, sent, "de-einzugsstelle", date(2026, 10, 2)) == [("proposed", 50)]
    assert why(house, sent) == AS_RECORDED


def test_a_charge_per_head_waits_for_the_number_and_names_where_to_record_it(sqlite_house: House) -> None:
    house = sqlite_house
    sent = failed(house, "CNSS")
    assert assessed(house, sent, "ma-cnss-astreinte", date(2026, 10, 15)) == []
    assert asked(house, sent, "ma-cnss-astreinte") == ["heads"]
    (told,) = needs(house)
    assert "debit contributions state --heads" in told

    state(house, sent, Circumstances(heads=7), "declaration of August")
    assert assessed(house, sent, "ma-cnss-astreinte", date(2026, 10, 15)) == [("proposed", 350_00)]
    assert needs(house) == []
    assert house.breaches() == {}


def needs(house: House) -> list[str]:
    """What the report says about penalty rules."""
    with house.reading() as work:
        told = list(map(str, attention(work, house.service.funds, house.service.debit_calendars)))
    return [one for one in told if "penalty rule" in one]
