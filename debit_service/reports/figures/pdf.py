"""A sheet as a PDF: for people who file or sign it. Set by typst, in the reader's language, Arabic from right to left."""

from datetime import date
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any, Final

from debit_service.core.errors import InvalidInput
from debit_service.core.typeset import typeset
from debit_service.reports.figures.files import cells_of, columns_of, plain
from debit_service.reports.figures.sheet import ENGLISH, N_, Column, Kind, Language, Row, Said, Sheet, Table

#: A PDF is read by people; what is longer is taken as CSV or XLSX.
ROWS_MAX: Final = 3_000
_WIDE_FROM: Final = 7
_KINDS: Final = {Kind.TEXT: "text", Kind.CODE: "code", Kind.DATE: "date"}


def as_pdf(sheet: Sheet, made_on: date, language: Language = ENGLISH) -> bytes:
    """The PDF. Raises InvalidInput `report.too_long`, and Unavailable `report.typeset`."""
    tables = [_table(table, language) for table in sheet.tables]
    data = {
        "language": language.code,
        "title": language.say(sheet.title),
        "made": _made(sheet, made_on, language),
        "wide": any(len(one["columns"]) >= _WIDE_FROM for one in tables),
        "tables": tables,
        "notes": [language.say(note) for note in sheet.notes],
    }
    template = Path(str(files(__package__) / "sheet.typ"))
    return typeset(template, data, dated=made_on, code="report.typeset", what="the report")


def _made(sheet: Sheet, made_on: date, language: Language) -> str:
    """When it was made: the moment, where the sheet is stamped with it."""
    moment = next((one for one in sheet.about if one.key == "made_at"), None)
    if moment is None:
        return language.say(Said(N_("Made on %(day)s"), {"day": made_on}))
    return f"{language.translate(moment.title)} {language.cell(moment.value)}"


def _table(table: Table, language: Language) -> dict[str, Any]:
    columns = columns_of(table)
    rows = list(islice(table.rows, ROWS_MAX + 1))
    if len(rows) > ROWS_MAX:
        raise InvalidInput(
            "report.too_long",
            f"This has more than {ROWS_MAX} rows, and a PDF is for people.",
            place=table.key,
            remedy="Take it as CSV or XLSX, or ask for less.",
        )
    return {
        "title": language.say(table.title),
        "columns": [
            {"title": language.translate(one.title), "kind": _KINDS.get(one.kind, "number")} for one in columns
        ],
        "rows": [_cells(table, columns, row, language) for row in rows],
        "totals": [_cells(table, columns, row, language) for row in table.totals],
    }


def _cells(table: Table, columns: list[Column], row: Row, language: Language) -> list[str]:
    shown = []
    for value, column in zip(cells_of(table, row), columns, strict=True):
        text = plain(value, column, row, language)
        shown.append(_grouped(text) if column.kind is Kind.MONEY else text)
    return shown


def _grouped(decimal: str) -> str:
    """An amount as it is read: thousands apart."""
    if not decimal:
        return ""
    whole, point, decimals = decimal.removeprefix("-").partition(".")
    sign = "\N{MINUS SIGN}" if decimal.startswith("-") else ""
    return f"{sign}{int(whole):,}".replace(",", "\N{NO-BREAK SPACE}") + f"{point}{decimals}"
