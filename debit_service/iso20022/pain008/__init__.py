"""pain.008, the message that asks a bank to debit: its values, its writer, its reader and the rules of its schemes."""

from debit_service.iso20022.pain008.read import DebitLine, Summary, read_pain008, reread
from debit_service.iso20022.pain008.values import (
    Amendment,
    Creditor,
    DirectDebit,
    Message,
    PaymentInformation,
    Scheme,
    SequenceType,
    StructuredAddress,
    Version,
)
from debit_service.iso20022.pain008.write import Written, write_pain008

__all__ = [
    "Amendment",
    "Creditor",
    "DebitLine",
    "DirectDebit",
    "Message",
    "PaymentInformation",
    "Scheme",
    "SequenceType",
    "StructuredAddress",
    "Summary",
    "Version",
    "Written",
    "read_pain008",
    "reread",
    "write_pain008",
]
