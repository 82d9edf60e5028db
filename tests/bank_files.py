"""What a bank sends, composed: status reports, notifications, statements. Defaults are what most banks write."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from house import Sent

from debit_service.core.money import format_minor


@dataclass(frozen=True, slots=True)
class Booked:
    """One booked entry; `batch` (id, count) books a block without details. `valued` is its value date, without it `day`."""

    amount_minor: int
    currency: str
    day: date
    direction: Literal["CRDT", "DBIT"] = "CRDT"
    end_to_end_id: str | None = None
    servicer_reference: str | None = None
    reason: str | None = None
    charges_minor: int = 0
    batch: tuple[str, int] | None = None
    status: str = "BOOK"
    sub_family: str = "ESDD"
    proprietary_reason: str | None = None
    details: tuple["Booked", ...] = ()
    valued: date | None = None


def credit(
    sent: Sent, day: date | None = None, *, reference: str | None = None, amount_minor: int | None = None
) -> Booked:
    """The debit is booked on the fund's account."""
    return Booked(
        amount_minor=amount_minor or sent.amount_minor,
        currency=sent.currency,
        day=day or sent.collection_date,
        end_to_end_id=sent.end_to_end_id,
        servicer_reference=reference or f"C-{sent.end_to_end_id[-12:]}",
    )


def returned(
    sent: Sent, reason: str = "AM04", day: date | None = None, *, charges_minor: int = 0, reference: str | None = None
) -> Booked:
    """The money went back, with a reason; booked is the original plus the bank's charges."""
    return Booked(
        amount_minor=sent.amount_minor + charges_minor,
        currency=sent.currency,
        day=day or sent.collection_date,
        direction="DBIT",
        end_to_end_id=sent.end_to_end_id,
        servicer_reference=reference or f"R-{sent.end_to_end_id[-12:]}",
        reason=reason,
        charges_minor=charges_minor,
        sub_family="UPDD",
    )


def together(*parts: Booked, reference: str | None = None) -> Booked:
    """One entry of the bank's that is made of these: a batch with its details."""
    return replace(
        parts[0],
        amount_minor=sum(one.amount_minor for one in parts),
        charges_minor=0,
        servicer_reference=reference,
        details=parts,
    )


def total(
    sents: Sequence[Sent], day: date | None = None, *, amount_minor: int | None = None, count: int | None = None
) -> Booked:
    """A block booked in one sum, without details."""
    first = sents[0]
    return Booked(
        amount_minor=amount_minor or sum(one.amount_minor for one in sents),
        currency=first.currency,
        day=day or first.collection_date,
        batch=(first.payment_information_id, count or len(sents)),
    )


def camt054(account: str, *entries: Booked, message_id: str = "N1") -> bytes:
    """A notification (camt.054.001.08)."""
    body = "".join(_entry(one) for one in entries)
    return _document(
        "camt.054.001.08",
        f"<BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>{message_id}</MsgId><CreDtTm>2026-10-01T18:00:00</CreDtTm></GrpHdr>"
        f"<Ntfctn><Id>{message_id}</Id><CreDtTm>2026-10-01T18:00:00</CreDtTm>{_account(account)}{body}</Ntfctn>"
        "</BkToCstmrDbtCdtNtfctn>",
    )


def camt053(
    account: str,
    day: date,
    opening_minor: int,
    *entries: Booked,
    message_id: str = "S1",
    closing_minor: int | None = None,
) -> bytes:
    """A statement (camt.053.001.08) of one day; the closing balance follows from the entries unless told otherwise."""
    currency = entries[0].currency if entries else "DZD"
    signed = sum(one.amount_minor * (1 if one.direction == "CRDT" else -1) for one in entries)
    closing = opening_minor + signed if closing_minor is None else closing_minor
    body = "".join(_entry(one) for one in entries)
    balances = _balance("OPBD", opening_minor, currency, day) + _balance("CLBD", closing, currency, day)
    return _document(
        "camt.053.001.08",
        f"<BkToCstmrStmt><GrpHdr><MsgId>{message_id}</MsgId><CreDtTm>2026-10-01T18:00:00</CreDtTm></GrpHdr>"
        f"<Stmt><Id>{message_id}</Id><ElctrncSeqNb>{message_id[1:]}</ElctrncSeqNb><CreDtTm>2026-10-01T18:00:00</CreDtTm>"
        f"{_account(account)}{balances}{body}</Stmt></BkToCstmrStmt>",
    )


