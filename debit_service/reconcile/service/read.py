"""Read: each record of a bank file becomes one immutable row; what names people is sealed."""

import json
from datetime import date
from typing import Any

from debit_service.banks import queries as bank_files
from debit_service.banks.models import BankFile
from debit_service.core.accounts import parse_account
from debit_service.core.work import Work
from debit_service.funds.queries import Funds
from debit_service.iso20022.kinds import STANDARD
from debit_service.iso20022.read import Repair, read_bank_file
from debit_service.iso20022.records import BankRecord, Container
from debit_service.reconcile.models import BankDocument, BankEntry

_FLUSH_EVERY = 500
_PLAIN = (
    "message",
    "level",
    "kind",
    "status",
    "direction",
    "reversal",
    "currency",
    "entry_index",
    "entry_amount_minor",
    "amount_minor",
    "original_amount_minor",
    "charges_minor",
    "booking_date",
    "value_date",
    "bank_transaction_code",
    "entry_reference",
    "account_servicer_reference",
    "end_to_end_id",
    "mandate_id",
    "transaction_id",
    "payment_information_id",
    "original_message_id",
    "reason_code",
    "reason_code_set",
    "reason_proprietary",
    "batch_count",
    "batch_total_minor",
)
_PERSONAL = ("debtor_name", "debtor_account", "debtor_agent", "creditor_account", "remittance", "reason_text")


def read_entries(work: Work, funds: Funds, file: BankFile) -> list[str]:
    """Store the records of `file`; returns the ids of the entries in the order of the file.

    Raises InvalidInput (UnreadableFile and its kin) from the reader; the caller must then keep none of it.
    """
    owners = _fund_by_account(work, funds)
    ids: list[str] = []
    document: BankDocument | None = None
    documents = 0
    stream = bank_files.opened(work, file.id)
    bank = funds.banks.get(file.bank_id)
    dialect, repairs = (bank.dialect, bank.repairs) if bank else (STANDARD, frozenset[Repair]())
    for item in read_bank_file(stream, file=file.id, dialect=dialect, repairs=repairs):
        if document is None:
            documents += 1
            document = _begin_document(work, file.id, documents)
        if isinstance(item, Container):
            _end_document(work, owners, document, item)
            document = None
            continue
        ids.append(_entry(work, owners, document, len(ids) + 1, item).id)
        if len(ids) % _FLUSH_EVERY == 0:
            work.session.flush()
    work.session.flush()
    return ids


def account_index(work: Work, account: str | None) -> str | None:
    """The blind index of an account as a bank writes it."""
    return work.keys.index(account, "account") if account else None


def _fund_by_account(work: Work, funds: Funds) -> dict[str, str]:
    """Which fund an account belongs to; accounts in examples count too, for what they are worth."""
    owners = {}
    for fund in funds:
        number = parse_account(fund.creditor.account.value, fund.creditor.account_scheme).value
        owners[work.keys.index(number, "account")] = fund.id
    return owners


def _begin_document(work: Work, file_id: str, position: int) -> BankDocument:
    document = BankDocument(
        id=work.new_id(),
        file_id=file_id,
        position=position,
        message="",
        entry_count=0,
        booked_credit_minor=0,
        booked_debit_minor=0,
        findings=[],
    )
    work.session.add(document)
    work.session.flush()
    return document


def _end_document(work: Work, owners: dict[str, str], document: BankDocument, container: Container) -> None:
    for name in (
        "message",
        "message_id",
        "container_id",
        "currency",
        "sequence_number",
        "opening_minor",
        "closing_minor",
        "opening_date",
        "closing_date",
        "entry_count",
        "booked_credit_minor",
        "booked_debit_minor",
    ):
        setattr(document, name, getattr(container, name))
    document.created_on = _date_of(container.created_at)
    document.account_index = account_index(work, container.account)
    document.fund_id = owners.get(document.account_index or "")
    document.findings = [f"{one.severity}: {one.code} {one.path}: {one.message}" for one in container.findings]


def _date_of(moment: str | None) -> date | None:
    """The day of an ISODateTime as the bank wrote it, in its own time zone; banks write it in many ways."""
    try:
        return date.fromisoformat((moment or "")[:10])
    except ValueError:
        return None


def _entry(work: Work, owners: dict[str, str], document: BankDocument, position: int, record: BankRecord) -> BankEntry:
    entry_id = work.new_id()
    account = account_index(work, record.account)
    entry = BankEntry(
        id=entry_id,
        file_id=document.file_id,
        document_id=document.id,
        position=position,
        account_index=account,
        fund_id=owners.get(account or ""),
        personal_sealed=_sealed(work, entry_id, record),
        **{name: getattr(record, name) for name in _PLAIN},
    )
    work.session.add(entry)
    return entry


def _sealed(work: Work, entry_id: str, record: BankRecord) -> bytes | None:
    personal: dict[str, Any] = {name: getattr(record, name) for name in _PERSONAL if getattr(record, name)}
    if not personal:
        return None
    return work.keys.seal(json.dumps(personal, ensure_ascii=False), f"bank_entries.personal:{entry_id}")
