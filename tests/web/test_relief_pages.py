"""The pages of reliefs and amnesties: grant, approve, undo; draw up, freeze, approve, carry out."""

import re
from collections.abc import Callable

from web.conftest import Browser
from web.story import Ids

from debit_service import operations
from debit_service.core.work import SERVICE
from debit_service.penalties import queries
from debit_service.wiring import Service

HALF = {
    "ground": "justified_file",
    "percent": "50",
    "authority": "local commission",
    "decided_on": "2026-11-20",
    "document": "decision 12/2026",
    "why": "the file shows a fire",
}
LAW = {
    "fund": "CNAS",
    "first_period": "2026-01",
    "last_period": "2026-12",
    "states": ["proposed", "confirmed", "notified", "paid"],
    "percent": "100",
    "law": "ordinance 21-12",
    "decided_on": "2026-11-01",
    "why": "the law says so",
}


def due(service: Service, penalty_id: str) -> int:
    with service.desk.reading(SERVICE) as work:
        return queries.due_minor(work, penalty_id)


def test_a_relief_that_a_clerk_grants_is_approved_and_undone_by_an_approver(
    service: Service, ids: Ids, somebody: Callable[[str], Browser]
) -> None:
    whole, page = due(service, ids.penalty), f"/reliefs/penalties/{ids.penalty}"
    clerk, approver = somebody("clerk"), somebody("approver")

    assert "does not let so much be relieved" in clerk.post(page, HALF | {"percent": "60"}, status=422)
    clerk.post(page, HALF)
    assert due(service, ids.penalty) == whole
    found = re.search(r"/reliefs/(\w+)/approve", approver.get(page))
    assert found
    assert f"/reliefs/{found[1]}/approve" not in clerk.get(page)

    approver.post(f"/reliefs/{found[1]}/approve", {}, page=page)
    assert due(service, ids.penalty) == whole // 2
    assert "Justified file" in clerk.get("/reliefs")

    approver.post(f"/reliefs/{found[1]}/undo", {"why": "another employer's file"}, page=page)
    assert due(service, ids.penalty) == whole


def test_an_amnesty_says_what_it_comes_to_before_anything_is_changed_and_is_carried_out_once_approved(
    service: Service, ids: Ids, somebody: Callable[[str], Browser]
) -> None:
    whole, clerk, approver = due(service, ids.penalty), somebody("clerk"), somebody("approver")

    assert "The first period comes after the last." in clerk.post(
        "/reliefs/amnesties", LAW | {"first_period": "2027-01"}, status=422
    )
    assert "Nothing has been changed" in clerk.post("/reliefs/amnesties", LAW, status=200)
    clerk.post("/reliefs/amnesties", LAW | {"prepare": "yes"})
    ((page),) = set(re.findall(r"/reliefs/amnesties/\w+", clerk.get("/reliefs/amnesties"))) - {
        f"/reliefs/amnesties/{ids.amnesty}"
    }
    assert "Approve this list" not in clerk.get(page)
    digest = re.search(r'name="sha256" value="(\w+)"', approver.get(page))
    assert digest

    approver.post(f"{page}/approve", {"sha256": digest[1]}, page=page)
    assert due(service, ids.penalty) == whole
    operations.carry_out_amnesties(service, SERVICE, service.funds.get("CNAS"))
    assert due(service, ids.penalty) == 0
    assert "Carried out" in clerk.get(page)

    approver.post(f"{page}/undo", {"why": "annulled"}, page=page)
    operations.carry_out_amnesties(service, SERVICE, service.funds.get("CNAS"))
    assert due(service, ids.penalty) == whole
