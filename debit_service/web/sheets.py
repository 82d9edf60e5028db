"""A sheet of figures on a page, and as a file to keep: numbers lead to what they are made of, and a file says what it is."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from io import BytesIO
from typing import Any, Final

from babel.numbers import format_percent
from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext

from debit_service.core.errors import InvalidInput
from debit_service.core.work import Work
from debit_service.ledger.rules import UNKNOWN_FUND
from debit_service.reports.figures import behind, files, pdf
from debit_service.reports.figures.sheet import Language, Link, Sheet
from debit_service.web import conditions, formats
from debit_service.web.desk import service
from debit_service.web.languages import language

#: What a browser may take of a list; `debit reports` writes what is longer, in a process of its own.
DOWNLOAD_ROWS_MAX: Final = 50_000
_ENDPOINTS: Final = {
    "entries": "reports.entries",
    "collections": "reports.collections",
    "account": "books.account",
    "booking": "books.booking",
    "entry": "entries.show",
    "contribution": "contributions.detail",
    "batch": "batches.detail",
    "penalty": "penalties.show",
    "decision": "decisions.detail",
    "suspense": "suspense.entry",
    "dispute": "disputes.show",
    "held_run": "batches.held",
    "calendar": "calendars.show",
    "queue": "suspense.listed",
    "refunds": "refunds.listed",
    "penalties": "penalties.listed",
    "jobs": "runs.listed",
    "tie_out": "ledger.tied_out",
}
_MEDIA: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


def init_blueprint(blueprint: Blueprint) -> None:
    """Give templates what sheets are drawn with."""
    blueprint.app_template_filter("percent")(percent)


def percent(share: Decimal) -> str:
    """A share in percent, as the reader's language writes it."""
    locale = get_locale()
    pattern = locale.percent_formats[None].pattern.replace("#,##0", "#,##0.00")
    return str(format_percent(share, format=pattern, locale=locale))


def spoken() -> Language:
    """The language of this page, for sheets; it writes days out, so that nobody takes the day for the month."""
    return Language(language(), gettext, formats.written_out)


def _of_files() -> Language:
    """The language of this page for a file: days are as machines write them."""
    return Language(language(), gettext)


def leads(link: Link | None) -> str | None:
    """The address that a number leads to."""
    if link is None:
        return None
    about: dict[str, Any] = dict(link.about)
    return url_for(_ENDPOINTS[link.to], **about)


def answer(work: Work, sheet: Sheet, asked: Mapping[str, str], asks: Sequence[str], **more: Any) -> ResponseReturnValue:
    """The sheet as the file that the address asks for, else on a page with the form of what it is asked with."""
    wanted = request.args.get("format", "")
    return file(work, sheet, wanted) if wanted else page(sheet, asked, asks, **more)


def page(
    sheet: Sheet | None, asked: Mapping[str, str], asks: Sequence[str], *, funds: Sequence[str] = (), **more: Any
) -> str:
    """The page of a sheet; without one, the form alone."""
    return render_template(
        "report_sheet.html",
        **{
            "sheet": sheet,
            "asked": asked,
            "asks": asks,
            "funds": funds or [one.id for one in service().funds],
            "spoken": spoken(),
            "leads": leads,
            "part": None,
            "no_fund": UNKNOWN_FUND,
            "formats": tuple(_MEDIA),
            "conditions": [],
            "wrong": None,
            "here": {name: value for name, value in asked.items() if value},
            **more,
        },
    )


def listed(
    work: Work, part: behind.Part, about: Mapping[str, str], whole: Callable[[], Sheet], command: str, **more: Any
) -> ResponseReturnValue:
    """A part of a list on a page, or all of it as a file. `command` writes what is too long for a browser."""
    wanted = request.args.get("format", "")
    if not wanted:
        of = conditions.told(about)
        return page(part.sheet, {}, (), part=part, formats=("csv", "xlsx"), here=dict(about), conditions=of, **more)
    check_length(part.count, by_command(command))
    return file(work, whole(), wanted)


def by_command(command: str) -> str:
    """The remedy where `command` writes a list that is too long for a browser."""
    return f"Ask for less, or have it written by `{command}`, which takes the same conditions."


def check_length(count: int, remedy: str) -> None:
    """Raises InvalidInput `report.too_long` where a list has more rows than a browser gets; `remedy` says what to do then."""
    if count > DOWNLOAD_ROWS_MAX:
        raise InvalidInput(
            "report.too_long",
            f"These are {count} rows; a browser gets at most {DOWNLOAD_ROWS_MAX}.",
            remedy=remedy,
        )


def file(work: Work, sheet: Sheet, kind: str) -> Response:
    """The sheet as a file to keep. It may name people: no cache keeps it."""
    stamped = files.stamped(sheet, work.now())
    if kind == "csv":
        body = b"".join(files.as_csv(stamped, _of_files()))
    elif kind == "xlsx":
        buffer = BytesIO()
        files.as_xlsx(stamped, buffer, _of_files())
        body = buffer.getvalue()
    else:
        body = pdf.as_pdf(stamped, work.now().date(), _of_files())
    headers = {"Content-Disposition": f'attachment; filename="{files.name(stamped, work.now(), kind)}"'}
    return Response(body, mimetype=_MEDIA[kind], headers=headers)
