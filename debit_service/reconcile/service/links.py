"""Links: what ties an entry that names no debit to what is known: the bank's own reference, a file of ours, other reports."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import aliased

from debit_service.collections.models import PaymentInformation
from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.reconcile.models import BankEntry, Disposition
from debit_service.reconcile.service.lookups import STANDS
from debit_service.reconcile.service.verdict import TOTALS

#: How long after a credit its return may be booked: thirteen months for a debit that nobody authorised, and some days.
_GOES_BACK_WITHIN_DAYS = 400


def explained_elsewhere(work: Work, left: BankEntry) -> str | None:
    """The entry of another container that tells what is left of one beside its details: its sum, or all of its details.

    A sum that was shared out has told what the details lack. Any other one stands for the booking only where no detail has an
    amount; the same details without a remainder are those of the same booking, told in full.
    """
    one, mine, rest = BankEntry, aliased(BankEntry), aliased(BankEntry)
    here = (
        one.account_index == left.account_index,
        one.booking_date == left.booking_date,
        one.document_id != left.document_id,
    )
    is_whole = left.amount_minor == left.entry_amount_minor
    stands = (
        (STANDS & (one.direction == left.direction))
        if is_whole
        else (Disposition.most_recent & Disposition.reason.in_(TOTALS))
    )
    total = (
        select(one.id)
        .join(Disposition, Disposition.entry_id == one.id)
        .where(*here, stands, one.level == "entry", one.kind.not_in(("cost", "remainder")))
        .where(one.amount_minor == left.entry_amount_minor)
    )
    if name := left.account_servicer_reference:
        total = total.where(func.coalesce(one.account_servicer_reference, name) == name)
    in_full = ~exists().where(
        rest.document_id == one.document_id,
        rest.entry_index == one.entry_index,
        rest.account_index == left.account_index,
        rest.booking_date == left.booking_date,
        rest.kind == "remainder",
    )
    same_details = (
        select(one.id)
        .join(mine, mine.end_to_end_id == one.end_to_end_id)
        .where(*here, one.level == "transaction", one.status == "BOOK")
        .where(one.entry_amount_minor == left.entry_amount_minor, in_full)
        .where(mine.document_id == left.document_id, mine.entry_index == left.entry_index)
    )
    found = (work.session.scalars(query.order_by(one.id).limit(1)).first() for query in (total, same_details))
    return next((entry_id for entry_id in found if entry_id), None)


def credited_under(work: Work, back: BankEntry) -> str | None:
    """End-to-end reference of the one credit of this account and currency that carries the bank's own reference which a return
    gives, and that it may take back: of its amount, less what it states of charges and interest. None where it is not the only
    one, whosever the others are."""
    amount, charges, interest = back.amount_minor or 0, back.charges_minor or 0, back.interest_minor or 0
    if back.booking_date is None:
        return None
    names = [
        column == name
        for column, name in (
            (BankEntry.transaction_id, back.transaction_id),
            (BankEntry.account_servicer_reference, back.account_servicer_reference),
        )
        if name
    ]
    query = select(BankEntry.end_to_end_id).where(
        # By account, day and amount there is an index; by what banks call a booking there is none.
        BankEntry.account_index == back.account_index,
        BankEntry.booking_date.in_([back.booking_date - timedelta(days) for days in range(_GOES_BACK_WITHIN_DAYS)]),
        BankEntry.amount_minor.in_({amount, amount - charges, amount - interest, amount - charges - interest}),
        BankEntry.currency == back.currency,
        BankEntry.direction == "credit",
        BankEntry.status == "BOOK",
        or_(*names),
    )
    found = work.session.scalars(query.distinct().limit(2)).all()
    return found[0] if len(found) == 1 else None


def blocks_of_files(work: Work, batch_ids: Iterable[str]) -> dict[str, str]:
    """File of ours (its MsgId) -> its block, where it has one only."""
    query = (
        select(PaymentInformation.batch_id, func.min(PaymentInformation.id))
        .where(among(work.session, PaymentInformation.batch_id, batch_ids))
        .group_by(PaymentInformation.batch_id)
        .having(func.count() == 1)
    )
    return dict(work.session.execute(query).all())
