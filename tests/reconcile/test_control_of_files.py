"""Files are kept whatever they are; what does not add up or cannot be read is told, and holds up nothing else."""

from dataclasses import replace
from datetime import date

import pytest
from bank_files import Booked, camt053, camt054, credit
from house import APPROVER, CLERK, House, Sent
from reconcile.telling import NOBODY
from sqlalchemy import func, select

from debit_service.banks import queries as bank_files
from debit_service.reconcile.models import BankEntry
from debit_service.reconcile.rules import State
from debit_service.reconcile.tie_out import close as tie_out_close
from debit_service.reconcile.tie_out import control

DAY_ONE, DAY_TWO, DAY_THREE = date(2026, 9, 28), date(2026, 9, 29), date(2026, 9, 30)


def findings(house: House) -> list[str]:
    """What does not add up."""
    with house.reading() as work:
        return list(control.findings(work))


def money(sent: Sent, minor: int, day: date, reference: str) -> Booked:
    """Some booking on the fund's account."""
    return Booked(minor, sent.currency, day, servicer_reference=reference)


def test_statements_that_follow_one_another_are_in_order(sqlite_house: House) -> None:
    sent = sqlite_house.sent()

    sqlite_house.in_turn(
        camt053(sent.account, DAY_ONE, 0, money(sent, 100, DAY_ONE, "A")),
        camt053(sent.account, DAY_TWO, 100, money(sent, 50, DAY_TWO, "B"), message_id="S2"),
    )

    assert findings(sqlite_house) == []


def test_a_missing_statement_is_told_with_the_amount_that_is_missing(sqlite_house: House) -> None:
    sent = sqlite_house.sent()

    sqlite_house.in_turn(
        camt053(sent.account, DAY_ONE, 0, money(sent, 100_00, DAY_ONE, "A")),
        camt053(sent.account, DAY_THREE, 175_50, money(sent, 50_00, DAY_THREE, "C"), message_id="S3"),
    )

    (finding,) = findings(sqlite_house)
    assert "75.50 DZD" in finding
    assert "a statement is missing" in finding
    assert 5 in sqlite_house.breaches()


def test_the_gap_closes_when_the_missing_statement_arrives_last(sqlite_house: House) -> None:
    sent = sqlite_house.sent()

    sqlite_house.in_turn(
        camt053(sent.account, DAY_THREE, 175_50, money(sent, 50_00, DAY_THREE, "C"), message_id="S3"),
        camt053(sent.account, DAY_ONE, 0, money(sent, 100_00, DAY_ONE, "A")),
        camt053(sent.account, DAY_TWO, 100_00, money(sent, 75_50, DAY_TWO, "B"), message_id="S2"),
    )

    assert findings(sqlite_house) == []


def test_two_statements_of_one_day_follow_their_numbers_not_their_arrival(sqlite_house: House) -> None:
    sent = sqlite_house.sent()

    sqlite_house.in_turn(
        camt053(sent.account, DAY_ONE, 100, money(sent, 50, DAY_ONE, "B"), message_id="S10"),
        camt053(sent.account, DAY_ONE, 0, money(sent, 100, DAY_ONE, "A"), message_id="S9"),
    )

    assert findings(sqlite_house) == []


def test_a_wrong_closing_balance_is_told_with_both_amounts(sqlite_house: House) -> None:
    sent = sqlite_house.sent()

    sqlite_house.in_turn(
        camt053(sent.account, DAY_ONE, 0, money(sent, 100_00, DAY_ONE, "A"), closing_minor=99_00),
    )

    (finding,) = findings(sqlite_house)
    assert "100.00 DZD" in finding
    assert "99.00 DZD" in finding


