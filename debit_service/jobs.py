"""Jobs: what runs when. Each job calls one operation; a run is a row, so that a business date is done once whoever starts it.

APScheduler only pokes (`run_due`, every minute): it may fire twice, late, or not at all, and nothing is lost. Sending, fetching
and delivering are done at every poke; the jobs of a business date once, by the first poke after midnight where the fund is. A run
that failed is taken again by the next poke, one whose process died too; every operation is safe to repeat.
"""

from collections.abc import Callable
from datetime import date
from typing import Final

import structlog
from apscheduler.schedulers.blocking import BlockingScheduler

from debit_service import operations
from debit_service.core import runs
from debit_service.core.clock import business_date
from debit_service.core.errors import DebitError
from debit_service.core.work import SERVICE
from debit_service.funds.profile import Fund
from debit_service.wiring import Service

POKE_SECONDS = 60

log = structlog.get_logger()


def _plan(service: Service, fund: Fund, on: date) -> str:
    done = operations.plan_due(service, SERVICE, fund, on)
    return f"planned {done.collections}, left alone {done.left_alone_count}"


def _notify(service: Service, fund: Fund, _: date) -> str:
    return f"notices {operations.announce(service, SERVICE, fund)}"


def _batch(service: Service, fund: Fund, on: date) -> str:
    done = operations.batch_due(service, SERVICE, fund, on)
    return f"batches {len(done.batches)}, cancelled {len(done.cancelled)}"


def _bring(service: Service, fund: Fund, _: date) -> str:
    return f"bookings moved {operations.bring_books(service, SERVICE, fund)}"


def _assess(service: Service, fund: Fund, _: date) -> str:
    done = operations.assess_penalties(service, SERVICE, fund)
    operations.carry_out_amnesties(service, SERVICE, fund)
    return f"decided {done.decided}, penalties {done.penalties}, reversed {done.reversed}"


def _penalty_notices(service: Service, fund: Fund, _: date) -> str:
    return f"notices of penalties {operations.notify_penalties(service, SERVICE, fund)}"


def _expire(service: Service, fund: Fund, on: date) -> str:
    lapsed, used_up, drafts = operations.expire_unused(service, SERVICE, fund, on)
    return f"mandates lapsed {lapsed}, used up {used_up}, drafts closed {drafts}"


def _remind(service: Service, fund: Fund, on: date) -> str:
    return f"reminders {operations.remind(service, SERVICE, fund, on)}"


def _disputes(service: Service, fund: Fund, _: date) -> str:
    kept = operations.keep_dispute_deadlines(service, SERVICE, fund)
    told = f"near {kept.near}, escalated {kept.escalated}, late {kept.late}"
    return f"disputes {told}, went on without a reply {kept.resumed}, closed {kept.closed}"


#: The jobs of a business date, in the order of the path.
DAILY: Final[dict[str, Callable[[Service, Fund, date], str]]] = {
    "plan": _plan,
    "notify": _notify,
    "batch": _batch,
    "bring": _bring,
    "assess": _assess,
    "penalty_notices": _penalty_notices,
    "expire": _expire,
    "remind": _remind,
    "disputes": _disputes,
}
#: A job waits until these are done for its date: what is planned after the notices were made would be announced a day late.
NEEDS: Final[dict[str, frozenset[str]]] = {
    "notify": frozenset({"plan"}),
    "batch": frozenset({"plan", "notify"}),
    "penalty_notices": frozenset({"assess"}),
}


def run_due(service: Service) -> list[str]:
    """Do everything that is due now; returns a line for each thing done. Safe to call in several processes at once."""
    told = [line for fund in service.funds for line in _send(service, fund)]
    told += _fetch(service)
    for fund in service.funds:
        told += _run_daily(service, fund)
        told += _amnesties(service, fund)
    told += _deliver(service)
    operations.anchor_audit(service)
    return told


def _deliver(service: Service) -> list[str]:
    # No row: a message that does not go out says so itself, with its error, in the report.
    done, failed = operations.deliver(service, SERVICE)
    return [f"messages: {done} sent, {failed} failed"] if done or failed else []


