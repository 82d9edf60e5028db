"""Two processes do the same thing at the same moment: one does it, or both go on, and nothing is doubled."""

import multiprocessing
from collections.abc import Callable
from datetime import date, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from faults.day import BANK, EMPLOYERS, FUND, PATH, RETURNED_ON, SENT_ON, World, breaches, totals
from house import APPROVER, CLERK

from debit_service import operations
from debit_service.collections import queries as collections
from debit_service.collections.service.approve import approve
from debit_service.collections.service.batch import cancel_batch
from debit_service.core import audit, events
from debit_service.core.accounts import AccountScheme, parse_account
from debit_service.core.clock import SetClock
from debit_service.core.crypto import load_key_ring
from debit_service.core.database import Database
from debit_service.core.errors import DebitError
from debit_service.core.settings import Settings
from debit_service.core.work import SERVICE, Desk
from debit_service.demo.data import Somebody
from debit_service.employers import queries as employers
from debit_service.funds.queries import Funds
from debit_service.mandates import queries as mandate_queries
from debit_service.mandates import service as mandates
from debit_service.wiring import Service

PROCESSES = 2
COLLECTORS = 4
SECONDS_MAX = 60
_FORK = multiprocessing.get_context("fork")

Act = Callable[[Service], object]


def at_once(world: World, *acts: Act) -> list[Any]:
    """Each act in a process of its own, all starting at the same moment; what each returned, or its error's code."""
    world.restart()
    barrier, results = _FORK.Barrier(len(acts)), _FORK.Queue()
    settings, now = world.service.settings, world.clock.now()
    cached = {name: vars(world.service)[name] for name in ("funds", "codes", "penalty_rules", "calendar_files")}
    processes = [
        # Identifiers grow with the clock: two forks of one process on one standing clock would make the same ones.
        _FORK.Process(
            target=_run,
            args=(number, act, barrier, results, settings, SetClock(now + timedelta(seconds=1 + number)), cached),
        )
        for number, act in enumerate(acts)
    ]
    for process in processes:
        process.start()
    answers = dict(results.get(timeout=SECONDS_MAX) for _ in acts)
    for process in processes:
        process.join(SECONDS_MAX)
    return [answers[number] for number in range(len(acts))]


def _run(
    number: int, act: Act, barrier: Barrier, results: Any, settings: Settings, clock: SetClock, cached: dict[str, Any]
) -> None:
    service = Service(settings, Desk(Database(settings.url), clock, load_key_ring(settings.keys_path)))
    vars(service).update(cached)
    with service.desk.database.reading() as session:  # the connection stands before the start is given
        session.connection()
    barrier.wait(SECONDS_MAX)
    try:
        results.put((number, act(service)))
    except DebitError as error:
        results.put((number, error.code))
    finally:
        service.desk.database.dispose()


def walk(world: World, *, until: int) -> None:
    """The first steps of the path, by one process."""
    _read_configuration(world)
    for day, step in PATH[:until]:
        world.go_to(day)
        step(world)


def _read_configuration(world: World) -> Funds:
    for name in ("codes", "penalty_rules", "calendar_files"):
        getattr(world.service, name)
    return world.service.funds


def _collect(service: Service) -> object:
    fund = service.funds.get(FUND)
    done = operations.collect(service, SERVICE, fund, operations.today(service, fund))
    return done.planned, done.notices, len(done.batches)


def _send(service: Service) -> object:
    return sorted(operations.send_approved(service, SERVICE).values())


def _fetch(service: Service) -> object:
    fetched = operations.fetch(service, SERVICE)
    return [trouble for bank_id, trouble in fetched.unavailable.items() if bank_id == BANK]


@pytest.mark.usefixtures("one_row_at_a_time")
def test_collecting_plans_announces_and_batches_each_contribution_once(world: World) -> None:
    _read_configuration(world)
    first = at_once(world, *[_collect] * COLLECTORS)
    assert sum(planned for planned, _, _ in first) == EMPLOYERS
    assert sum(notices for _, notices, _ in first) == EMPLOYERS
    world.go_to(SENT_ON)
    second = at_once(world, *[_collect] * COLLECTORS)

    # A file of its own for each, and none of it twice.
    assert sum(batches for _, _, batches in second) == EMPLOYERS
    found = totals(world)
    assert (found["letters"], [attempt for _, attempt, _, _ in found["attempts"]]) == (EMPLOYERS, [1] * EMPLOYERS)
    assert breaches(world) == []


def test_sending_brings_each_file_to_the_bank_once(world: World) -> None:
    walk(world, until=3)

    answers = at_once(world, *[_send] * PROCESSES)

    assert ["sent"] in answers
    world.bank.take_and_answer()
    assert len(world.bank.executed) == len(set(world.bank.executed)) == 2
    assert breaches(world) == []


