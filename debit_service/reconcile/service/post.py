"""Post: the journal follows the facts, and the collections room learns which attempts have failed."""

from debit_service.collections.models import Collection
from debit_service.collections.service.outcome import note_outcome
from debit_service.contributions import queries as contributions
from debit_service.contributions.models import Contribution
from debit_service.core import audit, events
from debit_service.core.clock import business_date
from debit_service.core.work import Work
from debit_service.funds.profile import Fund
from debit_service.ledger import service as ledger
from debit_service.ledger.rules import Account, account
from debit_service.reconcile import queries
from debit_service.reconcile.models import BankEntry
from debit_service.reconcile.rules import State, contribution_positions, positions


def post_collection(work: Work, fund: Fund, collection: Collection, entry: BankEntry) -> None:
    """Bring the journal and the collection's projection to where the facts are now; `entry` is what changed them."""
    result = queries.outcome_of(work, collection.id, collection.amount_minor)
    target = {account(kind, fund.id): minor for kind, minor in positions(collection.amount_minor, result).items()}
    ledger.bring_to(
        work,
        target,
        currency=collection.currency,
        business_date=entry.booking_date or business_date(work.clock, fund.time_zone),
        cause=f"collection.{result.state.value.replace(' ', '_')}",
        subject=collection.id,
        evidence={"entry": entry.id, "file": entry.file_id},
    )
    failure = result.failure
    code, on = (failure.code, failure.on) if failure else (None, None)
    trouble = note_outcome(work, collection, failed=result.failed, code=code, on=on)
    for contradiction in (trouble, result.contradiction):
        if contradiction:
            audit.record(work, "collection.contradiction", collection.id, entry=entry.id, what=contradiction)
    if result.state is State.SETTLED:
        events.publish(work, "collection.settled", collection.id, contribution=collection.contribution_id)
    contribution = work.session.get_one(Contribution, collection.contribution_id)
    post_refund_owed(work, fund, contribution, {"entry": entry.id, "file": entry.file_id})


def post_refund_owed(work: Work, fund: Fund, contribution: Contribution, evidence: dict[str, str]) -> None:
    """What came in beyond what is owed, by a debit and by other means, stands as owed to the employer, whichever came first.

    To be called whenever either changes; `evidence` is what changed it.
    """
    if not contributions.other_payments(work, contribution.id):
        return
    otherwise = contributions.paid_otherwise_minor(work, contribution.id)
    kept = queries.kept_minor(work, contribution.id)
    target = contribution_positions(contribution.amount_minor, kept, otherwise)
    ledger.bring_to(
        work,
        {account(kind, fund.id): minor for kind, minor in target.items()},
        currency=contribution.currency,
        business_date=business_date(work.clock, fund.time_zone),
        cause="contribution.refund_owed",
        subject=contribution.id,
        evidence=evidence,
    )


def post_suspense(work: Work, entry: BankEntry, *, waits: bool) -> None:
    """Money that nobody can explain yet stands in suspense, to the cent; once explained it leaves."""
    fund_id = entry.fund_id or "unknown"
    signed = (entry.amount_minor or 0) * (1 if entry.direction == "credit" else -1)
    is_money = waits and entry.status == "BOOK" and entry.message.startswith("camt.")
    target = {account(Account.BANK, fund_id): signed, account(Account.SUSPENSE, fund_id): -signed} if is_money else {}
    ledger.bring_to(
        work,
        target,
        currency=entry.currency or "XXX",
        business_date=entry.booking_date or work.now().date(),
        cause="entry.suspended" if waits else "entry.explained",
        subject=entry.id,
        evidence={"entry": entry.id, "file": entry.file_id},
    )
