"""Closed periods: two people, forward only, and what is learnt later about a closed day is booked after it."""

import threading
from collections.abc import Sequence
from datetime import date

import pytest
from bank_files import camt053, camt054, credit, returned
from house import APPROVER, CLERK, House
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from debit_service.core.errors import DebitError, Refused
from debit_service.core.work import Actor, Role, Work
from debit_service.ledger import closing, queries
from debit_service.ledger.rules import Account, account, open_day, totals_of
from debit_service.ledger.service import Posting, post_all
from debit_service.reconcile.tie_out import close as tie_out_close

SEPTEMBER, CLOSED = date(2026, 9, 30), date(2026, 10, 1)
OTHER_APPROVER = Actor("approver-2", frozenset({Role.FINANCE_APPROVER}))
RECEIVABLE, DECLARED = account(Account.RECEIVABLE, "CNAS"), account(Account.DECLARED, "CNAS")


def book(work: Work, day: date, *subjects: str, fund_id: str = "CNAS", minor: int = 100) -> None:
    """Something is owed."""
    lines = {account(Account.RECEIVABLE, fund_id): minor, account(Account.DECLARED, fund_id): -minor}
    post_all(work, [Posting(one, lines, "DZD", day, "test", {"why": "test"}) for one in subjects])


def days_of(house: House, subject: str) -> list[tuple[date, str | None]]:
    """Business date of each entry, and the closed day that it belongs to."""
    with house.reading() as work:
        return [(one.business_date, one.belongs_to) for one in queries.entries_of_subjects(work.session, [subject])]


def prepare(house: House, through: date, findings: Sequence[str] = (), despite: str | None = None) -> tuple[str, str]:
    """A clerk prepares a close; returns its id and hash."""
    with house.desk.work(CLERK) as work:
        fund = house.fund()
        period = closing.prepare(work, fund, through, "the month is over", findings=findings, despite=despite)
        return period.id, period.sha256


def close(house: House, through: date = SEPTEMBER) -> None:
    """A clerk prepares, an approver approves."""
    period_id, sha256 = prepare(house, through)
    with house.desk.work(APPROVER) as work:
        closing.approve(work, period_id, sha256, findings=[])


def broken(house: House) -> list[str]:
    """What `debit verify` says of closed periods."""
    with house.reading() as work:
        return list(closing.broken(work.session))


def refusal(error: pytest.ExceptionInfo[DebitError]) -> str:
    return error.value.code


def test_a_booking_of_a_closed_day_stands_on_the_first_day_after_it_and_says_where_it_belongs(house: House) -> None:
    with house.desk.work(CLERK) as work:
        book(work, SEPTEMBER, "before")
    house.go_to(date(2026, 10, 5))
    close(house)

    with house.desk.work(CLERK) as work:
        book(work, date(2026, 9, 12), "late")
        book(work, CLOSED, "in time")
        book(work, date(2026, 9, 12), "another fund's", fund_id="CNSS")

    assert days_of(house, "before") == [(SEPTEMBER, None)]
    assert days_of(house, "late") == [(CLOSED, "2026-09-12")]
    assert days_of(house, "in time") == [(CLOSED, None)]
    assert days_of(house, "another fund's") == [(date(2026, 9, 12), None)]


@given(
    day=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    closed=st.dictionaries(st.sampled_from(["CNAS", "CNSS"]), st.dates(date(2026, 1, 1), date(2026, 12, 31))),
)
def test_no_booking_ever_stands_on_a_closed_day_and_none_is_moved_without_need(
    day: date, closed: dict[str, date]
) -> None:
    booked = open_day(closed, [RECEIVABLE, DECLARED], day)

    assert booked >= day
    through = closed.get("CNAS")
    if through is None or day > through:
        assert booked == day
    else:
        assert (booked - through).days == 1


