"""Told before: once a person said that two reports of one booking date it differently, further reports of it belong to it."""

from dataclasses import replace
from datetime import date

import pytest
from bank_files import camt053, camt054, credit, returned
from house import CLERK, House, Sent
from reconcile.deciding import decided, money, queue, undone
from sqlalchemy import select

from debit_service.core.errors import Refused
from debit_service.reconcile import queries
from debit_service.reconcile.models import BankEntry
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.rules import State
from debit_service.reconcile.same_booking.said_since import Contradiction, contradictions
from debit_service.reconcile.service.match import decide_again
from debit_service.reconcile.tie_out import queries as tie_out
from debit_service.reports.attention import attention

FIRST, SECOND, THIRD = date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 2)
AFTER = date(2026, 10, 5)


def told(sent: Sent, day: date, name: str, reference: str = "AS1") -> bytes:
    """A notification of the credit, which dates it so."""
    return camt054(sent.account, credit(sent, reference=reference, day=day), message_id=name)


def statements(sent: Sent, on: date) -> list[bytes]:
    """The statements of three days; the one of `on` lists the credit."""
    minor = sent.amount_minor
    return [
        camt053(
            sent.account,
            day,
            minor if day > on else 0,
            *([credit(sent, reference="AS1", day=day)] if day == on else []),
            message_id=f"S{number}",
        )
        for number, day in enumerate((FIRST, SECOND, THIRD), start=1)
    ]


def entry_of(house: House, day: date) -> str:
    """The entry of this day that waits."""
    (found,) = [one.id for one in house.waiting() if one.booking_date == day]
    return found


def counting(house: House, sent: Sent) -> str:
    """The entry that counts for a debit."""
    with house.reading() as work:
        (fact,) = queries.facts_of(work, sent.collection_id)
    return fact.entry_id


def untied(house: House) -> list[str]:
    """What does not tie out."""
    with house.reading() as work:
        return list(tie_out.findings(work))


def _said(house: House) -> tuple[Sent, str, str]:
    """A person said of two notifications, which date a credit a day apart, that they are one; what counts, and the decision."""
    sent = house.sent()
    house.go_to(AFTER)
    house.in_turn(told(sent, FIRST, "N1"))
    counts = counting(house, sent)
    house.in_turn(told(sent, SECOND, "N2"))
    return sent, counts, decided(house, entry_of(house, SECOND), Decision.TOLD_BEFORE, same_as=counts).id


def test_one_more_report_of_what_a_person_said_was_told_before_is_no_other_booking(house: House) -> None:
    sent, _, said = _said(house)

    house.in_turn(told(sent, SECOND, "N3"))
    assert (queue(house), money(house)) == ([], {"bank": sent.amount_minor})
    with house.desk.work(CLERK) as work:
        entries = work.session.scalars(select(BankEntry.id).order_by(BankEntry.id)).all()
        assert not decide_again(work, house.service.funds, entries)

    undone(house, said)
    assert [one.entry.booking_date for one in queue(house)] == [SECOND]
    assert money(house) == {"bank": 2 * sent.amount_minor, "suspense": -sent.amount_minor}
    assert house.breaches() == {}


def test_one_more_report_of_a_credit_that_was_told_before_pays_nothing_again_after_its_return(
    sqlite_house: House,
) -> None:
    house = sqlite_house
    sent, _, _ = _said(house)

    house.in_turn(camt054(sent.account, returned(sent, day=THIRD), message_id="R1"), told(sent, SECOND, "N3"))

    assert (house.outcome(sent).state, queue(house), money(house)) == (State.RETURNED, [], {})


def test_what_names_another_debit_than_the_booking_that_was_told_before_counts_for_that(sqlite_house: House) -> None:
    """A person took an unnamed booking for one that a notification dates otherwise; then another report of it names its debit."""
    house = sqlite_house
    first, second = house.sent_together("CNAS", "100.00", "100.00")
    house.go_to(AFTER)
    unnamed = replace(credit(first, reference="AS1", day=SECOND), end_to_end_id=None)
    house.in_turn(told(first, FIRST, "N1"), camt054(first.account, unnamed, message_id="N2"))
    decided(house, entry_of(house, SECOND), Decision.TOLD_BEFORE, same_as=counting(house, first))

    house.in_turn(told(second, SECOND, "N3"))

    assert [house.outcome(one).state for one in (first, second)] == [State.SETTLED] * 2
    assert (queue(house), money(house)) == ([], {"bank": 200_00})


def test_what_a_statement_lists_on_both_days_was_booked_twice_whatever_a_person_said_of_other_reports(
    sqlite_house: House,
) -> None:
    house = sqlite_house
    sent, counts, _ = _said(house)
    both = [credit(sent, reference="AS1", day=day) for day in (FIRST, SECOND)]

    house.in_turn(camt053(sent.account, SECOND, 0, *both))

    assert [one.entry.booking_date for one in queue(house)] == [SECOND]
    assert money(house) == {"bank": 2 * sent.amount_minor, "suspense": -sent.amount_minor}
    with pytest.raises(Refused, match="No such booking"):
        decided(house, entry_of(house, SECOND), Decision.TOLD_BEFORE, same_as=counts)


