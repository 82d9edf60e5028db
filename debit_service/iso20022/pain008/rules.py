"""The rules of the SEPA direct debit schemes for a pain.008, beyond what its schema can say. Each finding names its remedy.

From the customer-to-bank guidelines (EPC130-08 Core, EPC131-08 B2B) and the ISO reasons that banks answer with: totals
present and exact (AM10, AM18), identifiers unique (DU02, DU04) and in the character set, CORE and B2B apart (CH22),
mandate data present (MD02), SLEV, creditor identifier with its check digits, amounts in range, addresses not unstructured.
A payment outside SEPA (no service level SEPA) is not held against what only SEPA asks for.
"""

from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from stdnum.eu import at_02

from debit_service.core.accounts import AccountScheme, parse_account
from debit_service.core.errors import InvalidInput
from debit_service.core.money import format_minor
from debit_service.iso20022.charset import check_reference, is_bank_text
from debit_service.iso20022.findings import Finding
from debit_service.iso20022.flat import Flat, amount, number, repeats, text
from debit_service.iso20022.pain008.read import parts
from debit_service.iso20022.xml import Source

AMOUNT_MAX_MINOR = 99_999_999_999
_REFERENCE_MAX = 35
_SEQUENCE_TYPES = {"FRST", "RCUR", "FNAL", "OOFF"}
_SCHEMES = {"CORE", "B2B"}


def pain008_findings(stream: BinaryIO, file: str) -> Iterator[Finding]:
    """What breaks the scheme's rules, in the order of the file; totals after what they count. Raises UnreadableFile."""
    check = _FileCheck()
    for name, flat in parts(Source(stream, file=file)):
        match name:
            case "GrpHdr":
                yield from check.group_header(flat)
            case "PmtInf":
                yield from check.block_header(flat)
            case "DrctDbtTxInf":
                yield from check.transaction(flat)
            case _:
                yield from check.block_end()
    yield from check.end()


def creditor_identifier_holds(identifier: str) -> bool:
    """Whether the check digits fit (EPC262-08): mod 97-10 over national id, country and check digits; the business code
    (characters 5 to 7) is not part of it."""
    return bool(at_02.is_valid(identifier))


class _FileCheck:
    """What must be remembered while a file passes: headers, totals and the references seen."""

    def __init__(self) -> None:
        self._header: Flat = {}
        self._block: Flat = {}
        self._place = "GrpHdr"
        self._blocks = -1
        self._transactions = 0
        self._count = self._sum = self._block_count = self._block_sum = 0
        self._currency: str | None = None
        self._schemes: set[str] = set()
        self._seen: Counter[tuple[str, str]] = Counter()

    def group_header(self, flat: Flat) -> Iterator[Finding]:
        self._header = flat
        yield from _reference(flat, "MsgId", "GrpHdr")

    def block_header(self, flat: Flat) -> Iterator[Finding]:
        self._block, self._blocks = flat, self._blocks + 1
        self._transactions = self._block_count = self._block_sum = 0
        self._place = place = f"PmtInf[{self._blocks}]"
        scheme = text(flat, "PmtTpInf/LclInstrm/Cd")
        self._schemes.add(scheme or "")
        yield from _reference(flat, "PmtInfId", place)
        yield from self._unique("PmtInfId", text(flat, "PmtInfId"), place, "DU02")
        yield from _block_rules(flat, place, scheme)
        if len(self._schemes) == 2:
            self._schemes.add("reported")
            yield _error(
                "schemes",
                f"{place}/PmtTpInf/LclInstrm",
                "CORE and B2B stand in one message (CH22).",
                "Write two files.",
            )

    def transaction(self, flat: Flat) -> Iterator[Finding]:
        place = f"{self._place}/DrctDbtTxInf[{self._transactions}]"
        self._transactions += 1
        self._block_count += 1
        yield from _reference(flat, "PmtId/EndToEndId", place)
        yield from self._unique("EndToEndId", text(flat, "PmtId/EndToEndId"), place, "DU04")
        yield from _transaction_rules(flat, self._block, place)
        yield from self._amount(flat, place)

    def block_end(self) -> Iterator[Finding]:
        yield from self._totals(self._block, self._block_count, self._block_sum, self._place)
        self._count += self._block_count
        self._sum += self._block_sum

    def end(self) -> Iterator[Finding]:
        yield from self._totals(self._header, self._count, self._sum, "GrpHdr")

    def _amount(self, flat: Flat, place: str) -> Iterator[Finding]:
        try:
            read = amount(flat, "InstdAmt", place)
        except InvalidInput as error:
            yield _error("amount", error.place or place, error.message, "Write it like 1234.56.")
            return
        if read is None:
            yield _error("amount", f"{place}/InstdAmt", "There is no amount.", "Give the amount and its currency.")
            return
        minor, self._currency = read
        self._block_sum += minor
        if minor == 0 or (_is_sepa(self._block) and (self._currency != "EUR" or minor > AMOUNT_MAX_MINOR)):
            yield _error(
                "amount", f"{place}/InstdAmt", "SEPA collects 0.01 to 999999999.99 EUR.", "Correct the amount."
            )

    def _unique(self, element: str, value: str | None, place: str, reason: str) -> Iterator[Finding]:
        if value is None:
            return
        self._seen[element, value] += 1
        if self._seen[element, value] == 2:
            yield _error(
                "duplicate",
                f"{place}/{element}",
                f"This {element} stands in the file twice ({reason}).",
                "Make it unique.",
            )

    def _totals(self, flat: Flat, count: int, sum_minor: int, place: str) -> Iterator[Finding]:
        if number(flat, "NbOfTxs") != count:
            yield _error(
                "totals", f"{place}/NbOfTxs", f"NbOfTxs is missing or not {count} (AM18).", "Count the transactions."
            )
        try:
            said = amount(flat, "CtrlSum", place, currency=self._currency) if self._currency else None
        except InvalidInput as error:
            yield _error("totals", f"{place}/CtrlSum", error.message, "Write the sum of all amounts.")
            return
        if self._currency and (said is None or said[0] != sum_minor):
            found = format_minor(sum_minor, self._currency)
            yield _error(
                "totals", f"{place}/CtrlSum", f"CtrlSum is missing or not {found} (AM10).", "Add the amounts up again."
            )


