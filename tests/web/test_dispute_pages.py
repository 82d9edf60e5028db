"""A dispute on its pages: contested on a telephone, asked, replied, answered, appealed, decided; and what the public is told."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from scan_files import jpeg, pdf
from web.conftest import Browser
from web.story import STAMPED, Ids

from debit_service import operations
from debit_service.core.clock import SetClock
from debit_service.core.work import SERVICE
from debit_service.disputes import queries
from debit_service.disputes.models import Dispute
from debit_service.wiring import Service

Somebody = Callable[[str], Browser]


def contest(browser: Browser, ids: Ids, *, status: int = 302, **changed: object) -> str:
    """The second employer contests what failed; returns the answer's text."""
    entered: dict[str, object] = {
        "subject": f"penalty-{ids.penalty}",
        "ground": "force_majeure",
        "text": "The branch was flooded.",
    }
    return browser.post(f"/contributions/{ids.failed}/dispute", {**entered, **changed}, status)


def the_dispute(service: Service, ids: Ids) -> Dispute:
    """The one about what failed."""
    with service.desk.reading(SERVICE) as work:
        (found,) = queries.of_contribution(work, ids.failed)
        work.session.expunge_all()
        return found


def test_debit_reading_and_penalty_are_offered_and_the_link_of_a_notice_chooses(somebody: Somebody, ids: Ids) -> None:
    page = somebody("second").get(f"/contributions/{ids.failed}/dispute?about=penalty-{ids.penalty}")
    offered = re.findall(r'name="subject" value="(\w+)-[^"]+"\s*(checked)?', page)
    assert offered == [("debit", ""), ("reading", ""), ("penalty", "checked")]


def test_a_penalty_is_contested_with_photographs(somebody: Somebody, service: Service, ids: Ids) -> None:
    scans = [(io.BytesIO(jpeg()), "photo.jpg"), (io.BytesIO(pdf()), "../letter.pdf")]
    second = somebody("second")
    contest(second, ids, documents=scans)
    found = the_dispute(service, ids)
    assert (found.subject_kind, found.subject_id, found.ground) == ("penalty", ids.penalty, "force_majeure")
    page = second.get(f"/disputes/{found.id}")
    assert found.reference in page
    document = re.search(r'href="(/disputes/documents/[^"]+)"', page)
    assert document
    answer = second.client.get(document[1])
    assert answer.data == jpeg()
    assert "attachment" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"text": " "}, "Say what is wrong."),
        ({"ground": ""}, "Choose a reason."),
        ({"subject": "penalty-of-another"}, "Not a valid choice"),
        ({"documents": [(io.BytesIO(b"MZ"), "photo.jpg")]}, "PDF"),
    ],
)
def test_what_is_missing_or_no_document_is_said_and_nothing_is_contested(
    somebody: Somebody, service: Service, ids: Ids, changed: dict[str, object], message: str
) -> None:
    page = contest(somebody("second"), ids, status=422, **changed)
    assert message in page.split("<form method", 1)[0] + page
    assert 'role="alert"' in page
    with service.desk.reading(SERVICE) as work:
        assert queries.of_contribution(work, ids.failed) == []


def test_a_dispute_goes_all_the_way_to_the_decision_on_appeal(somebody: Somebody, service: Service, ids: Ids) -> None:
    second, clerk, approver = somebody("second"), somebody("clerk"), somebody("approver")
    contest(second, ids)
    dispute_id = the_dispute(service, ids).id
    address = f"/disputes/{dispute_id}"

    clerk.post(f"{address}/take", {}, page=address)
    clerk.post(f"{address}/ask", {"text": "Which branch?"}, page=address)
    assert "Which branch?" in second.get(address)
    second.post(f"{address}/reply", {"text": "Bab El Oued."}, page=address)
    second.post(f"{address}/documents", {"scan": (io.BytesIO(STAMPED), "report.pdf")}, page=address)
    clerk.post(f"{address}/answer", {"answer": "rejected", "text": "It was open."}, page=address)
    assert "An appeal is possible until" in second.get(address)
    second.post(f"{address}/appeal", {"text": "Ask the mayor."}, page=address)
    assert "/decide" not in clerk.get(address)
    decided = {"answer": "upheld", "body": "national", "text": "The mayor confirms it."}
    approver.post(f"{address}/decide", decided, page=address)

    page = second.get(address)
    for part in ("Bab El Oued.", "It was open.", "Ask the mayor.", "The mayor confirms it.", "National commission"):
        assert part in page
    found = the_dispute(service, ids)
    assert (found.answer, found.first_answer, found.decided_by) == ("upheld", "rejected", "approver")


