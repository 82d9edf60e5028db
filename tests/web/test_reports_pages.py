"""The figures on pages: numbers that lead to their rows, rows to entries, entries to the bank's own bytes; and who may look."""

import io
import re
from collections.abc import Callable
from html import unescape

import pytest
import python_calamine
from sqlalchemy import select
from web.conftest import Browser
from web.story import HOSTILE_NAME, Ids

from debit_service.core.models import AuditEntry
from debit_service.wiring import Service

DAY = "/reports/day?fund=CNAS&day=2026-10-29"
PAGES = ["day", "ageing", "returns", "forecast", "returnable"]


def links(page: str, to: str) -> list[str]:
    """The addresses on a page that begin like this."""
    return [unescape(one) for one in re.findall(rf'href="({to}[^"]*)"', page)]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_every_figure_has_a_page_in_each_language(somebody: Callable[[str], Browser], name: str, language: str) -> None:
    page = somebody("clerk").get(f"/reports/{name}?lang={language}")
    assert f'<html lang="{language}"' in page
    assert "<h1>" in page


def test_a_number_leads_to_its_rows_a_row_to_its_entry_and_an_entry_to_the_banks_bytes(
    somebody: Callable[[str], Browser], ids: Ids
) -> None:
    clerk = somebody("clerk")
    clerk.get("/reports/ageing?lang=en")
    (amount, *_) = links(clerk.get("/reports/ageing"), "/reports/entries")
    listed = clerk.get(amount)
    assert "NOT-OURS" in listed
    (entry,) = links(listed, "/reports/entries/")
    page = clerk.get(entry)
    assert entry.endswith(ids.suspense)
    assert "its end-to-end reference is none of ours" in page
    assert "<EndToEndId>" not in unescape(page)
    (bank,) = links(page, f"{entry}/bank")
    written = clerk.get(bank)
    assert "&lt;EndToEndId&gt;NOT-OURS&lt;/EndToEndId&gt;" in written
    assert "camt.054.xml" in written


def test_every_link_of_every_figure_leads_somewhere(somebody: Callable[[str], Browser]) -> None:
    clerk = somebody("clerk")
    followed = 0
    for address in [DAY, *(f"/reports/{name}" for name in PAGES[1:])]:
        for link in {
            *links(clerk.get(address), "/reports/entries"),
            *links(clerk.get(address), "/reports/collections"),
        }:
            assert "<table" in clerk.get(link), link
            followed += 1
    assert followed >= 6


def test_who_looked_at_what_a_bank_wrote_is_on_record(
    somebody: Callable[[str], Browser], ids: Ids, service: Service
) -> None:
    somebody("approver").get(f"/reports/entries/{ids.suspense}")
    somebody("approver").get(f"/reports/entries/{ids.suspense}/bank")
    with service.desk.database.reading() as session:
        looked = select(AuditEntry.who, AuditEntry.subject).where(AuditEntry.action == "bank_entry.looked_at")
        assert [tuple(one) for one in session.execute(looked)] == [("approver", ids.suspense)]


def test_an_entry_that_is_none_is_told(somebody: Callable[[str], Browser]) -> None:
    assert "There is no" in somebody("clerk").get("/reports/entries/NOTHING", 404)


@pytest.mark.parametrize("kind", ["csv", "xlsx", "pdf"])
def test_a_figure_is_downloaded(somebody: Callable[[str], Browser], kind: str) -> None:
    answer = somebody("clerk").client.get(f"{DAY}&format={kind}")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="day-2026-11-24.{kind}"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.data[:4] in (b"\xef\xbb\xbfs", b"PK\x03\x04", b"%PDF")


def test_a_workbook_speaks_the_readers_language(somebody: Callable[[str], Browser]) -> None:
    answer = somebody("clerk").client.get(f"{DAY}&format=xlsx&lang=fr")
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    assert "Demandé pour ce jour" in book.sheet_names


def test_a_list_too_long_for_a_browser_is_refused_with_a_remedy(
    somebody: Callable[[str], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("debit_service.web.reports.DOWNLOAD_ROWS_MAX", 1)
    clerk = somebody("clerk")
    assert "rows" in clerk.get("/reports/entries?format=csv", 422)
    assert clerk.get("/reports/entries")


def test_a_figure_that_is_asked_with_an_unknown_name_is_refused_and_not_that_of_today(
    somebody: Callable[[str], Browser],
) -> None:
    somebody("clerk").get("/reports/day?on=2026-10-01", 422)


@pytest.mark.parametrize("address", ["/reports/day?day=yesterday", "/reports/entries?day=yesterday"])
def test_a_day_that_is_none_is_refused(somebody: Callable[[str], Browser], address: str) -> None:
    somebody("clerk").get(address, 422)


def test_an_employer_sees_its_own_account_only(somebody: Callable[[str], Browser]) -> None:
    page = somebody("second").get("/reports/statement?fund=CNAS&number=1600000001&lang=fr")
    assert "Entreprise Deux" in page
    assert "120" not in re.sub(r"20\d\d-\d\d-\d\d|<head>.*?</head>", "", page, flags=re.DOTALL)


def test_an_employers_account_runs_from_right_to_left_and_names_no_script(somebody: Callable[[str], Browser]) -> None:
    page = somebody("first").get("/reports/statement?lang=ar")
    assert 'dir="rtl"' in page
    assert HOSTILE_NAME not in page
    assert "شركة الأمل" in page


def test_staff_find_an_employer_by_its_number(somebody: Callable[[str], Browser]) -> None:
    clerk = somebody("clerk")
    assert 'name="number"' in clerk.get("/reports/statement")
    assert "Entreprise Deux" in clerk.get("/reports/statement?fund=CNAS&number=1600000002")
    clerk.get("/reports/statement?fund=CNAS&number=0", 404)
