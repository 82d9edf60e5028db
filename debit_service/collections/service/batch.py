"""Batch: what must leave today goes into one file a fund, bank and scheme; the file is written, read again and frozen.

The bytes are stored before anybody may approve them, and never change: sending again is sending the same bytes. Each few files
are a transaction of their own, so that a crash costs at most them and memory does not grow with the run; the next call goes on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import aliased

from debit_service.banks import queries as bank_files
from debit_service.banks import service as bank_store
from debit_service.banks.channels import Channel
from debit_service.collections import queries, rules
from debit_service.collections.models import Batch, BatchTransition, Collection, Notice
from debit_service.collections.service import bounds
from debit_service.collections.service.file import Due, keep, lines_of, message_of
from debit_service.collections.service.obstacles import obstacles, of_batch, superseded, unsent
from debit_service.collections.service.plan import TOLD_MAX, turn, unsent_days
from debit_service.contributions.models import Contribution
from debit_service.core import audit, events
from debit_service.core.bulk import among
from debit_service.core.calendar import Calendar
from debit_service.core.clock import business_date
from debit_service.core.database import in_turn
from debit_service.core.errors import Refused
from debit_service.core.models import OutboxMessage
from debit_service.core.state import move
from debit_service.core.work import Actor, Desk, Role, Work
from debit_service.funds.profile import BankProfile, Fund
from debit_service.iso20022 import pain008
from debit_service.mandates.models import Mandate, MandateTransition

#: Collections that are held at a time, and the most that stand in a file whatever a bank takes.
HELD_MAX = 25_000
_FEW = 5_000


@dataclass(frozen=True, slots=True)
class Batched:
    """What a run made, and the contributions whose debit was cancelled instead (the first of them), each with the reason."""

    batches: list[Batch]
    cancelled: dict[str, str]


def make_batches(desk: Desk, actor: Actor, fund: Fund, bank: BankProfile, calendar: Calendar, today: date) -> Batched:
    """Freeze every planned collection of `fund` whose file must leave by `today` into batches, each one file.

    A collection whose notice did not go out in time waits and is re-dated; one that must not be made any more is cancelled.
    Raises Refused `run.held` when the run is past a safety bound that nobody released it from: nothing is then batched.
    """
    actor.require(Role.FINANCE_CLERK)
    _check_profile(bank)
    with desk.work(actor) as work:
        in_turn(work.session, turn(fund))
        days = _days(work, fund, calendar, today)
        met = obstacles(work, fund, unsent(fund) & Collection.collection_date.in_(days))
        cancel_each(work, met)
        _name_sequence_types(work, fund, bank, days)
        groups = list(_groups(work, fund, days))
        held = bounds.check(work, fund, [group.waiting for group in groups], today)
        told = _by_reference(work, met)
    if held:
        raise held
    made: list[Batch] = []
    for scheme in sorted({group.scheme for group in groups}):
        mine = [group for group in groups if group.scheme == scheme]
        made += _make_files(desk, actor, fund, bank, calendar, mine)
    return Batched(made, told)


def _by_reference(work: Work, reasons: Mapping[str, str]) -> dict[str, str]:
    """Reasons by the reference of the contribution, of at most TOLD_MAX."""
    query = (
        select(Contribution.reference, Collection.id)
        .join(Collection, Collection.contribution_id == Contribution.id)
        .where(among(work.session, Collection.id, sorted(reasons)[:TOLD_MAX]))
    )
    return {reference: reasons[one] for reference, one in work.session.execute(query)}


def _check_profile(bank: BankProfile) -> None:
    """Refuse a bank whose rules cannot be kept, rather than send it a file that breaks them."""
    if bank.bic_rule == "require":
        raise Refused(
            "bank.rule_unsupported",
            "The bank requires the BIC of every employer's bank, and no mandate form asks for it.",
            place=f"config/banks/{bank.id}.toml",
            remedy="Ask the bank whether it takes notprovided or omit instead.",
        )


def _days(work: Work, fund: Fund, calendar: Calendar, today: date) -> list[date]:
    """The collection dates whose file must leave by `today`."""
    lead = fund.debit_policy.lead_open_days.require()
    return [day for day in unsent_days(work, fund) if rules.send_day(day, lead, calendar) <= today]


def _name_sequence_types(work: Work, fund: Fund, bank: BankProfile, days: Sequence[date]) -> None:
    """RCUR, unless the bank wants FRST for the first debit under a mandate, or the next one was said to be the last (FNAL).

    A first debit that failed leaves the mandate without one, so the next is FRST again.
    """
    leaving = unsent(fund) & Collection.collection_date.in_(days)
    recurring = Collection.sequence_type.in_(("RCUR", "FRST", "FNAL"))
    one, other = Collection, aliased(Collection)
    names: list[tuple[str, ColumnElement[bool]]] = [("RCUR", one.sequence_type != "RCUR")]
    if bank.first_collection == "FRST":
        before = (other.collection_date < one.collection_date) | (
            (other.collection_date == one.collection_date) & (other.id < one.id)
        )
        same = (other.mandate_id == one.mandate_id) & other.live & (other.id != one.id)
        names.append(("FRST", ~exists().where(same, other.payment_information_id.is_not(None) | before)))
    last = exists().where(Mandate.id == one.mandate_id, Mandate.final_asked_on.is_not(None))
    later = exists().where(
        other.mandate_id == one.mandate_id,
        other.live,
        other.payment_information_id.is_(None),
        (other.collection_date > one.collection_date)
        | ((other.collection_date == one.collection_date) & (other.id > one.id)),
    )
    names.append(("FNAL", last & ~later))
    for name, which in names:
        named = update(Collection).where(leaving, recurring, which).values(sequence_type=name)
        work.session.execute(named.execution_options(synchronize_session=False))


@dataclass(frozen=True, slots=True)
class _Group:
    """What can share a block: `waiting` is its collections that are announced in time and whose mandate is active."""

    scheme: str
    sequence_type: str
    collection_date: date
    waiting: ColumnElement[bool]
    after: str = ""


def _groups(work: Work, fund: Fund, days: Sequence[date]) -> Iterator[_Group]:
    query = (
        select(Mandate.scheme, Collection.sequence_type, Collection.collection_date)
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .where(unsent(fund), Collection.collection_date.in_(days))
        .distinct()
        .order_by(Mandate.scheme, Collection.sequence_type, Collection.collection_date)
    )
    for scheme, sequence_type, day in work.session.execute(query):
        usable = exists().where(
            Mandate.id == Collection.mandate_id,
            Mandate.scheme == scheme,
            MandateTransition.subject_id == Mandate.id,
            MandateTransition.most_recent,
            MandateTransition.to_state == "active",
        )
        waiting = (
            unsent(fund)
            & (Collection.collection_date == day)
            & (Collection.sequence_type == sequence_type)
            & usable
            & _announced_in_time(fund, day)
        )
        yield _Group(scheme, sequence_type, day, waiting)


def _announced_in_time(fund: Fund, day: date) -> ColumnElement[bool]:
    """Whether what was told last is exactly this amount and date, and went out the agreed number of days ahead; if not, planning
    re-dates the collection and it is announced anew."""
    latest = day - timedelta(days=fund.debit_policy.notice_days_ahead.require())
    return exists().where(
        Notice.collection_id == Collection.id,
        Notice.amount_minor == Collection.amount_minor,
        Notice.collection_date == Collection.collection_date,
        ~superseded(),
        OutboxMessage.id == Notice.outbox_id,
        OutboxMessage.done_at < datetime.combine(latest + timedelta(days=1), time(), UTC),
    )


def _make_files(
    desk: Desk, actor: Actor, fund: Fund, bank: BankProfile, calendar: Calendar, groups: list[_Group]
) -> Iterator[Batch]:
    """The files of one scheme, each few in a transaction of its own."""
    most = min(bank.limits.transactions or HELD_MAX, HELD_MAX)
    limits = bank.limits._replace(transactions=most)
    # One file at a time; several where a bank takes only small ones.
    held = most * max(1, _FEW // most)
    while groups:
        with desk.work(actor) as work:
            in_turn(work.session, turn(fund))
            in_turn(work.session, bank_store.TURN)
            due = list(islice(_due(work, groups, held), held))
            if not due:
                return
            whole = message_of(work, fund, bank, groups[0].scheme, due)
            parts = pain008.split(whole, limits, bank.style)
            if len(due) == held and len(parts) > 1 and _count(parts[-1]) < most:
                # Not the end of the run: what does not fill a file begins the next one.
                parts.pop()
            made, taken = [], iter(due)
            for part in parts:
                message = pain008.renamed(part, work.new_id())
                blocks = {block.id: list(islice(taken, block.count)) for block in message.groups}
                made.append(keep(work, fund, bank, calendar, groups[0].scheme, message, blocks))
            last = due[sum(map(_count, parts)) - 1]
        yield from made
        groups = _after(groups, last)


def _count(message: pain008.Message) -> int:
    return sum(block.count for block in message.groups)


def _after(groups: list[_Group], last: Due) -> list[_Group]:
    """What is left of `groups` once everything up to `last` is taken."""
    place = next(
        index for index, group in enumerate(groups) if (group.sequence_type, group.collection_date) == last.block
    )
    return [replace(groups[place], after=last.collection_id), *groups[place + 1 :]]


def _due(work: Work, groups: Sequence[_Group], most: int) -> Iterator[Due]:
    """The collections of `groups` in their order, at most `most` of each."""
    for group in groups:
        query = (
            lines_of(group.waiting & (Collection.id > group.after))
            .order_by(Collection.id)
            .limit(most)
            # Nobody amends a mandate between this and the note of what the file says of it.
            .with_for_update(read=True, of=Mandate)
        )
        yield from map(Due._make, work.session.execute(query))


def cancel(work: Work, collection: Collection, why: str) -> None:
    """Take a collection that stands in no file out of the world; the contribution may be collected again.

    Raises Refused `collection.taken` when another process has put it into a file, or ended it, in the meantime.
    """
    if not cancel_each(work, {collection.id: why}):
        raise Refused(
            "collection.taken",
            "This debit was put into a file, or ended, at the same moment; nothing was changed.",
            place=collection.id,
            remedy="Look at what is there now, then repeat what is still wanted.",
        )


def cancel_each(work: Work, reasons: Mapping[str, str]) -> int:
    """`cancel`, of many collections by their ids, each with its reason; returns how many could be."""
    count = 0
    for why in sorted(set(reasons.values())):
        which = among(work.session, Collection.id, (one for one, reason in reasons.items() if reason == why))
        count += _end(work, which & Collection.live & Collection.payment_information_id.is_(None), why)
    return count


def _end(work: Work, which: ColumnElement[bool], why: str) -> int:
    ended = (
        update(Collection)
        .where(which)
        .values(live=False, cancelled_why=why, payment_information_id=None)
        .returning(Collection.id, Collection.contribution_id)
    )
    rows = work.session.execute(ended.execution_options(synchronize_session=False)).all()
    audit.record_all(work, "collection.cancelled", [(one, {"why": why}) for one, _ in rows])
    events.publish_all(work, "collection.cancelled", [(one, {"contribution": other}) for one, other in rows])
    _forget(work)
    return len(rows)


def _forget(work: Work) -> None:
    """What the session remembers of collections is no longer what the database says."""
    for known in work.session.identity_map.values():
        if isinstance(known, Collection):
            work.session.expire(known)


def cancel_batch(work: Work, batch_id: str, why: str, *, cut_off: bool = False) -> None:
    """Throw a batch away that was not sent. What it held is planned and announced as before, and may be batched again at once.

    A batch that was ever on its way may be at the bank after all: its collections end with it, and planning makes others, under
    references of their own. One whose sending was cut off (`cut_off`) only an approver, whom the bank told that it has nothing,
    may cancel, and only while nobody is sending (see `cancel_alone`).
    """
    work.actor.require(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
    batch = queries.batch(work, batch_id)
    # Asked of the very row that is left behind: the sending may have begun since anybody looked.
    left = move(work, BatchTransition, rules.BATCH_MACHINE, batch.id, "cancelled", why).from_state
    if left == "sending":
        work.actor.require(Role.FINANCE_APPROVER)
        if not cut_off:
            raise Refused(
                "batch.sending",
                "This batch is on its way to the bank; nothing was changed.",
                place=batch.id,
                remedy="Wait for the outcome: `debit batches send` asks the bank.",
            )
    if queries.submissions(work, batch.id):
        # The reason may be another employer's: it stays with the batch.
        _end(work, of_batch(batch.id), f"batch {batch.id} was cancelled")
    else:
        _release(work, batch.id)
    audit.record(work, "batch.cancelled", batch.id, why=why, business_date=business_date(work.clock, "UTC").isoformat())


def _release(work: Work, batch_id: str) -> None:
    released = (
        update(Collection)
        .where(of_batch(batch_id))
        .values(
            payment_information_id=None,
            mandate_version_sent=None,
            account_index_sent=None,
            mandate_reference_sent=None,
            creditor_identifier_sent=None,
            scheme_sent=None,
            debtor_bank_sent=None,
            amendment_told=None,
        )
    )
    work.session.execute(released.execution_options(synchronize_session=False))
    _forget(work)


def cancel_alone(desk: Desk, actor: Actor, batch_id: str, why: str, channel: Callable[[], Channel]) -> None:
    """`cancel_batch`, waiting until nobody is handing this batch to the bank.

    A bank that can say whether it has the file of a batch whose sending was cut off is asked first, through `channel()`. Raises
    Refused `batch.at_bank` when it has it.
    """
    with desk.database.alone(f"send {batch_id}"):
        with desk.reading(actor) as work:
            batch = queries.batch(work, batch_id)
            cut_off = queries.batch_state(work, batch_id) == "sending"
            name = bank_files.name(work, bank_files.get(work, batch.file_id))
            first = work.session.scalars(select(Collection.end_to_end_id).where(of_batch(batch_id)).limit(1)).first()
        if cut_off and first and channel().has(name, first):
            raise Refused(
                "batch.at_bank",
                "The bank says that it has this file.",
                place=batch_id,
                remedy="Run `debit batches send`: it notes that the file was sent.",
            )
        with desk.work(actor) as work:
            cancel_batch(work, batch_id, why, cut_off=cut_off)
