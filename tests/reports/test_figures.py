"""The figures, added up by hand over a house whose every movement is known (see figure_house.Known)."""

from datetime import date
from decimal import Decimal

import pytest
from bank_files import Booked, camt053, camt054, credit, pain002, returned, total
from figure_house import DAY, RETURN_DAY, TODAY, Known, account_of, known, made, paid_otherwise, rows, table, totals
from figure_lists import amount_of, follow, list_of
from house import APPROVER, CLERK, House
from policy import fund_says
from sqlalchemy import select

from debit_service.collections.models import Collection
from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.work import Actor, Role
from debit_service.ledger.queries import trial_balance
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.models import Allocation
from debit_service.reconcile.tie_out import queries as tie_out
from debit_service.reports.figures import asking, behind, forecast, sql
from debit_service.reports.figures.asking import CollectionsAsked, EntriesAsked

ADMINISTRATOR = Actor("administrator", frozenset({Role.ADMINISTRATOR}))


def test_what_was_asked_for_a_day_and_what_became_of_it(told: Known) -> None:
    asked = made(told.house, "day", day=DAY)
    columns = ("standing", "count", "asked", "settled", "returned", "charges")
    assert [tuple(one.values()) for one in rows(asked, "asked", *columns)] == [
        ("rejected before settlement", 1, 8000_00, 0, 0, 0),
        ("booked", 2, 3000_00, 3000_00, 0, 0),
        ("returned after settlement", 1, 4000_00, 4000_00, 4000_00, 5_00),
    ]
    assert totals(asked, "asked", "count", "asked", "settled") == [{"count": 4, "asked": 15000_00, "settled": 7000_00}]


def test_what_the_bank_booked_on_a_day_is_accounted_for_to_the_cent(house: House) -> None:
    known(house)
    booked = made(house, "day", day=DAY)
    columns = ("made", "count", "credit", "debit", "net")
    assert [tuple(one.values()) for one in rows(booked, "booked", *columns)] == [
        ("matched with collections", 3, 7000_00, 0, 7000_00),
        ("waits in the queue", 1, 77_77, 0, 77_77),
    ]
    assert [tuple(one.values()) for one in totals(booked, "booked", *columns)] == [
        ("Seen in all", 4, 7077_77, 0, 7077_77),
        ("Received less paid out, as statements say it", None, None, None, 7077_77),
        ("Not accounted for", None, None, None, 0),
        ("told by another message already, counted once", 4, 7077_77, 0, 7077_77),
    ]


def test_what_was_received_on_a_day_is_what_the_statement_and_the_journal_say(house: House) -> None:
    """However often it was told, and in whatever pieces."""
    single, first, second = house.sent_together("CNAS", "100.00", "200.00", "300.00", due=DAY)
    account = single.account
    stranger = Booked(40_00, "DZD", DAY, end_to_end_id="NOT-OURS", servicer_reference="X-1")
    gone = Booked(15_00, "DZD", DAY, direction="DBIT", servicer_reference="X-2", sub_family="CHRG")
    in_one = total([single, first, second])
    house.in_turn(
        camt054(account, credit(single), stranger),
        camt053(account, DAY, 0, in_one, stranger, gone),
        camt054(account, stranger, gone, message_id="N3"),
    )
    house.go_to(TODAY)
    sheet = made(house, "day", day=DAY)
    received = next(
        one["net"] for one in totals(sheet, "booked", "made", "net") if str(one["made"]).startswith("Received")
    )
    with house.reading() as work:
        (told,) = tie_out.rows(work)
    assert received == told.entries_minor == house.balances()["bank/CNAS"] == 625_00
    assert told.findings == ()
    assert follow(house, sheet) >= 10


def test_the_entries_of_a_statement_are_listed_once_whoever_told_them_before(house: House) -> None:
    one, other = house.sent_together("CNAS", "100.00", "200.00", due=DAY)
    house.in_turn(
        camt054(one.account, credit(one), credit(other)), camt053(one.account, DAY, 0, credit(one), credit(other))
    )
    with house.reading() as work:
        (told,) = tie_out.rows(work)
    asked = asking.EntriesAsked(document=",".join(told.documents), currency="DZD", booked="1")
    behind_it = list_of(house, asked.link())
    assert (behind_it.count, amount_of(behind_it)) == (2, told.entries_minor)


