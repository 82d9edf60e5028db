"""The clerk's desk: mandates that wait for the employer's bank, disputes that wait for an answer, what is good to know."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from web.conftest import Browser
from web.story import CLERK, OBJECTION, Ids

from debit_service.core.clock import SetClock
from debit_service.core.work import SERVICE
from debit_service.disputes import queries as disputes
from debit_service.mandates import queries as mandate_queries
from debit_service.mandates import service as mandates
from debit_service.reconcile.tie_out import control
from debit_service.wiring import Service

Somebody = Callable[[str], Browser]
PROVEN = {"evidence": "Form 17, stamped", "why": "The branch told us."}


def lodge(service: Service, mandate_id: str) -> None:
    """The waiting mandate was handed to the bank."""
    with service.desk.work(CLERK) as work:
        mandates.lodge(work, mandates.get(work, mandate_id), "lodged", "receipt 1")


def mandate_state(service: Service, mandate_id: str) -> str:
    """The state of a mandate now."""
    with service.desk.reading(SERVICE) as work:
        return mandate_queries.state(work, mandate_id)


def answered(ids: Ids) -> str:
    """Where the answer to the dispute goes."""
    return f"/disputes/{ids.dispute}/answer"


def choices(page: str, name: str) -> list[str]:
    """What a group of radio buttons offers."""
    return re.findall(rf'type="radio"[^>]*name="{name}"\s+value="([^"]+)"', page)


def test_a_mandate_that_waits_is_shown_with_what_names_it(somebody: Somebody) -> None:
    page = somebody("clerk").get("/mandate-desk")
    for part in (
        "Entreprise Trois",
        "1600000003",
        "CNAS-1600000003-1",
        "1 Oct 2026",
        "Signed, not lodged at the bank yet",
    ):
        assert part in page
    assert "Entreprise Deux" not in page


def test_what_was_not_lodged_cannot_have_been_answered(somebody: Somebody, service: Service, ids: Ids) -> None:
    clerk, address = somebody("clerk"), f"/mandate-desk/{ids.waiting_mandate}"
    assert choices(clerk.get("/mandate-desk"), "what") == ["lodged"]
    clerk.post(address, {"what": "accepted", **PROVEN}, 422)
    assert mandate_state(service, ids.waiting_mandate) == "signed"


def test_once_lodged_the_banks_answer_is_asked(somebody: Somebody, service: Service, ids: Ids) -> None:
    lodge(service, ids.waiting_mandate)
    page = somebody("clerk").get("/mandate-desk")
    assert choices(page, "what") == ["accepted", "refused"]
    assert "Lodged; the bank has not answered" in page


@pytest.mark.parametrize(
    ("lodged", "what", "state"),
    [(False, "lodged", "lodged_at_bank"), (True, "accepted", "active"), (True, "refused", "refused_by_bank")],
)
def test_what_the_bank_did_is_recorded_with_its_proof(
    somebody: Somebody, service: Service, ids: Ids, lodged: bool, what: str, state: str
) -> None:
    if lodged:
        lodge(service, ids.waiting_mandate)
    somebody("clerk").post(f"/mandate-desk/{ids.waiting_mandate}", {"what": what, **PROVEN})
    with service.desk.reading(SERVICE) as work:
        newest = mandate_queries.history(work, ids.waiting_mandate)[-1]
        assert (newest.to_state, newest.who, newest.why) == (state, "clerk", "The branch told us.")
        assert newest.evidence == {"document": "Form 17, stamped"}


@pytest.mark.parametrize("missing", ["what", "evidence", "why"])
def test_without_proof_or_reason_nothing_is_recorded(
    somebody: Somebody, service: Service, ids: Ids, missing: str
) -> None:
    answer = {"what": "lodged", **PROVEN} | {missing: " "}
    page = somebody("clerk").post(f"/mandate-desk/{ids.waiting_mandate}", answer, 422)
    assert f'href="#{missing}-{ids.waiting_mandate}"' in page
    assert page.count(f'id="{missing}-{ids.waiting_mandate}"') == 1
    assert mandate_state(service, ids.waiting_mandate) == "signed"


def test_a_mandate_that_no_longer_waits_is_refused(somebody: Somebody, service: Service, ids: Ids) -> None:
    answer = {"what": "accepted", **PROVEN}
    page = somebody("clerk").post(f"/mandate-desk/{ids.first_mandate}", answer, 409, page="/mandate-desk")
    assert "does not wait for the bank any more" in page
    assert mandate_state(service, ids.first_mandate) == "active"


def test_an_unknown_mandate_is_not_found(somebody: Somebody) -> None:
    assert "There is no such mandate." in somebody("clerk").get("/mandate-desk/unknown", 404)


def test_when_all_is_done_nothing_waits(somebody: Somebody, service: Service, ids: Ids) -> None:
    clerk = somebody("clerk")
    clerk.post(answered(ids), {"answer": "rejected", "text": "The debit was right."}, page=f"/disputes/{ids.dispute}")
    with service.desk.work(CLERK) as work:
        mandates.revoke(work, mandates.get(work, ids.waiting_mandate), "withdrawn")
    for address in ("/mandate-desk", "/disputes"):
        assert "Nothing waits." in clerk.get(address)


def test_a_page_shows_no_more_cards_than_the_limit(somebody: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("debit_service.web.mandate_desk.CARDS_SHOWN_MAX", 0)
    page = somebody("clerk").get("/mandate-desk")
    assert "Waiting: 1. On this page: 0." in page


def test_a_dispute_is_shown_with_the_employers_words_as_text(somebody: Somebody, ids: Ids) -> None:
    assert f'href="/disputes/{ids.dispute}"' in somebody("clerk").get("/disputes")
    page = somebody("clerk").get(f"/disputes/{ids.dispute}")
    assert f'href="/contributions/{ids.lost}"' in page
    assert "Entreprise Deux" in page
    assert "Déjà payé &lt;b&gt;en août&lt;/b&gt;.\nVoir notre relevé." in page
    assert OBJECTION not in page


@pytest.mark.parametrize(("day", "overdue"), [(24, False), (25, True)])
def test_a_dispute_is_overdue_from_the_day_after_the_deadline(
    somebody: Somebody, clock: SetClock, day: int, overdue: bool
) -> None:
    clock.set(datetime(2026, 12, day, 9, 0, tzinfo=UTC))
    page = somebody("clerk").get("/disputes")
    assert "24 Dec 2026" in page
    assert ("text-bg-danger" in page) is overdue


def test_the_deadline_ends_at_midnight_where_the_fund_is(somebody: Somebody, clock: SetClock) -> None:
    clock.set(datetime(2026, 12, 24, 23, 30, tzinfo=UTC))
    assert "text-bg-danger" in somebody("clerk").get("/disputes")


@pytest.mark.parametrize(("decision", "shown"), [("upheld", "Objection upheld"), ("rejected", "Objection rejected")])
def test_an_answer_reaches_the_employer(
    somebody: Somebody, service: Service, ids: Ids, decision: str, shown: str
) -> None:
    somebody("clerk").post(
        answered(ids), {"answer": decision, "text": "We looked\nat it."}, page=f"/disputes/{ids.dispute}"
    )
    with service.desk.reading(SERVICE) as work:
        (dispute,) = disputes.of_contribution(work, ids.lost)
        assert (dispute.answer, dispute.answered_by) == (decision, "clerk")
        assert disputes.answer_text(work, dispute).split() == ["We", "looked", "at", "it."]
    for login in ("second", "clerk", "approver"):
        for address in (f"/contributions/{ids.lost}", f"/disputes/{ids.dispute}"):
            page = somebody(login).get(address)
            assert shown in page
            assert "Voir notre relevé." in page
        assert "at it." in page


def test_the_employer_is_not_told_who_answered(somebody: Somebody, ids: Ids) -> None:
    somebody("clerk").post(answered(ids), {"answer": "upheld", "text": "Right."}, page=f"/disputes/{ids.dispute}")
    assert "<bdi>clerk</bdi>" not in somebody("second").get(f"/disputes/{ids.dispute}")
    assert "<bdi>clerk</bdi>" in somebody("approver").get(f"/disputes/{ids.dispute}")


def test_everybody_is_led_to_the_dispute_and_only_staff_to_the_answer(somebody: Somebody, ids: Ids) -> None:
    link, form = f'href="/disputes/{ids.dispute}"', f'action="/disputes/{ids.dispute}/answer"'
    for login, may_answer in (("second", False), ("clerk", True), ("approver", True)):
        assert link in somebody(login).get(f"/contributions/{ids.lost}")
        assert (form in somebody(login).get(f"/disputes/{ids.dispute}")) is may_answer


def test_an_open_dispute_has_words_and_no_answer_yet(somebody: Somebody, ids: Ids) -> None:
    page = somebody("second").get(f"/contributions/{ids.lost}")
    assert "Voir notre relevé." in page
    assert "Objection upheld" not in page
    assert "Objection rejected" not in page


@pytest.mark.parametrize(
    ("changed", "field"), [({"answer": ""}, "answer"), ({"answer": "perhaps"}, "answer"), ({"text": " "}, "text")]
)
def test_an_answer_needs_a_decision_and_a_reason(
    somebody: Somebody, service: Service, ids: Ids, changed: dict[str, str], field: str
) -> None:
    answer = {"answer": "upheld", "text": "Looked at it."} | changed
    page = somebody("clerk").post(answered(ids), answer, 422, page=f"/disputes/{ids.dispute}")
    assert f'href="#{field}-answer"' in page
    with service.desk.reading(SERVICE) as work:
        assert disputes.open_for(work, ids.lost) is not None


def test_a_dispute_is_answered_once(somebody: Somebody, ids: Ids) -> None:
    clerk, address = somebody("clerk"), answered(ids)
    clerk.post(address, {"answer": "upheld", "text": "Right."}, page=f"/disputes/{ids.dispute}")
    again = clerk.post(address, {"answer": "rejected", "text": "Wrong."}, 409, page="/mandate-desk")
    assert "This dispute was answered already." in again
    assert "Objection upheld" in clerk.get(f"/contributions/{ids.lost}")
    assert address not in clerk.get(f"/disputes/{ids.dispute}")


@pytest.mark.parametrize("desk", ["mandates", "disputes"])
def test_without_the_forms_token_nothing_changes(somebody: Somebody, service: Service, ids: Ids, desk: str) -> None:
    address = {"mandates": f"/mandate-desk/{ids.waiting_mandate}", "disputes": answered(ids)}[desk]
    answer = {"what": "lodged", "answer": "upheld", "text": "forged", **PROVEN}
    assert somebody("clerk").client.post(address, data=answer).status_code == 400
    assert mandate_state(service, ids.waiting_mandate) == "signed"
    with service.desk.reading(SERVICE) as work:
        assert disputes.open_for(work, ids.lost) is not None


def test_what_is_good_to_know_is_folded_away(somebody: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    def one_note(work: object) -> control.Seen:
        return control.Seen(findings=(), notes=("file <pacs.004> was kept and not read",))

    assert "Good to know" not in somebody("clerk").get("/")
    monkeypatch.setattr(control, "seen_since_close", one_note)
    page = somebody("clerk").get("/")
    folded = page.split("<main", 1)[1].split("<details", 1)[1].split("</details>")[0]
    assert "Good to know (1)" in re.sub(r"<[^>]+>", "", folded)
    assert "file &lt;pacs.004&gt; was kept and not read" in folded
