"""The accounts of the journal, and the one rule: what goes in comes out."""

from collections.abc import Mapping
from enum import StrEnum


class Account(StrEnum):
    """The accounts. Each is kept per fund: `receivable/CNAS`."""

    RECEIVABLE = "receivable"  # contributions owed by employers
    DECLARED = "declared"  # contributions declared: the other side of what is owed
    IN_TRANSIT = "in-transit"  # asked from the bank, not yet answered
    BANK = "bank"  # what the bank has booked
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
