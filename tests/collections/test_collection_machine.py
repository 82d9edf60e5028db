"""Whatever employers, people, banks and crashes do, and in whatever order: nothing is debited twice, or without being allowed.

Hypothesis drives the whole path on SQLite, with chunks and files of two rows, against an oracle of its own (`promises`). The
ordinary run is short; for a nightly one set `DEBIT_TEST_MACHINE_EXAMPLES` to some thousands.
"""

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any

import pytest
from faults.day import Crash, Crashes
from house import APPROVER, CLERK, FIRST_DAY, House
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from other_payments import pay, undo
from promises import Allowed, Bank, Contribution, Employer, Promises, read, trouble
from schwifty import IBAN

from debit_service import operations
from debit_service.banks import queries as bank_files
from debit_service.banks import service as bank_store
from debit_service.collections import queries as collections
from debit_service.collections.models import Batch
from debit_service.collections.service import batch as batch_service
from debit_service.collections.service import bounds, candidates, notify
from debit_service.collections.service.approve import approve
from debit_service.collections.service.batch import cancel_alone
from debit_service.collections.service.submit import submit
from debit_service.core.accounts import AccountScheme, parse_account
from debit_service.core.errors import Refused
from debit_service.core.money import format_minor
from debit_service.core.work import Actor, Role, Work
from debit_service.demo.data import Somebody
from debit_service.employers import queries as employers
from debit_service.mandates import amend, blocks, life
from debit_service.mandates import service as mandates
from debit_service.mandates.models import Mandate
from debit_service.reconcile.service import import_stored
from debit_service.verify import CHECKS

FUND = "EINZUGSSTELLE"
EMPLOYERS = 3
REPLAY = 8
DAYS_MAX = 40
OTHER_BYTES = "0" * 64
EXAMPLES = int(os.environ.get("DEBIT_TEST_MACHINE_EXAMPLES", "12"))
#: A person who makes batches and may approve those of others.
BOTH = Actor(CLERK.name, frozenset({Role.FINANCE_CLERK, Role.FINANCE_APPROVER}))
WHICH = st.integers(0, 11)


