"""Builders with sensible defaults: a whole service on a real database, employers that signed, debits that were sent.

A test says only what matters to it: `house.sent()` is a contribution of CNAS whose debit an approved file took to the bank.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from debit_service import operations
from debit_service.banks import service as bank_store
from debit_service.banks.channels.folder import FolderChannel
from debit_service.collections import queries as collections
from debit_service.collections.models import Collection
from debit_service.collections.service.approve import approve
from debit_service.collections.service.submit import submit
from debit_service.contributions import queries as contributions
from debit_service.contributions import service as contribution_service
from debit_service.contributions.models import Contribution
from debit_service.core.accounts import AccountScheme, parse_account
from debit_service.core.clock import SetClock
from debit_service.core.crypto import create_key_ring
from debit_service.core.settings import PROJECT, Settings
from debit_service.core.work import Actor, Desk, Role, Work
from debit_service.demo.data import Somebody
from debit_service.disputes import queries as dispute_queries
from debit_service.disputes import service as disputes
from debit_service.disputes.rules import Answer, Subject, SubjectKind
from debit_service.employers import queries as employers
from debit_service.employers.service import enrol, register
from debit_service.funds.profile import Fund
from debit_service.ledger.queries import trial_balance
from debit_service.mandates import service as mandates
from debit_service.mandates.models import Mandate
from debit_service.penalties import queries as penalties
from debit_service.penalties.contestable import matter
from debit_service.penalties.models import FaultDecision
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.models import BankEntry
from debit_service.reconcile.queue import waiting
from debit_service.reconcile.rules import Outcome
from debit_service.reconcile.service import Imported, import_stored, resolve
from debit_service.verify import verify
from debit_service.wiring import Service, open_service

CLERK = Actor("clerk", frozenset({Role.FINANCE_CLERK}))
APPROVER = Actor("approver", frozenset({Role.FINANCE_APPROVER}))
FIRST_DAY = date(2026, 9, 1)
_CONFIRMED = ("creditor.name", "creditor.identifier", "creditor.account", "scheme", "debit_policy.max_attempts")


@dataclass(frozen=True, slots=True)
class Sent:
    """A contribution whose debit was sent, with what a bank needs to answer about it."""

    contribution_id: str
    collection_id: str
    batch_id: str
    payment_information_id: str
    end_to_end_id: str
    mandate_reference: str
    amount_minor: int
    currency: str
    account: str
    collection_date: date


class House:
    """A service, its clock, and the folder through which its bank is reached."""

    def __init__(self, database_url: str, folder: Path, *, unconfirmed: frozenset[str] = frozenset()) -> None:
        home = folder / "home"
        home.mkdir()
        confirmations = home / "confirmations.toml"
        said = '{ by = "tests", on = 2026-08-31, why = "tests" }'
        confirmations.write_text(
            "".join(
                f'"{fund}.{fact}" = {said}\n'
                for fund in ("CNAS", "CNSS", "EINZUGSSTELLE")
                for fact in _CONFIRMED
                if fact not in unconfirmed
            )
        )
        self.clock = SetClock(datetime.combine(FIRST_DAY, time(6), UTC))
        settings = Settings(
            home=home, database_url=database_url, config=PROJECT / "config", confirmations=confirmations
        )
        create_key_ring(settings.keys_path)
        self.service: Service = open_service(settings, self.clock)
        self.bank_folder = folder / "bank"
        for part in ("in", "out"):
            (self.bank_folder / part).mkdir(parents=True)
        self.channel = FolderChannel(self.bank_folder, keeps_read_files=True)
        self._numbers = 0

    def close(self) -> None:
        """Close every connection."""
        self.service.desk.database.dispose()

    def bookmark(self) -> Callable[[], None]:
        """Remember everything as it is now (SQLite only); the function returned brings it back, as often as it is called."""
        path = Path(self.desk.database.engine.url.database or "")
        self.close()
        content, now = path.read_bytes(), self.clock.now()

        def back() -> None:
            self.close()
            for leftover in (path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
                leftover.unlink(missing_ok=True)
            path.write_bytes(content)
            self.clock.set(now)

        return back

    @contextmanager
    def reading(self) -> Iterator[Work]:
        """A look into the database; what was read can be asked afterwards too."""
        with self.service.desk.reading(CLERK) as work:
            yield work
            work.session.expunge_all()

    @property
    def desk(self) -> Desk:
        """Where transactions are opened."""
        return self.service.desk

    def fund(self, fund_id: str = "CNAS") -> Fund:
        """One of the funds."""
        return self.service.funds.get(fund_id)

    def go_to(self, day: date, hour: int = 6) -> None:
        """Set the clock."""
        self.clock.set(datetime.combine(day, time(hour), UTC))

    def employer(self, fund_id: str = "CNAS", *, mandate: bool = True) -> Somebody:
        """An employer of a fund; with a mandate that is active, unless told otherwise."""
        self._numbers += 1
        one = Somebody(fund_id, self._numbers)
        with self.service.desk.work(CLERK) as work:
            employer = register(work, reference=one.reference, name=one.name, language=one.language)
            enrol(work, employer, fund_id, one.registration)
        if mandate:
            self.mandate(one)
        return one

    def mandate(self, one: Somebody, *, accepted: bool = True, amount_limit_minor: int | None = None) -> str:
        """Sign, lodge and (unless told otherwise) have the bank accept a mandate; returns its id."""
        scheme, number = one.account
        with self.service.desk.work(CLERK) as work:
            employer = employers.find(work, one.fund, one.registration)
            assert employer is not None
            form = mandates.SignedForm(
                employer=employer,
                account=parse_account(number, AccountScheme(scheme)),
                debtor_name=one.name,
                signer_name="the manager",
                signer_capacity="manager",
                signed_on=date(2026, 6, 15),
                how="paper",
                amount_limit_minor=amount_limit_minor,
            )
            (mandate,) = mandates.sign(work, form, [self.fund(one.fund)])
            if accepted and mandate.scheme == "B2B":
                mandates.lodge(work, mandate, "taken to the bank", "form")
                mandates.accept(work, mandate, "accepted by the bank", "stamped form")
            return mandate.id

    def revoke(self, mandate_id: str) -> None:
        """The employer withdraws its mandate."""
        with self.service.desk.work(CLERK) as work:
            mandates.revoke(work, work.session.get_one(Mandate, mandate_id), "letter")

    def contribution(
        self, one: Somebody, *, due: date = date(2026, 9, 30), amount: str = "1000.00", reference: str | None = None
    ) -> str:
        """A contribution that its declaration system hands over now; an employer's second one needs a reference of its own."""
        currency, reference = self.fund(one.fund).currency, reference or one.contribution
        line = f"{one.fund},{one.registration},{reference},2026-08,{amount},{currency},{due.isoformat()}\n"
        content = f"fund,registration_number,reference,period,amount,currency,due_date\n{line}".encode()
        with self.service.desk.work(CLERK) as work:
            report = contribution_service.import_rows(
                work, self.service.funds, self.service.calendars, content, "contributions.csv"
            )
            assert not report.bad, report.bad
            return contributions.get(work, reference).id

    def collect(self, fund_id: str = "CNAS", on: date | None = None) -> operations.Collected:
        """A day's collecting: plan, notify, batch."""
        day = on or self.clock.now().date()
        return operations.collect(self.service, CLERK, self.fund(fund_id), day)

    def batch_hash(self, batch_id: str) -> str:
        """The hash of a batch's bytes, as an approver is shown it."""
        with self.reading() as work:
            return collections.batch(work, batch_id).sha256

    def approve(self, batch_id: str) -> None:
        """The other person approves."""
        with self.service.desk.work(APPROVER) as work:
            approve(work, batch_id, collections.batch(work, batch_id).sha256)

    def send(self, batch_id: str) -> str:
        """Hand an approved batch to the bank's folder."""
        with self.reading() as work:
            fund = self.fund(collections.batch(work, batch_id).fund_id)
        return submit(self.service.desk, CLERK, fund, batch_id, self.channel)

    def sent(self, fund_id: str = "CNAS", *, due: date = date(2026, 9, 30), amount: str = "1000.00") -> Sent:
        """A contribution all the way to a file that the bank has."""
        contribution_id = self.contribution(self.employer(fund_id), due=due, amount=amount)
        return self.send_due(fund_id, due, contribution_id)

    def send_due(self, fund_id: str, due: date, contribution_id: str) -> Sent:
        """Collect, approve and send what falls due on `due`; returns the debit of one of the contributions."""
        self.collect(fund_id)
        self.go_to(self.send_day(fund_id, due))
        for batch_id in self.collect(fund_id).batches:
            self.approve(batch_id)
            assert self.send(batch_id) == "sent"
        return self.debit(contribution_id)

    def send_day(self, fund_id: str, due: date) -> date:
        """The day on which a file must leave to collect by `due`."""
        calendar = self.service.debit_calendar(self.fund(fund_id))
        lead = self.fund(fund_id).debit_policy.lead_open_days.value
        return calendar.add_open_days(calendar.preceding_open(due), -lead)

    def sent_together(self, fund_id: str = "CNAS", *amounts: str, due: date = date(2026, 9, 30)) -> list[Sent]:
        """One contribution for each of `amounts`, each of another employer, all in one block of one file."""
        owed = [self.contribution(self.employer(fund_id), due=due, amount=amount) for amount in amounts]
        self.send_due(fund_id, due, owed[0])
        return [self.debit(contribution_id) for contribution_id in owed]

    def present_again(self, sent: Sent) -> Sent:
        """Collect, approve and send what may be presented again after `sent` has failed; returns the new debit."""
        fund_id = self.collection(sent).fund_id
        self.collect(fund_id)
        newest = self.debits_of(sent.contribution_id)[-1]
        self.go_to(self.send_day(fund_id, newest.collection_date))
        for batch_id in self.collect(fund_id).batches:
            self.approve(batch_id)
            assert self.send(batch_id) == "sent"
        return self.debit(sent.contribution_id)

    def debits_of(self, contribution_id: str) -> list[Collection]:
        """Every attempt at a contribution, oldest first."""
        with self.reading() as work:
            return collections.attempts(work, contribution_id)

    def debit(self, contribution_id: str) -> Sent:
        """The newest debit of a contribution, which must have been sent."""
        with self.reading() as work:
            one = collections.attempts(work, contribution_id)[-1]
            batch = collections.batch_of(work, one)
            assert batch is not None
            fund = self.fund(one.fund_id)
            return Sent(
                contribution_id=contribution_id,
                collection_id=one.id,
                batch_id=batch.id,
                payment_information_id=one.payment_information_id or "",
                end_to_end_id=one.end_to_end_id,
                mandate_reference=one.mandate_reference_sent or "",
                amount_minor=one.amount_minor,
                currency=one.currency,
                account=fund.creditor.account.value,
                collection_date=one.collection_date,
            )

    def bank_says(self, *files: bytes) -> list[Imported]:
        """The bank's files arrive and are read, in this order."""
        for number, content in enumerate(files, start=1):
            with self.service.desk.work(CLERK) as work:
                bank_store.store(work, "in", "mock-bank", f"file-{number}.xml", content)
        return import_stored(self.service.desk, CLERK, self.service.funds)

    def in_turn(self, *files: bytes) -> list[Imported]:
        """The bank's files arrive one after the other; each is read before the next one comes."""
        return [imported for content in files for imported in self.bank_says(content)]

    def resolve(self, entry_id: str, end_to_end_id: str, why: str = "the bank explained it by telephone") -> None:
        """A clerk explains an entry in suspense."""
        with self.service.desk.work(CLERK) as work:
            resolve(work, self.service.funds, entry_id, end_to_end_id, why)

    def assess(self, fund_id: str = "CNAS") -> None:
        """Decide faults and penalties as of now."""
        operations.assess_penalties(self.service, CLERK, self.fund(fund_id))

    def confirm_penalty(self, penalty_id: str, actor: Actor = APPROVER, why: str = "the file is complete") -> str:
        """An approver confirms what the page shows; returns the state of the penalty."""
        with self.reading() as work:
            seen_minor = penalties.money_of(work, penalty_id).whole_minor
        return operations.confirm_penalty(self.service, actor, penalty_id, why, seen_minor)

    def dispute(self, contribution_id: str, text: str = "we had paid by cheque") -> str:
        """The employer contests the debit of a contribution; returns the dispute's id."""
        contribution = self.contribution_row(contribution_id)
        subject = Subject(SubjectKind.DEBIT, contribution.id, contribution.id, contribution.amount_minor)
        terms = operations.dispute_terms(self.service, self.fund(contribution.fund_id))
        employer = Actor("employer", frozenset({Role.EMPLOYER}), contribution.employer_id)
        with self.service.desk.work(employer) as work:
            return disputes.contest(work, terms, disputes.Objection(subject, text)).id

    def answer_dispute(self, dispute_id: str, decision: str, why: str = "we looked at the account") -> None:
        """A clerk answers it."""
        with self.reading() as work:
            fund = self.fund(dispute_queries.get(work, dispute_id).fund_id)
        terms = operations.dispute_terms(self.service, fund)
        with self.service.desk.work(CLERK) as work:
            disputes.answer(work, terms, dispute_id, Answer(decision), why, matter(work, dispute_id))

    def outcome(self, sent: Sent) -> Outcome:
        """What the facts make of a debit."""
        with self.reading() as work:
            return reconcile.outcome_of(work, sent.collection_id, sent.amount_minor)

    def collection(self, sent: Sent) -> Collection:
        """The debit's row."""
        with self.reading() as work:
            return work.session.get_one(Collection, sent.collection_id)

    def contribution_row(self, contribution_id: str) -> Contribution:
        """The contribution's row."""
        with self.reading() as work:
            return contributions.get(work, contribution_id)

    def decision(self, sent: Sent) -> FaultDecision | None:
        """The decision about a debit that stands."""
        with self.reading() as work:
            return penalties.decision_of(work, sent.collection_id)

    def penalties(self, contribution_id: str) -> list[tuple[str | None, int]]:
        """(state, sum of its steps) of every penalty of a contribution."""
        with self.reading() as work:
            return [
                (penalties.state_of(work, one.id), penalties.amount_of(work, one.id))
                for one in penalties.penalties_of(work, contribution_id)
            ]

    def balances(self) -> dict[str, int]:
        """The journal's balances that are not zero: account -> minor units, debit positive."""
        with self.service.desk.database.reading() as session:
            return {account: minor for (account, _), minor in trial_balance(session).items() if minor}

    def breaches(self) -> dict[int, list[str]]:
        """What `debit verify` names: number of the invariant -> breaches. Empty: all is well."""
        return {check.number: breaches for check, breaches in verify(self.service) if breaches}

    def waiting(self) -> list[BankEntry]:
        """The entries in the work queue."""
        with self.reading() as work:
            return [row[0] for row in waiting.entries(work)]

    def suspense(self) -> list[tuple[str, str]]:
        """(reason, explanation) of everything in the work queue."""
        with self.reading() as work:
            return [(row[1].reason, row[1].explanation) for row in waiting.entries(work)]
