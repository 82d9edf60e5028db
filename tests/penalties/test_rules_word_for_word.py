"""A version of a rule that was used stays word for word what it was: what the file says otherwise of it changes no penalty."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from bank_files import pain002
from house import CLERK, House, Sent
from sqlalchemy import select

from debit_service import operations
from debit_service.core.models import AuditEntry
from debit_service.penalties.models import PenaltyRuleUsed
from debit_service.penalties.service import assess
from debit_service.penalties.tariff import used
from debit_service.penalties.tariff.catalogue import PenaltyRules
from debit_service.penalties.tariff.rule import PenaltyRule
from debit_service.reports.attention import attention

FUND, DUE = "EINZUGSSTELLE", date(2026, 9, 28)


@pytest.fixture
def confirmed(sqlite_house: House) -> Sent:
    """A debit that the account could not pay; 10.00 are confirmed by themselves."""
    sent = sqlite_house.sent(FUND, due=DUE)
    sqlite_house.bank_says(pain002(sent, "RJCT", "AM04", day=DUE))
    sqlite_house.go_to(date(2026, 10, 2))
    sqlite_house.assess(FUND)
    return sent


def doubled(data: dict[str, Any]) -> None:
    data["periodic"]["rate"] = "0.02"


def reworded(data: dict[str, Any]) -> None:
    data["source"], data["threshold"]["note"], data["valid_to"] = "SGB IV", "seen again", date(2027, 12, 31)


def edited(house: House, change: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
    """The file now says something else under the same version; the function returned puts its old text back."""
    before = house.service.penalty_rules
    found = []
    for one in before:
        data = one.model_dump()
        if one.id == "de-einzugsstelle":
            change(data)
        found.append(PenaltyRule.model_validate(data))
    vars(house.service)["penalty_rules"] = PenaltyRules(tuple(found))
    return lambda: vars(house.service).update(penalty_rules=before)


def needs(house: House) -> list[str]:
    with house.reading() as work:
        told = list(map(str, attention(work, house.service.funds, house.service.debit_calendars)))
    return [one for one in told if "penalty rule" in one]


def test_a_rule_that_is_edited_under_its_version_changes_nothing_and_everybody_is_told(
    sqlite_house: House, confirmed: Sent
) -> None:
    house = sqlite_house
    put_back = edited(house, doubled)
    house.go_to(date(2026, 11, 3))
    house.assess(FUND)

    assert house.penalties(confirmed.contribution_id) == [("confirmed", 10_00)]
    ((number, (breach,)),) = house.breaches().items()
    assert number == 6
    assert "penalty rule de-einzugsstelle 2026-11" in breach
    assert "new version" in breach
    (told,) = needs(house)
    assert "de-einzugsstelle 2026-11" in told

    put_back()
    house.assess(FUND)
    assert needs(house) == []
    assert house.breaches() == {}
    assert house.penalties(confirmed.contribution_id) == [("confirmed", 20_00)]


def test_words_and_the_end_of_a_version_may_be_edited(sqlite_house: House, confirmed: Sent) -> None:
    edited(sqlite_house, reworded)

    sqlite_house.assess(FUND)

    assert needs(sqlite_house) == []
    assert sqlite_house.breaches() == {}
    assert sqlite_house.penalties(confirmed.contribution_id) == [("confirmed", 10_00)]


def test_the_database_keeps_the_text_from_being_changed(house: House) -> None:
    sent = house.sent()
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    house.go_to(date(2026, 10, 15))
    house.assess()
    with (
        pytest.raises(Exception, match="append-only"),
        house.desk.work(CLERK) as work,
    ):
        work.session.query(PenaltyRuleUsed).one().text = {}


def test_a_rule_that_asks_what_nobody_recorded_is_held_with_the_reason_and_stops_nobody_else(
    sqlite_house: House,
) -> None:
    house = sqlite_house
    sent = house.sent("CNSS")
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    house.go_to(date(2026, 10, 15))
    judges = operations.bench(house.service, house.fund("CNSS"))
    per_head = judges.fund.model_copy(update={"penalty_rules": ("ma-cnss-astreinte",)})
    with house.desk.work(CLERK) as work:
        done, _ = assess(work, replace(judges, fund=per_head))

    assert (done.decided, done.penalties) == (1, 0)
    (told,) = needs(house)
    assert "ma-cnss-astreinte" in told
    assert "per head" in told


def test_what_one_fund_finds_of_a_rule_is_not_taken_back_by_another_that_has_it_too(house: House) -> None:
    rules, name = house.service.penalty_rules, ("ma-cnss-astreinte", "2026-11")

    def found(fund_id: str, why: str | None) -> list[str]:
        with house.desk.work(CLERK) as work:
            used.hold(work, rules, fund_id, {name: why})
        return [one.partition("wait for a person: ")[2] for one in needs(house)]

    assert found("CNSS", "the number of employees is needed") == ["CNSS: the number of employees is needed"]
    assert found("CNAS", None) == found("CNAS", "the number is needed") == ["CNSS: the number of employees is needed"]
    assert found("CNSS", None) == []
    with house.reading() as work:
        query = select(AuditEntry.action).where(AuditEntry.action.in_(["penalty_rule.held", "penalty_rule.released"]))
        assert work.session.scalars(query.order_by(AuditEntry.sequence)).all() == [
            "penalty_rule.held",
            "penalty_rule.released",
        ]
