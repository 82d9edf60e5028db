"""A debit is held against what was agreed for it, in the fund's own days: not against today's configuration, nor against UTC."""

from datetime import UTC, datetime, time, timedelta

import pytest
from bank_files import pain002
from house import CLERK, House, Sent
from policy import bank_says, fund_says
from sqlalchemy import update

from debit_service.collections.models import Notice, PaymentInformation
from debit_service.core.errors import InvalidInput
from debit_service.core.models import OutboxMessage
from debit_service.mandates import life, service
from debit_service.mandates.models import Mandate

FAILED = ("EMPLOYER", "PENALISE")


def failed(house: House, code: str = "AM04", *, before: int | None = None) -> Sent:
    """A debit that failed; its notice went out half an hour before midnight UTC, so many days `before` the debit."""
    sent = house.sent()
    if before is not None:
        late = datetime.combine(sent.collection_date - timedelta(days=before), time(23, 30), UTC)
        with house.desk.work(CLERK) as work:
            work.session.execute(
                update(OutboxMessage).where(OutboxMessage.subject == sent.collection_id).values(done_at=late)
            )
    house.bank_says(pain002(sent, "RJCT", code))
    return sent


def forgotten(house: House) -> None:
    """The rows are from before that was kept which had been agreed."""
    with house.desk.work(CLERK) as work:
        work.session.execute(update(Notice).values(days_agreed=None))
        work.session.execute(update(PaymentInformation).values(cut_off_at=None))


def answer(house: House, sent: Sent) -> tuple[str, str]:
    house.assess()
    decision = house.decision(sent)
    assert decision is not None
    return decision.party, decision.effect


@pytest.mark.parametrize(("before", "said"), [(14, ("SERVICE", "NONE")), (15, FAILED)])
def test_days_of_notice_are_counted_in_the_funds_own_days(
    sqlite_house: House, before: int, said: tuple[str, str]
) -> None:
    assert answer(sqlite_house, failed(sqlite_house, before=before)) == said


def test_what_was_agreed_stays_agreed_when_the_configuration_changes(sqlite_house: House) -> None:
    sent = failed(sqlite_house)
    fund_says(sqlite_house, debit_policy__notice_days_ahead=60)
    bank_says(sqlite_house, cut_off=time(0, 1))
    assert answer(sqlite_house, sent) == FAILED


def test_a_notice_that_was_too_short_stays_so_when_the_configuration_changes(sqlite_house: House) -> None:
    short = failed(sqlite_house, before=10)
    fund_says(sqlite_house, debit_policy__notice_days_ahead=1)
    assert answer(sqlite_house, short) == ("SERVICE", "NONE")


def test_what_was_not_kept_is_never_made_harsher_by_the_configuration_alone(sqlite_house: House) -> None:
    sent = failed(sqlite_house, before=20)
    forgotten(sqlite_house)
    fund_says(sqlite_house, debit_policy__notice_days_ahead=60)
    assert answer(sqlite_house, sent) == ("SERVICE", "NONE")
    kept = sqlite_house.decision(sent)

    fund_says(sqlite_house, debit_policy__notice_days_ahead=14)

    assert answer(sqlite_house, sent) == ("SERVICE", "NONE")
    now = sqlite_house.decision(sent)
    assert kept is not None
    assert now is not None
    assert now.id == kept.id


def test_what_was_not_kept_is_read_from_the_configuration_in_the_employers_favour(sqlite_house: House) -> None:
    sent = failed(sqlite_house, before=20)
    forgotten(sqlite_house)
    assert answer(sqlite_house, sent) == FAILED

    fund_says(sqlite_house, debit_policy__notice_days_ahead=60)

    assert answer(sqlite_house, sent) == ("SERVICE", "NONE")


@pytest.mark.parametrize("by_bank", [False, True])
def test_a_revocation_counts_from_the_day_on_which_it_arrived(sqlite_house: House, by_bank: bool) -> None:
    sent = failed(sqlite_house)
    assert answer(sqlite_house, sent) == FAILED

    arrived = datetime(2026, 9, 10, 8, tzinfo=UTC)
    with sqlite_house.desk.work(CLERK) as work:
        mandate = work.session.get_one(Mandate, sqlite_house.collection(sent).mandate_id)
        if by_bank:
            life.revoke_by_bank(work, mandate, "the bank's message", "message 9", arrived)
        else:
            service.revoke(work, mandate, "letter", evidence="letter 9", received_at=arrived)

    assert answer(sqlite_house, sent) == ("SERVICE", "NONE")


def test_nothing_arrives_tomorrow(sqlite_house: House) -> None:
    sent = failed(sqlite_house)
    mandate_id = sqlite_house.collection(sent).mandate_id
    for act in (service.revoke, life.suspend):
        with sqlite_house.desk.work(CLERK) as work:
            mandate = work.session.get_one(Mandate, mandate_id)
            tomorrow = work.now() + timedelta(days=1)
            with pytest.raises(InvalidInput, match="future"):
                act(work, mandate, "letter", evidence="letter 9", received_at=tomorrow)
