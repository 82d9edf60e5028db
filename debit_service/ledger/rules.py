"""The accounts of the journal, and its rules: what goes in comes out, and what is closed stays as it was."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from hashlib import sha256


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
    INTEREST = "interest"  # interest that the bank took for giving a debit back late, or gave
    SUSPENSE = "suspense"  # bank entries that wait for a person
    NOT_OURS = "not-ours"  # on the fund's account, and not the fund's: a person said so
    SURCHARGE_RECEIVABLE = "surcharge-receivable"  # late penalties owed
    SURCHARGES = "surcharges"  # late penalties confirmed: the other side
    FEES_REBILLED = "fees-rebilled"  # the bank's fees, claimed from who caused them


#: Whose the money is that stands on a bank account of no fund that is known.
UNKNOWN_FUND = "unknown"


@cache
def account(kind: Account, fund_id: str) -> str:
    """The name of a fund's account."""
    return f"{kind.value}/{fund_id}"


def accounts(fund_id: str) -> list[str]:
    """The names of all accounts of a fund."""
    return [account(kind, fund_id) for kind in Account]


def kind_of(name: str) -> Account:
    """Which account of its fund this is. Raises ValueError for a name that is none."""
    return Account(name.partition("/")[0])


def fund_of(name: str) -> str:
    """The fund of an account."""
    return name.partition("/")[2]


def balanced(lines: Mapping[str, int]) -> bool:
    """Whether the lines of a booking sum to zero (minor units of one currency)."""
    return sum(lines.values()) == 0


#: Under this name the evidence of a booking says which closed day it belongs to.
BELONGS_TO = "belongs_to"


def open_day(closed: Mapping[str, date], names: Iterable[str], day: date) -> date:
    """The day on which a booking of `day` on these accounts may stand: that day, or the first one after what is closed.

    `closed` tells through which day each fund's periods are closed; a fund that closed none is not in it.
    """
    through = max((closed[fund] for name in names if (fund := fund_of(name)) in closed), default=None)
    return day if through is None or day > through else through + timedelta(days=1)


#: Currency -> account -> minor units, debit positive: a fund's trial balance.
Totals = dict[str, dict[str, int]]


def totals_of(balances: Mapping[tuple[str, str], int]) -> Totals:
    """(account, currency) -> minor units, as the totals of a close: without accounts that stand at zero."""
    found: Totals = {}
    for (name, currency), minor in sorted(balances.items()):
        if minor:
            found.setdefault(currency, {})[name] = minor
    return found


def totals_hash(fund_id: str, through: date, totals: Totals) -> str:
    """SHA-256 over fund, day and totals as JSON with sorted keys: what the approver of a close approves."""
    content = json.dumps([fund_id, through.isoformat(), totals], sort_keys=True, separators=(",", ":"))
    return sha256(content.encode()).hexdigest()


def strange_names(balances: Iterable[tuple[str, str]]) -> set[str]:
    """Names among these (account, currency) that are no account of a fund."""
    kinds = {kind.value for kind in Account}
    return {name for name, _ in balances if name.partition("/")[0] not in kinds or not fund_of(name)}


def out_of_balance(balances: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """(fund, currency) -> minor units by which its accounts do not sum to zero; empty, when the journal is sound.

    A booking moves money between the accounts of one fund, so each fund balances by itself.
    """
    sums: dict[tuple[str, str], int] = {}
    for (name, currency), minor in balances.items():
        place = (fund_of(name), currency)
        sums[place] = sums.get(place, 0) + minor
    return {place: minor for place, minor in sums.items() if minor}
