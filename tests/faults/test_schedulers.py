"""Several workers at once, in processes of their own: each run is done once, and one that is killed is taken over at once."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.synchronize import Event

import pytest
from faults.day import EMPLOYERS, FUND, PLANNED_ON, SENT_ON, World, breaches
from faults.test_two_at_once import at_once
from sqlalchemy import func, select

from debit_service import jobs
from debit_service.collections.models import Batch, Collection, Notice
from debit_service.core import runs
from debit_service.core.clock import SetClock
from debit_service.core.crypto import load_key_ring
from debit_service.core.database import Base, Database
from debit_service.core.models import JobRun
from debit_service.core.work import SERVICE, Desk
from debit_service.funds.profile import Fund
from debit_service.funds.queries import Funds
from debit_service.wiring import Service

SCHEDULERS = 3
SECONDS_MAX = 60
_FORK = multiprocessing.get_context("fork")


@pytest.fixture
def world(world: World) -> World:
    """The world with one fund, and its configuration read before anybody forks."""
    service = world.service
    vars(service)["funds"] = Funds({FUND: service.funds.get(FUND)}, service.funds.banks)
    for name in ("codes", "penalty_rules", "calendar_files"):
        getattr(service, name)
    return world


def count(world: World, table: type[Base]) -> int:
    with world.service.desk.reading(SERVICE) as work:
        return work.session.scalar(select(func.count()).select_from(table)) or 0


def outcomes(world: World) -> dict[str, str]:
    with world.service.desk.reading(SERVICE) as work:
        return {f"{one.job} {one.business_date}": one.outcome for one in work.session.scalars(select(JobRun))}


def test_three_schedulers_that_poke_the_same_day_do_each_run_once(world: World) -> None:
    told = at_once(world, *[jobs.run_due] * SCHEDULERS)
    jobs.run_due(world.service)  # whoever found a run taken looks again at the next poke

    planned = [line for lines in told for line in lines if line.startswith("plan ")]
    assert len(planned) <= 1
    expected = {f"{job} {PLANNED_ON}": "done" for job in (*jobs.DAILY, "send", "fetch")}
    assert outcomes(world) == expected
    assert (count(world, Collection), count(world, Notice)) == (EMPLOYERS, EMPLOYERS)

    world.go_to(SENT_ON)
    at_once(world, *[jobs.run_due] * SCHEDULERS)
    jobs.run_due(world.service)
    assert count(world, Batch) == 1
    assert (count(world, Collection), count(world, Notice)) == (EMPLOYERS, EMPLOYERS)
    assert breaches(world) == []


def test_a_scheduler_that_is_killed_in_the_middle_of_a_job_is_followed_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = _FORK.Event()
    world.restart()
    hanging = _FORK.Process(target=_hang, args=(world, begun))
    hanging.start()
    assert begun.wait(SECONDS_MAX)
    done: list[str] = []
    monkeypatch.setattr(jobs, "DAILY", {"plan": _noting(done)})

    jobs.run_due(world.service)
    assert (done, outcomes(world)[f"plan {PLANNED_ON}"]) == ([], "running")

    os.kill(hanging.pid or 0, signal.SIGKILL)
    hanging.join(SECONDS_MAX)
    for _ in range(1000):  # a server needs a moment to see that its client is gone; the clock of the house stands still
        jobs.run_due(world.service)
        if done:
            break
    assert (done, outcomes(world)[f"plan {PLANNED_ON}"]) == ([FUND], "done")


def _noting(done: list[str]) -> Callable[[Service, Fund, object], str]:
    def job(_: Service, fund: Fund, __: object) -> str:
        done.append(fund.id)
        return "done after all"

    return job


def _hang(world: World, begun: Event) -> None:
    """A scheduler of its own that begins to plan and never ends."""
    settings = world.service.settings
    clock = SetClock(world.clock.now() + timedelta(seconds=1))
    service = Service(settings, Desk(Database(settings.url), clock, load_key_ring(settings.keys_path)))
    with runs.turn(service.desk, SERVICE, "plan", FUND, PLANNED_ON):
        begun.set()
        threading.Event().wait()