def test_what_a_bank_tells_late_of_a_closed_day_changes_no_closed_balance_and_ties_out_all_the_same(
    house: House,
) -> None:
    sent = house.sent()
    house.in_turn(camt054(sent.account, credit(sent)), camt053(sent.account, SEPTEMBER, 0, credit(sent)))
    house.go_to(date(2026, 10, 2))
    period_id, sha256 = _prepared_with_tie_out(house)
    with house.desk.work(APPROVER) as work:
        tie_out_close.approve(work, period_id, sha256)
        totals = queries.trial_balance(work.session, fund_id="CNAS", through=SEPTEMBER)

    house.in_turn(
        camt054(sent.account, returned(sent, day=SEPTEMBER), message_id="N2"),
        camt053(sent.account, date(2026, 10, 2), sent.amount_minor, returned(sent, day=SEPTEMBER), message_id="S2"),
    )

    with house.reading() as work:
        assert queries.trial_balance(work.session, fund_id="CNAS", through=SEPTEMBER) == totals
        late = queries.entries_of_subjects(work.session, [sent.collection_id])[-1]
    assert (late.cause, late.business_date, late.belongs_to) == ("collection.returned", CLOSED, "2026-09-30")
    assert set(late.evidence) == {"entry", "file", "belongs_to"}
    # The journal says what the facts say (4), statements tie out (5), a replay ends the same (8), the close stands (12).
    assert not {4, 5, 8, 12} & set(house.breaches())


def _prepared_with_tie_out(house: House) -> tuple[str, str]:
    with house.desk.work(CLERK) as work:
        period = tie_out_close.prepare(work, house.fund(), SEPTEMBER, "the month is over")
        assert period.findings == []
        return period.id, period.sha256


def test_the_totals_are_the_trial_balance_at_the_close(sqlite_house: House) -> None:
    with sqlite_house.desk.work(CLERK) as work:
        book(work, SEPTEMBER, "C1", "C2")
        book(work, CLOSED, "C3")
    sqlite_house.go_to(date(2026, 10, 5))
    close(sqlite_house)

    with sqlite_house.reading() as work:
        (period,) = queries.closes(work.session, "CNAS")
        assert period.totals == {"DZD": {DECLARED: -200, RECEIVABLE: 200}}
        assert totals_of(queries.trial_balance(work.session, fund_id="CNAS")) == {
            "DZD": {DECLARED: -300, RECEIVABLE: 300}
        }
    assert (period.made_by, period.approved_by) == ("clerk", "approver")


def test_a_day_that_is_not_over_where_the_fund_is_cannot_be_closed(sqlite_house: House) -> None:
    sqlite_house.go_to(SEPTEMBER, hour=22)
    with pytest.raises(Refused) as refused:
        prepare(sqlite_house, SEPTEMBER)
    assert refusal(refused) == "ledger.close.not_over"

    # An hour later it is 1 October in Algiers, and still 30 September in UTC.
    sqlite_house.go_to(SEPTEMBER, hour=23)
    prepare(sqlite_house, SEPTEMBER)


def test_closing_goes_forward_only(sqlite_house: House) -> None:
    sqlite_house.go_to(date(2026, 10, 5))
    close(sqlite_house, SEPTEMBER)
    for through in (SEPTEMBER, date(2026, 9, 29)):
        with pytest.raises(Refused) as refused:
            prepare(sqlite_house, through)
        assert refusal(refused) == "ledger.close.backwards"
    close(sqlite_house, CLOSED)


def test_who_prepared_a_close_cannot_approve_it_and_only_an_approver_can(sqlite_house: House) -> None:
    sqlite_house.go_to(date(2026, 10, 5))
    with sqlite_house.desk.work(APPROVER) as work:
        mine = closing.prepare(work, sqlite_house.fund(), SEPTEMBER, "the month is over", findings=[])
        period_id, sha256 = mine.id, mine.sha256

    for actor, code in ((APPROVER, "ledger.close.four_eyes"), (CLERK, "access.role")):
        with pytest.raises(Refused) as refused, sqlite_house.desk.work(actor) as work:
            closing.approve(work, period_id, sha256, findings=[])
        assert refusal(refused) == code
    with sqlite_house.desk.work(OTHER_APPROVER) as work:
        closing.approve(work, period_id, sha256, findings=[])


