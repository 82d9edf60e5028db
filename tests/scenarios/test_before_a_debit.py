"""What must be in order before an employer's account is debited, and what happens when it is not."""

from datetime import date

import pytest
from house import APPROVER, CLERK, House

from debit_service.collections import queries as collections
from debit_service.collections.service.approve import approve
from debit_service.core.errors import Refused
from debit_service.core.work import SERVICE, Actor, Role
from debit_service.mandates import service as mandates
from debit_service.mandates.models import Mandate
from debit_service.operations import announce, send_approved

DUE = date(2026, 9, 30)


def batches_on_the_send_day(house: House) -> list[str]:
    """Plan and notify now; batch on the day on which the file must leave."""
    house.collect()
    house.go_to(house.send_day("CNAS", DUE))
    return house.collect().batches


def test_without_a_mandate_nothing_is_collected_and_the_reason_is_told(sqlite_house: House) -> None:
    sqlite_house.contribution(sqlite_house.employer(mandate=False))

    done = sqlite_house.collect()

    assert (done.planned, list(done.left_alone.values())) == (0, ["no mandate"])


def test_a_mandate_that_its_bank_has_not_accepted_collects_nothing_until_it_has(sqlite_house: House) -> None:
    one = sqlite_house.employer(mandate=False)
    mandate_id = sqlite_house.mandate(one, accepted=False)
    sqlite_house.contribution(one)
    assert list(sqlite_house.collect().left_alone.values()) == ["the mandate is signed, not active"]

    with sqlite_house.desk.work(CLERK) as work:
        mandate = work.session.get_one(Mandate, mandate_id)
        mandates.lodge(work, mandate, "taken to the bank", "form")
        mandates.accept(work, mandate, "accepted by the bank", "stamped form")

    assert sqlite_house.collect().planned == 1


def test_an_amount_above_the_employers_limit_is_left_alone(sqlite_house: House) -> None:
    one = sqlite_house.employer(mandate=False)
    sqlite_house.mandate(one, amount_limit_minor=999_99)
    sqlite_house.contribution(one, amount="1000.00")

    (reason,) = sqlite_house.collect().left_alone.values()

    assert reason == "the amount is above the limit that the employer set on its mandate"


def test_a_mandate_revoked_before_the_batch_takes_its_collection_out(sqlite_house: House) -> None:
    one = sqlite_house.employer(mandate=False)
    mandate_id = sqlite_house.mandate(one)
    owed = sqlite_house.contribution(one)
    sqlite_house.collect()

    sqlite_house.revoke(mandate_id)

    sqlite_house.go_to(sqlite_house.send_day("CNAS", DUE))
    done = sqlite_house.collect()
    assert (done.batches, list(done.left_alone.values())) == ([], ["the mandate is revoked"])
    assert [attempt.cancelled_why for attempt in sqlite_house.debits_of(owed)] == ["the mandate is revoked"]


def test_a_mandate_revoked_after_approval_stops_the_batch_and_the_others_leave_in_another_the_same_day(
    house: House,
) -> None:
    leaving, staying = house.employer(mandate=False), house.employer()
    mandate_id = house.mandate(leaving)
    house.contribution(leaving)
    owed_by_staying = house.contribution(staying)
    (batch_id,) = batches_on_the_send_day(house)
    house.approve(batch_id)

    house.revoke(mandate_id)

    with pytest.raises(Refused, match="nothing was sent"):
        house.send(batch_id)
    assert list((house.bank_folder / "in").iterdir()) == []
    (another,) = house.collect().batches
    house.approve(another)
    assert house.send(another) == "sent"
    (only,) = house.debits_of(owed_by_staying)
    assert (only.live, only.attempt, only.cancelled_why) == (True, 1, None)
    assert only.collection_date == DUE
    assert list(house.collect().left_alone.values()) == ["no mandate"]
    assert house.breaches() == {}


def test_a_cancelled_batch_can_be_neither_approved_nor_sent_any_more(sqlite_house: House) -> None:
    one = sqlite_house.employer(mandate=False)
    mandate_id = sqlite_house.mandate(one)
    sqlite_house.contribution(one)
    (batch_id,) = batches_on_the_send_day(sqlite_house)
    sqlite_house.approve(batch_id)
    sqlite_house.revoke(mandate_id)
    with pytest.raises(Refused):
        sqlite_house.send(batch_id)

    with pytest.raises(Refused):
        sqlite_house.approve(batch_id)
    assert send_approved(sqlite_house.service, SERVICE) == {}


