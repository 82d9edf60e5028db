"""The finance desk: the report, batches with four eyes, suspense, penalties, funds."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from web.conftest import Browser
from web.story import PASSWORD, Ids

from debit_service.collections import queries as collections
from debit_service.collections.service import bounds
from debit_service.core.work import SERVICE
from debit_service.penalties import queries as penalties
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.queue import waiting
from debit_service.reports import service as reports
from debit_service.reports.lines_csv import as_csv
from debit_service.reports.rules import FundTotals
from debit_service.wiring import Service


def batch_state(service: Service, batch_id: str) -> str:
    """The state of a batch now."""
    with service.desk.reading(SERVICE) as work:
        return collections.batch_state(work, batch_id)


def shown_hash(page: str) -> str:
    """The hash that the approver was shown."""
    found = re.search(r'name="sha256" value="([0-9a-f]{64})"', page)
    assert found
    return found[1]


def test_the_totals_are_those_of_the_report(somebody: Callable[[str], Browser], service: Service) -> None:
    with service.desk.reading(SERVICE) as work:
        (totals,) = reports.overview(work, service.funds, service.debit_calendars).totals
    table = somebody("clerk").get("/").split('id="totals"')[1].split("</table>")[0]
    cells = [re.sub(r"<[^>]+>|\s+", " ", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", table, re.DOTALL)]
    numbers = [
        tuple(int(part) for part in re.findall(r"\d+", cell.replace(",", "").replace(".", ""))) for cell in cells
    ]
    assert numbers == expected_numbers(totals)


def cells_of(page: str) -> list[str]:
    """The cells of the totals."""
    table = page.partition('id="totals"')[2].partition("</table>")[0]
    return re.findall(r'<td class="amount">(.*?)</td>', table, re.DOTALL)


def numbers_in(text: str) -> list[str]:
    """The numbers of a piece of a page, as they are read."""
    return re.findall(r"[0-9][0-9,.]*", re.sub(r"<[^>]+>", " ", text))


def test_each_total_leads_to_a_list_of_the_same_number(somebody: Callable[[str], Browser]) -> None:
    clerk = somebody("clerk")
    followed = set()
    for cell in cells_of(clerk.get("/")):
        count, *amount = numbers_in(cell)
        addresses = [unescape(one) for one in re.findall(r'href="([^"]+)"', cell)]
        assert bool(addresses) == (count != "0")
        for address in addresses:
            page = clerk.get(address)
            rows = page[page.rindex("<tbody>") : page.rindex("</tbody>")].count("<tr>")
            assert rows == int(count), address
            assert all(one in numbers_in(page) for one in amount), address
            followed.add(address.partition("?")[0])
    assert followed == {"/report", "/reports/collections"}


def test_what_waits_stands_on_the_first_page_and_leads_to_the_queue_and_to_its_entries(
    somebody: Callable[[str], Browser], service: Service
) -> None:
    with service.desk.reading(SERVICE) as work:
        ((entry, _, left_minor, _),) = waiting.entries(work)
        entry_id, amount = entry.id, f"{left_minor // 100:,}"
    clerk = somebody("clerk")
    suspense = clerk.get("/?since=2027-01-01").split('id="suspense"')[1].split("</table>")[0]
    to_queue, to_entries = (unescape(one) for one in re.findall(r'href="([^"]+)"', suspense))
    assert amount in suspense
    assert f'id="{entry_id}"' in clerk.get(to_queue)
    assert amount in clerk.get(to_entries)
    assert entry_id in clerk.get(to_entries)


def expected_numbers(totals: FundTotals) -> list[tuple[int, ...]]:
    """The numbers of the fund's column, in the order of its rows; amounts in minor units."""
    pairs = (
        totals.due, totals.debited, totals.paid, totals.paid_otherwise, totals.refunds_owed, totals.rejected,
        totals.returned, totals.not_collected, totals.charged, totals.proposed,
    )  # fmt: skip
    return [*pairs, (totals.held,), (totals.not_penalised,)]


@pytest.mark.parametrize(
    ("query", "references"),
    [
        ("", {"PAID", "FAILED", "LOST", "NEXT"}),
        ("?standing=paid", {"PAID"}),
        ("?penalty=proposed", {"FAILED"}),
        ("?fund=CNAS&standing=under+way", {"LOST", "NEXT"}),
        ("?fund=CNSS", set()),
    ],
)
def test_the_table_can_be_narrowed_down(somebody: Callable[[str], Browser], query: str, references: set[str]) -> None:
    table = somebody("clerk").get(f"/report{query}").rpartition("<tbody>")[2]
    assert set(re.findall(r"\b(PAID|FAILED|LOST|NEXT)\b", table)) == references


