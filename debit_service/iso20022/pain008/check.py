"""What the writer refuses: whatever a bank would refuse later and cost days. Each check names the place and the reason.

These checks look at one thing at a time; `columns.py` asks the same of many rows at once, and calls `check_debit` to name
the fault that it has found.
"""

import re
from collections.abc import Iterable

from debit_service.core.errors import InvalidInput
from debit_service.core.money import MINOR_UNITS_MAX, exponent
from debit_service.iso20022.charset import NOT_PROVIDED, check_reference, to_bank_text
from debit_service.iso20022.pain008.fragments import NAME_MAX
from debit_service.iso20022.pain008.values import (
    Amendment,
    DirectDebit,
    Message,
    PaymentInformation,
    StructuredAddress,
    Style,
    Version,
)

SEPA_AMOUNT_MAX_MINOR = 99_999_999_999
REFERENCE_MAX, ACCOUNT_MAX = 35, 34
SCHEMES = frozenset({"CORE", "B2B"})
SEQUENCE_TYPES = frozenset({"FRST", "RCUR", "FNAL", "OOFF"})
ENCODINGS = frozenset({"UTF-8", "ISO-8859-1", "ISO-8859-15", "windows-1252"})
BIC_RULES = frozenset({"omit", "notprovided", "require"})

