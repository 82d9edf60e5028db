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
    (entry,) = set(links(listed, "/reports/entries/"))
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
    assert re.search(rf'"day-CNAS-2026-10-29-20261124T\d{{6}}Z\.{kind}"', answer.headers["Content-Disposition"])
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.data[:4] in (b"\xef\xbb\xbfs", b"PK\x03\x04", b"%PDF")


def test_a_workbook_speaks_the_readers_language(somebody: Callable[[str], Browser]) -> None:
    answer = somebody("clerk").client.get(f"{DAY}&format=xlsx&lang=fr")
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    assert "Demandé pour ce jour" in book.sheet_names


def test_a_list_too_long_for_a_browser_is_refused_with_a_remedy(
    somebody: Callable[[str], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("debit_service.web.sheets.DOWNLOAD_ROWS_MAX", 1)
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


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("/reports/entries?daay=2026-10-29", "daay"),
        ("/reports/entries?made=foo", "made"),
        ("/reports/entries?fund=NOPE", "fund"),
        ("/reports/entries?currency=XYZ", "currency"),
        ("/reports/entries?reason=because", "reason"),
        ("/reports/entries?made=waits&made=matched", "made"),
        ("/reports/entries?since=2026-10-30&until=2026-10-29", "until"),
        ("/reports/collections?state=settled,settld", "state"),
        ("/reports/collections?code=MD01", "failure"),
        ("/reports/collections?block=NOPE", "block"),
        ("/reports/ageing?until=2026-10-29", "until"),
        ("/reports/ageing?format=xls", "format"),
        ("/reports/returns?since=2026-10-30&until=2026-10-29", "until"),
        ("/reports/forecast?fund=CNAS&until=2026-01-01", "until"),
        ("/reports/statement?fund=NOPE&number=1600000002", "fund"),
        ("/reports/statement?fund=CNAS&number=1600000002&since=2026-10-30&until=2026-10-29", "until"),
        ("/ledger/tie-out?fund=NOPE", "fund"),
        ("/report?fund=NOPE", "fund"),
        ("/report.csv?standng=paid", "standng"),
        ("/ledger/tie-out?mnth=2026-10", "mnth"),
    ],
)
def test_what_names_nothing_is_refused_with_its_field_and_not_answered_with_everything_or_nothing(
    somebody: Callable[[str], Browser], address: str, names: str
) -> None:
    page = somebody("clerk").get(address, 422)
    assert names in page
    assert "What to do" in page or "leave it out" in page


@pytest.mark.parametrize("kind", ["csv", "xlsx", "pdf"])
@pytest.mark.parametrize(
    ("page", "which"), [("/ledger/tie-out?fund=CNAS&month=2026-10", "tie-out"), ("/suspense", "queue")]
)
def test_what_the_desk_works_with_is_taken_away_from_its_page(
    somebody: Callable[[str], Browser], page: str, which: str, kind: str
) -> None:
    clerk = somebody("clerk")
    (file,) = (one for one in links(clerk.get(page), f"/reports/{which}") if f"format={kind}" in one)
    answer = clerk.client.get(file)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert f'filename="{which}-' in answer.headers["Content-Disposition"]
    assert clerk.client.get(f"/reports/{which}").location.startswith(page.split("?", maxsplit=1)[0])


def test_the_queue_in_a_file_is_what_waits(somebody: Callable[[str], Browser], ids: Ids) -> None:
    answer = somebody("clerk").client.get("/reports/queue?fund=CNAS&format=csv")
    assert ids.suspense in answer.text


def test_the_file_of_the_queue_says_of_what_it_is(somebody: Callable[[str], Browser]) -> None:
    clerk = somebody("clerk")
    for query, name in (
        ("fund=CNAS", "queue-CNAS-without_held_ones-2"),
        ("exception=no+expectation&days=7&held=1", "queue-all-Nothing_was_expected-7_days_or_more-with_held_ones-2"),
    ):
        answer = clerk.client.get(f"/reports/queue?{query}&format=xlsx")
        assert f'filename="{name}' in answer.headers["Content-Disposition"]
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    about = [str(row[0]) for row in book.get_sheet_by_name("Notes").to_python()]
    assert "Age: 7 days or more" in about
    assert "Held ones: with held ones" in about


def test_the_file_of_the_queue_holds_what_its_page_shows(somebody: Callable[[str], Browser], ids: Ids) -> None:
    clerk = somebody("clerk")
    for query, there in (
        ("fund=CNAS", True),
        ("fund=CNAS&exception=no+expectation&held=1", True),
        ("fund=CNSS", False),
        ("exception=amount", False),
        ("days=30", False),
    ):
        page = clerk.get(f"/suspense?{query}")
        assert (f'id="{ids.suspense}"' in page) == there
        if there:
            (file,) = (one for one in links(page, "/reports/queue") if "format=csv" in one)
            assert all(part in file for part in query.split("&"))
        answer = clerk.client.get(f"/reports/queue?{query}&format=csv")
        assert (ids.suspense in answer.text) == there, query


