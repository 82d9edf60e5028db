"""What the house makes of things, as those who work with it see it."""

from house import CLERK, House, Sent

from debit_service.reconcile.rules import State
from debit_service.reports.rules import Report
from debit_service.reports.service import report


def made(house: House) -> Report:
    """The report as finance staff see it."""
    service = house.service
    with service.desk.reading(CLERK) as work:
        return report(work, service.funds, service.debit_calendars, service.codes)


def reasons(house: House) -> list[str]:
    """Why things wait."""
    return sorted(reason for reason, _ in house.suspense())


def states(house: House, *sents: Sent) -> list[State]:
    """What became of debits."""
    return [house.outcome(sent).state for sent in sents]
