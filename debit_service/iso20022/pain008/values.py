"""What a pain.008 is made of, as plain values. The creditor's side decides counts and sums; the writer holds them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

from debit_service.core.accounts import AccountNumber

Version = Literal["02", "08", "09", "10", "11"]
Scheme = Literal["CORE", "B2B"]
SequenceType = Literal["FRST", "RCUR", "FNAL", "OOFF"]
BicRule = Literal["omit", "notprovided", "require"]
Encoding = Literal["UTF-8", "ISO-8859-1", "ISO-8859-15", "windows-1252"]


@dataclass(frozen=True, slots=True)
class Style:
    """How a bank wants its files.

    `bic_rule` says what stands for an agent whose BIC is not known: nothing, NOTPROVIDED, or a refusal. `encoding` is only
    what the file declares: all that is written is ASCII, which is the same bytes in each of them.
    """

    version: Version = "08"
    bic_rule: BicRule = "notprovided"
    encoding: Encoding = "UTF-8"


@dataclass(frozen=True, slots=True)
class StructuredAddress:
    """A structured or hybrid address: town and country are mandatory (unstructured ones ended 15 Nov 2026), and at most two
    further lines of 70 are free. `country` (ISO 3166, two letters) may be left to `Creditor.country`; a debtor's may not.
    """

    town: str
    street: str | None = None
    building_number: str | None = None
    post_code: str | None = None
    lines: tuple[str, ...] = ()
    country: str | None = None


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


class DirectDebit(NamedTuple):
    """One collection from one debtor under one mandate. A tuple, because a million of them are built for one file."""

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
    debtor_address: StructuredAddress | None = None


@dataclass(frozen=True, slots=True)
class PaymentInformation:
    """One block: everything in it shares creditor, scheme, sequence type, date, batch booking, category purpose and currency.

    `count` and `control_sum_minor` were decided before; `transactions` may be any iterable, also one that reads a database.
    `category_purpose` is a code of ISO's external list, like SSBE.
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
    category_purpose: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One pain.008. `message_id` is unique for ever; `created_at` is written as given, to the second."""

    message_id: str
    created_at: datetime
    initiating_party: str
    groups: Sequence[PaymentInformation]
