"""The accounts of the journal, and the one rule: what goes in comes out."""

from collections.abc import Mapping
from enum import StrEnum


class Account(StrEnum):
    """The accounts. Each is kept per fund: `receivable/CNAS`.

    `other-means` is not `bank`: that one is what the statements of the account that debits are booked on add up to, and a cheque
    or a payment at a counter may stand on no account that this house reads. `refunds-owed` is what came in beyond what is owed;
    it is netted with nothing, and leaves only when a debit comes back or a payment is undone.
    """

    RECEIVABLE = "receivable"  # contributions owed by employers
    DECLARED = "declared"  # contributions declared: the other side of what is owed
    IN_TRANSIT = "in-transit"  # asked from the bank, not yet answered
    BANK = "bank"  # what the bank has booked
    OTHER_MEANS = "other-means"  # what employers paid the fund by other means than a debit
    REFUNDS_OWED = "refunds-owed"  # what employers paid beyond what they owe: to be given back
    CHARGES = "charges"  # fees that the bank took
    SUSPENSE = "suspense"  # bank entries that wait for a person
    SURCHARGE_RECEIVABLE = "surcharge-receivable"  # late penalties owed
    SURCHARGES = "surcharges"  # late penalties charged: the other side


def account(kind: Account, fund_id: str) -> str:
    """The name of a fund's account."""
    return f"{kind.value}/{fund_id}"


def balanced(lines: Mapping[str, int]) -> bool:
    """Whether the lines of a booking sum to zero (minor units of one currency)."""
    return sum(lines.values()) == 0
