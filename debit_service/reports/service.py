"""The report: every contribution with its attempts, the bank's reasons, the fault, and the penalty or why there is none.

Lines are made some at a time, and totals in the database: what is held in memory does not grow with the contributions.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from debit_service.contributions.models import Contribution
from debit_service.core.calendar import Calendar
from debit_service.core.errors import InvalidInput
from debit_service.core.work import Role, Work
from debit_service.funds.queries import Funds
from debit_service.penalties import of_contributions as penalties
from debit_service.penalties.models import FaultDecision
from debit_service.penalties.tariff.catalogue import ReasonCodes
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.queue import work_queue
from debit_service.reconcile.queue.waiting import entries as entries_waiting
from debit_service.reconcile.tie_out import control
from debit_service.reports.asked import EVERYTHING, Asked, conditions
from debit_service.reports.attention import attention
from debit_service.reports.lines import lines_of
from debit_service.reports.refunds import refunds
from debit_service.reports.rules import (
    CHARGED,
    FundTotals,
    Line,
    Made,
    Overview,
    PenaltyStanding,
    Report,
    Suspense,
    Waiting,
    penalised,
)
from debit_service.reports.standings import money_totals

STAFF: Final = (Role.FINANCE_CLERK, Role.FINANCE_APPROVER, Role.ADMINISTRATOR)
#: A page shows no more lines than a person reads; the next ones are a page further, and a file has all of them.
LINES_SHOWN_MAX: Final = 100
#: Contributions whose lines are made together.
_AT_ONCE: Final = 1_000


def overview(work: Work, funds: Funds, calendars: Mapping[str, Calendar], *, since: date | None = None) -> Overview:
    """The totals of each fund, and what people should look at; for staff. No line is made for it.

    With `since` the totals are of contributions due from that day on; what people should look at may be older.
    """
    work.actor.require(*STAFF)
    which = [Contribution.due_date >= since] if since else []
    suspense = tuple(_suspense(work))
    seen = control.seen_since_close(work)
    return Overview(
        made_at=work.now().isoformat(timespec="seconds"),
        totals=tuple(_fund_totals(work, funds, which)),
        in_suspense=sum(one.entries for one in suspense),
        suspense=suspense,
        attention=(*attention(work, funds, calendars), *refunds(work)),
        control=seen.findings,
        notes=seen.notes,
    )


def report(work: Work, funds: Funds, calendars: Mapping[str, Calendar], codes: ReasonCodes) -> Report:
    """Overview, suspense and every line at once, for staff: for as many contributions as memory holds; `lines` has any number."""
    seen = overview(work, funds, calendars)
    return Report(
        made_at=seen.made_at,
        totals=seen.totals,
        in_suspense=seen.in_suspense,
        suspense=seen.suspense,
        attention=seen.attention,
        control=seen.control,
        notes=seen.notes,
        waiting=tuple(waiting(work)),
        lines=tuple(lines(work, funds, calendars, codes)),
    )


def lines(
    work: Work, funds: Funds, calendars: Mapping[str, Calendar], codes: ReasonCodes, asked: Asked = EVERYTHING
) -> Iterator[Line]:
    """The lines of all contributions that are asked for, by fund, due date and reference, made as they are taken.

    An employer gets its own and nobody else's. Raises Refused to whoever is neither staff nor an employer's.
    """
    ordered = _chosen(work, funds, asked).order_by(Contribution.fund_id, Contribution.due_date, Contribution.reference)
    found = work.session.scalars(ordered.execution_options(yield_per=_AT_ONCE))
    return (line for some in found.partitions() for line in lines_of(work, funds, calendars, codes, some))


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, the newest due date first; where the next ones begin, if there are any; how many there are, if known; and the
    totals of all that is asked for, where one of them is.
    """

    lines: tuple[Line, ...]
    next_after: str | None
    count: int | None
    totals: tuple[FundTotals, ...] = ()


def page(
    work: Work, funds: Funds, calendars: Mapping[str, Calendar], codes: ReasonCodes, asked: Asked, *, after: str = ""
) -> Page:
    """The lines that are asked for behind `after`, as many as a page shows. Raises InvalidInput for an `after` of no page."""
    chosen = _chosen(work, funds, asked)
    behind = chosen.where(_behind(after)) if after else chosen
    ordered = behind.order_by(Contribution.due_date.desc(), Contribution.id.desc()).limit(LINES_SHOWN_MAX + 1)
    found = work.session.scalars(ordered).all()
    shown, last = found[:LINES_SHOWN_MAX], found[LINES_SHOWN_MAX - 1 :]
    more = len(found) > LINES_SHOWN_MAX
    count = None
    if asked.is_countable():
        count = work.session.scalar(chosen.with_only_columns(func.count(), maintain_column_froms=True))
    return Page(
        lines=tuple(lines_of(work, funds, calendars, codes, shown)),
        next_after=f"{last[0].due_date.isoformat()}~{last[0].id}" if more else None,
        count=count,
        totals=tuple(_fund_totals(work, funds, _which(work, funds, asked))) if asked.counted else (),
    )


