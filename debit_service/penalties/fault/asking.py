"""Whom a clerk can ask about a held failure, from what its argument lacks. Pure."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from debit_service.penalties.fault.values import Party


class Askable(StrEnum):
    """Who may know."""

    EMPLOYER = "employer"
    EMPLOYERS_BANK = "employers_bank"
    FUND = "fund"
    FUNDS_BANK = "funds_bank"
    OPERATOR = "operator"


#: Who can bring a piece of evidence that is missing; for all others it is who keeps the records of this service.
_BY_PIECE: Final[Mapping[str, tuple[Askable, ...]]] = {
    "bank_acceptance": (Askable.EMPLOYER, Askable.EMPLOYERS_BANK),
    "told_to_lodge": (Askable.EMPLOYER, Askable.FUND),
    "name_on_form": (Askable.FUND,),
    "block_origin": (Askable.EMPLOYERS_BANK, Askable.FUND),
    "mandate_limit_minor": (Askable.EMPLOYER, Askable.EMPLOYERS_BANK),
    "bank_ack_at": (Askable.FUNDS_BANK,),
    "bank_file": (Askable.FUNDS_BANK,),
    "paid_before": (Askable.FUND,),
}
#: Who can tell where nothing is missing and the answer is in doubt all the same.
_BY_PARTY: Final[Mapping[Party, tuple[Askable, ...]]] = {
    Party.EMPLOYER: (Askable.EMPLOYER,),
    Party.FUND: (Askable.FUND,),
    Party.SERVICE: (Askable.OPERATOR,),
    Party.CREDITOR_BANK: (Askable.FUNDS_BANK,),
    Party.DEBTOR_BANK: (Askable.EMPLOYERS_BANK,),
    Party.BANK: (Askable.FUNDS_BANK,),
    Party.INFRASTRUCTURE: (Askable.FUNDS_BANK,),
}


def whom_to_ask(party: Party, missing: Iterable[str], *, code_known: bool) -> tuple[Askable, ...]:
    """Who may know what would decide it, each once; a code that no table has, only the bank that uses it can explain."""
    if not code_known:
        return (Askable.FUNDS_BANK,)
    lacking = [who for piece in missing for who in _BY_PIECE.get(piece, (Askable.OPERATOR,))]
    either = (Askable.EMPLOYER, Askable.EMPLOYERS_BANK)
    return tuple(dict.fromkeys(lacking or _BY_PARTY.get(party, either)))
