"""Proof: what people decided about bank entries, held against the journal and against the rule of four eyes."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Row, exists, select

from debit_service.core.work import Work
from debit_service.ledger import queries as ledger
from debit_service.ledger.rules import account
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.by_persons.standing import paid_out
from debit_service.reconcile.models import BankEntry, Disposition, Resolution, ResolutionPart, ResolutionTransition
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.rules import NET_TOTALS
from debit_service.reconcile.service.post import standing_of
from debit_service.reconcile.service.standing import expected

_ROWS_AT_ONCE = 1000
#: Money of these stands in the journal under the entry's own name.
_HAS_MONEY = (
    Disposition.kind.in_(("suspense", "resolved")) | (BankEntry.kind == "cost") | Disposition.reason.in_(NET_TOTALS)
)


def misplaced(work: Work) -> Iterator[str]:
    """Entries that wait or were resolved, and refunds that were paid out, whose money stands elsewhere than decided."""
    query = (
        select(BankEntry, Disposition)
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .where(Disposition.most_recent, _HAS_MONEY)
        .order_by(BankEntry.id)
    )
    for decided in work.session.execute(query.execution_options(yield_per=_ROWS_AT_ONCE)).partitions():
        yield from _entries(work, decided)
    payouts = work.session.scalars(select(Resolution).where(Resolution.decision == Decision.PAID_OUT.value)).all()
    booked = ledger.balances_of_each(work.session, [one.id for one in payouts])
    for one in payouts:
        gone = one.stands and decisions.state(work, one.id) == "carried_out"
        target = paid_out(one.amount_minor or 0) if gone else {}
        said = {account(kind, one.fund_id or ""): minor for kind, minor in target.items()}
        yield from _differs(f"refund {one.id}", booked.get(one.id, {}), said)


def _entries(work: Work, decided: Sequence[Row[BankEntry, Disposition]]) -> Iterator[str]:
    ids = [one.id for one, _ in decided]
    parts, booked = decisions.parts_of_each(work, ids), ledger.balances_of_each(work.session, ids)
    for one, made in decided:
        said = standing_of(one, made.kind, made.reason)
        if made.kind == "resolved":
            said = expected(one, parts.get(one.id, []))
        yield from _differs(f"bank entry {one.id}", booked.get(one.id, {}), said)


def _differs(name: str, booked: dict[str, int], said: dict[str, int]) -> Iterator[str]:
    journal = {where: minor for where, minor in booked.items() if minor}
    decided = {where: minor for where, minor in said.items() if minor}
    if journal != decided:
        yield f"{name}: the journal says {journal}, what was decided says {decided}"


def groundless(work: Work) -> Iterator[str]:
    """Entries that nobody decided about although they are said to be resolved, and decisions that lack a second person."""
    stands = exists().where(Resolution.entry_id == Disposition.entry_id, Resolution.stands)
    resolved = select(Disposition.entry_id).where(Disposition.most_recent, Disposition.kind == "resolved", ~stands)
    for entry_id in work.session.scalars(resolved):
        yield f"bank entry {entry_id} is resolved, and no decision about it stands"
    done = exists().where(
        ResolutionTransition.subject_id == Resolution.id, ResolutionTransition.to_state == "carried_out"
    )
    alone = select(Resolution.id).where(Resolution.four_eyes, Resolution.confirmed_by.is_(None), done)
    for resolution_id in work.session.scalars(alone):
        yield f"decision {resolution_id} was carried out without another person"
    part_of = ResolutionTransition.subject_id == ResolutionPart.resolution_id
    undone = exists().where(part_of, ResolutionTransition.most_recent, ResolutionTransition.to_state != "carried_out")
    for part in work.session.scalars(select(ResolutionPart).where(ResolutionPart.stands, undone)):
        yield f"part {part.number} of decision {part.resolution_id} stands, and the decision does not"
