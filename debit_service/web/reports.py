"""The figures on a page and as files: a day's reconciliation, the age of the queue, failures, forecast, what may go back, an
employer's account; and behind each number the entries or debits that it is made of.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from debit_service.core.errors import InvalidInput
from debit_service.core.work import Role, Work
from debit_service.employers import queries as employers
from debit_service.funds.profile import Fund
from debit_service.reports.figures import asking, behind, catalogue, desk
from debit_service.reports.figures.asking import CollectionsAsked, EntriesAsked
from debit_service.reports.figures.sheet import Sheet
from debit_service.reports.figures.statement import statement as statement_of
from debit_service.web import queue_asked, refunds, sheets
from debit_service.web.access import allowed
from debit_service.web.asked import words_asked
from debit_service.web.desk import actor, reading, service
from debit_service.web.words import N_

blueprint = Blueprint("reports", __name__, url_prefix="/reports")
sheets.init_blueprint(blueprint)
#: How a figure that asks for a fund or none calls it in an address.
_ANY_FUND: Final = {"any fund": "fund"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the figures: what it is called, what it tells, and which fields (fund, day, since, until) it is asked with."""

    title: str
    tells: str
    asks: tuple[str, ...]


FIGURES: Final = {
    "day": Figure(
        N_("Reconciliation of a day"),
        N_(
            "What was asked for a day and what became of it; what the bank booked and what was made of it; block by block."
        ),
        ("fund", "day"),
    ),
    "ageing": Figure(
        N_("Age of the queue"), N_("How long entries have waited, by the reason why they wait."), ("any fund",)
    ),
    "returns": Figure(
        N_("Rejects and returns"),
        N_("How many debits fail, month by month, and for which reason."),
        ("any fund", "since", "until"),
    ),
    "forecast": Figure(
        N_("Cash forecast"),
        N_("What is asked or planned for each open day, and what of it will probably be paid."),
        ("fund", "until"),
    ),
    "returnable": Figure(
        N_("What may still go back"),
        N_("What came in and is not final, by the day on which it will be."),
        ("any fund",),
    ),
}


class _Taken(NamedTuple):
    """A page of the desk that is taken as a file, and what it is asked with."""

    page: str
    asks: tuple[str, ...]


_TAKEN: Final = {
    "tie-out": _Taken("ledger.tied_out", ("fund", "since", "until")),
    "queue": _Taken("suspense.listed", queue_asked.NAMES),
    "refunds": _Taken("refunds.listed", refunds.NAMES),
}


@blueprint.get("")
@allowed(*behind.STAFF)
def index() -> ResponseReturnValue:
    """What there is."""
    return render_template("reports.html", figures=FIGURES)


@blueprint.get("/<any(day, ageing, returns, forecast, returnable):which>")
@allowed(*behind.STAFF)
def figure(which: str) -> ResponseReturnValue:
    """One of the figures, on the page or as a file."""
    asked = _asked(which)
    asking.one_of("fund", asked["fund"], _fund_ids())
    with reading() as work:
        return sheets.answer(work, _made(work, which, asked), asked, FIGURES[which].asks)


@blueprint.get("/<any('tie-out', queue, refunds):what>")
@allowed(*behind.STAFF)
def taken(what: str) -> ResponseReturnValue:
    """What another page of the desk shows, as a file; without a format, that page."""
    asked = words_asked(_TAKEN[what].asks)
    wanted = request.args.get("format", "")
    if not wanted:
        return redirect(url_for(_TAKEN[what].page, **_of_page(asked)))
    with reading() as work:
        return sheets.file(work, _SHEETS[what](work, asked), wanted)


def _of_page(asked: Mapping[str, str]) -> dict[str, Any]:
    """What a file is asked with, as its page is: the tie-out shows a month."""
    kept: dict[str, Any] = {name: value for name, value in asked.items() if value}
    kept.pop("until", None)
    since = kept.pop("since", None)
    return kept | ({"month": since[: len("2026-09")]} if since else {})


def _queue(work: Work, asked: Mapping[str, str]) -> Sheet:
    wanted, funds = queue_asked.wanted(asked), service().funds
    sheets.check_length(desk.queue_length(work, funds, wanted), "Ask for less: a fund, an exception or a greater age.")
    return desk.queue(work, funds, wanted)


