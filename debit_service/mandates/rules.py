"""The life of a mandate, its reference, and what a change of its account means.

CNAS, CNSS and URSSAF use an authorisation that the employer's *bank* validates (the B2B pattern), so a mandate knows when it was
lodged at the bank and when the bank accepted it, with evidence. A CORE mandate is active once signed.
"""

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import date

from schwifty import registry
from schwifty.domain import Component

from debit_service.core.accounts import AccountNumber, AccountScheme
from debit_service.core.machine import Machine

MACHINE = Machine(
    name="mandate",
    initial="signed",
    transitions={
        "signed": frozenset({"lodged_at_bank", "active", "revoked"}),
        "lodged_at_bank": frozenset({"active", "refused_by_bank", "revoked", "signed"}),
        # Signed again: the account was amended, and the bank that keeps it must accept the mandate anew.
        "active": frozenset(
            {"suspended", "revoked", "revoked_by_bank", "expired", "transferred", "completed", "signed"}
        ),
        "suspended": frozenset({"active", "revoked", "revoked_by_bank", "expired", "transferred"}),
        "revoked": frozenset(),
        "revoked_by_bank": frozenset(),
        "refused_by_bank": frozenset(),
        "expired": frozenset(),
        "transferred": frozenset(),
        # Used up: it allowed one debit, or its last one was asked for, and that debit has settled for good.
        "completed": frozenset(),
    },
)

DORMANT_AFTER_MONTHS = 36
#: In the evidence of a move: when what asked for it arrived, ISO 8601.
RECEIVED_AT = "received_at"

#: States in which a mandate holds its place as the one mandate of an employer at a fund.
LIVE_STATES = frozenset({"signed", "lodged_at_bank", "active", "suspended"})


def next_reference(fund_id: str, number: str, taken: Sequence[str]) -> str:
    """A unique mandate reference (AT-M001): fund, registration number, version; at most 35 of A-Z, 0-9 and hyphen.

    `taken` are the references of the fund that begin alike, whoever has them.

    Upper case only, because banks compare references without regard to case.
    """
    stem = reference_stem(fund_id, number)
    versions = [
        int(reference.rpartition("-")[2])
        for reference in taken
        if re.fullmatch(rf"{re.escape(stem)}-[0-9]+", reference)
    ]
    return f"{stem}-{max(versions, default=0) + 1}"


def reference_stem(fund_id: str, number: str) -> str:
    """What the references of an employer begin with. Two numbers may share it; the version then tells them apart."""
    return f"{fund_id}-{re.sub('[^A-Z0-9]', '', number.upper())}"[:31]


def dormant(signed_on: date, last_presented_on: date | None, on: date) -> bool:
    """Whether a mandate has lapsed: 36 months without a presented collection (EPC rulebooks), also one that was refused."""
    return max(signed_on, last_presented_on or signed_on) <= dormant_since(on)


def dormant_since(on: date) -> date:
    """The latest day of last use that makes a mandate dormant `on` that day."""
    months = on.year * 12 + on.month - 1 - DORMANT_AFTER_MONTHS
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(on.day, monthrange(year, month)[1]))


def bank_of(account: AccountNumber) -> tuple[str, str] | None:
    """(country, code) of the bank that keeps an account, where the number tells it."""
    number = account.value
    if account.scheme is AccountScheme.DZ_RIB:
        return ("DZ", number[:3])
    if account.scheme is AccountScheme.MA_RIB:
        return ("MA", number[:3])
    # What schwifty takes for the bank code of these two is longer than a bank's: it has the city or two zeros in it.
    national = {"DZ": number[6:9], "MA": number[4:7]}.get(number[:2])
    code = national or registry.get_iban_spec(number[:2]).positions[Component.BANK_CODE].cut(number[4:])
    return (number[:2], code) if code else None


def same_bank(before: AccountNumber, after: AccountNumber) -> bool | None:
    """Whether one bank keeps both accounts; None when their numbers do not tell, and a person must say."""
    banks = bank_of(before), bank_of(after)
    return None if None in banks else banks[0] == banks[1]
