"""Payments by other means on the page of a contribution: a clerk records, an approver undoes, the employer sees what counts."""

from collections.abc import Callable

import pytest
from web.conftest import Browser
from web.story import Ids

Somebody = Callable[[str], Browser]
TRANSFER = {
    "amount": "80000.00",
    "paid_on": "2026-11-20",
    "means": "transfer",
    "reference": "VIR-17",
    "evidence": "relevé 17",
}


def record(somebody: Somebody, contribution_id: str, status: int = 302, **changes: str) -> str:
    """A clerk fills in the form on the page of the contribution."""
    page = f"/contributions/{contribution_id}"
    return somebody("clerk").post(f"{page}/payments", TRANSFER | changes, status, page=page)


def undo_address(page: str) -> str:
    """Where the one form for undoing goes."""
    return page.rsplit('action="', maxsplit=1)[-1].split('"', maxsplit=1)[0]


def test_a_recorded_payment_is_seen_by_the_desk_and_by_the_employer(somebody: Somebody, ids: Ids) -> None:
    record(somebody, ids.failed)

    desk, employer = (somebody(login).get(f"/contributions/{ids.failed}") for login in ("clerk", "second"))
    for page in (desk, employer):
        assert "Paid by other means on" in page
        assert "VIR-17" in page
    assert "relevé 17" in desk
    assert "relevé 17" not in employer
    assert "Record a payment" not in employer


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"amount": "1,5"}, "Write the amount with digits and one point"),
        ({"amount": "0"}, "A payment is more than nothing."),
        ({"paid_on": "2026-12-24"}, "This day lies in the future."),
        ({"means": ""}, "Say how it was paid."),
        ({"evidence": " "}, "Name the document."),
    ],
    ids=["amount", "zero", "day", "means", "evidence"],
)
def test_what_cannot_be_right_is_told_at_the_form_and_kept_in_it(
    somebody: Somebody, ids: Ids, changes: dict[str, str], message: str
) -> None:
    page = record(somebody, ids.failed, 422, **changes)

    assert message in page
    assert 'value="VIR-17"' in page


def test_more_than_is_owed_is_shown_as_to_be_refunded(somebody: Somebody, ids: Ids) -> None:
    record(somebody, ids.paid, amount="100.00")

    page = somebody("clerk").get(f"/contributions/{ids.paid}")

    assert "More was paid than is owed" in page
    assert "more was paid than is owed" in somebody("clerk").get("/")


def test_an_approver_undoes_a_payment_with_a_reason_and_it_stays_on_the_page(somebody: Somebody, ids: Ids) -> None:
    record(somebody, ids.failed)
    address = f"/contributions/{ids.failed}"
    undo = undo_address(somebody("approver").get(address))

    assert "Say why." in somebody("approver").post(undo, {"why": " "}, 422, page=address)
    somebody("approver").post(undo, {"why": "wrong employer"}, page=address)

    page = somebody("approver").get(address)
    assert "wrong employer" in page
    assert "Paid by other means on" not in page
    assert "wrong employer" not in somebody("second").get(address)
