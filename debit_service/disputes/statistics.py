"""What a complaints desk owes the public: how many disputes came, on what ground, how they were answered and how fast.

Counts only, of the disputes that were received in a period; nothing about anybody, so small numbers may be shown.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from sqlalchemy import func, select

from debit_service.core.errors import InvalidInput
from debit_service.core.work import Role, Work
from debit_service.disputes.models import Dispute
from debit_service.disputes.rules import Answer, Ground, SubjectKind


@dataclass(frozen=True, slots=True)
class Statistics:
    """The disputes that a fund received in a period, as they stand on a day.

    `in_time_percent` is the share answered by the deadline among those that were answered or whose deadline has passed; None when
    there are none. Days run from receipt to the first answer; the 90th percentile is the nearest rank. `open` counts what waits
    for a first answer or a decision on appeal, `overdue` what of it is past its deadline.
    """

    fund_id: str
    received: int = 0
    by_ground: Mapping[str, int] = field(default_factory=dict)
    by_subject: Mapping[str, int] = field(default_factory=dict)
    answers: Mapping[str, int] = field(default_factory=dict)
    answered_in_time: int = 0
    in_time_percent: int | None = None
    median_days: int | None = None
    ninetieth_days: int | None = None
    withdrawn: int = 0
    appeals: int = 0
    appeal_answers: Mapping[str, int] = field(default_factory=dict)
    open: int = 0
    overdue: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """What statistics look at, and how many disputes are alike in it."""

    ground: str
    subject_kind: str
    opened_on: date
    answer_by: date
    answered_on: date | None
    first_answer: str | None
    decide_by: date | None
    appeal_answer: str | None
    withdrawn: bool
    stopped: bool
    open: bool
    count: int


def statistics(
    work: Work, fund_ids: Iterable[str], since: date, until: date, today: Mapping[str, date]
) -> list[Statistics]:
    """Each fund's disputes received from `since` to `until`, both included. `today` is the business date of each fund.

    Raises InvalidInput `dispute.period` when the period ends before it begins.
    """
    work.actor.require(Role.FINANCE_CLERK, Role.FINANCE_APPROVER, Role.ADMINISTRATOR)
    if until < since:
        raise InvalidInput("dispute.period", "The period ends before it begins.", place="until")
    return [counted(fund_id, _cases(work, fund_id, since, until), today[fund_id]) for fund_id in fund_ids]


def _cases(work: Work, fund_id: str, since: date, until: date) -> list[Case]:
    """One query a fund: disputes that are alike in every day and answer are one row."""
    columns = (
        Dispute.ground,
        Dispute.subject_kind,
        Dispute.opened_on,
        Dispute.answer_by,
        Dispute.answered_on,
        Dispute.first_answer,
        Dispute.decide_by,
        Dispute.appeal_answer,
        Dispute.withdrawn_on.is_not(None),
        Dispute.stopped_on.is_not(None),
        Dispute.answer.is_(None),
    )
    query = (
        select(*columns, func.count())
        .where(Dispute.fund_id == fund_id, Dispute.opened_on >= since, Dispute.opened_on <= until)
        .group_by(*columns)
    )
    return [Case(*tuple(row)) for row in work.session.execute(query)]


def counted(fund_id: str, cases: Iterable[Case], today: date) -> Statistics:
    """The statistics of `cases`."""
    known = list(cases)
    answered = [one for one in known if one.answered_on is not None]
    in_time = sum(one.count for one in answered if one.answered_on and one.answered_on <= one.answer_by)
    unanswered_late = sum(one.count for one in known if _overdue(one, today) and one.answered_on is None)
    owed = sum(one.count for one in answered) + unanswered_late
    days = Counter[int]()
    for one in answered:
        days[((one.answered_on or today) - one.opened_on).days] += one.count
    return Statistics(
        fund_id=fund_id,
        received=sum(one.count for one in known),
        by_ground=_tally(Ground, ((one.ground, one.count) for one in known)),
        by_subject=_tally(SubjectKind, ((one.subject_kind, one.count) for one in known)),
        answers=_tally(Answer, ((one.first_answer, one.count) for one in known)),
        answered_in_time=in_time,
        in_time_percent=in_time * 100 // owed if owed else None,
        median_days=percentile(days, 50),
        ninetieth_days=percentile(days, 90),
        withdrawn=sum(one.count for one in known if one.withdrawn),
        appeals=sum(one.count for one in known if one.decide_by),
        appeal_answers=_tally(Answer, ((one.appeal_answer, one.count) for one in known)),
        open=sum(one.count for one in known if one.open),
        overdue=sum(one.count for one in known if _overdue(one, today)),
    )


def percentile(days: Mapping[int, int], percent: int) -> int | None:
    """The smallest number of days within which `percent` of all were done (nearest rank); None when nothing was."""
    total, reached = sum(days.values()), 0
    for number in sorted(days):
        reached += days[number]
        if reached * 100 >= percent * total:
            return number
    return None


def flat(one: Statistics) -> dict[str, str]:
    """The statistics as one line of a table: column -> cell."""
    cells = {
        "fund": one.fund_id,
        "received": one.received,
        "answered": sum(one.answers.values()),
        "answered_in_time": one.answered_in_time,
        "in_time_percent": one.in_time_percent,
        "median_days": one.median_days,
        "ninetieth_percentile_days": one.ninetieth_days,
        **one.answers,
        "withdrawn": one.withdrawn,
        "appeals": one.appeals,
        **{f"appeal_{answer}": count for answer, count in one.appeal_answers.items()},
        "open": one.open,
        "overdue": one.overdue,
    }
    cells |= {f"about_{kind}": count for kind, count in one.by_subject.items()}
    cells |= {f"ground_{ground}": count for ground, count in one.by_ground.items()}
    return {name: "" if cell is None else str(cell) for name, cell in cells.items()}


def _overdue(one: Case, today: date) -> bool:
    return one.open and not one.stopped and (one.decide_by or one.answer_by) < today


def _tally(names: type[StrEnum], counts: Iterable[tuple[str | None, int]]) -> dict[str, int]:
    """How many of each name, also of those that nobody used: every fund has the same columns."""
    tally = dict.fromkeys((name.value for name in names), 0)
    for name, count in counts:
        if name is not None:
            tally[name] += count
    return tally
