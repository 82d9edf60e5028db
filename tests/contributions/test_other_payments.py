"""Payments by other means, one by one and from files: what counts, what is refused, and that the accounts follow the facts."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from bank_files import camt054, credit, returned
from house import APPROVER, CLERK, House, Sent
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from other_payments import pay, undo

from debit_service.collections.service.other_means import Stop
from debit_service.contributions import queries
from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.reconcile.service import other_means
from debit_service.reconcile.service.other_means import Imported, Recorded

OTHER_MEANS = "other-means/CNAS"
HEADER = "fund,contribution,reference,means,paid_on,amount,currency,evidence\n"


@pytest.fixture
def owed(sqlite_house: House) -> str:
    """A contribution of 1,000.00 that is due at the end of September."""
    return sqlite_house.contribution(sqlite_house.employer())


def reference_of(house: House, contribution_id: str) -> str:
    """The reference under which the fund knows a contribution."""
    return house.contribution_row(contribution_id).reference


def take(house: House, *lines: str, partial: bool = False) -> Imported:
    """A file with these lines is imported."""
    content = (HEADER + "".join(f"{one}\n" for one in lines)).encode()
    with house.desk.work(CLERK) as work:
        return other_means.import_rows(work, house.service.funds, content, partial=partial)


def line(house: House, contribution_id: str, amount: str = "100.00", *, reference: str = "T-1", **changes: str) -> str:
    """A line of a file: a transfer of 1 September."""
    values = {
        "fund": "CNAS",
        "contribution": reference_of(house, contribution_id),
        "reference": reference,
        "means": "transfer",
        "paid_on": "2026-09-01",
        "amount": amount,
        "currency": "DZD",
        "evidence": "statement 17",
    }
    return ",".join((values | changes).values())


def test_the_same_payment_again_is_known_and_changes_nothing(sqlite_house: House, owed: str) -> None:
    first = pay(sqlite_house, owed, "400.00")

    again = pay(sqlite_house, owed, "400.00", evidence="the same, worded otherwise")

    assert (first.new, again.new, again.payment.id) == (True, False, first.payment.id)
    assert sqlite_house.balances()[OTHER_MEANS] == 400_00


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ({"currency": "EUR"}, "payment.currency"),
        ({"amount": "0.00"}, "payment.amount"),
        ({"on": date(2026, 9, 2)}, "payment.paid_on"),
        ({"fund_id": "CNSS"}, "payment.contribution"),
        ({"reference": " "}, "payment.reference"),
        ({"evidence": "x" * 201}, "payment.evidence"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_right_is_refused_with_its_place_and_books_nothing(
    sqlite_house: House, owed: str, what: dict[str, Any], code: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        pay(sqlite_house, owed, **what)

    assert (refusal.value.code, refusal.value.place) == (code, code.partition(".")[2])
    assert OTHER_MEANS not in sqlite_house.balances()


def test_a_reference_that_counts_already_takes_no_other_content(sqlite_house: House, owed: str) -> None:
    pay(sqlite_house, owed, "400.00")

    with pytest.raises(Refused) as refusal:
        pay(sqlite_house, owed, "401.00")

    assert refusal.value.code == "payment.changed"
    assert sqlite_house.balances()[OTHER_MEANS] == 400_00


def test_clerks_record_and_approvers_undo_with_a_reason(sqlite_house: House, owed: str) -> None:
    with pytest.raises(Refused, match="finance_clerk"):
        pay(sqlite_house, owed, actor=APPROVER)
    recorded = pay(sqlite_house, owed)
    with pytest.raises(Refused, match="finance_approver"):
        undo(sqlite_house, recorded.payment.id, actor=CLERK)
    with pytest.raises(InvalidInput, match="Say why"):
        undo(sqlite_house, recorded.payment.id, "  ")


def test_an_undone_payment_stays_with_who_undid_it_and_its_reference_may_count_again(house: House) -> None:
    contribution_id = house.contribution(house.employer())
    undo(house, pay(house, contribution_id, "400.00").payment.id, "booked twice")

    pay(house, contribution_id, "300.00")

    with house.reading() as work:
        told = [
            (one.amount_minor, one.undone_by, one.undone_why) for one in queries.other_payments(work, contribution_id)
        ]
        assert queries.open_minor(work, contribution_id) == 700_00
    assert told == [(400_00, "approver", "booked twice"), (300_00, None, None)]
    assert house.balances()[OTHER_MEANS] == 300_00
    assert house.breaches() == {}


def test_a_payment_is_undone_once(sqlite_house: House, owed: str) -> None:
    recorded = pay(sqlite_house, owed)
    undo(sqlite_house, recorded.payment.id)

    with pytest.raises(Refused, match="undone already"):
        undo(sqlite_house, recorded.payment.id)
    with pytest.raises(NotFound):
        undo(sqlite_house, "nothing")


def test_more_than_is_owed_stands_as_owed_back_until_it_is_undone(sqlite_house: House, owed: str) -> None:
    recorded = pay(sqlite_house, owed, "1200.00")
    assert (recorded.refund_owed_minor, recorded.open_minor) == (200_00, 0)
    assert sqlite_house.balances() == {
        OTHER_MEANS: 1200_00, "refunds-owed/CNAS": -200_00, "declared/CNAS": -1000_00,
    }  # fmt: skip

    undo(sqlite_house, recorded.payment.id)

    assert sqlite_house.balances() == {"receivable/CNAS": 1000_00, "declared/CNAS": -1000_00}
    assert sqlite_house.breaches() == {}


def test_verify_names_a_payment_that_the_journal_does_not_know(sqlite_house: House, owed: str) -> None:
    recorded = pay(sqlite_house, owed)
    with sqlite_house.desk.work(CLERK) as work:
        work.session.merge(recorded.payment).amount_minor -= 1

    assert 4 in sqlite_house.breaches()


def test_a_file_is_taken_whole_and_the_same_file_again_changes_nothing(house: House) -> None:
    first, second = (house.contribution(house.employer()) for _ in range(2))
    lines = (line(house, first), line(house, second, "1000.00", reference="T-2"))

    assert take(house, *lines) == Imported(2, 0, [], [])
    assert take(house, *lines) == Imported(0, 2, [], [])
    assert house.balances()[OTHER_MEANS] == 1100_00


def test_of_a_file_with_a_bad_line_nothing_is_taken_unless_the_good_ones_are_asked_for(
    sqlite_house: House, owed: str
) -> None:
    house = sqlite_house
    lines = (
        line(house, owed),
        line(house, owed, reference="T-2", contribution="nobody's"),
        line(house, owed, reference="T-3", currency="EUR"),
        line(house, owed, reference="T-4", means="barter"),
        line(house, owed, "99.00"),
    )

    refused = take(house, *lines)
    assert [(one.line, one.code) for one in refused.bad] == [
        (3, "payment.contribution"),
        (4, "payment.currency"),
        (5, "line.form"),
        (6, "payment.changed"),
    ]
    assert OTHER_MEANS not in house.balances()

    assert take(house, *lines, partial=True).taken == 1
    assert house.balances()[OTHER_MEANS] == 100_00


def test_a_file_does_not_bring_back_what_a_person_undid(sqlite_house: House, owed: str) -> None:
    take(sqlite_house, line(sqlite_house, owed))
    with sqlite_house.reading() as work:
        (payment,) = queries.other_payments(work, owed)
    undo(sqlite_house, payment.id)

    (bad,) = take(sqlite_house, line(sqlite_house, owed)).bad

    assert bad.code == "payment.undone_before"
    assert OTHER_MEANS not in sqlite_house.balances()


def test_a_file_names_the_contributions_whose_debit_could_not_be_stopped(sqlite_house: House) -> None:
    sent = sqlite_house.sent()

    report = take(sqlite_house, line(sqlite_house, sent.contribution_id, "1000.00"))

    assert report.at_bank == [reference_of(sqlite_house, sent.contribution_id)]


@dataclass
class Counted:
    """The oracle: what was told, in whatever order. It knows no journal."""

    owed: int
    transfers: list[int] = field(default_factory=list)
    credits: int = 0
    returns: int = 0

    def balances(self) -> dict[str, int]:
        """What must stand in the journal."""
        debited = (self.credits - self.returns) * self.owed
        otherwise = sum(self.transfers)
        too_much = max(debited + otherwise - self.owed, 0)
        assert debited + otherwise - too_much <= self.owed
        return {
            "bank": debited,
            "other-means": otherwise,
            "refunds-owed": -too_much,
            "declared": -self.owed,
            "owed or under way": self.owed - debited - otherwise + too_much,
        }


class AnyOrder(RuleBasedStateMachine):
    """Transfers are recorded and undone while the bank books and returns the debit."""

    house: House
    sent: Sent

    def __init__(self) -> None:
        super().__init__()
        self.told = Counted(self.sent.amount_minor)
        self.standing: list[Recorded] = []
        self.number = 0

    @rule(amount=st.integers(1, 1500_00))
    def recorded(self, amount: int) -> None:
        """A transfer, of a part or of more than is owed."""
        self.number += 1
        shown = f"{amount // 100}.{amount % 100:02}"
        recorded = pay(self.house, self.sent.contribution_id, shown, reference=f"T-{self.number}")
        self.standing.append(recorded)
        self.told.transfers.append(amount)
        assert recorded.stopped.what is not Stop.CANCELLED

    @precondition(lambda self: self.standing)
    @rule(data=st.data())
    def undone(self, data: st.DataObject) -> None:
        """One of them is taken back."""
        which = data.draw(st.integers(0, len(self.standing) - 1))
        undo(self.house, self.standing.pop(which).payment.id)
        del self.told.transfers[which]

    @precondition(lambda self: self.told.credits == self.told.returns)
    @rule()
    def settled(self) -> None:
        """The bank books the debit."""
        self.told.credits += 1
        reference = f"C-{self.told.credits}"
        self.house.in_turn(
            camt054(self.sent.account, credit(self.sent, reference=reference), message_id=f"M{reference}")
        )

    @precondition(lambda self: self.told.credits > self.told.returns)
    @rule()
    def taken_back(self) -> None:
        """The bank returns it."""
        self.told.returns += 1
        reference = f"R-{self.told.returns}"
        self.house.in_turn(
            camt054(self.sent.account, returned(self.sent, reference=reference), message_id=f"M{reference}")
        )

    @invariant()
    def the_accounts_are_those_of_the_facts(self) -> None:
        """Whatever came first."""
        found = {name.partition("/")[0]: minor for name, minor in self.house.balances().items()}
        assert sum(found.values()) == 0
        under_way = found.pop("in-transit", 0) + found.pop("receivable", 0)
        expected = self.told.balances()
        assert {**dict.fromkeys(expected, 0), **found, "owed or under way": under_way} == expected


def test_in_any_order_transfers_and_debits_end_in_the_same_accounts(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    back = sqlite_house.bookmark()

    class Here(AnyOrder):
        def __init__(self) -> None:
            back()
            self.house, self.sent = sqlite_house, sent
            super().__init__()

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=10,
            stateful_step_count=10,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        ),
    )
    assert sqlite_house.breaches() == {}
