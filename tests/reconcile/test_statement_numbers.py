"""Numbers of statements: a jump is a hint of one that is missing, where days and balances cannot tell; and no more than that."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from bank_files import Booked, camt053
from figure_house import made
from figure_house import rows as sheet_rows
from house import House

from debit_service.reconcile.tie_out import queries as tie_out
from debit_service.reconcile.tie_out.numbers import Numbered, jumps, number_of
from debit_service.reconcile.tie_out.rules import Row

MONDAY = date(2026, 9, 28)


def skipped(*numbered: tuple[int, int]) -> list[tuple[int, int]]:
    """(before, after) of each jump; a statement is days after the Monday, and number."""
    return [
        (one.before, one.after)
        for one in jumps(Numbered(MONDAY + timedelta(days=day), number) for day, number in numbered)
    ]


def daily(first: date, numbers: Sequence[int]) -> list[Numbered]:
    """A statement a working day."""
    days = (first + timedelta(days=one) for one in range(10_000))
    working = (one for one in days if one.weekday() < 5)
    return [Numbered(day, number) for day, number in zip(working, numbers, strict=False)]


def test_a_number_that_is_skipped_is_a_jump_until_its_statement_comes() -> None:
    assert skipped((0, 5), (2, 7)) == [(5, 7)]
    assert skipped((2, 7), (0, 5), (1, 6)) == []
    assert skipped((0, 5), (4, 9), (7, 10)) == [(5, 9)]
    (jump,) = jumps([Numbered(MONDAY, 5), Numbered(MONDAY + timedelta(days=4), 9)])
    assert jump.says == (
        "the statement of 2026-09-28 has the number 5, the one of 2026-10-02 the number 9: numbers 6 to 8 may be missing"
    )


def test_pages_weekends_and_statements_without_a_number_skip_nothing() -> None:
    assert skipped((0, 5), (0, 5), (0, 5), (1, 6)) == []
    assert skipped((4, 5), (7, 6)) == []
    assert skipped((0, 5), (1, 0), (2, 6)) == []


def test_several_a_day_may_skip_several_a_day() -> None:
    assert skipped((0, 1), (0, 2), (0, 3), (1, 4), (3, 7)) == [(4, 7)]
    assert skipped((0, 1), (0, 3)) == [(1, 3)]


def test_a_corrected_statement_that_has_the_next_number_and_an_earlier_day_skips_nothing() -> None:
    assert skipped((0, 1), (1, 2), (2, 3), (0, 4), (3, 5)) == []


def test_numbers_that_start_again_each_year_skip_nothing_but_what_is_before_the_first() -> None:
    ends = Numbered(date(2026, 12, 31), 250)
    first, second, third = (Numbered(date(2027, 1, 4) + timedelta(days=one), one + 1) for one in range(3))
    assert jumps([ends, first, second, third]) == []
    assert jumps([ends, Numbered(first.closes_on, 0), Numbered(second.closes_on, 1)]) == []
    (jump,) = jumps([ends, second, third])
    assert (jump.before, jump.after) == (0, 2)
    assert jump.says == (
        "of 2027 the statement of 2027-01-05 is the first, and has the number 2: number 1 may be missing"
    )
    # The same numbers were there the year before: that is no reason to believe that they were this year.
    assert jumps([Numbered(date(2026, 3, 2), 3), ends, first, second, Numbered(date(2027, 1, 7), 4)])


def test_a_year_before_the_number_or_a_day_in_it_is_another_way_to_number() -> None:
    """Seen in real files: 130000005, 201500021, 220076002, 201302051."""
    assert jumps([Numbered(date(2013, 12, 31), 130000250), Numbered(date(2014, 1, 2), 140000001)]) == []
    assert jumps([Numbered(date(2013, 2, 5), 201302051), Numbered(date(2013, 2, 6), 201302061)]) == []
    assert jumps([Numbered(date(2013, 2, 5), 130000005), Numbered(date(2013, 2, 7), 130000007)]) != []


def test_numbers_that_count_accounts_or_days_are_told_of_at_most_twice() -> None:
    two_accounts, days = daily(MONDAY, range(1, 40, 2)), [one.toordinal() - 700_000 for one in map(_day, range(30))]
    calendar = [Numbered(_day(one), number) for one, number in enumerate(days) if _day(one).weekday() < 5]
    assert (len(jumps(two_accounts[:3])), jumps(two_accounts)) == (2, [])
    assert (len(jumps(calendar[:11])), jumps(calendar)) == (2, [])
    # Three that are really missing in a year of statements are told of.
    missing = [one for one in daily(MONDAY, range(1, 250)) if one.number not in {20, 21, 60, 170}]
    assert [(one.before, one.after) for one in jumps(missing)] == [(19, 22), (59, 61), (169, 171)]


def _day(after: int) -> date:
    return MONDAY + timedelta(days=after)


@pytest.mark.parametrize(
    ("text", "number"),
    [("00000", 0), ("007", 7), ("1000.00", 0), ("²", 0), (None, 0), ("9" * 19, 0), ("9" * 18, 10**18 - 1)],
)
def test_what_is_no_number_numbers_nothing(text: str | None, number: int) -> None:
    assert number_of(text) == number


# Files in, hints out.


def statement(house: House, day: date, number: str, *, opening_minor: int = 0, legal: str = "") -> bytes:
    """An empty statement with this number."""
    content = camt053(house.fund().creditor.account.value, day, opening_minor, message_id="S1")
    said = f"<ElctrncSeqNb>{number}</ElctrncSeqNb>" if number else ""
    said += f"<LglSeqNb>{legal}</LglSeqNb>" if legal else ""
    return content.replace(b"<Id>S1</Id>", f"<Id>S-{day}</Id>".encode()).replace(
        b"<ElctrncSeqNb>1</ElctrncSeqNb>", said.encode()
    )


def told(
    house: House, counting: str | None = None, *, first: date | None = None, last: date | None = None
) -> list[Row]:
    """The rows of the tie-out; `counting` is what the bank's profile says of its numbers."""
    funds = house.service.funds
    if counting:
        banks = {name: one.model_copy(update={"statement_numbers": counting}) for name, one in funds.banks.items()}
        funds = type(funds)(funds.funds, banks)
    with house.reading() as work:
        return tie_out.rows(work, funds=funds, first=first, last=last)