def test_a_return_is_told_on_the_day_on_which_the_bank_booked_it(told: Known) -> None:
    (only,) = rows(made(told.house, "day", day=RETURN_DAY), "booked", "count", "credit", "debit", "net")
    assert only == {"count": 1, "credit": 0, "debit": 4005_00, "net": -4005_00}


def test_a_block_is_expected_gross_and_without_rejects_and_booked_gross_and_net(house: House) -> None:
    sent = known(house).paid
    (block,) = rows(made(house, "day", day=DAY), "blocks")
    assert (block.pop("block"), block.pop("batch")) == (sent.payment_information_id, sent.batch_id)
    assert block.pop("sequence_type") in ("FRST", "RCUR")
    assert block == {
        "count": 4,
        "expected_gross": 15000_00,
        "rejected": 8000_00,
        "expected_net": 7000_00,
        "booked_gross": 7000_00,
        "returned": 4000_00,
        "charges": 5_00,
        "booked_net": 2995_00,
        "missing": 0,
    }


def test_a_sum_of_which_details_were_told_before_leaves_nothing_over(sqlite_house: House) -> None:
    sents = sqlite_house.sent_together("CNAS", "10.00", "20.00", due=DAY)
    account = sents[0].account
    sqlite_house.in_turn(camt054(account, credit(sents[0])), camt053(account, DAY, 0, total(sents)))
    sheet = made(sqlite_house, "day", day=DAY)
    assert [one["net"] for one in totals(sheet, "booked", "net")] == [
        40_00,
        30_00,
        0,
    ]  # one stands by itself, and in the sum
    assert totals(sheet, "asked", "settled") == [{"settled": 30_00}]


def test_an_entry_that_was_not_shared_out_to_the_cent_is_seen(sqlite_house: House) -> None:
    """What must never happen shows as a number that is not 0."""
    sent = known(sqlite_house).paid
    with sqlite_house.desk.database.engine.begin() as connection:
        connection.exec_driver_sql("drop trigger allocations_no_update")
    with sqlite_house.desk.work(CLERK) as work:
        for one in work.session.scalars(select(Allocation).where(Allocation.effect == "settled")):
            if one.collection_id == sent.collection_id:
                one.amount_minor -= 1
    assert totals(made(sqlite_house, "day", day=DAY), "booked", "net")[2] == {"net": 1}


def test_the_states_of_sheets_are_those_of_the_rules(sqlite_house: House) -> None:
    sent = known(sqlite_house).rejected
    again = sqlite_house.present_again(sent)
    sqlite_house.in_turn(pain002(again, "ACCP", None, message_id="P2"))
    sqlite_house.contribution(sqlite_house.employer(), due=date(2026, 10, 29))
    sqlite_house.go_to(date(2026, 10, 20))
    sqlite_house.collect()
    with sqlite_house.reading() as work:
        stands = sql.standings()
        found = {one.id: one for one in work.session.execute(select(stands))}
        states = set()
        for collection in work.session.scalars(select(Collection)):
            outcome, one = reconcile.outcome_of(work, collection.id, collection.amount_minor), found[collection.id]
            assert one.state in (outcome.state.value, "planned")
            assert (one.settled_minor, one.returned_minor) == (outcome.settled_minor, outcome.returned_minor)
            assert one.charges_minor == outcome.charges_minor
            assert outcome.settled_on in (None, one.settled_on)
            states.add(one.state)
    assert states == {"settled", "returned", "rejected", "accepted", "planned"}


def test_the_queue_is_told_by_reason_and_age(told: Known) -> None:
    (waits,) = rows(made(told.house, "ageing"), "queue")
    assert waits == {
        "fund": "CNAS",
        "exception": "Nothing was expected",
        "reason": "a reference that is none of ours",
        "direction": "in",
        "days_0": 0,
        "days_2": 0,
        "days_6": 77_77,  # booked on 30 September, and today is 6 October
        "days_31": 0,
        "days_91": 0,
        "undated": 0,
        "amount": 77_77,
        "count": 1,
    }
    assert totals(made(told.house, "ageing"), "queue", "direction", "amount") == [{"direction": "in", "amount": 77_77}]


