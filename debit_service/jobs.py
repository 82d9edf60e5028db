"""Jobs: what runs when. Each job calls one operation; a run is a row, so that a business date is done once whoever starts it.

APScheduler only pokes (`run_due`, every minute): it may fire twice, late, or not at all, and nothing is lost. A run that failed,
or whose process died, is taken again by the next poke; every operation is safe to repeat.
"""

from collections.abc import Callable
from datetime import date

import structlog
from apscheduler.schedulers.blocking import BlockingScheduler

from debit_service import operations
from debit_service.core import runs
from debit_service.core.errors import DebitError
from debit_service.core.work import SERVICE
from debit_service.funds.profile import Fund
from debit_service.wiring import Service

POKE_SECONDS = 60

log = structlog.get_logger()


def _collect(service: Service, fund: Fund, on: date) -> str:
    done = operations.collect(service, SERVICE, fund, on)
    return f"planned {done.planned}, notices {done.notices}, batches {len(done.batches)}"


def _assess(service: Service, fund: Fund, _: date) -> str:
    done = operations.assess_penalties(service, SERVICE, fund)
    return f"decided {done.decided}, penalties {done.penalties}, withdrawn {done.withdrawn}"


#: The jobs of a business date, in the order of the path.
DAILY: dict[str, Callable[[Service, Fund, date], str]] = {"collect": _collect, "assess": _assess}


def run_due(service: Service) -> list[str]:
    """Do everything that is due now; returns a line for each thing done. Safe to call in several processes at once."""
    done, failed = operations.deliver(service, SERVICE)
    told = [f"notices: {done} sent, {failed} failed"] if done or failed else []
    told += [f"send {batch_id}: {outcome}" for batch_id, outcome in operations.send_approved(service, SERVICE).items()]
    fetched = operations.fetch(service, SERVICE)
    told += [f"fetch: {fetched.new_files} new files"] if fetched.new_files else []
    told += [f"fetch {bank_id}: {trouble}" for bank_id, trouble in fetched.unavailable.items()]
    for fund in service.funds:
        # Collecting for today also catches up what earlier days missed: nothing may be collected on a day that is over.
        for job in DAILY:
            told += _run(service, job, fund, operations.today(service, fund))
    operations.anchor_audit(service)
    return told


def _run(service: Service, job: str, fund: Fund, on: date) -> list[str]:
    run_id = runs.take(service.desk, SERVICE, job, fund.id, on)
    if run_id is None:
        return []
    try:
        outcome, detail = "done", DAILY[job](service, fund, on)
    except DebitError as error:
        outcome, detail = "failed", str(error)
    except Exception as error:
        log.exception("job failed", job=job, fund=fund.id)
        outcome, detail = "failed", f"an error that nobody foresaw ({type(error).__name__}): see the log"
    runs.finish(service.desk, SERVICE, run_id, outcome, detail)
    return [f"{job} {fund.id} {on.isoformat()}: {outcome}, {detail}"]


def run_for_ever(service: Service) -> None:
    """Poke once a minute until the process is told to end."""
    scheduler = BlockingScheduler(timezone="UTC")

    def poke() -> None:
        for line in run_due(service):
            log.info("job", what=line)

    scheduler.add_job(poke, "interval", seconds=POKE_SECONDS, coalesce=True, max_instances=1, misfire_grace_time=None)
    poke()
    scheduler.start()
