"""A second opinion on bank messages: the standard library's parser (expat) and a plain walk over the whole tree.

It shares nothing with the reader but the currency table, knows nothing of streaming, and reads only what must never be wrong
without a word: who moved how much in which direction, under which reference.
"""

import io
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple
from xml.etree import ElementTree as ET

from iso4217 import Currency

from debit_service.core.errors import DebitError, InvalidInput
from debit_service.core.money import exponent
from debit_service.iso20022.read import read_bank_file
from debit_service.iso20022.records import BankRecord, Container, Level, as_json

CONTAINERS = {"BkToCstmrAcctRpt": "Rpt", "BkToCstmrStmt": "Stmt", "BkToCstmrDbtCdtNtfctn": "Ntfctn"}
STATUS_REPORT = "CstmrPmtStsRpt"
CURRENCIES = frozenset(currency.code for currency in Currency)
# expat knows the names of an older edition of XML, and UTF-8 by its full name only.
_FOREIGN_NAME = re.compile(rb"<[^<>]*[\x80-\xff]")
_UTF8 = re.compile(rb"\A(<\?xml[^>]*encoding\s*=\s*[\"'])utf8", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]*\.?[0-9]*", re.ASCII)


class Undecided(Exception):
    """Two honest readers may differ on this file: it breaks the schema where no rule says what counts."""


class Fact(NamedTuple):
    """What one line says of money. `status` is an entry's or a transaction's; `amount` booked, or ordered in a pain.002."""

    level: str
    account: str | None
    entry: int | None
    status: str | None
    direction: str | None
    currency: str | None
    entry_amount: int | None
    amount: int | None
    end_to_end_id: str | None
    mandate_id: str | None
    block: str | None


def check(data: bytes) -> bool:
    """Whether the file is read; then the second parser reads the same from it, or this fails. False where it is refused.

    The reader may raise nothing but DebitError, whatever the bytes: what else it raises goes through. What it takes from layouts
    must be what it would have read without them, in every key.
    """
    items = read(data)
    assert items == read(data, layouts=False)
    if items is None:
        return False
    records = [item for item in items if isinstance(item, BankRecord)]
    for record in records:
        json.dumps(as_json(record), ensure_ascii=False).encode("utf-8")
    # Groups and blocks move nothing, and are left out; so is what stands beside the details of an entry, which no element tells.
    told = [record for record in records if record.kind not in ("cost", "remainder")]
    first = [_fact(record) for record in told if record.level in {Level.TRANSACTION, Level.ENTRY}]
    try:
        second = second_opinion(data)
    except Undecided:
        return True
    except (ET.ParseError, ValueError, KeyError, InvalidInput) as error:
        raise AssertionError(f"read, but the second parser refuses it: {error!r}") from error
    assert first == second
    return True


def read(data: bytes, *, layouts: bool = True) -> list[BankRecord | Container] | None:
    """Everything that is read from a file, or None where it is refused."""
    try:
        return list(read_bank_file(io.BytesIO(data), file="bank.xml", layouts=layouts))
    except DebitError:
        return None


def second_opinion(data: bytes) -> list[Fact]:
    """The same facts by the other way. Raises Undecided, ElementTree.ParseError, or ValueError for what is no amount."""
    if _FOREIGN_NAME.search(data):
        raise Undecided("a name that is not ASCII")
    root = ET.fromstring(_UTF8.sub(rb"\1UTF-8", data))  # noqa: S314 - what is hostile must be refused by the first, and does not outlive a test here
    bodies = [element for element in root.iter() if _name(element) in {*CONTAINERS, STATUS_REPORT}]
    if any(inner is not body and inner in bodies for body in bodies for inner in body.iter()):
        raise Undecided("a message stands within a message")
    return [fact for body in bodies for fact in _facts(body)]


def _fact(record: BankRecord) -> Fact:
    is_status = record.message.startswith("pain")
    return Fact(
        str(record.level),
        record.account,
        None if is_status else record.entry_index,
        record.status,
        record.direction and str(record.direction),
        record.currency,
        record.entry_amount_minor,
        record.original_amount_minor if is_status else record.amount_minor,
        record.end_to_end_id,
        record.mandate_id,
        record.payment_information_id,
    )


def _facts(body: ET.Element) -> Iterator[Fact]:
    if _name(body) == STATUS_REPORT:
        for block in body:
            if _name(block) == "TxInfAndSts":
                yield _status(block, text(block, "OrgnlPmtInfId"))
            elif _name(block) == "OrgnlPmtInfAndSts":
                for transaction in every(block, "TxInfAndSts"):
                    yield _status(transaction, text(transaction, "OrgnlPmtInfId") or text(block, "OrgnlPmtInfId"))
        return
    for container in every(body, CONTAINERS[_name(body)]):
        for index, entry in enumerate(every(container, "Ntry")):
            yield from _booked(entry, index, account(container), text(container, "Acct/Ccy"))


