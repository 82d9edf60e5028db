"""Claims: everything booked that names the attempts at a contribution, and whom a change concerns.

What counts is decided on the whole set (`counting.troubles`), so an entry that is read late may take the place of one that was
read before. What stands then no longer is decided again: `concerned` names it.
"""

from collections import Counter
from collections.abc import Collection as AnyOf
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select

from debit_service.collections import queries as collections
from debit_service.collections.models import Collection
from debit_service.collections.queries import Asked
from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.reconcile.counting import Claim, troubles
from debit_service.reconcile.models import Allocation, BankEntry, Disposition
from debit_service.reconcile.queries import IN_SUSPENSE
from debit_service.reconcile.rules import (
    BY_A_PERSON,
    BY_LINK,
    BY_REFERENCE,
    DOUBTED,
    EXCEEDS,
    NEGATIVE_STATUSES,
    TOTALS,
    Effect,
)
from debit_service.reconcile.service.verdict import AnyCollection, Share, Verdict, share_of

#: A return that is told so comes after one that names the debit itself: that one gives a reason.
_YIELDING = (*TOTALS, BY_LINK)
_MONEY = (Effect.SETTLED.value, Effect.RETURNED.value)
#: Booked, named by its own reference, and either counting or waiting; not what a person doubts that it is.
_NAMES_ITSELF = (
    (BankEntry.status == "BOOK")
    & BankEntry.message.like("camt.%")
    & Disposition.most_recent
    & (((Disposition.kind == "suspense") & (Disposition.reason != DOUBTED)) | (Disposition.reason == BY_REFERENCE))
)


def trouble(work: Work, entry: BankEntry, share: Share, head: BankEntry | None) -> str | None:
    """Why a booking does not count among all that name an attempt at its contribution; `head` is another report of it."""
    mine = _claim(entry, share)
    others = _others(work, share.collection, {entry.id, head.id if head else ""}, share.effect)
    return troubles([*others, mine]).get(entry.id)


def no_room(work: Work, entry: BankEntry, share: Share) -> str | None:
    """Why an entry, if a person matched it, would push out another booking or not count itself; None when there is room."""
    others = _others(work, share.collection, {entry.id})
    before, after = troubles(others), troubles([*others, _claim(entry, share)])
    return next((said for name, said in after.items() if name not in before), None)


def _others(work: Work, collection: AnyCollection, leave_out: AnyOf[str], effect: Effect | None = None) -> list[Claim]:
    """What else claims a collection or another attempt at its contribution, as one that does `effect` to it must see it."""
    rivals = collections.other_attempts(work, [collection.id])
    attempts: dict[str, AnyCollection] = {one.end_to_end_id: one for one in [collection, *rivals]}
    query = select(BankEntry).join(Disposition, Disposition.entry_id == BankEntry.id)
    naming = query.where(_NAMES_ITSELF, among(work.session, BankEntry.end_to_end_id, attempts))
    found: list[Claim] = []
    for entry in work.session.scalars(naming):
        share = share_of(entry, attempts[entry.end_to_end_id or ""])
        if isinstance(share, Share):
            found.append(_claim(entry, share))
    for firm in _firm(work, [one.id for one in attempts.values()], Disposition.reason != BY_REFERENCE):
        if firm.yields and effect is Effect.RETURNED:
            continue
        on = firm.booking_date or date.max
        found.append(
            Claim(
                firm.entry_id,
                firm.collection_id,
                Effect(firm.effect),
                on,
                firm=True,
                minor=firm.minor,
                whole_minor=firm.whole_minor,
            )
        )
    return [one for one in found if one.entry_id not in leave_out]


def _claim(entry: BankEntry, share: Share) -> Claim:
    reason = entry.reason_code or entry.reason_proprietary or ""
    taken = (f"{share.charges_minor:020d}", f"{share.interest_minor:+020d}")
    references = (entry.account_servicer_reference or "", entry.transaction_id or "")
    says = (reason, entry.reason_code_set or "", entry.kind, *taken, *references)
    return Claim(
        entry.id,
        share.collection.id,
        share.effect,
        entry.booking_date or date.max,
        says,
        minor=share.amount_minor,
        whole_minor=share.collection.amount_minor,
    )


