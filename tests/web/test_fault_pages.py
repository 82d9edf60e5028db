"""The pages of held failures and of outages: who is shown what, who decides, and what the employer reads."""

from collections.abc import Callable
from datetime import date

import pytest
from bank_files import Booked, camt054
from web.conftest import Browser
from web.story import Ids

from debit_service import operations
from debit_service.banks import service as bank_store
from debit_service.collections import queries as collections
from debit_service.core.work import SERVICE
from debit_service.penalties import queries
from debit_service.reconcile.service import import_stored
from debit_service.wiring import Service

FOUND = {"because": "the bank's letter says so", "evidence": "letter 12"}


@pytest.fixture
def held(service: Service, ids: Ids) -> str:
    """The debit that was paid comes back, and the bank hides why; returns its collection."""
    fund = service.funds.get("CNAS")
    with service.desk.reading(SERVICE) as work:
        (debit,) = collections.attempts(work, ids.paid)
        back = Booked(
            amount_minor=debit.amount_minor,
            currency=debit.currency,
            day=date(2026, 11, 20),
            direction="DBIT",
            end_to_end_id=debit.end_to_end_id,
            reason="MS03",
            sub_family="UPDD",
        )
        collection_id = debit.id
    with service.desk.work(SERVICE) as work:
        content = camt054(fund.creditor.account.value, back, message_id="LATE")
        bank_store.store(work, "in", "mock-bank", "late.xml", content)
    import_stored(service.desk, SERVICE, service.funds)
    operations.assess_penalties(service, SERVICE, fund)
    return collection_id


def decision(service: Service, collection_id: str) -> tuple[str, str]:
    """Who is held at fault, and what follows."""
    with service.desk.reading(SERVICE) as work:
        found = queries.decision_of(work, collection_id)
        assert found is not None
        return found.party, found.effect


def test_the_queue_leads_to_the_argument_and_to_whom_to_ask(somebody: Callable[[str], Browser], held: str) -> None:
    clerk = somebody("clerk")
    queue = clerk.get("/faults")
    assert f"/faults/{held}" in queue
    assert "MS03" in queue
    assert f"/faults/{held}" not in clerk.get("/faults?code=AM04")
    page = clerk.get(f"/faults/{held}")
    assert "the employer&#39;s bank" in page
    assert "What would change it" in page


def test_a_clerk_finds_and_another_person_approves(
    somebody: Callable[[str], Browser], service: Service, held: str
) -> None:
    clerk, approver, address = somebody("clerk"), somebody("approver"), f"/faults/{held}"
    assert "Say what you found out." in clerk.post(address, {"party": "EMPLOYER", "because": ""}, 422)
    clerk.post(address, {"party": "EMPLOYER", **FOUND})
    assert decision(service, held)[1] == "HOLD"
    assert f"/faults/{held}" in approver.get("/faults?waiting=1")
    assert "/approve" not in clerk.get(address)

    page = approver.get(address)
    approve = page.split('action="')[1:]
    (target,) = [one.split('"')[0] for one in approve if one.split('"')[0].endswith("/approve")]
    approver.post(target, {}, page=address)

    assert "Approved" in approver.get(address)
    assert f"/faults/{held}" not in clerk.get("/faults?waiting=1")


def test_a_milder_finding_counts_at_once_and_can_be_withdrawn(
    somebody: Callable[[str], Browser], service: Service, held: str
) -> None:
    clerk, address = somebody("clerk"), f"/faults/{held}"
    clerk.post(address, {"party": "DEBTOR_BANK", **FOUND})
    assert decision(service, held) == ("DEBTOR_BANK", "NONE")

    page = clerk.get(address)
    (target,) = [one.split('"')[0] for one in page.split('action="')[1:] if one.split('"')[0].endswith("/withdraw")]
    clerk.post(target, {"why": "it was another letter"}, page=address)

    assert decision(service, held)[1] == "HOLD"
    assert "it was another letter" in clerk.get(address)


def test_the_employer_reads_how_its_contribution_stands(
    somebody: Callable[[str], Browser], ids: Ids, held: str
) -> None:
    page = somebody("first").get(f"/contributions/{ids.paid}")
    assert "No penalty until then." in page
    assert "محل شك" in somebody("first").get(f"/contributions/{ids.paid}?lang=ar")


def test_an_administrator_records_an_outage_that_others_read(
    somebody: Callable[[str], Browser], service: Service
) -> None:
    administrator, clerk = somebody("administrator"), somebody("clerk")
    outage = {"began_at": "2026-10-05T08:00", "ended_at": "2026-10-05T10:00", "what": "no e-mail", "evidence": "INC-7"}
    wrong = administrator.post("/outages", outage | {"ended_at": "2026-10-05T07:00"}, 422)
    assert "begins before it ends" in wrong
    administrator.post("/outages", outage)
    page = clerk.get("/outages")
    assert "INC-7" in page
    assert '<form method="post" novalidate' not in page

    mine = administrator.get("/outages")
    (target,) = [one.split('"')[0] for one in mine.split('action="')[1:] if one.split('"')[0].endswith("/withdraw")]
    somebody("administrator-2").post(target, {"why": "the monitor was wrong"}, page="/outages")
    assert "the monitor was wrong" in clerk.get("/outages")
