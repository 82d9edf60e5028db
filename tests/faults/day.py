"""A contribution's whole path as steps that are safe to repeat, a bank that lives on when the service dies, and crashes.

The service is killed by an exception that nothing catches, raised at a chosen commit or at the bank's door.
"""

import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from bank_files import Booked, camt054
from house import APPROVER, House
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from debit_service import operations
from debit_service.banks.channels.folder import FolderChannel
from debit_service.collections import queries as collections
from debit_service.collections.models import Collection
from debit_service.collections.service.approve import approve
from debit_service.contributions.models import Contribution
from debit_service.core.models import OutboxMessage
from debit_service.core.work import SERVICE
from debit_service.iso20022.pain008 import reread
from debit_service.ledger.queries import trial_balance
from debit_service.penalties.models import FaultDecision
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.queue import waiting
from debit_service.verify import verify
from debit_service.wiring import open_service

FUND, BANK = "EINZUGSSTELLE", "mock-bank-folder"
DUE = date(2026, 9, 28)
PLANNED_ON, SENT_ON, RETURNED_ON = date(2026, 9, 1), date(2026, 9, 25), date(2026, 10, 5)
EMPLOYERS = 2


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Crashes:
    """Counts the points at which a process can die; it does at the `at`-th, or never."""

    at: int | None = None
    seen: int = 0

    def point(self) -> None:
        self.seen += 1
        if self.seen == self.at:
            raise Crash


class FolderBank:
    """The bank behind an exchange folder: it executes whatever it is handed, as often as it is handed it, and answers once."""

    def __init__(self, folder: Path, account: str) -> None:
        self.folder, self.account = folder, account
        self.executed: list[tuple[str, int]] = []
        for part in ("in/processed", "out"):
            (folder / part).mkdir(parents=True, exist_ok=True)

    def take_and_answer(self) -> None:
        """Execute every file that lies in `in`, and leave a notification of its credits."""
        for path in sorted((self.folder / "in").glob("*.xml")):
            read = reread(io.BytesIO(path.read_bytes())).amounts
            amounts = [(reference or "", minor) for reference, minor in read]
            path.replace(self.folder / "in" / "processed" / path.name)
            self.executed += amounts
            self._leave(*(self._booked(reference, minor) for reference, minor in amounts))

    def return_one(self) -> None:
        """The first debit comes back for want of money."""
        reference, minor = min(self.executed)
        self._leave(self._booked(reference, minor, reason="AM04"))

    def _booked(self, reference: str, minor: int, reason: str | None = None) -> Booked:
        return Booked(
            amount_minor=minor,
            currency="EUR",
            day=RETURNED_ON if reason else DUE,
            direction="DBIT" if reason else "CRDT",
            end_to_end_id=reference,
            servicer_reference=f"{'R' if reason else 'C'}-{reference[-12:]}",
            reason=reason,
            sub_family="UPDD" if reason else "ESDD",
        )

    def _leave(self, *entries: Booked) -> None:
        name = f"N{len(list((self.folder / 'out').rglob('*.xml'))) + 1}"
        (self.folder / "out" / f"{name}.xml").write_bytes(camt054(self.account, *entries, message_id=name))


class World:
    """A service whose process can die and start again, its bank, and a beginning to which both can be put back.

    A new process is the same service without one of its connections: starting it in earnest would only cost time.
    """

    def __init__(self, house: House) -> None:
        self.start_home = house.service.settings.home
        self.database_url = house.service.settings.url
        house.close()
        self.home = self.start_home.with_name("living")
        self.embedded = self.database_url.startswith("sqlite")
        self.saved = Saved(self.database_url, self.start_home)
        settings = house.service.settings.model_copy(
            update={
                "home": self.home,
                "bank_folders": {BANK: self.home / "bank"},
                "keys_file": house.service.settings.keys_path,
            }
        )
        self.clock = house.clock
        self.service = open_service(settings, self.clock)
        self.account = house.fund(FUND).creditor.account.value
        self.bank = FolderBank(self.home / "bank", self.account)

    def put_back(self) -> None:
        """Everything as it was before the first day."""
        self.restart()
        self.saved.restore()
        shutil.rmtree(self.home)
        self.bank = FolderBank(self.home / "bank", self.account)
        self.clock.__init__(datetime.combine(PLANNED_ON, time(6), UTC))  # type: ignore[misc]

    def go_to(self, day: date) -> None:
        """The morning of a day."""
        self.clock.set(datetime.combine(day, time(6), UTC))

    def restart(self) -> None:
        """The process is gone; the next one starts."""
        self.service.desk.database.dispose()


