"""No cent comes or goes by itself: whatever a bank sends, in any order and however often, the accounts add up to its bookings.

The oracle is arithmetic in this file. It keeps a list of bookings and counts; it knows nothing of entries, folding or postings.
"""

from dataclasses import dataclass, field, replace
from datetime import date

import pytest
from bank_files import Booked, camt053, camt054, credit, pain002, returned
from house import House, Sent
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from debit_service.core.errors import Refused

CREDITED, TAKEN_BACK = date(2026, 9, 30), date(2026, 10, 5)
FEE = 5_00
WHICH = st.integers(0, 2)


@dataclass
class Told:
    """What the bank has booked about one debit: how many credits and returns, each whole, each return with a fee."""

    amount_minor: int
    credits: int = 0
    returns: int = 0

    def believed(self) -> tuple[int, int]:
        """How many of them can be right: money comes in, goes back, and only then comes in again."""
        came = went = 0
        moving = True
        while moving:
            moving = False
            if came < self.credits and came <= went:
                came, moving = came + 1, True
            if went < self.returns and went < max(came, 1):
                went, moving = went + 1, True
        return came, went


@dataclass
class Oracle:
    """Sums over everything that was fed."""

    debits: list[Told]
    bookings: dict[str, Booked] = field(default_factory=dict)

    def expected(self) -> dict[str, int]:
        """The balances that must stand in the journal."""
        owed = sum(one.amount_minor for one in self.debits)
        bank = sum(one.amount_minor * (1 if one.direction == "CRDT" else -1) for one in self.bookings.values())
        kept = fees = 0
        for one in self.debits:
            came, went = one.believed()
            kept += (came - went) * one.amount_minor
            fees += went * FEE
        unexplained = bank - (kept - fees)
        return {
            "bank": bank,
            "charges": fees,
            "suspense": -unexplained,
            "declared": -owed,
            "still owed or under way": owed - kept,
        }


class Conservation(RuleBasedStateMachine):
    """A bank that books, copies, takes back, and sends money that nobody asked for."""

    house: House
    sents: list[Sent]

    def __init__(self) -> None:
        super().__init__()
        self.oracle = Oracle([Told(sent.amount_minor) for sent in self.sents])
        self.files = 0

    def feed(self, family: str, booked: Booked) -> None:
        """A file with this one booking arrives."""
        self.files += 1
        account, name = self.sents[0].account, f"S{self.files}"
        if family == "camt.053":
            self.house.in_turn(camt053(account, booked.day, 0, booked, message_id=name))
        else:
            self.house.in_turn(camt054(account, booked, message_id=name))

    def book(self, family: str, booked: Booked) -> None:
        """A new booking, under a reference of the bank's of its own."""
        reference = f"AS-{len(self.oracle.bookings)}"
        named = replace(booked, servicer_reference=reference)
        self.oracle.bookings[reference] = named
        self.feed(family, named)

    families = st.sampled_from(["camt.053", "camt.054"])

    @rule(which=WHICH, family=families)
    def credited(self, which: int, family: str) -> None:
        """A debit is booked, perhaps once more."""
        self.oracle.debits[which].credits += 1
        self.book(family, credit(self.sents[which]))

    @rule(which=WHICH, family=families)
    def taken_back(self, which: int, family: str) -> None:
        """A debit is returned with a fee, perhaps before its credit, perhaps once too often."""
        self.oracle.debits[which].returns += 1
        self.book(family, returned(self.sents[which], day=TAKEN_BACK, charges_minor=FEE))

    @rule(which=WHICH)
    def rejected(self, which: int) -> None:
        """A status report moves no money."""
        self.files += 1
        self.house.in_turn(pain002(self.sents[which], "RJCT", "AM04", message_id=f"P{self.files}"))

    @rule(minor=st.integers(1, 10**12), direction=st.sampled_from(["CRDT", "DBIT"]))
    def strange(self, minor: int, direction: str) -> None:
        """Money comes or goes that names nothing of ours."""
        booked = Booked(minor, self.sents[0].currency, CREDITED, direction="CRDT")
        self.book("camt.054", booked if direction == "CRDT" else replace(booked, direction="DBIT", sub_family="OTHR"))

    @rule(which=WHICH, by=st.integers(1, 50))
    def wrong_amount(self, which: int, by: int) -> None:
        """A credit of a debit of ours, with another amount."""
        sent = self.sents[which]
        self.book("camt.054", credit(sent, amount_minor=sent.amount_minor + by))

    @precondition(lambda self: self.oracle.bookings)
    @rule(data=st.data(), family=families)
    def told_again(self, data: st.DataObject, family: str) -> None:
        """A booking that was told is told once more, by a statement or a notification."""
        known = self.oracle.bookings
        self.feed(family, known[data.draw(st.sampled_from(sorted(known)))])

    @rule(which=WHICH)
    def explained(self, which: int) -> None:
        """Money without a name arrives, and a clerk says which debit it belongs to; that must fit."""
        sent, told = self.sents[which], self.oracle.debits[which]
        came, went = told.believed()
        before = {one.id for one in self.house.waiting()}
        self.book("camt.054", Booked(sent.amount_minor, sent.currency, CREDITED))
        (new,) = [one for one in self.house.waiting() if one.id not in before]
        if came > went:
            with pytest.raises(Refused):
                self.house.resolve(new.id, sent.end_to_end_id)
        else:
            self.house.resolve(new.id, sent.end_to_end_id)
            told.credits += 1

    @invariant()
    def the_accounts_add_up(self) -> None:
        """The journal says what the arithmetic says."""
        found = {name.partition("/")[0]: minor for name, minor in self.house.balances().items()}
        assert sum(found.values()) == 0
        owed = found.pop("in-transit", 0) + found.pop("receivable", 0)
        expected = self.oracle.expected()
        assert {**dict.fromkeys(expected, 0), **found, "still owed or under way": owed} == expected


def test_whatever_a_bank_sends_the_accounts_add_up_to_what_it_booked(sqlite_house: House) -> None:
    sents = sqlite_house.sent_together("CNAS", "100.00", "250.00", "999.99")
    back = sqlite_house.bookmark()

    class Here(Conservation):
        def __init__(self) -> None:
            back()
            self.house, self.sents = sqlite_house, sents
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
    assert {number for number in sqlite_house.breaches() if number != 5} == set()
