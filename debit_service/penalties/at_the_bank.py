"""Payments of penalties that were recorded by hand, and the bank's own booking of the same money."""

from collections.abc import Iterable, Iterator

from sqlalchemy import ColumnElement, exists, select

from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.penalties.models import PenaltyPayment
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.by_persons.standing import ClaimPayment
from debit_service.reconcile.models import BankEntry, Resolution, ResolutionPart
from debit_service.reconcile.queue import work_queue
from debit_service.reconcile.queue.suggest import Recognisable, Recorded, recognisable

_SHOWN = exists().where(ResolutionPart.stands, ResolutionPart.claim_payment_id == PenaltyPayment.id)
_COUNTS = PenaltyPayment.undone_at.is_(None)


def unshown(work: Work, payment_ids: Iterable[str]) -> list[ClaimPayment]:
    """Of these payments of penalties (other ids are left out) those that count and that no bank entry shows yet."""
    query = select(PenaltyPayment.id, PenaltyPayment.fund_id, PenaltyPayment.currency, PenaltyPayment.amount_minor)
    rows = work.session.execute(query.where(among(work.session, PenaltyPayment.id, payment_ids), _COUNTS, ~_SHOWN))
    return [ClaimPayment(*row) for row in rows]


def penalty_of(work: Work, payment_id: str) -> str | None:
    """The penalty that a payment is of; None for the id of something else."""
    return work.session.scalars(select(PenaltyPayment.penalty_id).where(PenaltyPayment.id == payment_id)).one_or_none()


def what_it_may_be(work: Work, entry: BankEntry) -> tuple[Recognisable, ...]:
    """What was recorded by hand that an entry, as far as it waits, may be the bank's booking of, the likeliest first.

    Payments of contributions and of penalties; for money that left, what was given back of either or of an entry.
    """
    left = decisions.left_minor(work, entry)
    alike = [*decisions.recorded_alike(work, entry, left), *_recorded_alike(work, entry, left)]
    return recognisable(work_queue.known_of(work, entry), alike) if alike else ()


def _recorded_alike(work: Work, entry: BankEntry, minor: int) -> list[Recorded]:
    signed = minor if entry.direction == "credit" else -minor
    same = (
        (PenaltyPayment.fund_id == entry.fund_id)
        & (PenaltyPayment.currency == entry.currency)
        & (PenaltyPayment.amount_minor == signed)
    )
    query = select(PenaltyPayment).where(_COUNTS, ~_SHOWN, same).order_by(PenaltyPayment.paid_on, PenaltyPayment.id)
    return [
        Recorded(one.id, one.paid_on, one.reference, one.means if signed > 0 else None, one.penalty_id, of_claim=True)
        for one in work.session.scalars(query)
    ]


def misshown(work: Work) -> Iterator[str]:
    """Entries that are said to show a payment of a penalty which does not count, or is other money than they are."""
    query = (
        select(Resolution.entry_id, ResolutionPart.claim_payment_id)
        .join(Resolution, Resolution.id == ResolutionPart.resolution_id)
        .join(BankEntry, BankEntry.id == Resolution.entry_id)
        .outerjoin(PenaltyPayment, PenaltyPayment.id == ResolutionPart.claim_payment_id)
        .where(ResolutionPart.stands, ResolutionPart.claim_payment_id.is_not(None))
        .where(PenaltyPayment.id.is_(None) | ~_COUNTS | ~_is_the_same_money())
    )
    for entry_id, payment_id in work.session.execute(query):
        yield f"bank entry {entry_id} shows the payment {payment_id} of a penalty, which does not count or is other money"


def _is_the_same_money() -> ColumnElement[bool]:
    comes_in = (BankEntry.direction == "credit") & (PenaltyPayment.amount_minor == ResolutionPart.amount_minor)
    goes_out = (BankEntry.direction != "credit") & (PenaltyPayment.amount_minor == -ResolutionPart.amount_minor)
    here = (PenaltyPayment.fund_id == BankEntry.fund_id) & (PenaltyPayment.currency == BankEntry.currency)
    return here & (comes_in | goes_out)