def test_a_page_leads_to_the_next_one(somebody: Callable[[str], Browser], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "LINES_SHOWN_MAX", 3)
    clerk = somebody("clerk")
    page = clerk.get("/report?fund=CNAS")
    assert "Shown: 3 of 4." in page
    (address,) = re.findall(r'href="([^"]+)">Next</a>', page)
    last = clerk.get(address.replace("&amp;", "&"))
    assert "Shown: 1 of 4." in last
    assert ">Next</a>" not in last


def test_the_overview_counts_what_fell_due_since_a_day(somebody: Callable[[str], Browser]) -> None:
    clerk = somebody("clerk")
    assert "CNAS" in clerk.get("/?since=").split('id="totals"')[1].split("</table>")[0]
    assert "CNAS" not in clerk.get("/?since=2026-12-01").split('id="totals"')[1].split("</table>")[0]
    clerk.get("/?since=december", 422)


def test_the_csv_is_that_of_the_report(somebody: Callable[[str], Browser], service: Service) -> None:
    with service.desk.reading(SERVICE) as work:
        expected = b"".join(as_csv(reports.lines(work, service.funds, service.debit_calendars, service.codes)))
    answer = somebody("clerk").client.get("/report.csv")
    assert answer.data == expected
    assert answer.headers["Content-Disposition"].startswith("attachment")
    only = somebody("clerk").client.get("/report.csv?standing=paid").text
    assert "PAID" in only
    assert "FAILED" not in only


def test_the_batch_page_shows_what_is_to_be_approved(somebody: Callable[[str], Browser], ids: Ids) -> None:
    page = somebody("approver").get(f"/batches/{ids.batch_made}")
    assert "121,000.00" in page
    assert "Approve 1 collections" in page


