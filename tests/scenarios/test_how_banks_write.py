"""How banks write, and what they keep to themselves.

Pains 28 to 31 and 35 to 38 of the users of other systems; each story names its own.
"""

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from bank_files import camt053, camt054, credit, pain002, returned
from house import CLERK, House
from scenarios.looking import made, states
from sqlalchemy import event, select

from debit_service.banks import service as bank_store
from debit_service.banks.channels import LeftFile
from debit_service.core.errors import Unavailable
from debit_service.reconcile import queries
from debit_service.reconcile.models import BankEntry
from debit_service.reconcile.rules import State
from debit_service.reconcile.tie_out import control
from debit_service.reports.figures.sheet import Link
from debit_service.reports.matters import Matter

CREDITED, TAKEN_BACK = date(2026, 9, 30), date(2026, 10, 5)
MEGABYTES = 4 * 2**20


def in_version(content: bytes, version: str) -> bytes:
    """A report as it is written in another version: the oldest have a status as text, and .02 no amounts in details."""
    content = content.replace(b".001.08", f".001.{version}".encode())
    if version in ("02", "04"):
        content = content.replace(b"<Sts><Cd>BOOK</Cd></Sts>", b"<Sts>BOOK</Sts>")
    if version == "02":
        content = re.sub(rb"</Refs><Amt [^>]+>[^<]+</Amt><CdtDbtInd>[A-Z]+</CdtDbtInd>", b"</Refs>", content)
    return content


def test_every_family_in_every_version_books_the_same_credit_and_the_same_return(sqlite_house: House) -> None:
    """pain 28: viafintech/camt_parser#59, genkgo/camt#150, OCA/account-payment#874: dialects, and returns in statements."""
    sent = sqlite_house.sent()
    entries = credit(sent), returned(sent, day=TAKEN_BACK)
    statement, notification = camt053(sent.account, CREDITED, 0, *entries), camt054(sent.account, *entries)
    intraday = notification.replace(b"BkToCstmrDbtCdtNtfctn", b"BkToCstmrAcctRpt").replace(b"Ntfctn>", b"Rpt>")
    back = sqlite_house.bookmark()
    for known, version in product(
        (intraday.replace(b"camt.054", b"camt.052"), statement, notification), ("02", "04", "08", "13")
    ):
        back()
        content = in_version(known, version)
        (imported,) = sqlite_house.bank_says(content)
        result = sqlite_house.outcome(sent)
        assert (imported.outcome, imported.entries) == ("read", 2), content
        assert (result.state, result.settled_minor, result.returned_minor) == (State.RETURNED, 1000_00, 1000_00), (
            content
        )


def test_a_file_whose_bytes_are_not_what_it_says_is_kept_apart_with_the_place_and_holds_up_no_other(
    sqlite_house: House,
) -> None:
    """pain 29: OCA/bank-payment#21: Latin bytes in a file that says UTF-8."""
    sent = sqlite_house.sent()
    good = camt054(sent.account, credit(sent))
    broken = good.replace(b"<MsgId>N1", b"<MsgId>N\xe91")
    with sqlite_house.desk.work(CLERK) as work:
        bank_store.store(work, "in", "mock-bank", "broken.xml", broken)

    first, second = sqlite_house.bank_says(good)

    assert (first.outcome, second.outcome) == ("unreadable", "read")
    assert re.search(r"byte|line|position", first.detail)
    assert states(sqlite_house, sent) == [State.SETTLED]


