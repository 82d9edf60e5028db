"""Whatever people decide about what waits, and take back, and in whatever order: the accounts stay right to the cent.

The oracle is arithmetic: what came in, what went out, and where each decision that stands has put it. An ordinary run is short;
for a nightly one set `DEBIT_TEST_MACHINE_EXAMPLES` to some thousands.
"""

import os
from dataclasses import dataclass, field
from datetime import date

import pytest
from bank_files import camt054, credit
from house import House, Sent
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from reconcile.deciding import (
    decided,
    doubted,
    left_to_pay_out,
    money,
    money_in,
    paid_out,
    queue,
    told_by,
    undone,
)

from debit_service.core.errors import Refused
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.rules import State

EXAMPLES = int(os.environ.get("DEBIT_TEST_MACHINE_EXAMPLES", "6"))
OWED = {"C-0": 40_00, "C-1": 90_00}
WHOLE = {Decision.NOT_OURS: "not-ours", Decision.BANK_CHARGE: "charges", Decision.REFUND_OWED: "refunds-owed"}


@dataclass
class Money:
    """One booking of the bank's, and what was decided about it: decision -> (account, contribution, minor units) of its parts."""

    amount: int
    credit: bool
    #: Whether it pays a debit, as a rule found, and nobody doubts it.
    matched: bool = False
    decided: dict[str, list[tuple[str, str | None, int]]] = field(default_factory=dict)

    @property
    def left(self) -> int:
        """What nobody has decided about, no rule either."""
        return (
            0 if self.matched else self.amount - sum(minor for parts in self.decided.values() for _, _, minor in parts)
        )


