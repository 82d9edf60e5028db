"""The life of a mandate, and its reference.

CNAS, CNSS and URSSAF use an authorisation that the employer's *bank* validates (the B2B pattern), so a mandate knows when it was
lodged at the bank and when the bank accepted it, with evidence. A CORE mandate is active once signed.
"""

import re
from collections.abc import Sequence

from debit_service.core.errors import InvalidInput
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

#: States in which a mandate holds its place as the one mandate of an employer at a fund.
LIVE_STATES = frozenset({"signed", "lodged_at_bank", "active", "suspended"})


def next_reference(fund_id: str, number: str, taken: Sequence[str]) -> str:
    """A unique mandate reference (AT-M001): fund, registration number, version; at most 35 of A-Z, 0-9 and hyphen.

    Upper case only, because banks compare references without regard to case.
    """
    stem = f"{fund_id}-{re.sub('[^A-Z0-9]', '', number.upper())}"[:31]
    version = 1 + sum(1 for reference in taken if reference.rpartition("-")[0] == stem)
    return f"{stem}-{version}"


def check_reference(reference: str) -> str:
    """A reference that came from outside (migration of existing mandates): refused, never altered."""
    if not re.fullmatch(r"[A-Za-z0-9+?/:().,'\-]{1,35}", reference) or reference.strip("/") != reference:
        raise InvalidInput(
            "mandate.reference",
            "A mandate reference has 1 to 35 characters of A-Z a-z 0-9 + ? / : ( ) . , ' - and no slash at either end (AT-M001).",
        )
    return reference
