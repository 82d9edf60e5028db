"""A statement that the bank writes anew: a clerk says that it counts, where it tells of everything that the first one told."""

from datetime import date

import pytest
from bank_files import Booked, camt053, camt054, credit, together, total
from house import APPROVER, CLERK, House
from reconcile.deciding import decided, money
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.work import Actor
from debit_service.reconcile.models import BankDocument, BankEntry, FileReading, StatementReplacement
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.service.replace import replace_statement, undo_replacement
from debit_service.reconcile.tie_out import queries as tie_out
from debit_service.reconcile.tie_out.replacing import Booking, Told, told_alone
from debit_service.reconcile.tie_out.rules import Kind

DAY, NEXT = date(2026, 9, 30), date(2026, 10, 1)


def booked(minor: int, reference: str) -> Booked:
    return Booked(minor, "DZD", DAY, servicer_reference=reference)


def document(house: House, name: str) -> str:
    with house.reading() as work:
        return work.session.scalars(select(BankDocument.id).where(BankDocument.container_id == name)).one()


def replace(house: House, name: str, by: str, *, who: Actor = CLERK, why: str = "the bank sent it again") -> str:
    one, other = document(house, name), document(house, by)
    with house.desk.work(who) as work:
        return replace_statement(work, one, other, why)


def undo(house: House, replacement_id: str, *, who: Actor = CLERK, why: str = "it was the other one") -> None:
    with house.desk.work(who) as work:
        undo_replacement(work, replacement_id, why)


def findings(house: House) -> list[tuple[Kind, int]]:
    with house.reading() as work:
        return [(one.kind, one.amount_minor) for row in tie_out.rows(work) for one in row.findings]


def refused(house: House, name: str, by: str) -> Refused:
    """What is said; nothing has changed by it."""
    before = findings(house), money(house), house.suspense(), house.breaches()
    with pytest.raises(Refused) as raised:
        replace(house, name, by)
    assert (findings(house), money(house), house.suspense(), house.breaches()) == before
    with house.reading() as work:
        assert work.session.scalars(select(StatementReplacement)).all() == []
    return raised.value


@pytest.fixture
def forgotten(sqlite_house: House) -> House:
    """The first statement has forgotten a booking; the second has it."""
    account = sqlite_house.fund().creditor.account.value
    sqlite_house.go_to(NEXT)
    sqlite_house.in_turn(
        camt053(account, DAY, 0, booked(5_00, "A"), message_id="S1"),
        camt053(account, DAY, 0, booked(5_00, "A"), booked(1_00, "B"), message_id="S2"),
        camt053(account, NEXT, 6_00, message_id="S3"),
    )
    return sqlite_house


def test_one_person_says_which_counts_where_the_new_statement_tells_everything(forgotten: House) -> None:
    house = forgotten
    booked_before = money(house)
    assert findings(house) == [(Kind.OVERLAP, 1_00), (Kind.JOURNAL, 1_00)]

    done = replace(house, "S1", "S2")

    assert (findings(house), money(house)) == ([], booked_before)
    assert {one.amount_minor for one in house.waiting()} == {5_00, 1_00}
    assert house.breaches() == {}  # a replay ends in the same, too

    undo(house, done)
    assert (findings(house), money(house)) == ([(Kind.OVERLAP, 1_00), (Kind.JOURNAL, 1_00)], booked_before)
    assert house.breaches().keys() == {5}
    with pytest.raises(Refused, match="that stands can be undone"):
        undo(house, done)

    replace(house, "S1", "S2")
    assert findings(house) == []


def test_what_is_wrong_in_a_statement_is_told_until_another_one_counts_instead(sqlite_house: House) -> None:
    house, account = sqlite_house, sqlite_house.fund().creditor.account.value
    house.go_to(NEXT)
    right = camt053(account, DAY, 0, booked(5_00, "A"), message_id="S2")
    counts_two = b"<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries></TtlNtries></TxsSummry><Ntry>"
    house.in_turn(right.replace(b"<Ntry>", counts_two).replace(b">S2<", b">S1<"), right)
    (told,) = house.breaches()[5]
    assert "The bank counts 2 entries; 1 are here" in told

    replace(house, "S1", "S2")

    assert house.breaches() == {}


def test_a_statement_that_does_not_count_says_nothing_of_the_days_after_the_one_that_does(sqlite_house: House) -> None:
    house, account = sqlite_house, sqlite_house.fund().creditor.account.value
    week, fortnight, after = date(2026, 10, 5), date(2026, 10, 12), date(2026, 10, 9)

    def of_days_to(last: date, name: str) -> bytes:
        return camt053(account, last, 0, booked(5_00, "A"), message_id=name).replace(
            last.isoformat().encode(), DAY.isoformat().encode(), 1
        )

    house.go_to(date(2026, 10, 13))
    house.in_turn(
        of_days_to(fortnight, "S1"),
        of_days_to(week, "S2"),
        camt054(account, Booked(20_00, "DZD", after, servicer_reference="B"), message_id="N"),
    )
    replace(house, "S1", "S2")

    with house.reading() as work:
        told = [one for row in tie_out.rows(work, last=fortnight) for one in row.findings]
    assert [(one.kind, one.amount_minor) for one in told] == [(Kind.UNSTATED, 20_00)]