def test_another_person_than_the_maker_approves_with_the_password_again(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    approver, address = somebody("approver"), f"/batches/{ids.batch_made}"
    sha256 = shown_hash(approver.get(address))
    approver.post(f"{address}/approve", {"sha256": sha256, "password": PASSWORD}, page=address)
    assert batch_state(service, ids.batch_made) == "approved"
    with service.desk.reading(SERVICE) as work:
        approval = collections.approval(work, ids.batch_made)
        assert approval is not None
        assert (approval.approved_by, approval.sha256) == ("approver", sha256)


def test_a_wrong_password_approves_nothing(somebody: Callable[[str], Browser], service: Service, ids: Ids) -> None:
    approver, address = somebody("approver"), f"/batches/{ids.batch_made}"
    sha256 = shown_hash(approver.get(address))
    approver.post(f"{address}/approve", {"sha256": sha256, "password": "a wrong password"}, 422, page=address)
    assert batch_state(service, ids.batch_made) == "made"


def test_guessing_the_password_of_the_approval_is_stopped(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    approver, address = somebody("approver"), f"/batches/{ids.batch_made}"
    sha256 = shown_hash(approver.get(address))
    for _ in range(5):
        approver.post(f"{address}/approve", {"sha256": sha256, "password": "a wrong password"}, 422, page=address)
    approver.post(f"{address}/approve", {"sha256": sha256, "password": PASSWORD}, 429, page=address)
    assert batch_state(service, ids.batch_made) == "made"


def test_other_bytes_than_those_shown_are_not_approved(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    approver, address = somebody("approver"), f"/batches/{ids.batch_made}"
    approver.post(f"{address}/approve", {"sha256": "0" * 64, "password": PASSWORD}, 409, page=address)
    assert batch_state(service, ids.batch_made) == "made"


def test_the_maker_cannot_approve(somebody: Callable[[str], Browser], service: Service, ids: Ids) -> None:
    address = f"/batches/{ids.batch_made}"
    with service.desk.work(SERVICE) as work:
        batch = collections.batch(work, ids.batch_made)
        batch.made_by, sha256 = "approver", batch.sha256
    approver = somebody("approver")
    assert "Another person than the maker" in approver.get(address)
    approver.post(f"{address}/approve", {"sha256": sha256, "password": PASSWORD}, 409, page=address)
    assert batch_state(service, ids.batch_made) == "made"


def test_the_clerk_is_offered_no_approval(somebody: Callable[[str], Browser], ids: Ids) -> None:
    assert 'name="password"' not in somebody("clerk").get(f"/batches/{ids.batch_made}")


def test_what_is_not_approved_is_not_sent(somebody: Callable[[str], Browser], service: Service, ids: Ids) -> None:
    clerk, address = somebody("clerk"), f"/batches/{ids.batch_made}"
    clerk.post(f"{address}/send", {}, 409, page=address)
    assert batch_state(service, ids.batch_made) == "made"


def test_sending_while_the_bank_is_down_says_so_and_can_be_tried_again(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    approver, address = somebody("approver"), f"/batches/{ids.batch_made}"
    sha256 = shown_hash(approver.get(address))
    approver.post(f"{address}/approve", {"sha256": sha256, "password": PASSWORD}, page=address)
    clerk = somebody("clerk")
    clerk.post(f"{address}/send", {}, page=address)
    assert "The bank did not take the file" in clerk.get(address)
    assert batch_state(service, ids.batch_made) == "approved"


def end_to_end_id(service: Service, contribution_id: str) -> str:
    """The reference under which a contribution was debited."""
    with service.desk.reading(SERVICE) as work:
        return collections.attempts(work, contribution_id)[0].end_to_end_id


def test_an_entry_in_suspense_is_matched_with_a_reason(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    answer = {"end_to_end_id": end_to_end_id(service, ids.lost), "why": "The bank told us the reference."}
    somebody("clerk").post(f"/suspense/{ids.suspense}", answer)
    with service.desk.reading(SERVICE) as work:
        assert waiting.entries(work) == []
        assert reconcile.payments(work, ids.lost) != []


def test_an_entry_that_does_not_fit_the_collection_stays_in_suspense(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    answer = {"end_to_end_id": end_to_end_id(service, ids.failed), "why": "A guess."}
    page = somebody("clerk").post(f"/suspense/{ids.suspense}", answer, 422)
    assert "There is a problem" in page
    assert "A guess." in page
    with service.desk.reading(SERVICE) as work:
        assert len(waiting.entries(work)) == 1


def test_matching_needs_a_reference_and_a_reason(somebody: Callable[[str], Browser], ids: Ids) -> None:
    page = somebody("clerk").post(f"/suspense/{ids.suspense}", {"end_to_end_id": "", "why": ""}, 422)
    assert 'href="#end_to_end_id-match"' in page
    assert 'href="#why-match"' in page


def test_an_entry_that_does_not_wait_is_not_shown(somebody: Callable[[str], Browser]) -> None:
    somebody("clerk").get("/suspense/unknown", 404)


@pytest.mark.parametrize(("act", "state"), [("confirm", "confirmed"), ("reverse", "reversed")])
def test_the_approver_decides_about_a_proposal_with_a_reason(
    somebody: Callable[[str], Browser], service: Service, ids: Ids, act: str, state: str
) -> None:
    approver = somebody("approver")
    assert f"/penalties/{ids.penalty}" in approver.get("/penalties")
    page = f"/penalties/{ids.penalty}"
    assert "The debit was announced and presented as agreed" in approver.get(page)
    with service.desk.reading(SERVICE) as work:
        seen = penalties.money_of(work, ids.penalty).whole_minor
    approver.post(f"{page}/{act}", {"why": "Looked at the file.", "seen_minor": str(seen)}, page=page)
    with service.desk.reading(SERVICE) as work:
        assert penalties.state_of(work, ids.penalty) == state


def test_a_decision_without_a_reason_changes_nothing(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    page = f"/penalties/{ids.penalty}"
    somebody("approver").post(f"{page}/confirm", {"why": " "}, 422, page=page)
    with service.desk.reading(SERVICE) as work:
        assert penalties.state_of(work, ids.penalty) == "proposed"


def test_every_fact_of_every_fund_is_shown_and_the_unconfirmed_marked(
    somebody: Callable[[str], Browser], service: Service
) -> None:
    page = somebody("administrator").get("/funds")
    facts = [fact for fund in service.funds for fact in fund.facts()]
    assert all(f">{fact.place}<" in page for fact in facts)
    marked = [fact for fact in facts if not fact.confirmed]
    assert page.count('class="table-warning"') == len(marked) > 0


def test_a_run_that_stopped_at_a_bound_is_released_by_an_approver_with_the_password_again(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    assert "stopped at a safety bound" in somebody("clerk").get("/batches")
    address = f"/batches/held/{ids.held_run}"
    assert 'name="password"' not in somebody("clerk").get(address)
    approver = somebody("approver")
    assert "3 debits, and the bound is 2" in approver.get(address)

    answer = {"why": "two months came together", "password": "a wrong password"}
    approver.post(f"{address}/release", answer, 422, page=address)
    approver.post(f"{address}/release", answer | {"password": PASSWORD}, page=address)

    with service.desk.reading(SERVICE) as work:
        hold = bounds.get(work, ids.held_run)
        assert (hold.released_by, hold.released_why) == ("approver", "two months came together")
    assert "stopped at a safety bound" not in approver.get("/batches")


def test_a_batch_that_was_not_sent_is_cancelled_with_a_reason(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    clerk, address = somebody("clerk"), f"/batches/{ids.batch_made}/cancel"
    clerk.post(address, {"why": ""}, 422)
    clerk.post(address, {"why": "a wrong amount"})
    assert batch_state(service, ids.batch_made) == "cancelled"


def test_a_batch_that_the_bank_has_is_not_cancelled_here(somebody: Callable[[str], Browser], ids: Ids) -> None:
    clerk = somebody("clerk")
    assert "only a reversal" in clerk.get(f"/batches/{ids.batch_sent}")
    clerk.post(f"/batches/{ids.batch_sent}/cancel", {"why": "too late"}, 409)