def test_a_report_of_what_a_statement_lists_beside_another_was_not_told_by_that_one(sqlite_house: House) -> None:
    """The clerk looks at a notification; the statement that lists both bookings is another report of each."""
    house, sent = sqlite_house, sqlite_house.sent()
    house.go_to(AFTER)
    house.in_turn(told(sent, FIRST, "N1"))
    counts = counting(house, sent)
    both = [credit(sent, reference="AS1", day=day) for day in (FIRST, SECOND)]
    house.in_turn(told(sent, SECOND, "N2"), camt053(sent.account, SECOND, 0, *both))

    with pytest.raises(Refused, match="No such booking"):
        decided(house, entry_of(house, SECOND), Decision.TOLD_BEFORE, same_as=counts)


@pytest.mark.parametrize("before", [True, False])
def test_a_statement_that_is_one_more_report_of_it_ties_out_on_the_day_of_the_booking_that_counts(
    sqlite_house: House, before: bool
) -> None:
    house, sent = sqlite_house, sqlite_house.sent()
    house.go_to(AFTER)
    house.in_turn(told(sent, FIRST, "N1"))
    counts = counting(house, sent)
    house.in_turn(told(sent, SECOND, "N2"), *(statements(sent, SECOND) if before else []))
    decided(house, entry_of(house, SECOND), Decision.TOLD_BEFORE, same_as=counts)
    house.in_turn(*([] if before else statements(sent, SECOND)))

    assert (queue(house), untied(house)) == ([], [])
    assert house.breaches() == {}


def test_a_chain_of_reports_ties_out_on_the_day_of_the_booking_that_counts(sqlite_house: House) -> None:
    house, sent = sqlite_house, sqlite_house.sent()
    house.go_to(AFTER)
    house.in_turn(told(sent, FIRST, "N1"))
    counts = counting(house, sent)
    house.in_turn(told(sent, SECOND, "N2"), *statements(sent, THIRD))
    between = entry_of(house, SECOND)
    decided(house, entry_of(house, THIRD), Decision.TOLD_BEFORE, same_as=between)
    decided(house, between, Decision.TOLD_BEFORE, same_as=counts)

    assert (queue(house), money(house), untied(house)) == ([], {"bank": sent.amount_minor}, [])
    with house.reading() as work:
        assert list(tie_out.findings(work, fund_id="CNAS", first=SECOND, last=THIRD)) == []
    assert house.breaches() == {}


def _two_unnamed(house: House) -> tuple[list[Sent], list[str]]:
    """Two debits of one amount; of a booking that names none, dated a day apart, two reports wait."""
    sents = house.sent_together("CNAS", "100.00", "100.00")
    house.go_to(AFTER)
    for number, day in enumerate((FIRST, SECOND), start=1):
        unnamed = replace(credit(sents[0], reference="AS1", day=day), end_to_end_id=None)
        house.in_turn(camt054(sents[0].account, unnamed, message_id=f"N{number}"))
    return sents, [entry_of(house, day) for day in (FIRST, SECOND)]


def against(house: House) -> list[Contradiction]:
    """What files say against decisions."""
    with house.reading() as work:
        return contradictions(work)


def test_a_report_of_what_was_told_before_speaks_against_every_decision_about_the_booking(house: House) -> None:
    (paid, named), (head, other) = _two_unnamed(house)
    matched = decided(house, head, Decision.MATCHED, end_to_end_id=paid.end_to_end_id)
    same = decided(house, other, Decision.TOLD_BEFORE, same_as=head)
    assert against(house) == []

    house.in_turn(told(named, SECOND, "N3"))

    assert against(house) == [(head, named.end_to_end_id), (other, named.end_to_end_id)]
    undone(house, matched.id)
    assert against(house) == [(other, named.end_to_end_id)]
    undone(house, same.id)
    assert against(house) == []
    assert house.outcome(named).state is State.SETTLED


def test_a_report_of_what_was_told_by_an_entry_that_waits_speaks_against_that_until_it_is_matched_so(
    sqlite_house: House,
) -> None:
    house = sqlite_house
    (_, named), (head, other) = _two_unnamed(house)
    decided(house, other, Decision.TOLD_BEFORE, same_as=head)

    house.in_turn(told(named, SECOND, "N3"))

    assert against(house) == [(other, named.end_to_end_id)]
    with house.reading() as work:
        lines = list(map(str, attention(work, house.service.funds, house.service.debit_calendars)))
        assert contradictions(work, [head]) == []
    assert [one for one in lines if other in one and named.end_to_end_id in one]
    decided(house, head, Decision.MATCHED, end_to_end_id=named.end_to_end_id)
    assert against(house) == []


def test_what_a_person_said_was_told_before_is_not_contradicted_by_what_it_said_then(sqlite_house: House) -> None:
    """One more report of a debit that is paid waits; a person says that it is one that names none, and that this is another."""
    house = sqlite_house
    (paid, _), (head, other) = _two_unnamed(house)
    house.in_turn(
        camt054(paid.account, credit(paid, day=FIRST), message_id="N3"), told(paid, THIRD, "N4", reference="AS1")
    )
    decided(house, entry_of(house, THIRD), Decision.TOLD_BEFORE, same_as=other)
    decided(house, other, Decision.TOLD_BEFORE, same_as=head)

    house.in_turn(camt053(paid.account, THIRD, 0, credit(paid, reference="AS1", day=THIRD)))

    assert [one.entry.id for one in queue(house)] == [head]
    assert against(house) == []
