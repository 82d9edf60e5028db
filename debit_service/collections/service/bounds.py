"""Bounds: a run that asks far more than it should stops before anything is batched, and a person decides.

A comma in the wrong place, a file handed over twice under other references, a fund's whole history marked as due: all of them
look like a large run. The hold is bound to exactly these collections and amounts; releasing it lets through nothing else.
"""

from collections.abc import Sequence
from datetime import date, datetime, time
from hashlib import sha256
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from debit_service.collections import rules
from debit_service.collections.models import Batch, Collection, PaymentInformation, RunHold
from debit_service.core import audit, events
from debit_service.core.errors import NotFound, Refused
from debit_service.core.work import Role, Work
from debit_service.funds.profile import Fund
from debit_service.mandates.models import Mandate

_MONTHS = 3
_ROWS_AT_ONCE = 10_000


def check(work: Work, fund: Fund, waiting: Sequence[ColumnElement[bool]], today: date) -> Refused | None:
    """The refusal to make a run of everything in `waiting`, with the hold kept for a person; None when the run may go on."""
    if not waiting:
        return None
    run = or_(*waiting)
    totals = select(func.count(), func.coalesce(func.sum(Collection.amount_minor), 0))
    asked_for = work.session.execute(totals.where(run)).one()
    # A run in slices is a run: what was batched today counts with it.
    before = work.session.execute(totals.where(_batched_today(fund, today))).one()
    count, sum_minor = asked_for[0] + before[0], int(asked_for[1]) + int(before[1])
    bounds = rules.RunBounds(
        fund.debit_policy.bounds.max_collections.require(),
        fund.debit_policy.bounds.max_sum_minor.require(),
        fund.debit_policy.bounds.max_percent_of_usual.require(),
    )
    unusual = _unusual(work, fund, run, bounds.max_percent_of_usual, today)
    reasons = rules.past_bounds(count, sum_minor, unusual, bounds, fund.currency) if asked_for[0] else []
    if not reasons:
        return None
    hold = _hold(work, fund, run, reasons, (asked_for[0], int(asked_for[1])), today)
    return None if hold.released_at else _held(hold)


def _batched_today(fund: Fund, today: date) -> ColumnElement[bool]:
    midnight = datetime.combine(today, time(), ZoneInfo(fund.time_zone))
    return exists().where(
        Collection.fund_id == fund.id,
        PaymentInformation.id == Collection.payment_information_id,
        Batch.id == PaymentInformation.batch_id,
        Batch.made_at >= midnight,
    )


def _unusual(work: Work, fund: Fund, run: ColumnElement[bool], percent: int, today: date) -> int:
    """How many employers are asked more than `percent` of the most that they were asked in one of the last three months, what was
    batched for this month already counted in. One that was asked nothing then has no usual amount."""
    months = rules.months_before(today, _MONTHS)
    asked = [
        func.sum(case((Collection.collection_date.between(first, last), Collection.amount_minor), else_=0)).label(
            f"month_{number}"
        )
        for number, (first, last) in enumerate(months)
    ]
    usual = (
        select(Mandate.employer_id, *asked)
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .where(Collection.fund_id == fund.id, Collection.payment_information_id.is_not(None))
        .where(Collection.collection_date.between(months[-1][0], months[0][1]))
        .group_by(Mandate.employer_id)
        .subquery()
    )
    this_month = (
        (Collection.fund_id == fund.id)
        & Collection.payment_information_id.is_not(None)
        & (Collection.collection_date >= today.replace(day=1))
    )
    now = (
        select(Mandate.employer_id, func.sum(Collection.amount_minor).label("minor"))
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .where(run | this_month)
        .group_by(Mandate.employer_id)
        .subquery()
    )
    columns = [usual.c[f"month_{number}"] for number in range(_MONTHS)]
    query = (
        select(func.count())
        .select_from(now.join(usual, usual.c.employer_id == now.c.employer_id))
        .where(or_(*(column > 0 for column in columns)))
        .where(*(now.c.minor * 100 > column * percent for column in columns))
        .where(
            now.c.employer_id.in_(
                select(Mandate.employer_id).join(Collection, Collection.mandate_id == Mandate.id).where(run)
            )
        )
    )
    return work.session.scalar(query) or 0


def _hold(
    work: Work, fund: Fund, run: ColumnElement[bool], reasons: list[str], totals: tuple[int, int], today: date
) -> RunHold:
    digest = sha256()
    rows = select(Collection.id, Collection.amount_minor).where(run).order_by(Collection.id)
    for collection_id, minor in work.session.execute(rows.execution_options(yield_per=_ROWS_AT_ONCE)):
        digest.update(f"{collection_id} {minor}\n".encode())
    known = select(RunHold).where(RunHold.fund_id == fund.id, RunHold.sha256 == digest.hexdigest())
    if hold := work.session.scalars(known).one_or_none():
        # Met again, it is what people must decide about now.
        hold.made_at = work.now()
        work.session.flush()
        return hold
    hold = RunHold(
        id=work.new_id(),
        fund_id=fund.id,
        business_date=today,
        sha256=digest.hexdigest(),
        count=totals[0],
        control_sum_minor=totals[1],
        currency=fund.currency,
        reasons=reasons,
        made_by=work.actor.name,
        made_at=work.now(),
    )
    work.session.add(hold)
    work.session.flush()
    audit.record(work, "run.held", hold.id, fund=fund.id, count=totals[0], control_sum_minor=totals[1], reasons=reasons)
    events.publish(work, "run.held", hold.id, fund=fund.id)
    return hold


def _held(hold: RunHold) -> Refused:
    return Refused(
        "run.held",
        f"The run stopped at a safety bound, and nothing was batched: {'; '.join(hold.reasons)}.",
        place=hold.id,
        remedy="Look at what is due; then an approver releases the run with `debit holds release`, or its cause is mended.",
    )


def release(work: Work, hold_id: str, why: str) -> RunHold:
    """Let exactly this run through. By an approver who did not start it; the reason is kept for ever."""
    work.actor.require(Role.FINANCE_APPROVER)
    hold = get(work, hold_id)
    if hold.made_by == work.actor.name:
        raise Refused("run.four_eyes", "Who started a run cannot release it.", remedy="Ask another approver.")
    if hold.released_at:
        raise Refused("run.released", "This run was released already.", place=hold_id)
    hold.released_at, hold.released_by, hold.released_why = work.now(), work.actor.name, why
    work.session.flush()
    audit.record(work, "run.released", hold.id, why=why, sha256=hold.sha256)
    return hold


def get(work: Work, hold_id: str) -> RunHold:
    """One hold. Raises NotFound."""
    hold = work.session.get(RunHold, hold_id)
    if hold is None:
        raise NotFound("run.unknown", f"There is no run {hold_id} that was held.", remedy="See `debit holds list`.")
    return hold


def waiting(work: Work) -> Sequence[RunHold]:
    """The hold of each fund that stopped its last run, if nobody released it, oldest first. Others ask nobody any more."""
    newer = aliased(RunHold)
    replaced = exists().where(newer.fund_id == RunHold.fund_id, newer.made_at > RunHold.made_at)
    query = select(RunHold).where(~replaced, RunHold.released_at.is_(None)).order_by(RunHold.id)
    return work.session.scalars(query).all()
