"""Pure decisions: which outage of ours stood in the way of a debit.

What the service owes an employer is done at two times: between planning and the notice, and on the way of the file to the bank.
An outage in between touches nothing that was to be done.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

#: A file is made, approved and sent within the day before its cut-off.
SENDING_TAKES = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Outage:
    """A time without service; `evidence_id` names the record that tells of it."""

    began_at: datetime
    ended_at: datetime
    what: str
    evidence_id: str


@dataclass(frozen=True, slots=True)
class MissedRun:
    """A business date of a job on which no scheduler ran: nothing was done for it, and other days had to do."""

    business_date: date
    job: str
    evidence_id: str


@dataclass(frozen=True, slots=True)
class Course:
    """When the steps of a debit were due and done. `late`: the debit or its notice was late, and not by the declaration.

    `plannable_at` is when it could have been planned, `noticed_at` and `sent_at` are None where that never happened.
    """

    plannable_at: datetime
    noticed_at: datetime | None
    cut_off_at: datetime
    sent_at: datetime | None
    late: bool

    @property
    def spans(self) -> tuple[tuple[datetime, datetime], ...]:
        """From when to when something had to be done."""
        sent = max(self.cut_off_at, self.sent_at or self.cut_off_at)
        return (
            (self.plannable_at, self.noticed_at or self.cut_off_at),
            (self.cut_off_at - SENDING_TAKES, sent),
        )


def in_the_way(course: Course, outages: Iterable[Outage], missed: Iterable[MissedRun]) -> tuple[str, str] | None:
    """The first outage, in words and with its evidence, that fell into a time in which something had to be done; or a missed run,
    where the debit or its notice was late. None where nothing did."""
    for outage in outages:
        if any(outage.began_at <= end and begin <= outage.ended_at for begin, end in course.spans):
            return outage.what, outage.evidence_id
    if course.late:
        first, last = course.plannable_at.date(), course.spans[-1][1].date()
        for run in missed:
            if first <= run.business_date <= last:
                return f"the job {run.job} did not run on {run.business_date.isoformat()}", run.evidence_id
    return None