class Deciding(RuleBasedStateMachine):
    """A clerk who decides and takes back, while money comes in and goes out."""

    house: House
    sents: list[Sent]

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[str, Money] = {}
        self.debits: dict[str, str] = {}
        self.doubts: dict[str, str] = {}
        self.payouts: dict[str, tuple[str, int]] = {}
        self.count = 0

    def sign(self, one: Money) -> int:
        """A credit adds to the bank."""
        return 1 if one.credit else -1

    def still_open(self, contribution: str) -> int:
        """What of a contribution nothing has paid yet."""
        paid = (
            minor
            for one in self.entries.values()
            for parts in one.decided.values()
            for _, name, minor in parts
            if name == contribution
        )
        return OWED[contribution] - sum(paid)

    @rule(amount=st.integers(1, 150_00), credit=st.booleans())
    def booked(self, amount: int, credit: bool) -> None:
        """The bank books what nobody knows."""
        self.count += 1
        entry_id = money_in(self.house, amount, name=f"N{self.count}", direction="CRDT" if credit else "DBIT")
        self.entries[entry_id] = Money(amount, credit)

    @precondition(lambda self: len(self.debits) < len(self.sents))
    @rule()
    def debit_is_paid(self) -> None:
        """The bank credits a debit of ours: a rule finds which."""
        sent = self.sents[len(self.debits)]
        self.count += 1
        name = f"N{self.count}"
        self.house.in_turn(camt054(sent.account, credit(sent, reference="AS1"), message_id=name))
        entry_id = told_by(self.house, name)
        self.debits[entry_id] = sent.end_to_end_id
        self.entries[entry_id] = Money(sent.amount_minor, credit=True, matched=True)

    @precondition(lambda self: self.debits)
    @rule(data=st.data())
    def told_again(self, data: st.DataObject) -> None:
        """Another report of a credit says nothing new, whatever persons have made of it."""
        named = data.draw(st.sampled_from(sorted(self.debits.values())))
        sent = next(one for one in self.sents if one.end_to_end_id == named)
        self.count += 1
        self.house.in_turn(camt054(sent.account, credit(sent, reference="AS1"), message_id=f"N{self.count}"))

    @precondition(lambda self: any(one.matched for one in self.entries.values()))
    @rule(data=st.data())
    def doubted(self, data: st.DataObject) -> None:
        """A person doubts that it pays that debit, and another one confirms: it waits."""
        entry_id = data.draw(st.sampled_from([name for name, one in self.entries.items() if one.matched]))
        self.doubts[entry_id] = doubted(self.house, entry_id)
        self.entries[entry_id].matched = False

    @precondition(lambda self: self.doubts)
    @rule(data=st.data())
    def doubted_no_more(self, data: st.DataObject) -> None:
        """Unless something was decided about it since, it pays the debit again."""
        entry_id = data.draw(st.sampled_from(sorted(self.doubts)))
        one = self.entries[entry_id]
        if one.decided:
            with pytest.raises(Refused, match="since it was put in suspense"):
                undone(self.house, self.doubts[entry_id])
            return
        undone(self.house, self.doubts.pop(entry_id))
        one.matched = True

    @invariant()
    def a_debit_is_paid_by_what_nobody_doubts(self) -> None:
        """And by nothing else."""
        paid = {self.debits[name] for name, one in self.entries.items() if one.matched}
        for sent in self.sents:
            settled = sent.end_to_end_id in paid
            assert self.house.outcome(sent).state is (State.SETTLED if settled else State.SENT)

    def waiting(self) -> list[str]:
        """The entries of which something waits."""
        return [entry_id for entry_id, one in self.entries.items() if one.left]

    @precondition(lambda self: self.waiting())
    @rule(data=st.data(), decision=st.sampled_from(sorted(WHOLE)))
    def set_aside(self, data: st.DataObject, decision: Decision) -> None:
        """What is left of an entry is a charge, to be given back, or none of ours."""
        entry_id = data.draw(st.sampled_from(self.waiting()))
        one = self.entries[entry_id]
        if decision is Decision.REFUND_OWED and not one.credit:
            with pytest.raises(Refused):
                decided(self.house, entry_id, decision)
            return
        left = one.left
        one.decided[decided(self.house, entry_id, decision).id] = [(WHOLE[decision], None, left)]

    @precondition(lambda self: self.waiting())
    @rule(data=st.data(), refund_rest=st.booleans())
    def allocated(self, data: st.DataObject, refund_rest: bool) -> None:
        """An entry pays parts of contributions; what is left waits, or is owed back."""
        entry_id = data.draw(st.sampled_from(self.waiting()))
        one, shares = self.entries[entry_id], []
        left = one.left
        for name in OWED:
            most = min(left, self.still_open(name))
            if most and (minor := data.draw(st.integers(0, most))):
                shares.append((name, minor))
                left -= minor
        if not shares or not one.credit:
            return
        done = decided(self.house, entry_id, Decision.ALLOCATED, shares=tuple(shares), refund_rest=refund_rest)
        one.decided[done.id] = [("other-means", name, minor) for name, minor in shares]
        if left and refund_rest:
            one.decided[done.id].append(("refunds-owed", None, left))

    @precondition(lambda self: any(one.decided for one in self.entries.values()))
    @rule(data=st.data())
    def taken_back(self, data: st.DataObject) -> None:
        """A decision is undone, unless what would still be owed back is less than was paid out."""
        known = [(name, decision) for name, one in self.entries.items() for decision in one.decided]
        entry_id, decision = data.draw(st.sampled_from(known))
        refunds = sum(minor for to, _, minor in self.entries[entry_id].decided[decision] if to == "refunds-owed")
        if refunds > left_to_pay_out(self.house).get(entry_id, 0):
            with pytest.raises(Refused, match="paid out"):
                undone(self.house, decision)
            return
        undone(self.house, decision)
        del self.entries[entry_id].decided[decision]

    @precondition(lambda self: bool(left_to_pay_out(self.house)))
    @rule(data=st.data())
    def given_back(self, data: st.DataObject) -> None:
        """A part of what is owed back is paid out."""
        owed = left_to_pay_out(self.house)
        entry_id = data.draw(st.sampled_from(sorted(owed)))
        minor = data.draw(st.integers(1, owed[entry_id]))
        self.count += 1
        self.payouts[paid_out(self.house, entry_id, minor, f"OUT-{self.count}").id] = (entry_id, minor)

    @precondition(lambda self: self.payouts)
    @rule(data=st.data())
    def not_given_back(self, data: st.DataObject) -> None:
        """It was not paid out after all."""
        payout = data.draw(st.sampled_from(sorted(self.payouts)))
        undone(self.house, payout)
        del self.payouts[payout]

    @invariant()
    def every_cent_stands_where_it_was_decided(self) -> None:
        """The journal, the queue and the list of refunds say what the arithmetic says."""
        expected: dict[str, int] = {}

        def add(account: str, minor: int) -> None:
            expected[account] = expected.get(account, 0) + minor

        for one in self.entries.values():
            add("bank", self.sign(one) * one.amount)
            add("suspense", -self.sign(one) * one.left)
            for account, contribution, minor in (part for parts in one.decided.values() for part in parts):
                # What was paid stands against what is receivable, and nothing stays at other means.
                add(account if contribution is None else "paid", -self.sign(one) * minor)
        for _, minor in self.payouts.values():
            add("refunds-owed", minor)
            add("other-means", -minor)
        expected.pop("paid", None)
        assert money(self.house) == {name: minor for name, minor in expected.items() if minor}
        assert sum(self.house.balances().values()) == 0
        receivable = sum(self.still_open(name) for name in OWED)
        assert self.house.balances().get("receivable/CNAS", 0) == receivable
        waits = {one.entry.id: one.left_minor for one in queue(self.house)}
        assert waits == {name: one.left for name, one in self.entries.items() if one.left}


def test_whatever_is_decided_and_taken_back_every_cent_is_booked_once(sqlite_house: House) -> None:
    employer = sqlite_house.employer()
    sents = sqlite_house.sent_together("CNAS", "60.00", "70.00")
    for number, (reference, minor) in enumerate(OWED.items()):
        amount = f"{minor // 100}.{minor % 100:02d}"
        sqlite_house.contribution(employer, due=date(2026, 9, 10 + number), amount=amount, reference=reference)
    sqlite_house.go_to(date(2026, 10, 1))
    back = sqlite_house.bookmark()

    class Here(Deciding):
        def __init__(self) -> None:
            back()
            self.house, self.sents = sqlite_house, sents
            super().__init__()

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        ),
    )
    assert sqlite_house.breaches() == {}
