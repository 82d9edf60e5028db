"""An employer whose mandate waits for its bank is reminded after a week, again every week, three times and no more."""

import json
from datetime import date, timedelta

from house import CLERK, House

from debit_service import operations
from debit_service.core.models import OutboxMessage
from debit_service.mandates import service as mandates
from debit_service.mandates.models import Mandate
from debit_service.mandates.reminders import OUTBOX_KIND, REMINDERS_MAX


def remind(house: House, day: date) -> int:
    house.go_to(day)
    return operations.remind(house.service, CLERK, house.fund(), day)


def texts(house: House) -> list[str]:
    with house.reading() as work:
        found = work.session.query(OutboxMessage).filter_by(kind=OUTBOX_KIND).order_by(OutboxMessage.id)
        return [json.loads(work.keys.open(one.body_sealed, f"outbox.body:{one.id}"))["text"] for one in found]


def test_a_waiting_mandate_is_told_again_each_week_until_three_times(house: House) -> None:
    signed = house.clock.now().date()
    house.mandate(house.employer(mandate=False), accepted=False)

    made = [(days, remind(house, signed + timedelta(days=days))) for days in (6, 7, 7, 13, 14, 21, 28, 60)]

    assert made == [(6, 0), (7, 1), (7, 0), (13, 0), (14, 1), (21, 1), (28, 0), (60, 0)]
    assert len(texts(house)) == REMINDERS_MAX


def test_the_reminder_says_what_the_employer_has_to_do_and_ends_with_the_banks_acceptance(sqlite_house: House) -> None:
    house = sqlite_house
    mandate_id = house.mandate(house.employer(mandate=False), accepted=False)
    house.employer()  # its mandate is accepted: nobody reminds it
    assert remind(house, date(2026, 9, 8)) == 1
    with house.desk.work(CLERK) as work:
        mandate = work.session.get_one(Mandate, mandate_id)
        mandates.lodge(work, mandate, "taken to the bank", "form")
    assert remind(house, date(2026, 9, 15)) == 1
    first, second = texts(house)
    assert first != second
    assert all("CNAS-000001-1" in text for text in (first, second))

    with house.desk.work(CLERK) as work:
        mandates.accept(work, work.session.get_one(Mandate, mandate_id), "accepted by the bank", "stamped form")
    assert remind(house, date(2026, 9, 30)) == 0
