"""Read: each record of a bank file becomes one immutable row; what names people is sealed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from json import JSONEncoder
from operator import itemgetter

from debit_service.banks import queries as bank_files
from debit_service.collections import queries as collections
from debit_service.core.accounts import parse_account
from debit_service.core.bulk import insert_rows
from debit_service.core.crypto import KeyRing
from debit_service.core.work import Actor, Desk, Work
from debit_service.funds.queries import Funds
from debit_service.iso20022.kinds import STANDARD
from debit_service.iso20022.read import Repair, read_bank_file
from debit_service.iso20022.records import BankRecord, Container
from debit_service.reconcile.models import BankDocument, BankEntry
from debit_service.reconcile.service import links
from debit_service.reconcile.service.verdict import Entry

_PERSONAL = ("debtor_name", "debtor_account", "debtor_agent", "creditor_account", "remittance", "reason_text")
_personal_of = itemgetter(*(BankRecord._fields.index(name) for name in _PERSONAL))
_written = JSONEncoder(ensure_ascii=False).encode
#: What a record says in words of ours; as plain text, over which SQLite's driver does not think.
_WORDS = ("level", "kind", "direction")
#: Which columns of an entry a record gives as they are; the others are made when it is stored.
_GIVEN = [name for name in Entry._fields if name in BankRecord._fields and name not in _WORDS]
_given_of = itemgetter(*(BankRecord._fields.index(name) for name in _GIVEN))
_MADE = ("id", "file_id", "document_id", "position", "account_index", "fund_id", "personal_sealed")
_COLUMNS = (*_GIVEN, *_MADE, *_WORDS)
_in_order = itemgetter(*(_COLUMNS.index(name) for name in Entry._fields))


def records(desk: Desk, actor: Actor, funds: Funds, file_id: str, bank_id: str) -> Iterator[BankRecord | Container]:
    """What a stored file says, as its reader yields it; no transaction stays open in between.

    Raises InvalidInput (UnreadableFile and its kin), perhaps after it has yielded much.
    """
    bank = funds.banks.get(bank_id)
    dialect, repairs = (bank.dialect, bank.repairs) if bank else (STANDARD, frozenset[Repair]())
    stream = bank_files.streamed(desk, actor, file_id)
    return read_bank_file(stream, file=file_id, dialect=dialect, repairs=repairs)


def store_documents(work: Work, funds: Funds, file_id: str, containers: Iterable[Container]) -> list[str]:
    """Store the containers of a file; returns their ids in the order of the file."""
    place = _Accounts(work.keys, funds)
    documents = []
    for position, container in enumerate(containers, start=1):
        account_index, fund_id = place.of(container.account)
        documents.append(
            BankDocument(
                id=work.new_id(),
                file_id=file_id,
                position=position,
                message=container.message,
                message_id=container.message_id,
                container_id=container.container_id,
                account_index=account_index,
                fund_id=fund_id,
                currency=container.currency,
                sequence_number=container.sequence_number,
                legal_number=container.legal_number,
                created_on=_date_of(container.created_at),
                opening_minor=container.opening_minor,
                closing_minor=container.closing_minor,
                opening_date=container.opening_date,
                closing_date=container.closing_date,
                entry_count=container.entry_count,
                booked_credit_minor=container.booked_credit_minor,
                booked_debit_minor=container.booked_debit_minor,
                findings=[f"{one.severity}: {one.code} {one.path}: {one.message}" for one in container.findings],
            )
        )
    work.session.add_all(documents)
    work.session.flush()
    return [one.id for one in documents]


def store_entries(work: Work, funds: Funds, file_id: str, placed: Sequence[tuple[int, str, BankRecord]]) -> list[Entry]:
    """Store records, each with its position in the file and the id of its document; returns them as they are kept."""
    place, names = _Accounts(work.keys, funds), _names_of_ours(work, [record for _, _, record in placed])
    entries = []
    for entry_id, (position, document_id, record) in zip(work.new_ids(len(placed)), placed, strict=True):
        sealed = _sealed(work.keys, entry_id, record)
        made = (entry_id, file_id, document_id, position, *place.of(record.account), sealed)
        words = (str(record.level), str(record.kind), record.direction and str(record.direction))
        entry = Entry._make(_in_order((*_given_of(record), *made, *words)))
        entries.append(entry if entry.end_to_end_id else _named(entry, names))
    insert_rows(work.session, BankEntry, Entry._fields, entries)
    return entries


def _names_of_ours(work: Work, records: Sequence[BankRecord]) -> dict[str, str]:
    """What of the instruction and message references in records without an end-to-end reference is ours: an end-to-end reference
    itself, or the only block of a file."""
    bare = [record for record in records if not record.end_to_end_id]
    instructions = {record.instruction_id for record in bare if record.instruction_id}
    files = {record.original_message_id for record in bare if _may_be_sum(record) and record.original_message_id}
    found = (
        {one.end_to_end_id: one.end_to_end_id for one in collections.asked(work, instructions)} if instructions else {}
    )
    return found | links.blocks_of_files(work, files) if files else found


def _may_be_sum(one: BankRecord | Entry) -> bool:
    """Whether it may be the booking of a block: an entry without details, or with one that is all of it and names no debit.

    Money that left under a transaction reference of its own is that transaction: by it the credit is known that it takes back.
    """
    is_sole = one.level == "transaction" and one.amount_minor is not None and one.amount_minor == one.entry_amount_minor
    names_credit = one.direction == "debit" and one.transaction_id
    names_one = one.end_to_end_id or one.instruction_id or one.mandate_id or names_credit
    return one.message.startswith("camt.") and (one.level == "entry" or (is_sole and not names_one))


def _named(entry: Entry, names: Mapping[str, str]) -> Entry:
    """An entry without an end-to-end reference, under what else it names of ours."""
    if debit := names.get(entry.instruction_id or ""):
        return entry._replace(end_to_end_id=debit)
    if not _may_be_sum(entry) or entry.kind in ("cost", "remainder"):
        return entry
    block = entry.payment_information_id or names.get(entry.original_message_id or "")
    return entry._replace(payment_information_id=block, level="entry") if block else entry


class _Accounts:
    """The blind index of an account as a bank writes it, and the fund that it belongs to; each looked up once."""

    def __init__(self, keys: KeyRing, funds: Funds) -> None:
        owners = {}
        for fund in funds:
            # Accounts in examples count too, for what they are worth.
            number = parse_account(fund.creditor.account.value, fund.creditor.account_scheme).value
            owners[keys.index(number, "account")] = fund.id

        @lru_cache(maxsize=1024)
        def of(account: str | None) -> tuple[str | None, str | None]:
            index = keys.index(account, "account") if account else None
            return index, owners.get(index or "")

        self.of = of


def _date_of(moment: str | None) -> date | None:
    """The day of an ISODateTime as the bank wrote it, in its own time zone; banks write it in many ways."""
    try:
        return date.fromisoformat((moment or "")[:10])
    except ValueError:
        return None


def _sealed(keys: KeyRing, entry_id: str, record: BankRecord) -> bytes | None:
    personal = {name: value for name, value in zip(_PERSONAL, _personal_of(record), strict=True) if value}
    if not personal:
        return None
    return keys.seal(_written(personal), f"bank_entries.personal:{entry_id}")