def contribution_line(
    work: Work, funds: Funds, calendars: Mapping[str, Calendar], codes: ReasonCodes, contribution: Contribution
) -> Line:
    """One contribution with everything that is known of it."""
    (line,) = lines_of(work, funds, calendars, codes, [contribution])
    return line


def _chosen(work: Work, funds: Funds, asked: Asked) -> Select[Contribution]:
    return select(Contribution).where(*_which(work, funds, asked))


def _which(work: Work, funds: Funds, asked: Asked) -> list[ColumnElement[bool]]:
    own = work.actor.employer_id if Role.EMPLOYER in work.actor.roles else None
    if own is None:
        work.actor.require(*STAFF)
    return conditions(asked, [fund.id for fund in funds], own)


def _behind(after: str) -> ColumnElement[bool]:
    day, _, contribution_id = after.partition("~")
    try:
        due = date.fromisoformat(day)
    except ValueError:
        raise InvalidInput("report.asked", "No page of the report begins there.", place="after") from None
    return or_(Contribution.due_date < due, and_(Contribution.due_date == due, Contribution.id < contribution_id))


def _suspense(work: Work) -> Iterator[Suspense]:
    """What waits, whatever the exception: of every fund that has any."""
    counted = sorted(work_queue.counts(work), key=_whose)
    for (fund_id, currency), some in groupby(counted, key=lambda one: (one.fund_id, one.currency)):
        of = list(some)
        sums = (sum(getattr(one, name) for one in of) for name in ("entries", "in_minor", "out_minor"))
        yield Suspense(fund_id, currency, *sums)


def _whose(one: work_queue.Count) -> tuple[str, str]:
    return one.fund_id or "", one.currency or ""


def _fund_totals(work: Work, funds: Funds, which: Sequence[ColumnElement[bool]]) -> Iterator[FundTotals]:
    """What was due, debited, paid, returned and was penalised at each fund that has such contributions."""
    money, asked_for = money_totals(work, *which), _penalty_totals(work, *which)
    for fund in funds:
        if fund.id not in money:
            continue
        of = asked_for.get(fund.id, Counter())
        yield FundTotals(
            fund_id=fund.id,
            currency=fund.currency,
            **money[fund.id],
            charged=(sum(of[one, "count"] for one in CHARGED), sum(of[one, "minor"] for one in CHARGED)),
            proposed=(of[PenaltyStanding.PROPOSED, "count"], of[PenaltyStanding.PROPOSED, "minor"]),
            held=of[PenaltyStanding.HELD, "count"],
            not_penalised=of[PenaltyStanding.NONE, "count"],
        )


def _penalty_totals(work: Work, *which: ColumnElement[bool]) -> dict[str, Counter[tuple[PenaltyStanding, str]]]:
    """Fund -> how many contributions with a failure have a penalty that stands like this, and what is due of it."""
    failed = select(FaultDecision.contribution_id).where(FaultDecision.most_recent)
    query = select(Contribution.id, Contribution.fund_id).where(Contribution.id.in_(failed), *which)
    found: dict[str, Counter[tuple[PenaltyStanding, str]]] = {}
    rows = work.session.execute(query.execution_options(yield_per=_AT_ONCE))
    for some in rows.partitions():
        fund_of = {contribution_id: fund_id for contribution_id, fund_id in some}  # noqa: C416 - rows are no pairs
        effects, made = penalties.effects_of_each(work, fund_of), penalties.known_of_each(work, fund_of)
        for contribution_id, fund_id in fund_of.items():
            of = [Made(one.state, one.due_minor, "", one.why) for one in made.get(contribution_id, ())]
            decided = [(effect, "") for effect in effects.get(contribution_id, ())]
            stands, minor, _ = penalised(decided, of)
            if decided or stands is not PenaltyStanding.NONE:
                counted = found.setdefault(fund_id, Counter())
                counted.update({(stands, "count"): 1, (stands, "minor"): minor})
    return found


def waiting(work: Work) -> Iterator[Waiting]:
    """The bank entries that wait for a person, held or not, oldest first."""
    for entry, disposition, left_minor, day in entries_waiting(work):
        yield Waiting(
            entry_id=entry.id,
            fund_id=entry.fund_id,
            message=entry.message,
            booking_date=entry.booking_date,
            day=day,
            direction=entry.direction,
            amount_minor=entry.amount_minor,
            left_minor=left_minor if decisions.is_money(entry) else None,
            currency=entry.currency,
            reason=disposition.reason,
            explanation=disposition.explanation,
            end_to_end_id=entry.end_to_end_id,
        )