def test_without_a_format_a_file_leads_to_its_page_with_the_same_conditions(
    somebody: Callable[[str], Browser],
) -> None:
    clerk = somebody("clerk")
    for address, page in (
        ("queue?fund=CNAS&days=7", "/suspense?fund=CNAS&days=7"),
        ("refunds?fund=CNAS", "/refunds?fund=CNAS"),
        ("tie-out?fund=CNAS&since=2026-10-01&until=2026-10-31", "/ledger/tie-out?fund=CNAS&month=2026-10"),
    ):
        assert clerk.client.get(f"/reports/{address}").location == page
        clerk.get(page)


def test_refunds_are_narrowed_down_to_a_fund_on_the_page_and_in_the_file_which_names_with_what_they_were_paid(
    somebody: Callable[[str], Browser], ids: Ids
) -> None:
    clerk, address = somebody("clerk"), f"/suspense/{ids.suspense}"
    asked = {"why": "paid by mistake", "decision": "refund_owed"}
    clerk.post(f"{address}/set-aside", asked, page=address)

    shown = clerk.get("/refunds?fund=CNAS")
    assert "Shown:" not in shown
    (file,) = (one for one in links(shown, "/reports/refunds") if "format=csv" in one)

    assert ids.suspense in shown
    assert ids.suspense not in clerk.get("/refunds?fund=CNSS")
    content = clerk.client.get(file).text
    assert ids.suspense in content
    assert "paid_with" in content.splitlines()[0]
    assert ids.suspense not in clerk.client.get("/reports/refunds?fund=CNSS&format=csv").text


@pytest.mark.parametrize("which", ["refunds", "tie-out"])
def test_a_browser_gets_no_more_rows_of_refunds_and_of_the_tie_out_than_of_other_lists(
    somebody: Callable[[str], Browser], monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    monkeypatch.setattr("debit_service.web.sheets.DOWNLOAD_ROWS_MAX", -1)
    page = somebody("clerk").get(f"/reports/{which}?fund=CNAS&format=csv", 422)
    assert f"debit reports {which}" in page


def test_a_list_says_of_what_it_is(somebody: Callable[[str], Browser]) -> None:
    clerk = somebody("clerk")
    page = clerk.get("/reports/collections?fund=CNAS&reached=1&state=returned,rejected&due_since=2026-09-01&lang=fr")
    said = re.sub(r"<[^>]+>|\s+", " ", page.split('class="conditions"')[1].split("</p>")[0])
    for part in ("CNAS", "1 sept. 2026", "retourné après règlement", "rejeté avant règlement", "que la banque a"):
        assert part in said


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("collections?failure=returned", "Reason code none given"),
        ("collections?debtor_bank=-", "bank not noted"),
        ("entries?fund=-", "Fund Account of no fund"),
    ],
)
def test_a_list_of_what_has_no_reason_bank_or_fund_says_so(
    somebody: Callable[[str], Browser], asked: str, part: str
) -> None:
    page = somebody("clerk").get(f"/reports/{asked}")
    said = " ".join(re.sub(r"<[^>]+>", " ", page.split('class="conditions"')[1].split("</p>")[0]).split())
    assert part in said.replace(":", "")
    assert "none given" not in somebody("clerk").get("/reports/collections?failure=returned&code=*").split("<table")[0]


def test_an_account_asked_for_by_a_number_that_nobody_has_is_asked_for_again(
    somebody: Callable[[str], Browser],
) -> None:
    page = somebody("clerk").get("/reports/statement?fund=CNAS&number=99", 404)
    assert "CNAS knows no employer with this number." in page
    assert 'value="99"' in page


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_queue_too_long_for_a_browser_is_refused_before_it_is_read(
    somebody: Callable[[str], Browser], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr("debit_service.web.sheets.DOWNLOAD_ROWS_MAX", 0)
    page = somebody("clerk").get(f"/reports/queue?fund=CNAS&format={kind}", 422)
    assert "Ask for less: a fund, an exception or a greater age." in page
    assert "debit reports queue" not in page


def test_an_employers_account_leads_to_the_contribution_and_that_to_what_the_bank_wrote(
    somebody: Callable[[str], Browser], ids: Ids
) -> None:
    clerk = somebody("clerk")
    account = clerk.get("/reports/statement?fund=CNAS&number=1600000001")
    assert f"/contributions/{ids.paid}" in links(account, "/contributions/")
    (entries,) = links(clerk.get(f"/contributions/{ids.paid}"), "/reports/entries")
    entry = links(clerk.get(entries), "/reports/entries/")[0]
    assert "&lt;EndToEndId&gt;" in clerk.get(links(clerk.get(entry), f"{entry}/bank")[0])
    assert links(somebody("first").get(f"/contributions/{ids.paid}"), "/reports") == ["/reports/statement"]
