"""Post: the journal follows the facts, and the collections room learns which attempts have failed."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from debit_service.collections import queries as collections
from debit_service.collections.models import Collection
from debit_service.collections.queries import Asked
from debit_service.collections.service.outcome import Failure, note_failures, note_outcome
from debit_service.contributions import queries as contributions
from debit_service.contributions.models import Contribution
from debit_service.core import audit, events
from debit_service.core.clock import business_date
from debit_service.core.work import Work
from debit_service.funds.profile import Fund
from debit_service.funds.queries import Funds
from debit_service.ledger import service as ledger
from debit_service.ledger.rules import UNKNOWN_FUND, Account, account
from debit_service.ledger.service import Posting
from debit_service.reconcile import days, queries
from debit_service.reconcile.rules import (
    NET_TOTALS,
    STATED_COST,
    Effect,
    Outcome,
    State,
    contribution_positions,
    positions,
)
from debit_service.reconcile.service.verdict import AnyEntry, Share, Verdict, costs_in


def post_collections(work: Work, funds: Funds, changed: Sequence[tuple[Share, AnyEntry]]) -> None:
    """Bring the journal and the projection of each collection to where the facts are now; the entry is what changed them."""
    # An acceptance moves no money and ends nothing, unless it tells that the bank has what was cancelled here.
    told = {
        share.collection.id: entry
        for share, entry in changed
        if share.effect is not Effect.ACCEPTED or share.collection.cancelled_why
    }
    if not told:
        return
    known = collections.asked_by_id(work, told)
    results = queries.outcomes_of(work, {one.id: one.amount_minor for one in known})
    post_outcomes(work, funds, [(one, results[one.id], told[one.id]) for one in known])


def post_outcomes(work: Work, funds: Funds, told: Sequence[tuple[Asked, Outcome, AnyEntry]]) -> None:
    """`post_collections`, of collections whose outcome is known already, the entry that changed it counted."""
    if not told:
        return
    on = days.of_each(work, [entry for _, _, entry in told])
    ledger.bring_each(
        work,
        [
            posting(work, funds.get(one.fund_id), one, result, on[entry.id], _evidence(entry))
            for one, result, entry in told
        ],
    )
    _note_outcomes(work, told)
    settled = [one for one, result, _ in told if result.state is State.SETTLED]
    events.publish_all(work, "collection.settled", [(one.id, {"contribution": one.contribution_id}) for one in settled])
    paid_otherwise = contributions.ids_with_other_payments(work, {one.contribution_id for one, _, _ in told})
    for one, _, entry in told:
        if one.contribution_id in paid_otherwise:
            contribution = work.session.get_one(Contribution, one.contribution_id)
            post_refund_owed(work, funds.get(one.fund_id), contribution, _evidence(entry))


def posting(
    work: Work, fund: Fund, collection: Asked, result: Outcome, on: date | None, evidence: dict[str, str]
) -> Posting:
    """Where the money of a collection stands by its outcome, booked `on` a day, or today; `evidence` is what changed it."""
    target = positions(collection.amount_minor, result)
    return Posting(
        subject=collection.id,
        lines={account(kind, fund.id): minor for kind, minor in target.items()},
        currency=collection.currency,
        business_date=on or business_date(work.clock, fund.time_zone),
        cause=_CAUSE_OF[result.state],
        evidence=evidence,
    )


_CAUSE_OF = {state: f"collection.{state.value.replace(' ', '_')}" for state in State}


def _evidence(entry: AnyEntry) -> dict[str, str]:
    return {"entry": entry.id, "file": entry.file_id}


def _note_outcomes(work: Work, told: Sequence[tuple[Asked, Outcome, AnyEntry]]) -> None:
    """Tell the collections room what has changed: the plain failures all at once, whatever touches another attempt one by one."""
    plain: dict[str, tuple[str, Failure]] = {}
    for one, result, entry in told:
        trouble = None
        failure = Failure(result.failure.code, result.failure.on) if result.failure else None
        is_plain = one.live and one.failed_on is None and one.cancelled_why is None and not one.has_rival
        if not is_plain:
            trouble = note_outcome(work, work.session.get_one(Collection, one.id, populate_existing=True), failure)
        elif failure:
            plain[one.id] = (one.contribution_id, failure)
        for contradiction in _told(trouble, result.contradiction):
            audit.record(work, "collection.contradiction", one.id, entry=entry.id, what=contradiction)
    note_failures(work, plain)


def _told(*contradictions: str | None) -> Iterator[str]:
    yield from (one for one in contradictions if one)


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


def post_entries(work: Work, decided: Iterable[tuple[AnyEntry, Verdict]], *, decided_before: bool = False) -> None:
    """Bring the journal to where the money of entries stands under their own names, to the cent.

    In suspense while nobody can explain it; as the fund's cost where the bank states it so; nowhere once it is a collection's.
    """
    stands = [(entry, verdict, standing_of(entry, verdict.kind, verdict.reason)) for entry, verdict in decided]
    moved = [one for one in stands if one[2] or decided_before]
    on = days.of_each(work, [entry for entry, _, _ in moved])
    ledger.bring_each(
        work,
        [
            Posting(
                subject=entry.id,
                lines=lines,
                currency=entry.currency or "XXX",
                business_date=on[entry.id],
                cause=_CAUSES.get(verdict.reason, "entry.suspended" if lines else "entry.explained"),
                evidence=_evidence(entry),
            )
            for entry, verdict, lines in moved
        ],
    )


_CAUSES = dict.fromkeys((STATED_COST, *NET_TOTALS), "entry.cost")


def standing_of(entry: AnyEntry, kind: str, reason: str) -> dict[str, int]:
    """The journal under an entry's own name once this was made of it, and no person decided: account -> minor units."""
    if entry.status != "BOOK" or not entry.message.startswith("camt."):
        return {}
    fund_id = entry.fund_id or UNKNOWN_FUND
    charges, interest = costs_in(entry, reason) if kind == "matched" else (0, 0)
    lines: dict[Account, int] = {}
    if kind == "suspense":
        signed = (entry.amount_minor or 0) * (1 if entry.direction == "credit" else -1)
        lines = {Account.BANK: signed, Account.SUSPENSE: -signed}
    elif charges or interest:
        lines = {Account.BANK: -charges - interest, Account.CHARGES: charges, Account.INTEREST: interest}
    return {account(which, fund_id): minor for which, minor in lines.items()}