class _Firm(NamedTuple):
    """Money of a collection that its own reference does not tell: a share of a sum, or what a person matched."""

    collection_id: str
    effect: str
    entry_id: str
    booking_date: date | None
    block: str | None
    reference: str | None
    reason: str
    minor: int = 0
    whole_minor: int = 0

    @property
    def rank(self) -> tuple[date, str, str, str]:
        """Of several sums the earliest comes first; of one day, by what the bank says."""
        return (self.booking_date or date.max, self.block or "", self.reference or "", self.entry_id)

    @property
    def yields(self) -> bool:
        """Whether it is a return that does not count beside one which names the debit itself."""
        return self.effect == Effect.RETURNED.value and self.reason in _YIELDING


def _firm(work: Work, collection_ids: Iterable[str], which: ColumnElement[bool]) -> list[_Firm]:
    query = (
        select(
            Allocation.collection_id,
            Allocation.effect,
            BankEntry.id,
            BankEntry.booking_date,
            BankEntry.payment_information_id,
            BankEntry.account_servicer_reference,
            Disposition.reason,
            Allocation.amount_minor,
            Collection.amount_minor,
        )
        .join(Disposition, Disposition.id == Allocation.disposition_id)
        .join(BankEntry, BankEntry.id == Allocation.entry_id)
        .join(Collection, Collection.id == Allocation.collection_id)
        .where(
            among(work.session, Allocation.collection_id, collection_ids),
            Disposition.most_recent,
            Allocation.effect.in_(_MONEY),
            which,
        )
    )
    return [_Firm._make(row) for row in work.session.execute(query)]


def may_be_taken(work: Work, total: BankEntry, members: Sequence[Asked]) -> bool:
    """Whether a sum may pay these debits, all of them or none.

    It comes before single credits of other days: they wait when it is taken. It is not taken when an earlier sum, or a person,
    has paid one of them; nor when single credits of other days pay every one of them.
    """
    others = collections.other_attempts(work, [one.id for one in members])
    attempts = [one.id for one in [*members, *others]]
    mine = _as_firm(total)
    is_firm = Disposition.reason.in_((*TOTALS, BY_A_PERSON)) & (Allocation.entry_id != total.id)
    credit = Allocation.effect == Effect.SETTLED.value
    before = [
        one for one in _firm(work, attempts, is_firm & credit) if one.reason == BY_A_PERSON or one.rank < mine.rank
    ]
    back = _returns(work, attempts)
    kept = Counter(one.collection_id for one in before)
    full = {name for name, count in kept.items() if count > back[name]}
    if any(one.id in full for one in members):
        return False
    if {one.contribution_id for one in others if one.id in full} & {one.contribution_id for one in members}:
        return False
    singly = _told_singly(work, members, total)
    return any(kept[one.id] + singly[one.end_to_end_id] <= back[one.id] for one in members)


def _as_firm(entry: BankEntry) -> _Firm:
    names = (entry.payment_information_id, entry.account_servicer_reference)
    return _Firm("", "", entry.id, entry.booking_date, *names, "")


def may_go_back(work: Work, back: BankEntry, members: Sequence[Asked], head: BankEntry | None = None) -> bool:
    """Whether each of these debits is paid by what else is told, so that `back`, which names none of them, can be its return.

    What names a debit itself, and what a person said, comes before it; of several like it the earliest. `head` is another report
    of it.
    """
    mine, kept_minor = _as_firm(back), Counter[str]()
    others = Allocation.entry_id.not_in([back.id, head.id if head else ""])
    for one in _firm(work, [one.id for one in members], others):
        if one.effect == Effect.SETTLED.value:
            kept_minor[one.collection_id] += one.minor
        elif not one.yields or one.rank < mine.rank:
            kept_minor[one.collection_id] -= one.minor
    return all(kept_minor[one.id] >= one.amount_minor for one in members)


