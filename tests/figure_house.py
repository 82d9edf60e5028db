"""A small house whose every movement is known: what the figures say of it can be added up by hand."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from bank_files import Booked, camt053, camt054, credit, pain002, returned
from house import CLERK, House, Sent
from other_payments import pay

from debit_service.core.work import Actor
from debit_service.reports.figures import catalogue
from debit_service.reports.figures.sheet import ENGLISH, Row, Sheet, Table
from debit_service.reports.figures.statement import statement

DAY = date(2026, 9, 30)
RETURN_DAY = date(2026, 10, 4)
TODAY = date(2026, 10, 6)


@dataclass(frozen=True, slots=True)
class Known:
    """Four debits of one block for `DAY`, DZD 1,000, 2,000, 4,000 and 8,000.

    The first two are paid. The third is paid, and goes back on `RETURN_DAY` with charges of 5. The fourth is rejected before
    settlement. On `DAY` the bank also books 77.77 under a reference that is none of ours; a statement tells the three credits
    once more. Today is `TODAY`. Nothing else has happened.
    """

    house: House
    paid: Sent
    also_paid: Sent
    returned: Sent
    rejected: Sent


def known(house: House) -> Known:
    """Live through it."""
    sents = house.sent_together("CNAS", "1000.00", "2000.00", "4000.00", "8000.00", due=DAY)
    first, second, third, fourth = sents
    account = first.account
    foreign = Booked(77_77, "DZD", DAY, end_to_end_id="NOT-OURS", servicer_reference="X-1")
    booked = [credit(one) for one in (first, second, third)]
    assert first.collection_date == DAY
    house.in_turn(
        pain002(fourth, "RJCT", "AM04"),
        camt054(account, *booked, foreign),
        camt053(account, DAY, 0, *booked, foreign),
        camt054(account, returned(third, "MD01", RETURN_DAY, charges_minor=5_00), message_id="N2"),
    )
    house.go_to(TODAY)
    return Known(house, *sents)


def made(house: House, name: str, fund_id: str | None = "CNAS", actor: Actor = CLERK, **days: date) -> Sheet:
    """One of the figures."""
    service = house.service
    with house.desk.reading(actor) as work:
        fund = house.fund(fund_id) if fund_id else None
        return catalogue.make(work, name, service.funds, service.debit_calendars, service.codes, fund, **days)


def account_of(house: House, contribution_id: str, actor: Actor = CLERK, **days: date) -> Sheet:
    """The statement of the employer that owes a contribution."""
    contribution = house.contribution_row(contribution_id)
    with house.desk.reading(actor) as work:
        return statement(work, contribution.employer_id, house.fund(contribution.fund_id), **days)


def table(sheet: Sheet, key: str) -> Table:
    """One of its tables."""
    return next(one for one in sheet.tables if one.key == key)


def row(one: Table, cells: Row) -> dict[str, Any]:
    """The cells of a row that say something, by the keys of their columns; texts in English."""
    named = zip((column.key for column in one.columns), cells.cells, strict=True)
    return {key: value if isinstance(value, int) else ENGLISH.cell(value) for key, value in named if value is not None}


def rows(sheet: Sheet, key: str, *only: str) -> list[dict[str, Any]]:
    """The rows of a table; with `only` these columns of them."""
    one = table(sheet, key)
    found = [row(one, each) for each in one.rows]
    return [{name: each.get(name) for name in only} for each in found] if only else found


def totals(sheet: Sheet, key: str, *only: str) -> list[dict[str, Any]]:
    """The totals of a table."""
    one = table(sheet, key)
    found = [row(one, each) for each in one.totals]
    return [{name: each.get(name) for name in only} for each in found] if only else found


def paid_otherwise(house: House, sent: Sent, amount: str) -> None:
    """A transfer of today for what a debit was about."""
    pay(house, sent.contribution_id, amount)
