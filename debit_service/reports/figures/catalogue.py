"""The figures by their names, as pages and commands ask for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from debit_service.core.calendar import Calendar
from debit_service.core.clock import business_date
from debit_service.core.errors import InvalidInput
from debit_service.core.work import Work
from debit_service.funds.profile import Fund
from debit_service.funds.queries import Funds
from debit_service.penalties.tariff.catalogue import ReasonCodes
from debit_service.reconcile.queue.work_queue import Filter
from debit_service.reports.figures import asking, desk
from debit_service.reports.figures.ageing import ageing
from debit_service.reports.figures.day import day as day_sheet
from debit_service.reports.figures.forecast import forecast
from debit_service.reports.figures.returnable import returnable
from debit_service.reports.figures.returns import return_rates
from debit_service.reports.figures.sheet import N_, Said, Sheet, facts


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

    def told(self, sheet: Sheet, **days: date | None) -> Sheet:
        """The sheet, with what its files say of it: fund and days."""
        fund = self.fund.id if self.fund else Said(N_("all"))
        return replace(sheet, about=facts({"fund": fund, **days}))


def _day(asked: _Asked) -> Sheet:
    day = asked.day or asked.today()
    return asked.told(day_sheet(asked.work, asked.one_fund(), day), day=day)


def _ageing(asked: _Asked) -> Sheet:
    return asked.told(ageing(asked.work, asked.funds, asked.fund), day=asked.today())


def _returns(asked: _Asked) -> Sheet:
    until = asked.until or asked.today()
    asking.in_order(asked.since, until)
    since = asked.since or until.replace(month=1, day=1)
    return asked.told(return_rates(asked.work, asked.codes, since, until, asked.fund), since=since, until=until)


def _forecast(asked: _Asked) -> Sheet:
    fund = asked.one_fund()
    asking.in_order(asked.today(), asked.until)
    sheet = forecast(asked.work, fund, asked.calendars[fund.id], asked.until)
    return asked.told(sheet, since=asked.today(), until=asked.until)


def _returnable(asked: _Asked) -> Sheet:
    funds = [asked.fund] if asked.fund else list(asked.funds)
    return asked.told(returnable(asked.work, funds, asked.calendars), day=asked.today())


def _tie_out(asked: _Asked) -> Sheet:
    asking.in_order(asked.since, asked.until)
    sheet = desk.tied_out(asked.work, asked.funds, asked.fund, asked.since, asked.until)
    return asked.told(sheet, since=asked.since, until=asked.until)


def _queue(asked: _Asked) -> Sheet:
    return desk.queue(asked.work, asked.funds, Filter(fund_id=asked.fund.id if asked.fund else None, held=True))


#: What makes each figure.
FIGURES: Final[Mapping[str, Callable[[_Asked], Sheet]]] = {
    "day": _day,
    "ageing": _ageing,
    "returns": _returns,
    "forecast": _forecast,
    "returnable": _returnable,
    "tie-out": _tie_out,
    "queue": _queue,
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

    Raises InvalidInput `report.fund` where a figure needs a fund and none is given, `asked.days` where they run backwards.
    """
    return FIGURES[name](_Asked(work, funds, calendars, codes, fund, day, since, until))
