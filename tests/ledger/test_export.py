"""Exports of the journal: each balances by itself, other people's programs accept them, and a tampered one is found."""

import csv
import io
import json
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from bank_files import Booked, camt053, camt054, credit, returned
from beancount import loader
from beancount.core.data import Balance, Transaction
from house import APPROVER, CLERK, House

from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.money import parse_minor
from debit_service.core.work import Actor, Role
from debit_service.ledger import beancount, export, queries
from debit_service.ledger.rules import Account, account
from debit_service.ledger.service import Posting, post_all
from debit_service.reconcile.tie_out import close as tie_out_close

SEPTEMBER = (date(2026, 9, 1), date(2026, 9, 30))
OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))


@dataclass
class Books:
    """A house with real movements, and its export."""

    house: House
    folder: Path

    def export(self, form: str, days: tuple[date, date] = OCTOBER, fund_id: str = "CNAS") -> Path:
        path = self.folder / f"{fund_id}-{days[0]}.{form}"
        export.export(self.house.desk, CLERK, fund_id, days, form, path)
        return path

    def balances(self, through: date) -> dict[tuple[str, str], int]:
        with self.house.reading() as work:
            return queries.trial_balance(work.session, fund_id="CNAS", through=through)


@pytest.fixture(scope="module")
def books(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Books:
    """Debits are paid, returned with charges and answered late after a close; money waits in suspense; another fund moves too."""
    folder = tmp_path_factory.mktemp("books")
    path = folder / "debit.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    house = House(f"sqlite:///{path}", folder)
    paid, failed, late = house.sent_together("CNAS", "100.00", "250.50", "0.01")
    nameless = Booked(77_00, "DZD", SEPTEMBER[1], servicer_reference="AS-1")
    booked = (credit(paid), credit(failed), nameless)
    house.in_turn(camt054(paid.account, *booked), camt053(paid.account, SEPTEMBER[1], 0, *booked))
    house.sent("CNSS", due=date(2026, 10, 20))
    with house.desk.work(CLERK) as work:
        period = tie_out_close.prepare(work, house.fund(), SEPTEMBER[1], "the month is over")
        period_id, digest = period.id, period.sha256
    with house.desk.work(APPROVER) as work:
        tie_out_close.approve(work, period_id, digest)
    house.in_turn(
        camt054(paid.account, returned(failed, day=date(2026, 10, 5), charges_minor=5_00), message_id="N2"),
        camt054(paid.account, credit(late, SEPTEMBER[1]), message_id="N3"),
    )
    return Books(house, folder)


def beancount_errors(path: Path) -> list[str]:
    """What the real beancount says of a file."""
    _, errors, _ = loader.load_file(str(path))
    return [one.message for one in errors]


@pytest.mark.parametrize("days", [SEPTEMBER, OCTOBER, (SEPTEMBER[0], OCTOBER[1])], ids=["first", "next", "both"])
def test_beancount_accepts_the_journal_of_any_days(books: Books, days: tuple[date, date]) -> None:
    path = books.export("beancount", days)

    assert beancount_errors(path) == []
    entries, _, _ = loader.load_file(str(path))
    assert sum(isinstance(one, Transaction) for one in entries) > 2
    asserted = {
        (one.account, one.amount.currency): int((one.amount.number or 0) * 100)
        for one in entries
        if isinstance(one, Balance)
    }
    assert asserted == {
        (beancount.account_name(name), currency): minor for (name, currency), minor in books.balances(days[1]).items()
    }


TAMPERED = {
    "one amount is changed": ("250.50", "250.51"),
    "both sides of a posting are changed by a cent": ("0.01 DZD", "0.02 DZD"),
    "a day is moved out of the month": ("2026-10-05 *", "2026-11-05 *"),
    "an account is swapped": ("Expenses:CNAS:Charges  5.00", "Assets:CNAS:Receivable  5.00"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_beancount_finds_a_file_that_was_tampered_with(books: Books, name: str, tmp_path: Path) -> None:
    honest = books.export("beancount").read_text()
    before, after = TAMPERED[name]
    assert before in honest
    forged = tmp_path / "forged.beancount"
    forged.write_text(honest.replace(before, after))

    assert beancount_errors(forged) != []


def test_beancount_finds_a_cent_that_goes_from_one_account_to_another(books: Books, tmp_path: Path) -> None:
    """A transaction that balances and is not ours: what the file asserts at its end does not come out."""
    forged = tmp_path / "forged.beancount"
    extra = '\n2026-10-06 * "mine"\n  Assets:CNAS:Bank  -0.01 DZD\n  Assets:CNAS:Receivable  0.01 DZD\n'
    forged.write_text(books.export("beancount").read_text() + extra)

    assert len(beancount_errors(forged)) == 2


def test_every_account_has_its_place_in_the_chart_and_any_fund_a_name(books: Books) -> None:
    assert set(beancount.ROOTS) == set(Account)
    assert beancount.account_name(account(Account.IN_TRANSIT, "fund no. 1")) == "Assets:Fund-no-1:In-Transit"


def read_ndjson(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_documented_file_proves_itself(books: Books) -> None:
    path = books.export("ndjson")
    content = path.read_bytes()
    header, *rest, end = read_ndjson(path)
    *_, last_line = content.splitlines(keepends=True)

    assert (header["format"], header["version"]) == ("debit-journal", 1)
    assert (header["fund"], header["from"], header["to"]) == ("CNAS", "2026-10-01", "2026-10-31")
    assert end["sha256"] == sha256(content.removesuffix(last_line)).hexdigest()
    entries = [one for one in rest if one["kind"] == "entry"]
    assert (end["entries"], end["lines"]) == (len(entries), sum(len(one["lines"]) for one in entries))
    (turnover,) = end["turnover"]
    assert turnover["minor"] == sum(line["minor"] for one in entries for line in one["lines"] if line["minor"] > 0)

    balances = {(one["account"], one["currency"]): one["minor"] for one in rest if one["kind"] == "opening"}
    for one in entries:
        assert sum(line["minor"] for line in one["lines"]) == 0
        for line in one["lines"]:
            assert parse_minor(line["amount"].lstrip("-"), one["currency"]) == abs(line["minor"])
            place = (line["account"], one["currency"])
            balances[place] = balances.get(place, 0) + line["minor"]
    closing = {(one["account"], one["currency"]): one["minor"] for one in rest if one["kind"] == "closing"}
    assert balances == closing == books.balances(OCTOBER[1])


def test_what_came_late_stands_after_the_close_and_names_its_day(books: Books) -> None:
    (late,) = (one for one in read_ndjson(books.export("ndjson")) if one.get("belongs_to"))

    assert (late["business_date"], late["belongs_to"]) == ("2026-10-01", "2026-09-30")
    assert "belongs-to: 2026-09-30" in books.export("beancount").read_text()


def test_the_csv_is_rfc_4180_balances_by_itself_and_no_cell_is_a_formula(sqlite_house: House, tmp_path: Path) -> None:
    hostile = "=HYPERLINK(1)"
    receivable, declared = account(Account.RECEIVABLE, "CNAS"), account(Account.DECLARED, "CNAS")
    with sqlite_house.desk.work(CLERK) as work:
        for day in (SEPTEMBER[1], *OCTOBER):
            post_all(
                work,
                [Posting(hostile, {receivable: 5, declared: -5}, "DZD", day, '@"quoted",\r\n', {"of": "-1"})],
            )
    path = tmp_path / "journal.csv"
    export.export(sqlite_house.desk, CLERK, "CNAS", OCTOBER, "csv", path)
    content = path.read_bytes()

    assert content.startswith(b"\xef\xbb\xbfentry,")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [one["cause"] for one in rows] == ["opening"] * 2 + ['\'@"quoted",\r\n'] * 4
    assert not [cell for row in rows for cell in row.values() if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    sums = {side: sum(parse_minor(row[side], "DZD") for row in rows if row[side]) for side in ("debit", "credit")}
    assert sums == {"debit": 15, "credit": 15}
    assert content.count(b"\r\n") == len(rows) + 1 + 4


def test_only_finance_exports_and_what_was_exported_is_on_record(sqlite_house: House, tmp_path: Path) -> None:
    path = tmp_path / "new" / "journal.ndjson"
    agent = Actor("agent", frozenset({Role.MANDATE_AGENT}))
    with pytest.raises(Refused):
        export.export(sqlite_house.desk, agent, "CNAS", OCTOBER, "ndjson", path)
    with pytest.raises(InvalidInput):
        export.export(sqlite_house.desk, CLERK, "CNAS", (OCTOBER[1], OCTOBER[0]), "ndjson", path)
    assert not path.parent.exists()

    digest = export.export(sqlite_house.desk, CLERK, "CNAS", OCTOBER, "ndjson", path)

    assert digest == sha256(path.read_bytes()).hexdigest()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == [path.name]
