"""Close: one person prepares, another approves the totals, and from then on the days up to the close take nothing any more.

A closed period goes forward only and is never opened again: what is learnt later about a closed day is booked after it, by
compensating entries that name the day they belong to (`service.post_all`).

No booking may slip in between the sum that is approved and the close. On PostgreSQL whoever books holds a lock together with all
others who book, and a close takes it alone; SQLite has one writer at a time anyway. A trigger on each line of the journal would
cost the million bookings of a month more than this one statement a transaction, and could only refuse what belongs on another
day; what somebody writes behind the back of the service, `broken` finds.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby

from sqlalchemy import text
from sqlalchemy.orm import Session

from debit_service.core import audit, events
from debit_service.core.audit import LOG
from debit_service.core.clock import business_date
from debit_service.core.database import in_turn
from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.money import format_minor
from debit_service.core.work import Role, Work
from debit_service.funds.profile import Fund
from debit_service.ledger import queries
from debit_service.ledger.models import ClosedPeriod
from debit_service.ledger.rules import Totals, fund_of, out_of_balance, totals_hash, totals_of

_BOOKING = "journal"


def closed_while_booking(session: Session) -> dict[str, date]:
    """`queries.closed_through`, and nobody closes another period until this transaction ends."""
    known: dict[str, date] | None = session.info.get(_BOOKING)
    if known is not None:
        return known
    if session.get_bind().dialect.name == "postgresql":
        lock = text("select pg_advisory_xact_lock_shared(hashtextextended(:name, 0))")
        session.execute(lock, {"name": _BOOKING})
    closed = queries.closed_through(session)
    # A savepoint that falls takes the lock with it.
    if not session.in_nested_transaction():
        session.info[_BOOKING] = closed
    return closed


def prepare(
    work: Work, fund: Fund, through: date, why: str, *, findings: Sequence[str], despite: str | None = None
) -> ClosedPeriod:
    """Prepare to close the journal of `fund` through a day; another person approves it. Replaces an earlier preparation.

    `findings` is what the tie-out found in these days, in words; there may be some only with a reason to close `despite` them.
    Raises InvalidInput without a reason, Refused when the day is not over or closed already, or the journal is out of balance.
    """
    work.actor.require(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
    _check_reasons(why, findings, despite)
    _check_day(work, fund, through)
    for earlier in queries.closes(work.session, fund.id):
        if earlier.approved_at is None:
            work.session.delete(earlier)
    # The earlier one must give up its place in the unique index before the new one takes it.
    work.session.flush()
    totals = _totals(work.session, fund.id, through)
    period = ClosedPeriod(
        id=work.new_id(),
        fund_id=fund.id,
        closed_through=through,
        why=why,
        totals=totals,
        sha256=totals_hash(fund.id, through, totals),
        findings=list(findings),
        despite=despite if findings else None,
        made_at=work.now(),
        made_by=work.actor.name,
    )
    work.session.add(period)
    work.session.flush()
    audit.record(work, "period.prepared", period.id, **_told(period))
    return period


def prepared(work: Work, period_id: str) -> ClosedPeriod:
    """A close that waits for its approval. Raises NotFound, or Refused when it is approved already."""
    period = queries.close(work.session, period_id)
    if period.approved_at:
        raise Refused("ledger.close.done", "This period is closed already.", place=period_id)
    return period


def approve(work: Work, period_id: str, sha256: str, *, findings: Sequence[str]) -> ClosedPeriod:
    """Close: approve the totals that the approver was shown, named by their hash; `findings` is what the tie-out finds now.

    Raises Refused when the preparer tries to, when totals or findings are no longer what was prepared, and while somebody books.
    """
    work.actor.require(Role.FINANCE_APPROVER)
    # This turn first: who books holds the other lock, and waits for this one.
    in_turn(work.session, LOG)
    period = prepared(work, period_id)
    if period.made_by == work.actor.name:
        raise Refused(
            "ledger.close.four_eyes", "Who prepared a close cannot approve it.", remedy="Ask another approver."
        )
    _alone(work.session)
    _check_forward(work, period.fund_id, period.closed_through)
    totals = _totals(work.session, period.fund_id, period.closed_through)
    unchanged = totals_hash(period.fund_id, period.closed_through, totals) == period.sha256
    if sha256 != period.sha256 or not unchanged or list(findings) != period.findings:
        raise Refused(
            "ledger.close.changed",
            "Totals or findings are no longer those that were prepared: something was booked meanwhile.",
            place=period_id,
            remedy="Look at `debit ledger tie-out` and prepare the close again.",
        )
    period.approved_at, period.approved_by = work.now(), work.actor.name
    work.session.flush()
    audit.record(work, "period.closed", period.id, **_told(period))
    events.publish(work, "period.closed", period.id, fund=period.fund_id, through=period.closed_through.isoformat())
    return period


def _told(period: ClosedPeriod) -> dict[str, object]:
    return {
        "fund": period.fund_id,
        "through": period.closed_through.isoformat(),
        "sha256": period.sha256,
        "findings": len(period.findings),
        "why": period.why,
        "despite": period.despite,
    }


def _alone(session: Session) -> None:
    """Nobody books until this transaction ends. Not waited for: this one holds a turn that who books may need."""
    if session.get_bind().dialect.name != "postgresql":
        return
    lock = text("select pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
    if not session.scalar(lock, {"name": _BOOKING}):
        raise Refused(
            "ledger.close.booking",
            "Something is being booked at this moment, so no sum of the journal is final.",
            remedy="Try again; while a large file is read, when that is done.",
        )


def _check_reasons(why: str, findings: Sequence[str], despite: str | None) -> None:
    if not why.strip():
        raise InvalidInput("ledger.close.why", "Say why.", place="why")
    if findings and not (despite or "").strip():
        raise Refused(
            "ledger.close.findings",
            f"The tie-out with the bank's statements has {len(findings)} findings in these days.",
            remedy="See `debit ledger tie-out`; if it must be closed all the same, say despite them why.",
        )


def _check_day(work: Work, fund: Fund, through: date) -> None:
    today = business_date(work.clock, fund.time_zone)
    if through >= today:
        raise Refused(
            "ledger.close.not_over",
            f"{through.isoformat()} is not over where the fund is: today is {today.isoformat()}.",
            place="through",
            remedy="Close it tomorrow or later.",
        )
    _check_forward(work, fund.id, through)


def _check_forward(work: Work, fund_id: str, through: date) -> None:
    last = queries.closed_through(work.session).get(fund_id)
    if last and through <= last:
        raise Refused(
            "ledger.close.backwards",
            f"{fund_id} is closed through {last.isoformat()} already; a close goes forward, and none is opened again.",
            place="through",
        )


def _totals(session: Session, fund_id: str, through: date) -> Totals:
    balances = queries.trial_balance(session, fund_id=fund_id, through=through)
    if out_of_balance(balances):
        raise Refused(
            "ledger.close.unbalanced",
            f"The accounts of {fund_id} do not sum to zero.",
            place=fund_id,
            remedy="`debit verify` names the entries.",
        )
    return totals_of(balances)


def broken(session: Session) -> Iterator[str]:
    """What is not as it was closed (for `debit verify`): totals, hashes, the second person, and bookings on closed days."""
    periods = [one for one in queries.closes(session) if one.approved_at]
    if not periods:
        return
    moved = list(queries.movements(session))
    for fund_id, of_fund in groupby(periods, key=lambda one: one.fund_id):
        yield from _broken_of(fund_id, list(of_fund), [one for one in moved if fund_of(one.account) == fund_id])


def _broken_of(fund_id: str, periods: Sequence[ClosedPeriod], moved: Sequence[queries.Moved]) -> Iterator[str]:
    balances: dict[tuple[str, str], int] = {}
    waiting = iter(moved)
    ahead = next(waiting, None)
    before: ClosedPeriod | None = None
    for period in periods:
        said = f"{fund_id} closed through {period.closed_through.isoformat()}"
        while ahead and ahead.day <= period.closed_through:
            place = (ahead.account, ahead.currency)
            balances[place] = balances.get(place, 0) + ahead.minor
            if period.approved_at and ahead.last_booked_at > period.approved_at:
                yield f"{said}: something was booked on {ahead.day.isoformat()} after the close ({ahead.account})"
            ahead = next(waiting, None)
        yield from (f"{said}: {fault}" for fault in _faults(period, before, totals_of(balances)))
        before = period


def _faults(period: ClosedPeriod, before: ClosedPeriod | None, totals: Totals) -> Iterator[str]:
    if totals_hash(period.fund_id, period.closed_through, period.totals) != period.sha256:
        yield "its totals are not those that were approved"
    for currency in sorted({*totals, *period.totals}):
        now, then = totals.get(currency, {}), period.totals.get(currency, {})
        for name in sorted({*now, *then}):
            if minor := now.get(name, 0) - then.get(name, 0):
                yield f"{name} stands {format_minor(minor, currency)} {currency} apart from the balance that was approved"
    if period.approved_by == period.made_by:
        yield "nobody but its preparer approved it"
    if before and before.approved_at and period.approved_at and period.approved_at < before.approved_at:
        yield "it was approved before the period that ends earlier"
    if period.findings and not period.despite:
        yield "it has findings and no reason why it was closed despite them"
