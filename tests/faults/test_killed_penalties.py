"""What works on penalties and disputes by night is killed anywhere: run again, everything is as if it had never been."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from bank_files import pain002
from faults.day import Saved
from house import APPROVER, CLERK, House
from sqlalchemy import event, text

from debit_service import operations
from debit_service.disputes import service as disputes
from debit_service.penalties import queries
from debit_service.penalties.service import amnesty

FORK = multiprocessing.get_context("fork")
SECONDS_MAX = 120
#: A nightly run kills more often.
KILLS = int(os.environ.get("DEBIT_TEST_KILLS", "2"))
SEED = 20261122
AMOUNTS = ("1000.00", "2000.00", "3000.00", "4000.00", "5000.00")
AT_A_TIME = 2
Job = Callable[[House], object]


def failed(house: House) -> list[str]:
    """Debits that the accounts could not pay, in the middle of October; their contributions."""
    sents = house.sent_together("CNAS", *AMOUNTS)
    house.bank_says(*(pain002(one, "RJCT", "AM04") for one in sents))
    house.go_to(date(2026, 10, 15))
    return [one.contribution_id for one in sents]


def confirmed(house: House) -> None:
    """Their penalties, each confirmed by a person."""
    contributions = failed(house)
    house.assess()
    for one in contributions:
        with house.reading() as work:
            (penalty,) = queries.penalties_of(work, one)
        house.confirm_penalty(penalty.id)


def assessing(house: House) -> Job:
    """Faults and penalties of a day."""
    failed(house)
    return lambda house: house.assess()


def telling(house: House) -> Job:
    """Notices of confirmed penalties."""
    confirmed(house)
    return lambda house: operations.notify_penalties(house.service, CLERK, house.fund())


def approved(house: House) -> str:
    """An amnesty for all of them that only has to be carried out."""
    confirmed(house)
    terms = amnesty.Terms(
        first_period="2026-01",
        last_period="2026-12",
        states=("confirmed",),
        basis_points=10_000,
        covers_later=False,
        law="ordinance 21-12",
        decided_on=date(2026, 10, 1),
        why="the law says so",
    )
    with house.desk.work(CLERK) as work:
        prepared = amnesty.prepare(work, house.fund(), terms)
    with house.desk.work(APPROVER) as work:
        amnesty.approve(work, prepared.id, prepared.sha256)
    return prepared.id


def letting_off(house: House) -> Job:
    """An amnesty is carried out."""
    one = approved(house)
    return lambda house: amnesty.carry_out(house.desk, CLERK, house.fund(), one, AT_A_TIME)


def asking_again(house: House) -> Job:
    """An amnesty that was carried out is taken back."""
    one = approved(house)
    amnesty.carry_out(house.desk, CLERK, house.fund(), one)
    with house.desk.work(APPROVER) as work:
        amnesty.undo(work, one, "the law was annulled")
    return lambda house: amnesty.carry_out(house.desk, CLERK, house.fund(), one, AT_A_TIME)


def keeping_deadlines(house: House) -> Job:
    """Disputes: one whose reply is overdue, one that is late, one to close, and one near its deadline."""
    overdue, late, over, near = (house.contribution(house.employer(mandate=False)) for _ in range(4))
    asked = house.dispute(overdue)
    with house.desk.work(CLERK) as work:
        disputes.ask(work, operations.dispute_terms(house.service, house.fund()), asked, "When was it paid?")
    house.dispute(late)
    house.answer_dispute(house.dispute(over), "rejected")
    house.go_to(date(2026, 9, 24))
    house.dispute(near)
    house.go_to(date(2026, 10, 20))
    return lambda house: operations.keep_dispute_deadlines(house.service, CLERK, house.fund())


def made_of_it(house: House) -> dict[str, list[str]]:
    """Everything that must not depend on whether and where the process died, identifiers of new rows aside."""
    of = " x join penalties p on p.id = x.penalty_id join contributions c on c.id = p.contribution_id"
    lives = "(select *, subject_id as penalty_id from penalty_transitions)"
    told = {
        "decisions": "select c.end_to_end_id, x.sort_key, x.most_recent, x.party, x.effect from fault_decisions x"
        " join collections c on c.id = x.collection_id",
        "lives": "select c.reference, x.sort_key, x.from_state, x.to_state, x.most_recent, x.why from " + lives + of,  # noqa: S608 - our own words
        "steps": "select c.reference, x.step_key, x.amount_minor, x.confirmed_minor from penalty_steps" + of,  # noqa: S608 - our own words
        "reliefs": "select c.reference, x.amnesty_id, x.basis_points, x.undone_by from penalty_reliefs" + of,  # noqa: S608 - our own words
        "notices": "select c.reference, x.number, x.amount_minor from penalty_notices" + of,  # noqa: S608 - our own words
        "amnesties": "select id, carried_out_at is null, taken_back_at is null from amnesties",
        "disputes": "select d.reference, d.answer_by, d.answer, d.stopped_on, x.sort_key, x.to_state, x.why"
        " from disputes d join dispute_transitions x on x.subject_id = d.id",
        "reminders": "select dispute_id, kind, due from dispute_reminders",
        "owed to the outside": "select kind, count(*) from outbox group by kind",
        "journal": "select e.cause, e.business_date, l.account, count(*), sum(l.amount_minor) from journal_entries e"
        " join journal_lines l on l.entry_id = e.id group by e.cause, e.business_date, l.account",
        # One entry a chunk, and chunks end where the process did.
        "log": "select action, count(*) from audit_entries where action <> 'penalty.notices_made' group by action",
        "feed": "select kind, count(*) from events group by kind",
    }
    with house.reading() as work:
        return {
            name: sorted(str(tuple(row)) for row in work.session.execute(text(query))) for name, query in told.items()
        }


def in_a_process(house: House, job: Job, dies_at: int | None = None) -> tuple[int | None, int]:
    """Do the job in a process of its own, which kills itself at its `dies_at`-th statement or commit.

    Returns its exit code, and how many of these it came to.
    """
    house.close()
    # Identifiers grow with the clock: forks of one process on one standing clock would make the same ones.
    house.clock.set(house.clock.now() + timedelta(seconds=1))
    points = FORK.Value("i", 0)
    child = FORK.Process(target=_do, args=(house, job, points, dies_at))
    child.start()
    child.join(SECONDS_MAX)
    return child.exitcode, points.value


def _do(house: House, job: Job, points: Any, dies_at: int | None) -> None:
    def point(*_: object) -> None:
        points.value += 1
        if points.value == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    for moment in ("before_cursor_execute", "commit"):
        event.listen(house.desk.database.engine, moment, point)
    job(house)
    os._exit(0)


@pytest.mark.parametrize("story", [assessing, telling, letting_off, asking_again, keeping_deadlines])
def test_killed_anywhere_and_run_again_it_ends_as_if_nothing_had_happened(
    house: House, monkeypatch: pytest.MonkeyPatch, story: Callable[[House], Job]
) -> None:
    for name in ("assess", "notify"):
        monkeypatch.setattr(sys.modules[f"debit_service.penalties.service.{name}"], "AT_A_TIME", AT_A_TIME)
    job, now = story(house), house.clock.now()
    house.close()
    saved = Saved(house.service.settings.url, house.service.settings.home)
    before = made_of_it(house)
    exitcode, points = in_a_process(house, job)
    assert exitcode == 0
    expected = made_of_it(house)
    assert expected != before

    random, part = Random(SEED), points / KILLS
    for number in range(KILLS):
        house.close()
        saved.restore()
        house.clock.set(now)
        at = random.randint(int(number * part) + 1, int((number + 1) * part))
        assert in_a_process(house, job, at) == (-signal.SIGKILL, at)
        assert in_a_process(house, job)[0] == 0
        assert made_of_it(house) == expected, f"killed at {at} of {points}"
        assert house.breaches() == {}
