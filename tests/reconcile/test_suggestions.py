"""What an entry may be: each ground counts and is said, nothing is suggested without one, and looking costs no query an entry."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from bank_files import Booked, camt054, credit, returned
from house import CLERK, House
from hypothesis import given
from hypothesis import strategies as st
from reconcile.deciding import CREDITED, money_in, queue
from sqlalchemy import event

from debit_service.core.settings import PROJECT
from debit_service.funds.queries import load_funds
from debit_service.reconcile.by_persons.standing import Claim, Purpose, allocation, order_on, positions
from debit_service.reconcile.queue import work_queue
from debit_service.reconcile.queue.exceptions import (
    REASONS,
    Decision,
    Exceptional,
    exception_of,
    meaning,
    needs_another,
    possible,
)
from debit_service.reconcile.queue.suggest import Candidate, Known, Suggestion, equally_good, suggestions
from debit_service.reconcile.queue.work_queue import Filter

KNOWN = Known(
    entry_id="E",
    fund_id="CNAS",
    currency="DZD",
    credit=True,
    amount_minor=100_00,
    charges_minor=0,
    booking_date=date(2026, 9, 30),
    mandate_reference=None,
    accounts=frozenset(),
    words=frozenset(),
)
DEBIT = Candidate(
    fund_id="CNAS",
    currency="DZD",
    contribution_id="C",
    reference="2026-08-1",
    amount_minor=100_00,
    open_minor=100_00,
    end_to_end_id="E2E",
    collection_date=date(2026, 9, 30),
    mandate_reference="M-1",
    account="blind",
)


def best(known: Known, *candidates: Candidate) -> Suggestion | None:
    """The first suggestion."""
    found = suggestions(known, candidates or [DEBIT])
    return found[0] if found else None


def names(known: Known, candidate: Candidate = DEBIT) -> set[str]:
    """The names of the points of a suggestion; none when nothing is suggested."""
    found = best(known, candidate)
    return {one.name for one in found.points} if found else set()


@pytest.mark.parametrize(
    ("known", "named"),
    [
        (KNOWN, {"amount", "day", "expected"}),
        (replace(KNOWN, booking_date=date(2026, 10, 3)), {"amount", "near day", "expected"}),
        (replace(KNOWN, booking_date=date(2026, 11, 3)), {"amount", "expected"}),
        (replace(KNOWN, amount_minor=98_50), {"near", "day", "expected"}),
        (replace(KNOWN, amount_minor=95_00, charges_minor=5_00), {"charge", "day", "expected"}),
        (replace(KNOWN, amount_minor=1, mandate_reference="M-1"), {"mandate", "day", "expected"}),
        (replace(KNOWN, amount_minor=1, accounts=frozenset({"blind"})), {"account", "day", "expected"}),
        (replace(KNOWN, amount_minor=1, words=frozenset({"2026-08-1"})), {"reference", "day", "expected"}),
        (replace(KNOWN, amount_minor=1), set()),
        (replace(KNOWN, amount_minor=100_01), set()),
        (replace(KNOWN, currency="EUR"), set()),
        (replace(KNOWN, fund_id="CNSS"), set()),
    ],
)
def test_each_ground_of_a_suggestion_is_named(known: Known, named: set[str]) -> None:
    assert names(known) == named


def test_a_return_is_looked_for_where_money_is_kept_and_a_credit_where_none_is() -> None:
    kept = replace(DEBIT, settled_minor=100_00)
    back = replace(KNOWN, credit=False)
    assert "expected" in names(back, kept)
    assert "settled" not in names(KNOWN)
    assert best(KNOWN, kept) is None, "what is settled already needs more than an amount to be suggested"
    named = replace(KNOWN, words=frozenset({"E2E"}))
    paid, unpaid = best(named, kept), best(named)
    assert paid
    assert unpaid
    assert paid.score < unpaid.score
    assert (paid.fits, unpaid.fits) == (False, True)


def test_a_return_with_a_fee_is_the_debit_but_for_the_charge() -> None:
    back = replace(KNOWN, credit=False, amount_minor=105_00, charges_minor=5_00)
    assert "charge" in names(back, replace(DEBIT, settled_minor=100_00))


def test_an_earlier_attempt_stands_behind_the_newest() -> None:
    found = suggestions(KNOWN, [replace(DEBIT, end_to_end_id="E1", newest=False), replace(DEBIT, end_to_end_id="E2")])
    assert [one.candidate.end_to_end_id for one in found] == ["E2", "E1"]
    assert equally_good(found) == 1


def test_debits_that_fit_alike_are_what_holds_an_entry_up() -> None:
    found = suggestions(KNOWN, [DEBIT, replace(DEBIT, end_to_end_id="OTHER", reference="2026-08-2")])
    assert equally_good(found) == 2
    assert exception_of("no_reference", equally_good(found)) is Exceptional.SEVERAL
    assert exception_of("exceeds", equally_good(found)) is Exceptional.DUPLICATE


def test_every_exception_but_several_has_a_reason_and_every_reason_something_to_do() -> None:
    told = {one.exception for one in REASONS.values()}
    assert told == set(Exceptional) - {Exceptional.SEVERAL}
    for reason in REASONS:
        for came_in in (True, False):
            may = possible(reason, money=True, credit=came_in)
            assert len(may) == len(set(may)) > 2, reason
            assert (Decision.ALLOCATED in may) == came_in
    assert possible("unknown_reference", money=False, credit=True) == (Decision.NOT_OURS, Decision.HELD)
    assert meaning("never heard of").exception is Exceptional.NO_EXPECTATION


def test_matches_and_holds_need_one_person_and_the_rest_two_above_the_amount() -> None:
    for decision in Decision:
        alone = decision in (Decision.MATCHED, Decision.HELD)
        assert needs_another(decision, 101, 100) != alone, decision
        # A doubt about what a rule has found: always; so for taking it back.
        assert needs_another(decision, 100, 100) == (decision is Decision.SUSPENDED), decision
    assert needs_another(Decision.UNDONE, 1, 100, Decision.SUSPENDED)
    assert needs_another(Decision.UNDONE, 1, 100, Decision.ALLOCATED)
    assert needs_another(Decision.UNDONE, 101, 100, Decision.MATCHED)
    assert not needs_another(Decision.UNDONE, 101, 100, Decision.HELD)


@given(
    amount=st.integers(0, 10**15),
    credit=st.booleans(),
    parts=st.lists(st.tuples(st.sampled_from(Purpose), st.integers(1, 10**15)), max_size=5),
)
def test_the_lines_of_an_entry_always_sum_to_zero(amount: int, credit: bool, parts: list[tuple[Purpose, int]]) -> None:
    found = positions(amount, credit=credit, parts=parts)
    assert sum(found.values()) == 0
    assert found["bank"] == (amount if credit else -amount)  # type: ignore[index]


ORDERS = load_funds(PROJECT / "config").get("CNAS").reconciliation.allocation_orders.require()
DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))


@given(
    claims=st.lists(
        st.builds(Claim, st.text(min_size=1), DAYS, st.integers(0, 10**9), st.booleans()), unique_by=lambda one: one.id
    ),
    amount=st.integers(0, 10**10),
)
def test_an_allocation_gives_each_claim_at_most_what_is_open_and_nothing_behind_an_open_one(
    claims: list[Claim], amount: int
) -> None:
    order = order_on(ORDERS, date(2026, 9, 1))
    shares = dict(allocation(order, claims, amount))
    assert sum(shares.values()) == min(amount, sum(one.open_minor for one in claims))
    short = [one for one in claims if shares.get(one.id, 0) < one.open_minor]
    for one in claims:
        assert shares.get(one.id, 0) <= one.open_minor
        for before in short:
            # Who gets anything does not stand behind one that is not paid in full.
            behind = (before.surcharge, before.due, before.id) < (one.surcharge, one.due, one.id)
            assert not (behind and shares.get(one.id)), (before, one)


def test_a_nameless_credit_is_suggested_to_be_the_debit_of_its_amount_and_day(house: House) -> None:
    sent, other = house.sent_together("CNAS", "100.00", "250.00")
    money_in(house, 100_00, name="A")
    money_in(house, 77_77, name="B")

    found = {one.left_minor: one for one in queue(house)}

    (first,) = found[100_00].suggestions[:1]
    assert (first.candidate.end_to_end_id, first.fits) == (sent.end_to_end_id, True)
    assert found[77_77].suggestions == ()
    assert other.end_to_end_id not in {one.candidate.end_to_end_id for one in found[100_00].suggestions}


def test_an_account_and_the_remittance_speak_for_the_employers_contribution(sqlite_house: House) -> None:
    """A transfer of an employer that was never debited: its account is the mandate's, and it writes what it pays."""
    house = sqlite_house
    employer = house.employer()
    house.contribution(employer, due=date(2026, 12, 30), amount="500.00", reference="2026-11-77")
    account = house.fund().creditor.account.value
    plain = camt054(account, Booked(500_00, "DZD", CREDITED, end_to_end_id="NOTPROVIDED", servicer_reference="A"))
    party = (
        f"<RltdPties><DbtrAcct><Id><Othr><Id>{employer.account[1]}</Id></Othr></Id></DbtrAcct></RltdPties>"
        "<RmtInf><Ustrd>Cotisation 2026-11-77.</Ustrd></RmtInf></TxDtls>"
    )
    house.in_turn(plain.replace(b"</TxDtls>", party.encode()))

    (one,) = queue(house)

    (suggestion,) = one.suggestions
    assert suggestion.candidate.reference == "2026-11-77"
    assert {point.name for point in suggestion.points} == {"reference", "account", "open"}
    assert not suggestion.fits


