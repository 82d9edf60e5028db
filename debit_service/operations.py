"""The day's operations, as staff, jobs and the demo call them: each a few use cases in the order of the path.

Every step is a transaction of its own and safe to repeat: after a crash anywhere, calling it again goes on.
"""

from dataclasses import dataclass, field
from datetime import date

from debit_service.banks import service as bank_store
from debit_service.collections import queries as collection_queries
from debit_service.collections.service.batch import make_batches
from debit_service.collections.service.notify import carrier, notify
from debit_service.collections.service.plan import plan
from debit_service.collections.service.submit import submit
from debit_service.core import audit, events
from debit_service.core.clock import business_date
from debit_service.core.errors import DebitError
from debit_service.core.work import SERVICE, Actor
from debit_service.funds.profile import Fund
from debit_service.penalties.service import Assessed, assess
from debit_service.reconcile.service import Imported, import_stored
from debit_service.wiring import Service


@dataclass(frozen=True, slots=True)
class Collected:
    """What a day's collecting did at one fund. `left_alone`: contribution reference -> why it was not planned."""

    fund_id: str
    planned: int
    left_alone: dict[str, str]
    notices: int
    batches: list[str]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What fetching brought: files that are new, what became of each, and the banks that did not answer."""

    new_files: int
    imported: list[Imported]
    unavailable: dict[str, str] = field(default_factory=dict)


def today(service: Service, fund: Fund) -> date:
    """The business date of a fund."""
    return business_date(service.desk.clock, fund.time_zone)


def collect(service: Service, actor: Actor, fund: Fund, on: date) -> Collected:
    """Plan, notify, and batch what must leave by `on`."""
    calendar = service.debit_calendar(fund)
    with service.desk.work(actor) as work:
        planned = plan(work, fund, calendar, on)
    with service.desk.work(actor) as work:
        notices = notify(work, fund)
    deliver(service, actor)
    with service.desk.work(actor) as work:
        batches = make_batches(work, fund, service.bank_of(fund), calendar, on)
    return Collected(fund.id, len(planned.collections), planned.left_alone, notices, [batch.id for batch in batches])


def deliver(service: Service, actor: Actor) -> tuple[int, int]:
    """Let notices go out; returns (sent, failed). What failed is tried at the next call."""
    return events.deliver(service.desk, actor, carrier(service.settings))


def send_approved(service: Service, actor: Actor) -> dict[str, str]:
    """Bring to its bank every batch that is approved or whose sending was cut off; returns batch id -> outcome, or why not."""
    with service.desk.reading(actor) as work:
        waiting = [(row[0].id, row[0].fund_id) for row in collection_queries.batches(work, "approved", "sending")]
    outcomes = {}
    for batch_id, fund_id in waiting:
        fund = service.funds.get(fund_id)
        try:
            outcomes[batch_id] = submit(service.desk, actor, fund, batch_id, service.channel(fund.bank))
        except DebitError as error:
            outcomes[batch_id] = str(error)
    return outcomes


def fetch(service: Service, actor: Actor) -> Fetched:
    """Take in what every bank has left, then read and reconcile whatever was not read yet."""
    new_files, unavailable = 0, {}
    for bank_id in sorted({fund.bank for fund in service.funds}):
        try:
            stored = bank_store.fetch(service.desk, actor, bank_id, service.channel(bank_id))
        except DebitError as error:
            unavailable[bank_id] = str(error)
        else:
            new_files += sum(1 for one in stored if one.new)
    return Fetched(new_files, import_stored(service.desk, actor, service.funds), unavailable)


def assess_penalties(service: Service, actor: Actor, fund: Fund) -> Assessed:
    """Decide the fault of every failed debit of a fund, and its penalties."""
    with service.desk.work(actor) as work:
        return assess(
            work,
            fund,
            service.bank_of(fund),
            service.debit_calendar(fund),
            service.codes,
            service.penalty_rules,
            today(service, fund),
        )


def anchor_audit(service: Service) -> None:
    """Write the newest hash of the audit log outside the database."""
    path = service.settings.home / "audit-anchors.txt"
    if not path.exists():
        with service.desk.work(SERVICE) as work:
            audit.record(work, audit.ANCHORING_BEGAN, path.name)
    with service.desk.database.reading() as session:
        audit.anchor(session, path)
