"""Another version of the rule takes over: what a person let the employer off, or took back, is never asked for anew by itself."""

from dataclasses import replace
from datetime import date

import pytest
from bank_files import pain002
from house import APPROVER, CLERK, House, Sent

from debit_service import operations
from debit_service.core.work import Actor, Role
from debit_service.penalties import queries, relief_queries
from debit_service.penalties.service import amnesty, assess, relieve, reverse
from debit_service.penalties.service.relieve import Granted
from debit_service.penalties.tariff.catalogue import PenaltyRules
from debit_service.penalties.tariff.relief import WHOLE, Ground

ANOTHER = Actor("another approver", frozenset({Role.FINANCE_APPROVER}))
FLOOD = Granted(
    ground=Ground.FORCE_MAJEURE,
    basis_points=WHOLE,
    authority="local commission",
    decided_on=date(2026, 10, 10),
    document="decision 12/2026",
    why="a flood",
)


@pytest.fixture
def unpaid(sqlite_house: House) -> Sent:
    """A debit that the employer's account could not pay; a penalty of 50.00 stands in the middle of October."""
    sent = sqlite_house.sent()
    sqlite_house.bank_says(pain002(sent, "RJCT", "AM04"))
    sqlite_house.go_to(date(2026, 10, 15))
    sqlite_house.assess()
    return sent


def another_version(house: House) -> PenaltyRules:
    """The rules with a new version of that of CNAS, confirmed, for what falls due from September on."""
    found = []
    for rule in house.service.penalty_rules:
        if rule.id == "dz-cnas":
            new = {
                "valid_from": date(2026, 9, 1),
                "version": "2027-01",
                "confidence": "high",
                "needs_confirmation": False,
            }
            found += [rule.model_copy(update={"valid_to": date(2026, 8, 31)}), rule.model_copy(update=new)]
        else:
            found.append(rule)
    return PenaltyRules(tuple(found))


def assessed_anew(house: House) -> None:
    """Another version of the rule is assessed, twice."""
    bench = replace(operations.bench(house.service, house.fund()), rules=another_version(house))
    for _ in range(2):
        with house.desk.work(CLERK) as work:
            assess(work, bench)


def only(house: House, sent: Sent) -> str:
    with house.reading() as work:
        (one,) = queries.penalties_of(work, sent.contribution_id)
        return one.id


def granted(house: House, penalty_id: str, what: Granted) -> None:
    with house.desk.work(APPROVER) as work:
        relieve.grant(work, house.fund(), house.service.penalty_rules, penalty_id, what)


def owed(house: House, sent: Sent) -> list[tuple[str | None, int]]:
    """State of each penalty, the oldest first, and what of it is due."""
    with house.reading() as work:
        each = [one.id for one in queries.penalties_of(work, sent.contribution_id)]
        return [(queries.state_of(work, one), queries.money_of(work, one).whole_surcharge_minor) for one in each]


def test_what_was_waived_stays_waived_under_another_version_of_the_rule(sqlite_house: House, unpaid: Sent) -> None:
    granted(sqlite_house, only(sqlite_house, unpaid), FLOOD)

    assessed_anew(sqlite_house)

    assert owed(sqlite_house, unpaid) == [("reversed", 0), ("waived", 0)]
    assert sqlite_house.balances().get("surcharge-receivable/CNAS", 0) == 0


def test_half_that_was_relieved_stays_relieved_and_the_rest_waits_for_a_person(
    sqlite_house: House, unpaid: Sent
) -> None:
    half = replace(FLOOD, basis_points=WHOLE // 2)
    granted(sqlite_house, only(sqlite_house, unpaid), half)

    assessed_anew(sqlite_house)

    assert owed(sqlite_house, unpaid) == [("reversed", 25_00), ("proposed", 25_00)]


def test_what_a_person_took_back_is_only_proposed_with_the_name_of_what_it_takes_the_place_of(
    sqlite_house: House, unpaid: Sent
) -> None:
    former = only(sqlite_house, unpaid)
    with sqlite_house.desk.work(APPROVER) as work:
        reverse(work, sqlite_house.fund(), former, "our mistake")

    assessed_anew(sqlite_house)

    assert owed(sqlite_house, unpaid) == [("reversed", 50_00), ("proposed", 50_00)]
    with sqlite_house.reading() as work:
        newest = queries.penalties_of(work, unpaid.contribution_id)[-1]
        assert former in queries.newest_reason(work, newest.id)


def test_a_penalty_whose_amnesty_is_carried_over_counts_once_among_those_relieved(
    sqlite_house: House, unpaid: Sent
) -> None:
    house, terms = (
        sqlite_house,
        amnesty.Terms(
            first_period="2026-01",
            last_period="2026-12",
            states=("proposed",),
            basis_points=WHOLE,
            covers_later=False,
            law="ordinance 21-12",
            decided_on=date(2026, 10, 1),
            why="the law says so",
        ),
    )
    with house.desk.work(CLERK) as work:
        prepared = amnesty.prepare(work, house.fund(), terms)
    with house.desk.work(ANOTHER) as work:
        amnesty.approve(work, prepared.id, prepared.sha256)
    amnesty.carry_out(house.desk, CLERK, house.fund(), prepared.id)
    assessed_anew(house)
    assert owed(house, unpaid) == [("reversed", 0), ("waived", 0)]
    with house.reading() as work:
        assert relief_queries.progress(work, prepared.id) == (1, 0)

    with house.desk.work(ANOTHER) as work:
        amnesty.undo(work, prepared.id, "the law was annulled")
    amnesty.carry_out(house.desk, CLERK, house.fund(), prepared.id)

    with house.reading() as work:
        assert relief_queries.progress(work, prepared.id) == (0, 1)
