"""Resolve: a person decides about an entry in suspense, with a reason. Nothing here writes off by itself."""

from debit_service.collections import queries as collections
from debit_service.core import audit
from debit_service.core.database import RECONCILE, in_turn
from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.work import Role, Work
from debit_service.funds.queries import Funds
from debit_service.reconcile import queries
from debit_service.reconcile.models import BankEntry, Resolution
from debit_service.reconcile.rules import Effect, split_amount
from debit_service.reconcile.service.dispose import dispose
from debit_service.reconcile.service.match import look_again, too_much
from debit_service.reconcile.service.verdict import Share, Verdict


def resolve(work: Work, funds: Funds, entry_id: str, end_to_end_id: str, why: str) -> None:
    """Match an entry in suspense to the collection with this reference; amount and totals must still fit.

    What was learnt may explain other entries, so these are looked at again. Raises InvalidInput, NotFound or Refused; the entry
    then stays where it is.
    """
    work.actor.require(Role.FINANCE_CLERK)
    in_turn(work.session, RECONCILE)
    if not why.strip():
        raise InvalidInput("entry.why", "Say why.", place="why")
    entry = work.session.get(BankEntry, entry_id)
    disposition = queries.disposition(work, entry_id)
    if entry is None or disposition is None:
        raise NotFound("entry.unknown", f"There is no bank entry {entry_id}.")
    if disposition.kind != "suspense":
        raise Refused("entry.not_waiting", f"This entry is {disposition.kind}, not in suspense.", place=entry_id)
    collection = collections.by_end_to_end_id(work, end_to_end_id)
    if collection is None or entry.amount_minor is None or collection.currency != entry.currency:
        raise Refused("entry.no_fit", "There is no such collection in this currency.", place=end_to_end_id)
    if entry.fund_id != collection.fund_id:
        raise Refused("entry.no_fit", "The entry stands on another account than this fund's.", place=end_to_end_id)
    effect = Effect.RETURNED if entry.direction == "debit" else Effect.SETTLED
    split = split_amount(collection.amount_minor, entry.amount_minor, entry.charges_minor or 0, effect)
    trouble = split.trouble or too_much(work, collection, effect)
    if trouble:
        raise Refused("entry.no_fit", f"It does not fit: {trouble}.", place=end_to_end_id)
    share = Share(collection, effect, split.amount_minor, split.charges_minor)
    dispose(work, funds, entry, Verdict("matched", "by_a_person", why, shares=[share]))
    work.session.add(
        Resolution(
            id=work.new_id(),
            entry_id=entry_id,
            decision="matched",
            why=why,
            who=work.actor.name,
            at=work.now(),
            evidence={"end_to_end_id": end_to_end_id},
        )
    )
    audit.record(work, "entry.resolved", entry_id, end_to_end_id=end_to_end_id, why=why)
    look_again(work, funds, entry.file_id)
