"""The work queue's pages: what waits and what it may be, each decision by its form, and the other person's part."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from bank_files import Booked, camt054
from house import CLERK
from web.conftest import Browser
from web.story import PASSWORD, Ids

from debit_service.banks import service as bank_store
from debit_service.collections import queries as collections
from debit_service.contributions import queries as contributions
from debit_service.contributions.payments import Means, Paid
from debit_service.core.work import SERVICE
from debit_service.ledger.queries import trial_balance
from debit_service.reconcile import queries
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.by_persons.standing import Purpose
from debit_service.reconcile.queue import suggest, waiting
from debit_service.reconcile.queue.exceptions import MACHINE, REASONS, Decision, Exceptional
from debit_service.reconcile.service import import_stored, other_means
from debit_service.web import queue_words
from debit_service.wiring import Service

WHY = {"why": "the statement says so"}
MUCH = 200_000_000


@pytest.fixture
def much(service: Service) -> str:
    """A large credit without a reference; returns the entry."""
    account = service.funds.get("CNAS").creditor.account.value
    content = camt054(account, Booked(MUCH, "DZD", date(2026, 11, 20), servicer_reference="MUCH"), message_id="MUCH")
    with service.desk.work(SERVICE) as work:
        bank_store.store(work, "in", "mock-bank", "much.xml", content)
    import_stored(service.desk, SERVICE, service.funds)
    with service.desk.reading(SERVICE) as work:
        return next(entry.id for entry, *_ in waiting.entries(work) if entry.amount_minor == MUCH)


def balance(service: Service, name: str) -> int:
    """What stands on an account of CNAS, minor units."""
    with service.desk.database.reading() as session:
        return trial_balance(session).get((f"{name}/CNAS", "DZD"), 0)


def decision_of(service: Service, entry_id: str) -> str:
    """The newest decision about an entry."""
    with service.desk.reading(SERVICE) as work:
        return decisions.history(work, entry_id)[-1][0].id


def test_the_queue_shows_why_an_entry_waits_and_what_it_may_be(somebody: Callable[[str], Browser], ids: Ids) -> None:
    page = somebody("clerk").get("/suspense")
    assert "Nothing was expected" in page
    assert "1,500.00" in page
    assert re.search(r"May be\s+<bdi[^>]*>LOST", page)
    for query, shown in (("?exception=duplicate", 0), ("?fund=CNSS", 0), ("?days=7", 1)):
        assert f"Shown: {shown} of {shown}." in somebody("clerk").get(f"/suspense{query}")


def test_a_suggestion_says_why_and_fills_in_the_form(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    clerk = somebody("clerk")
    page = clerk.get(f"/suspense/{ids.suspense}")
    assert "The amount is exactly this one." in page
    assert "If this is that money, match it instead." in page
    with service.desk.reading(SERVICE) as work:
        reference = collections.attempts(work, ids.lost)[0].end_to_end_id
    link = re.search(r'href="(/suspense/[^"#]*debit=[^"#]*)', page)
    assert link
    assert f">{reference}</textarea>" in clerk.get(link[1])
    assert "Fill in this debit" not in somebody("approver").get(f"/suspense/{ids.suspense}")


def test_an_entry_pays_a_contribution_by_its_form(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    clerk, address = somebody("clerk"), f"/suspense/{ids.suspense}"
    for wrong in ({"shares": ""}, {"shares": "NEXT"}, {"shares": "NEXT x"}, {"shares": "NEXT 1600.00"}):
        assert "There is a problem" in clerk.post(f"{address}/allocate", WHY | wrong, 422, page=address)

    clerk.post(f"{address}/allocate", WHY | {"shares": "NEXT 1000.00", "refund_rest": "y"}, page=address)

    with service.desk.reading(SERVICE) as work:
        assert contributions.paid_otherwise_minor(work, contributions.get(work, "NEXT").id) == 1000_00
    assert (balance(service, "refunds-owed"), balance(service, "suspense")) == (-500_00, 0)
    assert "It does not wait for anybody." in clerk.get(address)


def test_an_entry_is_set_aside_and_the_decision_undone(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    clerk, address = somebody("clerk"), f"/suspense/{ids.suspense}"
    clerk.post(f"{address}/set-aside", WHY | {"decision": "not_ours"}, page=address)
    assert (balance(service, "not-ours"), balance(service, "suspense")) == (-1500_00, 0)

    decision = f"/decisions/{decision_of(service, ids.suspense)}"
    clerk.post(f"{decision}/undo", {"why": ""}, 422, page=decision)
    clerk.post(f"{decision}/undo", {"why": "it was ours"}, page=decision)

    assert (balance(service, "not-ours"), balance(service, "suspense")) == (0, -1500_00)
    assert "it was ours" in clerk.get(decision)


def test_what_was_recorded_by_hand_is_offered_with_what_speaks_for_it_and_recognised(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    clerk, address = somebody("clerk"), f"/suspense/{ids.suspense}"
    with service.desk.work(CLERK) as work:
        booked_on = decisions.entry(work, ids.suspense).booking_date or date.max
        said = Paid(
            amount_minor=1500_00,
            currency="DZD",
            paid_on=booked_on,
            means=Means.TRANSFER,
            reference="B-1",
            evidence="advice",
        )
        fund, contribution = service.funds.get("CNAS"), contributions.get(work, "NEXT")
        recorded = other_means.record(work, fund, contribution, said).payment.id
    page = clerk.get(address)
    assert "B-1 · NEXT. The amount is exactly this one. It was booked on the day that was recorded." in page

    clerk.post(f"{address}/recognise", WHY | {"recorded": recorded}, page=address)

    assert (balance(service, "other-means"), balance(service, "suspense")) == (0, 0)


def test_a_charge_that_is_given_back_names_its_debit_and_nothing_else_does(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    clerk, address = somebody("clerk"), f"/suspense/{ids.suspense}"
    with service.desk.reading(SERVICE) as work:
        reference = collections.attempts(work, ids.lost)[0].end_to_end_id
    for decision, debit, told in (
        ("not_ours", reference, "Only a charge of the bank belongs to a debit here."),
        ("bank_charge", reference, "not more than the bank took for this debit"),
    ):
        asked = WHY | {"decision": decision, "end_to_end_id": debit}
        assert told in clerk.post(f"{address}/set-aside", asked, 422, page=address)

    clerk.post(f"{address}/set-aside", WHY | {"decision": "bank_charge"}, page=address)
    assert (balance(service, "charges"), balance(service, "suspense")) == (-1500_00, 0)


def test_an_entry_is_held_until_a_day_and_not_longer_shown(somebody: Callable[[str], Browser], ids: Ids) -> None:
    clerk, address = somebody("clerk"), f"/suspense/{ids.suspense}"
    assert "Choose a day after today." in clerk.post(
        f"{address}/hold", WHY | {"follow_up": "2026-11-01"}, 422, page=address
    )
    clerk.post(f"{address}/hold", WHY | {"follow_up": "2026-12-05"}, page=address)
    assert "Shown: 0 of 0." in clerk.get("/suspense")
    assert "5 Dec 2026" in clerk.get("/suspense?held=1")


def test_much_money_is_confirmed_by_another_person_with_the_password(
    somebody: Callable[[str], Browser], service: Service, much: str
) -> None:
    clerk, approver, address = somebody("clerk"), somebody("approver"), f"/suspense/{much}"
    clerk.post(f"{address}/set-aside", WHY | {"decision": "refund_owed"}, page=address)
    decision = f"/decisions/{decision_of(service, much)}"
    assert decision in approver.get("/suspense")
    assert "confirm" not in re.sub(r"confirms", "", clerk.get(decision))

    approver.post(f"{decision}/confirm", {"password": "a guess"}, 422, page=decision)
    assert balance(service, "refunds-owed") == 0
    approver.post(f"{decision}/confirm", {"password": PASSWORD}, page=decision)
    assert balance(service, "refunds-owed") == -MUCH
    assert "Carried out" in approver.get(decision)


def test_a_proposal_is_refused_by_the_approver(somebody: Callable[[str], Browser], service: Service, much: str) -> None:
    clerk, address = somebody("clerk"), f"/suspense/{much}"
    clerk.post(f"{address}/set-aside", WHY | {"decision": "not_ours"}, page=address)
    assert "waits for another person" in clerk.post(
        f"{address}/set-aside", WHY | {"decision": "not_ours"}, 422, page=address
    )
    decision = f"/decisions/{decision_of(service, much)}"
    somebody("approver").post(f"{decision}/refuse", {"why": "ask the bank first"}, page=decision)
    assert "ask the bank first" in clerk.get(decision)
    assert balance(service, "suspense") == -MUCH - 1500_00


def test_a_refund_is_recorded_as_paid_out(somebody: Callable[[str], Browser], service: Service, ids: Ids) -> None:
    clerk, address = somebody("clerk"), f"/suspense/{ids.suspense}"
    clerk.post(f"{address}/set-aside", WHY | {"decision": "refund_owed"}, page=address)
    page = f"/refunds?pay={ids.suspense}"
    assert "1,500.00" in clerk.get(page)
    said = WHY | {"amount": "1500.01", "paid_on": "2026-11-20", "reference": "OUT-1", "evidence": "transfer list"}

    assert "not more than is owed back" in clerk.post(f"/refunds/{ids.suspense}/paid", said, 422, page=page)
    clerk.post(f"/refunds/{ids.suspense}/paid", said | {"amount": "1500.00"}, page=page)

    assert balance(service, "refunds-owed") == 0
    assert "Nothing is owed back." in clerk.get("/refunds")
    assert "1,500.00" in clerk.get("/refunds?all=1")


def test_refunds_stay_asked_for_as_they_were_when_one_is_recorded_and_their_file_holds_what_the_page_shows(
    somebody: Callable[[str], Browser], ids: Ids
) -> None:
    clerk, address = somebody("clerk"), f"/suspense/{ids.suspense}"
    clerk.post(f"{address}/set-aside", WHY | {"decision": "refund_owed"}, page=address)
    page = f"/refunds?pay={ids.suspense}&fund=CNAS&all=1"
    (paid,) = re.findall(r'action="(/refunds/[^"]+/paid[^"]*)"', clerk.get(page))
    said = WHY | {"amount": "1500.00", "paid_on": "2026-11-20", "reference": "OUT-1", "evidence": "transfer list"}

    assert 'href="/refunds?fund=CNAS&amp;all=1"' in clerk.post(paid.replace("&amp;", "&"), said, page=page)

    (file,) = re.findall(r'href="(/reports/refunds[^"]+format=csv[^"]*)"', clerk.get("/refunds?fund=CNAS&all=1"))
    assert ids.suspense in clerk.get(file.replace("&amp;", "&"))
    assert ids.suspense not in clerk.get("/reports/refunds?fund=CNAS&format=csv")
    assert ids.suspense not in clerk.get("/refunds?fund=-&all=1")
    assert ids.suspense not in clerk.get("/reports/refunds?fund=-&all=1&format=csv")


def test_every_word_of_the_queue_has_words() -> None:
    for table, values in (
        (queue_words.EXCEPTIONS, Exceptional),
        (queue_words.DECISIONS, Decision),
        (queue_words.STATES, MACHINE.states()),
        (queue_words.PURPOSES, Purpose),
    ):
        assert {str(key) for key in table} == {str(value) for value in values}
    points = (value for value in vars(suggest).values() if isinstance(value, tuple) and len(value) == 3)
    said = {one.says for one in REASONS.values()} | {str(point[2]) for point in points}
    assert said <= queue_words.SENTENCES


def _arrives(service: Service, name: str, *bookings: Booked) -> list[str]:
    """A notification is read; returns what of it waits."""
    before = _all_that_waits(service)
    content = camt054(service.funds.get("CNAS").creditor.account.value, *bookings, message_id=name)
    with service.desk.work(SERVICE) as work:
        bank_store.store(work, "in", "mock-bank", f"{name}.xml", content)
    import_stored(service.desk, SERVICE, service.funds)
    return sorted(_all_that_waits(service) - before)


def _all_that_waits(service: Service) -> set[str]:
    with service.desk.reading(SERVICE) as work:
        return {entry.id for entry, *_ in waiting.entries(work)}


def test_a_booking_of_another_day_is_offered_first_as_told_before_and_counts_once(
    somebody: Callable[[str], Browser], service: Service
) -> None:
    clerk, before = somebody("clerk"), balance(service, "suspense")
    (first,) = _arrives(service, "D-1", Booked(700_00, "DZD", date(2026, 11, 20), servicer_reference="AS-7"))
    (again,) = _arrives(service, "D-2", Booked(700_00, "DZD", date(2026, 11, 21), servicer_reference="AS-7"))
    address = f"/suspense/{again}"
    page = clerk.get(address)
    assert page.index('id="told-before"') < page.index('id="match"')
    assert first in page

    clerk.post(f"{address}/told-before", WHY | {"booking": again}, 422, page=address)
    clerk.post(f"{address}/told-before", WHY | {"booking": first}, page=address)

    assert balance(service, "suspense") == before - 700_00
    assert "Another report has told of it before" in clerk.get(f"/decisions/{decision_of(service, again)}")


def test_what_a_rule_has_matched_is_put_in_suspense_by_two_persons_from_its_page(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    clerk, approver, before = somebody("clerk"), somebody("approver"), balance(service, "suspense")
    with service.desk.reading(SERVICE) as work:
        (debit, *_) = collections.attempts(work, ids.paid)
        entry_id, minor = queries.facts_of(work, debit.id)[-1].entry_id, debit.amount_minor
    address = f"/suspense/{entry_id}"
    assert address in clerk.get(f"/reports/entries/{entry_id}")
    assert "Put it in suspense" not in approver.get(address)

    clerk.post(f"{address}/doubt", {"why": ""}, 422, page=address)
    clerk.post(f"{address}/doubt", WHY, page=address)
    assert "Waits for another person" in clerk.get(address)
    assert balance(service, "suspense") == before
    decision = f"/decisions/{decision_of(service, entry_id)}"
    approver.post(f"{decision}/confirm", {"password": PASSWORD}, page=decision)

    assert balance(service, "suspense") == before - minor
    assert "A person doubts what was made of it." in clerk.get(address)
    assert entry_id in clerk.get("/suspense?exception=doubted")


def test_a_part_of_an_entry_is_set_aside_and_the_rest_goes_on_waiting(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    clerk, address = somebody("clerk"), f"/suspense/{ids.suspense}"
    for wrong in ("x", "1500.01"):
        sent = WHY | {"decision": "not_ours", "amount": wrong}
        assert "There is a problem" in clerk.post(f"{address}/set-aside", sent, 422, page=address)

    clerk.post(f"{address}/set-aside", WHY | {"decision": "not_ours", "amount": "30.00"}, page=address)

    assert (balance(service, "not-ours"), balance(service, "suspense")) == (-30_00, -1470_00)
    assert "1,470.00" in clerk.get(address)


def test_a_part_of_a_debit_that_goes_back_is_filled_in_and_matched_and_shown_to_who_looks_at_the_decision(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    clerk = somebody("clerk")
    with service.desk.reading(SERVICE) as work:
        name = collections.attempts(work, ids.paid)[0].end_to_end_id
    back = Booked(12_00, "DZD", date(2026, 11, 21), direction="DBIT", end_to_end_id=name, servicer_reference="R-1")
    (entry_id,) = _arrives(service, "PART", back)
    address = f"/suspense/{entry_id}"
    link = re.search(r'href="(/suspense/[^"#]*debit=[^"#]*)', clerk.get(address))
    assert link
    assert f">{name} 12.00</textarea>" in clerk.get(link[1].replace("&amp;", "&"))

    clerk.post(address, WHY | {"end_to_end_id": f"{name} 12.00 1.00 x"}, 422, page=address)
    clerk.post(address, WHY | {"end_to_end_id": f"{name} 12.00 1.00"}, 422, page=address)
    clerk.post(address, WHY | {"end_to_end_id": f"{name} 10.00 2.00"}, page=address)

    shown = clerk.get(f"/decisions/{decision_of(service, entry_id)}")
    assert "of which goes back: <bdi>10.00" in re.sub(r"<bdi[^>]*>", "<bdi>", shown)
    assert "2.00" in shown
    with service.desk.reading(SERVICE) as work:
        (debit, *_) = collections.attempts(work, ids.paid)
        assert queries.outcome_of(work, debit.id, debit.amount_minor).returned_minor == 10_00
