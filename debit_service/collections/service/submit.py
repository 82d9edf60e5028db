"""Submit: hand an approved file to the bank once, whatever crashes in between.

Write-ahead: the intent is committed first, then the bytes travel, then the outcome is committed. Found again after a crash
without an outcome, the bank is asked whether it has the file; only when it says no do the *same bytes* go out again, under the
same MsgId.
"""

from hashlib import sha256

from sqlalchemy import exists, func, select

from debit_service.banks import queries as bank_files
from debit_service.banks.channels import Channel, OutcomeUnknown
from debit_service.collections import queries, rules
from debit_service.collections.models import Batch, BatchTransition, Collection, PaymentInformation, Submission
from debit_service.collections.service.batch import cancel_batch
from debit_service.collections.service.obstacles import obstacles, of_batch
from debit_service.core import audit, events
from debit_service.core.clock import business_date
from debit_service.core.database import RECONCILE, in_turn
from debit_service.core.errors import Refused, Unavailable
from debit_service.core.state import move
from debit_service.core.work import Actor, Desk, Role, Work
from debit_service.funds.profile import Fund
from debit_service.ledger import service as ledger
from debit_service.ledger.models import JournalLine
from debit_service.ledger.rules import Account, account
from debit_service.ledger.service import Posting

#: A change of the fund's own may reach every mandate of a file; the reasons of a few debits are enough.
REASONS_TOLD_MAX = 5


def submit(desk: Desk, actor: Actor, fund: Fund, batch_id: str, channel: Channel) -> str:
    """Bring a batch to its bank; returns what is known afterwards: `sent`, `not_sent` (tried again later) or `unknown`.

    Safe to call at any time, also after a crash in the middle of it, and in two processes at once. Raises Refused when the batch
    is not approved, or when it was overtaken (a mandate was revoked, its collection date has come): it is then cancelled, and
    planning makes another.
    """
    # A second process would find the first one's intent without an outcome, and take it for a crash.
    with desk.database.alone(f"send {batch_id}"):
        return _submit(desk, actor, fund, batch_id, channel)


