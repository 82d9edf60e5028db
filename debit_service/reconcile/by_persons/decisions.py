"""Read what people decided about bank entries: parts of an entry's money, proposals, the history of one entry, refunds owed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Subquery,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from debit_service.collections.models import Collection
from debit_service.contributions import queries as contributions
from debit_service.contributions.models import Contribution, OtherPayment
from debit_service.core.bulk import among
from debit_service.core.errors import NotFound, Refused
from debit_service.core.work import Work
from debit_service.ledger.rules import UNKNOWN_FUND
from debit_service.reconcile import queries
from debit_service.reconcile.by_persons.standing import Purpose
from debit_service.reconcile.by_persons.whose import owed_back_to
from debit_service.reconcile.models import (
    BankEntry,
    Disposition,
    Resolution,
    ResolutionPart,
    ResolutionTransition,
)
from debit_service.reconcile.queue.exceptions import Decision, by_rule, possible
from debit_service.reconcile.queue.suggest import Recorded
from debit_service.reconcile.rules import surplus


def _waiting() -> ColumnElement[bool]:
    # In the words of the partial indexes: SQLite looks at none of them for a value that is only bound.
    one, other = aliased(Disposition), aliased(Disposition)
    undecided = select(one.id).where(one.most_recent, one.kind == _word("suspense"))
    in_part = select(other.id).where(other.most_recent, other.kind == _word("resolved"), other.reason == _word("rest"))
    return Disposition.id.in_(union_all(undecided, in_part))


def _word(word: str) -> ColumnElement[str]:
    return literal_column(f"'{word}'")


#: Entries about which a person is asked, newest dispositions only: nobody decided yet, or about a part.
WAITS = _waiting()
_CARRIED_OUT = Resolution.stands & (~Resolution.four_eyes | Resolution.confirmed_by.is_not(None))


def is_money(entry: BankEntry) -> bool:
    """Whether an entry is a booking: a status report, and what the bank has only announced, move no money."""
    return entry.status == "BOOK" and entry.message.startswith("camt.") and bool(entry.amount_minor)


def entry(work: Work, entry_id: str) -> BankEntry:
    """One bank entry. Raises NotFound."""
    found = work.session.get(BankEntry, entry_id)
    if found is None:
        raise NotFound("entry.unknown", f"There is no bank entry {entry_id}.", remedy="See the work queue.")
    return found


def entry_at(work: Work, file_id: str, position: int) -> BankEntry:
    """The entry at a place in a file, where a replay finds it too. Raises NotFound."""
    found = work.session.scalars(
        select(BankEntry).where(BankEntry.file_id == file_id, BankEntry.position == position)
    ).one_or_none()
    if found is None:
        raise NotFound("entry.unknown", "The entry that a decision names is not in its file.", place=file_id)
    return found


def possible_about(found: BankEntry, reason: str) -> tuple[Decision, ...]:
    """What may be decided about an entry that waits for `reason`, the usual decisions first.

    Money on an account of no fund that is known here is nobody's to owe or to charge: like a status, it can only be set aside.
    """
    money = is_money(found) and found.fund_id is not None
    return possible(reason, money=money, credit=found.direction == "credit")


def may_be_doubted(found: BankEntry, made: Disposition) -> bool:
    """Whether a person may put an entry in suspense: a booking of which something was made by rule."""
    return is_money(found) and by_rule(made.kind, made.reason)


def get(work: Work, resolution_id: str) -> Resolution:
    """One decision; its row is locked until the transaction ends (PostgreSQL). Raises NotFound."""
    found = work.session.get(Resolution, resolution_id, with_for_update=True)
    if found is None:
        raise NotFound("resolution.unknown", "There is no such decision.", place=resolution_id)
    return found


def state(work: Work, resolution_id: str) -> str:
    """The state of a decision now."""
    query = select(ResolutionTransition.to_state).where(
        ResolutionTransition.subject_id == resolution_id, ResolutionTransition.most_recent
    )
    return work.session.scalars(query).one()


def history(work: Work, entry_id: str) -> Sequence[Row[Resolution, ResolutionTransition]]:
    """Every decision about an entry with its newest state, oldest first."""
    query = (
        select(Resolution, ResolutionTransition)
        .join(ResolutionTransition, ResolutionTransition.subject_id == Resolution.id)
        .where(Resolution.entry_id == entry_id, ResolutionTransition.most_recent)
    )
    return work.session.execute(query.order_by(Resolution.id)).all()


def proposals(work: Work) -> Sequence[Row[Resolution, bool]]:
    """The decisions that wait for another person, oldest first, and whether their entry still waits as it did."""
    current = Resolution.disposition_id.is_(None) | Disposition.most_recent
    query = (
        select(Resolution, current)
        .join(ResolutionTransition, ResolutionTransition.subject_id == Resolution.id)
        .outerjoin(Disposition, Disposition.id == Resolution.disposition_id)
        .where(ResolutionTransition.most_recent, ResolutionTransition.to_state == "proposed")
    )
    return work.session.execute(query.order_by(Resolution.id)).all()


def taken_by(work: Work, disposition_id: str) -> str | None:
    """The decision that stands about an entry as it was disposed of then, if there is one; a hold takes nothing."""
    held = Resolution.decision.in_((Decision.HELD.value, Decision.PAID_OUT.value))
    query = select(Resolution.id).where(Resolution.disposition_id == disposition_id, Resolution.stands, ~held)
    return work.session.scalars(query).one_or_none()


def dispositions(work: Work, entry_id: str) -> Sequence[Disposition]:
    """What was made of an entry, oldest first."""
    query = select(Disposition).where(Disposition.entry_id == entry_id).order_by(Disposition.sort_key)
    return work.session.scalars(query).all()


def steps(work: Work, resolution_id: str) -> Sequence[ResolutionTransition]:
    """The life of a decision, oldest first."""
    query = select(ResolutionTransition).where(ResolutionTransition.subject_id == resolution_id)
    return work.session.scalars(query.order_by(ResolutionTransition.sort_key)).all()


def waited(work: Work, entry_id: str) -> Disposition:
    """The disposition with which an entry last waited for a person."""
    query = select(Disposition).where(Disposition.entry_id == entry_id, Disposition.kind == "suspense")
    return work.session.scalars(query.order_by(Disposition.sort_key.desc()).limit(1)).one()


def folded_into(work: Work, entry_id: str) -> Sequence[str]:
    """The entries that are other reports of this one, oldest first."""
    query = select(Disposition.entry_id).where(Disposition.folded_into == entry_id, Disposition.most_recent)
    return work.session.scalars(query.order_by(Disposition.entry_id)).all()


def parts(work: Work, resolution_id: str) -> Sequence[ResolutionPart]:
    """Where a decision lets an entry's money go."""
    query = select(ResolutionPart).where(ResolutionPart.resolution_id == resolution_id)
    return work.session.scalars(query.order_by(ResolutionPart.number)).all()


