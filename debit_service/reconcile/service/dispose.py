"""Dispose: write what was made of bank entries, and let the journal and the collections follow."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from debit_service.collections import queries as collections
from debit_service.core.bulk import insert_rows
from debit_service.core.work import Work
from debit_service.funds.queries import Funds
from debit_service.reconcile import queries
from debit_service.reconcile.models import Allocation, Disposition
from debit_service.reconcile.rules import Effect
from debit_service.reconcile.service.post import post_collections, post_entries, post_outcomes
from debit_service.reconcile.service.verdict import AnyEntry, Plain, Share, Verdict

_DISPOSITION = (
    "id",
    "entry_id",
    "sort_key",
    "most_recent",
    "kind",
    "reason",
    "explanation",
    "folded_into",
    "who",
    "at",
)
_ALLOCATION = (
    "id",
    "disposition_id",
    "entry_id",
    "collection_id",
    "effect",
    "amount_minor",
    "charges_minor",
    "interest_minor",
)


def dispose(work: Work, funds: Funds, entry: AnyEntry, verdict: Verdict) -> list[Share]:
    """Write the verdict about one entry, replace an earlier one, and let the journal follow; returns the shares that ended."""
    before = queries.disposition(work, entry.id)
    lost = shares_of(work, before) if before else []
    if before:
        before.most_recent = False
        # The old row must give up its place in the unique index before the new one takes it.
        work.session.flush()
    _write(work, [(entry, verdict, before.sort_key + 1 if before else 1)])
    post_entries(work, [(entry, verdict)], decided_before=before is not None)
    post_collections(work, funds, [(share, entry) for share in (*lost, *verdict.shares)])
    return lost


def shares_of(work: Work, disposition: Disposition) -> list[Share]:
    """What an entry was found to mean for collections, by the collections' ids."""
    if disposition.kind != "matched":
        return []
    query = select(Allocation).where(Allocation.disposition_id == disposition.id)
    found = {one.collection_id: one for one in work.session.scalars(query)}
    return [
        Share(
            one,
            Effect(found[one.id].effect),
            found[one.id].amount_minor,
            found[one.id].charges_minor,
            found[one.id].interest_minor,
        )
        for one in collections.asked_by_id(work, found)
    ]


def dispose_plain(work: Work, funds: Funds, plain: Sequence[Plain]) -> None:
    """`dispose` of many entries about which nothing was decided before; no two of them may concern one collection."""
    _write(work, ((one.entry, one.verdict, 1) for one in plain))
    post_entries(work, [(one.entry, one.verdict) for one in plain])
    post_outcomes(work, funds, [(*one.after, one.entry) for one in plain if one.after])


def _write(work: Work, decided: Iterable[tuple[AnyEntry, Verdict, int]]) -> None:
    rows = list(decided)
    ids, who, at = work.new_ids(len(rows)), work.actor.name, work.now()
    made = list(zip(ids, rows, strict=True))
    insert_rows(
        work.session,
        Disposition,
        _DISPOSITION,
        (
            (one, entry.id, sort_key, True, told.kind, told.reason, told.explanation, told.folded_into, who, at)
            for one, (entry, told, sort_key) in made
        ),
    )
    shares = [(one, entry.id, share) for one, (entry, told, _) in made for share in told.shares]
    insert_rows(
        work.session,
        Allocation,
        _ALLOCATION,
        (
            (
                allocation_id,
                disposition_id,
                entry_id,
                share.collection.id,
                str(share.effect),
                share.amount_minor,
                share.charges_minor,
                share.interest_minor,
            )
            for allocation_id, (disposition_id, entry_id, share) in zip(work.new_ids(len(shares)), shares, strict=True)
        ),
    )
