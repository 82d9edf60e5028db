"""Many proposals are confirmed together, each as it would be alone: what was seen, by whom, and nothing half done."""

from datetime import date

import pytest
from bank_files import camt054, credit, pain002
from house import APPROVER, CLERK, House, Sent

from debit_service import operations
from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.work import Actor, Role
from debit_service.disputes import service as disputes
from debit_service.disputes.rules import Subject, SubjectKind
from debit_service.penalties import queries, waiting
from debit_service.penalties.service import ConfirmedMany, confirm
from debit_service.penalties.waiting import Found, Wanted

ANOTHER = Actor("another approver", frozenset({Role.FINANCE_APPROVER}))
LARGE = "30000000.00"


def proposed(house: House, *amounts: str) -> list[str]:
    """The penalties of debits that accounts could not pay, in the middle of October: 5% each."""
    sent = house.sent_together("CNAS", *amounts)
    for one in sent:
        house.bank_says(pain002(one, "RJCT", "AM04"))
    house.go_to(date(2026, 10, 15))
    house.assess()
    return [penalty_of(house, one) for one in sent]


def penalty_of(house: House, sent: Sent) -> str:
    with house.reading() as work:
        (penalty,) = queries.penalties_of(work, sent.contribution_id)
        return penalty.id


def debit_of(house: House, penalty_id: str) -> Sent:
    with house.reading() as work:
        contribution_id = queries.get(work, penalty_id).contribution_id
    return house.debit(contribution_id)


def found(house: House, wanted: Wanted | None = None) -> Found:
    with house.reading() as work:
        return waiting.find(work, wanted or Wanted(fund_id="CNAS"))


def seen(house: House) -> dict[str, int]:
    return {one.id: one.whole_minor for one in found(house).lines}


def confirmed(house: House, what: dict[str, int], actor: Actor = APPROVER) -> ConfirmedMany:
    return operations.confirm_penalties(house.service, actor, house.fund(), what, "the files are complete")


def state(house: House, penalty_id: str) -> str | None:
    with house.reading() as work:
        return queries.state_of(work, penalty_id)


def contested(house: House, penalty_id: str) -> str:
    terms = operations.dispute_terms(house.service, house.fund())
    with house.desk.work(Actor("the front desk", CLERK.roles)) as work:
        about = Subject(SubjectKind.PENALTY, penalty_id, queries.get(work, penalty_id).contribution_id, 50_00)
        return disputes.contest(work, terms, disputes.Objection(about, "the branch was closed")).id


def test_those_that_wait_are_counted_summed_and_narrowed_down_by_amount_period_and_rule(sqlite_house: House) -> None:
    house = sqlite_house
    small, large = proposed(house, "1000.00", "9000.00")
    every = found(house)
    assert (every.count, every.sum_minor, every.largest_minor) == (2, 500_00, 450_00)
    assert [one.id for one in found(house, Wanted(fund_id="CNAS", up_to_minor=50_00)).lines] == [small]
    (line, _) = every.lines
    rule = line.rule.split()[0]
    assert found(house, Wanted(fund_id="CNAS", period=line.period, rule_id=rule)).count == 2
    assert found(house, Wanted(fund_id="CNAS", period="1999-01")).count == 0
    assert found(house, Wanted(fund_id="CNAS", rule_id="another")).count == 0
    with house.reading() as work:
        assert waiting.periods_and_rules(work, "CNAS") == ([line.period], [rule])
    assert large in seen(house)


def test_all_are_confirmed_for_one_reason_and_repeating_it_confirms_nothing_twice(house: House) -> None:
    ids = proposed(house, "1000.00", "2000.00", "3000.00")
    what = seen(house)

    done = confirmed(house, what)

    assert (done.confirmed, done.agreed, done.refused) == (ids, [], {})
    assert found(house).count == 0
    with house.reading() as work:
        assert {queries.newest_reason(work, one) for one in ids} == {"the files are complete"}
    again = confirmed(house, what)
    assert (again.confirmed, {error.code for error in again.refused.values()}) == ([], {"penalty.nothing_to_confirm"})
    assert house.breaches() == {}


