"""The journal on the finance desk: its tie-out with the bank's statements, and closing it by two people."""

import re
from collections.abc import Callable

import pytest
from web.conftest import Browser
from web.story import PASSWORD, Ids

from debit_service.core.work import SERVICE
from debit_service.ledger import queries
from debit_service.ledger.models import ClosedPeriod
from debit_service.wiring import Service


def closed(service: Service, period_id: str) -> ClosedPeriod:
    """A close as it stands now."""
    with service.desk.reading(SERVICE) as work:
        period = queries.close(work.session, period_id)
        work.session.expunge(period)
        return period


def test_the_tie_out_names_what_no_statement_tells_of_and_leads_to_its_entries(
    somebody: Callable[[str], Browser],
) -> None:
    clerk = somebody("clerk")
    page = clerk.get("/ledger/tie-out?fund=CNAS&month=2026-10")
    assert "Findings: 1" in page
    assert "no statement tells of these days yet" in page
    (entries,) = re.findall(r'href="(/reports/entries[^"]+)"', page)
    assert "PAID" not in entries
    assert 'id="entries"' in clerk.get(entries.replace("&amp;", "&"))
    assert "No statement closes in this month" in clerk.get("/ledger/tie-out?fund=CNAS&month=2026-08")


def test_a_month_that_is_none_is_refused(somebody: Callable[[str], Browser]) -> None:
    for month in ("september", "9999-12", "0001-01"):
        somebody("clerk").get(f"/ledger/tie-out?month={month}", 422)


def test_an_approver_sees_sums_and_hash_and_closes_what_another_has_prepared(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    approver, address = somebody("approver"), f"/ledger/closing/{ids.close}"
    period, page = closed(service, ids.close), approver.get(address)
    assert period.sha256 in page
    assert "statements come by post" in page
    assert "322,500.50" in page

    answer = {"sha256": period.sha256, "password": PASSWORD}
    approver.post(f"{address}/approve", answer | {"password": "a wrong password"}, 422, page=address)
    approver.post(f"{address}/approve", answer | {"sha256": "0" * 64}, 409, page=address)
    assert closed(service, ids.close).approved_at is None

    approver.post(f"{address}/approve", answer, page=address)
    assert closed(service, ids.close).approved_by == "approver"
    assert "/approve" not in approver.get(address)


def test_nobody_approves_what_they_prepared(somebody: Callable[[str], Browser], service: Service) -> None:
    approver = somebody("approver")
    answer = {"fund": "CNAS", "through": "2026-11-20", "why": "made anew", "despite": "by post"}
    made = approver.client.post(
        "/ledger/closing", data={"csrf_token": token(approver.get("/ledger/closing")), **answer}
    )
    page = approver.get(made.location)
    assert "Another person than the preparer" in page
    assert "/approve" not in page


def token(page: str) -> str:
    """The form's token."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"despite": ""}, "The tie-out has findings in these days. Look at it"),
        ({"why": ""}, "Say why."),
        ({"through": "2026-12-31"}, "This day is not over yet."),
        ({"through": "soon"}, "Enter the day."),
    ],
    ids=["findings", "no reason", "a day to come", "no day"],
)
def test_a_refused_preparation_says_why_and_keeps_what_was_prepared(
    somebody: Callable[[str], Browser], service: Service, ids: Ids, answer: dict[str, str], said: str
) -> None:
    good = {"fund": "CNAS", "through": "2026-11-21", "why": "October is made", "despite": "by post"}
    page = somebody("clerk").post("/ledger/closing", good | answer, 422, page="/ledger/closing")
    assert said in page
    assert good["fund"] in page
    assert closed(service, ids.close).why == "the accounts are made"


def test_the_trial_balance_leads_to_each_account_its_lines_their_entry_and_its_evidence(
    somebody: Callable[[str], Browser], service: Service
) -> None:
    clerk = somebody("clerk")
    page = clerk.get("/ledger/trial-balance?fund=CNAS")
    with service.desk.reading(SERVICE) as work:
        balances = queries.trial_balance(work.session, fund_id="CNAS")
    standing = {name.partition("/")[0] for name, _ in balances}
    accounts = set(re.findall(r'href="(/ledger/account[^"]+)"', page))
    assert {re.findall(r"account=([a-z-]+)", one)[0] for one in accounts} == standing
    assert f"{balances['bank/CNAS', 'DZD'] / 100:,.2f}" in page

    (bank,) = (one for one in accounts if "account=bank" in one)
    lines = clerk.get(bank.replace("&amp;", "&"))
    assert "Debit booked by the bank" in lines
    assert f"{balances['bank/CNAS', 'DZD'] / 100:,.2f}" in lines
    booking = clerk.get(re.findall(r'href="(/ledger/bookings/[^"]+)"', lines)[0])
    (entry,) = set(re.findall(r'href="(/reports/entries/[^"]+)"', booking))
    assert "Show what the bank wrote" in clerk.get(entry)
    clerk.get("/ledger/bookings/NOTHING", 404)


def test_the_totals_of_a_close_lead_to_the_lines_that_they_are_made_of(
    somebody: Callable[[str], Browser], ids: Ids
) -> None:
    clerk = somebody("clerk")
    leads = re.findall(r'href="(/ledger/account[^"]+until=[^"]+)"', clerk.get(f"/ledger/closing/{ids.close}"))
    assert leads
    for one in leads:
        assert 'id="lines"' in clerk.get(one.replace("&amp;", "&"))


@pytest.mark.parametrize("kind", ["csv", "xlsx", "pdf"])
@pytest.mark.parametrize("page", ["trial-balance?fund=CNAS", "account?fund=CNAS&account=bank"])
def test_the_books_are_downloaded_with_what_they_are_in_their_name(
    somebody: Callable[[str], Browser], page: str, kind: str
) -> None:
    answer = somebody("clerk").client.get(f"/ledger/{page}&since=2026-10-01&format={kind}")
    assert answer.status_code == 200
    assert re.search(rf'"[a-z-]+-CNAS-(bank-)?2026-10-01-2026\d{{4}}T\d{{6}}Z\.{kind}"', str(answer.headers))


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("trial-balance?fund=NOPE", "fund"),
        ("account?account=bank", "fund"),
        ("account?fund=CNAS&account=cash", "account"),
        ("account?fund=CNAS&account=bank&after=me", "after"),
        ("account?fund=CNAS&account=bank&after=2026-10-01,X,99999999999999999999", "after"),
        ("trial-balance?fund=CNAS&since=2026-10-02&until=2026-10-01", "until"),
    ],
)
def test_books_that_there_are_not_are_refused(somebody: Callable[[str], Browser], address: str, names: str) -> None:
    assert names in somebody("clerk").get(f"/ledger/{address}", 422)
