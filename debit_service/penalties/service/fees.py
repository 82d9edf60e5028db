"""Fees of the bank that are claimed with penalties: never more than the bank has taken for the failure and still keeps."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select

from debit_service.collections import queries as collections
from debit_service.core import audit
from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.penalties import queries
from debit_service.penalties.models import Penalty, PenaltyFee
from debit_service.penalties.service import lifecycle
from debit_service.reconcile import queries as reconcile


def claiming(work: Work, collection_ids: Iterable[str]) -> list[str]:
    """The penalties with which a fee for one of these debits is claimed, or may be."""
    query = select(PenaltyFee.penalty_id).where(among(work.session, PenaltyFee.collection_id, collection_ids))
    return sorted(set(work.session.scalars(query)))


def lower(work: Work, penalties: Iterable[Penalty], on: date) -> None:
    """Let the fees of these penalties, whose rows are locked, fall to what the bank still keeps; they never rise by it.

    Whatever became of a penalty: contested, taken back or waived, it must not come to ask for what the fund has back. `on` is the
    fund's business date.
    """
    by_id = {one.id: one for one in penalties}
    fees = queries.fees_of_each(work, by_id)
    claimed = {fee.collection_id for each in fees.values() for fee in each}
    if not claimed:
        return
    debits = {one.id: one.amount_minor for one in collections.asked_by_id(work, claimed)}
    kept = reconcile.charges_kept_of_each(work, debits)
    for penalty_id in sorted(fees):
        fallen = [fee for fee in fees[penalty_id] if fee.amount_minor > kept[fee.collection_id]]
        asked_less = any(fee.confirmed_minor > kept[fee.collection_id] for fee in fallen)
        for fee in fallen:
            _lower(work, fee, kept[fee.collection_id])
        if asked_less:
            work.session.flush()
            lifecycle.post(work, by_id[penalty_id], on, "penalty.fee_lowered")


def _lower(work: Work, fee: PenaltyFee, kept_minor: int) -> None:
    told = {"collection": fee.collection_id, "before_minor": fee.amount_minor, "after_minor": kept_minor}
    audit.record(work, "penalty.fee_lowered", fee.penalty_id, **told)
    if kept_minor:
        fee.amount_minor, fee.confirmed_minor = kept_minor, min(fee.confirmed_minor, kept_minor)
    else:
        work.session.delete(fee)
