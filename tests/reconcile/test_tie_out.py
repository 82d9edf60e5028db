"""Tie-out (I4, 5): statements add up, follow one another, and the journal's bank account moved by what they say."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest
from bank_files import Booked, camt053, camt054, credit, returned, together, total
from house import House
from hypothesis import given
from hypothesis import strategies as st
from reconcile.deciding import decided

from debit_service.reconcile import queries
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.tie_out import queries as tie_out
from debit_service.reconcile.tie_out.rules import Kind, Row, Statement
from debit_service.reconcile.tie_out.rules import tie_out as decide

ONE, TWO, THREE, FOUR = (date(2026, 9, 28) + timedelta(days=one) for one in range(4))


def statement(day: date, opening: int | None, entries: int, closing: int | None = None, **other: object) -> Statement:
    """A statement of one day; the closing balance follows from the rest unless told otherwise."""
    made = Statement(
        account="A",
        fund_id="CNAS",
        currency="DZD",
        opens_on=day,
        closes_on=day,
        number=0,
        opening_minor=opening,
        closing_minor=opening + entries if closing is None and opening is not None else closing,
        entries_minor=entries,
        told=(1, max(entries, 0), max(-entries, 0)),
        documents=(f"{day} {opening} {entries}",),
    )
    return replace(made, **other)  # type: ignore[arg-type]


def kinds(rows: list[Row]) -> list[tuple[Kind, int]]:
    return [(finding.kind, finding.amount_minor) for row in rows for finding in row.findings]


def found(*statements: Statement, journal: Mapping[date, int] | None = None) -> list[tuple[Kind, int]]:
    """The findings, where every entry is booked on the closing day of its statement."""
    stated = {document: {one.closes_on: one.entries_minor} for one in statements for document in one.documents}
    return kinds(decide(statements, stated, journal))


CHAIN = (statement(ONE, 0, 100), statement(TWO, 100, 50), statement(THREE, 150, -30))


def test_statements_that_follow_one_another_and_the_journal_tie_out() -> None:
    rows = decide(
        CHAIN, {one.documents[0]: {one.closes_on: one.entries_minor} for one in CHAIN}, {ONE: 100, TWO: 50, THREE: -30}
    )

    assert [(one.day, one.opening_minor, one.entries_minor, one.closing_minor) for one in rows] == [
        (ONE, 0, 100, 100),
        (TWO, 100, 50, 150),
        (THREE, 150, -30, 120),
    ]
    assert {(one.difference_minor, one.journal_difference_minor) for one in rows} == {(0, 0)}
    assert kinds(rows) == []


def test_each_thing_that_does_not_tie_is_named_with_the_amount_that_it_hides() -> None:
    one, two, three = CHAIN
    assert found(one, three) == [(Kind.GAP, 50)]
    assert found(
        replace(one, closing_minor=90),
        replace(two, opening_minor=90, closing_minor=140),
        replace(three, opening_minor=140, closing_minor=110),
    ) == [(Kind.BALANCE, 10)]
    assert found(one, replace(one, closing_minor=130, entries_minor=130, told=(2, 130, 0))) == [(Kind.OVERLAP, 30)]
    assert found(*CHAIN, journal={ONE: 100, TWO: 51, THREE: -30}) == [(Kind.JOURNAL, 1)]
    assert found(*CHAIN, journal={ONE: 100, THREE: -30}) == [(Kind.JOURNAL, -50)]


def test_after_two_statements_that_contradict_each_other_the_next_may_go_on_from_either() -> None:
    """A bank that corrects a statement: that they contradict each other is told, and nothing else."""
    wrong, right = statement(ONE, 0, 100), statement(ONE, 0, 130)
    for goes_on_from in (100, 130):
        assert found(wrong, right, statement(TWO, goes_on_from, 1)) == [(Kind.OVERLAP, 30)]
    assert found(wrong, right, statement(TWO, 120, 1)) == [(Kind.OVERLAP, 30), (Kind.GAP, 20)]


def test_the_same_statement_sent_twice_and_ids_that_come_again_next_year_are_none_of_it() -> None:
    """pain 33: nothing is told apart, and nothing taken for the same, by an identifier."""
    again = [replace(one, documents=(f"{one.documents[0]} again",)) for one in CHAIN]
    next_year = [
        replace(
            one, opens_on=one.opens_on.replace(year=2027), closes_on=one.closes_on.replace(year=2027), number=number
        )
        for number, one in enumerate((statement(ONE, 120, 5), statement(TWO, 125, 5)), start=1)
    ]
    numbered = [replace(one, number=number) for number, one in enumerate(CHAIN, start=1)]
    assert found(*CHAIN, *again, journal={ONE: 100, TWO: 50, THREE: -30}) == []
    assert found(*numbered, *next_year) == []


def test_a_statement_in_pages_counts_all_of_them() -> None:
    repeated = [replace(statement(ONE, 0, part, 150), documents=(str(part),)) for part in (100, 50)]
    assert found(*repeated, journal={ONE: 150}) == []
    first, last = statement(ONE, 0, 100, number=1), statement(ONE, None, 50, 150, number=1)
    assert found(replace(first, closing_minor=None), last, statement(TWO, 150, 1), journal={ONE: 150, TWO: 1}) == []
    assert found(replace(first, closing_minor=None), last, statement(TWO, 151, 1)) == [(Kind.GAP, 1)]


def test_a_longer_statement_that_says_what_the_shorter_ones_say_adds_nothing() -> None:
    week = statement(THREE, 0, 120, opens_on=ONE)
    assert found(*CHAIN, week, journal={ONE: 100, TWO: 50, THREE: -30}) == []
    assert found(*CHAIN, replace(week, closing_minor=121, entries_minor=121)) != []


@pytest.mark.parametrize("dated", ["own day", "day before"])
def test_a_missing_statement_whose_bookings_a_notification_told_hides_nothing_from_the_journal(dated: str) -> None:
    """Some banks date the opening balance with the day before (PRCD), others with the day itself (OPBD)."""
    days_before = 0 if dated == "own day" else 1
    statements = [replace(one, opens_on=one.opens_on - timedelta(days=days_before)) for one in CHAIN]
    journal = {ONE - timedelta(days=1): 7, ONE: 100, TWO: 50, THREE: -30, FOUR: 9}

    assert found(*statements, journal=journal) == []
    assert found(statements[0], statements[2], journal=journal) == [(Kind.GAP, 50)]
    (gap,) = decide(
        [statements[0], statements[2]],
        {one.documents[0]: {one.closes_on: one.entries_minor} for one in statements},
        journal,
    )[1].findings
    assert "the journal has booked 0.50 DZD in between" in gap.says


@given(
    entries=st.lists(st.integers(-(10**6), 10**6).filter(bool), min_size=3, max_size=8),
    missing=st.integers(1, 6),
    order=st.randoms(use_true_random=False),
)
def test_in_any_order_exactly_the_missing_statement_is_found_with_its_amount(
    entries: list[int], missing: int, order: object
) -> None:
    missing = 1 + missing % (len(entries) - 2)
    opening = 0
    statements = []
    for number, minor in enumerate(entries):
        statements.append(statement(ONE + timedelta(days=number), opening, minor))
        opening += minor
    gone = statements.pop(missing)
    order.shuffle(statements)  # type: ignore[attr-defined]

    assert found(*statements) == [(Kind.GAP, gone.entries_minor)]


# Files in, rows out.


def rows(house: House, **wanted: object) -> list[Row]:
    with house.reading() as work:
        return tie_out.rows(work, **wanted)  # type: ignore[arg-type]


def booked(minor: int, day: date, reference: str, direction: str = "CRDT") -> Booked:
    return Booked(minor, "DZD", day, direction=direction, servicer_reference=reference)  # type: ignore[arg-type]


def test_a_booking_counts_once_however_many_reports_tell_of_it(house: House) -> None:
    paid, failed, nameless = *house.sent_together("CNAS", "100.00", "200.00"), booked(7_00, THREE, "X")
    gone = returned(failed, day=FOUR, charges_minor=5_00)
    first = (credit(paid, THREE), credit(failed, THREE), nameless)

    house.in_turn(
        camt054(paid.account, *first),
        camt053(paid.account, THREE, 10_00, *first),
        camt053(paid.account, FOUR, 317_00, gone, message_id="S2"),
        camt054(paid.account, gone, message_id="N2"),
    )

    assert [
        (one.fund_id, one.day, one.opening_minor, one.entries_minor, one.closing_minor, one.journal_difference_minor)
        for one in rows(house)
    ] == [
        ("CNAS", THREE, 10_00, 307_00, 317_00, 0),
        ("CNAS", FOUR, 317_00, -205_00, 112_00, 0),
    ]
    assert house.breaches().get(5) is None


def test_sums_without_details_and_sums_with_details_tie_out(sqlite_house: House) -> None:
    sents = sqlite_house.sent_together("CNAS", "100.00", "200.00", "300.00")
    account = sents[0].account
    detailed = together(*(credit(one, THREE) for one in sents), reference="T")

    sqlite_house.in_turn(
        camt053(account, THREE, 0, total(sents, THREE)),
        camt054(account, detailed),
        camt054(account, detailed, message_id="N2"),
    )

    assert kinds(rows(sqlite_house)) == []


def test_what_a_notification_told_and_the_statement_of_the_day_does_not_say_is_found(sqlite_house: House) -> None:
    sent = sqlite_house.sent()

    sqlite_house.in_turn(
        camt054(sent.account, credit(sent, THREE), booked(40_00, THREE, "ONLY-HERE")),
        camt053(sent.account, THREE, 0, credit(sent, THREE)),
    )

    assert kinds(rows(sqlite_house)) == [(Kind.JOURNAL, 40_00)]
    (breach,) = sqlite_house.breaches()[5]
    assert "40.00 DZD more than the statement says" in breach


def test_an_entry_that_is_booked_back_to_an_earlier_day_ties_out_on_that_day(sqlite_house: House) -> None:
    account = sqlite_house.sent().account
    sqlite_house.in_turn(
        camt053(account, THREE, 0, booked(5_00, THREE, "A")),
        camt053(account, FOUR, 5_00, booked(3_00, THREE, "B"), message_id="S2"),
    )

    assert kinds(rows(sqlite_house)) == []


def test_statement_ids_that_a_bank_uses_again_next_year_hide_no_booking(sqlite_house: House) -> None:
    """pain 33: same id, same number, same amount and no reference, a year later."""
    account, next_year = sqlite_house.sent().account, ONE.replace(year=2027)
    sqlite_house.in_turn(
        camt053(account, ONE, 0, Booked(5_00, "DZD", ONE)),
        camt053(account, next_year, 5_00, Booked(5_00, "DZD", next_year)),
    )

    assert [(one.day, one.entries_minor, one.journal_difference_minor) for one in rows(sqlite_house)] == [
        (ONE, 5_00, 0),
        (next_year, 5_00, 0),
    ]
    assert kinds(rows(sqlite_house)) == []
    assert sqlite_house.balances()["bank/CNAS"] == 10_00


def test_a_statement_that_a_bank_writes_anew_with_another_number_in_it_is_told_with_the_difference(
    sqlite_house: House,
) -> None:
    account = sqlite_house.sent().account
    sqlite_house.in_turn(
        camt053(account, ONE, 0, booked(5_00, ONE, "A")),
        camt053(account, ONE, 0, booked(5_00, ONE, "A"), booked(1_00, ONE, "B")),
    )

    assert kinds(rows(sqlite_house)) == [(Kind.OVERLAP, 1_00), (Kind.JOURNAL, 1_00)]


def test_an_account_of_no_fund_is_held_against_itself_only(sqlite_house: House) -> None:
    sqlite_house.in_turn(
        camt053("FR7630006000011234567890189", ONE, 0, booked(5_00, ONE, "A")),
        camt053("FR7630006000011234567890189", TWO, 6_00, booked(1_00, TWO, "B"), message_id="S2"),
    )

    (first, second) = rows(sqlite_house)
    assert (first.fund_id, first.journal_difference_minor, second.journal_difference_minor) == (None, None, None)
    assert kinds([first, second]) == [(Kind.GAP, 1_00)]
    assert rows(sqlite_house, fund_id="CNAS") == []


def test_the_days_asked_for_say_the_same_as_all_days(sqlite_house: House) -> None:
    account = sqlite_house.sent().account
    sqlite_house.in_turn(
        camt054(account, booked(9_00, TWO, "ONLY-HERE"), booked(2_00, FOUR + timedelta(days=2), "NOT-YET")),
        camt053(account, ONE, 0, booked(5_00, ONE, "A")),
        camt053(account, TWO, 5_00, booked(5_00, TWO, "B"), message_id="S2"),
        camt053(account, FOUR, 12_00, booked(5_00, FOUR, "C"), message_id="S3"),
    )
    every = rows(sqlite_house)

    assert kinds(every) == [(Kind.JOURNAL, 9_00), (Kind.GAP, 2_00)]
    for first, last in ((ONE, TWO), (TWO, TWO), (TWO, FOUR), (THREE, FOUR), (FOUR, FOUR)):
        assert rows(sqlite_house, first=first, last=last) == [one for one in every if first <= one.day <= last]
    assert rows(sqlite_house, first=TWO) == every[1:]
    # The missing statement is of a day that is asked for; what tells of it is the one after.
    assert rows(sqlite_house, first=THREE, last=THREE) == every[2:]


def test_a_sequence_number_that_is_too_long_to_be_one_numbers_nothing(sqlite_house: House) -> None:
    account = sqlite_house.sent().account
    sqlite_house.in_turn(camt053(account, ONE, 0, booked(5_00, ONE, "A"), message_id=f"S{'9' * 5_000}"))

    assert kinds(rows(sqlite_house)) == []
    assert sqlite_house.breaches().get(5) is None


def test_days_that_no_statement_tells_of_are_a_finding_when_they_are_asked_for(sqlite_house: House) -> None:
    account = sqlite_house.sent().account
    sqlite_house.in_turn(camt053(account, ONE, 0, booked(5_00, ONE, "A")), camt054(account, booked(2_00, THREE, "B")))

    assert kinds(rows(sqlite_house, last=TWO)) == []
    assert kinds(rows(sqlite_house, last=FOUR)) == [(Kind.UNSTATED, 2_00)]
    assert kinds(rows(sqlite_house)) == []


@pytest.mark.parametrize("told_before", [(0,), (1,), (0, 1)], ids=["the first", "the second", "both"])
@pytest.mark.parametrize("again", [False, True], ids=["once", "sent again"])
def test_of_a_sum_only_the_details_that_were_told_before_tie_out_on_the_day_that_counts(
    sqlite_house: House, told_before: tuple[int, ...], again: bool
) -> None:
    """A notification lists two details of an entry; a person says that other days had told them; the statement has the sum."""
    house, sents = sqlite_house, sqlite_house.sent_together("CNAS", "100.00", "200.00")
    account, days = sents[0].account, (ONE, TWO)
    parts = [replace(credit(one, THREE), servicer_reference=None) for one in sents]
    house.go_to(date(2026, 10, 5))
    house.in_turn(
        *(camt054(account, credit(sents[one], days[one]), message_id=f"N{one}") for one in told_before),
        camt054(account, together(*parts), message_id="N9"),
    )
    for waits in house.waiting():
        sent = next(one for one in sents if one.end_to_end_id == waits.end_to_end_id)
        with house.reading() as work:
            (counts,) = queries.facts_of(work, sent.collection_id)
        decided(house, waits.id, Decision.TOLD_BEFORE, same_as=counts.entry_id)
    bare = replace(together(*parts), details=(), end_to_end_id=None)
    statements = [
        camt053(account, ONE, 0, message_id="S1"),
        camt053(account, TWO, 0, message_id="S2"),
        camt053(account, THREE, 0, bare, message_id="S3"),
    ]
    house.in_turn(*statements, *([statements[2].replace(b">S3<", b">S4<")] if again else []))

    assert house.suspense() == []
    assert house.balances()["bank/CNAS"] == 300_00
    assert kinds(rows(house)) == []
    assert kinds(rows(house, first=THREE, last=THREE)) == []
