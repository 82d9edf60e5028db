"""What waits is one number, wherever it stands: on the first page, in the report, in the queue, in its age and in the journal."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

import pytest
from bank_files import pain002
from figure_house import account_of, made, rows, totals
from figure_lists import follow
from house import CLERK, House
from reconcile.deciding import MUCH, confirmed, decided, money_in, paid_out, queue, undone

from debit_service.ledger.queries import trial_balance
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.queue import work_queue
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.queue.work_queue import Filter
from debit_service.reports import service as reports
from debit_service.reports.printed import report_lines
from debit_service.reports.refunds import refunds
from debit_service.reports.rules import Suspense

TODAY = date(2026, 10, 6)
STRANGER = "DE02120300000000202051"
#: (fund, currency) -> money in, money out: minor units.
Sums = dict[tuple[str, str], tuple[int, int]]


def lived(house: House) -> None:
    """Entries about which nobody, or somebody, has decided: wholly, in part, not yet finally, and once but no longer."""
    sent = house.sent(amount="100.00")
    owed = [house.contribution(house.employer(), reference=name, amount="100.00") for name in ("R-1", "R-2")]
    assert owed
    house.go_to(TODAY)
    house.in_turn(pain002(sent, "RJCT", "AM04").replace(sent.end_to_end_id.encode(), b"NOBODYS"))
    names = ("A", "B", "C", "D", "E", "F")
    part, whole, held, taken_back, second, charge = (
        money_in(house, minor, name=name, direction=direction)
        for name, minor, direction in zip(
            names,
            (250_00, 70_00, 30_00, 120_00, 90_00, 5_00),
            ("CRDT", "CRDT", "CRDT", "CRDT", "DBIT", "DBIT"),
            strict=True,
        )
    )
    much = money_in(house, MUCH, name="G")
    money_in(house, 8_00, name="H", currency="EUR")
    money_in(house, 60_00, name="I", account=STRANGER)
    decided(house, part, Decision.ALLOCATED, shares=(("R-1", 100_00),))
    decided(house, whole, Decision.REFUND_OWED)
    decided(house, held, Decision.HELD, follow_up=date(2026, 10, 20))
    undone(house, decided(house, taken_back, Decision.ALLOCATED, shares=(("R-2", 50_00),)).id)
    decided(house, charge, Decision.BANK_CHARGE)
    assert second
    assert decided(house, much, Decision.REFUND_OWED).state == "proposed"


def of_the_journal(house: House) -> Sums:
    """The suspense accounts: only what money in less money out comes to can be read there."""
    with house.desk.database.reading() as session:
        balances = trial_balance(session)
    found = {
        (name.partition("/")[2], currency): -minor
        for (name, currency), minor in balances.items()
        if "suspense/" in name
    }
    return {place: (minor, 0) for place, minor in found.items() if minor}


def net(sums: Sums) -> Sums:
    """As the journal has them."""
    return {place: (came - went, 0) for place, (came, went) in sums.items() if came != went}


def added_up(found: Iterable[tuple[str | None, str | None, int, int]]) -> Sums:
    """(fund, currency, money in, money out), by fund and currency; without what is no money."""
    came, went = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for fund_id, currency, in_minor, out_minor in found:
        place = (fund_id or "unknown", currency or "")
        came[place] += in_minor
        went[place] += out_minor
    return {place: (came[place], went[place]) for place in came if came[place] or went[place]}


def of_the_queue(house: House) -> Sums:
    """The cards of the work queue, held ones too."""
    shown = queue(house, Filter(held=True))
    signs = [(one.entry, one.left_minor or 0, one.entry.direction == "credit") for one in shown]
    return added_up((one.fund_id, one.currency, minor * came, minor * (not came)) for one, minor, came in signs)


def of_its_counts(house: House) -> Sums:
    """The table above the cards."""
    with house.reading() as work:
        return added_up((one.fund_id, one.currency, one.in_minor, one.out_minor) for one in work_queue.counts(work))


def of_its_age(house: House) -> Sums:
    """The figure."""
    sheet = made(house, "ageing", None)
    told = zip(rows(sheet, "queue"), sheet.tables[0].rows, strict=True)
    signs = [(one.get("fund"), row.currency, one["amount"], one["direction"] == "in") for one, row in told]
    return added_up((fund, currency, minor * came, minor * (not came)) for fund, currency, minor, came in signs)


def of_the_overview(house: House, since: date | None = None) -> list[Suspense]:
    """The first page."""
    with house.reading() as work:
        seen = reports.overview(work, house.service.funds, house.service.debit_calendars, since=since)
    assert seen.in_suspense == sum(one.entries for one in seen.suspense)
    return list(seen.suspense)


def test_home_page_queue_ageing_and_journal_say_the_same_of_what_waits(house: House) -> None:
    lived(house)

    overview = of_the_overview(house)

    assert overview == [
        Suspense(None, None, 1, 0, 0),  # a status is no money
        Suspense(None, "DZD", 1, 60_00, 0),
        Suspense("CNAS", "DZD", 5, 150_00 + 30_00 + 120_00 + MUCH, 90_00),
        Suspense("CNAS", "EUR", 1, 8_00, 0),
    ]
    sums = {(one.fund_id or "unknown", one.currency): (one.in_minor, one.out_minor) for one in overview if one.currency}
    assert of_the_queue(house) == of_its_counts(house) == of_its_age(house) == sums
    assert of_the_journal(house) == net(sums)
    assert sum(one.entries for one in overview) == len(queue(house, Filter(held=True)))


def test_what_waits_is_told_of_a_fund_to_which_nothing_was_due_since(sqlite_house: House) -> None:
    lived(sqlite_house)

    with sqlite_house.reading() as work:
        seen = reports.overview(
            work, sqlite_house.service.funds, sqlite_house.service.debit_calendars, since=date(2027, 1, 1)
        )

    assert seen.totals == ()
    assert list(seen.suspense) == of_the_overview(sqlite_house)


def test_after_the_last_decision_nothing_waits_anywhere(sqlite_house: House) -> None:
    house = sqlite_house
    house.sent()
    house.go_to(TODAY)
    entry = money_in(house, MUCH)
    confirmed(house, decided(house, entry, Decision.REFUND_OWED).id)

    assert of_the_overview(house) == []
    assert of_the_queue(house) == of_its_age(house) == of_the_journal(house) == {}


def test_the_printed_report_names_what_is_left_of_an_entry(sqlite_house: House) -> None:
    house = sqlite_house
    lived(house)
    with house.desk.reading(CLERK) as work:
        service = house.service
        whole = reports.report(work, service.funds, service.debit_calendars, service.codes)

    text = "\n".join(report_lines(whole, whole.waiting, whole.lines))

    assert "In suspense (8)" in text
    assert "CNAS: 5 entries, money in 1,000,300.01 DZD, money out 90.00 DZD" in text.replace(
        "1000300.01", "1,000,300.01"
    )
    assert "150.00 DZD (left of 250.00 DZD)" in text


@pytest.mark.parametrize("fund_id", [None, "CNAS"])
def test_each_number_of_the_age_leads_to_what_is_left_of_its_entries(sqlite_house: House, fund_id: str | None) -> None:
    lived(sqlite_house)
    assert follow(sqlite_house, made(sqlite_house, "ageing", fund_id)) >= 20


def test_the_queue_of_no_funds_account_can_be_asked_for(sqlite_house: House) -> None:
    lived(sqlite_house)
    found = queue(sqlite_house, Filter(fund_id="-"))
    assert sorted((one.left_minor is None, one.entry.fund_id) for one in found) == [(False, None), (True, None)]


def test_what_is_left_of_an_employers_transfer_is_owed_back_to_it_on_its_account(house: House) -> None:
    house.sent()
    one = house.employer()
    owed = house.contribution(one, reference="R-1", amount="100.00", due=date(2026, 10, 29))
    entry = money_in(house, 130_00)
    house.go_to(TODAY)
    allocated = decided(house, entry, Decision.ALLOCATED, registration_number=one.registration, refund_rest=True)

    (balance,) = totals(account_of(house, owed), "balance", "amount")
    with house.reading() as work:
        (refund,) = decisions.refunds_owed(work)
        told = list(map(str, refunds(work)))

    assert balance == {"amount": -30_00}
    bookings = rows(account_of(house, owed), "bookings", "what", "contribution", "paid")
    assert {"what": "Paid beyond what is owed", "contribution": "R-1", "paid": 30_00} in bookings
    assert (refund.entry_id, refund.paid_with) == (entry, "R-1")
    assert told == [
        f"bank entry {entry}: 30.00 DZD are owed back to the employer of R-1, as a person decided; refund them"
    ]

    paid_out(house, entry, 30_00)
    assert totals(account_of(house, owed), "balance", "amount") == [{"amount": 0}]
    assert allocated.state == "carried_out"


def test_what_is_left_after_two_employers_were_paid_is_nobodys_in_particular(sqlite_house: House) -> None:
    house = sqlite_house
    house.sent()
    owed = [
        house.contribution(house.employer(), reference=name, amount="100.00", due=date(2026, 10, 29))
        for name in ("R-1", "R-2")
    ]
    entry = money_in(house, 230_00)
    house.go_to(TODAY)
    decided(house, entry, Decision.ALLOCATED, shares=(("R-1", 100_00), ("R-2", 100_00)), refund_rest=True)

    for each in owed:
        assert totals(account_of(house, each), "balance", "amount") == [{"amount": 0}]
    with house.reading() as work:
        (refund,) = decisions.refunds_owed(work)
    assert (refund.left_minor, refund.paid_with) == (30_00, None)


def test_what_was_paid_while_the_bank_was_asked_is_not_called_a_debt(sqlite_house: House) -> None:
    house = sqlite_house
    sent = house.sent(amount="100.00")
    entry = money_in(house, 60_00)
    house.go_to(TODAY)
    decided(house, entry, Decision.ALLOCATED, shares=((house.contribution_row(sent.contribution_id).reference, 60_00),))

    parts = [tuple(one.values()) for one in rows(account_of(house, sent.contribution_id), "balance", "part", "amount")]

    assert [minor for _, minor in parts] == [-60_00, 100_00, 0, 0]
    assert str(parts[0][0]).startswith("Paid by other means of what is asked from the bank")


def test_what_was_paid_back_by_a_decision_that_was_undone_stands_on_no_other_employers_account(
    sqlite_house: House,
) -> None:
    """A bug: who is paid with the entry now was shown what another one had been given back."""
    house = sqlite_house
    house.sent()
    first, second = (
        house.contribution(house.employer(), reference=name, amount="100.00", due=date(2026, 10, 29))
        for name in ("R-1", "R-2")
    )
    entry = money_in(house, 130_00)
    house.go_to(TODAY)
    allocated = decided(house, entry, Decision.ALLOCATED, shares=(("R-1", 100_00),), refund_rest=True)
    payout = paid_out(house, entry, 30_00)
    undone(house, payout.id)
    undone(house, allocated.id)

    decided(house, entry, Decision.ALLOCATED, shares=(("R-2", 100_00),), refund_rest=True)

    for each in (first, second):
        assert totals(account_of(house, each), "balance", "amount") == [{"amount": 0 if each == second else 100_00}]
    with house.reading() as work:
        (refund,) = decisions.refunds_owed(work)
    assert (refund.left_minor, refund.paid_with) == (30_00, None)