class Saved:
    """A database as it is now, to be put back under the same URL as often as wanted; nobody may be using it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = make_url(url)
        self.copy = folder / "saved.sqlite3"
        if self.url.drivername.startswith("sqlite"):
            shutil.copyfile(str(self.url.database), self.copy)
        else:
            self._administer(f"create database {self.url.database}_saved template {self.url.database}")

    def restore(self) -> None:
        """Put it back."""
        if self.url.drivername.startswith("sqlite"):
            for left in ("-wal", "-shm"):
                Path(f"{self.url.database}{left}").unlink(missing_ok=True)
            shutil.copyfile(self.copy, str(self.url.database))
            return
        self._administer(f"drop database {self.url.database} with (force)")
        self._administer(f"create database {self.url.database} template {self.url.database}_saved")

    def _administer(self, statement: str) -> None:
        engine = create_engine(self.url.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.execute(text(statement))


def prepared(house: House) -> World:
    """Employers of the fund with mandates and contributions, before the first day."""
    for number in range(EMPLOYERS):
        house.contribution(house.employer(FUND), due=DUE, amount=f"{100 + number}.0{number}")
    return World(house)


Step = Callable[[World], object]


def _collect(world: World) -> object:
    fund = world.service.funds.get(FUND)
    return operations.collect(world.service, SERVICE, fund, operations.today(world.service, fund))


def _approve(world: World) -> None:
    with world.service.desk.work(APPROVER) as work:
        for batch, _ in collections.batches(work, "made"):
            approve(work, batch.id, batch.sha256)


def _send(world: World) -> object:
    return operations.send_approved(world.service, SERVICE)


def _fetch(world: World) -> object:
    return operations.fetch(world.service, SERVICE)


def _assess(world: World) -> object:
    return operations.assess_penalties(world.service, SERVICE, world.service.funds.get(FUND))


def _answer(world: World) -> None:
    world.bank.take_and_answer()


def _return(world: World) -> None:
    world.bank.return_one()


#: The path, with the day of each step. A bank's own steps happen once, whatever becomes of the service.
PATH: tuple[tuple[date, Step], ...] = (
    (PLANNED_ON, _collect),
    (SENT_ON, _collect),
    (SENT_ON, _approve),
    (SENT_ON, _send),
    (SENT_ON, _answer),
    (SENT_ON, _fetch),
    (RETURNED_ON, _return),
    (RETURNED_ON, _fetch),
    (RETURNED_ON, _assess),
    (RETURNED_ON, _collect),
)
#: What a day does again after a crash, in either order: a bank may be heard before it is spoken to.
AGAIN: tuple[tuple[Step, ...], ...] = (
    (_collect, _approve, _send, _answer, _fetch, _assess),
    (_answer, _fetch, _assess, _send, _collect, _approve, _send, _answer, _fetch, _assess),
)


def live(world: World, crashes: Crashes, monkeypatch: pytest.MonkeyPatch, order: int = 0) -> None:
    """Walk the path; when the process dies, start another, do the day again and go on."""
    for day, step in PATH:
        world.go_to(day)
        try:
            with dying(world, crashes, monkeypatch):
                step(world)
        except Crash:
            world.restart()
            for again in AGAIN[order]:
                again(world)


@contextmanager
def dying(world: World, crashes: Crashes, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the process die before or after any commit, and before or after it touched the bank's folder."""
    with monkeypatch.context() as patched:
        _around(patched, world.service.desk.database.engine.dialect, "do_commit", crashes)
        _around(patched, FolderChannel, "send", crashes)
        _around(patched, FolderChannel, "taken", crashes)
        yield


def _around(patched: pytest.MonkeyPatch, owner: object, name: str, crashes: Crashes) -> None:
    original = getattr(owner, name)

    def wrapped(*arguments: object) -> object:
        crashes.point()
        result = original(*arguments)
        crashes.point()
        return result

    patched.setattr(owner, name, wrapped)


def totals(world: World) -> dict[str, Any]:
    """Everything that must not depend on whether, when and how often the process died."""
    with world.service.desk.reading(SERVICE) as work:
        attempts = work.session.execute(
            select(Contribution.reference, Collection).join(Collection).order_by(Contribution.reference)
        ).all()
        return {
            "at the bank": sorted(world.bank.executed),
            "letters": sum(len(index.read_text().splitlines()) - 1 for index in (world.home / "letters").glob("*.csv")),
            "owed effects": work.session.scalar(select(func.count()).where(OutboxMessage.done_at.is_(None))),
            "attempts": [
                (reference, one.attempt, one.live, reconcile.outcome_of(work, one.id, one.amount_minor).state)
                for reference, one in attempts
            ],
            "balances": {account: minor for account, minor in trial_balance(work.session).items() if minor},
            "in suspense": len(waiting.entries(work)),
            "decisions": work.session.scalar(select(func.count()).select_from(FaultDecision)),
        }


def breaches(world: World) -> list[str]:
    """What `debit verify` finds."""
    return [breach for _, found in verify(world.service) for breach in found]
