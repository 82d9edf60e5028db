"""What payments by other means leave to people, told of the few that it concerns, however many were ever paid so."""

from datetime import date

from bank_files import camt054, credit
from house import House
from other_payments import pay, undo
from sqlalchemy import event

from debit_service.reports import refunds

DUE = date(2026, 9, 30)


def told(house: House) -> list[str]:
    """The sentences."""
    with house.reading() as work:
        return list(map(str, refunds.refunds(work)))


def test_a_debit_that_comes_too_late_and_money_that_is_missing_since_are_told_and_nothing_else(house: House) -> None:
    late, in_part, undone, fine = house.sent_together("CNAS", "100.00", "200.00", "300.00", "400.00", due=DUE)
    house.go_to(date(2026, 10, 1))
    pay(house, late.contribution_id, "100.00", reference="T-1")
    pay(house, in_part.contribution_id, "50.00", reference="T-2")
    house.in_turn(camt054(late.account, credit(undone), credit(fine)))
    rest = house.contribution(house.employer(), amount="500.00", due=date(2026, 10, 29))
    paid = pay(house, rest, "200.00", reference="T-3")
    debit = house.send_due("CNAS", date(2026, 10, 29), rest)
    house.in_turn(camt054(late.account, credit(debit), message_id="N2"))
    undo(house, paid.payment.id)
    pay(house, fine.contribution_id, "10.00", reference="T-4")

    sentences = told(house)

    late_one, part_one, rest_one, fine_one = (
        house.contribution_row(one).reference
        for one in (late.contribution_id, in_part.contribution_id, rest, fine.contribution_id)
    )
    assert [one.partition(":")[0] for one in sentences] == [fine_one, *sorted([late_one, part_one, rest_one])]
    by_reference = {one.partition(":")[0]: one for one in sentences}
    assert "10.00 DZD more was paid than is owed" in by_reference[fine_one]
    assert f"the debit {late.end_to_end_id} of 100.00 DZD is at the bank" in by_reference[late_one]
    assert f"the debit {in_part.end_to_end_id} of 200.00 DZD is at the bank" in by_reference[part_one]
    assert "200.00 DZD are not paid since a payment by other means was undone" in by_reference[rest_one]


def test_facts_are_read_only_of_what_may_be_at_odds(sqlite_house: House) -> None:
    house = sqlite_house
    for number in range(3):
        owed = house.contribution(house.employer(mandate=False), amount="10.00")
        pay(house, owed, "10.00", reference=f"T-{number}")
    asked: list[str] = []
    engine = house.desk.database.engine
    event.listen(engine, "before_cursor_execute", lambda *said: asked.append(said[2]))

    assert told(house) == []

    assert [one for one in asked if "FROM other_payments" in one]
    assert not [one for one in asked if "JOIN bank_files" in one]  # no facts of any debit
