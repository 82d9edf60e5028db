"""pain.008, the message that asks a bank to debit: its values, its writer, its reader and the rules of its schemes."""

from debit_service.iso20022.pain008.read import DebitLine, Summary, read_pain008, reread
from debit_service.iso20022.pain008.split import Limits, renamed, split
from debit_service.iso20022.pain008.values import (
    Amendment,
    BicRule,
    Creditor,
    DirectDebit,
    Encoding,
    Message,
    PaymentInformation,
    Scheme,
    SequenceType,
    StructuredAddress,
    Style,
    Version,
)
from debit_service.iso20022.pain008.write import Written, write_pain008

__all__ = [
    "Amendment",
    "BicRule",
    "Creditor",
    "DebitLine",
    "DirectDebit",
    "Encoding",
    "Limits",
    "Message",
    "PaymentInformation",
    "Scheme",
    "SequenceType",
    "StructuredAddress",
    "Style",
    "Summary",
    "Version",
    "Written",
    "read_pain008",
    "renamed",
    "reread",
    "split",
    "write_pain008",
]