def test_a_second_sender_waits_for_the_first_instead_of_taking_it_for_dead(world: World) -> None:
    walk(world, until=3)
    inbox = world.home / "bank" / "in"

    def slowly(service: Service) -> object:
        # The bank takes the file away as soon as it lies there, and only then does the first process conclude.
        answer = _send(service)
        for path in inbox.glob("*.xml"):
            path.unlink()
        return answer

    answers = at_once(world, slowly, slowly)

    with world.service.desk.reading(CLERK) as work:
        ((batch, state),) = collections.batches(work)
        assert state == "sent"
        assert [one.outcome for one in collections.submissions(work, batch.id)] == ["sent"]
    assert ["sent"] in answers


def test_fetching_books_each_entry_once(world: World) -> None:
    walk(world, until=5)

    assert at_once(world, *[_fetch] * PROCESSES) == [[]] * PROCESSES

    assert breaches(world) == []
    assert [state for _, _, _, state in totals(world)["attempts"]] == ["settled"] * 2


def test_everything_at_once_is_still_done_once(world: World) -> None:
    walk(world, until=7)
    world.go_to(RETURNED_ON)

    def all_of_it(service: Service) -> object:
        _fetch(service)
        operations.assess_penalties(service, SERVICE, service.funds.get(FUND))
        return _collect(service)

    at_once(world, *[all_of_it] * PROCESSES)

    found = totals(world)
    assert found["decisions"] == 1
    assert [attempt for _, attempt, _, _ in found["attempts"]] == [1, 2, 1]
    assert breaches(world) == []


def test_of_an_approval_and_a_cancellation_one_wins(world: World) -> None:
    walk(world, until=2)

    def approving(service: Service) -> object:
        with service.desk.work(APPROVER) as work:
            ((batch, _),) = collections.batches(work)
            approve(work, batch.id, batch.sha256)
        return "approved"

    def cancelling(service: Service) -> object:
        with service.desk.work(CLERK) as work:
            ((batch, _),) = collections.batches(work)
            cancel_batch(work, batch.id, "a race")
        return "cancelled"

    answers = at_once(world, approving, cancelling)

    with world.service.desk.reading(CLERK) as work:
        ((_, state),) = collections.batches(work)
    # An approved batch may be cancelled afterwards, a cancelled one is never approved.
    assert answers in (["approved", "cancelled"], ["approved", "state.transition"], ["state.transition", "cancelled"])
    assert state == ("approved" if answers[1] == "state.transition" else "cancelled")
    assert breaches(world) == []


def test_of_two_who_revoke_a_mandate_one_does(world: World) -> None:
    _read_configuration(world)

    def revoke(service: Service) -> object:
        with service.desk.work(CLERK) as work:
            mandate = mandates.get(work, f"{FUND}-000001-1")
            mandates.revoke(work, mandate, "letter")
        return "revoked"

    assert sorted(map(str, at_once(world, revoke, revoke))) == ["revoked", "state.transition"]
    assert breaches(world) == []


def test_of_two_who_sign_for_one_employer_one_gets_the_mandate(world: World) -> None:
    _read_configuration(world)
    one = Somebody(FUND, 1)
    with world.service.desk.work(CLERK) as work:
        mandates.revoke(work, mandates.get(work, f"{FUND}-000001-1"), "letter")

    def sign(service: Service) -> object:
        with service.desk.work(CLERK) as work:
            employer = employers.by_reference(work, one.reference)
            assert employer is not None
            scheme, number = one.account
            form = mandates.SignedForm(
                employer, parse_account(number, AccountScheme(scheme)), one.name, "a", "b", date(2026, 8, 1), "paper"
            )
            (mandate,) = mandates.sign(work, form, [service.funds.get(FUND)])
            return mandate.reference

    answers = sorted(map(str, at_once(world, sign, sign)))

    assert answers[0] == f"{FUND}-000001-2"
    assert answers[1] in ("database.conflict", "mandate.live_already")
    with world.service.desk.reading(CLERK) as work:
        employer = employers.by_reference(work, one.reference)
        assert employer is not None
        assert [state for _, state in mandate_queries.of_employer(work, employer.id)] == ["active", "revoked"]


def test_writers_of_the_audit_log_and_of_the_feed_do_not_wait_for_one_another_for_ever(world: World) -> None:
    _read_configuration(world)

    def log_then_feed(service: Service) -> object:
        for number in range(20):
            with service.desk.work(CLERK) as work:
                audit.record(work, "test.one", str(number))
                events.publish(work, "test.one", str(number))
        return "done"

    def feed_then_log(service: Service) -> object:
        for number in range(20):
            with service.desk.work(CLERK) as work:
                events.publish(work, "test.two", str(number))
                audit.record(work, "test.two", str(number))
        return "done"

    assert at_once(world, log_then_feed, feed_then_log) == ["done", "done"]
    with world.service.desk.database.reading() as session:
        assert audit.broken(session, Path("/nowhere")) == []