def _submit(desk: Desk, actor: Actor, fund: Fund, batch_id: str, channel: Channel) -> str:
    with desk.work(actor) as work:
        actor.require(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
        batch = queries.batch(work, batch_id)
        state = queries.batch_state(work, batch_id)
        obstacle = _obstacle(work, fund, batch) if state in ("approved", "sending") else None
        if obstacle and state == "approved":
            cancel_batch(work, batch_id, obstacle)
    pending = state == "sending"
    if state == "sent" or (pending and _settle_by_asking(desk, actor, fund, batch_id, channel) == "sent"):
        return "sent"
    if obstacle:
        raise _overtaken(batch_id, obstacle, cancelled=not pending)
    content, name = _intend(desk, actor, batch_id, again=pending)
    try:
        channel.send(name, content)
    except Unavailable as error:
        return _conclude(desk, actor, fund, batch_id, "not_sent", str(error))
    except OutcomeUnknown as error:
        return _conclude(desk, actor, fund, batch_id, "unknown", str(error))
    return _conclude(desk, actor, fund, batch_id, "sent", "the bank took the file")


def _overtaken(batch_id: str, obstacle: str, *, cancelled: bool) -> Refused:
    if cancelled:
        message = f"It was cancelled and nothing was sent: {obstacle}."
        remedy = "Run `debit collect` again: it plans anew what may still be debited."
    else:
        # The try that was cut off may yet arrive: its other debits under a new MsgId could be executed twice. A person must say.
        message = f"It is not sent a second time: {obstacle}."
        remedy = "Have the bank confirm that it never took this file, then cancel the batch with that as the reason."
    return Refused("batch.overtaken", message, place=batch_id, remedy=remedy)


def _obstacle(work: Work, fund: Fund, batch: Batch) -> str | None:
    """Why a batch that was approved must not go out any more; None when it may."""
    if met := obstacles(work, fund, of_batch(batch.id)):
        told = sorted(met)[:REASONS_TOLD_MAX]
        query = select(Collection.id, Collection.mandate_reference_sent).where(Collection.id.in_(told))
        references = {row[0]: row[1] for row in work.session.execute(query)}
        more = f"; and {len(met) - len(told)} more" if len(met) > len(told) else ""
        return "; ".join(f"{references[one]}: {met[one]}" for one in told) + more
    alive = select(func.count()).select_from(Collection).where(of_batch(batch.id), Collection.live)
    if work.session.scalar(alive) != batch.count:
        return "some of its debits must not be made any more"
    today = business_date(work.clock, fund.time_zone)
    first = select(func.min(PaymentInformation.collection_date)).where(PaymentInformation.batch_id == batch.id)
    if work.session.scalars(first).one() <= today:
        return f"today is {today.isoformat()}, too late for its collection date"
    return None


def _settle_by_asking(desk: Desk, actor: Actor, fund: Fund, batch_id: str, channel: Channel) -> str:
    """A submission without a certain outcome: ask the bank. Raises Refused while it cannot say."""
    with desk.reading(actor) as work:
        batch = queries.batch(work, batch_id)
        name = bank_files.name(work, bank_files.get(work, batch.file_id))
        first = work.session.scalars(select(Collection.end_to_end_id).where(of_batch(batch_id)).limit(1)).one()
    known = channel.has(name, first)
    if known is None:
        raise Refused(
            "batch.outcome_unknown",
            "It is not known whether the bank has this file, and the bank cannot be asked now.",
            place=batch_id,
            remedy="Try again when the bank answers, or ask it by telephone.",
        )
    return (
        _conclude(desk, actor, fund, batch_id, "sent", "the bank was asked: it has the file") if known else "not_sent"
    )


def _intend(desk: Desk, actor: Actor, batch_id: str, *, again: bool) -> tuple[bytes, str]:
    """Commit the intent to send, and return the approved bytes with the name of the file."""
    with desk.work(actor) as work:
        batch = queries.batch(work, batch_id)
        approval = queries.approval(work, batch_id)
        file = bank_files.get(work, batch.file_id)
        content = bank_files.content(work, batch.file_id)
        if approval is None or approval.sha256 != sha256(content).hexdigest():
            raise Refused(
                "batch.not_approved", "These bytes are not approved.", place=batch_id, remedy="Have the batch approved."
            )
        earlier = queries.submissions(work, batch_id)
        if not again:
            move(
                work,
                BatchTransition,
                rules.BATCH_MACHINE,
                batch_id,
                "sending",
                "handed to the channel",
                {"sha256": batch.sha256},
            )
        submission = Submission(
            id=work.new_id(), batch_id=batch_id, number=len(earlier) + 1, sha256=batch.sha256, intended_at=work.now()
        )
        work.session.add(submission)
        work.session.flush()
        audit.record(work, "batch.sending", batch_id, sha256=batch.sha256, number=submission.number)
        return content, bank_files.name(work, file)


def _conclude(desk: Desk, actor: Actor, fund: Fund, batch_id: str, outcome: str, detail: str) -> str:
    """Commit what became of the newest submission."""
    with desk.work(actor) as work:
        # The bank's first answer may be imported at this very moment: one of the two sees what the other has booked.
        in_turn(work.session, RECONCILE)
        submission = queries.submissions(work, batch_id)[-1]
        submission.outcome, submission.outcome_at = outcome, work.now()
        submission.detail_sealed = work.keys.seal(detail, f"submissions.detail:{submission.id}")
        audit.record(work, f"batch.{outcome}", batch_id, number=submission.number)
        if outcome == "not_sent":
            move(
                work,
                BatchTransition,
                rules.BATCH_MACHINE,
                batch_id,
                "approved",
                "the bank has nothing; it is tried again",
            )
        if outcome == "sent":
            move(work, BatchTransition, rules.BATCH_MACHINE, batch_id, "sent", detail, {"submission": submission.id})
            _post_in_transit(work, fund, batch_id)
            events.publish(work, "batch.sent", batch_id, fund=fund.id)
    return outcome


def _post_in_transit(work: Work, fund: Fund, batch_id: str) -> None:
    """From here on each contribution is asked from the bank: no longer simply owed.

    A bank may answer before this is committed (after a crash); what reconciliation has booked by then includes it already. A
    rejection books nothing: it only leaves the attempt failed.
    """
    answered = exists().where(JournalLine.subject == Collection.id)
    asked = select(Collection.id, Collection.amount_minor, Collection.end_to_end_id).where(
        of_batch(batch_id), Collection.failed_on.is_(None), ~answered
    )
    in_transit, receivable = account(Account.IN_TRANSIT, fund.id), account(Account.RECEIVABLE, fund.id)
    today = business_date(work.clock, fund.time_zone)
    ledger.post_all(
        work,
        (
            Posting(
                subject=one,
                lines={in_transit: minor, receivable: -minor},
                currency=fund.currency,
                business_date=today,
                cause="collection.sent",
                evidence={"batch": batch_id, "end_to_end_id": end_to_end_id},
            )
            for one, minor, end_to_end_id in work.session.execute(asked).all()
        ),
    )
