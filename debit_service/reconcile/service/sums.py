"""Sums: a booked entry without details is what came in for a block of ours, or went back; or details that another message tells.

A sum is right to the cent, and in number where that is told; what the bank states that it took may stand between the two, and is
then booked under the entry's own name: it is no employer's.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from debit_service.collections import queries as collections
from debit_service.collections.queries import Asked
from debit_service.core.work import Work
from debit_service.reconcile.models import BankEntry
from debit_service.reconcile.rules import Effect
from debit_service.reconcile.service import links, lookups
from debit_service.reconcile.service.claims import may_be_taken, may_go_back
from debit_service.reconcile.service.verdict import (
    BATCH_TOTAL,
    NET_TOTALS,
    Share,
    Verdict,
    costs_in,
    effect_of,
    folded,
)


def decide_sum(work: Work, entry: BankEntry) -> Verdict | None:
    """A booked entry without details; None where it is neither the sum of a block of ours nor that of details told elsewhere."""
    detail = lookups.detail_of_total(work, entry)
    if detail and not lookups.has_waiting_detail(work, detail, entry):
        return folded(detail.id)
    names_block = entry.payment_information_id is not None and entry.kind != "charge"
    block = collections.asked_in_block(work, entry.payment_information_id or "") if names_block else []
    if verdict := _of_block(work, entry, block):
        return verdict
    if detail:
        return folded(detail.id)
    if not block:
        return None
    return Verdict(
        "suspense",
        "batch_differs",
        f"it names block {entry.payment_information_id}, but count or sum is not that of the block",
    )


def _of_block(work: Work, entry: BankEntry, block: Sequence[Asked]) -> Verdict | None:
    """The sum of the block, or of a part of it that can be meant. Of what went back one part only may fit."""
    if effect_of(entry) is Effect.SETTLED:
        fitting = _fitting(entry, _came_in(work, entry, block))
        verdicts = (_share_out(work, entry, members, reason) for members, reason in fitting)
        return next((one for one in verdicts if one), None)
    parts = list(_fitting(entry, _went_back(work, entry, block)))
    return _share_out(work, entry, *parts[0]) if len(parts) == 1 else None


def _came_in(work: Work, entry: BankEntry, block: Sequence[Asked]) -> Iterable[list[Asked]]:
    """Whom the sum of a block may be of: all but those rejected by that day, all but those ever rejected, or all.

    Some banks book gross and debit the rejected ones apart: both sums are legitimate (facts 1.7). What is told of a rejection
    after the booking may have been known to the bank before.
    """
    rejected = lookups.rejected_on(work, [one.id for one in block])
    day = entry.booking_date or date.max
    return _distinct(
        [one for one in block if rejected.get(one.id, date.max) > day],
        [one for one in block if one.id not in rejected],
        list(block),
    )


def _went_back(work: Work, entry: BankEntry, block: Sequence[Asked]) -> Iterable[list[Asked]]:
    """Whom a sum that left may be of: those rejected by that day, those ever rejected, those whose returns are told, or all."""
    rejected = lookups.rejected_on(work, [one.id for one in block])
    returned = lookups.details_of_shares(work, [one.id for one in block], entry, Effect.RETURNED)
    day = entry.booking_date or date.max
    return _distinct(
        [one for one in block if rejected.get(one.id, date.max) <= day],
        [one for one in block if one.id in rejected],
        [one for one in block if one.id in returned],
        list(block),
    )


def _distinct(*some: list[Asked]) -> Iterable[list[Asked]]:
    """Each set of members once, in this order."""
    return {tuple(one.id for one in members): members for members in some if members}.values()


def _fitting(entry: BankEntry, parts: Iterable[list[Asked]]) -> Iterator[tuple[list[Asked], str]]:
    """The parts that the entry may be the sum of, and why: those to the cent first, then those but for stated costs."""
    counted = [members for members in parts if entry.batch_count in (None, len(members))]
    sign = -1 if effect_of(entry) is Effect.SETTLED else 1
    told: set[int] = set()
    for reason in (BATCH_TOTAL, *NET_TOTALS):
        cost = sum(costs_in(entry, reason))
        if cost not in told and (cost or reason == BATCH_TOTAL):
            of_sum = (entry.amount_minor or 0) - sign * cost
            yield from ((members, reason) for members in counted if sum(one.amount_minor for one in members) == of_sum)
        told.add(cost)


def _share_out(work: Work, entry: BankEntry, members: Sequence[Asked], reason: str) -> Verdict | None:
    """The total of `members`: it moves those that no detail has told of yet. None when it cannot be right."""
    effect, cost = effect_of(entry), sum(costs_in(entry, reason))
    details = lookups.details_of_shares(work, [one.id for one in members], entry, effect)
    if cost and (taken := sum(one.taken_minor for one in details.values())):
        # What the bank took is told already, with the details.
        if taken != cost:
            return None
        reason = BATCH_TOTAL
    elif cost and links.states_cost(work, entry, cost, members):
        reason = BATCH_TOTAL
    waiting = [one for one in members if one.id not in details]
    if not waiting and reason == BATCH_TOTAL:
        return folded(details[members[0].id].entry_id)
    if waiting and not _may_be(work, entry, effect, members, waiting):
        return None
    shares = [Share(one, effect, one.amount_minor) for one in waiting]
    said = f"the total of block {entry.payment_information_id}"
    return Verdict(
        "matched", reason, said if reason == BATCH_TOTAL else f"{said} less what the bank took", shares=shares
    )


def _may_be(work: Work, entry: BankEntry, effect: Effect, members: Sequence[Asked], waiting: Sequence[Asked]) -> bool:
    if effect is Effect.SETTLED:
        return may_be_taken(work, entry, members)
    return may_go_back(work, entry, waiting)
