"""Figures as files: numbers stay numbers, texts stay texts whatever they look like, and each language runs its way."""

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import python_calamine
from figure_house import DAY, Known, account_of, made
from house import CLERK
from pdf_text import text_of

from debit_service.core.errors import InvalidInput
from debit_service.reports.figures import behind, pdf
from debit_service.reports.figures.asking import EntriesAsked
from debit_service.reports.figures.files import as_csv, as_text, as_values, as_xlsx, name, stamped
from debit_service.reports.figures.pdf import as_pdf
from debit_service.reports.figures.sheet import Column, Kind, Language, Row, Said, Sheet, Table

#: What spreadsheets have run as formulas, from lists of such attacks.
HOSTILE = (
    "=1+1",
    '=HYPERLINK("http://example.invalid")',
    "+1-1",
    "-2+3",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "=cmd|' /C calc'!A0",
    "{=1+1}",
    "http://example.invalid",
    "0012",
)
COLUMNS = (
    Column("text", "Text", Kind.TEXT),
    Column("code", "Code", Kind.CODE),
    Column("amount", "Amount", Kind.MONEY),
    Column("count", "Count", Kind.COUNT),
    Column("rate", "Rate", Kind.RATE),
    Column("day", "Day", Kind.DATE),
)


def sheet(*rows: Row, totals: tuple[Row, ...] = ()) -> Sheet:
    """One table with a column of each kind."""
    return Sheet(
        "test", Said("A test of %(what)s", {"what": "files"}), [Table("one", Said("One"), COLUMNS, rows, totals)]
    )


def row(text: Any = "text", amount: int | None = 1234567_89, currency: str | None = "DZD") -> Row:
    return Row((text, "C-1", amount, 3, Decimal("0.125"), DAY), currency)


def read_csv(made: Sheet) -> list[list[str]]:
    content = b"".join(as_csv(made))
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def workbook(made: Sheet, language: Language | None = None) -> bytes:
    buffer = io.BytesIO()
    as_xlsx(made, buffer, language or Language())
    return buffer.getvalue()


def read_xlsx(content: bytes, name: str) -> list[list[Any]]:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    return book.get_sheet_by_name(name).to_python()


def test_a_csv_has_the_keys_of_the_columns_plain_amounts_and_their_currency() -> None:
    assert read_csv(sheet(row(), row(currency="TND"), totals=(row("Sum"),))) == [
        ["text", "code", "amount", "count", "rate", "day", "currency"],
        ["text", "C-1", "1234567.89", "3", "12.50%", "2026-09-30", "DZD"],
        ["text", "C-1", "123456.789", "3", "12.50%", "2026-09-30", "TND"],
    ]


def test_a_file_of_a_figure_says_what_it_is_when_it_was_made_and_that_nothing_is_unaccounted_for(told: Known) -> None:
    moment = datetime(2026, 10, 6, 8, 15, 30, tzinfo=UTC)
    one = stamped(made(told.house, "day", day=DAY), moment)
    assert name(one, moment, "csv") == "day-CNAS-2026-09-30-20261006T081530Z.csv"
    lines = read_csv(one)
    assert lines[-4:] == [
        ["about", "value"],
        ["fund", "CNAS"],
        ["day", "2026-09-30"],
        ["made_at", "2026-10-06 08:15:30 UTC"],
    ]
    assert ["Not accounted for", "", "", "", "0.00", "DZD"] in lines[lines.index([], 1) :]
    notes = [cell for row in read_xlsx(workbook(one), "Notes") for cell in row]
    assert {"Fund: CNAS", "Day: 2026-09-30", "Made at: 2026-10-06 08:15:30 UTC"} <= set(notes)
    assert "Made at 2026-10-06 08:15:30 UTC" in text_of(as_pdf(one, moment.date()))
    account = stamped(account_of(told.house, told.paid.contribution_id), moment)
    assert {"fund", "number", "made_at"} <= {line[0] for line in read_csv(account) if line}


def test_a_list_that_programs_read_holds_rows_alone_and_says_whose_and_what_the_bank_called_them(told: Known) -> None:
    with told.house.desk.reading(CLERK) as work:
        head, *lines = read_csv(stamped(behind.all_entries(work, EntriesAsked(fund="CNAS")), work.now()))
    assert {"fund", "value_date", "bank_reference", "charges"} <= set(head)
    assert {len(line) for line in lines} == {len(head)}
    assert {line[head.index("fund")] for line in lines} == {"CNAS"}
    assert "X-1" in {line[head.index("bank_reference")] for line in lines}


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_of_a_csv_is_a_formula(text: str) -> None:
    _, (cell, *_) = read_csv(sheet(row(text)))
    assert cell.lstrip("'") == text
    assert cell[0] not in "=+-@\t\r"


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_of_a_workbook_is_a_formula_or_a_link(text: str) -> None:
    content = workbook(sheet(row(text)))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        page = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in page
    assert b"<f " not in page
    assert b"<hyperlink" not in page
    assert b't="str"' not in page
    (_, (cell, *_)) = read_xlsx(content, "One")
    assert cell == text.replace("\r", "\n") or cell == text