class Debits(RuleBasedStateMachine):
    """A fund with a few employers, its people, and its bank."""

    house: House
    number: int

    def __init__(self) -> None:
        super().__init__()
        self.database = self.house.desk.database.engine.url.database or ""
        self.fund = self.house.fund(FUND)
        self.promises = Promises([self._employer(number) for number in range(1, EMPLOYERS + 1)], FIRST_DAY)
        self.bank = Bank(self.promises)
        self.seen: dict[str, str] = {}
        self.references = 0
        self.left_alone: dict[str, str] = {}

    def _employer(self, number: int) -> Employer:
        accounts = tuple(
            str(IBAN.generate("DE", bank_code="37040044", account_code=f"{number:06d}{other:04d}"))
            for other in range(3)
        )
        return Employer(accounts, Allowed("", "", accounts[0], None, state="not signed"))

    # What employers do.

    @rule(which=WHICH, minor=st.integers(1_00, 900_00), days=st.integers(3, 6))
    def declares(self, which: int, minor: int, days: int) -> None:
        """A contribution is handed over."""
        number = which % EMPLOYERS
        self.references += 1
        reference = f"C{self.references}"
        contribution_id = self.house.contribution(
            Somebody(FUND, number + 1),
            due=self.promises.today + timedelta(days=days),
            amount=format_minor(minor, "EUR"),
            reference=reference,
        )
        self.promises.contributions[reference] = Contribution(
            contribution_id, reference, self.promises.employers[number], minor
        )

    @rule(which=WHICH, limit=st.none() | st.integers(100_00, 900_00))
    def signs(self, which: int, limit: int | None) -> None:
        """An employer without a mandate that lives gives one."""
        number = which % EMPLOYERS
        employer = self.promises.employers[number]
        if employer.allowed.state in ("active", "suspended") or employer.block_id:
            return
        one = Somebody(FUND, number + 1)
        with self.house.desk.work(CLERK) as work:
            row = employers.find(work, FUND, one.registration)
            assert row
            account = parse_account(employer.accounts[0], AccountScheme.IBAN)
            form = mandates.SignedForm(
                row, account, one.name, "the manager", "manager", FIRST_DAY, "paper", amount_limit_minor=limit
            )
            (mandate,) = mandates.sign(work, form, [self.fund])
        employer.allowed = Allowed(mandate.id, mandate.reference, employer.accounts[0], limit)

    @rule(which=WHICH, what=st.sampled_from(["suspend", "resume", "revoke", "revoke by the bank", "amend"]))
    def mandate_changes(self, which: int, what: str) -> None:
        """A mandate is suspended, resumed, withdrawn, or its account becomes another."""
        employer = self.promises.employers[which % EMPLOYERS]
        allowed, blocked = employer.allowed, employer.block_id is not None
        state = allowed.state
        possible = {"resume": state == "suspended" and not blocked, "suspend": state == "active"}
        if not possible.get(what, state in ("active", "suspended") and not (what == "amend" and blocked)):
            return
        with self.house.desk.work(BOTH) as work:
            mandate = work.session.get_one(Mandate, allowed.mandate_id)
            if what == "suspend":
                life.suspend(work, mandate, "asked for", "letter")
                allowed.state = "suspended"
            elif what == "resume":
                life.resume(work, mandate, "asked for", "letter")
                allowed.state = "active"
            elif what == "amend":
                allowed.account = employer.accounts[(employer.accounts.index(allowed.account) + 1) % 3]
                change = amend.Change(account=parse_account(allowed.account, AccountScheme.IBAN))
                now = work.now()
                amend.amend(work, self.fund, mandate, change, received_at=now, why="asked for", evidence="letter")
            else:
                (life.revoke_by_bank if what.endswith("bank") else _revoke)(work, mandate, "withdrawn", "letter")
                allowed.state = "revoked"

    @rule(which=WHICH, of_account=st.booleans())
    def blocked_or_not(self, which: int, of_account: bool) -> None:
        """Debits of an employer, or of its account, are stopped; or may go on."""
        number = which % EMPLOYERS
        employer = self.promises.employers[number]
        with self.house.desk.work(BOTH) as work:
            if employer.block_id:
                blocks.lift(work, employer.block_id, "may go on")
                employer.block_id = None
                return
            row = employers.find(work, FUND, Somebody(FUND, number + 1).registration)
            assert row
            account = parse_account(employer.allowed.account, AccountScheme.IBAN)
            block = blocks.place(work, account if of_account else row, self.fund, "insolvent")
            employer.block_id = block.id

    @precondition(lambda self: self.promises.contributions)
    @rule(which=WHICH, minor=st.integers(1_00, 900_00))
    def pays_otherwise(self, which: int, minor: int) -> None:
        """A transfer, of a part or of more."""
        one = self._contribution(which)
        self.references += 1
        recorded = pay(self.house, one.contribution_id, format_minor(minor, "EUR"), reference=f"T{self.references}")
        one.paid[recorded.payment.id] = minor

    @precondition(lambda self: any(one.paid for one in self.promises.contributions.values()))
    @rule(which=WHICH)
    def payment_undone(self, which: int) -> None:
        """A transfer was another's."""
        paid = [(one, payment) for one in self.promises.contributions.values() for payment in one.paid]
        one, payment_id = paid[which % len(paid)]
        undo(self.house, payment_id)
        del one.paid[payment_id]

    @precondition(lambda self: self.promises.contributions)
    @rule(which=WHICH, upheld=st.booleans())
    def contests(self, which: int, upheld: bool) -> None:
        """A contribution is contested; or the fund answers."""
        one = self._contribution(which)
        if one.dispute_id:
            self.house.answer_dispute(one.dispute_id, "upheld" if upheld else "rejected")
            one.dispute_id, one.upheld = None, one.upheld or upheld
        else:
            one.dispute_id = self.house.dispute(one.contribution_id)

    # What the house does.

    @rule(dies_at=st.integers(0, 24), post_works=st.sampled_from([True, True, False]))
    def collects(self, dies_at: int, post_works: bool) -> None:
        """Plan, tell, batch; the process may die at any commit, and another run begins where it ended."""
        self.promises.post_works = post_works
        with self._dying(dies_at):
            self._collect()
        self.promises.post_works = True
        self._look_at_new_files()

    @rule(days=st.integers(1, 4))
    def days_pass(self, days: int) -> None:
        """Each with its collecting."""
        for _ in range(days):
            self._next_day()

    @rule(
        days=st.integers(1, 3), comes_back=st.sampled_from(["", "rejected", "returned", "returned, and nobody is told"])
    )
    def days_go_well(self, days: int, comes_back: str) -> None:
        """Everything is approved and sent, and the bank books it; perhaps all but one debit."""
        for _ in range(days):
            self._next_day()
            taken = [line for line in self.bank.lines.values() if line.state == "taken"]
            if comes_back == "rejected" and taken and taken[0].sent.collection_date > self.promises.today:
                self.bank.rejects(taken[0])
            self._everything_goes_well()
        settled = [line for line in self.bank.lines.values() if line.state == "settled"]
        if comes_back.startswith("returned") and settled:
            self.bank.returns(settled[-1])
            if comes_back == "returned":
                self._hear(len(self.bank.said) - 1)

    @rule(days=st.integers(2, 8))
    def nobody_is_there(self, days: int) -> None:
        """The service stands still."""
        self._go_to(self.promises.today + timedelta(days=days))

    @rule(after=st.integers(1, 4))
    def a_day_is_closed(self, after: int) -> None:
        """A holiday is announced late."""
        day = self.promises.today + timedelta(days=after)
        if self.promises.is_open(day):
            self.promises.closed.add(day)
            operations.correct_calendar_day(self.house.service, CLERK, "TARGET", day, "closed", "a feast", "gazette")

    @rule(which=WHICH, by=st.sampled_from(["approver", "maker", "approver of other bytes", "after an edit"]))
    def approves(self, which: int, by: str) -> None:
        """Somebody approves; only another person than the maker, and only these bytes, count (I14)."""
        if not (made := self._batches("made")):
            return
        batch_id = made[which % len(made)]
        if by == "approver":
            self._approve(batch_id)
            return
        with pytest.raises(Refused) as refusal:
            self._approve_wrongly(batch_id, by)
        assert refusal.value.code == ("batch.four_eyes" if by == "maker" else "batch.other_bytes")

    @rule(which=WHICH)
    def cancels(self, which: int) -> None:
        """A person throws a batch away that the bank does not have."""
        if waiting := [
            one for one in self._batches("made", "approved", "sending") if f"{one}.xml" not in self.bank.files
        ]:
            batch_id = waiting[which % len(waiting)]
            cancel_alone(self.house.desk, BOTH, batch_id, "the bank says that it has nothing", lambda: self.bank)

    @rule(
        which=WHICH,
        door=st.sampled_from(
            ["takes it", "is down", "takes it, the answer is lost", "never gets it, nor does an answer come"]
        ),
        answers=st.booleans(),
        dies_at=st.integers(0, 8),
        days=st.integers(2, 4),
        meanwhile=st.sampled_from(["nothing", "nothing", "suspend", "amend", "block", "contest", "pay"]),
    )
    def a_file_leaves(self, which: int, door: str, answers: bool, dies_at: int, days: int, meanwhile: str) -> None:
        """In the days to come batches are approved, something comes in between, and one is brought to the bank's door."""
        for _ in range(days):
            self._next_day()
            if self._batches("made"):
                break
        for batch_id in self._batches("made"):
            self._approve(batch_id)
        if batches := self._batches("approved"):
            batch_id = batches[which % len(batches)]
            self._come_between(batch_id, meanwhile)
            self.bank.does, self.bank.answers = trouble(door), answers
            with self._dying(dies_at), suppress(Refused):
                self._send(batch_id)
            self.bank.does, self.bank.answers = (True, None), True

    @rule(which=WHICH, answers=st.booleans())
    def sends(self, which: int, answers: bool) -> None:
        """Somebody wants a batch to leave: approved or not, under way or gone."""
        if batches := self._batches("made", "approved", "sending", "sent"):
            self.bank.answers = answers
            with suppress(Refused):
                self._send(batches[which % len(batches)])
            self.bank.answers = True

    # What the bank does.

    @precondition(lambda self: self.bank.lines)
    @rule(which=WHICH, back=st.booleans())
    def bank_acts(self, which: int, back: bool) -> None:
        """It rejects, books or returns a debit."""
        line = list(self.bank.lines.values())[which % len(self.bank.lines)]
        if line.state == "taken" and back and self.promises.today < line.sent.collection_date:
            self.bank.rejects(line)
        elif line.state == "taken" and self.promises.today >= line.sent.collection_date:
            self.bank.settles(line)
        elif line.state == "settled" and back:
            self.bank.returns(line)

    @precondition(lambda self: self.bank.said)
    @rule(which=WHICH)
    def is_heard(self, which: int) -> None:
        """One of its messages arrives: in any order, and again."""
        self._hear(which % len(self.bank.said))

    # What must hold after each step.

    @invariant()
    def every_new_file_keeps_the_promises(self) -> None:
        """I13, I17."""
        self._look_at_new_files()

    @invariant()
    def the_database_agrees(self) -> None:
        """I1, I2, I13, I14, told by the tables alone."""
        bank = sum(self.bank.booked[number] for number in self.bank.heard)
        assert self._rows("select contribution_id from collections where live group by 1 having count(*) > 1") == []
        assert self._rows("select entry_id from journal_lines group by 1 having sum(amount_minor) <> 0") == []
        booked = self._rows("select coalesce(sum(amount_minor), 0) from journal_lines where account like 'bank/%'")
        assert booked == [(bank,)]
        approvals = self._rows(
            "select a.batch_id, a.sha256 from approvals a join batches b on b.id = a.batch_id"
            " where a.approved_by <> b.made_by and a.made_by = b.made_by and a.sha256 = b.sha256"
        )
        assert dict(approvals) == self.promises.approved
        totals = self._rows(
            "select b.id from batches b join payment_informations p on p.batch_id = b.id"
            " group by 1 having b.count <> sum(p.count) or b.control_sum_minor <> sum(p.control_sum_minor)"
        )
        assert totals == []

    @invariant()
    def no_more_is_kept_than_is_owed(self) -> None:
        """I1, at the bank."""
        for one in self.promises.contributions.values():
            kept = sum(line.minor for line in self.bank.of(one.reference) if line.state in ("taken", "settled"))
            assert kept <= one.minor

    def teardown(self) -> None:
        """I15: once nothing goes wrong any more, everything that is allowed is debited, and the rest has a reason."""
        untouched = self.promises.today == FIRST_DAY and not self.bank.files
        if sys.exc_info()[0] is not None or untouched:
            return
        for _ in range(DAYS_MAX):
            quiet = not self._under_way() and len(self.bank.heard) == len(self.bank.said)
            done = self._next_day()
            self._everything_goes_well()
            if quiet and not (done.planned or done.notices or done.batches):
                break
        else:
            pytest.fail(f"after {DAYS_MAX} days there is still something to do")
        self.every_new_file_keeps_the_promises()
        self.the_database_agrees()
        self.no_more_is_kept_than_is_owed()
        for one in self.promises.contributions.values():
            lines = self.bank.of(one.reference)
            kept = sum(line.minor for line in lines if line.state == "settled")
            if kept >= one.open_minor:
                continue
            if not kept:
                assert self.left_alone.get(one.reference), f"{one} waits, and nobody is told why"
            assert kept or list(self.promises.obstacles(one)) or any(line.over for line in lines), (
                f"{one} was forgotten"
            )
        assert self.breaches() == []

    # How.

    def breaches(self) -> list[str]:
        """What `debit verify` finds; the replay of every file, which costs most, is asked of every eighth world."""
        checks = [check for check in CHECKS if check.number != REPLAY or self.number % 8 == 0]
        with self.house.reading() as work:
            return [breach for check in checks for breach in check.breaches(self.house.service, work)]

    def _contribution(self, which: int) -> Contribution:
        every = list(self.promises.contributions.values())
        return every[which % len(every)]

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.database)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def _batches(self, *states: str) -> list[str]:
        rows = self._rows("select subject_id, to_state from batch_transitions where most_recent order by subject_id")
        return [batch_id for batch_id, state in rows if state in states]

    def _under_way(self) -> bool:
        planned = self._rows("select 1 from collections where live and payment_information_id is null")
        asked = [line for line in self.bank.lines.values() if line.state == "taken"]
        return bool(planned or asked or self._batches("made", "approved", "sending"))

    def _go_to(self, day: date) -> None:
        self.promises.today = day
        self.house.go_to(day)

    def _next_day(self) -> operations.Collected:
        self._go_to(self.promises.today + timedelta(days=1))
        collected = self._collect()
        self._look_at_new_files()
        return collected

    def _collect(self) -> operations.Collected:
        try:
            collected = operations.collect(self.house.service, CLERK, self.fund, self.promises.today)
        except Refused as held:
            if held.code != "run.held":
                raise
            with self.house.desk.work(APPROVER) as work:
                bounds.release(work, held.place or "", "a person looked")
            collected = operations.collect(self.house.service, CLERK, self.fund, self.promises.today)
        self.left_alone = collected.left_alone
        return collected

    def _approve(self, batch_id: str) -> None:
        with self.house.desk.work(APPROVER) as work:
            digest = sha256(bank_files.content(work, collections.batch(work, batch_id).file_id)).hexdigest()
            approve(work, batch_id, digest)
        self.promises.approved[batch_id] = digest

    def _approve_wrongly(self, batch_id: str, by: str) -> None:
        with self.house.desk.work(BOTH if by == "maker" else APPROVER) as work:
            batch = collections.batch(work, batch_id)
            if by == "after an edit":
                batch.sha256 = OTHER_BYTES
                work.session.flush()
            approve(work, batch_id, OTHER_BYTES if by == "approver of other bytes" else batch.sha256)

    def _come_between(self, batch_id: str, what: str) -> None:
        """Something happens to one of the debits in a batch."""
        with self.house.reading() as work:
            line = read(bank_files.content(work, collections.batch(work, batch_id).file_id)).lines[0]
        which = list(self.promises.contributions).index(line.contribution)
        number = self.promises.employers.index(self.promises.contributions[line.contribution].employer)
        if what in ("suspend", "amend"):
            self.mandate_changes(number, what)
        elif what == "block":
            self.blocked_or_not(number, of_account=True)
        elif what == "contest":
            self.contests(which, upheld=False)
        elif what == "pay":
            self.pays_otherwise(which, 1_00)

    def _send(self, batch_id: str) -> str:
        return submit(self.house.desk, CLERK, self.fund, batch_id, self.bank)

    def _everything_goes_well(self) -> None:
        for batch_id in self._batches("made"):
            self._approve(batch_id)
        for batch_id in self._batches("approved", "sending"):
            try:
                assert self._send(batch_id) == "sent"
            except Refused as refusal:
                if refusal.code != "batch.overtaken":
                    raise
                if "not sent a second time" in refusal.message:
                    why = "the bank confirmed that it has nothing"
                    cancel_alone(self.house.desk, APPROVER, batch_id, why, lambda: self.bank)
        for line in self.bank.lines.values():
            if line.state == "taken" and self.promises.today >= line.sent.collection_date:
                self.bank.settles(line)
        for number in range(len(self.bank.said)):
            if number not in self.bank.heard:
                self._hear(number)

    def _hear(self, number: int) -> None:
        with self.house.desk.work(CLERK) as work:
            bank_store.store(work, "in", self.fund.bank, f"file-{number}.xml", self.bank.said[number])
        imported = import_stored(self.house.desk, CLERK, self.house.service.funds)
        assert [one.outcome for one in imported] == ([] if number in self.bank.heard else ["read"])
        self.bank.heard.add(number)

    def _look_at_new_files(self) -> None:
        """What was written since the last look keeps the promises as they are now."""
        with self.house.reading() as work:
            for batch, _ in collections.batches(work):
                if batch.id not in self.seen:
                    self._look_at(work, batch)

    def _look_at(self, work: Work, batch: Batch) -> None:
        content = bank_files.content(work, batch.file_id)
        asked = read(content)
        asked.check_totals()
        assert asked.message_id == batch.id
        assert (batch.count, batch.control_sum_minor) == (asked.count, sum(line.minor for line in asked.lines))
        assert sha256(content).hexdigest() == batch.sha256
        for line in asked.lines:
            self.promises.check(line, exactly=True)
        self.seen[batch.id] = batch.sha256

    @contextmanager
    def _dying(self, at: int) -> Iterator[None]:
        """The process dies at the `at`-th point before or after a commit; at 0 never."""
        crashes = Crashes(at)
        dialect = self.house.desk.database.engine.dialect
        original = dialect.do_commit

        def commit(connection: Any) -> None:
            crashes.point()
            original(connection)
            crashes.point()

        dialect.do_commit = commit  # type: ignore[assignment, method-assign]
        try:
            yield
        except Crash:
            self.house.close()
        finally:
            dialect.do_commit = original  # type: ignore[method-assign]


def _revoke(work: Work, mandate: Mandate, why: str, evidence: str) -> None:
    mandates.revoke(work, mandate, why, evidence=evidence)


def test_whatever_happens_no_debit_is_made_twice_or_without_being_allowed(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = sqlite_house
    for module, name in ((candidates, "CHUNK_ROWS"), (notify, "CHUNK_ROWS"), (batch_service, "HELD_MAX")):
        monkeypatch.setattr(module, name, 2)
    for _ in range(EMPLOYERS):
        house.employer(FUND, mandate=False)
    back = house.bookmark()
    machines: list[Debits] = []
    monkeypatch.setattr(operations, "carrier", lambda _: nullcontext(machines[-1].promises))

    class Here(Debits):
        def __init__(self) -> None:
            back()
            house.clock.__init__(datetime.combine(FIRST_DAY, time(6), UTC))  # type: ignore[misc]
            self.house, self.number = house, len(machines)
            super().__init__()
            machines.append(self)
            for number in range(EMPLOYERS):
                self.signs(number, None)
                self.declares(number, (number + 1) * 100_00, 4 + number)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
