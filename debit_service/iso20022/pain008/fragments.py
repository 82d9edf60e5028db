"""The pieces of a pain.008 as text: everything but the transactions' own row, which `columns.py` weaves.

Versions .02 to .11 have the same elements in the same order in all that is written here; they differ in the namespace and
in the name of the BIC element. SMNDA stands in `OrgnlDbtrAcct/Id/Othr/Id` in every version (facts: 1.2), and then
`OrgnlDbtrAgt` is absent.

A national account (Algerian or Moroccan RIB) is `Othr/Id` with its scheme in `SchmeNm/Prtry`. The schema demands an agent,
so one whose BIC is not known is `Othr/Id` NOTPROVIDED or an empty `FinInstnId`, as the bank's BIC rule says (facts: 1.4).
"""

from html import escape

from debit_service.core.accounts import AccountNumber, AccountScheme
from debit_service.core.money import format_minor
from debit_service.iso20022.charset import NOT_PROVIDED, to_bank_text
from debit_service.iso20022.pain008.values import (
    Amendment,
    Creditor,
    Message,
    PaymentInformation,
    StructuredAddress,
    Style,
)

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.008.001."
NAME_MAX, REMITTANCE_MAX = 70, 140
FOOT = "\n</CstmrDrctDbtInitn></Document>\n"
BLOCK_FOOT = "\n</PmtInf>"


def message_head(message: Message, style: Style) -> str:
    """All that stands before the first block."""
    count = sum(group.count for group in message.groups)
    total = format_minor(sum(group.control_sum_minor for group in message.groups), message.groups[0].currency)
    return (
        f'<?xml version="1.0" encoding="{style.encoding}"?>\n'
        f'<Document xmlns="{NAMESPACE}{style.version}"><CstmrDrctDbtInitn>'
    ) + node(
        "GrpHdr",
        leaf("MsgId", message.message_id),
        leaf("CreDtTm", message.created_at.isoformat(timespec="seconds")),
        leaf("NbOfTxs", str(count)),
        leaf("CtrlSum", total),
        node("InitgPty", name(message.initiating_party)),
    )


def block_head(group: PaymentInformation, style: Style) -> str:
    """All of a block that stands before its first transaction."""
    creditor = group.creditor
    return "\n<PmtInf>" + "".join(
        (
            leaf("PmtInfId", group.id),
            leaf("PmtMtd", "DD"),
            "" if group.batch_booking is None else leaf("BtchBookg", str(group.batch_booking).lower()),
            leaf("NbOfTxs", str(group.count)),
            leaf("CtrlSum", format_minor(group.control_sum_minor, group.currency)),
            node(
                "PmtTpInf",
                node("SvcLvl", leaf("Cd", group.service_level)) if group.service_level else "",
                node("LclInstrm", leaf("Cd", group.scheme)),
                leaf("SeqTp", group.sequence_type),
                node("CtgyPurp", leaf("Cd", group.category_purpose)) if group.category_purpose else "",
            ),
            leaf("ReqdColltnDt", group.collection_date.isoformat()),
            node("Cdtr", name(creditor.name), _creditor_address(creditor)),
            node("CdtrAcct", account(creditor.account)),
            node("CdtrAgt", agent(creditor.agent_bic, style)),
            leaf("ChrgBr", group.charge_bearer),
            node("CdtrSchmeId", _creditor_identifier(creditor.identifier, is_sepa=group.service_level == "SEPA")),
        )
    )


def node(tag: str, *content: str) -> str:
    """An element around what is XML already."""
    return f"<{tag}>{''.join(content)}</{tag}>"


def leaf(tag: str, text: str | None) -> str:
    """An element with text, or nothing. All text was checked or mapped before; it is escaped all the same."""
    return f"<{tag}>{escape(text, quote=False)}</{tag}>" if text is not None else ""


def name(text: str) -> str:
    """A party's name."""
    return leaf("Nm", to_bank_text(text, NAME_MAX))


def account(number: AccountNumber) -> str:
    """The Id of an account."""
    if number.scheme is AccountScheme.IBAN:
        return node("Id", leaf("IBAN", number.value))
    return node("Id", node("Othr", leaf("Id", number.value), node("SchmeNm", leaf("Prtry", number.scheme.value))))


def agent(bic: str | None, style: Style) -> str:
    """The FinInstnId of an agent."""
    if bic is not None:
        return node("FinInstnId", leaf("BIC" if style.version == "02" else "BICFI", bic))
    return node("FinInstnId", node("Othr", leaf("Id", NOT_PROVIDED)) if style.bic_rule == "notprovided" else "")


def address(given: StructuredAddress, country: str) -> str:
    """A PstlAdr, structured or hybrid."""
    sized = (("StrtNm", given.street, 70), ("BldgNb", given.building_number, 16), ("PstCd", given.post_code, 16))
    return node(
        "PstlAdr",
        *(leaf(tag, to_bank_text(text, length)) for tag, text, length in sized if text and text.strip()),
        leaf("TwnNm", to_bank_text(given.town, 35)),
        leaf("Ctry", country),
        *(leaf("AdrLine", to_bank_text(line, 70)) for line in given.lines if line.strip()),
    )


def amendment(change: Amendment, *, is_sepa: bool) -> str:
    """What says that the mandate was amended, and how."""
    identifier = change.original_creditor_identifier
    original_creditor = (
        name(change.original_creditor_name) if change.original_creditor_name else "",
        _creditor_identifier(identifier, is_sepa=is_sepa) if identifier else "",
    )
    original_account = ""
    if change.new_bank:
        original_account = node("OrgnlDbtrAcct", node("Id", node("Othr", leaf("Id", "SMNDA"))))
    elif change.original_debtor_account:
        original_account = node("OrgnlDbtrAcct", account(change.original_debtor_account))
    details = node(
        "AmdmntInfDtls",
        leaf("OrgnlMndtId", change.original_mandate_id),
        node("OrgnlCdtrSchmeId", *original_creditor) if any(original_creditor) else "",
        original_account,
    )
    return leaf("AmdmntInd", "true") + details


def _creditor_identifier(identifier: str, *, is_sepa: bool) -> str:
    scheme = node("SchmeNm", leaf("Prtry", "SEPA")) if is_sepa else ""
    return node("Id", node("PrvtId", node("Othr", leaf("Id", identifier), scheme)))


def _creditor_address(creditor: Creditor) -> str:
    given = creditor.address
    return address(given, given.country or creditor.country) if given else ""