def _send(service: Service, fund: Fund) -> list[str]:
    told: dict[str, str] = {}

    def send() -> str:
        told.update(operations.send_of(service, SERVICE, fund))
        return "; ".join(f"{batch_id}: {outcome}" for batch_id, outcome in told.items()) or "nothing to send"

    outcome, detail = _guarded("send", fund.id, send)
    if any(one != "sent" for one in told.values()):
        outcome = "failed"
    _note(service, "send", fund.id, operations.today(service, fund), outcome, detail, news=bool(told))
    return [f"send {fund.id}: {detail}"] if told or outcome == "failed" else []


def _amnesties(service: Service, fund: Fund) -> list[str]:
    done: list[str] = []

    def carry_out() -> str:
        for one, said in operations.carry_out_amnesties(service, SERVICE, fund, later=False).items():
            done.append(f"{one}: {said.relieved} relieved, {said.taken_back} taken back")
        return "; ".join(done) or "nothing to carry out"

    outcome, detail = _guarded("amnesties", fund.id, carry_out)
    if not done and outcome != "failed":
        return []
    _note(service, "amnesties", fund.id, operations.today(service, fund), outcome, detail, news=bool(done))
    return [f"amnesties {fund.id}: {detail}"]


def _fetch(service: Service) -> list[str]:
    fetched = operations.Fetched(0, [])

    def fetch() -> str:
        nonlocal fetched
        fetched = operations.fetch(service, SERVICE)
        return ""

    overall, trouble = _guarded("fetch", "all banks", fetch)
    told = []
    for bank_id in sorted({fund.bank for fund in service.funds}):
        new = fetched.new_by_bank.get(bank_id, 0)
        problem = trouble or fetched.unavailable.get(bank_id)
        outcome, detail = ("failed", problem) if problem else (overall, f"{new} new files")
        on = business_date(service.desk.clock, service.funds.bank(bank_id).time_zone)
        _note(service, "fetch", bank_id, on, outcome, detail, news=bool(new))
        if new or problem:
            told.append(f"fetch {bank_id}: {detail}")
    return told


def _note(service: Service, job: str, place: str, on: date, outcome: str, detail: str, *, news: bool) -> None:
    runs.note(service.desk, SERVICE, job, place, on, outcome, detail, news=news)


def _run_daily(service: Service, fund: Fund) -> list[str]:
    on = operations.today(service, fund)
    done, told = runs.settled(service.desk, SERVICE, fund.id, on), []
    for job in DAILY:
        if job in done or not NEEDS.get(job, frozenset()) <= done:
            continue
        told += _run(service, job, fund, on)
        # By this process, or by another one that was at it.
        done = runs.settled(service.desk, SERVICE, fund.id, on)
    return told


def _run(service: Service, job: str, fund: Fund, on: date) -> list[str]:
    with runs.turn(service.desk, SERVICE, job, fund.id, on) as run_id:
        if run_id is None:
            return []
        outcome, detail = _guarded(job, fund.id, lambda: DAILY[job](service, fund, on))
        runs.finish(service.desk, SERVICE, run_id, outcome, detail)
    return [f"{job} {fund.id} {on.isoformat()}: {outcome}, {detail}"]


def _guarded(job: str, place: str, act: Callable[[], str]) -> tuple[str, str]:
    """Outcome and detail of one job: whatever becomes of it, the others go on."""
    try:
        return "done", act()
    except DebitError as error:
        return "failed", str(error)
    except Exception as error:
        log.exception("job failed", job=job, place=place)
        return "failed", f"an error that nobody foresaw ({type(error).__name__}): see the log"


def run_for_ever(service: Service) -> None:
    """Poke once a minute until the process is told to end."""
    scheduler = BlockingScheduler(timezone="UTC")

    def poke() -> None:
        for line in run_due(service):
            log.info("job", what=line)

    scheduler.add_job(poke, "interval", seconds=POKE_SECONDS, coalesce=True, max_instances=1, misfire_grace_time=None)
    poke()
    scheduler.start()
