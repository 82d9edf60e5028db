"""Whatever a bank books and however it tells of it, the books are what an oracle of its own makes of the set of what was said.

I2-I6, I10, I12, I21. Hypothesis plays the bank on SQLite; `oracle` adds up. The ordinary run is short; for a nightly one set
`DEBIT_TEST_MACHINE_EXAMPLES` to some thousands.
"""

import os
import sqlite3
import sys
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

import pytest
from bank_files import Booked, credit, pain002, returned, together, total
from house import House, Sent
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from other_payments import pay, undo
from reconcile.oracle import Heard, Report, Status, Told
from reconcile.telling import NOBODY, check_books, chunks, written

from debit_service.core.money import format_minor
from debit_service.verify import CHECKS

EXAMPLES = int(os.environ.get("DEBIT_TEST_MACHINE_EXAMPLES", "4"))
STEPS = 30
BOOKED, A_YEAR = date(2026, 10, 1), timedelta(days=365)
STATEMENTS, REPLAY = 5, 8
#: Rows that are written once and never changed; of a disposition only whether it is the newest.
APPEND_ONLY = {
    "bank_files": "*",
    "bank_entries": "*",
    "dispositions": "id, entry_id, sort_key, kind, reason, explanation, folded_into, who, at",
    "allocations": "*",
    "journal_entries": "*",
    "journal_lines": "*",
    "audit_entries": "*",
}
WHICH = st.integers(0, 23)
FAMILY = st.sampled_from(["camt.052", "camt.053", "camt.054"])
REASON = st.sampled_from(["AM04", "AC04", "MD06", "MS03"])
Level = Literal["transaction", "block", "group"]


@dataclass(frozen=True)
class Happening:
    """What the bank has booked on an account, and in which forms it may tell of it."""

    account: str
    forms: dict[str, tuple[Booked, ...]]