def test_what_was_booked_since_it_was_prepared_voids_it(sqlite_house: House) -> None:
    sqlite_house.go_to(date(2026, 10, 5))
    period_id, sha256 = prepare(sqlite_house, SEPTEMBER)
    with sqlite_house.desk.work(CLERK) as work:
        book(work, SEPTEMBER, "meanwhile")

    with pytest.raises(Refused) as refused, sqlite_house.desk.work(APPROVER) as work:
        closing.approve(work, period_id, sha256, findings=[])
    assert refusal(refused) == "ledger.close.changed"

    again, other = prepare(sqlite_house, SEPTEMBER)
    with pytest.raises(DebitError, match="no such close"), sqlite_house.desk.work(APPROVER) as work:
        closing.approve(work, period_id, sha256, findings=[])
    for digest, findings in ((sha256, []), (other, ["a statement is missing"])):
        with pytest.raises(Refused) as refused, sqlite_house.desk.work(APPROVER) as work:
            closing.approve(work, again, digest, findings=findings)
        assert refusal(refused) == "ledger.close.changed"
    with sqlite_house.desk.work(APPROVER) as work:
        closing.approve(work, again, other, findings=[])


def test_findings_need_a_reason_which_stays_in_the_record(sqlite_house: House) -> None:
    sqlite_house.go_to(date(2026, 10, 5))
    for despite in (None, "  "):
        with pytest.raises(Refused) as refused:
            prepare(sqlite_house, SEPTEMBER, ["a statement is missing"], despite)
        assert refusal(refused) == "ledger.close.findings"

    prepare(sqlite_house, SEPTEMBER, ["a statement is missing"], "the bank lost it and says so in writing")

    with sqlite_house.reading() as work:
        (period,) = queries.closes(work.session, "CNAS")
    assert (period.findings, period.despite) == (
        ["a statement is missing"],
        "the bank lost it and says so in writing",
    )


