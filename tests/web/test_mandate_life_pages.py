"""The life of a mandate on the pages of the desk: what each person may do with it, and whom nobody may debit."""

import re
from collections.abc import Callable

import pytest
from web.conftest import Browser
from web.story import FREE_RIB, Ids

from debit_service.core.work import SERVICE
from debit_service.mandates import queries
from debit_service.mandates import service as mandates
from debit_service.wiring import Service

Somebody = Callable[[str], Browser]
PROVEN = {"evidence": "Letter 12", "why": "The employer asked."}


def state(service: Service, mandate_id: str) -> str:
    with service.desk.reading(SERVICE) as work:
        return queries.state(work, mandate_id)


def moves(page: str) -> list[str]:
    """What the page offers to do."""
    return re.findall(r'name="what"\s+value="([^"]+)"', page)


def test_clerk_and_approver_each_see_what_they_may_do(somebody: Somebody, ids: Ids) -> None:
    address = f"/mandate-desk/{ids.first_mandate}/life"
    clerk, approver = somebody("clerk"), somebody("approver")
    assert moves(clerk.get(address)) == ["suspend", "revoked_by_bank", "last"]
    assert moves(approver.get(address)) == []
    clerk.post(address, {"what": "suspend", **PROVEN})
    assert moves(clerk.get(address)) == ["revoked_by_bank", "last"]
    assert moves(approver.get(address)) == ["resume"]
    assert address in approver.get("/mandate-desk/stopped")
    assert address in clerk.get(f"/mandates/{ids.first_mandate}/documents")
    assert address not in somebody("first").get(f"/mandates/{ids.first_mandate}/documents")


def test_a_suspended_mandate_is_resumed_by_an_approver_only(somebody: Somebody, service: Service, ids: Ids) -> None:
    address = f"/mandate-desk/{ids.first_mandate}/life"
    somebody("clerk").post(address, {"what": "suspend", **PROVEN})
    somebody("clerk").post(address, {"what": "resume", **PROVEN}, 422)
    assert state(service, ids.first_mandate) == "suspended"
    somebody("approver").post(address, {"what": "resume", **PROVEN})
    assert state(service, ids.first_mandate) == "active"
    page = somebody("clerk").get(address)
    assert "Letter 12" in page
    assert "The employer asked." in page


@pytest.mark.parametrize("missing", ["what", "evidence", "why"])
def test_without_proof_or_reason_nothing_is_done(somebody: Somebody, service: Service, ids: Ids, missing: str) -> None:
    answer = {"what": "suspend", **PROVEN} | {missing: " "}
    page = somebody("clerk").post(f"/mandate-desk/{ids.first_mandate}/life", answer, 422)
    assert f'href="#{missing}"' in page
    assert state(service, ids.first_mandate) == "active"


def test_the_last_debit_is_asked_for_once(somebody: Somebody, ids: Ids) -> None:
    clerk, address = somebody("clerk"), f"/mandate-desk/{ids.first_mandate}/life"
    clerk.post(address, {"what": "last", **PROVEN})
    page = clerk.get(address)
    assert "The next debit is the last one. " in page
    assert "last" not in moves(page)


def test_that_the_bank_revoked_it_is_seen_by_the_employer(somebody: Somebody, ids: Ids) -> None:
    somebody("clerk").post(f"/mandate-desk/{ids.first_mandate}/life", {"what": "revoked_by_bank", **PROVEN})
    assert "Revoked by your bank" in somebody("first").get("/mandates")


def amended(**changed: str) -> dict[str, str]:
    """The form of a change, with nothing changed but what a test says."""
    empty = dict.fromkeys(("account", "debtor_name", "reference", "new_bank"), "")
    return empty | {"account_scheme": "DZ_RIB", "received_at": "2026-11-20", **PROVEN} | changed


def test_a_changed_mandate_shows_its_version_and_never_its_account(
    somebody: Somebody, service: Service, ids: Ids
) -> None:
    clerk = somebody("clerk")
    clerk.post(f"/mandate-desk/{ids.first_mandate}/amend", amended(account=FREE_RIB, reference="NEW-1"))
    page = clerk.get(f"/mandate-desk/{ids.first_mandate}/life")
    assert "Version 2: Account number, Mandate reference" in page
    assert FREE_RIB not in page
    assert FREE_RIB[-4:] in page
    assert state(service, ids.first_mandate) == "signed"
    with service.desk.reading(SERVICE) as work:
        (kept,) = queries.amendments(work, ids.first_mandate)
        assert (kept.made_by, kept.received_at.isoformat()) == ("clerk", "2026-11-19T23:00:00+00:00")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "All of this stands in the mandate already."),
        ({"account": FREE_RIB[:-1] + "x"}, "Write the account number with digits only."),
        ({"reference": "CNAS-1600000002-1"}, 'href="#reference"'),
        ({"reference": "R", "received_at": "2027-01-01"}, 'href="#received_at"'),
        ({"reference": "R", "received_at": ""}, 'href="#received_at"'),
        ({"reference": "R", "evidence": ""}, 'href="#evidence"'),
        ({"reference": "R", "why": ""}, 'href="#why"'),
    ],
)
def test_what_cannot_be_changed_is_said_at_its_place(
    somebody: Somebody, service: Service, ids: Ids, changed: dict[str, str], said: str
) -> None:
    page = somebody("clerk").post(f"/mandate-desk/{ids.first_mandate}/amend", amended(**changed), 422)
    assert said in page
    with service.desk.reading(SERVICE) as work:
        assert mandates.get(work, ids.first_mandate).version == 1


def test_a_clerk_blocks_and_an_approver_lifts(somebody: Somebody, service: Service, ids: Ids) -> None:
    clerk, approver, address = somebody("clerk"), somebody("approver"), "/mandate-desk/stopped"
    blocked = {
        "employer": "099900000000002",
        "account": "",
        "account_scheme": "DZ_RIB",
        "fund": "",
        "why": "Insolvent.",
    }
    clerk.post(address, blocked)
    assert "This is blocked already." in clerk.post(address, blocked, 422)
    assert "debits of this employer are blocked" in clerk.get(f"/mandate-desk/{ids.second_mandate}/life")
    assert "Lift the block" not in clerk.get(address)
    with service.desk.reading(SERVICE) as work:
        (block_id,) = (block.id for block in queries.blocks(work))
    assert "Entreprise Deux" in approver.get(address)
    approver.post(f"/mandate-desk/blocks/{block_id}", {"why": "Settled."}, page=address)
    assert "Nobody is blocked." in approver.get(address)


def test_a_blocked_account_is_shown_by_its_last_characters(somebody: Somebody) -> None:
    clerk, address = somebody("clerk"), "/mandate-desk/stopped"
    account = {"employer": "", "account": FREE_RIB, "account_scheme": "DZ_RIB", "fund": "CNAS", "why": "Stolen."}
    clerk.post(address, account)
    page = clerk.get(address)
    assert FREE_RIB[-4:] in page
    assert FREE_RIB not in page


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "Name an employer, or an account with its kind."),
        ({"employer": "nobody"}, 'href="#employer"'),
        ({"account": "12"}, "An Algerian RIB has 20 digits."),
        ({"employer": "099900000000002", "why": ""}, "Say why."),
    ],
)
def test_a_block_names_whom_it_is_about(somebody: Somebody, changed: dict[str, str], said: str) -> None:
    empty = {"employer": "", "account": "", "account_scheme": "DZ_RIB", "fund": "", "why": "Stolen."}
    assert said in somebody("clerk").post("/mandate-desk/stopped", empty | changed, 422)
