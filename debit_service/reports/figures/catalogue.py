"""The figures by their names, as pages and commands ask for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from debit_service.core.calendar import Calendar
from debit_service.core.clock import business_date
from debit_service.core.errors import InvalidInput
from debit_service.core.work import Work
from debit_service.funds.profile import Fund
from debit_service.funds.queries import Funds
from debit_service.penalties.tariff.catalogue import ReasonCodes
from debit_service.reports.figures.ageing import ageing
from debit_service.reports.figures.day import day as day_sheet
from debit_service.reports.figures.forecast import forecast
from debit_service.reports.figures.returnable import returnable
from debit_service.reports.figures.returns import return_rates
from debit_service.reports.figures.sheet import Sheet


@dataclass(frozen=True, slots=True)
class _Asked:
    """Everything that a figure may be asked with; what a figure does not ask for is not looked at."""

    work: Work
    funds: Funds
    calendars: Mapping[str, Calendar]
    codes: ReasonCodes
    fund: Fund | None
    day: date | None
    since: date | None
    until: date | None

    def one_fund(self) -> Fund:
        """The fund that must be named."""
        if self.fund is None:
            raise InvalidInput("report.fund", "Name a fund.", place="fund", remedy="See `debit funds list`.")
        return self.fund

    def today(self) -> date:
        """The business date of the fund, or of the first one."""
        return business_date(self.work.clock, (self.fund or next(iter(self.funds))).time_zone)


def _day(asked: _Asked) -> Sheet:
    return day_sheet(asked.work, asked.one_fund(), asked.day or asked.today())


def _ageing(asked: _Asked) -> Sheet:
    return ageing(asked.work, next(iter(asked.funds)).time_zone, asked.fund)


def _returns(asked: _Asked) -> Sheet:
    until = asked.until or asked.today()
    return return_rates(asked.work, asked.codes, asked.since or until.replace(month=1, day=1), until, asked.fund)


def _forecast(asked: _Asked) -> Sheet:
    fund = asked.one_fund()
    return forecast(asked.work, fund, asked.calendars[fund.id], asked.until)


def _returnable(asked: _Asked) -> Sheet:
    return returnable(asked.work, [asked.fund] if asked.fund else list(asked.funds), asked.calendars)


#: What makes each figure.
FIGURES: Final[Mapping[str, Callable[[_Asked], Sheet]]] = {
    "day": _day,
    "ageing": _ageing,
    "returns": _returns,
    "forecast": _forecast,
    "returnable": _returnable,
}


def make(
    work: Work,
    name: str,
    funds: Funds,
    calendars: Mapping[str, Calendar],
    codes: ReasonCodes,
    fund: Fund | None = None,
    *,
    day: date | None = None,
    since: date | None = None,
    until: date | None = None,
) -> Sheet:
    """The figure `name`, of one fund or of all; days that are not given are today, or the year until today.

    Raises InvalidInput `report.fund` where a figure needs a fund and none is given.
    """
    return FIGURES[name](_Asked(work, funds, calendars, codes, fund, day, since, until))
