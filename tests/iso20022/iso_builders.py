"""Composes bank messages as text: each helper has defaults, so that a test says only what it is about."""

import io
from datetime import date, datetime
from html import escape

from debit_service.core.accounts import AccountNumber, AccountScheme, dz_rib_key, parse_account
from debit_service.iso20022.pain008 import (
    Creditor,
    DirectDebit,
    Message,
    PaymentInformation,
    StructuredAddress,
    Version,
    write_pain008,
)
from debit_service.iso20022.read import read_bank_file
from debit_service.iso20022.records import BankRecord, Container

ISO = "urn:iso:std:iso:20022:tech:xsd:"
BODIES = {
    "camt.052": ("BkToCstmrAcctRpt", "Rpt"),
    "camt.053": ("BkToCstmrStmt", "Stmt"),
    "camt.054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}
IBAN = parse_account("DE02120300000000202051", AccountScheme.IBAN)
# A line of a flat list of debits.
DEBIT_ROW = {
    "end_to_end_id": "C-1",
    "amount": "10.50",
    "currency": "EUR",
    "mandate_id": "M-1",
    "signed_on": "2026-01-31",
    "debtor_name": "Société",
    "debtor_account": IBAN.value,
    "scheme": "CORE",
    "sequence_type": "RCUR",
    "collection_date": "2026-10-05",
    "creditor_name": "Caisse",
    "creditor_account": IBAN.value,
    "creditor_identifier": "DE98ZZZ09999999999",
    "creditor_country": "DE",
}
RETURN = "<RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf>"


def node(name: str, *content: str) -> str:
    """An element with content that is XML already."""
    return f"<{name}>{''.join(content)}</{name}>"


def leaf(name: str, text: str | None) -> str:
    """An element with text, or nothing."""
    return f"<{name}>{escape(text)}</{name}>" if text is not None else ""


def money(name: str, amount: str | None, currency: str = "EUR") -> str:
    """An amount with its currency, or nothing."""
    return f'<{name} Ccy="{currency}">{amount}</{name}>' if amount is not None else ""


def code(family: str = "IDDT", sub_family: str = "ESDD", proprietary: str | None = None) -> str:
    """A bank transaction code."""
    domain = node("Domn", leaf("Cd", "PMNT"), node("Fmly", leaf("Cd", family), leaf("SubFmlyCd", sub_family)))
    return node("BkTxCd", domain if family else "", node("Prtry", leaf("Cd", proprietary)) if proprietary else "")


def detail(
    *content: str, end_to_end_id: str | None = "C-1", amount: str | None = None, direction: str | None = None
) -> str:
    """A TxDtls; `content` follows references and amount."""
    references = node("Refs", leaf("EndToEndId", end_to_end_id), leaf("MndtId", "M-1")) if end_to_end_id else ""
    return node("TxDtls", references, money("Amt", amount), leaf("CdtDbtInd", direction), *content)


def entry(
    *details: str,
    amount: str = "10.00",
    direction: str = "CRDT",
    status: str = "<Cd>BOOK</Cd>",
    bank_code: str | None = None,
    reversal: str | None = None,
    more: str = "",
    batch: str = "",
    currency: str = "EUR",
    note: str | None = None,
) -> str:
    """A Ntry with one NtryDtls around `details`."""
    inside = node("NtryDtls", batch, *details) if details or batch else ""
    return node(
        "Ntry",
        leaf("NtryRef", "N-1"),
        money("Amt", amount, currency),
        leaf("CdtDbtInd", direction),
        leaf("RvslInd", reversal),
        node("Sts", status),
        "<BookgDt><Dt>2026-10-05</Dt></BookgDt><ValDt><Dt>2026-10-06</Dt></ValDt>",
        leaf("AcctSvcrRef", "S-1"),
        code() if bank_code is None else bank_code,
        more,
        inside,
        leaf("AddtlNtryInf", note),
    )


def balance(kind: str, amount: str, direction: str = "CRDT", day: str = "2026-10-05") -> str:
    """A Bal of a type such as OPBD."""
    typed = node("Tp", node("CdOrPrtry", leaf("Cd", kind)))
    return node("Bal", typed, money("Amt", amount), leaf("CdtDbtInd", direction), node("Dt", leaf("Dt", day)))


def container(
    *entries: str, family: str = "camt.054", account: str = IBAN.value, before: str = "", id_: str = "I-1"
) -> str:
    """A Ntfctn, Stmt or Rpt; `before` stands between the account and the entries."""
    named = node("Acct", node("Id", leaf("IBAN", account)), leaf("Ccy", "EUR"))
    return node(BODIES[family][1], leaf("Id", id_), leaf("CreDtTm", "2026-10-05T20:00:00"), named, before, *entries)


def camt(*containers: str, family: str = "camt.054", version: str = "08", namespace: str | None = None) -> str:
    """A whole camt document."""
    header = node("GrpHdr", leaf("MsgId", "BANK-1"), leaf("CreDtTm", "2026-10-05T20:00:00"))
    uri = f"{ISO}{family}.001.{version}" if namespace is None else namespace
    return document(node(BODIES[family][0], header, *containers), uri)


def one_entry(*details: str, version: str = "08", **said: str) -> str:
    """A camt.054 with a single entry."""
    return camt(container(entry(*details, **said)), version=version)


def reasons(cd: str | None = None, prtry: str | None = None, *words: str) -> str:
    """A StsRsnInf."""
    why = node("Rsn", leaf("Cd", cd), leaf("Prtry", prtry)) if cd or prtry else ""
    return node("StsRsnInf", why, *(leaf("AddtlInf", word) for word in words))


def group_status(status: str | None = None, *reason: str) -> str:
    """An OrgnlGrpInfAndSts."""
    named = leaf("OrgnlMsgId", "MSG-1") + leaf("OrgnlMsgNmId", "pain.008.001.08")
    return node("OrgnlGrpInfAndSts", named, leaf("GrpSts", status), *reason)


def block_status(*transactions: str, status: str | None = None, reason: str = "", id_: str = "P-1") -> str:
    """An OrgnlPmtInfAndSts."""
    return node("OrgnlPmtInfAndSts", leaf("OrgnlPmtInfId", id_), leaf("PmtInfSts", status), reason, *transactions)


def transaction_status(status: str = "RJCT", *content: str, end_to_end_id: str = "C-1") -> str:
    """A TxInfAndSts."""
    return node("TxInfAndSts", leaf("OrgnlEndToEndId", end_to_end_id), leaf("TxSts", status), *content)


def pain002(*content: str, version: str = "10") -> str:
    """A whole pain.002 document."""
    header = node("GrpHdr", leaf("MsgId", "STATUS-1"), leaf("CreDtTm", "2026-10-01T10:00:00"))
    return document(node("CstmrPmtStsRpt", header, *content), f"{ISO}pain.002.001.{version}")


def document(body: str, namespace: str, declaration: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    """A Document around a body."""
    declared = f' xmlns="{namespace}"' if namespace else ""
    return f"{declaration}\n<Document{declared}>{body}</Document>"


def read_all(content: str | bytes) -> list[BankRecord | Container]:
    """Everything that is read from a file of this content."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    return list(read_bank_file(io.BytesIO(data), file="bank.xml"))


def records(content: str | bytes) -> list[BankRecord]:
    """The records of a file."""
    return [item for item in read_all(content) if isinstance(item, BankRecord)]


def record(content: str | bytes) -> BankRecord:
    """The only record of a file."""
    [only] = records(content)
    return only


def containers(content: str | bytes) -> list[Container]:
    """The containers of a file."""
    return [item for item in read_all(content) if isinstance(item, Container)]


def codes(content: str | bytes) -> list[str]:
    """The codes of what does not hold in the only container of a file."""
    [only] = containers(content)
    return [finding.code for finding in only.findings]


def rib(number: int) -> AccountNumber:
    """An Algerian account number with its right key."""
    body = f"{number:015d}"
    return AccountNumber(AccountScheme.DZ_RIB, f"001{body}{dz_rib_key(body)}")


CREDITOR = Creditor("Caisse", IBAN, None, "DE98ZZZ09999999999", "DE", StructuredAddress("Berlin"))


def debit(end_to_end_id: str = "C-1", amount_minor: int = 1000, **said: object) -> DirectDebit:
    """One collection."""
    values: dict[str, object] = {
        "end_to_end_id": end_to_end_id,
        "instruction_id": None,
        "amount_minor": amount_minor,
        "mandate_id": "M-1",
        "signed_on": date(2026, 1, 31),
        "debtor_name": "Employer",
        "debtor_account": IBAN,
    }
    return DirectDebit(**(values | said))  # type: ignore[arg-type]


def group(*debits: DirectDebit, **said: object) -> PaymentInformation:
    """One payment information with right totals."""
    transactions = debits or (debit(),)
    values: dict[str, object] = {
        "id": "P-1",
        "scheme": "CORE",
        "sequence_type": "RCUR",
        "collection_date": date(2026, 10, 5),
        "creditor": CREDITOR,
        "count": len(transactions),
        "control_sum_minor": sum(each.amount_minor for each in transactions),
        "currency": "EUR",
        "transactions": transactions,
    }
    return PaymentInformation(**(values | said))  # type: ignore[arg-type]


def message(*groups: PaymentInformation, message_id: str = "MSG-1") -> Message:
    """One pain.008."""
    return Message(message_id, datetime(2026, 10, 1, 9, 0, 0), "Caisse", groups or (group(),))  # noqa: DTZ001 - as written


def written(of: Message | None = None, version: Version = "08") -> bytes:
    """The bytes of a message."""
    out = io.BytesIO()
    write_pain008(out, of or message(), version=version)
    return out.getvalue()
