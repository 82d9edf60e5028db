"""A long file is imported by a process that is killed again and again: nothing is lost or doubled, and little is done twice."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from bank_files import Booked, camt054, credit, pain002, returned
from faults.day import Saved
from house import CLERK, House, Sent
from reconcile.many import many_sent
from reconcile.telling import chunks
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.pool import NullPool

from debit_service.banks import service as bank_store
from debit_service.reconcile.models import Allocation, BankEntry, Disposition
from debit_service.reconcile.service import import_stored, importing
from debit_service.reconcile.service.read import store_entries

FORK = multiprocessing.get_context("fork")
SECONDS_MAX = 120
#: A nightly run sets some thousands, and kills in proportion.
DEBITS = int(os.environ.get("DEBIT_TEST_KILLED_DEBITS", "100"))
ROWS, KILLS = 20, DEBITS // 20
BOOKED, LATER = date(2026, 9, 30), date(2026, 10, 6)
SEED = 20261122
#: What the killer waits for: some more rows than there were.
MOMENTS = ("bank_entries", "dispositions", "allocations", "journal_lines")


def long_files(sents: list[Sent]) -> list[bytes]:
    """Credits, returns with fees, strangers, twins and wrong amounts in turn; then copies of some, and a status report."""
    entries: list[Booked] = []
    for number, sent in enumerate(sents):
        kind = number % 7
        entries.append(credit(sent) if kind != 3 else replace(credit(sent), servicer_reference=None))
        if kind == 1:
            entries.append(returned(sent, "AM04", LATER, charges_minor=2_50))
        if kind == 2:
            entries.append(Booked(1_00 + number, sent.currency, BOOKED, servicer_reference=f"X{number}"))
        if kind == 4:
            entries.append(credit(sent, LATER, reference=f"W{number}", amount_minor=sent.amount_minor + 1))
        if kind == 5:
            entries += [Booked(7_00, sent.currency, LATER)] * 2
    some = entries[::5]
    account = sents[0].account
    return [
        camt054(account, *entries),
        camt054(account, *some[::-1], message_id="N2"),
        pain002(sents[6], "RJCT", "AM04"),
    ]


def made_of_it(house: House) -> dict[str, object]:
    """Everything that must not depend on whether, when and how often the process died."""
    with house.reading() as work:
        disposed = (
            select(BankEntry.message, BankEntry.position, BankEntry.account_servicer_reference, Disposition.kind,
                   Disposition.reason, Disposition.most_recent, func.count(Allocation.id), func.sum(Allocation.amount_minor))
            .join(Disposition, Disposition.entry_id == BankEntry.id)
            .outerjoin(Allocation, Allocation.disposition_id == Disposition.id)
            .group_by(BankEntry.id, Disposition.id)
        )  # fmt: skip
        rows = sorted(str(tuple(row)) for row in work.session.execute(disposed))
        states = "select end_to_end_id, live, failure_code, failed_on from collections order by 1"
        journal = (
            "select e.cause, e.business_date, l.account, sum(l.amount_minor) from journal_entries e"
            " join journal_lines l on l.entry_id = e.id group by 1, 2, 3 order by 1, 2, 3"
        )
        told = {
            name: str(work.session.execute(text(query)).all())
            for name, query in (("debits", states), ("journal", journal))
        }
        events = work.session.execute(text("select count(*) from events")).scalar()
    return {"dispositions": rows, "events": events, "balances": house.balances(), **told}


class Killer:
    """Watches the database, without a pause, and kills the process that imports when it has got some way further."""

    def __init__(self, house: House, log: Path) -> None:
        self.house, self.log = house, log
        self.watching = create_engine(house.service.settings.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)

    def imports(self, table: str | None, more: int = 0) -> int | None:
        """Import in a process of its own; kill it when `table` has so many rows more. Returns its exit code."""
        self.house.close()
        # Identifiers grow with the clock: forks of one process on one standing clock would make the same ones.
        self.house.clock.set(self.house.clock.now() + timedelta(seconds=1))
        child = FORK.Process(target=_import, args=(self.house,))
        before = self._count(table) if table else 0
        child.start()
        while table and child.is_alive():
            if self._count(table) >= before + more:
                child.kill()
        child.join(SECONDS_MAX)
        return child.exitcode

    def _count(self, table: str) -> int:
        with self.watching.connect() as seen:
            return seen.scalar(text(f"select count(*) from {table}")) or 0  # noqa: S608 - our own names


def _import(house: House) -> None:
    outcomes = {one.outcome for one in import_stored(house.desk, CLERK, house.service.funds)}
    os._exit(0 if outcomes <= {"read", "known"} else 1)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file in which every chunk that is begun is noted, by whichever process."""
    log = tmp_path / "chunks.txt"
    original: Callable[..., object] = store_entries

    def noted(*arguments: object) -> object:
        with log.open("a") as stream:
            stream.write(f"{arguments[2]} {arguments[3][0][0]}\n")  # type: ignore[index]
        return original(*arguments)

    monkeypatch.setattr(importing, "store_entries", noted)
    chunks(monkeypatch, ROWS)
    return log


def test_an_import_that_is_killed_at_random_points_ends_as_if_nothing_had_happened(
    house: House, begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sents = many_sent(house, monkeypatch, DEBITS)
    with house.desk.work(CLERK) as work:
        for number, content in enumerate(long_files(sents)):
            bank_store.store(work, "in", "mock-bank", f"{number}.xml", content)
    house.close()
    saved = Saved(house.service.settings.url, house.service.settings.home)

    killer = Killer(house, begun)
    assert killer.imports(None) == 0
    expected, undisturbed = made_of_it(house), begun.read_text().splitlines()
    house.close()
    saved.restore()
    begun.unlink()

    random, killed = Random(SEED), 0
    for _ in range(KILLS):
        killed += killer.imports(random.choice(MOMENTS), random.randint(1, ROWS)) == -signal.SIGKILL
    assert killer.imports(None) == 0

    attempts = begun.read_text().splitlines()
    assert killed >= KILLS // 2
    assert made_of_it(house) == expected
    assert house.breaches() == {}
    assert set(attempts) == set(undisturbed)
    assert len(attempts) <= len(undisturbed) + killed
    assert all(first <= second for first, second in pairwise(_places(attempts)))


def _places(attempts: list[str]) -> list[tuple[str, int]]:
    """(file, first entry) of each chunk that was begun."""
    return [(file, int(position)) for file, position in (one.split() for one in attempts)]