def hinted(rows: list[Row]) -> list[tuple[date, int, int]]:
    return [(row.day, one.before, one.after) for row in rows for one in row.hints]


def test_a_missing_statement_that_comes_to_nothing_is_a_hint_until_it_comes(house: House) -> None:
    """Balances cannot tell: what it says came in went out again the same day."""
    days = [_day(one) for one in range(3)]
    house.in_turn(statement(house, days[0], "41"), statement(house, days[2], "43"))

    rows = told(house)
    assert [one.findings for one in rows] == [(), ()]
    assert hinted(rows) == [(days[2], 41, 43)]
    assert hinted(told(house, first=days[1], last=days[1])) == [(days[2], 41, 43)]
    assert hinted(told(house, last=days[0])) == []
    assert house.breaches().get(5) is None

    account = house.fund().creditor.account.value
    there_and_back = [Booked(5_00, "DZD", days[1], direction=way, servicer_reference=way) for way in ("CRDT", "DBIT")]
    house.in_turn(camt053(account, days[1], 0, *there_and_back, message_id="S42"))
    assert hinted(told(house)) == []
    assert all(not one.findings for one in told(house))


def test_which_number_counts_is_for_the_profile_of_the_bank_to_say(sqlite_house: House) -> None:
    house = sqlite_house
    house.in_turn(
        statement(house, _day(0), "700", legal="7"),
        statement(house, _day(1), "702", legal="8"),
        statement(house, _day(2), "703", legal="10"),
    )

    assert hinted(told(house)) == [(_day(1), 700, 702)]
    assert hinted(told(house, "legal")) == [(_day(2), 8, 10)]
    assert hinted(told(house, "none")) == []


def test_a_bank_that_gives_only_legal_numbers_is_read_by_these(sqlite_house: House) -> None:
    house = sqlite_house
    house.in_turn(statement(house, _day(0), "", legal="2"), statement(house, _day(1), "", legal="4"))

    assert hinted(told(house)) == hinted(told(house, "legal")) == [(_day(1), 2, 4)]


def test_the_file_of_the_tie_out_has_a_table_of_hints(sqlite_house: House) -> None:
    house = sqlite_house
    house.in_turn(statement(house, _day(0), "41"), statement(house, _day(2), "43"))

    (hint,) = sheet_rows(made(house, "tie-out"), "hints", "day", "since", "number_before", "number")
    assert tuple(hint.values()) == ("2026-09-30", "2026-09-28", "41", "43")


def test_one_statement_out_of_step_does_not_make_numbers_of_days_cry_wolf() -> None:
    of_days = [Numbered(day, day.timetuple().tm_yday) for day, _ in daily(date(2026, 1, 2), range(120))]
    of_days[30] = of_days[30]._replace(closes_on=of_days[30].closes_on - timedelta(days=1))
    assert jumps(of_days) == []
