"""The normalised record: what a bank said about one transaction, whatever message, version and dialect it said it in.

One record a transaction detail; one for an entry without details; one for a status at group or block level. The field
order is the order of the keys in `debit iso read --json`, a contract with scripts. Absent is None, and NOTPROVIDED (the
scheme's word for absent) is None too. Amounts are unsigned minor units: the sign is `direction`, never `reversal`,
because `RvslInd` explains an entry and does not turn it round.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import partial
from typing import NamedTuple, cast

from debit_service.iso20022.findings import Finding


class Level(StrEnum):
    """At which level of its message the bank spoke."""

    GROUP = "group"
    PAYMENT_INFORMATION = "payment_information"
    TRANSACTION = "transaction"
    ENTRY = "entry"


class Kind(StrEnum):
    """What the record says happened; `kinds.py` decides."""

    COLLECTION = "collection"
    RETURN = "return"
    REFUND = "refund"
    REVERSAL = "reversal"
    REJECT = "reject"
    STATUS = "status"
    BATCH = "batch"
    CHARGE = "charge"
    COST = "cost"  # charges and interest that are stated of an entry and are no detail's
    REMAINDER = "remainder"  # what is left of an entry beside its details, and nothing stated explains
    OTHER = "other"


class Direction(StrEnum):
    """Seen from the account's owner: a credit is money in, a debit money out (ISO 20022 `CdtDbtInd`)."""

    CREDIT = "credit"
    DEBIT = "debit"


class BankRecord(NamedTuple):
    """One normalised statement of a bank.

    `container_id` is the Id of the Ntfctn, Stmt or Rpt (None for pain.002). `reason_code_set` is "S"
    (ExternalStatusReason1) in a pain.002 and "R" (ExternalReturnReason1) in a camt: the same code may differ between them.
    `interest_minor` alone has a sign: interest that the bank took from the account, below zero when it gave it.
    """

    file: str
    message: str
    message_id: str | None = None
    container_id: str | None = None
    account: str | None = None
    currency: str | None = None
    entry_index: int | None = None
    detail_index: int | None = None
    level: Level = Level.ENTRY
    entry_reference: str | None = None
    account_servicer_reference: str | None = None
    status: str | None = None
    direction: Direction | None = None
    reversal: bool = False
    entry_amount_minor: int | None = None
    amount_minor: int | None = None
    booking_date: date | None = None
    value_date: date | None = None
    bank_transaction_code: str | None = None
    proprietary_code: str | None = None
    kind: Kind = Kind.OTHER
    end_to_end_id: str | None = None
    mandate_id: str | None = None
    instruction_id: str | None = None
    transaction_id: str | None = None
    payment_information_id: str | None = None
    original_message_id: str | None = None
    original_end_to_end_id: str | None = None
    reason_code: str | None = None
    reason_code_set: str | None = None
    reason_proprietary: str | None = None
    reason_text: str | None = None
    original_amount_minor: int | None = None
    charges_minor: int | None = None
    charges_included: bool | None = None
    debtor_name: str | None = None
    debtor_account: str | None = None
    debtor_agent: str | None = None
    creditor_account: str | None = None
    remittance: str | None = None
    batch_count: int | None = None
    batch_total_minor: int | None = None
    interest_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """The end of one Ntfctn, Stmt or Rpt, or of one pain.002 report, with what its control totals say.

    `opening_minor` and `closing_minor` are signed: a balance in debit is negative. Booked sums count entries of status BOOK
    in the container's currency. `sequence_number` is the number under which it was sent, or where the
    bank states none the legal one. `findings` holds what does not add up.
    """

    file: str
    message: str
    message_id: str | None = None
    container_id: str | None = None
    account: str | None = None
    currency: str | None = None
    created_at: str | None = None
    from_date: date | None = None
    to_date: date | None = None
    sequence_number: str | None = None
    legal_number: str | None = None
    opening_minor: int | None = None
    closing_minor: int | None = None
    opening_date: date | None = None
    closing_date: date | None = None
    entry_count: int = 0
    booked_credit_minor: int = 0
    booked_debit_minor: int = 0
    findings: tuple[Finding, ...] = ()


# `_make` for values that are known to be complete.
record_of = cast("Callable[[list[object]], BankRecord]", partial(tuple.__new__, BankRecord))


def as_json(record: BankRecord) -> dict[str, object]:
    """The record as JSON values, keys in the order of the fields, dates as ISO 8601."""
    values: dict[str, object] = record._asdict()
    for key in ("booking_date", "value_date"):
        day = values[key]
        values[key] = day.isoformat() if isinstance(day, date) else None
    return values
