"""What a clerk and an approver do about entries that wait, for tests: one call each, with the usual reason."""

from datetime import date

from bank_files import Booked, camt054
from house import APPROVER, CLERK, House
from sqlalchemy import select

from debit_service.core.work import Actor
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.models import BankDocument, BankEntry
from debit_service.reconcile.queue import work_queue
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.queue.work_queue import Filter, Waits
from debit_service.reconcile.service import Ask, Decided, PaidOut, confirm, decide, pay_out, refuse, undo

CREDITED = date(2026, 9, 30)
#: Above what one person may decide alone at CNAS.
MUCH = 100_000_001


def money_in(
    house: House,
    amount_minor: int,
    *,
    account: str | None = None,
    name: str = "IN",
    day: date = CREDITED,
    direction: str = "CRDT",
    currency: str = "DZD",
    valued: date | None = None,
) -> str:
    """A booking without any reference of ours arrives; returns the entry that waits."""
    before = {one.id for one in house.waiting()}
    booked = Booked(
        amount_minor,
        currency,
        day,
        direction="CRDT" if direction == "CRDT" else "DBIT",
        servicer_reference=f"AS-{name}",
        sub_family="OTHR",
        valued=valued,
    )
    house.in_turn(camt054(account or house.fund().creditor.account.value, booked, message_id=name))
    (entry,) = [one for one in house.waiting() if one.id not in before]
    return entry.id


def decided(house: House, entry_id: str, decision: Decision, *, by: Actor = CLERK, **said: object) -> Decided:
    """A clerk decides."""
    ask = Ask(decision=decision, why="the statement says so", **said)  # type: ignore[arg-type]
    with house.desk.work(by) as work:
        return decide(work, house.service.funds, entry_id, ask)


def confirmed(house: House, resolution_id: str, *, by: Actor = APPROVER) -> Decided:
    """Another person confirms."""
    with house.desk.work(by) as work:
        return confirm(work, house.service.funds, resolution_id)


def told_by(house: House, report: str, position: int = 0) -> str:
    """The entry of the report with this name, in its order."""
    with house.reading() as work:
        query = select(BankEntry.id).join(BankDocument, BankDocument.id == BankEntry.document_id)
        return work.session.scalars(query.where(BankDocument.message_id == report).order_by(BankEntry.position)).all()[
            position
        ]


def doubted(house: House, entry_id: str) -> str:
    """A clerk puts it in suspense, an approver confirms; returns the decision."""
    proposed = decided(house, entry_id, Decision.SUSPENDED)
    assert proposed.state == "proposed"
    assert confirmed(house, proposed.id).state == "carried_out"
    return proposed.id


def refused(house: House, resolution_id: str, *, by: Actor = APPROVER) -> Decided:
    """Somebody ends a proposal."""
    with house.desk.work(by) as work:
        return refuse(work, house.service.funds, resolution_id, "not proven")


def undone(house: House, resolution_id: str) -> Decided:
    """A clerk takes back; where that needs another person, an approver confirms."""
    with house.desk.work(CLERK) as work:
        taken_back = undo(work, house.service.funds, resolution_id, "it was a mistake")
    return confirmed(house, taken_back.id) if taken_back.state == "proposed" else taken_back


def paid_out(house: House, reference: str, amount_minor: int, books: str = "OUT-1") -> Decided:
    """A clerk records that a refund was paid."""
    paid = PaidOut(
        amount_minor=amount_minor, paid_on=house.clock.now().date(), reference=books, evidence="transfer list"
    )
    with house.desk.work(CLERK) as work:
        return pay_out(work, house.service.funds, reference, paid, "the employer asked for it")


def left_to_pay_out(house: House) -> dict[str, int]:
    """What is owed back: contribution or entry -> minor units."""
    with house.reading() as work:
        return {one.reference: one.left_minor for one in decisions.refunds_owed(work) if one.left_minor}


def queue(house: House, wanted: Filter | None = None) -> list[Waits]:
    """The work queue as a clerk sees it."""
    with house.desk.reading(CLERK) as work:
        found = list(work_queue.page(work, house.service.funds, wanted or Filter()).shown)
        work.session.expunge_all()
    return found


def state_of(house: House, resolution_id: str) -> str:
    """The state of a decision now."""
    with house.reading() as work:
        return decisions.state(work, resolution_id)


def money(house: House) -> dict[str, int]:
    """The balances of CNAS that are not zero, without what is declared and still owed."""
    found = {name.partition("/")[0]: minor for name, minor in house.balances().items()}
    return {name: minor for name, minor in found.items() if name not in ("declared", "receivable", "in-transit")}
