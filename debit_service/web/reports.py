"""The figures on a page and as files: a day's reconciliation, the age of the queue, failures, forecast, what may go back, an
employer's account; and behind each number the entries or debits that it is made of.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any, Final

from babel.numbers import format_percent
from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext

from debit_service.core.clock import business_date
from debit_service.core.errors import InvalidInput, NotFound
from debit_service.core.work import Role, Work
from debit_service.employers import queries as employers
from debit_service.funds.profile import Fund
from debit_service.reports.figures import behind, catalogue, files, pdf
from debit_service.reports.figures.sheet import Language, Link, Sheet
from debit_service.reports.figures.statement import statement as statement_of
from debit_service.web.access import allowed
from debit_service.web.desk import actor, reading, service
from debit_service.web.languages import language
from debit_service.web.words import N_

blueprint = Blueprint("reports", __name__, url_prefix="/reports")
#: What a browser may take of a list; `debit reports` writes what is longer, in a process of its own.
DOWNLOAD_ROWS_MAX: Final = 50_000
_ENDPOINTS: Final = {
    "entries": "reports.entries",
    "collections": "reports.collections",
    "entry": "entries.show",
    "contribution": "contributions.detail",
    "batch": "batches.detail",
}
_MEDIA: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


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


@blueprint.get("")
@allowed(*behind.STAFF)
def index() -> ResponseReturnValue:
    """What there is."""
    return render_template("reports.html", figures=FIGURES)


@blueprint.get("/<any(day, ageing, returns, forecast, returnable):which>")
@allowed(*behind.STAFF)
def figure(which: str) -> ResponseReturnValue:
    """One of the figures, on the page or as a file."""
    house, asked = service(), _asked(which)
    with reading() as work:
        sheet = catalogue.make(
            work, which, house.funds, house.debit_calendars, house.codes, _fund(asked), **_days(asked)
        )
        return _answer(work, sheet, asked, FIGURES[which].asks)


@blueprint.get("/statement")
@allowed(Role.EMPLOYER, *behind.STAFF)
def statement() -> ResponseReturnValue:
    """An employer's account: its own, or for staff that of the employer with the number that a fund gave it."""
    asked = {name: request.args.get(name, "") for name in ("fund", "number", "since", "until")}
    own = Role.EMPLOYER in actor().roles
    with reading() as work:
        employer_id = work.actor.employer_id if own else _employer(work, asked)
        if own and not asked["fund"]:
            numbers = employers.registrations(work, employer_id or "")
            asked["fund"] = numbers[0].fund_id if numbers else ""
        asks = ("fund", "since", "until") if own else ("fund", "number", "since", "until")
        if not employer_id or not asked["fund"]:
            return _page(None, asked, asks)
        fund = service().funds.get(asked["fund"])
        days = _days(asked)
        sheet = statement_of(work, employer_id, fund, days.get("since"), days.get("until"))
        return _answer(work, sheet, asked, asks)


@blueprint.get("/entries")
@allowed(*behind.STAFF)
def entries() -> ResponseReturnValue:
    """The bank entries behind a number."""
    asked = behind.EntriesAsked.of(request.args.to_dict())
    with reading() as work:
        part = behind.entries(work, asked, after=request.args.get("after", ""))
        return _list(work, part, asked.about(), lambda: behind.all_entries(work, asked))


@blueprint.get("/collections")
@allowed(*behind.STAFF)
def collections() -> ResponseReturnValue:
    """The debits behind a number."""
    asked = behind.CollectionsAsked.of(request.args.to_dict())
    with reading() as work:
        part = behind.collections(work, asked, after=request.args.get("after", ""))
        return _list(work, part, asked.about(), lambda: behind.all_collections(work, asked))


@blueprint.app_template_filter("percent")
def percent(share: Decimal) -> str:
    """A share in percent, as the reader's language writes it."""
    return str(format_percent(share, format="0.00%", locale=get_locale()))


def spoken() -> Language:
    """The language of this page, for sheets."""
    return Language(language(), gettext)


def leads(link: Link | None) -> str | None:
    """The address that a number leads to."""
    if link is None:
        return None
    about: dict[str, Any] = dict(link.about)
    return url_for(_ENDPOINTS[link.to], **about)


#: What the address of a figure may name.
_NAMES: Final = frozenset({"fund", "day", "since", "until", "format", "lang"})


def _asked(name: str) -> dict[str, str]:
    """What the reader asks for. A figure of one fund is of the first one unless told otherwise.

    A name that is not known is refused: the figure of another day would pass for the one that was meant.
    """
    if unknown := sorted(request.args.keys() - _NAMES):
        raise InvalidInput("report.name", "The address asks for something that no figure knows.", place=unknown[0])
    asked = {one: request.args.get(one, "") for one in ("fund", "day", "since", "until")}
    if "fund" in FIGURES[name].asks and not asked["fund"]:
        asked["fund"] = next(iter(service().funds)).id
    return asked


def _fund(asked: dict[str, str]) -> Fund | None:
    return service().funds.get(asked["fund"]) if asked["fund"] else None


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
    found = employers.find(work, asked["fund"], asked["number"].strip())
    if found is None:
        raise NotFound("employer.unknown", f"{asked['fund']} knows no employer with this number.", place="number")
    return found.id


def _answer(work: Work, sheet: Sheet, asked: dict[str, str], asks: tuple[str, ...]) -> ResponseReturnValue:
    wanted = request.args.get("format", "")
    return _file(work, sheet, wanted) if wanted in _MEDIA else _page(sheet, asked, asks)


def _page(sheet: Sheet | None, asked: dict[str, str], asks: tuple[str, ...]) -> str:
    return render_template(
        "report_sheet.html",
        sheet=sheet,
        asked=asked,
        asks=asks,
        funds=[one.id for one in service().funds],
        spoken=spoken(),
        leads=leads,
        part=None,
        formats=tuple(_MEDIA),
        here={name: value for name, value in asked.items() if value},
    )


def _list(work: Work, part: behind.Part, about: dict[str, str], whole: Callable[[], Sheet]) -> ResponseReturnValue:
    wanted = request.args.get("format", "")
    if wanted in _MEDIA:
        if part.count > DOWNLOAD_ROWS_MAX:
            raise InvalidInput(
                "report.too_long",
                f"These are {part.count} rows; a browser gets at most {DOWNLOAD_ROWS_MAX}.",
                remedy="Ask for less, or have it written by `debit reports entries` or `debit reports collections`.",
            )
        return _file(work, whole(), wanted)
    return render_template(
        "report_sheet.html",
        sheet=part.sheet,
        asked={},
        asks=(),
        funds=(),
        spoken=spoken(),
        leads=leads,
        part=part,
        formats=("csv", "xlsx"),
        here=about,
    )


def _file(work: Work, sheet: Sheet, kind: str) -> Response:
    """The sheet as a file to keep. It may name people: no cache keeps it."""
    made_on = business_date(work.clock, "UTC")
    if kind == "csv":
        body = b"".join(files.as_csv(sheet, spoken()))
    elif kind == "xlsx":
        buffer = BytesIO()
        files.as_xlsx(sheet, buffer, spoken())
        body = buffer.getvalue()
    else:
        body = pdf.as_pdf(sheet, made_on, spoken())
    name = f"{sheet.key}-{made_on.isoformat()}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, mimetype=_MEDIA[kind], headers=headers)
