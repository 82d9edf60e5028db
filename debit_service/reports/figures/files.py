"""A sheet as a file: CSV, XLSX, lines of text. Rows pass one by one, and nothing that people wrote can become a formula."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from debit_service.core.money import exponent, format_minor
from debit_service.core.text import aligned, inert
from debit_service.reports.figures.sheet import ENGLISH, N_, Column, Kind, Language, Row, Sheet, Table, Value, facts

CURRENCY: Final = Column("currency", N_("Currency"), Kind.CODE)
_RIGHT: Final = frozenset({Kind.MONEY, Kind.COUNT, Kind.RATE})
#: Excel bears no more rows on one sheet, with the titles of the columns and some totals.
_XLSX_ROWS_MAX: Final = 1_048_000
_WIDTHS: Final = {Kind.TEXT: 34, Kind.CODE: 22, Kind.MONEY: 17, Kind.COUNT: 10, Kind.RATE: 10, Kind.DATE: 12}
_NO_DATE: Final = datetime(2000, 1, 1, tzinfo=UTC)
#: What a file is about that stands in its name, by the keys of the facts.
_NAMED: Final = ("fund", "account", "exception", "age", "held", "day", "since", "until")
_NOT_IN_NAMES: Final = re.compile(r"[^0-9A-Za-z_-]")
#: What Excel writes of a number at most without rounding it.
_DIGITS_MAX: Final = 15


def stamped(sheet: Sheet, moment: datetime) -> Sheet:
    """The sheet with the moment at which it was made, for a file."""
    return replace(sheet, about=[*sheet.about, *facts({"made_at": f"{moment:%Y-%m-%d %H:%M:%S} UTC"})])


def name(sheet: Sheet, moment: datetime, kind: str) -> str:
    """The name of a file: what the sheet is, of what (fund, account, days, what of a queue), and when it was made (UTC). It names
    no people.
    """
    about = {one.key: ENGLISH.cell(one.value) for one in sheet.about}
    parts = (about.get(key, "") for key in _NAMED)
    known = [_NOT_IN_NAMES.sub("", one.replace(" ", "_")) for one in parts]
    return "-".join(one for one in (sheet.key, *known, f"{moment:%Y%m%dT%H%M%SZ}") if one) + f".{kind}"


def as_csv(sheet: Sheet, language: Language = ENGLISH) -> Iterator[bytes]:
    """UTF-8 with BOM, RFC 4180. The rows of a table under the keys of its columns; tables after the first behind an empty line.

    No totals among them, no notes: a program reads a list of rows. Amounts are plain decimals, and their currency is a column.
    Behind its tables stand their totals, each beginning with `totals` and the key of its table, and what the sheet is about; but
    for lists, which hold rows alone.
    """
    yield "\ufeff".encode()
    for number, table in enumerate(sheet.tables):
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        columns = columns_of(table)
        if number:
            writer.writerow(())
        writer.writerow([column.key for column in columns])
        for row in table.rows:
            writer.writerow([_csv_cell(*one, row, language) for one in zip(cells_of(table, row), columns, strict=True)])
            if buffer.tell() > io.DEFAULT_BUFFER_SIZE:
                yield buffer.getvalue().encode()
                buffer.seek(0)
                buffer.truncate()
        yield buffer.getvalue().encode()
    if sheet.about and not sheet.rows_only:
        buffer = io.StringIO()
        csv.writer(buffer).writerows(_csv_end(sheet, language))
        yield buffer.getvalue().encode()


def _csv_end(sheet: Sheet, language: Language) -> Iterator[Sequence[str]]:
    """The totals of each table, and what the sheet is about."""
    for table in sheet.tables:
        columns = columns_of(table)
        if table.totals:
            yield ()
            yield (f"totals {table.key}", *(column.key for column in columns[1:]))
        for row in table.totals:
            cells = zip(cells_of(table, row), columns, strict=True)
            yield [_csv_cell(value, column, row, language) for value, column in cells]
    yield ()
    yield "about", "value"
    for one in sheet.about:
        yield one.key, inert(language.cell(one.value))


def _csv_cell(value: Value, column: Column, row: Row, language: Language) -> str:
    """A cell of a CSV. Only what may hold words can be a formula: an amount below zero stays a number."""
    text = plain(value, column, row, language)
    return text if isinstance(value, int | Decimal | date) else inert(text)


def as_text(sheet: Sheet, language: Language = ENGLISH) -> Iterator[str]:
    """For a terminal: title, tables in aligned columns, totals, notes."""
    yield language.say(sheet.title)
    for table in sheet.tables:
        columns = columns_of(table)
        shown = [*table.rows, *table.totals]
        cells = [
            [plain(one, column, row, language) for one, column in zip(cells_of(table, row), columns, strict=True)]
            for row in shown
        ]
        right = [at for at, column in enumerate(columns) if column.kind in _RIGHT]
        yield ""
        yield language.say(table.title)
        yield from (f"  {line}" for line in aligned([language.translate(one.title) for one in columns], cells, right))
    yield ""
    yield from (f"{language.say(note)}" for note in sheet.notes)


def as_values(sheet: Sheet) -> dict[str, Any]:
    """The sheet as JSON values, for programs: rows and totals by the keys of their columns, amounts as plain decimals."""

    def values(table: Table, row: Row) -> dict[str, str]:
        columns = columns_of(table)
        cells = zip(cells_of(table, row), columns, strict=True)
        return {column.key: plain(value, column, row, ENGLISH) for value, column in cells}

    return {
        "report": sheet.key,
        "title": ENGLISH.say(sheet.title),
        "about": {one.key: ENGLISH.cell(one.value) for one in sheet.about},
        "tables": {
            table.key: {
                "rows": [values(table, row) for row in table.rows],
                "totals": [values(table, row) for row in table.totals],
            }
            for table in sheet.tables
        },
        "notes": [ENGLISH.say(note) for note in sheet.notes],
    }


def as_xlsx(sheet: Sheet, out: Path | BinaryIO, language: Language = ENGLISH) -> None:
    """A workbook with a sheet for each table: amounts and counts are numbers, days are days, texts stay texts.

    Written to a path, its memory does not grow with the rows: what waits lies in files beside the path. Written to a stream, no
    disk sees anything, and all of it is in memory: for sheets whose length is bounded. From right to left in Arabic.
    """
    is_file = isinstance(out, Path)
    options: dict[str, Any] = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        **({"constant_memory": True, "tmpdir": str(out.parent)} if isinstance(out, Path) else {"in_memory": True}),
    }
    book: Workbook = xlsxwriter.Workbook(str(out) if is_file else out, options)
    # The same sheet gives the same bytes: a file says nothing of when it was written.
    book.set_properties({"title": language.say(sheet.title), "created": _NO_DATE})
    for table in sheet.tables:
        _Page(book, table, language).write()
    if sheet.notes or sheet.about:
        notes = book.add_worksheet(language.translate(N_("Notes")))
        if language.right_to_left:
            notes.right_to_left()
        about = (f"{language.translate(one.title)}: {language.cell(one.value)}" for one in sheet.about)
        for at, text in enumerate((language.say(sheet.title), *about, *map(language.say, sheet.notes))):
            notes.write_string(at, 0, text)
    book.close()


class _Page:
    """One worksheet while it is written."""

    def __init__(self, book: Workbook, table: Table, language: Language) -> None:
        self._table, self._language = table, language
        self._columns = columns_of(table)
        self._sheet: Worksheet = book.add_worksheet(_sheet_name(language.say(table.title)))
        self._book = book
        self._bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self._formats: dict[tuple[str, bool], Format] = {}

    def write(self) -> None:
        """Titles, rows, totals."""
        if self._language.right_to_left:
            self._sheet.right_to_left()
        self._sheet.freeze_panes(1, 0)
        for at, column in enumerate(self._columns):
            self._sheet.set_column(at, at, _WIDTHS[column.kind])
            self._sheet.write_string(0, at, self._language.translate(column.title), self._bold)
        at = 0
        for at, row in enumerate(self._table.rows, start=1):
            if at > _XLSX_ROWS_MAX:
                self._sheet.write_string(at, 0, self._language.translate(N_("More rows follow: take them as CSV.")))
                break
            self._row(at, row, bold=False)
        for below, row in enumerate(self._table.totals, start=at + 1):
            self._row(below, row, bold=True)

    def _row(self, at: int, row: Row, *, bold: bool) -> None:
        for place, (value, column) in enumerate(zip(cells_of(self._table, row), self._columns, strict=True)):
            self._cell(at, place, value, column, row.currency, bold=bold)

    def _cell(self, at: int, place: int, value: Value, column: Column, currency: str | None, *, bold: bool) -> None:
        match value:
            case None:
                return
            case int() if column.kind is Kind.MONEY and currency:
                text = format_minor(value, currency)
                pattern = f"#,##0.{'0' * exponent(currency)}" if exponent(currency) else "#,##0"
                if sum(one.isdigit() for one in text) > _DIGITS_MAX:
                    self._sheet.write_string(at, place, text, self._format("@", bold=bold))
                else:
                    self._sheet.write_number(at, place, Decimal(text), self._format(pattern, bold=bold))
            case int():
                self._sheet.write_number(at, place, value, self._format("0", bold=bold))
            case Decimal():
                self._sheet.write_number(at, place, value, self._format("0.00%", bold=bold))
            case date():
                self._sheet.write_datetime(at, place, value, self._format("yyyy-mm-dd", bold=bold))
            case _:
                self._sheet.write_string(at, place, self._language.cell(value), self._format("@", bold=bold))

    def _format(self, pattern: str, *, bold: bool) -> Format:
        if (pattern, bold) not in self._formats:
            self._formats[pattern, bold] = self._book.add_format({"num_format": pattern, "bold": bold})
        return self._formats[pattern, bold]


def plain(value: Value, column: Column, row: Row, language: Language) -> str:
    """A cell as files and terminals show it: amounts as plain decimals, shares in percent."""
    if isinstance(value, Decimal):
        return f"{(value * 100).quantize(Decimal('0.01'))}%"
    if column.kind is Kind.MONEY and isinstance(value, int):
        return format_minor(value, row.currency) if row.currency else ""
    return language.cell(value)


def columns_of(table: Table) -> list[Column]:
    """The columns of a table in a file: amounts have their currency behind them."""
    return [*table.columns, CURRENCY] if table.has_money else list(table.columns)


def cells_of(table: Table, row: Row) -> list[Value]:
    """The cells of a row in a file."""
    return [*row.cells, row.currency] if table.has_money else list(row.cells)


def _sheet_name(title: str) -> str:
    """What Excel takes as the name of a sheet: 31 characters, and some not."""
    return "".join(" " if one in r"[]:*?/\'" else one for one in title)[:31].strip()