def test_what_is_declared_too_late_is_collected_late_and_the_days_are_not_the_services(sqlite_house: House) -> None:
    sqlite_house.go_to(date(2026, 9, 28))
    owed = sqlite_house.contribution(sqlite_house.employer(), due=DUE)

    sqlite_house.collect()

    (attempt,) = sqlite_house.debits_of(owed)
    assert attempt.collection_date >= date(2026, 10, 12)  # 14 days of notice
    assert attempt.date_reason == "declared on 2026-09-28, too late to collect by 2026-09-30"
    assert attempt.days_late_by_service == 0


def test_what_the_service_plans_too_late_is_written_down_as_its_own_lateness(sqlite_house: House) -> None:
    owed = sqlite_house.contribution(sqlite_house.employer(), due=DUE)
    sqlite_house.go_to(date(2026, 9, 28))

    sqlite_house.collect()

    (attempt,) = sqlite_house.debits_of(owed)
    assert attempt.date_reason == "planned late by the service"
    assert attempt.days_late_by_service == (attempt.collection_date - DUE).days > 0


def test_a_collection_whose_notice_could_not_go_out_is_not_sent_until_the_employer_was_told_in_time(
    sqlite_house: House,
) -> None:
    owed = sqlite_house.contribution(sqlite_house.employer())
    post_room = sqlite_house.service.settings.home / "letters"
    post_room.write_text("a file where the folder should be: no letter can be written")
    assert batches_on_the_send_day(sqlite_house) == []

    post_room.unlink()
    told_on = date(2026, 9, 29)
    for day in (told_on, date(2026, 9, 30)):
        sqlite_house.go_to(day)
        assert sqlite_house.collect().batches == []

    (attempt,) = [one for one in sqlite_house.debits_of(owed) if one.live]
    assert (attempt.collection_date - told_on).days >= 14
    sqlite_house.go_to(sqlite_house.send_day("CNAS", attempt.collection_date))
    assert len(sqlite_house.collect().batches) == 1


def test_four_eyes_the_maker_of_a_batch_cannot_approve_it(house: House) -> None:
    house.contribution(house.employer())
    (batch_id,) = batches_on_the_send_day(house)
    maker_with_both_roles = Actor(CLERK.name, CLERK.roles | APPROVER.roles)

    with (
        pytest.raises(Refused, match="maker of a batch cannot approve"),
        house.desk.work(maker_with_both_roles) as work,
    ):
        approve(work, batch_id, house.batch_hash(batch_id))
    with pytest.raises(Refused, match="role finance_approver"), house.desk.work(CLERK) as work:
        approve(work, batch_id, house.batch_hash(batch_id))


def test_four_eyes_an_approval_is_of_exactly_the_bytes_that_were_shown(sqlite_house: House) -> None:
    sqlite_house.contribution(sqlite_house.employer())
    (batch_id,) = batches_on_the_send_day(sqlite_house)

    with pytest.raises(Refused, match="other bytes"), sqlite_house.desk.work(APPROVER) as work:
        approve(work, batch_id, "0" * 64)
    with pytest.raises(Refused):
        sqlite_house.send(batch_id)


def test_an_employer_can_neither_collect_nor_approve(sqlite_house: House) -> None:
    sqlite_house.contribution(sqlite_house.employer())
    (batch_id,) = batches_on_the_send_day(sqlite_house)
    employer = Actor("employer", frozenset({Role.EMPLOYER}), "somebody")

    with pytest.raises(Refused, match="role"), sqlite_house.desk.work(employer) as work:
        approve(work, batch_id, sqlite_house.batch_hash(batch_id))


def test_a_debit_that_comes_back_to_a_day_that_was_told_before_is_told_again(house: House) -> None:
    owed = house.contribution(house.employer())
    house.collect()
    for day in (date(2026, 9, 29), DUE):
        with house.desk.work(CLERK) as work:
            (planned,) = collections.attempts(work, owed)
            planned.collection_date = day
        assert announce(house.service, CLERK, house.fund()) == 1
    with house.reading() as work:
        (planned,) = collections.attempts(work, owed)
        found = collections.notice_sent(work, planned)
        assert found is not None
        assert found[0].collection_date == DUE
    house.go_to(house.send_day("CNAS", DUE))
    assert len(house.collect().batches) == 1
