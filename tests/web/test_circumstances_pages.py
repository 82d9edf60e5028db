"""What the rule of a penalty asks of a contribution, on its page: a clerk records it, staff see it, the employer does not."""

from collections.abc import Callable

import pytest
from web.conftest import Browser
from web.story import Ids

from debit_service.wiring import Service

Somebody = Callable[[str], Browser]
NOTHING = {
    "heads": "",
    "demanded_separately": "",
    "formal_notice_on": "",
    "declared_in_time": "",
    "claim_term_ends_on": "",
    "source": "notice 17 of 20 November",
}


def record(somebody: Somebody, contribution_id: str, status: int = 302, **said: str) -> str:
    """A clerk fills in the form on the page of the contribution."""
    page = f"/contributions/{contribution_id}"
    return somebody("clerk").post(f"{page}/circumstances", NOTHING | said, status, page=page)


def test_what_is_recorded_is_seen_by_staff_and_fills_the_form_the_next_time(somebody: Somebody, ids: Ids) -> None:
    record(somebody, ids.failed, heads="0", formal_notice_on="2026-11-20", declared_in_time="no")

    clerk, approver, employer = (
        somebody(login).get(f"/contributions/{ids.failed}") for login in ("clerk", "approver", "second")
    )
    for page in (clerk, approver):
        assert "Statement 1" in page
        assert "notice 17 of 20 November" in page
    assert "notice 17" not in employer
    assert "Record what is known" not in approver + employer
    for filled in (
        'name="heads" dir="ltr"\n           value="0"',
        'value="2026-11-20"',
        'value="no"\n               checked',
    ):
        assert filled in clerk


def test_a_correction_replaces_it_and_the_former_stays_on_the_page(somebody: Somebody, ids: Ids) -> None:
    record(somebody, ids.failed, formal_notice_on="2026-11-20")
    record(somebody, ids.failed, source="it was never sent")
    record(somebody, ids.failed, source="it was never sent")

    page = somebody("clerk").get(f"/contributions/{ids.failed}")

    assert page.index("Statement 2") < page.index("Statement 1") < page.index("Replaced")
    assert "Statement 3" not in page


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"heads": "many"}, "A number of employees is a whole number"),
        ({"heads": "9999999999"}, "A number of employees is a whole number"),
        ({"formal_notice_on": "2026-12-24"}, "A formal notice comes after the due date, and not later than today."),
        ({"claim_term_ends_on": "2026-01-01"}, "The last day to pay a claim comes after the due date"),
        ({"heads": "3", "source": " "}, "Name the document."),
    ],
    ids=["no number", "too many", "to come", "before it was due", "no document"],
)
def test_what_cannot_be_right_is_told_at_the_form_and_kept_in_it(
    somebody: Somebody, ids: Ids, said: dict[str, str], message: str
) -> None:
    page = record(somebody, ids.failed, 422, **said)

    assert message in page
    assert f'value="{next(iter(said.values()))}"' in page
    assert "Statement 1" not in page


def test_what_the_rule_asks_and_nobody_has_recorded_is_named(
    somebody: Somebody, ids: Ids, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = service.penalty_rules
    asks = next(rule for rule in rules if rule.id == "es-tgss").model_copy(
        update={"id": "dz-cnas", "version": "asks", "valid_from": None}
    )
    monkeypatch.setitem(vars(service), "penalty_rules", type(rules)((asks,)))
    address = f"/contributions/{ids.failed}"

    assert "nobody has recorded it:" in somebody("clerk").get(address)
    assert "nobody has recorded it:" not in somebody("clerk").get(f"/contributions/{ids.paid}")
    assert "nobody has recorded it:" not in somebody("second").get(address)

    record(somebody, ids.failed, declared_in_time="yes")
    assert "nobody has recorded it:" not in somebody("clerk").get(address)
