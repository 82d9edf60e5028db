"""Stand: an entry about which a person decided otherwise than by a match is written so, and its money stands where that says."""

from debit_service.core.work import Work
from debit_service.ledger import service as ledger
from debit_service.ledger.rules import UNKNOWN_FUND, Account, account
from debit_service.reconcile import days, queries
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.by_persons.standing import Purpose, positions
from debit_service.reconcile.models import BankEntry, Disposition

REST = "a person decided about a part of it; the rest waits"


def expected(entry: BankEntry, parts: list[tuple[Purpose, int]]) -> dict[str, int]:
    """The journal of an entry that waits or was resolved: account -> minor units."""
    if not decisions.is_money(entry):
        return {}
    found = positions(entry.amount_minor or 0, credit=entry.direction == "credit", parts=parts)
    return {account(kind, entry.fund_id or UNKNOWN_FUND): minor for kind, minor in found.items()}


def stand(work: Work, entry: BankEntry, reason: str, why: str) -> None:
    """Write that a person decided, for `reason` and `why`, and let the journal follow the parts that stand.

    Where they are not all of the entry the rest waits on, in the queue and in suspense.
    """
    before = queries.disposition(work, entry.id)
    if before:
        before.most_recent = False
        # The old row must give up its place in the unique index before the new one takes it.
        work.session.flush()
    target = expected(entry, decisions.parts_of_each(work, [entry.id]).get(entry.id, []))
    rest = target.get(account(Account.SUSPENSE, entry.fund_id or UNKNOWN_FUND), 0) != 0
    work.session.add(
        Disposition(
            id=work.new_id(),
            entry_id=entry.id,
            sort_key=before.sort_key + 1 if before else 1,
            most_recent=True,
            kind="resolved",
            reason="rest" if rest else reason,
            explanation=REST if rest else why,
            who=work.actor.name,
            at=work.now(),
        )
    )
    work.session.flush()
    ledger.bring_to(
        work,
        target,
        currency=entry.currency or "XXX",
        business_date=days.of_each(work, [entry])[entry.id],
        cause="entry.resolved",
        subject=entry.id,
        evidence={"entry": entry.id, "file": entry.file_id},
    )
