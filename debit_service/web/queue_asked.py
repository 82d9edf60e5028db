"""What of the work queue an address asks for: its page and its file are asked in the same words."""

from collections.abc import Mapping
from typing import Final

from debit_service.reconcile.queue.exceptions import Exceptional
from debit_service.reconcile.queue.waiting import NONE
from debit_service.reconcile.queue.work_queue import Filter
from debit_service.reports.figures import asking
from debit_service.web.desk import service

#: What the queue may be asked with.
NAMES: Final = ("fund", "exception", "days", "held")
#: Ages by which it may be narrowed down, in days.
AGES: Final = (0, 3, 7, 30)


def wanted(asked: Mapping[str, str]) -> Filter:
    """What to show. Raises InvalidInput `asked.value` for a fund, an exception or an age that there is not."""
    asking.one_of("fund", asked["fund"], [*(one.id for one in service().funds), NONE])
    asking.one_of("exception", asked["exception"], [one.value for one in Exceptional])
    asking.one_of("days", asked["days"], [str(one) for one in AGES])
    asking.one_of("held", asked["held"], ("1",))
    return Filter(
        fund_id=asked["fund"] or None,
        exception=Exceptional(asked["exception"]) if asked["exception"] else None,
        days_min=int(asked["days"] or 0),
        held=bool(asked["held"]),
    )