def parts_of_each(work: Work, entry_ids: Iterable[str]) -> dict[str, list[tuple[Purpose, int]]]:
    """Entry -> (purpose, minor units) of every part that stands."""
    query = (
        select(Resolution.entry_id, ResolutionPart.purpose, ResolutionPart.amount_minor)
        .join(Resolution, Resolution.id == ResolutionPart.resolution_id)
        .where(ResolutionPart.stands, among(work.session, Resolution.entry_id, entry_ids))
        .order_by(Resolution.id, ResolutionPart.number)
    )
    work.session.flush()
    found: dict[str, list[tuple[Purpose, int]]] = {}
    for entry_id, purpose, minor in work.session.execute(query):
        found.setdefault(str(entry_id), []).append((Purpose(purpose), minor))
    return found


def left_minor(work: Work, entry: BankEntry) -> int:
    """What of an entry's money nobody has decided about yet, minor units."""
    stands = parts_of_each(work, [entry.id]).get(entry.id, [])
    return (entry.amount_minor or 0) - sum(minor for _, minor in stands)


def follow_ups(work: Work, entry_ids: Iterable[str]) -> dict[str, date]:
    """Entry -> the day until which a person holds it, by the newest hold that stands."""
    query = (
        select(Resolution.entry_id, Resolution.follow_up)
        .where(
            Resolution.decision == Decision.HELD.value,
            Resolution.stands,
            among(work.session, Resolution.entry_id, entry_ids),
        )
        .order_by(Resolution.id)
    )
    return {str(entry_id): day for entry_id, day in work.session.execute(query) if day}


