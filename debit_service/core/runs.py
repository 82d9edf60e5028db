"""Runs of jobs: a row for each job, fund and business date, taken by inserting it; of two schedulers only one can."""

from datetime import date, timedelta

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from debit_service.core.models import JobRun
from debit_service.core.work import Actor, Desk, Work

#: A run that has not ended after this time belongs to a process that died.
RUN_TIME_MAX = timedelta(hours=2)


def take(desk: Desk, actor: Actor, job: str, fund_id: str, on: date) -> str | None:
    """The id of the run if it is ours to do: by inserting its row, or by taking over one that failed or died; else None."""
    with desk.work(actor) as work:
        run = JobRun(
            id=work.new_id(),
            job=job,
            fund_id=fund_id,
            business_date=on,
            started_at=work.now(),
            outcome="running",
            detail="",
        )
        try:
            with work.session.begin_nested():
                work.session.add(run)
        except IntegrityError:
            return _take_over(work, job, fund_id, on)
        return run.id


def _take_over(work: Work, job: str, fund_id: str, on: date) -> str | None:
    dead = (JobRun.outcome == "running") & (JobRun.started_at < work.now() - RUN_TIME_MAX)
    taken = (
        update(JobRun)
        .where(JobRun.job == job, JobRun.fund_id == fund_id, JobRun.business_date == on)
        .where((JobRun.outcome == "failed") | dead)
        .values(outcome="running", started_at=work.now(), ended_at=None)
        .returning(JobRun.id)
    )
    return work.session.scalars(taken).one_or_none()


def finish(desk: Desk, actor: Actor, run_id: str, outcome: str, detail: str) -> None:
    """Note what became of a run: `done`, or `failed` (the next poke takes it again)."""
    with desk.work(actor) as work:
        run = work.session.get_one(JobRun, run_id)
        run.outcome, run.detail, run.ended_at = outcome, detail, work.now()
