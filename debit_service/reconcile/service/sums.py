"""Sums: a booked entry without details is what came in for a block of ours, or went back; or details that another message tells.

A sum is right to the cent, and in number where that is told; what the bank states that it took may stand between the two, and is
then booked under the entry's own name: it is no employer's.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, literal_column, or_, select
from sqlalchemy.orm import aliased

from debit_service.collections import queries as collections
from debit_service.collections.models import Collection
from debit_service.collections.queries import Asked
from debit_service.core.work import Work
from debit_service.reconcile.models import BankEntry, Disposition
from debit_service.reconcile.queries import IN_SUSPENSE
from debit_service.reconcile.rules import (
    BATCH_TOTAL,
    BY_A_PERSON,
    DOUBTED,
    IN_DECIDED_SUM,
    NET_TOTALS,
    PART_OF_SUM,
    TOTALS,
    Effect,
)
from debit_service.reconcile.same_booking.told_in_sums import is_sum_of
from debit_service.reconcile.service import in_parts, links, lookups
from debit_service.reconcile.service.claims import may_be_taken, may_go_back
from debit_service.reconcile.service.verdict import AnyEntry, Share, Verdict, costs_in, effect_of, folded

#: A person decided about it, and not that another report has told of it.
_DECIDED: Final = (Disposition.kind == "resolved") | (
    (Disposition.kind == "matched") & (Disposition.reason == BY_A_PERSON)
)


def decide_sum(work: Work, entry: BankEntry) -> Verdict | None:
    """A booked entry without details; None where it is neither the sum of a block of ours nor that of details told elsewhere."""
    detail = lookups.detail_of_total(work, entry)
    if detail and not lookups.has_waiting_detail(work, detail, entry):
        return folded(detail.id)
    block = _block_of(work, entry)
    if verdict := _of_block(work, entry, block):
        return verdict
    if detail:
        return folded(detail.id)
    if not block:
        return None
    if verdict := in_parts.told_by_singles(work, entry, block):
        return verdict
    said = "count or sum is not that of the block, or it may be one debit of it as well"
    return Verdict("suspense", in_parts.BATCH_DIFFERS, f"it names block {entry.payment_information_id}, but {said}")


def _block_of(work: Work, entry: BankEntry) -> list[Asked]:
    if entry.payment_information_id is None or entry.kind == "charge":
        return []
    return collections.asked_in_block(work, entry.payment_information_id)


def _of_block(work: Work, entry: BankEntry, block: Sequence[Asked]) -> Verdict | None:
    """The sum of the block, or of a part of it that can be meant. Of what went back one part only may fit."""
    if effect_of(entry) is Effect.SETTLED:
        fitting = _fitting(entry, block, _came_in(work, entry, block))
        verdicts = (_share_out(work, entry, members, reason) for members, reason in fitting)
        return next((one for one in verdicts if one), None)
    parts = list(_fitting(entry, block, _went_back(work, entry, block)))
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


def _fitting(
    entry: BankEntry, block: Sequence[Asked], parts: Iterable[list[Asked]]
) -> Iterator[tuple[list[Asked], str]]:
    """The parts of a block that the entry may be the sum of, and why: those to the cent first, then those but for stated costs.

    What has a transaction reference of the bank's may be one debit of that amount too: then it is the sum of no others.
    """
    counted = [members for members in parts if entry.batch_count in (None, len(members))]
    sign = -1 if effect_of(entry) is Effect.SETTLED else 1
    told: set[int] = set()
    for reason in (BATCH_TOTAL, *NET_TOTALS):
        cost = sum(costs_in(entry, reason))
        if cost not in told and (cost or reason == BATCH_TOTAL):
            of_sum = (entry.amount_minor or 0) - sign * cost
            alone = [one for one in block if entry.transaction_id and one.amount_minor == of_sum]
            fitting = (members for members in counted if sum(one.amount_minor for one in members) == of_sum)
            yield from ((members, reason) for members in fitting if not alone or members == alone)
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


class _Details(NamedTuple):
    """The details of an entry of the bank's, in the direction of a sum: whether one names the block of the sum, or another one,
    and the bank's own references of the first and last by name: they are the entry's where they are the same."""

    entry_index: int
    names_block: bool
    names_another: bool
    first_reference: str | None
    last_reference: str | None

    def are_of(self, total: BankEntry) -> bool:
        """Whether they are all of the booking that `total` tells; in doubt they are not. That the bank calls both alike proves
        nothing: it may call everything so."""
        names = {self.first_reference, self.last_reference, total.account_servicer_reference}
        differs = len(names) == 2 and None not in names and self.first_reference == self.last_reference
        return self.names_block and not differs and not self.names_another


def decide_part(work: Work, entry: BankEntry) -> Verdict | None:
    """A detail that names nothing of ours, or a debit of ours with another amount, of an entry of which another report tells the
    sum: the sum has its money in it. None where it is none, or not the only entry of its container that may be meant: a sum tells
    of one."""
    if not lookups.is_part(entry):
        return None
    of_sums = {
        one.id for one in _sums_of(work, entry) if _only_entry_of(work, entry.document_id, one) == entry.entry_index
    }
    if len(of_sums) != 1:
        return None
    said = "it names nothing of ours, and another message tells the sum of its entry, which has it in it"
    if collections.asked(work, [entry.end_to_end_id or ""]):
        said = "it names a debit of ours with another amount, and another message tells the sum of its entry, which is right"
    return Verdict("folded", PART_OF_SUM, said, folded_into=of_sums.pop())


def is_in_entry(entry: AnyEntry) -> bool:
    """Whether it is a detail that is not all of its entry, or what is beside its details: a stated cost, or what is left."""
    return lookups.is_part(entry) or entry.kind in ("cost", "remainder")


def decided_sums_on(work: Work, days: Iterable[date]) -> set[tuple[str | None, date | None, int | None]]:
    """Account, day and amount (minor units) of the sums of blocks about which persons have decided, of these days."""
    wanted = set(days)
    if not wanted:
        return set()
    query = (
        select(BankEntry.account_index, BankEntry.booking_date, BankEntry.amount_minor)
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        # The words of the partial index.
        .where(BankEntry.level == literal_column("'entry'"), BankEntry.payment_information_id.is_not(None))
        .where(Disposition.most_recent, _DECIDED, BankEntry.booking_date.in_(wanted))
    )
    return {(account, day, minor) for account, day, minor in work.session.execute(query)}


def decide_in_decided_sum(work: Work, entry: BankEntry) -> Verdict | None:
    """What another message tells in detail of the sum of a block about which a person has decided: no more money. None where it
    is not certain: account, day and amount of the entry agree, a detail names the block, and neither another entry of its report
    nor another sum may be meant."""
    if not is_in_entry(entry):
        return None
    query = (
        select(BankEntry, Disposition.folded_into, _DECIDED)
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .where(*is_sum_of(BankEntry, entry), Disposition.most_recent, BankEntry.currency == entry.currency)
    )
    rows = work.session.execute(query).all()
    if not any(is_decided for _, _, is_decided in rows):
        return None
    sums = {one.id for one, _, _ in rows}
    # What was folded into one of them is another report of it.
    bookings = [(one, is_decided) for one, into, is_decided in rows if into not in sums]
    meant = [one for one in bookings if _only_entry_of(work, entry.document_id, one[0]) == entry.entry_index]
    if len(meant) != 1 or not meant[0][1]:
        return None
    said = "it is in a sum about which a person has decided"
    return Verdict("folded", IN_DECIDED_SUM, said, folded_into=meant[0][0].id)


def _sums_of(work: Work, entry: BankEntry) -> list[BankEntry]:
    """The sums of blocks, in other containers, that are as much as the entry of a detail: those that pay debits; without any, the
    first one all of whose debits other details tell."""
    query = (
        select(BankEntry, Disposition.kind)
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .where(*is_sum_of(BankEntry, entry), Disposition.most_recent, BankEntry.currency == entry.currency)
        .order_by(BankEntry.id)
    )
    found = work.session.execute(query.where(Disposition.reason.in_(TOTALS) | (Disposition.kind == "folded"))).all()
    paying = [one for one, kind in found if kind == "matched"]
    told = (one for one, kind in found if kind == "folded" and _is_told(work, one))
    return paying or list(islice(told, 1))


def _is_told(work: Work, total: BankEntry) -> bool:
    verdict = _of_block(work, total, _block_of(work, total))
    return verdict is not None and verdict.kind == "folded"


def _only_entry_of(work: Work, document_id: str, total: BankEntry) -> int | None:
    """The index of the entry of a container whose details are those of `total`; None where there is none, or several may be.

    Asked once a transaction: a thousand details of one entry ask the same, and a container is stored before it is decided about.
    """
    known: dict[tuple[str, str], int | None] = work.session.info.setdefault(_only_entry_of, {})
    key = (document_id, total.id)
    if key not in known:
        known[key] = _find_only_entry_of(work, document_id, total)
    return known[key]


def _find_only_entry_of(work: Work, document_id: str, total: BankEntry) -> int | None:
    names = func.coalesce(Collection.payment_information_id, BankEntry.payment_information_id)
    query = (
        select(
            BankEntry.entry_index,
            func.max(case((names == total.payment_information_id, 1), else_=0)),
            func.max(case((names != total.payment_information_id, 1), else_=0)),
            func.min(BankEntry.account_servicer_reference),
            func.max(BankEntry.account_servicer_reference),
        )
        .outerjoin(Collection, Collection.end_to_end_id == BankEntry.end_to_end_id)
        .where(*_is_detail_of(total), BankEntry.document_id == document_id, BankEntry.direction == total.direction)
        .group_by(BankEntry.entry_index)
    )
    entries = [_Details._make(row) for row in work.session.execute(query)]
    meant = [one.entry_index for one in entries if one.are_of(total)]
    return meant[0] if len(meant) == 1 else None


def _is_detail_of(total: BankEntry) -> tuple[ColumnElement[bool], ...]:
    return (
        BankEntry.account_index == total.account_index,
        BankEntry.booking_date == total.booking_date,
        BankEntry.entry_amount_minor == total.amount_minor,
        BankEntry.level == "transaction",
        # The words of the partial index: a detail that is not all of its entry.
        BankEntry.amount_minor != BankEntry.entry_amount_minor,
    )


def concerned_by_sum(work: Work, entry: BankEntry) -> list[str]:
    """The entries about which to decide again because of what was made of a sum: details in it, and those that wait, or that are
    other reports of what waits; and other sums of its block."""
    if entry.level != "entry" or entry.payment_information_id is None:
        return []
    head = aliased(Disposition)
    query = select(BankEntry.id).join(Disposition, Disposition.entry_id == BankEntry.id).where(Disposition.most_recent)
    inside = query.where(Disposition.folded_into == entry.id, Disposition.reason == PART_OF_SUM)
    waits = (
        query.outerjoin(head, (head.entry_id == Disposition.folded_into) & head.most_recent)
        .where(*_is_detail_of(entry), BankEntry.document_id != entry.document_id)
        .where(or_(Disposition.kind == "suspense", head.kind == "suspense"))
    )
    details = [one for some in (inside, waits) for one in work.session.scalars(some.order_by(BankEntry.id))]
    return [*details, *in_parts.beside(work, entry)]


def beside_waiting_details(work: Work) -> list[str]:
    """The sums of blocks that were taken for details some of which wait: once they are right by themselves, these are in them."""
    detail, told = aliased(BankEntry), aliased(Disposition)
    query = (
        select(BankEntry.id)
        .distinct()
        .join(detail, and_(*is_sum_of(BankEntry, detail)))
        .join(Disposition, Disposition.entry_id == detail.id)
        .join(told, (told.entry_id == BankEntry.id) & told.most_recent)
        .where(IN_SUSPENSE, Disposition.reason != DOUBTED, told.kind == "folded", detail.level == "transaction")
        .where(detail.amount_minor != detail.entry_amount_minor)
        .order_by(BankEntry.id)
    )
    return list(work.session.scalars(query))