def recorded_alike(work: Work, found: BankEntry, minor: int) -> list[Recorded]:
    """Payments (for money that left: refunds paid out) of an entry's fund and currency and of `minor` that no entry shows yet."""
    same = (found.fund_id, found.currency, minor)
    shown = exists().where(
        ResolutionPart.stands,
        (ResolutionPart.payment_id == OtherPayment.id)
        if found.direction == "credit"
        else (ResolutionPart.payout_id == Resolution.id),
    )
    if found.direction == "credit":
        money = (OtherPayment.fund_id, OtherPayment.currency, OtherPayment.amount_minor)
        payments = (
            select(OtherPayment, Contribution.reference)
            .join(Contribution, Contribution.id == OtherPayment.contribution_id)
            .where(OtherPayment.undone_at.is_(None), ~shown, *_are(money, same))
        )
        rows = work.session.execute(payments.order_by(OtherPayment.paid_on, OtherPayment.id)).all()
        return [Recorded(one.id, one.paid_on, one.reference, one.means, about) for one, about in rows]
    gone = (Resolution.fund_id, Resolution.currency, Resolution.amount_minor)
    payouts = (
        select(Resolution, func.coalesce(Contribution.reference, Resolution.entry_id))
        .outerjoin(Contribution, Contribution.id == Resolution.contribution_id)
        .where(Resolution.decision == Decision.PAID_OUT.value, _CARRIED_OUT, ~shown, *_are(gone, same))
    )
    return [
        Recorded(one.id, date.fromisoformat(one.evidence["paid_on"]), one.reference or "", None, about)
        for one, about in work.session.execute(payouts.order_by(Resolution.id))
    ]


def _are(columns: tuple[Any, ...], values: tuple[Any, ...]) -> list[ColumnElement[bool]]:
    return [column == value for column, value in zip(columns, values, strict=True)]


def entry_of_payment(work: Work, payment_id: str) -> str | None:
    """The bank entry on which a payment by other means stands, if the bank's booking of it is known."""
    query = (
        select(Resolution.entry_id)
        .join(ResolutionPart, ResolutionPart.resolution_id == Resolution.id)
        .where(ResolutionPart.payment_id == payment_id, ResolutionPart.stands)
    )
    return work.session.scalars(query).one_or_none()


def entry_of_payout(work: Work, resolution_id: str) -> str | None:
    """The bank entry that shows a refund which was paid out, if the bank's booking of it is known."""
    query = (
        select(Resolution.entry_id)
        .join(ResolutionPart, ResolutionPart.resolution_id == Resolution.id)
        .where(ResolutionPart.payout_id == resolution_id, ResolutionPart.stands)
    )
    return work.session.scalars(query).one_or_none()


def entry_of_claim_payment(work: Work, claim_payment_id: str) -> str | None:
    """The bank entry that shows a payment of a claim, or what was given back of one, if the bank's booking of it is known."""
    query = (
        select(Resolution.entry_id)
        .join(ResolutionPart, ResolutionPart.resolution_id == Resolution.id)
        .where(ResolutionPart.claim_payment_id == claim_payment_id, ResolutionPart.stands)
    )
    return work.session.scalars(query).one_or_none()


