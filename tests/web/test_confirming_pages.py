"""Many penalties on one page: totals, what is ticked, what became of each; and the same from a shell."""

from collections.abc import Callable

import pytest
from web.conftest import Browser
from web.story import Ids

from debit_service.core.money import format_minor
from debit_service.core.work import SERVICE
from debit_service.penalties import queries
from debit_service.wiring import Service

PAGE = "/penalties/many?fund=CNAS"
WHY = "The files are complete."


def whole(service: Service, penalty_id: str) -> int:
    with service.desk.reading(SERVICE) as work:
        return queries.money_of(work, penalty_id).whole_minor


def state(service: Service, penalty_id: str) -> str | None:
    with service.desk.reading(SERVICE) as work:
        return queries.state_of(work, penalty_id)


def test_the_page_says_how_many_wait_and_how_much_and_the_filter_narrows_it_down(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    approver, amount = somebody("approver"), whole(service, ids.penalty)
    assert "/penalties/many" in approver.get("/penalties")
    page = approver.get(PAGE)
    assert f'value="{ids.penalty}:{amount}"' in page
    assert "checked" not in page.split("<table")[1]
    assert "checked" in approver.get(f"{PAGE}&tick=1").split("<table")[1]
    below = format_minor(amount - 1, "DZD")
    assert ids.penalty not in approver.get(f"{PAGE}&up_to={below}")
    assert ids.penalty in approver.get(f"{PAGE}&up_to={format_minor(amount, 'DZD')}")
    assert ids.penalty not in approver.get(f"{PAGE}&question=1")
    assert "Write the amount with digits" in approver.get(f"{PAGE}&up_to=much", 422)


def test_what_is_ticked_is_confirmed_and_what_had_another_amount_is_named(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    approver, amount = somebody("approver"), whole(service, ids.penalty)

    page = approver.post(PAGE, {"pick": f"{ids.penalty}:{amount + 1}", "why": WHY}, 200)
    assert "Left as they were: 1" in page
    assert "It comes to another amount now." in page
    assert state(service, ids.penalty) == "proposed"

    page = approver.post(PAGE, {"pick": f"{ids.penalty}:{amount}", "why": WHY}, 200)
    assert "Confirmed: 1" in page
    assert state(service, ids.penalty) == "confirmed"


def test_the_reason_that_a_person_gave_is_shown_word_for_word(
    somebody: Callable[[str], Browser], ids: Ids, service: Service
) -> None:
    approver = somebody("approver")
    approver.post(PAGE, {"pick": f"{ids.penalty}:{whole(service, ids.penalty)}", "why": "no mandate"}, 200)
    page = approver.get(f"/penalties/{ids.penalty}?lang=fr")
    assert page.count("<bdi>no mandate</bdi>") == 2
    assert "pas de mandat" not in page


@pytest.mark.parametrize("minor", ["", "x", "-1", "9" * 19, "9" * 5_000])
def test_what_is_no_amount_in_a_tick_is_refused_and_nothing_is_confirmed(
    somebody: Callable[[str], Browser], service: Service, ids: Ids, minor: str
) -> None:
    page = somebody("approver").post(PAGE, {"pick": f"{ids.penalty}:{minor}", "why": WHY}, 422)
    assert "Tick at least one." in page
    assert state(service, ids.penalty) == "proposed"


@pytest.mark.parametrize(
    ("sent", "said"), [({"why": WHY}, "Tick at least one."), ({"pick": "{}", "why": " "}, "Say why.")]
)
def test_without_a_tick_or_a_reason_nothing_is_confirmed(
    somebody: Callable[[str], Browser], service: Service, ids: Ids, sent: dict[str, str], said: str
) -> None:
    value = f"{ids.penalty}:{whole(service, ids.penalty)}"
    page = somebody("approver").post(PAGE, {name: text.format(value) for name, text in sent.items()}, 422)
    assert said in page
    assert state(service, ids.penalty) == "proposed"
    assert ("checked" in page.split("<table")[1]) == ("pick" in sent)


def test_a_clerk_sees_the_list_and_can_tick_nothing(somebody: Callable[[str], Browser], ids: Ids) -> None:
    page = somebody("clerk").get(PAGE)
    assert f"/penalties/{ids.penalty}" in page
    assert 'name="pick"' not in page