def test_rejects_and_returns_are_told_apart_with_their_share_of_what_was_sent(told: Known) -> None:
    found = rows(
        made(told.house, "returns", until=TODAY), "failures", "month", "failure", "code", "count", "amount", "sent"
    )
    assert [tuple(one.values()) for one in found] == [
        ("2026-09", "reject (before settlement)", "AM04", 1, 8000_00, 4),
        ("2026-09", "return (after settlement)", "MD01", 1, 4000_00, 4),
    ]
    assert [one.cells[-1] for one in table(made(told.house, "returns", until=TODAY), "failures").rows] == [
        Decimal("0.25")
    ] * 2


def test_rejects_and_returns_are_told_by_our_bank_and_by_the_bank_of_the_debtor(told: Known) -> None:
    sheet = made(told.house, "returns", until=TODAY)
    what = ("failure", "count", "amount", "sent", "rate")
    rejected, returned = "reject (before settlement)", "return (after settlement)"
    assert [tuple(one.values()) for one in rows(sheet, "funds", "bank", *what)] == [
        (told.house.fund().bank, rejected, 1, 8000_00, 4, "0.25"),
        (told.house.fund().bank, returned, 1, 4000_00, 4, "0.25"),
    ]
    assert [tuple(one.values()) for one in rows(sheet, "debtor_banks", "debtor_bank", *what)] == [
        ("DZ-004", returned, 1, 4000_00, 1, "1"),
        ("DZ-005", rejected, 1, 8000_00, 1, "1"),
    ]


def test_of_whom_the_bank_was_not_noted_is_said_and_a_bank_has_the_name_of_the_table_of_banks(
    sqlite_house: House,
) -> None:
    first, second, third = sqlite_house.sent_together("EINZUGSSTELLE", "10.00", "20.00", "40.00", due=DAY)
    sqlite_house.in_turn(
        *(pain002(one, "RJCT", code, message_id=code, day=DAY) for one, code in ((first, "AM04"), (second, "MS03")))
    )
    with sqlite_house.desk.work(CLERK) as work:
        for one in (second, third):
            work.session.get_one(Collection, one.collection_id).debtor_bank_sent = None
    found = rows(made(sqlite_house, "returns", "EINZUGSSTELLE", until=DAY), "debtor_banks")
    assert [(one["debtor_bank"], one.get("name"), one["count"], one["sent"]) for one in found] == [
        ("DE-37040044", "Commerzbank", 1, 1),
        ("not noted", None, 1, 2),
    ]


def test_a_forecast_is_of_what_is_asked_or_planned_on_open_days_only(sqlite_house: House) -> None:
    known(sqlite_house)
    sqlite_house.contribution(sqlite_house.employer(), due=date(2026, 10, 29), amount="500.00")
    sqlite_house.collect()
    sheet = made(sqlite_house, "forecast", until=date(2026, 11, 3))
    days = {one["day"]: one for one in rows(sheet, "days")}
    assert days["2026-10-29"] == {"day": "2026-10-29", "count": 1, "expected": 500_00, "unpaid": 0, "probable": 500_00}
    assert "2026-10-30" not in days  # a Friday
    assert "2026-11-01" not in days  # a holiday
    # The debit that was rejected is presented again on 20 October.
    assert totals(sheet, "days", "expected") == [{"expected": 8500_00}]
    assert sheet.notes[0].text.startswith("Only %(count)s debits")


def test_what_probably_fails_is_the_share_of_the_funds_own_history(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecast, "HISTORY_MIN", 4)
    known(sqlite_house)
    sqlite_house.contribution(sqlite_house.employer(), due=date(2026, 10, 29), amount="500.00")
    sqlite_house.collect()
    sqlite_house.go_to(date(2026, 10, 12))  # the window for returns is over
    sheet = made(sqlite_house, "forecast", until=date(2026, 10, 29))
    # 12,000 of 15,000 were rejected or went back: 80 %.
    assert totals(sheet, "days", "expected", "unpaid", "probable") == [
        {"expected": 8500_00, "unpaid": 6800_00, "probable": 1700_00}
    ]


@pytest.mark.parametrize(
    ("expected", "rate", "unpaid"),
    [(100_01, Decimal("0.5"), 50_01), (100_00, None, 0), (99, Decimal(0), 0), (3, Decimal("0.5"), 2)],
)
def test_what_probably_fails_is_rounded_half_up(expected: int, rate: Decimal | None, unpaid: int) -> None:
    assert forecast.probably_unpaid(expected, rate) == unpaid


