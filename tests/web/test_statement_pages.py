"""Statements of the same days on the finance desk: which one counts, said by a clerk."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from bank_files import Booked, camt053
from web.conftest import Browser

from debit_service.banks import service as bank_store
from debit_service.core.work import SERVICE
from debit_service.reconcile.service import import_stored
from debit_service.wiring import Service

DAY = date(2026, 8, 31)
LEDGER = "/ledger/tie-out?fund=CNAS&month=2026-08"


@pytest.fixture
def anew(service: Service) -> None:
    """The bank wrote the statement of a day anew, with a booking that it had forgotten. A number is missing."""
    account = service.funds.get("CNAS").creditor.account.value
    stays, new = (Booked(minor, "DZD", DAY, servicer_reference=f"B{minor}") for minor in (5_00, 9_00))
    with service.desk.work(SERVICE) as work:
        for name, entries in (("S1", (stays,)), ("S3", (stays, new))):
            content = camt053(account, DAY, 0, *entries, message_id=name)
            bank_store.store(work, "in", "mock-bank", f"{name}.xml", content)
    import_stored(service.desk, SERVICE, service.funds)


def links(page: str) -> list[str]:
    return re.findall(r'href="(/ledger/statements/[0-9A-Z]+)"', page)


@pytest.mark.usefixtures("anew")
def test_a_clerk_says_which_statement_counts_and_takes_it_back(somebody: Callable[[str], Browser]) -> None:
    clerk, approver = somebody("clerk"), somebody("approver")
    page = clerk.get(LEDGER)
    assert "Say which one counts" in page
    assert "The numbers of the statements jump" in page
    address = links(page)[0]
    first, second = re.findall(r'<section class="card mb-3" id="([0-9A-Z]+)"', clerk.get(address))
    asked = {"replaced": first, "replacing": second, "why": "the bank sent it again"}
    assert "This one counts instead" not in approver.get(address)

    assert "Say why" in clerk.post(address, asked | {"why": ""}, 422)
    assert "same account, currency and days" in clerk.post(address, asked | {"replacing": first}, 422)
    more = clerk.post(address, asked | {"replaced": second, "replacing": first}, 422)
    assert "no other statement which counts tells of, or not alike: 1." in more
    assert "Ask the bank whether it took them back" in more
    (entry,) = re.findall(r'href="(/suspense/[0-9A-Z]+)">The first of them', more)
    assert "9.00" in clerk.get(entry)

    clerk.post(address, asked)
    assert "Does not count: another one does instead" in approver.get(address)
    ledger = clerk.get(LEDGER)
    assert "Say which one counts" not in ledger
    assert "A statement of this day does not count" in ledger
    assert "the bank sent it again" in ledger
    (file,) = re.findall(r'href="(/reports/tie-out[^"]+format=csv[^"]*)"', ledger)
    (row,) = (one for one in clerk.get(file.replace("&amp;", "&")).splitlines() if "the bank sent it again" in one)
    assert re.search(r",clerk[^,]*,\d{4}-\d\d-\d\d \d\d:\d\d UTC,", row)

    (undo,) = re.findall(r'action="([^"]+/undo)"', clerk.get(address))
    assert "Say why" in clerk.post(undo, {"why": ""}, 422, page=address)
    clerk.post(undo, {"why": "it was the other one"}, page=address)
    assert "Say which one counts" in clerk.get(LEDGER)
    assert "A statement of this day does not count" not in clerk.get(LEDGER)
    kept = approver.get(address)
    for part in ("CNAS", "the bank sent it again", "it was the other one"):
        assert part in kept


def test_a_statement_that_is_not_there_is_not_found(somebody: Callable[[str], Browser]) -> None:
    assert "There is no such statement." in somebody("clerk").get("/ledger/statements/nothing", 404)