@dataclass(frozen=True, slots=True)
class RefundOwed:
    """Money owed back: a contribution's surplus, or a bank entry's, with what was paid out of it. Minor units.

    `reference` is the contribution's, or the entry's id; `paid_with` is then a contribution of the employer to which it is owed
    back, where that is known. `left_minor` is below zero when more was paid out than is owed since.
    """

    fund_id: str
    currency: str
    reference: str
    contribution_id: str | None
    entry_id: str | None
    owed_minor: int
    paid_out_minor: int
    paid_with: str | None = None

    @property
    def left_minor(self) -> int:
        """What is still to be paid out."""
        return self.owed_minor - self.paid_out_minor


def refunds_owed(work: Work, fund_id: str | None = None) -> list[RefundOwed]:
    """Everything that is owed back or was paid out, by fund and reference; what is settled stays in it, with nothing left."""
    gone = _paid_out(work)
    found = [*_from_contributions(work, gone), *_from_entries(work, gone)]
    return sorted(
        (one for one in found if fund_id in (None, one.fund_id)), key=lambda one: (one.fund_id, one.reference)
    )


def refund_owed(work: Work, reference: str) -> RefundOwed:
    """What is owed back for one contribution (id or reference) or one entry (id). Raises NotFound."""
    found = [one for one in refunds_owed(work) if reference in (one.reference, one.contribution_id, one.entry_id)]
    if not found:
        raise NotFound(
            "refund.unknown",
            "Nothing is owed back under this name.",
            place=reference,
            remedy="See the list of refunds.",
        )
    if len(found) > 1:
        raise Refused("refund.several", "Several funds use this reference.", remedy="Name the contribution by its id.")
    return found[0]


def _paid_out(work: Work) -> dict[str, int]:
    """Contribution or entry -> what was paid out, minor units."""
    subject = func.coalesce(Resolution.contribution_id, Resolution.entry_id)
    query = select(subject, cast(func.sum(Resolution.amount_minor), BigInteger))
    query = query.where(Resolution.decision == Decision.PAID_OUT.value, _CARRIED_OUT).group_by(subject)
    return {str(name): int(minor) for name, minor in work.session.execute(query)}


def paid_out() -> Subquery:
    """(contribution_id, paid_out_minor): what was paid out of a contribution's surplus; a row only where anything was."""
    minor = cast(func.sum(Resolution.amount_minor), BigInteger).label("paid_out_minor")
    query = select(Resolution.contribution_id, minor).where(
        Resolution.contribution_id.is_not(None), Resolution.decision == Decision.PAID_OUT.value, _CARRIED_OUT
    )
    return query.group_by(Resolution.contribution_id).subquery("paid_out")


def paid_out_minor(work: Work, contribution_id: str) -> int:
    """What was paid out of a contribution's surplus, minor units."""
    return paid_out_of_each(work, [contribution_id]).get(contribution_id, 0)


def paid_out_of_each(work: Work, contribution_ids: Iterable[str]) -> dict[str, int]:
    """Contribution -> what was paid out of its surplus, minor units; one of which nothing was is left out."""
    gone = paid_out()
    rows = work.session.execute(select(gone).where(among(work.session, gone.c.contribution_id, contribution_ids)))
    return {contribution_id: int(minor) for contribution_id, minor in rows}


def kept_of_each(work: Work, contribution_ids: Iterable[str]) -> dict[str, int]:
    """Contribution -> what its debits have brought in and not given back; one that has no debits is left out."""
    wanted = list(contribution_ids)
    attempts = select(Collection.id, Collection.contribution_id, Collection.amount_minor)
    rows = work.session.execute(attempts.where(among(work.session, Collection.contribution_id, wanted))).all()
    results = queries.outcomes_of(work, {collection_id: minor for collection_id, _, minor in rows})
    kept: dict[str, int] = {}
    for collection_id, contribution_id, _ in rows:
        kept[contribution_id] = kept.get(contribution_id, 0) + results[collection_id].kept_minor
    return kept