def test_an_employer_withdraws(somebody: Somebody, service: Service, ids: Ids) -> None:
    second = somebody("second")
    contest(second, ids)
    address = f"/disputes/{the_dispute(service, ids).id}"
    second.post(f"{address}/withdraw", {}, page=address)
    assert "Withdrawn by the employer" in second.get(address)


def test_an_employer_cannot_act_in_the_dispute_of_another(somebody: Somebody, ids: Ids) -> None:
    second, address = somebody("second"), f"/disputes/{ids.first_dispute}"
    for act in ("reply", "appeal", "withdraw"):
        second.post(f"{address}/{act}", {"text": "mine"}, 403, page=f"/contributions/{ids.failed}/dispute")


def test_the_desk_lists_by_filter(somebody: Somebody, service: Service, ids: Ids) -> None:
    contest(somebody("second"), ids)
    clerk, mine, other = somebody("clerk"), the_dispute(service, ids).id, ids.dispute
    clerk.post(f"/disputes/{mine}/take", {}, page=f"/disputes/{mine}")
    for filters, shown in (
        ("", {mine, other}),
        ("?mine=yes", {mine}),
        ("?fund=CNSS", set()),
        ("?which=late", set()),
        ("?which=all", {mine, other, ids.first_dispute}),
    ):
        found = set(re.findall(r'<h2 class="h6 mt-0"><a href="/disputes/([^"]+)"', clerk.get(f"/disputes{filters}")))
        assert found == shown, filters


def test_a_long_list_comes_in_pages(
    somebody: Somebody, service: Service, ids: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    contest(somebody("second"), ids)
    monkeypatch.setattr("debit_service.web.disputes.PAGE_SIZE", 1)
    page = somebody("clerk").get("/disputes")
    following = re.search(r'href="(/disputes\?after=[^"]+)"', page)
    assert following
    assert "In all: 2. On this page: 1." in page
    second = somebody("clerk").get(following[1].replace("&amp;", "&"))
    assert (the_dispute(service, ids).reference in page) != (the_dispute(service, ids).reference in second)


def test_what_presses_stands_above_the_list(somebody: Somebody, service: Service, clock: SetClock) -> None:
    clock.set(datetime(2026, 12, 25, 9, tzinfo=UTC))
    assert "escalated" not in somebody("approver").get("/disputes")
    operations.keep_dispute_deadlines(service, SERVICE, service.funds.get("CNAS"))
    assert "near their deadline: 0, escalated: 0, overdue: 1" in somebody("approver").get("/disputes")


def test_statistics_are_shown_and_given_to_a_spreadsheet(somebody: Somebody) -> None:
    page = somebody("administrator").get("/disputes/statistics?from=2026-01-01&to=2026-12-31")
    assert "Answered in time" in page
    answer = somebody("approver").client.get("/disputes/statistics?from=2026-01-01&to=2026-12-31&format=csv")
    assert answer.mimetype == "text/csv"
    rows = {row["fund"]: row for row in csv.DictReader(io.StringIO(answer.text))}
    assert (rows["CNAS"]["received"], rows["CNAS"]["withdrawn"], rows["CNSS"]["received"]) == ("2", "1", "0")


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_every_page_of_a_dispute_is_made_in_every_language(
    somebody: Somebody, service: Service, ids: Ids, language: str
) -> None:
    second, approver = somebody("second"), somebody("approver")
    contest(second, ids)
    dispute_id = the_dispute(service, ids).id
    for browser, address in (
        (second, f"/contributions/{ids.failed}/dispute"),
        (second, f"/disputes/{dispute_id}"),
        (approver, "/disputes"),
        (approver, f"/disputes/{ids.first_dispute}"),
        (approver, "/disputes/statistics"),
    ):
        assert f'<html lang="{language}"' in browser.get(f"{address}?lang={language}")