def _status(transaction: ET.Element, block: str | None) -> Fact:
    reference = "OrgnlTxRef/MndtRltdInf"
    ordered = find(transaction, "OrgnlTxRef/Amt/InstdAmt")
    currency = ordered.get("Ccy") if ordered is not None else None
    mandate = text(transaction, f"{reference}/MndtId") or text(transaction, f"{reference}/DrctDbtMndt/MndtId")
    return Fact(
        "transaction", None, None, text(transaction, "TxSts"), None,
        currency, None, minor(ordered, None) if ordered is not None and currency in CURRENCIES else None,
        text(transaction, "OrgnlEndToEndId"), mandate, block,
    )  # fmt: skip


def _booked(entry: ET.Element, index: int, owner: str | None, usual: str | None) -> Iterator[Fact]:
    whole = find(entry, "Amt")
    if whole is None:
        raise ValueError("an entry without an amount")
    currency = whole.get("Ccy") or usual or ""
    total = minor(whole, usual)
    details = [(group, detail) for group in every(entry, "NtryDtls") for detail in every(group, "TxDtls")]
    if len(details) != sum(_name(element) == "TxDtls" for element in entry.iter()):
        raise Undecided("a TxDtls stands elsewhere than in a NtryDtls")
    batches = [text(group, "Btch/PmtInfId") for group in every(entry, "NtryDtls") if find(group, "Btch") is not None]
    status = text(entry, "Sts/Cd") or text(entry, "Sts/Prtry") or text(entry, "Sts")
    direction = {"CRDT": "credit", "DBIT": "debit"}[text(entry, "CdtDbtInd") or ""]
    said = (owner, index, status)
    if not details:
        yield Fact(
            "entry", *said, direction, currency, total, total, None, None, batches[0] if len(batches) == 1 else None
        )
    for (group, detail), amount in zip(details, _amounts(details, total, currency, direction), strict=True):
        own = {"CRDT": "credit", "DBIT": "debit", None: direction}[text(detail, "CdtDbtInd")]
        block = text(detail, "Refs/PmtInfId") or text(group, "Btch/PmtInfId")
        references = (text(detail, "Refs/EndToEndId"), text(detail, "Refs/MndtId"), block)
        yield Fact("transaction", *said, own, currency, total, amount, *references)


def _amounts(
    details: list[tuple[ET.Element, ET.Element]], total: int, currency: str, direction: str
) -> list[int | None]:
    """Each detail's own amount; where there is none, what may stand for it."""
    own = [in_currency(detail, currency, "Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/CntrValAmt/Amt") for _, detail in details]
    ordered = [in_currency(detail, currency, "AmtDtls/InstdAmt/Amt") for _, detail in details]
    if len(details) == 1 and text(details[0][0], "Btch/NbOfTxs") in {None, "1"}:
        return [total if own[0] is None else own[0]]
    if any(each is not None for each in own) or None in ordered:
        return own
    word = {"credit": "CRDT", "debit": "DBIT"}[direction]
    sign = {word: 1, None: 1}
    summed = sum(
        sign.get(text(detail, "CdtDbtInd"), -1) * (each or 0)
        for (_, detail), each in zip(details, ordered, strict=True)
    )
    return ordered if summed == total else own


def _name(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def every(element: ET.Element, name: str) -> list[ET.Element]:
    """The children of this name, in any namespace."""
    return [child for child in element if _name(child) == name]


def find(element: ET.Element, path: str) -> ET.Element | None:
    """The first element on a path of names. Which of two elements with content of their own counts, nobody says."""
    found = [element]
    for name in path.split("/"):
        found = every(found[0], name)
        if not found:
            return None
        if len(found) > 1 and any(map(len, found)):
            raise Undecided(f"{name} stands twice")
    return found[0]


def text(element: ET.Element, path: str) -> str | None:
    """The text at a path, without blanks around it."""
    found = find(element, path)
    said = (found.text or "").strip(" \t\r\n") if found is not None and not len(found) else ""
    return said if said not in {"", "NOTPROVIDED"} else None


def account(container: ET.Element) -> str | None:
    """The account of a container, without blanks."""
    said = text(container, "Acct/Id/IBAN") or text(container, "Acct/Id/Othr/Id")
    return "".join(said.split()) if said else None


def minor(amount: ET.Element, usual: str | None) -> int:
    """The minor units of an amount: digits and one point, or ValueError."""
    said = amount.text or ""
    if len(amount) or not _NUMBER.fullmatch(said) or said in {"", "."}:
        raise ValueError("no amount")
    scaled = Decimal(said) * 10 ** exponent(amount.get("Ccy") or usual or "")
    if scaled != int(scaled):
        raise ValueError("more decimals than the currency has")
    return int(scaled)


def in_currency(element: ET.Element, currency: str, *paths: str) -> int | None:
    """The first amount at one of `paths` that is in this currency."""
    for path in paths:
        found = find(element, path)
        if found is not None and (found.text or len(found)) and found.get("Ccy", currency) == currency:
            return minor(found, currency)
    return None