def _returns(work: Work, collection_ids: Iterable[str]) -> Counter[str]:
    """How often all of these collections went back. A part of one makes no room for another credit."""
    query = (
        select(Allocation.collection_id, func.sum(Allocation.amount_minor), Collection.amount_minor)
        .join(Disposition, Disposition.id == Allocation.disposition_id)
        .join(Collection, Collection.id == Allocation.collection_id)
        .where(
            among(work.session, Allocation.collection_id, collection_ids),
            Disposition.most_recent,
            Allocation.effect == Effect.RETURNED.value,
        )
        .group_by(Allocation.collection_id, Collection.amount_minor)
    )
    return Counter({name: int(back) // whole for name, back, whole in work.session.execute(query)})


def _told_singly(work: Work, members: Sequence[Asked], total: BankEntry) -> Counter[str]:
    """End-to-end reference -> single credits of other days than the sum's, counting or waiting."""
    query = (
        select(BankEntry.end_to_end_id, func.count())
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .where(
            _NAMES_ITSELF,
            Disposition.reason.in_((BY_REFERENCE, EXCEEDS)),
            among(work.session, BankEntry.end_to_end_id, (one.end_to_end_id for one in members)),
            BankEntry.direction == "credit",
            BankEntry.booking_date != total.booking_date,
        )
        .group_by(BankEntry.end_to_end_id)
    )
    return Counter({str(name): count for name, count in work.session.execute(query)})


def concerned(work: Work, entry: BankEntry, verdict: Verdict, lost: Sequence[Share]) -> list[str]:
    """The entries about which is to be decided again because this one pays now what it is decided to, and no longer `lost`."""
    shares = [one for one in (*lost, *verdict.shares) if one.effect.value in _MONEY]
    if not shares:
        return []
    moved = [one.collection.id for one in shares]
    named = collections.asked_by_id(work, moved)
    attempts = [*named, *collections.other_attempts(work, moved)]
    query = select(BankEntry.id).join(Disposition, Disposition.entry_id == BankEntry.id)
    references = among(work.session, BankEntry.end_to_end_id, (one.end_to_end_id for one in attempts))
    found = dict.fromkeys(work.session.scalars(query.where(_NAMES_ITSELF, references).order_by(BankEntry.id)))
    goes_back = any(one.effect is Effect.RETURNED for one in shares)
    if verdict.reason in TOTALS or lost or goes_back:
        firm = _firm(work, [one.id for one in attempts], Disposition.reason.in_(_YIELDING))
        found |= dict.fromkeys(one.entry_id for one in firm if one.yields or verdict.reason in TOTALS)
    if lost:
        found |= dict.fromkeys(totals_of(work, {one.payment_information_id or "" for one in named}))
        follows = (Disposition.folded_into == entry.id) & Disposition.most_recent
        found |= dict.fromkeys(work.session.scalars(query.where(follows).order_by(BankEntry.id)))
    found.pop(entry.id, None)
    return list(found)


def totals_of(work: Work, blocks: AnyOf[str]) -> list[str]:
    """The sums without details that name these blocks, whatever was made of them but by a person, oldest first."""
    query = (
        select(BankEntry.id)
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .where(
            among(work.session, BankEntry.payment_information_id, blocks),
            BankEntry.level == "entry",
            BankEntry.status == "BOOK",
            Disposition.most_recent,
            Disposition.kind.in_(("matched", "suspense", "folded")),
            Disposition.reason != BY_A_PERSON,
        )
        .order_by(BankEntry.booking_date, BankEntry.id)
    )
    return list(work.session.scalars(query))


def totals_doubted_by(work: Work, file_id: str) -> list[str]:
    """The sums of blocks of which a file rejects a debit, or credits one that waits: a sum may have to be read otherwise then."""
    # From the file's own entries: there is no other index that leads to so few.
    query = (
        select(Allocation.collection_id)
        .join(Disposition, Disposition.id == Allocation.disposition_id)
        .join(BankEntry, BankEntry.id == Disposition.entry_id)
        .where(
            BankEntry.file_id == file_id,
            BankEntry.status.in_(NEGATIVE_STATUSES),
            Disposition.most_recent,
            Allocation.effect == Effect.REJECTED.value,
        )
    )
    waiting = (
        select(BankEntry.end_to_end_id)
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .where(IN_SUSPENSE, Disposition.reason == EXCEEDS, BankEntry.file_id == file_id)
    )
    doubted = [
        *collections.asked_by_id(work, work.session.scalars(query).all()),
        *collections.asked(work, [name for name in work.session.scalars(waiting) if name]),
    ]
    return totals_of(work, {one.payment_information_id for one in doubted if one.payment_information_id})