def test_a_month_that_no_statement_tells_of_is_closed_with_a_reason_only(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    sqlite_house.in_turn(camt054(sent.account, credit(sent)))
    sqlite_house.go_to(date(2026, 10, 5))

    with pytest.raises(Refused) as refused, sqlite_house.desk.work(CLERK) as work:
        tie_out_close.prepare(work, sqlite_house.fund(), SEPTEMBER, "the month is over")
    assert refusal(refused) == "ledger.close.findings"
    with sqlite_house.desk.work(CLERK) as work:
        despite = "the bank sends no statements"
        period = tie_out_close.prepare(work, sqlite_house.fund(), SEPTEMBER, "the month is over", despite=despite)
        assert ["1000.00 DZD" in one for one in period.findings] == [True]


def test_the_database_itself_keeps_what_is_closed_and_that_two_people_closed_it(house: House) -> None:
    house.go_to(date(2026, 10, 5))
    close(house)
    prepare(house, CLOSED)
    approve_alone = "update closed_periods set approved_by = made_by, approved_at = made_at where approved_at is null"
    for statement, match in (
        ("update closed_periods set closed_through = '2026-09-01' where approved_at is not null", "append-only"),
        ("delete from closed_periods where approved_at is not null", "append-only"),
        (approve_alone, "four_eyes"),
    ):
        with pytest.raises(DBAPIError, match=match), house.desk.database.engine.begin() as connection:
            connection.execute(text(statement))


def test_nobody_closes_while_somebody_books_and_nobody_books_while_somebody_closes(house: House) -> None:
    """On SQLite one of the two waits for the other; on PostgreSQL the close is refused, and a booking waits for a close."""
    house.go_to(date(2026, 10, 5))
    period_id, sha256 = prepare(house, SEPTEMBER)
    if house.desk.database.engine.dialect.name == "postgresql":
        with house.desk.work(CLERK) as booking:
            book(booking, CLOSED, "C1")
            with pytest.raises(Refused) as refused, house.desk.work(APPROVER) as work:
                closing.approve(work, period_id, sha256, findings=[])
            assert refusal(refused) == "ledger.close.booking"

    def late() -> None:
        with house.desk.work(CLERK) as work:
            book(work, SEPTEMBER, "late")

    with house.desk.work(APPROVER) as work:
        closing.approve(work, period_id, sha256, findings=[])
        other = threading.Thread(target=late)
        other.start()
        other.join(0.2)
        assert other.is_alive(), "it must wait until the close is committed or not"
    other.join()
    assert days_of(house, "late") == [(CLOSED, "2026-09-30")]


def test_many_bookings_of_one_transaction_ask_once_what_is_closed(sqlite_house: House) -> None:
    asked: list[dict[str, date]] = []
    original = queries.closed_through

    def noted(session: Session) -> dict[str, date]:
        asked.append(original(session))
        return asked[-1]

    with pytest.MonkeyPatch.context() as patched, sqlite_house.desk.work(CLERK) as work:
        patched.setattr(queries, "closed_through", noted)
        for number in range(5):
            book(work, SEPTEMBER, f"C{number}")
        assert asked == [{}]


def test_a_savepoint_that_falls_takes_what_was_known_of_closes_with_it(house: House) -> None:
    """The lock against a close falls with it: it must be taken again."""
    with house.desk.work(CLERK) as work:
        savepoint = work.session.begin_nested()
        book(work, SEPTEMBER, "C1")
        savepoint.rollback()
        assert not work.session.info
        book(work, SEPTEMBER, "C2")
        assert work.session.info == {"journal": {}}


DAMAGES = {
    "a booking is slipped into a closed day": (
        "insert into journal_entries values ('X', '2026-11-01 00:00:00', '2026-09-03', 'test', 'C1', '{}', 'DZD')",
        "insert into journal_lines select 'X', 1, account, subject, 7 from journal_lines where number = 1 limit 1",
        "insert into journal_lines select 'X', 2, account, subject, -7 from journal_lines where number = 1 limit 1",
    ),
    "a booking of a closed day is moved out": ("update journal_entries set business_date = '2026-10-03'",),
    "an amount of a closed day is changed": ("update journal_lines set amount_minor = amount_minor * 2",),
    "the totals of a close are changed": ("update closed_periods set totals = '{}'",),
    "one person signs for two": (
        "pragma ignore_check_constraints = on",
        "update closed_periods set approved_by = made_by",
    ),
    "the reason despite findings is taken away": (
        "update closed_periods set findings = '[\"a gap\"]', despite = null",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_verify_names_what_was_done_to_a_closed_period(sqlite_house: House, name: str) -> None:
    with sqlite_house.desk.work(CLERK) as work:
        book(work, SEPTEMBER, "C1")
    sqlite_house.go_to(date(2026, 10, 5))
    close(sqlite_house)
    assert broken(sqlite_house) == []

    engine = sqlite_house.desk.database.engine
    with engine.connect() as connection:
        triggers = connection.exec_driver_sql("select name from sqlite_master where type = 'trigger'").scalars().all()
    with engine.begin() as connection:
        for statement in (*(f"drop trigger {one}" for one in triggers), *DAMAGES[name]):
            connection.exec_driver_sql(statement)

    assert broken(sqlite_house) != []


def test_a_line_on_an_account_that_is_none_and_a_fund_that_does_not_balance_are_named(sqlite_house: House) -> None:
    with sqlite_house.desk.work(CLERK) as work:
        lines = {RECEIVABLE: 5, account(Account.DECLARED, "CNSS"): -5}
        post_all(work, [Posting("C1", lines, "DZD", SEPTEMBER, "test", {})])
        post_all(work, [Posting("C1", {"cash/CNAS": 5, RECEIVABLE: -5}, "DZD", SEPTEMBER, "test", {})])

    named = sqlite_house.breaches()[4]

    assert any("cash/CNAS" in one for one in named)
    assert any("the journal of CNSS is out of balance by -0.05 DZD" in one for one in named)