def test_what_came_in_may_go_back_until_a_day_that_the_fund_has_not_confirmed(told: Known) -> None:
    (one,) = rows(
        made(told.house, "returnable", None), "returnable", "fund", "returnable_until", "count", "amount", "certainty"
    )
    # Five open days after Wednesday 30 September, open at fund and bank: Thursday, then Monday to Thursday.
    assert one == {
        "fund": "CNAS",
        "returnable_until": "2026-10-08",
        "count": 2,
        "amount": 3000_00,
        "certainty": "not confirmed by the fund",
    }


def test_what_is_final_is_told_no_more(sqlite_house: House) -> None:
    known(sqlite_house)
    sqlite_house.go_to(date(2026, 10, 9))
    assert rows(made(sqlite_house, "returnable"), "returnable") == []


def test_an_account_is_the_journals_to_the_cent(house: House) -> None:
    case = known(house)
    house.assess()
    paid_otherwise(house, case.returned, "4100.00")
    sheet = account_of(house, case.returned.contribution_id)
    booked = [
        (one["day"], one["what"], one.get("owed"), one.get("paid"), one["balance"]) for one in rows(sheet, "bookings")
    ]
    assert [one[1:] for one in booked] == [
        ("Contribution declared", 4000_00, None, 4000_00),
        ("Debit asked from the bank", None, None, 4000_00),
        ("Debit booked by the bank", None, 4000_00, 0),
        ("Debit returned by the bank", 4000_00, None, 4000_00),
        ("Payment by other means", None, 4100_00, -100_00),
        ("Paid beyond what is owed", None, None, -100_00),
    ]
    (balance,) = totals(sheet, "balance")
    parts = {one["part"]: one["amount"] for one in rows(sheet, "balance")}
    assert balance["amount"] == sum(parts.values()) == -100_00
    assert parts["To be refunded to the employer"] == -100_00


def test_the_accounts_of_all_employers_add_up_to_the_journal(sqlite_house: House) -> None:
    case = known(sqlite_house)
    sqlite_house.assess()
    owed = 0
    for sent in (case.paid, case.also_paid, case.returned, case.rejected):
        (balance,) = totals(account_of(sqlite_house, sent.contribution_id), "balance", "amount")
        owed += balance["amount"]
    with sqlite_house.desk.database.reading() as session:
        journal = {name: minor for (name, _), minor in trial_balance(session).items()}
    names = ("receivable", "in-transit", "surcharge-receivable", "refunds-owed")
    assert owed == sum(journal.get(f"{name}/CNAS", 0) for name in names) > 0


def test_an_account_from_a_day_on_begins_with_what_was_owed_before(told: Known) -> None:
    case = told
    first, *others = rows(account_of(told.house, case.returned.contribution_id, since=RETURN_DAY), "bookings")
    assert (first["what"], first["balance"]) == ("Brought forward", 0)
    assert [one["what"] for one in others] == ["Debit returned by the bank"]


def test_an_employer_sees_its_own_account_and_no_other(told: Known) -> None:
    case = told
    own = told.house.contribution_row(case.paid.contribution_id).employer_id
    employer = Actor("employer", frozenset({Role.EMPLOYER}), own)
    assert rows(account_of(told.house, case.paid.contribution_id, employer), "bookings")
    with pytest.raises(Refused, match="another employer"):
        account_of(told.house, case.returned.contribution_id, employer)


@pytest.mark.parametrize("name", ["day", "ageing", "returns", "forecast", "returnable"])
def test_figures_are_for_the_finance_desk(told: Known, name: str) -> None:
    assert made(told.house, name, actor=APPROVER).tables
    with pytest.raises(Refused, match="role"):
        made(told.house, name, actor=ADMINISTRATOR)


def test_a_figure_of_one_fund_must_be_told_which(told: Known) -> None:
    with pytest.raises(InvalidInput, match="Name a fund"):
        made(told.house, "day", None)


def test_every_number_leads_to_exactly_what_it_is_made_of(house: House) -> None:
    known(house)
    house.contribution(house.employer(), due=date(2026, 10, 29), amount="500.00")
    house.collect()
    sheets = [made(house, name) for name in ("ageing", "forecast", "returnable")]
    sheets += [made(house, "day", day=day) for day in (DAY, RETURN_DAY)]
    sheets.append(made(house, "returns", until=TODAY))
    followed = sum(follow(house, sheet) for sheet in sheets)
    assert followed >= 20


