"""Many debits at little cost: one employer, one mandate, one block of one file."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import date

import pytest
from house import CLERK, House, Sent
from sqlalchemy import select

from debit_service import operations
from debit_service.collections.models import Collection
from debit_service.contributions import queries as contributions
from debit_service.contributions import service as contribution_service

DUE = date(2026, 9, 30)


class Post:
    """Every notice arrives, and no letter is typeset: that would be most of the time."""

    def carry(self, _: object) -> bool:
        """A notice."""
        return True

    def print_run(self, name: str, letters: object) -> None:
        """Nothing on paper."""


def many_sent(house: House, monkeypatch: pytest.MonkeyPatch, count: int) -> list[Sent]:
    """So many debits, each of another amount, that an approved file took to the bank."""
    one, fund = house.employer(), house.fund()
    lines = ["fund,registration_number,reference,period,amount,currency,due_date"]
    for number in range(count):
        amount = f"{100 + number}.{number % 100:02d}"
        lines.append(f"{fund.id},{one.registration},M-{number:05d},2026-08,{amount},{fund.currency},{DUE.isoformat()}")
    with house.desk.work(CLERK) as work:
        report = contribution_service.import_rows(
            work, house.service.funds, house.service.calendars, "\n".join(lines).encode(), "contributions.csv"
        )
        assert not report.bad, report.bad
        first = contributions.get(work, "M-00000").id
    with monkeypatch.context() as patched:
        patched.setattr(operations, "carrier", lambda _: nullcontext(Post()))
        sent = house.send_due(fund.id, DUE, first)
    rows = debits_of_block(house, sent)
    assert len(rows) == count
    return [
        replace(
            sent,
            contribution_id=row.contribution_id,
            collection_id=row.id,
            end_to_end_id=row.end_to_end_id,
            amount_minor=row.amount_minor,
        )
        for row in rows
    ]


def debits_of_block(house: House, sent: Sent) -> list[Collection]:
    """The debits of the block that this one stands in, as they are now."""
    block = Collection.payment_information_id == sent.payment_information_id
    with house.reading() as work:
        return list(work.session.scalars(select(Collection).where(block).order_by(Collection.id)))