def _tie_out(work: Work, asked: dict[str, str]) -> Sheet:
    asking.one_of("fund", asked["fund"], _fund_ids())
    return _short(_made(work, "tie-out", asked))


def _refunds(work: Work, asked: dict[str, str]) -> Sheet:
    wanted = refunds.wanted(asked)
    return _short(desk.refunds(work, service().funds, wanted.fund_id, settled=wanted.settled))


def _short(sheet: Sheet) -> Sheet:
    """The sheet, where it is short enough for a browser."""
    rows = sum(1 for table in sheet.tables for _ in table.rows)
    sheets.check_length(rows, sheets.by_command(f"debit reports {sheet.key}"))
    return sheet


#: What makes the file of each page.
_SHEETS: Final[Mapping[str, Callable[[Work, dict[str, str]], Sheet]]] = {
    "tie-out": _tie_out,
    "queue": _queue,
    "refunds": _refunds,
}


@blueprint.get("/statement")
@allowed(Role.EMPLOYER, *behind.STAFF)
def statement() -> ResponseReturnValue:
    """An employer's account: its own, or for staff that of the employer with the number that a fund gave it."""
    own = Role.EMPLOYER in actor().roles
    asked = words_asked(("fund", "number", "since", "until"))
    asking.one_of("fund", asked["fund"], _fund_ids())
    with reading() as work:
        employer_id = work.actor.employer_id if own else _employer(work, asked)
        if asked["number"] and not employer_id:
            wrong = gettext("%(fund)s knows no employer with this number.", fund=asked["fund"])
            return sheets.page(None, asked, ("fund", "number", "since", "until"), wrong=wrong), 404
        if own and not asked["fund"]:
            numbers = employers.registrations(work, employer_id or "")
            asked["fund"] = numbers[0].fund_id if numbers else ""
        asks = ("fund", "since", "until") if own else ("fund", "number", "since", "until")
        if not employer_id or not asked["fund"]:
            return sheets.page(None, asked, asks)
        fund = service().funds.get(asked["fund"])
        days = _days(asked)
        sheet = statement_of(work, employer_id, fund, days.get("since"), days.get("until"))
        return sheets.answer(work, sheet, asked, asks)


@blueprint.get("/entries")
@allowed(*behind.STAFF)
def entries() -> ResponseReturnValue:
    """The bank entries behind a number."""
    asked = EntriesAsked.of(words_asked(EntriesAsked.names()), _fund_ids())
    with reading() as work:
        part = behind.entries(work, asked, after=request.args.get("after", ""))
        return sheets.listed(
            work, part, asked.about(), lambda: behind.all_entries(work, asked), "debit reports entries"
        )


@blueprint.get("/collections")
@allowed(*behind.STAFF)
def collections() -> ResponseReturnValue:
    """The debits behind a number."""
    asked = CollectionsAsked.of(words_asked(CollectionsAsked.names()), _fund_ids())
    with reading() as work:
        part = behind.collections(work, asked, after=request.args.get("after", ""))
        return sheets.listed(
            work, part, asked.about(), lambda: behind.all_collections(work, asked), "debit reports collections"
        )


def _asked(name: str) -> dict[str, str]:
    """What the reader asks for. A figure of one fund is of the first one unless told otherwise."""
    asks = FIGURES[name].asks
    asked = words_asked([_ANY_FUND.get(one, one) for one in asks])
    if "fund" in asks and not asked["fund"]:
        asked["fund"] = next(iter(service().funds)).id
    return asked


def _made(work: Work, which: str, asked: dict[str, str]) -> Sheet:
    house = service()
    return catalogue.make(work, which, house.funds, house.debit_calendars, house.codes, _fund(asked), **_days(asked))


def _fund(asked: dict[str, str]) -> Fund | None:
    return service().funds.get(asked["fund"]) if asked["fund"] else None


def _fund_ids() -> list[str]:
    return [one.id for one in service().funds]


def _days(asked: dict[str, str]) -> dict[str, date]:
    days = {}
    for name in {"day", "since", "until"} & asked.keys():
        if asked[name]:
            try:
                days[name] = date.fromisoformat(asked[name])
            except ValueError:
                raise InvalidInput("report.asked", "A day is written 2026-10-31.", place=name) from None
    return days


def _employer(work: Work, asked: dict[str, str]) -> str | None:
    if not asked["number"]:
        return None
    found = employers.find(work, asked["fund"], asked["number"])
    return found.id if found else None
