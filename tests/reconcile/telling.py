"""How a bank tells: reports of each family as bytes; how many rows the house takes at a time; and whether its books are right."""

import pytest
from bank_files import camt053, camt054
from house import House
from reconcile.oracle import Heard, Report, Told

from debit_service.collections.models import Collection
from debit_service.ledger.queries import trial_balance
from debit_service.reconcile import queries
from debit_service.reconcile.queue.waiting import entries as entries_waiting
from debit_service.reconcile.service import importing

#: An account that is none of the funds'.
NOBODY = "DZ580002100001113000000570"
_INTRADAY = ((b"BkToCstmrDbtCdtNtfctn", b"BkToCstmrAcctRpt"), (b"Ntfctn>", b"Rpt>"), (b"camt.054", b"camt.052"))


def written(report: Report, blanks: str = "") -> bytes:
    """A report as bytes; with `blanks` between its elements, as another program of the bank's would write it."""
    if report.family == "camt.053":
        content = camt053(report.account, report.entries[0].day, 0, *report.entries, message_id=report.name)
    else:
        content = camt054(report.account, *report.entries, message_id=report.name)
    if report.family == "camt.052":
        for notification, intraday in _INTRADAY:
            content = content.replace(notification, intraday)
    return content.replace(b"><", f">{blanks}<".encode())


def chunks(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """Import so many rows at a time; 0 is as many as the house takes."""
    if rows:
        monkeypatch.setattr(importing, "CHUNK_ROWS", rows)
        monkeypatch.setattr(importing, "FEW_ROWS", rows)


def check_books(house: House, heard: Heard) -> None:
    """I2-I6: every balance, every debit and everything that waits is what the oracle says."""
    expected = heard.books()
    with house.reading() as work:
        balances = {name: minor for name, minor in trial_balance(work.session).items() if minor}
        waiting = sorted(
            (
                one.fund_id or "unknown",
                one.currency or "",
                left_minor * (1 if one.direction == "credit" else -1),
            )
            for one, _, left_minor, _ in entries_waiting(work)
        )
        for told in expected.debits.values():
            outcome = queries.outcome_of(work, told.sent.collection_id, told.sent.amount_minor)
            row = work.session.get_one(Collection, told.sent.collection_id)
            money = (outcome.state.value, outcome.settled_minor, outcome.returned_minor, outcome.charges_minor)
            assert (*money, row.live) == _said(told)
            assert (row.failure_code, outcome.settled_on) == (told.code, told.paid_on)
    for currency in {currency for _, currency in balances}:
        assert sum(minor for (_, used), minor in balances.items() if used == currency) == 0
    assert balances == expected.balances
    assert waiting == expected.waiting


def _said(told: Told) -> tuple[object, ...]:
    minor = told.sent.amount_minor
    failed = told.state in ("rejected", "returned")
    return (told.state, told.came * minor, told.went * minor, told.fees, not failed)