class Banking(RuleBasedStateMachine):
    """A bank that was sent a few debits."""

    house: House
    sents: list[Sent]
    number: int

    def __init__(self) -> None:
        super().__init__()
        self.sents = list(self.sents)
        self.heard = Heard({one.account: fund for one, fund in self._funds()}, self.sents)
        self.happened: list[Happening] = []
        self.told: list[Report] = []
        self.letters: list[tuple[bytes, list[Status]]] = []
        self.in_one_sum: set[str] = set()
        self.in_sums: set[str] = set()
        self.apart: set[str] = set()
        self.booked_once: set[tuple[str, str]] = set()
        self.kept: dict[str, Counter[tuple[object, ...]]] = {}
        self.names = 0

    # What the bank does.

    @rule(which=WHICH, doubled=st.sampled_from(["no", "no", "no", "later", "at once"]), family=FAMILY)
    def books_a_debit(self, which: int, doubled: str, family: str) -> None:
        """A credit: the first, one more after a return, or (which is wrong) twice, or besides the sum that it is in."""
        sent = self._sent(which)
        if sent.payment_information_id in self.in_sums:
            return
        if self._books_once(sent) and (doubled != "no" or not self._first(sent, "credit")):
            return
        self.apart.add(sent.payment_information_id)
        for _ in range(2 if doubled == "later" else 1):
            one = credit(sent, self._day(), reference=self._name("C"))
            plain = replace(one, servicer_reference=None)
            forms = {"full": (one,), "plain": (plain,)} | self._nameless(sent, one)
            if doubled == "at once" and sent.payment_information_id not in self.in_one_sum:
                forms = {"twice": (plain, plain), "once": (plain,)}
            self._happens(sent.account, forms, family)

    @rule(which=WHICH, gross=st.booleans(), family=FAMILY)
    def books_a_block_in_one_sum(self, which: int, gross: bool, family: str) -> None:
        """All that it did not reject; or all, and what it rejected is debited apart."""
        name = self._sent(which).payment_information_id
        block = [one for one in self.sents if one.payment_information_id == name]
        if name in self.in_one_sum | self.apart:
            return
        rejected = {status.end_to_end_id for _, letter in self.letters for status in letter if status.rejected}
        booked = [one for one in block if gross or one.end_to_end_id not in rejected]
        if len(booked) < 2:
            return
        self.in_one_sum.add(name)
        self.booked_once |= {(one.end_to_end_id, "credit") for one in block}
        day, reference = self._day(), self._name("B")
        parts = tuple(replace(credit(one, day), servicer_reference=None) for one in booked)
        once = replace(total(booked, day), servicer_reference=reference)
        forms = {"sum": (once,), "a part": parts[1:], "all": parts}
        if len(booked) == len(block):
            forms["details"] = (together(*parts, reference=reference),)
        self._happens(booked[0].account, forms, family)
        for one in booked:
            if one.end_to_end_id in rejected:
                self._happens(one.account, {"full": (returned(one, "AM04", day, reference=self._name("R")),)}, family)

    @rule(which=WHICH, family=FAMILY)
    def books_a_block_in_several_sums(self, which: int, family: str) -> None:
        """And tells of its debits singly, of all or of some."""
        name = self._sent(which).payment_information_id
        block = [one for one in self.sents if one.payment_information_id == name]
        if len(block) < 2 or name in self.in_one_sum | self.apart:
            return
        self.in_one_sum.add(name)
        self.in_sums.add(name)
        self.booked_once |= {(one.end_to_end_id, "credit") for one in block}
        day = self._day()
        parts = tuple(replace(credit(one, day), servicer_reference=None) for one in block)
        sums = tuple(replace(total(some, day), servicer_reference=self._name("B")) for some in (block[:-1], block[-1:]))
        forms = {"sums": sums, "a sum": sums[:1], "a part": parts[1:], "all": parts}
        self._happens(block[0].account, forms, family)

    @rule(which=WHICH, reason=REASON, family=FAMILY)
    def takes_a_debit_back(self, which: int, reason: str, family: str) -> None:
        """With a fee where it takes one, perhaps before the credit is told, perhaps once too often."""
        sent = self._sent(which)
        if self._books_once(sent) and not self._first(sent, "return"):
            return
        one = returned(sent, reason, self._day(), charges_minor=self._fee(sent), reference=self._name("R"))
        plain, silent = replace(one, servicer_reference=None), replace(one, charges_minor=0)
        forms = {"full": (one,), "plain": (plain,), "says no fee": (silent,)} | self._nameless(sent, one)
        self.apart.add(sent.payment_information_id)
        self._happens(sent.account, forms, family)

    @rule(which=WHICH, reason=REASON, family=FAMILY)
    def takes_some_back_in_one_sum(self, which: int, reason: str, family: str) -> None:
        """Several returns are one entry."""
        first = self._sent(which)
        some = [one for one in self.sents if one.account == first.account and not self._books_once(one)][:3]
        if len(some) < 2:
            return
        day = self._day()
        parts = [returned(one, reason, day, charges_minor=self._fee(one)) for one in some]
        details = together(*parts, reference=self._name("R"))
        sum_alone = replace(details, details=(), end_to_end_id=None, reason=None)
        self.apart |= {one.payment_information_id for one in some}
        self._happens(first.account, {"details": (details,), "sum": (sum_alone,)}, family)

    @rule(which=WHICH, status=st.sampled_from(["RJCT", "RJCT", "ACCP", "ACSC", "PDNG"]), reason=REASON, at_once=st.booleans(),
          level=st.sampled_from(["transaction", "transaction", "block", "group"]))  # fmt: skip
    def answers(self, which: int, status: str, reason: str, at_once: bool, level: Level) -> None:
        """A status report: before the booking, or after it, of a day before it or after it."""
        sent = self._sent(which)
        whole = [one for one in self.sents if one.batch_id == sent.batch_id]
        rejected = status == "RJCT"
        about = whole if level != "transaction" and rejected else [sent]
        level = level if rejected else "transaction"
        day, why = self._day(), reason if rejected else None
        if which % 2:
            day -= A_YEAR
        letter = pain002(sent, status, why, level=level, day=day, message_id=self._name("P"))
        self.letters.append((letter, [Status(one.end_to_end_id, rejected, day, why) for one in about]))
        if at_once:
            self.a_letter_arrives(-1)

    @rule(which=WHICH, minor=st.integers(1, 10**12), family=FAMILY, kind=st.sampled_from(
        ["nameless", "two alike", "paid out", "a charge", "unknown reference", "wrong amount", "wrong currency",
         "account of another fund", "account of nobody"]))  # fmt: skip
    def books_what_cannot_be_right(self, which: int, minor: int, family: str, kind: str) -> None:
        """Money that nobody asked for, or not so."""
        sent = self._sent(which)
        account = {"account of nobody": NOBODY, "account of another fund": self._elsewhere(sent)}.get(
            kind, sent.account
        )
        strange = Booked(minor, sent.currency, self._day())
        ours = credit(sent, strange.day, reference=self._name("X"))
        made: dict[str, Booked] = {
            "paid out": replace(strange, direction="DBIT", sub_family="OTHR", servicer_reference=self._name("X")),
            "a charge": replace(strange, direction="DBIT", sub_family="CHRG", servicer_reference=self._name("X")),
            "unknown reference": replace(strange, end_to_end_id="NOT-OURS"),
            "wrong amount": replace(ours, amount_minor=sent.amount_minor + minor % 50 + 1),
            "wrong currency": replace(ours, currency="CHF"),
            "account of another fund": ours,
            "account of nobody": ours,
        }
        one = made.get(kind, strange)
        forms: dict[str, tuple[Booked, ...]] = {"once": (one,)}
        if kind == "two alike":
            forms["twice"] = (one, one)
        self._happens(account, forms, family)

    # What it says.

    @precondition(lambda self: self.happened)
    @rule(data=st.data(), family=FAMILY, count=st.integers(1, 5))
    def reports(self, data: st.DataObject, family: str, count: int) -> None:
        """A report of some bookings of one account, each in some form."""
        first = data.draw(st.sampled_from(self.happened))
        others = [one for one in self.happened if one.account == first.account and one is not first]
        more = data.draw(st.lists(st.sampled_from(others), max_size=count, unique_by=id)) if others else []
        entries: list[Booked] = []
        for one in [*more, first]:
            entries += one.forms[data.draw(st.sampled_from(sorted(one.forms)))]
        self._report(Report(family, self._name("M"), first.account, tuple(entries)))

    @precondition(lambda self: self.told)
    @rule(which=WHICH, how=st.sampled_from(["the same bytes", "written anew", "under another name", "of another year"]))
    def reports_again(self, which: int, how: str) -> None:
        """What was told is told once more; or a bank begins to number anew."""
        report = self.told[which % len(self.told)]
        if how == "under another name":
            report = replace(report, name=self._name("M"))
        if how == "of another year":
            strange = Booked(1_00 + which, report.entries[0].currency, report.entries[0].day + A_YEAR)
            report = replace(report, entries=(strange,))
        self._report(report, blanks="\n  " if how == "written anew" else "")

    @precondition(lambda self: self.told)
    @rule(which=WHICH, at=st.integers(30, 99))
    def a_report_breaks_off(self, which: int, at: int) -> None:
        """I21: nothing is left of it but the file itself."""
        report = replace(self.told[which % len(self.told)], name=self._name("T"))
        content = written(report)
        (imported,) = self.house.bank_says(content[: len(content) * at // 100])
        assert (imported.outcome, imported.entries) == ("unreadable", 0)

    @precondition(lambda self: self.letters)
    @rule(which=WHICH)
    def a_letter_arrives(self, which: int) -> None:
        """A status report, perhaps once more."""
        content, statuses = self.letters[which % len(self.letters)]
        self.house.bank_says(content)
        self.heard.statuses.update(statuses)

    # What others do.

    @rule(which=WHICH, minor=st.integers(1, 1200_00))
    def is_paid_by_other_means(self, which: int, minor: int) -> None:
        """Before the debit is booked, or after it."""
        sent = self._sent(which)
        amount = format_minor(minor, sent.currency)
        recorded = pay(self.house, sent.contribution_id, amount, reference=self._name("T"))
        self.heard.paid[recorded.payment.id] = (sent.contribution_id, minor)

    @precondition(lambda self: self.heard.paid)
    @rule(which=WHICH)
    def payment_is_undone(self, which: int) -> None:
        """It was another's."""
        payment_id = sorted(self.heard.paid)[which % len(self.heard.paid)]
        undo(self.house, payment_id)
        del self.heard.paid[payment_id]

    @precondition(lambda self: not self.heard.paid and not self.letters and not self.told)
    @rule()
    def another_batch_is_sent(self) -> None:
        """While nothing has failed yet: two more debits."""
        if len(self.sents) == len(type(self).sents):
            self.sents += self.house.sent_together("CNAS", "33.00", "44.00", due=date(2026, 11, 9))

    # What must hold after each step.

    @invariant()
    def the_books_are_the_oracles(self) -> None:
        """I2-I6: every balance, every debit, and everything that waits."""
        check_books(self.house, self.heard)

    @invariant()
    def nothing_that_was_written_is_changed(self) -> None:
        """I10."""
        connection = sqlite3.connect(self.house.desk.database.engine.url.database or "")
        try:
            for table, columns in APPEND_ONLY.items():
                rows = Counter(connection.execute(f"select {columns} from {table}").fetchall())  # noqa: S608 - our own
                assert not self.kept.get(table, Counter()) - rows, table
                self.kept[table] = rows
        finally:
            connection.close()

    def teardown(self) -> None:
        """I12: `debit verify` is content, but for statements whose neighbours were never sent; some worlds are also replayed."""
        if sys.exc_info()[0] is not None:
            return
        left_out = {STATEMENTS} | ({REPLAY} if self.number % 3 else set())
        with self.house.reading() as work:
            for check in CHECKS:
                if check.number not in left_out:
                    assert list(check.breaches(self.house.service, work)) == [], check.says

    # How.

    def _happens(self, account: str, forms: dict[str, tuple[Booked, ...]], family: str) -> None:
        """Booked; and told at once by some report, unless it is one of those of which the bank speaks late."""
        self.happened.append(Happening(account, forms))
        form = sorted(forms)[len(self.happened) % len(forms)]
        if len(self.happened) % 3:
            self._report(Report(family, self._name("M"), account, forms[form]))

    def _report(self, report: Report, blanks: str = "") -> None:
        self.house.bank_says(written(report, blanks))
        self.told.append(report)
        self.heard.reports.add(report)

    def _funds(self) -> list[tuple[Sent, str]]:
        return [(one, "CNAS" if one.currency == "DZD" else "EINZUGSSTELLE") for one in self.sents]

    def _sent(self, which: int) -> Sent:
        return self.sents[which % len(self.sents)]

    def _told(self, sent: Sent) -> Told:
        return self.heard.books().debits[sent.end_to_end_id]

    def _books_once(self, sent: Sent) -> bool:
        """Of some debits the bank books one credit and one return at most; of these it also tells by its own reference alone."""
        return self.sents.index(sent) % 3 == 2

    def _first(self, sent: Sent, what: str) -> bool:
        first = (sent.end_to_end_id, what) not in self.booked_once
        self.booked_once.add((sent.end_to_end_id, what))
        return first

    def _nameless(self, sent: Sent, one: Booked) -> dict[str, tuple[Booked, ...]]:
        return {"nameless": (replace(one, end_to_end_id=None),)} if self._books_once(sent) else {}

    def _fee(self, sent: Sent) -> int:
        return 5_00 * (self.sents.index(sent) % 2)

    def _elsewhere(self, sent: Sent) -> str:
        return next(one.account for one in self.sents if one.account != sent.account)

    def _name(self, kind: str) -> str:
        self.names += 1
        return f"{kind}{self.names}"

    def _day(self) -> date:
        self.names += 1
        return BOOKED + timedelta(days=self.names)


def test_whatever_a_bank_says_the_books_are_what_an_oracle_makes_of_it(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = sqlite_house
    together_ = house.sent_together("CNAS", "100.00", "250.00", "420.00")
    two = house.sent_together("CNAS", "77.00", "55.55", due=date(2026, 10, 20))
    sents = [*together_, *two, house.sent("EINZUGSSTELLE", due=date(2026, 10, 22))]
    back, now = house.bookmark(), house.clock.now()
    worlds: list[Banking] = []

    class Here(Banking):
        def __init__(self) -> None:
            back()
            house.clock.__init__(now)  # type: ignore[misc]
            self.house, self.sents, self.number = house, sents, len(worlds)
            chunks(monkeypatch, len(worlds) % 8)
            super().__init__()
            worlds.append(self)

    Here.sents = sents
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