def test_a_statement_sent_twice_is_no_gap(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    first = camt053(sent.account, DAY_ONE, 0, money(sent, 100, DAY_ONE, "A"))

    sqlite_house.in_turn(first, first.replace(b"><", b">\n<"))

    assert findings(sqlite_house) == []


def _truncated(good: bytes) -> bytes:
    return good[: len(good) * 2 // 3]


def _with_doctype(good: bytes) -> bytes:
    return good.replace(b"<Document", b'<!DOCTYPE Document [<!ENTITY a "1">]><Document', 1)


def _no_xml(_: bytes) -> bytes:
    return b"the bank's server is down for maintenance"


def _huge_amount(good: bytes) -> bytes:
    return good.replace(b">1000.00</Amt>", b">99999999999999999999.00</Amt>", 1)


@pytest.mark.parametrize("spoiled", [_truncated, _with_doctype, _no_xml, _huge_amount], ids=lambda f: f.__name__)
def test_a_file_that_cannot_be_read_is_kept_and_told_gives_no_entries_and_holds_up_no_other(
    house: House, spoiled: object
) -> None:
    sent = house.sent()
    good = camt054(sent.account, credit(sent), money(sent, 70_00, DAY_THREE, "X"))
    assert callable(spoiled)
    bad = spoiled(good)

    (imported,) = house.bank_says(bad)
    house.bank_says(good)

    assert (imported.outcome, imported.entries) == ("unreadable", 0)
    (finding,) = findings(house)
    assert "could not be read" in finding
    with house.reading() as work:
        assert bank_files.content(work, imported.file_id) == bad
        assert work.session.scalar(select(func.count()).select_from(BankEntry)) == 2
    assert house.outcome(sent).state is State.SETTLED


def test_a_message_that_is_none_of_ours_is_kept_as_a_note_and_is_no_finding(sqlite_house: House) -> None:
    sqlite_house.sent()
    other = b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.004.001.09"><PmtRtr/></Document>'

    (imported,) = sqlite_house.bank_says(other)

    assert imported.outcome == "not_read"
    assert findings(sqlite_house) == []
    with sqlite_house.reading() as work:
        (note,) = control.notes(work)
    assert "was kept and not read" in note
    assert sqlite_house.breaches() == {}


def test_what_two_people_accepted_when_they_closed_the_days_is_a_note_and_no_finding(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    late = credit(sent, DAY_THREE)
    sqlite_house.in_turn(camt053(sent.account, DAY_THREE, 0, late, closing_minor=sent.amount_minor + 1))
    assert len(findings(sqlite_house)) == 1
    sqlite_house.go_to(date(2026, 10, 5))

    with sqlite_house.desk.work(CLERK) as work:
        despite = "the bank says that it wrote a wrong balance"
        period = tie_out_close.prepare(work, sqlite_house.fund(), DAY_THREE, "the month is over", despite=despite)
    with sqlite_house.desk.work(APPROVER) as work:
        tie_out_close.approve(work, period.id, period.sha256)

    assert findings(sqlite_house) == []
    with sqlite_house.reading() as work:
        (note,) = control.notes(work)
    assert despite in note


def test_the_home_page_looks_for_what_does_not_tie_out_from_the_last_close_on(sqlite_house: House) -> None:
    """Of what is not closed, and of accounts of no fund, it tells the same as `debit verify`."""
    house, sent = sqlite_house, sqlite_house.sent()
    wrong = camt053(sent.account, DAY_ONE, 0, money(sent, 100, DAY_ONE, "A"), closing_minor=101)
    stranger = camt053(NOBODY, DAY_ONE, 0, money(sent, 100, DAY_ONE, "A"), closing_minor=105, message_id="S2")
    unreadable = camt054(sent.account, credit(sent))[:-20]
    house.in_turn(wrong, stranger, unreadable)
    with house.reading() as work:
        everything = control.seen_since_close(work)
        assert everything == (tuple(control.findings(work)), tuple(control.notes(work)))
    assert len(everything.findings) == 3
    house.go_to(date(2026, 10, 5))

    with house.desk.work(CLERK) as work:
        period = tie_out_close.prepare(work, house.fund(), DAY_ONE, "the day is over", despite="the bank's error")
    with house.desk.work(APPROVER) as work:
        tie_out_close.approve(work, period.id, period.sha256)
    house.in_turn(
        camt053(sent.account, DAY_TWO, 175, money(sent, 50, DAY_TWO, "B"), message_id="S3"),
    )

    with house.reading() as work:
        assert set(control.seen_since_close(work).findings) == set(control.findings(work))
        assert len(control.seen_since_close(work).findings) == 3


def test_a_count_beyond_any_number_does_not_stop_the_import(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    booked = replace(credit(sent), batch=(sent.payment_information_id, 10**30), end_to_end_id=None)

    (imported,) = sqlite_house.bank_says(camt054(sent.account, booked))

    assert (imported.outcome, imported.entries) == ("read", 1)