def test_a_file_about_two_accounts_books_each_entry_on_its_own(sqlite_house: House) -> None:
    """pain 30: OCA/bank-statement-import#209: everything was booked on the last account."""
    ours = sqlite_house.sent("EINZUGSSTELLE", due=date(2026, 9, 28))
    theirs = sqlite_house.sent("CNAS", due=date(2026, 10, 15))
    first, second = camt054(ours.account, credit(ours)), camt054(theirs.account, credit(theirs))
    more = re.findall(rb"<Ntfctn>.*</Ntfctn>", second)[0].replace(b"<Id>N1</Id>", b"<Id>N2</Id>")

    sqlite_house.in_turn(first.replace(b"</BkToCstmr", more + b"</BkToCstmr"))

    assert states(sqlite_house, ours, theirs) == [State.SETTLED] * 2
    balances = sqlite_house.balances()
    assert (balances["bank/EINZUGSSTELLE"], balances["bank/CNAS"]) == (ours.amount_minor, theirs.amount_minor)


def test_a_statement_without_entries_is_a_result_and_a_message_that_nobody_knows_is_told(sqlite_house: House) -> None:
    """pain 31: republik/plattform#252: no entry is no crash; securo#416: an unknown message is not an empty one."""
    account = sqlite_house.fund().creditor.account.value

    imported = sqlite_house.in_turn(camt053(account, CREDITED, 0), b'<Document xmlns="urn:x:camt.099"><A/></Document>')

    assert [(one.outcome, one.entries) for one in imported] == [("read", 0), ("not_read", 0)]
    with sqlite_house.reading() as work:
        assert len(list(control.notes(work))) == 1


def test_a_reason_that_says_success_fails_nothing(sqlite_house: House) -> None:
    """pain 35: OCA/account-payment#519: code 0000, success, stands among the returns."""
    sent = sqlite_house.sent()
    success = "<RtrInf><Rsn><Prtry>0000</Prtry></Rsn></RtrInf>"

    sqlite_house.in_turn(camt054(sent.account, credit(sent)).replace(b"</TxDtls>", f"{success}</TxDtls>".encode()))

    assert states(sqlite_house, sent) == [State.SETTLED]
    assert sqlite_house.collection(sent).live


def test_a_reason_that_is_only_told_in_words_is_kept_and_nobody_is_penalised_for_it(sqlite_house: House) -> None:
    """pain 35: viafintech/camt_parser#32, hbci4java#104: the reason stands in `AddtlInf` alone."""
    sent = sqlite_house.sent()
    gone = camt054(sent.account, returned(sent, "AM04", TAKEN_BACK), message_id="N2")
    in_words = gone.replace(b"<Rsn><Cd>AM04</Cd></Rsn>", b"<AddtlInf>INSUFFICIENT FUNDS</AddtlInf>")

    sqlite_house.in_turn(camt054(sent.account, credit(sent)), in_words)
    sqlite_house.go_to(TAKEN_BACK + timedelta(days=10))
    sqlite_house.assess()

    decision = sqlite_house.decision(sent)
    assert decision is not None
    assert (decision.party, decision.effect) == ("UNKNOWN", "HOLD")
    assert sqlite_house.penalties(sent.contribution_id) == []
    with sqlite_house.reading() as work:
        (entry,) = work.session.scalars(select(BankEntry).where(BankEntry.direction == "debit"))
        assert queries.personal(work, entry)["reason_text"] == "INSUFFICIENT FUNDS"


def test_a_file_that_a_bank_took_and_then_refuses_as_a_whole_fails_all_of_its_debits(sqlite_house: House) -> None:
    """pain 36: phpFinTS#278: the bank says OK, the true error comes only in the status report."""
    first, second = sqlite_house.sent_together("CNAS", "100.00", "200.00")

    sqlite_house.in_turn(pain002(first, "ACTC", None, level="group"))
    assert states(sqlite_house, first, second) == [State.SENT] * 2
    sqlite_house.in_turn(pain002(first, "RJCT", "FF01", level="group", message_id="P2"))

    assert states(sqlite_house, first, second) == [State.REJECTED] * 2
    assert sqlite_house.balances()["receivable/CNAS"] == 300_00


