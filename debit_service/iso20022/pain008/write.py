"""pain.008: what asks a bank to debit. Written as a stream, in constant memory but for the references seen.

The writer decides nothing about money: it is given groups whose counts and sums were decided before, and refuses to
finish when what it streamed is not what was said. It refuses also what a bank would refuse later and cost us days:
CORE and B2B in one message (CH22), empty groups, zero amounts, references twice (DU02, DU04) or outside the character
set, amounts beyond the scheme's range. Names and remittance are transliterated; references are never altered.

The same input gives the same bytes, always: sending again is sending the same file. Versions .02 and .08 differ in
the namespace and in the name of the BIC element.

A national account (Algerian or Moroccan RIB) is `Othr/Id` with its scheme in `SchmeNm/Prtry`. Without a BIC the agent is
`Othr/Id` NOTPROVIDED, because the schema demands an agent (facts: 1.4).
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import BinaryIO

from debit_service.core.accounts import AccountNumber, AccountScheme
from debit_service.core.errors import InvalidInput
from debit_service.core.money import MINOR_UNITS_MAX, format_minor
from debit_service.iso20022.charset import NOT_PROVIDED, check_reference, to_bank_text
from debit_service.iso20022.pain008.values import (
    Amendment,
    Creditor,
    DirectDebit,
    Message,
    PaymentInformation,
    Version,
)

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.008.001."
SEPA_AMOUNT_MAX_MINOR = 99_999_999_999
REFERENCE_MAX, NAME_MAX, REMITTANCE_MAX = 35, 70, 140
SCHEMES = frozenset({"CORE", "B2B"})
SEQUENCE_TYPES = frozenset({"FRST", "RCUR", "FNAL", "OOFF"})

_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", re.ASCII)
_BIC_ELEMENT = {"02": "BIC", "08": "BICFI"}
_CHUNK_CHARACTERS = 256 * 1024


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: the hash that a person approves, and the totals that were checked."""

    sha256: str
    bytes: int
    count: int
    control_sum_minor: int


def write_pain008(out: BinaryIO, message: Message, *, version: Version = "08") -> Written:
    """Write `message` to `out` and check it while it passes.

    Raises InvalidInput `iso.pain008.*` or `iso.reference.*`, possibly after bytes were written: write to a temporary file
    and keep it only when this returns.
    """
    if version not in _BIC_ELEMENT:
        raise _refusal("version", f"pain.008.001.{version} is not written; 02 and 08 are.", "version")
    _check_message(message)
    sink = _Sink(out)
    for piece in _document(message, version, sink):
        sink.write(piece)
    sink.flush()
    return Written(sink.sha256.hexdigest(), sink.bytes, sink.count, sink.sum_minor)


