"""The books on sheets: they balance by themselves, their running balances arrive, and a page goes on where the last one ended."""

from datetime import date
from itertools import accumulate
from typing import Any

import pytest
from figure_house import DAY, RETURN_DAY, Known, known, rows, totals
from house import CLERK, House
from sqlalchemy import event

from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.work import Actor, Role
from debit_service.reports.figures import behind, books, subjects
from debit_service.reports.figures.books import BooksAsked
from debit_service.reports.figures.sheet import Sheet


def trial(told: Known, **asked: str) -> Sheet:
    with told.house.desk.reading(CLERK) as work:
        return books.trial_balance(work, BooksAsked.of({"fund": "CNAS", **asked}))


def lines(told: Known, **asked: str) -> list[dict[str, Any]]:
    with told.house.desk.reading(CLERK) as work:
        return rows(books.all_account_lines(work, BooksAsked.of({"fund": "CNAS", "account": "bank", **asked})), "lines")


def test_debits_and_credits_are_the_same_and_each_account_says_what_moved(told: Known) -> None:
    sheet = trial(told)
    (both,) = totals(sheet, "accounts", "debit", "credit", "balance")
    assert both["debit"] == both["credit"] > 0 == both["balance"]
    by_account = {one["account"]: one for one in rows(sheet, "accounts")}
    assert (by_account["bank"]["debit"], by_account["bank"]["credit"], by_account["bank"]["balance"]) == (
        7077_77,
        4005_00,
        3072_77,
    )


def test_what_was_brought_forward_and_what_moved_since_make_the_balance(told: Known) -> None:
    bank = {one["account"]: one for one in rows(trial(told, since=RETURN_DAY.isoformat()), "accounts")}["bank"]
    assert (bank["opening"], bank["debit"], bank["credit"], bank["balance"]) == (7077_77, 0, 4005_00, 3072_77)
    until = {one["account"]: one for one in rows(trial(told, until=DAY.isoformat()), "accounts")}["bank"]
    assert until["balance"] == 7077_77


def test_the_lines_of_an_account_run_to_its_balance_and_say_for_what(told: Known) -> None:
    found = lines(told)
    moved = [one.get("debit", 0) - one.get("credit", 0) for one in found]
    assert [one["balance"] for one in found] == [*accumulate(moved)]
    assert (sorted(moved[:-1]), moved[-1]) == ([77_77, 1000_00, 2000_00, 4000_00], -4005_00)
    assert {one["subject"] for one in found if one.get("debit") == 1000_00} == {told.paid.end_to_end_id}
    assert found[-1]["cause"] == "Debit returned by the bank"
    since = lines(told, since=RETURN_DAY.isoformat())
    assert [one["balance"] for one in since] == [7077_77, 3072_77]


def test_an_account_goes_on_where_the_page_ended(told: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behind, "ROWS_SHOWN_MAX", 2)
    seen, after = [], ""
    with told.house.desk.reading(CLERK) as work:
        while True:
            part = books.account_lines(work, BooksAsked(fund="CNAS", account="bank"), after=after)
            shown = rows(part.sheet, "lines")
            assert "booking" not in shown[0] or not after
            seen += [one for one in shown if "booking" in one]
            if part.next_after is None:
                break
            after = part.next_after
    assert seen == lines(told)
    assert part.count == 5


@pytest.mark.parametrize(("since", "goes_on", "times"), [("", False, 2), (DAY, False, 3), (DAY, True, 4)])
def test_a_page_of_an_account_reads_its_lines_once_for_each_of_its_numbers(
    told: Known, monkeypatch: pytest.MonkeyPatch, since: object, *, goes_on: bool, times: int
) -> None:
    """The sums and the lines; what was brought forward; and, further on, what stands before the page."""
    monkeypatch.setattr(behind, "ROWS_SHOWN_MAX", 1)
    asked, statements = BooksAsked(fund="CNAS", account="bank", since=str(since)), list[str]()
    with told.house.desk.reading(CLERK) as work:
        after = books.account_lines(work, asked).next_after if goes_on else None
        connection = work.session.connection()
        event.listen(connection, "before_cursor_execute", lambda *said: statements.append(said[2]))
        books.account_lines(work, asked, after=after or "")
    assert sum("journal_lines" in one for one in statements) == times


def test_either_database_keeps_the_same_books(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behind, "ROWS_SHOWN_MAX", 1)
    sent = known(house).returned
    with house.desk.reading(CLERK) as work:
        asked = BooksAsked(fund="CNAS", account="bank", since=RETURN_DAY.isoformat())
        (bank,) = (one for one in rows(books.trial_balance(work, asked), "accounts") if one["account"] == "bank")
        part = books.account_lines(work, asked)
        assert (bank["opening"], bank["credit"], bank["balance"]) == (7077_77, 4005_00, 3072_77)
        assert [one["balance"] for one in rows(part.sheet, "lines")] == [7077_77, 3072_77]
        behind_it = rows(books.account_lines(work, asked, after=part.next_after or "").sheet, "lines")
        assert [one["balance"] for one in behind_it] == [3072_77]
        reference = house.contribution_row(sent.contribution_id).reference
        named = subjects.named(work, ["CNAS"], reference)
        assert {sent.contribution_id, sent.collection_id} <= set(named)
        assert subjects.named(work, ["CNAS"], sent.end_to_end_id) == [sent.collection_id]
        assert subjects.named(work, ["CNAS"], "nothing") == []
        assert subjects.subjects(work, named)[sent.collection_id].name == sent.end_to_end_id


def test_the_books_are_for_the_finance_desk(told: Known) -> None:
    agent = Actor("agent", frozenset({Role.MANDATE_AGENT}))
    with told.house.desk.reading(agent) as work, pytest.raises(Refused, match="role"):
        books.trial_balance(work, BooksAsked(fund="CNAS"))
    with pytest.raises(InvalidInput, match="backwards"):
        BooksAsked.of({"since": str(date(2026, 10, 2)), "until": str(date(2026, 10, 1))})
