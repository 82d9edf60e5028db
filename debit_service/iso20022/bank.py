"""What makes a bank's answer hard to use although it is valid: each is a question to the bank, and nothing is refused for it."""

from collections.abc import Iterator

from debit_service.iso20022.findings import Finding, Rule
from debit_service.iso20022.records import BankRecord, Kind, Level

REASON = Rule(
    "iso.bank.reason",
    "warning",
    "A reject, return or refund comes without a reason.",
    "Ask the bank; until then nobody is at fault.",
    "pain 35",
)
REFERENCE = Rule(
    "iso.bank.reference",
    "warning",
    "A reject, return, refund or reversal names no collection: no end-to-end id, mandate, instruction, transaction or batch.",
    "Ask the bank which collection it means.",
    "pain 24",
)
RULES = (REASON, REFERENCE)

_UNPAID = frozenset({Kind.REJECT, Kind.RETURN, Kind.REFUND, Kind.REVERSAL})
_CONTAINERS = {"camt.052": "Rpt", "camt.053": "Stmt", "camt.054": "Ntfctn"}


def record_findings(record: BankRecord, containers: int) -> Iterator[Finding]:
    """What is missing in one record, of the container with this number."""
    if record.kind not in _UNPAID:
        return
    if record.kind is not Kind.REVERSAL and not (record.reason_code or record.reason_proprietary or record.reason_text):
        yield REASON.at(_place(record, containers))
    named = (record.end_to_end_id, record.mandate_id, record.instruction_id, record.transaction_id)
    of_batch = record.payment_information_id or record.original_end_to_end_id
    if record.level in {Level.TRANSACTION, Level.ENTRY} and not any(named) and not of_batch:
        yield REFERENCE.at(_place(record, containers))


def _place(record: BankRecord, containers: int) -> str:
    container = _CONTAINERS.get(record.message[:8])
    if container is None:
        steps = [("OrgnlPmtInfAndSts", record.entry_index), ("TxInfAndSts", record.detail_index)]
    else:
        steps = [(container, containers), ("Ntry", record.entry_index), ("TxDtls", record.detail_index)]
    return "/".join(f"{name}[{index}]" for name, index in steps if index is not None) or "OrgnlGrpInfAndSts"
