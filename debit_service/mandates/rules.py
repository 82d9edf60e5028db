"""The life of a mandate, and its reference.

CNAS, CNSS and URSSAF use an authorisation that the employer's *bank* validates (the B2B pattern), so a mandate knows when it was
lodged at the bank and when the bank accepted it, with evidence. A CORE mandate is active once signed.
"""

import re
from collections.abc import Sequence
from datetime import date

from debit_service.core.machine import Machine

MACHINE = Machine(
    name="mandate",
    initial="signed",
    transitions={
        "signed": frozenset({"lodged_at_bank", "active", "revoked"}),
        "lodged_at_bank": frozenset({"active", "refused_by_bank", "revoked"}),
        "active": frozenset({"suspended", "revoked", "expired"}),
        "suspended": frozenset({"active", "revoked", "expired"}),
        "revoked": frozenset(),
        "refused_by_bank": frozenset(),
        "expired": frozenset(),
    },
)

DORMANT_AFTER_MONTHS = 36

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
    latest = max(signed_on, last_presented_on or signed_on)
    months = (on.year - latest.year) * 12 + on.month - latest.month - (on.day < latest.day)
    return months >= DORMANT_AFTER_MONTHS
