"""What happened, from what the bank wrote: the one place that decides the kind of a record. Pure.

Rules, each against a trap that real files hold:
- A debit with return information is a return, whatever `RvslInd` says and whichever family the bank chose: issued
  (IDDT) and received (RDDT) direct debits are both in use for the creditor's side of a return.
- Return information with the reason 0000 reports a success and is no return.
- Without return information the sub-family speaks: UPDD (unpaid) and RCDD (cancelled) are returns, PRDD a reversal. A debit
  in the family of our own collections (IDDT) with another sub-family, also NTAV, can only take money back: a return.
- A return with MD06 (the debtor asked for its money) is a refund. A return with MD01 long after settlement is a refund of
  an unauthorised collection by the rulebook, but a file cannot tell when the collection settled: it stays a return.
- A bank's own codes decide only where its profile says so (`Dialect`), and only after what ISO codes say.
- Whatever is none of these is `other`: a person decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from debit_service.iso20022.records import Direction, Kind

SUCCESS = "0000"

_DIRECT_DEBIT_FAMILIES = frozenset({"IDDT", "RDDT"})
_RETURN_SUB_FAMILIES = frozenset({"UPDD", "RCDD"})
_REVERSAL_SUB_FAMILY = "PRDD"
# ISO bank transaction sub-families that name fees: charges, fees, commissions (with, without and including taxes).
_CHARGE_SUB_FAMILIES = frozenset({"CHRG", "FEES", "COMM", "COME", "COMI", "COMT"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """A bank's own codes: patterns of the proprietary code (`NTRF+109+*`) and the kind that the bank means by each."""

    proprietary_kinds: Mapping[str, Kind] = field(default_factory=dict)

    def kind(self, proprietary_code: str | None) -> Kind | None:
        """The kind of the first pattern that matches."""
        if proprietary_code is None:
            return None
        kinds = (kind for pattern, kind in self.proprietary_kinds.items() if fnmatchcase(proprietary_code, pattern))
        return next(kinds, None)


STANDARD = Dialect()


@dataclass(frozen=True, slots=True)
class Signs:
    """What a booking shows of its nature. `bank_transaction_code` is `PMNT/IDDT/UPDD`; `return_reason` its code or text."""

    direction: Direction
    bank_transaction_code: str | None
    proprietary_code: str | None
    has_return_information: bool
    return_reason: str | None
    is_batch_without_details: bool


def booking_kind(signs: Signs, dialect: Dialect = STANDARD) -> Kind:
    """The kind of a camt entry or detail."""
    _, family, sub_family = _parts(signs.bank_transaction_code)
    taken_back = _taken_back(signs, family, sub_family)
    if taken_back is Kind.RETURN and signs.return_reason == "MD06":
        return Kind.REFUND
    if taken_back is not None:
        return taken_back
    if sub_family in _CHARGE_SUB_FAMILIES:
        return Kind.CHARGE
    if signs.direction is Direction.CREDIT and signs.is_batch_without_details:
        return Kind.BATCH
    if signs.direction is Direction.CREDIT and family in _DIRECT_DEBIT_FAMILIES:
        return Kind.COLLECTION if sub_family not in _RETURN_SUB_FAMILIES else Kind.OTHER
    return dialect.kind(signs.proprietary_code) or Kind.OTHER


def status_kind(status: str | None) -> Kind:
    """The kind of a pain.002 line: only RJCT rejects; every other status, known or not, is just a status."""
    return Kind.REJECT if status == "RJCT" else Kind.STATUS


def _taken_back(signs: Signs, family: str, sub_family: str) -> Kind | None:
    if signs.direction is not Direction.DEBIT:
        return None
    if signs.has_return_information and signs.return_reason != SUCCESS:
        return Kind.RETURN
    if family not in _DIRECT_DEBIT_FAMILIES or sub_family in _CHARGE_SUB_FAMILIES:
        return None
    if sub_family == _REVERSAL_SUB_FAMILY:
        return Kind.REVERSAL
    if sub_family in _RETURN_SUB_FAMILIES or (family == "IDDT" and not signs.has_return_information):
        return Kind.RETURN
    return None


def _parts(code: str | None) -> tuple[str, str, str]:
    domain, family, sub_family = ((code or "") + "//").split("/")[:3]
    return domain, family, sub_family
