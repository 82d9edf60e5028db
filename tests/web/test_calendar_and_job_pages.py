"""Calendars as staff correct them, and what the worker did, on pages."""

import re
from collections.abc import Callable
from datetime import date

from web.conftest import Browser

from debit_service import operations
from debit_service.core import runs
from debit_service.core.work import SERVICE
from debit_service.wiring import Service

WANTED = {"day": "2027-03-11", "becomes": "closed", "why": "<b>Eid</b>, as announced", "source": "communique"}


def test_a_clerk_corrects_a_day_sees_it_and_withdraws_it(somebody: Callable[[str], Browser], service: Service) -> None:
    clerk, day = somebody("clerk"), date(2027, 3, 11)
    assert "estimated, not announced yet" in clerk.get("/calendars/DZ?year=2027")

    clerk.post("/calendars/DZ", WANTED)

    assert service.calendars["DZ"].why_closed(day) == WANTED["why"]
    page = clerk.get("/calendars/DZ?year=2027")
    assert "Saved. It counts from now on." in page
    assert "CNAS: debits re-dated 0, batches cancelled 0, due dates moved 0." in page
    assert "&lt;b&gt;Eid&lt;/b&gt;, as announced" in page
    address = re.search(r'action="(/calendars/DZ/[^"]+/withdraw)"', page)
    assert address
    clerk.post(address[1], {"why": "a mistake"}, page="/calendars/DZ?year=2027")
    assert "a mistake" in clerk.get("/calendars/DZ?year=2027")
    assert service.calendars["DZ"].estimated(day)


def test_a_correction_that_is_refused_is_told_beside_its_field(somebody: Callable[[str], Browser]) -> None:
    page = somebody("clerk").post("/calendars/DZ", WANTED | {"day": "2026-11-01"}, 422)
    assert "This day is over; what was done on it stays." in page
    assert "Say why." in somebody("clerk").post("/calendars/DZ", WANTED | {"why": " "}, 422)


def test_an_approver_reads_calendars_and_cannot_correct_them(somebody: Callable[[str], Browser]) -> None:
    page = somebody("approver").get("/calendars/TARGET?year=2027")
    assert "the list of public holidays" in page
    assert "Save and re-date" not in page


def test_the_page_of_jobs_shows_every_run_and_those_of_a_date(
    somebody: Callable[[str], Browser], service: Service
) -> None:
    administrator = somebody("administrator")
    assert "No job has run." in administrator.get("/jobs")
    fund = service.funds.get("CNAS")
    with runs.turn(service.desk, SERVICE, "plan", fund.id, operations.today(service, fund)) as run_id:
        runs.finish(service.desk, SERVICE, run_id or "", "failed", "the run is held")

    assert "the run is held" in administrator.get("/jobs")
    assert "the run is held" in administrator.get("/jobs?date=2026-11-24")
    assert "No job has run." in administrator.get("/jobs?date=2026-11-23")