def open_of_each(work: Work, owed: Sequence[Contribution]) -> dict[str, int]:
    """Contribution -> what neither debits nor other payments have brought in yet, minor units."""
    kept = kept_of_each(work, [one.id for one in owed])
    otherwise = contributions.paid_otherwise_of_each(work, [one.id for one in owed])
    return {one.id: max(one.amount_minor - kept.get(one.id, 0) - otherwise.get(one.id, 0), 0) for one in owed}


def _from_contributions(work: Work, gone: Mapping[str, int]) -> list[RefundOwed]:
    paid = contributions.paid_otherwise()
    ever_paid = or_(
        Contribution.id.in_(select(OtherPayment.contribution_id)), among(work.session, Contribution.id, gone)
    )
    kept = queries.kept(select(Contribution.id).where(ever_paid))
    otherwise, came = func.coalesce(paid.c.paid_minor, 0), func.coalesce(kept.c.kept_minor, 0)
    query = (
        select(Contribution, came, otherwise)
        .outerjoin(paid, paid.c.contribution_id == Contribution.id)
        .outerjoin(kept, kept.c.contribution_id == Contribution.id)
        .where(ever_paid, or_(came + otherwise > Contribution.amount_minor, among(work.session, Contribution.id, gone)))
    )
    found = []
    for one, kept_minor, otherwise_minor in work.session.execute(query):
        owed, paid_out = surplus(one.amount_minor, int(kept_minor), int(otherwise_minor)), gone.get(one.id, 0)
        if owed or paid_out:
            found.append(RefundOwed(one.fund_id, one.currency, one.reference, one.id, None, owed, paid_out))
    return found


def _from_entries(work: Work, gone: Mapping[str, int]) -> list[RefundOwed]:
    owed = func.sum(ResolutionPart.amount_minor).filter(
        ResolutionPart.stands, ResolutionPart.purpose == Purpose.REFUND.value
    )
    refunds = (
        select(Resolution.entry_id, cast(func.coalesce(owed, 0), BigInteger).label("owed_minor"))
        .join(ResolutionPart, ResolutionPart.resolution_id == Resolution.id)
        .where(ResolutionPart.purpose == Purpose.REFUND.value)
        .group_by(Resolution.entry_id)
        .subquery()
    )
    whose = owed_back_to()
    query = (
        select(BankEntry.id, BankEntry.fund_id, BankEntry.currency, refunds.c.owed_minor, whose.c.reference)
        .join(refunds, refunds.c.entry_id == BankEntry.id)
        .outerjoin(whose, whose.c.entry_id == BankEntry.id)
    )
    rows = work.session.execute(query).all()
    return [
        RefundOwed(
            fund_id or UNKNOWN_FUND,
            currency or "XXX",
            entry_id,
            None,
            entry_id,
            int(minor),
            gone.get(entry_id, 0),
            reference,
        )
        for entry_id, fund_id, currency, minor, reference in rows
        if minor or gone.get(entry_id, 0)
    ]


def claims_paid(work: Work) -> list[str]:
    """The claims that bank entries paid, wholly or in part, as persons decided."""
    query = select(ResolutionPart.claim_id).where(ResolutionPart.stands, ResolutionPart.claim_id.is_not(None))
    return [str(claim_id) for claim_id in work.session.scalars(query.distinct())]


def paid_of_claims(work: Work, claim_ids: Iterable[str]) -> dict[str, int]:
    """Claim -> what bank entries paid of it, as persons decided, minor units; one that none paid is left out."""
    query = (
        select(ResolutionPart.claim_id, func.sum(ResolutionPart.amount_minor))
        .where(ResolutionPart.stands, among(work.session, ResolutionPart.claim_id, claim_ids))
        .group_by(ResolutionPart.claim_id)
    )
    return {str(claim_id): int(minor) for claim_id, minor in work.session.execute(query)}