def test_only_another_statement_of_the_same_account_and_days_can_count_instead(forgotten: House) -> None:
    house = forgotten
    house.in_turn(camt053("FR7630006000011234567890189", DAY, 0, message_id="S9"))
    for one, other in (("S1", "S1"), ("S1", "S3"), ("S1", "S9"), ("S9", "S1")):
        with pytest.raises(Refused, match="same account, currency and days"):
            replace(house, one, other)
    replace(house, "S1", "S2")
    for one, other in (("S1", "S2"), ("S2", "S1")):
        with pytest.raises(Refused, match="counts instead of this one already"):
            replace(house, one, other)
    with house.desk.work(CLERK) as work, pytest.raises(NotFound):
        replace_statement(work, "none", document(house, "S2"), "why")
    with house.desk.work(CLERK) as work, pytest.raises(NotFound):
        undo_replacement(work, "none", "why")


@pytest.mark.parametrize("notified", [False, True], ids=["statement only", "a notification too"])
def test_a_statement_that_alone_tells_of_a_booking_goes_on_counting(house: House, notified: bool) -> None:
    paid, wrong = house.sent_together("CNAS", "100.00", "200.00")
    account, first = paid.account, (credit(paid, DAY), credit(wrong, DAY))
    house.go_to(NEXT)
    house.in_turn(
        *([camt054(account, *first)] if notified else []),
        camt053(account, DAY, 0, *first, message_id="S1"),
        camt053(account, DAY, 0, credit(paid, DAY), message_id="S2"),
    )

    said = refused(house, "S1", "S2")

    assert (said.code, str(said).count("not alike: 1.")) == ("statement.tells_more", 1)
    with house.reading() as work:
        entry = work.session.get_one(BankEntry, said.place)
        assert (entry.document_id, entry.amount_minor) == (document(house, "S1"), 200_00)
    assert findings(house) == [(Kind.OVERLAP, -200_00)]


def test_also_where_a_person_has_decided_about_the_booking(sqlite_house: House) -> None:
    house, account = sqlite_house, sqlite_house.fund().creditor.account.value
    house.go_to(NEXT)
    house.in_turn(
        camt053(account, DAY, 0, booked(5_00, "A"), message_id="S1"), camt053(account, DAY, 0, message_id="S2")
    )
    (entry,) = house.waiting()
    decided(house, entry.id, Decision.REFUND_OWED)

    assert refused(house, "S1", "S2").place == entry.id


@pytest.mark.parametrize("detailed", [False, True], ids=["a sum alone", "with its details"])
def test_a_sum_and_its_details_are_not_looked_through(sqlite_house: House, detailed: bool) -> None:
    house = sqlite_house
    one, other = house.sent_together("CNAS", "100.00", "200.00")
    each = credit(one, DAY), credit(other, DAY)
    house.go_to(NEXT)
    house.in_turn(
        camt053(one.account, DAY, 0, *each, message_id="S1"),
        camt053(one.account, DAY, 0, together(*each) if detailed else total([one, other], DAY), message_id="S2"),
    )
    for replaced, by in (("S1", "S2"), ("S2", "S1")):
        assert refused(house, replaced, by).code == "statement.tells_more"


def test_told_by_another_statement_as_often_and_with_the_same_amounts() -> None:
    def told(entry: str, statement: str, minor: int, of: int) -> Told:
        return Told(entry, statement, Booking("head", "credit", "DZD", minor, of))

    twice = [told("2", "S1", 5, 5), told("1", "S1", 5, 5)]
    assert told_alone("S1", [*twice, told("3", "S2", 5, 5), told("4", "S3", 5, 5)]) == ["1", "2"]
    assert told_alone("S1", [*twice, told("3", "S2", 5, 5), told("4", "S2", 5, 5)]) == []
    assert told_alone("S1", [told("1", "S1", 5, 5), told("2", "S2", 5, 9)]) == ["1"]


@pytest.mark.parametrize("replaced_before", [False, True], ids=["replaced", "undone"])
def test_while_a_file_of_the_account_is_being_read_nothing_is_replaced_or_undone(
    forgotten: House, replaced_before: bool
) -> None:
    done = replace(forgotten, "S1", "S2") if replaced_before else ""
    other = document(forgotten, "S3")
    with forgotten.desk.work(CLERK) as work:
        work.session.execute(text("drop trigger file_readings_no_delete"))
        file_id = work.session.get_one(BankDocument, other).file_id
        work.session.delete(work.session.get_one(FileReading, file_id))

    with pytest.raises(Refused, match="is being read"):
        undo(forgotten, done) if done else replace(forgotten, "S1", "S2")


def test_nobody_but_a_clerk_with_a_reason_replaces_and_undoes(forgotten: House) -> None:
    with pytest.raises(Refused, match="finance_clerk"):
        replace(forgotten, "S1", "S2", who=APPROVER)
    with pytest.raises(InvalidInput, match="Say why"):
        replace(forgotten, "S1", "S2", why=" ")
    done = replace(forgotten, "S1", "S2")
    with pytest.raises(Refused, match="finance_clerk"):
        undo(forgotten, done, who=APPROVER)
    with pytest.raises(InvalidInput, match="Say why"):
        undo(forgotten, done, why=" ")


def test_what_was_said_is_kept_and_only_that_it_was_undone_is_written_later(house: House) -> None:
    account = house.fund().creditor.account.value
    house.go_to(NEXT)
    house.in_turn(*(camt053(account, DAY, 0, message_id=name) for name in ("S1", "S2")))
    done = replace(house, "S1", "S2")

    for act in ("update statement_replacements set why = 'another'", "delete from statement_replacements"):
        with pytest.raises(DBAPIError, match="append-only"), house.desk.database.engine.begin() as connection:
            connection.execute(text(act))
    undo(house, done)

    with house.reading() as work:
        said = work.session.get_one(StatementReplacement, done)
        assert (said.who, said.why, said.undone_by, said.undone_why) == (
            "clerk", "the bank sent it again", "clerk", "it was the other one",
        )  # fmt: skip