def pain002(
    sent: Sent,
    status: str = "RJCT",
    reason: str | None = "AM04",
    *,
    level: Literal["transaction", "block", "group"] = "transaction",
    day: date = date(2026, 9, 29),
    message_id: str = "P1",
) -> bytes:
    """A status report (pain.002.001.10) about one debit, its block, or its whole file."""
    why = f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else ""
    group = f"<GrpSts>{status}</GrpSts>{why}" if level == "group" else ""
    inner = ""
    if level == "block":
        inner = f"<PmtInfSts>{status}</PmtInfSts>{why}"
    if level == "transaction":
        inner = f"<TxInfAndSts><OrgnlEndToEndId>{sent.end_to_end_id}</OrgnlEndToEndId><TxSts>{status}</TxSts>{why}</TxInfAndSts>"
    block = (
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{sent.payment_information_id}</OrgnlPmtInfId>{inner}</OrgnlPmtInfAndSts>"
        if inner
        else ""
    )
    return _document(
        "pain.002.001.10",
        f"<CstmrPmtStsRpt><GrpHdr><MsgId>{message_id}</MsgId><CreDtTm>{day.isoformat()}T10:00:00</CreDtTm></GrpHdr>"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{sent.batch_id}</OrgnlMsgId><OrgnlMsgNmId>pain.008.001.08</OrgnlMsgNmId>{group}"
        f"</OrgnlGrpInfAndSts>{block}</CstmrPmtStsRpt>",
    )


def _document(message: str, body: str) -> bytes:
    namespace = f"urn:iso:std:iso:20022:tech:xsd:{message}"
    return f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{namespace}">{body}</Document>'.encode()


def _account(account: str) -> str:
    return f"<Acct><Id><IBAN>{account}</IBAN></Id></Acct>"


def _balance(code: str, minor: int, currency: str, day: date) -> str:
    sign = "CRDT" if minor >= 0 else "DBIT"
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_amount(abs(minor), currency)}<CdtDbtInd>{sign}</CdtDbtInd>"
        f"<Dt><Dt>{day.isoformat()}</Dt></Dt></Bal>"
    )


def _amount(minor: int, currency: str, tag: str = "Amt") -> str:
    return f'<{tag} Ccy="{currency}">{format_minor(minor, currency)}</{tag}>'


def _entry(one: Booked) -> str:
    reference = f"<AcctSvcrRef>{one.servicer_reference}</AcctSvcrRef>" if one.servicer_reference else ""
    charges = ""
    if one.charges_minor:
        charges = f"<Chrgs><Rcrd>{_amount(one.charges_minor, one.currency)}<CdtDbtInd>DBIT</CdtDbtInd></Rcrd></Chrgs>"
    return (
        f"<Ntry>{_amount(one.amount_minor, one.currency)}<CdtDbtInd>{one.direction}</CdtDbtInd><Sts><Cd>{one.status}</Cd></Sts>"
        f"<BookgDt><Dt>{one.day.isoformat()}</Dt></BookgDt>"
        f"<ValDt><Dt>{(one.valued or one.day).isoformat()}</Dt></ValDt>{reference}"
        f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>IDDT</Cd><SubFmlyCd>{one.sub_family}</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"{charges}{_details(one)}</Ntry>"
    )


def _details(one: Booked) -> str:
    if one.details:
        return f"<NtryDtls>{''.join(_detail(each, own_charges=True) for each in one.details)}</NtryDtls>"
    if one.batch:
        block, count = one.batch
        return f"<NtryDtls><Btch><PmtInfId>{block}</PmtInfId><NbOfTxs>{count}</NbOfTxs></Btch></NtryDtls>"
    if not one.end_to_end_id:
        return ""
    return f"<NtryDtls>{_detail(one)}</NtryDtls>"


def _detail(one: Booked, *, own_charges: bool = False) -> str:
    original = one.amount_minor - one.charges_minor
    instructed = (
        f"<AmtDtls><InstdAmt>{_amount(original, one.currency)}</InstdAmt></AmtDtls>" if one.charges_minor else ""
    )
    why = f"<RtrInf><Rsn><Cd>{one.reason}</Cd></Rsn></RtrInf>" if one.reason else ""
    if one.proprietary_reason:
        why = f"<RtrInf><Rsn><Prtry>{one.proprietary_reason}</Prtry></Rsn></RtrInf>"
    name = f"<Refs><EndToEndId>{one.end_to_end_id}</EndToEndId></Refs>" if one.end_to_end_id else ""
    charges = ""
    if own_charges and one.charges_minor:
        charges = f"<Chrgs><Rcrd>{_amount(one.charges_minor, one.currency)}<CdtDbtInd>DBIT</CdtDbtInd></Rcrd></Chrgs>"
    return (
        f"<TxDtls>{name}{_amount(one.amount_minor, one.currency)}"
        f"<CdtDbtInd>{one.direction}</CdtDbtInd>{instructed}{charges}{why}</TxDtls>"
    )