# What the schema calls a BIC, and how it is spelled, in each version that is written.
_OLD_BIC = re.compile(r"[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?", re.ASCII)
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", re.ASCII)
BIC_PATTERNS: dict[Version, re.Pattern[str]] = {"02": _OLD_BIC, "08": _BIC, "09": _BIC, "10": _BIC, "11": _BIC}
_ACCOUNT = re.compile(rf"[A-Z0-9]{{1,{ACCOUNT_MAX}}}", re.ASCII)
_EXTERNAL_CODE = re.compile(r"[A-Z0-9]{1,4}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


def check_style(style: Style) -> None:
    """Refuse a version, BIC rule or encoding that is not written."""
    if style.version not in BIC_PATTERNS:
        raise refusal(
            "version", f"pain.008.001.{style.version} is not written; {', '.join(BIC_PATTERNS)} are.", "version"
        )
    if style.bic_rule not in BIC_RULES:
        raise refusal("bic_rule", f"A BIC rule is one of {', '.join(sorted(BIC_RULES))}.", "bic_rule")
    if style.encoding not in ENCODINGS:
        raise refusal("encoding", f"A file declares one of {', '.join(sorted(ENCODINGS))}.", "encoding")


def check_message(message: Message, style: Style) -> None:
    """Refuse what is wrong with the message and its groups as a whole, before any transaction is read."""
    check_reference(message.message_id, REFERENCE_MAX, "GrpHdr/MsgId")
    _check_name(message.initiating_party, "GrpHdr/InitgPty/Nm")
    if not message.groups:
        raise refusal("empty", "A message without groups is not sent.", "CstmrDrctDbtInitn")
    if len({group.scheme for group in message.groups}) > 1:
        raise refusal("schemes", "CORE and B2B never travel in one message (CH22).", "PmtTpInf/LclInstrm/Cd")
    if len({group.currency for group in message.groups}) > 1:
        raise refusal(
            "currencies", "One message is in one currency, so that its control sum means something.", "InstdAmt"
        )
    if len({group.id for group in message.groups}) < len(message.groups):
        raise refusal("duplicate", "A PmtInfId is in the message twice (DU02).", "PmtInf/PmtInfId")
    for group in message.groups:
        _check_group(group, style)
    _check_total(message)


def check_debit(debit: DirectDebit, group: PaymentInformation, style: Style) -> None:
    """Refuse the first thing that is wrong with one transaction."""
    check_reference(debit.end_to_end_id, REFERENCE_MAX, "PmtId/EndToEndId")
    place = f"EndToEndId {debit.end_to_end_id}"
    check_reference(debit.mandate_id, REFERENCE_MAX, f"{place}/MndtId")
    if debit.instruction_id is not None:
        check_reference(debit.instruction_id, REFERENCE_MAX, f"{place}/InstrId")
    maximum = amount_max(group)
    if type(debit.amount_minor) is not int or not 1 <= debit.amount_minor <= maximum:
        raise refusal("amount", f"An amount is a whole number of 1 to {maximum} minor units.", f"{place}/InstdAmt")
    _check_name(debit.debtor_name, f"{place}/Dbtr/Nm")
    if not _ACCOUNT.fullmatch(debit.debtor_account.value):
        raise refusal("account", "An account number is 1 to 34 letters A-Z and digits.", f"{place}/DbtrAcct")
    _check_bic(debit.debtor_bic, style, f"{place}/DbtrAgt")
    if debit.amendment is not None:
        _check_amendment(debit.amendment, f"{place}/AmdmntInfDtls")
    if debit.debtor_address is not None:
        _check_address(debit.debtor_address, debit.debtor_address.country, f"{place}/Dbtr/PstlAdr")


def check_totals(group: PaymentInformation, count: int, sum_minor: int, written: str) -> None:
    """Refuse a group that does not hold what it says; `written` is the sum in its currency."""
    place = f"PmtInf {group.id}"
    if count == 0:
        raise refusal("empty", "A group without transactions is not sent.", place)
    if (count, sum_minor) != (group.count, group.control_sum_minor):
        raise refusal(
            "totals",
            f"The group says {group.count} transactions and {group.control_sum_minor} minor units; "
            f"{count} and {written} {group.currency} came.",
            place,
        )


def amount_max(group: PaymentInformation) -> int:
    """The highest amount of a transaction: SEPA's own, else what ISO 20022 can write."""
    return SEPA_AMOUNT_MAX_MINOR if group.service_level == "SEPA" else MINOR_UNITS_MAX


def refusal(code: str, message: str, place: str) -> InvalidInput:
    """The error of this writer, to be raised."""
    return InvalidInput(f"iso.pain008.{code}", message, place=place)


def _check_total(message: Message) -> None:
    """ISO 20022 gives amounts and sums 18 digits, so a control sum is kept in that room, too."""
    if sum(group.control_sum_minor for group in message.groups) > MINOR_UNITS_MAX:
        raise refusal("totals", "The control sum has more than 18 digits.", "GrpHdr/CtrlSum")


def _check_group(group: PaymentInformation, style: Style) -> None:
    place = f"PmtInf {group.id}"
    creditor = group.creditor
    exponent(group.currency)
    check_reference(group.id, REFERENCE_MAX, "PmtInf/PmtInfId")
    check_reference(creditor.identifier, REFERENCE_MAX, f"{place}/CdtrSchmeId")
    _check_name(creditor.name, f"{place}/Cdtr/Nm")
    _check_types(group, place)
    if not _ACCOUNT.fullmatch(creditor.account.value):
        raise refusal("account", "An account number is 1 to 34 letters A-Z and digits.", f"{place}/CdtrAcct")
    _check_country(creditor.country, f"{place}/Cdtr/PstlAdr")
    if creditor.address is not None:
        _check_address(creditor.address, creditor.address.country or creditor.country, f"{place}/Cdtr/PstlAdr")
    _check_bic(creditor.agent_bic, style, f"{place}/CdtrAgt")


def _check_types(group: PaymentInformation, place: str) -> None:
    if group.scheme not in SCHEMES or group.sequence_type not in SEQUENCE_TYPES:
        raise refusal(
            "type", "The scheme is CORE or B2B, the sequence type FRST, RCUR, FNAL or OOFF.", f"{place}/PmtTpInf"
        )
    for code in (group.service_level, group.category_purpose):
        if code and not _EXTERNAL_CODE.fullmatch(code):
            raise refusal("type", "A code of an external list has 1 to 4 letters A-Z or digits.", f"{place}/PmtTpInf")
    if group.charge_bearer != "SLEV":
        raise refusal("charge_bearer", "A direct debit shares charges by the service level: SLEV.", f"{place}/ChrgBr")
    if group.service_level == "SEPA" and group.currency != "EUR":
        raise refusal("currency", "SEPA collects in EUR only.", f"{place}/InstdAmt")


def _check_name(name: str, place: str) -> None:
    if to_bank_text(name, NAME_MAX) == NOT_PROVIDED:
        raise refusal("name", "A party has a name, and NOTPROVIDED says that there is none.", place)


def _check_address(address: StructuredAddress, country: str | None, place: str) -> None:
    _check_country(country, place)
    if not address.town.strip():
        raise refusal("address", "An address has a town (unstructured addresses ended on 15 November 2026).", place)
    if len(address.lines) > 2 or any(len(line) > 70 for line in address.lines):
        raise refusal("address", "Beside town and country an address has at most two lines of 70.", place)


def _check_country(country: str | None, place: str) -> None:
    if country is None or not _COUNTRY.fullmatch(country):
        raise refusal("country", "A country is two letters (ISO 3166).", f"{place}/Ctry")


def _check_amendment(amendment: Amendment, place: str) -> None:
    if amendment == Amendment():
        raise refusal("amendment", "An amendment says what has changed.", place)
    if amendment.new_bank and amendment.original_debtor_account:
        raise refusal("amendment", "SMNDA and an original account exclude each other (CH13).", place)
    account = amendment.original_debtor_account
    if account is not None and not _ACCOUNT.fullmatch(account.value):
        raise refusal("account", "An account number is 1 to 34 letters A-Z and digits.", place)
    if amendment.original_creditor_name:
        _check_name(amendment.original_creditor_name, place)
    for reference in _given(amendment.original_mandate_id, amendment.original_creditor_identifier):
        check_reference(reference, REFERENCE_MAX, place)


def _given(*references: str | None) -> Iterable[str]:
    return (reference for reference in references if reference is not None)


def _check_bic(bic: str | None, style: Style, place: str) -> None:
    if bic is None:
        if style.bic_rule == "require":
            raise refusal("bic", "This bank wants the BIC of every agent, and there is none.", place)
    elif not BIC_PATTERNS[style.version].fullmatch(bic):
        raise refusal("bic", f"This is no BIC (ISO 9362) as pain.008.001.{style.version} takes it.", place)