def test_a_negative_amount_is_a_number_in_every_file() -> None:
    _, cells = read_xlsx(workbook(sheet(row(amount=-5_00))), "One")
    assert cells == ["text", "C-1", -5.0, 3.0, 0.125, DAY, "DZD"]
    assert read_csv(sheet(row(amount=-5_00)))[1][2] == "-5.00"


def test_an_amount_that_a_spreadsheet_would_round_stays_a_text() -> None:
    _, cells = read_xlsx(workbook(sheet(row(amount=99_999_999_999_999_999))), "One")
    assert cells[2] == "999999999999999.99"


def test_a_workbook_runs_from_right_to_left_in_arabic() -> None:
    for language, runs in (("ar", True), ("fr", False)):
        with zipfile.ZipFile(io.BytesIO(workbook(sheet(row()), Language(language)))) as archive:
            assert (b'rightToLeft="1"' in archive.read("xl/worksheets/sheet1.xml")) is runs


def test_the_same_sheet_is_the_same_workbook() -> None:
    assert workbook(sheet(row())) == workbook(sheet(row()))


def test_many_rows_go_into_a_workbook_on_disk(tmp_path: Path) -> None:
    made = Sheet("test", Said("Many"), [Table("one", Said("One"), COLUMNS, (row(str(n)) for n in range(5000)))])
    as_xlsx(made, tmp_path / "many.xlsx")
    assert len(read_xlsx((tmp_path / "many.xlsx").read_bytes(), "One")) == 5001
    assert [one.name for one in tmp_path.iterdir()] == ["many.xlsx"]


def test_a_terminal_gets_aligned_columns_totals_and_notes() -> None:
    made = Sheet("test", Said("Title"), sheet(row(), totals=(row("Sum", 5_00),)).tables, [Said("Note")])
    assert list(as_text(made)) == [
        "Title",
        "",
        "One",
        "  Text  Code      Amount  Count    Rate  Day         Currency",
        "  text  C-1   1234567.89      3  12.50%  2026-09-30  DZD",
        "  Sum   C-1         5.00      3  12.50%  2026-09-30  DZD",
        "",
        "Note",
    ]


def test_a_program_gets_rows_and_totals_by_their_keys() -> None:
    made = as_values(sheet(row(), totals=(row("Sum"),)))
    assert made["tables"]["one"]["rows"][0]["amount"] == "1234567.89"
    assert made["tables"]["one"]["totals"][0]["text"] == "Sum"


def test_values_keep_their_direction_among_arabic_words() -> None:
    said = Said("Reconciliation of %(fund)s, %(day)s", {"fund": "CNAS", "day": DAY})
    assert Language("ar").say(said) == "Reconciliation of \u2068CNAS\u2069, \u20682026-09-30\u2069"
    assert Language("fr").say(said) == "Reconciliation of CNAS, 2026-09-30"


def test_a_figure_is_a_pdf_in_each_language(told: Known) -> None:
    for one in (made(told.house, "day", day=DAY), account_of(told.house, told.returned.contribution_id)):
        for language in ("ar", "en"):
            content = as_pdf(one, date(2026, 10, 6), Language(language))
            assert content.startswith(b"%PDF-")
            assert content == as_pdf(one, date(2026, 10, 6), Language(language))


def test_the_numbers_of_a_figure_stand_in_its_pdf(told: Known) -> None:
    text = text_of(as_pdf(made(told.house, "day", day=DAY), date(2026, 10, 6)))
    assert text.startswith("Reconciliation of CNAS, 2026-09-30")
    for said in (
        "rejected before settlement",
        "15\N{NO-BREAK SPACE}000.00",
        "2\N{NO-BREAK SPACE}995.00",
        "Not accounted for",
        "Made on 2026-10-06",
    ):
        assert said in text


def test_what_is_longer_than_people_read_is_no_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "ROWS_MAX", 2)
    with pytest.raises(InvalidInput, match="CSV or XLSX"):
        as_pdf(sheet(row(), row(), row()), DAY)


def test_every_figure_can_be_written_in_every_format(told: Known, tmp_path: Path) -> None:
    for figure in ("day", "ageing", "returns", "forecast", "returnable", "tie-out", "queue"):
        with told.house.desk.reading(CLERK):
            assert b"".join(as_csv(made(told.house, figure)))
            assert list(as_text(made(told.house, figure)))
            as_xlsx(made(told.house, figure), tmp_path / f"{figure}.xlsx")
