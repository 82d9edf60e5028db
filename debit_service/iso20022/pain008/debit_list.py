"""A flat list of direct debits (CSV or NDJSON, one line a transaction) as the groups of a pain.008.

Every bad line is reported with its number and reason, and none is left out silently: either all lines become a message
or none does. Lines fall into groups by everything that a payment information shares; the order of the file is kept. The
transactions wait on disk, so that the length of the list is not limited by memory; what each group shares is kept in it.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from typing import IO, Literal, cast

from debit_service.core.accounts import AccountNumber, AccountScheme, parse_account
from debit_service.core.errors import InvalidInput
from debit_service.core.money import parse_minor
from debit_service.iso20022.findings import Finding
from debit_service.iso20022.pain008.spool import Spool
from debit_service.iso20022.pain008.values import (
    Amendment,
    Creditor,
    DirectDebit,
    PaymentInformation,
    Scheme,
    SequenceType,
    StructuredAddress,
)

Row = Mapping[str, str]
Kind = Literal["csv", "ndjson"]

# Column: (whether it must be filled, what it holds). The command line shows this table.
COLUMNS: Mapping[str, tuple[bool, str]] = {
    "end_to_end_id": (True, "reference that the bank returns unchanged; unique, at most 35 characters"),
    "amount": (True, "decimal, like 1234.50"),
    "currency": (True, "ISO 4217, like EUR or DZD"),
    "mandate_id": (True, "unique mandate reference"),
    "signed_on": (True, "date of the mandate's signature, like 2026-01-31"),
    "debtor_name": (True, "transliterated when needed"),
    "debtor_account": (True, "account number of the scheme below"),
    "debtor_account_scheme": (False, "IBAN (default), DZ_RIB or MA_RIB"),
    "debtor_bic": (False, "8 or 11 characters"),
    "instruction_id": (False, "reference between us and our bank"),
    "debtor_street": (False, "at most 70 characters; an address has a town and a country"),
    "debtor_building_number": (False, "at most 16 characters"),
    "debtor_post_code": (False, "at most 16 characters"),
    "debtor_town": (False, "given with any other part of the address"),
    "debtor_country": (False, "two letters; given with any other part of the address"),
    "remittance": (False, "text for the debtor, at most 140 characters"),
    "original_mandate_id": (False, "the mandate was amended: its reference before"),
    "original_creditor_identifier": (False, "the mandate was amended: the creditor identifier before"),
    "original_creditor_name": (False, "the mandate was amended: the creditor's name before"),
    "original_debtor_account": (False, "the mandate was amended: the debtor's account before, at the same bank"),
    "original_debtor_account_scheme": (False, "IBAN (default), DZ_RIB or MA_RIB"),
    "new_bank": (False, "true: the debtor's account is at another bank now (SMNDA)"),
    "scheme": (True, "CORE or B2B; one per file"),
    "sequence_type": (True, "FRST, RCUR, FNAL or OOFF"),
    "collection_date": (True, "requested date, like 2026-10-05"),
    "creditor_name": (True, "who collects"),
    "creditor_account": (True, "account number of the scheme below"),
    "creditor_account_scheme": (False, "IBAN (default), DZ_RIB or MA_RIB"),
    "creditor_bic": (False, "8 or 11 characters"),
    "creditor_identifier": (True, "like FR72ZZZ123456"),
    "creditor_country": (True, "two letters"),
    "creditor_town": (False, "given, the creditor's address is written"),
    "batch_booking": (False, "true or false; empty leaves it to the bank"),
    "service_level": (False, "SEPA (default when the currency is EUR) or empty"),
    "category_purpose": (False, "code of ISO's list, like SSBE"),
}


_ADDRESS_COLUMNS = ("debtor_street", "debtor_building_number", "debtor_post_code", "debtor_town", "debtor_country")
_NOTHING_AMENDED = Amendment()
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SEE_HELP = "See `debit iso write --help`."


@dataclass(frozen=True, slots=True)
class _Key:
    """What the transactions of one payment information share (facts: 1.4)."""

    scheme: Scheme
    sequence_type: SequenceType
    collection_date: date
    creditor: Creditor
    currency: str
    batch_booking: bool | None
    service_level: str | None
    category_purpose: str | None


# The columns from which the key is made: rows that are the same in them are of one group, and are looked at once.
_KEY_COLUMNS = (
    *("scheme", "sequence_type", "collection_date", "currency", "batch_booking", "service_level", "category_purpose"),
    *(name for name in COLUMNS if name.startswith("creditor_")),
)


@dataclass(slots=True)
class _Gathered:
    """A group while the list is read."""

    number: int
    count: int = 0
    sum_minor: int = 0


def read_debit_list(
    lines: IO[str], kind: Kind, group_prefix: str, spool: Spool, report: Callable[[Finding], None]
) -> list[PaymentInformation]:
    """Read all lines; `report` is told of each that is bad, and then what is returned does not hold the whole list.

    Groups are named `<group_prefix>-1`, `-2`... in the order in which they appear. Their transactions can be read any number
    of times, until the `spool` that keeps them is left.
    """
    gathered: dict[_Key, _Gathered] = {}
    keys: dict[tuple[str | None, ...], _Key] = {}
    for number, row in _rows(lines, kind, report):
        try:
            said = tuple(map(row.get, _KEY_COLUMNS))
            key = keys.get(said) or keys.setdefault(said, _key(row))
            debit = _debit(row)
        except InvalidInput as error:
            report(_finding(number, error))
        else:
            group = gathered.setdefault(key, _Gathered(len(gathered)))
            group.count += 1
            group.sum_minor += debit.amount_minor
            spool.add(group.number, debit)
    return [_group(f"{group_prefix}-{group.number + 1}", key, group, spool) for key, group in gathered.items()]


def _rows(lines: IO[str], kind: Kind, report: Callable[[Finding], None]) -> Iterator[tuple[int, Row]]:
    rows = _csv_rows(lines, report) if kind == "csv" else _ndjson_rows(lines, report)
    for number, row in rows:
        if row.keys() <= COLUMNS.keys():
            yield number, row
        else:
            report(_finding(number, _unknown(row.keys() - COLUMNS.keys())))


def _csv_rows(lines: Iterable[str], report: Callable[[Finding], None]) -> Iterator[tuple[int, Row]]:
    reader = csv.DictReader(lines, restkey="(beyond the last column)", restval="", strict=True)
    try:
        _check_header(reader.fieldnames or ())
    except InvalidInput as error:
        # Under a header that is wrong no line says anything for certain.
        report(_finding(reader.line_num, error))
        return
    for row in reader:
        yield reader.line_num, {str(name): value if isinstance(value, str) else "" for name, value in row.items()}


def _check_header(names: Sequence[str]) -> None:
    if len(names) == 1 and (";" in names[0] or "\t" in names[0]):
        raise InvalidInput(
            "iso.list.column",
            "The columns are separated by something else than commas.",
            remedy="Separate columns by commas, and put what holds a comma between quotation marks.",
        )
    if unknown := set(names) - COLUMNS.keys():
        raise _unknown(unknown)
    if twice := [name for name in COLUMNS if names.count(name) > 1]:
        raise InvalidInput(
            "iso.list.column", f"A column is there twice: {', '.join(twice)}.", remedy="Keep the one that counts."
        )


def _unknown(names: AbstractSet[str]) -> InvalidInput:
    return InvalidInput("iso.list.column", f"There is no column {', '.join(sorted(names)[:5])}.", remedy=_SEE_HELP)


def _ndjson_rows(lines: Iterable[str], report: Callable[[Finding], None]) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = _object(line)
        except InvalidInput as error:
            report(_finding(number, error))
        else:
            yield number, {name: _plain(value) for name, value in row.items()}


def _object(line: str) -> dict[str, object]:
    try:
        # Numbers stay the text that was written: an amount never becomes a float.
        row = json.loads(line, parse_float=str, parse_int=str, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise InvalidInput("iso.list.json", "The line is no JSON object.", remedy="Write one object a line.")
    return row


def _without_doubles(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    row = dict(pairs)
    if len(row) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = ", ".join(sorted(name for name, count in counts.items() if count > 1)[:5])
        raise InvalidInput("iso.list.json", f"A key is there twice: {twice}.", remedy="Keep the one that counts.")
    return row


def _plain(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _key(row: Row) -> _Key:
    town = _optional(row, "creditor_town")
    currency = _required(row, "currency")
    creditor = Creditor(
        name=_required(row, "creditor_name"),
        account=_account(row, "creditor_account"),
        agent_bic=_optional(row, "creditor_bic"),
        identifier=_required(row, "creditor_identifier"),
        country=_required(row, "creditor_country"),
        address=StructuredAddress(town) if town else None,
    )
    booking = _one_of(row, "batch_booking", {"", "true", "false"})
    level = row.get("service_level")
    return _Key(
        scheme=cast("Scheme", _one_of(row, "scheme", {"CORE", "B2B"})),
        sequence_type=cast("SequenceType", _one_of(row, "sequence_type", {"FRST", "RCUR", "FNAL", "OOFF"})),
        collection_date=_date(row, "collection_date"),
        creditor=creditor,
        currency=currency,
        batch_booking=booking == "true" if booking else None,
        service_level=("SEPA" if currency == "EUR" else None) if level is None else level.strip() or None,
        category_purpose=_optional(row, "category_purpose"),
    )


def _debit(row: Row) -> DirectDebit:
    try:
        amount_minor = parse_minor(_required(row, "amount"), _required(row, "currency"))
    except InvalidInput as error:
        raise InvalidInput(error.code, error.message, place=error.place or "amount", remedy=error.remedy) from None
    return DirectDebit(
        end_to_end_id=_required(row, "end_to_end_id"),
        instruction_id=_optional(row, "instruction_id"),
        amount_minor=amount_minor,
        mandate_id=_required(row, "mandate_id"),
        signed_on=_date(row, "signed_on"),
        debtor_name=_required(row, "debtor_name"),
        debtor_account=_account(row, "debtor_account"),
        debtor_bic=_optional(row, "debtor_bic"),
        remittance=_optional(row, "remittance"),
        amendment=_amendment(row),
        debtor_address=_debtor_address(row),
    )


def _amendment(row: Row) -> Amendment | None:
    amendment = Amendment(
        original_mandate_id=_optional(row, "original_mandate_id"),
        original_creditor_identifier=_optional(row, "original_creditor_identifier"),
        original_creditor_name=_optional(row, "original_creditor_name"),
        original_debtor_account=_account(row, "original_debtor_account")
        if row.get("original_debtor_account")
        else None,
        new_bank=_one_of(row, "new_bank", {"", "true", "false"}) == "true",
    )
    return None if amendment == _NOTHING_AMENDED else amendment


def _debtor_address(row: Row) -> StructuredAddress | None:
    if not any(_optional(row, column) for column in _ADDRESS_COLUMNS):
        return None
    return StructuredAddress(
        _required(row, "debtor_town"),
        street=_optional(row, "debtor_street"),
        building_number=_optional(row, "debtor_building_number"),
        post_code=_optional(row, "debtor_post_code"),
        country=_required(row, "debtor_country"),
    )


def _group(name: str, key: _Key, gathered: _Gathered, spool: Spool) -> PaymentInformation:
    return PaymentInformation(
        id=name,
        scheme=key.scheme,
        sequence_type=key.sequence_type,
        collection_date=key.collection_date,
        creditor=key.creditor,
        count=gathered.count,
        control_sum_minor=gathered.sum_minor,
        currency=key.currency,
        transactions=spool.rows(gathered.number),
        batch_booking=key.batch_booking,
        service_level=key.service_level,
        category_purpose=key.category_purpose,
    )


def _optional(row: Row, column: str) -> str | None:
    return row.get(column, "").strip() or None


def _required(row: Row, column: str) -> str:
    value = _optional(row, column)
    if value is None:
        raise InvalidInput("iso.list.missing", f"The column {column} is empty.", place=column, remedy="Fill it.")
    return value


def _one_of(row: Row, column: str, allowed: set[str]) -> str:
    value = _optional(row, column) or ""
    if value not in allowed:
        raise InvalidInput(
            "iso.list.value", f"This is one of {', '.join(sorted(filter(None, allowed)))}.", place=column
        )
    return value


def _date(row: Row, column: str) -> date:
    said = _required(row, column)
    try:
        # The library reads other forms of ISO 8601, too, such as 20261005 and 2026-W41-1.
        return date.fromisoformat(said if _DAY.fullmatch(said) else "")
    except ValueError:
        raise InvalidInput("iso.list.date", "A date is written like 2026-10-05.", place=column) from None


def _account(row: Row, column: str) -> AccountNumber:
    scheme = _optional(row, f"{column}_scheme") or AccountScheme.IBAN
    if scheme not in AccountScheme.__members__:
        raise InvalidInput("iso.list.value", "This is one of IBAN, DZ_RIB, MA_RIB.", place=f"{column}_scheme")
    try:
        return parse_account(_required(row, column), AccountScheme(scheme))
    except InvalidInput as error:
        raise InvalidInput(error.code, error.message, place=error.place or column, remedy=error.remedy) from None


def _finding(number: int, error: InvalidInput) -> Finding:
    place = f"line {number}" + (f", {error.place}" if error.place else "")
    return Finding(error.code, "error", place, error.message, error.remedy or "Correct the line.")
