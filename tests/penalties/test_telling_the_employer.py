"""The employer is told of a penalty when the message has left, and told again when less is owed, or nothing."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import other_payments
import pytest
from bank_files import pain002
from house import CLERK, House
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from told_penalties import MID_OCTOBER, halved, notices, penalty, state, taken_back

from debit_service import jobs, operations
from debit_service.collections.service.deliver import Post
from debit_service.contributions import queries as contributions
from debit_service.contributions.payments import Means, Paid
from debit_service.core.clock import SetClock
from debit_service.core.errors import Refused
from debit_service.core.models import OutboxMessage
from debit_service.core.work import Work
from debit_service.disputes.rules import SubjectKind, Terms
from debit_service.penalties import notice_queries, queries
from debit_service.penalties.contestable import contestable
from debit_service.penalties.service import pay
from debit_service.penalties.service.departures import note_departures
from debit_service.penalties.service.notify import Letterhead, notify
from debit_service.reports.attention import attention


def confirmed(house: House) -> str:
    """A penalty of 50.00 on a debit that the account could not pay, confirmed in the middle of October."""
    sent = house.sent()
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    house.go_to(MID_OCTOBER)
    house.assess()
    one = penalty(house).id
    house.confirm_penalty(one)
    return one


def told(house: House) -> int:
    """Make the notices, and let them leave; how many."""
    made = notices(house)
    operations.deliver(house.service, CLERK)
    return made


def contest_by(house: House) -> date | None:
    """The last day to contest the penalty, as the employer is offered it."""
    with house.reading() as work:
        contribution = contributions.get(work, penalty(house).contribution_id)
        (subject,) = (one for one in contestable(work, contribution) if one.kind is SubjectKind.PENALTY)
        return subject.contest_by


def messages(house: House) -> list[dict[str, str]]:
    """What the employer is told of penalties, oldest first."""
    with house.reading() as work:
        query = select(OutboxMessage).where(OutboxMessage.kind == "penalty_notice").order_by(OutboxMessage.id)
        return [
            json.loads(work.keys.open(one.body_sealed, f"outbox.body:{one.id}")) for one in work.session.scalars(query)
        ]


def amounts(house: House) -> list[int]:
    """What the notices of the penalty say is owed, oldest first."""
    with house.reading() as work:
        return [one.amount_minor for one, _ in notice_queries.notices_of(work, penalty(house).id)]


def paid(house: House, minor: int) -> None:
    with house.desk.work(CLERK) as work:
        said = Paid(
            amount_minor=minor,
            currency="DZD",
            paid_on=MID_OCTOBER,
            means=Means.CASH,
            reference="C-1",
            evidence="receipt 17",
        )
        pay.pay(work, house.service.funds, penalty(house).id, said)


def test_until_its_message_has_left_a_penalty_is_only_confirmed_and_no_days_run(house: House) -> None:
    confirmed(house)
    assert notices(house) == 1
    assert (state(house), contest_by(house), notices(house)) == ("confirmed", None, 0)
    assert house.breaches() == {}

    later = MID_OCTOBER + timedelta(days=20)
    house.go_to(later)
    operations.deliver(house.service, CLERK)

    assert state(house) == "notified"
    assert contest_by(house) == operations.dispute_terms(house.service, house.fund()).contest_until(later)
    with house.reading() as work:
        ((_, departure),) = notice_queries.notices_of(work, penalty(house).id)
        assert departure.pay_by == later + timedelta(days=house.fund().penalties.pay_days.value)
    assert house.breaches() == {}
    with pytest.raises(DatabaseError, match="append-only"), house.desk.database.engine.begin() as connection:
        connection.execute(text("update penalty_departures set contest_by = '2030-01-01'"))


def test_a_message_that_cannot_leave_is_named_and_its_days_never_start(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = sqlite_house
    one = confirmed(house)

    def jammed(*_: object) -> None:
        raise OSError("the printer is jammed")

    with monkeypatch.context() as broken:
        broken.setattr(Post, "print_run", jammed)
        told(house)
    assert (state(house), contest_by(house)) == ("confirmed", None)
    with house.reading() as work:
        needs = list(map(str, attention(work, house.service.funds, house.service.debit_calendars)))
    assert [line for line in needs if f"penalty_notice for {one} has not gone out" in line]

    operations.deliver(house.service, CLERK)
    assert state(house) == "notified"


def test_a_crash_between_the_departure_and_its_note_is_made_good_by_the_next_delivery(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = sqlite_house
    confirmed(house)

    def dies(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as crash:
        crash.setattr(operations, "note_departures", dies)
        with pytest.raises(KeyboardInterrupt):
            told(house)
    assert (state(house), house.breaches()) == ("confirmed", {})

    operations.deliver(house.service, CLERK)
    assert (state(house), len(messages(house)), house.breaches()) == ("notified", 1, {})


def test_what_cannot_be_noted_at_one_fund_holds_up_no_other_one_and_is_told(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = sqlite_house
    confirmed(house)
    due = date(2026, 10, 28)
    other = house.sent("EINZUGSSTELLE", due=due)
    house.bank_says(pain002(other, "RJCT", "AM04", day=due, message_id="S2"))
    house.go_to(due + timedelta(days=2))
    house.assess("EINZUGSSTELLE")
    for fund in ("CNAS", "EINZUGSSTELLE"):
        assert operations.notify_penalties(house.service, CLERK, house.fund(fund)) == 1

    def needs() -> list[str]:
        with house.reading() as work:
            told = list(map(str, attention(work, house.service.funds, house.service.debit_calendars)))
        return [line for line in told if "job departures of CNAS" in line]

    def states() -> dict[str, str]:
        with house.reading() as work:
            return {one.penalty.fund_id: one.state for one in queries.listed(work)}

    def fails_at_one(error: Exception) -> Callable[[Work, Terms], int]:
        def note(work: Work, terms: Terms) -> int:
            if terms.fund.id == "CNAS":
                raise error
            return note_departures(work, terms)

        return note

    for error in (Refused("calendar.ended", "The calendar of DZ has ended."), ValueError("a bug")):
        with monkeypatch.context() as broken:
            broken.setattr(operations, "note_departures", fails_at_one(error))
            jobs.run_due(house.service)
        assert states() == {"CNAS": "confirmed", "EINZUGSSTELLE": "notified"}
        (line,) = needs()
        assert "failed" in line
        assert (house.service.settings.home / "audit-anchors.txt").exists()

    operations.deliver(house.service, CLERK)
    assert (states(), needs()) == ({"CNAS": "notified", "EINZUGSSTELLE": "notified"}, [])


def test_a_penalty_that_falls_is_told_once_with_what_is_owed_back(house: House) -> None:
    confirmed(house)
    told(house)
    paid(house, 50_00)
    taken_back(house)

    assert (told(house), told(house)) == (1, 0)

    assert amounts(house) == [50_00, 0]
    message = messages(house)[-1]
    assert message["language"] == "fr"
    for words in ("ne vous réclame plus les 50,00", "est revenu sur sa demande", "50,00", "vous la rendra"):
        assert words in message["text"]
    assert "accountant" not in message["text"]
    assert house.breaches() == {}


def test_a_penalty_that_is_paid_and_then_lowered_is_told_although_nothing_is_to_be_paid(sqlite_house: House) -> None:
    house = sqlite_house
    confirmed(house)
    told(house)
    paid(house, 30_00)
    halved(house)
    assert state(house) == "paid"

    assert (told(house), told(house)) == (1, 0)

    assert (state(house), amounts(house)) == ("paid", [50_00, 25_00])
    text_of = messages(house)[-1]["text"]
    for words in ("désormais 25,00", "au lieu de 50,00", "dossier justifié", "rien à payer", "Vous avez payé 5,00"):
        assert words in text_of
    assert "fire" not in text_of
    assert house.breaches() == {}


def test_of_what_was_never_told_and_falls_nobody_is_told(sqlite_house: House) -> None:
    confirmed(sqlite_house)
    taken_back(sqlite_house)
    assert (notices(sqlite_house), messages(sqlite_house)) == (0, [])


def test_asked_for_again_after_it_fell_the_whole_claim_is_told_again(sqlite_house: House) -> None:
    house = sqlite_house
    one = confirmed(house)
    told(house)
    taken_back(house)
    house.confirm_penalty(one)

    assert told(house) == 1
    assert (state(house), amounts(house)) == ("notified", [50_00, 50_00])
    assert "3. Ce qui a échoué" in messages(house)[-1]["text"]


def test_of_growth_that_waits_nothing_is_asked_and_the_lines_of_the_notice_add_up(sqlite_house: House) -> None:
    house = sqlite_house
    sent = house.sent()
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    house.go_to(date(2026, 10, 20))
    other_payments.pay(house, sent.contribution_id, "500.00", on=MID_OCTOBER)
    house.go_to(date(2026, 11, 15))
    house.assess()
    house.confirm_penalty(penalty(house).id)
    with house.reading() as work:
        (payment,) = (one.id for one in contributions.other_payments(work, sent.contribution_id))
    other_payments.undo(house, payment)
    house.assess()

    assert notices(house) == 1
    (message,) = messages(house)
    computed = message["text"].partition("\n6. ")[2].split("\n\n")[0].splitlines()
    listed = [line for line in computed if line.startswith("–")]
    asked = [re.findall(r"[0-9][0-9\s]*,[0-9]{2}", line)[-1] for line in listed]
    assert sum(int(re.sub(r"\D", "", one)) for one in asked) == amounts(house)[-1] == 55_00
    assert "demandé sur cette somme" in listed[-1]
    assert "Somme impayée" in computed[1]
    assert "tout n'était pas payé" in message["text"]


def test_a_notice_says_that_days_in_dispute_count_after_all_where_the_funds_law_has_it_so(sqlite_house: House) -> None:
    house = sqlite_house
    confirmed(house)
    fund = house.fund()
    counted = fund.disputes.days_count_when_rejected.model_copy(update={"value": True})
    lawful = fund.model_copy(
        update={"disputes": fund.disputes.model_copy(update={"days_count_when_rejected": counted})}
    )
    terms = replace(operations.dispute_terms(house.service, fund), fund=lawful)
    head = Letterhead(terms, house.service.codes, house.service.penalty_rules)
    with house.desk.work(CLERK) as work:
        notify(work, head, operations.bench(house.service, fund))
    (message,) = messages(house)
    assert "Si elle est rejetée, ces jours sont comptés après coup." in message["text"]


def test_a_penalty_that_was_told_is_shown_with_what_to_do_and_until_when(sqlite_house: House) -> None:
    house = sqlite_house
    penalty_id = confirmed(house)
    notices(house)

    def shown() -> list[notice_queries.Told]:
        with house.reading() as work:
            return notice_queries.told_of(work, penalty(house).contribution_id)

    assert shown() == []
    operations.deliver(house.service, CLERK)
    days = house.fund().penalties.pay_days.value
    assert [(one.reference, one.amount_minor, one.pay_by, one.contest_by) for one in shown()] == [
        (f"{penalty_id}-1", 50_00, MID_OCTOBER + timedelta(days=days), contest_by(house))
    ]
    taken_back(house)
    told(house)
    assert shown() == []


def test_what_was_told_counts_also_where_the_clock_of_the_machine_that_told_it_runs_behind(sqlite_house: House) -> None:
    house = sqlite_house
    sent = house.sent()
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    house.go_to(MID_OCTOBER)
    house.assess()
    house.confirm_penalty(penalty(house).id)

    behind = SetClock(house.desk.clock.now() - timedelta(minutes=1))
    other = replace(house.service, desk=replace(house.desk, clock=behind))
    assert operations.notify_penalties(other, CLERK, house.fund()) == 1
    operations.deliver(other, CLERK)

    assert state(house) == "notified"
    with house.reading() as work:
        (shown,) = notice_queries.told_of(work, penalty(house).contribution_id)
    assert shown.amount_minor == 50_00
    assert house.breaches() == {}
