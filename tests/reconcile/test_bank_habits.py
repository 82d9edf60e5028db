"""What a bank's profile says of its files holds when they are imported."""

import io
import zipfile
from dataclasses import replace
from datetime import date

from bank_files import camt053, camt054, credit
from house import CLERK, House, Sent
from sqlalchemy import func, select

from debit_service.banks import service as bank_store
from debit_service.funds.queries import Funds
from debit_service.iso20022.read import Repair
from debit_service.reconcile.models import BankDocument, BankEntry
from debit_service.reconcile.service.importing import import_stored

DAY = date(2026, 9, 28)


def two_documents(sent: Sent) -> bytes:
    """A notification and a statement, one after the other."""
    return camt054(sent.account, credit(sent)) + camt053(sent.account, DAY, 0)


def habits(house: House, **said: object) -> Funds:
    """The house's funds, with other habits of their bank."""
    funds = house.service.funds
    bank = funds.bank("mock-bank").model_copy(update=said)
    return replace(funds, banks={**funds.banks, bank.id: bank})


def outcomes(house: House, funds: Funds, content: bytes) -> list[tuple[str, int]]:
    """The file arrives and is read."""
    with house.service.desk.work(CLERK) as work:
        bank_store.store(work, "in", "mock-bank", "file.xml", content)
    return [(one.outcome, one.entries) for one in import_stored(house.service.desk, CLERK, funds)]


def test_several_documents_in_a_file_are_read_only_from_a_bank_that_is_known_for_it(house: House) -> None:
    sent = house.sent()
    funds = house.service.funds
    assert outcomes(house, funds, two_documents(sent)) == [("unreadable", 0)]


def test_a_repair_is_kept_beside_what_was_read_with_it(house: House) -> None:
    sent = house.sent()
    funds = habits(house, repairs=frozenset({Repair.SEVERAL_DOCUMENTS}))
    assert outcomes(house, funds, two_documents(sent)) == [("read", 1)]
    with house.reading() as work:
        told = list(work.session.scalars(select(BankDocument.findings).order_by(BankDocument.position)))
    assert told[0] == []
    assert "iso.repair.several_documents" in told[1][0]


def test_an_archive_is_stored_as_it_came_and_read_to_its_last_file(house: House) -> None:
    sent = house.sent()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", camt054(sent.account, credit(sent)))
        archive.writestr("b.xml", camt053(sent.account, DAY, 0))
    assert outcomes(house, house.service.funds, packed.getvalue()) == [("read", 1)]
    with house.reading() as work:
        assert work.session.scalar(select(func.count()).select_from(BankDocument)) == 2
        assert work.session.scalar(select(func.count()).select_from(BankEntry)) == 1