class _Sink:
    """Counts, hashes and buffers what goes out, and knows which references it has seen."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._pieces: list[str] = []
        self._characters = 0
        self.sha256 = hashlib.sha256()
        self.bytes = self.count = self.sum_minor = 0
        self.seen: set[str] = set()

    def write(self, piece: str) -> None:
        self._pieces.append(piece)
        self._characters += len(piece)
        if self._characters >= _CHUNK_CHARACTERS:
            self.flush()

    def flush(self) -> None:
        data = "".join(self._pieces).encode("utf-8")
        self._pieces.clear()
        self._characters = 0
        self.sha256.update(data)
        self.bytes += len(data)
        self._out.write(data)


def _document(message: Message, version: Version, sink: _Sink) -> Iterator[str]:
    count = sum(group.count for group in message.groups)
    total = format_minor(sum(group.control_sum_minor for group in message.groups), message.groups[0].currency)
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{NAMESPACE}{version}"><CstmrDrctDbtInitn>'
    yield _node(
        "GrpHdr",
        _leaf("MsgId", message.message_id),
        _leaf("CreDtTm", message.created_at.isoformat(timespec="seconds")),
        _leaf("NbOfTxs", str(count)),
        _leaf("CtrlSum", total),
        _node("InitgPty", _name(message.initiating_party)),
    )
    for group in message.groups:
        yield "\n<PmtInf>" + _block_header(group, _BIC_ELEMENT[version])
        yield from _transactions(group, _BIC_ELEMENT[version], sink)
        yield "\n</PmtInf>"
    yield "\n</CstmrDrctDbtInitn></Document>\n"


def _block_header(group: PaymentInformation, bic_element: str) -> str:
    creditor = group.creditor
    return "".join(
        (
            _leaf("PmtInfId", group.id),
            _leaf("PmtMtd", "DD"),
            "" if group.batch_booking is None else _leaf("BtchBookg", str(group.batch_booking).lower()),
            _leaf("NbOfTxs", str(group.count)),
            _leaf("CtrlSum", format_minor(group.control_sum_minor, group.currency)),
            _node(
                "PmtTpInf",
                _node("SvcLvl", _leaf("Cd", group.service_level)) if group.service_level else "",
                _node("LclInstrm", _leaf("Cd", group.scheme)),
                _leaf("SeqTp", group.sequence_type),
            ),
            _leaf("ReqdColltnDt", group.collection_date.isoformat()),
            _node("Cdtr", _name(creditor.name), _address(creditor)),
            _node("CdtrAcct", _account(creditor.account)),
            _node("CdtrAgt", _agent(creditor.agent_bic, bic_element)),
            _leaf("ChrgBr", group.charge_bearer),
            _node("CdtrSchmeId", _creditor_identifier(creditor.identifier, is_sepa=group.service_level == "SEPA")),
        )
    )


def _transactions(group: PaymentInformation, bic_element: str, sink: _Sink) -> Iterator[str]:
    count = sum_minor = 0
    for debit in group.transactions:
        _check_debit(debit, group)
        if debit.end_to_end_id in sink.seen:
            raise _refusal(
                "duplicate", "This EndToEndId is already in the message (DU04).", f"EndToEndId {debit.end_to_end_id}"
            )
        sink.seen.add(debit.end_to_end_id)
        count += 1
        sum_minor += debit.amount_minor
        yield _transaction(debit, group, bic_element)
    if count == 0:
        raise _refusal("empty", "A group without transactions is not sent.", f"PmtInf {group.id}")
    if (count, sum_minor) != (group.count, group.control_sum_minor):
        raise _refusal(
            "totals",
            f"The group says {group.count} transactions and {format_minor(group.control_sum_minor, group.currency)}; "
            f"{count} and {format_minor(sum_minor, group.currency)} came.",
            f"PmtInf {group.id}",
        )
    sink.count += count
    sink.sum_minor += sum_minor


def _transaction(debit: DirectDebit, group: PaymentInformation, bic_element: str) -> str:
    is_sepa = group.service_level == "SEPA"
    amended = _amendment(debit.amendment, is_sepa=is_sepa) if debit.amendment else ""
    return "\n" + _node(
        "DrctDbtTxInf",
        _node("PmtId", _leaf("InstrId", debit.instruction_id), _leaf("EndToEndId", debit.end_to_end_id)),
        f'<InstdAmt Ccy="{group.currency}">{format_minor(debit.amount_minor, group.currency)}</InstdAmt>',
        _node(
            "DrctDbtTx",
            _node(
                "MndtRltdInf",
                _leaf("MndtId", debit.mandate_id),
                _leaf("DtOfSgntr", debit.signed_on.isoformat()),
                amended,
            ),
        ),
        _node("DbtrAgt", _agent(debit.debtor_bic, bic_element)),
        _node("Dbtr", _name(debit.debtor_name)),
        _node("DbtrAcct", _account(debit.debtor_account)),
        _node("RmtInf", _leaf("Ustrd", to_bank_text(debit.remittance, REMITTANCE_MAX))) if debit.remittance else "",
    )


def _amendment(amendment: Amendment, *, is_sepa: bool) -> str:
    identifier = amendment.original_creditor_identifier
    original_creditor = (
        _name(amendment.original_creditor_name) if amendment.original_creditor_name else "",
        _creditor_identifier(identifier, is_sepa=is_sepa) if identifier else "",
    )
    original_account = ""
    if amendment.new_bank:
        original_account = _node("OrgnlDbtrAcct", _node("Id", _node("Othr", _leaf("Id", "SMNDA"))))
    elif amendment.original_debtor_account:
        original_account = _node("OrgnlDbtrAcct", _account(amendment.original_debtor_account))
    details = _node(
        "AmdmntInfDtls",
        _leaf("OrgnlMndtId", amendment.original_mandate_id),
        _node("OrgnlCdtrSchmeId", *original_creditor) if any(original_creditor) else "",
        original_account,
    )
    return _leaf("AmdmntInd", "true") + details


def _check_message(message: Message) -> None:
    check_reference(message.message_id, REFERENCE_MAX, "GrpHdr/MsgId")
    if not message.groups:
        raise _refusal("empty", "A message without groups is not sent.", "CstmrDrctDbtInitn")
    if len({group.scheme for group in message.groups}) > 1:
        raise _refusal("schemes", "CORE and B2B never travel in one message (CH22).", "PmtTpInf/LclInstrm/Cd")
    if len({group.currency for group in message.groups}) > 1:
        raise _refusal(
            "currencies", "One message is in one currency, so that its control sum means something.", "InstdAmt"
        )
    if len({group.id for group in message.groups}) < len(message.groups):
        raise _refusal("duplicate", "A PmtInfId is in the message twice (DU02).", "PmtInf/PmtInfId")
    for group in message.groups:
        _check_group(group)


def _check_group(group: PaymentInformation) -> None:
    place = f"PmtInf {group.id}"
    check_reference(group.id, REFERENCE_MAX, "PmtInf/PmtInfId")
    check_reference(group.creditor.identifier, REFERENCE_MAX, f"{place}/CdtrSchmeId")
    if group.scheme not in SCHEMES or group.sequence_type not in SEQUENCE_TYPES:
        raise _refusal(
            "type", "The scheme is CORE or B2B, the sequence type FRST, RCUR, FNAL or OOFF.", f"{place}/PmtTpInf"
        )
    if group.charge_bearer != "SLEV":
        raise _refusal("charge_bearer", "A direct debit shares charges by the service level: SLEV.", f"{place}/ChrgBr")
    if group.service_level == "SEPA" and group.currency != "EUR":
        raise _refusal("currency", "SEPA collects in EUR only.", f"{place}/InstdAmt")
    if not re.fullmatch(r"[A-Z]{2}", group.creditor.country, re.ASCII):
        raise _refusal("country", "A country is two letters (ISO 3166).", f"{place}/Cdtr/PstlAdr/Ctry")
    address = group.creditor.address
    if address and (len(address.lines) > 2 or any(len(line) > 70 for line in address.lines)):
        raise _refusal(
            "address", "Beside town and country an address has at most two lines of 70.", f"{place}/Cdtr/PstlAdr"
        )
    _check_bic(group.creditor.agent_bic, f"{place}/CdtrAgt")


def _check_debit(debit: DirectDebit, group: PaymentInformation) -> None:
    check_reference(debit.end_to_end_id, REFERENCE_MAX, "PmtId/EndToEndId")
    place = f"EndToEndId {debit.end_to_end_id}"
    check_reference(debit.mandate_id, REFERENCE_MAX, f"{place}/MndtId")
    if debit.instruction_id is not None:
        check_reference(debit.instruction_id, REFERENCE_MAX, f"{place}/InstrId")
    maximum = SEPA_AMOUNT_MAX_MINOR if group.service_level == "SEPA" else MINOR_UNITS_MAX
    if not 1 <= debit.amount_minor <= maximum:
        raise _refusal("amount", f"An amount is 1 to {maximum} minor units.", f"{place}/InstdAmt")
    _check_bic(debit.debtor_bic, f"{place}/DbtrAgt")
    if debit.amendment is not None:
        _check_amendment(debit.amendment, f"{place}/AmdmntInfDtls")


def _check_amendment(amendment: Amendment, place: str) -> None:
    if amendment == Amendment():
        raise _refusal("amendment", "An amendment says what has changed.", place)
    if amendment.new_bank and amendment.original_debtor_account:
        raise _refusal("amendment", "SMNDA and an original account exclude each other (CH13).", place)
    for reference in (amendment.original_mandate_id, amendment.original_creditor_identifier):
        if reference is not None:
            check_reference(reference, REFERENCE_MAX, place)


def _check_bic(bic: str | None, place: str) -> None:
    if bic is not None and not _BIC.fullmatch(bic):
        raise _refusal("bic", "A BIC has 8 or 11 characters (ISO 9362).", place)


def _refusal(code: str, message: str, place: str) -> InvalidInput:
    return InvalidInput(f"iso.pain008.{code}", message, place=place)


def _node(name: str, *content: str) -> str:
    return f"<{name}>{''.join(content)}</{name}>"


def _leaf(name: str, text: str | None) -> str:
    return f"<{name}>{escape(text, quote=False)}</{name}>" if text is not None else ""


def _name(name: str) -> str:
    return _leaf("Nm", to_bank_text(name, NAME_MAX))


def _account(account: AccountNumber) -> str:
    if account.scheme is AccountScheme.IBAN:
        return _node("Id", _leaf("IBAN", account.value))
    return _node(
        "Id", _node("Othr", _leaf("Id", account.value), _node("SchmeNm", _leaf("Prtry", account.scheme.value)))
    )


def _agent(bic: str | None, bic_element: str) -> str:
    return _node("FinInstnId", _leaf(bic_element, bic) if bic else _node("Othr", _leaf("Id", NOT_PROVIDED)))


def _creditor_identifier(identifier: str, *, is_sepa: bool) -> str:
    scheme = _node("SchmeNm", _leaf("Prtry", "SEPA")) if is_sepa else ""
    return _node("Id", _node("PrvtId", _node("Othr", _leaf("Id", identifier), scheme)))


def _address(creditor: Creditor) -> str:
    address = creditor.address
    if address is None:
        return ""
    sized = (("StrtNm", address.street, 70), ("BldgNb", address.building_number, 16), ("PstCd", address.post_code, 16))
    return _node(
        "PstlAdr",
        *(_leaf(name, to_bank_text(text, length)) for name, text, length in sized if text),
        _leaf("TwnNm", to_bank_text(address.town, 35)),
        _leaf("Ctry", creditor.country),
        *(_leaf("AdrLine", to_bank_text(line, 70)) for line in address.lines),
    )