def test_a_debit_leads_to_what_banks_said_of_it(told: Known) -> None:
    sent = told.returned
    with told.house.desk.reading(CLERK) as work:
        asked = CollectionsAsked(fund="CNAS", state="returned")
        (one,) = behind.collections(work, asked).sheet.tables[0].rows
        entries = behind.entries(work, EntriesAsked.of(one.links["end_to_end_id"].about)).sheet.tables[0]
    found = [(each.cells[0], each.cells[3], each.cells[4]) for each in entries.rows]
    assert found == [(DAY, 4000_00, sent.end_to_end_id), (RETURN_DAY, 4005_00, sent.end_to_end_id)]


def test_a_list_goes_on_where_the_page_ended(told: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behind, "ROWS_SHOWN_MAX", 3)
    seen: list[str] = []
    after = ""
    with told.house.desk.reading(CLERK) as work:
        while True:
            part = behind.entries(work, EntriesAsked(), after=after)
            seen += [str(one.cells[-1]) for one in part.sheet.tables[0].rows]
            if part.next_after is None:
                break
            after = part.next_after
        whole = [str(one.cells[-1]) for one in behind.all_entries(work, EntriesAsked()).tables[0].rows]
    assert seen == whole
    assert len(set(seen)) == part.count == 10


def test_a_day_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidInput, match="A day is written"):
        EntriesAsked.of({"day": "yesterday"})


def test_a_debit_on_a_day_that_was_closed_since_is_expected_on_the_next_open_day(sqlite_house: House) -> None:
    sqlite_house.go_to(TODAY)
    sqlite_house.contribution(sqlite_house.employer(), due=date(2026, 10, 29), amount="500.00")
    sqlite_house.collect()
    with sqlite_house.desk.work(CLERK) as work:
        for one in work.session.scalars(select(Collection)):
            one.collection_date = date(2026, 10, 30)  # a Friday
    days = {
        one["day"]: one["expected"] for one in rows(made(sqlite_house, "forecast", until=date(2026, 11, 3)), "days")
    }
    assert "2026-10-30" not in days
    assert days["2026-11-02"] == 500_00


def test_a_core_debit_may_go_back_for_as_long_as_it_may_be_refunded(sqlite_house: House) -> None:
    fund_says(sqlite_house, refund_window_days=56)
    known(sqlite_house)
    (one,) = rows(made(sqlite_house, "returnable"), "returnable", "returnable_until")
    assert one == {"returnable_until": "2026-11-25"}


def test_a_second_return_makes_no_second_failure(sqlite_house: House) -> None:
    case = known(sqlite_house)
    again = credit(case.returned, date(2026, 10, 5), reference="AGAIN")
    back = returned(case.returned, "MD01", date(2026, 10, 6), reference="BACK")
    sqlite_house.in_turn(camt054(case.paid.account, again, back, message_id="N3"))
    counts = [one["count"] for one in rows(made(sqlite_house, "returns", until=TODAY), "failures", "count")]
    assert counts == [1, 1]


def test_a_debit_that_was_credited_again_after_its_return_came_in_once(house: House) -> None:
    again, other = house.sent_together("CNAS", "100.00", "200.00", due=DAY)
    account = again.account
    house.in_turn(
        camt054(account, credit(again), credit(other)),
        camt054(account, returned(again, day=date(2026, 10, 1), charges_minor=2_00), message_id="N2"),
        camt054(account, credit(again, date(2026, 10, 2), reference="AGAIN"), message_id="N3"),
    )
    house.go_to(TODAY)
    sheet = made(house, "day", day=DAY)
    names = ("booked_gross", "returned", "charges", "booked_net", "missing")
    (block,) = rows(sheet, "blocks", *names)
    assert block == dict(zip(names, (300_00, 0, 2_00, 298_00, 0), strict=True))
    assert rows(sheet, "asked", "settled", "returned") == [{"settled": 300_00, "returned": 0}]
    follow(house, sheet)


def test_debits_that_nobody_answered_are_told_beside_the_forecast_and_lead_to_their_list(sqlite_house: House) -> None:
    sqlite_house.sent_together("CNAS", "100.00", "200.00", due=DAY)
    sqlite_house.go_to(TODAY)
    sheet = made(sqlite_house, "forecast")
    assert rows(sheet, "late", "count", "amount") == [{"count": 2, "amount": 300_00}]
    assert follow(sqlite_house, sheet) >= 2