def test_a_bank_that_sends_no_status_report_is_believed_by_its_bookings_and_its_silence_is_told(
    sqlite_house: House,
) -> None:
    """pain 36: Noviat/account_ebics#24: there are banks without a pain.002. No news is no yes, and nobody's fault."""
    booked, silent = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    sqlite_house.in_turn(camt054(booked.account, credit(booked)))
    assert states(sqlite_house, booked, silent) == [State.SETTLED, State.SENT]
    assert not any("neither booked nor refused" in str(one) for one in made(sqlite_house).attention)

    sqlite_house.go_to(CREDITED + timedelta(days=30))
    sqlite_house.assess()

    (told,) = [str(one) for one in made(sqlite_house).attention if "neither booked nor refused" in str(one)]
    assert "1 debits" in told
    assert sqlite_house.decision(silent) is None


def test_a_statement_that_does_not_come_is_missed_after_the_days_that_the_bank_takes_for_it(
    sqlite_house: House,
) -> None:
    sent = sqlite_house.sent()
    sqlite_house.in_turn(camt054(sent.account, credit(sent)))

    def missed() -> list[Matter]:
        return [one for one in made(sqlite_house).attention if "no statement tells" in str(one)]

    # A Wednesday; in Algeria Friday and Saturday are closed, and the bank sends its statement by the open day after.
    sqlite_house.go_to(CREDITED + timedelta(days=1))
    assert missed() == []
    sqlite_house.go_to(CREDITED + timedelta(days=4))
    (told,) = missed()
    assert "1000.00 DZD" in str(told)
    assert "camt.053 was to come by now" in str(told)
    # October has begun: the money is of September.
    assert told.link == Link("tie_out", {"fund": "CNAS", "month": "2026-09"})

    sqlite_house.in_turn(camt053(sent.account, CREDITED, 0, credit(sent)))
    assert missed() == []


@dataclass
class Mailbox:
    """A bank that forgets what it was told to forget."""

    left: list[LeftFile]
    forgotten: list[str] = field(default_factory=list)

    def waiting(self) -> list[LeftFile]:
        """What it has left."""
        return [one for one in self.left if one.name not in self.forgotten]

    def taken(self, name: str) -> None:
        """It may forget this."""
        self.forgotten.append(name)


def test_a_bank_is_not_told_that_a_file_was_taken_while_the_disk_is_full(sqlite_house: House) -> None:
    """pain 37: ebicsbox#174: the answer was 201, and the disk was full."""
    box: Any = Mailbox([LeftFile("big.xml", bytes(MEGABYTES))])
    engine = sqlite_house.desk.database.engine

    def no_page_more(connection: Any, _: object) -> None:
        connection.execute("PRAGMA max_page_count=1")

    sqlite_house.close()
    event.listen(engine, "connect", no_page_more)
    with pytest.raises(Unavailable):
        bank_store.fetch(sqlite_house.desk, CLERK, "mock-bank", box)
    assert box.forgotten == []

    event.remove(engine, "connect", no_page_more)
    sqlite_house.close()
    (stored,) = bank_store.fetch(sqlite_house.desk, CLERK, "mock-bank", box)
    assert (stored.new, box.forgotten) == (True, ["big.xml"])


def test_a_debtors_account_that_is_none_is_kept_as_it_came_and_the_booking_counts(sqlite_house: House) -> None:
    """pain 38: alyf-de/banking#334: the field of the IBAN holds something else."""
    sent = sqlite_house.sent()
    parties = "<RltdPties><DbtrAcct><Id><IBAN>COMPTE-12/34</IBAN></Id></DbtrAcct></RltdPties>"
    content = camt054(sent.account, credit(sent)).replace(b"</TxDtls>", f"{parties}</TxDtls>".encode())

    sqlite_house.in_turn(content)

    assert states(sqlite_house, sent) == [State.SETTLED]
    with sqlite_house.reading() as work:
        (entry,) = work.session.scalars(select(BankEntry))
        assert queries.personal(work, entry)["debtor_account"] == "COMPTE-12/34"
