"""Runs of jobs: a row for each job, place and business date. The place is a fund, or a bank for what is done at a bank.

A job of a business date is done by whoever holds its lock, and the row says when it is done: of several schedulers one does it.
The lock dies with its process, so a row that still says `running` under a lock that is free belongs to a process that is gone:
the next poke takes it over at once. The unique constraint is what makes a second row impossible.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from debit_service.core.models import JobRun
from debit_service.core.work import Actor, Desk, Work

#: A run that has not ended after this time hangs, and people are told.
RUN_TIME_MAX = timedelta(hours=2)
#: What the row of a day says that no scheduler lived through.
_NOBODY_RAN = "no scheduler ran on this day"
MISSED = _NOBODY_RAN + "; caught up on {today}, and nothing is done for a day that is over"


def settled(desk: Desk, actor: Actor, place: str, on: date) -> set[str]:
    """The jobs of a place that are done for a business date."""
    query = select(JobRun.job).where(JobRun.fund_id == place, JobRun.business_date == on, JobRun.outcome == "done")
    with desk.reading(actor) as work:
        return set(work.session.scalars(query))


@contextmanager
def turn(desk: Desk, actor: Actor, job: str, place: str, on: date) -> Iterator[str | None]:
    """The id of the run while it is ours to do; None when it is done, or another process is at it.

    Business dates since the last run that nobody did anything on get their rows first, in their order.
    """
    with desk.database.alone_or_not(f"job {job} {place}") as ours:
        if not ours:
            yield None
            return
        with desk.work(actor) as work:
            run_id = _take(work, job, place, on)
        yield run_id


def _take(work: Work, job: str, place: str, on: date) -> str | None:
    _note_missed(work, job, place, on)
    run = _row(work, job, place, on)
    if run.outcome == "done":
        return None
    run.outcome, run.started_at, run.ended_at = "running", work.now(), None
    return run.id


def _note_missed(work: Work, job: str, place: str, on: date) -> None:
    mine = (JobRun.job == job) & (JobRun.fund_id == place)
    last = work.session.scalar(select(func.max(JobRun.business_date)).where(mine))
    for days in range(1, (on - last).days if last else 0):
        run = _row(work, job, place, (last or on) + timedelta(days=days))
        run.outcome, run.ended_at, run.detail = "done", work.now(), MISSED.format(today=on.isoformat())


def _row(work: Work, job: str, place: str, on: date) -> JobRun:
    """The row of a run, inserted as running if it is not there; of two processes one inserts it and the other finds it."""
    query = select(JobRun).where(JobRun.job == job, JobRun.fund_id == place, JobRun.business_date == on)
    found = work.session.scalars(query.with_for_update()).one_or_none()
    if found:
        return found
    new = JobRun(
        id=work.new_id(),
        job=job,
        fund_id=place,
        business_date=on,
        started_at=work.now(),
        outcome="running",
        detail="",
    )
    try:
        with work.session.begin_nested():
            work.session.add(new)
    except IntegrityError:
        return work.session.scalars(query.with_for_update()).one()
    return new


def finish(desk: Desk, actor: Actor, run_id: str, outcome: str, detail: str) -> None:
    """Note what became of a run: `done`, or `failed` (the next poke takes it again)."""
    with desk.work(actor) as work:
        run = work.session.get_one(JobRun, run_id)
        run.outcome, run.detail, run.ended_at = outcome, detail, work.now()


def note(desk: Desk, actor: Actor, job: str, place: str, on: date, outcome: str, detail: str, *, news: bool) -> None:
    """Keep the row of what is done at every poke: the first time of a day, when there is `news`, and when the outcome changes."""
    with desk.work(actor) as work:
        run = _row(work, job, place, on)
        if run.outcome != outcome or news:
            run.outcome, run.detail = outcome, detail
            run.started_at = run.ended_at = work.now()


def listed(work: Work, *, on: date | None = None, at_most: int) -> Sequence[JobRun]:
    """Runs, the newest business date first; those of one date where asked."""
    query = select(JobRun).order_by(JobRun.business_date.desc(), JobRun.fund_id, JobRun.id)
    if on:
        query = query.where(JobRun.business_date == on)
    return work.session.scalars(query.limit(at_most)).all()


def missed(work: Work, place: str, jobs: Iterable[str], since: date) -> Sequence[JobRun]:
    """The runs at a place that no scheduler lived through, of these jobs, on business dates from `since`; oldest first."""
    query = select(JobRun).where(
        JobRun.fund_id == place,
        JobRun.job.in_(list(jobs)),
        JobRun.business_date >= since,
        JobRun.detail.startswith(_NOBODY_RAN),
    )
    return work.session.scalars(query.order_by(JobRun.business_date, JobRun.job)).all()


def newest(work: Work) -> Sequence[JobRun]:
    """The run of the newest business date of each job at each place."""
    latest = (
        select(JobRun.job, JobRun.fund_id, func.max(JobRun.business_date).label("day"))
        .group_by(JobRun.job, JobRun.fund_id)
        .subquery()
    )
    query = select(JobRun).join(
        latest,
        (JobRun.job == latest.c.job) & (JobRun.fund_id == latest.c.fund_id) & (JobRun.business_date == latest.c.day),
    )
    return work.session.scalars(query.order_by(JobRun.fund_id, JobRun.job)).all()


def seconds(run: JobRun) -> int | None:
    """How long a run took, in whole seconds; None while it runs."""
    return int((run.ended_at - run.started_at).total_seconds()) if run.ended_at else None