def test_a_second_return_is_suggested_for_what_is_kept(sqlite_house: House) -> None:
    house = sqlite_house
    sent = house.sent()
    house.in_turn(
        camt054(sent.account, credit(sent)),
        camt054(sent.account, replace(returned(sent, day=date(2026, 10, 5)), end_to_end_id=None), message_id="N2"),
    )
    (one,) = queue(house)
    assert (one.suggestions[0].candidate.end_to_end_id, one.suggestions[0].fits) == (sent.end_to_end_id, True)


def test_the_queue_asks_as_often_for_many_entries_as_for_one(sqlite_house: House) -> None:
    house = sqlite_house
    house.sent_together("CNAS", *(f"{amount}.00" for amount in range(100, 106)))
    asked: list[str] = []
    event.listen(house.desk.database.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))

    def questions(amounts: range) -> int:
        for amount in amounts:
            money_in(house, amount * 100, name=f"N{amount}")
        asked.clear()
        with house.desk.reading(CLERK) as work:
            shown = work_queue.page(work, house.service.funds, Filter()).shown
            assert all(one.suggestions for one in shown)
        return len(asked)

    assert questions(range(100, 101)) == questions(range(101, 106))


def test_the_queue_is_narrowed_down_by_fund_exception_and_age(sqlite_house: House) -> None:
    house = sqlite_house
    house.go_to(date(2026, 10, 10))
    old = money_in(house, 1_00, name="OLD", day=date(2026, 9, 1))
    new = money_in(house, 2_00, name="NEW", day=date(2026, 10, 9))
    foreign = money_in(house, 3_00, name="CNSS", account="DZ580002100001113000000570")

    def shown(**wanted: object) -> list[str]:
        return [one.entry.id for one in queue(house, Filter(**wanted))]  # type: ignore[arg-type]

    assert shown() == [old, foreign, new]
    assert shown(fund_id="CNAS") == [old, new]
    assert shown(days_min=2, fund_id="CNAS") == [old]
    assert shown(exception=Exceptional.MISSING_REFERENCE) == [old, foreign, new]
    assert shown(exception=Exceptional.SPLIT) == []
    with house.desk.reading(CLERK) as work:
        counted = {(one.fund_id, one.exception): (one.entries, one.in_minor) for one in work_queue.counts(work)}
    assert counted[("CNAS", Exceptional.MISSING_REFERENCE)] == (2, 3_00)
    assert queue(house)[0].age_days == (date(2026, 10, 10) - date(2026, 9, 1)) / timedelta(days=1)