def test_what_changed_since_it_was_seen_is_refused_and_named_and_the_rest_goes_through(house: House) -> None:
    paid, grown, plain = proposed(house, "1000.00", "2000.00", "3000.00")
    what = seen(house) | {grown: 99_00, "unknown": 1}
    came = debit_of(house, paid)
    house.bank_says(camt054(came.account, credit(came), message_id="N1"))

    done = confirmed(house, what)

    assert done.confirmed == [plain]
    assert {one: error.code for one, error in done.refused.items()} == {
        "unknown": "penalty.unknown",
        paid: "penalty.no_ground",
        grown: "penalty.changed",
    }
    assert (state(house, grown), state(house, plain)) == ("proposed", "confirmed")
    assert house.breaches() == {}


def test_above_the_amount_for_two_the_first_approver_only_agrees_and_another_one_confirms(sqlite_house: House) -> None:
    house = sqlite_house
    small, large = proposed(house, "1000.00", LARGE)

    first = confirmed(house, seen(house))
    assert (first.confirmed, first.agreed) == ([small], [large])
    assert [(one.id, one.agreed_by) for one in found(house).lines] == [(large, APPROVER.name)]

    assert {error.code for error in confirmed(house, seen(house)).refused.values()} == {"penalty.four_eyes"}
    assert confirmed(house, seen(house), ANOTHER).confirmed == [large]
    assert (state(house, large), house.breaches()) == ("confirmed", {})


def test_what_the_employer_contests_or_was_right_about_is_never_confirmed_with_others(sqlite_house: House) -> None:
    house = sqlite_house
    (penalty_id,) = proposed(house, "1000.00")
    what = seen(house)
    dispute_id = contested(house, penalty_id)

    assert seen(house) == {}
    (shown,) = found(house, Wanted(fund_id="CNAS", question=True)).lines
    assert (shown.id, shown.question) == (penalty_id, "contested")
    assert confirmed(house, what).refused[penalty_id].code == "penalty.question"

    house.answer_dispute(dispute_id, "partly_upheld")
    house.confirm_penalty(penalty_id)
    assert found(house, Wanted(fund_id="CNAS", question=True)).count == 0


def test_a_penalty_of_another_fund_is_not_confirmed_with_this_ones(sqlite_house: House) -> None:
    house = sqlite_house
    (penalty_id,) = proposed(house, "1000.00")
    done = operations.confirm_penalties(house.service, APPROVER, house.fund("CNSS"), {penalty_id: 50_00}, "complete")

    assert (done.refused[penalty_id].code, state(house, penalty_id)) == ("penalty.unknown", "proposed")


def test_a_crash_between_two_transactions_leaves_whole_penalties_and_the_rest_is_done_again(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = sqlite_house
    ids = proposed(house, "1000.00", "2000.00", "3000.00")
    what = seen(house)
    monkeypatch.setattr(operations, "CONFIRMED_AT_A_TIME", 2)
    heed, calls = confirm.__globals__["_heed"], []

    def crash_at_the_third(*args: object) -> None:
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        heed(*args)

    monkeypatch.setitem(confirm.__globals__, "_heed", crash_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        confirmed(house, what)
    assert [state(house, one) for one in ids] == ["confirmed", "confirmed", "proposed"]

    assert confirmed(house, what).confirmed == [ids[2]]
    assert house.breaches() == {}


def test_a_clerk_confirms_nothing_and_nobody_without_a_reason(sqlite_house: House) -> None:
    house = sqlite_house
    (penalty_id,) = proposed(house, "1000.00")
    with pytest.raises(Refused, match="finance_approver"):
        confirmed(house, {penalty_id: 50_00}, CLERK)
    with pytest.raises(InvalidInput, match="Say why"):
        operations.confirm_penalties(house.service, APPROVER, house.fund(), {penalty_id: 50_00}, " ")
    assert state(house, penalty_id) == "proposed"


def test_with_a_total_that_was_not_seen_nothing_is_confirmed(sqlite_house: House) -> None:
    proposed(sqlite_house, "1000.00")
    all_of_them = found(sqlite_house)
    assert list(all_of_them.seen(50_00, "DZD").values()) == [50_00]
    with pytest.raises(Refused, match=r"come to 50\.00 DZD by now"):
        all_of_them.seen(49_00, "DZD")
