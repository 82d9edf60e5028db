"""Whatever people, banks and employers do about a penalty, in whatever order: the journal says what is owed and paid, no step
is asked for twice, and nothing is asked for without its ground.

Hypothesis drives one late contribution. The ordinary run is short, on PostgreSQL the shortest; for a nightly one set
`DEBIT_TEST_MACHINE_EXAMPLES`.
"""

import os
from contextlib import suppress
from datetime import date, timedelta
from typing import ClassVar

from bank_files import pain002
from bookmarks import bookmark, embedded
from house import APPROVER, CLERK, House
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from other_payments import pay as pay_contribution
from other_payments import undo as undo_contribution

from debit_service import operations
from debit_service.contributions.payments import Means, Paid
from debit_service.core.errors import DebitError
from debit_service.penalties import proof, queries
from debit_service.penalties.service import pay, relieve, reverse
from debit_service.penalties.service.relieve import Granted
from debit_service.penalties.tariff.relief import Ground

OWED_MINOR, DUE, START = 1000_00, date(2026, 9, 30), date(2026, 10, 15)
EXAMPLES = int(os.environ.get("DEBIT_TEST_MACHINE_EXAMPLES", "6"))
#: What only the next assessment can know, because the evidence or the payments have changed since.
_SINCE_ASSESSED = ("no decision that stands", "its evidence", "it was computed", "its steps are", "it claims a fee")


class OnePenalty(RuleBasedStateMachine):
    """A contribution whose debit the account could not pay, and everything that people may do about its penalty."""

    house: ClassVar[House]
    contribution_id: ClassVar[str]
    penalty_id: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.number, self.cash_minor, self.assessed = 0, 0, True
        self.payments: dict[str, int] = {}
        self.others: list[str] = []
        self.reliefs: list[str] = []
        self.dispute: str | None = None

    @rule(days=st.integers(1, 25))
    def days_pass(self, days: int) -> None:
        """Lateness goes on."""
        self.house.go_to(self.house.clock.now().date() + timedelta(days=days))

    @rule()
    def assess(self) -> None:
        """The job of the day: faults, amounts, and notices."""
        self.house.assess()
        self.assessed = True
        operations.notify_penalties(self.house.service, CLERK, self.house.fund())

    @rule()
    def confirm(self) -> None:
        """An approver asks for what is computed."""
        with suppress(DebitError):
            self.house.confirm_penalty(self.penalty_id)

    @rule()
    def reverse(self) -> None:
        """An approver takes it back."""
        with suppress(DebitError), self.house.desk.work(APPROVER) as work:
            reverse(work, self.house.fund(), self.penalty_id, "an error")

    @rule(minor=st.sampled_from([10_00, 25_00, 50_00]), given_back=st.booleans())
    def money_moves(self, minor: int, given_back: bool) -> None:
        """The employer pays for the penalty, or gets back what was too much."""
        self.number += 1
        said = Paid(
            amount_minor=minor,
            currency="DZD",
            paid_on=START,
            means=Means.CASH,
            reference=f"P-{self.number}",
            evidence="receipt",
        )
        act = pay.give_back if given_back else pay.pay
        with suppress(DebitError), self.house.desk.work(APPROVER if given_back else CLERK) as work:
            payment = act(work, self.house.service.funds, self.penalty_id, said)
            self.payments[payment.id] = payment.amount_minor
            self.cash_minor += payment.amount_minor

    @rule(which=st.integers(0, 9))
    def payment_is_undone(self, which: int) -> None:
        """A cheque bounced."""
        if self.payments:
            payment_id = list(self.payments)[which % len(self.payments)]
            with self.house.desk.work(APPROVER) as work:
                pay.undo(work, self.house.service.funds, payment_id, "it bounced")
            self.cash_minor -= self.payments.pop(payment_id)

    @rule(amount=st.sampled_from(["300.00", "1000.00"]), late=st.booleans())
    def contribution_is_paid(self, amount: str, late: bool) -> None:
        """A payment of the contribution comes to light."""
        self.number += 1
        on = min(date(2026, 10, 20), self.house.clock.now().date()) if late else DUE
        with suppress(DebitError):
            recorded = pay_contribution(self.house, self.contribution_id, amount, on=on, reference=f"C-{self.number}")
            self.others.append(recorded.payment.id)
        self.assessed = False

    @rule()
    def contribution_payment_is_undone(self) -> None:
        """And was none."""
        if self.others:
            undo_contribution(self.house, self.others.pop())
            self.assessed = False

    @rule(answer=st.sampled_from(["upheld", "rejected"]))
    def dispute_goes_on(self, answer: str) -> None:
        """The employer contests, or gets its answer."""
        self.assessed = False
        with suppress(DebitError):
            if self.dispute is None:
                self.dispute = self.house.dispute(self.contribution_id)
                return
            self.house.answer_dispute(self.dispute, answer)
            self.dispute = None

    @rule(basis_points=st.sampled_from([5_000, 10_000]))
    def relief_is_granted(self, basis_points: int) -> None:
        """The commission lets the employer off, in part or whole."""
        granted = Granted(
            ground=Ground.COMMISSION,
            basis_points=basis_points,
            authority="local commission",
            decided_on=START,
            document="minutes 4",
            why="a first lateness",
        )
        with suppress(DebitError), self.house.desk.work(APPROVER) as work:
            relief = relieve.grant(work, self.house.fund(), self.house.service.penalty_rules, self.penalty_id, granted)
            self.reliefs.append(relief.id)

    @rule()
    def relief_is_undone(self) -> None:
        """And thinks again."""
        if self.reliefs:
            with suppress(DebitError), self.house.desk.work(APPROVER) as work:
                relieve.undo(work, self.house.fund(), self.reliefs.pop(), "a slip")

    @invariant()
    def everything_agrees(self) -> None:
        """Journal, state and money agree at once; the ground as of the last assessment."""
        with self.house.reading() as work:
            troubles = list(proof.ungrounded(work, self.house.service.penalty_rules, self.house.service.funds))
            money = queries.money_of(work, self.penalty_id)
        at_once = [one for one in troubles if not any(word in one for word in _SINCE_ASSESSED)]
        assert (troubles if self.assessed else at_once) == []
        assert money.kept_minor == self.cash_minor
        assert money.owed_minor <= _at_most(self.house.clock.now().date())


def _at_most(today: date) -> int:
    """5% at once and 1% for each further month begun: what the whole contribution, never paid, could cost by `today`."""
    months = (today - DUE).days // 28 + 1
    return OWED_MINOR * 5 // 100 + OWED_MINOR // 100 * months


def test_no_order_of_events_lets_penalty_and_journal_part(house: House) -> None:
    sent = house.sent()
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    house.go_to(START)
    house.assess()
    with house.reading() as work:
        (penalty,) = queries.penalties_of(work, sent.contribution_id)
    back = bookmark(house)

    class Machine(OnePenalty):
        contribution_id, penalty_id = sent.contribution_id, penalty.id

        def teardown(self) -> None:
            back()

    Machine.house = house
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES if embedded(house) else max(EXAMPLES // 3, 1),
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