def _block_rules(flat: Flat, place: str, scheme: str | None) -> Iterator[Finding]:
    fixed = (("PmtMtd", {"DD"}), ("PmtTpInf/SeqTp", _SEQUENCE_TYPES), ("ChrgBr", {"SLEV"}))
    for path, allowed in fixed:
        if text(flat, path) not in allowed:
            yield _error("type", f"{place}/{path}", f"This is {' or '.join(sorted(allowed))}.", "Set it.")
    if scheme not in _SCHEMES:
        yield _error("type", f"{place}/PmtTpInf/LclInstrm/Cd", "The scheme is CORE or B2B.", "Set it.")
    if text(flat, "ReqdColltnDt") is None:
        yield _error("date", f"{place}/ReqdColltnDt", "There is no collection date.", "Set it.")
    identifier = text(flat, "CdtrSchmeId/Id/PrvtId/Othr/Id")
    if _is_sepa(flat) and identifier is not None and not creditor_identifier_holds(identifier):
        yield _error(
            "creditor_identifier",
            f"{place}/CdtrSchmeId",
            "The check digits of the creditor identifier do not fit (CH11).",
            "Compare it with the letter that assigned it.",
        )
    yield from _address(flat, "Cdtr", place)
    yield from _name(flat, "Cdtr/Nm", place)


def _transaction_rules(flat: Flat, block: Flat, place: str) -> Iterator[Finding]:
    mandate = "DrctDbtTx/MndtRltdInf"
    yield from _reference(flat, f"{mandate}/MndtId", place)
    if text(flat, f"{mandate}/DtOfSgntr") is None:
        yield _error("mandate", f"{place}/{mandate}/DtOfSgntr", "There is no date of signature (MD02).", "Give it.")
    amended = text(flat, f"{mandate}/AmdmntInd") in {"true", "1"}
    if amended != any(path.startswith(f"{mandate}/AmdmntInfDtls") for path in flat):
        yield _error(
            "amendment", f"{place}/{mandate}", "AmdmntInd and AmdmntInfDtls come together (CH10).", "Give both or none."
        )
    identifiers = [
        text(part, f"{path}Id/PrvtId/Othr/Id")
        for part, path in ((block, "CdtrSchmeId/"), (flat, "DrctDbtTx/CdtrSchmeId/"))
    ]
    if (identifiers[0] is None) == (identifiers[1] is None):
        yield _error(
            "creditor_identifier",
            f"{place}/CdtrSchmeId",
            "The creditor identifier stands in the block or in each transaction, once (RC12, CH12).",
            "Give it in the block.",
        )
    iban = text(flat, "DbtrAcct/Id/IBAN")
    if iban is not None and not _is_iban(iban):
        yield _error(
            "account", f"{place}/DbtrAcct/Id/IBAN", "This is no valid IBAN (AC01).", "Compare it with the form."
        )
    yield from _name(flat, "Dbtr/Nm", place)
    yield from _name(flat, "RmtInf/Ustrd", place)
    yield from _address(flat, "Dbtr", place)


def _reference(flat: Flat, path: str, place: str) -> Iterator[Finding]:
    where = f"{place}/{path}"
    value = text(flat, path)
    if value is None:
        yield _error("reference", where, "There is no reference.", "Give one.")
        return
    try:
        check_reference(value, _REFERENCE_MAX, where)
    except InvalidInput as error:
        yield Finding(error.code, "error", where, error.message, error.remedy or "Give it another reference.")


def _name(flat: Flat, path: str, place: str) -> Iterator[Finding]:
    value = text(flat, path)
    if value is not None and not is_bank_text(value):
        yield Finding(
            "iso.pain008.characters",
            "warning",
            f"{place}/{path}",
            "The text holds characters that SEPA banks need not accept (RR10).",
            "Transliterate it.",
        )


def _address(flat: Flat, party: str, place: str) -> Iterator[Finding]:
    path = f"{party}/PstlAdr"
    lines = list(repeats(flat, f"{path}/AdrLine"))
    located = text(flat, f"{path}/TwnNm") and text(flat, f"{path}/Ctry")
    if lines and (len(lines) > 2 or not located):
        yield _error(
            "address",
            f"{place}/{path}",
            "An address is structured, or hybrid: town and country with at most two lines (since 15 November 2026).",
            "Give TwnNm and Ctry.",
        )


def _is_sepa(block: Flat) -> bool:
    return text(block, "PmtTpInf/SvcLvl/Cd") == "SEPA"


def _is_iban(value: str) -> bool:
    try:
        parse_account(value, AccountScheme.IBAN)
    except InvalidInput:
        return False
    return True


def _error(code: str, path: str, message: str, remedy: str) -> Finding:
    return Finding(f"iso.pain008.{code}", "error", path, message, remedy)
