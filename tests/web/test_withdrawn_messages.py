"""A message about a penalty that was withdrawn before it left is seen as such on the penalty's page."""

from collections.abc import Callable

from house import CLERK
from web.conftest import Browser
from web.story import Ids

from debit_service import operations
from debit_service.core.work import SERVICE
from debit_service.penalties import queries
from debit_service.wiring import Service


def test_the_page_says_that_a_message_was_withdrawn_and_not_that_it_waits(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    approver, page = somebody("approver"), f"/penalties/{ids.penalty}"
    with service.desk.reading(SERVICE) as work:
        fund = service.funds.get(queries.get(work, ids.penalty).fund_id)
        seen = queries.money_of(work, ids.penalty).whole_minor
    why = {"why": "Looked at the file."}
    approver.post(f"{page}/confirm", why | {"seen_minor": str(seen)}, page=page)
    assert operations.notify_penalties(service, CLERK, fund) == 1
    assert "waits to leave" in approver.get(page)

    approver.post(f"{page}/reverse", why, page=page)
    operations.deliver(service, CLERK)

    shown = approver.get(page)
    assert "was withdrawn before it left" in shown
    assert "waits to leave" not in shown
