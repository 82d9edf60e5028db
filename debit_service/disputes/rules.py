"""What can be contested and on what ground, the states of a dispute, and the days by which something must be done."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, Literal

from debit_service.core.calendar import Calendar
from debit_service.core.errors import Refused
from debit_service.core.machine import Machine
from debit_service.funds.profile import Fund

CountedIn = Literal["calendar_days", "open_days"]
_ONE_DAY = timedelta(days=1)

MACHINE: Final = Machine(
    name="dispute",
    initial="received",
    transitions={
        "received": frozenset({"in_examination", "withdrawn"}),
        "in_examination": frozenset({"asked", "answered", "withdrawn"}),
        "asked": frozenset({"in_examination", "withdrawn"}),
        "answered": frozenset({"appealed", "closed"}),
        "appealed": frozenset({"decided", "withdrawn"}),
        "decided": frozenset({"closed"}),
        "closed": frozenset(),
        "withdrawn": frozenset(),
    },
)


class SubjectKind(StrEnum):
    """What is contested: the debit of a contribution, the reading of a return (who is held at fault), or a penalty."""

    DEBIT = "debit"
    READING = "reading"
    PENALTY = "penalty"


class Ground(StrEnum):
    """Why, in the employer's words; a list short enough to choose from on a telephone."""

    PAID_ALREADY = "paid_already"
    AMOUNT = "amount"
    NOT_OWED = "not_owed"
    NOT_ANNOUNCED = "not_announced"
    MANDATE = "mandate"
    MONEY_WAS_THERE = "money_was_there"
    BANK = "bank"
    FORCE_MAJEURE = "force_majeure"
    OTHER = "other"


class Answer(StrEnum):
    """What the fund, or on appeal a higher body, finds."""

    UPHELD = "upheld"
    PARTLY_UPHELD = "partly_upheld"
    REJECTED = "rejected"


class Body(StrEnum):
    """Who decides: the commission of first instance, the higher one, or a court."""

    LOCAL = "local"
    NATIONAL = "national"
    COURT = "court"


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that an employer may contest. `amount_minor` is what it is about, in minor units of the contribution's currency;
    `contest_by` the last day to contest it, where the employer was told of one.
    """

    kind: SubjectKind
    id: str
    contribution_id: str
    amount_minor: int
    contest_by: date | None = None


@dataclass(frozen=True, slots=True)
class Matter:
    """What hangs on the answer to a dispute, in minor units, and the people whose own work is contested."""

    amount_minor: int
    people: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Days:
    """How days are counted: every day or open days only; a time that would end on a closed day ends on the next open one."""

    calendar: Calendar
    counted_in: CountedIn

    def deadline(self, start: date, days: int) -> date:
        """The last day of a time of `days` that begins on the day after `start`."""
        if self.counted_in == "open_days":
            return self._open(start, days)
        return self._open(start + timedelta(days=days), 0)

    def resumed(self, deadline: date, stopped_on: date, on: date) -> date:
        """A deadline whose time stood still from `stopped_on` until `on`: never earlier than it was."""
        if self.counted_in == "calendar_days":
            return max(deadline, self._open(deadline + (on - stopped_on), 0))
        lost = sum(1 for day in _days_after(stopped_on, on) if self._is_open(day))
        return max(deadline, self._open(deadline, lost)) if lost else deadline

    def ends(self, told: date) -> date:
        """When a time ends of whose last day people were told: a day that became closed since gives way to the next open one.

        Never earlier than what was told. A lunar holiday is moved days before it, long after letters named its day.
        """
        return self._open(told, 0)

    def ahead(self, deadline: date, days: int) -> date:
        """The day on which people are told `days` before a deadline: an open one, so that somebody is there."""
        day = deadline - timedelta(days=days)
        try:
            return self.calendar.preceding_open(day)
        except Refused:
            return day

    def _open(self, day: date, n: int) -> date:
        # Nobody's right to contest ends where the fund's calendar does: beyond it every day counts as open.
        try:
            return self.calendar.add_open_days(day, n)
        except Refused:
            return day + timedelta(days=n)

    def _is_open(self, day: date) -> bool:
        try:
            return self.calendar.is_open(day)
        except Refused:
            return True


def _days_after(start: date, end: date) -> Iterable[date]:
    return (start + _ONE_DAY * number for number in range(1, (end - start).days + 1))


def standing(answer: Answer) -> str:
    """What an answer means where only yes or no is asked: what was upheld in part stands in the way as a whole."""
    return "rejected" if answer is Answer.REJECTED else "upheld"


def body_for(amount_minor: int, national_from_minor: int | None) -> Body:
    """Who decides first: the higher body from an amount on, where the fund has one."""
    return Body.NATIONAL if national_from_minor is not None and amount_minor >= national_from_minor else Body.LOCAL


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for the disputes of one fund: its facts, and the calendar of its country as staff have corrected it."""

    fund: Fund
    calendar: Calendar

    @property
    def days(self) -> Days:
        """How days are counted here."""
        return Days(self.calendar, self.fund.disputes.counted_in.value)

    def answer_by(self, start: date) -> date:
        """By when the fund answers what reached it on `start`; a higher body has the same time."""
        return self.days.deadline(start, self.fund.disputes.answer_days.value)

    def appeal_by(self, answered_on: date) -> date:
        """The last day on which the employer may appeal."""
        return self.days.deadline(answered_on, self.fund.disputes.appeal_days.value)

    def reply_by(self, asked_on: date) -> date:
        """By when the employer replies to a question."""
        return self.days.deadline(asked_on, self.fund.disputes.reply_days.value)

    def contest_until(self, told_on: date) -> date:
        """The last day on which what the employer was told of on `told_on` is contested in time."""
        return self.days.deadline(told_on, self.fund.disputes.contest_days.value)

    def is_over(self, told: date | None, today: date) -> bool:
        """Whether a time has passed of whose last day people were `told`; a time without a last day never passes."""
        return told is not None and self.days.ends(told) < today

    def needs_an_approver(self, answer: Answer, matter: Matter) -> bool:
        """Whether so much is given up that a clerk alone does not say it: above the fund's amount for four eyes."""
        return (
            answer is not Answer.REJECTED and matter.amount_minor > self.fund.penalties.four_eyes_above_minor.require()
        )

    def to_tell(self, due: date, today: date) -> list[str]:
        """Of what people are to be told today about a deadline: it is `near`, it is `escalated`, it has passed (`late`)."""
        policy = self.fund.disputes
        starts = {
            "near": self.days.ahead(due, policy.reminder_days_before.value),
            "escalated": self.days.ahead(due, policy.escalate_days_before.value),
            "late": due + _ONE_DAY,
        }
        return [kind for kind, start in starts.items() if today >= start]
