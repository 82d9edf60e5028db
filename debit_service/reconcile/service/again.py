"""Again: what an earlier release booked, or left open, otherwise than this one would is brought to where the facts say.

Reading does this for whatever a new file touches. What no file touches any more would stay as it was: hence once a day.
"""

from sqlalchemy import func, select

from debit_service.collections import queries as collections
from debit_service.collections.models import Collection
from debit_service.core.database import RECONCILE, in_turn
from debit_service.core.work import Actor, Desk, Work
from debit_service.funds.profile import Fund
from debit_service.funds.queries import Funds
from debit_service.ledger import service as ledger
from debit_service.reconcile import queries
from debit_service.reconcile.models import Allocation, BankEntry, Disposition
from debit_service.reconcile.queries import IN_SUSPENSE
from debit_service.reconcile.rules import Effect
from debit_service.reconcile.service.match import decide_again
from debit_service.reconcile.service.post import posting
from debit_service.reconcile.service.verdict import names_a_booking


def bring_again(desk: Desk, actor: Actor, funds: Funds, fund: Fund) -> int:
    """Book the difference of a fund's debits that were credited more than once, and look again at returns that named nothing.

    Until release 0017 (migration) the second credit of a debit was booked against what is under way, and not against what is owed
    again; and a return was not known by the credit that it takes back. Returns how many bookings moved.
    """
    with desk.work(actor) as work:
        in_turn(work.session, RECONCILE)
        moved = _bring_credited_again(work, fund)
        decide_again(work, funds, _nameless_returns(work, fund))
        return moved


def _bring_credited_again(work: Work, fund: Fund) -> int:
    credited = (
        select(Allocation.collection_id)
        .join(Disposition, Disposition.id == Allocation.disposition_id)
        .join(Collection, Collection.id == Allocation.collection_id)
        .where(Disposition.most_recent, Allocation.effect == Effect.SETTLED.value, Collection.fund_id == fund.id)
        .group_by(Allocation.collection_id)
        .having(func.count() > 1)
    )
    known = collections.asked_by_id(work, work.session.scalars(credited).all())
    results = queries.outcomes_of(work, {one.id: one.amount_minor for one in known})
    return ledger.bring_each(
        work, [posting(work, fund, one, results[one.id], None, {"collection": one.id}) for one in known]
    )


def _nameless_returns(work: Work, fund: Fund) -> list[str]:
    query = (
        select(BankEntry)
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .where(IN_SUSPENSE, Disposition.reason == "no_reference")
        .where(BankEntry.fund_id == fund.id, BankEntry.direction == "debit")
        .order_by(BankEntry.booking_date, BankEntry.id)
    )
    return [one.id for one in work.session.scalars(query) if names_a_booking(one)]
