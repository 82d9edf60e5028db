"""Pure decisions: on which day to collect, whether to try again, how collections share a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from debit_service.core.calendar import Calendar
from debit_service.core.machine import Machine
from debit_service.core.money import format_minor

BATCH_MACHINE = Machine(
    name="batch",
    initial="made",
    transitions={
        "made": frozenset({"approved", "cancelled"}),
        "approved": frozenset({"sending", "cancelled"}),
        # Back to approved only when the bank certainly has nothing; the same bytes go out again under the same MsgId.
        # Cancelled by a person alone, whom the bank told that it has nothing.
        "sending": frozenset({"sent", "approved", "cancelled"}),
        "sent": frozenset(),
        "cancelled": frozenset(),
    },
)

#: How long before its due date a contribution is planned, so that notice and lead time always fit.
PLAN_AHEAD = timedelta(days=40)


@dataclass(frozen=True, slots=True)
class Day:
    """The day of a collection and why that day; `days_late_by_service` are days after the due date that are ours alone."""

    collection_date: date
    reason: str
    days_late_by_service: int = 0


def collection_day(
    *, due: date, today: date, received_on: date, lead_open_days: int, notice_days: int, calendar: Calendar
) -> Day:
    """The open day on or before `due`, so that the money is in time; else the first possible one.

    When it is too late for the due date, the reason says whose lateness it is: the declaration's, if it came in after the last
    day on which everything still fitted; otherwise ours.
    """
    wanted = calendar.preceding_open(due)
    earliest = first_possible(today, lead_open_days, notice_days, calendar)
    if wanted >= earliest:
        return Day(wanted, "on time: the due date, or the last open day before it")
    if first_possible(received_on, lead_open_days, notice_days, calendar) > wanted:
        return Day(earliest, f"declared on {received_on.isoformat()}, too late to collect by {due.isoformat()}")
    return Day(earliest, "planned late by the service", days_late_by_service=max((earliest - due).days, 0))


def first_possible(today: date, lead_open_days: int, notice_days: int, calendar: Calendar) -> date:
    """The first open day that keeps both the bank's lead time and the agreed notice."""
    # What leaves on a closed day is received on the next open one.
    by_lead = calendar.add_open_days(calendar.following_open(today), lead_open_days)
    by_notice = calendar.following_open(today + timedelta(days=notice_days))
    return max(by_lead, by_notice)


def send_day(collection_date: date, lead_open_days: int, calendar: Calendar) -> date:
    """The day on which the file must leave."""
    return calendar.add_open_days(collection_date, -lead_open_days)


def cut_off_at(
    collection_date: date, lead_open_days: int, cut_off: time, time_zone: str, calendar: Calendar
) -> datetime:
    """By when the bank must have the file of a debit of that day, in UTC; `cut_off` is the bank's hour in its `time_zone`."""
    day = send_day(collection_date, lead_open_days, calendar)
    return datetime.combine(day, time(cut_off.hour, cut_off.minute), ZoneInfo(time_zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """What a fund allows after a failure: which codes, how many attempts in all, and what the bank may take for the failures.

    `return_fee_minor` is what one more failure is expected to cost; 0 where nobody knows.
    """

    codes: frozenset[str]
    max_attempts: int
    fee_budget_minor: int
    return_fee_minor: int


def may_try_again(failures: Sequence[str | None], fees_minor: int, policy: RetryPolicy) -> str | None:
    """Why a failed contribution is *not* presented again; None when it is.

    `failures` are the codes of its attempts, in order; `fees_minor` is what the bank took for them.
    """
    if len(failures) >= policy.max_attempts:
        return f"{len(failures)} of {policy.max_attempts} attempts have failed"
    if failures[-1] not in policy.codes:
        return f"{failures[-1] or 'no code'} is not presented again by itself"
    spent = max(fees_minor, len(failures) * policy.return_fee_minor)
    if spent + policy.return_fee_minor > policy.fee_budget_minor:
        return "another failure could cost more in bank fees than the fund allows for one contribution"
    return None


@dataclass(frozen=True, slots=True)
class MandateTerms:
    """What a mandate says about the debits under it.

    `used` says that its only, or its last, debit was made already; `lapsed` that 36 months have passed without a presented one.
    """

    state: str
    amount_limit_minor: int | None
    recurrence: str
    used: bool
    lapsed: bool


def obstacle_in_mandate(terms: MandateTerms | None, amount_minor: int) -> str | None:
    """Why a mandate does not allow a debit of `amount_minor`; None when it does."""
    if terms is None:
        return "no mandate"
    if terms.state != "active":
        return f"the mandate is {terms.state.replace('_', ' ')}, not active"
    if terms.amount_limit_minor is not None and amount_minor > terms.amount_limit_minor:
        return "the amount is above the limit that the employer set on its mandate"
    if terms.used:
        once = "allows one debit" if terms.recurrence == "one_off" else "was to end with its last debit"
        return f"the mandate {once}, which was made"
    if terms.lapsed:
        return "the mandate has lapsed: 36 months without a collection"
    return None


@dataclass(frozen=True, slots=True)
class RunBounds:
    """What one run may ask of a bank without a person; see `funds.profile.Bounds`."""

    max_collections: int
    max_sum_minor: int
    max_percent_of_usual: int


def past_bounds(count: int, sum_minor: int, unusual: int, bounds: RunBounds, currency: str) -> list[str]:
    """Why a run of `count` debits must ask a person; `unusual` is how many debtors are asked far more than they usually are."""
    reasons = []
    if count > bounds.max_collections:
        reasons.append(f"{count} debits, and the bound is {bounds.max_collections}")
    if sum_minor > bounds.max_sum_minor:
        total, most = (format_minor(minor, currency) for minor in (sum_minor, bounds.max_sum_minor))
        reasons.append(f"{total} {currency} in all, and the bound is {most} {currency}")
    if unusual:
        times = f"{bounds.max_percent_of_usual / 100:g}"
        reasons.append(f"{unusual} employers are asked more than {times} times the most of their last three months")
    return reasons


def months_before(day: date, count: int) -> list[tuple[date, date]]:
    """The first and the last day of each of the `count` calendar months before that of `day`, the nearest first."""
    months = []
    first = day.replace(day=1)
    for _ in range(count):
        last = first - timedelta(days=1)
        first = last.replace(day=1)
        months.append((first, last))
    return months
