"""What a pain.008 is made of, as plain values. The creditor's side decides counts and sums; the writer holds them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from debit_service.core.accounts import AccountNumber

Version = Literal["02", "08"]
Scheme = Literal["CORE", "B2B"]
SequenceType = Literal["FRST", "RCUR", "FNAL", "OOFF"]


@dataclass(frozen=True, slots=True)
class StructuredAddress:
    """A creditor's address. Town is mandatory (unstructured addresses ended 15 Nov 2026); at most two further lines of 70."""

    town: str
    street: str | None = None
    building_number: str | None = None
    post_code: str | None = None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Creditor:
    """Who collects. `identifier` is the creditor identifier; `country` (ISO 3166, two letters) completes the address."""

    name: str
    account: AccountNumber
    agent_bic: str | None
    identifier: str
    country: str
    address: StructuredAddress | None = None


@dataclass(frozen=True, slots=True)
class Amendment:
    """What of a mandate has changed since it was signed (AmdmntInfDtls). At least one of the fields is given.

    `new_bank` says that the debtor's account moved to another bank (SMNDA), and excludes `original_debtor_account`.
    """

    original_mandate_id: str | None = None
    original_creditor_identifier: str | None = None
    original_creditor_name: str | None = None
    original_debtor_account: AccountNumber | None = None
    new_bank: bool = False


@dataclass(frozen=True, slots=True)
class DirectDebit:
    """One collection from one debtor under one mandate."""

    end_to_end_id: str
    instruction_id: str | None
    amount_minor: int
    mandate_id: str
    signed_on: date
    debtor_name: str
    debtor_account: AccountNumber
    debtor_bic: str | None = None
    remittance: str | None = None
    amendment: Amendment | None = None


@dataclass(frozen=True, slots=True)
class PaymentInformation:
    """One block: everything in it shares creditor, scheme, sequence type, date and currency.

    `count` and `control_sum_minor` were decided before; `transactions` may be any iterable, also one that reads a database.
    """

    id: str
    scheme: Scheme
    sequence_type: SequenceType
    collection_date: date
    creditor: Creditor
    count: int
    control_sum_minor: int
    currency: str
    transactions: Iterable[DirectDebit]
    batch_booking: bool | None = None
    charge_bearer: str = "SLEV"
    service_level: str | None = "SEPA"


@dataclass(frozen=True, slots=True)
class Message:
    """One pain.008. `message_id` is unique for ever; `created_at` is written as given, to the second."""

    message_id: str
    created_at: datetime
    initiating_party: str
    groups: Sequence[PaymentInformation]
